//! Accounts become organisations, known by their name.

use crm::{
    CustomerId, CustomerPatch, ExternalId, Label, Name, NewCustomer, Rule, sales,
    store::{Customers, Records, StoreError},
};

use super::{
    csv_table::{Field, Row},
    history::Acts,
    import::{Refused, Taken},
    remarks::Finding,
    seen::Seen,
};

pub(crate) const COLUMNS: &[&str] =
    &["account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"];

/// Registers the account of a row, unless it is there from an earlier import.
pub(crate) fn register(tx: &mut (impl Records + ?Sized), acts: &Acts, row: &Row, seen: &mut Seen) -> Taken {
    let (account, name, external_id) = new_name(row, seen)?;
    let mut new = NewCustomer::organisation(name).external_id(external_id.clone());
    // A sector that cannot be kept is noticed the second time, so that notices come in the order of the lines.
    new.tags.extend(sector(row).unwrap_or_default());
    if tx.customer_by_external_id(&external_id)?.is_none() {
        sales::register_customer(tx, &mut acts.today()?, new)?;
    }
    seen.insert(account.text())?;
    Ok(Vec::new())
}

/// Joins the account of a row to its parent company, once all accounts are registered.
pub(crate) fn join_to_parent(tx: &mut (impl Records + ?Sized), acts: &Acts, row: &Row, seen: &mut Seen) -> Taken {
    let (account, _, external_id) = new_name(row, seen)?;
    let Some(customer) = tx.customer_by_external_id(&external_id)? else { return Ok(Vec::new()) };
    seen.insert(account.text())?;
    let mut notices: Vec<Finding> = sector(row).err().into_iter().collect();
    let Some(parent_name) = row.field("subsidiary_of").given() else { return Ok(notices) };
    let Some(parent) = find(tx, parent_name)? else {
        notices.push(parent_name.finding("unknown parent account, taken without a parent"));
        return Ok(notices);
    };
    let patch = CustomerPatch { parent: Some(Some(parent)), ..CustomerPatch::default() };
    match sales::update_customer(tx, &mut acts.today()?, customer.id, patch) {
        Err(refused) if refused.invalid().is_some_and(|invalid| *invalid.rule() == Rule::Circle) => {
            notices.push(parent_name.finding("parent makes a circle, taken without a parent"));
        }
        joined => drop(joined?),
    }
    Ok(notices)
}

fn sector(row: &Row) -> Result<Option<Label>, Finding> {
    row.field("sector").given().map(Field::parsed).transpose()
}

/// The name of an account that no earlier row has.
fn new_name<'r>(row: &'r Row, seen: &Seen) -> Result<(Field<'r>, Name, ExternalId), Refused> {
    let account = row.field("account").required("no account name")?;
    if seen.contains(account.text())? {
        return Err(account.finding("duplicate account").into());
    }
    Ok((account, account.parsed()?, account.parsed()?))
}

/// The customer with the name in a field. What cannot be a name is nobody's.
pub(crate) fn find(tx: &(impl Customers + ?Sized), account: Field<'_>) -> Result<Option<CustomerId>, StoreError> {
    let Ok(external_id) = account.parsed() else { return Ok(None) };
    Ok(tx.customer_by_external_id(&external_id)?.map(|customer| customer.id))
}
