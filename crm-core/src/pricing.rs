//! The price of a product: which rule of which list makes it, and by which steps.

mod error;
mod explained;
mod steps;

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize, Serializer};

use self::steps::Line;
pub use self::{
    error::PriceError,
    explained::{PriceReason, RulePassedOver, Specificity},
    steps::StepPrice,
};
use crate::{
    decimal::{Percent, Quantity, UnitPrice},
    exchange_rate::DatedRate,
    id::{PriceListId, ProductId},
    invalid::{Invalid, Rule},
    money::{Currency, Money, Rounding},
    price_list::{
        Aggregation, PriceBase, PriceList, PriceRule, PriceTarget, PriceTiers, Pricing, TierMode, TierPrice, within,
    },
    product::Product,
    text::Label,
};

/// What is to be priced: so many of a product.
#[derive(Clone, Copy, Debug)]
pub struct PriceRequest<'a> {
    /// The product.
    pub product: &'a Product,
    /// How many, more than zero.
    pub quantity: Quantity,
    /// The group of lines that it stands in, for ranges that count a group together.
    pub group: Option<&'a Label>,
}

impl<'a> PriceRequest<'a> {
    /// So many of a product, in no group.
    pub const fn new(product: &'a Product, quantity: Quantity) -> Self {
        Self { product, quantity, group: None }
    }

    /// In a group of lines.
    #[must_use]
    pub const fn group(mut self, group: &'a Label) -> Self {
        self.group = Some(group);
        self
    }
}

/// So many units at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portion {
    /// How many.
    pub quantity: Quantity,
    /// The price of one.
    pub unit_price: UnitPrice,
}

/// A price, with the steps that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    portions: Vec<Portion>,
    rule: Option<(PriceListId, u32)>,
    amount: Money,
    reasons: Vec<PriceReason>,
}

impl Price {
    /// The quantity by what a unit of it costs: one portion, or several where units take tiers of their own. Each portion is a line of its own on a document, so that
    /// all amounts stay exact.
    pub fn portions(&self) -> &[Portion] {
        &self.portions
    }

    /// The price of one unit, where all units cost the same.
    pub fn unit_price(&self) -> Option<UnitPrice> {
        match self.portions.as_slice() {
            [only] => Some(only.unit_price),
            _ => None,
        }
    }

    /// What it comes to, before any further discount: the portions, each rounded half up as a line is.
    pub const fn amount(&self) -> Money {
        self.amount
    }

    /// The rule that made it: the list and the number. `None` where the list has none that applies.
    pub const fn rule(&self) -> Option<(PriceListId, u32)> {
        self.rule
    }

    /// Why it is what it is, step by step. Each step is a value, and a sentence by `Display`. The rules that did not apply are in [`PriceBook::passed_over`].
    pub fn explain(&self) -> &[PriceReason] {
        &self.reasons
    }
}

/// Price lists as they hold on one day, with an index over their rules: a price looks at the rules that may apply, however many there are.
///
/// Of the rules that apply to a line one is chosen, and no other one adds to it (PRC-1): the most specific (a variant, its product, its category or one that lies around it, everything),
/// then the one with the highest quantity to begin at, then the newest. Where none applies, the price is the list price of the product.
///
/// ```
/// use crm_core::{Act, Currency, NewPriceList, NewPriceRule, NewProduct, Percent, PriceBook, PriceFormula, PriceList, PriceRequest};
/// use crm_core::{PriceTarget, Pricing, Product, UnitPrice};
/// # use chrono::{TimeZone, Utc};
/// # let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
/// # let mut act = Act::new(at, "alice".parse()?, [7; 10]);
///
/// let eur = |price| UnitPrice::parse(price, Currency::EUR);
/// let lamp = NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, eur("49.90")?).category("Lamps".parse()?);
/// let lamp = Product::add(act.new_id(), at, lamp);
/// let resellers = NewPriceList::new("Resellers".parse()?, Currency::EUR)
///     .rule(NewPriceRule::new(PriceTarget::All, Pricing::Formula(PriceFormula::list_less(Percent::whole(10)))))
///     .rule(NewPriceRule::new(PriceTarget::Product(lamp.id), Pricing::Fixed(eur("39.90")?)).from_quantity(10.into()));
/// let resellers = PriceList::add(act.new_id(), at, resellers)?;
/// let id = resellers.id;
///
/// let book = PriceBook::on(act.day(), [resellers], [])?;
/// let price = book.price(id, PriceRequest::new(&lamp, 3.into()))?;
/// assert_eq!(price.amount().to_string(), "134.73 EUR");
/// let why: Vec<String> = price.explain().iter().map(ToString::to_string).collect();
/// assert_eq!(why[1..], ["the list price is 49.90 EUR", "less 10 % is 44.91 EUR"]);
///
/// let price = book.price(id, PriceRequest::new(&lamp, 10.into()))?;
/// assert_eq!(price.rule(), Some((id, 2)));
/// assert_eq!(price.amount().to_string(), "399.00 EUR");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PriceBook {
    day: NaiveDate,
    lists: BTreeMap<PriceListId, Indexed>,
    rates: BTreeMap<(Currency, Currency), DatedRate>,
}

impl Serialize for PriceBook {
    /// As what decides its prices, so that one that may give others is told from it: what lists are called, when they were written and their rules of other days do not.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lists = self.lists.iter().map(|(id, indexed)| {
            let (list, usable) = (&indexed.list, indexed.list.active() && indexed.list.valid().contains(self.day));
            let rules = list.rules().iter().filter(|rule| usable && rule.valid.contains(self.day));
            (id, list.currency(), usable, rules.collect::<Vec<_>>())
        });
        let rates = self.rates.iter().map(|((from, to), rate)| (from, to, rate.rate));
        (self.day, lists.collect::<Vec<_>>(), rates.collect::<Vec<_>>()).serialize(serializer)
    }
}

/// A list with the rules of the day by what they are for; each group has the highest quantity first, then the newest rule.
#[derive(Clone, Debug)]
struct Indexed {
    list: PriceList,
    all: Vec<usize>,
    categories: HashMap<String, Vec<usize>>,
    products: HashMap<ProductId, Vec<usize>>,
    /// Whether a range counts lines together.
    together: bool,
}

impl Indexed {
    fn new(list: PriceList, day: NaiveDate) -> Self {
        let mut places: Vec<usize> = (0..list.rules().len()).collect();
        places.retain(|place| list.rules()[*place].valid.contains(day));
        places.sort_unstable_by_key(|place| std::cmp::Reverse(rank(&list.rules()[*place])));
        let (mut all, mut categories, mut products) =
            (Vec::new(), HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        let mut together = false;
        for place in places {
            let rule = &list.rules()[place];
            together |= counts_together(rule);
            match &rule.target {
                PriceTarget::All => all.push(place),
                PriceTarget::Category(category) => {
                    categories.entry(category.as_str().to_owned()).or_default().push(place);
                }
                PriceTarget::Product(product) => products.entry(*product).or_default().push(place),
            }
        }
        Self { list, all, categories, products, together }
    }

    /// The rule that applies to a line, and how specific it is.
    fn choose(&self, request: PriceRequest<'_>, counted: &Counted<'_>) -> Option<(Specificity, &PriceRule)> {
        let PriceRequest { product, quantity, .. } = request;
        let first = |group: &Vec<usize>| {
            // Those that begin at a higher quantity stand before.
            let first = group.partition_point(|place| self.list.rules()[*place].min_quantity > quantity);
            let mut rules = group[first..].iter().map(|place| &self.list.rules()[*place]);
            rules.find(|rule| has_tier(rule, request, counted))
        };
        let of = |id: ProductId| self.products.get(&id).and_then(first);
        let of_category = || {
            let names = product.category.iter().flat_map(|category| within(category.as_str()));
            names.filter_map(|name| self.categories.get(name).and_then(first)).max_by_key(|rule| rank(rule))
        };
        let variant = product.variant_of.and_then(|_| of(product.id)).map(|rule| (Specificity::Variant, rule));
        variant
            .or_else(|| Some((Specificity::Product, of(product.variant_of.unwrap_or(product.id))?)))
            .or_else(|| Some((Specificity::Category, of_category()?)))
            .or_else(|| Some((Specificity::All, first(&self.all)?)))
    }
}

/// What comes first of rules that are as specific as each other.
const fn rank(rule: &PriceRule) -> (Quantity, u32) {
    (rule.min_quantity, rule.number)
}

/// Whether the quantity of a line has a tier, where the rule has tiers.
fn has_tier(rule: &PriceRule, request: PriceRequest<'_>, counted: &Counted<'_>) -> bool {
    match &rule.pricing {
        Pricing::Tiers(tiers) => tiers.has(counted.for_tiers(tiers, request)),
        Pricing::Fixed(_) | Pricing::Formula(_) => true,
    }
}

/// Whether a rule looks at other lines of the document too.
fn counts_together(rule: &PriceRule) -> bool {
    let Pricing::Tiers(tiers) = &rule.pricing else { return false };
    matches!(tiers.mode, TierMode::Range { counted: Aggregation::Group | Aggregation::Quote })
}

/// The quantities of the lines of a document, as ranges count them together.
#[derive(Default)]
struct Counted<'a> {
    quote: HashMap<ProductId, Quantity>,
    groups: HashMap<(&'a Label, ProductId), Quantity>,
}

impl<'a> Counted<'a> {
    /// Those of lines that each have a quantity; nothing is counted where no range asks for it.
    fn of<'r>(requests: impl IntoIterator<Item = &'r PriceRequest<'a>>, together: bool) -> Result<Self, Invalid>
    where
        'a: 'r,
    {
        let mut counted = Self::default();
        for PriceRequest { product, quantity, group } in requests {
            quantity.positive()?;
            if !together {
                continue;
            }
            let sum = counted.quote.entry(product.id).or_default();
            *sum = sum.checked_add(*quantity)?;
            if let Some(group) = group {
                let sum = counted.groups.entry((group, product.id)).or_default();
                *sum = sum.checked_add(*quantity)?;
            }
        }
        Ok(counted)
    }

    /// The quantity that finds the tier of a line.
    fn for_tiers(&self, tiers: &PriceTiers, request: PriceRequest<'_>) -> Quantity {
        let PriceRequest { product, quantity, group } = request;
        let sum = match tiers.mode {
            TierMode::Slab | TierMode::Range { counted: Aggregation::Line } => None,
            TierMode::Range { counted: Aggregation::Group } => {
                group.and_then(|group| self.groups.get(&(group, product.id)))
            }
            TierMode::Range { counted: Aggregation::Quote } => self.quote.get(&product.id),
        };
        sum.copied().unwrap_or(quantity)
    }
}

impl PriceBook {
    /// Most lists in a row of which each is priced after the next.
    pub const DEPTH: usize = 32;

    /// The lists as they hold on a day, with the rates of that day: of two rates between the same currencies the newest one that is not after the day (MON-2).
    ///
    /// All lists that others are priced after must be among them. Costs what the lists have rules; many lines are best priced by one book.
    ///
    /// # Errors
    ///
    /// [`PriceError::NoList`], [`PriceError::Circle`], [`PriceError::TooDeep`].
    pub fn on(
        day: NaiveDate,
        lists: impl IntoIterator<Item = PriceList>,
        rates: impl IntoIterator<Item = DatedRate>,
    ) -> Result<Self, PriceError> {
        let lists: BTreeMap<_, _> = lists.into_iter().map(|list| (list.id, Indexed::new(list, day))).collect();
        let mut newest: BTreeMap<(Currency, Currency), DatedRate> = BTreeMap::new();
        for rate in rates.into_iter().filter(|rate| rate.day <= day) {
            let pair = (rate.from, rate.to);
            if newest.get(&pair).is_none_or(|known| known.day <= rate.day) {
                newest.insert(pair, rate);
            }
        }
        let book = Self { day, lists, rates: newest };
        let mut known = BTreeMap::new();
        for list in book.lists.keys() {
            book.depth(*list, &mut Vec::new(), &mut known)?;
        }
        Ok(book)
    }

    /// How many lists a list is priced after, one after the other.
    fn depth(
        &self,
        list: PriceListId,
        path: &mut Vec<PriceListId>,
        known: &mut BTreeMap<PriceListId, usize>,
    ) -> Result<usize, PriceError> {
        if let Some(start) = path.iter().position(|before| *before == list) {
            return Err(PriceError::Circle { lists: path[start..].to_vec() });
        }
        if let Some(depth) = known.get(&list) {
            return Ok(*depth);
        }
        path.push(list);
        if path.len() > Self::DEPTH + 1 {
            return Err(PriceError::TooDeep { list: path[0], limit: Self::DEPTH });
        }
        let mut depth = 0;
        for base in self.list(list)?.list.bases() {
            depth = depth.max(1 + self.depth(base, path, known)?);
        }
        path.pop();
        if depth > Self::DEPTH {
            return Err(PriceError::TooDeep { list, limit: Self::DEPTH });
        }
        known.insert(list, depth);
        Ok(depth)
    }

    fn list(&self, list: PriceListId) -> Result<&Indexed, PriceError> {
        self.lists.get(&list).ok_or(PriceError::NoList { list })
    }

    fn together(&self) -> bool {
        self.lists.values().any(|indexed| indexed.together)
    }

    /// The day that it is for.
    pub const fn day(&self) -> NaiveDate {
        self.day
    }

    /// The price of one line by itself.
    ///
    /// # Errors
    ///
    /// [`PriceError`], each variant.
    pub fn price(&self, list: PriceListId, request: PriceRequest<'_>) -> Result<Price, PriceError> {
        let counted = Counted::of(&[request], self.together())?;
        self.priced(list, request, &counted)
    }

    /// The prices of the lines of one document, in their order. Ranges that count lines together count these.
    ///
    /// # Errors
    ///
    /// [`PriceError`] of the first line that has no price, with its place from 0.
    pub fn prices(&self, list: PriceListId, requests: &[PriceRequest<'_>]) -> Result<Vec<Price>, (usize, PriceError)> {
        self.prices_with(list, requests, &[])
    }

    /// The prices of new lines of a document, in their order. Ranges that count lines together count the others of the document too, which have their prices.
    ///
    /// # Errors
    ///
    /// As [`PriceBook::prices`].
    pub fn prices_with(
        &self,
        list: PriceListId,
        requests: &[PriceRequest<'_>],
        others: &[PriceRequest<'_>],
    ) -> Result<Vec<Price>, (usize, PriceError)> {
        let counted = Counted::of(requests.iter().chain(others), self.together()).map_err(|invalid| {
            let zero = requests.iter().position(|request| request.quantity == Quantity::ZERO);
            (zero.unwrap_or(requests.len().saturating_sub(1)), invalid.into())
        })?;
        let priced = |(place, request): (usize, &PriceRequest<'_>)| {
            self.priced(list, *request, &counted).map_err(|error| (place, error))
        };
        requests.iter().enumerate().map(priced).collect()
    }

    fn priced(&self, list: PriceListId, request: PriceRequest<'_>, counted: &Counted<'_>) -> Result<Price, PriceError> {
        let mut reasons = Vec::new();
        let (rule, portions) = self.by_list(list, request, counted, &mut reasons, Self::DEPTH)?;
        let currency = self.list(list)?.list.currency();
        let amount = portions.iter().try_fold(Money::zero(currency), |sum, portion| {
            sum.checked_add(portion.unit_price.amount(portion.quantity, Percent::ZERO, Rounding::HalfUp)?)
        })?;
        Ok(Price { portions, rule: rule.map(|rule| (list, rule)), amount, reasons })
    }

    /// The rule of a list that applies and what it makes of a line, in the currency of the list.
    fn by_list(
        &self,
        id: PriceListId,
        request: PriceRequest<'_>,
        counted: &Counted<'_>,
        reasons: &mut Vec<PriceReason>,
        depth: usize,
    ) -> Result<(Option<u32>, Vec<Portion>), PriceError> {
        let indexed = self.list(id)?;
        let (list, currency) = (&indexed.list, indexed.list.currency());
        if !list.active() {
            return Err(PriceError::Inactive { list: id });
        }
        if !list.valid().contains(self.day) {
            return Err(PriceError::NotValid { list: id, valid: list.valid(), day: self.day });
        }
        let quantity = request.quantity;
        let Some((specificity, rule)) = indexed.choose(request, counted) else {
            reasons.push(PriceReason::NoRule { list: id });
            let price = request.product.list_price;
            reasons.push(PriceReason::Base { base: PriceBase::ListPrice, price });
            let unit_price = self.converted(price, currency, reasons)?;
            return Ok((None, vec![Portion { quantity, unit_price }]));
        };
        let (number, min_quantity) = (rule.number, rule.min_quantity);
        reasons.push(PriceReason::ByRule {
            list: id,
            rule: number,
            specificity,
            target: rule.target.clone(),
            min_quantity,
        });
        let line = Line { product: request.product.id, list: id, rule: number, currency };
        let portions = match &rule.pricing {
            Pricing::Fixed(price) => {
                reasons.push(PriceReason::Fixed { price: *price });
                vec![Portion { quantity, unit_price: *price }]
            }
            Pricing::Formula(formula) => {
                let base = self.base(formula.base, line, request, counted, reasons, depth)?;
                let made = |portion: Portion| {
                    let unit_price = line.formula(formula, portion.unit_price, reasons)?;
                    Ok(Portion { unit_price, ..portion })
                };
                base.into_iter().map(made).collect::<Result<_, PriceError>>()?
            }
            Pricing::Tiers(tiers) => {
                let counted_for = counted.for_tiers(tiers, request);
                let parts = tiers.split(quantity, counted_for);
                // The base is looked for where a tier in use takes something off it: others can do without.
                let base = match parts.iter().all(|(_, tier)| matches!(tier.price, TierPrice::Price(_))) {
                    true => Vec::new(),
                    false => self.base(tiers.base, line, request, counted, reasons, depth)?,
                };
                line.tiers(tiers.mode, parts, &base, counted_for, reasons)?
            }
        };
        Ok((Some(number), portions))
    }

    /// What a rule begins with, in the currency of its list.
    fn base(
        &self,
        base: PriceBase,
        line: Line,
        request: PriceRequest<'_>,
        counted: &Counted<'_>,
        reasons: &mut Vec<PriceReason>,
        depth: usize,
    ) -> Result<Vec<Portion>, PriceError> {
        let Line { product, list, rule, currency } = line;
        let whole = |price| vec![Portion { quantity: request.quantity, unit_price: price }];
        let portions = match base {
            PriceBase::ListPrice => whole(request.product.list_price),
            PriceBase::Cost => whole(request.product.cost.ok_or(PriceError::NoCost { product, list, rule })?),
            PriceBase::List(other) => {
                let deeper = depth.checked_sub(1).ok_or(PriceError::TooDeep { list, limit: Self::DEPTH })?;
                self.by_list(other, request, counted, reasons, deeper)?.1
            }
        };
        let converted = |Portion { quantity, unit_price }| {
            reasons.push(PriceReason::Base { base, price: unit_price });
            Ok(Portion { quantity, unit_price: self.converted(unit_price, currency, reasons)? })
        };
        portions.into_iter().map(converted).collect()
    }

    /// A price in another currency, at the rate of the day, rounded half up to the six decimals of a price.
    fn converted(
        &self,
        price: UnitPrice,
        to: Currency,
        reasons: &mut Vec<PriceReason>,
    ) -> Result<UnitPrice, PriceError> {
        let from = price.currency();
        if from == to {
            return Ok(price);
        }
        let rate = self.rates.get(&(from, to)).ok_or(PriceError::NoRate { from, to, day: self.day })?;
        let overflow = || Invalid::new("price", format!("{price} at {}", rate.rate), Rule::Overflow);
        let wide = i128::from(price.millionths()).checked_mul(rate.rate.to_decimal().mantissa());
        let (wide, unit) = wide.zip(10_i128.checked_pow(rate.rate.to_decimal().scale())).ok_or_else(overflow)?;
        let millionths = i64::try_from(Rounding::HalfUp.divide(wide, unit)).map_err(|_| overflow())?;
        let converted = UnitPrice::from_millionths(millionths, to)?;
        reasons.push(PriceReason::Converted { rate: rate.clone(), price: converted });
        Ok(converted)
    }

    /// The rules of a list that are for the product of a line and would have come before the one that made its price, each with why it does not apply. It looks at every
    /// rule of the list, those of other days too. `others` are the other lines of the document, as far as ranges count them together with this one.
    ///
    /// # Errors
    ///
    /// [`PriceError::NoList`], [`PriceError::Invalid`] for a quantity of zero.
    pub fn passed_over(
        &self,
        list: PriceListId,
        request: PriceRequest<'_>,
        others: &[PriceRequest<'_>],
    ) -> Result<Vec<RulePassedOver>, PriceError> {
        let indexed = self.list(list)?;
        let counted = Counted::of([request].iter().chain(others), indexed.together)?;
        let chosen = indexed.choose(request, &counted).map(|(_, rule)| rule);
        let place = |rule: &PriceRule| (Specificity::of(&rule.target, request.product), rank(rule));
        let before = indexed.list.rules().iter().filter(|rule| {
            rule.target.covers(request.product) && chosen.is_none_or(|chosen| place(rule) > place(chosen))
        });
        let mut passed: Vec<&PriceRule> = before.collect();
        passed.sort_unstable_by_key(|rule| std::cmp::Reverse(place(rule)));
        Ok(passed.into_iter().map(|rule| RulePassedOver::new(rule, self.day, request.quantity)).collect())
    }
}

#[cfg(test)]
mod tests;
