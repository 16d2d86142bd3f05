//! A set of texts of any size in little memory, to find what comes twice.

use crm::sqlite::rusqlite::{self, Connection};

/// The texts that were seen so far.
///
/// They stand in a private database of SQLite: it begins in memory, moves to the disk when it grows, and goes away by itself.
pub(crate) struct Seen(Connection);

impl Seen {
    /// Nothing yet.
    pub(crate) fn nothing() -> rusqlite::Result<Self> {
        // The empty name asks for a database that is private, temporary and on the disk.
        let connection = Connection::open("")?;
        connection.execute_batch(
            "PRAGMA journal_mode = OFF;
             PRAGMA cache_size = -512;
             CREATE TABLE seen (text TEXT PRIMARY KEY) WITHOUT ROWID;",
        )?;
        Ok(Self(connection))
    }

    /// Whether a text was seen.
    pub(crate) fn contains(&self, text: &str) -> rusqlite::Result<bool> {
        self.0.prepare_cached("SELECT 1 FROM seen WHERE text = ?1")?.exists([text])
    }

    /// Notes that a text was seen.
    pub(crate) fn insert(&self, text: &str) -> rusqlite::Result<()> {
        self.0.prepare_cached("INSERT OR IGNORE INTO seen (text) VALUES (?1)")?.execute([text]).map(drop)
    }
}
