//! What is done with both sides: that they write the same is seen first, then they are compared, and each is sampled by itself.

use std::{path::Path, time::Duration};

use criterion::{Criterion, SamplingMode};
use crm::sqlite::{Durability, rusqlite::Connection};

use crate::{
    by_hand::ByHand,
    company::Done,
    ours::Ours,
    rounds::{Measured, compared},
    work::{Picks, Side, Work},
};

/// What stands behind a title, by durability.
pub(crate) const RELAXED: &str = " (NORMAL)";
pub(crate) const FULL: &str = " (FULL)";

/// What both files must answer alike, beside the number of rows of each table.
const ALIKE: [&str; 3] = [
    "SELECT status, count(*), sum(net), sum(total) FROM crm_quote GROUP BY status ORDER BY status",
    "SELECT status || fulfilment || payment AS stands, count(*), sum(net), sum(total) FROM crm_order GROUP BY stands ORDER BY stands",
    "SELECT span || whose AS figure, sum(orders), sum(revenue), sum(units) FROM crm_figure_sales GROUP BY figure ORDER BY figure",
];

/// Does each work on both sides, and refuses to go on unless both have written the same rows: what is compared is the same work.
pub(crate) fn same_rows(ours: &Path, theirs: &Path, picks: Picks, works: &[Work]) -> Done<()> {
    let mut sides: [Box<dyn Side>; 2] =
        [Box::new(Ours::open(ours, Durability::Relaxed, picks)?), Box::new(ByHand::open(theirs, "NORMAL", picks)?)];
    for side in &mut sides {
        works.iter().try_for_each(|work| side.run(*work, 10).map(drop))?;
    }
    drop(sides);
    let (ours, theirs) = (Connection::open(ours)?, Connection::open(theirs)?);
    let mut tables = theirs.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'crm_%' AND name NOT LIKE 'crm_search_%'",
    )?;
    let tables = tables.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for table in tables {
        let count = |side: &Connection| {
            side.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0))
        };
        let (ours, theirs) = (count(&ours)?, count(&theirs)?);
        if ours != theirs {
            return Err(format!("{table}: crm-store has written {ours} rows, by hand {theirs}").into());
        }
    }
    for question in ALIKE {
        let answer = |side: &Connection| -> Done<Vec<(String, i64, i64, i64)>> {
            let mut statement = side.prepare(question)?;
            Ok(statement.query_map([], |row| row.try_into())?.collect::<Result<_, _>>()?)
        };
        let (ours, theirs) = (answer(&ours)?, answer(&theirs)?);
        if ours != theirs {
            return Err(format!("{question}: of crm-store {ours:?}, by hand {theirs:?}").into());
        }
    }
    let payload = |side: &Connection| {
        side.query_row("SELECT sum(length(payload)) FROM crm_journal", [], |row| row.get::<_, i64>(0))
    };
    let (ours, theirs) = (payload(&ours)?, payload(&theirs)?);
    // By hand the facts are shorter: keys and amounts are bare integers there.
    if !(ours * 2 / 3..=ours).contains(&theirs) {
        return Err(format!("crm-store has written {ours} bytes of facts, by hand {theirs}").into());
    }
    Ok(())
}

/// Whether a row was asked for: the filter of criterion's command line is one of the table too.
pub(crate) fn wanted(title: &str) -> bool {
    std::env::args().skip(1).find(|argument| !argument.starts_with('-')).is_none_or(|filter| title.contains(&filter))
}

/// Measures works with the two sides in turns.
pub(crate) fn compare(
    works: &[Work],
    durability: &str,
    ours: &mut dyn Side,
    theirs: &mut dyn Side,
) -> Done<Vec<Measured>> {
    let mut table = Vec::new();
    for work in works {
        let title = format!("{}{durability}", work.title());
        if wanted(&title) {
            let target = work.target(durability == RELAXED);
            table.push(compared(*work, title, target, ours, theirs)?);
        }
    }
    Ok(table)
}

/// Criterion as all benches have it.
pub(crate) fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        .without_plots()
        .configure_from_args()
}

/// Lets criterion measure each side by itself.
pub(crate) fn sample(criterion: &mut Criterion, works: &[Work], durability: &str, sides: &mut [(&str, &mut dyn Side)]) {
    for work in works {
        let mut group = criterion.benchmark_group(format!("{}{durability}", work.title()));
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
