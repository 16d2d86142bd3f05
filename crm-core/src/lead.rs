//! Leads: interest that nobody has qualified yet.

mod error;
mod fact;
mod new;
mod state;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use LeadAction::{Assign, Convert, Delete, Disqualify, Nurture, Qualify, Reopen, Revise, UndoConversion};
use LeadStatus::{Converted, Disqualified, New, Nurturing, Qualified, Working};

pub use self::{
    error::LeadError,
    fact::{Disqualification, LeadFact, LeadPlace},
    new::{LeadPatch, LeadTouch, NewLead},
    state::{LeadAction, LeadState, LeadStatus},
};
use crate::{
    assignment::{Member, Topic, WaitingOrder, Work},
    contact_point::ContactPoints,
    conversion::{Conversion, Qualification},
    decimal::Percent,
    email::EmailAddress,
    id::{LeadId, ProductId, QueueId, SalesRepId},
    invalid::{Invalid, Rule},
    money::Money,
    patch::patched,
    phone::Phone,
    postal_address::PostalAddress,
    record::{Revision, guarded},
    sales_rep::SalesRep,
    text::{ExternalId, Label, Name, Subject, Text},
    time::to_the_microsecond,
};

guarded! {
    /// Somebody who may become a customer: the name of a person or of an organisation, or an e-mail address (LEAD-2), and what is known beside it.
    ///
    /// Once it is converted it is read only and keeps what it became (CONV-9):
    ///
    #[doc = include_str!("transitions/lead.md")]
    Lead(LeadId), LeadParts as "LeadParts" {
        /// Its id in another system; unique among leads.
        maybe external_id: ExternalId,
        /// The name of the person.
        maybe name: Name,
        /// The name of the organisation.
        maybe organisation: Name,
        /// What the person does there.
        maybe role: Label,
        /// E-mail addresses.
        borrow emails: ContactPoints<EmailAddress>,
        /// Telephone numbers.
        borrow phones: ContactPoints<Phone>,
        /// Postal addresses.
        borrow addresses: ContactPoints<PostalAddress>,
        /// The sales region.
        maybe region: Label,
        /// Where it came from.
        maybe source: Label,
        /// Words to find it by.
        borrow tags: BTreeSet<Label>,
        /// What they are interested in.
        maybe interest: Subject,
        /// What it may be worth.
        copy value: Option<Money>,
        /// The product that they are mainly interested in.
        copy product: Option<ProductId>,
        /// More about it.
        maybe note: Text,
        /// The chance that something comes of it, 0 to 100 %.
        copy score: Percent,
        /// How much of a rep's capacity it takes (ASG-3), 1 to 1 000.
        copy weight: u32,
        /// The rep who works it.
        copy owner: Option<SalesRepId>,
        /// Since when they have it.
        copy assigned_at: Option<DateTime<Utc>>,
        /// The queue that it waits in, or was given from.
        copy queue: Option<QueueId>,
        /// Since when it has stood in that queue.
        copy queued_at: Option<DateTime<Utc>>,
        /// Where it stands.
        borrow state: LeadState,
        /// What was said, in the order in which it was noted. At most 10 000.
        list touches: LeadTouch,
    }
}

/// Most things that were said to one lead.
const TOUCHES: usize = 10_000;
/// Most tags of one lead.
const TAGS: usize = 1_000;

impl Lead {
    /// A new lead.
    ///
    /// # Errors
    ///
    /// [`LeadError::Invalid`]: [`Rule::Empty`] without a name, an organisation and an e-mail address (LEAD-2); [`Rule::Repeated`] address or number;
    /// [`Rule::OutOfRange`] score or weight; [`Rule::Negative`] value; [`Rule::TooMany`].
    pub fn add(id: LeadId, at: DateTime<Utc>, new: NewLead) -> Result<Self, LeadError> {
        let parts = LeadParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            external_id: new.external_id,
            name: new.name,
            organisation: new.organisation,
            role: new.role,
            emails: ContactPoints::from_parts(new.emails, 0)?,
            phones: ContactPoints::from_parts(new.phones, 0)?,
            addresses: ContactPoints::from_parts(new.addresses, 0)?,
            region: new.region,
            source: new.source,
            tags: new.tags,
            interest: new.interest,
            value: new.value,
            product: new.product,
            note: new.note,
            score: new.score,
            weight: new.weight,
            owner: new.owner,
            assigned_at: new.owner.map(|_| at),
            queue: None,
            queued_at: None,
            state: LeadState::New,
            touches: Vec::new(),
        };
        Ok(parts.try_into()?)
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.name.is_none() && self.organisation.is_none() && self.emails.is_empty() {
            return Err(Invalid::new("name, organisation or e-mail", "", Rule::Empty));
        }
        self.score.share("score")?;
        if !(1..=1_000).contains(&self.weight) {
            let rule = Rule::OutOfRange { min: "1".into(), max: "1000".into() };
            return Err(Invalid::new("weight", self.weight.to_string(), rule));
        }
        if let Some(value) = self.value.filter(|value| value.is_negative()) {
            return Err(Invalid::new("value", value.to_string(), Rule::Negative));
        }
        for (field, count, limit) in [("tags", self.tags.len(), TAGS), ("touches", self.touches.len(), TOUCHES)] {
            if count > limit {
                return Err(Invalid::new(field, count.to_string(), Rule::TooMany { limit }));
            }
        }
        if self.owner.is_some() != self.assigned_at.is_some() {
            let must = "must be there where there is an owner, and only there";
            return Err(Invalid::new("assigned at", "", Rule::Inconsistent { must }));
        }
        if self.queue.is_some() != self.queued_at.is_some() {
            let must = "must be there where there is a queue, and only there";
            return Err(Invalid::new("queued at", "", Rule::Inconsistent { must }));
        }
        match &self.state {
            LeadState::Disqualified { reason, note, .. } => explained(reason, note.as_ref()),
            LeadState::Converted { conversion, .. } => conversion.check(),
            LeadState::New | LeadState::Working | LeadState::Qualified | LeadState::Nurturing => Ok(()),
        }
    }

    /// What the lead is called: the person, the organisation or the e-mail address.
    pub fn title(&self) -> &str {
        let name = self.name().or(self.organisation()).map(Name::as_str);
        name.or_else(|| self.emails.primary().map(|point| point.value.as_str())).unwrap_or_default()
    }

    /// Where it stands.
    pub const fn status(&self) -> LeadStatus {
        self.state.status()
    }

    /// The queue and the rep.
    pub const fn place(&self) -> LeadPlace {
        LeadPlace { queue: self.queue, owner: self.owner }
    }

    /// The queue that it waits in: where it is open and nobody has it.
    pub const fn waits_in(&self) -> Option<QueueId> {
        match self.owner {
            None if self.status().is_open() => self.queue,
            _ => None,
        }
    }

    /// Where it stands among those that wait in its queue: the lowest comes first. `None` where it does not wait.
    pub fn waiting_key(&self, order: WaitingOrder) -> Option<i64> {
        self.waits_in()?;
        match order {
            WaitingOrder::OldestFirst => Some(self.created_at.timestamp_micros()),
            WaitingOrder::LongestWaitingFirst => Some(self.queued_at?.timestamp_micros()),
            WaitingOrder::LikeliestFirst => Some(-self.score.ten_thousandths()),
        }
    }

    /// What is known of it, as rules of assignment and members of rosters ask for it: `source`, `region`, `status`, and each `tag`.
    pub fn topics(&self) -> BTreeSet<Topic> {
        let word = |raw: &str| Label::parse(raw).ok();
        let topic = |of: &str, is: Option<&Label>| Some(Topic::new(word(of)?, is?.clone()));
        let tags = self.tags.iter().filter_map(|tag| topic("tag", Some(tag)));
        let one = [
            topic("source", self.source()),
            topic("region", self.region()),
            topic("status", word(self.status().word()).as_ref()),
        ];
        one.into_iter().flatten().chain(tags).collect()
    }

    /// The lead as a piece of work that is to be given to somebody; `previous` is the rep who had the same customer before.
    pub fn work(&self, previous: Option<SalesRepId>) -> Work {
        Work {
            weight: self.weight,
            topics: self.topics(),
            previous: previous.map(Member::SalesRep),
            except: BTreeSet::new(),
            created_at: self.created_at,
        }
    }

    /// Refuses an owner who is the lead (LEAD-2).
    ///
    /// # Errors
    ///
    /// [`LeadError::OwnLead`] where the rep's e-mail address is one of the lead's.
    pub fn may_be_owned_by(&self, rep: &SalesRep) -> Result<(), LeadError> {
        match &rep.email {
            Some(email) if self.emails.get(email).is_some() => Err(LeadError::OwnLead { lead: self.id, rep: rep.id }),
            _ => Ok(()),
        }
    }

    fn step(&self, action: LeadAction) -> Result<LeadStatus, LeadError> {
        let status = self.status();
        let refused = LeadError::NotAllowed { lead: self.id, status, action };
        LeadStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// Changes the data. `None` where nothing is different.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`] once it is converted; [`LeadError::Invalid`] as [`Lead::add`].
    pub fn revise(&mut self, at: DateTime<Utc>, patch: LeadPatch) -> Result<Option<LeadFact>, LeadError> {
        self.step(Revise)?;
        let mut after = self.clone();
        patched!(after, patch: LeadPatch {
            external_id, name, organisation, role, emails, phones, addresses, region, source, tags, interest, value,
            product, note, score, weight
        });
        after.emails.keep_flags_of(&self.emails);
        after.phones.keep_flags_of(&self.phones);
        after.addresses.keep_flags_of(&self.addresses);
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        after.check()?;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(LeadFact::Revised { before, after: Box::new(self.clone()) }))
    }

    /// Notes what was said.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`] once it is converted; [`Rule::TooMany`].
    pub fn touch(&mut self, at: DateTime<Utc>, mut touch: LeadTouch) -> Result<LeadFact, LeadError> {
        self.step(Revise)?;
        if self.touches.len() >= TOUCHES {
            let rule = Rule::TooMany { limit: TOUCHES };
            return Err(Invalid::new("touches", self.touches.len().to_string(), rule).into());
        }
        touch.at = to_the_microsecond(touch.at);
        self.updated_at = at;
        self.touches.push(touch.clone());
        Ok(LeadFact::Touched { touch })
    }

    /// Puts it into a queue, gives it to a rep, or takes it from them. `None` where it stands there already. What stays keeps its instant; whose rep is taken away waits anew.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`] once it is disqualified or converted.
    pub fn put(&mut self, at: DateTime<Utc>, after: LeadPlace) -> Result<Option<LeadFact>, LeadError> {
        self.step(Assign)?;
        let before = self.place();
        if before == after {
            return Ok(None);
        }
        if before.owner != after.owner {
            self.assigned_at = after.owner.map(|_| at);
        }
        if before.queue != after.queue || (before.owner.is_some() && after.owner.is_none()) {
            self.queued_at = after.queue.map(|_| at);
        }
        (self.queue, self.owner, self.updated_at) = (after.queue, after.owner, at);
        Ok(Some(LeadFact::Assigned { before, after }))
    }

    fn go(&mut self, at: DateTime<Utc>, action: LeadAction, state: LeadState) -> Result<LeadFact, LeadError> {
        let to = self.step(action)?;
        self.updated_at = at;
        let before = std::mem::replace(&mut self.state, state);
        Ok(LeadFact::Moved { before, to })
    }

    /// Begins to work it, or works it again.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`].
    pub fn begin_work(&mut self, at: DateTime<Utc>) -> Result<LeadFact, LeadError> {
        self.go(at, LeadAction::Work, LeadState::Working)
    }

    /// Finds it worth a deal.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`].
    pub fn qualify(&mut self, at: DateTime<Utc>) -> Result<LeadFact, LeadError> {
        self.go(at, Qualify, LeadState::Qualified)
    }

    /// Puts it off.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`].
    pub fn nurture(&mut self, at: DateTime<Utc>) -> Result<LeadFact, LeadError> {
        self.go(at, Nurture, LeadState::Nurturing)
    }

    /// Finds it to be none (LEAD-1).
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`]; [`Rule::Empty`] in the field `note` where the reason is `other` and nothing more is said.
    pub fn disqualify(&mut self, at: DateTime<Utc>, why: Disqualification) -> Result<LeadFact, LeadError> {
        self.step(Disqualify)?;
        let Disqualification { reason, note } = why;
        explained(&reason, note.as_ref())?;
        let from = self.status();
        self.updated_at = at;
        self.state = LeadState::Disqualified { at, reason: reason.clone(), note: note.clone() };
        Ok(LeadFact::Disqualified { from, reason, note })
    }

    /// Works again what was disqualified, for a reason.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`] unless it is disqualified.
    pub fn reopen(&mut self, at: DateTime<Utc>, reason: Text) -> Result<LeadFact, LeadError> {
        self.step(Reopen)?;
        self.updated_at = at;
        let before = std::mem::replace(&mut self.state, LeadState::Working);
        Ok(LeadFact::Reopened { before, reason })
    }

    /// Refuses a conversion that is not allowed where it stands.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`], [`LeadError::NotQualified`].
    pub fn convertible(&self, qualification: Qualification) -> Result<(), LeadError> {
        self.step(Convert)?;
        let status = self.status();
        match qualification {
            Qualification::Needed if status != Qualified => Err(LeadError::NotQualified { lead: self.id, status }),
            Qualification::Needed | Qualification::MayBeSkipped => Ok(()),
        }
    }

    /// Marks it converted. What it became was made by then; `conversion.before` is set to where it stood.
    ///
    /// # Errors
    ///
    /// As [`Lead::convertible`], and [`LeadError::NoTarget`].
    pub fn convert(
        &mut self,
        at: DateTime<Utc>,
        qualification: Qualification,
        conversion: Conversion,
    ) -> Result<LeadFact, LeadError> {
        self.convertible(qualification)?;
        let conversion = Box::new(Conversion { before: self.status(), ..conversion });
        if conversion.check().is_err() {
            return Err(LeadError::NoTarget { lead: self.id });
        }
        self.updated_at = at;
        self.state = LeadState::Converted { at, conversion: conversion.clone() };
        Ok(LeadFact::Converted { conversion })
    }

    /// Takes the conversion back: it stands again where it stood.
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`] unless it is converted.
    pub fn undo_conversion(&mut self, at: DateTime<Utc>) -> Result<LeadFact, LeadError> {
        self.step(UndoConversion)?;
        let LeadState::Converted { conversion, .. } = &self.state else {
            return Err(LeadError::NotAllowed { lead: self.id, status: self.status(), action: UndoConversion });
        };
        let conversion = conversion.clone();
        self.updated_at = at;
        self.state = match conversion.before {
            New => LeadState::New,
            Working => LeadState::Working,
            Qualified | Nurturing | Disqualified | Converted => LeadState::Qualified,
        };
        Ok(LeadFact::ConversionUndone { conversion })
    }

    /// Refuses to delete what was converted: what it became refers back to it in people's minds and reports (CONV-9).
    ///
    /// # Errors
    ///
    /// [`LeadError::NotAllowed`].
    pub fn deletable(&self) -> Result<(), LeadError> {
        self.step(Delete).map(drop)
    }
}

/// A reason that says nothing needs a note (LEAD-1).
pub(crate) fn explained(reason: &Label, note: Option<&Text>) -> Result<(), Invalid> {
    if reason.as_str().eq_ignore_ascii_case("other") && note.is_none() {
        return Err(Invalid::new("note", "", Rule::Empty));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
