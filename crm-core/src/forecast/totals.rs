//! What the deals of a forecast come to, by category, and the roll-ups of categories.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    invalid::Invalid,
    money::{Currency, Money},
    pipeline::ForecastCategory,
};

/// Some categories of a forecast taken together, as they are looked at (FC-4).
///
/// ```
/// use crm_core::{ForecastCategory, RollUp};
///
/// assert!(RollUp::Commit.covers(ForecastCategory::Closed));
/// assert!(!RollUp::Commit.covers(ForecastCategory::BestCase));
/// assert!(!RollUp::OpenPipeline.covers(ForecastCategory::Closed));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollUp {
    /// What was sold.
    Closed,
    /// Closed and commit: what is promised for the period.
    Commit,
    /// That and most likely.
    MostLikely,
    /// That and best case.
    BestCase,
    /// All that is open and not omitted, without what was sold.
    OpenPipeline,
}

impl RollUp {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Closed, Self::Commit, Self::MostLikely, Self::BestCase, Self::OpenPipeline];

    /// Whether the deals of a category are in it.
    pub fn covers(self, category: ForecastCategory) -> bool {
        use ForecastCategory::{BestCase, Closed, Commit, MostLikely, Omitted, Pipeline};
        match category {
            Omitted => false,
            Pipeline => self == Self::OpenPipeline,
            BestCase => matches!(self, Self::BestCase | Self::OpenPipeline),
            MostLikely => matches!(self, Self::MostLikely | Self::BestCase | Self::OpenPipeline),
            Commit => self != Self::Closed,
            Closed => self != Self::OpenPipeline,
        }
    }
}

impl fmt::Display for RollUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "closed",
            Self::Commit => "commit",
            Self::MostLikely => "most likely",
            Self::BestCase => "best case",
            Self::OpenPipeline => "open pipeline",
        })
    }
}

/// The deals of one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryTotal {
    /// How many.
    pub deals: u64,
    /// How many of them have no value, and so count for nothing in the sums.
    pub without_value: u64,
    /// The sum of their values.
    pub amount: Money,
    /// The sum of value times probability of the open ones (FC-1).
    pub weighted: Money,
}

impl CategoryTotal {
    /// No deals.
    pub(super) const fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self { deals: 0, without_value: 0, amount: zero, weighted: zero }
    }

    pub(super) fn plus(&self, other: &Self) -> Result<Self, Invalid> {
        Ok(Self {
            deals: self.deals + other.deals,
            without_value: self.without_value + other.without_value,
            amount: self.amount.checked_add(other.amount)?,
            weighted: self.weighted.checked_add(other.weighted)?,
        })
    }
}

/// Deals by category, each in exactly one (FC-4), in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastTotals {
    /// Left out, the lost ones among them.
    pub omitted: CategoryTotal,
    /// Being worked.
    pub pipeline: CategoryTotal,
    /// What comes if all goes well.
    pub best_case: CategoryTotal,
    /// What comes, as it looks.
    pub most_likely: CategoryTotal,
    /// What is promised.
    pub commit: CategoryTotal,
    /// What was sold.
    pub closed: CategoryTotal,
}

impl ForecastTotals {
    /// No deals.
    pub const fn zero(currency: Currency) -> Self {
        let zero = CategoryTotal::zero(currency);
        Self { omitted: zero, pipeline: zero, best_case: zero, most_likely: zero, commit: zero, closed: zero }
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.closed.amount.currency()
    }

    /// Each category with its deals, from omitted to closed.
    pub const fn by_category(&self) -> [(ForecastCategory, CategoryTotal); 6] {
        [
            (ForecastCategory::Omitted, self.omitted),
            (ForecastCategory::Pipeline, self.pipeline),
            (ForecastCategory::BestCase, self.best_case),
            (ForecastCategory::MostLikely, self.most_likely),
            (ForecastCategory::Commit, self.commit),
            (ForecastCategory::Closed, self.closed),
        ]
    }

    pub(super) const fn of_mut(&mut self, category: ForecastCategory) -> &mut CategoryTotal {
        match category {
            ForecastCategory::Omitted => &mut self.omitted,
            ForecastCategory::Pipeline => &mut self.pipeline,
            ForecastCategory::BestCase => &mut self.best_case,
            ForecastCategory::MostLikely => &mut self.most_likely,
            ForecastCategory::Commit => &mut self.commit,
            ForecastCategory::Closed => &mut self.closed,
        }
    }

    /// What the categories of a roll-up come to (FC-4).
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow).
    pub fn roll_up(&self, roll_up: RollUp) -> Result<Money, Invalid> {
        let covered = self.by_category().into_iter().filter(|(category, _)| roll_up.covers(*category));
        Money::sum(covered.map(|(_, total)| total.amount), self.currency())
    }

    /// The weighted open pipeline (FC-1): what is omitted is not in it.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crate::Rule::Overflow).
    pub fn weighted(&self) -> Result<Money, Invalid> {
        let open = self.by_category().into_iter().filter(|(category, _)| RollUp::OpenPipeline.covers(*category));
        Money::sum(open.map(|(_, total)| total.weighted), self.currency())
    }

    /// Two together.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`](crate::Rule::CurrencyMismatch), [`Rule::Overflow`](crate::Rule::Overflow).
    pub fn plus(&self, other: &Self) -> Result<Self, Invalid> {
        Ok(Self {
            omitted: self.omitted.plus(&other.omitted)?,
            pipeline: self.pipeline.plus(&other.pipeline)?,
            best_case: self.best_case.plus(&other.best_case)?,
            most_likely: self.most_likely.plus(&other.most_likely)?,
            commit: self.commit.plus(&other.commit)?,
            closed: self.closed.plus(&other.closed)?,
        })
    }
}
