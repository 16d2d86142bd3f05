//! Many records in, many records out: [`import`] and [`export`], in transactions of bounded size that others can work between.
//!
//! Both take the store, since their work spans many commits. Neither holds more than a batch or a page in memory, whatever the source or the store holds.
//!
//! Records are valid before they get here: they come from their constructors, from their `…Parts` or from serde, which all check the same rules. The store checks what
//! only it can see: that ids, numbers, SKUs and external ids are free and that references lead somewhere. No operation runs, so an import brings records as they
//! stand, confirmed orders and won opportunities among them, and the journal gets an entry a batch and not one a record. The messages of a ticket are no records of
//! their own: [`Tickets::append_message`](crate::store::Tickets::append_message) brings them, [`Tickets::messages`](crate::store::Tickets::messages) reads them.

mod batch;
mod export;
mod import;

pub use self::{
    batch::{ImportBatch, ImportCount, ImportFact},
    export::export,
    import::{
        ImportError, ImportEvent, ImportOptions, ImportOutcome, ImportProgress, ImportReport, ImportRow, Rejection,
        SourceError, import,
    },
};

use crate::{
    id::RecordId,
    store::{Page, Records, Refused, StoreError},
};

/// A record of any family, for work that is the same in all of them. Implemented for every family beside its trait in [`store`](crate::store).
pub trait Record: Sized {
    /// The id.
    type Id: RecordId;
    /// What lists of the family are narrowed by.
    type Filter: Default;
    /// The name of the family, as [`RecordRef::family`](crate::RecordRef::family) gives it: `order`.
    const FAMILY: &'static str;

    /// The id.
    fn id(&self) -> Self::Id;

    /// Keeps each record that can be kept, and gives the others (C70).
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn insert_many<T: Records + ?Sized>(tx: &mut T, records: &[Self]) -> Result<Vec<Refused>, StoreError>;

    /// The records that a filter lets through, by id.
    ///
    /// # Errors
    ///
    /// A failure of the store.
    fn list<T: Records + ?Sized>(tx: &T, filter: &Self::Filter, page: Page<Self::Id>) -> Result<Vec<Self>, StoreError>;
}
