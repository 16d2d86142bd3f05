//! The suite has teeth: a store with a fault fails the clause that forbids it, and the same store without one passes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crm_testkit::{
    broken::{Broken, Fault},
    suite,
};

mod whole {
    use super::Broken;

    crm_testkit::suite!(Broken::new(None));
}

/// What a clause says against a store with a fault; `None` where it finds nothing wrong.
fn complaint(fault: Fault) -> Option<String> {
    let run = || suite::run(fault.clause(), || Broken::new(Some(fault)));
    let payload = catch_unwind(AssertUnwindSafe(run)).err()?;
    let text = payload.downcast_ref::<String>().cloned();
    Some(text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default())
}

#[test]
fn each_fault_fails_the_clause_that_forbids_it() {
    for fault in Fault::ALL {
        // What another thread commits shows in a moving snapshot as soon as it does, and another one comes into the line, which takes as long as it takes.
        let on_time = matches!(fault, Fault::SnapshotMoves | Fault::RefusalRestsOnTheUndone);
        let tries = if on_time { 100 } else { 1 };
        let complaint = (0..tries).find_map(|_| complaint(*fault));
        let Some(complaint) = complaint else { panic!("{} finds nothing wrong with {fault:?}", fault.clause()) };
        let at_its_head = complaint.lines().any(|line| line.contains(fault.clause()));
        assert!(at_its_head, "{fault:?} fails {} without its number: {complaint}", fault.clause());
    }
}

#[test]
fn almost_every_clause_has_a_fault_that_fails_it() {
    // A store that does not serialise its writers cannot be made of one that does.
    let without = ["C06"];
    for clause in suite::CLAUSES {
        let number = clause[..3].to_uppercase();
        let broken = Fault::ALL.iter().any(|fault| fault.clause() == number);
        assert_ne!(broken, without.contains(&number.as_str()), "{number}");
    }
}
