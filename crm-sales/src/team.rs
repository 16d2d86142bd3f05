//! The people who sell, and whom they report to.

use crm_core::{
    Act, Invalid, NewSalesRep, Rule, SalesRep, SalesRepFact, SalesRepId, SalesRepPatch,
    store::{Journal, SalesReps},
};

use crate::{
    error::SalesError,
    hierarchy::leads_back,
    record::{self, once},
};

/// Adds a sales rep.
///
/// # Errors
///
/// - [`SalesError::Invalid`] as [`SalesRep::add`].
/// - [`SalesError::Store`]: the id or the external id is taken, or the manager is missing.
pub fn add_sales_rep(
    tx: &mut (impl SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewSalesRep,
) -> Result<SalesRep, SalesError> {
    once(tx, act, "add_sales_rep", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let sales_rep = SalesRep::add(id, act.at(), new)?;
        record::add(tx, act, sales_rep, |sales_rep| SalesRepFact::Added { sales_rep })
    })
}

/// Changes what the patch names; where nothing is different, nothing is written. A rep who is made inactive keeps their
/// orders, opportunities and customers, and gets no new ones. Nobody comes to report to themself,
/// directly or through others.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Invalid`] as [`SalesRep::update`], and [`Rule::Circle`] in the field `manager`.
/// - [`SalesError::Store`]: the external id is taken, or the manager is missing.
///
/// # Examples
///
/// ```
/// use crm_core::{NewSalesRep, Rule, SalesRepPatch, store::Store};
/// use crm_sales::{SalesError, add_sales_rep, update_sales_rep};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let boss = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
///     let rep = add_sales_rep(tx, act, NewSalesRep::new("Wang Fang".parse()?).manager(boss.id))?;
///
///     let circle = SalesRepPatch { manager: Some(Some(rep.id)), ..SalesRepPatch::default() };
///     let refused = update_sales_rep(tx, act, boss.id, circle).unwrap_err();
///     assert_eq!(refused.invalid().map(|invalid| invalid.rule()), Some(&Rule::Circle));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn update_sales_rep(
    tx: &mut (impl SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: SalesRepId,
    patch: SalesRepPatch,
) -> Result<SalesRep, SalesError> {
    once(tx, act, "update_sales_rep", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |tx, sales_rep: &mut SalesRep| {
            let manager = patch.manager.flatten();
            let fact = sales_rep.update(act.at(), patch)?;
            if let Some(manager) = manager
                && leads_back(id, manager, |rep| {
                    Ok::<_, SalesError>(tx.sales_rep(rep)?.and_then(|above| above.manager))
                })?
            {
                return Err(Invalid::new("manager", manager.to_string(), Rule::Circle).into());
            }
            Ok(fact)
        })
    })
}

/// Refuses a rep who is not there or does not sell at present, where they are newly set on a record.
pub(crate) fn selling(tx: &(impl SalesReps + ?Sized), id: SalesRepId) -> Result<(), SalesError> {
    seller(tx, id).map(drop)
}

/// A rep who sells at present.
pub(crate) fn seller(tx: &(impl SalesReps + ?Sized), id: SalesRepId) -> Result<SalesRep, SalesError> {
    let rep: SalesRep = record::find(tx, id)?;
    if rep.active { Ok(rep) } else { Err(SalesError::Inactive { record: id.into() }) }
}

/// Deletes a rep whom nothing refers to, and gives it as it was. One who has sold is made inactive instead.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Store`] with `StillReferenced`.
pub fn delete_sales_rep(
    tx: &mut (impl SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: SalesRepId,
) -> Result<SalesRep, SalesError> {
    once(tx, act, "delete_sales_rep", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |sales_rep| SalesRepFact::Deleted { sales_rep })
    })
}
