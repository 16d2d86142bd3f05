//! The journal in SQLite: a header that stays and a payload that can be emptied.

use crm_core::{
    Act, Actor, Cause, Entry, Fact, IdempotencyKey, Label, Position, RecordRef,
    store::{Journal, Page, StoreError},
};
use rusqlite::{Connection, ToSql};
use uuid::Uuid;

use crate::{
    error::Done,
    row::{Binder, Bound, Cells, Json},
    table::prepared,
    transaction::SqliteTx,
};

const APPEND: &str =
    "INSERT INTO crm_journal (at, actor, reason, in_answer_to, key, family, record, kind, version, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const ENTRIES: &str =
    "SELECT position, at, actor, reason, in_answer_to, key, family, record, kind, version, payload FROM crm_journal
    WHERE position > ?1 ORDER BY position LIMIT ?2";
const HISTORY: &str =
    "SELECT position, at, actor, reason, in_answer_to, key, family, record, kind, version, payload FROM crm_journal
    WHERE record = ?3 AND family = ?4 AND position > ?1 ORDER BY position LIMIT ?2";
const BY_KEY: &str =
    "SELECT position, at, actor, reason, in_answer_to, key, family, record, kind, version, payload FROM crm_journal
    WHERE key = ?3 AND position > ?1 ORDER BY position LIMIT ?2";
const COLUMNS: &[&str] =
    &["position", "at", "actor", "reason", "in_answer_to", "key", "family", "record", "kind", "version", "payload"];

fn append(connection: &Connection, act: &Act, fact: &Fact) -> Done<()> {
    let (reason, in_answer_to) = match act.cause() {
        Some(Cause::Reason(reason)) => (Some(reason.clone()), None),
        Some(Cause::Entry(position)) => (None, Some(*position)),
        None => (None, None),
    };
    let record = fact.record();
    let mut statement = prepared(connection, APPEND)?;
    Binder::new(&mut statement)
        .put(&act.at())?
        .put(act.actor())?
        .put(&reason)?
        .put(&in_answer_to)?
        .put(&act.key().cloned())?
        .put(&record.family().to_owned())?
        .put(&record.uuid())?
        .put(&fact.kind().to_owned())?
        .put(&Fact::VERSION)?
        .put(&Json::of(fact)?)?;
    statement.raw_execute()?;
    Ok(())
}

fn entries(connection: &Connection, sql: &str, page: Page<Position>, of: &[&dyn ToSql]) -> Done<Vec<Entry>> {
    let after = page.after.unwrap_or(Position::START);
    let after = Bound(&after);
    let mut parameters: Vec<&dyn ToSql> = vec![&after, &page.limit];
    parameters.extend_from_slice(of);
    let mut statement = prepared(connection, sql)?;
    let mut rows = statement.query(parameters.as_slice())?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::new(row, "crm_journal", COLUMNS);
        let (position, at, actor): (Position, _, Actor) = (cells.take()?, cells.take()?, cells.take()?);
        let (reason, in_answer_to): (Option<Label>, Option<Position>) = (cells.take()?, cells.take()?);
        let key: Option<IdempotencyKey> = cells.take()?;
        let (family, record): (String, Uuid) = (cells.take()?, cells.take()?);
        let record = RecordRef::new(&family, record).ok_or_else(|| cells.corrupt())?;
        let (kind, version): (String, u32) = (cells.take()?, cells.take()?);
        if version != Fact::VERSION {
            return Err(cells.corrupt());
        }
        let fact = cells.take_json_or_none()?;
        let cause = reason.map(Cause::Reason).or(in_answer_to.map(Cause::Entry));
        entries.push(Entry { position, at, actor, cause, key, record, kind, fact });
    }
    Ok(entries)
}

impl Journal for SqliteTx<'_> {
    fn append(&mut self, act: &Act, fact: &Fact) -> Result<(), StoreError> {
        Ok(append(self.writing()?, act, fact)?)
    }

    fn entries(&self, page: Page<Position>) -> Result<Vec<Entry>, StoreError> {
        Ok(entries(self.connection, ENTRIES, page, &[])?)
    }

    fn history(&self, record: RecordRef, page: Page<Position>) -> Result<Vec<Entry>, StoreError> {
        Ok(entries(self.connection, HISTORY, page, &[&Bound(&record.uuid()), &record.family()])?)
    }

    fn entries_with_key(&self, key: &IdempotencyKey, page: Page<Position>) -> Result<Vec<Entry>, StoreError> {
        Ok(entries(self.connection, BY_KEY, page, &[&Bound(key)])?)
    }

    fn cursor(&self, consumer: &Label) -> Result<Position, StoreError> {
        let read = || -> Done<Position> {
            let mut statement = prepared(self.connection, "SELECT position FROM crm_cursor WHERE consumer = ?1")?;
            let mut rows = statement.query([Bound(consumer)])?;
            match rows.next()? {
                Some(row) => Cells::new(row, "crm_cursor", &["position"]).take(),
                None => Ok(Position::START),
            }
        };
        Ok(read()?)
    }

    fn move_cursor(&mut self, consumer: &Label, to: Position) -> Result<(), StoreError> {
        let connection = self.writing()?;
        let write = || -> Done<()> {
            let sql = "INSERT INTO crm_cursor (consumer, position) VALUES (?1, ?2)
                ON CONFLICT (consumer) DO UPDATE SET position = excluded.position";
            prepared(connection, sql)?.execute((Bound(consumer), Bound(&to)))?;
            Ok(())
        };
        Ok(write()?)
    }
}
