//! P11: whatever is asked of it, SQLite says what the reference store says.

use crm_store::SqliteStore;

crm_testkit::model!(SqliteStore::open_in_memory().unwrap());
