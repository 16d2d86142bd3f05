use crm_core::{
    CreditAt, NewSalePlan, Period, PlanAction, PlanError, PlanScope, PlanStatus, RecordId, SalePlanPatch, StrategyKind,
    store::{SalePlans, StoreErrorKind},
};
use crm_sales::{SalesError, activate_plan, amend_plan, close_plan, delete_plan, draft_plan, plan_result};

use crate::world::{World, eur, kind};

fn march(scope: PlanScope) -> NewSalePlan {
    NewSalePlan::new("March".parse().unwrap(), Period::month(2026, 3).unwrap(), eur("1000.00"), scope)
        .strategy(StrategyKind::Price, "a tenth off for schools".parse().unwrap())
}

#[test]
fn a_plan_is_drafted_amended_activated_and_closed() {
    let mut world = World::new();
    let lin = world.rep("Lin Wei", None);
    let plan = world.does(|tx, act| draft_plan(tx, act, march(PlanScope::SalesRep(lin.id))));
    let patch = SalePlanPatch {
        expected: Some(plan.revision),
        target: Some(eur("1200.00")),
        credit: Some(CreditAt::Paid),
        ..SalePlanPatch::default()
    };
    assert_eq!(world.does(|tx, act| amend_plan(tx, act, plan.id, patch.clone())).target(), eur("1200.00"));
    assert!(matches!(
        world.is_refused(|tx, act| amend_plan(tx, act, plan.id, patch.clone())),
        SalesError::Conflict { .. }
    ));
    let equal = SalePlanPatch { expected: None, ..patch };
    world.changes_nothing(|tx, act| amend_plan(tx, act, plan.id, equal.clone()));
    world.does(|tx, act| activate_plan(tx, act, plan.id));

    // What is in force stands as it is.
    let not_allowed = |error: SalesError| match error {
        SalesError::Plan(PlanError::NotAllowed { status, action, .. }) => (status, action),
        other => panic!("{other}"),
    };
    let error = world.is_refused(|tx, act| amend_plan(tx, act, plan.id, equal));
    assert_eq!(not_allowed(error), (PlanStatus::Active, PlanAction::Amend));
    let error = world.is_refused(|tx, act| activate_plan(tx, act, plan.id));
    assert_eq!(not_allowed(error), (PlanStatus::Active, PlanAction::Activate));
    let error = world.is_refused(|tx, act| delete_plan(tx, act, plan.id));
    assert_eq!(not_allowed(error), (PlanStatus::Active, PlanAction::Delete));
    world.does(|tx, act| close_plan(tx, act, plan.id));
    let error = world.is_refused(|tx, act| close_plan(tx, act, plan.id));
    assert_eq!(not_allowed(error), (PlanStatus::Closed, PlanAction::Close));

    let facts = ["sale_plan.drafted", "sale_plan.amended", "sale_plan.activated", "sale_plan.closed"];
    assert_eq!(world.facts(plan.id), facts);
}

#[test]
fn a_draft_is_deleted() {
    let mut world = World::new();
    let plan = world.does(|tx, act| draft_plan(tx, act, march(PlanScope::Region("East".parse()?))));
    world.does(|tx, act| delete_plan(tx, act, plan.id));
    assert_eq!(world.reads(|tx| Ok(tx.sale_plan(plan.id)?)), None);
    assert_eq!(world.facts(plan.id), ["sale_plan.drafted", "sale_plan.deleted"]);
    for error in [
        world.is_refused(|tx, act| delete_plan(tx, act, plan.id)),
        world.is_refused(|tx, act| close_plan(tx, act, plan.id)),
        world.is_refused(|tx, _| plan_result(tx, plan.id)),
    ] {
        assert!(matches!(error, SalesError::NotFound { .. }));
    }
}

#[test]
fn a_plan_for_nobody_and_a_target_below_zero_are_refused() {
    let mut world = World::new();
    let missing = PlanScope::Team(RecordId::from_uuid(Default::default()));
    let error = world.is_refused(|tx, act| draft_plan(tx, act, march(missing)));
    assert!(matches!(kind(&error), StoreErrorKind::MissingReference { record: "sale plan", .. }));
    let mut new = march(PlanScope::Region("East".parse().unwrap()));
    new.target = eur("-1.00");
    let error = world.is_refused(|tx, act| draft_plan(tx, act, new));
    assert_eq!(error.invalid().unwrap().to_string(), "target must not be negative, got -1.00 EUR");
}
