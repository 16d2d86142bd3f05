//! A store compared with the [reference](crate::MemoryStore): random operations run against both, and after each step both must have said the same.
//!
//! The operations are inserts, updates and deletions in all families, with references that are there and that are not, revisions that are stale, values that are taken;
//! messages, journal, cursors and numbers; lists with filters and pages; several of them in one transaction, which then commits, fails or panics. Where two things are wrong with one
//! record, a backend may report either. At the end all that can be seen must be equal.
//!
//! A case that fails is made smaller and printed with its seed, and the next run begins with it ([`mod@proptest`]).

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
};

use chrono::{DateTime, Utc};
use crm_core::{
    Answer, ContactRef, Currency, CustomerId, Entry, OrderId, PaymentEntry, Position, RecordRef, Revision, SalesRepId,
    SearchFamily, SearchQuery, SearchTier, TicketMessage, TimelineItem,
    store::{Figures as _, Page, Records, RevenueEntry, Store, StoreError, StoreErrorKind},
};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner},
};

use crate::{
    MemoryStore,
    suite::{
        Any, CONSUMERS, Dice, Everything, Family, Filter, Maker, Stored, WAITING_ORDERS, act, answer, both, count, day,
        delete, everything, facts, find, get, ground, id, insert_many, label, list, message, single, text, valid, year,
    },
};

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How many sequences of steps, each against a fresh store.
    pub cases: u32,
    /// How many steps, that is transactions, a sequence has at most.
    pub steps: usize,
}

impl Default for Effort {
    /// 256 cases of up to 100 steps, which take seconds in memory; the environment may ask for others by `CRM_MODEL_CASES` and `CRM_MODEL_STEPS`.
    fn default() -> Self {
        let asked = |name| env::var(name).ok();
        Self {
            cases: asked("CRM_MODEL_CASES").and_then(|cases| cases.parse().ok()).unwrap_or(256),
            steps: asked("CRM_MODEL_STEPS").and_then(|steps| steps.parse().ok()).unwrap_or(100),
        }
    }
}

/// Makes a test that compares a store with the reference, with the default [`Effort`] or the given one. The first argument is an expression that opens a
/// fresh, empty store.
///
/// ```
/// use crm_testkit::{MemoryStore, model::Effort};
///
/// crm_testkit::model!(MemoryStore::new(), Effort { cases: 1, steps: 2 });
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! model {
    ($open:expr) => {
        $crate::model!($open, $crate::model::Effort::default());
    };
    ($open:expr, $effort:expr) => {
        #[test]
        fn the_store_says_what_the_reference_says() {
            $crate::model::assert_like_the_reference(|| $open, $effort, Some(file!()));
        }
    };
}

/// Runs random operations against fresh stores and the reference. `source_file` is the caller's `file!()`: seeds of failures are
/// kept beside it; with `None` they are not kept.
///
/// # Panics
///
/// Where the store says something else than the reference, with the smallest sequence that shows it and its seed.
///
/// ```
/// use crm_testkit::{MemoryStore, model::{Effort, assert_like_the_reference}};
///
/// assert_like_the_reference(MemoryStore::new, Effort { cases: 2, steps: 5 }, None);
/// ```
pub fn assert_like_the_reference<S: Store>(open: impl Fn() -> S, effort: Effort, source_file: Option<&'static str>) {
    let config = Config {
        cases: effort.cases,
        source_file,
        failure_persistence: source_file.map(|_| Box::new(FileFailurePersistence::WithSource("regressions")) as _),
        ..Config::default()
    };
    let case = (any::<bool>(), vec(step(), 1..=effort.steps.max(1)));
    let outcome = TestRunner::new(config).run(&case, |(founded, steps)| compare(&open(), founded, &steps));
    if let Err(failure) = outcome {
        panic!("the store does not do what the reference does: {failure}");
    }
}

/// Runs the same steps on a store and on a fresh reference: both empty, or both with records that others can refer to.
fn compare<S: Store>(store: &S, founded: bool, steps: &[Step]) -> Result<(), TestCaseError> {
    let reference = MemoryStore::new();
    if founded {
        found(&reference).and_then(|()| found(store)).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    }
    for (place, step) in steps.iter().enumerate() {
        let (wanted, found) = (step.run(&reference), step.run(store));
        prop_assert_eq!(found.len(), wanted.len(), "step {}: {:?}", place, step);
        for ((op, wanted), found) in step.ops.iter().map(Some).chain([None]).zip(&wanted).zip(&found) {
            let op = op.map_or_else(|| format!("{:?}", step.end), |op| format!("{op:?}"));
            prop_assert!(alike(wanted, found), "step {place}: {op}\nstore:     {found:?}\nreference: {wanted:?}");
        }
    }
    let (wanted, found) = (seen(&reference)?, seen(store)?);
    let wrong =
        store.read(|tx| tx.verify_figures(9)).map_err(|error: StoreError| TestCaseError::fail(format!("{error:?}")))?;
    prop_assert!(wrong.is_empty(), "figures after {} steps: {wrong:?}", steps.len());
    // A panic is a failure of the case; the first part that differs is named.
    found.must_equal(&wanted, format!("after {} steps", steps.len()));
    Ok(())
}

fn found<S: Store>(store: &S) -> Stored<()> {
    store.write(|tx| ground().iter().try_for_each(|record| record.insert(tx)))
}

fn seen<S: Store>(store: &S) -> Result<Everything, TestCaseError> {
    let seen =
        store.read(|tx| everything(tx)).map_err(|error: StoreError| TestCaseError::fail(format!("{error:?}")))?;
    Ok(seen.without_positions())
}

/// Whether a store says what the reference says. Which of several things that are wrong with a record is reported is not promised.
fn alike(wanted: &Said, found: &Said) -> bool {
    let wrong =
        |said: &Said| matches!(said, Err(StoreErrorKind::Duplicate { .. } | StoreErrorKind::MissingReference { .. }));
    wanted == found || (wrong(wanted) && wrong(found))
}

/// What a store answers.
type Said = Result<Value, StoreErrorKind>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Done,
    Revision(Revision),
    Count(u64),
    Free(bool),
    Places(Vec<usize>),
    Records(Vec<Any>),
    Entries(Vec<Entry>),
    Messages(Vec<TicketMessage>),
    Timeline(Vec<TimelineItem>),
    Revenue(Vec<RevenueEntry>),
    Payments(Vec<(OrderId, PaymentEntry)>),
    Position(Position),
    Hits(Vec<(RecordRef, SearchTier)>),
    Instant(Option<DateTime<Utc>>),
    Given(Option<(DateTime<Utc>, SalesRepId)>),
    Answers(Vec<Answer>),
}

/// One transaction.
#[derive(Clone, Debug)]
struct Step {
    ops: Vec<Op>,
    end: End,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Commit,
    Fail,
    Panic,
}

/// One thing that is done in a transaction. A seed stands for a record, a filter or a question: the same one each time.
#[derive(Clone, Debug)]
enum Op {
    Insert { family: Family, slot: u32, seed: u64 },
    InsertMany { family: Family, slots: Vec<u32>, seed: u64 },
    Update { family: Family, slot: u32, seed: u64, from: From },
    Delete { family: Family, slot: u32 },
    Message { ticket: u32, number: u32 },
    Append { family: Family, slot: u32, seed: u64, key: u32 },
    Number { of_orders: bool },
    MoveCursor { consumer: usize, to: u64 },
    KeepAnswer { family: Family, slot: u32, key: u32, place: u32 },
    EraseAnswers { family: Family, slot: u32 },
    List { family: Family, seed: u64 },
    Ask { seed: u64 },
}

/// The revision that an update is made from.
#[derive(Clone, Copy, Debug)]
enum From {
    Present,
    Before,
    After,
}

/// The records of a family have numbers from 1 to this; the highest is referred to by none.
const RECORDS: u32 = 4;

fn step() -> impl Strategy<Value = Step> {
    let end = prop_oneof![8 => Just(End::Commit), 1 => Just(End::Fail), 1 => Just(End::Panic)];
    (vec(op(), 1..=4), end).prop_map(|(ops, end)| Step { ops, end })
}

fn op() -> impl Strategy<Value = Op> {
    let family = || proptest::sample::select(Family::ALL);
    let slot = || 1..=RECORDS;
    let from = prop_oneof![6 => Just(From::Present), 1 => Just(From::Before), 1 => Just(From::After)];
    prop_oneof![
        8 => (family(), slot(), any::<u64>()).prop_map(|(family, slot, seed)| Op::Insert { family, slot, seed }),
        3 => (family(), vec(slot(), 0..=5), any::<u64>())
            .prop_map(|(family, slots, seed)| Op::InsertMany { family, slots, seed }),
        5 => (family(), slot(), any::<u64>(), from)
            .prop_map(|(family, slot, seed, from)| Op::Update { family, slot, seed, from }),
        3 => (family(), slot()).prop_map(|(family, slot)| Op::Delete { family, slot }),
        2 => (slot(), 1..=3_u32).prop_map(|(ticket, number)| Op::Message { ticket, number }),
        2 => (family(), slot(), any::<u64>(), 0..3_u32)
            .prop_map(|(family, slot, seed, key)| Op::Append { family, slot, seed, key }),
        1 => any::<bool>().prop_map(|of_orders| Op::Number { of_orders }),
        1 => (0..CONSUMERS.len(), 0..5_u64).prop_map(|(consumer, to)| Op::MoveCursor { consumer, to }),
        1 => (family(), slot(), 1..4_u32, 1..4_u32)
            .prop_map(|(family, slot, key, place)| Op::KeepAnswer { family, slot, key, place }),
        1 => (family(), slot()).prop_map(|(family, slot)| Op::EraseAnswers { family, slot }),
        3 => (family(), any::<u64>()).prop_map(|(family, seed)| Op::List { family, seed }),
        4 => any::<u64>().prop_map(|seed| Op::Ask { seed }),
    ]
}

impl Step {
    /// What the store says to each of its parts, and how it ended.
    fn run<S: Store>(&self, store: &S) -> Vec<Said> {
        let mut said = Vec::new();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            store.write(|tx| {
                said.extend(self.ops.iter().map(|op| op.run(tx).map_err(|error| error.kind().clone())));
                match self.end {
                    End::Commit => Ok(()),
                    End::Fail => Err(StoreError::from(StoreErrorKind::Backend)),
                    // As a panic, without the noise of the hook.
                    End::Panic => resume_unwind(Box::new(Planned)),
                }
            })
        }));
        match ended {
            Ok(ended) => said.push(ended.map(|()| Value::Done).map_err(|error| error.kind().clone())),
            Err(panic) if panic.is::<Planned>() => said.push(Ok(Value::Done)),
            Err(panic) => resume_unwind(panic),
        }
        said
    }
}

/// What a step panics with.
struct Planned;

impl Op {
    fn run<T: Records + ?Sized>(&self, tx: &mut T) -> Stored<Value> {
        match *self {
            Self::Insert { family, slot, seed } => {
                Maker::clashing(seed).record(family, slot).insert(tx)?;
                Ok(Value::Done)
            }
            Self::InsertMany { family, ref slots, seed } => {
                let of_slot = |(seed, slot): (u64, &u32)| Maker::clashing(seed).record(family, *slot);
                let records: Vec<Any> = (seed / 2..).zip(slots).map(of_slot).collect();
                // Why each was refused is left out, since a backend may report either of two reasons.
                Ok(Value::Places(insert_many(tx, &records)?.iter().map(|refused| refused.place).collect()))
            }
            Self::Update { family, slot, seed, from } => {
                let stored = get(tx, family.id(slot))?.map_or(Revision::FIRST, |record| record.revision());
                let revision = match from {
                    From::Present => stored,
                    From::Before => Revision::new(stored.get().saturating_sub(1)),
                    From::After => stored.next(),
                };
                let record = Maker::clashing(seed).record(family, slot).at_revision(revision);
                Ok(Value::Revision(record.update(tx)?))
            }
            Self::Delete { family, slot } => {
                delete(tx, family.id(slot))?;
                Ok(Value::Done)
            }
            Self::Message { ticket, number } => {
                tx.append_message(&message(ticket, number))?;
                Ok(Value::Done)
            }
            Self::Append { family, slot, seed, key } => {
                let act = act(slot);
                let act = if key == 0 { act } else { act.with_key(text(&format!("key-{key}"))) };
                for fact in facts(family, slot, seed) {
                    tx.append(&act, &fact)?;
                }
                Ok(Value::Done)
            }
            Self::Number { of_orders } => {
                // Which number it is, is the store's own affair; that it is free is not.
                let (family, number) = if of_orders {
                    (Family::Order, tx.next_order_number()?)
                } else {
                    (Family::Ticket, tx.next_ticket_number()?)
                };
                Ok(Value::Free(find(tx, family, "number", number.as_str())?.is_none()))
            }
            Self::MoveCursor { consumer, to } => {
                tx.move_cursor(&label(CONSUMERS[consumer]), Position::new(to))?;
                Ok(Value::Done)
            }
            Self::KeepAnswer { family, slot, key, place } => {
                let records = [(family, slot), (Family::Customer, place)];
                tx.keep_answer(&answer(&format!("key-{key}"), place, &records))?;
                Ok(Value::Done)
            }
            Self::EraseAnswers { family, slot } => Ok(Value::Count(tx.erase_answers(family.id(slot))?)),
            Self::List { family, seed } => {
                let dice = &mut Dice(seed);
                let filter = filter(dice, family);
                if dice.below(4) == 0 {
                    return Ok(Value::Count(count(tx, &filter)?));
                }
                let after = dice.yes().then(|| family.id(1 + dice.below(RECORDS)));
                let page = Page { after, limit: limit(dice) };
                Ok(Value::Records(list(tx, &filter, page)?))
            }
            Self::Ask { seed } => ask(tx, &mut Dice(seed)),
        }
    }
}

/// None, one or two fields of a filter.
fn filter(dice: &mut Dice, family: Family) -> Filter {
    let singles = single(family);
    let mut one = |filter: Filter| {
        let place = usize::try_from(dice.below(u32::try_from(singles.len()).unwrap_or(1))).unwrap_or(0);
        if dice.yes() { both(&filter, &singles[place].1) } else { filter }
    };
    let first = one(family.no_filter());
    one(first)
}

fn limit(dice: &mut Dice) -> u16 {
    dice.one(&[0, 1, 2, 3, 100])
}

/// A page of a list that begins anywhere in it.
fn page_of<K, R>(dice: &mut Dice, fetch: impl Fn(Page<K>) -> Stored<Vec<R>>, key: impl Fn(&R) -> K) -> Stored<Vec<R>> {
    let whole = fetch(Page::first(1_000))?;
    let after = dice.yes().then(|| dice.below(8)).and_then(|place| whole.get(usize::try_from(place).unwrap_or(0)));
    let after = after.map(key);
    fetch(Page { after, limit: limit(dice) })
}

fn records<R: Into<Any>>(found: Vec<R>) -> Value {
    Value::Records(found.into_iter().map(Into::into).collect())
}

/// Entries compare without their positions, of which a backend may leave some out.
fn unplaced(mut found: Vec<Entry>) -> Value {
    found.iter_mut().for_each(|entry| entry.position = Position::START);
    Value::Entries(found)
}

/// The names that the made records have, in other spellings too.
const NAMES: &[&str] = &["zoë", "ADA LOVELACE", "张三", "nobody"];

/// What the made records say somewhere, and parts of it.
const SOUGHT: &[&str] = &[
    "zo",
    "zoe",
    "lovelace ada",
    "张",
    "张三",
    "退款",
    "drop table",
    "l",
    "vip",
    "ext 000001",
    "flickers",
    "T-00000",
    "back",
    "nobody",
];

/// One of the look-ups and lists that are not the same in all families.
fn ask<T: Records + ?Sized>(tx: &T, dice: &mut Dice) -> Stored<Value> {
    let customer: CustomerId = id(1 + dice.below(RECORDS));
    match dice.below(32) {
        0..=2 => {
            let family = dice.one(Family::ALL);
            let value = |prefix: &str, n: u32| format!("{prefix}-{n:06}");
            let n = 1 + dice.below(6);
            let mut found = Vec::new();
            for field in family.unique_fields() {
                let prefix = match (*field, family) {
                    ("sku", _) => "LAMP",
                    ("name", _) => "Queue",
                    ("number", Family::Quote) => "Q",
                    ("code", _) => "CODE",
                    ("number", Family::Order) => "SO",
                    ("number", _) => "T",
                    ("reference", _) => "acme:pi",
                    _ => "ext",
                };
                found.extend(find(tx, family, field, &value(prefix, n))?);
            }
            Ok(Value::Records(found))
        }
        3 => {
            let Filter::Customer(filter) = filter(dice, Family::Customer) else { return Ok(Value::Done) };
            Ok(records(page_of(dice, |page| tx.customers_by_name(&filter, page), |one| (one.name.key(), one.id))?))
        }
        4 => {
            let name = dice.one_text(NAMES);
            Ok(records(page_of(dice, |page| tx.customers_named(&name, page), |one| one.id)?))
        }
        5 => {
            let email = dice.one_text(&["ZHANG@example.com", "sales@example.org", "none@example.com"]);
            Ok(records(page_of(dice, |page| tx.customers_with_email(&email, page), |one| one.id)?))
        }
        6 => {
            let phone = dice.one_text(&["+442079460958", "+8613812345678", "+442079460999"]);
            Ok(records(page_of(dice, |page| tx.customers_with_phone(&phone, page), |one| one.id)?))
        }
        7 => {
            let name = dice.one_text(NAMES);
            Ok(records(page_of(dice, |page| tx.products_named(&name, page), |one| one.id)?))
        }
        8 => {
            let name = dice.one_text(NAMES);
            Ok(records(page_of(dice, |page| tx.sales_reps_named(&name, page), |one| one.id)?))
        }
        9 => {
            let name = dice.one_text(NAMES);
            Ok(records(page_of(dice, |page| tx.agents_named(&name, page), |one| one.id)?))
        }
        10 => {
            let Filter::Order(filter) = filter(dice, Family::Order) else { return Ok(Value::Done) };
            let key = |one: &crm_core::Order| (one.state().confirmed_on().unwrap_or_default(), one.id);
            Ok(records(page_of(dice, |page| tx.orders_by_day(&filter, page), key)?))
        }
        11 => {
            let Filter::Ticket(filter) = filter(dice, Family::Ticket) else { return Ok(Value::Done) };
            let key = |one: &crm_core::Ticket| (one.due_at().unwrap_or_default(), one.id);
            Ok(records(page_of(dice, |page| tx.tickets_by_due(&filter, page), key)?))
        }
        12 => Ok(Value::Revenue(page_of(dice, |page| tx.revenue(year(), page), RevenueEntry::key)?)),
        13 => {
            let key = |(order, entry): &(OrderId, PaymentEntry)| (entry.day, *order, entry.number);
            Ok(Value::Payments(page_of(dice, |page| tx.payments(year(), page), key)?))
        }
        14 => {
            let ticket = id(1 + dice.below(RECORDS));
            Ok(Value::Messages(page_of(dice, |page| tx.messages(ticket, page), |one| one.number)?))
        }
        15 => Ok(Value::Timeline(page_of(dice, |page| tx.timeline(customer, page), |item| *item)?)),
        16 => {
            let record: RecordRef = dice.one(Family::ALL).id(1 + dice.below(RECORDS));
            let key = text(dice.one(&["key-1", "key-2", "key-3"]));
            Ok(unplaced(match dice.below(3) {
                0 => page_of(dice, |page| tx.history(record, page), |entry| entry.position)?,
                1 => page_of(dice, |page| tx.entries_with_key(&key, page), |entry| entry.position)?,
                _ => page_of(dice, |page| tx.entries(page), |entry| entry.position)?,
            }))
        }
        17 => {
            let name = dice.one_text(NAMES);
            Ok(records(page_of(dice, |page| tx.price_lists_named(&name, page), |one| one.id)?))
        }
        18..=20 => {
            let query = valid(SearchQuery::parse(dice.one(SOUGHT)));
            let query =
                if dice.yes() { query } else { query.only(SearchFamily::ALL.iter().copied().filter(|_| dice.yes())) };
            let found = page_of(dice, |page| tx.search(&query, page), |hit| hit.place)?;
            Ok(Value::Hits(found.into_iter().map(|hit| (hit.record, hit.place.tier())).collect()))
        }
        21 => {
            let Filter::Activity(filter) = filter(dice, Family::Activity) else { return Ok(Value::Done) };
            Ok(records(page_of(dice, |page| tx.activities_by_due(&filter, page), |one| (one.due(), one.id))?))
        }
        22 => {
            let Filter::Activity(filter) = filter(dice, Family::Activity) else { return Ok(Value::Done) };
            let key = |one: &crm_core::Activity| (one.remind_at().unwrap_or_default(), one.id);
            Ok(records(page_of(dice, |page| tx.activities_by_reminder(&filter, page), key)?))
        }
        23 => Ok(Value::Instant(tx.last_activity(id(1 + dice.below(RECORDS)))?)),
        24 => {
            let (from, to) = (dice.one(&[Currency::EUR, Currency::USD]), dice.one(&[Currency::JPY, Currency::KWD]));
            Ok(records(Vec::from_iter(tx.exchange_rate_on(from, to, day(dice.below(12)))?)))
        }
        25 => {
            let key = |answer: &Answer| (answer.key.clone(), answer.place);
            Ok(Value::Answers(page_of(dice, |page| tx.answers(page), key)?))
        }
        26 => {
            let email = dice.one_text(&["ZHANG@example.com", "lead@example.com", "none@example.com"]);
            Ok(records(page_of(dice, |page| tx.leads_with_email(&email, page), |one| one.id)?))
        }
        27 => {
            let phone = dice.one_text(&["+442079460958", "+8613812345678", "+442079460999"]);
            Ok(records(page_of(dice, |page| tx.leads_with_phone(&phone, page), |one| one.id)?))
        }
        28 => {
            let (queue, order) = (id(1 + dice.below(RECORDS)), dice.one(WAITING_ORDERS));
            let key = |one: &crm_core::Lead| (one.waiting_key(order).unwrap_or_default(), one.id);
            Ok(records(page_of(dice, |page| tx.waiting_leads(queue, order, page), key)?))
        }
        29 => Ok(Value::Count(tx.lead_load(id(1 + dice.below(RECORDS)))?)),
        30 => {
            let email = ContactRef::Email(dice.one_text(&["zhang@example.com", "lead@example.com"]));
            Ok(Value::Given(tx.last_given(&email)?))
        }
        _ => Ok(Value::Position(tx.cursor(&label(dice.one(CONSUMERS)))?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the operations of a run are accepted, and how many refused in which way.
    #[test]
    fn the_operations_are_refused_in_all_ways_and_accepted_often() {
        use proptest::strategy::ValueTree;
        let mut runner = TestRunner::deterministic();
        let (mut accepted, mut kinds) = (0_u32, std::collections::BTreeMap::<String, u32>::new());
        for round in 0..20 {
            let store = MemoryStore::new();
            if round % 2 == 0 {
                found(&store).unwrap();
            }
            let steps = vec(step(), 100).new_tree(&mut runner).unwrap().current();
            for said in steps.iter().flat_map(|step| step.run(&store)) {
                match said {
                    Ok(_) => accepted += 1,
                    Err(kind) => {
                        let name = format!("{kind:?}");
                        *kinds.entry(name.split(' ').next().unwrap_or_default().to_owned()).or_default() += 1;
                    }
                }
            }
        }
        for kind in ["Duplicate", "Conflict", "NotFound", "MissingReference", "StillReferenced"] {
            assert!(kinds.get(kind).is_some_and(|times| *times > 20), "{kind}: {kinds:?}");
        }
        let refused: u32 = kinds.values().sum();
        assert!(accepted > refused, "accepted {accepted}, refused {kinds:?}");
    }
}
