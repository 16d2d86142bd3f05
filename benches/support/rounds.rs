//! The table of ratios: rounds in which two sides take turns, so that what else the machine does meets both alike.

use std::{thread, time::Duration};

use crate::{
    company::Done,
    work::{Side, Work},
};

/// Rounds of a row; each side works for about this long in a round.
pub(crate) const ROUNDS: usize = 21;
pub(crate) const ROUND: Duration = Duration::from_millis(25);
/// The same where they write: so long that the log is copied into the file several times.
const WRITING_ROUND: Duration = Duration::from_millis(300);
/// What a side that wrote may go on with beside itself is over by then, and does not meet the other side.
const REST: Duration = Duration::from_millis(50);

/// Which of the two comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Second,
}

/// A work, the time of one call on each side, their ratio, and the ratio that is to be reached.
pub(crate) struct Measured {
    title: String,
    target: Option<f64>,
    first: Duration,
    second: Duration,
    ratio: f64,
}

impl Measured {
    /// From the rounds of both sides, of so many calls each: the median of each, and the median of the ratios, round by round.
    pub(crate) fn new(title: String, target: Option<f64>, rounds: &[(Duration, Duration)], calls: u32) -> Self {
        let mut first: Vec<_> = rounds.iter().map(|round| round.0).collect();
        let mut second: Vec<_> = rounds.iter().map(|round| round.1).collect();
        let mut ratios: Vec<_> = rounds.iter().map(|round| round.0.div_duration_f64(round.1)).collect();
        first.sort_unstable();
        second.sort_unstable();
        ratios.sort_unstable_by(f64::total_cmp);
        let middle = rounds.len() / 2;
        Self { title, target, first: first[middle] / calls, second: second[middle] / calls, ratio: ratios[middle] }
    }

    /// Measures in rounds of a length. `run` does the work of a side so many times, each of which counts as `times`, and tells how long it took.
    pub(crate) fn in_rounds(
        title: String,
        target: Option<f64>,
        times: u32,
        length: Duration,
        mut run: impl FnMut(Turn, u32) -> Done<Duration>,
    ) -> Done<Self> {
        let once = run(Turn::First, 20)? / 20;
        run(Turn::Second, 20)?;
        let calls = u32::try_from(length.as_nanos() / once.as_nanos().max(1))?.clamp(2, 4_000);
        let mut rounds = Vec::new();
        for round in 0..ROUNDS {
            // Who goes first changes from round to round.
            rounds.push(if round % 2 == 0 {
                let first = run(Turn::First, calls)?;
                (first, run(Turn::Second, calls)?)
            } else {
                let second = run(Turn::Second, calls)?;
                (run(Turn::First, calls)?, second)
            });
        }
        Ok(Self::new(title, target, &rounds, calls * times))
    }
}

/// Measures a work of two sides in rounds.
pub(crate) fn compared(
    work: Work,
    title: String,
    target: Option<f64>,
    ours: &mut dyn Side,
    theirs: &mut dyn Side,
) -> Done<Measured> {
    let writes = work.writes();
    let length = if writes { WRITING_ROUND } else { ROUND };
    Measured::in_rounds(title, target, work.times(), length, |turn, calls| {
        let took = match turn {
            Turn::First => ours.run(work, calls),
            Turn::Second => theirs.run(work, calls),
        };
        if writes {
            thread::sleep(REST);
        }
        took
    })
}

/// Prints rows as a table of Markdown.
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
pub(crate) fn print(title: &str, (first, second): (&str, &str), rows: &[Measured]) {
    println!("\n{title}\n\n| work | {first} | {second} | ratio | to reach |\n|---|---:|---:|---:|---:|");
    for Measured { title, target, first, second, ratio } in rows {
        let target = match target {
            Some(target) if ratio <= target => format!("{target:.2}"),
            Some(target) => format!("**{target:.2}**"),
            None => String::new(),
        };
        println!("| {title} | {first:.1?} | {second:.1?} | {ratio:.2} | {target} |");
    }
}
