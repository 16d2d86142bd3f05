//! The report on paper: JSON for a program, tables for a person.

use std::{collections::BTreeMap, error::Error, io::Write};

use chrono::NaiveDate;
use crm::{Decimal, Forecast, ForecastCategory, RollUp};
use serde::Serialize;

use super::{
    sales_files::import::Imported,
    standing::{Manager, Standing},
    text_table::{grouped, table},
};

/// What is printed as JSON. Amounts are in USD.
#[derive(Serialize)]
struct Report<'a> {
    as_of: NaiveDate,
    prospecting: u64,
    engaging: u64,
    won: u64,
    lost: u64,
    won_revenue: Decimal,
    by_manager: BTreeMap<&'a str, ManagerReport>,
    weighted_open: Decimal,
}

#[derive(Serialize)]
struct ManagerReport {
    won: u64,
    won_revenue: Decimal,
}

/// Prints everything as one JSON object.
pub(crate) fn json(
    as_of: NaiveDate,
    standing: &Standing,
    managers: &[Manager],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let Standing { prospecting, engaging, won, lost, won_revenue, weighted_open } = *standing;
    let of =
        |Manager { won, won_revenue, .. }: &Manager| ManagerReport { won: *won, won_revenue: won_revenue.to_decimal() };
    let report = Report {
        as_of,
        prospecting,
        engaging,
        won,
        lost,
        won_revenue: won_revenue.to_decimal(),
        by_manager: managers.iter().map(|manager| (manager.name.as_str(), of(manager))).collect(),
        weighted_open: weighted_open.to_decimal(),
    };
    writeln!(out, "{}", serde_json::to_string(&report)?)?;
    Ok(())
}

/// Prints where the deals stand, and what each manager's agents won.
pub(crate) fn tables(
    as_of: NaiveDate,
    standing: &Standing,
    managers: &[Manager],
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let Standing { prospecting, engaging, won, lost, won_revenue, weighted_open } = *standing;
    let row = |name: &str, value: String| [name.to_owned(), value];
    let rows = [
        row("deals prospecting", grouped(&prospecting)),
        row("deals engaging", grouped(&engaging)),
        row("deals won", grouped(&won)),
        row("deals lost", grouped(&lost)),
        row("revenue won", grouped(&won_revenue)),
        row("open deals, weighted", grouped(&weighted_open)),
    ];
    writeln!(out, "{}", table([&format!("at the end of {as_of}"), ""], rows))?;
    let rows = managers
        .iter()
        .map(|Manager { name, won, won_revenue, .. }| [name.clone(), grouped(won), grouped(won_revenue)]);
    writeln!(out, "\n{}", table(["manager", "deals won", "revenue won"], rows))?;
    Ok(())
}

/// Prints the forecast by category, and the roll-ups of each manager.
pub(crate) fn forecast(forecast: &Forecast, managers: &[Manager], out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (from, until) = (forecast.period.from(), forecast.period.last());
    writeln!(out, "\nForecast of the quarter from {from} to {until}.")?;
    writeln!(out, "The files do not say when an open deal is expected to close: here all are by the end of it.")?;

    let totals = forecast.totals()?;
    let mut rows = Vec::new();
    for (category, total) in totals.by_category().into_iter().rev().filter(|(_, total)| total.deals > 0) {
        let rolled_up = match roll_up_of(category) {
            Some(roll_up) => grouped(&totals.roll_up(roll_up)?),
            None => String::new(),
        };
        let deals = grouped(&total.deals);
        rows.push([category.to_string(), deals, grouped(&total.amount), grouped(&total.weighted), rolled_up]);
    }
    writeln!(out, "{}", table(["category", "deals", "amount", "weighted", "rolled up"], rows))?;
    writeln!(out, "Rolled up: each category with those above it, but pipeline is all that is open.")?;

    let rows = managers.iter().filter_map(|manager| {
        let of = forecast.rep(manager.rep)?;
        let [closed, best_case, open] =
            [RollUp::Closed, RollUp::BestCase, RollUp::OpenPipeline].map(|roll_up| grouped(&of.number(roll_up)));
        Some([manager.name.clone(), closed, best_case, open])
    });
    writeln!(out, "\n{}", table(["manager", "closed", "best case", "open pipeline"], rows))?;
    Ok(())
}

/// The roll-up that ends with a category (FC-4).
const fn roll_up_of(category: ForecastCategory) -> Option<RollUp> {
    match category {
        ForecastCategory::Omitted => None,
        ForecastCategory::Pipeline => Some(RollUp::OpenPipeline),
        ForecastCategory::BestCase => Some(RollUp::BestCase),
        ForecastCategory::MostLikely => Some(RollUp::MostLikely),
        ForecastCategory::Commit => Some(RollUp::Commit),
        ForecastCategory::Closed => Some(RollUp::Closed),
    }
}

/// Tells of every row that was refused, and counts what was odd about the others.
pub(crate) fn remarks(imported: &Imported, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    for refused in imported.rejected.iter()? {
        writeln!(out, "refused: {}", refused?)?;
    }
    for ((column, reason), rows) in imported.notices_by_reason()? {
        writeln!(out, "noticed ({rows}): {column}: {reason}")?;
    }
    let (rows, refused) = (grouped(&imported.rows), grouped(&imported.rejected.count()));
    writeln!(out, "deals in the files: {rows}; rows refused in all files: {refused}")?;
    Ok(())
}
