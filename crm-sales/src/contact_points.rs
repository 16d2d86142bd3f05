//! Marking the ways to reach a customer: who wants no campaigns, what bounced.

use crm_core::{
    Act, ContactMark, ContactRef, Customer, CustomerId,
    store::{Customers, Journal},
};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Marks an address or number of a customer: opted out or in (CMP-4), invalid or valid. The same mark again does nothing.
///
/// It is the only way to lift a flag: [`update_customer`](crate::update_customer) keeps those that are set. An archived
/// customer can be marked too, since an opt-out is not new business.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the customer.
/// - [`SalesError::Invalid`] with `NotListed` for an address or number that the customer does not have.
/// - [`SalesError::Store`].
///
/// # Examples
///
/// ```
/// use crm_core::{ContactMark, ContactRef, CustomerPatch, NewCustomer, store::Store};
/// use crm_sales::{SalesError, mark_contact_point, register_customer, update_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let new = NewCustomer::person("张三".parse()?).email("zhangsan@example.com".parse()?);
///     let zhang = register_customer(tx, act, new)?;
///     let email = ContactRef::Email("zhangsan@example.com".parse()?);
///     mark_contact_point(tx, act, zhang.id, &email, ContactMark::OptOut)?;
///
///     // A list from before the opt-out does not undo it.
///     let patch = CustomerPatch { emails: Some(zhang.emails.clone()), ..CustomerPatch::default() };
///     let zhang = update_customer(tx, act, zhang.id, patch)?;
///     assert!(zhang.emails.primary().is_some_and(|point| point.opted_out));
///
///     let other = ContactRef::Phone("+442079460958".parse()?);
///     assert!(matches!(mark_contact_point(tx, act, zhang.id, &other, ContactMark::OptOut), Err(SalesError::Invalid(_))));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn mark_contact_point(
    tx: &mut (impl Customers + Journal + ?Sized),
    act: &mut Act,
    id: CustomerId,
    contact: &ContactRef,
    mark: ContactMark,
) -> Result<Customer, SalesError> {
    once(tx, act, "mark_contact_point", (id, contact, mark), |tx, act, (id, contact, mark)| {
        record::change(tx, act, id, None, |_, customer: &mut Customer| {
            Ok(customer.mark_contact(act.at(), contact, mark)?)
        })
    })
}
