//! What is to be done about leads, customers and deals, and what was done.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Act, Activity, ActivityFact, ActivityId, ActivityParties, ActivityPatch, ActivityPlan, Completion, CustomerId,
    Lead, LeadAction, LeadError, LeadId, LeadStatus, NewActivity, Opportunity, OpportunityId, SalesRepId, Text,
    store::{Activities, ActivityFilter, Customers, Journal, Leads, Opportunities, Page, SalesReps, pages},
};
use serde::{Deserialize, Serialize};

use crate::{
    customers::{in_use, person_in_use},
    error::SalesError,
    record::{self, once},
    team::selling,
};

/// Plans an activity. One for a deal is for the customer of the deal too, unless it names another one. One for a lead
/// goes to what becomes of the lead when that is converted (CONV-6).
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the lead, the customer, the deal, the person or the owner, [`SalesError::Archived`],
///   [`SalesError::NotAPerson`], [`SalesError::Inactive`] for the owner; [`SalesError::Lead`] where the lead is converted.
/// - [`SalesError::Invalid`] as [`Activity::plan`].
/// - [`SalesError::Store`]: the id or the external id is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{ActivityKind, Completion, NewActivity, NewCustomer, store::Store};
/// use crm_sales::{SalesError, cancel_activity, complete_activity, plan_activity, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new()); // 2 March 2026
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let call = NewActivity::new(ActivityKind::Call, "ask about the lamps".parse()?, act.day()).customer(zhang.id);
///     let call = plan_activity(tx, act, call)?;
///     let reached = Completion { day: act.day(), outcome: "reached".parse()?, note: None };
///     complete_activity(tx, act, call.id, reached)?;
///     let refused = cancel_activity(tx, act, call.id, None);
///     assert!(refused.unwrap_err().to_string().ends_with("it is done"));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn plan_activity(
    tx: &mut (impl Activities + Leads + Opportunities + Customers + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewActivity,
) -> Result<Activity, SalesError> {
    once(tx, act, "plan_activity", new, |tx, act, mut new| {
        if let Some(opportunity) = new.opportunity {
            let deal: Opportunity = record::find(tx, opportunity)?;
            new.customer = new.customer.or(deal.customer());
        }
        if let Some(customer) = new.customer {
            in_use(tx, customer)?;
        }
        new.lead.map_or(Ok(()), |lead| open_lead(tx, lead))?;
        new.person.map_or(Ok(()), |person| person_in_use(tx, person, "person"))?;
        new.owner.map_or(Ok(()), |owner| selling(tx, owner))?;
        let id = new.id.unwrap_or_else(|| act.new_id());
        let activity = Activity::plan(id, act.at(), new)?;
        record::add(tx, act, activity, |activity| ActivityFact::Planned { activity })
    })
}

/// Makes what is for a deal and for no customer be for the customer whom the deal has now: it stands in their timeline
/// then. Gives which it was.
pub(crate) fn join_customer(
    tx: &mut (impl Activities + Journal + ?Sized),
    act: &Act,
    deal: OpportunityId,
    customer: CustomerId,
) -> Result<Vec<ActivityId>, SalesError> {
    let of_deal = ActivityFilter { opportunity: Some(deal), ..ActivityFilter::default() };
    let all = pages(100, |page| tx.activities(&of_deal, page), |activity| activity.id);
    let all: Vec<Activity> = all.collect::<Result<_, _>>()?;
    let mut joined = Vec::new();
    for mut activity in all.into_iter().filter(|activity| activity.customer().is_none()) {
        let parties = ActivityParties { customer: Some(customer), ..activity.parties() };
        if let Some(fact) = activity.follow(act.at(), parties) {
            joined.push(activity.id);
            record::save(tx, act, &mut activity, [fact])?;
        }
    }
    Ok(joined)
}

/// Refuses a lead that is converted: what is to be done now is to be done about what it became.
fn open_lead(tx: &(impl Leads + ?Sized), id: LeadId) -> Result<(), SalesError> {
    let lead: Lead = record::find(tx, id)?;
    let (status, action) = (lead.status(), LeadAction::Revise);
    match LeadStatus::TRANSITIONS.next(status, action) {
        Some(_) => Ok(()),
        None => Err(LeadError::NotAllowed { lead: id, status, action }.into()),
    }
}

/// For whom a plan of several activities is begun, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The first day of the plan.
    pub first_day: NaiveDate,
    /// The lead that it is for.
    pub lead: Option<LeadId>,
    /// The customer that it is for; that of the deal where there is none.
    pub customer: Option<CustomerId>,
    /// The deal that it is for.
    pub opportunity: Option<OpportunityId>,
    /// The person to call, to visit or to meet each time; where there is none, it is the customer.
    pub person: Option<CustomerId>,
    /// The rep who is to do all of it.
    pub owner: Option<SalesRepId>,
}

/// Plans all activities of a plan at once, each with its due day; gives them in the order of the steps.
///
/// # Errors
///
/// As [`plan_activity`]; [`SalesError::Invalid`] as [`ActivityPlan::from`].
pub fn schedule_activities(
    tx: &mut (impl Activities + Leads + Opportunities + Customers + SalesReps + Journal + ?Sized),
    act: &mut Act,
    plan: &ActivityPlan,
    schedule: Schedule,
) -> Result<Vec<Activity>, SalesError> {
    once(tx, act, "schedule_activities", (plan, schedule), |tx, act, (plan, schedule)| {
        let Schedule { first_day, lead, customer, opportunity, person, owner } = schedule;
        let steps = plan.from(first_day)?;
        let planned = steps.into_iter().map(|mut new| {
            (new.lead, new.customer, new.opportunity) = (lead, customer, opportunity);
            (new.person, new.owner) = (person, owner);
            plan_activity(tx, act, new)
        });
        planned.collect()
    })
}

/// Changes the data of a planned activity: another day, another owner, a reminder put off. Where nothing is different,
/// nothing is written. With another deal it is for the customer of that one, if it was for nobody or for the customer of
/// the deal before, and the patch names no other.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the activity, and for a lead, a customer, a deal, a person or an owner that are new to
///   it, as [`plan_activity`].
/// - [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Activity`] as [`Activity::revise`].
pub fn revise_activity(
    tx: &mut (impl Activities + Leads + Opportunities + Customers + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: ActivityId,
    patch: ActivityPatch,
) -> Result<Activity, SalesError> {
    once(tx, act, "revise_activity", (id, patch), |tx, act, (id, mut patch)| {
        record::change(tx, act, id, patch.expected, |tx, activity: &mut Activity| {
            let before = activity.clone();
            if let (Some(Some(deal)), None) = (patch.opportunity, patch.customer)
                && Some(deal) != before.opportunity()
            {
                let whose = |deal| Ok::<_, SalesError>(record::find::<Opportunity, _>(tx, deal)?.customer());
                let own = before.opportunity().map_or(Ok(None), whose)?;
                if before.customer().is_none() || before.customer() == own {
                    patch.customer = Some(whose(deal)?);
                }
            }
            let fact = activity.revise(act.at(), patch)?;
            if let Some(opportunity) = activity.opportunity().filter(|deal| Some(*deal) != before.opportunity()) {
                record::find::<Opportunity, _>(tx, opportunity)?;
            }
            if let Some(customer) = activity.customer().filter(|customer| Some(*customer) != before.customer()) {
                in_use(tx, customer)?;
            }
            if let Some(lead) = activity.lead().filter(|lead| Some(*lead) != before.lead()) {
                open_lead(tx, lead)?;
            }
            if let Some(person) = activity.person().filter(|person| Some(*person) != before.person()) {
                person_in_use(tx, person, "person")?;
            }
            if let Some(owner) = activity.owner().filter(|owner| Some(*owner) != before.owner()) {
                selling(tx, owner)?;
            }
            Ok(fact)
        })
    })
}

/// Marks an activity done, with its outcome.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Activity`] as [`Activity::complete`].
pub fn complete_activity(
    tx: &mut (impl Activities + Journal + ?Sized),
    act: &mut Act,
    id: ActivityId,
    completion: Completion,
) -> Result<Activity, SalesError> {
    once(tx, act, "complete_activity", (id, completion), |tx, act, (id, completion)| {
        record::change(tx, act, id, None, |_, activity: &mut Activity| {
            Ok(Some(activity.complete(act.at(), completion)?))
        })
    })
}

/// Takes an activity out of what is to be done.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Activity`] as [`Activity::cancel`].
pub fn cancel_activity(
    tx: &mut (impl Activities + Journal + ?Sized),
    act: &mut Act,
    id: ActivityId,
    reason: Option<Text>,
) -> Result<Activity, SalesError> {
    once(tx, act, "cancel_activity", (id, reason), |tx, act, (id, reason)| {
        record::change(tx, act, id, None, |_, activity: &mut Activity| Ok(Some(activity.cancel(act.at(), reason)?)))
    })
}

/// Plans an activity again that was done or cancelled.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Activity`] as [`Activity::reopen`].
pub fn reopen_activity(
    tx: &mut (impl Activities + Journal + ?Sized),
    act: &mut Act,
    id: ActivityId,
) -> Result<Activity, SalesError> {
    once(tx, act, "reopen_activity", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, activity: &mut Activity| Ok(Some(activity.reopen(act.at())?)))
    })
}

/// Deletes an activity that was not done, and gives it as it was. What was done is history.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Activity`] as [`Activity::deletable`].
pub fn delete_activity(
    tx: &mut (impl Activities + Journal + ?Sized),
    act: &mut Act,
    id: ActivityId,
) -> Result<Activity, SalesError> {
    once(tx, act, "delete_activity", id, |tx, act, id| {
        record::remove(
            tx,
            act,
            id,
            |activity: &Activity| Ok(activity.deletable()?),
            |activity| ActivityFact::Deleted { activity },
        )
    })
}

/// How a deal gets on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DealHealth {
    /// What is to be done about it next: the planned activity with the earliest due day.
    pub next: Option<Activity>,
    /// Whether that should have been done before the day that was asked.
    pub overdue: bool,
    /// When something was last done about it: an activity that was marked done, or something that was said.
    pub last_activity: Option<DateTime<Utc>>,
    /// How many whole days ago it last moved to another stage or something was done about it.
    pub idle_days: i64,
    /// Whether it is open and stood still for more days than its stage lets it (OPP-11).
    pub stale: bool,
}

/// How a deal gets on at an instant, which is on this business day. It costs three look-ups.
///
/// ```
/// use crm_core::{ActivityKind, NewActivity, NewOpportunity, Percent, Pipeline, store::Store};
/// use crm_sales::{SalesError, deal_health, open_opportunity, plan_activity};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let pipeline = Pipeline::new("Hardware".parse()?)
///     .open("prospecting".parse()?, Percent::whole(10))
///     .stale_after(14)
///     .won("won".parse()?)
///     .build()?;
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let lamps = open_opportunity(tx, act, &pipeline, NewOpportunity::new("forty lamps".parse()?))?;
///     let call = NewActivity::new(ActivityKind::Call, "ask".parse()?, act.day()).opportunity(lamps.id);
///     let call = plan_activity(tx, act, call)?;
///     let later = act.at() + chrono::TimeDelta::days(15);
///     let health = deal_health(tx, &lamps, later, later.date_naive())?;
///     assert_eq!(health.next.map(|next| next.id), Some(call.id));
///     assert!(health.overdue && health.stale);
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
///
/// # Errors
///
/// [`SalesError::Store`].
pub fn deal_health(
    tx: &(impl Activities + ?Sized),
    deal: &Opportunity,
    at: DateTime<Utc>,
    today: NaiveDate,
) -> Result<DealHealth, SalesError> {
    let of_deal = ActivityFilter { opportunity: Some(deal.id), ..ActivityFilter::default() };
    let next = tx.activities_by_due(&of_deal, Page::first(1))?.into_iter().next();
    let last_activity = tx.last_activity(deal.id)?;
    Ok(DealHealth {
        overdue: next.as_ref().is_some_and(|next| next.is_overdue(today)),
        next,
        last_activity,
        idle_days: deal.idle_days(at, last_activity),
        stale: deal.is_stale(at, last_activity),
    })
}
