//! Stores that are broken on purpose: they prove that the [suite](mod@crate::suite) has teeth.

mod families;
mod faults;
mod figures;
mod search;

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

use crm_core::{
    Act, Fact, Keyed, RecordRef, Revision, Roster,
    bulk::ImportFact,
    store::{Journal, Page, Refused, Store, StoreError, StoreErrorKind},
};

use crate::{
    MemoryStore, MemoryTx,
    suite::{Any, Family, Stored, all, delete, find, get},
};

pub use self::faults::Fault;

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
    /// What was done under each key by the last transaction that wrote.
    keyed: Mutex<Keyed>,
}

impl Broken {
    /// An empty store with a fault.
    pub fn new(fault: Option<Fault>) -> Self {
        Self { fault, ..Self::default() }
    }

    fn transaction<'t>(&'t self, on: On<'t>) -> BrokenTx<'t> {
        let keyed = if self.fault == Some(Fault::KeyedForGood) { noted(&self.keyed).clone() } else { Keyed::default() };
        BrokenTx { store: self, on, inserted: BTreeSet::new(), appended: Vec::new(), listed: Cell::new(false), keyed }
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
            noted(&self.keyed).clone_from(&tx.keyed);
            outcome = Some(ended);
            if !commit {
                *noted(&self.rolled_back) = tx.look(|tx| Ok(tx.imagined(|_, _, _| ()))).ok();
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
    keyed: Keyed,
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
        if let (Any::Queue(queue), true) = (&mut record, self.has(Fault::TurnForgotten)) {
            let mut members = queue.roster.members().to_vec();
            members.iter_mut().for_each(|one| one.given.turn = 0);
            queue.roster = Roster::new(*queue.roster.policy(), members).unwrap_or_else(|_| queue.roster.clone());
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
