use proptest::prelude::*;

use super::*;
use crate::{
    id::SalesRepId,
    record::proof::{at, id, parsed, survives_json},
};

fn rep(n: u128) -> Member {
    Member::SalesRep(id::<SalesRepId>(n))
}

fn policy(strategy: AssignmentStrategy) -> AssignmentPolicy {
    AssignmentPolicy { strategy, fairness: None, ..AssignmentPolicy::default() }
}

fn roster(strategy: AssignmentStrategy, members: impl IntoIterator<Item = RosterMember>) -> Roster {
    Roster::new(policy(strategy), members.into_iter().collect()).unwrap()
}

fn plain(count: u128) -> Vec<RosterMember> {
    (1..=count).map(|n| RosterMember::new(rep(n))).collect()
}

fn work() -> Work {
    Work::new(at(0))
}

fn about(topic: &Topic) -> Work {
    Work { topics: [topic.clone()].into(), ..work() }
}

fn source(is: &str) -> Topic {
    Topic::new(parsed("source"), parsed(is))
}

fn idle(_: Member) -> Standing {
    Standing { available: true, load: 0 }
}

/// Who is given so many pieces in a row, by number.
fn rounds(roster: &mut Roster, count: i64, standing: impl Fn(Member) -> Standing) -> Vec<u128> {
    let given = (0..count).filter_map(|n| roster.assign(at(n), &work(), &standing).given_to());
    given.map(number).collect()
}

fn number(member: Member) -> u128 {
    match member {
        Member::SalesRep(id) => crate::RecordId::uuid(id).as_u128(),
        Member::Agent(id) => crate::RecordId::uuid(id).as_u128(),
    }
}

#[test]
fn asg_1_members_come_in_turn_and_who_is_away_is_passed_over_and_not_lost() {
    let mut roster = roster(AssignmentStrategy::RoundRobin, plain(3));
    let without_2 = |member| Standing { available: member != rep(2), load: 0 };
    assert_eq!(rounds(&mut roster, 2, without_2), [1, 3]);
    // It is still the turn of 2.
    assert_eq!(roster.cursor(), 1);
    assert_eq!(rounds(&mut roster, 4, idle), [2, 1, 3, 2]);
    // Where nobody can take it, the turn stays.
    let before = roster.clone();
    let nobody = |_| Standing { available: false, load: 0 };
    let decision = roster.assign(at(9), &work(), nobody);
    assert_eq!(decision.outcome, Outcome::Waits(Held::NobodyFree));
    assert_eq!((decision.cursor_before, decision.cursor_after, decision.skipped.len()), (0, 0, 3));
    assert_eq!(roster, before);
}

#[test]
fn asg_1_who_could_not_take_a_piece_is_asked_first_for_the_next() {
    let (west, north) = (source("west"), source("north"));
    let takes = |n, topic: &Topic| RosterMember::new(rep(n)).takes(topic.clone());
    let members = [takes(1, &north), takes(2, &west), takes(3, &north)];
    let mut topics = roster(AssignmentStrategy::RoundRobin, members);
    let given = [&west, &north, &west, &north].map(|topic| topics.assign(at(0), &about(topic), idle).given_to());
    assert_eq!(given, [2, 1, 2, 3].map(|n| Some(rep(n))));

    // The same where the policy prefers others, and where somebody must not be given a piece.
    let members = [RosterMember::new(rep(1)), RosterMember::new(rep(2)).prefers(west.clone())];
    let mut preferring = roster(AssignmentStrategy::RoundRobin, members);
    let given = [&west, &north].map(|topic| preferring.assign(at(0), &about(topic), idle).given_to());
    assert_eq!(given, [2, 1].map(|n| Some(rep(n))));
    let mut excepting = roster(AssignmentStrategy::RoundRobin, plain(3));
    let not_1 = Work { except: [rep(1)].into(), ..work() };
    let given = [&not_1, &work(), &not_1].map(|work| excepting.assign(at(0), work, idle).given_to());
    assert_eq!(given, [2, 1, 3].map(|n| Some(rep(n))));
}

#[test]
fn asg_1_who_was_away_or_is_new_has_one_turn_first_and_no_more() {
    let mut two = roster(AssignmentStrategy::RoundRobin, plain(2));
    let without_1 = |member| Standing { available: member != rep(1), load: 0 };
    assert_eq!(rounds(&mut two, 5, without_1), [2; 5]);
    assert_eq!(rounds(&mut two, 4, idle), [1, 2, 1, 2]);
    let mut three = two.changed(None, Some(plain(3))).unwrap();
    assert_eq!(rounds(&mut three, 6, idle), [3, 1, 2, 3, 1, 2]);
}

#[test]
fn asg_1_the_turn_survives_that_the_one_whose_it_was_leaves() {
    let mut three = roster(AssignmentStrategy::RoundRobin, plain(3));
    rounds(&mut three, 1, idle);
    // It is the turn of 2, who leaves: it goes to 3, not back to the first.
    let mut two = three.changed(None, Some([1, 3].map(|n| RosterMember::new(rep(n))).to_vec())).unwrap();
    assert_eq!(rounds(&mut two, 3, idle), [3, 1, 3]);
}

#[test]
fn asg_2_the_least_loaded_is_given_it_and_who_has_nothing_counts() {
    let mut roster = roster(AssignmentStrategy::LeastLoaded, plain(3));
    let loads = |member| Standing { available: true, load: if member == rep(3) { 0 } else { 4 } };
    assert_eq!(rounds(&mut roster, 1, loads), [3]);
    // Of equal loads: who was never given anything, then who waited longest, then the lowest id.
    assert_eq!(roster.assign(at(1), &work(), idle).given_to(), Some(rep(1)));
    assert_eq!(roster.assign(at(5), &work(), idle).given_to(), Some(rep(2)));
    assert_eq!(roster.assign(at(6), &work(), idle).given_to(), Some(rep(3)));
}

#[test]
fn asg_3_a_capacity_is_a_limit_by_weight_and_what_does_not_fit_waits() {
    let members = [RosterMember::new(rep(1)).capacity(5), RosterMember::new(rep(2)).capacity(6)];
    let mut roster = roster(AssignmentStrategy::LeastLoaded, members);
    let four = |_| Standing { available: true, load: 4 };
    let heavy = Work { weight: 2, ..work() };
    let decision = roster.assign(at(0), &heavy, four);
    assert_eq!(decision.given_to(), Some(rep(2)));
    assert_eq!(decision.why_not(rep(1)), Some(Skip::Full { load: 4, capacity: 5 }));
    let five = |_| Standing { available: true, load: 5 };
    assert_eq!(roster.assign(at(1), &heavy, five).outcome, Outcome::Waits(Held::NobodyFree));
    assert_eq!(roster.assign(at(1), &work(), five).given_to(), Some(rep(2)));
}

#[test]
fn asg_3_what_is_given_in_one_run_counts_for_the_next_piece() {
    let mut roster = roster(AssignmentStrategy::LeastLoaded, plain(2).into_iter().map(|one| one.capacity(3)));
    let all = vec![Work { weight: 2, ..work() }, work(), work(), work(), work(), work()];
    let given: Vec<_> = roster.distribute(at(0), &all, idle).iter().map(Decision::given_to).collect();
    let [one, two] = [Some(rep(1)), Some(rep(2))];
    assert_eq!(given, [one, two, two, one, two, None]);
}

#[test]
fn asg_4_no_member_is_given_more_than_the_window_allows() {
    let fairness = Some(FairnessWindow { limit: 2, window_seconds: 600 });
    let policy = AssignmentPolicy { fairness, ..policy(AssignmentStrategy::RoundRobin) };
    let mut roster = Roster::new(policy, plain(1)).unwrap();
    let mut given = |minute| roster.assign(at(minute), &work(), idle);
    assert!(given(0).given_to().is_some() && given(4).given_to().is_some());
    let refused = given(9);
    assert_eq!(refused.why_not(rep(1)), Some(Skip::WindowFull { limit: 2, window_seconds: 600 }));
    // What was given exactly a window ago counts no more.
    assert!(given(10).given_to().is_some());
    assert!(given(13).given_to().is_none() && given(14).given_to().is_some());
    assert_eq!(roster.members()[0].given.recent, [at(10), at(14)]);
    assert_eq!(FairnessWindow::default(), FairnessWindow { limit: 100, window_seconds: 3_600 });
}

#[test]
fn asg_7_a_daily_quota_is_a_thirtieth_rounded_half_up_less_what_the_day_brought() {
    let quotas = [(0, 0), (14, 0), (15, 1), (44, 1), (45, 2), (60, 2), (300_000, 10_000)];
    for (monthly, quota) in quotas {
        assert_eq!(RosterMember::new(rep(1)).monthly(monthly).daily_quota(), Some(quota), "{monthly}");
    }
    let mut roster = roster(AssignmentStrategy::RoundRobin, [RosterMember::new(rep(1)).monthly(45)]);
    assert_eq!(rounds(&mut roster, 3, idle), [1, 1]);
    let refused = roster.assign(at(24 * 60 - 1), &work(), idle);
    assert_eq!(refused.why_not(rep(1)), Some(Skip::QuotaSpent { quota: 2 }));
    assert!(roster.assign(at(24 * 60), &work(), idle).given_to().is_some());
}

#[test]
fn asg_7_who_prefers_a_topic_comes_first_and_topics_must_match() {
    let (web, fair) = (source("web"), source("fair"));
    let members = [
        RosterMember::new(rep(1)).monthly(30),
        RosterMember::new(rep(2)).takes(web.clone()).prefers(web.clone()).monthly(30),
    ];
    let mut both = roster(AssignmentStrategy::RoundRobin, members);
    // In a first pass 2 is given what they prefer, though the other piece came first; then all take the rest.
    let decisions = both.distribute(at(0), &[about(&fair), about(&web), about(&web)], idle);
    let given: Vec<_> = decisions.iter().map(Decision::given_to).collect();
    assert_eq!(given, [Some(rep(1)), Some(rep(2)), None]);
    let Outcome::Given { because, .. } = decisions[1].outcome else { panic!("{decisions:?}") };
    assert_eq!(because, Because::Preferred);
    assert_eq!(decisions[0].why_not(rep(2)), Some(Skip::OtherTopic));
    assert_eq!(decisions[2].why_not(rep(2)), Some(Skip::QuotaSpent { quota: 1 }));
}

#[test]
fn asg_7_stale_work_and_paused_teams_and_members_are_passed_over() {
    let seven = AssignmentPolicy { stale_after_days: Some(7), ..policy(AssignmentStrategy::RoundRobin) };
    let mut roster = Roster::new(seven, vec![RosterMember::new(rep(1)).paused(), RosterMember::new(rep(2))]).unwrap();
    let week = 7 * 24 * 60;
    let decision = roster.assign(at(week), &work(), idle);
    assert_eq!((decision.given_to(), decision.why_not(rep(1))), (Some(rep(2)), Some(Skip::Paused)));
    let stale = roster.assign(at(week + 1), &work(), idle);
    assert_eq!(stale.outcome, Outcome::Waits(Held::Stale { after_days: 7 }));
    let out = AssignmentPolicy { paused: true, ..seven };
    let mut roster = roster.changed(Some(out), None).unwrap();
    assert_eq!(roster.assign(at(0), &work(), idle).outcome, Outcome::Waits(Held::Paused));
}

#[test]
fn asg_7_teams_are_served_in_proportion_to_their_capacity_and_the_same_way_each_time() {
    let team = |n: u128, monthly: &[u32]| {
        let members = (n..).zip(monthly).map(|(n, monthly)| RosterMember::new(rep(n)).monthly(*monthly));
        roster(AssignmentStrategy::RoundRobin, members)
    };
    let run = || {
        let mut teams = [team(1, &[300, 300]), team(10, &[1_800]), team(20, &[0]), team(30, &[1_200])];
        let mut served = Vec::new();
        for _ in 0..60 {
            let place = next_team(at(0), &teams.each_ref().map(|team| (team, 0))).unwrap();
            assert!(teams[place].assign(at(0), &work(), idle).given_to().is_some());
            served.push(place);
        }
        served
    };
    let served = run();
    let count = |team| served.iter().filter(|place| **place == team).count();
    assert_eq!([count(0), count(1), count(2), count(3)], [10, 30, 0, 20]);
    assert_eq!(run(), served);
    assert_eq!(next_team(at(0), &[(&team(1, &[0]), 0)]), None);
}

#[test]
fn asg_8_the_highest_rule_that_holds_assigns_and_only_an_unassign_frees_for_another() {
    let (web, vip) = (source("web"), Topic::new(parsed("tag"), parsed("vip")));
    let rule = |name: &str, priority, queue: u128, assign: Condition| AssignmentRule {
        name: parsed(name),
        priority,
        queue: id(queue),
        assign,
        unassign: None,
        close: None,
    };
    let lost = Topic::new(parsed("status"), parsed("nurturing"));
    let done = Topic::new(parsed("status"), parsed("converted"));
    let rules = [
        rule("rest", 0, 1, Condition::default()),
        AssignmentRule {
            unassign: Some(Condition::default().with(lost.clone())),
            close: Some(Condition::default().with(done.clone())),
            ..rule("web", 5, 2, Condition::default().with(web.clone()).without(vip.clone()))
        },
        rule("vip", 9, 3, Condition::default().with(vip.clone())),
    ];
    let step = |topics: &[&Topic], queue: Option<u128>| {
        let topics = topics.iter().map(|topic| (*topic).clone()).collect();
        match next_step(&rules, &topics, queue.map(id)) {
            RuleStep::Assign(rule) => format!("assign by {}", rule.name),
            RuleStep::Unassign(rule) => format!("unassign by {}", rule.name),
            RuleStep::Close(rule) => format!("close by {}", rule.name),
            RuleStep::Keep => "keep".to_owned(),
        }
    };
    assert_eq!(step(&[&web], None), "assign by web");
    assert_eq!(step(&[&web, &vip], None), "assign by vip");
    assert_eq!(step(&[], None), "assign by rest");
    // Another rule holds better now, and still it stays until it is taken away.
    assert_eq!(step(&[&web, &vip], Some(2)), "keep");
    assert_eq!(step(&[&web, &vip, &lost, &done], Some(2)), "unassign by web");
    assert_eq!(step(&[&web, &done], Some(2)), "close by web");
    assert_eq!(step(&[&lost], Some(1)), "keep");
    // What the rule would let go at once, it does not send there.
    assert_eq!(step(&[&web, &done], None), "assign by rest");
    assert_eq!(step(&[&web, &lost], None), "assign by rest");
    assert_eq!(next_step(&[], &BTreeSet::new(), None), RuleStep::Keep);
    rules.iter().for_each(survives_json);
}

#[test]
fn asg_9_a_decision_says_who_could_who_could_not_and_where_the_turn_went() {
    let mut roster = roster(AssignmentStrategy::RoundRobin, plain(3));
    rounds(&mut roster, 1, idle);
    let standing = |member| Standing { available: member != rep(2), load: 7 };
    let decision = roster.decide(at(3), &work(), standing);
    let candidate = |n| Candidate { member: rep(n), load: 7 };
    let expected = Decision {
        outcome: Outcome::Given { to: rep(3), because: Because::Chosen },
        candidates: vec![candidate(3), candidate(1)],
        skipped: vec![Skipped { member: rep(2), why: Skip::Unavailable }],
        cursor_before: 1,
        cursor_after: 1,
    };
    assert_eq!(decision, expected);
    survives_json(&decision);
    // To decide is not to assign.
    assert_eq!(roster.cursor(), 1);
    assert_eq!(roster.assign(at(3), &work(), standing), expected);
}

#[test]
fn lead_2_who_must_not_be_given_a_piece_of_work_is_skipped_even_where_they_had_it_before() {
    let sticky = AssignmentPolicy { sticky: true, ..policy(AssignmentStrategy::RoundRobin) };
    let mut roster = Roster::new(sticky, plain(2)).unwrap();
    let own = Work { previous: Some(rep(1)), except: [rep(1)].into(), ..work() };
    let decision = roster.assign(at(0), &own, idle);
    assert_eq!((decision.given_to(), decision.why_not(rep(1))), (Some(rep(2)), Some(Skip::Excepted)));
}

#[test]
fn asg_10_the_same_customer_goes_to_who_had_them_where_they_can_take_it() {
    let sticky = AssignmentPolicy { sticky: true, ..policy(AssignmentStrategy::RoundRobin) };
    let mut roster = Roster::new(sticky, plain(3)).unwrap();
    let again = Work { previous: Some(rep(3)), ..work() };
    let decision = roster.assign(at(0), &again, idle);
    assert_eq!(decision.outcome, Outcome::Given { to: rep(3), because: Because::Sticky });
    // That took no turn.
    assert_eq!(rounds(&mut roster, 1, idle), [1]);
    let away = |member| Standing { available: member != rep(3), load: 0 };
    assert_eq!(roster.assign(at(1), &again, away).outcome, Outcome::Given { to: rep(2), because: Because::Chosen });
    let mut plainly = Roster::new(policy(AssignmentStrategy::RoundRobin), plain(3)).unwrap();
    assert_eq!(plainly.assign(at(0), &again, idle).given_to(), Some(rep(1)));
}

#[test]
fn conv_11_five_leads_go_round_four_reps() {
    let mut roster = roster(AssignmentStrategy::RoundRobin, plain(4));
    assert_eq!(rounds(&mut roster, 5, idle), [1, 2, 3, 4, 1]);
}

#[test]
fn a_roster_that_breaks_a_rule_is_refused() {
    let of = |members| Roster::new(AssignmentPolicy::default(), members).unwrap_err();
    let one = || RosterMember::new(rep(1));
    assert_eq!(of(vec![one(), one()]).rule(), &Rule::Repeated);
    assert_eq!(of(plain(501)).rule(), &Rule::TooMany { limit: 500 });
    let agent = RosterMember::new(Member::Agent(id(1)));
    assert!(matches!(of(vec![one(), agent.clone()]).rule(), Rule::NotForThisKind { .. }));
    assert!(matches!(of(vec![agent, one()]).rule(), Rule::NotForThisKind { .. }));
    for wrong in [one().weight(0), one().weight(1_001), one().monthly(300_001), one().capacity(1_000_000_001)] {
        assert!(matches!(of(vec![wrong]).rule(), Rule::OutOfRange { .. }));
    }
    let many = (0..101).fold(one(), |one, n| one.takes(source(&n.to_string())));
    assert_eq!(of(vec![many]).rule(), &Rule::TooMany { limit: 100 });
    for (limit, window_seconds) in [(0, 1), (1, 0), (10_001, 1), (1, 2_592_001)] {
        let fairness = Some(FairnessWindow { limit, window_seconds });
        let policy = AssignmentPolicy { fairness, ..AssignmentPolicy::default() };
        assert!(matches!(Roster::new(policy, Vec::new()).unwrap_err().rule(), Rule::OutOfRange { .. }));
    }
    let mut turned = one();
    turned.given.turn = u64::MAX;
    assert_eq!(of(vec![turned]).field(), "turn");
    let twice = RosterParts { policy: AssignmentPolicy::default(), members: vec![one(), one()] };
    assert!(serde_json::from_value::<Roster>(serde_json::to_value(twice).unwrap()).is_err());
    let mut long = one();
    long.given.recent = vec![at(0); 10_001];
    assert_eq!(of(vec![long]).field(), "recent");
    survives_json(&Roster::new(AssignmentPolicy::default(), plain(3)).unwrap());
}

fn tag(n: usize) -> Topic {
    Topic::new(parsed("tag"), parsed(["one", "two", "three"][n]))
}

fn conditions() -> impl Strategy<Value = Condition> {
    let topics = || proptest::collection::btree_set((0_usize..3).prop_map(tag), 0..2);
    (topics(), topics()).prop_map(|(all, none)| Condition { all, none })
}

fn any_condition() -> impl Strategy<Value = Option<Condition>> {
    proptest::option::of(conditions())
}

proptest! {
    /// Where a rule sends something, no rule moves it again until something about it changes.
    #[test]
    fn asg_8_what_a_rule_sends_to_a_queue_stays_there(
        drawn in proptest::collection::vec((0_u16..3, 1_u128..4, conditions(), any_condition(), any_condition()), 1..6),
        known in proptest::collection::btree_set(0_usize..3, 0..3),
    ) {
        let rules: Vec<AssignmentRule> = drawn
            .into_iter()
            .enumerate()
            .map(|(n, (priority, queue, assign, unassign, close))| {
                AssignmentRule { name: parsed(&n.to_string()), priority, queue: id(queue), assign, unassign, close }
            })
            .collect();
        let topics: BTreeSet<Topic> = known.into_iter().map(tag).collect();
        if let RuleStep::Assign(rule) = next_step(&rules, &topics, None) {
            prop_assert_eq!(next_step(&rules, &topics, Some(rule.queue)), RuleStep::Keep);
        }
    }

    #[test]
    fn asg_1_equal_availability_over_rounds_gives_each_the_same(members in 1_u128..9, rounds_each in 1_i64..9) {
        let mut roster = roster(AssignmentStrategy::RoundRobin, plain(members));
        let given = rounds(&mut roster, i64::try_from(members).unwrap() * rounds_each, idle);
        for n in 1..=members {
            let count = given.iter().filter(|one| **one == n).count();
            prop_assert_eq!(i64::try_from(count).unwrap(), rounds_each);
        }
    }

    #[test]
    fn asg_1_who_can_take_all_of_it_gets_their_share_whatever_others_take(
        members in proptest::collection::vec((any::<bool>(), proptest::sample::subsequence(vec![0_usize, 1, 2], 0..=3)), 1..7),
        items in proptest::collection::vec((0_usize..3, any::<u8>()), 0..80),
    ) {
        let topics = [source("0"), source("1"), source("2")];
        let mut roster = roster(
            AssignmentStrategy::RoundRobin,
            (1_u128..).zip(&members).map(|(n, (_, own))| own.iter().fold(RosterMember::new(rep(n)), |one, own| one.takes(topics[*own].clone()))),
        );
        let count = members.len();
        let mut given = Vec::new();
        for (topic, away) in &items {
            // Who is steady is always there; of the others any may be away.
            let standing = |member| {
                let n = usize::try_from(number(member)).unwrap() - 1;
                Standing { available: members[n].0 || away & (1 << n) == 0, load: 0 }
            };
            let before = roster.cursor();
            let decision = roster.assign(at(0), &about(&topics[*topic]), standing);
            prop_assert_eq!((decision.cursor_before, decision.cursor_after), (before, roster.cursor()));
            given.extend(decision.given_to().map(number));
        }
        for (n, (steady, own)) in (1_u128..).zip(&members) {
            if *steady && (own.is_empty() || own.len() == 3) {
                // In any stretch of the run, not only over all of it.
                for from in 0..given.len() {
                    for to in from..=given.len() {
                        let share = given[from..to].iter().filter(|one| **one == n).count();
                        prop_assert!(share >= (to - from) / count, "{} of {} to {} of {}", share, to - from, n, count);
                    }
                }
            }
        }
    }

    #[test]
    fn asg_3_weights_are_shares_exactly_over_a_whole_round(weights in proptest::collection::vec(1_u32..12, 1..6)) {
        let members = (1_u128..).zip(&weights).map(|(n, weight)| RosterMember::new(rep(n)).weight(*weight));
        let mut roster = roster(AssignmentStrategy::Weighted, members);
        let total: u32 = weights.iter().sum();
        let given = rounds(&mut roster, i64::from(total) * 2, idle);
        for (n, weight) in (1_u128..).zip(&weights) {
            let count = given.iter().filter(|one| **one == n).count();
            prop_assert_eq!(count, usize::try_from(*weight).unwrap() * 2);
        }
    }

    #[test]
    fn asg_2_4_nobody_is_given_what_they_cannot_take(
        strategy in proptest::sample::select(vec![AssignmentStrategy::RoundRobin, AssignmentStrategy::LeastLoaded, AssignmentStrategy::Weighted]),
        capacities in proptest::collection::vec(0_u64..6, 1..6),
        limit in 1_u32..5,
        weights in proptest::collection::vec(1_u32..4, 0..40),
    ) {
        let members = (1_u128..).zip(&capacities).map(|(n, capacity)| RosterMember::new(rep(n)).capacity(*capacity));
        let fairness = Some(FairnessWindow { limit, window_seconds: 60 });
        let policy = AssignmentPolicy { fairness, ..policy(strategy) };
        let mut roster = Roster::new(policy, members.collect()).unwrap();
        let all: Vec<_> = weights.iter().map(|weight| Work { weight: *weight, ..work() }).collect();
        let decisions = roster.distribute(at(0), &all, idle);
        prop_assert_eq!(decisions.len(), all.len());
        for (n, capacity) in (1_u128..).zip(&capacities) {
            let own = decisions.iter().zip(&weights).filter(|(decision, _)| decision.given_to() == Some(rep(n)));
            prop_assert!(own.clone().map(|(_, weight)| u64::from(*weight)).sum::<u64>() <= *capacity);
            prop_assert!(own.count() <= usize::try_from(limit).unwrap());
        }
        // Each decision names every member once, or none where it was held.
        for decision in &decisions {
            prop_assert_eq!(decision.candidates.len() + decision.skipped.len(), capacities.len());
        }
    }
}
