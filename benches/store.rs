//! How fast crm-store is, against rusqlite written by hand in the same run: `cargo bench --bench store`.
//!
//! Criterion measures each side by itself. The table at the end is measured on its own: rounds in which the two sides take turns, so that what else the machine
//! does meets both alike. `benches/README.md` says what the rows mean and what came out.

#[path = "support/by_hand.rs"]
mod by_hand;
#[path = "support/company.rs"]
mod company;
#[path = "support/ours.rs"]
mod ours;
#[path = "support/work.rs"]
mod work;

use std::{fs, io, time::Duration};

use criterion::{Criterion, SamplingMode};
use crm::sqlite::Durability;

use crate::{
    by_hand::ByHand,
    company::{Done, RECORDS},
    ours::Ours,
    work::{Picks, Side, Work},
};

/// Records of one commit while the files are filled.
const BULK: u32 = 500;
/// Rounds of the table; each side does a work for about this long in a round.
const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(25);

/// A work, the time of one call on each side, and their ratio.
struct Measured {
    title: String,
    ours: Duration,
    theirs: Duration,
    ratio: f64,
}

impl Measured {
    /// From the rounds of both sides: the median of each, and the median of the ratios, round by round.
    fn new(title: String, rounds: &[(Duration, Duration)], calls: u32) -> Self {
        let mut ours: Vec<_> = rounds.iter().map(|round| round.0).collect();
        let mut theirs: Vec<_> = rounds.iter().map(|round| round.1).collect();
        let mut ratios: Vec<_> = rounds.iter().map(|round| round.0.div_duration_f64(round.1)).collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        ratios.sort_unstable_by(f64::total_cmp);
        let middle = rounds.len() / 2;
        Self { title, ours: ours[middle] / calls, theirs: theirs[middle] / calls, ratio: ratios[middle] }
    }
}

/// Fills the three files in turns, and measures that: the bulk insert of crm-store, and of both keys by hand, against integer keys by hand.
fn fill(ours: &mut dyn Side, both: &mut dyn Side, dense: &mut dyn Side) -> Done<[Vec<Measured>; 2]> {
    let mut measured = [Vec::new(), Vec::new()];
    ours.found().and_then(|()| both.found()).and_then(|()| dense.found())?;
    for work in [Work::BulkCustomers, Work::BulkOrders] {
        let mut rounds = [Vec::new(), Vec::new()];
        for _ in 0..RECORDS / BULK {
            let (first, second, third) = (ours.run(work, BULK)?, both.run(work, BULK)?, dense.run(work, BULK)?);
            rounds[0].push((first, third));
            rounds[1].push((second, third));
        }
        for (table, rounds) in measured.iter_mut().zip(&rounds) {
            table.push(Measured::new(work.title().into(), rounds, BULK));
        }
    }
    Ok(measured)
}

/// Measures works in rounds in which the two sides take turns.
fn compare(works: &[Work], note: &str, ours: &mut dyn Side, theirs: &mut dyn Side) -> Done<Vec<Measured>> {
    let mut table = Vec::new();
    // The filter of criterion's command line is one of the table too.
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    for work in works.iter().filter(|work| format!("{}{note}", work.title()).contains(&filter)) {
        let once = ours.run(*work, 20)? / 20;
        let calls = u32::try_from(ROUND.as_nanos() / once.as_nanos().max(1))?.clamp(2, 1_000);
        theirs.run(*work, 20)?;
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            // Who goes first changes from round to round.
            let first = (round % 2 == 0).then(|| ours.run(*work, calls)).transpose()?;
            let second = theirs.run(*work, calls)?;
            let first = first.map_or_else(|| ours.run(*work, calls), Ok)?;
            rounds.push((first, second));
        }
        table.push(Measured::new(format!("{}{note}", work.title()), &rounds, calls));
    }
    Ok(table)
}

/// Lets criterion measure each side by itself.
fn sample(criterion: &mut Criterion, works: &[Work], note: &str, sides: &mut [(&str, &mut dyn Side)]) {
    for work in works {
        let mut group = criterion.benchmark_group(format!("{}{note}", work.title()));
        group.sampling_mode(SamplingMode::Flat);
        for (name, side) in &mut *sides {
            group.bench_function(*name, |bencher| {
                bencher.iter_custom(|calls| {
                    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
                    side.run(*work, calls).unwrap_or_else(|error| panic!("{work:?} failed: {error}"))
                });
            });
        }
        group.finish();
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn print(title: &str, (first, second): (&str, &str), table: &[Measured]) {
    println!("\n{title}\n\n| work | {first} | {second} | ratio |\n|---|---:|---:|---:|");
    for Measured { title, ours, theirs, ratio } in table {
        println!("| {title} | {ours:.1?} | {theirs:.1?} | {ratio:.2} |");
    }
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn print_sizes(sizes: [io::Result<u64>; 3]) -> Done<()> {
    println!("\nThe file with {RECORDS} customers and {RECORDS} orders of three lines\n\n| | KiB |\n|---|---:|");
    for (name, size) in ["crm-store", "by hand, integer row and 16-byte id", "by hand, integer key"].iter().zip(sizes) {
        println!("| {name} | {} |", size?);
    }
    Ok(())
}

fn main() -> Done<()> {
    // A folder of the build, since what stands for a temporary one is memory on many machines.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [path, both, dense] = ["ours", "both", "dense"].map(|name| folder.path().join(name));
    let (ours_by_hand, keys) = (("crm-store", "by hand"), ("integer row and 16-byte id", "integer key"));

    let filled = fill(
        &mut Ours::open(&path, Durability::Full, Picks::after(0))?,
        &mut ByHand::<[u8; 16]>::open(&both, "FULL", Picks::after(0))?,
        &mut ByHand::<i64>::open(&dense, "FULL", Picks::after(0))?,
    );
    let [mut table, mut table_of_keys] = filled?;
    let sizes = [&path, &both, &dense].map(|path| fs::metadata(path).map(|file| file.len() / 1_024));

    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .without_plots()
        .configure_from_args();
    let phases: [(Durability, &str, &str, &[Work]); 3] = [
        (Durability::Full, "FULL", "", &Work::READS),
        (Durability::Relaxed, "NORMAL", " (NORMAL)", &Work::WRITES),
        (Durability::Full, "FULL", " (FULL)", &Work::WRITES),
    ];
    for ((durability, synchronous, note, works), first) in phases.into_iter().zip([1, 2, 3]) {
        let new = Picks::after(first * 10_000_000);
        let mut ours = Ours::open(&path, durability, new)?;
        let mut theirs = ByHand::<i64>::open(&dense, synchronous, new)?;
        table.extend(compare(works, note, &mut ours, &mut theirs)?);
        sample(&mut criterion, works, note, &mut [("crm-store", &mut ours), ("by hand", &mut theirs)]);
    }
    let new = Picks::after(0);
    let mut with_ids = ByHand::<[u8; 16]>::open(&both, "FULL", new)?;
    let mut integers = ByHand::<i64>::open(&dense, "FULL", new)?;
    table_of_keys.extend(compare(&Work::READS, "", &mut with_ids, &mut integers)?);
    criterion.final_summary();

    print("crm-store against rusqlite by hand", ours_by_hand, &table);
    print("Keys, both by hand", keys, &table_of_keys);
    print_sizes(sizes)
}
