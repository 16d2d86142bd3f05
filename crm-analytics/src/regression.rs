//! The straight line `y = intercept + slope · x` through points, by least squares, with its standard errors.

use serde::Serialize;

use crate::double_double::DoubleDouble;
use crate::paired_moments::{InvalidPoint, PairedMoments, Point};

/// Observations as two columns of the same length; row `i` is the point `(xs[i], ys[i])`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Columns<'a> {
    /// The predictors.
    pub xs: &'a [f64],
    /// The responses.
    pub ys: &'a [f64],
}

/// A line fitted by least squares, with how well it fits and how sure its coefficients are.
///
/// The formulas are those of Draper and Smith, "Applied Regression Analysis", chapter 1: residuals have `n - 2` degrees
/// of freedom, because two coefficients were taken from the data. With two points there is a line but nothing that
/// could tell its error, so all standard errors are `None`.
///
/// Residuals that are smaller than what rounding the responses to doubles can cause count as zero: points that lie
/// exactly on a line have a residual standard deviation of exactly zero.
///
/// A fit is a result and can be written, but not read back: store the [`PairedMoments`] and fit again.
///
/// # Examples
///
/// ```
/// use crm_analytics::{Columns, FitError, LinearFit};
///
/// // Calls made per day and meetings that came of them.
/// let fit = LinearFit::of_columns(Columns { xs: &[10.0, 20.0, 30.0, 40.0], ys: &[2.0, 3.0, 5.0, 6.0] })?;
/// assert!((fit.slope() - 0.14).abs() < 1e-15);
/// assert!((fit.intercept() - 0.5).abs() < 1e-15);
/// assert!((fit.r_squared().unwrap() - 0.98).abs() < 1e-15);
/// assert_eq!(fit.degrees_of_freedom(), 2);
/// assert!((fit.predict(50.0) - 7.5).abs() < 1e-14);
///
/// // Without any spread in x there is no line.
/// let refused = LinearFit::of_columns(Columns { xs: &[1.0, 1.0], ys: &[2.0, 3.0] });
/// assert_eq!(refused, Err(FitError::ConstantX { count: 2 }));
/// # Ok::<(), FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinearFit {
    count: u64,
    slope: f64,
    intercept: f64,
    slope_standard_error: Option<f64>,
    intercept_standard_error: Option<f64>,
    residual_standard_deviation: Option<f64>,
    r_squared: Option<f64>,
    f_statistic: Option<f64>,
    mean_x: f64,
    mean_y: f64,
    /// The sum of the squared differences of x to its mean.
    squares_x: f64,
}

/// Why there is no fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// The columns do not have the same length.
    #[error("columns must have the same length, got {xs} of x and {ys} of y")]
    LengthsDiffer {
        /// Length of the column of predictors.
        xs: usize,
        /// Length of the column of responses.
        ys: usize,
    },
    /// A coordinate is not a number that can be computed with.
    #[error(transparent)]
    InvalidPoint(#[from] InvalidPoint),
    /// A line needs two points at least.
    #[error("a line needs at least two points, got {count}")]
    TooFewPoints {
        /// How many points there were.
        count: u64,
    },
    /// All predictors are equal, or too close together for their squared differences to be told from zero.
    #[error("a line needs at least two different x, all {count} are equal")]
    ConstantX {
        /// How many points there were.
        count: u64,
    },
}

impl LinearFit {
    /// The line through two columns.
    ///
    /// # Errors
    ///
    /// - [`FitError::LengthsDiffer`] where the columns differ in length.
    /// - [`FitError::InvalidPoint`] with the index of the first coordinate that is NaN, infinite or too large.
    /// - [`FitError::TooFewPoints`] below two points.
    /// - [`FitError::ConstantX`] where all predictors are equal.
    pub fn of_columns(columns: Columns<'_>) -> Result<Self, FitError> {
        let Columns { xs, ys } = columns;
        if xs.len() != ys.len() {
            return Err(FitError::LengthsDiffer { xs: xs.len(), ys: ys.len() });
        }
        Self::of_points(xs.iter().zip(ys).map(|(x, y)| Point { x: *x, y: *y }))
    }

    /// The line through points.
    ///
    /// # Errors
    ///
    /// Those of [`of_columns`](Self::of_columns) but for the lengths, which cannot differ.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::{LinearFit, Point};
    ///
    /// let fit = LinearFit::of_points([Point { x: 1.0, y: 5.0 }, Point { x: 3.0, y: 9.0 }])?;
    /// assert_eq!((fit.intercept(), fit.slope()), (3.0, 2.0));
    /// assert_eq!(fit.slope_standard_error(), None);
    /// # Ok::<(), crm_analytics::FitError>(())
    /// ```
    pub fn of_points(points: impl IntoIterator<Item = Point>) -> Result<Self, FitError> {
        let mut moments = PairedMoments::new();
        for point in points {
            moments.push(point)?;
        }
        moments.fit()
    }

    /// The trend of a series of equal steps, such as months: `x` is 0, 1, 2, … in the order of the values.
    ///
    /// The slope is then the change per step, and `predict(n)` for a series of `n` values looks one step ahead.
    ///
    /// # Errors
    ///
    /// [`FitError::TooFewPoints`] below two values, [`FitError::InvalidPoint`] with the index of the first value that
    /// is NaN, infinite or too large.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::{FitError, LinearFit};
    ///
    /// let trend = LinearFit::of_series(&[10.0, 12.0, 14.0, 16.0])?;
    /// assert_eq!(trend.slope(), 2.0);
    /// assert_eq!(trend.predict(4.0), 18.0);
    ///
    /// assert_eq!(LinearFit::of_series(&[10.0]), Err(FitError::TooFewPoints { count: 1 }));
    /// # Ok::<(), FitError>(())
    /// ```
    pub fn of_series(values: &[f64]) -> Result<Self, FitError> {
        Self::of_points(values.iter().enumerate().map(|(step, y)| Point { x: step as f64, y: *y }))
    }

    /// How many points the line was fitted to.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The change of `y` per unit of `x`.
    #[must_use]
    pub const fn slope(&self) -> f64 {
        self.slope
    }

    /// The value of the line at `x = 0`.
    #[must_use]
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The standard error of the slope, `None` for two points.
    #[must_use]
    pub const fn slope_standard_error(&self) -> Option<f64> {
        self.slope_standard_error
    }

    /// The standard error of the intercept, `None` for two points.
    #[must_use]
    pub const fn intercept_standard_error(&self) -> Option<f64> {
        self.intercept_standard_error
    }

    /// The standard deviation of the residuals, in the unit of `y`, with the divisor `n - 2`; `None` for two points.
    #[must_use]
    pub const fn residual_standard_deviation(&self) -> Option<f64> {
        self.residual_standard_deviation
    }

    /// The share of the spread of `y` that the line explains, from 0 to 1; `None` where all `y` are equal.
    #[must_use]
    pub const fn r_squared(&self) -> Option<f64> {
        self.r_squared
    }

    /// The degrees of freedom of the residuals, `n - 2`.
    #[must_use]
    pub const fn degrees_of_freedom(&self) -> u64 {
        // A fit has two points at least.
        self.count - 2
    }

    /// The F statistic of the regression, with 1 and `n - 2` degrees of freedom.
    ///
    /// `None` where its divisor is missing or zero: for two points, and for points exactly on a line.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::LinearFit;
    ///
    /// let scattered = LinearFit::of_series(&[1.0, 2.0, 2.0, 3.0])?;
    /// assert!(scattered.f_statistic().is_some_and(|value| (value - 18.0).abs() < 1e-12));
    /// assert_eq!(LinearFit::of_series(&[1.0, 2.0, 3.0])?.f_statistic(), None);
    /// # Ok::<(), crm_analytics::FitError>(())
    /// ```
    #[must_use]
    pub const fn f_statistic(&self) -> Option<f64> {
        self.f_statistic
    }

    /// The value of the line at `x`, which has to be a finite number: NaN comes back as NaN.
    ///
    /// Computed from the centre of the points, where a line is known best; `predict(0.0)` agrees with the intercept up
    /// to rounding. Far outside the fitted range it is still only a straight line.
    #[must_use]
    pub fn predict(&self, x: f64) -> f64 {
        self.mean_y + self.slope * (x - self.mean_x)
    }

    /// The standard error of predicting one new observation at `x`, in the unit of `y`.
    ///
    /// `None` for two points, and where `x` is not a number or the error too large for one.
    ///
    /// It holds both parts: how far observations scatter about the line, and how unsure the line itself is at `x`,
    /// `s · √(1 + 1/n + (x - x̄)² / Σ(xᵢ - x̄)²)`. It grows with the distance from the mean of `x`.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::LinearFit;
    ///
    /// let trend = LinearFit::of_series(&[1.0, 4.0, 4.0, 7.0])?;
    /// let next_month = trend.standard_error_of_prediction(4.0);
    /// let next_year = trend.standard_error_of_prediction(15.0);
    /// assert!(next_month < next_year);
    ///
    /// // Two points leave nothing to estimate an error from.
    /// assert_eq!(LinearFit::of_series(&[1.0, 4.0])?.standard_error_of_prediction(2.0), None);
    /// # Ok::<(), crm_analytics::FitError>(())
    /// ```
    #[must_use]
    pub fn standard_error_of_prediction(&self, x: f64) -> Option<f64> {
        let distance = (x - self.mean_x) / self.squares_x.sqrt();
        let unsureness = 1.0 + 1.0 / (self.count as f64) + distance * distance;
        let error = self.residual_standard_deviation? * unsureness.sqrt();
        error.is_finite().then_some(error)
    }

    pub(crate) fn of_moments(moments: &PairedMoments) -> Result<Self, FitError> {
        let (x, y, count) = (moments.x(), moments.y(), moments.count());
        let (Some(mean_x), Some(mean_y), 2..) = (x.precise_mean(), y.precise_mean(), count) else {
            return Err(FitError::TooFewPoints { count });
        };
        let squares_x = x.squares_about_mean();
        if !squares_x.nearest().is_normal() {
            return Err(FitError::ConstantX { count });
        }
        let squares_y = y.squares_about_mean();
        let products = moments.products_about_means();

        let slope = products / squares_x;
        let explained = slope * products;
        let residual_squares = residual_squares(squares_y, explained, count);

        // Plain doubles do from here on, since nothing below subtracts. Roots are taken before they are divided: the
        // quotient of the squares could leave the range of a double.
        let mean_square = (count > 2).then(|| residual_squares / ((count - 2) as f64));
        let deviation = mean_square.map(f64::sqrt);
        let root_squares_x = squares_x.nearest().sqrt();
        let intercept_factor = (1.0 / (count as f64).sqrt()).hypot(mean_x.nearest() / root_squares_x);
        Ok(Self {
            count,
            slope: slope.nearest(),
            intercept: (mean_y - slope * mean_x).nearest(),
            slope_standard_error: deviation.map(|deviation| deviation / root_squares_x),
            intercept_standard_error: deviation.map(|deviation| deviation * intercept_factor),
            residual_standard_deviation: deviation,
            r_squared: r_squared(residual_squares, squares_y),
            f_statistic: mean_square.map(|square| explained.nearest() / square).filter(|value| value.is_finite()),
            mean_x: mean_x.nearest(),
            mean_y: mean_y.nearest(),
            squares_x: squares_x.nearest(),
        })
    }
}

/// What the line leaves unexplained, or zero where that is less than rounding the responses alone can cause.
fn residual_squares(squares_y: DoubleDouble, explained: DoubleDouble, count: u64) -> f64 {
    // Rounding moves a response by up to 2^-53 of itself; 2^-100 is the square of that with some room above the noise
    // of the sums, which grows with the number of terms.
    let noise = squares_y.nearest() * (count as f64) * 2.0_f64.powi(-100);
    let residual = (squares_y - explained).nearest();
    if residual <= noise { 0.0 } else { residual }
}

/// The explained share, where there is anything to explain.
fn r_squared(residual_squares: f64, squares_y: DoubleDouble) -> Option<f64> {
    squares_y.nearest().is_normal().then(|| {
        let unexplained = DoubleDouble::from(residual_squares) / squares_y;
        (DoubleDouble::from(1.0) - unexplained).nearest().clamp(0.0, 1.0)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(left: f64, right: f64, tolerance: f64) -> bool {
        (left - right).abs() <= tolerance * left.abs().max(right.abs())
    }

    fn paired(points: &[Point]) -> PairedMoments {
        let mut moments = PairedMoments::new();
        for point in points {
            moments.push(*point).unwrap();
        }
        moments
    }

    fn points(
        x: std::ops::Range<f64>,
        y: std::ops::Range<f64>,
        count: std::ops::Range<usize>,
    ) -> impl Strategy<Value = Vec<Point>> {
        prop::collection::vec((x, y).prop_map(|(x, y)| Point { x, y }), count)
    }

    #[test]
    fn columns_of_different_lengths_are_refused() {
        let refused = LinearFit::of_columns(Columns { xs: &[1.0, 2.0], ys: &[1.0] });
        assert_eq!(refused, Err(FitError::LengthsDiffer { xs: 2, ys: 1 }));
        assert_eq!(refused.unwrap_err().to_string(), "columns must have the same length, got 2 of x and 1 of y");
    }

    #[test]
    fn too_few_points_are_refused() {
        assert_eq!(PairedMoments::new().fit(), Err(FitError::TooFewPoints { count: 0 }));
        assert_eq!(LinearFit::of_series(&[1.0]), Err(FitError::TooFewPoints { count: 1 }));
    }

    #[test]
    fn constant_x_is_refused() {
        let fit = LinearFit::of_columns(Columns { xs: &[0.1, 0.1, 0.1], ys: &[1.0, 2.0, 3.0] });
        assert_eq!(fit, Err(FitError::ConstantX { count: 3 }));
        let subnormal = LinearFit::of_columns(Columns { xs: &[0.0, 5e-324], ys: &[1.0, 2.0] });
        assert_eq!(subnormal, Err(FitError::ConstantX { count: 2 }));
    }

    #[test]
    fn invalid_coordinate_is_refused_with_its_index() {
        let fit = LinearFit::of_columns(Columns { xs: &[0.0, 1.0, 2.0], ys: &[1.0, f64::INFINITY, 3.0] });
        let Err(FitError::InvalidPoint(InvalidPoint::Y(refused))) = fit else { panic!("{fit:?}") };
        assert_eq!((refused.index, refused.value), (1, f64::INFINITY));
    }

    #[test]
    fn two_points_have_a_line_and_no_standard_errors() {
        let fit = LinearFit::of_series(&[1.0, 3.0]).unwrap();
        assert_eq!((fit.intercept(), fit.slope(), fit.degrees_of_freedom()), (1.0, 2.0, 0));
        assert_eq!(fit.slope_standard_error(), None);
        assert_eq!(fit.intercept_standard_error(), None);
        assert_eq!(fit.residual_standard_deviation(), None);
        assert_eq!(fit.standard_error_of_prediction(2.0), None);
        assert_eq!(fit.f_statistic(), None);
        assert_eq!(fit.r_squared(), Some(1.0));
    }

    #[test]
    fn constant_y_has_a_level_line_and_no_r_squared() {
        let fit = LinearFit::of_series(&[0.3, 0.3, 0.3]).unwrap();
        assert_eq!((fit.intercept(), fit.slope()), (0.3, 0.0));
        assert_eq!(fit.residual_standard_deviation(), Some(0.0));
        assert_eq!(fit.r_squared(), None);
        assert_eq!(fit.f_statistic(), None);
    }

    #[test]
    fn textbook_fit_has_its_standard_errors() {
        // Worked by hand: x̄ = 2, ȳ = 3, Σ(x-x̄)² = 10, Σ(x-x̄)(y-ȳ) = 9, Σ(y-ȳ)² = 10, residual squares 10 - 8.1 =
        // 1.9.
        let fit = LinearFit::of_series(&[1.0, 3.0, 2.0, 4.0, 5.0]).unwrap();
        assert!(close(fit.slope(), 0.9, 1e-15) && close(fit.intercept(), 1.2, 1e-15));
        assert!(close(fit.residual_standard_deviation().unwrap(), (1.9_f64 / 3.0).sqrt(), 1e-15));
        assert!(close(fit.slope_standard_error().unwrap(), (0.19_f64 / 3.0).sqrt(), 1e-15));
        assert!(close(fit.intercept_standard_error().unwrap(), (1.9_f64 / 3.0 * 0.6).sqrt(), 1e-15));
        assert!(close(fit.r_squared().unwrap(), 0.81, 1e-15));
        assert!(close(fit.f_statistic().unwrap(), 8.1 * 3.0 / 1.9, 1e-15));
        assert!(close(fit.predict(5.0), 5.7, 1e-15));
        // At x = 5: 1 + 1/5 + 9/10.
        assert!(close(fit.standard_error_of_prediction(5.0).unwrap(), (1.9_f64 / 3.0 * 2.1).sqrt(), 1e-15));
    }

    #[test]
    fn fit_is_written_with_the_names_of_its_statistics() {
        let fit = LinearFit::of_series(&[1.0, 3.0]).unwrap();
        let written = serde_json::to_value(&fit).unwrap();
        assert_eq!(written["slope"], 2.0);
        assert_eq!(written["slope_standard_error"], serde_json::Value::Null);
    }

    #[test]
    fn steep_line_over_a_tiny_range_keeps_its_standard_errors_finite() {
        // The mean square of the residuals over the squares of x leaves the range of a double here, its root does not.
        let fit = LinearFit::of_columns(Columns { xs: &[0.0, -3e-86, 0.0], ys: &[-7e93, 0.0, 0.0] }).unwrap();
        let expected = 3.5e93_f64 * 2.0_f64.sqrt() / (3e-86 * (2.0_f64 / 3.0).sqrt());
        assert!(close(fit.slope_standard_error().unwrap(), expected, 1e-14));
        assert_eq!(fit.standard_error_of_prediction(f64::NAN), None);
    }

    proptest! {
        #[test]
        fn exact_line_is_given_back(
            xs in prop::collection::hash_set(-10_000..10_000_i32, 3..40),
            slope in -1000..1000_i32,
            intercept in -1_000_000..1_000_000_i32,
        ) {
            let (slope, intercept) = (f64::from(slope), f64::from(intercept));
            let line = xs.iter().map(|x| Point { x: f64::from(*x), y: intercept + slope * f64::from(*x) });
            let fit = LinearFit::of_points(line).unwrap();
            prop_assert_eq!((fit.slope(), fit.intercept()), (slope, intercept));
            prop_assert_eq!(fit.residual_standard_deviation(), Some(0.0));
            prop_assert_eq!(fit.slope_standard_error(), Some(0.0));
            prop_assert_eq!(fit.r_squared(), (slope != 0.0).then_some(1.0));
            prop_assert_eq!(fit.f_statistic(), None);
        }

        #[test]
        fn residuals_sum_to_zero_and_are_orthogonal_to_x(points in points(-1e4..1e4, -1e6..1e6, 3..40)) {
            let fit = LinearFit::of_points(points.iter().copied()).unwrap();
            let residuals = || points.iter().map(|point| (point.x, point.y - fit.predict(point.x)));
            let size: f64 = points.iter().map(|point| point.y.abs()).sum();
            prop_assert!(residuals().map(|(_, residual)| residual).sum::<f64>().abs() <= 1e-12 * size);
            prop_assert!(residuals().map(|(x, residual)| x * residual).sum::<f64>().abs() <= 1e-12 * size * 1e4);
        }

        #[test]
        fn fit_of_merged_parts_is_the_fit_of_all_points(
            left in points(-1e3..1e3, -1e6..1e6, 1..30),
            right in points(1e6..1e7, -1.0..1.0, 2..30),
        ) {
            let parts = [paired(&left), PairedMoments::new(), paired(&right)];
            let merged = parts.iter().collect::<PairedMoments>().fit().unwrap();
            let whole = LinearFit::of_points([left, right].concat()).unwrap();
            prop_assert!(close(merged.slope(), whole.slope(), 1e-12));
            prop_assert!(close(merged.intercept(), whole.intercept(), 1e-12));
            let errors = (merged.slope_standard_error().unwrap(), whole.slope_standard_error().unwrap());
            prop_assert!(close(errors.0, errors.1, 1e-12));
        }

        #[test]
        fn r_squared_is_the_square_of_the_correlation(points in points(-1e4..1e4, -1e6..1e6, 3..40)) {
            let moments = paired(&points);
            let (fit, correlation) = (moments.fit().unwrap(), moments.correlation().unwrap());
            prop_assert!((fit.r_squared().unwrap() - correlation * correlation).abs() <= 1e-14);
            prop_assert!(correlation * fit.slope() >= 0.0);
        }

        #[test]
        fn whatever_is_pushed_nothing_undefined_comes_out(
            values in prop::collection::vec((prop::num::f64::ANY, prop::num::f64::ANY), 0..20),
        ) {
            let mut moments = PairedMoments::new();
            for (x, y) in values {
                let before = moments.clone();
                if moments.push(Point { x, y }).is_err() {
                    prop_assert_eq!(&moments, &before);
                }
            }
            prop_assert!(moments.correlation().is_none_or(|value| value.is_finite()));
            if let Ok(fit) = moments.fit() {
                let optional = [fit.slope_standard_error(), fit.intercept_standard_error(), fit.r_squared(),
                    fit.residual_standard_deviation(), fit.f_statistic()];
                prop_assert!(fit.slope().is_finite() && fit.intercept().is_finite());
                prop_assert!(optional.iter().flatten().all(|value| value.is_finite()));
            }
        }
    }
}
