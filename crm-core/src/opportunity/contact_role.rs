//! The persons who matter in a deal.

use serde::{Deserialize, Serialize};

use crate::{
    id::CustomerId,
    invalid::{Invalid, Rule},
    text::Label,
};

/// A person who plays a role in a deal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactRole {
    /// The customer who is that person.
    pub person: CustomerId,
    /// What they are there: `decision maker`, `user`, `blocker`.
    pub role: Label,
    /// Whether they are the one to talk to first; at most one of a deal is.
    pub primary: bool,
}

/// Most contact roles of one deal.
const LIMIT: usize = 100;

/// Refuses more roles than a deal may have, a person twice in one role, and a second primary one.
pub(super) fn check(roles: &[ContactRole]) -> Result<(), Invalid> {
    if roles.len() > LIMIT {
        return Err(Invalid::new("contacts", roles.len().to_string(), Rule::TooMany { limit: LIMIT }));
    }
    for (place, one) in roles.iter().enumerate() {
        let refused = |rule| Err(Invalid::new("contacts", one.person.to_string(), rule));
        if roles[..place].iter().any(|other| (other.person, &other.role) == (one.person, &one.role)) {
            return refused(Rule::Repeated);
        }
        if one.primary && roles[..place].iter().any(|other| other.primary) {
            return refused(Rule::Inconsistent { must: "must have at most one primary contact" });
        }
    }
    Ok(())
}
