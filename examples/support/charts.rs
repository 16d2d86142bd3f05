//! Charts as SVG files.

#![expect(clippy::float_arithmetic, reason = "coordinates on a drawing, never amounts")]

use std::{error::Error, path::Path};

use plotters::prelude::{
    BLACK, ChartBuilder, Circle, Color, Histogram, IntoDrawingArea, IntoSegmentedCoord, LineSeries, PathElement,
    RGBColor, SVGBackend, SegmentValue, SeriesLabelPosition, WHITE,
};

/// What is drawn and in which unit.
pub(crate) struct Captions<'a> {
    pub(crate) title: &'a str,
    /// What the values are, with their unit: `revenue (thousand USD)`.
    pub(crate) values: &'a str,
}

const WIDTH_PIXELS: u32 = 960;
/// More names than these would run into each other.
const MOST_MONTHS_NAMED: usize = 16;
const BLUE: RGBColor = RGBColor(46, 110, 170);
const RED: RGBColor = RGBColor(190, 60, 50);

/// One horizontal bar for each name, the first on top.
pub(crate) fn bars(path: &Path, captions: &Captions<'_>, values: &[(String, f64)]) -> Result<(), Box<dyn Error>> {
    const BAR_PIXELS: u32 = 20;
    let count = values.len().max(1);
    let height = 130 + BAR_PIXELS * u32::try_from(count)?;
    let highest = scale_end(values.iter().map(|(_, value)| *value));
    let area = SVGBackend::new(path, (WIDTH_PIXELS, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(captions.title, ("sans-serif", 22))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(170)
        .build_cartesian_2d(0.0..highest, (0..count).into_segmented())?;
    // The axis runs upwards and the list downwards.
    let from_the_top: Vec<&(String, f64)> = values.iter().rev().collect();
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(WHITE)
        .y_labels(count)
        .y_label_formatter(&|place| match place {
            SegmentValue::CenterOf(place) => from_the_top.get(*place).map_or(String::new(), |(name, _)| name.clone()),
            SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
        })
        .x_label_formatter(&|value| format!("{value:.0}"))
        .x_desc(captions.values)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 15))
        .draw()?;
    let bars = Histogram::horizontal(&chart)
        .style(BLUE.filled())
        .margin(3)
        .data(from_the_top.iter().enumerate().map(|(place, (_, value))| (place, *value)));
    chart.draw_series(bars)?;
    area.present()?;
    Ok(())
}

/// A series of months and the straight line through it, up to the month after the last.
pub(crate) fn months_and_trend(
    path: &Path,
    captions: &Captions<'_>,
    months: &[(String, f64)],
    trend: Option<&dyn Fn(f64) -> f64>,
) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(path, (WIDTH_PIXELS, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let points: Vec<(f64, f64)> = (0_u32..).map(f64::from).zip(months.iter().map(|(_, value)| *value)).collect();
    let after_the_last = f64::from(u32::try_from(months.len())?);
    let line: Vec<(f64, f64)> = trend.map(|at| [0.0, after_the_last].map(|x| (x, at(x))).to_vec()).unwrap_or_default();
    let values = || points.iter().chain(&line).map(|(_, value)| *value);
    let lowest = -scale_end_or_zero(values().map(|value| -value));
    let mut chart = ChartBuilder::on(&area)
        .caption(captions.title, ("sans-serif", 22))
        .margin(14)
        .margin_right(40)
        .x_label_area_size(48)
        .y_label_area_size(76)
        .build_cartesian_2d(-0.3..after_the_last + 0.3, lowest..scale_end(values()))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels((months.len() + 1).min(MOST_MONTHS_NAMED))
        .x_label_formatter(&|x| label_at(months, *x))
        .y_label_formatter(&|value| format!("{value:.0}"))
        .x_desc("month in which the deals were won")
        .y_desc(captions.values)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 15))
        .draw()?;
    chart
        .draw_series(LineSeries::new(points.iter().copied(), BLUE.stroke_width(2)))?
        .label("won in the month")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], BLUE.stroke_width(2)));
    chart.draw_series(points.iter().map(|point| Circle::new(*point, 4, BLUE.filled())))?;
    if let Some(next) = line.last().copied() {
        chart
            .draw_series(LineSeries::new(line, RED.stroke_width(2)))?
            .label("trend")
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], RED.stroke_width(2)));
        chart
            .draw_series([Circle::new(next, 5, RED.stroke_width(2))])?
            .label("the month after, by the trend")
            .legend(|(x, y)| Circle::new((x + 9, y), 5, RED.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 13))
        .draw()?;
    area.present()?;
    Ok(())
}

/// The name of the month at a place of the axis; nothing between two months.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places on an axis are whole numbers held as floats"
)]
fn label_at(months: &[(String, f64)], x: f64) -> String {
    if x < -0.01 || (x - x.round()).abs() > 0.01 {
        return String::new();
    }
    let place = x.round() as usize;
    if place == months.len() {
        return "next".into();
    }
    months.get(place).map_or(String::new(), |(name, _)| name.clone())
}

/// Where an axis ends that begins at 0: a little beyond the highest value.
fn scale_end(values: impl Iterator<Item = f64>) -> f64 {
    let highest = values.fold(0.0, f64::max);
    if highest > 0.0 { highest * 1.08 } else { 1.0 }
}

/// The same for the other direction, which is there only if anything lies in it.
fn scale_end_or_zero(values: impl Iterator<Item = f64>) -> f64 {
    let mut beyond = values.filter(|value| *value > 0.0).peekable();
    if beyond.peek().is_some() { scale_end(beyond) } else { 0.0 }
}
