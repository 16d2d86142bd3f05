//! The same key, the same effect once.

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
};

use chrono::TimeDelta;
use crm_core::{
    Act, Activity, ActivityKind, ActivityPatch, ActivityPlan, Channel, Completion, ContactMark, ContactRef,
    ConversionPlan, Currency, Customer, CustomerPatch, Direction, Disqualification, Fingerprint, IdempotencyError,
    Interaction, Label, LeadPatch, LeadTouch, Loss, Member, Money, NewActivity, NewConversion, NewCustomer,
    NewInteraction, NewLead, NewOpportunity, NewOrder, NewPayment, NewPriceList, NewProduct, NewQueue, NewSalePlan,
    NewSalesRep, Opportunity, OpportunityId, OpportunityPatch, Order, OrderError, Percent, Period, Pipeline, PlanScope,
    Product, ProductPatch, QueuePatch, Rating, RosterMember, Sale, SalePlan, SalePlanPatch, SalesRep, SalesRepId,
    SalesRepPatch, ShippedLine, UnitPrice,
    store::{Answers, OrderFilter, Orders, Page, Store},
};
use crm_sales::{
    Converted, OrderAmendment, PriceLine, SalesError, Schedule, activate_plan, add_lead, add_order_lines,
    add_price_list, add_product, add_queue, add_sales_rep, advance_opportunity, amend_order, amend_plan,
    apply_assignment_rules, apply_conversion, archive_customer, assign_lead, cancel_activity, cancel_order,
    cancel_order_on, close_plan, complete_activity, confirm_order, confirm_order_on, convert_leads, delete_activity,
    delete_customer, delete_interaction, delete_lead, delete_opportunity, delete_order, delete_plan, delete_product,
    delete_queue, delete_sales_rep, deliver_shipment, disqualify_lead, draft_order, draft_plan, drain_queue,
    enqueue_lead, give_lead, lock_order, log_interaction, log_lead_touch, lose_opportunity, mark_contact_point,
    nurture_lead, open_opportunity, pay_order, place_order, place_order_on, plan_activity, plan_conversion, price_book,
    price_order_by, qualify_lead, rate_interaction, reassign_order, refund_order, register_customer, reopen_activity,
    reopen_lead, reopen_opportunity, restore_customer, return_shipment, revise_activity, revise_lead,
    revise_opportunity, route_lead, schedule_activities, ship_lines, ship_order, undo_conversion, undo_refund,
    unlock_order, update_customer, update_order_prices, update_product, update_queue, update_sales_rep,
    win_opportunity, work_lead,
};
use crm_testkit::{Acts, MemoryTx};
use proptest::prelude::*;

use crate::world::{World, day, eur};

impl World {
    /// Does something as a new act of alice under a key; what is refused is rolled back.
    pub(crate) fn under<T>(
        &mut self,
        key: &str,
        f: impl FnOnce(&mut MemoryTx, &mut Act) -> Result<T, SalesError>,
    ) -> Result<T, SalesError> {
        let act = &mut self.acts.next("alice").with_key(key.parse().unwrap());
        self.store.write(|tx| f(tx, act))
    }
}

fn orders(world: &World) -> Vec<Order> {
    world.reads(|tx| Ok(tx.orders(&OrderFilter::default(), Page::first(99))?))
}

#[test]
fn the_same_key_gives_the_first_order_again() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let two = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
    let first = world.under("basket 1", |tx, act| place_order(tx, act, two.clone())).unwrap();
    // On another day, when the record is another one.
    world.acts.wait(TimeDelta::days(1));
    world.does(|tx, act| lock_order(tx, act, first.id));
    let again = world.under("basket 1", |tx, act| place_order(tx, act, two.clone())).unwrap();
    assert_eq!(again, first);
    assert_eq!(orders(&world).len(), 1);
    assert_eq!(world.facts(first.id), ["order.drafted", "order.confirmed", "order.locked"]);

    // Another key, and no key at all, are new business.
    world.under("basket 2", |tx, act| place_order(tx, act, two.clone())).unwrap();
    world.does(|tx, act| place_order(tx, act, two));
    assert_eq!(orders(&world).len(), 3);
}

#[test]
fn another_input_under_the_same_key_is_refused_and_changes_nothing() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let basket = |lamps| NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, lamps);
    let first = world.under("basket 1", |tx, act| place_order(tx, act, basket(2))).unwrap();
    let refused = world.is_refused(|tx, act| {
        let act = &mut act.clone().with_key("basket 1".parse()?);
        place_order(tx, act, basket(3))
    });
    let SalesError::Idempotency(refused) = refused else { panic!("{refused}") };
    assert_eq!(refused.records(), [first.id.into()]);
    let words = format!("the key \"basket 1\" was used for place_order {} already", first.id);
    assert!(refused.to_string().starts_with(&words), "{refused}");
}

#[test]
fn what_is_refused_under_a_key_is_tried_again() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let empty = NewOrder::for_customer(zhang.id, Currency::EUR);
    let full = empty.clone().line(lamp.id, 1);
    // The host goes on after a refusal, in the same transaction.
    let both = |tx: &mut MemoryTx, act: &mut Act| {
        let refused = place_order(tx, act, empty.clone()).unwrap_err();
        Ok((refused, place_order(tx, act, full.clone())?))
    };
    let (refused, first) = world.under("basket 1", both).unwrap();
    assert!(matches!(refused, SalesError::Order(OrderError::NoLines { .. })), "{refused}");
    let (refused, again) = world.under("basket 1", both).unwrap();
    assert!(matches!(refused, SalesError::Idempotency(IdempotencyError::Mismatch { .. })), "{refused}");
    assert_eq!((again, orders(&world).len()), (first, 1));
}

#[test]
fn an_erased_answer_is_recognised_and_refused() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let two = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
    let first = world.under("basket 1", |tx, act| place_order(tx, act, two.clone())).unwrap();
    assert_eq!(world.does(|tx, _| Ok(tx.erase_answers(first.id.into())?)), 1);
    let refused = world.under("basket 1", |tx, act| place_order(tx, act, two)).unwrap_err();
    let SalesError::Idempotency(refused @ IdempotencyError::Erased { .. }) = refused else { panic!("{refused}") };
    assert_eq!(refused.records(), [first.id.into()]);
    assert_eq!(orders(&world).len(), 1);
}

/// What a whole act answered.
#[derive(Debug, Default, PartialEq)]
struct Answered {
    customers: Vec<Customer>,
    interactions: Vec<Interaction>,
    products: Vec<Product>,
    reps: Vec<SalesRep>,
    plans: Vec<SalePlan>,
    opportunities: Vec<Opportunity>,
    activities: Vec<Activity>,
    orders: Vec<Order>,
}

/// Everything that can be done about a deal.
fn do_activities(tx: &mut MemoryTx, act: &mut Act, deal: OpportunityId) -> Result<Vec<Activity>, SalesError> {
    let new = NewActivity::new(ActivityKind::Call, "ask about the lamps".parse()?, act.day()).opportunity(deal);
    let call = plan_activity(tx, act, new.clone())?;
    let patch = ActivityPatch { due: Some(day("2026-03-09")), ..ActivityPatch::default() };
    let mut all = vec![revise_activity(tx, act, call.id, patch)?];
    let reached = Completion { day: act.day(), outcome: "reached".parse()?, note: None };
    all.push(complete_activity(tx, act, call.id, reached)?);
    all.push(reopen_activity(tx, act, call.id)?);
    all.push(cancel_activity(tx, act, call.id, Some("they wrote".parse()?))?);
    let gone = plan_activity(tx, act, new)?;
    all.extend([delete_activity(tx, act, gone.id)?, call, gone]);
    let plan = ActivityPlan::new("welcome".parse()?)
        .step(ActivityKind::Call, "say hello".parse()?, 0)
        .step(ActivityKind::Visit, "show the lamps".parse()?, 7)
        .build()?;
    let schedule = Schedule {
        first_day: act.day(),
        lead: None,
        customer: None,
        opportunity: Some(deal),
        person: None,
        owner: None,
    };
    all.extend(schedule_activities(tx, act, &plan, schedule)?);
    Ok(all)
}

/// Everything that can be done, in one act.
fn do_everything(tx: &mut MemoryTx, act: &mut Act) -> Result<Answered, SalesError> {
    let mut all = Answered::default();
    let rep = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
    let patch = SalesRepPatch { region: Some(Some("East".parse()?)), ..SalesRepPatch::default() };
    all.reps.push(update_sales_rep(tx, act, rep.id, patch)?);
    let gone = add_sales_rep(tx, act, NewSalesRep::new("Wang Fang".parse()?))?;
    all.reps.extend([delete_sales_rep(tx, act, gone.id)?, rep.clone(), gone]);

    let price = UnitPrice::parse("49.90", Currency::EUR)?;
    let lamp = add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
    let patch = ProductPatch { category: Some(Some("Lamps".parse()?)), ..ProductPatch::default() };
    all.products.push(update_product(tx, act, lamp.id, patch)?);
    let gone = add_product(tx, act, NewProduct::new("LAMP-2".parse()?, "Floor lamp".parse()?, price))?;
    all.products.extend([delete_product(tx, act, gone.id)?, lamp.clone(), gone]);

    let new = NewCustomer::person("张三".parse()?).email("zhang@example.com".parse()?);
    let zhang = register_customer(tx, act, new)?;
    let patch = CustomerPatch { region: Some(Some("East".parse()?)), ..CustomerPatch::default() };
    all.customers.push(update_customer(tx, act, zhang.id, patch)?);
    let email = ContactRef::Email("zhang@example.com".parse()?);
    all.customers.push(mark_contact_point(tx, act, zhang.id, &email, ContactMark::OptOut)?);
    all.customers.push(archive_customer(tx, act, zhang.id)?);
    all.customers.push(restore_customer(tx, act, zhang.id)?);
    let gone = register_customer(tx, act, NewCustomer::organisation("Acme".parse()?))?;
    all.customers.extend([delete_customer(tx, act, gone.id)?, zhang.clone(), gone]);

    let new = NewInteraction::new(zhang.id, Channel::Phone, Direction::Inbound, "asks for lamps".parse()?);
    let call = log_interaction(tx, act, new)?;
    all.interactions.push(rate_interaction(tx, act, call.id, Some(Rating::new(4)?))?);
    all.interactions.extend([delete_interaction(tx, act, call.id)?, call]);

    let march = NewSalePlan::new("March".parse()?, Period::month(2026, 3)?, eur("100.00"), PlanScope::SalesRep(rep.id));
    let plan = draft_plan(tx, act, march.clone())?;
    let patch = SalePlanPatch { target: Some(eur("200.00")), ..SalePlanPatch::default() };
    all.plans.push(amend_plan(tx, act, plan.id, patch)?);
    all.plans.push(activate_plan(tx, act, plan.id)?);
    all.plans.push(close_plan(tx, act, plan.id)?);
    let gone = draft_plan(tx, act, march)?;
    all.plans.extend([delete_plan(tx, act, gone.id)?, plan, gone]);

    let hardware = Pipeline::new("Hardware".parse()?)
        .open("new".parse()?, Percent::whole(10))
        .open("talks".parse()?, Percent::whole(50))
        .won("won".parse()?)
        .build()?;
    let (first, second): (Label, Label) = ("new".parse()?, "talks".parse()?);
    let new = NewOpportunity::new("forty lamps".parse()?).customer(zhang.id);
    let deal = open_opportunity(tx, act, &hardware, new.clone())?;
    let patch = OpportunityPatch { value: Some(Some(eur("1996.00"))), ..OpportunityPatch::default() };
    all.opportunities.push(revise_opportunity(tx, act, deal.id, patch)?);
    all.opportunities.push(advance_opportunity(tx, act, deal.id, &hardware, &second, None)?);
    all.opportunities.push(win_opportunity(tx, act, deal.id, &hardware, Sale { day: day("2026-03-02"), value: None })?);
    all.opportunities.push(reopen_opportunity(tx, act, deal.id, &hardware, &first)?);
    let loss = Loss { day: day("2026-03-02"), reason: "price".parse()?, note: None };
    all.opportunities.push(lose_opportunity(tx, act, deal.id, loss)?);
    all.activities = do_activities(tx, act, deal.id)?;
    let gone = open_opportunity(tx, act, &hardware, new)?;
    all.opportunities.extend([delete_opportunity(tx, act, gone.id)?, deal, gone]);

    let two = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
    let order = draft_order(tx, act, two.clone())?;
    all.orders.push(order.clone());
    all.orders.push(amend_order(tx, act, order.id, OrderAmendment::new().add(lamp.id, 3))?);
    all.orders.push(reassign_order(tx, act, order.id, Some(rep.id))?);
    all.orders.push(confirm_order(tx, act, order.id)?);
    all.orders.push(lock_order(tx, act, order.id)?);
    all.orders.push(unlock_order(tx, act, order.id)?);
    // Twice the same payment is two payments.
    all.orders.push(pay_order(tx, act, order.id, NewPayment::of(eur("10.00")))?);
    all.orders.push(pay_order(tx, act, order.id, NewPayment::of(eur("10.00")))?);
    all.orders.push(refund_order(tx, act, order.id, NewPayment::of(eur("20.00")))?);
    all.orders.push(undo_refund(tx, act, order.id, 3)?);
    all.orders.push(ship_lines(tx, act, order.id, vec![ShippedLine { line: 1, quantity: 1.into() }])?);
    all.orders.push(ship_order(tx, act, order.id)?);
    all.orders.push(deliver_shipment(tx, act, order.id, 1)?);
    all.orders.push(return_shipment(tx, act, order.id, 1)?);
    all.orders.push(return_shipment(tx, act, order.id, 2)?);
    all.orders.push(cancel_order(tx, act, order.id, Some("changed their mind".parse()?))?);
    let gone = draft_order(tx, act, two.clone())?;
    all.orders.push(confirm_order_on(tx, act, gone.id, day("2026-03-03"))?);
    all.orders.push(cancel_order_on(tx, act, gone.id, day("2026-03-04"), None)?);
    let gone = draft_order(tx, act, two.clone())?;
    all.orders.push(delete_order(tx, act, gone.id)?);
    all.orders.push(place_order(tx, act, two.clone())?);
    all.orders.push(place_order_on(tx, act, two, day("2026-03-05"))?);
    Ok(all)
}

#[test]
fn a_whole_act_is_repeated_as_it_was() {
    let mut world = World::new();
    let first = world.under("the fair", do_everything).unwrap();
    let mut again = None;
    world.changes_nothing(|tx, act| {
        again = Some(do_everything(tx, &mut act.clone().with_key("the fair".parse()?))?);
        Ok(())
    });
    assert_eq!(again.as_ref(), Some(&first));
    // Each of them has an answer of its own, with all the records in the order in which they were done.
    let answers = world.reads(|tx| Ok(tx.answers(Page::first(999))?));
    let names: BTreeSet<&str> = answers.iter().map(|answer| answer.operation.as_str()).collect();
    assert_eq!((answers.len(), names.len()), (63, 53));
    let records = |operation: &str| if operation == "schedule_activities" { 2 } else { 1 };
    assert!(
        answers
            .iter()
            .zip(1..)
            .all(|(answer, place)| { answer.place == place && answer.records.len() == records(&answer.operation) })
    );
}

/// Everything that can be done with leads and queues, in words. The conversion of the last lead was planned before.
fn do_leads(
    tx: &mut MemoryTx,
    act: &mut Act,
    rep: SalesRepId,
    plan: &ConversionPlan,
) -> Result<Vec<String>, SalesError> {
    let (mut said, nobody) = (Vec::new(), BTreeSet::new());
    let mut says = |answer: &dyn std::fmt::Debug| said.push(format!("{answer:?}"));
    let web = NewQueue::new("Web".parse()?).member(RosterMember::new(Member::SalesRep(rep)).capacity(9));
    let web = add_queue(tx, act, web)?;
    says(&web);
    says(&update_queue(tx, act, web.id, QueuePatch { name: Some("Fair".parse()?), ..QueuePatch::default() })?);
    let gone = add_queue(tx, act, NewQueue::new("Gone".parse()?))?;
    says(&delete_queue(tx, act, gone.id)?);

    let lead = add_lead(tx, act, NewLead::person("张三".parse()?))?;
    says(&lead);
    let region = LeadPatch { region: Some(Some("East".parse()?)), ..LeadPatch::default() };
    says(&revise_lead(tx, act, lead.id, region)?);
    let touch = LeadTouch::new(lead.created_at, Channel::Phone, Direction::Inbound, "asks for lamps".parse()?);
    says(&log_lead_touch(tx, act, lead.id, touch)?);
    says(&give_lead(tx, act, lead.id, Some(rep))?);
    says(&enqueue_lead(tx, act, lead.id, Some(web.id))?);
    says(&assign_lead(tx, act, lead.id, &nobody)?);
    says(&apply_assignment_rules(tx, act, lead.id, &[])?);
    says(&route_lead(tx, act, lead.id, &[web.id])?);
    says(&drain_queue(tx, act, web.id, &nobody, Page::first(9))?);
    says(&nurture_lead(tx, act, lead.id)?);
    says(&work_lead(tx, act, lead.id)?);
    let why = Disqualification { reason: "no budget".parse()?, note: None };
    says(&disqualify_lead(tx, act, lead.id, why)?);
    says(&reopen_lead(tx, act, lead.id, "has one now".parse()?)?);
    says(&qualify_lead(tx, act, lead.id)?);
    let fresh = add_lead(tx, act, NewLead::person("李四".parse()?))?;
    let both = [&lead, &fresh].map(|lead| (lead.id, NewConversion::of(lead)));
    for one in convert_leads(tx, act, both.into(), act.day(), None)? {
        match one.outcome {
            // The words of a refusal are kept.
            Converted::Refused(refused) => says(&(one.lead, refused.message)),
            outcome => says(&(one.lead, outcome)),
        }
    }
    says(&delete_lead(tx, act, fresh.id)?);
    says(&apply_conversion(tx, act, plan)?);
    says(&undo_conversion(tx, act, plan.lead)?);
    Ok(said)
}

#[test]
fn all_that_is_done_with_leads_is_repeated_as_it_was() {
    let mut world = World::new();
    let rep = world.rep("Lin Wei", None).id;
    let lead = world.does(|tx, act| add_lead(tx, act, NewLead::person("王五".parse()?)));
    let lead = world.does(|tx, act| qualify_lead(tx, act, lead.id));
    let plan = world.reads(|tx| plan_conversion(tx, lead.id, day("2026-03-02"), NewConversion::of(&lead)));
    let first = world.under("the fair", |tx, act| do_leads(tx, act, rep, &plan)).unwrap();
    let mut again = None;
    world.changes_nothing(|tx, act| {
        again = Some(do_leads(tx, &mut act.clone().with_key("the fair".parse()?), rep, &plan)?);
        Ok(())
    });
    assert_eq!(again, Some(first));
}

/// The operations of this crate, as they stand in its files: name and body.
fn operations() -> BTreeMap<String, String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut found = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let code = std::fs::read_to_string(path).unwrap();
        for function in code.split("\npub fn ").skip(1) {
            let (head, _) = function.split_once(['(', '<']).unwrap();
            let (body, _) = function.split_once("\n}\n").unwrap();
            if body.contains("act: &mut Act") {
                found.insert(head.to_owned(), body.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_operation_is_done_once_under_its_own_name() {
    let operations = operations();
    assert!(operations.len() >= 60 && operations.contains_key("pay_order"), "{:?}", operations.keys());
    for (name, body) in operations {
        assert!(body.contains("once(") && body.contains(&format!("\"{name}\"")), "{name} is done again under its key");
    }
}

#[test]
fn prices_of_another_book_are_another_input() {
    let mut world = World::new();
    let (zhang, lamp) = (world.person("张三"), world.product("LAMP-1", "49.90"));
    let list = NewPriceList::new("Retail".parse().unwrap(), Currency::EUR);
    let list = world.does(|tx, act| add_price_list(tx, act, list));
    let order = world.does(|tx, act| draft_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR)));
    world.does(|tx, act| price_order_by(tx, act, order.id, Some(list.id)));
    let book = |world: &World, on| world.reads(|tx| price_book(tx, list.id, day(on), []));
    let (today, tomorrow) = (book(&world, "2026-03-02"), book(&world, "2026-03-03"));
    let lines = [PriceLine::new(lamp.id, 2)];
    let add =
        |world: &mut World, book| world.under("add 1", |tx, act| add_order_lines(tx, act, order.id, book, &lines));
    let update = |world: &mut World, book| world.under("up 1", |tx, act| update_order_prices(tx, act, order.id, book));
    let (added, updated) = (add(&mut world, &today).unwrap(), update(&mut world, &today).unwrap());
    assert_eq!((add(&mut world, &today).unwrap(), update(&mut world, &today).unwrap()), (added, updated));
    for refused in [add(&mut world, &tomorrow), update(&mut world, &tomorrow)] {
        assert!(matches!(refused, Err(SalesError::Idempotency(IdempotencyError::Mismatch { .. }))), "{refused:?}");
    }
}

#[test]
fn emptying_a_field_is_another_input_than_leaving_it() {
    let leave = CustomerPatch::default();
    let empty = CustomerPatch { region: Some(None), ..leave.clone() };
    assert_ne!(Fingerprint::of(&leave).unwrap(), Fingerprint::of(&empty).unwrap());
}

/// What was paid of an order, in cents, one payment after the other.
fn paid_amounts(world: &World, order: &Order) -> Vec<i64> {
    let order = world.reads(|tx| Ok(tx.order(order.id)?)).unwrap();
    order.payments().iter().map(|payment| payment.amount.minor()).collect()
}

#[test]
fn many_at_once_under_one_key_do_it_once() {
    let mut world = World::new();
    let order = world.draft();
    world.does(|tx, act| confirm_order(tx, act, order.id));
    let store = &world.store;
    let paid: Vec<Order> = thread::scope(|scope| {
        let pay = |seed: u16| {
            let act = &mut Acts::seeded(100 + seed).next("till").with_key("receipt 9".parse().unwrap());
            store.write(|tx| pay_order(tx, act, order.id, NewPayment::of(eur("10.00")))).unwrap()
        };
        let threads: Vec<_> = (0..16).map(|seed| scope.spawn(move || pay(seed))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(paid.iter().all(|one| *one == paid[0]));
    assert_eq!(paid_amounts(&world, &order), [1000]);
}

/// One delivery of a command.
#[derive(Clone, Copy, Debug)]
struct Delivery {
    command: usize,
    /// The commit fails after the operation.
    lost: bool,
    /// The sender tries again with the act that it has, and does not make a new one.
    same_act: bool,
}

proptest! {
    /// P13: whatever is delivered, how often and in which order, each command that came through has its effect once.
    #[test]
    fn commands_that_come_twice_late_or_after_a_failure_have_one_effect(
        deliveries in proptest::collection::vec(
            (0..6_usize, any::<bool>(), any::<bool>()).prop_map(|(command, lost, same_act)| Delivery { command, lost, same_act }),
            1..40,
        ),
    ) {
        let mut world = World::new();
        let order = world.draft();
        world.does(|tx, act| confirm_order(tx, act, order.id));
        let mut acts: BTreeMap<usize, Act> = BTreeMap::new();
        let mut answers: BTreeMap<usize, Order> = BTreeMap::new();
        for Delivery { command, lost, same_act } in deliveries {
            let key = format!("receipt {command}").parse().unwrap();
            let new = world.acts.next("till").with_key(key);
            let act = acts.entry(command).and_modify(|act| if !same_act { *act = new.clone() }).or_insert(new);
            // Two of the commands ask the same under different keys.
            let amount = Money::from_minor(100 + i64::try_from(command / 2).unwrap(), Currency::EUR);
            let answer = world.store.write(|tx: &mut MemoryTx| {
                let paid = pay_order(tx, act, order.id, NewPayment::of(amount))?;
                if lost { Err(SalesError::NotFound { record: order.id.into() }) } else { Ok(paid) }
            });
            if let Ok(answer) = answer {
                prop_assert_eq!(answers.entry(command).or_insert_with(|| answer.clone()), &answer);
            }
        }
        let mut paid = paid_amounts(&world, &order);
        paid.sort_unstable();
        let due: Vec<i64> = answers.keys().map(|command| 100 + i64::try_from(command / 2).unwrap()).collect();
        prop_assert_eq!(paid, due);
    }
}
