//! Converting leads: plan, apply, undo.

mod undo;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use crm_core::{
    Act, Activity, ActivityParties, Answered, By, Conversion, ConversionPlan, ConversionTarget, Customer, CustomerFact,
    CustomerId, CustomerPatch, CustomerType, Fact, Interaction, InteractionFact, Lead, LeadError, LeadFact, LeadId,
    LeadPlace, LeadState, LeadStatus, Member, NewConversion, NewCustomer, NewInteraction, NewOpportunity, Opportunity,
    OpportunityFact, OpportunityPatch, Participant, Percent, Pipeline, Queue, QueueId, RecordId, RecordRef, SalesRepId,
    assignment::Decision,
    conversion::{Became, ConversionLinks, Origin, PlannedCustomer, PlannedDeal, PlannedOwner},
    store::{
        Activities, ActivityFilter, Customers, Interactions, Journal, Leads, Opportunities, Products, Queues,
        SalesReps, StoreError, StoreErrorKind, pages,
    },
};
use serde::{Deserialize, Serialize};

pub use self::undo::undo_conversion;
use crate::{
    activities::join_customer,
    customers::{check_contacts, check_parent, in_use},
    error::SalesError,
    opportunities::{check_lines, check_roles},
    queues::{decide, of_reps},
    record::{self, once},
    team::selling,
};

/// Says what converting a lead on a day will do: what is made, linked and left, which field goes where, and what moves.
/// Nothing is written; [`apply_conversion`] does it.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the lead or a linked record, [`SalesError::Archived`],
///   [`SalesError::NotAnOrganisation`], [`SalesError::NotAPerson`], [`SalesError::Store`].
/// - [`SalesError::Lead`] as [`ConversionPlan::new`]: a linked deal is closed or another customer's, or the first stage
///   asks for what a new one would not have.
///
/// # Examples
///
/// ```
/// use crm_core::{NewConversion, NewLead, Percent, Pipeline, store::Store};
/// use crm_sales::{SalesError, add_lead, apply_conversion, plan_conversion, qualify_lead, undo_conversion};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let hardware = Pipeline::new("Hardware".parse()?)
///     .open("prospecting".parse()?, Percent::whole(10))
///     .won("won".parse()?)
///     .build()?;
/// let (store, mut acts) = (MemoryStore::new(), Acts::new()); // 2 March 2026
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let new = NewLead::person("张三".parse()?).organisation("Acme".parse()?);
///     let lead = add_lead(tx, act, new)?;
///     let lead = qualify_lead(tx, act, lead.id)?;
///
///     let plan = plan_conversion(tx, lead.id, act.day(), NewConversion::of(&lead).deal(hardware))?;
///     assert!(plan.joins); // the person comes to belong to the organisation
///     let conversion = apply_conversion(tx, act, &plan)?;
///     assert_eq!(apply_conversion(tx, act, &plan)?, conversion); // a second time, nothing happens
///     assert!(conversion.opportunity.is_some());
///
///     let lead = undo_conversion(tx, act, lead.id)?;
///     assert_eq!(lead.status(), crm_core::LeadStatus::Qualified);
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn plan_conversion(
    tx: &(impl Leads + Customers + Opportunities + Activities + ?Sized),
    lead: LeadId,
    day: NaiveDate,
    new: NewConversion,
) -> Result<ConversionPlan, SalesError> {
    let lead: Lead = record::find(tx, lead)?;
    plan(tx, &lead, day, new)
}

fn plan(
    tx: &(impl Leads + Customers + Opportunities + Activities + ?Sized),
    lead: &Lead,
    day: NaiveDate,
    new: NewConversion,
) -> Result<ConversionPlan, SalesError> {
    let customer = |target: &ConversionTarget<CustomerId, CustomerPatch>| match target {
        ConversionTarget::Link(id) => in_use(tx, *id).map(Some),
        ConversionTarget::Create(_) | ConversionTarget::Skip => Ok(None),
    };
    let (organisation, person) = (customer(&new.organisation)?, customer(&new.person)?);
    if let Some(other) = organisation.as_ref().filter(|one| one.kind.name() != CustomerType::Organisation) {
        return Err(SalesError::NotAnOrganisation { customer: other.id, field: "organisation" });
    }
    if let Some(other) = person.as_ref().filter(|one| one.kind.name() != CustomerType::Person) {
        return Err(SalesError::NotAPerson { customer: other.id, field: "person" });
    }
    let opportunity: Option<Opportunity> = match new.opportunity {
        ConversionTarget::Link(id) => Some(record::find(tx, id)?),
        ConversionTarget::Create(_) | ConversionTarget::Skip => None,
    };
    let links = ConversionLinks {
        organisation: organisation.as_ref(),
        person: person.as_ref(),
        opportunity: opportunity.as_ref(),
    };
    let mut plan = ConversionPlan::new(lead, day, new, links)?;
    if plan.customer != PlannedOwner::Nobody || plan.opportunity != PlannedDeal::Skip {
        plan.activities = tx.count_activities(&of_lead(lead.id))?;
    }
    Ok(plan)
}

/// The activities of a lead, whether they are planned, done or cancelled.
fn activities_of(tx: &(impl Activities + ?Sized), lead: LeadId) -> Result<Vec<Activity>, StoreError> {
    let filter = of_lead(lead);
    pages(100, |page| tx.activities(&filter, page), |activity| activity.id).collect()
}

fn of_lead(lead: LeadId) -> ActivityFilter {
    ActivityFilter { lead: Some(lead), ..ActivityFilter::default() }
}

/// Does what a plan says, all of it in this transaction, and gives what the lead became. A lead that is converted
/// already gives what it became then, and nothing is written (CONV-2).
///
/// What was said to the lead becomes interactions of the customer, with the deal that it was about and the person among
/// those who took part; what is to be done about the lead, and what was done, comes to be for the deal and the customer,
/// with the person (CONV-6). The lead keeps all of it too. Where a linked deal gains its customer, what is for the deal and
/// for nobody comes to be for them.
///
/// Under a key, the plan is the input: a repetition gives the same one, and does not plan anew.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the lead, a linked record, the rep, a parent or a contact.
/// - [`SalesError::Conflict`] where the lead or a linked record changed since the plan.
/// - [`SalesError::Archived`], [`SalesError::Inactive`] for the rep, [`SalesError::NotAnOrganisation`],
///   [`SalesError::NotAPerson`]; [`SalesError::Lead`] as [`Lead::convert`]; [`SalesError::Invalid`] as the constructors of what is made.
/// - [`SalesError::Store`]: an external id is taken, or a product is missing.
pub fn apply_conversion(
    tx: &mut (impl Leads + Customers + Opportunities + Interactions + Activities + Products + SalesReps + Journal + ?Sized),
    act: &mut Act,
    plan: &ConversionPlan,
) -> Result<Conversion, SalesError> {
    once(tx, act, "apply_conversion", plan, |tx, act, plan| {
        let lead: Lead = record::find(tx, plan.lead)?;
        if let LeadState::Converted { conversion, .. } = lead.state() {
            return Ok((**conversion).clone());
        }
        if lead.revision != plan.revision {
            let (expected, found) = (plan.revision, lead.revision);
            return Err(SalesError::Conflict { record: lead.id.into(), expected, found });
        }
        let prepared = Prepared::new(tx, act, &lead, plan)?;
        prepared.write(tx, act, lead, Vec::new())
    })
}

/// A customer or a deal of a conversion, ready to be written.
struct Ready<R, F> {
    record: R,
    origin: Origin,
    /// What is to be told of it, where something is to be written.
    fact: Option<F>,
}

type ReadyCustomer = Ready<Customer, CustomerFact>;
type ReadyDeal = Ready<Opportunity, OpportunityFact>;

/// All that a conversion will write. It was checked as far as anything can be, so that a refusal finds nothing written.
struct Prepared<'p> {
    plan: &'p ConversionPlan,
    organisation: Option<ReadyCustomer>,
    person: Option<ReadyCustomer>,
    opportunity: Option<ReadyDeal>,
    interactions: Vec<Interaction>,
    /// For whom the activities of the lead are from now on.
    parties: ActivityParties,
}

impl<'p> Prepared<'p> {
    fn new(
        tx: &(impl Leads + Customers + Opportunities + Products + SalesReps + ?Sized),
        act: &mut Act,
        lead: &Lead,
        plan: &'p ConversionPlan,
    ) -> Result<Self, SalesError> {
        lead.convertible(plan.qualification)?;
        let organisation = ready_customer(tx, act, &plan.organisation, None)?;
        let joins = organisation.as_ref().filter(|_| plan.joins).map(|ready| ready.record.id);
        let person = ready_customer(tx, act, &plan.person, joins)?;
        let shared = |ready: &Option<ReadyCustomer>| ready.as_ref().map(|ready| ready.record.id);
        if let (Some(one), Some(other)) = (&organisation, &person)
            && let (Some(id), true) = (&one.record.external_id, one.fact.is_some() && other.fact.is_some())
            && Some(id) == other.record.external_id.as_ref()
        {
            return Err(StoreError::from(StoreErrorKind::Duplicate { record: "customer", field: "external id" }).into());
        }
        let customer = match plan.customer {
            PlannedOwner::Organisation => shared(&organisation),
            PlannedOwner::Person => shared(&person),
            PlannedOwner::Known(known) => Some(in_use(tx, known)?.id),
            PlannedOwner::Nobody => None,
        };
        let opportunity = match &plan.opportunity {
            PlannedDeal::Create { pipeline, new, contact } => {
                let mut new = (**new).clone();
                check_roles(tx, new.contacts.iter())?;
                // The person was checked above, and may not be written yet.
                if let (Some(person), Some(role)) = (shared(&person), contact) {
                    new = new.primary_contact(person, role.clone());
                }
                new.customer = customer;
                Some(open_deal(tx, act, pipeline, new)?)
            }
            PlannedDeal::Link { id, revision, gains_customer } => {
                let mut opportunity: Opportunity = record::unchanged(tx, *id, *revision)?;
                let patch = OpportunityPatch { customer: Some(customer), ..OpportunityPatch::default() };
                let fact = if *gains_customer { opportunity.revise(act.at(), patch)? } else { None };
                let origin = fact.as_ref().map_or(Origin::Linked, |_| Origin::Filled { before: *revision });
                Some(Ready { record: opportunity, origin, fact })
            }
            PlannedDeal::Skip => None,
        };
        let deal = opportunity.as_ref().map(|ready| ready.record.id);
        let attends = shared(&person).filter(|person| Some(*person) != customer);
        let said = |customer| lead.touches().iter().map(move |touch| (customer, touch));
        let mut interactions = Vec::new();
        for (customer, touch) in customer.into_iter().flat_map(said) {
            let mut new = NewInteraction::new(customer, touch.channel, touch.direction, touch.subject.clone());
            (new.content, new.opportunity, new.occurred_at) = (touch.content.clone(), deal, Some(touch.at));
            new.participants = attends.map(Participant::Customer).into_iter().collect();
            interactions.push(Interaction::log(act.new_id(), act.at(), new)?);
        }
        let parties = ActivityParties { customer, opportunity: deal, person: attends };
        Ok(Self { plan, organisation, person, opportunity, interactions, parties })
    }

    /// Writes all of it, and the lead last. `before` is what had happened to the lead and is not written yet.
    fn write(
        self,
        tx: &mut (impl Leads + Customers + Opportunities + Interactions + Activities + Journal + ?Sized),
        act: &Act,
        mut lead: Lead,
        mut facts: Vec<LeadFact>,
    ) -> Result<Conversion, SalesError> {
        let registered = |customer| CustomerFact::Registered { customer };
        let opened = |opportunity| OpportunityFact::Opened { opportunity };
        let organisation = self.organisation.map(|ready| write(tx, act, ready, registered)).transpose()?;
        let person = self.person.map(|ready| write(tx, act, ready, registered)).transpose()?;
        let opportunity = self.opportunity.map(|ready| write(tx, act, ready, opened)).transpose()?;
        let mut joined = Vec::new();
        if let (PlannedDeal::Link { id, gains_customer: true, .. }, Some(customer)) =
            (&self.plan.opportunity, self.parties.customer)
        {
            joined = join_customer(tx, act, *id, customer)?;
        }
        let ids = self.interactions.iter().map(|interaction| interaction.id).collect();
        for interaction in self.interactions {
            record::add(tx, act, interaction, |interaction| InteractionFact::Logged { interaction })?;
        }
        for mut activity in activities_of(tx, lead.id)? {
            if let Some(fact) = activity.follow(act.at(), self.parties) {
                record::save(tx, act, &mut activity, [fact])?;
            }
        }
        let before = LeadStatus::Qualified;
        let conversion =
            Conversion { organisation, person, opportunity, interactions: ids, activities: joined, before };
        let fact = lead.convert(act.at(), self.plan.qualification, conversion)?;
        let LeadFact::Converted { conversion } = &fact else {
            return Err(LeadError::NoTarget { lead: lead.id }.into());
        };
        let conversion = (**conversion).clone();
        facts.push(fact);
        record::save(tx, act, &mut lead, facts)?;
        Ok(conversion)
    }
}

/// A customer as the plan has it, checked as far as it can be. `joins` is the organisation that a new person comes to
/// belong to, which may not be written yet.
fn ready_customer(
    tx: &(impl Customers + Products + SalesReps + ?Sized),
    act: &mut Act,
    planned: &PlannedCustomer,
    joins: Option<CustomerId>,
) -> Result<Option<ReadyCustomer>, SalesError> {
    match planned {
        PlannedCustomer::Skip => Ok(None),
        PlannedCustomer::Create(new) => {
            let mut new: NewCustomer = (**new).clone();
            new.parent = joins.or(new.parent);
            let customer = Customer::register(new.id.unwrap_or_else(|| act.new_id()), act.at(), new)?;
            if joins.is_none() {
                check_parent(tx, &customer)?;
            }
            check_contacts(tx, customer.contacts())?;
            customer.owner.map_or(Ok(()), |owner| selling(tx, owner))?;
            if let Some(external_id) = &customer.external_id
                && tx.customer_by_external_id(external_id)?.is_some()
            {
                return Err(
                    StoreError::from(StoreErrorKind::Duplicate { record: "customer", field: "external id" }).into()
                );
            }
            for product in customer.needs.iter().filter_map(|need| need.product) {
                if tx.product(product)?.is_none() {
                    let kind = StoreErrorKind::MissingReference { record: "customer", field: "needs" };
                    return Err(StoreError::from(kind).into());
                }
            }
            let fact = Some(CustomerFact::Registered { customer: Box::new(customer.clone()) });
            Ok(Some(Ready { record: customer, origin: Origin::Created, fact }))
        }
        PlannedCustomer::Link { id, revision, fill } => {
            let mut customer: Customer = record::unchanged(tx, *id, *revision)?;
            in_use(tx, *id)?;
            let fact = match fill {
                Some(fill) => customer.update(act.at(), (**fill).clone())?,
                None => None,
            };
            let origin = fact.as_ref().map_or(Origin::Linked, |_| Origin::Filled { before: *revision });
            Ok(Some(Ready { record: customer, origin, fact }))
        }
    }
}

fn open_deal(
    tx: &(impl Customers + Products + SalesReps + ?Sized),
    act: &mut Act,
    pipeline: &Pipeline,
    new: NewOpportunity,
) -> Result<ReadyDeal, SalesError> {
    new.rep.map_or(Ok(()), |rep| selling(tx, rep))?;
    if let Some(product) = new.product
        && tx.product(product)?.is_none()
    {
        let kind = StoreErrorKind::MissingReference { record: "opportunity", field: "product" };
        return Err(StoreError::from(kind).into());
    }
    check_lines(tx, new.lines.iter())?;
    let id = new.id.unwrap_or_else(|| act.new_id());
    let opportunity = Opportunity::open(id, By::from(&*act), pipeline, new)?;
    let fact = Some(OpportunityFact::Opened { opportunity: Box::new(opportunity.clone()) });
    Ok(Ready { record: opportunity, origin: Origin::Created, fact })
}

/// Writes what is new, or changed.
fn write<R, Tx>(
    tx: &mut Tx,
    act: &Act,
    ready: Ready<R, R::Fact>,
    added: impl FnOnce(Box<R>) -> R::Fact,
) -> Result<Became<R::Id>, SalesError>
where
    R: record::Record<Tx, Id: RecordId>,
    Tx: Journal + ?Sized,
    Fact: From<(R::Id, R::Fact)>,
{
    let Ready { mut record, origin, fact } = ready;
    match (origin, fact) {
        (Origin::Created, _) => record = record::add(tx, act, record, added)?,
        (_, Some(fact)) => record::save(tx, act, &mut record, [fact])?,
        (_, None) => {}
    }
    Ok(Became { id: record.id(), origin, revision: *record.revision() })
}

/// Why a lead was left out when many were converted (CONV-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotConverted {
    /// It is disqualified.
    Disqualified,
    /// It is converted already.
    Converted,
    /// Its score is 100 %: it is certain already.
    Certain,
}

/// What became of one of many leads.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Converted {
    /// It was converted.
    Done {
        /// What it became.
        conversion: Box<Conversion>,
        /// To which rep it was given, where it had none and a queue was named.
        decision: Option<Box<Decision>>,
    },
    /// It was left out, by rule.
    Skipped(NotConverted),
    /// It was left out, since no rep of the queue was given it: the decision says who was skipped and why (ASG-9).
    Waits(Box<Decision>),
    /// It was refused; nothing of it was written.
    Refused(RefusedLead),
}

/// Why one of many leads was refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefusedLead {
    /// The refusal in words.
    pub message: String,
    /// The refusal; `None` where a repetition under the key of the act gives the first answer again, which keeps the words.
    #[serde(skip)]
    pub error: Option<Box<SalesError>>,
}

impl From<SalesError> for RefusedLead {
    fn from(error: SalesError) -> Self {
        Self { message: error.to_string(), error: Some(Box::new(error)) }
    }
}

/// One of many leads that were to be converted.
#[derive(Debug, Serialize, Deserialize)]
pub struct ConvertedLead {
    /// The lead.
    pub lead: LeadId,
    /// What became of it.
    pub outcome: Converted,
}

impl Answered for ConvertedLead {
    fn records(&self) -> Vec<RecordRef> {
        let lead = self.lead.into();
        match &self.outcome {
            Converted::Done { conversion, .. } => [lead].into_iter().chain(conversion.records()).collect(),
            Converted::Skipped(_) | Converted::Waits(_) | Converted::Refused(_) => vec![lead],
        }
    }
}

/// The queue whose reps get the leads that have none when many are converted, and who of them is away.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reps<'a> {
    /// The queue.
    pub queue: QueueId,
    /// Who is not there.
    pub away: &'a BTreeSet<SalesRepId>,
}

/// Converts many leads on a day, each as is said of it, in their order. Those that are disqualified or certain are left
/// out; those without a rep are given to the reps of a queue in turn first, so that their deals have one (CONV-11). One
/// that is refused does not stop the others.
///
/// # Errors
///
/// Before anything is written: [`SalesError::NotFound`] for a lead or the queue, [`SalesError::Invalid`] with
/// [`Rule::NotForThisKind`](crm_core::Rule::NotForThisKind) for a queue of agents. [`SalesError::Store`] where the store
/// fails.
pub fn convert_leads<Tx>(
    tx: &mut Tx,
    act: &mut Act,
    leads: Vec<(LeadId, NewConversion)>,
    day: NaiveDate,
    reps: Option<Reps<'_>>,
) -> Result<Vec<ConvertedLead>, SalesError>
where
    Tx: Leads
        + Queues
        + Customers
        + Opportunities
        + Interactions
        + Activities
        + Products
        + SalesReps
        + Journal
        + ?Sized,
{
    once(tx, act, "convert_leads", (leads, day, reps), |tx, act, (leads, day, reps)| {
        for (id, _) in &leads {
            record::find::<Lead, _>(tx, *id)?;
        }
        reps.map_or(Ok(()), |reps| of_reps(&record::find(tx, reps.queue)?))?;
        let mut outcomes = Vec::with_capacity(leads.len());
        for (id, new) in leads {
            let lead: Lead = record::find(tx, id)?;
            let skipped = match lead.status() {
                LeadStatus::Disqualified => Some(NotConverted::Disqualified),
                LeadStatus::Converted => Some(NotConverted::Converted),
                _ if lead.score() == Percent::HUNDRED => Some(NotConverted::Certain),
                _ => None,
            };
            let outcome = match skipped {
                Some(why) => Converted::Skipped(why),
                None => match convert_one(tx, act, lead, day, reps, new) {
                    Ok(outcome) => outcome,
                    // The store itself fails: the others would fare no better.
                    Err(SalesError::Store(error)) if !error.is_refusal() => return Err(error.into()),
                    Err(refused) => Converted::Refused(refused.into()),
                },
            };
            outcomes.push(ConvertedLead { lead: id, outcome });
        }
        Ok(outcomes)
    })
}

fn convert_one<Tx>(
    tx: &mut Tx,
    act: &mut Act,
    mut lead: Lead,
    day: NaiveDate,
    reps: Option<Reps<'_>>,
    new: NewConversion,
) -> Result<Converted, SalesError>
where
    Tx: Leads
        + Queues
        + Customers
        + Opportunities
        + Interactions
        + Activities
        + Products
        + SalesReps
        + Journal
        + ?Sized,
{
    let (mut facts, mut given) = (Vec::new(), None);
    if let Some(Reps { queue, away }) = reps.filter(|_| lead.owner().is_none()) {
        let mut queue: Queue = record::find(tx, queue)?;
        let (decision, fact) = decide(tx, act, &lead, &mut queue, away)?;
        let Some(Member::SalesRep(rep)) = decision.given_to() else {
            return Ok(Converted::Waits(Box::new(decision)));
        };
        let place = LeadPlace { queue: Some(queue.id), owner: Some(rep) };
        facts.extend(lead.put(act.at(), place)?);
        given = Some((queue, decision, fact));
    }
    let plan = plan(tx, &lead, day, new)?;
    let prepared = Prepared::new(tx, act, &lead, &plan)?;
    let mut decided = None;
    if let Some((mut queue, decision, fact)) = given {
        record::save(tx, act, &mut queue, fact)?;
        decided = Some(Box::new(decision));
    }
    let conversion = prepared.write(tx, act, lead, facts)?;
    Ok(Converted::Done { conversion: Box::new(conversion), decision: decided })
}
