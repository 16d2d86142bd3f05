//! The report on paper: JSON for a program, tables and charts for a person.

use std::{
    error::Error,
    fs,
    io::{BufWriter, Write},
    path::Path,
};

use crm::analytics::major_units;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use super::{
    charts::{self, Captions},
    figures::Figures,
    remarks::WrittenRemarks,
    sales_files::import::Imported,
    text_table::{grouped, table},
};

#[derive(Serialize)]
struct Report<'a> {
    rows: u64,
    #[serde(flatten)]
    figures: &'a Figures,
    rejected: &'a WrittenRemarks,
    notices: &'a WrittenRemarks,
}

/// Prints everything as one JSON object.
pub(crate) fn json(imported: &Imported, figures: &Figures, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let Imported { rows, rejected, notices } = imported;
    let mut out = BufWriter::new(out);
    serde_json::to_writer(&mut out, &Report { rows: *rows, figures, rejected, notices })?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// Prints tables.
pub(crate) fn tables(imported: &Imported, figures: &Figures, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "{}", table(["figure", ""], headline(imported, figures)))?;
    for (group, totals) in
        [("region", &figures.by_region), ("quarter", &figures.by_quarter), ("sales agent", &figures.by_rep)]
    {
        let rows = totals.iter().map(|(name, total)| [name.clone(), grouped(total)]);
        writeln!(out, "\n{}", table([group, "revenue (USD)"], rows))?;
    }
    rejected_rows(&imported.rejected, out)?;
    noticed_rows(imported, out)
}

fn headline(imported: &Imported, figures: &Figures) -> Vec<[String; 2]> {
    let or_none = |number: Option<f64>, decimals: usize, unit: &str| {
        number.map_or("none".into(), |number| format!("{}{unit}", grouped(&format!("{number:.decimals$}"))))
    };
    let row = |name: &str, value: String| [name.to_owned(), value];
    let trend = &figures.trend;
    vec![
        row("rows read", grouped(&imported.rows)),
        row("deals won", grouped(&figures.won)),
        row("deals lost", grouped(&figures.lost)),
        row("deals engaging", grouped(&figures.engaging)),
        row("deals prospecting", grouped(&figures.prospecting)),
        row("revenue won", format!("{} USD", grouped(&figures.won_revenue))),
        row("won of won and lost", or_none(figures.win_rate.map(in_percent), 1, " %")),
        row("mean cycle of a won deal", or_none(figures.mean_cycle_days_won, 1, " days")),
        row("standard deviation of the months", or_none(figures.monthly_sample_variance.map(f64::sqrt), 0, " USD")),
        row("trend", or_none(trend.slope, 0, " USD a month")),
        row("explained by the trend", or_none(trend.r_squared.map(in_percent), 1, " %")),
        row("next month, by the trend", or_none(trend.next_month, 0, " USD")),
    ]
}

#[expect(clippy::float_arithmetic, reason = "a figure that a person reads")]
fn in_percent(share: f64) -> f64 {
    share * 100.0
}

/// Lists the rows that did not go in, the first of them.
fn rejected_rows(rejected: &WrittenRemarks, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    const SHOWN: u64 = 20;
    if rejected.count() == 0 {
        return Ok(writeln!(out, "\nno row was rejected")?);
    }
    writeln!(out, "\nrejected rows: {}", rejected.count())?;
    for (remark, _) in rejected.iter()?.zip(0..SHOWN) {
        writeln!(out, "  {}", remark?)?;
    }
    if rejected.count() > SHOWN {
        writeln!(out, "  … and {} more; --json lists them all", rejected.count() - SHOWN)?;
    }
    Ok(())
}

/// Counts what was noticed by its reason.
fn noticed_rows(imported: &Imported, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let reasons = imported.notices_by_reason()?;
    if !reasons.is_empty() {
        let rows =
            reasons.into_iter().map(|((column, reason), count)| [format!("{column}: {reason}"), grouped(&count)]);
        writeln!(out, "\n{}", table(["noticed", "rows"], rows))?;
    }
    Ok(())
}

/// Draws revenue per rep and the trend of the months into a directory.
pub(crate) fn charts(figures: &Figures, directory: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let (by_rep, monthly) =
        (directory.join("sales_year_revenue_by_rep.svg"), directory.join("sales_year_monthly_trend.svg"));

    let mut reps: Vec<_> = figures
        .by_rep
        .iter()
        .map(|(name, total)| (name.clone(), thousands(total.to_f64().unwrap_or_default())))
        .collect();
    reps.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let captions = Captions { title: "Revenue won, by sales agent", values: "revenue (thousand USD)" };
    charts::bars(&by_rep, &captions, &reps)?;

    let months: Vec<_> = figures
        .months
        .iter()
        .map(|month| (format!("{}-{:02}", month.year, month.month), thousands(major_units(month.amount))))
        .collect();
    let line = figures.months.trend().ok();
    let at = line.map(|line| move |x| thousands(line.predict(x)));
    let captions = Captions { title: "Revenue won, by month", values: "revenue (thousand USD)" };
    charts::months_and_trend(&monthly, &captions, &months, at.as_ref().map(|at| at as &dyn Fn(f64) -> f64))?;

    writeln!(out, "\ncharts: {} and {}", by_rep.display(), monthly.display())?;
    Ok(())
}

#[expect(clippy::float_arithmetic, reason = "a scale of a drawing")]
fn thousands(usd: f64) -> f64 {
    usd / 1000.0
}
