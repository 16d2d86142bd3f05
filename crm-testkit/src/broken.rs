//! Stores that are broken on purpose: they prove that the [suite](mod@crate::suite) has teeth.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Act, Agent, AgentId, Currency, Customer, CustomerFigure, CustomerId, EmailAddress, Entry, ExternalId, Fact,
    FigureMismatch, IdempotencyKey, Interaction, InteractionId, Label, Name, Number, Opportunity, OpportunityId, Order,
    OrderId, OrderParts, OrderState, PaymentEntry, Period, Phone, PipelineFigure, PipelineKey, Position, Product,
    ProductId, RecordRef, Revision, SalePlan, SalePlanId, SalesBy, SalesFigure, SalesKey, SalesOf, SalesRep,
    SalesRepId, SearchFamily, SearchHit, SearchPlace, SearchQuery, SearchWord, Searched as _, Span, Ticket,
    TicketFigure, TicketId, TicketKey, TicketMessage, TimelineItem,
    bulk::ImportFact,
    store::{
        AgentFilter, Agents, CustomerFigureFilter, CustomerFilter, Customers, Figures, InteractionFilter, Interactions,
        Journal, Opportunities, OpportunityFilter, OrderFilter, Orders, Page, ProductFilter, Products, Refused,
        RevenueEntry, RevenueKey, SalePlanFilter, SalePlans, SalesFilter, SalesRepFilter, SalesReps, Search, Store,
        StoreError, StoreErrorKind, TicketFilter, Tickets, Timeline,
    },
};

use crate::{
    MemoryStore, MemoryTx,
    suite::{Any, Family, Stored, all, delete, find, get, text},
};

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident = $clause:literal,)*) => {
        /// What is wrong with a store.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        impl Fault {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];

            /// The number of the clause that it breaks first of all.
            pub const fn clause(self) -> &'static str {
                match self {
                    $(Self::$fault => $clause,)*
                }
            }
        }
    };
}

faults! {
    /// `Ok` is answered and nothing is kept.
    CommitSkipped = "C01",
    /// What a closure did is kept where it returned an error.
    RollbackSkippedOnError = "C02",
    /// What a closure did is kept where it panicked.
    RollbackSkippedOnPanic = "C03",
    /// A record that was just inserted does not show in its own transaction.
    OwnWriteHidden = "C04",
    /// Each look of a read has a snapshot of its own.
    SnapshotMoves = "C05",
    /// A closure that calls its own store is told to try again.
    ReentryIsContention = "C07",
    /// Where a closure fails, what another thread committed last goes, too.
    NeighbourUndone = "C08",
    /// A closure is refused because of what another one wrote, and undid, while this one was in line.
    RefusalRestsOnTheUndone = "C09",
    /// The tags of a new customer are not kept.
    FieldLost = "C10",
    /// An id that is not there is an error.
    AbsentIsAnError = "C11",
    /// A value that is taken is taken for good.
    DuplicateAccepted = "C12",
    /// An update gives the revision that it found.
    RevisionNotAdvanced = "C13",
    /// An update does not write over the tags.
    FieldNotUpdated = "C13",
    /// An update writes over whatever is there.
    RevisionIgnored = "C14",
    /// An update of what is not there inserts it.
    UpdateInserts = "C15",
    /// A reference to what is not there is taken for good.
    ReferenceUnchecked = "C16",
    /// The refusal to delete what others refer to is not passed on.
    StillReferencedIgnored = "C17",
    /// What was deleted is still found by its number, SKU or external id.
    DeleteLeavesIndex = "C18",
    /// Numbers that differ in case count as one.
    NumberFoldsCase = "C19",
    /// A page comes in descending order.
    PageUnsorted = "C20",
    /// A page has all that follows.
    LimitIgnored = "C20",
    /// A page begins with the record that it was to come after.
    AfterInclusive = "C20",
    /// A page after the first leaves one record out.
    PageSkipsOne = "C21",
    /// A list has all records, whatever the filter says.
    FilterIgnored = "C22",
    /// A count is of all records, whatever the filter says.
    CountIgnoresFilter = "C22",
    /// A limit of zero gives one record.
    ZeroGivesOne = "C23",
    /// A name is found in its own spelling only.
    NameBySpelling = "C24",
    /// A timeline comes oldest first.
    TimelineOldestFirst = "C25",
    /// A timeline leaves out the interactions in which the customer only took part.
    ParticipantsLeftOut = "C25",
    /// Each entry of revenue comes twice.
    RevenueTwice = "C26",
    /// Messages come newest first.
    MessagesReversed = "C27",
    /// The same number is assigned again and again.
    NumberReused = "C30",
    /// An entry does not know who acted.
    ActorLost = "C40",
    /// An entry stays where its transaction was rolled back.
    EntryKeptAfterRollback = "C41",
    /// The history of a record has the entries of all.
    HistoryMixed = "C42",
    /// A cursor does not move.
    CursorForgotten = "C43",
    /// Refunds are missing from the figures.
    RefundNotCounted = "C50",
    /// What is cancelled still counts.
    CancellationLeftIn = "C50",
    /// An order that was reassigned still counts for its first rep.
    ReassignmentNotMoved = "C50",
    /// A month is asked for and its days come.
    MonthsAreDays = "C50",
    /// A rep who moved leaves their sales in the region where they were first.
    RegionOfThePast = "C51",
    /// The last day of a customer stays where the newest order is cancelled.
    LastDayStays = "C52",
    /// What is lost is weighted like what is open.
    LostIsWeighted = "C53",
    /// Tickets of which nobody said how urgent they are, are left out.
    UnprioritisedLeftOut = "C54",
    /// The figures keep what was rolled back.
    FiguresKeptAfterRollback = "C55",
    /// A page of figures after the first leaves one out.
    FigurePageSkipsOne = "C56",
    /// The figures of one rep come with those of all others.
    OneFigureIsEach = "C56",
    /// What does not fit the figures is taken for good.
    FigureOverflowAccepted = "C57",
    /// Verification finds what is not there.
    VerificationCriesWolf = "C58",
    /// A search looks for the first word only.
    OneWordIsEnough = "C60",
    /// Hits come the worst first.
    HitsUnranked = "C61",
    /// Each page of hits is the first one.
    PlaceIgnored = "C62",
    /// A search is over all families, whatever the query says.
    FamiliesIgnored = "C63",
    /// A ticket is not found by its messages.
    MessagesNotSearched = "C64",
    /// A ticket is found by words of different messages.
    MessagesSearchedTogether = "C64",
    /// A closure does not find what it inserted.
    OwnInsertNotFound = "C65",
    /// `OR`, `AND`, `NOT` and `NEAR` are not looked for.
    OperatorsUnderstood = "C66",
    /// An insert of many ends at the first record that is refused.
    ManyEndAtRefusal = "C70",
    /// An insert of many keeps quiet about what it refused.
    ManyRefuseQuietly = "C70",
    /// An entry of an import does not know its source.
    ImportSourceLost = "C71",
    /// A key does not find the entries of imports.
    ImportForgotten = "C72",
    /// From the first batch of an import to its last one others cannot write.
    ImportKeepsTheTurn = "C73",
    /// A snapshot that begins in the middle of a list leaves a record out.
    SnapshotSkipsOne = "C74",
}

/// A [`MemoryStore`] with a fault, or without one.
///
/// ```
/// use crm_testkit::{broken::{Broken, Fault}, suite};
///
/// suite::run("C43", || Broken::new(None));
/// let fails = std::panic::catch_unwind(|| suite::run("C43", || Broken::new(Some(Fault::CursorForgotten))));
/// assert!(fails.is_err());
/// ```
#[derive(Default)]
pub struct Broken {
    store: MemoryStore,
    fault: Option<Fault>,
    deleted: Mutex<Vec<Any>>,
    /// The records as they were inserted, for figures that do not follow them.
    first: Mutex<BTreeMap<RecordRef, Any>>,
    /// What a rolled back transaction had last.
    rolled_back: Mutex<Option<MemoryTx>>,
    /// The thread whose import is not finished.
    importing: Mutex<Option<ThreadId>>,
    /// What was inserted by the last commit, and on which thread.
    last: Mutex<Option<(ThreadId, RecordRef)>>,
    /// Those who wait for their turn to write.
    in_line: AtomicUsize,
    /// What was undone while others were in line.
    undone: Mutex<BTreeSet<RecordRef>>,
}

impl Broken {
    /// An empty store with a fault.
    pub fn new(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    fn transaction<'t>(&'t self, on: On<'t>) -> BrokenTx<'t> {
        BrokenTx { store: self, on, inserted: BTreeSet::new(), appended: Vec::new(), listed: Cell::new(false) }
    }

    /// Refuses a writer while another one imports, where the fault has it so.
    fn turn(&self) -> Stored<()> {
        let importing = *self.importing.lock().unwrap_or_else(PoisonError::into_inner);
        match importing {
            Some(thread) if thread != thread::current().id() => {
                Err(StoreErrorKind::Contended { waited: Duration::ZERO }.into())
            }
            _ => Ok(()),
        }
    }

    fn note_import(&self, appended: &[(Act, Fact)]) {
        let Some((_, Fact::Import(_, fact))) = appended.last() else { return };
        if self.fault == Some(Fault::ImportKeepsTheTurn) {
            let goes_on = matches!(fact, ImportFact::Batch(_));
            *self.importing.lock().unwrap_or_else(PoisonError::into_inner) = goes_on.then(|| thread::current().id());
        }
    }

    /// Notes what a closure committed, or deletes, after one that failed, what another thread noted.
    fn undo_a_neighbour(&self, failed: bool, inserted: Option<&RecordRef>) -> Stored<()> {
        let own = thread::current().id();
        let mut last = noted(&self.last);
        match (failed, *last) {
            (true, Some((other, record))) if other != own => {
                *last = None;
                self.store.write(|tx| delete(tx, record))
            }
            (true, _) => Ok(()),
            (false, _) => {
                *last = inserted.map(|record| (own, *record));
                Ok(())
            }
        }
    }

    /// The error of the store underneath, as the fault would have it.
    fn error(&self, error: StoreError) -> StoreError {
        if self.fault == Some(Fault::ReentryIsContention) && *error.kind() == StoreErrorKind::Reentered {
            return StoreErrorKind::Contended { waited: Duration::ZERO }.into();
        }
        error
    }
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broken").field("fault", &self.fault).finish_non_exhaustive()
    }
}

impl Store for Broken {
    type Tx<'t> = BrokenTx<'t>;

    fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&BrokenTx<'_>) -> Result<T, E>) -> Result<T, E> {
        if self.fault == Some(Fault::SnapshotMoves) {
            return f(&self.transaction(On::Fresh(&self.store)));
        }
        let mut outcome = None;
        let result = self.store.read(|tx| {
            outcome = Some(f(&self.transaction(On::Read(tx))));
            Ok(())
        });
        match (outcome, result) {
            (Some(outcome), _) => outcome,
            (None, result) => Err(self.error(result.err().unwrap_or_else(rolled_back)).into()),
        }
    }

    fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut BrokenTx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.turn()?;
        let mut appended = Vec::new();
        let mut inserted = BTreeSet::new();
        let mut outcome = None;
        *noted(&self.rolled_back) = None;
        self.in_line.fetch_add(1, Ordering::SeqCst);
        let result = self.store.write(|tx| {
            self.in_line.fetch_sub(1, Ordering::SeqCst);
            let mut tx = self.transaction(On::Write(tx));
            let ended = catch_unwind(AssertUnwindSafe(|| f(&mut tx)));
            let commit = match ended {
                Ok(Ok(_)) => self.fault != Some(Fault::CommitSkipped),
                Ok(Err(_)) => self.fault == Some(Fault::RollbackSkippedOnError),
                Err(_) => self.fault == Some(Fault::RollbackSkippedOnPanic),
            };
            appended.append(&mut tx.appended);
            inserted.append(&mut tx.inserted);
            outcome = Some(ended);
            if !commit {
                *noted(&self.rolled_back) = tx.look(|tx| Ok(tx.imagined(|_, _| ()))).ok();
            }
            if self.fault == Some(Fault::RefusalRestsOnTheUndone) {
                let others = self.in_line.load(Ordering::SeqCst) > 0;
                *noted(&self.undone) = if others && !commit { inserted.clone() } else { BTreeSet::new() };
            }
            if commit { Ok(()) } else { Err(rolled_back()) }
        });
        let failed = result.is_err();
        self.note_import(&appended);
        let Some(ended) = outcome else {
            self.in_line.fetch_sub(1, Ordering::SeqCst);
            return Err(self.error(result.err().unwrap_or_else(rolled_back)).into());
        };
        if self.fault == Some(Fault::NeighbourUndone) {
            self.undo_a_neighbour(failed, inserted.first())?;
        }
        if failed && self.fault == Some(Fault::EntryKeptAfterRollback) {
            self.store.write(|tx| appended.iter().try_for_each(|(act, fact)| tx.append(act, fact)))?;
        }
        ended.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

/// What was noted outlives a panic of the suite.
fn noted<T>(notes: &Mutex<T>) -> MutexGuard<'_, T> {
    notes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What tells the store underneath to roll back; it never comes out.
fn rolled_back() -> StoreError {
    StoreErrorKind::GroupAborted.into()
}

/// A transaction of a [`Broken`] store.
pub struct BrokenTx<'t> {
    store: &'t Broken,
    on: On<'t>,
    inserted: BTreeSet<RecordRef>,
    appended: Vec<(Act, Fact)>,
    /// Whether a page of some list was read.
    listed: Cell<bool>,
}

/// What a transaction stands on.
enum On<'t> {
    Read(&'t MemoryTx),
    Write(&'t mut MemoryTx),
    /// A snapshot of its own for each look.
    Fresh(&'t MemoryStore),
}

impl fmt::Debug for BrokenTx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokenTx").field("fault", &self.store.fault).finish_non_exhaustive()
    }
}

impl BrokenTx<'_> {
    fn has(&self, fault: Fault) -> bool {
        self.store.fault == Some(fault)
    }

    fn look<R>(&self, f: impl FnOnce(&MemoryTx) -> Stored<R>) -> Stored<R> {
        match &self.on {
            On::Read(tx) => f(tx),
            On::Write(tx) => f(tx),
            On::Fresh(store) => store.read(f),
        }
    }

    fn tx(&mut self) -> Stored<&mut MemoryTx> {
        match &mut self.on {
            On::Write(tx) => Ok(tx),
            On::Read(_) | On::Fresh(_) => Err(StoreErrorKind::ReadOnly.into()),
        }
    }

    fn got<R>(&self, id: RecordRef, get: impl FnOnce(&MemoryTx) -> Stored<Option<R>>) -> Stored<Option<R>> {
        if self.has(Fault::OwnWriteHidden) && self.inserted.contains(&id) {
            return Ok(None);
        }
        let found = self.look(get)?;
        if self.has(Fault::AbsentIsAnError) && found.is_none() {
            return Err(StoreErrorKind::NotFound { record: id.family() }.into());
        }
        Ok(found)
    }

    /// A page of a list of which `fetch` gives any page.
    fn listed<K: Clone, R>(
        &self,
        page: Page<K>,
        fetch: impl Fn(&MemoryTx, Page<K>) -> Stored<Vec<R>>,
    ) -> Stored<Vec<R>> {
        let Page { after, limit } = page.clone();
        let first = !self.listed.replace(true);
        match self.store.fault {
            Some(Fault::PageUnsorted) => {
                let mut found = self.look(|tx| fetch(tx, page))?;
                found.reverse();
                Ok(found)
            }
            Some(Fault::LimitIgnored) => self.look(|tx| fetch(tx, Page { after, limit: u16::MAX })),
            Some(Fault::ZeroGivesOne) => self.look(|tx| fetch(tx, Page { after, limit: limit.max(1) })),
            Some(Fault::AfterInclusive) if after.is_some() => {
                let whole = self.look(|tx| fetch(tx, Page::first(u16::MAX)))?;
                let rest = self.look(|tx| fetch(tx, Page { after, limit: u16::MAX }))?.len();
                let before = whole.len().saturating_sub(rest + 1);
                Ok(whole.into_iter().skip(before).take(limit.into()).collect())
            }
            Some(fault @ (Fault::PageSkipsOne | Fault::SnapshotSkipsOne))
                if after.is_some() && (first || fault == Fault::PageSkipsOne) =>
            {
                let found = self.look(|tx| fetch(tx, Page { after, limit: limit.saturating_add(1) }))?;
                Ok(found.into_iter().skip(1).collect())
            }
            _ => self.look(|tx| fetch(tx, page)),
        }
    }

    /// The filter, or that which lets everything through.
    fn filter<F: Clone + Default>(&self, filter: &F, ignored: Fault) -> F {
        if self.has(ignored) { F::default() } else { filter.clone() }
    }

    fn found(&self, family: Family, field: &str, value: &str) -> Stored<Option<Any>> {
        let found = self.look(|tx| find(tx, family, field, value))?;
        if found.is_some() {
            return Ok(found);
        }
        if self.has(Fault::NumberFoldsCase) {
            let records = self.look(|tx| all(tx, &family.no_filter()))?;
            let folded = |one: &Any| one.unique(field).is_some_and(|own| own.eq_ignore_ascii_case(value));
            return Ok(records.into_iter().find(folded));
        }
        let deleted = noted(&self.store.deleted);
        let same = |one: &&Any| one.family() == family && one.unique(field).as_deref() == Some(value);
        Ok(deleted.iter().rev().find(same).cloned())
    }

    fn insert(&mut self, mut record: Any) -> Stored<()> {
        if let (Any::Customer(customer), true) = (&mut record, self.has(Fault::FieldLost)) {
            customer.tags.clear();
        }
        if noted(&self.store.undone).contains(&record.id()) {
            return Err(StoreErrorKind::Duplicate { record: record.family().name(), field: "id" }.into());
        }
        let result = record.insert(self.tx()?);
        self.inserted.insert(record.id());
        noted(&self.store.first).insert(record.id(), record);
        self.forgiven(result).map(Option::unwrap_or_default)
    }

    fn insert_many(&mut self, records: impl Iterator<Item = Any>) -> Stored<Vec<Refused>> {
        let mut refused = Vec::new();
        for (place, record) in records.enumerate() {
            match self.insert(record) {
                Err(error) if error.is_refusal() => {
                    refused.push(Refused { place, error });
                    if self.has(Fault::ManyEndAtRefusal) {
                        break;
                    }
                }
                kept => kept?,
            }
        }
        Ok(if self.has(Fault::ManyRefuseQuietly) { Vec::new() } else { refused })
    }

    fn update(&mut self, mut record: Any) -> Stored<Revision> {
        let stored = self.look(|tx| get(tx, record.id()))?;
        if let (Some(stored), true) = (&stored, self.has(Fault::RevisionIgnored)) {
            record = record.at_revision(stored.revision());
        }
        if let (Any::Customer(customer), Some(Any::Customer(stored)), true) =
            (&mut record, &stored, self.has(Fault::FieldNotUpdated))
        {
            customer.tags.clone_from(&stored.tags);
        }
        let next = record.revision().next();
        if stored.is_none() && self.has(Fault::UpdateInserts) {
            record.insert(self.tx()?)?;
            return Ok(next);
        }
        let result = record.update(self.tx()?);
        let revision = self.forgiven(result)?.unwrap_or(next);
        Ok(if self.has(Fault::RevisionNotAdvanced) { record.revision() } else { revision })
    }

    fn delete(&mut self, id: RecordRef) -> Stored<()> {
        let record = self.look(|tx| get(tx, id))?;
        let result = delete(self.tx()?, id);
        if self.has(Fault::DeleteLeavesIndex) && result.is_ok() {
            noted(&self.store.deleted).extend(record);
        }
        self.forgiven(result).map(Option::unwrap_or_default)
    }

    /// A refusal that the fault hides is `None`.
    fn forgiven<R>(&self, result: Stored<R>) -> Stored<Option<R>> {
        let Err(error) = result else { return result.map(Some) };
        let hidden = match error.kind() {
            StoreErrorKind::Duplicate { .. } => self.has(Fault::DuplicateAccepted),
            StoreErrorKind::MissingReference { .. } => self.has(Fault::ReferenceUnchecked),
            StoreErrorKind::StillReferenced { .. } => self.has(Fault::StillReferencedIgnored),
            StoreErrorKind::FigureOverflow { .. } => self.has(Fault::FigureOverflowAccepted),
            _ => false,
        };
        if hidden { Ok(None) } else { Err(error) }
    }
}

/// What all families have.
macro_rules! records {
    ($record:ident($id:ident), $filter:ident { $get:ident $list:ident $count:ident $insert:ident $insert_many:ident $update:ident $delete:ident }) => {
        fn $get(&self, id: $id) -> Stored<Option<$record>> {
            self.got(id.into(), |tx| tx.$get(id))
        }
        fn $list(&self, filter: &$filter, page: Page<$id>) -> Stored<Vec<$record>> {
            let filter = self.filter(filter, Fault::FilterIgnored);
            self.listed(page, |tx, page| tx.$list(&filter, page))
        }
        fn $count(&self, filter: &$filter) -> Stored<u64> {
            let filter = self.filter(filter, Fault::CountIgnoresFilter);
            self.look(|tx| tx.$count(&filter))
        }
        fn $insert(&mut self, record: &$record) -> Stored<()> {
            self.insert(record.clone().into())
        }
        fn $insert_many(&mut self, records: &[$record]) -> Stored<Vec<Refused>> {
            self.insert_many(records.iter().cloned().map(Any::from))
        }
        fn $update(&mut self, record: &$record) -> Stored<Revision> {
            self.update(record.clone().into())
        }
        fn $delete(&mut self, id: $id) -> Stored<()> {
            self.delete(id.into())
        }
    };
}

/// Look-ups by a value that is unique.
macro_rules! unique {
    ($($name:ident($value:ident): $record:ident by $field:literal;)*) => {$(
        fn $name(&self, value: &$value) -> Stored<Option<$record>> {
            match self.found(Family::$record, $field, value.as_str())? {
                Some(Any::$record(record)) => Ok(Some(*record)),
                _ => Ok(None),
            }
        }
    )*};
}

/// Lists of what has some value.
macro_rules! lists {
    ($($name:ident($value:ty, $key:ty) -> $item:ty;)*) => {$(
        fn $name(&self, value: $value, page: Page<$key>) -> Stored<Vec<$item>> {
            self.listed(page, |tx, page| tx.$name(value, page))
        }
    )*};
}

impl Customers for BrokenTx<'_> {
    records! { Customer(CustomerId), CustomerFilter { customer customers count_customers insert_customer insert_customers update_customer delete_customer } }
    unique! { customer_by_external_id(ExternalId): Customer by "external id"; }
    lists! {
        customers_by_name(&CustomerFilter, (String, CustomerId)) -> Customer;
        customers_with_email(&EmailAddress, CustomerId) -> Customer;
        customers_with_phone(&Phone, CustomerId) -> Customer;
    }

    fn customers_named(&self, name: &Name, page: Page<CustomerId>) -> Stored<Vec<Customer>> {
        let mut found = self.listed(page, |tx, page| tx.customers_named(name, page))?;
        found.retain(|one| one.name == *name || !self.has(Fault::NameBySpelling));
        Ok(found)
    }
}

impl Interactions for BrokenTx<'_> {
    records! { Interaction(InteractionId), InteractionFilter { interaction interactions count_interactions insert_interaction insert_interactions update_interaction delete_interaction } }
    unique! { interaction_by_external_id(ExternalId): Interaction by "external id"; }
}

impl Products for BrokenTx<'_> {
    records! { Product(ProductId), ProductFilter { product products count_products insert_product insert_products update_product delete_product } }
    unique! { product_by_sku(Label): Product by "sku"; }
    lists! { products_named(&Name, ProductId) -> Product; }
}

impl SalesReps for BrokenTx<'_> {
    records! { SalesRep(SalesRepId), SalesRepFilter { sales_rep sales_reps count_sales_reps insert_sales_rep insert_sales_reps update_sales_rep delete_sales_rep } }
    unique! { sales_rep_by_external_id(ExternalId): SalesRep by "external id"; }
    lists! { sales_reps_named(&Name, SalesRepId) -> SalesRep; }
}

impl SalePlans for BrokenTx<'_> {
    records! { SalePlan(SalePlanId), SalePlanFilter { sale_plan sale_plans count_sale_plans insert_sale_plan insert_sale_plans update_sale_plan delete_sale_plan } }
}

impl Opportunities for BrokenTx<'_> {
    records! { Opportunity(OpportunityId), OpportunityFilter { opportunity opportunities count_opportunities insert_opportunity insert_opportunities update_opportunity delete_opportunity } }
    unique! { opportunity_by_external_id(ExternalId): Opportunity by "external id"; }
}

impl Orders for BrokenTx<'_> {
    records! { Order(OrderId), OrderFilter { order orders count_orders insert_order insert_orders update_order delete_order } }
    unique! {
        order_by_number(Number): Order by "number";
        order_by_external_id(ExternalId): Order by "external id";
    }
    lists! {
        orders_by_day(&OrderFilter, (NaiveDate, OrderId)) -> Order;
        payments(Period, RevenueKey) -> (OrderId, PaymentEntry);
    }

    fn revenue(&self, days: Period, page: Page<RevenueKey>) -> Stored<Vec<RevenueEntry>> {
        let found = self.listed(page, |tx, page| tx.revenue(days, page))?;
        let times = if self.has(Fault::RevenueTwice) { 2 } else { 1 };
        Ok(found.into_iter().flat_map(|entry| std::iter::repeat_n(entry, times)).collect())
    }

    fn next_order_number(&mut self) -> Stored<Number> {
        if self.has(Fault::NumberReused) { Ok(text("SO-000001")) } else { self.tx()?.next_order_number() }
    }
}

impl Agents for BrokenTx<'_> {
    records! { Agent(AgentId), AgentFilter { agent agents count_agents insert_agent insert_agents update_agent delete_agent } }
    unique! { agent_by_external_id(ExternalId): Agent by "external id"; }
    lists! { agents_named(&Name, AgentId) -> Agent; }
}

impl Tickets for BrokenTx<'_> {
    records! { Ticket(TicketId), TicketFilter { ticket tickets count_tickets insert_ticket insert_tickets update_ticket delete_ticket } }
    unique! {
        ticket_by_number(Number): Ticket by "number";
        ticket_by_external_id(ExternalId): Ticket by "external id";
    }
    lists! { tickets_by_due(&TicketFilter, (DateTime<Utc>, TicketId)) -> Ticket; }

    fn messages(&self, ticket: TicketId, page: Page<u32>) -> Stored<Vec<TicketMessage>> {
        let mut found = self.listed(page, |tx, page| tx.messages(ticket, page))?;
        if self.has(Fault::MessagesReversed) {
            found.reverse();
        }
        Ok(found)
    }

    fn append_message(&mut self, message: &TicketMessage) -> Stored<()> {
        let result = self.tx()?.append_message(message);
        self.forgiven(result).map(Option::unwrap_or_default)
    }

    fn next_ticket_number(&mut self) -> Stored<Number> {
        if self.has(Fault::NumberReused) { Ok(text("T-000001")) } else { self.tx()?.next_ticket_number() }
    }
}

impl Timeline for BrokenTx<'_> {
    fn timeline(&self, customer: CustomerId, page: Page<TimelineItem>) -> Stored<Vec<TimelineItem>> {
        let mut found = self.listed(page, |tx, page| tx.timeline(customer, page))?;
        if self.has(Fault::TimelineOldestFirst) {
            found.reverse();
        }
        if self.has(Fault::ParticipantsLeftOut) {
            let logged_for = InteractionFilter { customer: Some(customer), ..InteractionFilter::default() };
            let own = self.look(|tx| tx.interactions(&logged_for, Page::first(u16::MAX)))?;
            found.retain(|item| match item.record {
                RecordRef::Interaction(id) => own.iter().any(|one| one.id == id),
                _ => true,
            });
        }
        Ok(found)
    }
}

impl Search for BrokenTx<'_> {
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Stored<Vec<SearchHit>> {
        let words = || query.words().map(SearchWord::as_str);
        let operator = |word: &&str| ["or", "and", "not", "near"].contains(word);
        let (mut sought, mut page) = (query.clone(), page);
        match self.store.fault {
            Some(Fault::OneWordIsEnough) => sought = parsed(words().take(1), query),
            Some(Fault::OperatorsUnderstood) => sought = parsed(words().filter(|word| !operator(word)), query),
            Some(Fault::FamiliesIgnored) => sought = query.clone().only(SearchFamily::ALL.iter().copied()),
            Some(Fault::PlaceIgnored) => page.after = None,
            _ => {}
        }
        let mut found = self.listed(page, |tx, page| tx.search(&sought, page))?;
        if self.has(Fault::HitsUnranked) {
            found.reverse();
        }
        if self.has(Fault::OwnInsertNotFound) {
            found.retain(|hit| !self.inserted.contains(&hit.record));
        }
        if self.has(Fault::MessagesNotSearched) {
            let by_itself = |hit: &SearchHit| match hit.record {
                RecordRef::Ticket(id) => self
                    .look(|tx| tx.ticket(id))
                    .is_ok_and(|ticket| ticket.is_some_and(|ticket| ticket.search_text().tier(query).is_some())),
                _ => true,
            };
            found.retain(by_itself);
        }
        if self.has(Fault::MessagesSearchedTogether) && found.is_empty() {
            let one = |word| self.look(|tx| tx.search(&parsed(std::iter::once(word), query), Page::first(u16::MAX)));
            let each = words().map(one).collect::<Stored<Vec<_>>>()?;
            let in_all = |hit: &SearchHit| each.iter().all(|hits| hits.iter().any(|other| other.record == hit.record));
            let first = each.iter().flatten().copied();
            found = first.filter(|hit| matches!(hit.record, RecordRef::Ticket(_)) && in_all(hit)).take(1).collect();
        }
        Ok(found)
    }
}

/// A query of some of the words of another one, over the same families.
fn parsed<'a>(words: impl Iterator<Item = &'a str>, query: &SearchQuery) -> SearchQuery {
    let some = SearchQuery::parse(&words.collect::<Vec<_>>().join(" "));
    some.map_or_else(|_| query.clone(), |some| some.only(query.families().iter().copied()))
}

impl Journal for BrokenTx<'_> {
    fn append(&mut self, act: &Act, fact: &Fact) -> Stored<()> {
        let nobody = || Act::new(act.at(), text("nobody"), [0; 10]);
        let act = if self.has(Fault::ActorLost) { nobody() } else { act.clone() };
        let mut fact = fact.clone();
        if let (Fact::Import(_, ImportFact::Batch(batch) | ImportFact::Finished(batch)), true) =
            (&mut fact, self.has(Fault::ImportSourceLost))
        {
            batch.source = text("somewhere");
        }
        self.tx()?.append(&act, &fact)?;
        self.appended.push((act, fact));
        Ok(())
    }

    fn entries(&self, page: Page<Position>) -> Stored<Vec<Entry>> {
        self.listed(page, |tx, page| tx.entries(page))
    }

    fn history(&self, record: RecordRef, page: Page<Position>) -> Stored<Vec<Entry>> {
        let mixed = self.has(Fault::HistoryMixed);
        self.listed(page, |tx, page| if mixed { tx.entries(page) } else { tx.history(record, page) })
    }

    fn entries_with_key(&self, key: &IdempotencyKey, page: Page<Position>) -> Stored<Vec<Entry>> {
        let mut found = self.listed(page, |tx, page| tx.entries_with_key(key, page))?;
        found.retain(|entry| !matches!(entry.record, RecordRef::Import(_)) || !self.has(Fault::ImportForgotten));
        Ok(found)
    }

    fn cursor(&self, consumer: &Label) -> Stored<Position> {
        self.look(|tx| tx.cursor(consumer))
    }

    fn move_cursor(&mut self, consumer: &Label, to: Position) -> Stored<()> {
        if self.has(Fault::CursorForgotten) { Ok(()) } else { self.tx()?.move_cursor(consumer, to) }
    }
}

impl BrokenTx<'_> {
    /// What the figures are computed from, as the fault would have it.
    fn counted<R>(&self, f: impl FnOnce(&MemoryTx) -> Stored<R>) -> Stored<R> {
        if let (Some(kept), true) = (&*noted(&self.store.rolled_back), self.has(Fault::FiguresKeptAfterRollback)) {
            return f(kept);
        }
        let first = noted(&self.store.first);
        let imagined = |tx: &MemoryTx| {
            tx.imagined(|orders, reps| {
                for order in orders.values_mut() {
                    let mut parts = OrderParts::from(order.clone());
                    match (self.store.fault, first.get(&order.id.into()), order.state()) {
                        (Some(Fault::RefundNotCounted), ..) => parts.payments.clear(),
                        (
                            Some(Fault::CancellationLeftIn),
                            _,
                            &OrderState::Cancelled { at, confirmed_on: Some(day), .. },
                        ) => parts.state = OrderState::Confirmed { at, day },
                        (Some(Fault::ReassignmentNotMoved), Some(Any::Order(first)), _) => parts.rep = first.rep(),
                        _ => {}
                    }
                    *order = parts.try_into().unwrap_or_else(|_| order.clone());
                }
                for rep in reps.values_mut() {
                    if let (true, Some(Any::SalesRep(first))) =
                        (self.has(Fault::RegionOfThePast), first.get(&rep.id.into()))
                    {
                        rep.region.clone_from(&first.region);
                    }
                }
            })
        };
        self.look(|tx| f(&imagined(tx)))
    }
}

impl Figures for BrokenTx<'_> {
    fn sales_figures(&self, filter: &SalesFilter, mut page: Page<SalesKey>) -> Stored<Vec<SalesFigure>> {
        let mut filter = filter.clone();
        if self.has(Fault::MonthsAreDays) {
            filter.span = Span::Day;
        }
        if let (SalesBy::One(SalesOf::Rep(_)), true) = (&filter.by, self.has(Fault::OneFigureIsEach)) {
            filter.by = SalesBy::Reps;
        }
        let skipped = page.after.is_some() && self.has(Fault::FigurePageSkipsOne);
        page.limit = page.limit.saturating_add(skipped.into());
        let found = self.counted(|tx| tx.sales_figures(&filter, page))?;
        Ok(found.into_iter().skip(skipped.into()).collect())
    }

    fn customer_figures(
        &self,
        filter: &CustomerFigureFilter,
        page: Page<(CustomerId, Currency)>,
    ) -> Stored<Vec<CustomerFigure>> {
        let mut found = self.counted(|tx| tx.customer_figures(filter, page))?;
        if self.has(Fault::LastDayStays) {
            for figure in &mut found {
                let own = OrderFilter { customer: Some(figure.customer), ..OrderFilter::default() };
                let orders = self.look(|tx| tx.orders(&own, Page::first(u16::MAX)))?;
                let own = orders.iter().filter(|order| order.currency() == figure.revenue.currency());
                figure.last_day = own.filter_map(|order| order.state().confirmed_on()).max().unwrap_or(figure.last_day);
            }
        }
        Ok(found)
    }

    fn pipeline_figures(&self, pipeline: Option<&Label>, page: Page<PipelineKey>) -> Stored<Vec<PipelineFigure>> {
        let mut found = self.counted(|tx| tx.pipeline_figures(pipeline, page))?;
        if self.has(Fault::LostIsWeighted) {
            for figure in &mut found {
                let sum = figure.weighted.zip(figure.lost.value).and_then(|(sum, lost)| sum.checked_add(lost).ok());
                figure.weighted = sum.or(figure.weighted);
            }
        }
        Ok(found)
    }

    fn ticket_figures(&self, page: Page<TicketKey>) -> Stored<Vec<TicketFigure>> {
        let mut found = self.counted(|tx| tx.ticket_figures(page))?;
        found.retain(|one| one.priority.is_some() || !self.has(Fault::UnprioritisedLeftOut));
        Ok(found)
    }

    fn verify_figures(&self, limit: u16) -> Stored<Vec<FigureMismatch>> {
        let wolf = FigureMismatch::Tickets { kept: None, counted: None };
        let cries = self.has(Fault::VerificationCriesWolf);
        self.look(|tx| tx.verify_figures(limit)).map(|found| if cries { vec![wolf] } else { found })
    }

    fn rebuild_figures(&mut self) -> Stored<()> {
        self.tx()?.rebuild_figures()
    }
}
