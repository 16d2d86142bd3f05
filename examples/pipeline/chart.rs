//! The chart: open deals by stage over the days, and what was won and lost in each month beneath.

use std::{error::Error, ops::Range};

use chrono::{Datelike, Days, Months, NaiveDate};
use plotters::{
    coord::{
        Shift,
        combinators::WithKeyPoints,
        types::{RangedCoordi32, RangedCoordi64},
    },
    prelude::{
        BindKeyPoints, Cartesian2d, ChartBuilder, ChartContext, Color, DrawingArea, IntoDrawingArea, Polygon, RGBColor,
        Rectangle, SVGBackend, Text, WHITE,
    },
};

use super::{replay::Day, standing::Standing, text_table::grouped};

const WIDTH_PIXELS: u32 = 960;
const HEADING_PIXELS: u32 = 64;
const STAGES_PIXELS: u32 = 340;
const OUTCOMES_PIXELS: u32 = 236;

const PROSPECTING: RGBColor = RGBColor(158, 196, 225);
const ENGAGING: RGBColor = RGBColor(46, 110, 170);
const WON: RGBColor = RGBColor(58, 140, 96);
const LOST: RGBColor = RGBColor(214, 132, 62);

type Area<'s> = DrawingArea<SVGBackend<'s>, Shift>;
/// Days to the right, deals upwards.
type Panel<'a, 's> = ChartContext<'a, SVGBackend<'s>, Cartesian2d<WithKeyPoints<RangedCoordi32>, RangedCoordi64>>;

/// Draws the days of a replay, of which there is at least one, up to the end of a last one.
pub(crate) fn svg(days: &[Day], last: NaiveDate) -> Result<String, Box<dyn Error>> {
    let (Some(first), Some(end)) = (days.first(), days.last()) else { return Err("there is no day to draw".into()) };
    let axis = Axis { first: first.day, last: last.max(end.day) };
    let title = match (readable(axis.first), readable(axis.last)) {
        (first, last) if first == last => format!("Open deals by stage, {first}"),
        (first, last) => format!("Open deals by stage, {first} to {last}"),
    };
    let Standing { prospecting, engaging, won, lost, .. } = end.standing;
    let outcome = format!(
        "At the end {} engaging and {} prospecting; {} won and {} lost by then. Prospecting has no dates in the files and stands from the first day on.",
        grouped(&engaging),
        grouped(&prospecting),
        grouped(&won),
        grouped(&lost)
    );

    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, (WIDTH_PIXELS, HEADING_PIXELS + STAGES_PIXELS + OUTCOMES_PIXELS))
        .into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(title.as_str(), (20, 14), ("sans-serif", 22)))?;
    area.draw(&Text::new(outcome.as_str(), (20, 42), ("sans-serif", 14)))?;
    let (_, panels) = area.split_vertically(HEADING_PIXELS);
    let (stages, outcomes) = panels.split_vertically(STAGES_PIXELS);
    draw_stages(&stages, days, &axis)?;
    draw_outcomes(&outcomes, days, &axis)?;
    area.present()?;
    drop((stages, outcomes, panels, area));
    Ok(named(&svg, &title, &outcome))
}

/// The stages above each other; each day keeps its level up to the next one on which anything happened.
fn draw_stages(area: &Area<'_>, days: &[Day], axis: &Axis) -> Result<(), Box<dyn Error>> {
    let levels = |Standing { prospecting, engaging, .. }: &Standing| [0, *prospecting, prospecting + engaging];
    let levels: Vec<(Range<i32>, [i64; 3])> =
        axis.stretches(days).map(|(stretch, standing)| (stretch, levels(standing).map(height))).collect();
    let highest = levels.iter().map(|(_, [.., top])| *top).max().unwrap_or(0);
    let mut panel = panel(area, axis, "open deals", highest)?;
    for (stage, color) in [(0, PROSPECTING), (1, ENGAGING)] {
        let edge =
            |level: usize| levels.iter().flat_map(move |(days, at)| [(days.start, at[level]), (days.end, at[level])]);
        let outline: Vec<_> = edge(stage + 1).chain(edge(stage).rev()).collect();
        panel.draw_series([Polygon::new(outline, color.filled())])?;
    }
    legend(area, [("prospecting", PROSPECTING), ("engaging", ENGAGING)])
}

/// Two bars for each month: the deals that were won in it, and those that were lost.
fn draw_outcomes(area: &Area<'_>, days: &[Day], axis: &Axis) -> Result<(), Box<dyn Error>> {
    let months = axis.months(days);
    let highest = months.iter().flat_map(|(_, won_and_lost)| won_and_lost).max().copied().unwrap_or(0);
    let mut panel = panel(area, axis, "deals in the month", highest)?;
    for (Range { start, end }, won_and_lost) in months {
        let sixth = |sixths: i32| start + (end - start) * sixths / 6;
        let [won, lost] = won_and_lost;
        for (left, right, deals, color) in [(sixth(1), sixth(3), won, WON), (sixth(3), sixth(5), lost, LOST)] {
            let bar = (deals > 0).then(|| Rectangle::new([(left, 0), (right, deals)], color.filled()));
            panel.draw_series(bar)?;
        }
    }
    legend(area, [("won", WON), ("lost", LOST)])
}

/// An empty panel with its axes.
fn panel<'a, 's>(area: &'a Area<'s>, axis: &Axis, deals: &str, highest: i64) -> Result<Panel<'a, 's>, Box<dyn Error>> {
    let top = highest.max(1);
    let mut panel = ChartBuilder::on(area)
        .margin_top(LEGEND_PIXELS)
        .margin_left(14)
        .margin_right(30)
        .x_label_area_size(34)
        .y_label_area_size(64)
        .build_cartesian_2d(axis.range().with_key_points(axis.named()), 0..top + 1 + top / 16)?;
    panel
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_label_formatter(&|place| axis.name(*place))
        .y_labels(6)
        .y_label_formatter(&|deals| grouped(deals))
        .y_desc(deals)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .draw()?;
    Ok(panel)
}

const LEGEND_PIXELS: i32 = 26;

/// What the colours mean, in a row above a panel.
fn legend<const N: usize>(area: &Area<'_>, colors: [(&str, RGBColor); N]) -> Result<(), Box<dyn Error>> {
    for ((name, color), x) in colors.into_iter().zip((78..).step_by(110)) {
        area.draw(&Rectangle::new([(x, 6), (x + 12, 18)], color.filled()))?;
        area.draw(&Text::new(name, (x + 18, 5), ("sans-serif", 13)))?;
    }
    Ok(())
}

/// From the first day to the end of the last one. The place of a day is how many days it is after the first.
struct Axis {
    first: NaiveDate,
    last: NaiveDate,
}

impl Axis {
    fn place(&self, day: NaiveDate) -> i32 {
        i32::try_from((day - self.first).num_days()).unwrap_or(i32::MAX)
    }

    fn range(&self) -> Range<i32> {
        0..self.place(self.last) + 1
    }

    /// The stretches of days from one on which anything happened to the next, each with what held there.
    fn stretches<'d>(&self, days: &'d [Day]) -> impl Iterator<Item = (Range<i32>, &'d Standing)> {
        let ends = days.iter().skip(1).map(|next| self.place(next.day)).chain([self.range().end]);
        days.iter().zip(ends).map(|(day, end)| (self.place(day.day)..end, &day.standing))
    }

    /// The months, each with how many deals were won and lost in it; of the first and the last one the days that are on the axis.
    fn months(&self, days: &[Day]) -> Vec<(Range<i32>, [i64; 2])> {
        let mut months = Vec::new();
        let mut start = self.first;
        let (mut days, mut before) = (days.iter().peekable(), [0, 0]);
        while start <= self.last {
            let next = next_month(start);
            let mut by_then = before;
            while let Some(Day { standing, .. }) = days.next_if(|day| day.day < next) {
                by_then = [standing.won, standing.lost].map(height);
            }
            let end = self.place(next).min(self.range().end);
            months.push((self.place(start)..end, [by_then[0] - before[0], by_then[1] - before[1]]));
            (start, before) = (next, by_then);
        }
        months
    }

    /// The places that have their date beneath: first days of months, or single days where there are few.
    fn named(&self) -> Vec<i32> {
        let range = self.range();
        if !self.names_months() {
            return range.clone().step_by(spacing(range.len(), &[1, 2, 7])).collect();
        }
        let months = std::iter::successors(Some(next_month(self.first)), |month| Some(next_month(*month)));
        let months: Vec<_> = months.take_while(|month| *month <= self.last).collect();
        // Counted from January, so that a year's first month is named.
        let months_apart = spacing(months.len(), &[1, 2, 3, 6, 12]);
        let in_rhythm = |month: &&NaiveDate| {
            (month.year().unsigned_abs() as usize * 12 + month.month0() as usize).is_multiple_of(months_apart)
        };
        months.iter().filter(in_rhythm).map(|month| self.place(*month)).collect()
    }

    fn names_months(&self) -> bool {
        self.range().len() > 70
    }

    fn name(&self, place: i32) -> String {
        let day = self.first + Days::new(u64::try_from(place).unwrap_or(0));
        day.format(if self.names_months() { "%b %Y" } else { "%-d %b" }).to_string()
    }
}

/// The first of some distances at which so many names do not run into each other.
fn spacing(names: usize, distances: &[usize]) -> usize {
    const MOST: usize = 12;
    let fits = |distance: &&usize| names.div_ceil(**distance) <= MOST;
    distances.iter().find(fits).copied().unwrap_or_else(|| names.div_ceil(MOST).next_multiple_of(12))
}

/// How high so many deals stand in a panel.
fn height(deals: u64) -> i64 {
    i64::try_from(deals).unwrap_or(i64::MAX)
}

fn next_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).unwrap_or(NaiveDate::MAX)
}

fn readable(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// The drawing with a title and a description, for those who do not see it.
fn named(svg: &str, title: &str, description: &str) -> String {
    let names = format!("<title id=\"title\">{title}</title>\n<desc id=\"description\">{description}</desc>\n");
    svg.replacen(">\n", &format!(" role=\"img\" aria-labelledby=\"title description\">\n{names}"), 1)
}
