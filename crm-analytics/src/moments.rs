//! Count, mean and spread of one column of numbers, gathered value by value and merged from parts.

use serde::{Deserialize, Serialize};

use crate::double_double::DoubleDouble;

/// The largest magnitude of a value that the accumulators take, 10^100.
///
/// Squares, their sums and products of those stay far inside the range of a double below it, so that no sequence of
/// [`push`](Moments::push) and [`merge`](Moments::merge) can overflow and `merge` needs no error.
pub const MAGNITUDE_LIMIT: f64 = 1e100;

/// An accumulator of count, mean, spread and range that takes values one by one and merges with others.
///
/// Memory does not grow with the number of values. Sums run over the differences to the first value and keep about 32
/// significant digits. A member of a set lies within `(n - 1) / √n` sample standard deviations of its mean (Samuelson,
/// 1968), hence the sum of squares about the first value is at most `n` times the one about the mean: subtracting the
/// two leaves all digits of a double, however large the common offset and however odd the first value. Differences
/// below about 1e-150 have squares that no double holds; their spread comes out as zero.
///
/// Equality compares the accumulated state. The same values in another order, or merged from other parts, give
/// statistics that agree up to the last rounding, but need not be equal. Deserialising refuses a state that no values
/// can have led to: a range upside down, sums out of reach.
///
/// # Examples
///
/// ```
/// use crm_analytics::Moments;
///
/// let mut minutes = Moments::new();
/// assert_eq!(minutes.mean(), None);
/// for value in [10.0, 20.0, 60.0] {
///     minutes.push(value)?;
/// }
/// assert_eq!(minutes.mean(), Some(30.0));
/// assert_eq!(minutes.sample_variance(), Some(700.0));
///
/// // A value that is not a finite number is refused and changes nothing.
/// let refused = minutes.push(f64::NAN).unwrap_err();
/// assert_eq!(refused.index, 3);
/// assert_eq!(minutes.count(), 3);
/// # Ok::<(), crm_analytics::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredMoments")]
pub struct Moments {
    count: u64,
    /// The first value; the sums below are taken over the differences to it.
    origin: f64,
    minimum: f64,
    maximum: f64,
    differences: DoubleDouble,
    squares: DoubleDouble,
}

/// A value that an accumulator refused: not a number, infinite, or beyond [`MAGNITUDE_LIMIT`].
///
/// Two of them are equal if they hold the same bits, so a refused NaN equals itself.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("value at index {index} must be a number between -1e100 and 1e100, got {value:?}")]
#[non_exhaustive]
pub struct InvalidValue {
    /// How many values were held before this one: its index in a slice read from the start.
    pub index: u64,
    /// The value itself.
    pub value: f64,
}

impl Moments {
    /// An accumulator without values.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(crm_analytics::Moments::new().is_empty());
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self {
            count: 0,
            origin: 0.0,
            minimum: 0.0,
            maximum: 0.0,
            differences: DoubleDouble::ZERO,
            squares: DoubleDouble::ZERO,
        }
    }

    /// The moments of a slice.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] with the index of the first value that is NaN, infinite or beyond [`MAGNITUDE_LIMIT`].
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// assert_eq!(Moments::from_slice(&[1.0, 2.0, 4.5])?.mean(), Some(2.5));
    /// assert_eq!(Moments::from_slice(&[1.0, f64::INFINITY]).unwrap_err().index, 1);
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    pub fn from_slice(values: &[f64]) -> Result<Self, InvalidValue> {
        let mut moments = Self::new();
        for value in values {
            moments.push(*value)?;
        }
        Ok(moments)
    }

    /// Takes one value.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] where the value is NaN, infinite or beyond [`MAGNITUDE_LIMIT`]; nothing changes then.
    pub fn push(&mut self, value: f64) -> Result<(), InvalidValue> {
        self.check(value)?;
        self.push_checked(value);
        Ok(())
    }

    /// Takes every value of an iterator, or none of them.
    ///
    /// The trait `Extend` cannot refuse a value, hence a method of its own.
    ///
    /// # Errors
    ///
    /// [`InvalidValue`] for the first value that [`push`](Self::push) refuses; nothing changes then. Its index counts
    /// the values that were held before, too.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// let mut moments = Moments::from_slice(&[1.0])?;
    /// moments.try_extend([2.0, 3.0])?;
    /// assert_eq!(moments.count(), 3);
    ///
    /// assert!(moments.try_extend([4.0, f64::NAN]).is_err());
    /// assert_eq!(moments.count(), 3);
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    pub fn try_extend(&mut self, values: impl IntoIterator<Item = f64>) -> Result<(), InvalidValue> {
        let mut extended = self.clone();
        for value in values {
            extended.push(value)?;
        }
        *self = extended;
        Ok(())
    }

    /// Takes everything that another accumulator holds, as if its values had been pushed here.
    ///
    /// Merging with an empty accumulator changes nothing. The update is the pairwise one of Chan, Golub and LeVeque,
    /// "Updating formulae and a pairwise algorithm for computing sample variances" (1979), written for sums about a
    /// common origin.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// let mut year = Moments::from_slice(&[3.0, 5.0])?;
    /// year.merge(&Moments::from_slice(&[10.0])?);
    /// assert_eq!(year.mean(), Some(6.0));
    /// assert_eq!(year.sample_variance(), Some(13.0));
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        let moved = DoubleDouble::difference(other.origin, self.origin);
        let other_count = DoubleDouble::from(other.count);
        self.differences = self.differences + other.differences + other_count * moved;
        let twice = other.differences + other.differences;
        self.squares = self.squares + other.squares + moved * (twice + other_count * moved);
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.count += other.count;
    }

    /// How many values were taken.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether no value was taken.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The sum of the values, zero where there are none.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// // Added up as plain doubles, these tenths give 0.30000000000000004 and more the longer it goes on.
    /// assert_eq!(Moments::from_slice(&[0.1; 1000])?.sum(), 100.0);
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn sum(&self) -> f64 {
        (DoubleDouble::from(self.count) * DoubleDouble::from(self.origin) + self.differences).nearest()
    }

    /// The arithmetic mean, `None` without values.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.precise_mean().map(DoubleDouble::nearest)
    }

    /// The sample variance, with the divisor `n - 1`: the estimate for the whole from which the values were drawn.
    ///
    /// `None` below two values.
    #[must_use]
    pub fn sample_variance(&self) -> Option<f64> {
        let divisor = self.count.checked_sub(1).filter(|divisor| *divisor > 0)?;
        Some((self.squares_about_mean() / DoubleDouble::from(divisor)).nearest())
    }

    /// The population variance, with the divisor `n`: right where the values are all there are.
    ///
    /// `None` without values, zero for a single one.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// let moments = Moments::from_slice(&[1.0, 3.0])?;
    /// assert_eq!(moments.population_variance(), Some(1.0));
    /// assert_eq!(moments.sample_variance(), Some(2.0));
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn population_variance(&self) -> Option<f64> {
        (!self.is_empty()).then(|| (self.squares_about_mean() / DoubleDouble::from(self.count)).nearest())
    }

    /// The sample standard deviation, in the unit of the values: the root of the variance with the divisor `n - 1`.
    ///
    /// `None` below two values.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// assert_eq!(Moments::from_slice(&[7.0, 8.0, 9.0])?.sample_standard_deviation(), Some(1.0));
    /// assert_eq!(Moments::from_slice(&[7.0])?.sample_standard_deviation(), None);
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn sample_standard_deviation(&self) -> Option<f64> {
        self.sample_variance().map(f64::sqrt)
    }

    /// The population standard deviation, in the unit of the values: the root of the variance with the divisor `n`.
    ///
    /// `None` without values, zero for a single one.
    #[must_use]
    pub fn population_standard_deviation(&self) -> Option<f64> {
        self.population_variance().map(f64::sqrt)
    }

    /// The smallest value, `None` without values.
    ///
    /// # Examples
    ///
    /// ```
    /// use crm_analytics::Moments;
    ///
    /// let moments = Moments::from_slice(&[4.0, -1.0, 2.0])?;
    /// assert_eq!((moments.minimum(), moments.maximum()), (Some(-1.0), Some(4.0)));
    /// # Ok::<(), crm_analytics::InvalidValue>(())
    /// ```
    #[must_use]
    pub fn minimum(&self) -> Option<f64> {
        (!self.is_empty()).then_some(self.minimum)
    }

    /// The largest value, `None` without values.
    #[must_use]
    pub fn maximum(&self) -> Option<f64> {
        (!self.is_empty()).then_some(self.maximum)
    }

    /// Whether [`push`](Self::push) would take a value.
    pub(crate) fn check(&self, value: f64) -> Result<(), InvalidValue> {
        // NaN compares false with everything, so it is refused here as well.
        if value.abs() <= MAGNITUDE_LIMIT { Ok(()) } else { Err(InvalidValue { index: self.count, value }) }
    }

    /// Takes a value that [`check`](Self::check) let pass.
    pub(crate) fn push_checked(&mut self, value: f64) {
        if self.is_empty() {
            self.origin = value;
            self.minimum = value;
            self.maximum = value;
        }
        let difference = self.difference_to_origin(value);
        self.differences = self.differences + difference;
        self.squares = self.squares + difference * difference;
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
        self.count += 1;
    }

    /// The exact difference of a value to the origin.
    pub(crate) fn difference_to_origin(&self, value: f64) -> DoubleDouble {
        DoubleDouble::difference(value, self.origin)
    }

    pub(crate) fn origin(&self) -> f64 {
        self.origin
    }

    /// The sum of the differences to the origin.
    pub(crate) fn differences(&self) -> DoubleDouble {
        self.differences
    }

    pub(crate) fn precise_mean(&self) -> Option<DoubleDouble> {
        (!self.is_empty()).then(|| DoubleDouble::from(self.origin) + self.differences / DoubleDouble::from(self.count))
    }

    /// The sum of the squared differences to the mean, zero without values.
    pub(crate) fn squares_about_mean(&self) -> DoubleDouble {
        if self.is_empty() {
            return DoubleDouble::ZERO;
        }
        let count = DoubleDouble::from(self.count);
        (self.squares - self.differences * self.differences / count).or_zero_if_negative()
    }
}

/// Rolls parts up, as [`merge`](Moments::merge) does one by one.
impl<'a> FromIterator<&'a Self> for Moments {
    fn from_iter<I: IntoIterator<Item = &'a Self>>(parts: I) -> Self {
        let mut whole = Self::new();
        for part in parts {
            whole.merge(part);
        }
        whole
    }
}

impl PartialEq for InvalidValue {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.value.to_bits() == other.value.to_bits()
    }
}

impl Eq for InvalidValue {}

/// The fields of a stored accumulator before they are checked.
#[derive(Deserialize)]
struct StoredMoments {
    count: u64,
    origin: f64,
    minimum: f64,
    maximum: f64,
    differences: DoubleDouble,
    squares: DoubleDouble,
}

impl TryFrom<StoredMoments> for Moments {
    type Error = &'static str;

    fn try_from(stored: StoredMoments) -> Result<Self, Self::Error> {
        let StoredMoments { count, origin, minimum, maximum, differences, squares } = stored;
        let moments = Self { count, origin, minimum, maximum, differences, squares };
        if count == 0 {
            return if moments == Self::new() { Ok(moments) } else { Err("moments without values must be all zero") };
        }
        if count > 1 << 53 {
            return Err("moments of more than 2^53 values are not representable");
        }
        if [origin, minimum, maximum].iter().any(|value| moments.check(*value).is_err()) || minimum > maximum {
            return Err("moments must have a range within the magnitude limit");
        }
        // Twice what the sums can reach, since a text format may move their last digit.
        let reach = 2.0 * (count as f64) * (2.0 * MAGNITUDE_LIMIT);
        let sums_are_possible = differences.nearest().abs() <= reach
            && (0.0..=reach * (2.0 * MAGNITUDE_LIMIT)).contains(&squares.nearest());
        if sums_are_possible { Ok(moments) } else { Err("moments must have finite sums and no negative squares") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(left: Option<f64>, right: Option<f64>) -> bool {
        match (left, right) {
            (Some(left), Some(right)) => (left - right).abs() <= 1e-14 * left.abs().max(right.abs()),
            (left, right) => left == right,
        }
    }

    fn of(values: &[f64]) -> Moments {
        Moments::from_slice(values).unwrap()
    }

    #[test]
    fn what_does_not_exist_is_none() {
        let empty = Moments::new();
        assert_eq!(empty.count(), 0);
        assert_eq!(empty.sum(), 0.0);
        assert_eq!(empty.mean(), None);
        assert_eq!(empty.population_variance(), None);
        assert_eq!(empty.population_standard_deviation(), None);
        assert_eq!(empty.sample_variance(), None);
        assert_eq!((empty.minimum(), empty.maximum()), (None, None));

        let single = of(&[4.0]);
        assert_eq!(single.mean(), Some(4.0));
        assert_eq!(single.population_variance(), Some(0.0));
        assert_eq!(single.sample_variance(), None);
        assert_eq!(single.sample_standard_deviation(), None);
    }

    #[test]
    fn value_outside_the_range_of_numbers_is_refused_and_changes_nothing() {
        let mut moments = of(&[1.0, 2.0]);
        let before = moments.clone();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.1e100, f64::MIN] {
            assert_eq!(moments.push(value), Err(InvalidValue { index: 2, value }));
            assert_eq!(moments.try_extend([3.0, value]), Err(InvalidValue { index: 3, value }));
            assert_eq!(moments, before);
        }
        assert_eq!(
            moments.push(f64::NAN).unwrap_err().to_string(),
            "value at index 2 must be a number between -1e100 and 1e100, got NaN"
        );
    }

    #[test]
    fn extreme_values_stay_finite() {
        let extreme = of(&[MAGNITUDE_LIMIT, -MAGNITUDE_LIMIT, 5e-324, 0.0]);
        let expected = Some(2.0 * MAGNITUDE_LIMIT * MAGNITUDE_LIMIT / 3.0);
        assert!(close(extreme.sample_variance(), expected));
        assert!(extreme.sum().is_finite() && extreme.mean().unwrap().is_finite());
    }

    #[test]
    fn odd_first_value_costs_no_digits() {
        let mut values = vec![1e9];
        values.extend((0..999).map(|index| f64::from(index % 3)));
        let mut reversed = values.clone();
        reversed.reverse();
        assert!(close(of(&values).sample_variance(), of(&reversed).sample_variance()));
    }

    #[test]
    fn stored_moments_come_back() {
        let moments = of(&[0.25, 1e7, -3.5]);
        let text = serde_json::to_string(&moments).unwrap();
        assert_eq!(serde_json::from_str::<Moments>(&text).unwrap(), moments);
        let empty = serde_json::to_string(&Moments::new()).unwrap();
        assert_eq!(serde_json::from_str::<Moments>(&empty).unwrap(), Moments::new());
    }

    #[test]
    fn impossible_stored_moments_are_refused() {
        let stored = |count: &str, minimum: &str, squares: &str| {
            let text = format!(
                r#"{{"count":{count},"origin":1.0,"minimum":{minimum},"maximum":2.0,
                    "differences":[1.0,0.0],"squares":[{squares},0.0]}}"#
            );
            serde_json::from_str::<Moments>(&text)
        };
        assert!(stored("2", "1.0", "1.0").is_ok());
        assert!(stored("0", "1.0", "1.0").is_err());
        assert!(stored("18446744073709551615", "1.0", "1.0").is_err());
        assert!(stored("2", "3.0", "1.0").is_err());
        assert!(stored("2", "-1e101", "1.0").is_err());
        assert!(stored("2", "1.0", "-1.0").is_err());
        assert!(stored("2", "1.0", "1e300").is_err());
    }

    proptest! {
        #[test]
        fn merging_equals_concatenating(
            left in prop::collection::vec(-1e9..1e9_f64, 0..40),
            right in prop::collection::vec(-1.0..1.0_f64, 0..40),
        ) {
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            prop_assert_eq!(merged.count(), whole.count());
            prop_assert_eq!((merged.minimum(), merged.maximum()), (whole.minimum(), whole.maximum()));
            prop_assert!(close(merged.mean(), whole.mean()));
            prop_assert!(close(merged.sample_variance(), whole.sample_variance()));
            prop_assert!(close(merged.population_variance(), whole.population_variance()));
        }

        #[test]
        fn merging_with_nothing_changes_nothing(values in prop::collection::vec(-1e9..1e9_f64, 0..20)) {
            let moments = of(&values);
            let rolled_up: Moments = [Moments::new(), moments.clone(), Moments::new()].iter().collect();
            prop_assert_eq!(rolled_up, moments);
        }

        #[test]
        fn shift_moves_the_mean_and_leaves_the_sample_variance(
            values in prop::collection::vec(-1_000_000..1_000_000_i32, 2..60),
            shift in -(1_i64 << 50)..(1_i64 << 50),
        ) {
            // Whole numbers, so that the shifted values hold exactly what the shift made of them.
            let shift = shift as f64;
            let plain: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            let shifted: Vec<f64> = plain.iter().map(|value| value + shift).collect();
            let (plain, shifted) = (of(&plain), of(&shifted));
            prop_assert!(close(shifted.sample_variance(), plain.sample_variance()));
            let mean = (shifted.mean().unwrap() - shift) - plain.mean().unwrap();
            prop_assert!(mean.abs() <= shift.abs().max(1e6) * f64::EPSILON);
        }

        #[test]
        fn scale_multiplies_the_sample_variance_by_its_square(
            values in prop::collection::vec(-1_000_000..1_000_000_i32, 2..60),
            scale in -1000..1000_i32,
        ) {
            let scale = f64::from(scale);
            let plain: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            let scaled: Vec<f64> = plain.iter().map(|value| value * scale).collect();
            let expected = of(&plain).sample_variance().map(|value| value * scale * scale);
            prop_assert!(close(of(&scaled).sample_variance(), expected));
        }

        #[test]
        fn mean_lies_within_the_range(values in prop::collection::vec(-1e100..1e100_f64, 1..20)) {
            let moments = of(&values);
            let mean = moments.mean().unwrap();
            prop_assert!(moments.minimum().unwrap() <= mean && mean <= moments.maximum().unwrap());
        }

        #[test]
        fn whatever_is_pushed_nothing_undefined_comes_out(values in prop::collection::vec(prop::num::f64::ANY, 0..20)) {
            let mut moments = Moments::new();
            for value in values {
                let before = moments.clone();
                if moments.push(value).is_err() {
                    prop_assert_eq!(&moments, &before);
                }
            }
            let statistics = [moments.mean(), moments.sample_variance(), moments.population_variance()];
            prop_assert!(statistics.iter().flatten().all(|value| value.is_finite()));
            prop_assert!(moments.sample_variance().is_none_or(|value| value >= 0.0));
            prop_assert!(moments.sum().is_finite());
        }
    }
}
