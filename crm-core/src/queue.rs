//! Queues: where work waits until somebody is given it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    assignment::{AssignmentPolicy, Decision, Given, Member, Roster, RosterMember, Standing, Work},
    id::QueueId,
    invalid::Invalid,
    journal::RecordRef,
    record::Revision,
    text::Label,
};

/// A queue with those who are given what waits in it.
///
/// The work itself is not listed here: a lead says which queue it waits in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The id.
    pub id: QueueId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed, or something was given from it.
    pub updated_at: DateTime<Utc>,
    /// What it is known by; unique among queues.
    pub name: Label,
    /// Who is given what waits, how, and whose turn it is.
    pub roster: Roster,
}

/// What a queue is added with.
///
/// ```
/// use crm_core::{Member, NewQueue, RecordId, RosterMember, SalesRepId};
/// # let lin = SalesRepId::from_uuid(uuid::Uuid::from_u128(1));
/// let new = NewQueue::new("Web".parse()?).member(RosterMember::new(Member::SalesRep(lin)).capacity(40));
/// assert_eq!(new.members.len(), 1);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewQueue {
    /// The host's own id; made from the act where there is none.
    pub id: Option<QueueId>,
    /// What it is known by; unique among queues.
    pub name: Label,
    /// How it hands out.
    pub policy: AssignmentPolicy,
    /// Who is given what waits, in their order.
    pub members: Vec<RosterMember>,
}

impl NewQueue {
    /// A queue without members that hands out in turn.
    pub fn new(name: Label) -> Self {
        Self { id: None, name, policy: AssignmentPolicy::default(), members: Vec::new() }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: QueueId) -> Self {
        self.id = Some(id);
        self
    }

    /// Handing out in another way.
    #[must_use]
    pub fn policy(mut self, policy: AssignmentPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// With one more member, the last in the order.
    #[must_use]
    pub fn member(mut self, member: RosterMember) -> Self {
        self.members.push(member);
        self
    }
}

/// What is to change on a queue. A field that is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueuePatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// What it is known by; unique among queues.
    pub name: Option<Label>,
    /// How it hands out.
    pub policy: Option<AssignmentPolicy>,
    /// All members in their order. What is remembered of those who stay is kept, and the turn ([`Roster::changed`]).
    pub members: Option<Vec<RosterMember>>,
}

/// What happened to a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QueueFact {
    /// It was added.
    Added {
        /// As it was then.
        queue: Box<Queue>,
    },
    /// Its name, its policy or its members changed.
    Updated {
        /// As it was.
        before: Box<Queue>,
        /// As it is.
        after: Box<Queue>,
    },
    /// Something was given from it to somebody.
    Assigned {
        /// What.
        record: RecordRef,
        /// To whom, and why not to others.
        decision: Decision,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        queue: Box<Queue>,
    },
}

impl Queue {
    /// A new one.
    ///
    /// # Errors
    ///
    /// As [`Roster::new`].
    pub fn add(id: QueueId, at: DateTime<Utc>, new: NewQueue) -> Result<Self, Invalid> {
        let NewQueue { id: _, name, policy, mut members } = new;
        // Nobody was given anything yet.
        members.iter_mut().for_each(|one| one.given = Given::default());
        let roster = Roster::new(policy, members)?;
        Ok(Self { id, revision: Revision::FIRST, created_at: at, updated_at: at, name, roster })
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    ///
    /// # Errors
    ///
    /// As [`Queue::add`].
    pub fn update(&mut self, at: DateTime<Utc>, patch: QueuePatch) -> Result<Option<QueueFact>, Invalid> {
        let QueuePatch { expected: _, name, policy, members } = patch;
        let mut after = self.clone();
        crate::patch::set(&mut after.name, name);
        after.roster = self.roster.changed(policy, members)?;
        if after == *self {
            return Ok(None);
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Ok(Some(QueueFact::Updated { before, after: Box::new(self.clone()) }))
    }

    /// Gives a record to a member ([`Roster::assign`]). The fact is `None` where it goes on waiting: then nothing needs to be written.
    pub fn assign(
        &mut self,
        at: DateTime<Utc>,
        record: RecordRef,
        work: &Work,
        standing: impl Fn(Member) -> Standing,
    ) -> (Decision, Option<QueueFact>) {
        let decision = self.roster.assign(at, work, standing);
        if decision.given_to().is_none() {
            return (decision, None);
        }
        self.updated_at = at;
        let fact = QueueFact::Assigned { record, decision: decision.clone() };
        (decision, Some(fact))
    }

    /// Gives many records to members, in their order ([`Roster::distribute`]), with a fact for each that was given.
    pub fn distribute(
        &mut self,
        at: DateTime<Utc>,
        all: &[(RecordRef, Work)],
        standing: impl Fn(Member) -> Standing,
    ) -> (Vec<Decision>, Vec<QueueFact>) {
        let work: Vec<Work> = all.iter().map(|(_, work)| work.clone()).collect();
        let decisions = self.roster.distribute(at, &work, standing);
        let given = all.iter().zip(&decisions).filter(|(_, decision)| decision.given_to().is_some());
        let fact = |((record, _), decision): (&(RecordRef, Work), &Decision)| QueueFact::Assigned {
            record: *record,
            decision: decision.clone(),
        };
        let facts: Vec<QueueFact> = given.map(fact).collect();
        if !facts.is_empty() {
            self.updated_at = at;
        }
        (decisions, facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AgentId, Fact, LeadId, SalesRepId,
        record::proof::{at, id, kinds_of, parsed, survives_json},
    };

    fn rep(n: u128) -> Member {
        Member::SalesRep(id::<SalesRepId>(n))
    }

    fn new() -> NewQueue {
        let members = [1, 2].map(|n| RosterMember::new(rep(n)).weight(2).capacity(9));
        members.into_iter().fold(NewQueue::new(parsed("Web")).id(id(1)), NewQueue::member)
    }

    fn added() -> Queue {
        Queue::add(id(1), at(0), new()).unwrap()
    }

    fn work() -> Work {
        Work::new(at(0))
    }

    #[test]
    fn a_queue_changes_what_a_patch_names_and_remembers_whose_turn_it_is() {
        let mut queue = added();
        let lead = id::<LeadId>(7).into();
        let there = |_| Standing { available: true, load: 0 };
        let (decision, fact) = queue.assign(at(1), lead, &work(), there);
        assert_eq!(decision.given_to(), Some(rep(1)));
        assert_eq!(fact, Some(QueueFact::Assigned { record: lead, decision }));
        assert_eq!((queue.roster.cursor(), queue.updated_at), (1, at(1)));

        assert_eq!(queue.update(at(2), QueuePatch::default()).unwrap(), None);
        let before = queue.clone();
        let members = Some([3, 2, 1].map(|n| RosterMember::new(rep(n))).to_vec());
        let fact = queue.update(at(2), QueuePatch { members, ..QueuePatch::default() }).unwrap().unwrap();
        assert_eq!(fact, QueueFact::Updated { before: Box::new(before), after: Box::new(queue.clone()) });
        assert_eq!(queue.roster.members()[2].given.last_at, Some(at(1)));
        let mut given = |minute| queue.assign(at(minute), lead, &work(), there).0.given_to();
        assert_eq!([given(3), given(3), given(3)], [3, 2, 1].map(|n| Some(rep(n))));

        let nobody = |_| Standing { available: false, load: 0 };
        let before = queue.clone();
        assert_eq!(queue.assign(at(4), lead, &work(), nobody).1, None);
        assert_eq!(queue, before);
        let twice = Some(vec![RosterMember::new(rep(1)); 2]);
        assert!(queue.update(at(4), QueuePatch { members: twice, ..QueuePatch::default() }).is_err());
        assert_eq!(queue, before);
    }

    #[test]
    fn what_a_queue_is_made_of_survives_json() {
        let queue = || Box::new(added());
        survives_json(&new());
        survives_json(&queue());
        survives_json(&QueuePatch::default());
        let policy = AssignmentPolicy { sticky: true, stale_after_days: Some(7), ..AssignmentPolicy::default() };
        let patch = QueuePatch {
            expected: Some(Revision::FIRST),
            name: Some(parsed("Fairs")),
            policy: Some(policy),
            members: Some(vec![RosterMember::new(Member::Agent(id::<AgentId>(1))).paused()]),
        };
        survives_json(&patch);
        let decision = added()
            .assign(at(1), queue().id.into(), &work(), |member| Standing { available: member != rep(1), load: 0 });
        let facts = [
            QueueFact::Added { queue: queue() },
            QueueFact::Updated { before: queue(), after: queue() },
            QueueFact::Assigned { record: queue().id.into(), decision: decision.0 },
            QueueFact::Deleted { queue: queue() },
        ];
        let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((added().id, fact))));
        assert_eq!(kinds, ["queue.added", "queue.updated", "queue.assigned", "queue.deleted"]);
    }
}
