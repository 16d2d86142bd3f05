//! By what a customer is reached.

use crm_core::{Customer, EmailAddress, Phone};

/// Whether a customer has an e-mail address, however it is spelt.
pub(super) fn has_email(customer: &Customer, email: &EmailAddress) -> bool {
    customer.emails.iter().any(|point| point.value.key() == email.key())
}

/// Whether a customer has a telephone number.
pub(super) fn has_phone(customer: &Customer, phone: &Phone) -> bool {
    customer.phones.iter().any(|point| point.value == *phone)
}
