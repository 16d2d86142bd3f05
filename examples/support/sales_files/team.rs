//! Sales agents and their managers become sales reps, known by their name.

use crm::{
    ExternalId, Label, NewSalesRep, Rule, SalesRep, SalesRepId, SalesRepPatch, sales,
    store::{Records, SalesReps, StoreError},
};

use super::{
    csv_table::{Field, Row},
    history::Acts,
    import::{Refused, Taken},
    remarks::Finding,
    seen::Seen,
};

pub(crate) const COLUMNS: &[&str] = &["sales_agent", "manager", "regional_office"];

const SALES_AGENT: &str = "Sales agent";
const MANAGER: &str = "Manager";

/// Adds the agent of a row and their manager, unless they are there from an earlier import. Who was known as a manager only becomes an agent.
pub(crate) fn add(tx: &mut (impl Records + ?Sized), acts: &Acts, row: &Row, seen: &mut Seen) -> Taken {
    let name = row.field("sales_agent").required("no sales agent")?;
    if seen.contains(name.text())? {
        return Err(name.finding("duplicate sales agent").into());
    }
    let new = NewSalesRep::new(name.parsed()?).external_id(name.parsed()?).position(SALES_AGENT.parse()?);
    let manager_field = row.field("manager");
    let new_manager = manager_field.given().map(new_manager).transpose()?;
    let new = new.region(row.field("regional_office").required("no regional office")?.parsed()?);

    let agent = add_or_promote(tx, acts, new)?;
    seen.insert(name.text())?;
    let Some(new_manager) = new_manager else {
        return Ok(vec![manager_field.finding("no manager, taken without a manager")]);
    };
    let manager = match tx.sales_rep_by_external_id(&new_manager.0)? {
        Some(known) => known,
        None => sales::add_sales_rep(tx, &mut acts.today()?, new_manager.1)?,
    };
    report_to(tx, acts, agent.id, manager.id, manager_field)
}

fn new_manager(name: Field<'_>) -> Result<(ExternalId, NewSalesRep), Refused> {
    let new = NewSalesRep::new(name.parsed()?).position(MANAGER.parse()?);
    let external_id: ExternalId = name.parsed()?;
    Ok((external_id.clone(), new.external_id(external_id)))
}

fn add_or_promote(tx: &mut (impl Records + ?Sized), acts: &Acts, new: NewSalesRep) -> Result<SalesRep, Refused> {
    let known = match &new.external_id {
        Some(external_id) => tx.sales_rep_by_external_id(external_id)?,
        None => None,
    };
    let act = &mut acts.today()?;
    Ok(match known {
        None => sales::add_sales_rep(tx, act, new)?,
        Some(known) => {
            let patch =
                SalesRepPatch { position: Some(new.position), region: Some(new.region), ..SalesRepPatch::default() };
            sales::update_sales_rep(tx, act, known.id, patch)?
        }
    })
}

fn report_to(
    tx: &mut (impl Records + ?Sized),
    acts: &Acts,
    agent: SalesRepId,
    manager: SalesRepId,
    field: Field<'_>,
) -> Taken {
    let patch = SalesRepPatch { manager: Some(Some(manager)), ..SalesRepPatch::default() };
    match sales::update_sales_rep(tx, &mut acts.today()?, agent, patch) {
        Ok(_) => Ok(Vec::new()),
        Err(refused) if refused.invalid().is_some_and(|invalid| *invalid.rule() == Rule::Circle) => {
            Ok(vec![field.finding("manager makes a circle, taken without a manager")])
        }
        Err(failed) => Err(failed.into()),
    }
}

/// The region of a rep who is a sales agent.
pub(crate) fn region_of_agent(rep: &SalesRep) -> Option<&Label> {
    let is_agent = rep.position.as_ref().is_some_and(|position| position.as_str() == SALES_AGENT);
    rep.region.as_ref().filter(|_| is_agent)
}

/// The sales agent that a field names. What cannot be a name is nobody's.
pub(crate) fn find(
    tx: &(impl SalesReps + ?Sized),
    field: Field<'_>,
) -> Result<Result<SalesRepId, Finding>, StoreError> {
    let Some(name) = field.given() else { return Ok(Err(field.finding("no sales agent"))) };
    let known = match name.parsed() {
        Ok(external_id) => tx.sales_rep_by_external_id(&external_id)?,
        Err(_) => None,
    };
    let agent = known.filter(|rep| region_of_agent(rep).is_some());
    Ok(agent.map(|rep| rep.id).ok_or_else(|| name.finding("unknown sales agent")))
}
