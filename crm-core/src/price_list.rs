//! Price lists: what is charged for what, from when to when, from how many on.

mod rule;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use self::rule::within;
pub use self::rule::{
    Aggregation, NewPriceRule, PriceBase, PriceFormula, PriceMultiple, PriceRule, PriceTarget, PriceTier, PriceTiers,
    Pricing, TierMode, TierPrice,
};
use crate::{
    id::{PriceListId, ProductId},
    invalid::{Invalid, Rule},
    money::Currency,
    patch::patched,
    record::{Revision, guarded},
    text::{ExternalId, Name},
    window::Window,
};

guarded! {
    /// A set of price rules in one currency, with the days on which it holds. A [`PriceBook`](crate::PriceBook) finds prices by it.
    ///
    /// A rule has a number that it keeps and that no other rule of the list gets after it: the higher number is the newer rule. A rule may be priced after another list, never after its
    /// own; that no longer circle comes about is checked by the operations of `crm-sales`, and by the book again.
    PriceList(PriceListId), PriceListParts as "PriceListParts" {
        /// The name.
        borrow name: Name,
        /// Its id in another system; unique among price lists.
        maybe external_id: ExternalId,
        /// The currency of its prices.
        copy currency: Currency,
        /// The days on which it can be used.
        copy valid: Window,
        /// Whether it is in use.
        copy active: bool,
        /// The rules, by number.
        list rules: PriceRule,
        /// The number of the next rule.
        copy next_rule: u32,
    }
}

/// Why something was not done to a price list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceListError {
    /// The list has no rule of that number.
    #[error("{list} has no rule {rule}")]
    NoSuchRule {
        /// The list.
        list: PriceListId,
        /// The number that was asked.
        rule: u32,
    },
    /// A rule breaks a rule of its own.
    #[error("rule {rule} of {list}: {invalid}")]
    Rule {
        /// The list.
        list: PriceListId,
        /// The number that the rule has or would get.
        rule: u32,
        /// What is wrong with it.
        invalid: Invalid,
    },
    /// A value that the list has or would get breaks a rule.
    #[error("{list}: {invalid}")]
    Value {
        /// The list.
        list: PriceListId,
        /// The value and the rule.
        invalid: Invalid,
    },
}

/// What a price list is added with.
///
/// ```
/// use crm_core::{Currency, NewPriceList, NewPriceRule, Percent, PriceFormula, PriceTarget, Pricing, UnitPrice};
///
/// let fair = UnitPrice::parse("39.90", Currency::EUR)?;
/// let new = NewPriceList::new("Resellers".parse()?, Currency::EUR)
///     .rule(NewPriceRule::new(PriceTarget::All, Pricing::Formula(PriceFormula::list_less(Percent::whole(10)))))
///     .rule(NewPriceRule::new(PriceTarget::Category("Lamps".parse()?), Pricing::Fixed(fair)).from_quantity(10.into()));
/// assert_eq!(new.rules.len(), 2);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewPriceList {
    /// The host's own id; made from the act where there is none.
    pub id: Option<PriceListId>,
    /// The name.
    pub name: Name,
    /// Its id in another system; unique among price lists.
    pub external_id: Option<ExternalId>,
    /// The currency of its prices.
    pub currency: Currency,
    /// The days on which it can be used.
    pub valid: Window,
    /// The rules; they are numbered from 1 in this order.
    pub rules: Vec<NewPriceRule>,
}

impl NewPriceList {
    /// A list without rules: by it everything costs its list price.
    pub fn new(name: Name, currency: Currency) -> Self {
        Self { id: None, name, external_id: None, currency, valid: Window::ALWAYS, rules: Vec::new() }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: PriceListId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// Only on these days.
    #[must_use]
    pub fn valid(mut self, days: impl Into<Window>) -> Self {
        self.valid = days.into();
        self
    }

    /// With one more rule.
    #[must_use]
    pub fn rule(mut self, rule: NewPriceRule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// What is to change on a price list beside its rules. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PriceListPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// The name.
    pub name: Option<Name>,
    /// Its id in another system; unique among price lists.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Option<ExternalId>>,
    /// The days on which it can be used.
    pub valid: Option<Window>,
    /// Whether it is in use.
    pub active: Option<bool>,
}

/// What is to change in the rules of a price list.
///
/// ```
/// use crm_core::{Currency, NewPriceRule, PriceChanges, PriceTarget, Pricing, UnitPrice};
///
/// let price = UnitPrice::parse("39.90", Currency::EUR)?;
/// let changes = PriceChanges::new().remove(2).rule(NewPriceRule::new(PriceTarget::All, Pricing::Fixed(price)));
/// assert_eq!((changes.remove.len(), changes.add.len()), (1, 1));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PriceChanges {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// The numbers of the rules that go. A rule is changed by its removal and a new one, which is then the newest.
    pub remove: Vec<u32>,
    /// New rules; they get the next numbers, in this order.
    pub add: Vec<NewPriceRule>,
}

impl PriceChanges {
    /// Nothing is to change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only over this revision.
    #[must_use]
    pub fn expecting(mut self, revision: Revision) -> Self {
        self.expected = Some(revision);
        self
    }

    /// Without a rule.
    #[must_use]
    pub fn remove(mut self, rule: u32) -> Self {
        self.remove.push(rule);
        self
    }

    /// With one more rule.
    #[must_use]
    pub fn rule(mut self, rule: NewPriceRule) -> Self {
        self.add.push(rule);
        self
    }
}

/// What a price list says of itself, beside its rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceListTerms {
    /// The name.
    pub name: Name,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The days on which it can be used.
    pub valid: Window,
    /// Whether it is in use.
    pub active: bool,
}

/// What happened to a price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PriceListFact {
    /// It was added.
    Added {
        /// As it was then.
        prices: Box<PriceList>,
    },
    /// What it says of itself changed. The rules are left out: a list may have many thousand.
    Updated {
        /// As it was.
        before: PriceListTerms,
        /// As it is.
        after: PriceListTerms,
    },
    /// Rules came and went.
    Repriced {
        /// Those that went.
        removed: Vec<PriceRule>,
        /// Those that came.
        added: Vec<PriceRule>,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        prices: Box<PriceList>,
    },
}

impl PriceList {
    /// Most rules of one list.
    pub const RULES: usize = 100_000;

    /// A new one, in use.
    ///
    /// # Errors
    ///
    /// [`PriceListError::Rule`] names the first rule that is refused: [`Rule::CurrencyMismatch`], [`Rule::Circle`] where it is priced after this list,
    /// [`Rule::OutOfRange`] discount, [`Rule::NotPositive`] multiple, [`Rule::Inconsistent`] margins, and for tiers [`Rule::Empty`],
    /// [`Rule::EndsBeforeStart`], [`Rule::Gap`], [`Rule::Overlap`] and what [`PriceTiers`] says. [`PriceListError::Value`]: [`Rule::TooMany`] rules.
    pub fn add(id: PriceListId, at: DateTime<Utc>, new: NewPriceList) -> Result<Self, PriceListError> {
        let NewPriceList { id: _, name, external_id, currency, valid, rules } = new;
        let mut list = Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            name,
            external_id,
            currency,
            valid,
            active: true,
            rules: Vec::new(),
            next_rule: 1,
        };
        list.extend(rules)?;
        Ok(list)
    }

    /// Puts new rules behind those that are there.
    fn extend(&mut self, rules: Vec<NewPriceRule>) -> Result<(), PriceListError> {
        let list = self.id;
        let refused = |invalid| PriceListError::Value { list, invalid };
        many(self.rules.len().saturating_add(rules.len())).map_err(refused)?;
        for NewPriceRule { target, min_quantity, valid, pricing } in rules {
            let number = self.next_rule;
            let rule = PriceRule { number, target, min_quantity, valid, pricing };
            self.check_rule(&rule).map_err(|invalid| PriceListError::Rule { list, rule: number, invalid })?;
            let overflow = || refused(Invalid::new("rules", number.to_string(), Rule::Overflow));
            self.next_rule = number.checked_add(1).ok_or_else(overflow)?;
            self.rules.push(rule);
        }
        Ok(())
    }

    fn check_rule(&self, rule: &PriceRule) -> Result<(), Invalid> {
        rule.check(self.currency)?;
        match rule.pricing.base_list() {
            Some(base) if base == self.id => Err(Invalid::new("base", base.to_string(), Rule::Circle)),
            _ => Ok(()),
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        many(self.rules.len())?;
        if !self.rules.is_sorted_by(|one, next| one.number < next.number) {
            let must = "must stand in the order of their numbers";
            return Err(Invalid::new("rules", "", Rule::Inconsistent { must }));
        }
        if self.rules.last().is_some_and(|last| last.number >= self.next_rule) {
            let must = "must be above the number of every rule";
            return Err(Invalid::new("next rule", self.next_rule.to_string(), Rule::Inconsistent { must }));
        }
        self.rules.iter().try_for_each(|rule| self.check_rule(rule))
    }

    /// What it says of itself, beside its rules.
    pub fn terms(&self) -> PriceListTerms {
        let Self { name, external_id, valid, active, .. } = self;
        PriceListTerms { name: name.clone(), external_id: external_id.clone(), valid: *valid, active: *active }
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    pub fn update(&mut self, at: DateTime<Utc>, patch: PriceListPatch) -> Option<PriceListFact> {
        let before = self.terms();
        patched!(self, patch: PriceListPatch { name, external_id, valid, active });
        let after = self.terms();
        if after == before {
            return None;
        }
        self.updated_at = at;
        Some(PriceListFact::Updated { before, after })
    }

    /// Takes rules out and puts new ones in, all of it or nothing. `None` where there is nothing to do.
    ///
    /// # Errors
    ///
    /// [`PriceListError::NoSuchRule`] for a rule that is to go and is not there; as [`PriceList::add`] for those that come.
    pub fn reprice(
        &mut self,
        at: DateTime<Utc>,
        changes: PriceChanges,
    ) -> Result<Option<PriceListFact>, PriceListError> {
        let PriceChanges { expected: _, remove, add } = changes;
        if remove.is_empty() && add.is_empty() {
            return Ok(None);
        }
        let mut gone = BTreeSet::new();
        for rule in remove {
            let there = self.rules.binary_search_by_key(&rule, |one| one.number).is_ok();
            if !there || !gone.insert(rule) {
                return Err(PriceListError::NoSuchRule { list: self.id, rule });
            }
        }
        let mut after = self.clone();
        let (removed, kept) = after.rules.into_iter().partition(|rule| gone.contains(&rule.number));
        after.rules = kept;
        let kept = after.rules.len();
        after.extend(add)?;
        after.updated_at = at;
        *self = after;
        Ok(Some(PriceListFact::Repriced { removed, added: self.rules[kept..].to_vec() }))
    }

    /// The rule with a number.
    pub fn rule(&self, number: u32) -> Option<&PriceRule> {
        self.rules.binary_search_by_key(&number, |rule| rule.number).ok().map(|place| &self.rules[place])
    }

    /// The lists after which some of its rules are priced, each once.
    pub fn bases(&self) -> BTreeSet<PriceListId> {
        self.rules.iter().filter_map(|rule| rule.pricing.base_list()).collect()
    }

    /// The products that its rules name, each once.
    pub fn products(&self) -> BTreeSet<ProductId> {
        self.rules.iter().filter_map(|rule| rule.target.product()).collect()
    }
}

fn many(rules: usize) -> Result<(), Invalid> {
    if rules <= PriceList::RULES {
        return Ok(());
    }
    Err(Invalid::new("rules", rules.to_string(), Rule::TooMany { limit: PriceList::RULES }))
}

#[cfg(test)]
mod tests;
