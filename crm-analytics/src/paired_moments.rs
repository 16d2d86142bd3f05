//! Two columns of numbers and how they go together, gathered point by point and merged from parts.

use serde::{Deserialize, Serialize};

use crate::double_double::DoubleDouble;
use crate::moments::{InvalidValue, MAGNITUDE_LIMIT, Moments};
use crate::regression::{FitError, LinearFit};

/// One observation: what was set or given, and what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The predictor, for example the number of the month.
    pub x: f64,
    /// The response, for example the orders of that month.
    pub y: f64,
}

/// An accumulator of points that merges: the moments of `x`, those of `y`, and how the two go together.
///
/// It holds all that [`fit`](Self::fit) needs, whatever the number of points, with the digits that [`Moments`] keeps.
/// Deserialising refuses sums that no points can have reached.
///
/// # Examples
///
/// ```
/// use crm_analytics::{PairedMoments, Point};
///
/// let mut first = PairedMoments::new();
/// first.push(Point { x: 0.0, y: 1.0 })?;
/// first.push(Point { x: 1.0, y: 3.0 })?;
/// let mut second = PairedMoments::new();
/// second.push(Point { x: 4.0, y: 9.0 })?;
///
/// first.merge(&second);
/// let fit = first.fit()?;
/// assert_eq!((fit.intercept(), fit.slope()), (1.0, 2.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredPairedMoments")]
pub struct PairedMoments {
    x: Moments,
    y: Moments,
    /// The sum of the products of both differences to their origins.
    products: DoubleDouble,
}

/// A point that an accumulator refused, by the coordinate at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPoint {
    /// The predictor is at fault.
    #[error("x is invalid: {0}")]
    X(InvalidValue),
    /// The response is at fault.
    #[error("y is invalid: {0}")]
    Y(InvalidValue),
}

impl PairedMoments {
    /// An accumulator without points.
    #[must_use]
    pub const fn new() -> Self {
        Self { x: Moments::new(), y: Moments::new(), products: DoubleDouble::ZERO }
    }

    /// Takes one point.
    ///
    /// # Errors
    ///
    /// [`InvalidPoint`] where a coordinate is NaN, infinite or beyond [`MAGNITUDE_LIMIT`]; nothing changes then.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::{PairedMoments, Point};
    ///
    /// let mut points = PairedMoments::new();
    /// assert!(points.push(Point { x: 1.0, y: f64::NAN }).is_err());
    /// assert_eq!(points.count(), 0);
    /// ```
    pub fn push(&mut self, point: Point) -> Result<(), InvalidPoint> {
        self.x.check(point.x).map_err(InvalidPoint::X)?;
        self.y.check(point.y).map_err(InvalidPoint::Y)?;
        self.x.push_checked(point.x);
        self.y.push_checked(point.y);
        self.products = self.products + self.x.difference_to_origin(point.x) * self.y.difference_to_origin(point.y);
        Ok(())
    }

    /// Takes everything that another accumulator holds, as if its points had been pushed here.
    pub fn merge(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        if self.count() == 0 {
            self.clone_from(other);
            return;
        }
        let moved_x = DoubleDouble::difference(other.x.origin(), self.x.origin());
        let moved_y = DoubleDouble::difference(other.y.origin(), self.y.origin());
        let with_x = moved_x * (other.y.differences() + DoubleDouble::from(other.count()) * moved_y);
        let with_y = moved_y * other.x.differences();
        self.products = self.products + other.products + with_x + with_y;
        self.x.merge(&other.x);
        self.y.merge(&other.y);
    }

    /// How many points were taken.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.x.count()
    }

    /// The moments of the predictors.
    #[must_use]
    pub const fn x(&self) -> &Moments {
        &self.x
    }

    /// The moments of the responses.
    #[must_use]
    pub const fn y(&self) -> &Moments {
        &self.y
    }

    /// The correlation coefficient (Pearson), from -1 to 1.
    ///
    /// `None` where either column has no spread, and without points.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::{PairedMoments, Point};
    ///
    /// let mut points = PairedMoments::new();
    /// points.push(Point { x: 1.0, y: 8.0 })?;
    /// assert_eq!(points.correlation(), None);
    /// points.push(Point { x: 2.0, y: 6.0 })?;
    /// assert_eq!(points.correlation(), Some(-1.0));
    /// # Ok::<(), crm_analytics::InvalidPoint>(())
    /// ```
    #[must_use]
    pub fn correlation(&self) -> Option<f64> {
        let (squares_x, squares_y) = (self.x.squares_about_mean(), self.y.squares_about_mean());
        // Sums that are subnormal have lost their digits, so that their quotients would mean nothing.
        let both_spread = squares_x.nearest().is_normal() && squares_y.nearest().is_normal();
        both_spread.then(|| {
            let products = self.products_about_means();
            // Divided one by one: the square of the products could leave the range of a double.
            let explained_share = (products / squares_x) * (products / squares_y);
            explained_share.nearest().clamp(0.0, 1.0).sqrt().copysign(products.nearest())
        })
    }

    /// The line of least squares through the points.
    ///
    /// # Errors
    ///
    /// [`FitError::TooFewPoints`] below two points, [`FitError::ConstantX`] where all predictors are equal.
    pub fn fit(&self) -> Result<LinearFit, FitError> {
        LinearFit::of_moments(self)
    }

    /// The sum of the products of both differences to their means.
    pub(crate) fn products_about_means(&self) -> DoubleDouble {
        if self.count() == 0 {
            return DoubleDouble::ZERO;
        }
        self.products - self.x.differences() * self.y.differences() / DoubleDouble::from(self.count())
    }
}

/// Rolls parts up, as [`merge`](PairedMoments::merge) does one by one.
impl<'a> FromIterator<&'a Self> for PairedMoments {
    fn from_iter<I: IntoIterator<Item = &'a Self>>(parts: I) -> Self {
        let mut whole = Self::new();
        for part in parts {
            whole.merge(part);
        }
        whole
    }
}

/// The fields of a stored accumulator before they are checked against each other.
#[derive(Deserialize)]
struct StoredPairedMoments {
    x: Moments,
    y: Moments,
    products: DoubleDouble,
}

impl TryFrom<StoredPairedMoments> for PairedMoments {
    type Error = &'static str;

    fn try_from(stored: StoredPairedMoments) -> Result<Self, Self::Error> {
        let StoredPairedMoments { x, y, products } = stored;
        if x.count() != y.count() {
            return Err("paired moments must have as many x as y");
        }
        // Twice what the products can reach, since a text format may move their last digit.
        let reach = 2.0 * (x.count() as f64) * (2.0 * MAGNITUDE_LIMIT) * (2.0 * MAGNITUDE_LIMIT);
        // NaN compares false, and is refused with everything else that is out of reach.
        if products.nearest().abs() <= reach {
            Ok(Self { x, y, products })
        } else {
            Err("paired moments must have finite products")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paired(points: &[(f64, f64)]) -> PairedMoments {
        let mut moments = PairedMoments::new();
        for (x, y) in points {
            moments.push(Point { x: *x, y: *y }).unwrap();
        }
        moments
    }

    #[test]
    fn refused_point_changes_nothing_even_if_only_one_coordinate_is_at_fault() {
        let mut moments = paired(&[(1.0, 1.0)]);
        let before = moments.clone();
        assert_eq!(
            moments.push(Point { x: f64::NAN, y: 2.0 }).unwrap_err().to_string(),
            "x is invalid: value at index 1 must be a number between -1e100 and 1e100, got NaN"
        );
        assert!(matches!(moments.push(Point { x: 2.0, y: f64::INFINITY }), Err(InvalidPoint::Y(_))));
        assert_eq!(moments, before);
    }

    #[test]
    fn correlation_needs_spread_in_both_columns() {
        assert_eq!(PairedMoments::new().correlation(), None);
        assert_eq!(paired(&[(1.0, 1.0), (1.0, 2.0)]).correlation(), None);
        assert_eq!(paired(&[(1.0, 2.0), (2.0, 2.0)]).correlation(), None);
        assert_eq!(paired(&[(1.0, 0.0), (2.0, 3.0), (3.0, 0.0)]).correlation(), Some(0.0));
        assert_eq!(paired(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]).correlation(), Some(1.0));
    }

    #[test]
    fn stored_paired_moments_come_back_unless_they_contradict_themselves() {
        let moments = paired(&[(1.0, 2.5), (2.0, -4.0)]);
        let mut stored = serde_json::to_value(&moments).unwrap();
        assert_eq!(serde_json::from_value::<PairedMoments>(stored.clone()).unwrap(), moments);
        stored["products"][0] = serde_json::json!(1e300);
        assert!(serde_json::from_value::<PairedMoments>(stored.clone()).is_err());
        stored["products"][0] = serde_json::json!(0.0);
        stored["y"] = serde_json::to_value(Moments::new()).unwrap();
        assert!(serde_json::from_value::<PairedMoments>(stored).is_err());
    }
}
