//! What things cost, by which rule and why, and coupons that many want at once.

use std::thread;

use crm::{
    Crm, Currency, Discount, DiscountLimit, DiscountedLine, Error, LeastAmount, MinMargin, Money, NewPriceList,
    NewPriceRule, NewPromotion, NewRedemption, Percent, PriceBase, PriceError, PriceFormula, PriceTarget, PriceTiers,
    Pricing, ProductPatch, PromotedLine, PromotionError, Rounding, TierPrice, UnitPrice, Window,
    sales::{self, PriceLine, SalesError},
    store::{PromotionFilter, Promotions, RedemptionFilter, Redemptions, Search, Store},
};

use crate::stage::{alice, day, eur, facts, lamp, on_every_store, person};

on_every_store! {
    a_lamp_is_priced_by_the_list_of_a_reseller_and_says_why
    a_coupon_is_used_no_more_often_than_its_limit_by_sixteen_at_once
    a_discount_beyond_the_limit_of_its_seller_is_told_with_its_margin
}

fn a_lamp_is_priced_by_the_list_of_a_reseller_and_says_why<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let lamp = lamp(crm)?;
    let price = |text| UnitPrice::parse(text, Currency::EUR);
    let sorted = ProductPatch { category: Some(Some("Lamps / Desk lamps".parse()?)), ..ProductPatch::default() };
    alice(crm, |tx, act| sales::update_product(tx, act, lamp.id, sorted))?;
    let off = |percent| TierPrice::Discount(Percent::whole(percent));
    let tiers = PriceTiers::slab().tier(1.into(), Some(11.into()), off(0)).tier(11.into(), None, off(10));
    let spring = Window::new(Some(day("2026-03-01")?), Some(day("2026-04-01")?))?;
    let retail = NewPriceList::new("Retail".parse()?, Currency::EUR)
        .rule(NewPriceRule::new(PriceTarget::Product(lamp.id), Pricing::Fixed(price("45.00")?)).valid(spring))
        .rule(NewPriceRule::new(PriceTarget::Category("Lamps".parse()?), Pricing::Tiers(tiers)));
    let retail = alice(crm, |tx, act| sales::add_price_list(tx, act, retail))?;
    let formula = PriceFormula::of(PriceBase::List(retail.id), Percent::whole(12));
    let formula = formula.to_multiple(price("0.50")?, Rounding::HalfUp).surcharge(eur("-0.01")?);
    let resale = NewPriceList::new("Resale".parse()?, Currency::EUR)
        .rule(NewPriceRule::new(PriceTarget::All, Pricing::Formula(formula)));
    let resale = alice(crm, |tx, act| sales::add_price_list(tx, act, resale))?;

    let cost = |on: &str, quantity: u32| -> Result<_, Error> {
        let on = day(on)?;
        crm.read(|tx| {
            let book = sales::price_book(tx, resale.id, on, [])?;
            Ok(sales::price_lines(tx, &book, resale.id, &[PriceLine::new(lamp.id, quantity)])?.remove(0))
        })
    };
    // In spring the lamp has a price of its own: 45.00 less 12 % is 39.60, to 39.50, less a cent.
    assert_eq!(cost("2026-03-31", 12)?.amount(), eur("473.88")?);
    let why: Vec<String> = cost("2026-03-31", 12)?.explain().iter().map(ToString::to_string).collect();
    let expected = [
        format!("rule 1 of {} is for everything", resale.id),
        format!("rule 1 of {} is for {}", retail.id, lamp.id),
        "the price is 45.00 EUR".into(),
        format!("the price by {} is 45.00 EUR", retail.id),
        "less 12 % is 39.60 EUR".into(),
        "to a multiple of 0.50 EUR it is 39.50 EUR".into(),
        "with a surcharge of -0.01 EUR it is 39.49 EUR".into(),
    ];
    assert_eq!(why, expected);
    // After it, each unit takes its tier of the category: ten from 49.90, two from 44.91.
    let portions: Vec<String> = cost("2026-04-01", 12)?
        .portions()
        .iter()
        .map(|portion| format!("{} at {}", portion.quantity, portion.unit_price))
        .collect();
    assert_eq!(portions, ["10 at 43.99 EUR", "2 at 39.49 EUR"]);

    let missing = alice(crm, |tx, _| {
        let dollars = NewPriceList::new("Dollars".parse()?, Currency::USD);
        let act = &mut crm.act("alice")?;
        let dollars = sales::add_price_list(tx, act, dollars)?;
        let book = sales::price_book(tx, dollars.id, act.day(), [])?;
        Ok::<_, Error>(sales::price_lines(tx, &book, dollars.id, &[PriceLine::new(lamp.id, 1)])?)
    });
    let Err(Error::Sales(SalesError::LinePrice { number: 1, error: PriceError::NoRate { from, to, .. }, .. })) =
        missing
    else {
        panic!("a price without a rate: {missing:?}");
    };
    assert_eq!((from, to), (Currency::EUR, Currency::USD));
    let found = crm.read(|tx| Ok(tx.search(&crm::SearchQuery::parse("resale")?, crm::store::Page::first(9))?))?;
    assert_eq!(found.iter().map(|hit| hit.record).collect::<Vec<_>>(), [resale.id.into()]);
    Ok(())
}

fn a_coupon_is_used_no_more_often_than_its_limit_by_sixteen_at_once<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let offer = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10)));
    let offer = alice(crm, |tx, act| {
        sales::add_promotion(tx, act, offer.coupon("SPRING".parse()?).limit(10).limit_per_customer(3))
    })?;
    let lamp = lamp(crm)?;
    let off = offer.taken_off(&[PromotedLine { product: &lamp, amount: eur("99.80")? }]).map_err(SalesError::from)?;
    assert_eq!(off, [eur("9.98")?]);
    let customers: Vec<_> = (0..16).map(|_| person(crm, "张三")).collect::<Result<_, _>>()?;
    let outcomes: Vec<Result<_, Error>> = thread::scope(|scope| {
        let use_it = |customer| {
            let new = NewRedemption::by(customer, off[0]);
            alice(crm, |tx, act| sales::redeem_promotion(tx, act, offer.id, new))
        };
        let users: Vec<_> = customers.iter().map(|customer| scope.spawn(move || use_it(customer.id))).collect();
        users.into_iter().filter_map(|user| user.join().ok()).collect()
    });
    let used = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes.iter().filter(|outcome| {
        let past =
            |error: &SalesError| matches!(error, SalesError::Promotion(PromotionError::UsedUp { limit: 10, .. }));
        matches!(outcome, Err(Error::Sales(error)) if past(error))
    });
    assert_eq!((used, refused.count()), (10, 6), "{outcomes:?}");
    crm.read(|tx| {
        let of = RedemptionFilter { promotion: Some(offer.id), ..RedemptionFilter::default() };
        assert_eq!(tx.count_redemptions(&of)?, 10);
        assert_eq!(tx.promotion(offer.id)?.map(|offer| (offer.used(), offer.left())), Some((10, Some(0))));
        let coupons = PromotionFilter { coupon: Some(true), ..PromotionFilter::default() };
        assert_eq!(tx.count_promotions(&coupons)?, 1);
        Ok::<_, Error>(())
    })?;
    // Who was refused left nothing behind.
    assert_eq!(facts(crm, offer.id)?.len(), 11);
    Ok(())
}

fn a_discount_beyond_the_limit_of_its_seller_is_told_with_its_margin<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let cost = UnitPrice::parse("30.00", Currency::EUR)?;
    let known = ProductPatch { cost: Some(Some(cost)), ..ProductPatch::default() };
    let bare = lamp(crm)?;
    let lamp = alice(crm, |tx, act| sales::update_product(tx, act, bare.id, known))?;
    let limit = DiscountLimit::up_to(Percent::whole(10))?.min_margin(MinMargin::OfCost(Percent::whole(25)))?;
    let line = |amount: &str| -> Result<_, Error> {
        let (quantity, list_price, amount) = (2.into(), lamp.list_price, eur(amount)?);
        let price = UnitPrice::try_from(Money::from_minor(amount.minor() / 2, amount.currency()))?;
        let (net_price, net, cost) = (price, amount, lamp.cost);
        Ok(DiscountedLine { number: 1, quantity, list_price, price, net_price, cost, amount, net })
    };
    let known = |least| Ok::<_, Error>(LeastAmount::Known(eur(least)?));
    assert!(limit.beyond(&[line("89.82")?])?.is_empty());
    let beyond = limit.beyond(&[line("74.00")?])?;
    let told: Vec<_> = beyond.iter().map(|one| (one.least, one.margin)).collect();
    assert_eq!(told, [(known("89.82")?, Some(eur("14.00")?)), (known("75.00")?, Some(eur("14.00")?))]);
    Ok(())
}
