//! The forecast of a quarter over many open deals, against one statement over an indexed table of the same deals and the way up the tree of reps in plain Rust.

use std::{
    collections::HashMap,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use criterion::Criterion;
use crm::{
    By, Exchange, Forecast, ForecastCategory, ForecastFigure, ForecastTotals, Money, NewOpportunity, NewSalesRep,
    Opportunity, Percent, Period, Pipeline, RateError, RatePolicy, RepForecast, RollUp, SalesRep,
    chrono::{Datelike, Days, NaiveDate},
    sales::forecast,
    sqlite::{
        SqliteStore,
        rusqlite::{self, Connection},
    },
    store::{Opportunities, OpportunityFilter, SalesRepFilter, SalesReps, Store, StoreError, pages},
};

use crate::{
    Came,
    both::wanted,
    company::{self, CURRENCY, Done},
    pair::measured,
    rounds::Turn,
};

/// Reps by number: the first are managers, the others report to one of them.
const MANAGERS: u32 = 5;
const TEAM: u32 = MANAGERS + 50;
/// Deals of one commit while the files are filled, and records of a page.
const BATCH: usize = 5_000;
const PAGE: u16 = 500;
/// How often all deals of the quarter are summed.
const TIMES: usize = 5;

/// The stages of the pipeline: name, chance and category.
const STAGES: [(&str, u16, ForecastCategory); 4] = [
    ("prospecting", 10, ForecastCategory::Pipeline),
    ("engaging", 50, ForecastCategory::BestCase),
    ("negotiating", 70, ForecastCategory::MostLikely),
    ("promised", 90, ForecastCategory::Commit),
];

/// An open deal, as both sides get it.
struct Deal {
    number: u32,
    rep: u32,
    close: NaiveDate,
    /// Its place among the stages.
    stage: u8,
    cents: i64,
}

/// The same deals on every run, over the four quarters of 2026.
fn deals(count: u32) -> impl Iterator<Item = Deal> {
    let mut chance = fastrand::Rng::with_seed(11);
    (1..=count).map(move |number| Deal {
        number,
        rep: chance.u32(MANAGERS + 1..=TEAM),
        close: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default() + Days::new(chance.u64(0..365)),
        stage: chance.u8(0..4),
        cents: chance.i64(1..1_000_000),
    })
}

fn manager_of(rep: u32) -> Option<u32> {
    (rep > MANAGERS).then(|| rep % MANAGERS + 1)
}

fn ours(path: &Path, count: u32) -> Done<SqliteStore> {
    let mut pipeline = Pipeline::new("Hardware".parse()?);
    for (name, percent, category) in STAGES {
        pipeline = pipeline.open(name.parse()?, Percent::whole(percent)).forecast(category);
    }
    let pipeline = pipeline.won("won".parse()?).build()?;
    let store = SqliteStore::open(path)?;
    let act = company::act(1)?;
    let team = (1..=TEAM).map(|number| {
        let new = NewSalesRep::new(format!("Rep {number}").parse()?);
        let manager = manager_of(number).map(company::id).transpose()?;
        Ok(SalesRep::add(company::id(number)?, act.at(), manager.into_iter().fold(new, NewSalesRep::manager))?)
    });
    let team = team.collect::<Done<Vec<_>>>()?;
    store.write(|tx| tx.insert_sales_reps(&team))?;
    let by = By::from(&act);
    let mut deals = deals(count).map(|deal| {
        let new = NewOpportunity::new(format!("Lamps {}", deal.number).parse()?)
            .rep(company::id(deal.rep)?)
            .stage(STAGES[usize::from(deal.stage)].0.parse()?)
            .value(Money::from_minor(deal.cents, CURRENCY))
            .expected_close(deal.close);
        Ok(Opportunity::open(company::id(deal.number)?, by, &pipeline, new)?)
    });
    loop {
        let batch = deals.by_ref().take(BATCH).collect::<Done<Vec<_>>>()?;
        if batch.is_empty() {
            return Ok(store);
        }
        store.write(|tx| tx.insert_opportunities(&batch))?;
    }
}

fn by_hand(path: &Path, count: u32) -> Done<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "cache_size", -16 * 1_024)?;
    // The index has all that the statement reads.
    connection.execute_batch(
        "CREATE TABLE rep (id INTEGER PRIMARY KEY, manager INTEGER REFERENCES rep (id)) STRICT;
         CREATE TABLE deal (id INTEGER PRIMARY KEY, name TEXT NOT NULL, rep INTEGER NOT NULL REFERENCES rep (id), close INTEGER NOT NULL, category INTEGER NOT NULL,
         cents INTEGER NOT NULL, probability INTEGER NOT NULL) STRICT;
         CREATE INDEX deal_close ON deal (close, rep, category, cents, probability);
         BEGIN",
    )?;
    for number in 1..=TEAM {
        connection
            .prepare_cached("INSERT INTO rep (id, manager) VALUES (?, ?)")?
            .execute((number, manager_of(number)))?;
    }
    for Deal { number, rep, close, stage, cents } in deals(count) {
        let sql = "INSERT INTO deal (id, name, rep, close, category, cents, probability) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let values = (
            number,
            format!("Lamps {number}"),
            rep,
            close.num_days_from_ce(),
            stage,
            cents,
            STAGES[usize::from(stage)].1,
        );
        connection.prepare_cached(sql)?.execute(values)?;
    }
    connection.execute_batch("COMMIT; ANALYZE")?;
    Ok(connection)
}

/// How many deals, their value and their weighted value.
type Sums = [i64; 3];

/// What a rep has of their own and with all who report to them, by stage, and what that comes to by roll-up, in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OfRep {
    own: [Sums; STAGES.len()],
    team: [Sums; STAGES.len()],
    numbers: [i64; RollUp::ALL.len()],
}

/// The forecast by hand, by the number of the rep.
fn summed(connection: &Connection, quarter: Period) -> rusqlite::Result<HashMap<i64, OfRep>> {
    // Each deal is rounded by itself, a half to the even neighbour (FC-1).
    let sums = "SELECT rep, category, count(*), sum(cents), sum(cents * probability / 100
            + (cents * probability % 100 > 50 OR (cents * probability % 100 = 50 AND cents * probability / 100 % 2 = 1)))
        FROM deal WHERE close >= ?1 AND close < ?2 GROUP BY rep, category";
    let mut forecast = HashMap::<i64, OfRep>::new();
    let mut sums = connection.prepare_cached(sums)?;
    let mut rows = sums.query((quarter.from().num_days_from_ce(), quarter.until().num_days_from_ce()))?;
    while let Some(row) = rows.next()? {
        let stage: u8 = row.get(1)?;
        forecast.entry(row.get(0)?).or_default().own[usize::from(stage)] = [row.get(2)?, row.get(3)?, row.get(4)?];
    }
    let mut team = connection.prepare_cached("SELECT id, manager FROM rep")?;
    let team = team.query_map([], |row| row.try_into())?.collect::<rusqlite::Result<Vec<(i64, Option<i64>)>>>()?;
    let managers: HashMap<i64, Option<i64>> = team.iter().copied().collect();
    for (rep, _) in &team {
        let own = forecast.entry(*rep).or_default().own;
        let mut above = Some(*rep);
        while let Some(one) = above {
            let sums = forecast.entry(one).or_default().team.as_flattened_mut();
            sums.iter_mut().zip(own.as_flattened()).for_each(|(sum, more)| *sum += more);
            above = managers.get(&one).copied().flatten();
        }
    }
    for OfRep { team, numbers, .. } in forecast.values_mut() {
        *numbers = RollUp::ALL.map(|roll_up| {
            team.iter().zip(STAGES).filter(|(_, stage)| roll_up.covers(stage.2)).map(|(sums, _)| sums[1]).sum()
        });
    }
    Ok(forecast)
}

/// The same of the forecast of the library.
fn told(forecast: &Forecast) -> HashMap<i64, OfRep> {
    let sums = |totals: &ForecastTotals| {
        let totals: HashMap<_, _> = totals.by_category().into_iter().collect();
        STAGES.map(|stage| {
            totals.get(&stage.2).map_or([0; 3], |total| {
                [i64::try_from(total.deals).unwrap_or(-1), total.amount.minor(), total.weighted.minor()]
            })
        })
    };
    let of_rep = |rep: &RepForecast| {
        let numbers = RollUp::ALL.map(|roll_up| rep.number(roll_up).minor());
        (company::number(rep.rep), OfRep { own: sums(&rep.own), team: sums(&rep.team), numbers })
    };
    forecast.reps.iter().map(of_rep).collect()
}

/// The forecast from the deals themselves, by pages of the contract, as if there were no figures.
fn from_deals(store: &SqliteStore, quarter: Period, exchange: Exchange) -> Done<Forecast> {
    let filter = OpportunityFilter { expected_close: Some(quarter), ..OpportunityFilter::default() };
    let (figures, team) = store.read(|tx| -> Result<_, StoreError> {
        let deals = pages(PAGE, |page| tx.opportunities(&filter, page), |deal: &Opportunity| deal.id);
        let figures = deals.map(|deal| Ok(deal?.forecast_figure())).collect::<Result<Vec<_>, StoreError>>()?;
        let reps = pages(PAGE, |page| tx.sales_reps(&SalesRepFilter::default(), page), |rep: &SalesRep| rep.id);
        let team = reps.map(|rep| rep.map(|rep| (rep.id, rep.manager))).collect::<Result<Vec<_>, _>>()?;
        Ok((figures, team))
    })?;
    let figures = figures.into_iter().collect::<Result<Vec<ForecastFigure>, _>>()?;
    let no_rate = |from| Err(RateError::NotPinned { from, to: CURRENCY });
    Ok(Forecast::new(quarter, exchange, team, figures, &[], no_rate)?)
}

/// Measures the forecast of the second quarter.
pub(crate) fn measure(criterion: &mut Criterion, count: u32) -> Done<Came> {
    let title = format!("forecast of a quarter, {count} open deals over four");
    if !wanted(&title) {
        return Ok(Came::default());
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let [path, hand] = ["ours", "by_hand"].map(|name| folder.path().join(name));
    let (store, connection) = (ours(&path, count)?, by_hand(&hand, count)?);
    let quarter = Period::new("2026-04-01".parse()?, "2026-07-01".parse()?)?;
    let exchange = Exchange::to(CURRENCY, RatePolicy::Current, quarter.from());
    let made = || -> Done<Forecast> { Ok(store.read(|tx| forecast(tx, quarter, exchange))?) };

    // What is compared is the same work: rep by rep the same sums.
    let (expected, forecast) = (summed(&connection, quarter)?, made()?);
    if told(&forecast) != expected || told(&from_deals(&store, quarter, exchange)?) != expected {
        return Err("the forecast differs from that by hand".into());
    }

    let run = |turn: Turn, calls: u32| -> Done<Duration> {
        let start = Instant::now();
        for _ in 0..calls {
            match turn {
                Turn::First => drop(black_box(made()?)),
                Turn::Second => drop(black_box(summed(&connection, quarter)?)),
            }
        }
        Ok(start.elapsed())
    };
    let mut came = Came::default();
    came.table.push(measured(criterion, title, Some(1.0), 1, run)?);
    let mut took = [Duration::ZERO; TIMES];
    for one in &mut took {
        let start = Instant::now();
        black_box(from_deals(&store, quarter, exchange)?);
        *one = start.elapsed();
    }
    took.sort_unstable();
    let in_quarter: i64 = expected.values().flat_map(|rep| rep.own).map(|sums| sums[0]).sum();
    came.notes.push(format!(
        "The same forecast from its {in_quarter} deals, by pages of the contract: {:.1?}",
        took[TIMES / 2]
    ));
    Ok(came)
}
