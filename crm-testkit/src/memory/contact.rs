//! By what a customer is reached.

use crm_core::{ContactLabel, ContactPoints, Customer, EmailAddress, Phone};

/// Whether a customer has an e-mail address, however it is spelt.
pub(super) fn has_email(customer: &Customer, email: &EmailAddress) -> bool {
    // Until contact points can be walked: customers with just this address are found.
    let mut only = ContactPoints::new();
    only.add(email.clone(), ContactLabel::Work).is_ok() && customer.emails == only
}

/// Whether a customer has a telephone number.
pub(super) fn has_phone(customer: &Customer, phone: &Phone) -> bool {
    let mut only = ContactPoints::new();
    only.add(phone.clone(), ContactLabel::Work).is_ok() && customer.phones == only
}
