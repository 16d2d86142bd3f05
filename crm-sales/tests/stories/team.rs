use crm_core::{
    NewSalesRep, Percent, RecordId, Revision, Rule, SalesRepId, SalesRepPatch,
    store::{SalesReps, StoreErrorKind},
};
use crm_sales::{SalesError, add_sales_rep, delete_sales_rep, update_sales_rep};

use crate::world::{World, kind};

fn under(manager: SalesRepId) -> SalesRepPatch {
    SalesRepPatch { manager: Some(Some(manager)), ..SalesRepPatch::default() }
}

#[test]
fn a_rep_is_added_changed_and_deleted() {
    let mut world = World::new();
    let lin = world.rep("Lin Wei", None);
    let patch = SalesRepPatch {
        expected: Some(Revision::FIRST),
        commission_rate: Some(Percent::whole(5)),
        ..SalesRepPatch::default()
    };
    let after = world.does(|tx, act| update_sales_rep(tx, act, lin.id, patch.clone()));
    assert_eq!(after.commission_rate, Percent::whole(5));
    let error = world.is_refused(|tx, act| update_sales_rep(tx, act, lin.id, patch.clone()));
    assert!(matches!(error, SalesError::Conflict { .. }));
    world.changes_nothing(|tx, act| update_sales_rep(tx, act, lin.id, SalesRepPatch { expected: None, ..patch }));

    world.does(|tx, act| delete_sales_rep(tx, act, lin.id));
    assert_eq!(world.reads(|tx| Ok(tx.sales_rep(lin.id)?)), None);
    assert_eq!(world.facts(lin.id), ["sales_rep.added", "sales_rep.updated", "sales_rep.deleted"]);
    assert!(matches!(world.is_refused(|tx, act| delete_sales_rep(tx, act, lin.id)), SalesError::NotFound { .. }));
}

#[test]
fn nobody_reports_to_themself() {
    let mut world = World::new();
    let boss = world.rep("Boss", None);
    let lead = world.rep("Lead", Some(boss.id));
    let rep = world.rep("Rep", Some(lead.id));
    for manager in [rep.id, lead.id, boss.id] {
        let error = world.is_refused(|tx, act| update_sales_rep(tx, act, boss.id, under(manager)));
        let invalid = error.invalid().unwrap();
        assert_eq!((invalid.field(), invalid.rule()), ("manager", &Rule::Circle));
    }
    world.does(|tx, act| update_sales_rep(tx, act, rep.id, under(boss.id)));

    let error = world.is_refused(|tx, act| delete_sales_rep(tx, act, boss.id));
    assert!(matches!(kind(&error), StoreErrorKind::StillReferenced { count: 2, .. }));
}

#[test]
fn a_manager_who_is_not_there_and_a_rate_past_the_whole_are_refused() {
    let mut world = World::new();
    let missing = RecordId::from_uuid(Default::default());
    let new = NewSalesRep::new("Lin Wei".parse().unwrap());
    let error = world.is_refused(|tx, act| add_sales_rep(tx, act, new.clone().manager(missing)));
    assert_eq!(kind(&error), &StoreErrorKind::MissingReference { record: "sales rep", field: "manager" });
    let error = world.is_refused(|tx, act| add_sales_rep(tx, act, new.commission_rate(Percent::whole(101))));
    assert_eq!(error.invalid().unwrap().field(), "commission rate");
}
