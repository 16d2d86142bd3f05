//! Flat commission: one rate of what a deal brought, reversed at that same rate when the money goes back.

use crm_core::{Currency, Invalid, Money, Percent, Rounding, Rule};
use serde::{Deserialize, Serialize};

/// The commission on one deal: `rate` of `base`, rounded once.
///
/// The base is net of discount, tax, shipping and refunds (COM-4). A refund is a negative base at the rate of the deal
/// that it takes back (COM-6), and gives a negative commission. With [`Rounding::HalfUp`], [`Rounding::HalfEven`],
/// [`Rounding::Up`] and [`Rounding::Down`] a full refund cancels the commission to the cent; `Ceiling` and `Floor` lean
/// to one side and may leave one minor unit.
///
/// # Errors
///
/// [`Rule::OutOfRange`] for a rate outside 0 to 100 %.
///
/// # Examples
///
/// ```
/// use crm_analytics::flat_commission;
/// use crm_core::{Currency, Money, Percent, Rounding};
///
/// let base = Money::parse("80000", Currency::USD)?;
/// assert_eq!(flat_commission(base, Percent::whole(8), Rounding::HalfUp)?.to_string(), "6400.00 USD");
/// assert_eq!(flat_commission(base.checked_neg()?, Percent::whole(8), Rounding::HalfUp)?.to_string(), "-6400.00 USD");
/// assert!(flat_commission(base, Percent::whole(101), Rounding::HalfUp).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
pub fn flat_commission(base: Money, rate: Percent, rounding: Rounding) -> Result<Money, Invalid> {
    base.percent(rate.share("commission rate")?, rounding)
}

/// What a sales rep earned over many deals of one currency: the sum of the commissions of each.
///
/// Every deal is rounded by itself, so that the statement equals its printed lines to the cent; a rate of the summed
/// base may differ by up to one minor unit per deal.
///
/// # Examples
///
/// ```
/// use crm_analytics::CommissionStatement;
/// use crm_core::{Currency, Money, Percent, Rounding};
///
/// let mut march = CommissionStatement::new(Currency::EUR);
/// for deal in ["0.50", "0.50"] {
///     let earned = march.push(Money::parse(deal, Currency::EUR)?, Percent::whole(5), Rounding::HalfUp)?;
///     assert_eq!(earned.minor(), 3);
/// }
/// // 5 % of the whole would be 5 cents.
/// assert_eq!((march.base().minor(), march.commission().minor()), (100, 6));
///
/// assert!(march.push(Money::zero(Currency::USD), Percent::whole(5), Rounding::HalfUp).is_err());
/// assert_eq!(march.entries(), 2);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct CommissionStatement {
    entries: u64,
    base: Money,
    commission: Money,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "CommissionStatement")]
struct Written {
    entries: u64,
    base: Money,
    commission: Money,
}

impl TryFrom<Written> for CommissionStatement {
    type Error = Invalid;
    fn try_from(written: Written) -> Result<Self, Invalid> {
        let Written { entries, base, commission } = written;
        commission.in_currency(base.currency()).map_err(|refused| refused.in_field("commission"))?;
        Ok(Self { entries, base, commission })
    }
}

impl From<CommissionStatement> for Written {
    fn from(statement: CommissionStatement) -> Self {
        let CommissionStatement { entries, base, commission } = statement;
        Self { entries, base, commission }
    }
}

impl CommissionStatement {
    /// A statement without deals.
    #[must_use]
    pub const fn new(currency: Currency) -> Self {
        Self { entries: 0, base: Money::zero(currency), commission: Money::zero(currency) }
    }

    /// Takes one deal, or one refund as a negative base, and returns its commission.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`], [`Rule::Overflow`], or as [`flat_commission`]; nothing changes then.
    pub fn push(&mut self, base: Money, rate: Percent, rounding: Rounding) -> Result<Money, Invalid> {
        let commission = flat_commission(base, rate, rounding)?;
        self.merge(&Self { entries: 1, base, commission })?;
        Ok(commission)
    }

    /// Takes everything that another statement holds.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`] or [`Rule::Overflow`]; nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Invalid> {
        let entries = self.entries.checked_add(other.entries);
        *self = Self {
            entries: entries.ok_or_else(|| Invalid::new("entries", other.entries.to_string(), Rule::Overflow))?,
            base: self.base.checked_add(other.base)?,
            commission: self.commission.checked_add(other.commission)?,
        };
        Ok(())
    }

    /// How many deals and refunds were taken.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// The sum of the bases.
    #[must_use]
    pub const fn base(&self) -> Money {
        self.base
    }

    /// The sum of the commissions.
    #[must_use]
    pub const fn commission(&self) -> Money {
        self.commission
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, Currency::USD)
    }

    /// Published examples, by their names in the collection of acceptance cases: commission-8 (super-calc.com) and
    /// commission-10 (wallacemanagement.com).
    #[test]
    fn published_flat_commissions() {
        for (base, rate, commission) in [(80_000, 8, 6_400), (22_500, 15, 3_375)] {
            let earned = flat_commission(usd(base * 100), Percent::whole(rate), Rounding::HalfUp).unwrap();
            assert_eq!(earned, usd(commission * 100));
        }
    }

    #[test]
    fn the_rounding_is_the_named_one() {
        use Rounding::{Ceiling, Down, Floor, HalfEven, HalfUp, Up};
        // 2.5 cents, and the same taken back.
        let cases = [(HalfEven, 2, -2), (HalfUp, 3, -3), (Up, 3, -3), (Down, 2, -2), (Ceiling, 3, -2), (Floor, 2, -3)];
        for (rounding, earned, reversed) in cases {
            let commission = |base| flat_commission(usd(base), Percent::whole(5), rounding).unwrap().minor();
            assert_eq!((commission(50), commission(-50)), (earned, reversed), "{rounding:?}");
        }
    }

    #[test]
    fn a_refused_deal_changes_nothing() {
        let mut statement = CommissionStatement::new(Currency::USD);
        statement.push(usd(i64::MAX), Percent::whole(1), Rounding::Down).unwrap();
        let before = statement;
        let rule = |refused: Result<Money, Invalid>| refused.unwrap_err().rule().clone();
        let expected = Rule::CurrencyMismatch { expected: Currency::USD, found: Currency::EUR };
        assert_eq!(rule(statement.push(Money::zero(Currency::EUR), Percent::ZERO, Rounding::Down)), expected);
        assert_eq!(rule(statement.push(usd(1), Percent::ZERO, Rounding::Down)), Rule::Overflow);
        let refused = statement.push(usd(1), "-1".parse().unwrap(), Rounding::Down).unwrap_err();
        assert_eq!((refused.field(), matches!(refused.rule(), Rule::OutOfRange { .. })), ("commission rate", true));
        assert_eq!(statement, before);
    }

    fn deals() -> impl Strategy<Value = Vec<(i64, u16)>> {
        prop::collection::vec((-(1_i64 << 40)..1 << 40, 0_u16..=100), 0..20)
    }

    fn statement_of(deals: &[(i64, u16)]) -> CommissionStatement {
        let mut statement = CommissionStatement::new(Currency::USD);
        for (base, rate) in deals {
            statement.push(usd(*base), Percent::whole(*rate), Rounding::HalfEven).unwrap();
        }
        statement
    }

    proptest! {
        #[test]
        fn merging_statements_equals_one_over_all_deals(first in deals(), second in deals()) {
            let mut merged = statement_of(&first);
            merged.merge(&statement_of(&second)).unwrap();
            prop_assert_eq!(merged, statement_of(&[first, second].concat()));
            let json = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<CommissionStatement>(&json).unwrap(), merged);
        }

        #[test]
        fn com_6_refunding_every_deal_leaves_nothing(deals in deals()) {
            let mut statement = statement_of(&deals);
            let refunds: Vec<_> = deals.iter().map(|(base, rate)| (-base, *rate)).collect();
            statement.merge(&statement_of(&refunds)).unwrap();
            prop_assert_eq!((statement.base(), statement.commission()), (usd(0), usd(0)));
        }
    }
}
