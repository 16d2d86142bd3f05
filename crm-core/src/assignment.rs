//! Assignment: who of a roster is given the next piece of work, and why not the others.
//!
//! Everything here is a pure decision: over reps or agents, over leads or tickets. What a member has open and whether they are there is told by the caller; what a roster must
//! remember (whose turn it is, who was given something when) stands in it.

mod decision;
mod policy;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use self::policy::within;
pub use self::{
    decision::{Because, Candidate, Decision, Held, Outcome, Skip, Skipped, Standing, Work},
    policy::{AssignmentPolicy, AssignmentStrategy, FairnessWindow, Given, Member, RosterMember, Topic, WaitingOrder},
    rules::{AssignmentRule, Condition, RuleStep, next_step},
};
use crate::invalid::{Invalid, Rule};

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
}

/// What a deserialiser takes, before it is checked.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RosterParts {
    policy: AssignmentPolicy,
    members: Vec<RosterMember>,
}

impl TryFrom<RosterParts> for Roster {
    type Error = Invalid;
    fn try_from(RosterParts { policy, members }: RosterParts) -> Result<Self, Invalid> {
        Self::new(policy, members)
    }
}

impl From<Roster> for RosterParts {
    fn from(Roster { policy, members }: Roster) -> Self {
        Self { policy, members }
    }
}

impl Roster {
    /// The most members that it may have.
    pub const LIMIT: usize = 500;

    /// A roster of members in their order. Where nothing is remembered of them, the first turn is the first member's.
    ///
    /// # Errors
    ///
    /// [`Rule::Repeated`] member; [`Rule::TooMany`] members or topics; [`Rule::OutOfRange`] for a weight, a monthly capacity, a turn or a window;
    /// [`Rule::NotForThisKind`] where reps and agents are mixed.
    pub fn new(policy: AssignmentPolicy, members: Vec<RosterMember>) -> Result<Self, Invalid> {
        let roster = Self { policy, members };
        roster.check()?;
        Ok(roster)
    }

    fn check(&self) -> Result<(), Invalid> {
        let Self { policy, members } = self;
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

    /// The place of the member whose turn is next, from 0: of who had their last turn longest ago (ASG-1).
    pub fn cursor(&self) -> u16 {
        self.in_turn().first().and_then(|(place, _)| u16::try_from(*place).ok()).unwrap_or(0)
    }

    /// The same roster with another policy, other members, or both. What is remembered of those who stay is kept, whatever the new list says, and so their turns are. Who is new
    /// comes before those who had a turn, and has one then.
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
        let Some(mut members) = members else { return Self::new(policy, self.members.clone()) };
        for one in &mut members {
            let known = self.members.iter().find(|known| known.member == one.member);
            one.given = known.map(|known| known.given.clone()).unwrap_or_default();
        }
        Self::new(policy, members)
    }

    /// The members with their places, from the one whose turn it is: who had their last turn longest ago, and of those who had none in their order.
    fn in_turn(&self) -> Vec<(usize, &RosterMember)> {
        let mut line: Vec<_> = self.members.iter().enumerate().collect();
        line.sort_by_key(|(_, one)| one.given.turn);
        line
    }

    /// Says who would be given a piece of work, and changes nothing.
    pub fn decide(&self, at: DateTime<Utc>, work: &Work, standing: impl Fn(Member) -> Standing) -> Decision {
        self.clone().assign(at, work, standing)
    }

    /// Gives a piece of work to somebody, or leaves it waiting where nobody can take it; then nothing changes.
    ///
    /// A member is skipped for the first of the reasons of [`Skip`] that holds. Who had the customer before is given it where the policy is sticky and they can take it. Otherwise
    /// the strategy chooses among those who prefer one of its topics, or where there are none among all who can take it. In [`AssignmentStrategy::RoundRobin`] who was chosen goes
    /// behind all others, and nobody else moves: whoever could not take this piece is asked first for the next. So who can take all of it gets at least their equal share.
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
            cursor_before: self.cursor(),
            cursor_after: self.cursor(),
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
                let last = self.members.iter().map(|one| one.given.turn).max().unwrap_or(0);
                self.members[place].given.turn = last.saturating_add(1);
            }
            self.note(place, at);
            decision.outcome = Outcome::Given { to: self.members[place].member, because };
            decision.cursor_after = self.cursor();
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

#[cfg(test)]
mod tests;
