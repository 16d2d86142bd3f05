//! Rules that send work to queues and take it out again (ASG-8).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Topic;
use crate::{id::QueueId, text::Label};

/// What a rule asks of the topics of a piece of work: all of some, and none of others. Without either, it holds for everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// It has each of these.
    pub all: BTreeSet<Topic>,
    /// It has none of these.
    pub none: BTreeSet<Topic>,
}

impl Condition {
    /// With one more topic that must be there.
    #[must_use]
    pub fn with(mut self, topic: Topic) -> Self {
        self.all.insert(topic);
        self
    }

    /// With one more topic that must not be there.
    #[must_use]
    pub fn without(mut self, topic: Topic) -> Self {
        self.none.insert(topic);
        self
    }

    /// Whether it holds.
    pub fn holds(&self, topics: &BTreeSet<Topic>) -> bool {
        self.all.is_subset(topics) && self.none.is_disjoint(topics)
    }
}

/// A rule that sends work to a queue, takes it from there, or lets it rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentRule {
    /// What it is known by.
    pub name: Label,
    /// The highest is asked first; of equal ones the first by name.
    pub priority: u16,
    /// Where it sends work.
    pub queue: QueueId,
    /// What it sends there, unless a rule of that queue takes it away from there or closes it.
    pub assign: Condition,
    /// What it takes away again from there and from who was given it.
    pub unassign: Option<Condition>,
    /// What leaves the queue and stays with who was given it.
    pub close: Option<Condition>,
}

impl AssignmentRule {
    fn unassigns(&self, topics: &BTreeSet<Topic>) -> bool {
        self.unassign.as_ref().is_some_and(|condition| condition.holds(topics))
    }

    fn closes(&self, topics: &BTreeSet<Topic>) -> bool {
        self.close.as_ref().is_some_and(|condition| condition.holds(topics))
    }
}

/// What the rules say to do with a piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleStep<'r> {
    /// Send it to the rule's queue.
    Assign(&'r AssignmentRule),
    /// Take it from the queue and from who was given it.
    Unassign(&'r AssignmentRule),
    /// Take it from the queue; who was given it keeps it.
    Close(&'r AssignmentRule),
    /// Leave it as it is.
    Keep,
}

/// What the rules say to do with a piece of work that has these topics and stands in a queue, or in none.
///
/// Of what stands in a queue, only the rules of that queue are asked: whether to take it away, then whether to close it. It goes to another queue only after it was taken away
/// (ASG-8), and to none that would not keep it, so that rules that hold at once do not throw it to and fro.
///
/// ```
/// use crm_core::assignment::{Condition, RuleStep, Topic, next_step};
/// use crm_core::{AssignmentRule, QueueId, RecordId};
/// # let [web, fairs] = [1, 2].map(|n| QueueId::from_uuid(uuid::Uuid::from_u128(n)));
/// let source = |from: &str| Ok::<_, crm_core::Invalid>(Topic::new("source".parse()?, from.parse()?));
/// let rule = |name: &str, queue, assign| {
///     Ok::<_, crm_core::Invalid>(AssignmentRule { name: name.parse()?, priority: 1, queue, assign, unassign: None, close: None })
/// };
/// let rules = [
///     rule("web", web, Condition::default().with(source("web")?))?,
///     rule("fairs", fairs, Condition::default().with(source("fair")?))?,
/// ];
/// assert_eq!(next_step(&rules, &[source("fair")?].into(), None), RuleStep::Assign(&rules[1]));
/// // It changed its source; nothing takes it from where it is.
/// assert_eq!(next_step(&rules, &[source("web")?].into(), Some(fairs)), RuleStep::Keep);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn next_step<'r>(rules: &'r [AssignmentRule], topics: &BTreeSet<Topic>, queue: Option<QueueId>) -> RuleStep<'r> {
    let mut rules: Vec<&AssignmentRule> = rules.iter().collect();
    rules.sort_by(|a, b| b.priority.cmp(&a.priority).then_with(|| a.name.cmp(&b.name)));
    let of = |queue: QueueId| rules.iter().copied().filter(move |rule| rule.queue == queue);
    let keeps = |queue: QueueId| !of(queue).any(|rule| rule.unassigns(topics) || rule.closes(topics));
    let Some(queue) = queue else {
        let first = rules.iter().copied().find(|rule| rule.assign.holds(topics) && keeps(rule.queue));
        return first.map_or(RuleStep::Keep, RuleStep::Assign);
    };
    let unassigns = of(queue).find(|rule| rule.unassigns(topics)).map(RuleStep::Unassign);
    let closes = || of(queue).find(|rule| rule.closes(topics)).map(RuleStep::Close);
    unassigns.or_else(closes).unwrap_or(RuleStep::Keep)
}
