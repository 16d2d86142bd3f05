//! The group, one sentence of its promise a test. Members come in a known order: the first one stays in its closure until the others are in line.

use std::{
    error::Error as _,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use crm_core::{
    Customer, NewCustomer, SearchQuery,
    store::{CustomerFilter, Customers, Page, Search},
};
use crm_testkit::Acts;
use tempfile::TempDir;

use super::*;
use crate::{SqliteStore, connection::reader, table::prepared};

fn customer(seed: u16) -> Customer {
    let mut act = Acts::seeded(seed).next("alice");
    Customer::register(act.new_id(), act.at(), NewCustomer::person("Zhang".parse().unwrap())).unwrap()
}

fn insert(tx: &mut SqliteTx<'_>, seed: u16) -> Result<(), StoreError> {
    tx.insert_customer(&customer(seed))
}

type Closure<'a> = Box<dyn FnOnce(&mut SqliteTx<'_>) -> Result<(), StoreError> + Send + 'a>;
type Ran = thread::Result<Result<(), StoreError>>;

/// Writers on a file, whose commits are counted and can be refused.
struct Desk {
    folder: TempDir,
    writers: Writers,
    commits: Arc<AtomicU32>,
    /// A commit that SQLite's hook refuses ends the transaction, and looks as one of which the outcome is not known.
    refusing: Arc<AtomicBool>,
}

impl Desk {
    fn open(options: SqliteOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crm.db");
        let mut connection = connection::writer(Some(&path), &options, Opening::First, Instant::now()).unwrap();
        let (commits, refusing) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let (counted, refused) = (Arc::clone(&commits), Arc::clone(&refusing));
        let hook = move || {
            counted.fetch_add(1, Ordering::SeqCst);
            refused.load(Ordering::SeqCst)
        };
        connection.commit_hook(Some(hook)).unwrap();
        let log = Log::beside(Some(&path), &options, Arc::default());
        Self { writers: Writers::new(connection, Some(path), options, log), folder, commits, refusing }
    }

    fn new() -> Self {
        Self::open(SqliteOptions::new().group(64, Duration::from_secs(60)))
    }

    /// A connection of its own.
    fn reader(&self) -> Connection {
        reader(&self.folder.path().join("crm.db"), &SqliteOptions::new()).unwrap()
    }

    fn count(&self) -> u64 {
        SqliteTx::over(&self.reader()).count_customers(&CustomerFilter::default()).unwrap()
    }

    fn commits(&self) -> u32 {
        self.commits.load(Ordering::SeqCst)
    }

    /// Runs the closures as they would run where each of them got in line, in this order, while the first one ran.
    fn in_line(&self, closures: Vec<Closure<'_>>) -> Vec<Ran> {
        let all_there = AtomicBool::new(false);
        let first_is_in = AtomicBool::new(false);
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for (place, closure) in closures.into_iter().enumerate() {
                let (all_there, first_is_in) = (&all_there, &first_is_in);
                threads.push(scope.spawn(move || {
                    catch_unwind(AssertUnwindSafe(|| {
                        self.writers.write(|tx| {
                            first_is_in.store(true, Ordering::SeqCst);
                            while place == 0 && !all_there.load(Ordering::SeqCst) {
                                thread::yield_now();
                            }
                            closure(tx)
                        })
                    }))
                }));
                while !first_is_in.load(Ordering::SeqCst) || self.writers.line.waiting() < place {
                    thread::yield_now();
                }
            }
            all_there.store(true, Ordering::SeqCst);
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn usable(&self) {
        let before = self.count();
        self.writers.write(|tx| insert(tx, 999)).unwrap();
        assert_eq!(self.count(), before + 1);
        assert_eq!(self.writers.line.waiting(), 0);
    }
}

fn own_error() -> StoreError {
    StoreErrorKind::NotInstalled.into()
}

/// What came out: `ok`, an error's kind, or a panic.
fn outcomes(ran: &[Ran]) -> Vec<String> {
    let outcome = |ran: &Ran| match ran {
        Ok(Ok(())) => String::from("ok"),
        Ok(Err(error)) => error.to_string(),
        Err(_) => String::from("panic"),
    };
    ran.iter().map(outcome).collect()
}

fn inserts<'a>(seeds: std::ops::Range<u16>) -> Vec<Closure<'a>> {
    seeds.map(|seed| Box::new(move |tx: &mut SqliteTx<'_>| insert(tx, seed)) as Closure<'_>).collect()
}

#[test]
fn those_in_line_share_one_commit_and_who_is_alone_has_one_at_once() {
    let desk = Desk::new();
    desk.writers.write(|tx| insert(tx, 100)).unwrap();
    assert_eq!(desk.commits(), 1);
    assert_eq!(outcomes(&desk.in_line(inserts(0..6))), ["ok"; 6]);
    assert_eq!((desk.commits(), desk.count()), (2, 7));
}

#[test]
fn nobody_is_answered_and_nothing_is_seen_before_the_commit() {
    let desk = Desk::new();
    let answered = AtomicU32::new(0);
    let look = |tx: &mut SqliteTx<'_>, seed| {
        insert(tx, seed)?;
        // Those before had time enough to answer.
        (0..1_000).for_each(|_| thread::yield_now());
        assert_eq!((answered.load(Ordering::SeqCst), desk.count()), (0, 0), "before the commit");
        Ok(())
    };
    let (first, last) = (|tx: &mut SqliteTx<'_>| look(tx, 0), |tx: &mut SqliteTx<'_>| look(tx, 9));
    let mut closures: Vec<Closure<'_>> = vec![Box::new(first)];
    closures.extend(inserts(1..3));
    // Refused, because of a neighbour's record.
    closures.push(Box::new(|tx| insert(tx, 2)));
    closures.push(Box::new(|_| Err(own_error())));
    closures.push(Box::new(last));
    let all_there = AtomicBool::new(false);
    thread::scope(|scope| {
        for (place, closure) in closures.into_iter().enumerate() {
            let (desk, answered, all_there) = (&desk, &answered, &all_there);
            let entered = Arc::new(AtomicBool::new(false));
            let is_in = Arc::clone(&entered);
            scope.spawn(move || {
                let result = desk.writers.write(|tx| {
                    is_in.store(true, Ordering::SeqCst);
                    while place == 0 && !all_there.load(Ordering::SeqCst) {
                        thread::yield_now();
                    }
                    closure(tx)
                });
                answered.fetch_add(1, Ordering::SeqCst);
                let expected = match place {
                    3 => Some(StoreErrorKind::Duplicate { record: "customer", field: "id" }),
                    4 => Some(own_error().kind().clone()),
                    _ => None,
                };
                assert_eq!(result.err().map(|error| error.kind().clone()), expected);
                assert_eq!(desk.count(), 4, "after the answer");
            });
            while if place == 0 { !entered.load(Ordering::SeqCst) } else { desk.writers.line.waiting() < place } {
                thread::yield_now();
            }
        }
        all_there.store(true, Ordering::SeqCst);
    });
    assert_eq!(desk.commits(), 1);
}

#[test]
fn an_error_or_a_panic_undoes_its_own_work_alone() {
    let desk = Desk::new();
    let ends: [fn() -> Result<(), StoreError>; 3] =
        [|| Ok(()), || Err(own_error()), || resume_unwind(Box::new("a member panics"))];
    // Each way to end is once the first and once the last of its group.
    for turned in 0..3 {
        let (commits, count) = (desk.commits(), desk.count());
        let closures = (0..7_u16).map(|place| {
            let end = ends[(usize::from(place) + turned) % 3];
            let closure = move |tx: &mut SqliteTx<'_>| {
                insert(tx, 100 * u16::try_from(turned).unwrap() + place)?;
                end()
            };
            Box::new(closure) as Closure<'_>
        });
        let ran = desk.in_line(closures.collect());
        let own = own_error().to_string();
        let expected: Vec<_> = (0..7).map(|place| ["ok", &own, "panic"][(place + turned) % 3]).collect();
        assert_eq!(outcomes(&ran), expected);
        let kept = expected.iter().filter(|outcome| **outcome == "ok").count();
        assert_eq!(desk.count() - count, kept as u64);
        assert_eq!(desk.commits() - commits, 1);
    }
    desk.usable();
}

#[test]
fn where_sqlite_ended_the_transaction_every_member_is_told_to_try_again() {
    let desk = Desk::new();
    for culprit in 1..5_usize {
        let (count, first) = (desk.count(), 100 * u16::try_from(culprit).unwrap());
        let mut closures = inserts(first..first + 5);
        closures[culprit] = Box::new(move |tx| {
            insert(tx, first + 50)?;
            // Stands for the disk that failed.
            tx.connection.execute_batch("ROLLBACK").unwrap();
            // What the closure makes of it does not matter.
            if culprit % 2 == 0 { insert(tx, first + 51) } else { Ok(()) }
        });
        let ran = desk.in_line(closures);
        for (place, ran) in ran.iter().enumerate() {
            match ran {
                Ok(Ok(())) => assert!(place > culprit, "{place} was in the transaction that ended"),
                Ok(Err(error)) => {
                    assert_eq!(error.kind(), &StoreErrorKind::GroupAborted, "{error:?}");
                    assert!(error.is_retryable() && place <= culprit);
                }
                Err(_) => panic!("{place} panicked"),
            }
        }
        // Those behind it have a transaction of their own.
        assert_eq!(desk.count() - count, u64::try_from(4 - culprit).unwrap());
    }
    desk.usable();
}

#[test]
fn the_cause_is_told_to_all_members() {
    let desk = Desk::open(SqliteOptions::new().limit_bytes(1 << 20).group(64, Duration::from_secs(60)));
    let mut closures = inserts(0..2);
    closures.push(Box::new(|tx| {
        // A statement that keeps no journal of its own, so that SQLite ends the whole transaction.
        let full = "INSERT INTO crm_counter (name, last) VALUES (hex(zeroblob(4000000)), 1)";
        let failure = prepared(tx.connection, full).and_then(|mut insert| insert.execute([])).unwrap_err();
        Err(Failure::Sql(failure).into())
    }));
    let ran = desk.in_line(closures);
    for ran in ran {
        let error = ran.unwrap().unwrap_err();
        assert_eq!(error.kind(), &StoreErrorKind::GroupAborted);
        assert_eq!(error.source().unwrap().to_string(), "database or disk is full");
    }
    assert_eq!(desk.count(), 0);
    desk.usable();
}

#[test]
fn a_commit_of_unknown_outcome_is_unknown_to_every_member() {
    let desk = Desk::new();
    let mut closures = inserts(0..3);
    closures.push(Box::new(|_| Err(own_error())));
    desk.refusing.store(true, Ordering::SeqCst);
    let ran = desk.in_line(closures);
    assert_eq!(outcomes(&ran), vec![StoreErrorKind::CommitOutcomeUnknown.to_string(); 4]);
    assert!(ran.into_iter().all(|ran| ran.unwrap().unwrap_err().source().is_some()));
    let alone = desk.writers.write(|tx| insert(tx, 8));
    assert!(alone.is_ok(), "the connection that failed is not asked again");
    desk.usable();
}

#[test]
fn a_commit_that_did_not_happen_is_tried_again_by_every_member() {
    let desk = Desk::new();
    let dangling = |tx: &mut SqliteTx<'_>, seed| {
        insert(tx, seed)?;
        // A reference that is checked at the commit lets it fail and leaves the transaction open.
        let sql = "PRAGMA defer_foreign_keys = ON; UPDATE crm_customer SET owner = randomblob(16)";
        tx.connection.execute_batch(sql).map_err(|error| Failure::Sql(error).into())
    };
    let mut closures = inserts(0..3);
    closures.push(Box::new(move |tx| dangling(tx, 5)));
    assert_eq!(outcomes(&desk.in_line(closures)), vec![StoreErrorKind::GroupAborted.to_string(); 4]);
    let alone = desk.writers.write(|tx| dangling(tx, 6)).unwrap_err();
    assert_eq!(alone.kind(), &StoreErrorKind::Backend, "alone, one is told the kind itself");
    assert_eq!(desk.count(), 0);
    desk.usable();
}

#[test]
fn a_group_is_bounded_in_members_and_in_time() {
    for (members, time, commits) in [(3, 60_000, 3), (1, 60_000, 7), (64, 0, 7), (64, 60_000, 1)] {
        let desk = Desk::open(SqliteOptions::new().group(members, Duration::from_millis(time)));
        assert_eq!(outcomes(&desk.in_line(inserts(0..7))), ["ok"; 7]);
        assert_eq!((desk.commits(), desk.count()), (commits, 7), "{members} members, {time} ms");
    }
}

/// The deadline is for the line: who has run waits for the commit as long as that takes.
#[test]
fn a_neighbour_who_takes_longer_than_the_deadline_costs_nobody_the_answer() {
    let deadline = Duration::from_millis(300);
    let desk = Desk::open(SqliteOptions::new().deadline(deadline).group(64, Duration::from_secs(60)));
    let mut closures = inserts(0..2);
    closures.push(Box::new(|tx| {
        let began = Instant::now();
        while began.elapsed() <= deadline {
            thread::yield_now();
        }
        insert(tx, 2)
    }));
    assert_eq!(outcomes(&desk.in_line(closures)), ["ok"; 3]);
    assert_eq!((desk.commits(), desk.count()), (1, 3));
}

#[test]
fn a_backup_runs_in_no_group() {
    let desk = Desk::new();
    let first_is_in = AtomicBool::new(false);
    let (before, after) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        let (desk, first_is_in) = (&desk, &first_is_in);
        scope.spawn(move || {
            desk.writers.write(|tx| {
                first_is_in.store(true, Ordering::SeqCst);
                while desk.writers.line.waiting() < 3 {
                    thread::yield_now();
                }
                insert(tx, 0)
            })
        });
        while !first_is_in.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        for place in 0..3_u16 {
            let (before, after) = (&before, &after);
            scope.spawn(move || match place {
                1 => desk
                    .writers
                    .outside(|connection| {
                        assert!(connection.is_autocommit());
                        before.store(u32::try_from(desk.count()).unwrap(), Ordering::SeqCst);
                        Ok(())
                    })
                    .unwrap(),
                _ => {
                    desk.writers.write(|tx| insert(tx, 1 + place)).unwrap();
                    after.fetch_add(1, Ordering::SeqCst);
                }
            });
            while desk.writers.line.waiting() <= usize::from(place) && first_is_in.load(Ordering::SeqCst) && place < 2 {
                thread::yield_now();
            }
        }
    });
    assert_eq!(before.load(Ordering::SeqCst), 2, "those before it are committed");
    assert_eq!((after.load(Ordering::SeqCst), desk.count()), (2, 3));
}

/// Nobody may be left waiting for a group whose last member did not get to its closure.
#[test]
fn a_member_that_finds_newer_tables_or_a_lost_connection_leaves_the_line_moving() {
    let desk = Desk::new();
    let newer = "UPDATE crm_schema SET version = 99";
    let bring = |sql: &str| Connection::open(desk.folder.path().join("crm.db")).unwrap().execute_batch(sql).unwrap();
    bring(newer);
    let refused = desk.writers.write(|tx| insert(tx, 1)).unwrap_err();
    assert!(matches!(refused.kind(), StoreErrorKind::NewerSchema { found: 99, .. }));
    bring("UPDATE crm_schema SET version = 1");
    desk.usable();
}

/// Words that were undone with their member are found by nobody, and the index is what the records say.
#[test]
fn what_a_member_undid_is_not_found_by_those_behind_it() {
    let desk = Desk::new();
    let hits = |tx: &mut SqliteTx<'_>| {
        tx.search(&SearchQuery::parse("zhang").unwrap(), Page::first(99)).map(|hits| hits.len())
    };
    let mut closures = inserts(0..1);
    for seed in 1..4 {
        closures.push(Box::new(move |tx| {
            insert(tx, 10 * seed)?;
            assert_eq!(hits(tx)?, usize::from(seed) + 1);
            Err(own_error())
        }));
        closures.push(Box::new(move |tx| {
            assert_eq!(hits(tx)?, usize::from(seed));
            insert(tx, 10 * seed)?;
            assert_eq!(hits(tx)?, usize::from(seed) + 1);
            Ok(())
        }));
    }
    let ran = desk.in_line(closures);
    let own = own_error().to_string();
    assert_eq!(outcomes(&ran), ["ok", &own, "ok", &own, "ok", &own, "ok"]);
    assert_eq!(desk.commits(), 1);
    let store = SqliteStore::open(desk.folder.path().join("crm.db")).unwrap();
    assert_eq!(store.verify().unwrap(), []);
}

/// The caller's own conversion of an error runs on the caller's time.
#[test]
fn an_error_of_the_caller_that_panics_leaves_the_line_moving() {
    struct Panics;
    impl From<StoreError> for Panics {
        fn from(_: StoreError) -> Self {
            resume_unwind(Box::new("the conversion panics"))
        }
    }
    let desk = Desk::new();
    let bring = |sql: &str| Connection::open(desk.folder.path().join("crm.db")).unwrap().execute_batch(sql).unwrap();
    bring("UPDATE crm_schema SET version = 99");
    // Refused on the way in, inside the transaction that was begun.
    assert!(catch_unwind(AssertUnwindSafe(|| desk.writers.write(|_| Ok::<_, Panics>(())))).is_err());
    bring("UPDATE crm_schema SET version = 1");
    // Refused on the way out.
    desk.refusing.store(true, Ordering::SeqCst);
    assert!(catch_unwind(AssertUnwindSafe(|| desk.writers.write(|tx| insert(tx, 1).map_err(|_| Panics)))).is_err());
    desk.usable();
}
