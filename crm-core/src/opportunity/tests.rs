use proptest::prelude::*;

use super::*;
use crate::{
    Currency, Fact,
    record::proof::{assert_cells, at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn key(text: &str) -> Label {
    parsed(text)
}

fn alice() -> Actor {
    parsed("alice")
}

fn by(actor: &Actor, minutes: i64) -> By<'_> {
    By { at: at(minutes), actor }
}

fn named(name: &str) -> Pipeline {
    Pipeline::new(key(name))
        .open(key("prospecting"), Percent::whole(10))
        .open(key("engaging"), Percent::whole(50))
        .won(key("signed"))
        .won(key("delivered"))
        .build()
        .unwrap()
}

fn pipeline() -> Pipeline {
    named("Hardware")
}

fn opened() -> Opportunity {
    let new =
        NewOpportunity::new(parsed("forty lamps")).external_id(parsed("ext-1")).customer(id(1)).value(eur(199_600));
    Opportunity::open(id(9), by(&alice(), 0), &pipeline(), new).unwrap()
}

fn sale() -> Sale {
    Sale { day: day("2026-03-05"), value: None }
}

fn loss() -> Loss {
    Loss { day: day("2026-03-06"), reason: key("price"), note: Some(parsed("a tenth cheaper elsewhere")) }
}

fn standing(status: OpportunityStatus) -> Opportunity {
    let mut opportunity = opened();
    match status {
        Open => {}
        Won => drop(opportunity.win(by(&alice(), 1), &pipeline(), sale()).unwrap()),
        Lost => drop(opportunity.lose(at(1), loss()).unwrap()),
    }
    opportunity
}

/// The fact is `None` where the action makes it elsewhere.
fn perform(
    opportunity: &mut Opportunity,
    action: OpportunityAction,
) -> Result<Option<OpportunityFact>, OpportunityError> {
    let (actor, pipeline) = (alice(), pipeline());
    let by = by(&actor, 9);
    match action {
        Revise => {
            let patch = OpportunityPatch { value: Some(Some(eur(500))), ..OpportunityPatch::default() };
            opportunity.revise(at(9), patch)
        }
        Advance => {
            let won = opportunity.state().status() == Won;
            let to = key(if won { "delivered" } else { "engaging" });
            opportunity.advance(by, &pipeline, &to, None)
        }
        Win => opportunity.win(by, &pipeline, sale()).map(Some),
        Lose => opportunity.lose(at(9), loss()).map(Some),
        Reopen => opportunity.reopen(by, &pipeline, &key("engaging")).map(Some),
        Delete => opportunity.deletable().map(|()| None),
    }
}

/// The fact that `perform` makes where it is allowed.
fn fact_of(action: OpportunityAction, before: &Opportunity, after: &Opportunity) -> Option<OpportunityFact> {
    let status = before.state().status();
    let probability_before = before.probability();
    Some(match (action, status) {
        (Revise, _) => OpportunityFact::Revised { before: Box::new(before.clone()), after: Box::new(after.clone()) },
        (Advance, Won) => {
            let probability = Percent::HUNDRED;
            OpportunityFact::Advanced { from: key("signed"), to: key("delivered"), probability_before, probability }
        }
        (Advance, _) => {
            let probability = Percent::whole(50);
            OpportunityFact::Advanced { from: key("prospecting"), to: key("engaging"), probability_before, probability }
        }
        (Win, _) => {
            let (day, from, value) = (day("2026-03-05"), key("prospecting"), eur(199_600));
            OpportunityFact::Won { day, value_before: Some(value), value, from, probability_before }
        }
        (Lose, _) => {
            let note = Some(parsed("a tenth cheaper elsewhere"));
            let (day, reason, stage) = (day("2026-03-06"), key("price"), key("prospecting"));
            OpportunityFact::Lost { day, reason, stage, probability_before, note }
        }
        (Reopen, _) => {
            let (before, from) = (before.state().clone(), before.stage().key.clone());
            let (to, probability) = (key("engaging"), Percent::whole(50));
            OpportunityFact::Reopened { before, from, to, probability_before, probability }
        }
        (Delete, _) => return None,
    })
}

const ACTIONS: [OpportunityAction; 6] = [Revise, Advance, Win, Lose, Reopen, Delete];

/// Where each action leads; the columns are those of `ACTIONS`.
const CELLS: [(OpportunityStatus, [Option<OpportunityStatus>; 6]); 3] = [
    (Open, [Some(Open), Some(Open), Some(Won), Some(Lost), None, Some(Open)]),
    (Won, [None, Some(Won), None, None, Some(Open), None]),
    (Lost, [None, None, None, None, Some(Open), None]),
];

#[test]
fn opp_3_each_cell_of_the_table_holds() {
    for (status, cells) in CELLS {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let before = standing(status);
            assert_eq!(before.state().status(), status);
            let mut opportunity = before.clone();
            let done = perform(&mut opportunity, action);
            let Some(to) = to else {
                assert_eq!(done, Err(OpportunityError::NotAllowed { opportunity: before.id, status, action }));
                assert_eq!(opportunity, before, "{status} {action}");
                continue;
            };
            assert_eq!(done, Ok(fact_of(action, &before, &opportunity)), "{status} {action}");
            assert_eq!(opportunity.state().status(), to, "{status} {action}");
            match action {
                Delete => assert_eq!(opportunity, before),
                _ => assert_eq!(opportunity.updated_at, at(9), "{status} {action}"),
            }
        }
    }
}

#[test]
fn opp_3_the_table_in_the_code_is_the_literal_one() {
    assert_cells(&OpportunityStatus::TRANSITIONS, ACTIONS, &CELLS);
}

/// Asserts that an opportunity refuses something and is as it was.
#[track_caller]
fn refuses<T: std::fmt::Debug>(
    opportunity: &Opportunity,
    asked: impl FnOnce(&mut Opportunity) -> Result<T, OpportunityError>,
) -> OpportunityError {
    let mut after = opportunity.clone();
    let refused = asked(&mut after).unwrap_err();
    assert_eq!(&after, opportunity, "{refused}");
    refused
}

#[track_caller]
fn rule_of(refused: OpportunityError) -> (&'static str, Rule) {
    match refused {
        OpportunityError::Invalid(invalid) => (invalid.field(), invalid.rule().clone()),
        other => panic!("{other}"),
    }
}

#[test]
fn an_opportunity_opens_in_an_open_stage() {
    let (actor, pipeline) = (alice(), pipeline());
    let open = |new| Opportunity::open(id(9), by(&actor, 0), &pipeline, new);
    let new = || NewOpportunity::new(parsed("forty lamps"));
    let first = open(new()).unwrap();
    assert_eq!((first.stage().key.as_str(), first.probability()), ("prospecting", Percent::whole(10)));
    let second = open(new().stage(key("engaging"))).unwrap();
    assert_eq!((second.stage().key.as_str(), second.probability()), ("engaging", Percent::whole(50)));
    let set = open(new().probability(Percent::whole(70))).unwrap();
    assert_eq!(set.probability(), Percent::whole(70));

    let (stage, kind) = (key("signed"), StageKind::Won);
    let wrong = OpportunityError::WrongStage { opportunity: id(9), stage, kind, action: Advance };
    assert_eq!(open(new().stage(key("signed"))).unwrap_err(), wrong);
    assert_eq!(rule_of(open(new().stage(key("lost"))).unwrap_err()), ("stage", Rule::NotListed));
    assert_eq!(rule_of(open(new().value(eur(-1))).unwrap_err()), ("value", Rule::Negative));
    assert_eq!(rule_of(open(new().probability(Percent::whole(101))).unwrap_err()).0, "probability");
}

#[test]
fn a_stage_of_the_wrong_kind_an_unknown_one_or_another_pipeline_is_refused() {
    let actor = alice();
    let (open, won, lost) = (standing(Open), standing(Won), standing(Lost));
    let wrong = |action, stage: &str, kind| OpportunityError::WrongStage {
        opportunity: id(9),
        stage: key(stage),
        kind,
        action,
    };
    let advance = |to: &'static str| {
        let actor = actor.clone();
        move |one: &mut Opportunity| one.advance(by(&actor, 9), &pipeline(), &key(to), None)
    };
    let reopen = |to: &'static str| {
        let actor = actor.clone();
        move |one: &mut Opportunity| one.reopen(by(&actor, 9), &pipeline(), &key(to))
    };
    assert_eq!(refuses(&open, advance("signed")), wrong(Advance, "signed", StageKind::Won));
    assert_eq!(refuses(&won, advance("engaging")), wrong(Advance, "engaging", StageKind::Open));
    assert_eq!(refuses(&won, reopen("delivered")), wrong(Reopen, "delivered", StageKind::Won));
    assert_eq!(refuses(&lost, reopen("signed")), wrong(Reopen, "signed", StageKind::Won));
    assert_eq!(rule_of(refuses(&open, advance("lost"))), ("stage", Rule::NotListed));
    assert_eq!(rule_of(refuses(&lost, reopen("lost"))), ("stage", Rule::NotListed));

    let (expected, found) = (key("Hardware"), key("Services"));
    let other = OpportunityError::OtherPipeline { opportunity: id(9), expected, found };
    let services = named("Services");
    assert_eq!(refuses(&open, |one| one.advance(by(&actor, 9), &services, &key("engaging"), None)), other);
    assert_eq!(refuses(&open, |one| one.win(by(&actor, 9), &services, sale())), other);
    assert_eq!(refuses(&lost, |one| one.reopen(by(&actor, 9), &services, &key("engaging"))), other);
}

#[test]
fn an_opportunity_is_won_with_a_value() {
    let actor = alice();
    let mut opportunity = opened();
    opportunity.revise(at(1), OpportunityPatch { value: Some(None), ..OpportunityPatch::default() }).unwrap();
    let win = |value| {
        let actor = actor.clone();
        move |one: &mut Opportunity| one.win(by(&actor, 9), &pipeline(), Sale { value, ..sale() })
    };
    assert_eq!(refuses(&opportunity, win(None)), OpportunityError::NoValue { opportunity: id(9) });
    assert_eq!(rule_of(refuses(&opportunity, win(Some(eur(-1))))), ("value", Rule::Negative));
    win(Some(eur(0)))(&mut opportunity).unwrap();
    assert_eq!(opportunity.value(), Some(eur(0)));
}

#[test]
fn opp_2_moving_between_won_stages_leaves_the_close_and_reopening_clears_it() {
    let actor = alice();
    let mut opportunity = standing(Won);
    let closed = OpportunityState::Won { at: at(1), day: day("2026-03-05") };
    assert_eq!((opportunity.state(), opportunity.probability()), (&closed, Percent::HUNDRED));
    let half = Some(Percent::whole(50));
    opportunity.advance(by(&actor, 5), &pipeline(), &key("delivered"), half).unwrap();
    assert_eq!((opportunity.state(), opportunity.probability()), (&closed, Percent::HUNDRED));
    opportunity.advance(by(&actor, 6), &pipeline(), &key("signed"), None).unwrap();
    assert_eq!(opportunity.state(), &closed);
    opportunity.reopen(by(&actor, 7), &pipeline(), &key("prospecting")).unwrap();
    assert_eq!((opportunity.state().close_day(), opportunity.probability()), (None, Percent::whole(10)));
}

#[test]
fn opp_3_a_lost_one_keeps_its_stage_and_the_reason_goes_when_it_is_reopened() {
    let actor = alice();
    let mut opportunity = opened();
    opportunity.advance(by(&actor, 1), &pipeline(), &key("engaging"), Some(Percent::whole(80))).unwrap();
    opportunity.lose(at(2), loss()).unwrap();
    assert_eq!((opportunity.stage().key.as_str(), opportunity.probability()), ("engaging", Percent::ZERO));
    let OpportunityState::Lost { reason, .. } = opportunity.state() else { panic!() };
    assert_eq!(reason, &key("price"));
    opportunity.reopen(by(&actor, 3), &pipeline(), &key("engaging")).unwrap();
    assert_eq!((opportunity.state(), opportunity.probability()), (&OpportunityState::Open, Percent::whole(50)));
}

/// Stage, entered after and left after so many minutes.
fn visits(opportunity: &Opportunity) -> Vec<(&str, i64, Option<i64>)> {
    let minutes = |instant: DateTime<Utc>| (instant - at(0)).num_minutes();
    let visit = |visit: &'_ StageVisit| (minutes(visit.entered_at), visit.left_at.map(minutes));
    opportunity
        .history()
        .iter()
        .map(|one| (one.stage.as_str(), visit(one)))
        .map(|(stage, (entered, left))| (stage, entered, left))
        .collect()
}

#[test]
fn opp_7_the_time_between_a_loss_and_the_reopening_counts_for_no_stage() {
    let (actor, pipeline) = (alice(), pipeline());
    for (to, last) in [("prospecting", "prospecting"), ("engaging", "engaging")] {
        let mut opportunity = opened();
        opportunity.lose(at(10), loss()).unwrap();
        assert_eq!(visits(&opportunity), [("prospecting", 0, None)], "it was lost in the stage where it stands");
        opportunity.reopen(by(&actor, 60), &pipeline, &key(to)).unwrap();
        assert_eq!(visits(&opportunity), [("prospecting", 0, Some(10)), (last, 60, None)]);
    }
    // What was won stood in its stage until it was worked again.
    let mut opportunity = opened();
    opportunity.win(by(&actor, 10), &pipeline, sale()).unwrap();
    opportunity.reopen(by(&actor, 60), &pipeline, &key("engaging")).unwrap();
    let expected = [("prospecting", 0, Some(10)), ("signed", 10, Some(60)), ("engaging", 60, None)];
    assert_eq!(visits(&opportunity), expected);
}

#[test]
fn a_history_is_bounded_and_a_full_one_takes_no_more() {
    let (actor, pipeline) = (alice(), pipeline());
    let too_many = ("history", Rule::TooMany { limit: 10_000 });
    let long = |status, visits: usize| {
        let mut parts = OpportunityParts::from(standing(status));
        let past = StageVisit { left_at: Some(at(0)), ..parts.history[0].clone() };
        let missing = visits - parts.history.len();
        parts.history.splice(0..0, std::iter::repeat_n(past, missing));
        parts
    };
    let full = |status| Opportunity::try_from(long(status, 10_000)).unwrap();
    let (open, won, lost) = (full(Open), full(Won), full(Lost));
    let half = Some(Percent::whole(50));
    let advance = |one: &mut Opportunity| one.advance(by(&actor, 9), &pipeline, &key("engaging"), half);
    assert_eq!(rule_of(refuses(&open, advance)), too_many);
    assert_eq!(rule_of(refuses(&open, |one| one.win(by(&actor, 9), &pipeline, sale()))), too_many);
    for closed in [won, lost] {
        let reopen = |one: &mut Opportunity| one.reopen(by(&actor, 9), &pipeline, &key("prospecting"));
        assert_eq!(rule_of(refuses(&closed, reopen)), too_many);
    }
    // What begins no visit is done nevertheless.
    open.clone().advance(by(&actor, 9), &pipeline, &key("prospecting"), half).unwrap().unwrap();
    let mut open = open;
    open.lose(at(9), loss()).unwrap();
    assert_eq!(Opportunity::try_from(long(Open, 10_001)).unwrap_err().rule(), &too_many.1);
}

#[test]
fn facts_say_what_was_before() {
    let actor = alice();
    let mut opportunity = opened();
    let set = OpportunityPatch { probability: Some(Percent::whole(33)), ..OpportunityPatch::default() };
    opportunity.revise(at(1), set).unwrap();
    let sale = Sale { value: Some(eur(150_000)), ..sale() };
    let OpportunityFact::Won { value_before, value, probability_before, .. } =
        opportunity.clone().win(by(&actor, 2), &pipeline(), sale).unwrap()
    else {
        panic!()
    };
    assert_eq!((value_before, value, probability_before), (Some(eur(199_600)), eur(150_000), Percent::whole(33)));
    opportunity.lose(at(3), loss()).unwrap();
    let lost = opportunity.state().clone();
    let OpportunityFact::Reopened { before, from, to, probability_before, probability } =
        opportunity.reopen(by(&actor, 4), &pipeline(), &key("engaging")).unwrap()
    else {
        panic!()
    };
    assert_eq!((before, from, to), (lost, key("prospecting"), key("engaging")));
    assert_eq!((probability_before, probability), (Percent::ZERO, Percent::whole(50)));
}

#[test]
fn opp_5_a_probability_set_by_hand_stays_until_the_stage_changes() {
    let actor = alice();
    let mut opportunity = opened();
    let mut advance = |minutes, to: &str, set: Option<Percent>| {
        let fact = opportunity.advance(by(&actor, minutes), &pipeline(), &key(to), set).unwrap();
        (fact.is_some(), opportunity.probability())
    };
    assert_eq!(advance(1, "engaging", Some(Percent::whole(70))), (true, Percent::whole(70)));
    assert_eq!(advance(2, "engaging", None), (false, Percent::whole(70)), "it stands there already");
    assert_eq!(advance(3, "engaging", Some(Percent::whole(80))), (true, Percent::whole(80)));
    assert_eq!(advance(4, "prospecting", None), (true, Percent::whole(10)));
    opportunity
        .revise(at(5), OpportunityPatch { probability: Some(Percent::whole(33)), ..OpportunityPatch::default() })
        .unwrap();
    assert_eq!(opportunity.probability(), Percent::whole(33));
    let unlikely = |one: &mut Opportunity| {
        one.advance(by(&actor, 9), &pipeline(), &key("engaging"), Some(parsed("100.0001"))).map(drop)
    };
    assert_eq!(rule_of(refuses(&opportunity, unlikely)).0, "probability");
    let patch = OpportunityPatch { probability: Some(parsed("-0.0001")), ..OpportunityPatch::default() };
    assert_eq!(rule_of(refuses(&opportunity, |one| one.revise(at(9), patch))).0, "probability");
    let patch = OpportunityPatch { value: Some(Some(eur(-1))), ..OpportunityPatch::default() };
    assert_eq!(rule_of(refuses(&opportunity, |one| one.revise(at(9), patch))), ("value", Rule::Negative));
}

#[test]
fn opp_6_winning_enters_the_first_won_stage() {
    assert_eq!(standing(Won).stage().key.as_str(), "signed");
}

#[test]
fn opp_7_the_history_has_one_row_a_stay_and_one_open_row() {
    let (actor, pipeline) = (alice(), pipeline());
    let mut opportunity = opened();
    opportunity.advance(by(&actor, 10), &pipeline, &key("engaging"), None).unwrap();
    opportunity.win(by(&actor, 30), &pipeline, sale()).unwrap();
    let rows: Vec<_> = opportunity
        .history()
        .iter()
        .map(|visit| {
            (visit.stage.as_str(), visit.kind, visit.entered_at, visit.duration().map(|stay| stay.num_minutes()))
        })
        .collect();
    let expected = [
        ("prospecting", StageKind::Open, at(0), Some(10)),
        ("engaging", StageKind::Open, at(10), Some(20)),
        ("signed", StageKind::Won, at(30), None),
    ];
    assert_eq!(rows, expected);
    assert_eq!(opportunity.entered(&key("engaging")), Some(at(10)));
    assert_eq!(opportunity.entered(&key("delivered")), None);
}

#[test]
fn revising_to_the_same_changes_nothing() {
    let before = opened();
    let mut opportunity = before.clone();
    assert_eq!(opportunity.revise(at(9), OpportunityPatch::default()), Ok(None));
    let same = OpportunityPatch { value: Some(before.value()), ..OpportunityPatch::default() };
    assert_eq!(opportunity.revise(at(9), same), Ok(None));
    assert_eq!(opportunity, before);
}

#[test]
fn parts_of_an_opportunity_that_contradict_each_other_are_refused() {
    type Case = (OpportunityStatus, &'static str, &'static str, fn(&mut OpportunityParts));
    let cases: &[Case] = &[
        (Open, "probability", "between 0 % and 100 %", |parts| parts.probability = Percent::whole(101)),
        (Open, "value", "not be negative", |parts| parts.value = Some(eur(-1))),
        (Open, "history", "not be empty", |parts| parts.history.clear()),
        (Open, "history", "OPP-7", |parts| parts.history[0].left_at = Some(at(5))),
        (Open, "history", "OPP-7", |parts| parts.history[0].stage = key("engaging")),
        (Won, "history", "OPP-7", |parts| parts.history[0].left_at = None),
        (Open, "stage", "won stage", |parts| {
            parts.state = OpportunityState::Won { at: at(1), day: day("2026-03-05") };
        }),
        (Won, "stage", "won stage", |parts| parts.state = OpportunityState::Open),
        (Won, "stage", "won stage", |parts| {
            let (day, reason) = (day("2026-03-05"), key("price"));
            parts.state = OpportunityState::Lost { at: at(1), day, reason, note: None };
        }),
        (Won, "value", "not be empty", |parts| parts.value = None),
        (Won, "probability", "100 % where it is won", |parts| parts.probability = Percent::whole(99)),
        (Lost, "probability", "0 % where it is lost", |parts| parts.probability = Percent::whole(1)),
    ];
    for (status, field, words, contradict) in cases {
        let mut parts = OpportunityParts::from(standing(*status));
        contradict(&mut parts);
        let refused = refusal::<Opportunity, _>(parts);
        assert_eq!(refused.field(), *field, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Advance(&'static str, Option<u16>),
    Revise(Option<i64>, Option<u16>),
    Win(Option<i64>),
    Lose,
    Reopen(&'static str),
}

fn take(opportunity: &mut Opportunity, step: &Step, minute: i64) -> Result<(), OpportunityError> {
    let (actor, pipeline) = (alice(), pipeline());
    let by = by(&actor, minute);
    match step {
        Step::Advance(to, set) => opportunity.advance(by, &pipeline, &key(to), set.map(Percent::whole)).map(drop),
        Step::Revise(cents, set) => {
            let (value, probability) = (Some(cents.map(eur)), set.map(Percent::whole));
            opportunity.revise(by.at, OpportunityPatch { value, probability, ..OpportunityPatch::default() }).map(drop)
        }
        Step::Win(cents) => {
            opportunity.win(by, &pipeline, Sale { day: by.at.date_naive(), value: cents.map(eur) }).map(drop)
        }
        Step::Lose => opportunity.lose(by.at, loss()).map(drop),
        Step::Reopen(to) => opportunity.reopen(by, &pipeline, &key(to)).map(drop),
    }
}

fn steps() -> impl Strategy<Value = Step> {
    let stages = || prop::sample::select(vec!["prospecting", "engaging", "signed", "delivered", "elsewhere"]);
    let set = || prop::option::of(0_u16..110);
    let cents = || prop::option::of(-10_i64..50_000);
    prop_oneof![
        3 => (stages(), set()).prop_map(|(to, set)| Step::Advance(to, set)),
        1 => (cents(), set()).prop_map(|(cents, set)| Step::Revise(cents, set)),
        1 => cents().prop_map(Step::Win),
        1 => Just(Step::Lose),
        2 => stages().prop_map(Step::Reopen),
    ]
}

proptest! {
    #[test]
    fn opp_7_whatever_is_asked_of_an_opportunity_it_keeps_its_rules(steps in prop::collection::vec(steps(), 0..40)) {
        let mut opportunity = opened();
        for (minute, step) in (1..).zip(&steps) {
            let before = opportunity.clone();
            if take(&mut opportunity, step, minute).is_err() {
                prop_assert_eq!(&opportunity, &before, "{:?} was refused", step);
            }
            prop_assert_eq!(&Opportunity::try_from(OpportunityParts::from(opportunity.clone())).unwrap(), &opportunity);
            match opportunity.state().status() {
                Open => {}
                Won => prop_assert_eq!(opportunity.probability(), Percent::HUNDRED),
                Lost => prop_assert_eq!(opportunity.probability(), Percent::ZERO),
            }
            // Each stay begins where the one before it ended, unless a loss lay between; and only the last goes on.
            for pair in opportunity.history().windows(2) {
                let left_at = pair[0].left_at.unwrap();
                prop_assert!(left_at <= pair[1].entered_at);
                prop_assert!(left_at < pair[1].entered_at || pair[0].stage != pair[1].stage);
            }
            if matches!(step, Step::Reopen(_)) && opportunity != before {
                let (ended, begun) = (&opportunity.history()[before.history().len() - 1], opportunity.history().last());
                prop_assert_eq!(begun.map(|visit| visit.entered_at), Some(at(minute)));
                let closed_at = match before.state() {
                    OpportunityState::Lost { at, .. } => *at,
                    _ => at(minute),
                };
                prop_assert_eq!(ended.left_at, Some(closed_at));
            }
            prop_assert_eq!(opportunity.history().iter().filter(|visit| visit.left_at.is_none()).count(), 1);
        }
        survives_json(&opportunity);
    }
}

#[test]
fn what_an_opportunity_is_made_of_survives_json() {
    for (status, _) in CELLS {
        survives_json(&standing(status));
    }
    let new = NewOpportunity::new(parsed("forty lamps"))
        .id(id(2))
        .external_id(parsed("ext-7"))
        .customer(id(3))
        .product(id(4))
        .rep(id(5))
        .stage(key("engaging"))
        .value(eur(1))
        .probability(parsed("12.5"))
        .expected_close(day("2026-06-30"));
    survives_json(&new);
    survives_json(&Sale { day: day("2026-03-05"), value: Some(eur(1)) });
    survives_json(&loss());
}

#[test]
fn in_a_patch_of_an_opportunity_absent_stays_and_null_empties() {
    survives_json(&OpportunityPatch::default());
    let patch = OpportunityPatch {
        expected: Some(Revision::FIRST),
        name: Some(parsed("fifty lamps")),
        customer: Some(None),
        product: Some(Some(id(4))),
        rep: Some(None),
        value: Some(Some(eur(1))),
        probability: Some(Percent::whole(5)),
        expected_close: Some(None),
    };
    survives_json(&patch);
    let read = serde_json::from_str::<OpportunityPatch>(r#"{"customer":null}"#).unwrap();
    assert_eq!(read, OpportunityPatch { customer: Some(None), ..OpportunityPatch::default() });
    let mut opportunity = opened();
    opportunity.revise(at(1), read).unwrap();
    assert_eq!((opportunity.customer(), opportunity.value()), (None, Some(eur(199_600))));
}

#[test]
fn each_fact_of_an_opportunity_survives_json_under_its_name() {
    let (before, after) = (standing(Open), standing(Won));
    let mut facts = vec![OpportunityFact::Opened { opportunity: Box::new(opened()) }];
    facts.extend(ACTIONS.into_iter().filter_map(|action| fact_of(action, &before, &after)));
    let reopened = standing(Lost).reopen(by(&alice(), 9), &pipeline(), &key("engaging")).unwrap();
    survives_json(&reopened);
    facts.push(OpportunityFact::Deleted { opportunity: Box::new(standing(Lost)) });
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((after.id, fact)))),
        [
            "opportunity.opened",
            "opportunity.revised",
            "opportunity.advanced",
            "opportunity.won",
            "opportunity.lost",
            "opportunity.reopened",
            "opportunity.deleted",
        ]
    );
}

#[test]
fn what_people_write_about_a_deal_does_not_show_in_debug() {
    let new = NewOpportunity::new(parsed("Marker wants lamps"));
    hides_personal_data(&new);
    let mut opportunity = Opportunity::open(id(9), by(&alice(), 0), &pipeline(), new).unwrap();
    let patch = OpportunityPatch { name: Some(parsed("Marker wants more")), ..OpportunityPatch::default() };
    hides_personal_data(&patch);
    hides_personal_data(&opportunity.revise(at(1), patch).unwrap());
    let loss = Loss { note: Some(parsed("Marker moved away")), ..loss() };
    hides_personal_data(&loss);
    hides_personal_data(&Fact::from((opportunity.id, opportunity.lose(at(2), loss).unwrap())));
    hides_personal_data(&opportunity);
    hides_personal_data(&OpportunityParts::from(opportunity.clone()));
    hides_personal_data(&opportunity.reopen(by(&alice(), 3), &pipeline(), &key("engaging")).unwrap());
}
