use crm_core::{
    AmountSource, DealLine, ForecastCategory, Loss, NewOpportunity, Opportunity, OpportunityAction, OpportunityError,
    OpportunityPatch, OpportunityStatus, Percent, Pipeline, ProductId, ProductPatch, Quantity, RecordId, RequiredField,
    Sale, SalesRepId, UnitPrice,
    store::{Opportunities, StoreErrorKind},
};
use crm_sales::{
    SalesError, advance_opportunity, archive_customer, delete_customer, delete_opportunity, delete_product,
    lose_opportunity, open_opportunity, reopen_opportunity, restore_customer, revise_opportunity, update_product,
    win_opportunity,
};

use crate::world::{World, day, eur, kind};

fn hardware() -> Pipeline {
    Pipeline::new("Hardware".parse().unwrap())
        .open("prospecting".parse().unwrap(), Percent::whole(10))
        .open("engaging".parse().unwrap(), Percent::whole(50))
        .won("won".parse().unwrap())
        .build()
        .unwrap()
}

fn lamps() -> NewOpportunity {
    NewOpportunity::new("forty lamps".parse().unwrap()).value(eur("1996.00"))
}

fn sale() -> Sale {
    Sale { day: day("2026-03-02"), value: Some(eur("1900.00")) }
}

fn loss() -> Loss {
    Loss { day: day("2026-03-02"), reason: "price".parse().unwrap(), note: None }
}

fn opened(world: &mut World) -> Opportunity {
    let zhang = world.person("张三");
    world.does(|tx, act| open_opportunity(tx, act, &hardware(), lamps().customer(zhang.id)))
}

#[test]
fn an_opportunity_is_opened_advanced_and_won() {
    let mut world = World::new();
    let lamps = opened(&mut world);
    let engaging = "engaging".parse().unwrap();
    let after = world.does(|tx, act| advance_opportunity(tx, act, lamps.id, &hardware(), &engaging, None));
    assert_eq!((after.stage().key.as_str(), after.probability()), ("engaging", Percent::whole(50)));
    assert_eq!(after.history().last().unwrap().actor.as_str(), "alice");
    world.changes_nothing(|tx, act| advance_opportunity(tx, act, lamps.id, &hardware(), &engaging, None));

    let won = world.does(|tx, act| win_opportunity(tx, act, lamps.id, &hardware(), sale()));
    assert_eq!((won.value(), won.state().close_day()), (Some(eur("1900.00")), Some(day("2026-03-02"))));
    assert_eq!(world.reads(|tx| Ok(tx.opportunity(lamps.id)?)), Some(won));
    assert_eq!(world.facts(lamps.id), ["opportunity.opened", "opportunity.advanced", "opportunity.won"]);
}

#[test]
fn opp_3_a_lost_opportunity_keeps_its_stage_and_can_be_reopened() {
    let mut world = World::new();
    let lamps = opened(&mut world);
    let prospecting = "prospecting".parse().unwrap();
    let lost = world.does(|tx, act| lose_opportunity(tx, act, lamps.id, loss()));
    assert_eq!((lost.stage().key.as_str(), lost.probability()), ("prospecting", Percent::ZERO));
    let error = world.is_refused(|tx, act| lose_opportunity(tx, act, lamps.id, loss()));
    assert!(matches!(
        error,
        SalesError::Opportunity(OpportunityError::NotAllowed {
            status: OpportunityStatus::Lost,
            action: OpportunityAction::Lose,
            ..
        })
    ));

    let customer = lamps.customer().unwrap();
    world.does(|tx, act| archive_customer(tx, act, customer));
    let error = world.is_refused(|tx, act| reopen_opportunity(tx, act, lamps.id, &hardware(), &prospecting));
    assert!(matches!(error, SalesError::Archived { .. }));
    world.does(|tx, act| restore_customer(tx, act, customer));
    let open = world.does(|tx, act| reopen_opportunity(tx, act, lamps.id, &hardware(), &prospecting));
    assert_eq!(open.probability(), Percent::whole(10));
    assert_eq!(world.facts(lamps.id), ["opportunity.opened", "opportunity.lost", "opportunity.reopened"]);
}

#[test]
fn an_opportunity_without_a_customer_is_worked_but_not_won() {
    let mut world = World::new();
    let open = world.does(|tx, act| open_opportunity(tx, act, &hardware(), lamps()));
    let error = world.is_refused(|tx, act| win_opportunity(tx, act, open.id, &hardware(), sale()));
    assert!(matches!(error, SalesError::NoCustomer { opportunity } if opportunity == open.id));
    world.does(|tx, act| lose_opportunity(tx, act, open.id, loss()));
}

#[test]
fn an_archived_customer_gets_no_new_opportunity() {
    let mut world = World::new();
    let zhang = world.person("张三");
    let open = world.does(|tx, act| open_opportunity(tx, act, &hardware(), lamps().customer(zhang.id)));
    let other = world.does(|tx, act| open_opportunity(tx, act, &hardware(), lamps()));
    world.does(|tx, act| archive_customer(tx, act, zhang.id));
    let error = world.is_refused(|tx, act| open_opportunity(tx, act, &hardware(), lamps().customer(zhang.id)));
    assert!(matches!(error, SalesError::Archived { .. }));
    let to_zhang = OpportunityPatch { customer: Some(Some(zhang.id)), ..OpportunityPatch::default() };
    let error = world.is_refused(|tx, act| revise_opportunity(tx, act, other.id, to_zhang));
    assert!(matches!(error, SalesError::Archived { .. }));
    // What was begun goes on.
    world.does(|tx, act| win_opportunity(tx, act, open.id, &hardware(), sale()));
}

#[test]
fn an_opportunity_is_worked_by_a_rep_who_sells() {
    let mut world = World::new();
    let (lin, wang) = (world.rep("Lin Wei", None).id, world.rep("Wang Fang", None).id);
    let worked_by = |rep| OpportunityPatch { rep: Some(Some(rep)), ..OpportunityPatch::default() };
    let customer = world.person("张三").id;
    let open = world.does(|tx, act| open_opportunity(tx, act, &hardware(), lamps().rep(wang).customer(customer)));
    world.sells_at_present(lin, false);
    let nobody = SalesRepId::from_uuid(Default::default());
    for error in [
        world.is_refused(|tx, act| open_opportunity(tx, act, &hardware(), lamps().rep(lin))),
        world.is_refused(|tx, act| revise_opportunity(tx, act, open.id, worked_by(lin))),
    ] {
        assert!(matches!(error, SalesError::Inactive { record } if record == lin.into()));
    }
    for error in [
        world.is_refused(|tx, act| open_opportunity(tx, act, &hardware(), lamps().rep(nobody))),
        world.is_refused(|tx, act| revise_opportunity(tx, act, open.id, worked_by(nobody))),
    ] {
        assert!(matches!(error, SalesError::NotFound { record } if record == nobody.into()));
    }
    // What was begun goes on with whoever has it.
    world.sells_at_present(wang, false);
    let patch = OpportunityPatch { value: Some(Some(eur("2000.00"))), ..worked_by(wang) };
    world.does(|tx, act| revise_opportunity(tx, act, open.id, patch));
    assert_eq!(world.does(|tx, act| win_opportunity(tx, act, open.id, &hardware(), sale())).rep(), Some(wang));
}

#[test]
fn a_closed_opportunity_is_kept() {
    let mut world = World::new();
    let prospecting = "prospecting".parse().unwrap();
    let (won, lost) = (opened(&mut world).id, opened(&mut world).id);
    world.does(|tx, act| win_opportunity(tx, act, won, &hardware(), sale()));
    world.does(|tx, act| lose_opportunity(tx, act, lost, loss()));
    for (id, standing) in [(won, OpportunityStatus::Won), (lost, OpportunityStatus::Lost)] {
        let error = world.is_refused(|tx, act| delete_opportunity(tx, act, id));
        assert!(matches!(
            error,
            SalesError::Opportunity(OpportunityError::NotAllowed {
                status,
                action: OpportunityAction::Delete,
                ..
            }) if status == standing
        ));
    }
    world.does(|tx, act| reopen_opportunity(tx, act, lost, &hardware(), &prospecting));
    world.does(|tx, act| delete_opportunity(tx, act, lost));
}

#[test]
fn an_open_opportunity_is_revised_over_the_revision_that_was_seen() {
    let mut world = World::new();
    let lamps = opened(&mut world);
    let patch = OpportunityPatch {
        expected: Some(lamps.revision),
        value: Some(Some(eur("2000.00"))),
        ..OpportunityPatch::default()
    };
    world.does(|tx, act| revise_opportunity(tx, act, lamps.id, patch.clone()));
    let error = world.is_refused(|tx, act| revise_opportunity(tx, act, lamps.id, patch.clone()));
    assert!(matches!(error, SalesError::Conflict { .. }));
    let patch = OpportunityPatch { expected: None, ..patch };
    world.changes_nothing(|tx, act| revise_opportunity(tx, act, lamps.id, patch.clone()));
    world.does(|tx, act| lose_opportunity(tx, act, lamps.id, loss()));
    let error = world.is_refused(|tx, act| revise_opportunity(tx, act, lamps.id, patch));
    assert!(matches!(error, SalesError::Opportunity(OpportunityError::NotAllowed { .. })));
}

#[test]
fn wrong_stages_and_pipelines_are_refused() {
    let mut world = World::new();
    let open = opened(&mut world);
    let won = "won".parse().unwrap();
    let error = world.is_refused(|tx, act| advance_opportunity(tx, act, open.id, &hardware(), &won, None));
    assert!(matches!(error, SalesError::Opportunity(OpportunityError::WrongStage { .. })));
    let error = world.is_refused(|tx, act| open_opportunity(tx, act, &hardware(), lamps().stage(won.clone())));
    assert_eq!(error.invalid().map(|invalid| (invalid.field(), invalid.value())), Some(("stage", "won")));
    let unknown = "negotiating".parse().unwrap();
    let error = world.is_refused(|tx, act| advance_opportunity(tx, act, open.id, &hardware(), &unknown, None));
    assert!(error.invalid().is_some());
    let other = Pipeline::new("Services".parse().unwrap())
        .open("new".parse().unwrap(), Percent::whole(1))
        .won("won".parse().unwrap())
        .build()
        .unwrap();
    let error = world.is_refused(|tx, act| win_opportunity(tx, act, open.id, &other, sale()));
    assert!(matches!(error, SalesError::Opportunity(OpportunityError::OtherPipeline { .. })));
}

#[test]
fn an_opportunity_is_deleted() {
    let mut world = World::new();
    let open = opened(&mut world);
    world.does(|tx, act| delete_opportunity(tx, act, open.id));
    assert_eq!(world.reads(|tx| Ok(tx.opportunity(open.id)?)), None);
    assert_eq!(world.facts(open.id), ["opportunity.opened", "opportunity.deleted"]);
    let missing = RecordId::from_uuid(Default::default());
    for error in [
        world.is_refused(|tx, act| delete_opportunity(tx, act, open.id)),
        world.is_refused(|tx, act| lose_opportunity(tx, act, missing, loss())),
        world.is_refused(|tx, act| win_opportunity(tx, act, missing, &hardware(), sale())),
    ] {
        assert!(matches!(error, SalesError::NotFound { .. }));
    }
}

fn line(product: ProductId, quantity: u32, price: &str) -> DealLine {
    let price = UnitPrice::parse(price, crm_core::Currency::EUR).unwrap();
    DealLine::new(product, Quantity::from(quantity), price, Percent::ZERO).unwrap()
}

#[test]
fn opp_10_a_deal_is_worth_its_lines_and_they_are_of_products_that_are_sold() {
    let mut world = World::new();
    let (lamp, chair) = (world.product("LAMP", "49.90").id, world.product("CHAIR", "100").id);
    let new = NewOpportunity::new("forty lamps".parse().unwrap()).line(line(lamp, 40, "49.90"));
    let deal = world.does(|tx, act| open_opportunity(tx, act, &hardware(), new.clone()));
    assert_eq!((deal.amount_source(), deal.value()), (AmountSource::Lines, Some(eur("1996.00"))));
    let both = world.is_refused(|tx, act| open_opportunity(tx, act, &hardware(), new.clone().value(eur("1"))));
    assert!(matches!(
        both,
        SalesError::Opportunity(OpportunityError::ValueOfLines { total, given, .. })
            if (total, given) == (eur("1996.00"), eur("1"))
    ));
    let lines = |lines: &[DealLine]| OpportunityPatch { lines: Some(lines.to_vec()), ..OpportunityPatch::default() };
    for product in [lamp, chair] {
        let inactive = ProductPatch { active: Some(false), ..ProductPatch::default() };
        world.does(|tx, act| update_product(tx, act, product, inactive));
    }
    // What is no longer sold stays where it stands and is not added.
    let more = world.does(|tx, act| revise_opportunity(tx, act, deal.id, lines(&[line(lamp, 50, "49.90")])));
    assert_eq!(more.value(), Some(eur("2495.00")));
    for refused in [
        world.is_refused(|tx, act| revise_opportunity(tx, act, deal.id, lines(&[line(chair, 1, "1")]))),
        world.is_refused(|tx, act| {
            open_opportunity(tx, act, &hardware(), lamps_without_value().line(line(chair, 1, "1")))
        }),
    ] {
        assert!(matches!(refused, SalesError::Inactive { record } if record == chair.into()));
    }
    let nothing = ProductId::from_uuid(Default::default());
    let refused = world.is_refused(|tx, act| revise_opportunity(tx, act, deal.id, lines(&[line(nothing, 1, "1")])));
    assert!(matches!(refused, SalesError::NotFound { record } if record == nothing.into()));
    let refused = world.is_refused(|tx, act| delete_product(tx, act, lamp));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "opportunities", count: 1 });
    let emptied = world.does(|tx, act| revise_opportunity(tx, act, deal.id, lines(&[])));
    assert_eq!((emptied.amount_source(), emptied.value()), (AmountSource::Manual, None));
    world.does(|tx, act| delete_product(tx, act, lamp));
}

fn lamps_without_value() -> NewOpportunity {
    NewOpportunity::new("forty lamps".parse().unwrap())
}

#[test]
fn contacts_of_a_deal_are_persons_in_use() {
    let mut world = World::new();
    let (zhang, li, acme) = (world.person("张三").id, world.person("李四").id, world.organisation("Acme").id);
    let role = || "decision maker".parse().unwrap();
    let deal = world
        .does(|tx, act| open_opportunity(tx, act, &hardware(), lamps().customer(acme).primary_contact(zhang, role())));
    assert_eq!((deal.contacts()[0].person, deal.contacts()[0].primary), (zhang, true));
    let refused = world.is_refused(|tx, act| open_opportunity(tx, act, &hardware(), lamps().contact(acme, role())));
    assert!(matches!(refused, SalesError::NotAPerson { customer, field: "contacts" } if customer == acme));
    let with = |person| {
        let contacts = lamps().primary_contact(zhang, role()).contact(person, role()).contacts;
        OpportunityPatch { contacts: Some(contacts), ..OpportunityPatch::default() }
    };
    world.does(|tx, act| archive_customer(tx, act, zhang));
    world.does(|tx, act| archive_customer(tx, act, li));
    let refused = world.is_refused(|tx, act| revise_opportunity(tx, act, deal.id, with(li)));
    assert!(matches!(refused, SalesError::Archived { customer } if customer == li));
    world.does(|tx, act| restore_customer(tx, act, li));
    // Whoever is a contact already may stay one.
    world.does(|tx, act| revise_opportunity(tx, act, deal.id, with(li)));
    let refused = world.is_refused(|tx, act| delete_customer(tx, act, li));
    assert_eq!(kind(&refused), &StoreErrorKind::StillReferenced { by: "opportunities", count: 1 });
}

#[test]
fn opp_1_a_pipeline_says_which_stage_may_follow_and_what_it_requires() {
    let mut world = World::new();
    let pipeline = Pipeline::new("Hardware".parse().unwrap())
        .open("prospecting".parse().unwrap(), Percent::whole(10))
        .next(["engaging".parse().unwrap()])
        .open("engaging".parse().unwrap(), Percent::whole(50))
        .forecast(ForecastCategory::BestCase)
        .requires([RequiredField::ExpectedClose])
        .won("won".parse().unwrap())
        .build()
        .unwrap();
    let zhang = world.person("张三").id;
    let deal = world.does(|tx, act| open_opportunity(tx, act, &pipeline, lamps().customer(zhang)));
    let refused = world.is_refused(|tx, act| win_opportunity(tx, act, deal.id, &pipeline, sale()));
    assert!(matches!(refused, SalesError::Opportunity(OpportunityError::NotNext { to: None, .. })));
    let engaging = "engaging".parse().unwrap();
    let refused = world.is_refused(|tx, act| advance_opportunity(tx, act, deal.id, &pipeline, &engaging, None));
    let SalesError::Opportunity(OpportunityError::Missing { opportunity, stage, fields }) = refused else { panic!() };
    assert_eq!((opportunity, stage, fields), (deal.id, engaging.clone(), vec![RequiredField::ExpectedClose]));
    let close = OpportunityPatch { expected_close: Some(Some(day("2026-03-31"))), ..OpportunityPatch::default() };
    world.does(|tx, act| revise_opportunity(tx, act, deal.id, close));
    let advanced = world.does(|tx, act| advance_opportunity(tx, act, deal.id, &pipeline, &engaging, None));
    assert_eq!(advanced.forecast_category(), ForecastCategory::BestCase);
    let emptied = OpportunityPatch { expected_close: Some(None), ..OpportunityPatch::default() };
    let refused = world.is_refused(|tx, act| revise_opportunity(tx, act, deal.id, emptied));
    assert!(matches!(refused, SalesError::Opportunity(OpportunityError::Missing { .. })));
    // FC-7: a push is counted.
    let later = OpportunityPatch { expected_close: Some(Some(day("2026-04-01"))), ..OpportunityPatch::default() };
    assert_eq!(world.does(|tx, act| revise_opportunity(tx, act, deal.id, later)).pushes().len(), 1);
    world.does(|tx, act| win_opportunity(tx, act, deal.id, &pipeline, sale()));
}
