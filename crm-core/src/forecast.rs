//! Forecasts: what a period is expected to bring, by category and up the tree of the reps.
//!
//! A [`Forecast`] is made from figures and adjustments and keeps nothing; [`ForecastAdjustment`] and [`ForecastSnapshot`] are records. [`PipelineMovement`] tells what led from one
//! forecast to the next.

mod adjustment;
mod movement;
mod snapshot;
mod totals;

use std::collections::{BTreeMap, btree_map::Entry};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

pub use self::{
    adjustment::{ForecastAdjustment, ForecastAdjustmentFact, NewForecastAdjustment},
    movement::{PipelineFlow, PipelineMovement, PipelineScope},
    snapshot::{ForecastSnapshot, ForecastSnapshotFact, NewForecastSnapshot},
    totals::{CategoryTotal, ForecastTotals, RollUp},
};
use crate::{
    exchange_rate::{DatedRate, Exchange, RateError},
    figures::ForecastFigure,
    id::{ForecastAdjustmentId, SalesRepId},
    invalid::{Invalid, Rule},
    money::{Currency, Money},
    pipeline::ForecastCategory,
    time::Period,
};

/// What a period is expected to bring, in one currency (FC-1 to FC-5).
///
/// A deal belongs to the period in which it is expected to close, or closed (FC-2), to one category (FC-3), and to its rep. A rep's numbers roll up to their manager, in the tree as it is
/// now (FC-5).
///
/// ```
/// use crm_core::{Currency, Deals, Exchange, Forecast, ForecastCategory, ForecastFigure, Money, Percent, Period};
/// use crm_core::{RateError, RatePolicy, RecordId, RollUp, SalesRepId};
/// # let [maya, lin] = [1, 2].map(|bits| SalesRepId::from_uuid(uuid::Uuid::from_u128(bits)));
/// let eur = |amount| Money::parse(amount, Currency::EUR);
/// let figure = |rep, category, value, weighted| ForecastFigure {
///     day: "2026-03-01".parse().ok(),
///     rep: Some(rep),
///     category,
///     currency: Some(Currency::EUR),
///     deals: Deals { count: 1, value: Some(value) },
///     weighted: Some(weighted),
/// };
/// let figures = [
///     figure(lin, ForecastCategory::Closed, eur("500.00")?, eur("0.00")?),
///     figure(lin, ForecastCategory::Commit, eur("300.00")?, eur("270.00")?),
///     figure(maya, ForecastCategory::Pipeline, eur("900.00")?, eur("90.00")?),
/// ];
/// let march = Period::month(2026, 3)?;
/// let exchange = Exchange::to(Currency::EUR, RatePolicy::Current, "2026-03-10".parse()?);
/// // Lin reports to Maya.
/// let team = [(maya, None), (lin, Some(maya))];
/// let no_rate = |from| Err(RateError::NotPinned { from, to: Currency::EUR });
/// let forecast = Forecast::new(march, exchange, team, figures, &[], no_rate)?;
/// assert_eq!(forecast.total(RollUp::Commit)?.to_string(), "800.00 EUR");
/// assert_eq!(forecast.rep(maya).map(|rep| rep.number(RollUp::Commit).to_string()), Some("800.00 EUR".into()));
/// assert_eq!(forecast.totals()?.weighted()?.to_string(), "360.00 EUR");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Forecast {
    /// The days in which the deals close.
    pub period: Period,
    /// The currency, and how amounts in others were brought into it.
    pub exchange: Exchange,
    /// The rates by which that was done, one a currency (MON-3).
    pub rates: Vec<DatedRate>,
    /// Each rep of the team, by id.
    #[serde(deserialize_with = "by_id")]
    pub reps: Vec<RepForecast>,
    /// The deals of nobody.
    pub nobody: ForecastTotals,
    /// How many open deals are in no period, since nobody said when they are expected to close.
    pub undated: u64,
    /// The adjustments of the period that do not count any more, since their author is no longer the manager of that rep.
    pub lapsed: Vec<ForecastAdjustmentId>,
}

/// Reads the reps of a forecast, which are looked for by their order.
fn by_id<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<RepForecast>, D::Error> {
    let reps = Vec::<RepForecast>::deserialize(input)?;
    match reps.windows(2).find(|pair| pair[0].rep >= pair[1].rep) {
        Some(pair) => {
            let must = "must come by id, each once";
            Err(D::Error::custom(Invalid::new("reps", pair[1].rep.to_string(), Rule::Inconsistent { must })))
        }
        None => Ok(reps),
    }
}

/// The forecast of one rep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RepForecast {
    /// The rep.
    pub rep: SalesRepId,
    /// Whom they report to.
    pub manager: Option<SalesRepId>,
    /// Their own deals.
    pub own: ForecastTotals,
    /// Their own deals and those of everybody who reports to them, over whomever, as if nobody had adjusted anything.
    pub team: ForecastTotals,
    /// Each roll-up of their own deals and of those who report to them.
    pub numbers: BTreeMap<RollUp, ForecastNumber>,
}

/// One roll-up of a rep, with what was said in its place (FC-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ForecastNumber {
    /// Their own deals, and the number of each rep who reports to them, adjusted where it was.
    pub computed: Money,
    /// What the rep says in its place.
    pub by_owner: Option<AdjustedNumber>,
    /// What their manager says in its place, whatever the rep says.
    pub by_manager: Option<AdjustedNumber>,
}

/// An adjustment as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustedNumber {
    /// The adjustment.
    pub adjustment: ForecastAdjustmentId,
    /// Who says so.
    pub author: SalesRepId,
    /// The number that it replaced when they said so, in the currency of the forecast.
    pub original: Money,
    /// What they say, in the currency of the forecast.
    pub amount: Money,
}

impl ForecastNumber {
    /// What the rep answers for: their own adjustment, or else what is computed.
    pub fn of_owner(&self) -> Money {
        self.by_owner.map_or(self.computed, |adjusted| adjusted.amount)
    }

    /// What goes into the number of their manager: that one's adjustment, or else what the rep answers for.
    pub fn number(&self) -> Money {
        self.by_manager.map_or_else(|| self.of_owner(), |adjusted| adjusted.amount)
    }
}

impl RepForecast {
    /// The number that counts for a roll-up.
    pub fn number(&self, roll_up: RollUp) -> Money {
        self.numbers.get(&roll_up).map_or_else(|| Money::zero(self.own.currency()), ForecastNumber::number)
    }
}

impl Forecast {
    /// The forecast of a period from its figures: all that have their day in it, of days or of whole months, and those without a day, which are only counted.
    ///
    /// `team` has each rep and their manager. Figures of others count as those of nobody. Adjustments of other periods are passed over: what is said of a month says nothing of its quarter.
    /// `rate` is asked for the rate of each other currency that is needed, once; what a rep has in one category and one currency is converted as one sum, so that it is rounded once.
    ///
    /// # Errors
    ///
    /// What `rate` says; [`RateError`] as [`Exchange::by`]; [`RateError::Invalid`] with [`Rule::Overflow`], or where reps report to themselves in a circle.
    pub fn new<E: From<RateError>>(
        period: Period,
        exchange: Exchange,
        team: impl IntoIterator<Item = (SalesRepId, Option<SalesRepId>)>,
        figures: impl IntoIterator<Item = ForecastFigure>,
        adjustments: &[ForecastAdjustment],
        mut rate: impl FnMut(Currency) -> Result<DatedRate, E>,
    ) -> Result<Self, E> {
        let managers: BTreeMap<SalesRepId, Option<SalesRepId>> = team.into_iter().collect();
        let mut rates = BTreeMap::new();
        let mut into = |amount: Money| {
            let known = match rates.entry(amount.currency()) {
                _ if amount.currency() == exchange.to => None,
                Entry::Occupied(known) => Some(&*known.into_mut()),
                Entry::Vacant(new) => Some(&*new.insert(rate(amount.currency())?)),
            };
            Ok::<_, E>(exchange.by(amount, known)?.to)
        };
        let (dated, without_day): (Vec<_>, Vec<_>) = figures.into_iter().partition(|figure| figure.day.is_some());
        let undated = without_day.iter().map(|figure| figure.deals.count).sum();
        let own = own_totals(&managers, dated, exchange.to, &mut into)?;
        let mut said = BTreeMap::new();
        let mut lapsed = Vec::new();
        for one in adjustments.iter().filter(|one| one.period == period) {
            let manager = managers.get(&one.rep).copied().flatten();
            if one.is_by_owner() || manager == Some(one.author) {
                let (original, amount) = (into(one.original)?, into(one.amount)?);
                let adjusted = AdjustedNumber { adjustment: one.id, author: one.author, original, amount };
                said.insert((one.rep, one.roll_up, one.is_by_owner()), adjusted);
            } else {
                lapsed.push(one.id);
            }
        }
        let nobody = own.get(&None).copied().unwrap_or(ForecastTotals::zero(exchange.to));
        let reps = roll_up(&managers, &own, &said, exchange.to).map_err(RateError::from)?;
        Ok(Self { period, exchange, reps, nobody, undated, rates: rates.into_values().collect(), lapsed })
    }

    /// The forecast of a rep.
    pub fn rep(&self, rep: SalesRepId) -> Option<&RepForecast> {
        self.reps.binary_search_by_key(&rep, |one| one.rep).ok().map(|place| &self.reps[place])
    }

    /// The number of the whole team: those of the reps who report to nobody in it, and the deals of nobody.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn total(&self, roll_up: RollUp) -> Result<Money, Invalid> {
        let tops = self.reps.iter().filter(|one| one.manager.is_none_or(|manager| self.rep(manager).is_none()));
        let numbers = tops.map(|one| one.number(roll_up)).chain([self.nobody.roll_up(roll_up)?]);
        Money::sum(numbers, self.exchange.to)
    }

    /// All deals by category, as if nobody had adjusted anything.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`].
    pub fn totals(&self) -> Result<ForecastTotals, Invalid> {
        self.reps.iter().try_fold(self.nobody, |sum, one| sum.plus(&one.own))
    }
}

/// What each rep of the team has of their own, and what nobody has.
fn own_totals<E: From<RateError>>(
    team: &BTreeMap<SalesRepId, Option<SalesRepId>>,
    figures: impl IntoIterator<Item = ForecastFigure>,
    currency: Currency,
    into: &mut impl FnMut(Money) -> Result<Money, E>,
) -> Result<BTreeMap<Option<SalesRepId>, ForecastTotals>, E> {
    // First in the currencies that they are in: the sum is converted, not its parts.
    let mut sums = BTreeMap::<(Option<SalesRepId>, ForecastCategory, Option<Currency>), CategoryTotal>::new();
    for figure in figures {
        let ForecastFigure { day: _, rep, category, currency: own, deals, weighted } = figure;
        let rep = rep.filter(|rep| team.contains_key(rep));
        let zero = Money::zero(own.unwrap_or(currency));
        let one = CategoryTotal {
            deals: deals.count,
            without_value: if own.is_none() { deals.count } else { 0 },
            amount: deals.value.unwrap_or(zero),
            weighted: weighted.unwrap_or(zero),
        };
        let sum = sums.entry((rep, category, own)).or_insert(CategoryTotal::zero(zero.currency()));
        *sum = sum.plus(&one).map_err(RateError::from)?;
    }
    let mut totals = BTreeMap::new();
    for ((rep, category, _), sum) in sums {
        let sum = CategoryTotal { amount: into(sum.amount)?, weighted: into(sum.weighted)?, ..sum };
        let of_rep = totals.entry(rep).or_insert(ForecastTotals::zero(currency));
        let of_category = of_rep.of_mut(category);
        *of_category = of_category.plus(&sum).map_err(RateError::from)?;
    }
    Ok(totals)
}

type Said = BTreeMap<(SalesRepId, RollUp, bool), AdjustedNumber>;

/// Each rep with their numbers, by id; computed from those who report to nobody below them upwards.
fn roll_up(
    managers: &BTreeMap<SalesRepId, Option<SalesRepId>>,
    own: &BTreeMap<Option<SalesRepId>, ForecastTotals>,
    said: &Said,
    currency: Currency,
) -> Result<Vec<RepForecast>, Invalid> {
    let manager_of = |rep: SalesRepId| managers.get(&rep).copied().flatten().filter(|one| managers.contains_key(one));
    let (none, zero) = (ForecastTotals::zero(currency), Money::zero(currency));
    let mut to_come = BTreeMap::<SalesRepId, usize>::new();
    for manager in managers.keys().filter_map(|rep| manager_of(*rep)) {
        *to_come.entry(manager).or_default() += 1;
    }
    let mut ready: Vec<SalesRepId> = managers.keys().filter(|rep| !to_come.contains_key(rep)).copied().collect();
    // What the reports of each manager have, as far as they are done.
    let mut teams = BTreeMap::<SalesRepId, ForecastTotals>::new();
    let mut reports = BTreeMap::<(SalesRepId, RollUp), Money>::new();
    let mut done = BTreeMap::new();
    while let Some(rep) = ready.pop() {
        let manager = manager_of(rep);
        let own = own.get(&Some(rep)).copied().unwrap_or(none);
        let team = teams.remove(&rep).unwrap_or(none).plus(&own)?;
        let mut numbers = BTreeMap::new();
        for roll_up in RollUp::ALL {
            let number = ForecastNumber {
                computed: own.roll_up(roll_up)?.checked_add(reports.remove(&(rep, roll_up)).unwrap_or(zero))?,
                by_owner: said.get(&(rep, roll_up, true)).copied(),
                by_manager: said.get(&(rep, roll_up, false)).copied(),
            };
            if let Some(manager) = manager {
                let sum = reports.entry((manager, roll_up)).or_insert(zero);
                *sum = sum.checked_add(number.number())?;
            }
            numbers.insert(roll_up, number);
        }
        done.insert(rep, RepForecast { rep, manager: managers.get(&rep).copied().flatten(), own, team, numbers });
        if let Some(manager) = manager {
            let sum = teams.entry(manager).or_insert(none);
            *sum = sum.plus(&team)?;
            let left = to_come.entry(manager).or_default();
            *left -= 1;
            if *left == 0 {
                ready.push(manager);
            }
        }
    }
    match managers.keys().find(|rep| !done.contains_key(rep)) {
        Some(rep) => {
            let must = "must not report to themselves, over whomever";
            Err(Invalid::new("manager", rep.to_string(), Rule::Inconsistent { must }))
        }
        None => Ok(done.into_values().collect()),
    }
}

#[cfg(test)]
mod tests;
