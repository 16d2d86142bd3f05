//! A store behind one type, whichever backend is in it.

use std::fmt;

use crm_core::store::{Records, Store, StoreError, StoreErrorKind};

/// Any store, chosen at run time. Its transaction is `dyn Records`: this compiles as long as the family traits stay free of generics and a
/// store may have an unsized transaction.
///
/// ```
/// use crm_core::store::{Agents, AgentFilter, Store, StoreError};
/// use crm_testkit::{DynStore, MemoryStore};
///
/// let store = DynStore::new(MemoryStore::new());
/// let count = store.read(|tx| tx.count_agents(&AgentFilter::default()))?;
/// assert_eq!(count, 0);
/// # Ok::<(), StoreError>(())
/// ```
pub struct DynStore(Box<dyn Backend>);

impl DynStore {
    /// Over a store.
    pub fn new<S>(store: S) -> Self
    where
        S: for<'t> Store<Tx<'t>: Sized> + 'static,
    {
        Self(Box::new(store))
    }
}

impl fmt::Debug for DynStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynStore").finish_non_exhaustive()
    }
}

/// What is left of a store without generics: a closure is a `dyn FnMut` that runs once and keeps its result to itself.
trait Backend: Send + Sync {
    fn read_dyn(&self, f: &mut dyn FnMut(&dyn Records)) -> Result<(), StoreError>;
    /// Commits where the closure says so.
    fn write_dyn(&self, f: &mut dyn FnMut(&mut dyn Records) -> Verdict) -> Result<(), Ended>;
}

/// What a writing closure wants.
enum Verdict {
    Commit,
    RollBack,
}

/// Why there was no commit.
enum Ended {
    /// The closure wanted none; it has its own error.
    Refused,
    Store(StoreError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<S> Backend for S
where
    S: for<'t> Store<Tx<'t>: Sized> + 'static,
{
    fn read_dyn(&self, f: &mut dyn FnMut(&dyn Records)) -> Result<(), StoreError> {
        self.read(|tx| {
            f(tx);
            Ok(())
        })
    }

    fn write_dyn(&self, f: &mut dyn FnMut(&mut dyn Records) -> Verdict) -> Result<(), Ended> {
        self.write(|tx| match f(tx) {
            Verdict::Commit => Ok(()),
            Verdict::RollBack => Err(Ended::Refused),
        })
    }
}

impl Store for DynStore {
    type Tx<'t> = dyn Records + 't;

    fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&Self::Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let (mut f, mut outcome) = (Some(f), None);
        self.0.read_dyn(&mut |tx| outcome = f.take().map(|f| f(tx)))?;
        outcome.unwrap_or_else(never_ran)
    }

    fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut Self::Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        let (mut f, mut outcome) = (Some(f), None);
        let ended = self.0.write_dyn(&mut |tx| {
            outcome = f.take().map(|f| f(tx));
            if matches!(outcome, Some(Ok(_))) { Verdict::Commit } else { Verdict::RollBack }
        });
        match ended {
            // The closure may have been content and the commit have failed, so the store's word goes first.
            Err(Ended::Store(error)) => Err(error.into()),
            Ok(()) | Err(Ended::Refused) => outcome.unwrap_or_else(never_ran),
        }
    }
}

fn never_ran<T, E: From<StoreError>>() -> Result<T, E> {
    Err(StoreError::new(StoreErrorKind::Backend).caused_by("the store did not run the closure, or ran it twice").into())
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use crm_core::{
        AgentId,
        store::{AgentFilter, Agents},
    };

    use super::*;
    use crate::{MemoryStore, sample};

    fn agents(store: &impl Store) -> u64 {
        store.read(|tx| tx.count_agents(&AgentFilter::default())).unwrap_or_else(|error: StoreError| panic!("{error}"))
    }

    /// An operation as those of `crm-sales`: it takes a transaction of any backend, sized or not.
    fn hire(tx: &mut (impl Agents + ?Sized), seed: u64) -> Result<AgentId, StoreError> {
        let agent = sample::agent(seed);
        tx.insert_agent(&agent)?;
        Ok(agent.id)
    }

    #[test]
    fn operations_run_on_a_store_that_is_chosen_at_run_time() {
        let store = DynStore::new(MemoryStore::new());
        let id = store.write(|tx| hire(tx, 1)).unwrap();
        assert_eq!(store.read(|tx| tx.agent(id)).unwrap().map(|agent| agent.id), Some(id));
    }

    #[test]
    fn a_refused_closure_writes_nothing_and_keeps_its_own_error() {
        #[derive(Debug, PartialEq)]
        struct Refused(&'static str);
        impl From<StoreError> for Refused {
            fn from(_: StoreError) -> Self {
                Self("the store")
            }
        }
        let store = DynStore::new(MemoryStore::new());
        let refused: Result<(), Refused> = store.write(|tx| {
            hire(tx, 1)?;
            Err(Refused("the closure"))
        });
        assert_eq!(refused, Err(Refused("the closure")));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.write(|tx| -> Result<(), StoreError> {
                hire(tx, 2)?;
                panic!("in the middle")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(agents(&store), 0);
    }

    #[test]
    fn re_entry_is_seen_through_the_bridge_and_two_stores_nest() {
        let (store, other) = (DynStore::new(MemoryStore::new()), DynStore::new(MemoryStore::new()));
        let reentered = store.write(|_| store.read(|tx| tx.count_agents(&AgentFilter::default())));
        assert_eq!(reentered.unwrap_err().kind(), &StoreErrorKind::Reentered);
        store.write(|tx| hire(tx, 1).and_then(|_| other.write(|tx| hire(tx, 2)))).unwrap();
        assert_eq!((agents(&store), agents(&other)), (1, 1));
    }
}
