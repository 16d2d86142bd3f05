//! Many records out.

use super::Record;
use crate::store::{Page, Store, StoreError};

/// Gives each record of a family that a filter lets through to `each`, by id; gives how many there were.
///
/// The records come in pages of `page.limit`, each read in a snapshot of its own, so that no long snapshot holds the log of the store and others write meanwhile. `each` is called
/// between the snapshots and may use the store. The whole is therefore not one snapshot: a record that changes meanwhile comes as it is when its page is read, one that is
/// inserted behind the page (ids of the past, which imports bring) does not come, and none comes twice (C74). For all records of one instant, back the store up and export the copy.
///
/// It goes on after `page.after`, so that an export that was stopped at a record is taken up after its id. A limit of zero gives nothing, as everywhere; 500 is a good one.
///
/// # Errors
///
/// What `each` returns, at once, or the [`StoreError`] of a page. What `each` was given before stays given.
pub fn export<S: Store, R: Record, E: From<StoreError>>(
    store: &S,
    filter: &R::Filter,
    page: Page<R::Id>,
    mut each: impl FnMut(R) -> Result<(), E>,
) -> Result<u64, E> {
    let Page { mut after, limit } = page;
    let mut exported = 0;
    loop {
        let records: Vec<R> = store.read(|tx| Ok::<_, E>(R::list(tx, filter, Page { after, limit })?))?;
        let last = records.len() < usize::from(limit);
        after = records.last().map(Record::id);
        for record in records {
            each(record)?;
            exported += 1;
        }
        if last || after.is_none() {
            return Ok(exported);
        }
    }
}
