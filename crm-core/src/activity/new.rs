//! What an activity is planned with and what may be changed on it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{ActivityKind, ActivityStep};
use crate::{
    id::{ActivityId, CustomerId, LeadId, OpportunityId, SalesRepId},
    record::Revision,
    text::{ExternalId, Subject, Text},
};

/// What an activity is planned with.
///
/// ```
/// use chrono::NaiveDate;
/// use crm_core::{ActivityKind, CustomerId, NewActivity, RecordId};
/// # let zhang = CustomerId::from_uuid(uuid::Uuid::from_u128(1));
/// let due = NaiveDate::from_ymd_opt(2026, 3, 9).unwrap();
/// let call = NewActivity::new(ActivityKind::Call, "ask about the lamps".parse()?, due).customer(zhang);
/// assert!(call.owner.is_none()); // to be handed out
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewActivity {
    /// The host's own id; made from the act where there is none.
    pub id: Option<ActivityId>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// What kind of work it is.
    pub kind: ActivityKind,
    /// What it is about.
    pub subject: Subject,
    /// More about it.
    pub note: Option<Text>,
    /// The lead that it is for; then it is for nobody else, until the lead is converted.
    #[serde(default)]
    pub lead: Option<LeadId>,
    /// The customer that it is for; that of the deal where there is none.
    pub customer: Option<CustomerId>,
    /// The deal that it is for.
    pub opportunity: Option<OpportunityId>,
    /// The person to call, to visit or to meet; where there is none, it is the customer.
    #[serde(default)]
    pub person: Option<CustomerId>,
    /// The rep who is to do it.
    pub owner: Option<SalesRepId>,
    /// The day on which it is to be done.
    pub due: NaiveDate,
    /// When the owner wants to be reminded of it.
    pub remind_at: Option<DateTime<Utc>>,
    /// The step of a plan that it is.
    pub step: Option<ActivityStep>,
}

impl NewActivity {
    /// An activity with what every activity has.
    pub const fn new(kind: ActivityKind, subject: Subject, due: NaiveDate) -> Self {
        Self {
            id: None,
            external_id: None,
            kind,
            subject,
            note: None,
            lead: None,
            customer: None,
            opportunity: None,
            person: None,
            owner: None,
            due,
            remind_at: None,
            step: None,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub const fn id(mut self, id: ActivityId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// With more about it.
    #[must_use]
    pub fn note(mut self, note: Text) -> Self {
        self.note = Some(note);
        self
    }

    /// For a lead.
    #[must_use]
    pub const fn lead(mut self, lead: LeadId) -> Self {
        self.lead = Some(lead);
        self
    }

    /// For a customer.
    #[must_use]
    pub const fn customer(mut self, customer: CustomerId) -> Self {
        self.customer = Some(customer);
        self
    }

    /// For a deal.
    #[must_use]
    pub const fn opportunity(mut self, opportunity: OpportunityId) -> Self {
        self.opportunity = Some(opportunity);
        self
    }

    /// With a person.
    #[must_use]
    pub const fn person(mut self, person: CustomerId) -> Self {
        self.person = Some(person);
        self
    }

    /// To be done by a rep.
    #[must_use]
    pub const fn owner(mut self, owner: SalesRepId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// With a reminder.
    #[must_use]
    pub const fn remind_at(mut self, at: DateTime<Utc>) -> Self {
        self.remind_at = Some(at);
        self
    }
}

/// What is to change on a planned activity. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActivityPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// What kind of work it is.
    pub kind: Option<ActivityKind>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// More about it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub note: Option<Option<Text>>,
    /// The lead that it is for.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub lead: Option<Option<LeadId>>,
    /// The customer that it is for.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub customer: Option<Option<CustomerId>>,
    /// The deal that it is for.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub opportunity: Option<Option<OpportunityId>>,
    /// The person to call, to visit or to meet; where there is none, it is the customer.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub person: Option<Option<CustomerId>>,
    /// The rep who is to do it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub owner: Option<Option<SalesRepId>>,
    /// The day on which it is to be done.
    pub due: Option<NaiveDate>,
    /// When the owner wants to be reminded of it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub remind_at: Option<Option<DateTime<Utc>>>,
}
