//! A number held as the unevaluated sum of two doubles, about 32 significant digits.
//!
//! The algorithms and their error bounds: Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic
//! building blocks of double-word arithmetic", ACM TOMS 44 (2017); the division follows Hida, Li and Bailey,
//! "Algorithms for quad-double precision floating point arithmetic", ARITH-15 (2001). With u = 2^-53 every operation
//! below has a relative error of a few u², as long as nothing overflows or comes near the smallest doubles.

use std::ops::{Add, Div, Mul, Sub};

use serde::{Deserialize, Serialize};

/// The sum `hi + lo`, where `hi` is the double nearest to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub(crate) struct DoubleDouble {
    hi: f64,
    lo: f64,
}

impl DoubleDouble {
    pub(crate) const ZERO: Self = Self { hi: 0.0, lo: 0.0 };

    /// The difference of two doubles, without any rounding.
    pub(crate) fn difference(left: f64, right: f64) -> Self {
        two_sum(left, -right)
    }

    /// The double nearest to the value.
    pub(crate) fn nearest(self) -> f64 {
        self.hi
    }

    /// The value, or zero where rounding left a value that cannot be negative below zero.
    pub(crate) fn or_zero_if_negative(self) -> Self {
        if self.hi < 0.0 { Self::ZERO } else { self }
    }
}

impl From<f64> for DoubleDouble {
    fn from(value: f64) -> Self {
        Self { hi: value, lo: 0.0 }
    }
}

impl From<u64> for DoubleDouble {
    /// Exact up to 2^53, more than anybody counts one by one.
    fn from(count: u64) -> Self {
        Self::from(count as f64)
    }
}

impl From<(f64, f64)> for DoubleDouble {
    /// What a stored pair means is its sum, even where a text format moved the last bit of one half.
    fn from((hi, lo): (f64, f64)) -> Self {
        two_sum(hi, lo)
    }
}

impl From<DoubleDouble> for (f64, f64) {
    fn from(value: DoubleDouble) -> Self {
        (value.hi, value.lo)
    }
}

impl Add for DoubleDouble {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let high = two_sum(self.hi, other.hi);
        let low = two_sum(self.lo, other.lo);
        let carried = quick_two_sum(high.hi, high.lo + low.hi);
        quick_two_sum(carried.hi, carried.lo + low.lo)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + Self { hi: -other.hi, lo: -other.lo }
    }
}

impl Mul for DoubleDouble {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let product = self.hi * other.hi;
        // The fused operation rounds once, so it yields exactly what the product above lost.
        let lost = self.hi.mul_add(other.hi, -product);
        quick_two_sum(product, lost + (self.hi * other.lo + self.lo * other.hi))
    }
}

impl Div for DoubleDouble {
    type Output = Self;

    fn div(self, divisor: Self) -> Self {
        // Long division with three digits in base 2^53.
        let first = self.hi / divisor.hi;
        let rest = self - divisor * Self::from(first);
        let second = rest.hi / divisor.hi;
        let rest = rest - divisor * Self::from(second);
        let third = rest.hi / divisor.hi;
        quick_two_sum(first, second) + Self::from(third)
    }
}

/// The exact sum of two doubles of any order (Knuth).
fn two_sum(left: f64, right: f64) -> DoubleDouble {
    let hi = left + right;
    let right_part = hi - left;
    let left_part = hi - right_part;
    DoubleDouble { hi, lo: (left - left_part) + (right - right_part) }
}

/// The exact sum of two doubles of which the first is not the smaller in magnitude (Dekker).
fn quick_two_sum(larger: f64, smaller: f64) -> DoubleDouble {
    let hi = larger + smaller;
    DoubleDouble { hi, lo: smaller - (hi - larger) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_term_survives_beside_a_large_one() {
        let large = DoubleDouble::from(1e16);
        let sum = large + DoubleDouble::from(1e-3);
        assert_eq!((sum - large).nearest(), 1e-3);
    }

    #[test]
    fn a_third_times_three_is_one_to_about_32_digits() {
        let three = DoubleDouble::from(3.0);
        let rest = DoubleDouble::from(1.0) / three * three - DoubleDouble::from(1.0);
        assert!(rest.nearest().abs() < 1e-31, "{rest:?}");
    }

    #[test]
    fn the_square_of_a_full_mantissa_is_exact() {
        // (2^53 - 1)² = 2^106 - 2^54 + 1 needs 106 bits.
        let root = DoubleDouble::from(9_007_199_254_740_991.0);
        let square = root * root;
        let rest = square - DoubleDouble::from(2.0_f64.powi(106)) + DoubleDouble::from(2.0_f64.powi(54));
        assert_eq!(rest.nearest(), 1.0);
    }
}
