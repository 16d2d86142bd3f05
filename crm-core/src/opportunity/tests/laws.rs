//! Whatever is asked of an opportunity, it keeps its rules.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Advance(&'static str, Option<u16>),
    Revise(Option<i64>, Option<u16>),
    Lines(Vec<u32>, bool),
    Close(Option<u16>),
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
            let (value, probability) = (Some(cents.map(eur)), set.map(Percent::whole).map(Some));
            opportunity.revise(by.at, OpportunityPatch { value, probability, ..OpportunityPatch::default() }).map(drop)
        }
        Step::Lines(quantities, typed_goes) => {
            let lines = quantities.iter().map(|quantity| line(4, *quantity, "0.07")).collect();
            let value = typed_goes.then_some(None);
            opportunity
                .revise(by.at, OpportunityPatch { lines: Some(lines), value, ..OpportunityPatch::default() })
                .map(drop)
        }
        Step::Close(days) => {
            let close = days.map(|days| day("2026-01-15") + TimeDelta::days(i64::from(days)));
            opportunity
                .revise(by.at, OpportunityPatch { expected_close: Some(close), ..OpportunityPatch::default() })
                .map(drop)
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
        1 => (prop::collection::vec(1_u32..100, 0..3), any::<bool>()).prop_map(|(lines, goes)| Step::Lines(lines, goes)),
        1 => prop::option::of(0_u16..400).prop_map(Step::Close),
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
            if opportunity.amount_source() == AmountSource::Lines {
                let sum = Money::sum(opportunity.lines().iter().map(DealLine::amount), Currency::EUR).unwrap();
                prop_assert_eq!(opportunity.value(), Some(sum), "OPP-10");
            }
            let pushed = usize::from(match (before.expected_close(), opportunity.expected_close()) {
                (Some(from), Some(to)) => to.format("%Y-%m").to_string() > from.format("%Y-%m").to_string(),
                _ => false,
            });
            prop_assert_eq!(opportunity.pushes().len(), before.pushes().len() + pushed, "FC-7");
            let stood: TimeDelta = opportunity.time_in_stages(at(minute)).iter().map(|(_, time)| *time).sum();
            prop_assert!(stood <= at(minute) - at(0));
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
