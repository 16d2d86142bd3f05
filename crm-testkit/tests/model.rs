//! The reference compared with itself, and the comparison with stores that are broken on purpose.

use std::panic::catch_unwind;

use crm_testkit::{
    MemoryStore,
    broken::{Broken, Fault},
    model::{Effort, assert_like_the_reference},
};

crm_testkit::model!(MemoryStore::new());

#[test]
fn the_comparison_finds_the_faults_that_change_an_answer() {
    let faults = [
        Fault::CommitSkipped,
        Fault::RollbackSkippedOnError,
        Fault::RollbackSkippedOnPanic,
        Fault::DuplicateAccepted,
        Fault::RevisionIgnored,
        Fault::RevisionNotAdvanced,
        Fault::ReferenceUnchecked,
        Fault::StillReferencedIgnored,
        Fault::DeleteLeavesIndex,
        Fault::PageUnsorted,
        Fault::AfterInclusive,
        Fault::FilterIgnored,
        Fault::TimelineOldestFirst,
        Fault::RevenueTwice,
        Fault::NumberReused,
        Fault::EntryKeptAfterRollback,
        Fault::HistoryMixed,
        Fault::CursorForgotten,
        Fault::OneWordIsEnough,
        Fault::HitsUnranked,
        Fault::PlaceIgnored,
        Fault::FamiliesIgnored,
        Fault::MessagesNotSearched,
    ];
    // A fault is found by chance; so many cases leave it none to hide.
    let effort = Effort { cases: 2_000, steps: 60 };
    for fault in faults {
        let found = catch_unwind(|| assert_like_the_reference(|| Broken::new(Some(fault)), effort, None));
        assert!(found.is_err(), "{fault:?}");
    }
}
