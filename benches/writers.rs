//! What many writers at once gain by sharing commits: `cargo bench --bench writers`.
//!
//! Rounds in which the sides take turns, so that what else the machine does meets all alike. `benches/README.md` says what came out.

#[expect(dead_code, reason = "`store` needs more of it")]
#[path = "support/company.rs"]
mod company;

use std::{
    path::Path,
    sync::{Barrier, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crm::{
    Act, Agent, AgentFact, Fact, NewAgent, RecordId,
    sales::{draft_order, register_customer},
    sqlite::{
        Durability, SqliteOptions, SqliteStore,
        rusqlite::{Connection, config::DbConfig, params},
    },
    store::{Customers, Journal, Products, SalesReps, Store, StoreError},
};

use crate::company::{Done, Size};

/// The customers that the whole operations are done with.
const SIZE: Size = Size::of_orders(40_000);
const ROUNDS: usize = 15;
/// Calls of all writers together in a round.
const CALLS: u32 = 1_600;

/// The calls with these numbers by so many threads at once, and how long they took together.
fn by_all<E: std::fmt::Debug>(
    writers: u32,
    first: u32,
    calls: u32,
    call: impl Fn(u32) -> Result<(), E> + Sync,
) -> Duration {
    let start = Barrier::new(writers as usize + 1);
    let each = calls / writers;
    let mut began = Instant::now();
    thread::scope(|scope| {
        for writer in 0..writers {
            let (start, call) = (&start, &call);
            scope.spawn(move || {
                start.wait();
                for number in 0..each {
                    let number = first + writer * each + number;
                    call(number).unwrap_or_else(|error| panic!("call {number} failed: {error:?}"));
                }
            });
        }
        start.wait();
        began = Instant::now();
    });
    began.elapsed()
}

/// An act, and the fact that it made: one row of the journal, and nothing else.
fn entry(number: u32) -> (Act, Fact) {
    let made = || -> Done<(Act, Fact)> {
        let mut act = company::act(number)?;
        let agent = Agent::add(act.new_id(), act.at(), NewAgent::new("Ada Lovelace".parse()?));
        Ok((act, Fact::Agent(agent.id, AgentFact::Deleted { agent: Box::new(agent) })))
    };
    made().unwrap_or_else(|error| panic!("entry {number}: {error}"))
}

/// One commit each, in turns by a mutex, written by hand.
struct ByHand(Mutex<Connection>);

impl ByHand {
    /// Over a file of crm-store, so that tables and indexes are the same.
    fn open(path: &Path, synchronous: &str) -> Done<Self> {
        drop(SqliteStore::open(path)?);
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        Ok(Self(Mutex::new(connection)))
    }

    fn append(&self, number: u32) -> Done<()> {
        let (act, fact) = entry(number);
        let Fact::Agent(id, fact) = fact else { return Err("not an agent".into()) };
        let payload = serde_json::to_string(&fact)?;
        let connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        connection
            .prepare_cached(
                "INSERT INTO crm_journal (at, actor, reason, in_answer_to, key, family, record, kind, version, payload)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                act.at().timestamp_micros(),
                act.actor().as_str(),
                None::<String>,
                None::<i64>,
                None::<String>,
                "agent",
                id.uuid().into_bytes(),
                "agent.deleted",
                1,
                payload,
            ])?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

/// A work that a number of writers do: how long the call with that number takes is for the caller to measure.
type Call<'a> = (&'a str, Box<dyn Fn(u32) -> Result<(), String> + Sync + 'a>);

/// The median time of a call of each side, in rounds in which the sides take turns; `next` is the first number that no call has had.
fn compare(writers: u32, calls: u32, next: &mut u32, sides: &[Call<'_>]) -> Vec<Duration> {
    let mut rounds = vec![Vec::new(); sides.len()];
    for round in 0..ROUNDS {
        for place in 0..sides.len() {
            // Who goes first changes from round to round.
            let side = (place + round) % sides.len();
            rounds[side].push(by_all(writers, *next, calls, &sides[side].1));
        }
        *next += calls;
    }
    let median = |mut rounds: Vec<Duration>| {
        rounds.sort_unstable();
        rounds[ROUNDS / 2] / calls
    };
    rounds.into_iter().map(median).collect()
}

fn stored(result: Result<(), StoreError>) -> Result<(), String> {
    result.map_err(|error| format!("{error:?}"))
}

/// Bare inserts of one row, a journal entry: by hand with one commit each, and the store without and with groups.
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn bare(folder: &Path, durability: Durability, synchronous: &str) -> Done<()> {
    let file = |name: &str| folder.join(format!("{name}-{synchronous}"));
    let hand = ByHand::open(&file("hand"), synchronous)?;
    let options = || SqliteOptions::new().durability(durability);
    let each = options().group(1, Duration::ZERO).open(file("each"))?;
    let shared = options().open(file("shared"))?;
    let append = |store: &SqliteStore, number| {
        let (act, fact) = entry(number);
        stored(store.write(|tx| tx.append(&act, &fact).map(drop)))
    };
    println!("\nBare insert of one row (a journal entry) ({synchronous}), the time of one\n");
    println!(
        "| writers | by hand, one commit each under a mutex | crm-store, one commit each | crm-store | throughput to by hand |"
    );
    println!("|---:|---:|---:|---:|---:|");
    let mut next = 1;
    for writers in [1, 2, 4, 16, 64] {
        let sides: [Call<'_>; 3] = [
            ("", Box::new(|number| hand.append(number).map_err(|error| error.to_string()))),
            ("", Box::new(|number| append(&each, number))),
            ("", Box::new(|number| append(&shared, number))),
        ];
        let times = compare(writers, CALLS, &mut next, &sides);
        let (hand, each, shared) = (times[0], times[1], times[2]);
        let throughput = hand.div_duration_f64(shared);
        println!("| {writers} | {hand:.1?} | {each:.1?} | {shared:.1?} | {throughput:.2} |");
    }
    Ok(())
}

/// Whole operations: what sixteen writers gain, and what they would if a group of sixteen cost its work and one wait for the disk.
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn operations(folder: &Path) -> Done<()> {
    let open = |name: &str, durability| -> Done<SqliteStore> {
        let store = SqliteOptions::new().durability(durability).open(folder.join(name))?;
        let reps: Vec<_> = (1..=company::REPS).map(company::sales_rep).collect::<Done<_>>()?;
        let products: Vec<_> = (1..=company::PRODUCTS).map(company::product).collect::<Done<_>>()?;
        let customers: Vec<_> = (1..=SIZE.customers).map(company::customer).collect::<Done<_>>()?;
        store.write(|tx| -> Result<(), StoreError> {
            reps.iter().try_for_each(|rep| tx.insert_sales_rep(rep))?;
            products.iter().try_for_each(|product| tx.insert_product(product))?;
            customers.iter().try_for_each(|customer| tx.insert_customer(customer))
        })?;
        Ok(store)
    };
    let (full, relaxed) = (open("full", Durability::Full)?, open("relaxed", Durability::Relaxed)?);
    let register = |store: &SqliteStore, number: u32| -> Result<(), String> {
        let new = company::new_customer(number).map_err(|error| error.to_string())?;
        let mut act = company::act(number).map_err(|error| error.to_string())?;
        let done = store.write(|tx| register_customer(tx, &mut act, new).map(drop));
        done.map_err(|error| format!("{error:?}"))
    };
    let draft = |store: &SqliteStore, number: u32| -> Result<(), String> {
        let new = company::new_order(number, SIZE).map_err(|error| error.to_string())?;
        let mut act = company::act(number).map_err(|error| error.to_string())?;
        let done = store.write(|tx| draft_order(tx, &mut act, new).map(drop));
        done.map_err(|error| format!("{error:?}"))
    };
    println!("\nWhole operations, the time of one\n");
    println!(
        "| operation | cpu (one writer, NORMAL) | sync (FULL less cpu) | 16 writers | gain | (cpu + sync) / (cpu + sync / 16) | share of it |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let mut next = SIZE.customers + 1;
    type Operation<'a> = &'a (dyn Fn(&SqliteStore, u32) -> Result<(), String> + Sync);
    let works: [(&str, Operation<'_>); 2] = [("register customer", &register), ("draft order", &draft)];
    for (title, work) in works {
        let cpu_and_all: [Call<'_>; 2] =
            [("", Box::new(|number| work(&relaxed, number))), ("", Box::new(|number| work(&full, number)))];
        let alone = compare(1, CALLS / 4, &mut next, &cpu_and_all);
        let many: [Call<'_>; 1] = [("", Box::new(|number| work(&full, number)))];
        let sixteen = compare(16, CALLS, &mut next, &many)[0];
        let (cpu, sync) = (alone[0], alone[1].saturating_sub(alone[0]));
        let gain = alone[1].div_duration_f64(sixteen);
        let ideal = alone[1].div_duration_f64(cpu + sync / 16);
        let share = (cpu + sync / 16).div_duration_f64(sixteen);
        println!("| {title} | {cpu:.1?} | {sync:.1?} | {sixteen:.1?} | {gain:.2} | {ideal:.2} | {share:.2} |");
    }
    Ok(())
}

fn main() -> Done<()> {
    // A folder of the build, since what stands for a temporary one is memory on many machines.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    bare(folder.path(), Durability::Full, "FULL")?;
    bare(folder.path(), Durability::Relaxed, "NORMAL")?;
    operations(folder.path())
}
