//! The figures of a business, exact to the cent, and statistics over them, to all digits that doubles hold.
//!
//! Values go in, values come out. The crate knows no storage, no clock and no presentation: a host reads its orders
//! or tickets, hands the figures over and decides itself how a result is printed or drawn.
//!
//! # What it promises
//!
//! - **A statistic that does not exist is `None`**, and never NaN, infinity or a zero that looks like a result. A value
//!   that is not a finite number is refused where it enters, by a typed error.
//! - **The divisor is in the name.** `sample_variance` divides by `n - 1`, `population_variance` by `n`; nothing here
//!   is called just "variance", because a sales plan has deviations of its own.
//! - **Accumulators merge.** Results per shard, per thread or per month roll up into the result over everything, as if
//!   all values had come in one stream: exactly for counts, quantities and money, up to the last rounding for doubles.
//! - **Money stays exact.** Totals are whole minor units per currency, shares are decimals, and every division of an
//!   amount names its rounding. [`major_units`] is the one door from money to doubles.
//! - **The digits are there.** Sums are kept to about 32 digits, so that large offsets do not eat the small
//!   differences; the tests compare against the certified values of the NIST Statistical Reference Datasets.
//!
//! # What it does not do
//!
//! There are no distributions, hence no p-values or intervals, no regression with several predictors and no forecasting
//! beyond a straight line. Amounts are not converted between currencies, and commission has one rate, no tiers.
//!
//! # Where to start
//!
//! - How far a plan or a rep has come: [`Progress`], with attainment, deviation, pace and the run rate still required;
//!   what the rep earns: [`flat_commission`] and [`CommissionStatement`].
//! - How near a forecast came and how far the pipeline covers a quota: [`forecast_accuracy`], [`forecast_bias`],
//!   [`pipeline_coverage`].
//! - Customers by age, gender and region, quantity by order status, units by product: [`customers_by_age`] and the other
//!   functions of [`breakdown`], which say what counts; any other sum by group: [`GroupedTotals`].
//! - Customers, orders and revenue per day, week, month or year: [`new_customers_per`], [`orders_per`], [`revenue_per`];
//!   any other rate: [`count_per`], [`amount_per`]; and [`cost_per_hour`].
//! - Revenue by month and quarter, and where it is heading: [`MonthlySeries`].
//! - [`Moments`] for one column of numbers, [`LinearFit`] for a trend or a line through points, and [`PairedMoments`]
//!   for a correlation or where the points come as a stream or from several places.
//!
//! ```
//! use crm_analytics::{LinearFit, Moments, Progress, attainment};
//! use crm_core::{Currency, Money, Period, WorkingDays};
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
//!
//! // Half of the quota after a third of the working days; without a quota there is no attainment.
//! let (quota, credited) = (Money::parse("210000", Currency::EUR)?, Money::parse("105000", Currency::EUR)?);
//! let may = Progress::new(Period::month(2026, 5)?, quota, credited)?;
//! assert_eq!(may.pace(&WorkingDays::monday_to_friday(), "2026-05-11".parse()?), Some("1.5".parse()?));
//! assert_eq!(attainment(credited, Money::zero(Currency::EUR))?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![expect(
    clippy::float_arithmetic,
    reason = "floats begin in this crate: it computes statistics, never amounts of money"
)]

pub mod ages;
pub mod attainment;
pub mod breakdown;
pub mod commission;
pub mod forecasts;
pub mod groups;
pub mod rates;
pub mod series;

pub mod moments;
pub mod paired_moments;
pub mod regression;

mod double_double;

pub use ages::{AgeBand, AgeBands, age_on};
pub use attainment::{Progress, attainment, rank_by_attainment};
pub use breakdown::{
    PersonGroup, age_group, customers_by_age, customers_by_gender, customers_by_region, gender_group,
    net_units_by_product, new_customers_per, orders_per, quantity_by_order_status, revenue_per, units_by_product,
};
pub use commission::{CommissionStatement, flat_commission};
pub use forecasts::{forecast_accuracy, forecast_bias, pipeline_coverage};
pub use groups::{GroupedTotals, MoneyTotals, Total};
pub use moments::{InvalidValue, MAGNITUDE_LIMIT, Moments};
pub use paired_moments::{InvalidPoint, PairedMoments, Point};
pub use rates::{TimeUnit, amount_per, cost_per_hour, count_per};
pub use regression::{Columns, FitError, LinearFit};
pub use series::{MonthTotal, MonthlySeries, QuarterTotal, major_units};
