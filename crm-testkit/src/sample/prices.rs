//! Price lists, promotions and their uses.

use crm_core::{
    Aggregation, Currency, CustomerId, Discount, Money, NewPriceList, NewPriceRule, NewPromotion, NewRedemption,
    Percent, PriceBase, PriceFormula, PriceList, PriceTarget, PriceTiers, Pricing, ProductId, Promotion, PromotionId,
    Redemption, Rounding, TierPrice, UnitPrice, Window,
};

use super::{currency, external_id, price, random::Random, valid};

/// A price list in a currency of two, no or three decimals, with a rule of each kind: for some products, for a category, for everything.
pub fn price_list(seed: u64, products: &[ProductId]) -> PriceList {
    let mut random = Random::new(seed, "price list");
    let (at, currency) = (random.instant(), currency(seed));
    let name = *random.one_of(&["Retail", "Wholesale", "批发价", "Händler", "Staff"]);
    let mut new = NewPriceList::new(valid(name.parse()), currency);
    if random.percent(50) {
        new = new.external_id(external_id("prices", seed));
    }
    if random.percent(30) {
        new = new.valid(Window::from_day((at - chrono::TimeDelta::days(30)).date_naive()));
    }
    for product in products {
        let fixed = NewPriceRule::new(PriceTarget::Product(*product), Pricing::Fixed(price(&mut random, currency)));
        let from = random.below(20);
        new = new.rule(fixed.from_quantity(from.into()));
    }
    let off = |percent| TierPrice::Discount(Percent::whole(percent));
    let tiers = if random.percent(50) { PriceTiers::slab() } else { PriceTiers::range_over(Aggregation::Quote) };
    let tiers = tiers.tier(1.into(), Some(11.into()), off(0)).tier(11.into(), None, off(5));
    let category = PriceTarget::Category(random.label(&["Lamps", "Bulbs", "配件"]));
    let whole = valid(UnitPrice::from_millionths(1_000_000, currency));
    let formula = PriceFormula::of(PriceBase::ListPrice, Percent::whole(10)).to_multiple(whole, Rounding::HalfUp);
    new = new.rule(NewPriceRule::new(category, Pricing::Tiers(tiers)));
    new = new.rule(NewPriceRule::new(PriceTarget::All, Pricing::Formula(formula)));
    valid(PriceList::add(random.id(at), at, new))
}

/// A promotion: from every second seed a coupon, from every third for one product.
pub fn promotion(seed: u64, product: ProductId) -> Promotion {
    let mut random = Random::new(seed, "promotion");
    let at = random.instant();
    let benefit = if random.percent(50) {
        Discount::Percent(*random.one_of(&[Percent::whole(5), Percent::whole(20), Percent::HUNDRED]))
    } else {
        Discount::Amount(Money::from_minor(i64::from(100 + random.below(5_000)), Currency::EUR))
    };
    let mut new = NewPromotion::new(valid(random.one_of(&["Spring", "春节", "Schlussverkauf"]).parse()), benefit);
    if seed.is_multiple_of(2) {
        new = new.coupon(valid(format!("SAVE-{seed}").parse())).limit(1_000).limit_per_customer(2);
    }
    if seed.is_multiple_of(3) {
        new = new.target(PriceTarget::Product(product));
    }
    valid(Promotion::add(random.id(at), at, new))
}

/// A use of a promotion by a customer.
pub fn redemption(seed: u64, promotion: PromotionId, customer: CustomerId) -> Redemption {
    let mut random = Random::new(seed, "redemption");
    let at = random.instant();
    let amount = Money::from_minor(i64::from(1 + random.below(5_000)), currency(seed));
    valid(Redemption::make(random.id(at), at, promotion, NewRedemption::by(customer, amount)))
}
