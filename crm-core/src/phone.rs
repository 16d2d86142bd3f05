//! stub
use crate::{Invalid, Name};
/// stub
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Phone(Name);
impl std::str::FromStr for Phone {
    type Err = Invalid;
    fn from_str(s: &str) -> Result<Self, Invalid> {
        Ok(Self(s.parse()?))
    }
}
