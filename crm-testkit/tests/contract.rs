//! The reference store keeps the storage contract, by itself and behind the bridge that is chosen at run time.

use crm_testkit::{DynStore, MemoryStore, suite};

mod memory {
    use super::MemoryStore;

    crm_testkit::suite!(MemoryStore::new());
}

mod dynamic {
    use super::{DynStore, MemoryStore};

    crm_testkit::suite!(DynStore::new(MemoryStore::new()));
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
/// The numbers at the head of the lines of the contract: `//! - C01 What …`.
fn promised() -> Option<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../crm-core/src/store.rs");
    let Ok(contract) = std::fs::read_to_string(path) else {
        println!("skipped: crm-core is not beside this crate");
        return None;
    };
    let clause =
        |line: &str| line.strip_prefix("//! - C").and_then(|rest| rest.get(..2)).map(|number| format!("C{number}"));
    Some(contract.lines().filter_map(clause).collect())
}

#[test]
fn the_suite_has_each_clause_of_the_contract_and_no_other() {
    let Some(promised) = promised() else { return };
    let tested: Vec<String> = suite::CLAUSES.iter().map(|name| name[..3].to_uppercase()).collect();
    assert!(promised.len() > 20, "the contract must be readable: {promised:?}");
    assert_eq!(tested, promised);
}

#[test]
fn a_clause_runs_by_its_number() {
    suite::run("C14", MemoryStore::new);
    suite::run("c14", MemoryStore::new);
    assert!(std::panic::catch_unwind(|| suite::run("C99", MemoryStore::new)).is_err());
}
