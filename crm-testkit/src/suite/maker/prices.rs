//! Products, their prices, promotions and rates of exchange.

use crm_core::{
    Aggregation, Currency, Discount, ExchangeRate, Money, NewExchangeRate, NewPriceList, NewPriceRule, NewProduct,
    NewPromotion, NewRedemption, PriceBase, PriceChanges, PriceFormula, PriceList, PriceListPatch, PriceTarget,
    PriceTiers, Pricing, Product, Promotion, PromotionPatch, Rate, Redemption, RedemptionParts, Rounding, TierPrice,
    UnitPrice, Window,
};

use super::{CATEGORIES, Maker, NAMES, day, id, text, valid};

impl Maker {
    pub(super) fn product(&mut self, n: u32) -> Product {
        let price = self.price(Currency::EUR);
        let mut new = NewProduct::new(self.number("LAMP", n), self.dice.one_text(NAMES), price);
        if self.dice.yes() {
            new = new.category(self.dice.one_text(CATEGORIES));
        }
        if self.dice.yes() {
            new = new.cost(self.price(Currency::JPY));
        }
        new.variant_of = self.relative(n);
        let mut product = Product::add(id(n), self.at(), new);
        product.active = self.dice.yes();
        product
    }

    fn window(&mut self) -> Window {
        let (from, until) = (day(self.dice.below(5)), day(5 + self.dice.below(5)));
        valid(Window::new(self.dice.yes().then_some(from), self.dice.yes().then_some(until)))
    }

    fn target(&mut self) -> PriceTarget {
        match self.dice.below(3) {
            0 => PriceTarget::All,
            1 => PriceTarget::Category(self.dice.one_text(CATEGORIES)),
            _ => PriceTarget::Product(self.slot()),
        }
    }

    pub(super) fn price_list(&mut self, n: u32) -> PriceList {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY]);
        let mut new = NewPriceList::new(self.dice.one_text(NAMES), currency).valid(self.window());
        new.external_id = self.external(n);
        for _ in 0..self.dice.below(5) {
            let rule = self.price_rule(n, currency);
            new = new.rule(rule);
        }
        let mut list = valid(PriceList::add(id(n), self.at(), new));
        if self.dice.yes() {
            let at = self.at();
            list.update(at, PriceListPatch { active: Some(false), ..PriceListPatch::default() });
        }
        if list.rules().len() > 1 && self.dice.yes() {
            // Numbers with a gap, as after a rule was taken out.
            let (at, rule) = (self.at(), self.price_rule(n, currency));
            valid(list.reprice(at, PriceChanges::new().remove(1).rule(rule)));
        }
        list
    }

    fn price_rule(&mut self, n: u32, currency: Currency) -> NewPriceRule {
        let base = match (self.dice.below(3), self.relative(n)) {
            (0, Some(list)) => PriceBase::List(list),
            (1, _) => PriceBase::Cost,
            _ => PriceBase::ListPrice,
        };
        let (price, discount) = (self.price(currency), self.dice.one_text(&["0", "12.5", "-20"]));
        let pricing = match self.dice.below(4) {
            0 => Pricing::Fixed(price),
            1 => Pricing::Formula(PriceFormula::of(base, discount)),
            2 => {
                let multiple = valid(UnitPrice::from_millionths(50_000, currency));
                let formula = PriceFormula::of(base, discount).to_multiple(multiple, Rounding::HalfUp);
                let margin = self.money(currency);
                Pricing::Formula(
                    formula.surcharge(Money::from_minor(-1, currency)).min_margin(margin).max_margin(margin),
                )
            }
            _ => {
                let tiers =
                    if self.dice.yes() { PriceTiers::slab() } else { PriceTiers::range_over(Aggregation::Group) };
                let tiers = tiers.base(base).tier(1.into(), Some(11.into()), TierPrice::Discount(discount));
                Pricing::Tiers(if self.dice.yes() {
                    tiers.tier(11.into(), None, TierPrice::Price(price))
                } else {
                    tiers
                })
            }
        };
        let rule = NewPriceRule::new(self.target(), pricing).valid(self.window());
        if self.dice.yes() { rule.from_quantity(text("2.5")) } else { rule }
    }

    pub(super) fn promotion(&mut self, n: u32) -> Promotion {
        let benefit = match self.dice.yes() {
            true => Discount::Percent(text("7.5")),
            false => Discount::Amount(self.money(Currency::EUR)),
        };
        let mut new = NewPromotion::new(self.dice.one_text(NAMES), benefit).target(self.target()).valid(self.window());
        if self.dice.yes() {
            new = new.coupon(self.number("CODE", n));
        }
        if self.dice.yes() {
            new = new.min_amount(self.money(Currency::EUR)).limit(3);
        }
        if self.dice.yes() {
            new = new.limit_per_customer(2);
        }
        let mut promotion = valid(Promotion::add(id(n), self.at(), new));
        for use_number in 0..self.dice.below(3) {
            let (at, amount, on) = (self.at(), self.money(Currency::EUR), promotion.valid().from().unwrap_or(day(4)));
            let by = NewRedemption::by(id(1), amount).day(on);
            valid(promotion.redeem(at, &valid(Redemption::make(id(use_number), at, id(n), by)), 0));
        }
        if self.dice.yes() {
            let at = self.at();
            valid(promotion.update(at, PromotionPatch { active: Some(false), ..PromotionPatch::default() }));
        }
        promotion
    }

    pub(super) fn redemption(&mut self, n: u32) -> Redemption {
        let (promotion, customer, amount) = (self.slot(), self.slot(), self.money(Currency::KWD));
        let mut new = NewRedemption::by(customer, amount).day(self.day());
        if self.clashing {
            new.order = self.maybe_slot();
        }
        let made = RedemptionParts::from(valid(Redemption::make(id(n), self.at(), promotion, new)));
        let on_lines = made.order.is_some() && n.is_multiple_of(2);
        valid(RedemptionParts { on_lines, ..made }.try_into())
    }

    pub(super) fn exchange_rate(&mut self, n: u32) -> ExchangeRate {
        let from = self.dice.one(&[Currency::EUR, Currency::USD]);
        let to = self.dice.one(&[Currency::JPY, Currency::KWD]);
        let rate = valid(Rate::from_ten_billionths(i64::from(1 + self.dice.below(1_000_000)) * 362_319));
        let new = NewExchangeRate::new(from, to, self.day(), rate, self.dice.one_text(&["ECB", "treasurer"]));
        valid(ExchangeRate::add(id(n), self.at(), new))
    }
}
