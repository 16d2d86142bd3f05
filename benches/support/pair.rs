//! Works of which each side is a function.

use std::time::Duration;

use criterion::{Criterion, SamplingMode};

use crate::{
    company::Done,
    rounds::{Measured, ROUND, Turn},
};

/// Lets criterion measure each side of a work that writes nothing, then compares them in rounds. `run` does it so many times, each of which counts as `times`.
pub(crate) fn measured(
    criterion: &mut Criterion,
    title: String,
    target: Option<f64>,
    times: u32,
    run: impl Fn(Turn, u32) -> Done<Duration>,
) -> Done<Measured> {
    let mut group = criterion.benchmark_group(&title);
    group.sampling_mode(SamplingMode::Flat);
    for (name, turn) in [("crm", Turn::First), ("by hand", Turn::Second)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|calls| {
                let calls = u32::try_from(calls).unwrap_or(u32::MAX);
                run(turn, calls).unwrap_or_else(|error| panic!("{name} failed: {error}"))
            });
        });
    }
    group.finish();
    Measured::in_rounds(title, target, times, ROUND, run)
}
