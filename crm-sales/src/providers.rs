//! Payments with a provider: begun, held, taken, released and given back, and what the provider reports of them.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Act, AnomalyKind, Answered, EntryKind, Label, Money, NewPayment, NewPaymentPart, NewProviderPayment, NewRefund,
    Order, OrderAction, OrderError, OrderFact, OrderStatus, Payment, PaymentAction, PaymentAnomaly, PaymentBalance,
    PaymentEntry, PaymentError, PaymentFact, PaymentId, PaymentKind, PaymentReport, RecordRef, RefundedLine,
    store::{Journal, Orders, PaymentFilter, Payments, StoreError, pages},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Begins a payment for an order with a provider. The order may still be a draft: money is held before it is confirmed,
/// and taken after. A payment that was begun with the same values under the same reference is given as it is now, and
/// nothing is written (REF-3).
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the order; [`SalesError::Order`] where it is cancelled.
/// - [`SalesError::Payment`] with [`PaymentError::ReferenceTaken`].
/// - [`SalesError::Order`] with [`OrderError::Value`] for an amount of zero or less or in another currency than the order's.
/// - [`SalesError::Store`]: the id is taken.
///
/// # Examples
///
/// ```
/// use crm_core::{
///     AnomalyKind, Currency, NewCustomer, NewOrder, NewPaymentPart, NewProduct, NewProviderPayment, PaymentReport,
///     PaymentStatus, ProviderStatus, Quantity, UnitPrice, store::{Orders, Store},
/// };
/// use crm_sales as sales;
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("shop");
///     let zhang = sales::register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let price = UnitPrice::parse("49.90", Currency::EUR)?;
///     let lamp = sales::add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
///     let order = NewOrder::for_customer(zhang.id, Currency::EUR).line(lamp.id, 2);
///     let order = sales::draft_order(tx, act, order)?;
///
///     // Held before the order is confirmed, taken after.
///     let new = NewProviderPayment::new(order.id, "acme:pi_1".parse()?, order.total());
///     let payment = sales::begin_payment(tx, act, new.clone())?;
///     assert_eq!(sales::begin_payment(tx, act, new)?.id, payment.id); // once
///     sales::authorise_payment(tx, act, payment.id)?;
///     sales::confirm_order(tx, act, order.id)?;
///     let captured = PaymentReport::new("acme:pi_1".parse()?, ProviderStatus::Done);
///     assert!(sales::report_payment(tx, act, captured.clone())?.anomaly.is_none());
///     assert_eq!(tx.order(order.id)?.map(|order| order.payment_status()), Some(PaymentStatus::Paid));
///
///     // The provider calls twice: nothing happens, and it is kept.
///     let again = sales::report_payment(tx, act, captured)?;
///     assert_eq!(again.anomaly.map(|anomaly| anomaly.kind), Some(AnomalyKind::Repeated));
///
///     // One lamp is given back.
///     let one = NewPaymentPart::refund("acme:re_1".parse()?).line(1, Quantity::from(1));
///     let refund = sales::settle_part(tx, act, payment.id, one)?;
///     assert_eq!(refund.amount().to_string(), "49.90 EUR");
///     let refused = sales::settle_part(tx, act, payment.id, NewPaymentPart::refund("acme:re_2".parse()?).amount(order.total()));
///     assert!(refused.unwrap_err().to_string().ends_with("49.90 EUR is left of what was captured (REF-1)"));
///     Ok::<_, sales::SalesError>(())
/// })?;
/// # Ok::<(), sales::SalesError>(())
/// ```
pub fn begin_payment(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &mut Act,
    new: NewProviderPayment,
) -> Result<Payment, SalesError> {
    once(tx, act, "begin_payment", new, |tx, act, new| {
        if let Some(known) = tx.payment_by_reference(&new.reference)? {
            let differs = [
                ("id", new.id.is_some_and(|id| id != known.id)),
                ("kind", known.kind() != PaymentKind::Whole),
                ("order", known.order() != new.order),
                ("amount", known.amount() != new.amount),
            ];
            return same(known, &differs);
        }
        let order: Order = record::find(tx, new.order)?;
        if order.state().status() == OrderStatus::Cancelled {
            let (status, action) = (OrderStatus::Cancelled, OrderAction::Pay);
            return Err(OrderError::NotAllowed { order: order.id, status, action }.into());
        }
        let id = new.id.unwrap_or_else(|| act.new_id());
        let begun = new.amount.in_currency(order.currency()).and_then(|_| Payment::begin(id, act.at(), new));
        let action = OrderAction::Pay;
        let begun = begun.map_err(|invalid| OrderError::Value { order: order.id, action, invalid })?;
        record::add(tx, act, begun, |payment| PaymentFact::Begun { payment })
    })
}

/// The payment that has the reference already, where nothing of it is different (REF-3).
fn same(known: Payment, differs: &[(&'static str, bool)]) -> Result<Payment, SalesError> {
    match differs.iter().find(|(_, differs)| *differs) {
        Some((field, _)) => Err(PaymentError::ReferenceTaken { payment: known.id, field }.into()),
        None => Ok(known),
    }
}

/// Begins a part of a payment, of which the provider will report: a capture or a void of what is held, or a refund of
/// what was captured. It takes its room at once (PAY-2, REF-1). Without an amount it is all that is left; a refund of
/// lines is what they came to. A part that was begun with the same values under the same reference is given as it is
/// now, and nothing is written (REF-3).
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the payment or its order.
/// - [`SalesError::Payment`] as [`Payment::part`], and [`PaymentError::ReferenceTaken`].
/// - [`SalesError::Order`] as [`Order::refund_of`] for the lines.
/// - [`SalesError::Store`]: the id is taken.
pub fn begin_part(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &mut Act,
    whole: PaymentId,
    new: NewPaymentPart,
) -> Result<Payment, SalesError> {
    once(tx, act, "begin_part", (whole, new), |tx, act, (whole, new)| {
        let (part, known) = part(tx, act, whole, new)?;
        if known { Ok(part) } else { record::add(tx, act, part, |payment| PaymentFact::Begun { payment }) }
    })
}

/// A part of a payment, and whether it is one that was begun before.
fn part(
    tx: &(impl Payments + Orders + ?Sized),
    act: &mut Act,
    whole: PaymentId,
    mut new: NewPaymentPart,
) -> Result<(Payment, bool), SalesError> {
    if let Some(known) = tx.payment_by_reference(&new.reference)? {
        let differs = [
            ("id", new.id.is_some_and(|id| id != known.id)),
            ("kind", known.kind() != new.kind),
            ("source", known.source() != Some(whole)),
            ("amount", new.amount.is_some_and(|amount| amount != known.amount())),
            ("lines", !same_lines(known.lines(), &new.lines)),
        ];
        return Ok((same(known, &differs)?, true));
    }
    let Standing { whole, balance, .. } = Standing::of_whole(tx, record::find(tx, whole)?)?;
    if new.kind == PaymentKind::Refund && !new.lines.is_empty() {
        new.amount = Some(for_lines(tx, &whole, &new)?);
    }
    let id = new.id.unwrap_or_else(|| act.new_id());
    Ok((whole.part(id, act.at(), &balance, new)?, false))
}

/// What a refund of lines that is to be begun comes to, after those that are begun or still to be entered (REF-1). One that
/// was entered by hand under its reference is what was entered (REF-3).
fn for_lines(
    tx: &(impl Payments + Orders + ?Sized),
    whole: &Payment,
    new: &NewPaymentPart,
) -> Result<Money, SalesError> {
    let order: Order = record::find(tx, whole.order())?;
    let (provider, reference) = (new.reference.provider(), new.reference.reference());
    if let Some(by_hand) = order.entry_under(EntryKind::Refund, Some(provider), Some(reference)) {
        let same = is_for(by_hand, &new.lines) && new.amount.is_none_or(|amount| amount == by_hand.amount);
        let taken = OrderError::ReferenceTaken { order: order.id, entry: by_hand.number };
        return if same { Ok(by_hand.amount) } else { Err(taken.into()) };
    }
    let filter = PaymentFilter { order: Some(order.id), kind: Some(PaymentKind::Refund), ..PaymentFilter::default() };
    let mut begun = all(tx, &filter)?;
    begun.retain(|refund| (refund.is_open() || refund.enterable().is_ok()) && refund.entry_in(&order).is_none());
    let begun: Vec<RefundedLine> = begun.iter().flat_map(Payment::lines).copied().collect();
    Ok(order.refund_of(&new.lines, new.amount, &begun)?)
}

/// Captures, voids or refunds a part of a payment, as the provider answered at once: begins it, or takes the one that
/// was begun under the reference, and notes that it is done. The order gets its entry, where there is one to make; the whole closes once its parts
/// cover it (PAY-2). One that is done is given as it is, and nothing is written (REF-3).
///
/// # Errors
///
/// - As [`begin_part`]; [`SalesError::Payment`] as [`Payment::allows`].
/// - [`SalesError::Order`] as [`Order::pay`] and [`Order::enter_refund`].
pub fn settle_part(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &mut Act,
    whole: PaymentId,
    new: NewPaymentPart,
) -> Result<Payment, SalesError> {
    once(tx, act, "settle_part", (whole, new), |tx, act, (whole, new)| {
        let (part, known) = part(tx, act, whole, new)?;
        if part.state().status() == crm_core::ProviderStatus::Done {
            return Ok(part);
        }
        let standing = Standing::of(tx, &part)?;
        part.allows(PaymentAction::Finish, &standing.whole, &standing.balance)?;
        let share = decided(&record::find(tx, part.order())?, act.at(), &part, &standing, None)?;
        if !known {
            record::add(tx, act, part.clone(), |payment| PaymentFact::Begun { payment })?;
        }
        finished(tx, act, part.id, share)
    })
}

/// Notes that the provider works on a payment.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Payment`] as [`Payment::pend`].
pub fn pend_payment(
    tx: &mut (impl Payments + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
) -> Result<Payment, SalesError> {
    once(tx, act, "pend_payment", id, |tx, act, id| change_payment(tx, act, id, PaymentAction::Pend, Payment::pend))
}

/// Notes that the money of a whole payment is held.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Payment`] as [`Payment::authorise`].
pub fn authorise_payment(
    tx: &mut (impl Payments + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
) -> Result<Payment, SalesError> {
    once(tx, act, "authorise_payment", id, |tx, act, id| {
        change_payment(tx, act, id, PaymentAction::Authorise, Payment::authorise)
    })
}

/// Notes that a whole payment was captured, all of it at once; the order gets its entry. A part is captured by
/// [`settle_part`].
///
/// # Errors
///
/// - [`SalesError::NotFound`], [`SalesError::Store`].
/// - [`SalesError::Payment`] as [`Payment::allows`], and with [`PaymentError::NotAWhole`].
/// - [`SalesError::Order`] as [`Order::pay`].
pub fn capture_payment(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
) -> Result<Payment, SalesError> {
    once(tx, act, "capture_payment", id, |tx, act, id| {
        let payment: Payment = record::find(tx, id)?;
        if payment.kind() != PaymentKind::Whole {
            return Err(PaymentError::NotAWhole { payment: id, kind: payment.kind() }.into());
        }
        let standing = Standing::of(tx, &payment)?;
        payment.allows(PaymentAction::Finish, &payment, &standing.balance)?;
        let share = decided(&record::find(tx, payment.order())?, act.at(), &payment, &standing, None)?;
        finished(tx, act, id, share)
    })
}

/// Voids a whole payment, all of it at once, or calls off a part that was begun. A part is voided by [`settle_part`].
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Payment`] as [`Payment::allows`].
pub fn void_payment(
    tx: &mut (impl Payments + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
) -> Result<Payment, SalesError> {
    once(tx, act, "void_payment", id, |tx, act, id| change_payment(tx, act, id, PaymentAction::Cancel, Payment::cancel))
}

/// Notes that a payment or a part of one failed.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Payment`] as [`Payment::allows`].
pub fn fail_payment(
    tx: &mut (impl Payments + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
    reason: Option<Label>,
) -> Result<Payment, SalesError> {
    once(tx, act, "fail_payment", (id, reason), |tx, act, (id, reason)| {
        change_payment(tx, act, id, PaymentAction::Fail, |payment, at| payment.fail(at, reason))
    })
}

/// What came of a provider's report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReportedPayment {
    /// The payment as it is now.
    pub payment: Payment,
    /// What did not fit; it is kept with the payment. `None` where the report moved the payment, and for
    /// [`AnomalyKind::NotEntered`] it moved as well.
    pub anomaly: Option<PaymentAnomaly>,
}

impl Answered for ReportedPayment {
    fn records(&self) -> Vec<RecordRef> {
        vec![self.payment.id.into()]
    }
}

/// Takes what a provider reports of a payment, in a callback or as its answer: moves the payment where that is allowed,
/// with the entry in the order. A report that is late, repeated or out of order moves nothing; it is kept with the
/// payment and answered by the anomaly that it is (PAY-1), so the provider can be told that it was received.
///
/// Money that was taken and that the order cannot take, since it is cancelled or nothing is owed, is still taken: the
/// payment is done, without an entry, and the anomaly says so. [`enter_payment`] enters it later, or a refund gives it
/// back. It is the same with a refund that the order cannot take.
///
/// # Errors
///
/// [`SalesError::UnknownReference`] where no payment has the reference: it may come in a moment, so the provider should
/// call again. [`SalesError::Payment`] where the payment holds as many anomalies as it can. [`SalesError::Store`].
pub fn report_payment(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &mut Act,
    report: PaymentReport,
) -> Result<ReportedPayment, SalesError> {
    once(tx, act, "report_payment", report, |tx, act, report| {
        let Some(payment) = tx.payment_by_reference(&report.reference)? else {
            return Err(SalesError::UnknownReference { reference: report.reference });
        };
        let standing = Standing::of(tx, &payment)?;
        let (id, found) = (payment.id, payment.state().status());
        let mut anomaly = None;
        let moved = match payment.judge(&report, &standing.whole, &standing.balance) {
            Ok(PaymentAction::Finish) => {
                let order: Order = record::find(tx, payment.order())?;
                let share = decided(&order, act.at(), &payment, &standing, report.day);
                if share.is_err() {
                    // What cannot be kept is refused before anything is written.
                    payment.clone().note(act.at(), report.anomaly(act.at(), AnomalyKind::NotEntered, found))?;
                    anomaly = Some(AnomalyKind::NotEntered);
                }
                let not_taken = || payment.for_the_order(&order, &standing.whole, &standing.parts);
                let share = share.unwrap_or_else(|_| Share::without_entry(not_taken()));
                finished(tx, act, id, share)?
            }
            Ok(action) => record::change(tx, act, id, None, |_, payment: &mut Payment| {
                Ok(Some(match action {
                    PaymentAction::Pend => payment.pend(act.at()),
                    PaymentAction::Authorise => payment.authorise(act.at()),
                    PaymentAction::Cancel => payment.cancel(act.at()),
                    _ => payment.fail(act.at(), report.reason.clone()),
                }?))
            })?,
            Err(kind) => {
                anomaly = Some(kind);
                payment
            }
        };
        let Some(kind) = anomaly else { return Ok(ReportedPayment { payment: moved, anomaly: None }) };
        let anomaly = report.anomaly(act.at(), kind, found);
        let kept =
            record::change(tx, act, id, None, |_, payment: &mut Payment| Ok(Some(payment.note(act.at(), anomaly)?)));
        Ok(ReportedPayment { payment: kept?, anomaly: Some(anomaly) })
    })
}

/// Enters in its order what a provider took or gave back while the order could not take it
/// ([`AnomalyKind::NotEntered`]), on the day of the act: of what was taken, as much as was not given back meanwhile.
///
/// A host that enters it by [`pay_order`](crate::pay_order) or [`refund_order`](crate::refund_order) instead names the
/// provider as its method, and its reference: else nobody knows that it is the same money. What is entered so is then
/// the payment's, whatever its amount.
///
/// # Errors
///
/// - [`SalesError::NotFound`], [`SalesError::Store`].
/// - [`SalesError::Payment`] with [`PaymentError::NothingToEnter`]; [`SalesError::Order`] as [`Order::pay`] and [`Order::enter_refund`].
pub fn enter_payment(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
) -> Result<Payment, SalesError> {
    once(tx, act, "enter_payment", id, |tx, act, id| {
        let payment: Payment = record::find(tx, id)?;
        payment.enterable()?;
        let Standing { whole, parts, .. } = Standing::of(tx, &payment)?;
        let order: Order = record::find(tx, payment.order())?;
        let share = match (payment.entry_in(&order), payment.for_the_order(&order, &whole, &parts)) {
            (Some(known), _) => Share::known(known),
            (None, amount) if amount.is_zero() => Share::without_entry(amount),
            (None, amount) => entered(order, act.at(), &payment, amount, None)?,
        };
        let Share { amount, number: Some(entry), new } = share else {
            return Err(PaymentError::NothingToEnter { payment: id }.into());
        };
        keep(tx, act, new)?;
        record::change(tx, act, id, None, |_, payment: &mut Payment| {
            Ok(Some(payment.enter(act.at(), entry, amount)?))
        })
    })
}

/// Deletes a payment that the provider has not answered to, and gives it as it was.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Payment`] as [`Payment::deletable`].
pub fn delete_payment(
    tx: &mut (impl Payments + Journal + ?Sized),
    act: &mut Act,
    id: PaymentId,
) -> Result<Payment, SalesError> {
    once(tx, act, "delete_payment", id, |tx, act, id| {
        let fact = |payment| PaymentFact::Deleted { payment };
        record::remove(tx, act, id, |payment: &Payment| Ok(payment.deletable()?), fact)
    })
}

/// A whole payment with its parts, and what they come to.
struct Standing {
    whole: Payment,
    parts: Vec<Payment>,
    balance: PaymentBalance,
}

impl Standing {
    /// The whole that a payment is, or is a part of.
    fn of(tx: &(impl Payments + ?Sized), payment: &Payment) -> Result<Self, SalesError> {
        match payment.source() {
            Some(source) => Self::of_whole(tx, record::find(tx, source)?),
            None => Self::of_whole(tx, payment.clone()),
        }
    }

    fn of_whole(tx: &(impl Payments + ?Sized), whole: Payment) -> Result<Self, SalesError> {
        let parts = all(tx, &PaymentFilter { source: Some(whole.id), ..PaymentFilter::default() })?;
        Ok(Self { balance: whole.balance(&parts)?, whole, parts })
    }
}

fn all(tx: &(impl Payments + ?Sized), filter: &PaymentFilter) -> Result<Vec<Payment>, StoreError> {
    pages(500, |page| tx.provider_payments(filter, page), |payment: &Payment| payment.id).collect()
}

/// Loads a payment, lets it decide, saves it and appends the fact.
fn change_payment(
    tx: &mut (impl Payments + Journal + ?Sized),
    act: &Act,
    id: PaymentId,
    action: PaymentAction,
    decide: impl FnOnce(&mut Payment, DateTime<Utc>) -> Result<PaymentFact, PaymentError>,
) -> Result<Payment, SalesError> {
    record::change(tx, act, id, None, |tx, payment: &mut Payment| {
        let Standing { whole, balance, .. } = Standing::of(tx, payment)?;
        payment.allows(action, &whole, &balance)?;
        Ok(Some(decide(payment, act.at())?))
    })
}

/// What an order has of a payment: how much, the number of the entry where there is one, and the order with it and what
/// happened where it is new.
struct Share {
    amount: Money,
    number: Option<u32>,
    new: Option<(Order, OrderFact)>,
}

impl Share {
    /// What the order has by an entry that is there.
    fn known(entry: &PaymentEntry) -> Self {
        Self { amount: entry.amount, number: Some(entry.number), new: None }
    }

    /// What it has without an entry: nothing, or what it could not take.
    const fn without_entry(amount: Money) -> Self {
        Self { amount, number: None, new: None }
    }
}

/// Lets the order of a payment decide on its entry; nothing is written. There is none where there is nothing for it.
///
/// What was entered by hand as the provider's, under its reference, is not entered again, where it is the amount or what
/// the order is to have of it (REF-3).
fn decided(
    order: &Order,
    at: DateTime<Utc>,
    payment: &Payment,
    Standing { whole, parts, .. }: &Standing,
    day: Option<NaiveDate>,
) -> Result<Share, OrderError> {
    let amount = payment.for_the_order(order, whole, parts);
    let same =
        |known: &PaymentEntry| [amount, payment.amount()].contains(&known.amount) && is_for(known, payment.lines());
    match payment.entry_in(order) {
        Some(known) if same(known) => Ok(Share::known(known)),
        _ if amount.is_zero() => Ok(Share::without_entry(amount)),
        _ => entered(order.clone(), at, payment, amount, day),
    }
}

/// What the order enters of a payment.
fn entered(
    mut order: Order,
    at: DateTime<Utc>,
    payment: &Payment,
    amount: Money,
    day: Option<NaiveDate>,
) -> Result<Share, OrderError> {
    let (provider, reference) = (payment.reference().provider(), payment.reference().reference());
    let new = NewPayment::of(amount).method(provider.clone()).reference(reference.clone());
    let new = day.into_iter().fold(new, NewPayment::day);
    let fact = if payment.kind() == PaymentKind::Refund {
        let mut new = NewRefund::from(new);
        new.lines = payment.lines().to_vec();
        order.enter_refund(at, new)?
    } else {
        order.pay(at, new)?
    };
    let number = order.payments().last().map(|entry| entry.number);
    Ok(Share { amount, number, new: Some((order, fact)) })
}

/// Whether an entry is one for some lines, or for whatever where none are named.
fn is_for(entry: &PaymentEntry, lines: &[RefundedLine]) -> bool {
    lines.is_empty() || same_lines(&entry.lines, lines)
}

/// Whether lines are the same, in whatever order.
fn same_lines(these: &[RefundedLine], those: &[RefundedLine]) -> bool {
    let sorted = |lines: &[RefundedLine]| {
        let mut lines = lines.to_vec();
        lines.sort_unstable();
        lines
    };
    sorted(these) == sorted(those)
}

/// Keeps what is new of an order.
fn keep(
    tx: &mut (impl Orders + Journal + ?Sized),
    act: &Act,
    new: Option<(Order, OrderFact)>,
) -> Result<(), SalesError> {
    let Some((mut order, fact)) = new else { return Ok(()) };
    record::save(tx, act, &mut order, [fact])
}

/// Keeps the entry of a payment that is done, then the payment, then what its whole comes to by it.
fn finished(
    tx: &mut (impl Payments + Orders + Journal + ?Sized),
    act: &Act,
    id: PaymentId,
    Share { amount, number, new }: Share,
) -> Result<Payment, SalesError> {
    keep(tx, act, new)?;
    let payment: Payment = record::change(tx, act, id, None, |_, payment: &mut Payment| {
        Ok(Some(payment.finish(act.at(), number, amount)?))
    })?;
    let Some(source) = payment.source() else { return Ok(payment) };
    record::change(tx, act, source, None, |tx, whole: &mut Payment| {
        let Standing { balance, .. } = Standing::of(tx, whole)?;
        Ok(match whole.covered(&balance) {
            Some(PaymentAction::Cancel) => Some(whole.cancel(act.at())?),
            Some(_) => Some(whole.finish(act.at(), None, whole.amount())?),
            None => None,
        })
    })?;
    Ok(payment)
}
