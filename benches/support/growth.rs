//! What becomes of reads when the file grows, beside what becomes of them by hand.

use std::time::Duration;

use crm::sqlite::Durability;

use crate::{
    by_hand::ByHand,
    company::{Done, Size},
    filling,
    ours::Ours,
    rounds::{Measured, compared},
    work::{Get, Lines, Picks, Work},
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

/// Makes files of one size and measures the reads in them.
fn reads(orders: u32) -> Done<Vec<Measured>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (size, path, by_hand) = (Size::of_orders(orders), folder.path().join("ours"), folder.path().join("by_hand"));
    let new = Picks::after(0, size);
    let mut ours = Ours::open(&path, Durability::Relaxed, new)?;
    let mut theirs = ByHand::open(&by_hand, "NORMAL", new)?;
    filling::fill(size, &mut ours, &mut theirs)?;
    WORKS.iter().map(|work| compared(*work, work.title().into(), None, &mut ours, &mut theirs)).collect()
}

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
pub(crate) fn print() -> Done<()> {
    let sizes = match std::env::var("GROWTH_ORDERS") {
        Ok(sizes) => sizes.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>()?,
        Err(_) => ORDERS.into(),
    };
    let measured = sizes.iter().map(|orders| reads(*orders)).collect::<Done<Vec<_>>>()?;
    let (Some(first), Some(last)) = (measured.first(), measured.last()) else { return Ok(()) };

    println!("\nReads while the file grows: crm-store, in brackets by hand; growth from the first to the last\n");
    let columns: String = sizes.iter().map(|orders| format!(" {orders} orders |")).collect();
    println!("| work |{columns} growth | by hand | ratio | to reach |");
    println!("|---|{}", "---:|".repeat(sizes.len() + 4));
    for (place, work) in WORKS.iter().enumerate() {
        let growth = |time: fn(&Measured) -> Duration| time(&last[place]).div_duration_f64(time(&first[place]));
        let (ours, theirs) = (growth(|row| row.first), growth(|row| row.second));
        let cells: String =
            measured.iter().map(|rows| format!(" {:.1?} ({:.1?}) |", rows[place].first, rows[place].second)).collect();
        #[expect(clippy::float_arithmetic, reason = "a ratio of ratios")]
        let ratio = ours / theirs;
        let target = if ratio <= TARGET { format!("{TARGET}") } else { format!("**{TARGET}**") };
        println!("| {} |{cells} {ours:.2} | {theirs:.2} | {ratio:.2} | {target} |", work.title());
    }
    Ok(())
}
