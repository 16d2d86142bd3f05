//! C20 to C27 but C22: lists, look-ups that are not unique, timelines, revenue, messages.

use std::cmp::Reverse;

use crm_core::{
    AgentFact, Channel, Customer, CustomerId, Direction, EmailAddress, Entry, Interaction, Money, Name, NewCustomer,
    NewInteraction, OrderId, OrderState, Participant, PaymentEntry, Period, Phone, RecordRef, Revenue, TicketMessage,
    TimelineItem,
    store::{
        ActivityFilter, CustomerFilter, Customers as _, Interactions as _, Journal as _, OrderFilter, Orders as _,
        Page, Records, RevenueEntry, Store, StoreErrorKind, TicketFilter, Tickets as _, Timeline as _,
    },
};

use super::{
    family::{Any, Family, Stored, list},
    maker::{Maker, act, at, day, id, text, valid, year},
    world::{founded, ground, insert_all, message, read, refusal, write},
};

/// Records of all families, besides those of [`ground`]; written in an order that is not that of their ids.
pub(super) fn crowd(each: u32) -> Vec<Any> {
    let mut records = Vec::new();
    for family in Family::ALL {
        let mut maker = Maker::sound(2_000);
        let made: Vec<Any> = (0..each).map(|n| maker.record(*family, 11 + n)).collect();
        let (odd, even): (Vec<_>, Vec<_>) = made.into_iter().partition(|record| record.id().uuid().as_u128() % 3 == 0);
        records.extend(odd.into_iter().rev().chain(even));
    }
    records
}

/// Customers who share a name, an e-mail address and a telephone number, spelt differently.
fn sharers() -> Vec<Any> {
    let spelt = [
        ("Zoë Ünal", "Zoe.Unal@Example.NET"),
        ("ZOE\u{308} U\u{308}NAL", "Zoe.Unal@example.net"),
        ("zoë  ünal", "zoe.unal@EXAMPLE.net"),
    ];
    let sharer = |(n, (name, mailbox)): (u32, (&str, &str))| {
        let new = NewCustomer::person(text(name)).owner(id(1));
        let new = new.email(text(mailbox)).phone(text("+12015550123"));
        valid(Customer::register(id(n), at(n), new)).into()
    };
    // The highest first, so that the order of writing is not the order of the ids.
    let mut records: Vec<Any> = (900..).zip(spelt).map(sharer).collect();
    records.reverse();
    records
}

/// Gives the places in the whole list of what a page holds; `None` for what was never written.
type Fetch<'a> = dyn Fn(Option<usize>, u16) -> Stored<Vec<Option<usize>>> + 'a;

/// A list of the store whose whole content is known.
struct Listing<'a> {
    name: String,
    /// How many items the whole list has.
    len: usize,
    /// Fetches a page after the item at a place in the whole list; gives the places of what came.
    fetch: Box<Fetch<'a>>,
}

/// A list by the keys that it must have, in their order.
fn listing<'a, K: PartialEq + Clone + 'a, R>(
    name: impl Into<String>,
    keys: Vec<K>,
    fetch: impl Fn(Page<K>) -> Stored<Vec<R>> + 'a,
    key: impl Fn(&R) -> K + 'a,
) -> Listing<'a> {
    let len = keys.len();
    let fetch = move |after: Option<usize>, limit| {
        let page = Page { after: after.map(|place| keys[place].clone()), limit };
        let places = fetch(page)?.iter().map(|item| keys.iter().position(|known| *known == key(item))).collect();
        Ok(places)
    };
    Listing { name: name.into(), len, fetch: Box::new(fetch) }
}

pub(super) fn sorted<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<K> {
    let mut keys: Vec<K> = keys.collect();
    keys.sort();
    keys
}

macro_rules! of_family {
    ($records:expr, $family:ident) => {
        $records.iter().filter_map(|record| match record {
            Any::$family(record) => Some(record.as_ref()),
            _ => None,
        })
    };
}

fn timeline_of(records: &[Any], customer: CustomerId) -> Vec<TimelineItem> {
    let item = |record: &Any| {
        let (of, at) = match record {
            Any::Interaction(one) if one.participants.contains(&Participant::Customer(customer)) => {
                (Some(customer), one.occurred_at)
            }
            Any::Interaction(one) => (Some(one.customer), one.occurred_at),
            Any::Opportunity(one) => (one.customer(), one.created_at),
            Any::Quote(one) => (Some(one.customer()), one.created_at),
            Any::Activity(one) => (one.customer(), one.created_at),
            Any::Order(one) => (Some(one.customer()), one.created_at),
            Any::Ticket(one) => (Some(one.customer()), one.created_at),
            _ => return None,
        };
        (of == Some(customer)).then(|| TimelineItem { at, record: record.id() })
    };
    let newest_first = sorted(records.iter().filter_map(item).map(Reverse));
    newest_first.into_iter().map(|Reverse(item)| item).collect()
}

fn revenue_of(records: &[Any], days: Period) -> Vec<RevenueEntry> {
    let entries = of_family!(records, Order).flat_map(|order| {
        let of_order = |(number, revenue)| RevenueEntry {
            order: order.id,
            number,
            customer: order.customer(),
            rep: order.rep(),
            revenue,
        };
        (0..).zip(order.revenue()).map(of_order)
    });
    let mut entries: Vec<_> = entries.filter(|entry| days.contains(entry.revenue.day)).collect();
    entries.sort_by_key(RevenueEntry::key);
    entries
}

fn payments_of(records: &[Any], days: Period) -> Vec<(OrderId, PaymentEntry)> {
    let entries =
        of_family!(records, Order).flat_map(|order| order.payments().iter().map(|entry| (order.id, entry.clone())));
    let mut entries: Vec<_> = entries.filter(|(_, entry)| days.contains(entry.day)).collect();
    entries.sort_by_key(|(order, entry)| (entry.day, *order, entry.number));
    entries
}

/// How many messages the conversation of ticket 11 has.
const MESSAGES: u32 = 7;

/// All lists of a store that holds these records, the messages and an entry of the journal for each agent.
fn listings<'a, T: Records + ?Sized>(tx: &'a T, records: &'a [Any]) -> Stored<Vec<Listing<'a>>> {
    let mut lists = Vec::new();
    for family in Family::ALL {
        let keys = sorted(records.iter().filter(|record| record.family() == *family).map(Any::id));
        let fetch = move |page| list(tx, &family.no_filter(), page);
        lists.push(listing(format!("{family}s"), keys, fetch, Any::id));
    }
    let name: Name = text("ZOË");
    let shared: Name = text("zoë ünal");
    let named = |one: &Name| one.key() == "zoë";

    let keys = sorted(of_family!(records, Customer).map(|one| (one.name.key(), one.id)));
    let fetch = |page| tx.customers_by_name(&CustomerFilter::default(), page);
    lists.push(listing("customers by name", keys, fetch, |one| (one.name.key(), one.id)));
    let sharing = || vec![id(900), id(901), id(902)];
    let fetch = move |page| tx.customers_named(&shared, page);
    lists.push(listing("customers with a name", sharing(), fetch, |one| one.id));
    let email: EmailAddress = text("Zoe.Unal@example.net");
    let fetch = move |page| tx.customers_with_email(&email, page);
    lists.push(listing("customers with an e-mail address", sharing(), fetch, |one| one.id));
    let phone: Phone = text("+12015550123");
    let fetch = move |page| tx.customers_with_phone(&phone, page);
    lists.push(listing("customers with a telephone number", sharing(), fetch, |one| one.id));

    let keys = sorted(of_family!(records, Product).filter(|one| named(&one.name)).map(|one| one.id));
    let wanted = name.clone();
    lists.push(listing("products with a name", keys, move |page| tx.products_named(&wanted, page), |one| one.id));
    let keys = sorted(of_family!(records, PriceList).filter(|one| named(one.name())).map(|one| one.id));
    let wanted = name.clone();
    lists.push(listing("price lists with a name", keys, move |page| tx.price_lists_named(&wanted, page), |one| one.id));
    let keys = sorted(of_family!(records, SalesRep).filter(|one| named(&one.name)).map(|one| one.id));
    let wanted = name.clone();
    lists.push(listing("sales reps with a name", keys, move |page| tx.sales_reps_named(&wanted, page), |one| one.id));
    let keys = sorted(of_family!(records, Agent).filter(|one| named(&one.name)).map(|one| one.id));
    lists.push(listing("agents with a name", keys, move |page| tx.agents_named(&name, page), |one| one.id));

    let keys = sorted(of_family!(records, Order).filter_map(|one| Some((one.state().confirmed_on()?, one.id))));
    let fetch = |page| tx.orders_by_day(&OrderFilter::default(), page);
    lists.push(listing("orders by day", keys, fetch, |one| (one.state().confirmed_on().unwrap_or_default(), one.id)));
    let keys = sorted(of_family!(records, Ticket).filter_map(|one| Some((one.due_at()?, one.id))));
    let fetch = |page| tx.tickets_by_due(&TicketFilter::default(), page);
    lists.push(listing("tickets by due", keys, fetch, |one| (one.due_at().unwrap_or_default(), one.id)));
    let keys = sorted(of_family!(records, Activity).filter_map(|one| Some((one.planned_for()?, one.id))));
    let fetch = |page| tx.activities_by_due(&ActivityFilter::default(), page);
    lists.push(listing("activities by due", keys, fetch, |one| (one.due(), one.id)));
    let keys = sorted(of_family!(records, Activity).filter_map(|one| Some((one.reminds_at()?, one.id))));
    let fetch = |page| tx.activities_by_reminder(&ActivityFilter::default(), page);
    lists.push(listing("activities by reminder", keys, fetch, |one| (one.remind_at().unwrap_or_default(), one.id)));
    let keys = revenue_of(records, year()).iter().map(RevenueEntry::key).collect();
    lists.push(listing("revenue", keys, |page| tx.revenue(year(), page), RevenueEntry::key));
    let key = |(order, entry): &(OrderId, PaymentEntry)| (entry.day, *order, entry.number);
    let keys = payments_of(records, year()).iter().map(key).collect();
    lists.push(listing("payments", keys, |page| tx.payments(year(), page), key));
    let fetch = |page| tx.messages(id(11), page);
    lists.push(listing("messages", (1..=MESSAGES).collect(), fetch, |one: &TicketMessage| one.number));
    let keys = timeline_of(records, id(1));
    lists.push(listing("timeline", keys, |page| tx.timeline(id(1), page), |item| *item));

    // What the journal holds is checked by C40 and C42; here its order is.
    let all = tx.entries(Page::first(1_000))?;
    let agent: RecordRef = Family::Agent.id(11);
    let key = "import-1".parse().ok();
    let keys = |of: &dyn Fn(&Entry) -> bool| sorted(all.iter().filter(|entry| of(entry)).map(|entry| entry.position));
    let (whole, its, keyed) = (keys(&|_| true), keys(&|entry| entry.record == agent), keys(&|entry| entry.key == key));
    lists.push(listing("journal", whole, |page| tx.entries(page), |entry| entry.position));
    lists.push(listing("history", its, move |page| tx.history(agent, page), |entry| entry.position));
    if let Some(key) = key {
        lists.push(listing(
            "entries with a key",
            keyed,
            move |page| tx.entries_with_key(&key, page),
            |entry| entry.position,
        ));
    }
    Ok(lists)
}

/// A store with a crowd, and what is in it.
fn crowded<S: Store>(open: impl Fn() -> S, clause: &str) -> (S, Vec<Any>) {
    let store = founded(open, clause);
    let mut added = crowd(40);
    added.extend(sharers());
    write(&store, clause, |tx| {
        insert_all(tx, &added)?;
        // The highest first: their order is that of their numbers.
        (1..=MESSAGES).rev().try_for_each(|number| tx.append_message(&message(11, number)))?;
        tx.append_message(&message(12, 1))
    });
    for round in 0..3 {
        write(&store, clause, |tx| {
            for agent in of_family!(added, Agent).take(5) {
                let fact = AgentFact::Added { agent: Box::new(agent.clone()) };
                let act = act(round);
                let act = if round == 1 { act } else { act.with_key(text("import-1")) };
                tx.append(&act, &(agent.id, fact).into())?;
            }
            let Some(first) = of_family!(added, Agent).find(|agent| agent.id == id(11)) else { return Ok(()) };
            let fact = AgentFact::Deleted { agent: Box::new(first.clone()) };
            tx.append(&act(round), &(first.id, fact).into())
        });
    }
    added.extend(ground());
    (store, added)
}

/// Periods that begin or end on days on which something happened, so that an end that is counted in shows.
pub(super) fn periods() -> [Period; 3] {
    [(0, 3), (3, 4), (4, 10)].map(|(from, until)| valid(Period::new(day(from), day(until))))
}

/// C20: a list comes in ascending order of its key, at most `limit` records, those after the given key.
pub fn c20_a_list_ascends_by_its_key_and_keeps_to_its_page<S: Store>(open: impl Fn() -> S) {
    let (store, records) = crowded(open, "C20");
    read(&store, "C20", |tx| {
        for Listing { name, len, fetch } in listings(tx, &records)? {
            assert!(len > 2, "C20 {name}: the suite's own records must fill it");
            let whole = fetch(None, 1_000)?;
            assert_eq!(whole, (0..len).map(Some).collect::<Vec<_>>(), "C20 {name}: not all of it in its order");
            for after in [0, len / 2, len - 1] {
                let expected: Vec<_> = (after + 1..len).take(2).map(Some).collect();
                assert_eq!(fetch(Some(after), 2)?, expected, "C20 {name}: two after item {after} of {len}");
            }
            assert_eq!(fetch(None, u16::MAX)?.len(), len, "C20 {name}: the largest page");
        }
        Ok(())
    });
}

/// C21: pages put together are the whole list, without gap or repetition.
pub fn c21_pages_put_together_are_the_whole_list<S: Store>(open: impl Fn() -> S) {
    let (store, records) = crowded(open, "C21");
    read(&store, "C21", |tx| {
        for Listing { name, len, fetch } in listings(tx, &records)? {
            for limit in [1_u16, 2, 3, 7] {
                let (mut seen, mut after) = (Vec::new(), None);
                loop {
                    let page = fetch(after, limit)?;
                    let Some(last) = page.last() else { break };
                    after = *last;
                    seen.extend(page);
                    assert!(seen.len() <= len, "C21 {name}: pages of {limit} repeat something");
                    assert!(after.is_some(), "C21 {name}: pages of {limit} hold what was never written");
                }
                assert_eq!(seen, (0..len).map(Some).collect::<Vec<_>>(), "C21 {name}: pages of {limit}");
            }
        }
        Ok(())
    });
}

/// C23: a limit of zero gives nothing.
pub fn c23_a_limit_of_zero_gives_nothing<S: Store>(open: impl Fn() -> S) {
    let (store, records) = crowded(open, "C23");
    read(&store, "C23", |tx| {
        for Listing { name, fetch, .. } in listings(tx, &records)? {
            for after in [None, Some(0)] {
                assert!(fetch(after, 0)?.is_empty(), "C23 {name}");
            }
        }
        Ok(())
    });
}

/// C24: customers are found by a name in another spelling of case and composition, by an e-mail address in another case, by a telephone number; several may share one.
pub fn c24_customers_are_found_however_they_are_spelt<S: Store>(open: impl Fn() -> S) {
    let (store, _) = crowded(open, "C24");
    let sharing: Vec<CustomerId> = vec![id(900), id(901), id(902)];
    let ids = |found: Vec<Customer>| found.iter().map(|one| one.id).collect::<Vec<_>>();
    read(&store, "C24", |tx| {
        for name in ["Zoë Ünal", "zoe\u{308} u\u{308}nal", "ZOË   ÜNAL"] {
            assert_eq!(ids(tx.customers_named(&text(name), Page::first(9))?), sharing, "C24 by the name {name:?}");
        }
        for name in ["Zoe Unal", "Zo Ünal", "Zoë Ünal jr"] {
            assert!(ids(tx.customers_named(&text(name), Page::first(9))?).is_empty(), "C24 by the other name {name:?}");
        }
        for mailbox in ["zoe.unal@example.net", "ZOE.UNAL@EXAMPLE.NET", "Zoe.Unal@Example.NET"] {
            let found = tx.customers_with_email(&text(mailbox), Page::first(9))?;
            assert_eq!(ids(found), sharing, "C24 by the e-mail address {mailbox:?}");
        }
        for mailbox in ["zoe.unal@example.com", "unal@example.net"] {
            let found = tx.customers_with_email(&text(mailbox), Page::first(9))?;
            assert!(found.is_empty(), "C24 by the other e-mail address {mailbox:?}");
        }
        let found = tx.customers_with_phone(&text("+12015550123"), Page::first(9))?;
        assert_eq!(ids(found), sharing, "C24 by the telephone number");
        let found = tx.customers_with_phone(&text("+12015550124"), Page::first(9))?;
        assert!(found.is_empty(), "C24 by another telephone number");
        Ok(())
    });
    // What a customer gave up finds them no more.
    write(&store, "C24", |tx| {
        let Some(before) = tx.customer(id(901))? else { panic!("C24: the customer is gone") };
        let bare = valid(Customer::register(before.id, at(0), NewCustomer::person(text("Somebody Else"))));
        tx.update_customer(&Customer { revision: before.revision, ..bare }).map(drop)
    });
    let left: Vec<CustomerId> = vec![id(900), id(902)];
    read(&store, "C24", |tx| {
        assert_eq!(ids(tx.customers_named(&text("Zoë Ünal"), Page::first(9))?), left, "C24: the name changed");
        let found = tx.customers_with_email(&text("zoe.unal@example.net"), Page::first(9))?;
        assert_eq!(ids(found), left, "C24: the e-mail address is gone");
        let found = tx.customers_with_phone(&text("+12015550123"), Page::first(9))?;
        assert_eq!(ids(found), left, "C24: the telephone number is gone");
        Ok(())
    });
}

/// C25: a timeline holds the records of the customer, newest first, and nobody else's.
pub fn c25_a_timeline_is_of_one_customer_newest_first<S: Store>(open: impl Fn() -> S) {
    let (store, records) = crowded(open, "C25");
    read(&store, "C25", |tx| {
        for customer in 1..=3 {
            let expected = timeline_of(&records, id(customer));
            assert!(expected.len() > 5, "C25: the suite's own records must fill a timeline");
            let found = tx.timeline(id(customer), Page::first(1_000))?;
            let newest_first = found.windows(2).all(|pair| pair[0].at >= pair[1].at);
            assert!(newest_first, "C25: the timeline of customer {customer} is not newest first");
            assert_eq!(found, expected, "C25: the timeline of customer {customer}");
            let next = tx.timeline(id(customer), Page::after(expected[2], 2))?;
            assert_eq!(next, expected[3..5], "C25: the page after the third item");
        }
        assert!(tx.timeline(id(11), Page::first(9))?.is_empty(), "C25: the timeline of somebody without records");
        Ok(())
    });
    // Customer 11 takes part in what was logged for 12, and twice in what was logged for themself.
    let took_part = Participant::Customer(id(11));
    let interaction = |n: u32, customer: u32, participants: Vec<Participant>| {
        let new = NewInteraction::new(id(customer), Channel::Meeting, Direction::Inbound, text("an offer"));
        Interaction { participants, ..valid(Interaction::log(id(n), at(n), new)) }
    };
    let others = interaction(801, 12, vec![took_part.clone()]);
    let own = interaction(802, 11, vec![Participant::SalesRep(id(1)), took_part.clone(), took_part]);
    let item = |one: &Interaction| TimelineItem { at: one.occurred_at, record: one.id.into() };
    write(&store, "C25", |tx| insert_all(tx, &[others.clone().into(), own.clone().into()]));
    read(&store, "C25: as a participant", |tx| {
        let found = tx.timeline(id(11), Page::first(9))?;
        assert_eq!(found, [item(&own), item(&others)], "C25: each interaction that the customer took part in, once");
        let found = tx.timeline(id(11), Page::after(item(&own), 9))?;
        assert_eq!(found, [item(&others)], "C25: the page after the one that the customer is in twice");
        assert_eq!(tx.timeline(id(11), Page::first(1))?, [item(&own)], "C25: the first page of one");
        assert_eq!(tx.timeline(id(12), Page::first(9))?, [item(&others)], "C25: whom it was logged for");
        Ok(())
    });
    // An update moves it, and takes them out.
    let later = Interaction { occurred_at: at(900), ..others };
    let alone = Interaction { participants: Vec::new(), ..own };
    write(&store, "C25: an update", |tx| {
        tx.update_interaction(&later)?;
        tx.update_interaction(&Interaction { customer: id(12), ..alone.clone() }).map(drop)
    });
    read(&store, "C25: after an update", |tx| {
        assert_eq!(tx.timeline(id(11), Page::first(9))?, [item(&later)], "C25: an interaction that was moved");
        assert_eq!(tx.timeline(id(12), Page::first(9))?, [item(&later), item(&alone)], "C25: and for the other");
        Ok(())
    });
}

/// C26: revenue comes by business day, each entry once, and sums to what the orders are worth.
pub fn c26_revenue_comes_by_day_and_sums_to_the_worth_of_the_orders<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C26");
    let records: Vec<Any> = crowd(60).into_iter().filter(|record| record.family() == Family::Order).collect();
    write(&store, "C26", |tx| insert_all(tx, &records));
    check_revenue(&store, &records);
    // Refunds, cancellations and the like come by updates; then the old entries must not stay beside the new ones.
    let mut maker = Maker::sound(2_600);
    let updated: Vec<Any> = (0..60).map(|n| maker.record(Family::Order, 11 + n)).collect();
    write(&store, "C26: updates", |tx| updated.iter().try_for_each(|record| record.update(tx).map(drop)));
    check_revenue(&store, &updated);
}

fn check_revenue<S: Store>(store: &S, records: &[Any]) {
    read(store, "C26", |tx| {
        for days in periods().into_iter().chain([year()]) {
            let found = tx.revenue(days, Page::first(1_000))?;
            assert_eq!(found, revenue_of(records, days), "C26: the revenue of {days}");
            let found = tx.payments(days, Page::first(1_000))?;
            assert_eq!(found, payments_of(records, days), "C26: the payments of {days}");
        }
        let entries = tx.revenue(year(), Page::first(1_000))?;
        for order in of_family!(records, Order) {
            let of_order = entries.iter().filter(|entry| entry.order == order.id);
            let sum: i64 = of_order.map(|RevenueEntry { revenue: Revenue { amount, .. }, .. }| amount.minor()).sum();
            let worth = match order.state() {
                OrderState::Draft | OrderState::Cancelled { .. } => 0,
                OrderState::Confirmed { .. } | OrderState::Locked { .. } => super::figures::worth(order),
            };
            let (sum, worth) = (Money::from_minor(sum, order.currency()), Money::from_minor(worth, order.currency()));
            assert_eq!(sum, worth, "C26: the revenue of {} does not sum to its worth", order.number());
        }
        Ok(())
    });
}

/// C27: messages of a ticket come in their order; a number that is taken is [`StoreErrorKind::Duplicate`].
pub fn c27_messages_come_in_their_order<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C27");
    let mut maker = Maker::sound(27);
    let tickets = [maker.record(Family::Ticket, 11), maker.record(Family::Ticket, 12)];
    write(&store, "C27", |tx| {
        insert_all(tx, &tickets)?;
        for number in [1, 3, 2, 300, 70_000] {
            tx.append_message(&message(11, number))?;
        }
        tx.append_message(&message(12, 2))
    });
    read(&store, "C27", |tx| {
        let expected = [1, 2, 3, 300, 70_000].map(|number| message(11, number));
        assert_eq!(tx.messages(id(11), Page::first(9))?, expected, "C27: not all messages in their order");
        assert_eq!(tx.messages(id(11), Page::after(2, 2))?, expected[2..4], "C27: two messages after the second");
        assert_eq!(tx.messages(id(12), Page::first(9))?, [message(12, 2)], "C27: the messages of another ticket");
        Ok(())
    });
    let kind = StoreErrorKind::Duplicate { record: "message", field: "number" };
    let again = TicketMessage { text: text("something else"), ..message(11, 2) };
    refusal(&store, &kind, "C27: a number that is taken", |tx| tx.append_message(&again));
    write(&store, "C27: the same number in another ticket", |tx| tx.append_message(&message(12, 1)));
}
