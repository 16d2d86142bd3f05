//! Quotes, orders and payments.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    AnomalyKind, BeyondLimit, Currency, DatedRate, Discount, DiscountLimit, Draft, LeastAmount, LimitKind, Measured,
    Money, NewPayment, NewRefund, Order, OrderLine, OrderParts, OrderState, Payment, PaymentKind, PaymentParts,
    PaymentReference, PaymentReport, PaymentState, ProviderStatus, Quantity, Quote, QuoteContent, QuoteDraft,
    QuoteParts, QuoteState, RefundedLine, Revision, ShippedLine, Tax, TaxRounding, Taxation, Terms, UnitPrice,
};

use super::{Maker, TEXTS, day, id, text, valid};

impl Maker {
    fn terms(&mut self, currency: Currency, worth_something: bool) -> Terms {
        let rounding = self.dice.one(&[TaxRounding::PerLine, TaxRounding::PerTaxGroup, TaxRounding::Global]);
        let terms: Terms = self.dice.one(&[Taxation::net(rounding), Taxation::gross(rounding)]).into();
        match self.dice.below(4) {
            0 => terms.discount(Discount::Percent(text("12.5"))),
            1 if worth_something => terms.discount(Discount::Amount(Money::from_minor(1, currency))),
            _ => terms,
        }
    }

    /// Up to three lines, with gaps in their numbers as after a line was taken out.
    fn lines(&mut self, currency: Currency) -> Vec<OrderLine> {
        let mut lines = Vec::new();
        for place in 0..self.dice.below(4) {
            let (quantity, discount) = (self.dice.one(&["1", "2.5", "40"]), self.dice.one(&["0", "10", "33.3333"]));
            let price = valid(UnitPrice::from_millionths(i64::from(1 + self.dice.below(100)) * 500_000, currency));
            let line = valid(OrderLine::new(1 + 2 * place, self.slot(), text(quantity), price, text(discount)));
            let tax =
                self.dice.one(&[None, Some("19"), Some("7.7")]).map(|rate| valid(Tax::new(text("VAT"), text(rate))));
            let line = tax.into_iter().fold(line, |line, tax| line.taxed(Some(tax)));
            let off = Money::from_minor(line.amount().minor() / 3, currency);
            let line = if self.dice.yes() { valid(line.less(off)) } else { line };
            let line = if self.dice.yes() { valid(line.listed(price)).grouped(Some(text("left"))) } else { line };
            lines.push(if place > 0 && self.dice.yes() { line.continuing(1) } else { line });
        }
        lines
    }

    pub(super) fn quote(&mut self, n: u32) -> Quote {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY, Currency::KWD]);
        let lines = self.lines(currency).into_iter().map(|line| valid(line.without_promotions()));
        let lines: Vec<OrderLine> = lines.collect();
        let terms = self.terms(currency, lines.iter().any(|line| line.amount().is_positive()));
        let content = QuoteContent { lines, terms, valid_until: self.dice.yes().then(|| self.day()) };
        let draft = QuoteDraft {
            id: id(n),
            number: self.number("Q", n),
            external_id: self.external(n),
            customer: self.slot(),
            opportunity: self.maybe_slot(),
            rep: self.maybe_slot(),
            authors: if self.dice.yes() { vec![text("alice")] } else { vec![text("alice"), text("carol")] },
            currency,
            price_list: None,
            content,
        };
        let mut quote = valid(Quote::draft(self.at(), draft));
        let (when, on) = (self.at(), day(0));
        // Records that fit together stand in each state; those that may clash change it with each writing.
        let state = if self.clashing { self.dice.below(10) } else { n % 10 };
        if state == 9 {
            valid(quote.cancel(when, self.dice.yes().then(|| self.dice.one_text(TEXTS))));
        } else if !quote.lines().is_empty() {
            self.offered(&mut quote, state, when, on);
        }
        let mut parts = QuoteParts::from(quote);
        if let Some(previous) = self.relative(n) {
            (parts.version, parts.previous) = (2, Some(previous));
        }
        if let Some(by) = self.relative(n).filter(|_| parts.approval.is_none() && self.dice.yes()) {
            parts.state = QuoteState::Superseded { at: when, by };
        }
        valid(parts.try_into())
    }

    /// What becomes of a quote that has a line.
    fn offered(&mut self, quote: &mut Quote, state: u32, when: DateTime<Utc>, on: NaiveDate) {
        let money = |minor| Money::from_minor(minor, quote.currency());
        let limit = valid(DiscountLimit::up_to(text("10")));
        let within = Measured { limit, beyond: Vec::new() };
        let (least, limit) = (LeastAmount::Known(money(90)), LimitKind::Discount(limit.discount()));
        let beyond = vec![BeyondLimit { line: 1, amount: money(80), least, limit, margin: None }];
        let beyond = Measured { beyond, ..within };
        let at = self.at();
        match state {
            0 => drop(valid(quote.submit(when, within))),
            1..=3 => drop(valid(quote.submit(when, beyond))),
            4..=7 => drop(valid(quote.send(when, on, within))),
            _ => {}
        }
        match state {
            1 => drop(valid(quote.approve(at, &text("bob")))),
            2 => drop(valid(quote.send_back(at, self.dice.one_text(TEXTS)))),
            5 => {
                valid(quote.accept(at, on));
                // No order needs to be there for what is sound.
                if self.clashing && self.dice.yes() {
                    valid(quote.ordered(at, self.slot()));
                }
            }
            6 => drop(valid(quote.reject(at, on, text("price"), None))),
            7 if quote.valid_until().is_some() => drop(valid(quote.expire(at, day(40)))),
            _ => {}
        }
    }

    pub(super) fn order(&mut self, n: u32) -> Order {
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY, Currency::KWD]);
        let (customer, external_id, rep) = (self.slot(), self.external(n), self.maybe_slot());
        let lines = self.lines(currency);
        let terms = self.terms(currency, lines.iter().any(|line| line.amount().is_positive()));
        let draft = Draft {
            external_id,
            quote: self.maybe_slot(),
            rep,
            terms,
            ..Draft::new(id(n), self.number("SO", n), customer, currency, lines)
        };
        let mut order = valid(Order::draft(self.at(), draft));
        if order.lines().is_empty() || self.dice.below(5) == 0 {
            if self.dice.below(3) == 0 {
                valid(order.cancel(self.at(), self.day(), None));
            }
            return order;
        }
        let confirmed = self.day();
        if self.dice.yes() {
            let rate = DatedRate::new(currency, Currency::USD, self.day().min(confirmed), text("1.0842"), text("ECB"));
            valid(order.confirm_at_rate(self.at(), confirmed, valid(rate)));
        } else {
            valid(order.confirm(self.at(), confirmed));
        }
        match self.dice.below(4) {
            0 => {
                let part = ShippedLine { line: 1, quantity: order.lines()[0].quantity() };
                let part = if self.dice.yes() {
                    part
                } else {
                    ShippedLine { quantity: valid(Quantity::from_millionths(1)), ..part }
                };
                valid(order.ship(self.at(), Some(vec![part])));
            }
            1 => drop(valid(order.ship(self.at(), None))),
            _ => {}
        }
        let shipped = !order.shipments().is_empty();
        if shipped && self.dice.yes() {
            valid(order.deliver(self.at(), 1));
        }
        if shipped && self.dice.yes() && order.shipments()[0].out()[0].quantity > valid(Quantity::from_millionths(1)) {
            let line = order.shipments()[0].out()[0].line;
            let some = ShippedLine { line, quantity: valid(Quantity::from_millionths(1)) };
            valid(order.take_back_lines(self.at(), 1, vec![some]));
        }
        let returned = shipped && self.dice.yes();
        if returned {
            valid(order.take_back(self.at(), 1));
        }
        for _ in 0..self.dice.below(3) {
            let owed = order.owed().minor();
            let amount = Money::from_minor(if self.dice.yes() { owed } else { owed / 3 }, currency);
            if amount.is_positive() {
                let payment = NewPayment::of(amount).day(self.day()).method(text("bank transfer"));
                let reference = format!("RF18 5390 0754 7034 {}", order.payments().len());
                valid(
                    order.pay(self.at(), if self.dice.yes() { payment } else { payment.reference(text(&reference)) }),
                );
            }
        }
        // A day on which all the money is there.
        let latest = |order: &Order| order.payments().iter().map(|entry| entry.day).max().unwrap_or(confirmed);
        let refundable = order.refundable();
        if refundable.is_positive() && self.dice.yes() {
            let part = Money::from_minor(refundable.minor() / 2, currency);
            let amount = if part.is_positive() && self.dice.yes() { part } else { refundable };
            valid(order.refund(self.at(), NewPayment::of(amount).day(self.day().max(confirmed).max(latest(&order)))));
        }
        let half = |one: RefundedLine| RefundedLine { quantity: valid(Quantity::from_millionths(500_000)), ..one };
        let lines: Vec<RefundedLine> = order.refundable_lines().into_iter().map(half).collect();
        let came_to = valid(order.came_to(&lines));
        if came_to.is_positive() && came_to <= order.refundable() && self.dice.yes() {
            valid(
                order.refund(self.at(), NewRefund::of_lines(lines).day(self.day().max(confirmed).max(latest(&order)))),
            );
        }
        let last = order.standing_refunds().last().map(|last| last.number);
        if let Some(last) = last.filter(|_| n.is_multiple_of(3)) {
            valid(order.undo_refund(self.at(), last, None));
        }
        let whole = !order.refundable().is_positive() && (!shipped || returned);
        match self.dice.below(4) {
            0 => drop(valid(order.lock(self.at()))),
            1 if whole => {
                drop(valid(order.cancel(self.at(), self.day().max(confirmed), Some(self.dice.one_text(TEXTS)))));
            }
            _ => {}
        }
        order
    }

    /// An order that is still a draft, so that others refer to it and nobody counts it.
    pub(crate) fn draft(&mut self, n: u32) -> Order {
        let parts = OrderParts::from(self.order(n));
        let number = text(&format!("DRAFT-{n}"));
        let (state, shipments, payments) = (OrderState::Draft, Vec::new(), Vec::new());
        valid(OrderParts { number, state, rate: None, shipments, payments, ..parts }.try_into())
    }

    pub(super) fn payment(&mut self, n: u32) -> Payment {
        use ProviderStatus::{Authorised, Cancelled, Done, Draft, Failed, Pending};
        let source = self.relative(n);
        let kinds = [PaymentKind::Capture, PaymentKind::Void, PaymentKind::Refund];
        let kind = if source.is_some() { self.dice.one(&kinds) } else { PaymentKind::Whole };
        let provider = self.dice.one(&["acme:pi", "bank:tr"]);
        let reference: PaymentReference = self.number(provider, n);
        let currency = self.dice.one(&[Currency::EUR, Currency::JPY]);
        let status = match self.dice.one(&[Draft, Pending, Authorised, Done, Done, Cancelled, Failed]) {
            Authorised if kind != PaymentKind::Whole => Pending,
            status => status,
        };
        let at = self.at();
        let state = match status {
            Draft => PaymentState::Draft,
            Pending => PaymentState::Pending { since: at },
            Authorised => PaymentState::Authorised { at },
            Done => PaymentState::Done { at },
            Cancelled => PaymentState::Cancelled { at },
            Failed => PaymentState::Failed { at, reason: self.dice.yes().then(|| text("card declined")) },
        };
        let entry = (status == Done && kind != PaymentKind::Void && self.dice.yes()).then(|| 1 + self.dice.below(3));
        let mut lines = Vec::new();
        if kind == PaymentKind::Refund {
            for place in 0..self.dice.below(3) {
                lines.push(RefundedLine { line: 1 + 2 * place, quantity: self.dice.one_text(&["1", "2.5"]) });
            }
        }
        let mut anomalies = Vec::new();
        for _ in 0..self.dice.below(3).saturating_sub(self.dice.below(2)) {
            let report = PaymentReport::new(reference.clone(), self.dice.one(&[Pending, Done]));
            let report = if self.dice.yes() { report.amount(Money::from_minor(7, currency)) } else { report };
            let kind = self.dice.one(&[AnomalyKind::Repeated, AnomalyKind::NotEntered]);
            anomalies.push(report.anomaly(self.at(), kind, status));
        }
        let (created_at, updated_at, amount) = (self.at(), self.at(), self.money(currency));
        let money_back = status == Done && kind == PaymentKind::Refund && lines.is_empty();
        let parts = PaymentParts {
            id: id(n),
            revision: Revision::FIRST,
            created_at,
            updated_at,
            order: self.slot(),
            kind,
            source,
            amount,
            reference,
            lines,
            state,
            entry,
            outside: (money_back && self.dice.yes()).then_some(amount),
            anomalies,
        };
        valid(parts.try_into())
    }
}
