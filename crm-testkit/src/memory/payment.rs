//! Payments with a provider.

use crm_core::{
    Payment, PaymentId, PaymentReference, RecordRef, Revision,
    store::{Page, PaymentFilter, Payments},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods, reference},
};

impl Family for Payment {
    type Filter = PaymentFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        vec![("reference", self.reference().as_str())]
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let both = [reference("order", Some(self.order())), reference("source", self.source())];
        both.into_iter().flatten().collect()
    }

    fn passes(&self, filter: &PaymentFilter) -> bool {
        let PaymentFilter { order, source, provider, kind, status, anomalous } = filter;
        holds(order.as_ref(), Some(&self.order()))
            && holds(source.as_ref(), self.source().as_ref())
            && holds(provider.as_ref(), Some(self.reference().provider()))
            && holds(kind.as_ref(), Some(&self.kind()))
            && holds(status.as_ref(), Some(&self.state().status()))
            && holds(anomalous.as_ref(), Some(&!self.anomalies().is_empty()))
    }
}

impl Payments for MemoryTx {
    record_methods! {
        Payment(PaymentId), PaymentFilter
        { payment provider_payments count_payments insert_payment insert_payments update_payment delete_payment }
    }

    fn payment_by_reference(&self, reference: &PaymentReference) -> Stored<Option<Payment>> {
        Ok(self.state.with_unique("reference", reference.as_str()))
    }
}
