//! Queues, and giving leads from them.

use std::collections::{BTreeMap, BTreeSet};

use crm_core::{
    Act, Answered, AssignmentRule, Invalid, Lead, LeadId, LeadPlace, Member, NewQueue, Queue, QueueFact, QueueId,
    QueuePatch, RecordRef, Roster, Rule, SalesRep, SalesRepId,
    assignment::{Decision, RuleStep, Standing, Work, next_step, next_team},
    store::{Customers, Journal, LeadFilter, Leads, Page, Queues, SalesReps, WaitingKey},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::SalesError,
    leads::previous_rep,
    record::{self, once},
};

/// Adds a queue with its members.
///
/// # Errors
///
/// - [`SalesError::Invalid`] as [`Queue::add`].
/// - [`SalesError::Store`]: the id or the name is taken, or a member is missing.
pub fn add_queue(tx: &mut (impl Queues + Journal + ?Sized), act: &mut Act, new: NewQueue) -> Result<Queue, SalesError> {
    once(tx, act, "add_queue", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let queue = Queue::add(id, act.at(), new)?;
        record::add(tx, act, queue, |queue| QueueFact::Added { queue })
    })
}

/// Changes what the patch names; where nothing is different, nothing is written. What waits goes on waiting.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Invalid`] as [`Queue::update`].
/// - [`SalesError::Store`]: the name is taken, or a member is missing.
pub fn update_queue(
    tx: &mut (impl Queues + Journal + ?Sized),
    act: &mut Act,
    id: QueueId,
    patch: QueuePatch,
) -> Result<Queue, SalesError> {
    once(tx, act, "update_queue", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |_, queue: &mut Queue| Ok(queue.update(act.at(), patch)?))
    })
}

/// Deletes a queue in which no lead stands and from which none was given, and gives it as it was. One that was used is
/// paused instead.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Store`] with `StillReferenced`.
pub fn delete_queue(
    tx: &mut (impl Queues + Journal + ?Sized),
    act: &mut Act,
    id: QueueId,
) -> Result<Queue, SalesError> {
    once(tx, act, "delete_queue", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |queue| QueueFact::Deleted { queue })
    })
}

/// Puts a lead into a queue, where it waits until [`assign_lead`] or [`drain_queue`] gives it to somebody. Who had it
/// has it no more. `None` takes it out of its queue, and who has it keeps it.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the lead or the queue, [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::put`].
/// - [`SalesError::Invalid`] with [`Rule::NotForThisKind`] for a queue of agents.
pub fn enqueue_lead(
    tx: &mut (impl Leads + Queues + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    queue: Option<QueueId>,
) -> Result<Lead, SalesError> {
    once(tx, act, "enqueue_lead", (id, queue), |tx, act, (id, queue)| {
        record::change(tx, act, id, None, |tx, lead: &mut Lead| {
            let place = match queue {
                Some(queue) => {
                    of_reps(&record::find(tx, queue)?)?;
                    LeadPlace { queue: Some(queue), owner: None }
                }
                None => LeadPlace { queue: None, ..lead.place() },
            };
            Ok(lead.put(act.at(), place)?)
        })
    })
}

/// Refuses a queue of agents: leads do not wait there.
pub(crate) fn of_reps(queue: &Queue) -> Result<(), SalesError> {
    match queue.roster.members().first().map(|one| one.member) {
        Some(Member::Agent(_)) => {
            let rule = Rule::NotForThisKind { only: "leads where its members are sales reps" };
            Err(Invalid::new("queue", queue.id.to_string(), rule).into())
        }
        Some(Member::SalesRep(_)) | None => Ok(()),
    }
}

/// How each rep of a queue stands: whether they sell and are there, and the weight of their open leads.
fn standings(
    tx: &(impl Leads + SalesReps + ?Sized),
    roster: &Roster,
    away: &BTreeSet<SalesRepId>,
) -> Result<(BTreeMap<Member, Standing>, Vec<SalesRep>), SalesError> {
    let (mut standings, mut reps) = (BTreeMap::new(), Vec::new());
    for one in roster.members() {
        if let Member::SalesRep(id) = one.member {
            let rep: SalesRep = record::find(tx, id)?;
            let available = rep.active && !away.contains(&id);
            standings.insert(one.member, Standing { available, load: tx.lead_load(id)? });
            reps.push(rep);
        }
    }
    Ok((standings, reps))
}

const ABSENT: Standing = Standing { available: false, load: 0 };

/// A lead as work that is given from a queue.
fn work(
    tx: &(impl Leads + Customers + ?Sized),
    lead: &Lead,
    roster: &Roster,
    reps: &[SalesRep],
) -> Result<Work, SalesError> {
    let previous = if roster.policy().sticky { previous_rep(tx, lead)? } else { None };
    let own = reps.iter().filter(|rep| lead.may_be_owned_by(rep).is_err());
    let except = own.map(|rep| Member::SalesRep(rep.id)).collect();
    Ok(Work { except, ..lead.work(previous) })
}

/// A lead that was to be given to somebody, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedLead {
    /// The lead as it is now.
    pub lead: Lead,
    /// To whom it was given and why, or why it goes on waiting (ASG-9).
    pub decision: Decision,
}

impl Answered for AssignedLead {
    fn records(&self) -> Vec<RecordRef> {
        vec![self.lead.id.into()]
    }
}

/// Gives a lead that waits in a queue to one of the queue's reps. `away` are those who are not there at present. Where
/// nobody can take it, it goes on waiting, nothing is written, and the decision says why.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::NotWaiting`], [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{Member, NewLead, NewQueue, NewSalesRep, RosterMember, assignment::Skip, store::Store};
/// use crm_sales::{SalesError, add_lead, add_queue, add_sales_rep, assign_lead, enqueue_lead};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let lin = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
///     let web = NewQueue::new("Web".parse()?).member(RosterMember::new(Member::SalesRep(lin.id)));
///     let web = add_queue(tx, act, web)?;
///     let zhang = add_lead(tx, act, NewLead::person("张三".parse()?))?;
///     enqueue_lead(tx, act, zhang.id, Some(web.id))?;
///
///     let away = assign_lead(tx, act, zhang.id, &[lin.id].into())?;
///     assert_eq!(away.decision.why_not(Member::SalesRep(lin.id)), Some(Skip::Unavailable));
///     let given = assign_lead(tx, act, zhang.id, &[].into())?;
///     assert_eq!(given.lead.owner(), Some(lin.id));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn assign_lead(
    tx: &mut (impl Leads + Queues + SalesReps + Customers + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    away: &BTreeSet<SalesRepId>,
) -> Result<AssignedLead, SalesError> {
    once(tx, act, "assign_lead", (id, away), |tx, act, (id, away)| {
        let lead: Lead = record::find(tx, id)?;
        let waits_in = lead.waits_in().ok_or(SalesError::NotWaiting { lead: id })?;
        let mut queue: Queue = record::find(tx, waits_in)?;
        let (decision, fact) = decide(tx, act, &lead, &mut queue, away)?;
        let Some(fact) = fact else { return Ok(AssignedLead { lead, decision }) };
        record::save(tx, act, &mut queue, [fact])?;
        let lead = hand_over(tx, act, lead, &decision)?;
        Ok(AssignedLead { lead, decision })
    })
}

/// Lets a queue give a lead to somebody. Neither is written yet.
pub(crate) fn decide(
    tx: &(impl Leads + SalesReps + Customers + ?Sized),
    act: &Act,
    lead: &Lead,
    queue: &mut Queue,
    away: &BTreeSet<SalesRepId>,
) -> Result<(Decision, Option<QueueFact>), SalesError> {
    let (standings, reps) = standings(tx, &queue.roster, away)?;
    let work = work(tx, lead, &queue.roster, &reps)?;
    let standing = |member: Member| standings.get(&member).copied().unwrap_or(ABSENT);
    Ok(queue.assign(act.at(), lead.id.into(), &work, standing))
}

/// Gives a lead to whom a decision names.
fn hand_over(
    tx: &mut (impl Leads + Journal + ?Sized),
    act: &Act,
    mut lead: Lead,
    decision: &Decision,
) -> Result<Lead, SalesError> {
    if let Some(Member::SalesRep(rep)) = decision.given_to() {
        let fact = lead.put(act.at(), LeadPlace { owner: Some(rep), ..lead.place() })?;
        record::save(tx, act, &mut lead, fact)?;
    }
    Ok(lead)
}

/// What came of draining a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drained {
    /// Each lead that was looked at, in the order of the queue, with what was decided (ASG-9).
    pub decisions: Vec<(LeadId, Decision)>,
    /// Where the next page begins; `None` where all that waited was looked at.
    pub next: Option<WaitingKey>,
}

impl Answered for Drained {
    fn records(&self) -> Vec<RecordRef> {
        self.decisions.iter().map(|(lead, _)| (*lead).into()).collect()
    }
}

impl Drained {
    /// How many leads were given to somebody.
    pub fn given(&self) -> usize {
        self.decisions.iter().filter(|(_, decision)| decision.given_to().is_some()).count()
    }
}

/// Gives what waits in a queue to its reps, a page of it in the order of the queue: who prefers a lead comes first, then
/// all take the rest (ASG-7). A host calls it when somebody has time again, when somebody comes in, and now and then
/// (ASG-5).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{Member, NewLead, NewQueue, NewSalesRep, RosterMember, store::{Page, Store}};
/// use crm_sales::{SalesError, add_lead, add_queue, add_sales_rep, drain_queue, enqueue_lead};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let lin = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
///     let web = NewQueue::new("Web".parse()?).member(RosterMember::new(Member::SalesRep(lin.id)).capacity(2));
///     let web = add_queue(tx, act, web)?;
///     for name in ["张三", "李四", "王五"] {
///         let lead = add_lead(tx, act, NewLead::person(name.parse()?))?;
///         enqueue_lead(tx, act, lead.id, Some(web.id))?;
///     }
///     let drained = drain_queue(tx, act, web.id, &[].into(), Page::first(100))?;
///     assert_eq!((drained.given(), drained.decisions.len()), (2, 3)); // there is room for two
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn drain_queue(
    tx: &mut (impl Leads + Queues + SalesReps + Customers + Journal + ?Sized),
    act: &mut Act,
    id: QueueId,
    away: &BTreeSet<SalesRepId>,
    page: Page<WaitingKey>,
) -> Result<Drained, SalesError> {
    once(tx, act, "drain_queue", (id, away, page.after, page.limit), |tx, act, (id, away, after, limit)| {
        let page = Page { after, limit };
        let mut queue: Queue = record::find(tx, id)?;
        let order = queue.roster.policy().order;
        let leads = tx.waiting_leads(id, order, page)?;
        let last = leads.last().and_then(|lead| Some((lead.waiting_key(order)?, lead.id)));
        let next = last.filter(|_| leads.len() >= usize::from(limit));
        let (standings, reps) = standings(tx, &queue.roster, away)?;
        let mut all: Vec<(RecordRef, Work)> = Vec::with_capacity(leads.len());
        for lead in &leads {
            all.push((lead.id.into(), work(tx, lead, &queue.roster, &reps)?));
        }
        let standing = |member: Member| standings.get(&member).copied().unwrap_or(ABSENT);
        let (decisions, facts) = queue.distribute(act.at(), &all, standing);
        if !facts.is_empty() {
            record::save(tx, act, &mut queue, facts)?;
        }
        let ids: Vec<LeadId> = leads.iter().map(|lead| lead.id).collect();
        for (lead, decision) in leads.into_iter().zip(&decisions) {
            hand_over(tx, act, lead, decision)?;
        }
        Ok(Drained { decisions: ids.into_iter().zip(decisions).collect(), next })
    })
}

/// Puts a lead into that of some queues whose turn it is: teams get leads in proportion to the monthly capacity of their
/// members, by what they were given in the last 24 hours and what waits with them (ASG-7). The same state gives the same
/// team each time. `None`, and nothing is written, where none of them has a capacity.
///
/// A lead that stands in one of the queues already, or that somebody works, stays where it is: to route it twice changes
/// nothing. [`enqueue_lead`] with `None` takes it out of its queue, [`give_lead`](crate::give_lead) from its rep.
///
/// # Errors
///
/// As [`enqueue_lead`].
pub fn route_lead(
    tx: &mut (impl Leads + Queues + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    queues: &[QueueId],
) -> Result<Option<Lead>, SalesError> {
    once(tx, act, "route_lead", (id, queues), |tx, act, (id, queues)| {
        let lead: Lead = record::find(tx, id)?;
        let there = lead.queue().is_some_and(|queue| queues.contains(&queue));
        if lead.status().is_open() && (there || lead.owner().is_some()) {
            return Ok(Some(lead));
        }
        let mut teams: Vec<Queue> = Vec::with_capacity(queues.len());
        for queue in queues {
            let queue: Queue = record::find(tx, *queue)?;
            of_reps(&queue)?;
            teams.push(queue);
        }
        let mut waiting = Vec::with_capacity(teams.len());
        for team in &teams {
            waiting.push(tx.count_leads(&LeadFilter { waiting_in: Some(team.id), ..LeadFilter::default() })?);
        }
        let rosters: Vec<(&Roster, u64)> = teams.iter().map(|team| &team.roster).zip(waiting).collect();
        match next_team(act.at(), &rosters) {
            Some(place) => enqueue_lead(tx, act, id, Some(teams[place].id)).map(Some),
            None => Ok(None),
        }
    })
}

/// Does with a lead what the first rule that holds says: send it to its queue, take it from there and from its rep, or
/// take it from the queue and leave it with the rep (ASG-8). What was taken away, and what left its queue while nobody had
/// it, is sent on by the rules at once; so the same rules change nothing the second time. A lead that is disqualified or
/// converted stays as it is.
///
/// # Errors
///
/// As [`enqueue_lead`].
pub fn apply_assignment_rules(
    tx: &mut (impl Leads + Queues + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    rules: &[AssignmentRule],
) -> Result<Lead, SalesError> {
    once(tx, act, "apply_assignment_rules", (id, rules), |tx, act, (id, rules)| {
        record::change(tx, act, id, None, |tx, lead: &mut Lead| {
            if !lead.status().is_open() {
                return Ok(None);
            }
            let (before, topics) = (lead.place(), lead.topics());
            // Who was given it by hand has it by no rule.
            if before.queue.is_none() && before.owner.is_some() {
                return Ok(None);
            }
            let step = match next_step(rules, &topics, before.queue) {
                RuleStep::Keep => return Ok(None),
                RuleStep::Close(_) if before.owner.is_some() => {
                    return Ok(lead.put(act.at(), LeadPlace { queue: None, ..before })?);
                }
                RuleStep::Unassign(_) | RuleStep::Close(_) => next_step(rules, &topics, None),
                assign @ RuleStep::Assign(_) => assign,
            };
            let queue = match step {
                RuleStep::Assign(rule) => Some(rule.queue),
                RuleStep::Unassign(_) | RuleStep::Close(_) | RuleStep::Keep => None,
            };
            queue.map_or(Ok(()), |queue| of_reps(&record::find(tx, queue)?))?;
            Ok(lead.put(act.at(), LeadPlace { queue, owner: None })?)
        })
    })
}
