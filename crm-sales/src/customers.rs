//! Registering, changing, archiving and deleting customers.

use crm_core::{
    Act, Contact, Customer, CustomerFact, CustomerId, CustomerPatch, CustomerType, Invalid, NewCustomer, Rule,
    store::{Customers, Journal, SalesReps},
};

use crate::{
    error::SalesError,
    hierarchy::leads_back,
    record::{self, once},
    team::selling,
};

/// Registers a person or an organisation.
///
/// The parent must be an organisation in use, the contacts persons in use, and the owner an active rep.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for a parent, a contact or an owner that is not there, [`SalesError::Archived`] for a
///   parent or a contact that is archived, [`SalesError::Inactive`] for an owner who is inactive.
/// - [`SalesError::NotAnOrganisation`] for a parent, [`SalesError::NotAPerson`] for a contact.
/// - [`SalesError::Invalid`] as [`Customer::register`].
/// - [`SalesError::Store`]: the id or the external id is taken, or the product of a need is missing.
///
/// # Examples
///
/// ```
/// use crm_core::{NewCustomer, store::Store};
/// use crm_sales::{SalesError, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let acme = NewCustomer::organisation("Acme".parse()?).contact(zhang.id, "buyer".parse()?);
///     let acme = register_customer(tx, act, acme)?;
///
///     // A person is nobody's parent organisation.
///     let refused = register_customer(tx, act, NewCustomer::organisation("Branch".parse()?).parent(zhang.id));
///     assert!(matches!(refused, Err(SalesError::NotAnOrganisation { field: "parent", .. })));
///     assert_eq!(acme.contacts().count(), 1);
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn register_customer(
    tx: &mut (impl Customers + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewCustomer,
) -> Result<Customer, SalesError> {
    once(tx, act, "register_customer", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let customer = Customer::register(id, act.at(), new)?;
        check_parent(tx, &customer)?;
        check_contacts(tx, customer.contacts())?;
        customer.owner.map_or(Ok(()), |owner| selling(tx, owner))?;
        record::add(tx, act, customer, |customer| CustomerFact::Registered { customer })
    })
}

/// Changes what the patch names; where nothing is different, nothing is written. An archived customer can be corrected
/// too.
///
/// A parent, contacts and an owner are checked as in [`register_customer`] where they are new, and the parent must not
/// lead back to the customer. What stood there before stays, even if it was archived or made inactive meanwhile. A
/// person stays a person and an organisation an organisation. Opt-outs and invalid marks of addresses and numbers that
/// stay are kept; [`mark_contact_point`](crate::mark_contact_point) lifts them.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the customer, a new parent, a new contact or a new owner; [`SalesError::Archived`] for
///   a new parent or contact, [`SalesError::Inactive`] for a new owner.
/// - [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::OtherKind`], [`SalesError::NotAnOrganisation`], [`SalesError::NotAPerson`].
/// - [`SalesError::Invalid`] as [`Customer::update`], and [`Rule::Circle`] in the field `parent`.
/// - [`SalesError::Store`]: the external id is taken, or the product of a need is missing.
pub fn update_customer(
    tx: &mut (impl Customers + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: CustomerId,
    patch: CustomerPatch,
) -> Result<Customer, SalesError> {
    once(tx, act, "update_customer", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |tx, customer: &mut Customer| {
            let fact = customer.update(act.at(), patch)?;
            if let Some(CustomerFact::Updated { before, after }) = &fact {
                check_change(tx, before, after)?;
            }
            Ok(fact)
        })
    })
}

fn check_change(
    tx: &(impl Customers + SalesReps + ?Sized),
    before: &Customer,
    after: &Customer,
) -> Result<(), SalesError> {
    let (found, asked) = (before.kind.name(), after.kind.name());
    if found != asked {
        return Err(SalesError::OtherKind { customer: after.id, found, asked });
    }
    if before.parent != after.parent {
        check_parent(tx, after)?;
    }
    let known = |contact: &Contact| before.contacts().any(|known| known.person == contact.person);
    check_contacts(tx, after.contacts().filter(|contact| !known(contact)))?;
    after.owner.filter(|owner| before.owner != Some(*owner)).map_or(Ok(()), |owner| selling(tx, owner))
}

pub(crate) fn check_parent(tx: &(impl Customers + ?Sized), customer: &Customer) -> Result<(), SalesError> {
    let Some(parent) = customer.parent else { return Ok(()) };
    if in_use(tx, parent)?.kind.name() != CustomerType::Organisation {
        return Err(SalesError::NotAnOrganisation { customer: parent, field: "parent" });
    }
    if leads_back(customer.id, parent, |id| Ok::<_, SalesError>(tx.customer(id)?.and_then(|above| above.parent)))? {
        return Err(Invalid::new("parent", parent.to_string(), Rule::Circle).into());
    }
    Ok(())
}

pub(crate) fn check_contacts<'c>(
    tx: &(impl Customers + ?Sized),
    mut contacts: impl Iterator<Item = &'c Contact>,
) -> Result<(), SalesError> {
    contacts.try_for_each(|contact| person_in_use(tx, contact.person, "contacts"))
}

/// A customer who may get new business.
pub(crate) fn in_use(tx: &(impl Customers + ?Sized), id: CustomerId) -> Result<Customer, SalesError> {
    let customer: Customer = record::find(tx, id)?;
    if customer.archived_at.is_some() {
        return Err(SalesError::Archived { customer: id });
    }
    Ok(customer)
}

/// Refuses a person who is not there or is archived, and an organisation in their place.
pub(crate) fn person_in_use(
    tx: &(impl Customers + ?Sized),
    id: CustomerId,
    field: &'static str,
) -> Result<(), SalesError> {
    match in_use(tx, id)?.kind.name() {
        CustomerType::Person => Ok(()),
        CustomerType::Organisation => Err(SalesError::NotAPerson { customer: id, field }),
    }
}

/// Puts a customer out of the way: it keeps its history and gets no new orders and opportunities. What was begun goes
/// on, and those who belong to it stay in use. Archiving what is archived does nothing.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn archive_customer(
    tx: &mut (impl Customers + Journal + ?Sized),
    act: &mut Act,
    id: CustomerId,
) -> Result<Customer, SalesError> {
    once(tx, act, "archive_customer", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, customer: &mut Customer| Ok(customer.archive(act.at())))
    })
}

/// Takes an archived customer back into use. Restoring what is in use does nothing.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn restore_customer(
    tx: &mut (impl Customers + Journal + ?Sized),
    act: &mut Act,
    id: CustomerId,
) -> Result<Customer, SalesError> {
    once(tx, act, "restore_customer", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, customer: &mut Customer| Ok(customer.restore(act.at())))
    })
}

/// Deletes a customer that nothing refers to, and gives it as it was. One with a history is archived instead.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Store`] with `StillReferenced` where others refer to it: customers (as their
/// parent or contact), interactions (theirs, or as a participant), opportunities (theirs, or as a contact), activities,
/// orders or tickets.
pub fn delete_customer(
    tx: &mut (impl Customers + Journal + ?Sized),
    act: &mut Act,
    id: CustomerId,
) -> Result<Customer, SalesError> {
    once(tx, act, "delete_customer", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |customer| CustomerFact::Deleted { customer })
    })
}
