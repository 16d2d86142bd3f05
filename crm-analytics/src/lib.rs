//! Statistics over slices and streams: moments, straight-line fits with their standard errors.
//!
//! Numbers go in, values come out. The crate knows no storage, no clock and no presentation: a host reads its orders
//! or tickets, hands the figures over and decides itself how a result is printed or drawn.
//!
//! # What it promises
//!
//! - **A statistic that does not exist is `None`**, and never NaN, infinity or a zero that looks like a result. A value
//!   that is not a finite number is refused where it enters, by a typed error.
//! - **The divisor is in the name.** `sample_variance` divides by `n - 1`, `population_variance` by `n`; nothing here
//!   is called just "variance", because a sales plan has deviations of its own.
//! - **Accumulators merge.** Results per shard, per thread or per month roll up into the result over everything, as if
//!   all values had come in one stream, up to the last rounding.
//! - **The digits are there.** Sums are kept to about 32 digits, so that large offsets do not eat the small
//!   differences; the tests compare against the certified values of the NIST Statistical Reference Datasets.
//!
//! # What it does not do
//!
//! An amount of money is never a float: exact totals belong to the money types of the core. There are no distributions,
//! hence no p-values or intervals, no regression with several predictors and no forecasting beyond a straight line.
//!
//! # Where to start
//!
//! [`Moments`] for one column of numbers, [`LinearFit`] for a trend or a line through points, and [`PairedMoments`] for
//! a correlation or where the points come as a stream or from several places.
//!
//! ```
//! use crm_analytics::{LinearFit, Moments};
//!
//! // Minutes until the first response, gathered by two teams apart and rolled up.
//! let north = Moments::from_slice(&[12.0, 30.0, 18.0])?;
//! let south = Moments::from_slice(&[45.0, 15.0])?;
//! let both: Moments = [north, south].iter().collect();
//! assert_eq!(both.count(), 5);
//! assert_eq!(both.mean(), Some(24.0));
//! assert_eq!(both.sample_variance(), Some(184.5));
//!
//! // Orders per month: the trend, and what it says about the month after.
//! let trend = LinearFit::of_series(&[40.0, 44.0, 45.0, 51.0])?;
//! assert_eq!(trend.slope(), 3.4);
//! assert_eq!(trend.predict(4.0), 53.5);
//!
//! // Nothing was measured, so there is no mean.
//! assert_eq!(Moments::new().mean(), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![expect(
    clippy::float_arithmetic,
    reason = "floats begin in this crate: it computes statistics, never amounts of money"
)]

pub mod moments;
pub mod paired_moments;
pub mod regression;

mod double_double;

pub use moments::{InvalidValue, MAGNITUDE_LIMIT, Moments};
pub use paired_moments::{InvalidPoint, PairedMoments, Point};
pub use regression::{Columns, FitError, LinearFit};
