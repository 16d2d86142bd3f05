//! stub
use crate::Invalid;
/// stub
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ContactPoints<T>(Vec<T>);
impl<T> ContactPoints<T> {
    #![allow(missing_docs)]
    pub fn new() -> Self {
        Self(vec![])
    }
    pub fn add(&mut self, t: T, _l: ContactLabel) -> Result<(), Invalid> {
        self.0.push(t);
        Ok(())
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
/// stub
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PostalAddress;
/// stub
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ContactLabel {
    /// s
    Work,
}
/// s
pub struct ContactPoint<T>(T);
/// s
pub trait ContactValue {}
