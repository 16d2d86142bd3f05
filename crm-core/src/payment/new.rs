//! What payments are begun with.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::PaymentKind;
use crate::{
    id::{OrderId, PaymentId},
    invalid::{Invalid, Rule},
    money::Money,
    order::RefundedLine,
    text::Label,
};

/// The provider of a payment and what it knows the payment by, written as `provider:reference`. It is unique among payments, so that what is begun or reported twice is known
/// again (REF-3). The reference is the provider's own id of the payment, or the host's where the provider takes one.
///
/// ```
/// use crm_core::PaymentReference;
///
/// let reference: PaymentReference = "acme:pi_3Nx".parse()?;
/// assert_eq!((reference.provider().as_str(), reference.reference().as_str()), ("acme", "pi_3Nx"));
/// assert_eq!(reference, PaymentReference::new("acme".parse()?, "pi_3Nx".parse()?)?);
/// assert!("pi_3Nx".parse::<PaymentReference>().is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentReference {
    text: String,
    provider: Label,
    reference: Label,
}

impl PaymentReference {
    /// A payment of a provider.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] where the name of the provider has a colon.
    pub fn new(provider: Label, reference: Label) -> Result<Self, Invalid> {
        if provider.as_str().contains(':') {
            return Err(Invalid::new(
                "provider",
                provider.as_str(),
                Rule::Malformed { expected: "a name without a colon" },
            ));
        }
        Ok(Self { text: format!("{provider}:{reference}"), provider, reference })
    }

    /// Reads `provider:reference`; what stands behind the first colon is the reference.
    ///
    /// # Errors
    ///
    /// [`Rule::Malformed`] without a colon; as [`Label::parse`] for each of the two.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let expected = "a provider and its reference, as in acme:pi_1";
        let malformed = || Invalid::new("reference", raw, Rule::Malformed { expected });
        let (provider, reference) = raw.split_once(':').ok_or_else(malformed)?;
        let provider = Label::parse(provider).map_err(|invalid| invalid.in_field("provider"))?;
        Self::new(provider, Label::parse(reference).map_err(|invalid| invalid.in_field("reference"))?)
    }

    /// Both, as they are written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The provider.
    pub const fn provider(&self) -> &Label {
        &self.provider
    }

    /// What it knows the payment by.
    pub const fn reference(&self) -> &Label {
        &self.reference
    }
}

impl FromStr for PaymentReference {
    type Err = Invalid;
    fn from_str(raw: &str) -> Result<Self, Invalid> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for PaymentReference {
    type Error = Invalid;
    fn try_from(raw: String) -> Result<Self, Invalid> {
        Self::parse(&raw)
    }
}

impl From<PaymentReference> for String {
    fn from(reference: PaymentReference) -> Self {
        reference.text
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PaymentReference({:?})", self.text)
    }
}

/// What a whole payment is begun with.
///
/// ```
/// use crm_core::{Currency, Money, NewProviderPayment, OrderId, RecordId};
///
/// # let order = OrderId::from_uuid(uuid::Uuid::from_u128(1));
/// let new = NewProviderPayment::new(order, "acme:pi_1".parse()?, Money::parse("99.80", Currency::EUR)?);
/// assert_eq!(new.reference.provider().as_str(), "acme");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewProviderPayment {
    /// The host's own id; made from the act where there is none.
    pub id: Option<PaymentId>,
    /// The order that it is for.
    pub order: OrderId,
    /// The provider and what it knows the payment by.
    pub reference: PaymentReference,
    /// How much, above zero.
    pub amount: Money,
}

impl NewProviderPayment {
    /// A payment for an order.
    pub const fn new(order: OrderId, reference: PaymentReference, amount: Money) -> Self {
        Self { id: None, order, reference, amount }
    }

    /// With the host's own id.
    #[must_use]
    pub const fn id(mut self, id: PaymentId) -> Self {
        self.id = Some(id);
        self
    }
}

/// What a part of a payment is begun with: a capture, a void or a refund.
///
/// ```
/// use crm_core::{Currency, Money, NewPaymentPart, PaymentKind, Quantity, RefundedLine};
///
/// let rest = NewPaymentPart::capture("acme:ch_2".parse()?);
/// assert_eq!((rest.kind, rest.amount), (PaymentKind::Capture, None)); // all that is left
///
/// let lamp = NewPaymentPart::refund("acme:re_1".parse()?).line(1, Quantity::from(1));
/// assert_eq!(lamp.lines, [RefundedLine { line: 1, quantity: Quantity::from(1) }]);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewPaymentPart {
    /// The host's own id; made from the act where there is none.
    pub id: Option<PaymentId>,
    /// Which part it is.
    pub kind: PaymentKind,
    /// The provider and what it knows the part by.
    pub reference: PaymentReference,
    /// How much, above zero. Where there is none: all that is left, or for a refund with lines what they came to.
    pub amount: Option<Money>,
    /// What a refund is for, by line of the order; none for money alone.
    pub lines: Vec<RefundedLine>,
}

impl NewPaymentPart {
    /// A part that is taken; without an amount all that is left.
    pub const fn capture(reference: PaymentReference) -> Self {
        Self::of(PaymentKind::Capture, reference)
    }

    /// A part that is released; without an amount all that is left.
    pub const fn void(reference: PaymentReference) -> Self {
        Self::of(PaymentKind::Void, reference)
    }

    /// A part of what was taken that is given back; without an amount and lines all that can be.
    pub const fn refund(reference: PaymentReference) -> Self {
        Self::of(PaymentKind::Refund, reference)
    }

    const fn of(kind: PaymentKind, reference: PaymentReference) -> Self {
        Self { id: None, kind, reference, amount: None, lines: Vec::new() }
    }

    /// With the host's own id.
    #[must_use]
    pub const fn id(mut self, id: PaymentId) -> Self {
        self.id = Some(id);
        self
    }

    /// Of so much.
    #[must_use]
    pub const fn amount(mut self, amount: Money) -> Self {
        self.amount = Some(amount);
        self
    }

    /// For so many of a line of the order.
    #[must_use]
    pub fn line(mut self, line: u32, quantity: crate::decimal::Quantity) -> Self {
        self.lines.push(RefundedLine { line, quantity });
        self
    }
}
