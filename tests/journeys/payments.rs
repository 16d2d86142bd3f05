//! Money with a provider, from the hold at checkout to a refund, and callbacks that come as they come.

use std::thread;

use crm::{
    AnomalyKind, Crm, Currency, Error, Fact, Fulfilment, Label, Money, NewOrder, NewOrderLine, NewPayment,
    NewPaymentPart, NewProviderPayment, NewRefund, OrderError, OrderFact, PaymentError, PaymentReport, PaymentStatus,
    Percent, Period, ProviderStatus, Quantity, RefundedLine, RevenueKind, Rounding, SalesBy, SalesRepPatch,
    ShippedLine, Tax, analytics,
    sales::{self, SalesError},
    store::{
        CustomerFigureFilter, Figures, Journal, Orders, Page, PaymentFilter, Payments, SalesFilter, SalesReps, Store,
    },
};

use crate::stage::{alice, eur, everything, facts, lamp, on_every_store, person, rep};

on_every_store! {
    ref_2_a_refund_that_was_a_mistake_is_undone_and_the_money_comes_again
    a_card_is_charged_as_the_goods_leave_and_refunded_as_they_come_back
    ref_4_a_refund_reaches_who_pays_commission_and_moves_what_its_customer_counts_for
    ref_3_a_callback_that_many_threads_bring_counts_once
}

fn a_card_is_charged_as_the_goods_leave_and_refunded_as_they_come_back<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    // At checkout: the order is a draft and the money is held.
    let (order, payment) = alice(crm, |tx, act| {
        let new = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 3);
        let order = sales::draft_order(tx, act, new)?;
        let new = NewProviderPayment::new(order.id, "acme:pi_1".parse()?, order.total());
        let payment = sales::begin_payment(tx, act, new)?;
        sales::authorise_payment(tx, act, payment.id)?;
        sales::confirm_order(tx, act, order.id)?;
        Ok::<_, SalesError>((order.id, payment.id))
    })?;

    // Two lamps leave and are charged, in one commit.
    let lamps = |many: u32| ShippedLine { line: 1, quantity: Quantity::from(many) };
    let two = NewPaymentPart::capture("acme:ch_1".parse()?).amount(eur("99.80")?);
    alice(crm, |tx, act| {
        sales::ship_lines(tx, act, order, vec![lamps(2)])?;
        sales::settle_part(tx, act, payment, two)
    })?;
    let sold = crm.read(|tx| Ok(tx.order(order)?))?.ok_or_else(|| Error::host("it is gone"))?;
    assert_eq!((sold.payment_status(), sold.owed()), (PaymentStatus::Partial, eur("49.90")?));

    // The third one leaves; the provider says later that its money is there, and says it twice.
    alice(crm, |tx, act| {
        sales::ship_order(tx, act, order)?;
        sales::begin_part(tx, act, payment, NewPaymentPart::capture("acme:ch_2".parse()?))
    })?;
    let done = PaymentReport::new("acme:ch_2".parse()?, ProviderStatus::Done).amount(eur("49.90")?);
    let first = alice(crm, |tx, act| sales::report_payment(tx, act, done.clone()))?;
    assert!(first.anomaly.is_none());
    let second = alice(crm, |tx, act| sales::report_payment(tx, act, done))?;
    assert_eq!(second.anomaly.map(|anomaly| anomaly.kind), Some(AnomalyKind::Repeated));
    let whole = crm.read(|tx| Ok(tx.payment(payment)?))?.ok_or_else(|| Error::host("it is gone"))?;
    assert_eq!(whole.state().status(), ProviderStatus::Done, "PAY-2: its parts cover it");

    // One lamp comes back, and its money goes back.
    let sold = alice(crm, |tx, act| {
        sales::return_lines(tx, act, order, 1, vec![lamps(1)])?;
        let one = NewPaymentPart::refund("acme:re_1".parse()?).line(1, Quantity::from(1));
        sales::settle_part(tx, act, payment, one)?;
        tx.order(order).map_err(SalesError::from)
    })?;
    let sold = sold.ok_or_else(|| Error::host("it is gone"))?;
    assert_eq!((sold.refunded(), sold.fulfilment()), (eur("49.90")?, Fulfilment::Fulfilled));
    let before = everything(crm)?;
    let refused = alice(crm, |tx, act| {
        let all = NewPaymentPart::refund("acme:re_2".parse()?).amount(sold.total());
        sales::settle_part(tx, act, payment, all)
    });
    let Err(Error::Sales(SalesError::Payment(PaymentError::OverRefunded { refundable, .. }))) = refused else {
        panic!("REF-1: more went back than was left: {refused:?}");
    };
    assert_eq!((refundable, everything(crm)?), (eur("99.80")?, before));

    // The rest.
    alice(crm, |tx, act| sales::settle_part(tx, act, payment, NewPaymentPart::refund("acme:re_2".parse()?)))?;
    let sold = crm.read(|tx| Ok(tx.order(order)?))?.ok_or_else(|| Error::host("it is gone"))?;
    assert_eq!((sold.refundable(), sold.payment_status()), (eur("0.00")?, PaymentStatus::Refunded));
    assert_eq!(facts(crm, payment)?, ["payment.begun", "payment.authorised", "payment.done"]);
    Ok(())
}

fn ref_2_a_refund_that_was_a_mistake_is_undone_and_the_money_comes_again<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let order = alice(crm, |tx, act| {
        let order = sales::place_order(tx, act, NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2))?;
        sales::pay_order(tx, act, order.id, NewPayment::of(order.total()))?;
        sales::refund_order(tx, act, order.id, NewRefund::in_full())
    })?;
    assert_eq!((order.payment_status(), order.unshipped()), (PaymentStatus::Refunded, Vec::new()));
    let before = everything(crm)?;
    let refused = alice(crm, |tx, act| sales::pay_order(tx, act, order.id, NewPayment::of(order.total())));
    assert!(matches!(refused, Err(Error::Sales(SalesError::Order(OrderError::Overpaid { .. })))), "{refused:?}");
    assert_eq!(everything(crm)?, before);

    let after = alice(crm, |tx, act| {
        sales::undo_refund(tx, act, order.id, 2)?;
        sales::pay_order(tx, act, order.id, NewPayment::of(order.total()))?;
        sales::ship_order(tx, act, order.id)
    })?;
    assert_eq!((after.payment_status(), after.fulfilment()), (PaymentStatus::Paid, Fulfilment::Fulfilled));
    let (kept, revenue) =
        crm.read(|tx| Ok((tx.order(order.id)?, tx.revenue(Period::month(2026, 3)?, Page::first(9))?)))?;
    assert_eq!(kept, Some(after));
    let kinds: Vec<_> = revenue.iter().map(|entry| (entry.revenue.kind, entry.revenue.amount)).collect();
    let (all, back) = (order.total(), order.total().checked_neg()?);
    use RevenueKind::{Booked, RefundUndone, Refunded};
    assert_eq!(kinds, [(Booked, all), (Refunded, back), (RefundUndone, all)]);
    let facts = facts(crm, order.id)?;
    assert_eq!(facts[2..], ["order.paid", "order.refunded", "order.refund_undone", "order.paid", "order.shipped"]);
    Ok(())
}

fn ref_3_a_callback_that_many_threads_bring_counts_once<S: Store>(crm: &Crm<S>) -> Result<(), Error> {
    let (zhang, lamp) = (person(crm, "张三")?, lamp(crm)?);
    let order = alice(crm, |tx, act| {
        let new = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 1);
        sales::place_order(tx, act, new)
    })?;
    // Each thread begins the payment under the same reference and brings the same report.
    let once = || {
        alice(crm, |tx, act| {
            let new = NewProviderPayment::new(order.id, "acme:pi_1".parse()?, order.total());
            sales::begin_payment(tx, act, new)?;
            let done = PaymentReport::new("acme:pi_1".parse()?, ProviderStatus::Done);
            Ok::<_, SalesError>(sales::report_payment(tx, act, done)?.anomaly)
        })
    };
    let anomalies = thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(once)).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|one| one.unwrap_or_else(|_| Err(Error::host("it panicked")))).collect::<Result<Vec<_>, Error>>()
    })?;
    assert_eq!(anomalies.iter().filter(|anomaly| anomaly.is_none()).count(), 1);
    let kept = crm.read(|tx| {
        let sold = tx.order(order.id)?.ok_or_else(|| Error::host("it is gone"))?;
        assert_eq!((sold.payments().len(), sold.payment_status()), (1, PaymentStatus::Paid));
        assert_eq!(tx.count_payments(&PaymentFilter::default())?, 1);
        Ok(tx.payment_by_reference(&"acme:pi_1".parse()?)?)
    })?;
    let anomalies = kept.map(|payment| payment.anomalies().iter().map(|one| one.kind).collect::<Vec<_>>());
    assert_eq!(anomalies, Some(vec![AnomalyKind::Repeated; 15]));
    Ok(())
}

/// The commissions that the refunds since the last time take back, by the journal alone and the order that each names.
fn clawed_back<S: Store>(crm: &Crm<S>, consumer: &Label) -> Result<Vec<Money>, Error> {
    crm.write(|tx| {
        let new = tx.entries(Page::after(tx.cursor(consumer)?, 100))?;
        let mut commissions = Vec::new();
        for entry in &new {
            let Some(Fact::Order(id, OrderFact::Refunded { reversed, .. })) = entry.fact else { continue };
            let rep = tx.order(id)?.and_then(|order| order.rep());
            let Some(rep) = rep.map(|rep| tx.sales_rep(rep)).transpose()?.flatten() else { continue };
            commissions.push(analytics::flat_commission(reversed, rep.commission_rate, Rounding::HalfUp)?);
        }
        if let Some(last) = new.last() {
            tx.move_cursor(consumer, last.position)?;
        }
        Ok(commissions)
    })
}

fn ref_4_a_refund_reaches_who_pays_commission_and_moves_what_its_customer_counts_for<S: Store>(
    crm: &Crm<S>,
) -> Result<(), Error> {
    let (zhang, lamp, lin) = (person(crm, "张三")?, lamp(crm)?, rep(crm, "Lin Wei")?);
    let ten = SalesRepPatch { commission_rate: Some(Percent::whole(10)), ..SalesRepPatch::default() };
    alice(crm, |tx, act| sales::update_sales_rep(tx, act, lin.id, ten))?;
    let vat = Tax::new("VAT".parse()?, Percent::whole(20))?;
    // Two lamps: 99.80, and 19.96 of tax.
    let two = NewOrderLine::new(lamp.id, 2.into()).tax(vat);
    let new = NewOrder::for_customer(zhang.id, Currency::EUR).rep(lin.id).line_with(two);
    let order = alice(crm, |tx, act| {
        let order = sales::place_order(tx, act, new)?;
        sales::pay_order(tx, act, order.id, NewPayment::of(order.total()))
    })?;
    let consumer = "commission".parse()?;
    assert_eq!(clawed_back(crm, &consumer)?, []);
    // Of the customer: how many orders and how much; of the rep: how much in the month.
    let march = Period::month(2026, 3)?;
    let counts_for = || {
        crm.read(|tx| {
            let of_zhang = CustomerFigureFilter { customer: Some(zhang.id), ..CustomerFigureFilter::default() };
            let customer = tx.customer_figures(&of_zhang, Page::first(9))?;
            let customer = customer.first().map(|figure| (figure.orders, figure.revenue));
            let reps = tx.sales_figures(&SalesFilter::monthly(SalesBy::Reps, march), Page::first(9))?;
            Ok::<_, Error>((customer, reps.iter().map(|figure| figure.revenue).collect::<Vec<_>>()))
        })
    };
    assert_eq!(counts_for()?, (Some((1, eur("99.80")?)), vec![eur("99.80")?]));

    // One comes back: 59.88 go out, of which 49.90 had counted.
    let one = NewRefund::of_lines([RefundedLine { line: 1, quantity: Quantity::from(1) }]);
    let refunded = alice(crm, |tx, act| sales::refund_order(tx, act, order.id, one))?;
    assert_eq!(refunded.refunded(), eur("59.88")?);
    assert_eq!(clawed_back(crm, &consumer)?, [eur("4.99")?]);
    assert_eq!(counts_for()?, (Some((1, eur("49.90")?)), vec![eur("49.90")?]));

    // All of it went back: the order counts for nothing any more (RFM-2), and nothing of the commission is left.
    alice(crm, |tx, act| sales::refund_order(tx, act, order.id, NewRefund::in_full()))?;
    assert_eq!(clawed_back(crm, &consumer)?, [eur("4.99")?]);
    assert_eq!(clawed_back(crm, &consumer)?, []);
    let (customer, rep) = counts_for()?;
    assert!(customer.is_none_or(|(orders, revenue)| orders == 0 && revenue.is_zero()), "{customer:?}");
    assert!(rep.iter().all(|revenue| revenue.is_zero()), "{rep:?}");
    Ok(())
}
