//! How fast the work of sales goes from the quote to the goods at the customer, against the same written by hand in the same run: `cargo bench --bench workflow`.
//!
//! The writes go against rusqlite by hand with the same rows, the forecast against one statement over the deals, the prices against plain Rust. `benches/README.md` says what the rows
//! mean and what came out.
//!
//! Sizes: `CRM_FLOW_FILE` (orders in the file, and half as many customers; 20 000), `CRM_FLOW_ORDERS` (placed in one commit; 10 000), `CRM_FLOW_DEALS` (open deals; 100 000),
//! `CRM_FLOW_LINES` and `CRM_FLOW_RULES` (lines to be priced; 1 000, by so many rules; 10 000).

#[path = "support/both.rs"]
mod both;
#[path = "support/by_hand/mod.rs"]
mod by_hand;
#[path = "support/company.rs"]
mod company;
#[path = "support/filling.rs"]
mod filling;
#[path = "support/forecasting.rs"]
mod forecasting;
#[path = "support/memory.rs"]
mod memory;
#[path = "support/ours.rs"]
mod ours;
#[path = "support/pair.rs"]
mod pair;
#[path = "support/pricing.rs"]
mod pricing;
#[path = "support/rounds.rs"]
mod rounds;
#[expect(dead_code, reason = "the other works are those of the bench `store`")]
#[path = "support/work.rs"]
mod work;

use std::{thread, time::Duration};

use criterion::Criterion;
use crm::sqlite::Durability;

use crate::{
    both::{FULL, RELAXED, compare, same_rows, sample, wanted},
    by_hand::ByHand,
    company::{Done, Size},
    memory::peak_mib,
    ours::Ours,
    rounds::{Measured, print},
    work::{Picks, Side, Work},
};

/// How often so many orders are placed at once, by each side.
const ROUNDS: usize = 7;
/// What a side goes on with by itself, such as copying its log, is over by then, and does not meet the other side.
const REST: Duration = Duration::from_millis(300);

/// What the environment says of a size.
fn asked(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).ok().and_then(|size| size.parse().ok()).unwrap_or(usual)
}

/// What came of a part: its rows of the table, and lines that stand below it.
#[derive(Default)]
struct Came {
    table: Vec<Measured>,
    notes: Vec<String>,
}

impl Came {
    fn extend(&mut self, other: Self) {
        self.table.extend(other.table);
        self.notes.extend(other.notes);
    }
}

/// Quotes that become orders, which are confirmed, paid, shipped and delivered.
fn quotes_to_deliveries(criterion: &mut Criterion, size: Size) -> Done<Came> {
    let orders = asked("CRM_FLOW_ORDERS", 10_000);
    let at_once = format!("{orders} {}{FULL}", Work::PlaceAtOnce.title());
    let step_by_step = [RELAXED, FULL].map(|note| format!("{}{note}", Work::QuoteToDelivery.title()));
    if !step_by_step.iter().chain([&at_once]).any(|title| wanted(title)) {
        return Ok(Came::default());
    }
    // A folder of the build, since what stands for a temporary one is memory on many machines.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [path, by_hand] = ["ours", "by_hand"].map(|name| folder.path().join(name));
    filling::fill(
        size,
        &mut Ours::open(&path, Durability::Full, Picks::after(0, size))?,
        &mut ByHand::open(&by_hand, "FULL", Picks::after(0, size))?,
    )?;
    let works = [Work::QuoteToDelivery, Work::PlaceAtOnce];
    same_rows(&path, &by_hand, Picks::after(5_000_000, size), &works)?;

    let mut came = Came::default();
    let phases = [(Durability::Relaxed, "NORMAL", RELAXED), (Durability::Full, "FULL", FULL)];
    for ((durability, synchronous, note), first) in phases.into_iter().zip([1, 2]) {
        let new = Picks::after(first * 10_000_000, size);
        let mut ours = Ours::open(&path, durability, new)?;
        let mut theirs = ByHand::open(&by_hand, synchronous, new)?;
        came.table.extend(compare(&Work::WORKFLOW, note, &mut ours, &mut theirs)?);
        sample(criterion, &Work::WORKFLOW, note, &mut [("crm-store", &mut ours), ("by hand", &mut theirs)]);
    }

    if wanted(&at_once) {
        let new = Picks::after(30_000_000, size);
        let mut ours = Ours::open(&path, Durability::Full, new)?;
        let mut theirs = ByHand::open(&by_hand, "FULL", new)?;
        let (mut rounds, mut peaks) = (Vec::new(), [None; 2]);
        peak_mib();
        for round in 0..ROUNDS {
            let mut took = [Duration::ZERO; 2];
            // Who goes first changes from round to round.
            for side in [round % 2, 1 - round % 2] {
                took[side] =
                    if side == 0 { &mut ours as &mut dyn Side } else { &mut theirs }.run(Work::PlaceAtOnce, orders)?;
                thread::sleep(REST);
                peaks[side] = peaks[side].max(peak_mib());
            }
            rounds.push((took[0], took[1]));
        }
        came.table.push(Measured::new(at_once, None, &rounds, orders));
        let [first, second] = peaks.map(|mib| mib.map_or("unknown".into(), |mib| format!("{mib} MiB")));
        came.notes.push(format!(
            "Memory of the process at most, while {orders} orders are placed in one commit: {first}, by hand {second}"
        ));
    }
    Ok(came)
}

#[expect(clippy::print_stdout, reason = "what belongs to the table is printed below it")]
fn main() -> Done<()> {
    let mut criterion = both::criterion();
    let mut came = quotes_to_deliveries(&mut criterion, Size::of_orders(asked("CRM_FLOW_FILE", 20_000)))?;
    came.extend(forecasting::measure(&mut criterion, asked("CRM_FLOW_DEALS", 100_000))?);
    came.extend(pricing::measure(&mut criterion, asked("CRM_FLOW_LINES", 1_000), asked("CRM_FLOW_RULES", 10_000))?);
    criterion.final_summary();
    print("The work of sales against the same by hand", ("crm", "by hand"), &came.table);
    came.notes.iter().for_each(|note| println!("\n{note}"));
    Ok(())
}
