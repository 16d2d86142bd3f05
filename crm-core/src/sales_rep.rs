//! Sales reps: the people who sell.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    decimal::Percent,
    email::EmailAddress,
    id::SalesRepId,
    invalid::{Invalid, Rule},
    patch::patched,
    record::{Revision, checked_when_read},
    text::{ExternalId, Label, Name},
};

/// Somebody who sells. Reps form a tree by their managers; that it has no circle is checked by the operations of `crm-sales`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct SalesRep {
    /// The id.
    pub id: SalesRepId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Their id in another system; unique among reps.
    pub external_id: Option<ExternalId>,
    /// The name.
    pub name: Name,
    /// The e-mail address; nobody works a lead that has the same (LEAD-2).
    pub email: Option<EmailAddress>,
    /// The position: `account executive`, `manager`.
    pub position: Option<Label>,
    /// The rep whom they report to.
    pub manager: Option<SalesRepId>,
    /// The sales region.
    pub region: Option<Label>,
    /// The flat commission rate, 0 to 100 %.
    pub commission_rate: Percent,
    /// Whether they sell at present. Who does not keeps what they have, and is newly set on no order, opportunity or customer by `crm-sales`.
    pub active: bool,
}

checked_when_read!(SalesRep);

/// What a sales rep is added with.
///
/// ```
/// use crm_core::{NewSalesRep, Percent};
///
/// let lin = NewSalesRep::new("Lin Wei".parse()?).region("East".parse()?).commission_rate(Percent::whole(5));
/// assert_eq!(lin.commission_rate.to_string(), "5 %");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewSalesRep {
    /// The host's own id; made from the act where there is none.
    pub id: Option<SalesRepId>,
    /// Their id in another system; unique among reps.
    pub external_id: Option<ExternalId>,
    /// The name.
    pub name: Name,
    /// The e-mail address.
    pub email: Option<EmailAddress>,
    /// The position: `account executive`, `manager`.
    pub position: Option<Label>,
    /// The rep whom they report to.
    pub manager: Option<SalesRepId>,
    /// The sales region.
    pub region: Option<Label>,
    /// The flat commission rate, 0 to 100 %.
    pub commission_rate: Percent,
}

impl NewSalesRep {
    /// A rep with what every rep has.
    pub fn new(name: Name) -> Self {
        Self {
            id: None,
            external_id: None,
            name,
            email: None,
            position: None,
            manager: None,
            region: None,
            commission_rate: Percent::ZERO,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: SalesRepId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that they have in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// With the e-mail address.
    #[must_use]
    pub fn email(mut self, email: EmailAddress) -> Self {
        self.email = Some(email);
        self
    }

    /// In a position.
    #[must_use]
    pub fn position(mut self, position: Label) -> Self {
        self.position = Some(position);
        self
    }

    /// Reporting to a manager.
    #[must_use]
    pub fn manager(mut self, manager: SalesRepId) -> Self {
        self.manager = Some(manager);
        self
    }

    /// In a sales region.
    #[must_use]
    pub fn region(mut self, region: Label) -> Self {
        self.region = Some(region);
        self
    }

    /// With a flat commission rate.
    #[must_use]
    pub fn commission_rate(mut self, commission_rate: Percent) -> Self {
        self.commission_rate = commission_rate;
        self
    }
}

/// What is to change on a sales rep. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SalesRepPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// Their id in another system; unique among reps.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Option<ExternalId>>,
    /// The name.
    pub name: Option<Name>,
    /// The e-mail address.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub email: Option<Option<EmailAddress>>,
    /// The position: `account executive`, `manager`.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub position: Option<Option<Label>>,
    /// The rep whom they report to.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub manager: Option<Option<SalesRepId>>,
    /// The sales region.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub region: Option<Option<Label>>,
    /// The flat commission rate, 0 to 100 %.
    pub commission_rate: Option<Percent>,
    /// Whether they sell at present.
    pub active: Option<bool>,
}

/// What happened to a sales rep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SalesRepFact {
    /// It was added.
    Added {
        /// As it was then.
        sales_rep: Box<SalesRep>,
    },
    /// Its data changed.
    Updated {
        /// As it was.
        before: Box<SalesRep>,
        /// As it is.
        after: Box<SalesRep>,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        sales_rep: Box<SalesRep>,
    },
}

impl SalesRep {
    /// A new one, active.
    ///
    /// # Errors
    ///
    /// [`Rule::OutOfRange`] for a rate outside 0 to 100 %, [`Rule::Circle`] for a rep who reports to themself.
    pub fn add(id: SalesRepId, at: DateTime<Utc>, new: NewSalesRep) -> Result<Self, Invalid> {
        let NewSalesRep { id: _, external_id, name, email, position, manager, region, commission_rate } = new;
        let sales_rep = Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            external_id,
            name,
            email,
            position,
            manager,
            region,
            commission_rate,
            active: true,
        };
        sales_rep.check()?;
        Ok(sales_rep)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.commission_rate.share("commission rate")?;
        if self.manager == Some(self.id) {
            return Err(Invalid::new("manager", self.id.to_string(), Rule::Circle));
        }
        Ok(())
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    ///
    /// # Errors
    ///
    /// As [`SalesRep::add`].
    pub fn update(&mut self, at: DateTime<Utc>, patch: SalesRepPatch) -> Result<Option<SalesRepFact>, Invalid> {
        let mut after = self.clone();
        patched!(after, patch: SalesRepPatch {
            external_id, name, email, position, manager, region, commission_rate, active
        });
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.check()?;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(SalesRepFact::Updated { before, after: Box::new(self.clone()) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fact,
        record::proof::{at, hides_personal_data, id, kinds_of, parsed, survives_json},
    };

    fn new() -> NewSalesRep {
        NewSalesRep::new(parsed("Marker Rep"))
            .id(id(1))
            .external_id(parsed("ext-1"))
            .email(parsed("marker@example.com"))
            .position(parsed("account executive"))
            .manager(id(2))
            .region(parsed("East"))
            .commission_rate(parsed("7.25"))
    }

    fn added() -> SalesRep {
        SalesRep::add(id(1), at(0), new()).unwrap()
    }

    #[test]
    fn a_rep_that_breaks_a_rule_is_not_read_from_json() {
        let json = serde_json::to_string(&added()).unwrap();
        assert_eq!(serde_json::from_str::<SalesRep>(&json).unwrap(), added());
        let refused = serde_json::from_str::<SalesRep>(&json.replace("7.25", "250")).unwrap_err().to_string();
        assert!(refused.contains("commission rate must be between 0 % and 100 %, got 250 %"), "{refused}");
    }

    #[test]
    fn a_rep_changes_what_a_patch_names() {
        let before = added();
        assert!(before.active);
        let mut rep = before.clone();
        assert_eq!(rep.update(at(1), SalesRepPatch::default()).unwrap(), None);
        assert_eq!(rep, before);
        let patch = serde_json::from_str::<SalesRepPatch>(r#"{"manager":null,"active":false}"#).unwrap();
        assert_eq!(patch, SalesRepPatch { manager: Some(None), active: Some(false), ..SalesRepPatch::default() });
        let fact = rep.update(at(1), patch).unwrap().unwrap();
        let after = SalesRep { manager: None, active: false, updated_at: at(1), ..before.clone() };
        assert_eq!(rep, after);
        assert_eq!(fact, SalesRepFact::Updated { before: Box::new(before), after: Box::new(after) });
    }

    #[test]
    fn a_rate_beyond_the_whole_and_a_rep_who_reports_to_themself_are_refused() {
        for rate in ["-0.0001", "100.0001"] {
            let refused = SalesRep::add(id(1), at(0), new().commission_rate(parsed(rate))).unwrap_err();
            assert_eq!(refused.field(), "commission rate");
            let mut rep = added();
            let patch = SalesRepPatch { commission_rate: Some(parsed(rate)), ..SalesRepPatch::default() };
            assert_eq!(rep.update(at(1), patch).unwrap_err(), refused);
            assert_eq!(rep, added());
        }
        let refused = SalesRep::add(id(1), at(0), new().manager(id(1))).unwrap_err();
        assert_eq!((refused.field(), refused.rule()), ("manager", &Rule::Circle));
        let mut rep = added();
        let patch = SalesRepPatch { manager: Some(Some(id(1))), ..SalesRepPatch::default() };
        assert_eq!(rep.update(at(1), patch).unwrap_err(), refused);
        assert_eq!(rep, added());
    }

    #[test]
    fn what_a_rep_is_made_of_survives_json_and_the_name_does_not_show_in_debug() {
        let rep = || Box::new(added());
        survives_json(&new());
        survives_json(&rep());
        survives_json(&SalesRepPatch::default());
        let patch = SalesRepPatch {
            expected: Some(Revision::FIRST),
            external_id: Some(None),
            name: Some(added().name),
            email: Some(added().email),
            position: Some(None),
            manager: Some(added().manager),
            region: Some(None),
            commission_rate: Some(Percent::ZERO),
            active: Some(false),
        };
        survives_json(&patch);
        hides_personal_data(&patch);
        hides_personal_data(&new());
        let facts = [
            SalesRepFact::Added { sales_rep: rep() },
            SalesRepFact::Updated { before: rep(), after: rep() },
            SalesRepFact::Deleted { sales_rep: rep() },
        ];
        facts.iter().for_each(hides_personal_data);
        let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((added().id, fact))));
        assert_eq!(kinds, ["sales_rep.added", "sales_rep.updated", "sales_rep.deleted"]);
    }
}
