//! Payments with a provider: what is held, taken, released and given back by a card network, a bank, a wallet, and what it reported.

mod new;
mod report;
mod state;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    new::{NewPaymentPart, NewProviderPayment, PaymentReference},
    report::{AnomalyKind, PaymentAnomaly, PaymentReport},
    state::{PaymentAction, PaymentState, ProviderStatus},
};
use crate::{
    id::{OrderId, PaymentId},
    invalid::{Invalid, Rule},
    money::Money,
    order::{EntryKind, Order, PaymentEntry, RefundedLine, check_refunded_lines, positive},
    record::{Revision, guarded},
    text::Label,
};

guarded! {
    /// A payment for an order with a provider, or a part of one. It stands beside the order's own entries: what the order has of it is the
    /// entry whose number stands in [`entry`](Payment::entry).
    ///
    /// A whole payment is authorised and captured, or voided. A part of it that is captured, voided or refunded is a payment of its own ([`Payment::part`]), with its own
    /// reference and its own life; a whole that was authorised closes once its parts cover it (PAY-2).
    ///
    /// What may be done to a payment, by where it stands with the provider:
    ///
    #[doc = include_str!("transitions/payment.md")]
    ///
    /// A report of the provider that does not fit the table changes nothing and is kept, as a [`PaymentAnomaly`] (PAY-1).
    Payment(PaymentId), PaymentParts as "PaymentParts" {
        /// The order that it is for.
        copy order: OrderId,
        /// Whether it is a whole, or which part of one.
        copy kind: PaymentKind,
        /// The whole that it is a part of.
        copy source: Option<PaymentId>,
        /// The provider and what it knows the payment by; unique among payments (REF-3).
        borrow reference: PaymentReference,
        /// How much, above zero.
        copy amount: Money,
        /// What a refund is for, by line of the order; empty for money alone, and for what is no refund.
        list lines: RefundedLine,
        /// Where it stands with the provider.
        borrow state: PaymentState,
        /// The number of the order's entry that it made; `None` as long as no money moved, for a whole that its parts cover, for a refund of money that the order never had,
        /// and where the order could not take the entry ([`AnomalyKind::NotEntered`]).
        copy entry: Option<u32>,
        /// Of a refund of money that is done, what it gave back that the order did not have; `None` for nothing.
        copy outside: Option<Money>,
        /// The reports of the provider that did not fit, oldest first.
        list anomalies: PaymentAnomaly,
    }
}

/// Whether a payment is a whole, or which part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentKind {
    /// A whole payment: done once it is captured, cancelled once it is voided.
    Whole,
    /// A part of a whole that is taken.
    Capture,
    /// A part of a whole that is released.
    Void,
    /// A part of what was taken that is given back.
    Refund,
}

impl std::fmt::Display for PaymentKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Whole => "whole payment",
            Self::Capture => "partial capture",
            Self::Void => "partial void",
            Self::Refund => "refund",
        })
    }
}

/// Why something was not done to a payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaymentError {
    /// The payment does not stand where that is allowed.
    #[error("cannot {action} {payment}: it is {status}")]
    NotAllowed {
        /// The payment.
        payment: PaymentId,
        /// Where it stands.
        status: ProviderStatus,
        /// What was asked.
        action: PaymentAction,
    },
    /// Only a whole payment is authorised and has parts.
    #[error("{payment} is a {kind}: only a whole payment is authorised and has parts")]
    NotAWhole {
        /// The payment.
        payment: PaymentId,
        /// What it is.
        kind: PaymentKind,
    },
    /// Parts of the payment were captured or voided, or are about to be: the rest is captured or voided as a part, too (PAY-2).
    #[error("cannot {action} {payment} as a whole: {taken} of it is captured or voided in parts (PAY-2)")]
    InParts {
        /// The payment.
        payment: PaymentId,
        /// What was asked.
        action: PaymentAction,
        /// What its parts hold already.
        taken: Money,
    },
    /// A part is captured or voided only of a payment that is authorised.
    #[error("cannot begin a {kind} of {payment}: it is {status}, not authorised (PAY-2)")]
    NotAuthorised {
        /// The whole payment.
        payment: PaymentId,
        /// The part that was asked for.
        kind: PaymentKind,
        /// Where the whole stands.
        status: ProviderStatus,
    },
    /// More would be captured or voided than is held (PAY-2).
    #[error("cannot begin a {kind} of {amount} of {payment}: {left} of it is left (PAY-2)")]
    MoreThanHeld {
        /// The whole payment.
        payment: PaymentId,
        /// The part that was asked for.
        kind: PaymentKind,
        /// What was asked.
        amount: Money,
        /// What is held and not captured, voided or about to be.
        left: Money,
    },
    /// More would be given back than was captured, with what is about to be (REF-1).
    #[error("cannot refund {amount} of {payment}: {refundable} is left of what was captured (REF-1)")]
    OverRefunded {
        /// The whole payment.
        payment: PaymentId,
        /// What was asked.
        amount: Money,
        /// What was captured and not refunded or about to be.
        refundable: Money,
    },
    /// The reference is that of another payment, or of the same one with other values (REF-3).
    #[error("the reference is that of {payment}, which has another {field} (REF-3)")]
    ReferenceTaken {
        /// The payment that has it.
        payment: PaymentId,
        /// The first value that is different.
        field: &'static str,
    },
    /// The order has the entry of the payment already, or there is none to make: no money of it moved by itself, or what was taken went back before the order had it.
    #[error("{payment} has nothing to enter in its order")]
    NothingToEnter {
        /// The payment.
        payment: PaymentId,
    },
    /// A value breaks a rule.
    #[error("{payment}: {invalid}")]
    Value {
        /// The payment; of a part that was to be begun, its whole.
        payment: PaymentId,
        /// The value and the rule.
        invalid: Invalid,
    },
}

/// What happened to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentFact {
    /// It was begun.
    Begun {
        /// As it was then.
        payment: Box<Payment>,
    },
    /// The provider works on it.
    Pending,
    /// The money is held.
    Authorised,
    /// It is done: the money was taken, or for its kind released or given back.
    Done {
        /// The number of the order's entry that it made.
        entry: Option<u32>,
        /// Of a refund of money, what it gave back that the order did not have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outside: Option<Money>,
    },
    /// It was called off; what was held by it is released.
    Cancelled,
    /// It failed.
    Failed {
        /// Why, in the provider's words or by its code.
        reason: Option<Label>,
    },
    /// The order took the entry that it could not take before.
    Entered {
        /// The number of the entry.
        entry: u32,
        /// Of a refund of money, what it gave back that the order did not have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outside: Option<Money>,
    },
    /// The provider reported what does not fit.
    Anomaly {
        /// What it was.
        anomaly: PaymentAnomaly,
    },
    /// It was deleted, before the provider had answered.
    Deleted {
        /// As it was.
        payment: Box<Payment>,
    },
}

/// What the parts of a whole payment come to. Those that are begun and neither done nor failed count as about to be done (REF-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentBalance {
    /// What was taken: of the whole at once, or by its parts.
    pub captured: Money,
    /// What was released.
    pub voided: Money,
    /// What was given back.
    pub refunded: Money,
    /// What is about to be captured or voided by parts.
    pub capturing_or_voiding: Money,
    /// What is about to be given back.
    pub refunding: Money,
    /// Whether some of it was captured or voided by parts.
    pub in_parts: bool,
}

impl PaymentBalance {
    /// What is held and neither captured, voided nor about to be.
    pub const fn left(&self, whole: &Payment) -> Money {
        let taken = self.captured.minor() + self.voided.minor() + self.capturing_or_voiding.minor();
        Money::from_minor(whole.amount.minor() - taken, whole.amount.currency())
    }

    /// What was captured and neither given back nor about to be (REF-1).
    pub const fn refundable(&self) -> Money {
        let minor = self.captured.minor() - self.refunded.minor() - self.refunding.minor();
        Money::from_minor(minor, self.captured.currency())
    }
}

/// Most anomalies and lines of one payment, each.
const LIMIT: usize = 10_000;

impl Payment {
    /// A new whole payment, which the provider is still to be told of.
    ///
    /// # Errors
    ///
    /// [`Rule::NotPositive`].
    pub fn begin(id: PaymentId, at: DateTime<Utc>, new: NewProviderPayment) -> Result<Self, Invalid> {
        let NewProviderPayment { id: _, order, reference, amount } = new;
        Self::new(id, at, order, PaymentKind::Whole, None, reference, amount, Vec::new())
    }

    /// A new part of this payment: a capture or a void of what is held, or a refund of what was captured. Without an amount it is all that is left.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAWhole`], [`PaymentError::NotAuthorised`], [`PaymentError::MoreThanHeld`], [`PaymentError::OverRefunded`], [`PaymentError::Value`] for an
    /// amount of zero or less or in another currency, for lines of what is no refund, and for lines without an amount: what they came to is the order's to say
    /// ([`Order::came_to`](crate::Order::came_to)).
    pub fn part(
        &self,
        id: PaymentId,
        at: DateTime<Utc>,
        balance: &PaymentBalance,
        new: NewPaymentPart,
    ) -> Result<Self, PaymentError> {
        let NewPaymentPart { id: _, kind, reference, amount, lines } = new;
        let refused = |invalid| PaymentError::Value { payment: self.id, invalid };
        if self.kind != PaymentKind::Whole {
            return Err(PaymentError::NotAWhole { payment: self.id, kind: self.kind });
        }
        let amount = match (amount, kind) {
            (Some(amount), _) => amount,
            (None, PaymentKind::Refund) if !lines.is_empty() => {
                return Err(refused(Invalid::new("amount", "", Rule::Empty)));
            }
            (None, PaymentKind::Refund) => balance.refundable(),
            (None, _) => balance.left(self),
        };
        let amount = positive(amount).and_then(|amount| amount.in_currency(self.amount.currency())).map_err(refused)?;
        let part = Self::new(id, at, self.order, kind, Some(self.id), reference, amount, lines).map_err(refused)?;
        self.room_for(kind, amount, balance)?;
        Ok(part)
    }

    /// Refuses a part that this payment has no room for.
    fn room_for(&self, kind: PaymentKind, amount: Money, balance: &PaymentBalance) -> Result<(), PaymentError> {
        let (payment, status) = (self.id, self.state.status());
        if kind == PaymentKind::Refund {
            let refundable = balance.refundable();
            return if amount > refundable {
                Err(PaymentError::OverRefunded { payment, amount, refundable })
            } else {
                Ok(())
            };
        }
        if status != ProviderStatus::Authorised {
            return Err(PaymentError::NotAuthorised { payment, kind, status });
        }
        let left = balance.left(self);
        if amount > left { Err(PaymentError::MoreThanHeld { payment, kind, amount, left }) } else { Ok(()) }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a field of the record")]
    fn new(
        id: PaymentId,
        at: DateTime<Utc>,
        order: OrderId,
        kind: PaymentKind,
        source: Option<PaymentId>,
        reference: PaymentReference,
        amount: Money,
        lines: Vec<RefundedLine>,
    ) -> Result<Self, Invalid> {
        let parts = PaymentParts {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            order,
            kind,
            source,
            reference,
            amount,
            lines,
            state: PaymentState::Draft,
            entry: None,
            outside: None,
            anomalies: Vec::new(),
        };
        parts.try_into()
    }

    fn check(&self) -> Result<(), Invalid> {
        positive(self.amount)?;
        check_refunded_lines(&self.lines)?;
        if self.anomalies.len() > LIMIT {
            let rule = Rule::TooMany { limit: LIMIT };
            return Err(Invalid::new("anomalies", self.anomalies.len().to_string(), rule));
        }
        let inconsistent = |field, value: String, must| Err(Invalid::new(field, value, Rule::Inconsistent { must }));
        let whole = self.kind == PaymentKind::Whole;
        if whole != self.source.is_none() {
            return inconsistent("source", self.kind.to_string(), "must be there for a part, and only there (PAY-2)");
        }
        if !self.lines.is_empty() && self.kind != PaymentKind::Refund {
            return inconsistent("lines", self.kind.to_string(), "must be named for a refund only");
        }
        let status = self.state.status();
        if status == ProviderStatus::Authorised && !whole {
            return inconsistent("state", self.kind.to_string(), "must not be authorised but for a whole payment");
        }
        if let Some(outside) = self.outside {
            positive(outside)
                .and_then(|outside| outside.in_currency(self.amount.currency()))
                .map_err(|refused| refused.in_field("outside"))?;
            let money_back = self.kind == PaymentKind::Refund && self.lines.is_empty();
            if outside > self.amount || !money_back || status != ProviderStatus::Done {
                let must = "must be at most what a refund of money gave back";
                return inconsistent("outside", outside.to_string(), must);
            }
        }
        match self.entry {
            Some(0) => inconsistent("entry", "0".into(), "must be numbered from 1"),
            Some(entry) if status != ProviderStatus::Done || self.kind == PaymentKind::Void => {
                inconsistent("entry", entry.to_string(), "must be there only where money was taken or given back")
            }
            _ => Ok(()),
        }
    }

    fn step(&self, action: PaymentAction) -> Result<ProviderStatus, PaymentError> {
        let (payment, status) = (self.id, self.state.status());
        if action == PaymentAction::Authorise && self.kind != PaymentKind::Whole {
            return Err(PaymentError::NotAWhole { payment, kind: self.kind });
        }
        let refused = PaymentError::NotAllowed { payment, status, action };
        ProviderStatus::TRANSITIONS.next(status, action).ok_or(refused)
    }

    /// Whether the provider may still do it: it is begun, and neither done, called off nor failed.
    pub const fn is_open(&self) -> bool {
        match self.state.status() {
            ProviderStatus::Draft | ProviderStatus::Pending | ProviderStatus::Authorised => true,
            ProviderStatus::Done | ProviderStatus::Cancelled | ProviderStatus::Failed => false,
        }
    }

    /// What the payment and its parts come to. Parts of other payments and of none are left out.
    ///
    /// # Errors
    ///
    /// [`Rule::CurrencyMismatch`], [`Rule::Overflow`]: parts that no [`Payment::part`] made.
    ///
    /// ```
    /// use crm_core::{Currency, Money, NewPaymentPart, NewProviderPayment, Payment, PaymentError, RecordId};
    /// # use chrono::{TimeZone, Utc};
    /// # let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
    /// # let id = |bits| crm_core::PaymentId::from_uuid(uuid::Uuid::from_u128(bits));
    /// # let order = crm_core::OrderId::from_uuid(uuid::Uuid::from_u128(1));
    /// let eur = |amount: &str| Money::parse(amount, Currency::EUR);
    /// let mut whole = Payment::begin(id(1), at, NewProviderPayment::new(order, "acme:pi_1".parse()?, eur("99.80")?))?;
    /// whole.authorise(at)?;
    ///
    /// let half = NewPaymentPart::capture("acme:ch_1".parse()?).amount(eur("49.90")?);
    /// let part = whole.part(id(2), at, &whole.balance([])?, half)?;
    /// let balance = whole.balance([&part])?;
    /// assert_eq!(balance.left(&whole), eur("49.90")?);
    ///
    /// let too_much = NewPaymentPart::capture("acme:ch_2".parse()?).amount(eur("49.91")?);
    /// assert!(matches!(whole.part(id(3), at, &balance, too_much), Err(PaymentError::MoreThanHeld { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn balance<'a>(&self, parts: impl IntoIterator<Item = &'a Self>) -> Result<PaymentBalance, Invalid> {
        let currency = self.amount.currency();
        let none = Money::zero(currency);
        let mut balance = PaymentBalance {
            captured: none,
            voided: none,
            refunded: none,
            capturing_or_voiding: none,
            refunding: none,
            in_parts: false,
        };
        for part in parts.into_iter().filter(|part| part.source == Some(self.id)) {
            let (about, done) = match part.kind {
                PaymentKind::Whole => continue,
                PaymentKind::Capture => (&mut balance.capturing_or_voiding, &mut balance.captured),
                PaymentKind::Void => (&mut balance.capturing_or_voiding, &mut balance.voided),
                PaymentKind::Refund => (&mut balance.refunding, &mut balance.refunded),
            };
            if part.is_open() {
                *about = about.checked_add(part.amount)?;
            } else if part.state.status() == ProviderStatus::Done {
                *done = done.checked_add(part.amount)?;
            }
        }
        balance.in_parts = !(balance.captured.is_zero() && balance.voided.is_zero());
        match self.state.status() {
            ProviderStatus::Done if !balance.in_parts => balance.captured = self.amount,
            ProviderStatus::Cancelled if !balance.in_parts => balance.voided = self.amount,
            _ => {}
        }
        Ok(balance)
    }

    /// What the provider has of this whole and its order does not, in minor units, but for what one of the payments did; below zero where the order has more by hand. A refund of
    /// lines is the order's to enter.
    fn waits(&self, order: &Order, parts: &[Self], without: PaymentId) -> i128 {
        let minor = |amount: Option<Money>| amount.map_or(0, |amount| i128::from(amount.minor()));
        let entered = |payment: &Self| minor(payment.entry_in(order).map(|entry| entry.amount));
        let at_once = self.state.status() == ProviderStatus::Done && !self.in_parts(parts);
        let done = |part: &&Self| part.source == Some(self.id) && part.state.status() == ProviderStatus::Done;
        let waits = |payment: &Self| match payment.kind {
            PaymentKind::Whole if !at_once => -entered(payment),
            PaymentKind::Whole | PaymentKind::Capture => minor(Some(payment.amount)) - entered(payment),
            // Entered by hand since, it gave back no more than the rest.
            PaymentKind::Refund => {
                let rest = (minor(Some(payment.amount)) - entered(payment)).max(0);
                -minor(payment.outside).min(rest)
            }
            PaymentKind::Void => 0,
        };
        parts.iter().filter(done).chain([self]).filter(|payment| payment.id != without).map(waits).sum()
    }

    /// Whether some of a whole was captured or voided by parts.
    fn in_parts(&self, parts: &[Self]) -> bool {
        let divides = |part: &Self| {
            let of_it = part.source == Some(self.id) && part.state.status() == ProviderStatus::Done;
            of_it && matches!(part.kind, PaymentKind::Capture | PaymentKind::Void)
        };
        parts.iter().any(divides)
    }

    /// The entry that its order has of it: the one that was made of it, or one that was entered by hand under its provider and reference (REF-3).
    pub fn entry_in<'a>(&self, order: &'a Order) -> Option<&'a PaymentEntry> {
        if let Some(number) = self.entry {
            return order.payments().iter().find(|entry| entry.number == number);
        }
        let kind = match self.kind {
            PaymentKind::Void => return None,
            PaymentKind::Refund => EntryKind::Refund,
            PaymentKind::Whole | PaymentKind::Capture => EntryKind::Payment,
        };
        order.entry_under(kind, Some(self.reference.provider()), Some(self.reference.reference()))
    }
    /// Refuses to let a whole go its way as one while parts of it have gone, or are about to go, theirs.
    fn undivided(&self, action: PaymentAction, balance: &PaymentBalance) -> Result<(), PaymentError> {
        let taken = Money::from_minor(self.amount.minor() - balance.left(self).minor(), self.amount.currency());
        // One that went its way has taken it all, which the table has refused before.
        if taken.is_positive() { Err(PaymentError::InParts { payment: self.id, action, taken }) } else { Ok(()) }
    }

    /// Refuses what the table or the parts of the payment do not allow: of a whole (`balance` is its own) that it goes its way as a whole while it has parts; of a
    /// part that had failed (`balance` and `whole` are those of its source) that it is done where others took its room.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`], [`PaymentError::NotAWhole`], [`PaymentError::InParts`], [`PaymentError::NotAuthorised`], [`PaymentError::MoreThanHeld`],
    /// [`PaymentError::OverRefunded`].
    pub fn allows(&self, action: PaymentAction, whole: &Self, balance: &PaymentBalance) -> Result<(), PaymentError> {
        self.step(action)?;
        match (self.kind, action) {
            (PaymentKind::Whole, PaymentAction::Finish | PaymentAction::Cancel | PaymentAction::Fail) => {
                self.undivided(action, balance)
            }
            (PaymentKind::Whole, PaymentAction::Pend | PaymentAction::Authorise) => Ok(()),
            // One that failed holds no room any more.
            (kind, PaymentAction::Finish) if self.state.status() == ProviderStatus::Failed => {
                whole.room_for(kind, self.amount, balance)
            }
            _ => Ok(()),
        }
    }

    /// Notes that the provider works on it.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`].
    pub fn pend(&mut self, at: DateTime<Utc>) -> Result<PaymentFact, PaymentError> {
        self.step(PaymentAction::Pend)?;
        (self.state, self.updated_at) = (PaymentState::Pending { since: at }, at);
        Ok(PaymentFact::Pending)
    }

    /// Notes that the money of a whole payment is held.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`], [`PaymentError::NotAWhole`].
    pub fn authorise(&mut self, at: DateTime<Utc>) -> Result<PaymentFact, PaymentError> {
        self.step(PaymentAction::Authorise)?;
        (self.state, self.updated_at) = (PaymentState::Authorised { at }, at);
        Ok(PaymentFact::Authorised)
    }

    /// Notes that it is done: a whole or a part of it is captured, a part is voided or refunded; with the number of the entry that the order made of it, and how much of it is
    /// the order's ([`Payment::for_the_order`]), entered or not. What [`Payment::allows`] refuses is to be asked before.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`], [`PaymentError::Value`] for the entry of a void.
    pub fn finish(
        &mut self,
        at: DateTime<Utc>,
        entry: Option<u32>,
        of_order: Money,
    ) -> Result<PaymentFact, PaymentError> {
        self.step(PaymentAction::Finish)?;
        let outside = self.beyond(of_order);
        let after = Self { state: PaymentState::Done { at }, updated_at: at, entry, outside, ..self.clone() };
        after.check().map_err(|invalid| PaymentError::Value { payment: self.id, invalid })?;
        *self = after;
        Ok(PaymentFact::Done { entry, outside })
    }

    /// Notes that it is called off: a whole is voided, a part is not done.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`].
    pub fn cancel(&mut self, at: DateTime<Utc>) -> Result<PaymentFact, PaymentError> {
        self.step(PaymentAction::Cancel)?;
        (self.state, self.updated_at) = (PaymentState::Cancelled { at }, at);
        Ok(PaymentFact::Cancelled)
    }

    /// Notes that it failed.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`].
    pub fn fail(&mut self, at: DateTime<Utc>, reason: Option<Label>) -> Result<PaymentFact, PaymentError> {
        self.step(PaymentAction::Fail)?;
        self.state = PaymentState::Failed { at, reason: reason.clone() };
        self.updated_at = at;
        Ok(PaymentFact::Failed { reason })
    }

    /// Whether it may be deleted: as long as the provider has not answered.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NotAllowed`].
    pub fn deletable(&self) -> Result<(), PaymentError> {
        self.step(PaymentAction::Delete).map(drop)
    }

    /// What a whole does once its parts cover it, by capture and void (PAY-2): it is done where any of it was captured, and cancelled where all of it was voided. `None`
    /// where they do not cover it, or it has gone its way already.
    pub fn covered(&self, balance: &PaymentBalance) -> Option<PaymentAction> {
        let taken = balance.captured.minor() + balance.voided.minor();
        let open = self.kind == PaymentKind::Whole && self.state.status() == ProviderStatus::Authorised;
        match open && taken == self.amount.minor() {
            true if balance.captured.is_positive() => Some(PaymentAction::Finish),
            true => Some(PaymentAction::Cancel),
            false => None,
        }
    }

    /// How much of it its order is to enter, once it is done. `whole` is itself or what it is a part of, with its `parts`.
    ///
    /// Of money that is taken: all, less what was given back before the order had it. Of money that goes back: what the order has, since what waits goes back first; of a
    /// refund of lines, all. Nothing of a void, and of a whole that its parts cover.
    pub fn for_the_order(&self, order: &Order, whole: &Self, parts: &[Self]) -> Money {
        let (amount, waits) = (i128::from(self.amount.minor()), whole.waits(order, parts, self.id));
        let done = self.state.status() == ProviderStatus::Done;
        let share = match self.kind {
            PaymentKind::Void => 0,
            PaymentKind::Whole if self.in_parts(parts) => 0,
            PaymentKind::Whole | PaymentKind::Capture => amount + waits.min(0),
            PaymentKind::Refund if !self.lines.is_empty() => amount,
            // What it gave back of what waited does not wait any more, unless the order has it by hand.
            PaymentKind::Refund if done => {
                let outside = self.outside.map_or(0, |outside| i128::from(outside.minor()));
                amount - outside + (outside - waits).clamp(0, outside)
            }
            PaymentKind::Refund => amount - waits.max(0),
        };
        // At most its amount.
        Money::from_minor(i64::try_from(share.max(0)).unwrap_or(0), self.amount.currency())
    }

    /// What a refund of money gave back that the order did not have, where the order has so much of it.
    fn beyond(&self, of_order: Money) -> Option<Money> {
        let money_back = self.kind == PaymentKind::Refund && self.lines.is_empty();
        let outside = Money::from_minor(self.amount.minor() - of_order.minor(), self.amount.currency());
        Some(outside).filter(|outside| money_back && outside.is_positive())
    }

    /// Whether its order may still be to enter something of it: it is done and has no entry. How much that is [`Payment::for_the_order`] says.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NothingToEnter`].
    pub const fn enterable(&self) -> Result<(), PaymentError> {
        match (self.state.status(), self.entry, self.kind) {
            (ProviderStatus::Done, None, PaymentKind::Whole | PaymentKind::Capture | PaymentKind::Refund) => Ok(()),
            _ => Err(PaymentError::NothingToEnter { payment: self.id }),
        }
    }

    /// Notes the number of the order's entry that was made of it later, and of how much. What [`Payment::enterable`] refuses is to be asked before.
    ///
    /// # Errors
    ///
    /// [`PaymentError::NothingToEnter`] where it has one, [`PaymentError::Value`] where no money moved by it.
    pub fn enter(&mut self, at: DateTime<Utc>, entry: u32, of_order: Money) -> Result<PaymentFact, PaymentError> {
        if self.entry.is_some() {
            return Err(PaymentError::NothingToEnter { payment: self.id });
        }
        let outside = self.beyond(of_order);
        let after = Self { updated_at: at, entry: Some(entry), outside, ..self.clone() };
        after.check().map_err(|invalid| PaymentError::Value { payment: self.id, invalid })?;
        *self = after;
        Ok(PaymentFact::Entered { entry, outside })
    }

    /// Keeps a report of the provider that did not fit (PAY-1).
    ///
    /// # Errors
    ///
    /// [`PaymentError::Value`] where it has as many as it can hold.
    pub fn note(&mut self, at: DateTime<Utc>, anomaly: PaymentAnomaly) -> Result<PaymentFact, PaymentError> {
        if self.anomalies.len() == LIMIT {
            let rule = Rule::TooMany { limit: LIMIT };
            let invalid = Invalid::new("anomalies", self.anomalies.len().to_string(), rule);
            return Err(PaymentError::Value { payment: self.id, invalid });
        }
        self.anomalies.push(anomaly);
        self.updated_at = at;
        Ok(PaymentFact::Anomaly { anomaly })
    }
}

#[cfg(test)]
mod tests;
