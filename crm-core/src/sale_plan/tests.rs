use super::*;
use crate::{
    Currency, Fact,
    record::proof::{assert_cells, at, day, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn new() -> NewSalePlan {
    let quarter = Period::new(day("2026-01-01"), day("2026-04-01")).unwrap();
    NewSalePlan::new(parsed("Lamps, spring"), quarter, eur(1_000_000), PlanScope::SalesRep(id(2)))
        .strategy(StrategyKind::Promotion, parsed("a lamp for every guest"))
}

fn standing(status: PlanStatus) -> SalePlan {
    let mut plan = SalePlan::draft(id(9), at(0), new()).unwrap();
    if status != Draft {
        plan.activate(at(1)).unwrap();
    }
    if status == Closed {
        plan.close(at(2)).unwrap();
    }
    plan
}

fn perform(plan: &mut SalePlan, action: PlanAction) -> Result<Option<SalePlanFact>, PlanError> {
    match action {
        Amend => plan.amend(at(9), SalePlanPatch { target: Some(eur(1)), ..SalePlanPatch::default() }),
        Activate => plan.activate(at(9)).map(Some),
        Close => plan.close(at(9)).map(Some),
        Delete => plan.deletable().map(|()| None),
    }
}

/// The fact that `perform` makes where it is allowed.
fn fact_of(action: PlanAction, before: &SalePlan, after: &SalePlan) -> Option<SalePlanFact> {
    match action {
        Amend => Some(SalePlanFact::Amended { before: Box::new(before.clone()), after: Box::new(after.clone()) }),
        Activate => Some(SalePlanFact::Activated),
        Close => Some(SalePlanFact::Closed),
        Delete => None,
    }
}

const ACTIONS: [PlanAction; 4] = [Amend, Activate, Close, Delete];

/// Where each action leads; the columns are those of `ACTIONS`.
const CELLS: [(PlanStatus, [Option<PlanStatus>; 4]); 3] = [
    (Draft, [Some(Draft), Some(Active), None, Some(Draft)]),
    (Active, [None, None, Some(Closed), None]),
    (Closed, [None, None, None, None]),
];

#[test]
fn each_cell_of_the_table_holds() {
    for (status, cells) in CELLS {
        for (action, to) in ACTIONS.into_iter().zip(cells) {
            let before = standing(status);
            assert_eq!(before.state().status(), status);
            let mut plan = before.clone();
            let done = perform(&mut plan, action);
            let Some(to) = to else {
                assert_eq!(done, Err(PlanError::NotAllowed { plan: before.id, status, action }));
                assert_eq!(plan, before, "{status} {action}");
                continue;
            };
            assert_eq!(done, Ok(fact_of(action, &before, &plan)), "{status} {action}");
            assert_eq!(plan.state().status(), to, "{status} {action}");
            match action {
                Delete => assert_eq!(plan, before),
                Amend | Activate | Close => assert_eq!(plan.updated_at, at(9)),
            }
        }
    }
}

#[test]
fn the_table_in_the_code_is_the_literal_one() {
    assert_cells(&PlanStatus::TRANSITIONS, ACTIONS, &CELLS);
}

#[test]
fn a_closed_plan_knows_since_when_it_was_in_force() {
    assert_eq!(standing(Closed).state(), PlanState::Closed { since: at(1), at: at(2) });
}

#[test]
fn amending_changes_all_of_it_or_nothing() {
    let before = standing(Draft);
    let mut plan = before.clone();
    assert_eq!(plan.amend(at(9), SalePlanPatch::default()), Ok(None));
    assert_eq!(
        plan.amend(at(9), SalePlanPatch { target: Some(before.target()), ..SalePlanPatch::default() }),
        Ok(None)
    );
    let negative = SalePlanPatch { name: Some(parsed("other")), target: Some(eur(-1)), ..SalePlanPatch::default() };
    let Err(PlanError::Invalid(refused)) = plan.amend(at(9), negative) else { panic!() };
    assert_eq!((refused.field(), refused.rule()), ("target", &Rule::Negative));
    assert_eq!(plan, before);
    plan.amend(at(9), SalePlanPatch { target: Some(eur(0)), ..SalePlanPatch::default() }).unwrap();
    assert_eq!(plan.target(), eur(0));
}

#[test]
fn parts_of_a_plan_that_break_a_rule_are_refused() {
    let parts = || SalePlanParts::from(standing(Active));
    let refused = refusal::<SalePlan, _>(SalePlanParts { target: eur(-1), ..parts() });
    assert_eq!((refused.field(), refused.rule()), ("target", &Rule::Negative));
    let strategy = || Strategy { kind: StrategyKind::Price, description: parsed("cheaper") };
    let strategies = (0..101).map(|_| strategy()).collect();
    let refused = refusal::<SalePlan, _>(SalePlanParts { strategies, ..parts() });
    assert_eq!((refused.field(), refused.rule()), ("strategies", &Rule::TooMany { limit: 100 }));
    let most = (0..100).map(|_| strategy()).collect();
    assert!(SalePlan::try_from(SalePlanParts { strategies: most, ..parts() }).is_ok());
}

#[test]
fn a_plan_covers_the_days_of_its_period_and_no_other() {
    let plan = standing(Active);
    let covered = ["2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01"].map(|on| plan.covers(day(on)));
    assert_eq!(covered, [false, true, true, false]);
}

#[test]
fn what_a_plan_is_made_of_survives_json() {
    for (status, _) in CELLS {
        survives_json(&standing(status));
    }
    for scope in [
        PlanScope::SalesRep(id(2)),
        PlanScope::Team(id(2)),
        PlanScope::Product(id(3)),
        PlanScope::Region(parsed("Central")),
    ] {
        survives_json(&NewSalePlan { scope, ..new() }.id(id(4)).credit(CreditAt::Paid));
    }
    survives_json(&SalePlanPatch::default());
    let NewSalePlan { name, period, target, scope, credit, strategies, .. } = new();
    survives_json(&SalePlanPatch {
        expected: Some(Revision::FIRST),
        name: Some(name),
        period: Some(period),
        target: Some(target),
        scope: Some(scope),
        credit: Some(credit),
        strategies: Some(strategies),
    });
    let read = serde_json::from_str::<SalePlanPatch>(r#"{"strategies":[]}"#).unwrap();
    assert_eq!(read, SalePlanPatch { strategies: Some(Vec::new()), ..SalePlanPatch::default() });
}

#[test]
fn each_fact_of_a_plan_survives_json_under_its_name() {
    let (before, after) = (standing(Draft), standing(Closed));
    let mut facts = vec![SalePlanFact::Drafted { plan: Box::new(before.clone()) }];
    facts.extend(ACTIONS.into_iter().filter_map(|action| fact_of(action, &before, &after)));
    facts.push(SalePlanFact::Deleted { plan: Box::new(before.clone()) });
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((after.id, fact)))),
        ["sale_plan.drafted", "sale_plan.amended", "sale_plan.activated", "sale_plan.closed", "sale_plan.deleted"]
    );
}

#[test]
fn what_people_write_into_a_plan_does_not_show_in_debug() {
    let new = new().strategy(StrategyKind::Price, parsed("a discount for Marker"));
    hides_personal_data(&new);
    let plan = SalePlan::draft(id(9), at(0), new).unwrap();
    hides_personal_data(&plan);
    hides_personal_data(&SalePlanFact::Drafted { plan: Box::new(plan) });
}
