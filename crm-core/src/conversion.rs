//! Conversion: a lead becomes an organisation, a person and a deal, by a plan that can be looked at first.

mod mapping;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

pub use self::mapping::{CustomerField, FieldMap, LeadField, Mapped, OpportunityField, TargetField};
use self::mapping::{FieldValue, Filler};
use crate::{
    answer::Answered,
    contact_point::{ContactPoint, ContactPoints},
    customer::{Customer, CustomerKind, CustomerPatch, CustomerType, NewCustomer},
    email::EmailAddress,
    id::{ActivityId, CustomerId, InteractionId, LeadId, OpportunityId, RecordId},
    invalid::{Invalid, Rule},
    journal::RecordRef,
    lead::{Lead, LeadError, LeadStatus},
    opportunity::{By, NewOpportunity, Opportunity, OpportunityError, OpportunityPatch, OpportunityStatus},
    phone::Phone,
    pipeline::Pipeline,
    postal_address::PostalAddress,
    record::Revision,
    text::{Actor, Label, Name, Subject},
    time::{FiscalCalendar, Period},
};

/// What a lead became, kept with it for good (CONV-9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// The organisation.
    pub organisation: Option<Became<CustomerId>>,
    /// The person.
    pub person: Option<Became<CustomerId>>,
    /// The deal.
    pub opportunity: Option<Became<OpportunityId>>,
    /// The interactions that were made of what had been said to the lead.
    pub interactions: Vec<InteractionId>,
    /// The activities of the linked deal that were for nobody and are for its customer since it gained one.
    pub activities: Vec<ActivityId>,
    /// Where the lead stood.
    pub before: LeadStatus,
}

impl Answered for Conversion {
    fn records(&self) -> Vec<RecordRef> {
        let customers = self.organisation.iter().chain(&self.person).map(|became| became.id.into());
        let deal = self.opportunity.iter().map(|became| became.id.into());
        let said = self.interactions.iter().map(|id| (*id).into());
        customers.chain(deal).chain(said).chain(self.activities.iter().map(|id| (*id).into())).collect()
    }
}

impl Conversion {
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        if self.organisation.is_none() && self.person.is_none() && self.opportunity.is_none() {
            return Err(Invalid::new("conversion", "", Rule::Empty));
        }
        if !matches!(self.before, LeadStatus::New | LeadStatus::Working | LeadStatus::Qualified) {
            let must = "must be new, working or qualified";
            return Err(Invalid::new("before", self.before.word(), Rule::Inconsistent { must }));
        }
        Ok(())
    }
}

/// A record that a lead became, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[serde(bound(serialize = "I: Serialize", deserialize = "I: Deserialize<'de>"))]
pub struct Became<I: RecordId> {
    /// The record.
    pub id: I,
    /// Whether it was made for the lead.
    pub origin: Origin,
    /// The revision that the conversion left. One that is newer stands in the way of undoing it.
    pub revision: Revision,
}

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// It was made for the lead.
    Created,
    /// It was there, and stayed as it was.
    Linked,
    /// It was there, and gained something from the lead.
    Filled {
        /// Its revision before.
        before: Revision,
    },
}

/// What to do about one of the three targets of a conversion (CONV-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ConversionTarget<I, N> {
    /// Make one.
    Create(N),
    /// Take one that is there.
    Link(I),
    /// Leave it.
    Skip,
}

/// The deal that a conversion makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConversionDeal {
    /// Its pipeline; it begins in the first stage.
    pub pipeline: Pipeline,
    /// What is not to be as the lead says.
    pub overrides: OpportunityPatch,
}

impl ConversionDeal {
    /// A deal as the lead says, in a pipeline.
    pub fn new(pipeline: Pipeline) -> Self {
        Self { pipeline, overrides: OpportunityPatch::default() }
    }

    /// With what is not to be as the lead says.
    #[must_use]
    pub fn overrides(mut self, overrides: OpportunityPatch) -> Self {
        self.overrides = overrides;
        self
    }
}

/// Whether only a qualified lead is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Qualification {
    /// Only a qualified one.
    Needed,
    /// A new one or one that is being worked, too.
    MayBeSkipped,
}

/// When the deal is expected to close, where the overrides do not say so (CONV-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CloseBy {
    /// On the last day of the fiscal quarter in which the lead is converted.
    EndOfQuarter(FiscalCalendar),
    /// On the last day of a period: the present one of a custom fiscal year.
    EndOf(Period),
}

/// How a lead is to be converted. It makes an organisation where the lead names one, a person where the lead names one, and no deal, until it is told otherwise.
///
/// ```
/// use crm_core::{ConversionTarget, NewConversion, NewLead, Lead, LeadId, RecordId};
/// # let id = LeadId::from_uuid(uuid::Uuid::from_u128(1));
/// # let at = chrono::DateTime::UNIX_EPOCH;
/// let lead = Lead::add(id, at, NewLead::person("张三".parse()?))?;
/// let new = NewConversion::of(&lead);
/// assert!(matches!(new.person, ConversionTarget::Create(_)));
/// assert_eq!(new.organisation, ConversionTarget::Skip);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NewConversion {
    /// The organisation; what is created is overridden by the patch.
    pub organisation: ConversionTarget<CustomerId, CustomerPatch>,
    /// The person; what is created is overridden by the patch.
    pub person: ConversionTarget<CustomerId, CustomerPatch>,
    /// The deal.
    pub opportunity: ConversionTarget<OpportunityId, ConversionDeal>,
    /// Which field of the lead goes where (CONV-3).
    pub map: FieldMap,
    /// When the deal is expected to close.
    pub close: CloseBy,
    /// Whether only a qualified lead is converted.
    pub qualification: Qualification,
}

impl NewConversion {
    /// As the lead says.
    pub fn of(lead: &Lead) -> Self {
        let create = |named: bool| match named {
            true => ConversionTarget::Create(CustomerPatch::default()),
            false => ConversionTarget::Skip,
        };
        Self {
            organisation: create(lead.organisation().is_some()),
            person: create(lead.name().is_some()),
            opportunity: ConversionTarget::Skip,
            map: FieldMap::default(),
            close: CloseBy::EndOfQuarter(FiscalCalendar::CALENDAR_YEAR),
            qualification: Qualification::Needed,
        }
    }

    /// With another answer for the organisation.
    #[must_use]
    pub fn organisation(mut self, target: ConversionTarget<CustomerId, CustomerPatch>) -> Self {
        self.organisation = target;
        self
    }

    /// With another answer for the person.
    #[must_use]
    pub fn person(mut self, target: ConversionTarget<CustomerId, CustomerPatch>) -> Self {
        self.person = target;
        self
    }

    /// With another answer for the deal.
    #[must_use]
    pub fn opportunity(mut self, target: ConversionTarget<OpportunityId, ConversionDeal>) -> Self {
        self.opportunity = target;
        self
    }

    /// With a new deal in a pipeline, as the lead says.
    #[must_use]
    pub fn deal(self, pipeline: Pipeline) -> Self {
        self.opportunity(ConversionTarget::Create(ConversionDeal::new(pipeline)))
    }

    /// With another map of fields.
    #[must_use]
    pub fn map(mut self, map: FieldMap) -> Self {
        self.map = map;
        self
    }

    /// With another day of closing.
    #[must_use]
    pub fn close(mut self, close: CloseBy) -> Self {
        self.close = close;
        self
    }

    /// Of a lead that need not be qualified.
    #[must_use]
    pub fn skipping_qualification(mut self) -> Self {
        self.qualification = Qualification::MayBeSkipped;
        self
    }
}

/// What is to happen to one customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PlannedCustomer {
    /// It is made.
    Create(Box<NewCustomer>),
    /// It is there.
    Link {
        /// Which one.
        id: CustomerId,
        /// As it was when the plan was made.
        revision: Revision,
        /// What it gains: addresses and numbers that it lacks, opt-outs (CONV-10), a region where it has none.
        fill: Option<Box<CustomerPatch>>,
    },
    /// Nothing.
    Skip,
}

impl PlannedCustomer {
    fn linked(&self) -> Option<CustomerId> {
        match self {
            Self::Link { id, .. } => Some(*id),
            Self::Create(_) | Self::Skip => None,
        }
    }
}

/// What is to happen to the deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum PlannedDeal {
    /// It is made.
    Create {
        /// In this pipeline.
        pipeline: Box<Pipeline>,
        /// Like this, but for the customer, which [`ConversionPlan::customer`] says, and the person.
        new: Box<NewOpportunity>,
        /// The role in which the person of the conversion is its primary contact: the lead's, else `contact`. `None` where there is no person, or the overrides say who is.
        contact: Option<Label>,
    },
    /// It is there.
    Link {
        /// Which one.
        id: OpportunityId,
        /// As it was when the plan was made.
        revision: Revision,
        /// Whether it has no customer yet and gains one.
        gains_customer: bool,
    },
    /// Nothing.
    Skip,
}

/// Whose the deal and what was said will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PlannedOwner {
    /// The organisation's.
    Organisation,
    /// The person's.
    Person,
    /// Somebody's who was there before: the organisation of the linked person (CONV-5), the customer of the linked deal, or who the overrides name.
    Known(CustomerId),
    /// Nobody's.
    Nobody,
}

/// All that a conversion will do, for somebody to look at. It is pure; nothing is written until it is applied, and it is refused then where the lead or a linked record has changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConversionPlan {
    /// The lead.
    pub lead: LeadId,
    /// As it was when the plan was made.
    pub revision: Revision,
    /// The organisation.
    pub organisation: PlannedCustomer,
    /// The person.
    pub person: PlannedCustomer,
    /// The deal.
    pub opportunity: PlannedDeal,
    /// Whose the deal and what was said will be.
    pub customer: PlannedOwner,
    /// Whether the person, who is made, comes to belong to the organisation. One who was there stays where they are.
    pub joins: bool,
    /// Which field of the lead goes where.
    pub mapped: Vec<Mapped>,
    /// What the lead knows and nobody takes; it stays with the lead.
    pub unmapped: Vec<LeadField>,
    /// How many of the things that were said become interactions (CONV-6).
    pub interactions: usize,
    /// How many activities of the lead come to be for the deal and the customer (CONV-6); who makes the plan counts them.
    pub activities: u64,
    /// Whether only a qualified lead is converted.
    pub qualification: Qualification,
}

/// The records that a conversion is to link, as they are.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConversionLinks<'a> {
    /// The organisation.
    pub organisation: Option<&'a Customer>,
    /// The person.
    pub person: Option<&'a Customer>,
    /// The deal.
    pub opportunity: Option<&'a Opportunity>,
}

impl ConversionPlan {
    /// What converting a lead on a day will do. `links` has the records that `new` links.
    ///
    /// # Errors
    ///
    /// - [`LeadError::NotAllowed`], [`LeadError::NotQualified`], [`LeadError::NoTarget`].
    /// - [`LeadError::DealClosed`], [`LeadError::OtherCustomersDeal`] for a linked deal; [`LeadError::DealMisses`] for a new one.
    /// - [`LeadError::Invalid`]: [`Rule::Empty`] where what is to be made has no name, [`Rule::TooMany`] where a linked customer cannot hold the lead's addresses too,
    ///   [`Rule::NotListed`] where a linked record is missing in `links`; and as [`Customer::register`] and [`Opportunity::open`] refuse what is to be made.
    pub fn new(lead: &Lead, day: NaiveDate, new: NewConversion, links: ConversionLinks<'_>) -> Result<Self, LeadError> {
        let NewConversion { organisation, person, opportunity, map, close, qualification } = new;
        lead.convertible(qualification)?;
        let skipped = |target: &ConversionTarget<CustomerId, CustomerPatch>| *target == ConversionTarget::Skip;
        if skipped(&organisation) && skipped(&person) && opportunity == ConversionTarget::Skip {
            return Err(LeadError::NoTarget { lead: lead.id });
        }
        let mut filler = Filler::new(lead, &map);
        let (has_organisation, has_person) = (!skipped(&organisation), !skipped(&person));
        let organisation = Planner { filler: &mut filler, of: TargetField::Organisation, reached: !has_person }
            .customer(CustomerType::Organisation, organisation, links.organisation)?;
        let person = Planner { filler: &mut filler, of: TargetField::Person, reached: true }.customer(
            CustomerType::Person,
            person,
            links.person,
        )?;
        let employer = match person {
            PlannedCustomer::Link { .. } => links.person.and_then(|person| person.parent),
            PlannedCustomer::Create(ref new) => new.parent,
            PlannedCustomer::Skip => None,
        };
        let customer = match employer {
            _ if has_organisation => PlannedOwner::Organisation,
            Some(employer) => PlannedOwner::Known(employer),
            None if has_person => PlannedOwner::Person,
            None => PlannedOwner::Nobody,
        };
        let called = [&organisation, &person].into_iter().find_map(|planned| match planned {
            PlannedCustomer::Create(new) => Some(new.name.clone()),
            PlannedCustomer::Link { .. } | PlannedCustomer::Skip => None,
        });
        let called = called.or_else(|| links.organisation.or(links.person).map(|customer| customer.name.clone()));
        let parties = Parties {
            owner: customer,
            known: match customer {
                PlannedOwner::Organisation => organisation.linked(),
                PlannedOwner::Person => person.linked(),
                PlannedOwner::Known(known) => Some(known),
                PlannedOwner::Nobody => None,
            },
            has_person,
            person: person.linked(),
        };
        let (opportunity, customer) = match opportunity {
            ConversionTarget::Skip => (PlannedDeal::Skip, customer),
            ConversionTarget::Link(id) => linked_deal(lead, id, links.opportunity, parties)?,
            ConversionTarget::Create(new) => new_deal(&mut filler, new, (day, close), called, parties)?,
        };
        Ok(Self {
            lead: lead.id,
            revision: lead.revision,
            joins: has_organisation && employer.is_none() && matches!(person, PlannedCustomer::Create(_)),
            organisation,
            person,
            opportunity,
            customer,
            interactions: if customer == PlannedOwner::Nobody { 0 } else { lead.touches().len() },
            activities: 0,
            unmapped: filler.unmapped(),
            mapped: filler.mapped,
            qualification,
        })
    }
}

/// Plans one of the two customers.
struct Planner<'f, 'l> {
    filler: &'f mut Filler<'l>,
    of: fn(CustomerField) -> TargetField,
    /// Whether the lead's addresses and numbers are its own.
    reached: bool,
}

impl Planner<'_, '_> {
    fn take(&mut self, field: CustomerField) -> Option<FieldValue> {
        let own = self.reached || !field.is_contact();
        self.filler.take((self.of)(field), own)
    }

    fn customer(
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

/// Whom a conversion is about.
#[derive(Clone, Copy)]
struct Parties {
    /// Whose the deal will be.
    owner: PlannedOwner,
    /// Who that is, where they are there already.
    known: Option<CustomerId>,
    /// Whether a person is made or linked.
    has_person: bool,
    /// The person, where they are linked.
    person: Option<CustomerId>,
}

/// Takes a deal that is there, and says whose it and what was said will be. An open one, of somebody in the conversion or of nobody.
fn linked_deal(
    lead: &Lead,
    id: OpportunityId,
    link: Option<&Opportunity>,
    parties: Parties,
) -> Result<(PlannedDeal, PlannedOwner), LeadError> {
    let link = link.filter(|link| link.id == id);
    let link = link.ok_or_else(|| Invalid::new("links", id.to_string(), Rule::NotListed))?;
    let status = link.state().status();
    if status != OpportunityStatus::Open {
        return Err(LeadError::DealClosed { lead: lead.id, opportunity: id, status });
    }
    let nobodys = parties.owner == PlannedOwner::Nobody;
    let customer = match link.customer() {
        None => parties.owner,
        Some(customer) if parties.known == Some(customer) => parties.owner,
        Some(customer) if nobodys || parties.person == Some(customer) => PlannedOwner::Known(customer),
        Some(customer) => return Err(LeadError::OtherCustomersDeal { lead: lead.id, opportunity: id, customer }),
    };
    let gains_customer = link.customer().is_none() && !nobodys;
    Ok((PlannedDeal::Link { id, revision: link.revision, gains_customer }, customer))
}

/// Plans a new deal, and says whose it and what was said will be.
fn new_deal(
    filler: &mut Filler<'_>,
    target: ConversionDeal,
    (day, close): (NaiveDate, CloseBy),
    called: Option<Name>,
    parties: Parties,
) -> Result<(PlannedDeal, PlannedOwner), LeadError> {
    let ConversionDeal { pipeline, overrides } = target;
    let OpportunityPatch {
        expected: _,
        name,
        customer: whose,
        product,
        rep,
        value,
        lines,
        recurring,
        probability,
        forecast,
        expected_close,
        contacts,
    } = overrides;
    let lines = lines.unwrap_or_default();
    let is_contact = parties.has_person && contacts.is_none();
    // What is overridden is not taken from the lead; and lines are worth their sum, whatever the lead says (OPP-10).
    let overridden = |field: OpportunityField| match field {
        OpportunityField::Name => name.is_some(),
        OpportunityField::Value => value.is_some() || !lines.is_empty(),
        OpportunityField::Product => product.is_some(),
        OpportunityField::Rep => rep.is_some(),
        OpportunityField::Probability => probability.is_some(),
        OpportunityField::Role => !is_contact,
    };
    let mut taken: Vec<FieldValue> = Vec::new();
    for field in OpportunityField::ALL.iter().filter(|field| !overridden(**field)) {
        taken.extend(filler.take(TargetField::Opportunity(*field), true));
    }
    let mapped = taken.iter().find_map(|value| match value {
        FieldValue::Subject(subject) => Some(subject.clone()),
        _ => None,
    });
    let role = taken.iter().find_map(|value| match value {
        FieldValue::Label(role) => Some(role.clone()),
        _ => None,
    });
    let called = called.and_then(|name| Subject::parse(name.as_str()).ok());
    let name = name.or(mapped).or(called);
    let name = name.ok_or_else(|| Invalid::new("opportunity", "", Rule::Empty))?;
    let mut new = NewOpportunity::new(name);
    taken.into_iter().for_each(|value| value.set_on_deal(&mut new));
    let last = match close {
        CloseBy::EndOfQuarter(calendar) => calendar.quarter_days(day)?.last(),
        CloseBy::EndOf(period) => period.last(),
    };
    new.expected_close = Some(last);
    new.lines = lines;
    crate::patch::set(&mut new.product, product);
    crate::patch::set(&mut new.rep, rep);
    crate::patch::set(&mut new.value, value);
    crate::patch::set(&mut new.expected_close, expected_close);
    crate::patch::set(&mut new.recurring, recurring);
    crate::patch::set(&mut new.probability, probability);
    crate::patch::set(&mut new.forecast, forecast);
    crate::patch::set(&mut new.contacts, contacts);
    let customer = match whose {
        Some(Some(known)) => PlannedOwner::Known(known),
        Some(None) => PlannedOwner::Nobody,
        None => parties.owner,
    };
    let contact = match role {
        Some(role) => Some(role),
        None if is_contact => Some(Label::parse("contact")?),
        None => None,
    };
    can_be_opened(filler.lead, &pipeline, new.clone(), customer, contact.as_ref())?;
    Ok((PlannedDeal::Create { pipeline: Box::new(pipeline), new: Box::new(new), contact }, customer))
}

/// Refuses now what would be refused when the deal is opened. Who is not made yet has the id of the lead here, which nobody sees.
fn can_be_opened(
    lead: &Lead,
    pipeline: &Pipeline,
    mut new: NewOpportunity,
    customer: PlannedOwner,
    contact: Option<&Label>,
) -> Result<(), LeadError> {
    let somebody = CustomerId::from_uuid(lead.id.uuid());
    new.customer = (customer != PlannedOwner::Nobody).then_some(somebody);
    if let Some(role) = contact {
        new = new.primary_contact(somebody, role.clone());
    }
    let by = By { at: lead.updated_at, actor: &Actor::parse("plan")? };
    match Opportunity::open(OpportunityId::from_uuid(lead.id.uuid()), by, pipeline, new) {
        Ok(_) => Ok(()),
        Err(OpportunityError::Missing { stage, fields, .. }) => {
            Err(LeadError::DealMisses { lead: lead.id, stage, fields })
        }
        Err(OpportunityError::ValueOfLines { given, .. }) => {
            let must = "must be the sum of the lines (OPP-10)";
            Err(Invalid::new("value", given.to_string(), Rule::Inconsistent { must }).into())
        }
        Err(OpportunityError::Invalid(refused)) => Err(refused.into()),
        // The others are about a deal that goes from one stage to another, and this one begins in the first.
        Err(
            OpportunityError::NotAllowed { .. }
            | OpportunityError::WrongStage { .. }
            | OpportunityError::NotNext { .. }
            | OpportunityError::OtherPipeline { .. }
            | OpportunityError::NoValue { .. },
        ) => Ok(()),
    }
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

    /// Sets it on a deal that is to be made.
    fn set_on_deal(self, new: &mut NewOpportunity) {
        match self {
            Self::Money(value) => new.value = Some(value),
            Self::Percent(probability) => new.probability = Some(probability),
            Self::Product(product) => new.product = Some(product),
            Self::SalesRep(rep) => new.rep = Some(rep),
            // Its name and the role of its contact are set apart.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
