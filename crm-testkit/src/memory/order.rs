//! Orders, what counts as revenue and what was paid.

use chrono::NaiveDate;
use crm_core::{
    ExternalId, Number, Order, OrderId, PaymentEntry, Period, RecordRef, Revision,
    store::{OrderFilter, Orders, Page, RevenueEntry, RevenueKey},
};

use super::{
    MemoryTx,
    state::{Family, Stored, by_external_id, external_id, holds, paged, record_methods, reference},
};

impl Family for Order {
    type Filter = OrderFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        std::iter::once(("number", self.number().as_str())).chain(external_id(self.external_id())).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let one = [
            reference("customer", Some(self.customer())),
            reference("quote", self.quote()),
            reference("rep", self.rep()),
            reference("price list", self.price_list()),
        ];
        one.into_iter().flatten().chain(self.lines().iter().map(|line| ("lines", line.product().into()))).collect()
    }

    fn passes(&self, filter: &OrderFilter) -> bool {
        let OrderFilter { customer, rep, without_rep, product, status, fulfilment, payment, confirmed } = filter;
        holds(customer.as_ref(), Some(&self.customer()))
            && holds(rep.as_ref(), self.rep().as_ref())
            && holds(without_rep.as_ref(), Some(&self.rep().is_none()))
            && product.is_none_or(|product| self.lines().iter().any(|line| line.product() == product))
            && holds(status.as_ref(), Some(&self.state().status()))
            && holds(fulfilment.as_ref(), Some(&self.fulfilment()))
            && holds(payment.as_ref(), Some(&self.payment_status()))
            && confirmed.is_none_or(|days| self.state().confirmed_on().is_some_and(|day| days.contains(day)))
    }
}

impl Orders for MemoryTx {
    record_methods! {
        Order(OrderId), OrderFilter
        { order orders count_orders insert_order insert_orders update_order delete_order }
    }

    fn order_by_number(&self, number: &Number) -> Stored<Option<Order>> {
        Ok(self.state.with_unique("number", number.as_str()))
    }

    by_external_id! { order_by_external_id: Order }

    fn orders_by_day(&self, filter: &OrderFilter, page: Page<(NaiveDate, OrderId)>) -> Stored<Vec<Order>> {
        let key = |order: &Order| Some((order.state().confirmed_on()?, order.id));
        Ok(self.state.listed(|order: &Order| order.passes(filter), key, page))
    }

    fn revenue(&self, days: Period, page: Page<RevenueKey>) -> Stored<Vec<RevenueEntry>> {
        let entries = self.state.orders.values().flat_map(|order| {
            let of_order = move |(number, revenue)| RevenueEntry {
                order: order.id,
                number,
                customer: order.customer(),
                rep: order.rep(),
                revenue,
            };
            (0..).zip(order.revenue()).map(of_order)
        });
        let counted = entries.filter(|entry| days.contains(entry.revenue.day));
        Ok(paged(counted.map(|entry| (entry.key(), entry)), page))
    }

    fn payments(&self, days: Period, page: Page<RevenueKey>) -> Stored<Vec<(OrderId, PaymentEntry)>> {
        let entries =
            self.state.orders.values().flat_map(|order| order.payments().iter().map(move |entry| (order.id, entry)));
        let moved = entries.filter(|(_, entry)| days.contains(entry.day));
        Ok(paged(moved.map(|(order, entry)| ((entry.day, order, entry.number), (order, entry.clone()))), page))
    }

    fn next_order_number(&mut self) -> Stored<Number> {
        let (count, number) = self.state.free_number::<Order>("SO", self.state.order_numbers)?;
        self.state_mut().order_numbers = count;
        Ok(number)
    }
}
