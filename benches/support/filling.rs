//! How the files are filled before they are measured, which is measured too.

use crate::{
    company::{Done, Size},
    rounds::Measured,
    work::{Side, Work},
};

/// Records of one commit.
const BULK: u32 = 500;

/// Fills the two files in turns.
pub(crate) fn fill(size: Size, ours: &mut dyn Side, theirs: &mut dyn Side) -> Done<Vec<Measured>> {
    let mut table = Vec::new();
    ours.found().and_then(|()| theirs.found())?;
    for (work, records) in [(Work::BulkCustomers, size.customers), (Work::BulkOrders, size.orders)] {
        let mut rounds = Vec::new();
        for _ in 0..records / BULK {
            rounds.push((ours.run(work, BULK)?, theirs.run(work, BULK)?));
        }
        table.push(Measured::new(work.title().into(), work.target(false), &rounds, BULK));
    }
    Ok(table)
}
