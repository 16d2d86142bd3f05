//! The reference store: all promises of the contract, kept in memory.

mod activity;
mod agent;
mod answer;
mod contact;
mod customer;
mod exchange_rate;
mod figures;
mod forecast_adjustment;
mod forecast_snapshot;
mod interaction;
mod journal;
mod lead;
mod opportunity;
mod order;
mod payment;
mod price_list;
mod product;
mod promotion;
mod queue;
mod quote;
mod sale_plan;
mod sales_rep;
mod search;
mod state;
mod ticket;
mod timeline;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::{self, ThreadId},
};

use crm_core::{
    Keyed, Opportunity, OpportunityId, Order, OrderId, SalesRep, SalesRepId,
    store::{Store, StoreError, StoreErrorKind},
};

use self::state::State;

/// A store in memory that is made to be obviously right, not fast: every look-up scans, and every writing transaction copies the whole state.
///
/// A transaction works on its own copy. `Ok` puts the copy in the place of the committed state; an error or a panic drops it. So there is nothing to
/// undo, and a snapshot is a state that nobody changes any more.
///
/// ```
/// use crm_core::{Customer, NewCustomer, store::{Customers, Store, StoreError}};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// let act = &mut acts.next("alice");
/// let zhang = Customer::register(act.new_id(), act.at(), NewCustomer::person("张三".parse()?))?;
///
/// store.write(|tx| tx.insert_customer(&zhang))?;
/// assert_eq!(store.read(|tx| tx.customer(zhang.id))?, Some(zhang));
///
/// let reentered: Result<(), StoreError> = store.write(|_| store.write(|_| Ok(())));
/// assert!(reentered.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct MemoryStore {
    /// What is committed. Locked only to take or to replace the `Arc`.
    committed: Mutex<Arc<State>>,
    /// Held by the one writer from the snapshot to the commit, so that writes are serialised (C06).
    turn: Mutex<()>,
    /// The threads that are in a closure of this store (C07).
    inside: Mutex<HashSet<ThreadId>>,
}

/// A transaction of a [`MemoryStore`]: the committed state, until the first write makes a copy of its own.
pub struct MemoryTx {
    state: Arc<State>,
    /// What was done under each idempotency key.
    keyed: Keyed,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn snapshot(&self) -> MemoryTx {
        MemoryTx { state: Arc::clone(&lock(&self.committed)), keyed: Keyed::default() }
    }

    fn enter(&self) -> Result<Inside<'_>, StoreError> {
        let thread = thread::current().id();
        if lock(&self.inside).insert(thread) {
            return Ok(Inside { store: self, thread });
        }
        Err(StoreErrorKind::Reentered.into())
    }
}

impl Store for MemoryStore {
    type Tx<'t> = MemoryTx;

    fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&MemoryTx) -> Result<T, E>) -> Result<T, E> {
        let _inside = self.enter()?;
        f(&self.snapshot())
    }

    fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut MemoryTx) -> Result<T, E>) -> Result<T, E> {
        let _inside = self.enter()?;
        let _turn = lock(&self.turn);
        let mut tx = self.snapshot();
        let value = f(&mut tx)?;
        *lock(&self.committed) = tx.state;
        Ok(value)
    }
}

impl MemoryTx {
    /// The state to write to: from the first write on a copy that nobody else sees.
    fn state_mut(&mut self) -> &mut State {
        Arc::make_mut(&mut self.state)
    }

    /// What the transaction would see if its orders, opportunities and reps were others, for stores that are broken on purpose.
    pub(crate) fn imagined(
        &self,
        change: impl FnOnce(
            &mut BTreeMap<OrderId, Order>,
            &mut BTreeMap<OpportunityId, Opportunity>,
            &mut BTreeMap<SalesRepId, SalesRep>,
        ),
    ) -> Self {
        let mut state = State::clone(&self.state);
        change(&mut state.orders, &mut state.opportunities, &mut state.sales_reps);
        Self { state: Arc::new(state), keyed: self.keyed.clone() }
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl fmt::Debug for MemoryTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTx").finish_non_exhaustive()
    }
}

/// A thread's stay in a closure; it ends when this is dropped, by a panic too.
struct Inside<'a> {
    store: &'a MemoryStore,
    thread: ThreadId,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        lock(&self.store.inside).remove(&self.thread);
    }
}

/// Locks also after a panic: what a mutex here guards is only ever replaced whole, so a panic of a closure leaves it as it was (C03).
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
