//! The storage contract as tests, a reference store in memory, and sample data.

// The stores and what tests are fed with.
mod acts;
mod memory;

pub use self::{
    acts::Acts,
    memory::{MemoryStore, MemoryTx},
};
