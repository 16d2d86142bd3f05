//! What a lead is added with and what may be changed on it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    contact_point::{ContactLabel, ContactPoint, ContactPoints},
    decimal::Percent,
    email::EmailAddress,
    id::{LeadId, ProductId, SalesRepId},
    interaction::{Channel, Direction},
    money::Money,
    phone::Phone,
    postal_address::PostalAddress,
    record::Revision,
    text::{ExternalId, Label, Name, Subject, Text},
};

/// What a lead is added with: the name of a person or of an organisation, or an e-mail address (LEAD-2), and whatever else is known.
///
/// ```
/// use crm_core::NewLead;
///
/// let new = NewLead::person("张三".parse()?).email("zhangsan@example.com".parse()?).source("web".parse()?);
/// assert_eq!(new.weight, 1);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewLead {
    /// The host's own id; made from the act where there is none.
    pub id: Option<LeadId>,
    /// Its id in another system; unique among leads.
    pub external_id: Option<ExternalId>,
    /// The name of the person.
    pub name: Option<Name>,
    /// The name of the organisation.
    pub organisation: Option<Name>,
    /// What the person does there: `buyer`.
    pub role: Option<Label>,
    /// E-mail addresses; the first is the primary one.
    pub emails: Vec<ContactPoint<EmailAddress>>,
    /// Telephone numbers; the first is the primary one.
    pub phones: Vec<ContactPoint<Phone>>,
    /// Postal addresses; the first is the primary one.
    pub addresses: Vec<ContactPoint<PostalAddress>>,
    /// The sales region.
    pub region: Option<Label>,
    /// Where it came from: `web`, `fair`.
    pub source: Option<Label>,
    /// Words to find it by.
    pub tags: BTreeSet<Label>,
    /// What they are interested in.
    pub interest: Option<Subject>,
    /// What it may be worth.
    pub value: Option<Money>,
    /// The product that they are mainly interested in.
    pub product: Option<ProductId>,
    /// More about it.
    pub note: Option<Text>,
    /// The chance that something comes of it.
    pub score: Percent,
    /// How much of a rep's capacity it takes, 1 to 1 000.
    pub weight: u32,
    /// The rep who works it.
    pub owner: Option<SalesRepId>,
}

impl NewLead {
    fn new() -> Self {
        Self {
            id: None,
            external_id: None,
            name: None,
            organisation: None,
            role: None,
            emails: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            region: None,
            source: None,
            tags: BTreeSet::new(),
            interest: None,
            value: None,
            product: None,
            note: None,
            score: Percent::ZERO,
            weight: 1,
            owner: None,
        }
    }

    /// A person whose name is known.
    pub fn person(name: Name) -> Self {
        Self { name: Some(name), ..Self::new() }
    }

    /// An organisation of which nobody is known yet.
    pub fn of_organisation(name: Name) -> Self {
        Self { organisation: Some(name), ..Self::new() }
    }

    /// Somebody of whom there is an e-mail address.
    pub fn of_email(email: EmailAddress) -> Self {
        Self::new().email(email)
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: LeadId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// Of an organisation.
    #[must_use]
    pub fn organisation(mut self, name: Name) -> Self {
        self.organisation = Some(name);
        self
    }

    /// With what the person does there.
    #[must_use]
    pub fn role(mut self, role: Label) -> Self {
        self.role = Some(role);
        self
    }

    /// With one more e-mail address, for work.
    #[must_use]
    pub fn email(mut self, email: EmailAddress) -> Self {
        self.emails.push(ContactPoint::new(email, ContactLabel::Work));
        self
    }

    /// With one more telephone number, for work.
    #[must_use]
    pub fn phone(mut self, phone: Phone) -> Self {
        self.phones.push(ContactPoint::new(phone, ContactLabel::Work));
        self
    }

    /// With one more postal address, for work.
    #[must_use]
    pub fn address(mut self, address: PostalAddress) -> Self {
        self.addresses.push(ContactPoint::new(address, ContactLabel::Work));
        self
    }

    /// In a sales region.
    #[must_use]
    pub fn region(mut self, region: Label) -> Self {
        self.region = Some(region);
        self
    }

    /// From a source.
    #[must_use]
    pub fn source(mut self, source: Label) -> Self {
        self.source = Some(source);
        self
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, tag: Label) -> Self {
        self.tags.insert(tag);
        self
    }

    /// Interested in something.
    #[must_use]
    pub fn interest(mut self, interest: Subject) -> Self {
        self.interest = Some(interest);
        self
    }

    /// With what it may be worth.
    #[must_use]
    pub fn value(mut self, value: Money) -> Self {
        self.value = Some(value);
        self
    }

    /// Mainly interested in a product.
    #[must_use]
    pub fn product(mut self, product: ProductId) -> Self {
        self.product = Some(product);
        self
    }

    /// With more about it.
    #[must_use]
    pub fn note(mut self, note: Text) -> Self {
        self.note = Some(note);
        self
    }

    /// With the chance that something comes of it.
    #[must_use]
    pub fn score(mut self, score: Percent) -> Self {
        self.score = score;
        self
    }

    /// Taking so much of a rep's capacity.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// Worked by a rep.
    #[must_use]
    pub fn owner(mut self, owner: SalesRepId) -> Self {
        self.owner = Some(owner);
        self
    }
}

/// What is to change on a lead. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
///
/// An opt-out or an invalid mark outlives a new list (CMP-4), as on a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeadPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// Its id in another system.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Option<ExternalId>>,
    /// The name of the person.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub name: Option<Option<Name>>,
    /// The name of the organisation.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Option<Name>>,
    /// What the person does there.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub role: Option<Option<Label>>,
    /// All e-mail addresses; flags that are set stay set.
    pub emails: Option<ContactPoints<EmailAddress>>,
    /// All telephone numbers; flags that are set stay set.
    pub phones: Option<ContactPoints<Phone>>,
    /// All postal addresses; flags that are set stay set.
    pub addresses: Option<ContactPoints<PostalAddress>>,
    /// The sales region.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub region: Option<Option<Label>>,
    /// Where it came from.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub source: Option<Option<Label>>,
    /// All tags.
    pub tags: Option<BTreeSet<Label>>,
    /// What they are interested in.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub interest: Option<Option<Subject>>,
    /// What it may be worth.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub value: Option<Option<Money>>,
    /// The product that they are mainly interested in.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub product: Option<Option<ProductId>>,
    /// More about it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub note: Option<Option<Text>>,
    /// The chance that something comes of it.
    pub score: Option<Percent>,
    /// How much of a rep's capacity it takes.
    pub weight: Option<u32>,
}

/// Something that was said to or by a lead. Where the lead is converted, it becomes an interaction (CONV-6).
///
/// ```
/// use crm_core::{Channel, Direction, LeadTouch};
///
/// let at = chrono::DateTime::UNIX_EPOCH;
/// let call = LeadTouch::new(at, Channel::Phone, Direction::Outbound, "wants an offer".parse()?);
/// assert!(call.content.is_none());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadTouch {
    /// When it took place.
    pub at: DateTime<Utc>,
    /// The way it took.
    pub channel: Channel,
    /// Who began it.
    pub direction: Direction,
    /// What it was about.
    pub subject: Subject,
    /// What was said.
    pub content: Option<Text>,
}

impl LeadTouch {
    /// A call, a mail or a meeting of which the subject is known.
    pub fn new(at: DateTime<Utc>, channel: Channel, direction: Direction, subject: Subject) -> Self {
        Self { at, channel, direction, subject, content: None }
    }

    /// With what was said.
    #[must_use]
    pub fn content(mut self, content: Text) -> Self {
        self.content = Some(content);
        self
    }
}
