//! Assignment: who of a roster is given the next piece of work, and why not the others.
//!
//! Everything here is a pure decision: over reps or agents, over leads or tickets. What a member has open and whether they are there is told by the caller; what a roster must
//! remember (whose turn it is, who was given something when) stands in it.

mod rules;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use self::rules::{AssignmentRule, Condition, RuleStep, next_step};
use crate::{
    id::{AgentId, SalesRepId},
    invalid::{Invalid, Rule},
    text::Label,
};

/// Somebody who may be given work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// A sales rep.
    SalesRep(SalesRepId),
    /// An agent.
    Agent(AgentId),
}

/// Something that is known of a piece of work: `source` is `web`, `region` is `East`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What is said: `source`.
    pub of: Label,
    /// What it is: `web`.
    pub is: Label,
}

impl Topic {
    /// A topic from its two words.
    pub fn new(of: Label, is: Label) -> Self {
        Self { of, is }
    }
}

/// How one of those who could take a piece of work is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignmentStrategy {
    /// In a fixed order, one after the other (ASG-1).
    RoundRobin,
    /// Who has the least open; then who waited longest since they were given something; then the lowest id (ASG-2).
    LeastLoaded,
    /// In turn, but in proportion to the weights: of seven, a member of weight 5 beside two of weight 1 is given five, not in a row.
    Weighted,
}

/// In which order work that waits is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitingOrder {
    /// What was made first.
    OldestFirst,
    /// What has stood in the queue for longest.
    LongestWaitingFirst,
    /// What is likeliest to become something (ASG-7).
    LikeliestFirst,
}

/// No member is given more than so much in so long (ASG-4). What was given exactly a window ago counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FairnessWindow {
    /// The most that a member is given in any window, 1 to 10 000.
    pub limit: u32,
    /// How long the window is, in seconds: 1 to 2 592 000, thirty days.
    pub window_seconds: u32,
}

impl Default for FairnessWindow {
    /// 100 in an hour.
    fn default() -> Self {
        Self { limit: 100, window_seconds: 3_600 }
    }
}

/// How a roster hands out.
///
/// ```
/// use crm_core::{AssignmentPolicy, AssignmentStrategy, FairnessWindow};
///
/// let policy = AssignmentPolicy::default();
/// assert_eq!((policy.strategy, policy.fairness), (AssignmentStrategy::RoundRobin, Some(FairnessWindow::default())));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssignmentPolicy {
    /// How one is chosen.
    pub strategy: AssignmentStrategy,
    /// What is handed out first.
    pub order: WaitingOrder,
    /// The most in a while; `None` sets no limit.
    pub fairness: Option<FairnessWindow>,
    /// Whether who had the customer's work before is given the next, where they can take it (ASG-10).
    pub sticky: bool,
    /// What was made more days ago is not handed out (ASG-7); `None` for whatever waits.
    pub stale_after_days: Option<u16>,
    /// Whether nothing is handed out at present: the team is out (ASG-7).
    pub paused: bool,
}

impl Default for AssignmentPolicy {
    /// In turn, the oldest first, at most 100 in an hour, however old.
    fn default() -> Self {
        Self {
            strategy: AssignmentStrategy::RoundRobin,
            order: WaitingOrder::OldestFirst,
            fairness: Some(FairnessWindow::default()),
            sticky: false,
            stale_after_days: None,
            paused: false,
        }
    }
}

/// A member of a roster: what they take, how much of it, and what they were given lately.
///
/// ```
/// use crm_core::{Member, RecordId, RosterMember, SalesRepId};
/// # let lin = SalesRepId::from_uuid(uuid::Uuid::from_u128(1));
/// let lin = RosterMember::new(Member::SalesRep(lin)).weight(2).capacity(40).monthly(45);
/// assert_eq!(lin.daily_quota(), Some(2)); // 1.5, rounded half up
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterMember {
    /// Who.
    pub member: Member,
    /// Their share where the strategy is [`AssignmentStrategy::Weighted`], 1 to 1 000.
    pub weight: u32,
    /// The most open work, by weight, that they may have (ASG-3), at most 1 000 000 000; `None` for any.
    pub capacity: Option<u64>,
    /// How many pieces they are to be given in thirty days (ASG-7), at most 300 000; a thirtieth of it, rounded half up, is their quota of any 24 hours.
    pub monthly: Option<u32>,
    /// They are given nothing but what has one of these topics; anything, where there are none. At most 100.
    pub takes: BTreeSet<Topic>,
    /// What has one of these topics goes to them before others. At most 100.
    pub prefers: BTreeSet<Topic>,
    /// Whether they are given nothing at present.
    pub paused: bool,
    /// What the roster remembers of them.
    pub given: Given,
}

/// What a roster remembers of a member. It moves with every assignment and stays when the rest is changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// How far they are behind their share, in weights ([`AssignmentStrategy::Weighted`]).
    pub credit: i64,
    /// When they were last given something.
    pub last_at: Option<DateTime<Utc>>,
    /// When they were given what a window or a quota still counts, oldest first.
    pub recent: Vec<DateTime<Utc>>,
}

impl RosterMember {
    /// A member who takes anything, without limits, of weight 1.
    pub fn new(member: Member) -> Self {
        Self {
            member,
            weight: 1,
            capacity: None,
            monthly: None,
            takes: BTreeSet::new(),
            prefers: BTreeSet::new(),
            paused: false,
            given: Given::default(),
        }
    }

    /// With another weight.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// With the most open work that they may have.
    #[must_use]
    pub fn capacity(mut self, capacity: u64) -> Self {
        self.capacity = Some(capacity);
        self
    }

    /// With how many pieces they are to be given in thirty days.
    #[must_use]
    pub fn monthly(mut self, monthly: u32) -> Self {
        self.monthly = Some(monthly);
        self
    }

    /// Given only what has this topic, or another one that was named so.
    #[must_use]
    pub fn takes(mut self, topic: Topic) -> Self {
        self.takes.insert(topic);
        self
    }

    /// Given before others what has this topic.
    #[must_use]
    pub fn prefers(mut self, topic: Topic) -> Self {
        self.prefers.insert(topic);
        self
    }

    /// Given nothing at present.
    #[must_use]
    pub fn paused(mut self) -> Self {
        self.paused = true;
        self
    }

    /// How many pieces they may be given in any 24 hours, where that is limited (ASG-7).
    pub fn daily_quota(&self) -> Option<u32> {
        // Half up: a whole half more, then the floor.
        self.monthly.map(|monthly| (monthly + DAYS_OF_QUOTA / 2) / DAYS_OF_QUOTA)
    }

    fn given_after(&self, from: DateTime<Utc>) -> usize {
        self.given.recent.iter().filter(|given| **given > from).count()
    }

    fn check(&self) -> Result<(), Invalid> {
        within("weight", self.weight, 1, 1_000)?;
        if let Some(capacity) = self.capacity.filter(|capacity| *capacity > CAPACITY) {
            let rule = Rule::OutOfRange { min: "0".into(), max: CAPACITY.to_string() };
            return Err(Invalid::new("capacity", capacity.to_string(), rule));
        }
        within("monthly capacity", self.monthly.unwrap_or(0), 0, 300_000)?;
        for (field, topics) in [("takes", &self.takes), ("prefers", &self.prefers)] {
            if topics.len() > TOPICS {
                return Err(Invalid::new(field, topics.len().to_string(), Rule::TooMany { limit: TOPICS }));
            }
        }
        let recent = self.given.recent.len();
        if recent > RECENT {
            return Err(Invalid::new("recent", recent.to_string(), Rule::TooMany { limit: RECENT }));
        }
        Ok(())
    }
}

fn within(field: &'static str, value: u32, min: u32, max: u32) -> Result<(), Invalid> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let rule = Rule::OutOfRange { min: min.to_string(), max: max.to_string() };
    Err(Invalid::new(field, value.to_string(), rule))
}

/// The most open work that a member may have where that is limited.
const CAPACITY: u64 = 1_000_000_000;
const DAYS_OF_QUOTA: u32 = 30;
/// Most topics that a member takes or prefers.
const TOPICS: usize = 100;
/// So many instants of a member are remembered at most: no limit and no quota of a day is higher.
const RECENT: usize = 10_000;

/// How a member stands, as the caller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Standing {
    /// Whether they work at present and are there.
    pub available: bool,
    /// The weight of all that they have open; what is closed counts for nothing.
    pub load: u64,
}

/// A piece of work that is to be given to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// How much of a member's capacity it takes.
    pub weight: u32,
    /// What is known of it.
    pub topics: BTreeSet<Topic>,
    /// Who had the same customer's work before.
    pub previous: Option<Member>,
    /// Who must not be given it: nobody works a lead that is themself (LEAD-2).
    pub except: BTreeSet<Member>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Work {
    /// Work of weight 1 of which nothing else is known.
    pub fn new(created_at: DateTime<Utc>) -> Self {
        Self { weight: 1, topics: BTreeSet::new(), previous: None, except: BTreeSet::new(), created_at }
    }
}

/// Why a member was not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Skip {
    /// They must not be given this.
    Excepted,
    /// They are given nothing at present.
    Paused,
    /// They do not work, or are not there.
    Unavailable,
    /// It has none of the topics that they take.
    OtherTopic,
    /// It would be more than they may have open (ASG-3).
    Full {
        /// What they have.
        load: u64,
        /// What they may have.
        capacity: u64,
    },
    /// They were given as much as a day may bring (ASG-7).
    QuotaSpent {
        /// What a day may bring.
        quota: u32,
    },
    /// They were given as much as the window allows (ASG-4).
    WindowFull {
        /// What it allows.
        limit: u32,
        /// How long it is.
        window_seconds: u32,
    },
}

/// A member who was not asked, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// Who.
    pub member: Member,
    /// Why.
    pub why: Skip,
}

/// A member who could have been given the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Who.
    pub member: Member,
    /// What they have open.
    pub load: u64,
}

/// Why it was this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// They had the customer's work before (ASG-10). That takes no turn.
    Sticky,
    /// They prefer its topic, and were chosen by the strategy among those who do.
    Preferred,
    /// The strategy chose them among all who could take it.
    Chosen,
}

/// Why nobody was given it: it stays where it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Held {
    /// The whole roster hands out nothing at present.
    Paused,
    /// It was made too long ago.
    Stale {
        /// After how many days it is.
        after_days: u16,
    },
    /// Each member was skipped.
    NobodyFree,
}

/// What became of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// It was given to somebody.
    Given {
        /// To whom.
        to: Member,
        /// Why to them.
        because: Because,
    },
    /// It waits.
    Waits(Held),
}

/// What was decided, and why (ASG-9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What became of it.
    pub outcome: Outcome,
    /// Those who could take it, in the order in which it was their turn.
    pub candidates: Vec<Candidate>,
    /// Those who could not, in the same order.
    pub skipped: Vec<Skipped>,
    /// The place of the member whose turn it was, from 0.
    pub cursor_before: u16,
    /// The place of the member whose turn it is now.
    pub cursor_after: u16,
}

impl Decision {
    /// Who was given it.
    pub const fn given_to(&self) -> Option<Member> {
        match self.outcome {
            Outcome::Given { to, .. } => Some(to),
            Outcome::Waits(_) => None,
        }
    }

    /// Why a member was skipped, where they were.
    pub fn why_not(&self, member: Member) -> Option<Skip> {
        self.skipped.iter().find(|skipped| skipped.member == member).map(|skipped| skipped.why)
    }
}

/// Those who are given work, in their order, with how it is handed out and what must be remembered for it.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use crm_core::assignment::{Skip, Standing, Work};
/// use crm_core::{AssignmentPolicy, Member, RecordId, Roster, RosterMember, SalesRepId};
/// # let [lin, wang] = [1, 2].map(|n| SalesRepId::from_uuid(uuid::Uuid::from_u128(n)));
/// let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
/// let [lin, wang] = [lin, wang].map(Member::SalesRep);
/// let mut roster = Roster::new(AssignmentPolicy::default(), vec![RosterMember::new(lin), RosterMember::new(wang)])?;
/// let work = Work::new(at);
///
/// let all_there = |_| Standing { available: true, load: 0 };
/// assert_eq!(roster.assign(at, &work, all_there).given_to(), Some(lin));
/// assert_eq!(roster.assign(at, &work, all_there).given_to(), Some(wang));
///
/// let lin_is_away = |member| Standing { available: member != lin, load: 0 };
/// let decision = roster.assign(at, &work, lin_is_away);
/// assert_eq!(decision.given_to(), Some(wang));
/// assert_eq!(decision.why_not(lin), Some(Skip::Unavailable));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RosterParts", into = "RosterParts")]
pub struct Roster {
    policy: AssignmentPolicy,
    members: Vec<RosterMember>,
    cursor: u16,
}

/// The fields of a [`Roster`] in the open: what a store reads and a deserialiser takes. `Roster::try_from` checks them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterParts {
    /// How it hands out.
    pub policy: AssignmentPolicy,
    /// The members in their order.
    pub members: Vec<RosterMember>,
    /// The place of the member whose turn is next; 0 where there are none.
    pub cursor: u16,
}

impl TryFrom<RosterParts> for Roster {
    type Error = Invalid;
    fn try_from(RosterParts { policy, members, cursor }: RosterParts) -> Result<Self, Invalid> {
        let roster = Self { policy, members, cursor };
        roster.check()?;
        Ok(roster)
    }
}

impl From<Roster> for RosterParts {
    fn from(Roster { policy, members, cursor }: Roster) -> Self {
        Self { policy, members, cursor }
    }
}

impl Roster {
    /// The most members that it may have.
    pub const LIMIT: usize = 500;

    /// A roster whose first turn is the first member's.
    ///
    /// # Errors
    ///
    /// [`Rule::Repeated`] member; [`Rule::TooMany`] members or topics; [`Rule::OutOfRange`] for a weight, a monthly capacity or a window;
    /// [`Rule::NotForThisKind`] where reps and agents are mixed.
    pub fn new(policy: AssignmentPolicy, members: Vec<RosterMember>) -> Result<Self, Invalid> {
        RosterParts { policy, members, cursor: 0 }.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        let Self { policy, members, cursor } = self;
        if members.len() > Self::LIMIT {
            return Err(Invalid::new("members", members.len().to_string(), Rule::TooMany { limit: Self::LIMIT }));
        }
        if let Some(fairness) = policy.fairness {
            within("fairness limit", fairness.limit, 1, 10_000)?;
            within("fairness window", fairness.window_seconds, 1, 2_592_000)?;
        }
        let mut known = BTreeSet::new();
        for one in members {
            one.check()?;
            let id = one.member.to_string();
            if !known.insert(one.member) {
                return Err(Invalid::new("members", id, Rule::Repeated));
            }
            match (members[0].member, one.member) {
                (Member::SalesRep(_), Member::SalesRep(_)) | (Member::Agent(_), Member::Agent(_)) => {}
                (Member::SalesRep(_), Member::Agent(_)) => {
                    return Err(Invalid::new("members", id, Rule::NotForThisKind { only: "sales reps here" }));
                }
                (Member::Agent(_), Member::SalesRep(_)) => {
                    return Err(Invalid::new("members", id, Rule::NotForThisKind { only: "agents here" }));
                }
            }
        }
        if usize::from(*cursor) >= members.len().max(1) {
            return Err(Invalid::new("cursor", cursor.to_string(), Rule::NotListed));
        }
        Ok(())
    }

    /// How it hands out.
    pub const fn policy(&self) -> &AssignmentPolicy {
        &self.policy
    }

    /// The members in their order.
    pub fn members(&self) -> &[RosterMember] {
        &self.members
    }

    /// The place of the member whose turn is next, from 0.
    pub const fn cursor(&self) -> u16 {
        self.cursor
    }

    /// The same roster with another policy, other members, or both. What is remembered of those who stay is kept, whatever the new list says; the turn stays with whose it was, or
    /// where they leave goes to the next of those who stay.
    ///
    /// # Errors
    ///
    /// As [`Roster::new`].
    pub fn changed(
        &self,
        policy: Option<AssignmentPolicy>,
        members: Option<Vec<RosterMember>>,
    ) -> Result<Self, Invalid> {
        let policy = policy.unwrap_or(self.policy);
        let Some(mut members) = members else {
            return RosterParts { policy, members: self.members.clone(), cursor: self.cursor }.try_into();
        };
        for one in &mut members {
            let known = self.members.iter().find(|known| known.member == one.member);
            one.given = known.map(|known| known.given.clone()).unwrap_or_default();
        }
        let next = self.in_turn().find_map(|(_, one)| members.iter().position(|other| other.member == one.member));
        let cursor = next.and_then(|place| u16::try_from(place).ok()).unwrap_or(0);
        RosterParts { policy, members, cursor }.try_into()
    }

    /// The members with their places, from the one whose turn it is.
    fn in_turn(&self) -> impl Iterator<Item = (usize, &RosterMember)> {
        let (before, after) = self.members.split_at(usize::from(self.cursor).min(self.members.len()));
        let before = before.iter().enumerate();
        let places = self.members.len() - after.len()..;
        places.zip(after).chain(before)
    }

    /// Says who would be given a piece of work, and changes nothing.
    pub fn decide(&self, at: DateTime<Utc>, work: &Work, standing: impl Fn(Member) -> Standing) -> Decision {
        self.clone().assign(at, work, standing)
    }

    /// Gives a piece of work to somebody, or leaves it waiting where nobody can take it; then nothing changes.
    ///
    /// A member is skipped for the first of the reasons of [`Skip`] that holds. Who had the customer before is given it where the policy is sticky and they can take it. Otherwise
    /// the strategy chooses among those who prefer one of its topics, or where there are none among all who can take it. The turn passes on only in
    /// [`AssignmentStrategy::RoundRobin`], and only past the one who was chosen.
    pub fn assign(&mut self, at: DateTime<Utc>, work: &Work, standing: impl Fn(Member) -> Standing) -> Decision {
        self.assign_among(at, work, &standing, Among::All)
    }

    /// Gives many pieces of work in their order, each once: first those that somebody prefers to those who do, then the rest to all (ASG-7). What is given counts for the load
    /// of those that follow. The decisions come in the order of the work.
    pub fn distribute(
        &mut self,
        at: DateTime<Utc>,
        all: &[Work],
        standing: impl Fn(Member) -> Standing,
    ) -> Vec<Decision> {
        let mut added: BTreeMap<Member, u64> = BTreeMap::new();
        let mut decisions: Vec<Option<Decision>> = vec![None; all.len()];
        let preferring = self.members.iter().any(|one| !one.prefers.is_empty());
        for among in if preferring { &[Among::Preferring, Among::All][..] } else { &[Among::All] } {
            for (work, decision) in all.iter().zip(&mut decisions) {
                if decision.as_ref().is_some_and(|earlier| earlier.given_to().is_some()) {
                    continue;
                }
                let with_added = |member| {
                    let Standing { available, load } = standing(member);
                    Standing { available, load: load.saturating_add(added.get(&member).copied().unwrap_or(0)) }
                };
                let made = self.assign_among(at, work, &with_added, *among);
                if let Some(to) = made.given_to() {
                    *added.entry(to).or_default() += u64::from(work.weight);
                }
                *decision = Some(made);
            }
        }
        decisions.into_iter().flatten().collect()
    }

    fn assign_among(
        &mut self,
        at: DateTime<Utc>,
        work: &Work,
        standing: &dyn Fn(Member) -> Standing,
        among: Among,
    ) -> Decision {
        let mut decision = Decision {
            outcome: Outcome::Waits(Held::NobodyFree),
            candidates: Vec::new(),
            skipped: Vec::new(),
            cursor_before: self.cursor,
            cursor_after: self.cursor,
        };
        if let Some(held) = self.held(at, work) {
            decision.outcome = Outcome::Waits(held);
            return decision;
        }
        let (mut able, mut preferring) = (Vec::new(), Vec::new());
        for (place, one) in self.in_turn() {
            let Standing { available, load } = standing(one.member);
            match self.skip(at, work, one, Standing { available, load }) {
                Some(why) => decision.skipped.push(Skipped { member: one.member, why }),
                None => {
                    decision.candidates.push(Candidate { member: one.member, load });
                    able.push((place, load));
                    if !one.prefers.is_disjoint(&work.topics) {
                        preferring.push((place, load));
                    }
                }
            }
        }
        let sticky = work.previous.filter(|_| self.policy.sticky);
        let sticky =
            able.iter().find(|(place, _)| Some(self.members[*place].member) == sticky).map(|(place, _)| *place);
        let (chosen, because) = match (sticky, among) {
            (Some(place), _) => (Some(place), Because::Sticky),
            (None, Among::All) if preferring.is_empty() => (self.choose(&able), Because::Chosen),
            (None, _) => (self.choose(&preferring), Because::Preferred),
        };
        if let Some(place) = chosen {
            if self.policy.strategy == AssignmentStrategy::RoundRobin && because != Because::Sticky {
                self.cursor = u16::try_from((place + 1) % self.members.len()).unwrap_or(0);
            }
            self.note(place, at);
            decision.outcome = Outcome::Given { to: self.members[place].member, because };
            decision.cursor_after = self.cursor;
        }
        decision
    }

    /// Why nobody is asked at all.
    fn held(&self, at: DateTime<Utc>, work: &Work) -> Option<Held> {
        if self.policy.paused {
            return Some(Held::Paused);
        }
        let after_days = self.policy.stale_after_days?;
        let stale = at - work.created_at > TimeDelta::days(after_days.into());
        stale.then_some(Held::Stale { after_days })
    }

    fn skip(&self, at: DateTime<Utc>, work: &Work, one: &RosterMember, standing: Standing) -> Option<Skip> {
        let Standing { available, load } = standing;
        if work.except.contains(&one.member) {
            return Some(Skip::Excepted);
        }
        if one.paused {
            return Some(Skip::Paused);
        }
        if !available {
            return Some(Skip::Unavailable);
        }
        if !one.takes.is_empty() && one.takes.is_disjoint(&work.topics) {
            return Some(Skip::OtherTopic);
        }
        if let Some(capacity) = one.capacity.filter(|capacity| load.saturating_add(work.weight.into()) > *capacity) {
            return Some(Skip::Full { load, capacity });
        }
        if let Some(quota) = one.daily_quota()
            && one.given_after(at - TimeDelta::days(1)) >= usize::try_from(quota).unwrap_or(usize::MAX)
        {
            return Some(Skip::QuotaSpent { quota });
        }
        if let Some(FairnessWindow { limit, window_seconds }) = self.policy.fairness
            && one.given_after(at - TimeDelta::seconds(window_seconds.into()))
                >= usize::try_from(limit).unwrap_or(usize::MAX)
        {
            return Some(Skip::WindowFull { limit, window_seconds });
        }
        None
    }

    /// The place of the one whom the strategy chooses among places with loads, in the order of their turns.
    fn choose(&mut self, pool: &[(usize, u64)]) -> Option<usize> {
        match self.policy.strategy {
            AssignmentStrategy::RoundRobin => pool.first().map(|(place, _)| *place),
            AssignmentStrategy::LeastLoaded => {
                let key = |(place, load): &(usize, u64)| {
                    let one = &self.members[*place];
                    (*load, one.given.last_at, one.member)
                };
                pool.iter().min_by_key(|entry| key(entry)).map(|(place, _)| *place)
            }
            AssignmentStrategy::Weighted => {
                // Smooth weighted round robin, as nginx has it: all gain their weight, and who has most pays for all.
                let mut total = 0;
                for (place, _) in pool {
                    let one = &mut self.members[*place];
                    one.given.credit = one.given.credit.saturating_add(one.weight.into());
                    total += i64::from(one.weight);
                }
                let best = pool.iter().map(|(place, _)| *place);
                let best = best.max_by_key(|place| (self.members[*place].given.credit, std::cmp::Reverse(*place)))?;
                let credit = &mut self.members[best].given.credit;
                *credit = credit.saturating_sub(total);
                Some(best)
            }
        }
    }

    /// Remembers that a member was given something, and forgets what nothing counts any more.
    fn note(&mut self, place: usize, at: DateTime<Utc>) {
        let window = self.policy.fairness.map(|fairness| TimeDelta::seconds(fairness.window_seconds.into()));
        let one = &mut self.members[place];
        let kept = window.max(one.monthly.map(|_| TimeDelta::days(1)));
        one.given.last_at = one.given.last_at.max(Some(at));
        match kept {
            Some(kept) => {
                one.given.recent.retain(|given| *given > at - kept);
                one.given.recent.push(at);
                // Acts may come a little out of their order.
                one.given.recent.sort_unstable();
            }
            None => one.given.recent.clear(),
        }
    }

    /// The sum of what its members are to be given in thirty days (ASG-7).
    pub fn monthly_capacity(&self) -> u64 {
        let working = self.members.iter().filter(|one| !one.paused);
        working.map(|one| u64::from(one.monthly.unwrap_or(0))).sum()
    }

    /// How many pieces its members with a monthly capacity were given in the last 24 hours.
    pub fn given_today(&self, at: DateTime<Utc>) -> u64 {
        let counted = self.members.iter().filter(|one| one.monthly.is_some());
        let given = counted.map(|one| one.given_after(at - TimeDelta::days(1)));
        given.map(|count| u64::try_from(count).unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
    }
}

/// Who of those who can take it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    All,
    Preferring,
}

/// The place of the team that the next piece of work goes to, of teams with how much waits with each: they are served in proportion to the monthly capacity of their members, by what these
/// were given in the last 24 hours and what waits; ties to the first (ASG-7). Teams that are paused or have no capacity are passed over. The same teams give the same answer: nothing is drawn by lot.
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use crm_core::assignment::next_team;
/// use crm_core::{AssignmentPolicy, Member, RecordId, Roster, RosterMember, SalesRepId};
/// # let rep = |n| Member::SalesRep(SalesRepId::from_uuid(uuid::Uuid::from_u128(n)));
/// let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap();
/// let team = |n, monthly| Roster::new(AssignmentPolicy::default(), vec![RosterMember::new(rep(n)).monthly(monthly)]);
/// assert_eq!(next_team(at, &[(&team(1, 30)?, 0), (&team(2, 90)?, 0)]), Some(1));
/// assert_eq!(next_team(at, &[(&team(1, 30)?, 0), (&team(2, 90)?, 3)]), Some(0));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn next_team(at: DateTime<Utc>, teams: &[(&Roster, u64)]) -> Option<usize> {
    let share = |(team, waiting): &(&Roster, u64)| {
        let given = u128::from(team.given_today(at)) + u128::from(*waiting);
        (given + 1, u128::from(team.monthly_capacity()))
    };
    let open = teams.iter().enumerate().filter(|(_, (team, _))| !team.policy.paused && team.monthly_capacity() > 0);
    // (given + 1) / capacity, compared across: the team that would be least ahead of its share.
    let least = open.min_by(|(_, one), (_, other)| {
        let ((given, capacity), (others_given, others_capacity)) = (share(one), share(other));
        (given * others_capacity).cmp(&(others_given * capacity))
    });
    least.map(|(place, _)| place)
}

impl std::fmt::Display for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SalesRep(id) => id.fmt(f),
            Self::Agent(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
