//! Against certified values: the Statistical Reference Datasets of the US National Institute of Standards and
//! Technology, <https://www.itl.nist.gov/div898/strd/>, works of the US government and in the public domain.
//!
//! What is asserted is the number of correct significant digits. Certified values have 15. Some data cannot be held by
//! doubles exactly, which bounds what any program reaches: 12.8 digits of Mavro's deviation, 9 of NumAcc3's and 8 of
//! NumAcc4's. Sets that are too long to stand here are read from the folder with the reference data where it exists.

#![expect(clippy::float_arithmetic, reason = "counting correct digits is arithmetic on floats")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "the functions that the tests share are test code too")]

use std::fs;
use std::path::Path;

use crm_analytics::{Columns, LinearFit, Moments, PairedMoments, Point};

/// The log relative error: how many significant digits are correct, at most 15.
fn correct_digits(got: f64, certified: f64) -> f64 {
    if got == certified {
        return 15.0;
    }
    let scale = if certified == 0.0 { 1.0 } else { certified.abs() };
    (-((got - certified).abs() / scale).log10()).clamp(0.0, 15.0)
}

#[track_caller]
fn assert_digits(what: &str, got: Option<f64>, certified: f64, digits: f64) {
    let got = got.unwrap_or_else(|| panic!("{what} does not exist"));
    let correct = correct_digits(got, certified);
    println!("{what}: {correct:.1} digits");
    assert!(
        correct >= digits,
        "{what}: {correct:.1} correct digits, want {digits}: got {got:e}, certified {certified:e}"
    );
}

/// Mean and sample standard deviation of a set, in one stream and merged from three parts.
#[track_caller]
fn assert_moments(set: &str, values: &[f64], mean: f64, deviation: f64, deviation_digits: f64) {
    let (first, rest) = values.split_at(values.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    let parts = [first, second, third].map(|part| Moments::from_slice(part).unwrap());
    for (how, moments) in [("streamed", Moments::from_slice(values).unwrap()), ("merged", parts.iter().collect())] {
        assert_digits(&format!("{set} {how}, mean"), moments.mean(), mean, 14.5);
        let got = moments.sample_standard_deviation();
        assert_digits(&format!("{set} {how}, sample standard deviation"), got, deviation, deviation_digits);
    }
}

/// The lines after the last heading "Data:", as numbers.
fn rows(file: &str) -> Option<Vec<Vec<f64>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/nist-strd").join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        println!("skipped: no {file} in the folder with the reference data");
        return None;
    };
    let heading = text.rfind("\nData:").unwrap() + 1;
    let lines = text[heading..].lines().skip(1).filter(|line| !line.trim().is_empty() && !line.starts_with("---"));
    Some(lines.map(|line| line.split_whitespace().map(|cell| cell.parse().unwrap()).collect()).collect())
}

fn column(file: &str, length: usize) -> Option<Vec<f64>> {
    let column: Vec<f64> = rows(file)?.concat();
    assert_eq!(column.len(), length, "{file}");
    Some(column)
}

fn points(file: &str, length: usize) -> Option<Vec<Point>> {
    let points: Vec<Point> = rows(file)?.iter().map(|row| Point { x: row[1], y: row[0] }).collect();
    assert_eq!(points.len(), length, "{file}");
    Some(points)
}

/// NumAcc2, 3 and 4: `base + 0.2`, then 500 times `base + 0.1` and `base + 0.3`.
fn alternating(base: [f64; 3]) -> Vec<f64> {
    let [low, middle, high] = base;
    std::iter::once(middle).chain([low, high].into_iter().cycle().take(1000)).collect()
}

/// Norris: calibration of ozone monitors, 36 pairs of x and y.
const NORRIS: [(f64, f64); 36] = [
    (0.2, 0.1),
    (337.4, 338.8),
    (118.2, 118.1),
    (884.6, 888.0),
    (10.1, 9.2),
    (226.5, 228.1),
    (666.3, 668.5),
    (996.3, 998.5),
    (448.6, 449.1),
    (777.0, 778.9),
    (558.2, 559.2),
    (0.4, 0.3),
    (0.6, 0.1),
    (775.5, 778.1),
    (666.9, 668.8),
    (338.0, 339.3),
    (447.5, 448.9),
    (11.6, 10.8),
    (556.0, 557.7),
    (228.1, 228.3),
    (995.8, 998.0),
    (887.6, 888.8),
    (120.2, 119.6),
    (0.3, 0.3),
    (0.3, 0.6),
    (556.8, 557.6),
    (339.1, 339.3),
    (887.2, 888.0),
    (999.0, 998.5),
    (779.0, 778.9),
    (11.1, 10.2),
    (118.3, 117.6),
    (229.2, 228.9),
    (669.1, 668.4),
    (448.9, 449.2),
    (0.5, 0.2),
];

/// What is known of a straight line.
struct Line {
    intercept: f64,
    intercept_standard_error: f64,
    slope: f64,
    slope_standard_error: f64,
    residual_standard_deviation: f64,
    r_squared: f64,
    f_statistic: f64,
}

#[track_caller]
fn assert_line(set: &str, fit: &LinearFit, line: &Line, digits: f64) {
    let coefficients = [
        ("intercept", Some(fit.intercept()), line.intercept),
        ("intercept standard error", fit.intercept_standard_error(), line.intercept_standard_error),
        ("slope", Some(fit.slope()), line.slope),
        ("slope standard error", fit.slope_standard_error(), line.slope_standard_error),
        ("residual standard deviation", fit.residual_standard_deviation(), line.residual_standard_deviation),
        ("r squared", fit.r_squared(), line.r_squared),
        ("F statistic", fit.f_statistic(), line.f_statistic),
    ];
    for (what, got, known) in coefficients {
        assert_digits(&format!("{set}, {what}"), got, known, digits);
    }
}

#[test]
fn num_acc_1_keeps_the_last_digit_of_large_integers() {
    assert_moments("NumAcc1", &[10_000_001.0, 10_000_003.0, 10_000_002.0], 10_000_002.0, 1.0, 15.0);
}

#[test]
fn num_acc_2_to_4_reach_all_digits_that_doubles_hold() {
    assert_moments("NumAcc2", &alternating([1.1, 1.2, 1.3]), 1.2, 0.1, 14.5);
    assert_moments("NumAcc3", &alternating([1_000_000.1, 1_000_000.2, 1_000_000.3]), 1_000_000.2, 0.1, 9.0);
    assert_moments("NumAcc4", &alternating([10_000_000.1, 10_000_000.2, 10_000_000.3]), 10_000_000.2, 0.1, 8.0);
}

#[test]
fn num_acc_4_in_eighths_has_no_error_of_its_own() {
    // The same construction with steps that doubles do hold exactly, so that every lost digit would be the program's.
    let values = alternating([10_000_000.125, 10_000_000.25, 10_000_000.375]);
    assert_moments("NumAcc4 in eighths", &values, 10_000_000.25, 0.125, 15.0);
    let far = alternating([1e12 + 0.125, 1e12 + 0.25, 1e12 + 0.375]);
    assert_moments("NumAcc4 in eighths at 1e12", &far, 1e12 + 0.25, 0.125, 15.0);
}

#[test]
fn univariate_sets_reach_their_certified_digits() {
    if let Some(values) = column("univariate/PiDigits.dat", 5000) {
        assert_moments("PiDigits", &values, 4.534_800_000_000_00, 2.867_339_060_288_71, 14.0);
    }
    if let Some(values) = column("univariate/Lottery.dat", 218) {
        assert_moments("Lottery", &values, 518.958_715_596_330, 291.699_727_470_969, 14.0);
    }
    if let Some(values) = column("univariate/Mavro.dat", 50) {
        assert_moments("Mavro", &values, 2.001_856_000_000_00, 0.000_429_123_454_003_053, 12.8);
    }
    if let Some(values) = column("univariate/NumAcc1.dat", 3) {
        assert_moments("NumAcc1 as published", &values, 10_000_002.0, 1.0, 15.0);
    }
    if let Some(values) = column("univariate/NumAcc3.dat", 1001) {
        assert_eq!(values, alternating([1_000_000.1, 1_000_000.2, 1_000_000.3]), "the construction is as published");
    }
}

#[test]
fn norris_reaches_its_certified_digits() {
    let certified = Line {
        intercept: -0.262_323_073_774_029,
        intercept_standard_error: 0.232_818_234_301_152,
        slope: 1.002_116_818_020_45,
        slope_standard_error: 0.429_796_848_199_937E-03,
        residual_standard_deviation: 0.884_796_396_144_373,
        r_squared: 0.999_993_745_883_712,
        f_statistic: 5_436_385.540_797_85,
    };
    let (xs, ys): (Vec<f64>, Vec<f64>) = NORRIS.into_iter().unzip();
    let fit = LinearFit::of_columns(Columns { xs: &xs, ys: &ys }).unwrap();
    assert_eq!(fit.degrees_of_freedom(), 34);
    assert_line("Norris", &fit, &certified, 12.5);

    let parts = NORRIS.chunks(7).map(|chunk| {
        let mut part = PairedMoments::new();
        for (x, y) in chunk {
            part.push(Point { x: *x, y: *y }).unwrap();
        }
        part
    });
    let merged: PairedMoments = parts.collect::<Vec<_>>().iter().collect();
    assert_line("Norris merged", &merged.fit().unwrap(), &certified, 12.5);

    if let Some(published) = points("linear/Norris.dat", 36) {
        assert_eq!(published, NORRIS.map(|(x, y)| Point { x, y }), "the table above is as published");
    }
}

#[test]
fn straight_line_through_pontius_agrees_with_rational_arithmetic() {
    // NIST certifies a parabola for this load cell; the straight line through the same 40 points was computed once in
    // exact fractions of the published decimals, and rounded at the end.
    let exact = Line {
        intercept: 6.149_684_210_526_316e-3,
        intercept_standard_error: 7.132_051_674_656_124e-4,
        slope: 7.221_025_814_536_341e-7,
        slope_standard_error: 3.969_147_804_044_247_5e-10,
        residual_standard_deviation: 2.171_272_596_056_750_5e-3,
        r_squared: 0.999_988_519_115_218_8,
        f_statistic: 3_309_811.434_458_973,
    };
    if let Some(points) = points("linear/Pontius.dat", 40) {
        assert_line("Pontius", &LinearFit::of_points(points).unwrap(), &exact, 12.0);
    }
}

#[test]
fn no_int_1_lies_exactly_on_a_line_with_an_intercept() {
    // NoInt1 is x = 60 to 70 and y = x + 70; NIST certifies the line through the origin, which is another model.
    let fit = LinearFit::of_points((60..=70_i32).map(|x| Point { x: x.into(), y: (x + 70).into() })).unwrap();
    assert_eq!((fit.intercept(), fit.slope()), (70.0, 1.0));
    assert_eq!(fit.residual_standard_deviation(), Some(0.0));
    assert_eq!(fit.r_squared(), Some(1.0));
}
