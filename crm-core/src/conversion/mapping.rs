//! Which field of a lead goes where.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{
    contact_point::ContactPoints,
    decimal::Percent,
    email::EmailAddress,
    id::{ProductId, SalesRepId},
    invalid::{Invalid, Rule},
    lead::Lead,
    money::Money,
    phone::Phone,
    postal_address::PostalAddress,
    text::{Label, Name, Subject, Text},
};

/// What type a field has: one is only mapped to another of the same type and arity (CONV-3).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Name,
    Subject,
    Label,
    Labels,
    Text,
    Emails,
    Phones,
    Addresses,
    Money,
    Percent,
    Product,
    SalesRep,
}

/// The value of a field.
pub(super) enum FieldValue {
    Name(Name),
    Subject(Subject),
    Label(Label),
    Labels(BTreeSet<Label>),
    Text(Text),
    Emails(ContactPoints<EmailAddress>),
    Phones(ContactPoints<Phone>),
    Addresses(ContactPoints<PostalAddress>),
    Money(Money),
    Percent(Percent),
    Product(ProductId),
    SalesRep(SalesRepId),
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident = $word:literal: $type:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum $name {
            $($(#[$field_doc])* $field,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$field,)*];

            /// Its name: fields of the same name and type are mapped to each other (CONV-3).
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$field => $word,)*
                }
            }

            const fn kind(self) -> Type {
                match self {
                    $(Self::$field => Type::$type,)*
                }
            }
        }
    )*};
}

fields! {
    /// A field of a lead that a conversion may take over. Ids, instants and revisions are none: they are never copied.
    LeadField {
        /// The name of the person.
        Name = "name": Name,
        /// The name of the organisation.
        Organisation = "organisation": Name,
        /// What the person does there.
        Role = "role": Label,
        /// E-mail addresses.
        Emails = "emails": Emails,
        /// Telephone numbers.
        Phones = "phones": Phones,
        /// Postal addresses.
        Addresses = "addresses": Addresses,
        /// The region.
        Region = "region": Label,
        /// The source.
        Source = "source": Label,
        /// The tags.
        Tags = "tags": Labels,
        /// The interest.
        Interest = "interest": Subject,
        /// The value.
        Value = "value": Money,
        /// The product.
        Product = "product": Product,
        /// The note.
        Note = "note": Text,
        /// The score.
        Score = "score": Percent,
        /// The rep who works it.
        Owner = "owner": SalesRep,
    }
    /// A field of an organisation or a person that may come from a lead.
    CustomerField {
        /// The name.
        Name = "name": Name,
        /// E-mail addresses.
        Emails = "emails": Emails,
        /// Telephone numbers.
        Phones = "phones": Phones,
        /// Postal addresses.
        Addresses = "addresses": Addresses,
        /// The region.
        Region = "region": Label,
        /// The tags.
        Tags = "tags": Labels,
        /// The rep who looks after it.
        Owner = "owner": SalesRep,
        /// A need.
        Need = "need": Text,
    }
    /// A field of a deal that may come from a lead.
    OpportunityField {
        /// What it is about.
        Name = "name": Subject,
        /// The expected value.
        Value = "value": Money,
        /// The product.
        Product = "product": Product,
        /// The rep who works it.
        Rep = "rep": SalesRep,
        /// The chance to win it.
        Probability = "probability": Percent,
        /// What the person of the conversion, its primary contact, is there.
        Role = "role": Label,
    }
}

impl CustomerField {
    /// Whether it is a way to reach somebody.
    pub(super) const fn is_contact(self) -> bool {
        matches!(self, Self::Emails | Self::Phones | Self::Addresses)
    }
}

/// A field of one of the three targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum TargetField {
    /// Of the organisation.
    Organisation(CustomerField),
    /// Of the person.
    Person(CustomerField),
    /// Of the deal.
    Opportunity(OpportunityField),
}

impl TargetField {
    /// The name of the field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organisation(field) | Self::Person(field) => field.name(),
            Self::Opportunity(field) => field.name(),
        }
    }

    const fn kind(self) -> Type {
        match self {
            Self::Organisation(field) | Self::Person(field) => field.kind(),
            Self::Opportunity(field) => field.kind(),
        }
    }
}

/// One field of the lead that goes to one field of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Mapped {
    /// The field of the lead.
    pub from: LeadField,
    /// The field that takes it over.
    pub to: TargetField,
}

/// Which field of a lead goes where: what the map says, else the field of the same name and type (CONV-3).
///
/// By default the map says that the organisation takes its name from the lead's organisation, the deal its name from the interest, and its rep from the owner. The role is what the person is in the deal. Addresses and numbers are the person's, or
/// where there is none the organisation's; the map may say otherwise.
///
/// ```
/// use crm_core::conversion::{CustomerField, FieldMap, LeadField, TargetField};
///
/// let map = FieldMap::default().map(LeadField::Note, TargetField::Person(CustomerField::Need))?;
/// // A source is one word, tags are many.
/// assert!(map.map(LeadField::Source, TargetField::Person(CustomerField::Tags)).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldMap {
    /// The field that each target field takes; `None` for nothing.
    entries: Vec<(TargetField, Option<LeadField>)>,
}

impl Default for FieldMap {
    fn default() -> Self {
        let entries = vec![
            (TargetField::Organisation(CustomerField::Name), Some(LeadField::Organisation)),
            (TargetField::Opportunity(OpportunityField::Name), Some(LeadField::Interest)),
            (TargetField::Opportunity(OpportunityField::Rep), Some(LeadField::Owner)),
        ];
        Self { entries }
    }
}

impl FieldMap {
    /// With a field of the lead that goes to a field of a target, in place of what went there before.
    ///
    /// # Errors
    ///
    /// [`Rule::Inconsistent`] where they are not of one type and arity.
    pub fn map(self, from: LeadField, to: TargetField) -> Result<Self, Invalid> {
        if from.kind() != to.kind() {
            let must = "must be of the type and the arity of the field that it goes to (CONV-3)";
            return Err(Invalid::new("map", format!("{} to {}", from.name(), to.name()), Rule::Inconsistent { must }));
        }
        Ok(self.with(to, Some(from)))
    }

    /// With nothing that goes to a field of a target.
    #[must_use]
    pub fn leave(self, to: TargetField) -> Self {
        self.with(to, None)
    }

    fn with(mut self, to: TargetField, from: Option<LeadField>) -> Self {
        self.entries.retain(|(known, _)| *known != to);
        self.entries.push((to, from));
        self
    }
}

/// Hands out the fields of a lead and notes which were taken.
pub(super) struct Filler<'l> {
    pub(super) lead: &'l Lead,
    map: &'l FieldMap,
    pub(super) mapped: Vec<Mapped>,
}

impl<'l> Filler<'l> {
    pub(super) const fn new(lead: &'l Lead, map: &'l FieldMap) -> Self {
        Self { lead, map, mapped: Vec::new() }
    }

    /// The value for a field of a target: what the map says, else, where `by_name` allows it, the field of the same name and type.
    pub(super) fn take(&mut self, to: TargetField, by_name: bool) -> Option<FieldValue> {
        let said = self.map.entries.iter().find(|(known, _)| *known == to).map(|(_, from)| *from);
        let same = |from: &&LeadField| by_name && from.name() == to.name() && from.kind() == to.kind();
        let from = said.unwrap_or_else(|| LeadField::ALL.iter().find(same).copied())?;
        let value = value(self.lead, from)?;
        self.mapped.push(Mapped { from, to });
        Some(value)
    }

    /// What the lead knows and nobody took.
    pub(super) fn unmapped(&self) -> Vec<LeadField> {
        let taken = |field: &LeadField| self.mapped.iter().any(|mapped| mapped.from == *field);
        LeadField::ALL.iter().copied().filter(|field| !taken(field) && value(self.lead, *field).is_some()).collect()
    }
}

fn value(lead: &Lead, field: LeadField) -> Option<FieldValue> {
    match field {
        LeadField::Name => lead.name().cloned().map(FieldValue::Name),
        LeadField::Organisation => lead.organisation().cloned().map(FieldValue::Name),
        LeadField::Role => lead.role().cloned().map(FieldValue::Label),
        LeadField::Emails => (!lead.emails().is_empty()).then(|| FieldValue::Emails(lead.emails().clone())),
        LeadField::Phones => (!lead.phones().is_empty()).then(|| FieldValue::Phones(lead.phones().clone())),
        LeadField::Addresses => (!lead.addresses().is_empty()).then(|| FieldValue::Addresses(lead.addresses().clone())),
        LeadField::Region => lead.region().cloned().map(FieldValue::Label),
        LeadField::Source => lead.source().cloned().map(FieldValue::Label),
        LeadField::Tags => (!lead.tags().is_empty()).then(|| FieldValue::Labels(lead.tags().clone())),
        LeadField::Interest => lead.interest().cloned().map(FieldValue::Subject),
        LeadField::Value => lead.value().map(FieldValue::Money),
        LeadField::Product => lead.product().map(FieldValue::Product),
        LeadField::Note => lead.note().cloned().map(FieldValue::Text),
        LeadField::Score => Some(FieldValue::Percent(lead.score())),
        LeadField::Owner => lead.owner().map(FieldValue::SalesRep),
    }
}
