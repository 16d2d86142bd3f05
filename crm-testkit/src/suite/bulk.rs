//! C70 to C74: many records in, many out.

use std::{collections::BTreeMap, ops::ControlFlow, thread};

use crm_core::{
    Act, Agent, Customer, Fact, NewAgent, NewSalesRep, Order, RecordId, SalesRep,
    bulk::{
        ImportBatch, ImportCount, ImportError, ImportEvent, ImportFact, ImportOptions, ImportOutcome, ImportReport,
        Record, Rejection, SourceError, export, import,
    },
    store::{
        AgentFilter, Agents as _, CustomerFilter, Journal as _, OrderFilter, Page, Records, Store, StoreError,
        StoreErrorKind,
    },
};

use super::{
    family::{Any, Family, Stored, insert_many},
    maker::{Dice, Maker, act, at, id, text, valid},
    world::{entries, everything, founded, good, look, own_error, read, write},
};

/// Records of a family, some of which cannot be kept: their id, number or external id is taken, by one that is stored or by another of them, or they refer to what is not
/// there, or to one that comes later.
fn some_refused(family: Family, seed: u64) -> Vec<Any> {
    let mut dice = Dice(seed);
    (0..60)
        .map(|place| {
            let number = 30 + if dice.below(8) == 0 { dice.below(60) } else { place };
            let fit = dice.below(4) > 0;
            let mut maker =
                if fit { Maker::sound(seed + u64::from(place)) } else { Maker::clashing(seed + u64::from(place)) };
            maker.record(family, number)
        })
        .collect()
}

/// The places of those that were refused, and why.
type Refusals = BTreeMap<usize, StoreErrorKind>;

fn one_by_one<T: Records + ?Sized>(tx: &mut T, records: &[Any]) -> Stored<Refusals> {
    let mut refusals = Refusals::new();
    for (place, record) in records.iter().enumerate() {
        match record.insert(tx) {
            Err(error) if error.is_refusal() => refusals.extend([(place, error.kind().clone())]),
            kept => kept?,
        }
    }
    Ok(refusals)
}

/// Records of a family that can all be kept.
fn sound(family: Family, seed: u64) -> Vec<Any> {
    (200..260).map(|n| Maker::sound(seed + u64::from(n)).record(family, n)).collect()
}

/// Reps of whom each reports to the one before.
fn chain() -> Vec<Any> {
    let rep = |n: u32| {
        let mut new = NewSalesRep::new(text("Zoë"));
        new.manager = (n > 300).then(|| id(n - 1));
        valid(SalesRep::add(id(n), at(n), new)).into()
    };
    (300..340).map(rep).collect()
}

/// Inserts records many at once and, into another store, one after the other: the same must be refused, and the same be there. Gives how many were refused.
fn alike<S: Store>(open: &impl Fn() -> S, records: &[Any], clause: &str) -> usize {
    let (single, many) = (founded(open, "C70"), founded(open, "C70"));
    let wanted = write(&single, clause, |tx| one_by_one(tx, records));
    let wanted_records = look(&single, clause);
    let refused = write(&many, clause, |tx| {
        let refused = insert_many(tx, records)?;
        everything(tx)?.must_equal(&wanted_records, format!("{clause}: in its own transaction"));
        Ok(refused)
    });
    let places: Vec<usize> = refused.iter().map(|refused| refused.place).collect();
    assert!(
        places.is_sorted_by(|a, b| a < b),
        "{clause}: the refusals must come in the order of the records: {places:?}"
    );
    let found: Refusals = refused.into_iter().map(|refused| (refused.place, refused.error.kind().clone())).collect();
    assert_eq!(found, wanted, "{clause}: other refusals than those of single inserts");
    look(&many, clause).must_equal(&wanted_records, clause);
    wanted.len()
}

/// C70: inserting many keeps what inserting one after the other keeps, and gives the place and the refusal of each that cannot be kept.
pub fn c70_inserting_many_is_inserting_one_after_the_other<S: Store>(open: impl Fn() -> S) {
    for family in Family::ALL {
        let clause = format!("C70 {family}");
        for seed in [7_000, 7_100, 7_200] {
            let refused = alike(&open, &some_refused(*family, seed), &clause);
            assert!(
                (1..60).contains(&refused),
                "{clause}: the suite must have records of both kinds, {refused} refused"
            );
        }
        let mut records = sound(*family, 7_300);
        assert_eq!(alike(&open, &records, &clause), 0, "{clause}: sound records were refused");
        records.push(records[0].clone());
        assert_eq!(alike(&open, &records, &clause), 1, "{clause}: one that is there twice");
    }
    let mut chain = chain();
    assert_eq!(alike(&open, &chain, "C70 sales rep: each reports to the one before"), 0);
    chain.reverse();
    assert_eq!(alike(&open, &chain, "C70 sales rep: each reports to the one after"), 39);
    nothing_is_left_of_a_rollback(&founded(&open, "C70"));
}

/// C70, too: the records go with their transaction, and what comes next finds nothing of them.
fn nothing_is_left_of_a_rollback<S: Store>(store: &S) {
    let before = look(store, "C70");
    let nothing = write(store, "C70", |tx| insert_many(tx, &[]));
    assert!(nothing.is_empty(), "C70: nothing was inserted, and something refused");
    for family in [Family::Customer, Family::Order] {
        let rolled_back: Stored<()> = store.write(|tx| {
            insert_many(tx, &sound(family, 7_900))?;
            Err(own_error())
        });
        assert!(rolled_back.is_err(), "C70: the error of the closure must come out");
        look(store, "C70").must_equal(&before, "C70: what was rolled back");
    }
    let orders = sound(Family::Order, 7_901);
    let refused = write(store, "C70", |tx| insert_many(tx, &orders));
    assert!(refused.is_empty(), "C70: sound orders were refused after a rollback: {refused:?}");
    let mut found: Vec<Any> = read(store, "C70", |tx| super::all(tx, &Family::Order.no_filter()));
    found.retain(|one| orders.contains(one));
    assert_eq!(found, orders, "C70: what was inserted after a rollback");
}

/// A row of a source: a record, or the reason why it is none.
type Row = Result<Agent, &'static str>;

fn agent(n: u32) -> Agent {
    let mut new = NewAgent::new(text("Mei"));
    new.external_id = Some(text(&format!("ext-{n}")));
    Agent::add(id(n), at(n), new)
}

/// Ten rows: the third is malformed, the fourth and the last are refused, since the second has their external id and id.
fn source() -> Vec<Row> {
    let mut rows: Vec<Row> = (101..=110).map(|n| Ok(agent(n))).collect();
    rows[2] = Err("no name");
    if let Ok(fourth) = &mut rows[3] {
        fourth.external_id = Some(text("ext-102"));
    }
    rows[9] = Ok(agent(102));
    rows
}

const REJECTED: [u64; 3] = [3, 4, 10];

fn options(batch_rows: u32) -> ImportOptions {
    ImportOptions::new(text("agents.csv")).batch_rows(batch_rows)
}

fn keyed() -> Act {
    act(1).with_key(text("agents of March"))
}

/// What an import told: the rows that it rejected, and how far it was after each batch.
#[derive(Debug, Default, PartialEq)]
struct Told {
    rejected: Vec<(u64, String)>,
    progress: Vec<ImportCount>,
}

/// Imports rows, and stops after so many batches.
fn run<S: Store>(
    store: &S,
    act: &Act,
    options: &ImportOptions,
    rows: impl IntoIterator<Item = Row>,
    batches: usize,
) -> (Result<ImportReport, ImportError>, Told) {
    let mut told = Told::default();
    let report = import(store, &mut act.clone(), options, rows, |event| {
        match event {
            ImportEvent::Rejected { row, rejection } => {
                let why = match rejection {
                    Rejection::Malformed(why) => why.to_owned(),
                    Rejection::Refused(error) => format!("{:?}", error.kind()),
                    other => panic!("the suite does not know {other:?}"),
                };
                told.rejected.push((row, why));
            }
            ImportEvent::Progress(progress) => told.progress.push(progress.total),
            other => panic!("the suite does not know {other:?}"),
        }
        if told.progress.len() < batches { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    (report, told)
}

/// The batches of imports in the journal, and whether the last one finished.
fn journaled<S: Store>(store: &S, clause: &str) -> (Vec<ImportBatch>, bool) {
    let facts = read(store, clause, |tx| entries(tx)).into_iter().filter_map(|entry| entry.fact);
    let facts: Vec<ImportFact> =
        facts.filter_map(|fact| if let Fact::Import(_, fact) = fact { Some(fact) } else { None }).collect();
    let finished: Vec<bool> = facts.iter().map(|fact| matches!(fact, ImportFact::Finished(_))).collect();
    let early = finished.iter().rev().skip(1).any(|finished| *finished);
    assert!(!early, "{clause}: an import goes on after it was finished");
    (facts.iter().map(|fact| fact.batch().clone()).collect(), finished.last() == Some(&true))
}

fn agents<S: Store>(store: &S, clause: &str) -> Vec<Agent> {
    read(store, clause, |tx| tx.agents(&AgentFilter::default(), Page::first(1_000)))
}

#[track_caller]
fn reported(report: Result<ImportReport, ImportError>, clause: &str) -> ImportReport {
    report.unwrap_or_else(|error| panic!("{clause}: {error} ({error:?})"))
}

/// C71: an import keeps its rows batch by batch, each with one entry in the journal; rows that are refused do not stop it.
pub fn c71_an_import_keeps_its_rows_batch_by_batch_with_an_entry_each<S: Store>(open: impl Fn() -> S) {
    let kept: Vec<Agent> = [101, 102, 105, 106, 107, 108, 109].map(agent).into();
    let duplicate = |field| format!("{:?}", StoreErrorKind::Duplicate { record: "agent", field });
    let rejected = vec![(3, "no name".to_owned()), (4, duplicate("external id")), (10, duplicate("id"))];
    for (batch_rows, lasts) in
        [(1, (1..=10).collect::<Vec<u64>>()), (3, vec![3, 6, 9, 10]), (5, vec![5, 10]), (100, vec![10])]
    {
        let (store, clause) = (open(), format!("C71 by {batch_rows}"));
        let (report, told) = run(&store, &act(1), &options(batch_rows), source(), usize::MAX);
        let report = reported(report, &clause);
        let total = ImportCount { rows: 10, inserted: 7, rejected: 3 };
        assert_eq!((report.outcome, report.total), (ImportOutcome::Finished, total), "{clause}: the report");
        assert_eq!(report.before, ImportCount::default(), "{clause}: nothing was there before");
        assert_eq!(told.rejected, rejected, "{clause}: the rows that were rejected");
        assert_eq!(agents(&store, &clause), kept, "{clause}: what was kept");

        let (batches, finished) = journaled(&store, &clause);
        assert!(finished, "{clause}: the last entry must say that the import is finished");
        let found: Vec<u64> = batches.iter().map(|batch| *batch.rows().end()).collect();
        assert_eq!(found, lasts, "{clause}: one entry a batch, with its rows");
        assert_eq!(
            told.progress,
            batches.iter().map(|batch| batch.total).collect::<Vec<_>>(),
            "{clause}: the progress"
        );
        let rows: Vec<u64> = batches.iter().flat_map(|batch| batch.rejected_rows.clone()).collect();
        assert_eq!(rows, REJECTED, "{clause}: the rejected rows in the journal");
        let sum = batches.iter().fold(ImportCount::default(), |sum, batch| sum.and(batch.batch));
        assert_eq!(sum, total, "{clause}: the batches must sum to the whole");
        let named = |batch: &ImportBatch| batch.source == text("agents.csv") && batch.family == Agent::FAMILY;
        assert!(batches.iter().all(named), "{clause}: an entry names its source and its family: {batches:?}");
        let history = read(&store, &clause, |tx| tx.history(report.import.into(), Page::first(100)));
        assert_eq!(history.len(), batches.len(), "{clause}: the history of the import");
    }
    let store = open();
    let (report, told) = run(&store, &act(1), &options(5), Vec::new(), usize::MAX);
    assert_eq!(reported(report, "C71").total, ImportCount::default(), "C71: a source without rows");
    assert_eq!((told.progress.len(), journaled(&store, "C71").1), (1, true), "C71: a source without rows is finished");
    none_of_a_batch(&store);
    every_family(&open);
}

/// C71, too: options that cannot be, and limits.
fn none_of_a_batch<S: Store>(store: &S) {
    let before = look(store, "C71");
    let (refused, _) = run(store, &act(2), &options(0), source(), usize::MAX);
    assert!(matches!(refused, Err(ImportError::Invalid(_))), "C71: a batch of no rows: {refused:?}");
    look(store, "C71").must_equal(&before, "C71: a batch of no rows");
    let (refused, told) = run(store, &act(2), &options(2).rejected_limit(1), source(), usize::MAX);
    let Err(ImportError::TooManyRejected { limit: 1, rejected: 2, progress }) = refused else {
        panic!("C71: more rows were rejected than the limit allows: {refused:?}")
    };
    assert_eq!((progress.total.rows, told.progress.len()), (4, 2), "C71: it stops after the batch of the row too many");
    assert_eq!(agents(store, "C71").len(), 2, "C71: what was committed before the limit stays");
}

/// C71, too: records of any family.
fn every_family<S: Store>(open: &impl Fn() -> S) {
    let store = founded(open, "C71");
    let some = |family| (500..520).map(move |n| Maker::sound(n.into()).record(family, n));
    let customers = some(Family::Customer).map(|one| if let Any::Customer(one) = one { Ok(*one) } else { Err(one) });
    let orders = some(Family::Order).map(|one| if let Any::Order(one) = one { Ok(*one) } else { Err(one) });
    let quiet = |_: ImportEvent<Any>| ControlFlow::Continue(());
    let report = import(&store, &mut act(3), &options(7), customers, quiet);
    assert_eq!(reported(report, "C71").total.inserted, 20, "C71 customer");
    let report = import(&store, &mut act(4), &options(7), orders, |_| ControlFlow::Continue(()));
    assert_eq!(reported(report, "C71").total.inserted, 20, "C71 order");
    let found = look(&store, "C71");
    let single = founded(open, "C71");
    let all: Vec<Any> = some(Family::Customer).chain(some(Family::Order)).collect();
    write(&single, "C71", |tx| super::world::insert_all(tx, &all));
    found
        .without_journal()
        .must_equal(&look(&single, "C71").without_journal(), "C71: imported records are inserted records");
}

/// C72: an import with a key goes on where it stood, and one that is finished does nothing.
pub fn c72_an_import_is_resumed_without_loss_or_repetition<S: Store>(open: impl Fn() -> S) {
    let whole = open();
    let (report, told) = run(&whole, &keyed(), &options(3), source(), usize::MAX);
    let (whole_report, whole_agents) = (reported(report, "C72"), agents(&whole, "C72"));
    for stopped_after in 1..=3 {
        let (store, clause) = (open(), format!("C72 after {stopped_after} batches"));
        let (report, first) = run(&store, &keyed(), &options(3), source(), stopped_after);
        let report = reported(report, &clause);
        assert_eq!(report.outcome, ImportOutcome::Stopped, "{clause}");
        let done = report.total;
        // The next act has ids of its own; the import keeps the one that it began with.
        let again = act(7).with_key(text("agents of March"));
        let (resumed, second) = run(&store, &again, &options(4), source(), usize::MAX);
        let resumed = reported(resumed, &clause);
        assert_eq!((resumed.before, resumed.import), (done, report.import), "{clause}: it goes on under its id");
        assert_eq!((resumed.outcome, resumed.total), (ImportOutcome::Finished, whole_report.total), "{clause}");
        assert_eq!(agents(&store, &clause), whole_agents, "{clause}: what was kept in the end");
        let rejected: Vec<_> = first.rejected.into_iter().chain(second.rejected).collect();
        assert_eq!(rejected, told.rejected, "{clause}: each rejected row is told once");
        does_nothing(&store, &clause);
    }
    // A store that fails in the middle of a batch: nothing of that batch is there, and everything is done once.
    let store = open();
    let (report, _) =
        run(&store, &keyed(), &options(3), source().into_iter().take(6).chain(failing(&store)), usize::MAX);
    assert!(report.is_err(), "C72: the import must fail where another run went on: {report:?}");
    does_nothing(&store, "C72: overtaken");
    assert_eq!(agents(&store, "C72"), whole_agents, "C72: what two runs kept");
    failing_source(&open(), &whole_agents);
    others_keys(&open);
    // Without a key nothing is resumed: the second run meets the records of the first.
    let store = open();
    for inserted in [7, 0] {
        let (report, _) = run(&store, &act(1 + inserted), &options(3), source(), usize::MAX);
        assert_eq!(reported(report, "C72: without a key").total.inserted, u64::from(inserted), "C72: without a key");
    }
}

/// A row during which another run does the whole import.
fn failing<S: Store>(store: &S) -> impl Iterator<Item = Row> {
    std::iter::once_with(|| {
        reported(run(store, &keyed(), &options(2), source(), usize::MAX).0, "C72: the other run");
        Err("late")
    })
}

/// A source that fails: nothing of its batch is done, the row that was not read is no rejected one, and everything is done once it can be read.
fn failing_source<S: Store>(store: &S, whole: &[Agent]) {
    for (readable, done) in [(2, 0), (5, 3), (5, 3), (8, 6)] {
        let clause = format!("C72 by a source that fails after {readable} rows");
        let failed = std::iter::repeat_with(|| Err(SourceError::from(std::fmt::Error)));
        let rows = source().into_iter().take(readable).map(Ok::<Row, SourceError>).chain(failed);
        let report = import(store, &mut keyed(), &options(3), rows, |_| ControlFlow::Continue(()));
        assert!(matches!(report, Err(ImportError::Source(_))), "{clause}: {report:?}");
        let (batches, finished) = journaled(store, &clause);
        assert_eq!((batches.last().map_or(0, |batch| batch.total.rows), finished), (done, false), "{clause}");
    }
    let (report, _) = run(store, &keyed(), &options(3), source(), usize::MAX);
    assert_eq!(reported(report, "C72").before.rows, 6, "C72: it goes on behind what was committed");
    assert_eq!(agents(store, "C72"), whole, "C72: what a source gave that had failed before");
}

/// An import that is finished does nothing.
fn does_nothing<S: Store>(store: &S, clause: &str) {
    let before = look(store, clause);
    let (report, told) = run(store, &keyed(), &options(3), source(), usize::MAX);
    assert_eq!(reported(report, clause).outcome, ImportOutcome::FinishedBefore, "{clause}: it was finished");
    assert_eq!(told, Told::default(), "{clause}: an import that was finished tells nothing");
    look(store, clause).must_equal(&before, format!("{clause}: an import that was finished"));
}

/// C72, too: a key belongs to one source and one family, and the source stays the same.
fn others_keys<S: Store>(open: &impl Fn() -> S) {
    let store = open();
    reported(run(&store, &keyed(), &options(3), source(), 2).0, "C72");
    let before = look(&store, "C72");
    let other = ImportOptions::new(text("other.csv"));
    let (refused, _) = run(&store, &keyed(), &other, source(), usize::MAX);
    assert!(matches!(refused, Err(ImportError::KeyOfAnother { .. })), "C72: another source: {refused:?}");
    let none = std::iter::empty::<Result<Customer, ()>>();
    let refused = import(&store, &mut keyed(), &options(3), none, |_| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(ImportError::KeyOfAnother { .. })), "C72: another family: {refused:?}");
    let (refused, _) = run(&store, &keyed(), &options(3), source().into_iter().take(5), usize::MAX);
    assert!(matches!(refused, Err(ImportError::SourceTooShort { done: 6 })), "C72: a shorter source: {refused:?}");
    look(&store, "C72").must_equal(&before, "C72: what is refused changes nothing");
    let fact = super::facts(Family::Customer, 1, 72).remove(0);
    write(&store, "C72", |tx| tx.append(&act(1).with_key(text("taken")), &fact));
    let (refused, _) = run(&store, &act(2).with_key(text("taken")), &options(3), source(), usize::MAX);
    assert!(matches!(refused, Err(ImportError::KeyOfAnother { .. })), "C72: the key of no import: {refused:?}");
}

/// C73: between two batches others write, and what is committed shows.
pub fn c73_others_write_between_two_batches<S: Store>(open: impl Fn() -> S) {
    let store = open();
    let mut seen = Vec::new();
    let rows = (101..=106).map(|n| Ok::<_, ()>(agent(n)));
    let report = import(&store, &mut act(1), &options(2), rows, |event| {
        if let ImportEvent::Progress(progress) = event {
            // Another thread, and so perhaps another connection; and this one, which is outside any transaction.
            let other = agent(u32::try_from(progress.total.rows).unwrap_or(0));
            let wrote = thread::scope(|scope| scope.spawn(|| store.write(|tx| tx.insert_agent(&other))).join());
            match wrote {
                Ok(wrote) => good(wrote, "C73: another writer between two batches"),
                Err(_) => panic!("C73: another writer panicked"),
            }
            seen.push(agents(&store, "C73").len());
        }
        ControlFlow::Continue(())
    });
    reported(report, "C73");
    assert_eq!(seen, [3, 6, 9], "C73: what was committed, by the import and by others, must show between the batches");
}

/// The orders that an export gives, and how many it says that there were.
fn exported<S: Store>(store: &S, filter: &OrderFilter, limit: u16) -> (Vec<Order>, u64) {
    let mut found = Vec::new();
    let count = export(store, filter, Page::first(limit), |order: Order| -> Stored<()> {
        found.push(order);
        Ok(())
    });
    (found, good(count, format!("C74: by pages of {limit}")))
}

/// C74: an export gives each record once, by id; what is inserted behind it is not seen.
pub fn c74_an_export_gives_each_record_once<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C74");
    let orders: Vec<Any> = (100..150).map(|n| Maker::sound(n.into()).record(Family::Order, n)).collect();
    write(&store, "C74", |tx| insert_many(tx, &orders));
    let all = OrderFilter::default();
    let wanted: Vec<Order> = read(&store, "C74", |tx| Order::list(tx, &all, Page::first(1_000)));
    assert_eq!(wanted.len(), 53, "C74: the orders that are there");
    for limit in [1, 7, 10, 25, 53, 54, u16::MAX] {
        let (found, count) = exported(&store, &all, limit);
        assert_eq!(found, wanted, "C74: by pages of {limit}");
        assert_eq!(count, 53, "C74: how many there were, by pages of {limit}");
    }
    let drop_it = |_: Order| Ok::<_, StoreError>(());
    assert_eq!(good(export(&store, &all, Page::first(0), drop_it), "C74"), 0, "C74: a limit of zero");
    let half = good(export(&store, &all, Page::after(wanted[24].id, 10), drop_it), "C74");
    assert_eq!(half, 28, "C74: an export that goes on after a record");
    let of_rep = OrderFilter { rep: Some(id(2)), ..OrderFilter::default() };
    let (found, _) = exported(&store, &of_rep, 3);
    let wanted_of_rep: Vec<Order> = wanted.iter().filter(|order| order.rep() == Some(id(2))).cloned().collect();
    assert_eq!(found, wanted_of_rep, "C74: with a filter");
    while_others_write(&store);
    let mut few = 0;
    let failed = export(&store, &all, Page::first(10), |_: Order| {
        few += 1;
        if few == 15 { Err(own_error()) } else { Ok(()) }
    });
    assert_eq!((failed.is_err(), few), (true, 15), "C74: an error of the caller ends it at once");
}

/// C74, too: the store is free while the export goes on.
fn while_others_write<S: Store>(store: &S) {
    let all = CustomerFilter::default();
    let mut found = Vec::new();
    good(
        export(store, &all, Page::first(1), |customer: Customer| -> Stored<()> {
            if found.len() == 1 {
                // One behind the page, one ahead of it.
                let new =
                    |n| Maker::sound(74).record(Family::Customer, n).with_unique("external id", &format!("C74-{n}"));
                store.write(|tx| new(0).insert(tx).and_then(|()| new(90).insert(tx)))?;
            }
            found.push(customer.id);
            Ok(())
        }),
        "C74: while others write",
    );
    let wanted = [1, 2, 3, 90].map(id);
    assert_eq!(found, wanted, "C74: what is inserted behind the page is not seen, and nothing twice");
    assert!(found[0].uuid() < found[1].uuid(), "C74: by id");
}
