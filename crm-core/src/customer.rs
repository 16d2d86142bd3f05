//! Customers: the people and organisations that one deals with.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    contact_point::{ContactLabel, ContactMark, ContactPoint, ContactPoints, ContactRef, ContactStanding},
    email::EmailAddress,
    id::{CustomerId, ProductId, SalesRepId},
    invalid::{Invalid, Rule},
    patch::patched,
    phone::Phone,
    postal_address::PostalAddress,
    record::{Revision, checked_when_read},
    text::{ExternalId, Label, Name, Text},
};

/// A person or an organisation.
///
/// All fields are public: each type is valid by itself, and what only the store can tell (that a parent exists and makes no circle) is checked by the
/// operations of `crm-sales`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Customer {
    /// The id.
    pub id: CustomerId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Its id in another system; unique among customers.
    pub external_id: Option<ExternalId>,
    /// The name of the person or the organisation.
    pub name: Name,
    /// What only a person or only an organisation has.
    pub kind: CustomerKind,
    /// E-mail addresses.
    pub emails: ContactPoints<EmailAddress>,
    /// Telephone numbers.
    pub phones: ContactPoints<Phone>,
    /// Postal addresses.
    pub addresses: ContactPoints<PostalAddress>,
    /// The sales region.
    pub region: Option<Label>,
    /// The organisation that this one belongs to: a parent company, a person's employer.
    pub parent: Option<CustomerId>,
    /// The rep who looks after it.
    pub owner: Option<SalesRepId>,
    /// Words to find it by.
    pub tags: BTreeSet<Label>,
    /// What it needs and what it prefers.
    pub needs: Vec<Need>,
    /// Since when it is out of the way; an archived customer keeps its history and gets no new business.
    pub archived_at: Option<DateTime<Utc>>,
}

checked_when_read!(Customer);

/// What only a person or only an organisation has.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CustomerKind {
    /// A natural person.
    Person {
        /// The day of birth, where it is known.
        birth_date: Option<NaiveDate>,
        /// The gender, where it is known.
        gender: Option<Gender>,
    },
    /// A company or another body.
    Organisation {
        /// The people to talk to there, each with a role; a person may have several.
        contacts: BTreeSet<Contact>,
    },
}

impl CustomerKind {
    /// Which of the two it is.
    pub fn name(&self) -> CustomerType {
        match self {
            Self::Person { .. } => CustomerType::Person,
            Self::Organisation { .. } => CustomerType::Organisation,
        }
    }
}

impl fmt::Debug for CustomerKind {
    /// Birth date and gender are personal and do not show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person { .. } => f.write_str("Person { .. }"),
            Self::Organisation { contacts } => f.debug_struct("Organisation").field("contacts", contacts).finish(),
        }
    }
}

/// Person or organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerType {
    /// A natural person.
    Person,
    /// A company or another body.
    Organisation,
}

/// A person's gender, as far as it was told; `None` beside it means that it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Neither of the two.
    Other,
}

/// A person to talk to in an organisation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The customer who is that person.
    pub person: CustomerId,
    /// What they do there: `buyer`, `managing director`.
    pub role: Label,
}

/// Something that a customer needs or prefers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Whether they need it or would rather have it.
    pub kind: NeedKind,
    /// What it is.
    pub text: Text,
    /// The product that answers it, where there is one.
    pub product: Option<ProductId>,
}

/// Whether something is needed or preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// They cannot do without.
    Need,
    /// They would choose it.
    Preference,
}

/// What a customer is registered with. Start with [`NewCustomer::person`] or [`NewCustomer::organisation`].
///
/// ```
/// use crm_core::NewCustomer;
///
/// let new = NewCustomer::person("张三".parse()?)
///     .email("zhangsan@example.com".parse()?)
///     .region("East".parse()?)
///     .tag("vip".parse()?);
/// assert_eq!(new.emails.len(), 1);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewCustomer {
    /// The host's own id; made from the act where there is none.
    pub id: Option<CustomerId>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The name.
    pub name: Name,
    /// Person or organisation.
    pub kind: CustomerType,
    /// A person's day of birth.
    pub birth_date: Option<NaiveDate>,
    /// A person's gender.
    pub gender: Option<Gender>,
    /// The people to talk to in an organisation.
    pub contacts: BTreeSet<Contact>,
    /// E-mail addresses; the first is the primary one.
    pub emails: Vec<ContactPoint<EmailAddress>>,
    /// Telephone numbers; the first is the primary one.
    pub phones: Vec<ContactPoint<Phone>>,
    /// Postal addresses; the first is the primary one.
    pub addresses: Vec<ContactPoint<PostalAddress>>,
    /// The sales region.
    pub region: Option<Label>,
    /// The organisation that it belongs to.
    pub parent: Option<CustomerId>,
    /// The rep who looks after it.
    pub owner: Option<SalesRepId>,
    /// Words to find it by.
    pub tags: BTreeSet<Label>,
    /// Needs and preferences.
    pub needs: Vec<Need>,
}

impl fmt::Debug for NewCustomer {
    /// Birth date and gender are personal and do not show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, external_id, name, kind, emails, phones, region, .. } = self;
        f.debug_struct("NewCustomer")
            .field("id", id)
            .field("external_id", external_id)
            .field("name", name)
            .field("kind", kind)
            .field("emails", emails)
            .field("phones", phones)
            .field("region", region)
            .finish_non_exhaustive()
    }
}

impl NewCustomer {
    fn new(name: Name, kind: CustomerType) -> Self {
        Self {
            id: None,
            external_id: None,
            name,
            kind,
            birth_date: None,
            gender: None,
            contacts: BTreeSet::new(),
            emails: Vec::new(),
            phones: Vec::new(),
            addresses: Vec::new(),
            region: None,
            parent: None,
            owner: None,
            tags: BTreeSet::new(),
            needs: Vec::new(),
        }
    }

    /// The kind with what only it has, where nothing was given that only the other one has.
    fn kind_with_its_own(&self) -> Result<CustomerKind, Invalid> {
        let refused = |field, value: String, only| Err(Invalid::personal(field, value, Rule::NotForThisKind { only }));
        let Self { birth_date, gender, contacts, .. } = self;
        match (self.kind, birth_date, gender, contacts.first()) {
            (CustomerType::Organisation, Some(day), ..) => refused("birth date", day.to_string(), "a person"),
            (CustomerType::Organisation, _, Some(gender), _) => refused("gender", format!("{gender:?}"), "a person"),
            (CustomerType::Person, .., Some(contact)) => {
                refused("contacts", contact.person.to_string(), "an organisation")
            }
            (CustomerType::Person, ..) => Ok(CustomerKind::Person { birth_date: *birth_date, gender: *gender }),
            (CustomerType::Organisation, ..) => Ok(CustomerKind::Organisation { contacts: contacts.clone() }),
        }
    }

    /// A person.
    pub fn person(name: Name) -> Self {
        Self::new(name, CustomerType::Person)
    }

    /// An organisation.
    pub fn organisation(name: Name) -> Self {
        Self::new(name, CustomerType::Organisation)
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: CustomerId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
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

    /// A person's day of birth.
    #[must_use]
    pub fn born(mut self, day: NaiveDate) -> Self {
        self.birth_date = Some(day);
        self
    }

    /// A person's gender.
    #[must_use]
    pub fn gender(mut self, gender: Gender) -> Self {
        self.gender = Some(gender);
        self
    }

    /// With a person to talk to in an organisation.
    #[must_use]
    pub fn contact(mut self, person: CustomerId, role: Label) -> Self {
        self.contacts.insert(Contact { person, role });
        self
    }

    /// In a sales region.
    #[must_use]
    pub fn region(mut self, region: Label) -> Self {
        self.region = Some(region);
        self
    }

    /// Belonging to an organisation.
    #[must_use]
    pub fn parent(mut self, parent: CustomerId) -> Self {
        self.parent = Some(parent);
        self
    }

    /// Looked after by a rep.
    #[must_use]
    pub fn owner(mut self, owner: SalesRepId) -> Self {
        self.owner = Some(owner);
        self
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, tag: Label) -> Self {
        self.tags.insert(tag);
        self
    }

    /// With one more need.
    #[must_use]
    pub fn need(mut self, text: Text, product: Option<ProductId>) -> Self {
        self.needs.push(Need { kind: NeedKind::Need, text, product });
        self
    }

    /// With one more preference.
    #[must_use]
    pub fn preference(mut self, text: Text, product: Option<ProductId>) -> Self {
        self.needs.push(Need { kind: NeedKind::Preference, text, product });
        self
    }
}

/// What is to change on a customer. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
///
/// An opt-out or an invalid mark outlives a new list (CMP-4): where an address or number stays, its flags stay set, whatever the list says.
/// [`Customer::mark_contact`] lifts them.
///
/// ```
/// use crm_core::CustomerPatch;
///
/// let patch = CustomerPatch { region: Some(None), ..CustomerPatch::default() };
/// assert!(patch.name.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// Its id in another system.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Option<ExternalId>>,
    /// The name.
    pub name: Option<Name>,
    /// What only a person or only an organisation has, all of it. `update_customer` of `crm-sales` refuses to make an organisation of a person or the other way round.
    pub kind: Option<CustomerKind>,
    /// All e-mail addresses; flags that are set stay set.
    pub emails: Option<ContactPoints<EmailAddress>>,
    /// All telephone numbers; flags that are set stay set.
    pub phones: Option<ContactPoints<Phone>>,
    /// All postal addresses; flags that are set stay set.
    pub addresses: Option<ContactPoints<PostalAddress>>,
    /// The sales region.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub region: Option<Option<Label>>,
    /// The organisation that it belongs to.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub parent: Option<Option<CustomerId>>,
    /// The rep who looks after it.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub owner: Option<Option<SalesRepId>>,
    /// All tags.
    pub tags: Option<BTreeSet<Label>>,
    /// All needs and preferences.
    pub needs: Option<Vec<Need>>,
}

/// What happened to a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CustomerFact {
    /// It was registered.
    Registered {
        /// As it was then.
        customer: Box<Customer>,
    },
    /// Its data changed.
    Updated {
        /// As it was.
        before: Box<Customer>,
        /// As it is.
        after: Box<Customer>,
    },
    /// One of its contact points was marked: opted out or in, invalid or valid.
    ContactMarked {
        /// Which one.
        contact: ContactRef,
        /// The mark.
        mark: ContactMark,
        /// How it stood.
        before: ContactStanding,
        /// How it stands.
        after: ContactStanding,
    },
    /// It was put out of the way.
    Archived,
    /// It is back in use.
    Restored,
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        customer: Box<Customer>,
    },
}

/// Most tags, needs and contacts that one customer may have, each.
const LIMIT: usize = 1_000;

fn bounded(field: &'static str, count: usize) -> Result<(), Invalid> {
    if count <= LIMIT {
        return Ok(());
    }
    Err(Invalid::new(field, count.to_string(), Rule::TooMany { limit: LIMIT }))
}

impl Customer {
    /// A new customer.
    ///
    /// # Errors
    ///
    /// [`Rule::NotForThisKind`] for a birth date or a gender of an organisation and for contacts of a person; [`Rule::Repeated`] address or number;
    /// [`Rule::OutOfRange`] for a birth date after the act; [`Rule::TooMany`]; [`Rule::Circle`] where it is its own parent or its own contact.
    pub fn register(id: CustomerId, at: DateTime<Utc>, new: NewCustomer) -> Result<Self, Invalid> {
        let kind = new.kind_with_its_own()?;
        let customer = Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            external_id: new.external_id,
            name: new.name,
            kind,
            emails: ContactPoints::from_parts(new.emails, 0)?,
            phones: ContactPoints::from_parts(new.phones, 0)?,
            addresses: ContactPoints::from_parts(new.addresses, 0)?,
            region: new.region,
            parent: new.parent,
            owner: new.owner,
            tags: new.tags,
            needs: new.needs,
            archived_at: None,
        };
        customer.check()?;
        Ok(customer)
    }

    fn check(&self) -> Result<(), Invalid> {
        bounded("tags", self.tags.len())?;
        bounded("needs", self.needs.len())?;
        if self.parent == Some(self.id) {
            return Err(Invalid::new("parent", self.id.to_string(), Rule::Circle));
        }
        match &self.kind {
            CustomerKind::Person { birth_date: Some(day), .. } if *day > self.updated_at.date_naive() => {
                let max = self.updated_at.date_naive().to_string();
                Err(Invalid::personal(
                    "birth date",
                    day.to_string(),
                    Rule::OutOfRange { min: NaiveDate::MIN.to_string(), max },
                ))
            }
            CustomerKind::Person { .. } => Ok(()),
            CustomerKind::Organisation { contacts } => {
                bounded("contacts", contacts.len())?;
                if contacts.iter().any(|contact| contact.person == self.id) {
                    return Err(Invalid::new("contacts", self.id.to_string(), Rule::Circle));
                }
                Ok(())
            }
        }
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    ///
    /// A new list of addresses or numbers keeps the flags that are set on those which stay (CMP-4); only [`Customer::mark_contact`] lifts them.
    ///
    /// # Errors
    ///
    /// As [`Customer::register`].
    pub fn update(&mut self, at: DateTime<Utc>, patch: CustomerPatch) -> Result<Option<CustomerFact>, Invalid> {
        let mut after = self.clone();
        patched!(after, patch: CustomerPatch {
            external_id, name, kind, emails, phones, addresses, region, parent, owner, tags, needs
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
        Ok(Some(CustomerFact::Updated { before, after: Box::new(self.clone()) }))
    }

    /// Marks one of the customer's contact points. `None` where it is marked so already: then nothing needs to be written.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`] for an address or number that the customer does not have.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_core::{ContactMark, ContactRef, Customer, CustomerId, NewCustomer, RecordId, Rule};
    /// # let id = CustomerId::from_uuid(uuid::Uuid::from_u128(1));
    /// # let at = chrono::DateTime::UNIX_EPOCH;
    /// let new = NewCustomer::person("张三".parse()?).email("zhangsan@example.com".parse()?);
    /// let mut zhang = Customer::register(id, at, new)?;
    /// let email = ContactRef::Email("ZhangSan@example.com".parse()?);
    /// assert!(zhang.mark_contact(at, &email, ContactMark::OptOut)?.is_some());
    /// assert!(zhang.mark_contact(at, &email, ContactMark::OptOut)?.is_none());
    /// assert!(zhang.emails.primary().is_some_and(|point| point.opted_out));
    ///
    /// let other = ContactRef::Email("other@example.com".parse()?);
    /// assert_eq!(zhang.mark_contact(at, &other, ContactMark::OptOut).unwrap_err().rule(), &Rule::NotListed);
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn mark_contact(
        &mut self,
        at: DateTime<Utc>,
        contact: &ContactRef,
        mark: ContactMark,
    ) -> Result<Option<CustomerFact>, Invalid> {
        let (before, after) = match contact {
            ContactRef::Email(email) => self.emails.mark(email, mark)?,
            ContactRef::Phone(phone) => self.phones.mark(phone, mark)?,
            ContactRef::Address(address) => self.addresses.mark(address, mark)?,
        };
        if before == after {
            return Ok(None);
        }
        self.updated_at = at;
        Ok(Some(CustomerFact::ContactMarked { contact: contact.clone(), mark, before, after }))
    }

    /// Puts the customer out of the way. `None` where it is archived already.
    pub fn archive(&mut self, at: DateTime<Utc>) -> Option<CustomerFact> {
        if self.archived_at.is_some() {
            return None;
        }
        self.archived_at = Some(at);
        self.updated_at = at;
        Some(CustomerFact::Archived)
    }

    /// Takes the customer back into use. `None` where it is not archived.
    pub fn restore(&mut self, at: DateTime<Utc>) -> Option<CustomerFact> {
        self.archived_at.take()?;
        self.updated_at = at;
        Some(CustomerFact::Restored)
    }

    /// The day of birth of a person, where it is known.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        match self.kind {
            CustomerKind::Person { birth_date, .. } => birth_date,
            CustomerKind::Organisation { .. } => None,
        }
    }

    /// The gender of a person, where it is known.
    pub fn gender(&self) -> Option<Gender> {
        match self.kind {
            CustomerKind::Person { gender, .. } => gender,
            CustomerKind::Organisation { .. } => None,
        }
    }

    /// The contacts of an organisation.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        match &self.kind {
            CustomerKind::Organisation { contacts } => Some(contacts.iter()),
            CustomerKind::Person { .. } => None,
        }
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests;
