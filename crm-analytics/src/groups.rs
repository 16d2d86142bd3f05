//! Exact totals by group: customers by region and age, quantities by order state, units and revenue by product.

use std::collections::BTreeMap;

use crm_core::{Currency, Invalid, Money, Quantity, Rule};
use serde::{Deserialize, Serialize};

mod sealed {
    pub trait Sealed {}
    impl Sealed for u64 {}
    impl Sealed for crm_core::Quantity {}
    impl Sealed for super::MoneyTotals {}
}

/// A sum that [`GroupedTotals`] keeps per group: a count (`u64`), a [`Quantity`] or [`MoneyTotals`]. Others cannot be
/// added, which leaves room for more methods.
pub trait Total: Clone + sealed::Sealed {
    /// What is added.
    type Part;

    /// The sum of nothing.
    const NONE: Self;

    /// Adds one part. The first part always fits.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]; nothing changes then.
    fn add(&mut self, part: Self::Part) -> Result<(), Invalid>;

    /// Adds everything that another sum holds.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]; nothing changes then.
    fn merge(&mut self, other: &Self) -> Result<(), Invalid>;
}

impl Total for u64 {
    type Part = Self;
    const NONE: Self = 0;

    fn add(&mut self, part: Self) -> Result<(), Invalid> {
        let sum = self.checked_add(part);
        *self = sum.ok_or_else(|| Invalid::new("count", format!("{self} and {part}"), Rule::Overflow))?;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), Invalid> {
        self.add(*other)
    }
}

impl Total for Quantity {
    type Part = Self;
    const NONE: Self = Self::ZERO;

    fn add(&mut self, part: Self) -> Result<(), Invalid> {
        *self = self.checked_add(part)?;
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), Invalid> {
        self.add(*other)
    }
}

/// Sums of money, one per currency: amounts of two currencies stand side by side and are never added (MON-1).
///
/// # Examples
///
/// ```
/// use crm_analytics::{MoneyTotals, Total};
/// use crm_core::{Currency, Money};
///
/// let mut revenue = MoneyTotals::NONE;
/// for minor in [1050, 950] {
///     revenue.add(Money::from_minor(minor, Currency::EUR))?;
/// }
/// revenue.add(Money::from_minor(500, Currency::JPY))?;
/// assert_eq!(revenue.iter().map(|sum| sum.to_string()).collect::<Vec<_>>(), ["20.00 EUR", "500 JPY"]);
/// assert_eq!(revenue.in_currency(Currency::USD), Money::zero(Currency::USD));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Money>", into = "Vec<Money>")]
pub struct MoneyTotals(BTreeMap<Currency, Money>);

impl MoneyTotals {
    /// The sum in one currency; zero where nothing was added in it.
    #[must_use]
    pub fn in_currency(&self, currency: Currency) -> Money {
        self.0.get(&currency).copied().unwrap_or(Money::zero(currency))
    }

    /// The sums, one for each currency that was added.
    pub fn iter(&self) -> impl Iterator<Item = Money> + '_ {
        self.0.values().copied()
    }
}

impl Total for MoneyTotals {
    type Part = Money;
    const NONE: Self = Self(BTreeMap::new());

    fn add(&mut self, part: Money) -> Result<(), Invalid> {
        let sum = self.in_currency(part.currency()).checked_add(part)?;
        self.0.insert(part.currency(), sum);
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<(), Invalid> {
        let mut merged = self.clone();
        other.iter().try_for_each(|part| merged.add(part))?;
        *self = merged;
        Ok(())
    }
}

impl TryFrom<Vec<Money>> for MoneyTotals {
    type Error = Invalid;
    fn try_from(sums: Vec<Money>) -> Result<Self, Invalid> {
        let mut totals = Self::NONE;
        for sum in sums {
            if totals.0.insert(sum.currency(), sum).is_some() {
                return Err(Invalid::new("currency", sum.currency().code(), Rule::Repeated));
            }
        }
        Ok(totals)
    }
}

impl From<MoneyTotals> for Vec<Money> {
    fn from(totals: MoneyTotals) -> Self {
        totals.iter().collect()
    }
}

/// An accumulator of exact totals by group, in the order of the groups' keys.
///
/// The key is whatever the question asks by; a tuple asks by several things at once. Memory grows with the number of
/// groups, not of records. It is serialised as a list of pairs, so that a key need not be text.
///
/// # Examples
///
/// ```
/// use crm_analytics::{AgeBands, GroupedTotals, MoneyTotals, age_on};
/// use crm_core::{Currency, Money, Quantity};
///
/// // Customers by age, gender and region.
/// let bands = AgeBands::from_bounds([18, 30, 65])?;
/// let today = "2026-06-30".parse().unwrap();
/// let mut customers = GroupedTotals::<_, u64>::new();
/// let records = [("1999-01-05", "f", "North"), ("2001-12-24", "f", "North"), ("1950-07-01", "m", "South")];
/// for (birth, gender, region) in records {
///     let band = age_on(birth.parse().unwrap(), today).map(|age| bands.band_of(age));
///     customers.push((band, gender, region), 1)?;
/// }
/// assert_eq!(customers.get(&(Some(bands.band_of(18)), "f", "North")), Some(&2));
///
/// // Quantity by order state.
/// let orders = [("confirmed", 3.into()), ("draft", 1.into()), ("confirmed", 4.into())];
/// let ordered = GroupedTotals::<_, Quantity>::of(orders)?;
/// assert_eq!(ordered.get(&"confirmed"), Some(&Quantity::from(7)));
/// assert_eq!(ordered.total()?, Quantity::from(8));
///
/// // Revenue by product, currencies apart.
/// let sales = [("desk", Money::from_minor(69_000, Currency::EUR)), ("desk", Money::from_minor(500, Currency::JPY))];
/// let revenue = GroupedTotals::<_, MoneyTotals>::of(sales)?;
/// assert_eq!(revenue.iter().next().unwrap().1.in_currency(Currency::EUR).to_string(), "690.00 EUR");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    try_from = "Vec<(K, T)>",
    into = "Vec<(K, T)>",
    bound(
        serialize = "K: Clone + Serialize, T: Clone + Serialize",
        deserialize = "K: Ord + Deserialize<'de>, T: Deserialize<'de>"
    )
)]
pub struct GroupedTotals<K, T> {
    groups: BTreeMap<K, T>,
}

impl<K, T> Default for GroupedTotals<K, T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, T> GroupedTotals<K, T> {
    /// No groups.
    #[must_use]
    pub const fn new() -> Self {
        Self { groups: BTreeMap::new() }
    }

    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The groups and their totals, in the order of the keys.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &T)> {
        self.groups.iter()
    }
}

impl<K: Ord, T: Total> GroupedTotals<K, T> {
    /// The totals over pairs of group and part.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn of(parts: impl IntoIterator<Item = (K, T::Part)>) -> Result<Self, Invalid> {
        let mut totals = Self::new();
        for (group, part) in parts {
            totals.push(group, part)?;
        }
        Ok(totals)
    }

    /// Adds a part to its group: 1 to count, or a quantity, or an amount.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]; nothing changes then.
    pub fn push(&mut self, group: K, part: T::Part) -> Result<(), Invalid> {
        // A new group cannot refuse its first part, so none is left behind empty.
        self.groups.entry(group).or_insert(T::NONE).add(part)
    }

    /// The total of one group; `None` where nothing was pushed to it.
    pub fn get(&self, group: &K) -> Option<&T> {
        self.groups.get(group)
    }

    /// The total over all groups.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn total(&self) -> Result<T, Invalid> {
        let mut total = T::NONE;
        self.groups.values().try_for_each(|group| total.merge(group))?;
        Ok(total)
    }

    /// Takes everything that another accumulator holds, group by group.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`]; nothing changes then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Invalid>
    where
        K: Clone,
    {
        let mut merged = Vec::with_capacity(other.len());
        for (group, theirs) in &other.groups {
            let mut sum = self.get(group).cloned().unwrap_or(T::NONE);
            sum.merge(theirs)?;
            merged.push((group.clone(), sum));
        }
        self.groups.extend(merged);
        Ok(())
    }
}

impl<K: Ord, T> TryFrom<Vec<(K, T)>> for GroupedTotals<K, T> {
    type Error = Invalid;
    fn try_from(pairs: Vec<(K, T)>) -> Result<Self, Invalid> {
        let mut groups = BTreeMap::new();
        for (index, (group, total)) in pairs.into_iter().enumerate() {
            if groups.insert(group, total).is_some() {
                return Err(Invalid::new("group", format!("at index {index}"), Rule::Repeated));
            }
        }
        Ok(Self { groups })
    }
}

impl<K, T> From<GroupedTotals<K, T>> for Vec<(K, T)> {
    fn from(totals: GroupedTotals<K, T>) -> Self {
        totals.groups.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(minor: i64, currency: Currency) -> Money {
        Money::from_minor(minor, currency)
    }

    #[test]
    fn groups_come_in_the_order_of_their_keys() {
        let counts = GroupedTotals::<_, u64>::of([("South", 1), ("North", 1), ("South", 1)]).unwrap();
        assert_eq!(counts.iter().collect::<Vec<_>>(), [(&"North", &1), (&"South", &2)]);
        assert_eq!((counts.len(), counts.total().unwrap(), counts.get(&"West")), (2, 3, None));
        assert_eq!(GroupedTotals::<(), u64>::new().total().unwrap(), 0);
    }

    #[test]
    fn mon_1_currencies_stay_apart() {
        let mut totals = GroupedTotals::<_, MoneyTotals>::new();
        for (minor, currency) in [(100, Currency::USD), (7, Currency::JPY), (-30, Currency::USD)] {
            totals.push("desk", money(minor, currency)).unwrap();
        }
        let sums = totals.total().unwrap();
        assert_eq!(sums.iter().collect::<Vec<_>>(), [money(7, Currency::JPY), money(70, Currency::USD)]);
    }

    #[test]
    fn a_refused_part_or_merge_changes_nothing() {
        let mut totals = GroupedTotals::<_, MoneyTotals>::of([
            ("a", money(1, Currency::EUR)),
            ("b", money(i64::MAX, Currency::EUR)),
        ])
        .unwrap();
        let before = totals.clone();
        assert_eq!(totals.push("b", money(1, Currency::EUR)).unwrap_err().rule(), &Rule::Overflow);
        assert_eq!(totals.merge(&before).unwrap_err().rule(), &Rule::Overflow);
        assert_eq!(totals.total().unwrap_err().rule(), &Rule::Overflow);
        assert_eq!(totals, before);
        let mut count = u64::MAX;
        assert_eq!(count.add(1).unwrap_err().to_string(), "count must fit 64 bits, got 18446744073709551615 and 1");
    }

    #[test]
    fn a_group_or_currency_written_twice_is_refused() {
        assert!(serde_json::from_str::<GroupedTotals<String, u64>>(r#"[["a",1],["b",2]]"#).is_ok());
        assert!(serde_json::from_str::<GroupedTotals<String, u64>>(r#"[["a",1],["a",2]]"#).is_err());
        let twice = r#"[{"amount":"1.00","currency":"EUR"},{"amount":"1.00","currency":"EUR"}]"#;
        assert!(serde_json::from_str::<MoneyTotals>(twice).is_err());
    }

    fn parts() -> impl Strategy<Value = Vec<(u8, Money)>> {
        let currency = prop::sample::select(vec![Currency::EUR, Currency::USD, Currency::JPY]);
        let amount = (-(1_i64 << 50)..1 << 50, currency).prop_map(|(minor, currency)| money(minor, currency));
        prop::collection::vec((0_u8..5, amount), 0..30)
    }

    proptest! {
        #[test]
        fn merging_equals_pushing_everything(first in parts(), second in parts()) {
            let mut merged = GroupedTotals::<u8, MoneyTotals>::of(first.clone()).unwrap();
            merged.merge(&GroupedTotals::of(second.clone()).unwrap()).unwrap();
            let together = GroupedTotals::of([first, second].concat()).unwrap();
            prop_assert_eq!(&merged, &together);
            let json = serde_json::to_string(&merged).unwrap();
            prop_assert_eq!(serde_json::from_str::<GroupedTotals<u8, MoneyTotals>>(&json).unwrap(), merged);
        }

        #[test]
        fn the_total_is_the_sum_of_all_parts(parts in parts()) {
            let total = GroupedTotals::<u8, MoneyTotals>::of(parts.clone()).unwrap().total().unwrap();
            for currency in [Currency::EUR, Currency::USD, Currency::JPY] {
                let ours = parts.iter().filter(|part| part.1.currency() == currency);
                prop_assert_eq!(total.in_currency(currency).minor(), ours.map(|part| part.1.minor()).sum::<i64>());
            }
        }
    }
}
