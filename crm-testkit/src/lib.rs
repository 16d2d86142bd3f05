//! What tests of `crm` stand on: a reference store in memory, acts of a fixed clock, sample data, and the storage contract as tests.
//!
//! **What it is.** [`MemoryStore`] keeps every promise of [`crm_core::store`] in the plainest way, so that a backend can be compared with it and the tests of the operations
//! need no file. [`Acts`] brings time, actors and ids that repeat themselves. [`sample`] makes records and a [small company](sample::Sample) from a seed. [`DynStore`] proves that a
//! host can choose its backend at run time. [`suite!`] runs the contract on a backend and [`model!`] compares it with the reference;
//! [`broken`] has the stores that prove both.
//!
//! **What it does not do.** It is a dev-dependency: nothing is durable, nothing is fast, and helpers panic where a test made a mistake.
//!
//! **Where to start.** With a store, some acts and the operation that is to be tested:
//!
//! ```
//! use crm_core::store::{Orders, Store, StoreError};
//! use crm_testkit::{Acts, MemoryStore, sample::Sample};
//!
//! let (store, mut acts) = (MemoryStore::new(), Acts::new());
//! store.write(|tx| Sample::new(1).write_to(tx))?;
//!
//! let act = &mut acts.next("alice");
//! let number = store.write(|tx| {
//!     // Here stands the operation, with `tx` and `act`.
//!     assert_eq!(act.actor().as_str(), "alice");
//!     tx.next_order_number()
//! })?;
//! assert_eq!(number.as_str(), "SO-000001");
//! # Ok::<(), StoreError>(())
//! ```

// The stores and what tests are fed with.
mod acts;
mod bridge;
mod instants;
mod memory;
pub mod sample;

// The storage contract as tests, and what tests those.
pub mod broken;
pub mod model;
pub mod suite;

pub use self::{
    acts::Acts,
    bridge::DynStore,
    memory::{MemoryStore, MemoryTx},
};
