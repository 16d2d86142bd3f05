//! stub
use crate::{Invalid, Name};
/// stub
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct EmailAddress(Name);
impl std::str::FromStr for EmailAddress {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        Ok(Self(s.parse()?))
    }
}
