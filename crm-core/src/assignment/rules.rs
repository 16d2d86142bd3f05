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
    /// What it sends there.
    pub assign: Condition,
    /// What it takes away again from there and from who was given it.
    pub unassign: Option<Condition>,
    /// What leaves the queue and stays with who was given it.
    pub close: Option<Condition>,
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
/// (ASG-8), so that two rules that both hold do not throw it to and fro.
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
    let holds = |condition: &Option<Condition>| condition.as_ref().is_some_and(|condition| condition.holds(topics));
    let first = |wanted: &dyn Fn(&AssignmentRule) -> bool| rules.iter().copied().find(|rule| wanted(rule));
    match queue {
        None => first(&|rule| rule.assign.holds(topics)).map_or(RuleStep::Keep, RuleStep::Assign),
        Some(queue) => first(&|rule| rule.queue == queue && holds(&rule.unassign))
            .map(RuleStep::Unassign)
            .or_else(|| first(&|rule| rule.queue == queue && holds(&rule.close)).map(RuleStep::Close))
            .unwrap_or(RuleStep::Keep),
    }
}
