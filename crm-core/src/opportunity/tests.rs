mod laws;
mod pace;
mod parts;
mod stages;
mod worth;

use super::*;
use crate::{
    Currency, Fact, FiscalCalendar, Quantity, Rounding, UnitPrice,
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
        .forecast(ForecastCategory::BestCase)
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

fn line(product: u128, quantity: u32, price: &str) -> DealLine {
    let price = UnitPrice::parse(price, Currency::EUR).unwrap();
    DealLine::new(id(product), Quantity::from(quantity), price, Percent::ZERO).unwrap()
}

/// An opportunity with something in every list.
fn rich() -> Opportunity {
    let new = NewOpportunity::new(parsed("forty lamps"))
        .customer(id(1))
        .line(line(4, 40, "49.90"))
        .line(line(5, 1, "100"))
        .recurring(Recurring::new(eur(120_000), 12).unwrap())
        .forecast(ForecastCategory::Commit)
        .expected_close(day("2026-03-31"))
        .primary_contact(id(6), key("buyer"));
    let mut opportunity = Opportunity::open(id(9), by(&alice(), 0), &pipeline(), new).unwrap();
    let later = OpportunityPatch { expected_close: Some(Some(day("2026-04-15"))), ..OpportunityPatch::default() };
    opportunity.revise(at(1), later).unwrap();
    opportunity
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
    let (probability_before, standing) = (before.probability(), before.standing());
    Some(match (action, status) {
        (Revise, _) => OpportunityFact::Revised { before: Box::new(before.clone()), after: Box::new(after.clone()) },
        (Advance, Won) => OpportunityFact::Advanced {
            from: key("signed"),
            to: key("delivered"),
            probability_before,
            probability: Percent::HUNDRED,
            before: standing,
            after: after.standing(),
        },
        (Advance, _) => OpportunityFact::Advanced {
            from: key("prospecting"),
            to: key("engaging"),
            probability_before,
            probability: Percent::whole(50),
            before: standing,
            after: DealStanding { category: ForecastCategory::BestCase, ..standing },
        },
        (Win, _) => {
            let (day, from, value) = (day("2026-03-05"), key("prospecting"), eur(199_600));
            let before = standing;
            OpportunityFact::Won { day, before, value, from, probability_before }
        }
        (Lose, _) => {
            let note = Some(parsed("a tenth cheaper elsewhere"));
            let (day, reason, stage) = (day("2026-03-06"), key("price"), key("prospecting"));
            let before = standing;
            OpportunityFact::Lost { day, before, reason, stage, probability_before, note }
        }
        (Reopen, _) => {
            let (before, from, after) = (before.state().clone(), before.stage().key.clone(), after.standing());
            let (to, probability) = (key("engaging"), Percent::whole(50));
            OpportunityFact::Reopened { before, after, from, to, probability_before, probability }
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

    let (field, rule) = rule_of(open(new().stage(key("signed"))).unwrap_err());
    assert!(field == "stage" && rule.to_string().contains("opened before it is won"), "{rule}");
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

#[test]
fn opp_1_a_won_stage_that_asks_for_a_value_takes_that_of_the_sale() {
    let pipeline = Pipeline::new(key("Hardware"))
        .open(key("engaging"), Percent::whole(50))
        .won(key("won"))
        .requires([RequiredField::Value])
        .build()
        .unwrap();
    let (actor, new) = (alice(), NewOpportunity::new(parsed("forty lamps")));
    let mut deal = Opportunity::open(id(9), by(&actor, 0), &pipeline, new).unwrap();
    let without = Sale { day: day("2026-03-05"), value: None };
    let refused = refuses(&deal, |one| one.win(by(&actor, 1), &pipeline, without));
    assert_eq!(refused, OpportunityError::NoValue { opportunity: id(9) });
    deal.win(by(&actor, 1), &pipeline, Sale { value: Some(eur(100)), ..without }).unwrap();
    assert_eq!(deal.value(), Some(eur(100)));
}

#[test]
fn lead_1_a_deal_that_is_lost_for_another_reason_has_a_note() {
    let before = opened();
    for reason in ["Other", "other", "OTHER"] {
        let loss = Loss { reason: key(reason), note: None, ..loss() };
        assert_eq!(rule_of(refuses(&before, |one| one.lose(at(9), loss))), ("note", Rule::Empty));
    }
    let mut lost = before;
    lost.lose(at(9), Loss { reason: key("other"), ..loss() }).unwrap();
    let state = OpportunityState::Lost { at: at(9), day: day("2026-03-06"), reason: key("other"), note: None };
    let parts = OpportunityParts { state, ..lost.into() };
    assert_eq!(refusal::<Opportunity, _>(parts).field(), "note");
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
fn facts_say_what_was_before() {
    let actor = alice();
    let mut opportunity = opened();
    let set = OpportunityPatch { probability: Some(Some(Percent::whole(33))), ..OpportunityPatch::default() };
    opportunity.revise(at(1), set).unwrap();
    let sale = Sale { value: Some(eur(150_000)), ..sale() };
    let OpportunityFact::Won { before, value, probability_before, .. } =
        opportunity.clone().win(by(&actor, 2), &pipeline(), sale).unwrap()
    else {
        panic!()
    };
    assert_eq!((before.value, value, probability_before), (Some(eur(199_600)), eur(150_000), Percent::whole(33)));
    opportunity.lose(at(3), loss()).unwrap();
    let lost = opportunity.state().clone();
    let OpportunityFact::Reopened { before, after, from, to, probability_before, probability } =
        opportunity.reopen(by(&actor, 4), &pipeline(), &key("engaging")).unwrap()
    else {
        panic!()
    };
    assert_eq!((before, from, to), (lost, key("prospecting"), key("engaging")));
    assert_eq!((after, after.value), (opportunity.standing(), Some(eur(199_600))));
    assert_eq!((probability_before, probability), (Percent::ZERO, Percent::whole(50)));
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
