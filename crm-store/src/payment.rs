//! Payments with a provider in SQLite.

use chrono::{DateTime, Utc};
use crm_core::{
    Invalid, Label, Money, Payment, PaymentAnomaly, PaymentId, PaymentKind, PaymentParts, PaymentReference,
    PaymentState, ProviderStatus, RecordId, RefundedLine, Revision,
    store::{Page, PaymentFilter, Payments, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    order::{of_pairs, pairs},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells},
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for Payment {
    type Id = PaymentId;
    type Draft = PaymentParts;

    const RECORD: &'static str = "payment";
    const SQL: Statements = statements!("crm_payment", parts: "parts",
        "order_id" "kind" "source" "reference" "amount" "currency" "lines" "status" "status_at" "fail_reason" "entry" "outside",
        derived: "provider" "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] =
        &[("payments", "SELECT count(*) FROM crm_payment WHERE source = ?1 AND id <> ?1")];

    fn id(&self) -> PaymentId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("reference", "reference", Some(self.reference().as_str()))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let source = self.source().map(|id| ("source", "crm_payment", id.uuid()));
        std::iter::once(("order", "crm_order", self.order().uuid())).chain(source).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let reason = match self.state() {
            PaymentState::Failed { reason, .. } => reason.clone(),
            _ => None,
        };
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.order())?
            .put(&self.kind())?
            .put(&self.source())?
            .put(self.reference())?
            .put(&self.amount().minor())?
            .put(&self.amount().currency())?
            .put(&pairs(self.lines(), |one| (one.line, one.quantity))?)?
            .put(&self.state().status())?
            .put(&self.state().since())?
            .put(&reason)?
            .put(&self.entry())?
            .put(&self.outside().map(Money::minor))?
            .put(self.reference().provider())?
            .put(&!self.anomalies().is_empty())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<PaymentParts> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (order, kind, source, reference) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let amount = Money::from_minor(cells.take()?, cells.take()?);
        let lines = of_pairs(cells, |(line, quantity)| RefundedLine { line, quantity })?;
        let (status, at): (ProviderStatus, Option<DateTime<Utc>>) = (cells.take()?, cells.take()?);
        let reason: Option<Label> = cells.take()?;
        let state = match (status, at, reason) {
            (ProviderStatus::Draft, None, None) => PaymentState::Draft,
            (ProviderStatus::Pending, Some(since), None) => PaymentState::Pending { since },
            (ProviderStatus::Authorised, Some(at), None) => PaymentState::Authorised { at },
            (ProviderStatus::Done, Some(at), None) => PaymentState::Done { at },
            (ProviderStatus::Cancelled, Some(at), None) => PaymentState::Cancelled { at },
            (ProviderStatus::Failed, Some(at), reason) => PaymentState::Failed { at, reason },
            _ => return Err(cells.corrupt()),
        };
        Ok(PaymentParts {
            id,
            revision,
            created_at,
            updated_at,
            order,
            kind,
            source,
            reference,
            amount,
            lines,
            state,
            entry: cells.take()?,
            outside: cells.take::<Option<i64>>()?.map(|minor| Money::from_minor(minor, amount.currency())),
            anomalies: Vec::new(),
        })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(1, |payment| &mut payment.anomalies)
    }

    fn finish(payment: PaymentParts) -> Result<Self, Invalid> {
        payment.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(1, |payment| payment.anomalies())
    }
}

impl Part for PaymentAnomaly {
    const SQL: PartStatements =
        part_statements!("crm_payment_anomaly" of "payment", "at" "kind" "reported" "found" "amount" "currency");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Self { at, kind, reported, found, amount } = self;
        binder.put(at)?.put(kind)?.put(reported)?.put(found)?.put_amount(*amount)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (at, kind, reported, found) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        Ok(Self { at, kind, reported, found, amount: cells.take_amount()? })
    }
}

fn matching(filter: &PaymentFilter) -> Where<'_> {
    let PaymentFilter { order, source, provider, kind, status, anomalous } = filter;
    // What there is little of has an index; the rest fills a page by itself.
    let (whole, done) = (*kind == Some(PaymentKind::Whole), *status == Some(ProviderStatus::Done));
    Where::default()
        .and(Serves::Ids, "order_id = ?", order.as_ref())
        .and(Serves::Ids, "source = ?", source.as_ref())
        .when(*anomalous == Some(true), Serves::Ids, "parts <> 0")
        .and(Serves::Ids, "status = ? AND status <> 'done'", status.as_ref().filter(|_| !done))
        .and(Serves::Ids, "kind = ? AND kind <> 'whole'", kind.as_ref().filter(|_| !whole))
        .and(Serves::Ids, "provider = ?", provider.as_ref())
        .and(Serves::None, "status = ?", status.as_ref().filter(|_| done))
        .and(Serves::None, "kind = ?", kind.as_ref().filter(|_| whole))
        .when(*anomalous == Some(false), Serves::None, "parts = 0")
}

impl Payments for SqliteTx<'_> {
    family_methods!(Payment(PaymentId), PaymentFilter, matching {
        payment provider_payments count_payments insert_payment insert_payments update_payment delete_payment
    });

    fn payment_by_reference(&self, reference: &PaymentReference) -> Result<Option<Payment>, StoreError> {
        Ok(table::get_by(self.connection, "reference", reference)?)
    }
}
