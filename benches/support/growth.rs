//! What becomes of reads when the file grows, beside what becomes of them by hand.

use std::{
    cmp::Ordering,
    path::{Path, PathBuf},
    time::Duration,
};

use crm::sqlite::{Durability, rusqlite::Connection};

use crate::{
    by_hand::ByHand,
    company::{Done, Size},
    ours::Ours,
    rounds::{ROUND, ROUNDS},
    work::{Get, Lines, Picks, Side, Work},
};

/// Orders in the files, where `GROWTH_ORDERS` names no others.
const ORDERS: [u32; 3] = [10_000, 100_000, 1_000_000];
const WORKS: [Work; 6] = [
    Work::ScatteredGets(Get::CustomerById),
    Work::ScatteredGets(Get::CustomerByEmail),
    Work::ScatteredGets(Get::OrderById),
    Work::ScatteredGets(Get::OrderByNumber),
    Work::FirstPage(Lines::Apart),
    Work::DeepPage(Lines::Apart),
];
/// The growth that is to be reached, against that of by hand.
const TARGET: f64 = 1.1;

/// The files of one size, by both sides.
struct Files {
    ours: Ours,
    theirs: ByHand,
}

/// Records of one commit while the files are filled.
const BULK: u32 = 500;

impl Files {
    /// Opens the files of a size and fills them up to it: where an earlier run was stopped, it goes on.
    fn of_orders(orders: u32, folder: &Path) -> Done<Self> {
        let size = Size { customers: orders / 10, orders };
        let path = |side: &str| folder.join(format!("{side}-{orders}"));
        let there = [There::of(&path("ours"))?, There::of(&path("by-hand"))?];
        let picks = there.each_ref().map(|there| Picks::after_those(there.size, size));
        let mut ours = Ours::open(&path("ours"), Durability::Relaxed, picks[0])?;
        let mut theirs = ByHand::open(&path("by-hand"), "NORMAL", picks[1])?;
        let sides: [&mut dyn Side; 2] = [&mut ours, &mut theirs];
        for (side, There { founded, size: there }) in sides.into_iter().zip(there) {
            if !founded {
                side.found()?;
            }
            for (work, missing) in [
                (Work::BulkCustomers, size.customers - there.customers),
                (Work::BulkOrders, size.orders - there.orders),
            ] {
                for _ in 0..missing / BULK {
                    side.run(work, BULK)?;
                }
            }
        }
        Ok(Self { ours, theirs })
    }
}

/// What a file holds already.
struct There {
    /// Whether the reps and the products are there.
    founded: bool,
    size: Size,
}

impl There {
    fn of(path: &Path) -> Done<Self> {
        let connection = Connection::open(path)?;
        let count = |table: &str| -> Done<u32> {
            if !connection.table_exists(None, table)? {
                return Ok(0);
            }
            Ok(connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
        };
        let size = Size { customers: count("crm_customer")?, orders: count("crm_order")? };
        Ok(Self { founded: count("crm_product")? > 0, size })
    }
}

/// The times of one work, by round and size: ours and by hand. All sizes take turns, so that what else the machine does meets them alike.
fn rounds(work: Work, files: &mut [Files]) -> Done<Vec<Vec<(Duration, Duration)>>> {
    let calls = |took: Duration| u32::try_from(ROUND.as_nanos() / took.as_nanos().max(1)).unwrap_or(1).clamp(2, 1_000);
    let mut rounds = Vec::new();
    let mut calls_of = Vec::new();
    for size in &mut *files {
        size.theirs.run(work, 20)?;
        calls_of.push(calls(size.ours.run(work, 20)? / 20));
    }
    for _ in 0..ROUNDS {
        let one = files.iter_mut().zip(&calls_of).map(|(size, calls)| {
            let times = calls * work.times();
            Ok((size.ours.run(work, *calls)? / times, size.theirs.run(work, *calls)? / times))
        });
        rounds.push(one.collect::<Done<_>>()?);
    }
    Ok(rounds)
}

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
pub(crate) fn print() -> Done<()> {
    let sizes = match std::env::var("GROWTH_ORDERS") {
        Ok(sizes) => sizes.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>()?,
        Err(_) => ORDERS.into(),
    };
    let own = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let kept = std::env::var_os("GROWTH_FILES").map(PathBuf::from);
    let folder = kept.as_deref().unwrap_or(own.path());
    let mut files = sizes.iter().map(|orders| Files::of_orders(*orders, folder)).collect::<Done<Vec<_>>>()?;

    println!("\nReads while the file grows: crm-store, in brackets by hand; growth from the first size to the last\n");
    let columns: String = sizes.iter().map(|orders| format!(" {orders} orders |")).collect();
    println!("| work |{columns} growth | by hand | ratio | to reach |");
    println!("|---|{}", "---:|".repeat(sizes.len() + 4));
    for work in WORKS {
        let rounds = rounds(work, &mut files)?;
        let time = |size: usize, side: fn(&(Duration, Duration)) -> Duration| {
            median(rounds.iter().map(|round| side(&round[size])).collect(), Ord::cmp)
        };
        let cells: String = (0..sizes.len())
            .map(|size| format!(" {:.1?} ({:.1?}) |", time(size, |it| it.0), time(size, |it| it.1)))
            .collect();
        let growth = |side: fn(&(Duration, Duration)) -> Duration| -> Vec<f64> {
            let last = sizes.len() - 1;
            rounds.iter().map(|round| side(&round[last]).div_duration_f64(side(&round[0]))).collect()
        };
        let (ours, theirs) = (growth(|it| it.0), growth(|it| it.1));
        #[expect(clippy::float_arithmetic, reason = "a ratio of ratios")]
        let ratio = median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect(), f64::total_cmp);
        let (ours, theirs) = (median(ours, f64::total_cmp), median(theirs, f64::total_cmp));
        let target = if ratio <= TARGET { format!("{TARGET}") } else { format!("**{TARGET}**") };
        println!("| {} |{cells} {ours:.2} | {theirs:.2} | {ratio:.2} | {target} |", work.title());
    }
    Ok(())
}

fn median<T: Copy>(mut values: Vec<T>, order: fn(&T, &T) -> Ordering) -> T {
    values.sort_unstable_by(order);
    values[values.len() / 2]
}
