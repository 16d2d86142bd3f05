//! The storage contract, in memory and on disk.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::time::Duration;

/// What is promised does not depend on who is faster, on a busy machine either.
const DEADLINE: Duration = Duration::from_secs(120);

mod in_memory {
    use crm_store::SqliteOptions;

    crm_testkit::suite!(SqliteOptions::new().deadline(super::super::DEADLINE).open_in_memory().unwrap());
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
        SqliteOptions::new().durability(Durability::Relaxed).deadline(super::DEADLINE).open(file).unwrap()
    }

    crm_testkit::suite!(open());
}
