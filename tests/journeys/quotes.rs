//! From an offer to a paid order: quotes with tax and discounts.

use crm::{
    Crm, Currency, Discount, DiscountLimit, Error, NewOrderLine, NewPayment, NewPriceList, NewPriceRule, NewQuote,
    PaymentStatus, Percent, Period, PriceTarget, PriceTiers, Pricing, QuoteError, QuoteStatus, RevenueKind, Tax,
    TaxRounding, Taxation, Terms, TierPrice,
    sales::{self, PriceLine, SalesError},
    store::{Orders, Page, Quotes, Store, Timeline},
};

use crate::stage::{alice, bob, day, eur, facts, lamp, on_every_store, person};

on_every_store! {
    an_offer_is_approved_sent_accepted_paid_and_given_back
    a_reseller_is_quoted_by_their_list_and_again_once_the_quote_is_over
    a_repeated_acceptance_makes_no_second_order
}

fn an_offer_is_approved_sent_accepted_paid_and_given_back<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let vat = Tax::new("VAT".parse()?, Percent::whole(19))?;
    let line = NewOrderLine::new(lamp.id, 10.into()).discount(Percent::whole(5)).tax(vat);
    let terms = Terms::from(Taxation::net(TaxRounding::PerTaxGroup)).discount(Discount::Percent(Percent::whole(10)));
    let new = NewQuote::for_customer(zhang.id, Currency::EUR).line_with(line).terms(terms);
    let new = new.valid_until(day("2026-03-31")?);
    let limit = DiscountLimit::up_to(Percent::whole(10))?;
    let quote = alice(crm, |tx, act| sales::draft_quote(tx, act, new))?;
    // 499.00 less 5 % is 474.05, less 10 % 426.64 (half up), and 19 % on it.
    assert_eq!((quote.net(), quote.total()), (eur("426.64")?, eur("507.70")?));

    // Beyond what alice may give: bob approves.
    let id = quote.id;
    let refused = alice(crm, |tx, act| sales::send_quote(tx, act, id, &limit, day("2026-03-02").unwrap_or_default()));
    assert!(matches!(refused, Err(Error::Sales(SalesError::Quote(QuoteError::NeedsApproval { .. })))), "{refused:?}");
    alice(crm, |tx, act| sales::submit_quote(tx, act, id, &limit))?;
    let own = alice(crm, |tx, act| sales::approve_quote(tx, act, id));
    assert!(matches!(own, Err(Error::Sales(SalesError::Quote(QuoteError::Approval { .. })))), "{own:?}");
    bob(crm, |tx, act| sales::approve_quote(tx, act, id))?;
    let (sent, accepted) = (day("2026-03-02")?, day("2026-03-30")?);
    alice(crm, |tx, act| sales::send_quote(tx, act, id, &limit, sent))?;

    // Accepted and confirmed in one write.
    let (quote, order) = alice(crm, |tx, act| {
        let (quote, order) = sales::accept_quote(tx, act, id, accepted)?;
        Ok::<_, SalesError>((quote, sales::confirm_order(tx, act, order.id)?))
    })?;
    assert_eq!((quote.state().status(), quote.order()), (QuoteStatus::Accepted, Some(order.id)));
    assert_eq!((order.total(), order.quote(), order.lines()[0].source()), (quote.total(), Some(id), Some(1)));
    alice(crm, |tx, act| sales::pay_order(tx, act, order.id, NewPayment::of(order.total())))?;
    let paid = alice(crm, |tx, act| sales::refund_order(tx, act, order.id, NewPayment::of(order.total())))?;
    assert_eq!(paid.payment_status(), PaymentStatus::Refunded);
    crm.read(|tx| {
        assert_eq!(tx.quote_by_number(quote.number())?.as_ref(), Some(&quote));
        let revenue = tx.revenue(Period::year(2026)?, Page::first(10))?;
        let revenue: Vec<_> = revenue.iter().map(|entry| (entry.revenue.kind, entry.revenue.amount)).collect();
        assert_eq!(revenue, [(RevenueKind::Booked, eur("426.64")?), (RevenueKind::Refunded, eur("-426.64")?)]);
        let timeline: Vec<_> = tx.timeline(zhang.id, Page::first(9))?.iter().map(|item| item.record).collect();
        assert_eq!(timeline, [order.id.into(), id.into()]);
        Ok(())
    })?;
    let told = ["drafted", "submitted", "approved", "sent", "accepted", "ordered"];
    assert_eq!(facts(crm, id)?, told.map(|fact| format!("quote.{fact}")));
    Ok(())
}

fn a_reseller_is_quoted_by_their_list_and_again_once_the_quote_is_over<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let tiers = PriceTiers::slab().tier(1.into(), Some(11.into()), TierPrice::Discount(Percent::ZERO)).tier(
        11.into(),
        None,
        TierPrice::Discount(Percent::whole(10)),
    );
    let list = NewPriceList::new("Wholesale".parse()?, Currency::EUR)
        .rule(NewPriceRule::new(PriceTarget::All, Pricing::Tiers(tiers)));
    let (vat, none) = (Tax::new("VAT".parse()?, Percent::whole(19))?, DiscountLimit::up_to(Percent::ZERO)?);
    let sent = day("2026-03-02")?;
    let quote = alice(crm, |tx, act| {
        let list = sales::add_price_list(tx, act, list)?.id;
        let new = NewQuote::for_customer(zhang.id, Currency::EUR).valid_until(sent);
        let id = sales::draft_quote(tx, act, new)?.id;
        sales::price_quote_by(tx, act, id, Some(list))?;
        let book = sales::price_book(tx, list, act.day(), [])?;
        let lamps = [PriceLine::new(lamp.id, 12).tax(vat).group("Hall".parse()?)];
        sales::add_quote_lines(tx, act, id, &book, &lamps, &none)
    })?;
    // Ten at 49.90 and two at 44.91; what the list gives away needs nobody's approval.
    assert_eq!(quote.net(), eur("588.82")?);
    let id = quote.id;
    alice(crm, |tx, act| sales::send_quote(tx, act, id, &none, sent))?;
    alice(crm, |tx, act| sales::expire_quote(tx, act, id, day("2026-03-03").unwrap_or_default()))?;
    let again = bob(crm, |tx, act| sales::copy_quote(tx, act, id))?;
    crm.read(|tx| {
        let (old, new) = (tx.quote(id)?, tx.quote(again.id)?);
        assert_eq!(new.as_ref(), Some(&again));
        assert_eq!(
            new.map(|new| (new.price_list(), new.lines().to_vec())),
            old.map(|old| (old.price_list(), old.lines().to_vec()))
        );
        Ok(())
    })?;
    let authors: Vec<_> = again.authors().iter().map(|author| author.as_str()).collect();
    assert_eq!(authors, ["alice", "bob"]);
    Ok(())
}

fn a_repeated_acceptance_makes_no_second_order<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let limit = DiscountLimit::up_to(Percent::ZERO)?;
    let on = day("2026-03-02")?;
    let quote = alice(crm, |tx, act| {
        let quote = sales::draft_quote(tx, act, NewQuote::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
        sales::send_quote(tx, act, quote.id, &limit, on)
    })?;
    let accept = || {
        crm.write(|tx| {
            let act = &mut crm.act("shop")?.with_key("accept-77".parse()?);
            Ok(sales::accept_quote(tx, act, quote.id, on)?)
        })
    };
    let first = accept()?;
    assert_eq!(accept()?, first);
    assert_eq!(crm.read(|tx| Ok(tx.count_orders(&Default::default())?))?, 1);
    Ok(())
}
