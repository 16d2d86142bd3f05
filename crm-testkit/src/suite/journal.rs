//! C40 to C43: the journal.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
};

use crm_core::{
    Act, ActivityFact, AgentFact, Cause, CustomerFact, Entry, ExchangeRateFact, Fact, ForecastAdjustmentFact,
    ForecastSnapshotFact, InteractionFact, LeadFact, OpportunityFact, Order, OrderFact, PaymentFact, Position,
    PriceListFact, ProductFact, PromotionFact, QueueFact, QuoteFact, RecordId as _, RecordRef, RedemptionFact,
    RedemptionId, SalePlanFact, SalesRepFact, TicketFact, TicketStatus,
    store::{Journal as _, Page, Records, Store},
};

use super::{
    family::{Any, Family, Stored},
    maker::{Maker, act, day, text},
    world::{CONSUMERS, entries, founded, label, own_error, read, write},
};

/// The fact that a record changed to another state of itself, or something else that happens to such a record.
fn fact(before: &Any, after: Any) -> Fact {
    match (before.clone(), after) {
        (Any::Customer(before), Any::Customer(after)) => (before.id, CustomerFact::Updated { before, after }).into(),
        (Any::Interaction(before), Any::Interaction(after)) => {
            (before.id, InteractionFact::Rated { from: before.rating, to: after.rating }).into()
        }
        (Any::Product(before), Any::Product(after)) => (before.id, ProductFact::Updated { before, after }).into(),
        (Any::PriceList(before), Any::PriceList(after)) => {
            let fact = PriceListFact::Repriced { removed: before.rules().to_vec(), added: after.rules().to_vec() };
            (before.id, fact).into()
        }
        (Any::Promotion(before), Any::Promotion(after)) => (before.id, PromotionFact::Updated { before, after }).into(),
        (Any::Redemption(_), Any::Redemption(redemption)) => {
            (redemption.id, RedemptionFact::Made { redemption }).into()
        }
        (Any::SalesRep(before), Any::SalesRep(after)) => (before.id, SalesRepFact::Updated { before, after }).into(),
        (Any::SalePlan(before), Any::SalePlan(after)) => (before.id, SalePlanFact::Amended { before, after }).into(),
        (Any::Queue(before), Any::Queue(after)) => (before.id, QueueFact::Updated { before, after }).into(),
        (Any::Lead(before), Any::Lead(after)) => (before.id, LeadFact::Revised { before, after }).into(),
        (Any::Opportunity(before), Any::Opportunity(after)) => {
            (before.id, OpportunityFact::Revised { before, after }).into()
        }
        (Any::Quote(before), Any::Quote(after)) => {
            (before.id, QuoteFact::Amended { before, after, within: None }).into()
        }
        (Any::Activity(before), Any::Activity(after)) => (before.id, ActivityFact::Revised { before, after }).into(),
        (Any::Order(before), Any::Order(after)) => {
            let lines = |order: &Order| order.lines().to_vec();
            let (terms_before, terms) = (before.terms(), after.terms());
            (before.id, OrderFact::Amended { before: lines(&before), after: lines(&after), terms_before, terms }).into()
        }
        (Any::Payment(_), Any::Payment(payment)) => (payment.id, PaymentFact::Begun { payment }).into(),
        (Any::Agent(before), Any::Agent(after)) => (before.id, AgentFact::Updated { before, after }).into(),
        (Any::ExchangeRate(before), Any::ExchangeRate(after)) => {
            (before.id, ExchangeRateFact::Updated { before, after }).into()
        }
        (Any::ForecastAdjustment(before), Any::ForecastAdjustment(after)) => {
            (before.id, ForecastAdjustmentFact::Changed { before, after }).into()
        }
        (Any::Ticket(before), Any::Ticket(after)) => (before.id, TicketFact::Updated { before, after }).into(),
        (before, _) => deleted(before),
    }
}

/// The fact that a record was deleted.
fn deleted(record: Any) -> Fact {
    match record {
        Any::Customer(customer) => (customer.id, CustomerFact::Deleted { customer }).into(),
        Any::Interaction(interaction) => (interaction.id, InteractionFact::Deleted { interaction }).into(),
        Any::Product(product) => (product.id, ProductFact::Deleted { product }).into(),
        Any::PriceList(prices) => (prices.id, PriceListFact::Deleted { prices }).into(),
        Any::Promotion(promotion) => (promotion.id, PromotionFact::Deleted { promotion }).into(),
        Any::Redemption(redemption) => (redemption.id, RedemptionFact::Released { redemption }).into(),
        Any::SalesRep(sales_rep) => (sales_rep.id, SalesRepFact::Deleted { sales_rep }).into(),
        Any::SalePlan(plan) => (plan.id, SalePlanFact::Deleted { plan }).into(),
        Any::Queue(queue) => (queue.id, QueueFact::Deleted { queue }).into(),
        Any::Lead(lead) => (lead.id, LeadFact::Deleted { lead }).into(),
        Any::Opportunity(opportunity) => (opportunity.id, OpportunityFact::Deleted { opportunity }).into(),
        Any::Quote(quote) => (quote.id, QuoteFact::Deleted { quote }).into(),
        Any::Activity(activity) => (activity.id, ActivityFact::Deleted { activity }).into(),
        Any::Order(order) => (order.id, OrderFact::Deleted { order }).into(),
        Any::Payment(payment) => (payment.id, PaymentFact::Deleted { payment }).into(),
        Any::Agent(agent) => (agent.id, AgentFact::Deleted { agent }).into(),
        Any::ExchangeRate(exchange_rate) => (exchange_rate.id, ExchangeRateFact::Deleted { exchange_rate }).into(),
        Any::Ticket(ticket) => (ticket.id, TicketFact::Deleted { ticket }).into(),
        Any::ForecastAdjustment(adjustment) => (adjustment.id, ForecastAdjustmentFact::Withdrawn { adjustment }).into(),
        // Nothing else happens to one.
        Any::ForecastSnapshot(snapshot) => {
            let (name, period) = (snapshot.name.clone(), snapshot.forecast.period);
            (snapshot.id, ForecastSnapshotFact::Taken { name, period }).into()
        }
    }
}

/// Facts without a record in them, too: short ones.
fn short(record: &Any) -> Option<Fact> {
    Some(match record {
        Any::Customer(one) => (one.id, CustomerFact::Archived).into(),
        Any::PriceList(one) => (one.id, PriceListFact::Updated { before: one.terms(), after: one.terms() }).into(),
        Any::Promotion(one) => {
            (one.id, PromotionFact::Used { redemption: RedemptionId::from_uuid(one.id.uuid()), used: 1 }).into()
        }
        Any::SalePlan(one) => (one.id, SalePlanFact::Activated).into(),
        Any::Quote(one) => (one.id, QuoteFact::Expired { day: day(3) }).into(),
        Any::Activity(one) => (one.id, ActivityFact::Cancelled { reason: None }).into(),
        Any::Order(one) => (one.id, OrderFact::Cancelled { day: day(3), reversed: one.total(), reason: None }).into(),
        Any::Payment(one) => (one.id, PaymentFact::Done { entry: None, outside: None }).into(),
        Any::Ticket(one) => {
            (one.id, TicketFact::Moved { before: TicketStatus::Solved, after: TicketStatus::Closed }).into()
        }
        _ => return None,
    })
}

/// What happens to a record of a family, in short. The record itself need not be there: the journal outlives it.
pub(crate) fn facts(family: Family, n: u32, seed: u64) -> Vec<Fact> {
    let mut maker = Maker::sound(seed);
    let (before, after) = (maker.record(family, n), maker.record(family, n));
    let mut facts: Vec<Fact> = short(&before).into_iter().collect();
    facts.extend([fact(&before, after), deleted(before)]);
    facts
}

/// Acts with and without each of their parts.
fn acts() -> [Act; 4] {
    [
        act(1),
        act(2).because(text("call of 2 March")).with_key(text("key-1")),
        act(0).in_answer_to(Position::new(1)),
        act(3).with_key(text("key-2")),
    ]
}

fn append_all<T: Records + ?Sized>(tx: &mut T, appended: &[(Act, Fact)]) -> Stored<()> {
    appended.iter().try_for_each(|(act, fact)| tx.append(act, fact))
}

/// What an entry must be, but for its position.
fn entry((act, fact): &(Act, Fact)) -> Entry {
    Entry::new(Position::START, act, fact.clone())
}

fn without_position(entry: &Entry) -> Entry {
    Entry { position: Position::START, ..entry.clone() }
}

/// C40: an entry that was appended reads back equal, with its act; positions ascend in the order of the commits.
pub fn c40_entries_read_back_with_their_act_in_the_order_of_the_commits<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C40");
    let mut appended: Vec<(Act, Fact)> = Vec::new();
    for seed in 0..4_u32 {
        for family in Family::ALL {
            let facts = facts(*family, 20 + seed, seed.into());
            let these: Vec<(Act, Fact)> = facts.into_iter().zip(acts()).map(|(fact, act)| (act, fact)).collect();
            write(&store, format!("C40 {family}"), |tx| append_all(tx, &these));
            appended.extend(these);
        }
    }
    let journal = read(&store, "C40", |tx| entries(tx));
    for (found, expected) in journal.iter().zip(&appended) {
        let kind = expected.1.kind();
        assert_eq!(without_position(found), entry(expected), "C40 {kind}: it reads back different");
    }
    assert_eq!(journal.len(), appended.len(), "C40: not as many entries as were appended");
    let ascend = journal.windows(2).all(|pair| pair[0].position < pair[1].position);
    assert!(ascend, "C40: the positions do not ascend");
    let first = journal.first().map(|entry| entry.position);
    assert!(first > Some(Position::START), "C40: the first position must be after the start");
    // Another thread, and so perhaps another connection, goes on where the first one ended.
    let last = journal.last().map(|entry| entry.position);
    let late = (act(0), appended[0].1.clone());
    thread::scope(|scope| {
        scope.spawn(|| write(&store, "C40: another thread", |tx| tx.append(&late.0, &late.1)));
    });
    let added = read(&store, "C40", |tx| tx.entries(Page { after: last, limit: 9 }));
    let added: Vec<Entry> = added.iter().map(without_position).collect();
    assert_eq!(added, [entry(&late)], "C40: what was committed last must come last, whenever its act was");
}

/// C41: what was rolled back left no entry.
pub fn c41_what_was_rolled_back_left_no_entry<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C41");
    let facts = facts(Family::Customer, 1, 41);
    write(&store, "C41", |tx| tx.append(&act(1), &facts[0]));
    let rolled_back: Stored<()> = store.write(|tx| {
        tx.append(&act(2).with_key(text("gone")), &facts[1])?;
        Err(own_error())
    });
    assert!(rolled_back.is_err(), "C41: the error of the closure must come out");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.write(|tx| -> Stored<()> {
            tx.append(&act(3).with_key(text("gone")), &facts[1])?;
            // As a panic, without the noise of the hook.
            resume_unwind(Box::new("the closure of C41 panics"))
        })
    }));
    assert!(panicked.is_err(), "C41: the panic of the closure must go on");
    write(&store, "C41", |tx| tx.append(&act(4), &facts[2]));
    read(&store, "C41", |tx| {
        let left: Vec<Entry> = entries(tx)?.iter().map(without_position).collect();
        let expected = [entry(&(act(1), facts[0].clone())), entry(&(act(4), facts[2].clone()))];
        assert_eq!(left, expected, "C41: what was rolled back is in the journal");
        let history = tx.history(facts[0].record(), Page::first(9))?;
        assert_eq!(history.len(), 2, "C41: what was rolled back is in the history");
        let keyed = tx.entries_with_key(&text("gone"), Page::first(9))?;
        assert!(keyed.is_empty(), "C41: what was rolled back is found by its key");
        Ok(())
    });
}

/// C42: the history of a record holds its entries and no others; a key finds the entries of its act.
pub fn c42_a_history_is_of_one_record_and_a_key_of_one_act<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C42");
    // The same number in each family: records whose ids have the same UUID must not meet.
    let each = Family::ALL.iter().flat_map(|family| [(*family, 1_u32), (*family, 2)]);
    let appended: Vec<(Act, Fact)> = each
        .flat_map(|(family, n)| facts(family, n, u64::from(n)).into_iter().zip(acts()).map(|(fact, act)| (act, fact)))
        .collect();
    for few in appended.chunks(4) {
        write(&store, "C42", |tx| append_all(tx, few));
    }
    read(&store, "C42", |tx| {
        for (family, n) in Family::ALL.iter().flat_map(|family| [(family, 1), (family, 2), (family, 3)]) {
            let record: RecordRef = family.id(n);
            let found = tx.history(record, Page::first(1_000))?;
            let expected: Vec<Entry> = appended.iter().filter(|(_, fact)| fact.record() == record).map(entry).collect();
            let history: Vec<Entry> = found.iter().map(without_position).collect();
            assert_eq!(history, expected, "C42 {family}: the history of record {n}");
            if let Some(first) = found.first() {
                let next = tx.history(record, Page::after(first.position, 1))?;
                assert_eq!(next, found[1..2], "C42 {family}: the page after the first entry");
            }
        }
        for key in ["key-1", "key-2", "KEY-1", "key", "key-_"] {
            let key = text(key);
            let found = tx.entries_with_key(&key, Page::first(1_000))?;
            let found: Vec<Entry> = found.iter().map(without_position).collect();
            let expected: Vec<Entry> = appended.iter().filter(|(act, _)| act.key() == Some(&key)).map(entry).collect();
            assert_eq!(found, expected, "C42: the entries with the key {key}");
        }
        Ok(())
    });
    let causes = acts().into_iter().filter(|act| matches!(act.cause(), Some(Cause::Entry(_))));
    assert_eq!(causes.count(), 1, "C42: the suite's own acts must have each kind of cause");
}

/// C43: a cursor stands where it was moved to, from any connection; a new one stands at the start.
pub fn c43_a_cursor_stands_where_it_was_moved_to<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C43");
    let cursors = |what: &str| -> Vec<u64> {
        let found = thread::scope(|scope| {
            let elsewhere = scope.spawn(|| {
                read(&store, "C43", |tx| CONSUMERS.iter().map(|one| tx.cursor(&label(one))).collect::<Stored<Vec<_>>>())
            });
            elsewhere.join()
        });
        match found {
            Ok(found) => found.into_iter().map(Position::get).collect(),
            Err(_) => panic!("C43: {what}: the cursors could not be read"),
        }
    };
    assert_eq!(cursors("new"), [0, 0], "C43: a new cursor must stand at the start");
    for to in [5, 9, 2, 0, u64::from(u32::MAX) + 1] {
        write(&store, "C43", |tx| tx.move_cursor(&label(CONSUMERS[0]), Position::new(to)));
        assert_eq!(cursors("moved"), [to, 0], "C43: a cursor must stand where it was moved to, and no other move");
    }
    write(&store, "C43", |tx| tx.move_cursor(&label(CONSUMERS[1]), Position::new(7)));
    let rolled_back: Stored<()> = store.write(|tx| {
        tx.move_cursor(&label(CONSUMERS[1]), Position::new(8))?;
        Err(own_error())
    });
    assert!(rolled_back.is_err(), "C43: the error of the closure must come out");
    assert_eq!(cursors("rolled back")[1], 7, "C43: a move that was rolled back must not stand");
    let shouted = read(&store, "C43", |tx| tx.cursor(&label("MAILER")));
    assert_eq!(shouted, Position::START, "C43: a consumer of another name is another consumer");
}
