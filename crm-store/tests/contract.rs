//! The storage contract, in memory and on disk.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod in_memory {
    use crm_store::SqliteStore;

    crm_testkit::suite!(SqliteStore::open_in_memory().unwrap());
}

mod on_disk {
    use std::sync::atomic::{AtomicU32, Ordering};

    use crm_store::{Durability, SqliteOptions, SqliteStore};

    /// A store in a folder that goes away with the test process.
    fn open() -> SqliteStore {
        static FOLDER: std::sync::LazyLock<tempfile::TempDir> =
            std::sync::LazyLock::new(|| tempfile::tempdir().unwrap());
        static FILES: AtomicU32 = AtomicU32::new(0);
        let file = FOLDER.path().join(format!("{}.db", FILES.fetch_add(1, Ordering::Relaxed)));
        // What a power cut would take is not the question here; the rest of the contract is the same.
        SqliteOptions::new().durability(Durability::Relaxed).open(file).unwrap()
    }

    crm_testkit::suite!(open());
}
