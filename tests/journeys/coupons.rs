//! Coupons on orders: what they take off, how often, and what gives them back.

use std::thread;

use crm::{
    Crm, Currency, Discount, Error, NewOrder, NewOrderLine, NewProduct, NewPromotion, Order, OrderError, Percent,
    PriceTarget, PromotionError, Tax, TaxRounding, Taxation, Terms, UnitPrice,
    sales::{self, OrderAmendment, SalesError},
    store::{Orders, Promotions, RedemptionFilter, Redemptions, Store},
};

use crate::stage::{alice, day, eur, everything, facts, lamp, on_every_store, person};

on_every_store! {
    mon_5_a_coupon_over_all_of_an_order_leaves_exactly_nothing
    prc_6_promotions_take_their_part_one_after_the_other_and_the_discount_on_the_order_follows
    a_coupon_is_applied_no_more_often_than_its_limit_by_sixteen_at_once
}

fn vat(rate: u16) -> Result<Tax, Error> {
    Ok(Tax::new("VAT".parse()?, Percent::whole(rate))?)
}

/// odoo PR#271032: twice 11.50 with 15 % on it, and a coupon of 100 %.
fn mon_5_a_coupon_over_all_of_an_order_leaves_exactly_nothing<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let zhang = person(crm, "张三")?;
    let price = UnitPrice::parse("11.50", Currency::EUR)?;
    let cushion = NewProduct::new("CUSHION-1".parse()?, "Cushion".parse()?, price);
    let cushion = alice(crm, |tx, act| sales::add_product(tx, act, cushion))?;
    let free = NewPromotion::new("Free".parse()?, Discount::Percent(Percent::HUNDRED)).coupon("FREE".parse()?);
    alice(crm, |tx, act| sales::add_promotion(tx, act, free))?;
    let (code, nothing) = ("free".parse()?, eur("0.00")?);
    for rounding in [TaxRounding::PerLine, TaxRounding::PerTaxGroup, TaxRounding::Global] {
        for (taxation, total) in [(Taxation::net(rounding), "26.45"), (Taxation::gross(rounding), "23.00")] {
            for lines in [vec![2_u32], vec![1, 1]] {
                let mut new = NewOrder::for_customer(zhang.id, Currency::EUR).terms(taxation.into());
                for many in lines {
                    new = new.line_with(NewOrderLine::new(cushion.id, many.into()).tax(vat(15)?));
                }
                let draft = alice(crm, |tx, act| sales::draft_order(tx, act, new))?;
                if rounding != TaxRounding::PerLine || draft.lines().len() == 1 {
                    assert_eq!(draft.total(), eur(total)?);
                }
                let (order, used) = alice(crm, |tx, act| sales::apply_coupon(tx, act, draft.id, &code, act.day()))?;
                assert_eq!((order.net(), order.total(), used.amount()), (nothing, nothing, eur("23.00")?));
                assert!(order.totals()?.lines().iter().all(|line| line.tax.is_zero() && line.net.is_zero()));
                let order = alice(crm, |tx, act| sales::confirm_order(tx, act, order.id))?;
                assert_eq!((order.owed(), crm.read(|tx| Ok(tx.order(order.id)?))?), (nothing, Some(order)));
            }
        }
    }
    Ok(())
}

fn prc_6_promotions_take_their_part_one_after_the_other_and_the_discount_on_the_order_follows<S: Store>(
    crm: &Crm<S>,
) -> Result<(), Error> {
    let (zhang, lamp, on) = (person(crm, "张三")?, lamp(crm)?, day("2026-03-02")?);
    let book = NewProduct::new("BOOK-1".parse()?, "Book".parse()?, UnitPrice::parse("20.00", Currency::EUR)?);
    let book = alice(crm, |tx, act| sales::add_product(tx, act, book))?;
    let ten_euro = NewPromotion::new("Lamps".parse()?, Discount::Amount(eur("10.00")?));
    let ten_euro = ten_euro.target(PriceTarget::Product(lamp.id)).limit(1);
    let ten_percent = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10)));
    let (ten_euro, ten_percent) = alice(crm, |tx, act| {
        Ok::<_, SalesError>((sales::add_promotion(tx, act, ten_euro)?, sales::add_promotion(tx, act, ten_percent)?))
    })?;
    let terms = Terms::from(Taxation::net(TaxRounding::PerLine)).discount(Discount::Percent(Percent::whole(5)));
    let new = NewOrder::for_customer(zhang.id, Currency::EUR)
        .line_with(NewOrderLine::new(lamp.id, 2.into()).tax(vat(19)?))
        .line_with(NewOrderLine::new(book.id, 1.into()).tax(vat(7)?))
        .terms(terms);
    let id = alice(crm, |tx, act| sales::draft_order(tx, act, new))?.id;
    let off =
        |order: &Order| order.lines().iter().map(|line| line.taken_off().map(|off| off.minor())).collect::<Vec<_>>();

    // 10.00 off the lamps alone; then a tenth of the 89.80 and the 20.00 that are left.
    let (order, used) = alice(crm, |tx, act| sales::apply_promotion(tx, act, id, ten_euro.id, on))?;
    assert_eq!((off(&order), used.amount()), (vec![Some(1000), None], eur("10.00")?));
    let (order, used) = alice(crm, |tx, act| sales::apply_promotion(tx, act, id, ten_percent.id, on))?;
    assert_eq!((off(&order), used.amount()), (vec![Some(1898), Some(200)], eur("10.98")?));
    // 98.82 less 5 % is 93.88: 76.78 and 17.10, each with its own tax.
    assert_eq!((order.net(), order.total()), (eur("93.88")?, eur("109.67")?));

    // Its lines stand, and what is not done leaves nothing; the discount on the whole may still change.
    let before = everything(crm)?;
    let promoted = alice(crm, |tx, act| sales::amend_order(tx, act, id, OrderAmendment::new().add(lamp.id, 1)));
    let Err(Error::Sales(SalesError::Order(OrderError::Promoted { order: refused }))) = promoted else {
        panic!("{promoted:?}")
    };
    let again = alice(crm, |tx, act| sales::apply_promotion(tx, act, id, ten_percent.id, on));
    let Err(Error::Sales(SalesError::Promotion(PromotionError::UsedForOrder { .. }))) = again else {
        panic!("{again:?}")
    };
    let alone = alice(crm, |tx, act| sales::release_redemption(tx, act, used.id));
    let Err(Error::Sales(SalesError::Promotion(PromotionError::TakenOff { .. }))) = alone else { panic!("{alone:?}") };
    assert_eq!((refused, everything(crm)?), (id, before));
    let no_discount = OrderAmendment::new().terms(Taxation::net(TaxRounding::PerLine).into());
    let order = alice(crm, |tx, act| sales::amend_order(tx, act, id, no_discount))?;
    assert_eq!(order.net(), eur("98.82")?);

    // Taken back, amended and used again, in one write.
    let order = alice(crm, |tx, act| {
        let order = sales::release_promotions(tx, act, id)?;
        assert_eq!((order.is_promoted(), order.net().to_string()), (false, "119.80 EUR".into()));
        sales::amend_order(tx, act, id, OrderAmendment::new().remove(2))?;
        Ok::<_, SalesError>(sales::apply_promotion(tx, act, id, ten_euro.id, on)?.0)
    })?;
    assert_eq!((off(&order), order.net()), (vec![Some(1000)], eur("89.80")?));

    // A copy costs what the lines do without promotions; with the cancelled order its use is gone.
    let copy = alice(crm, |tx, act| {
        sales::confirm_order(tx, act, id)?;
        let copy = sales::copy_order(tx, act, id)?;
        sales::cancel_order(tx, act, id, None)?;
        Ok::<_, SalesError>(copy)
    })?;
    assert_eq!((copy.is_promoted(), copy.net()), (false, eur("99.80")?));
    let (order, _) = alice(crm, |tx, act| sales::apply_promotion(tx, act, copy.id, ten_euro.id, on))?;
    assert_eq!(order.net(), eur("89.80")?);
    alice(crm, |tx, act| sales::delete_order(tx, act, copy.id))?;
    crm.read(|tx| {
        assert_eq!(tx.count_redemptions(&RedemptionFilter::default())?, 0);
        assert_eq!(tx.promotion(ten_euro.id)?.and_then(|offer| offer.left()), Some(1));
        Ok(())
    })?;
    let told = ["added", "used", "released", "used", "released", "used", "released"];
    assert_eq!(facts(crm, ten_euro.id)?, told.map(|fact| format!("promotion.{fact}")));
    Ok(())
}

fn a_coupon_is_applied_no_more_often_than_its_limit_by_sixteen_at_once<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let lamp = lamp(crm)?;
    let offer = NewPromotion::new("Spring".parse()?, Discount::Percent(Percent::whole(10)));
    let offer = alice(crm, |tx, act| sales::add_promotion(tx, act, offer.coupon("SPRING".parse()?).limit(10)))?;
    let draft = |_| {
        let zhang = person(crm, "张三")?;
        let two = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
        alice(crm, |tx, act| sales::draft_order(tx, act, two))
    };
    let drafts: Vec<Order> = (0..16).map(draft).collect::<Result<_, _>>()?;
    let code = "spring".parse()?;
    let outcomes: Vec<Result<_, Error>> = thread::scope(|scope| {
        let use_it = |id| alice(crm, |tx, act| sales::apply_coupon(tx, act, id, &code, act.day()));
        let users: Vec<_> = drafts.iter().map(|draft| scope.spawn(move || use_it(draft.id))).collect();
        users.into_iter().filter_map(|user| user.join().ok()).collect()
    });
    let mut cheaper = 0;
    for (draft, outcome) in drafts.iter().zip(&outcomes) {
        let kept = crm.read(|tx| Ok(tx.order(draft.id)?))?;
        match outcome {
            Ok((order, used)) => {
                assert_eq!((order.total(), used.amount(), used.order()), (eur("89.82")?, eur("9.98")?, Some(draft.id)));
                assert_eq!(kept.as_ref(), Some(order));
                cheaper += 1;
            }
            Err(Error::Sales(SalesError::Promotion(PromotionError::UsedUp { limit: 10, .. }))) => {
                assert_eq!(kept.as_ref(), Some(draft));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((outcomes.len(), cheaper), (16, 10));
    let left = crm.read(|tx| Ok(tx.promotion(offer.id)?.map(|offer| (offer.used(), offer.left()))))?;
    assert_eq!(left, Some((10, Some(0))));
    Ok(())
}
