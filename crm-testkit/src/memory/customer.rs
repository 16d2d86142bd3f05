//! Customers.

use crm_core::{
    Customer, CustomerId, EmailAddress, ExternalId, Name, Phone, RecordRef, Revision,
    store::{CustomerFilter, Customers, Page},
};

use super::{
    MemoryTx,
    contact::{has_email, has_phone},
    state::{Family, Stored, by_external_id, external_id, holds, named, record_methods, reference},
};

impl Family for Customer {
    type Filter = CustomerFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        external_id(self.external_id.as_ref()).collect()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        let one = [reference("parent", self.parent), reference("owner", self.owner)].into_iter().flatten();
        let contacts = self.contacts().map(|contact| ("contacts", contact.person.into()));
        let needs = self.needs.iter().filter_map(|need| reference("needs", need.product));
        one.chain(contacts).chain(needs).collect()
    }

    fn passes(&self, filter: &CustomerFilter) -> bool {
        let CustomerFilter { kind, owner, without_owner, region, parent, tag, archived } = filter;
        holds(kind.as_ref(), Some(&self.kind.name()))
            && holds(owner.as_ref(), self.owner.as_ref())
            && holds(without_owner.as_ref(), Some(&self.owner.is_none()))
            && holds(region.as_ref(), self.region.as_ref())
            && holds(parent.as_ref(), self.parent.as_ref())
            && tag.as_ref().is_none_or(|tag| self.tags.contains(tag))
            && holds(archived.as_ref(), Some(&self.archived_at.is_some()))
    }
}

impl Customers for MemoryTx {
    record_methods! {
        Customer(CustomerId), CustomerFilter
        { customer customers count_customers insert_customer insert_customers update_customer delete_customer }
    }

    by_external_id! { customer_by_external_id: Customer }

    fn customers_by_name(&self, filter: &CustomerFilter, page: Page<(String, CustomerId)>) -> Stored<Vec<Customer>> {
        let key = |customer: &Customer| Some((customer.name.key(), customer.id));
        Ok(self.state.listed(|customer: &Customer| customer.passes(filter), key, page))
    }

    named! { customers_named: Customer(CustomerId) }

    fn customers_with_email(&self, email: &EmailAddress, page: Page<CustomerId>) -> Stored<Vec<Customer>> {
        Ok(self.state.listed_by_id(|customer| has_email(customer, email), page))
    }

    fn customers_with_phone(&self, phone: &Phone, page: Page<CustomerId>) -> Stored<Vec<Customer>> {
        Ok(self.state.listed_by_id(|customer| has_phone(customer, phone), page))
    }
}
