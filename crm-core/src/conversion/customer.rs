//! What becomes of the organisation and of the person.

use super::{
    ConversionTarget, CustomerField, PlannedCustomer, TargetField,
    mapping::{FieldValue, Filler},
};
use crate::{
    contact_point::{ContactPoint, ContactPoints},
    customer::{Customer, CustomerKind, CustomerPatch, CustomerType, NewCustomer},
    email::EmailAddress,
    id::{CustomerId, RecordId},
    invalid::{Invalid, Rule},
    lead::LeadError,
    phone::Phone,
    postal_address::PostalAddress,
    text::Name,
};

/// Plans one of the two customers.
pub(super) struct Planner<'f, 'l> {
    pub(super) filler: &'f mut Filler<'l>,
    pub(super) of: fn(CustomerField) -> TargetField,
    /// Whether the lead's addresses and numbers are its own.
    pub(super) reached: bool,
}

impl Planner<'_, '_> {
    fn take(&mut self, field: CustomerField) -> Option<FieldValue> {
        let own = self.reached || !field.is_contact();
        self.filler.take((self.of)(field), own)
    }

    pub(super) fn customer(
        mut self,
        kind: CustomerType,
        target: ConversionTarget<CustomerId, CustomerPatch>,
        link: Option<&Customer>,
    ) -> Result<PlannedCustomer, LeadError> {
        match target {
            ConversionTarget::Skip => Ok(PlannedCustomer::Skip),
            ConversionTarget::Create(overrides) => Ok(PlannedCustomer::Create(Box::new(self.create(kind, overrides)?))),
            ConversionTarget::Link(id) => {
                let link = link.filter(|link| link.id == id);
                let link = link.ok_or_else(|| Invalid::new("links", id.to_string(), Rule::NotListed))?;
                let fill = self.fill(link)?.map(Box::new);
                Ok(PlannedCustomer::Link { id, revision: link.revision, fill })
            }
        }
    }

    fn create(&mut self, kind: CustomerType, overrides: CustomerPatch) -> Result<NewCustomer, Invalid> {
        let field = match kind {
            CustomerType::Organisation => "organisation",
            CustomerType::Person => "person",
        };
        let CustomerPatch {
            expected: _,
            external_id,
            name,
            kind: own,
            emails,
            phones,
            addresses,
            region,
            parent,
            owner,
            tags,
            needs,
        } = overrides;
        // What is overridden is not taken from the lead.
        let overridden = |field: CustomerField| match field {
            CustomerField::Name => name.is_some(),
            CustomerField::Emails => emails.is_some(),
            CustomerField::Phones => phones.is_some(),
            CustomerField::Addresses => addresses.is_some(),
            CustomerField::Region => region.is_some(),
            CustomerField::Tags => tags.is_some(),
            CustomerField::Owner => owner.is_some(),
            CustomerField::Need => needs.is_some(),
        };
        let mut taken: Vec<FieldValue> = Vec::new();
        for field in CustomerField::ALL.iter().filter(|field| !overridden(**field)) {
            taken.extend(self.take(*field));
        }
        let mapped = taken.iter().find_map(|value| match value {
            FieldValue::Name(mapped) => Some(mapped.clone()),
            _ => None,
        });
        let name: Name = name.or(mapped).ok_or_else(|| Invalid::new(field, "", Rule::Empty))?;
        let mut new = match kind {
            CustomerType::Organisation => NewCustomer::organisation(name),
            CustomerType::Person => NewCustomer::person(name),
        };
        taken.into_iter().for_each(|value| value.set_on(&mut new));
        match own {
            Some(CustomerKind::Person { birth_date, gender }) => (new.birth_date, new.gender) = (birth_date, gender),
            Some(CustomerKind::Organisation { contacts }) => new.contacts = contacts,
            None => {}
        }
        let lead = self.filler.lead;
        if let Some(mut given) = emails {
            given.keep_flags_of(lead.emails());
            new.emails = in_order(&given);
        }
        if let Some(mut given) = phones {
            given.keep_flags_of(lead.phones());
            new.phones = in_order(&given);
        }
        if let Some(mut given) = addresses {
            given.keep_flags_of(lead.addresses());
            new.addresses = in_order(&given);
        }
        crate::patch::set(&mut new.external_id, external_id);
        crate::patch::set(&mut new.region, region);
        crate::patch::set(&mut new.parent, parent);
        crate::patch::set(&mut new.owner, owner);
        crate::patch::set(&mut new.tags, tags);
        crate::patch::set(&mut new.needs, needs);
        // What would be refused when it is made is refused here.
        Customer::register(CustomerId::from_uuid(lead.id.uuid()), lead.updated_at, new.clone())?;
        Ok(new)
    }

    /// What a customer who is there gains from the lead: it keeps what it has (CONV-10).
    fn fill(&mut self, link: &Customer) -> Result<Option<CustomerPatch>, Invalid> {
        let mut patch = CustomerPatch::default();
        if let Some(FieldValue::Emails(points)) = self.take(CustomerField::Emails) {
            patch.emails = absorbed(&link.emails, points)?;
        }
        if let Some(FieldValue::Phones(points)) = self.take(CustomerField::Phones) {
            patch.phones = absorbed(&link.phones, points)?;
        }
        if let Some(FieldValue::Addresses(points)) = self.take(CustomerField::Addresses) {
            patch.addresses = absorbed(&link.addresses, points)?;
        }
        if link.region.is_none()
            && let Some(FieldValue::Label(region)) = self.take(CustomerField::Region)
        {
            patch.region = Some(Some(region));
        }
        Ok((patch != CustomerPatch::default()).then_some(patch))
    }
}

/// Both lists, where that is more than the first: opted out is what is so in either.
fn absorbed<T>(known: &ContactPoints<T>, new: ContactPoints<T>) -> Result<Option<ContactPoints<T>>, Invalid>
where
    T: crate::contact_point::ContactValue + Clone + PartialEq,
{
    let mut both = known.clone();
    both.absorb(new)?;
    Ok((both != *known).then_some(both))
}

/// The points with the primary one first, as a new customer takes them.
fn in_order<T: Clone + PartialEq>(points: &ContactPoints<T>) -> Vec<ContactPoint<T>> {
    let primary = points.primary();
    let others = points.iter().filter(|point| Some(*point) != primary);
    primary.into_iter().chain(others).cloned().collect()
}

impl FieldValue {
    /// Sets it on a customer that is to be made.
    fn set_on(self, new: &mut NewCustomer) {
        match self {
            Self::Emails(points) => new.emails = in_order::<EmailAddress>(&points),
            Self::Phones(points) => new.phones = in_order::<Phone>(&points),
            Self::Addresses(points) => new.addresses = in_order::<PostalAddress>(&points),
            Self::Label(region) => new.region = Some(region),
            Self::Labels(tags) => new.tags = tags,
            Self::SalesRep(owner) => new.owner = Some(owner),
            Self::Text(text) => *new = new.clone().need(text, None),
            Self::Name(_) | Self::Subject(_) | Self::Money(_) | Self::Percent(_) | Self::Product(_) => {}
        }
    }
}
