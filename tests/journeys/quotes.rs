//! From an offer to a paid order: quotes with tax and discounts.

use crm::{
    Crm, Currency, Discount, DiscountLimit, Error, NewOrderLine, NewPayment, NewQuote, PaymentStatus, Percent, Period,
    QuoteError, QuoteStatus, RevenueKind, Tax, TaxRounding, Taxation, Terms,
    sales::{self, SalesError},
    store::{Orders, Page, Quotes, Store, Timeline},
};

use crate::stage::{alice, bob, day, eur, facts, lamp, on_every_store, person};

on_every_store! {
    an_offer_is_approved_sent_accepted_paid_and_given_back
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
