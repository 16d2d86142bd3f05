//! How fast crm-store is, against rusqlite written by hand in the same run: `cargo bench --bench store`.
//!
//! Criterion measures each side by itself. The table at the end is measured on its own, in rounds (`support/rounds.rs`). `benches/README.md` says what the rows mean and
//! what came out.

#[path = "support/both.rs"]
mod both;
#[path = "support/by_hand/mod.rs"]
mod by_hand;
#[path = "support/company.rs"]
mod company;
#[path = "support/disk.rs"]
mod disk;
#[path = "support/filling.rs"]
mod filling;
#[path = "support/growth.rs"]
mod growth;
#[path = "support/ours.rs"]
mod ours;
#[path = "support/rounds.rs"]
mod rounds;
#[expect(dead_code, reason = "some works are those of the bench `workflow`")]
#[path = "support/work.rs"]
mod work;

use std::{fs, path::Path};

use crm::sqlite::Durability;

use crate::{
    both::{FULL, RELAXED, compare, same_rows, sample, wanted},
    by_hand::ByHand,
    company::{Done, Size},
    ours::Ours,
    rounds::{Measured, ROUND, Turn, print},
    work::{Lines, Picks, Side, Work},
};

/// What is in the file when the measuring begins.
const SIZE: Size = Size::of_orders(200_000);
/// Sessions that are opened afresh, and what is inserted in each.
const SESSIONS: u32 = 21;
const SESSION: u32 = 50;

/// Measures inserts in sessions that are opened afresh, when the log is as short as it was left: opening is not counted.
fn fresh_sessions(ours: &Path, theirs: &Path, first_number: u32) -> Done<Measured> {
    let mut rounds = Vec::new();
    for session in 0..SESSIONS {
        let picks = Picks::after(first_number + session * SESSION, SIZE);
        let first = Ours::open(ours, Durability::Full, picks)?.run(Work::InsertCustomer, SESSION)?;
        let second = ByHand::open(theirs, "FULL", picks)?.run(Work::InsertCustomer, SESSION)?;
        rounds.push((first, second));
    }
    let title = "insert of a customer, with journal, first 50 of a session (FULL)".into();
    Ok(Measured::new(title, Some(1.1), &rounds, SESSION))
}

/// Measures a page at depth against the first one, both of crm-store.
fn depth(ours: &mut dyn Side) -> Done<Measured> {
    let title = "page of 50 orders, at depth against the first".into();
    Measured::in_rounds(title, Some(1.1), 1, ROUND, |turn, calls| match turn {
        Turn::First => ours.run(Work::DeepPage(Lines::Apart), calls),
        Turn::Second => ours.run(Work::FirstPage(Lines::Apart), calls),
    })
}

#[expect(clippy::print_stdout, reason = "the sizes belong to the table")]
fn main() -> Done<()> {
    if std::env::args().any(|argument| argument == "growth") {
        return growth::print();
    }
    // A folder of the build, since what stands for a temporary one is memory on many machines.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [path, by_hand] = ["ours", "by_hand"].map(|name| folder.path().join(name));

    let mut table = filling::fill(
        SIZE,
        &mut Ours::open(&path, Durability::Full, Picks::after(0, SIZE))?,
        &mut ByHand::open(&by_hand, "FULL", Picks::after(0, SIZE))?,
    )?;
    same_rows(&path, &by_hand, Picks::after(5_000_000, SIZE), &Work::WRITES)?;
    let sizes = [fs::metadata(&path)?.len(), fs::metadata(&by_hand)?.len()].map(|bytes| bytes / 1_048_576);

    let mut criterion = both::criterion();
    let phases: [(Durability, &str, &str, &[Work]); 3] = [
        (Durability::Full, "FULL", "", &Work::READS),
        (Durability::Relaxed, "NORMAL", RELAXED, &Work::WRITES),
        (Durability::Full, "FULL", FULL, &Work::WRITES),
    ];
    for ((durability, synchronous, note, works), first) in phases.into_iter().zip([1, 2, 3]) {
        let new = Picks::after(first * 10_000_000, SIZE);
        let mut ours = Ours::open(&path, durability, new)?;
        let mut theirs = ByHand::open(&by_hand, synchronous, new)?;
        table.extend(compare(works, note, &mut ours, &mut theirs)?);
        if note.is_empty() {
            table.push(depth(&mut ours)?);
        }
        sample(&mut criterion, works, note, &mut [("crm-store", &mut ours), ("by hand", &mut theirs)]);
    }
    table.push(fresh_sessions(&path, &by_hand, 40_000_000)?);
    criterion.final_summary();

    print("crm-store against rusqlite by hand", ("crm-store", "by hand"), &table);
    println!(
        "\nThe file of {} customers and {} orders: {} MiB, by hand {} MiB",
        SIZE.customers, SIZE.orders, sizes[0], sizes[1]
    );
    for frames in [1, 8] {
        let [grows, stays, data] = disk::synced(folder.path(), frames)?;
        println!(
            "The disk alone, {frames} pages of a log: fsync {grows:.1?} where the file grows, {stays:.1?} where it has its length; fdatasync {data:.1?}"
        );
    }
    if wanted("growth") { growth::print() } else { Ok(()) }
}
