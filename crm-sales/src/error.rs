//! Why an operation did nothing.

use crm_core::{
    ActivityError, CustomerId, CustomerType, IdempotencyError, Invalid, LeadError, LeadId, OpportunityError,
    OpportunityId, OrderError, PaymentError, PaymentReference, PlanError, PriceError, PriceListError, ProductId,
    PromotionError, QuoteError, RateError, RecordRef, Revision, SalesRepId,
    store::{StoreError, StoreErrorKind},
};

/// Why an operation did nothing. Whichever it is, the operation wrote nothing and appended nothing; what the same
/// transaction did before stands until the caller rolls it back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SalesError {
    /// The record that the operation is about, or one that it must look at, is not there.
    #[error("{record} is not there")]
    NotFound {
        /// The record.
        record: RecordRef,
    },
    /// The record changed since the caller saw it. Read it again and decide anew.
    #[error("{record} changed since it was read: it is at revision {found}, not {expected}")]
    Conflict {
        /// The record.
        record: RecordRef,
        /// The revision that the caller has seen.
        expected: Revision,
        /// The revision that is there.
        found: Revision,
    },
    /// The customer is archived and gets no new business.
    #[error("{customer} is archived")]
    Archived {
        /// The customer.
        customer: CustomerId,
    },
    /// The product can no longer be ordered, or the rep no longer sells: nothing new goes to it.
    #[error("{record} is inactive")]
    Inactive {
        /// The product or the rep.
        record: RecordRef,
    },
    /// The field takes an organisation, and this customer is a person.
    #[error("{field} must be an organisation, {customer} is a person")]
    NotAnOrganisation {
        /// The customer.
        customer: CustomerId,
        /// The field that refers to it.
        field: &'static str,
    },
    /// The field takes a person, and this customer is an organisation.
    #[error("{field} must be a person, {customer} is an organisation")]
    NotAPerson {
        /// The customer.
        customer: CustomerId,
        /// The field that refers to it.
        field: &'static str,
    },
    /// A person does not turn into an organisation, nor the other way round: others may refer to it as what it is.
    #[error("{customer} must stay what it is, a person or an organisation")]
    OtherKind {
        /// The customer.
        customer: CustomerId,
        /// What it is.
        found: CustomerType,
        /// What was asked.
        asked: CustomerType,
    },
    /// An opportunity is won with a customer: somebody bought.
    #[error("cannot win {opportunity} without a customer")]
    NoCustomer {
        /// The opportunity.
        opportunity: OpportunityId,
    },
    /// A number of a forecast is adjusted by the rep whose it is or by their manager, and by nobody else (FC-5).
    #[error("{author} cannot adjust the forecast of {rep}: only {rep} or their manager can (FC-5)")]
    NotTheirForecast {
        /// Whose number it is.
        rep: SalesRepId,
        /// Who wanted to adjust it.
        author: SalesRepId,
        /// Whom the rep reports to.
        manager: Option<SalesRepId>,
    },
    /// The lead waits in no queue: it stands in none, somebody has it, or it is disqualified or converted.
    #[error("{lead} waits in no queue")]
    NotWaiting {
        /// The lead.
        lead: LeadId,
    },
    /// What a record was before a conversion can no longer be told: its entry in the journal was erased.
    #[error("cannot undo the conversion of {lead}: what {record} was before it is not known any more")]
    CannotUndo {
        /// The lead.
        lead: LeadId,
        /// The record.
        record: RecordRef,
    },
    /// A line of an order or a quote breaks a rule.
    #[error("{}: {invalid}", line(*number, *record))]
    Line {
        /// The order or the quote, where it is there already.
        record: Option<RecordRef>,
        /// The number that the line has or would get.
        number: u32,
        /// The value of the line that broke a rule.
        invalid: Invalid,
    },
    /// No payment has the reference that a provider reported.
    #[error("no payment has the reference {reference} (REF-3)")]
    UnknownReference {
        /// The provider and what it called the payment.
        reference: PaymentReference,
    },
    /// The payment with a provider refuses.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The key of the act stands for something else that was done before, or its answer was erased.
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// A line has no price.
    #[error("{}: {error}", line(*number, *record))]
    LinePrice {
        /// The order or the quote that it is a line of, or is to be one of.
        record: Option<RecordRef>,
        /// The number of the line, its place from 1 where it stands in no document. A new one is counted on from the last
        /// line that is there: the number that it would get if each new one before it had one price.
        number: u32,
        /// Why.
        error: PriceError,
    },
    /// A variant has no variants of its own: rules look at a product and the one that it is a variant of, and no further.
    #[error("{product} cannot be a variant of {of}: one of the two has or is a variant already")]
    VariantOfVariant {
        /// The product that would be a variant.
        product: ProductId,
        /// The product that it would be a variant of.
        of: ProductId,
    },
    /// Its lines are not priced by a list.
    #[error("{record} has no price list")]
    NoPriceList {
        /// The order or the quote.
        record: RecordRef,
    },
    /// A line without a price of its own is added to an order or a quote that has a price list by `add_order_lines` or
    /// `add_quote_lines`, which have the prices of the day.
    #[error("line {number} of {record} needs a price: {record} is priced by a list")]
    PricedByList {
        /// The order or the quote.
        record: RecordRef,
        /// The number that the line has or would get.
        number: u32,
    },
    /// The price list refuses.
    #[error(transparent)]
    PriceList(#[from] PriceListError),
    /// There is no price.
    #[error(transparent)]
    Price(#[from] PriceError),
    /// The promotion refuses.
    #[error(transparent)]
    Promotion(#[from] PromotionError),
    /// The quote refuses.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// The lead refuses.
    #[error(transparent)]
    Lead(#[from] LeadError),
    /// The opportunity refuses.
    #[error(transparent)]
    Opportunity(#[from] OpportunityError),
    /// The activity refuses.
    #[error(transparent)]
    Activity(#[from] ActivityError),
    /// The plan refuses.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The amount cannot be converted, or the pair has a rate of that day.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// A value breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The store refuses or fails: what is taken, what is missing, what is still referred to, and everything that can
    /// happen to a disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SalesError {
    /// The value that broke a rule, whichever record refused it: for the form or the import report that must show it.
    ///
    /// ```
    /// use crm_core::{Invalid, OrderError, Rule};
    /// use crm_sales::SalesError;
    ///
    /// let refused = SalesError::from(OrderError::from(Invalid::new("quantity", "0", Rule::NotPositive)));
    /// assert_eq!(refused.invalid().map(Invalid::field), Some("quantity"));
    /// ```
    pub fn invalid(&self) -> Option<&Invalid> {
        match self {
            Self::Invalid(invalid)
            | Self::Line { invalid, .. }
            | Self::Quote(QuoteError::Value { invalid, .. })
            | Self::Order(OrderError::Invalid(invalid) | OrderError::Value { invalid, .. })
            | Self::Lead(LeadError::Invalid(invalid))
            | Self::Payment(PaymentError::Value { invalid, .. })
            | Self::Opportunity(OpportunityError::Invalid(invalid))
            | Self::PriceList(PriceListError::Value { invalid, .. } | PriceListError::Rule { invalid, .. })
            | Self::Price(PriceError::Invalid(invalid))
            | Self::LinePrice { error: PriceError::Invalid(invalid), .. }
            | Self::Promotion(PromotionError::Value { invalid, .. })
            | Self::Plan(PlanError::Invalid(invalid))
            | Self::Rate(RateError::Invalid(invalid)) => Some(invalid),
            _ => None,
        }
    }

    /// The kind of the store's error, where it is one: what is taken, missing or still referred to.
    ///
    /// ```
    /// use crm_core::store::{StoreError, StoreErrorKind};
    /// use crm_sales::SalesError;
    ///
    /// let kind = StoreErrorKind::Duplicate { record: "order", field: "number" };
    /// let refused = SalesError::from(StoreError::from(kind.clone()));
    /// assert_eq!(refused.store_kind(), Some(&kind));
    /// ```
    pub const fn store_kind(&self) -> Option<&StoreErrorKind> {
        match self {
            Self::Store(error) => Some(error.kind()),
            _ => None,
        }
    }
}

/// How a line is named: with the order or the quote, where that is there already.
fn line(number: u32, record: Option<RecordRef>) -> String {
    match record {
        Some(record) => format!("line {number} of {record}"),
        None => format!("line {number}"),
    }
}
