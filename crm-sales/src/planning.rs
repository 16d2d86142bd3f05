//! Sale plans, and what came of them.

use crm_core::{
    Act, Invalid, Money, NewSalePlan, Period, SalePlan, SalePlanFact, SalePlanId, SalePlanPatch,
    store::{Figures, Journal, Orders, SalePlans, SalesReps},
};
use serde::{Deserialize, Serialize};

use crate::{
    actual_sales::{ActualSales, actual_sales},
    error::SalesError,
    record::{self, once},
};

/// Drafts a plan.
///
/// # Errors
///
/// - [`SalesError::Invalid`] as [`SalePlan::draft`].
/// - [`SalesError::Store`]: the id is taken, or the rep or the product of the scope is missing.
pub fn draft_plan(
    tx: &mut (impl SalePlans + Journal + ?Sized),
    act: &mut Act,
    new: NewSalePlan,
) -> Result<SalePlan, SalesError> {
    once(tx, act, "draft_plan", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let plan = SalePlan::draft(id, act.at(), new)?;
        record::add(tx, act, plan, |plan| SalePlanFact::Drafted { plan })
    })
}

/// Changes a draft; where nothing is different, nothing is written.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Plan`] as [`SalePlan::amend`].
/// - [`SalesError::Store`]: the rep or the product of the scope is missing.
pub fn amend_plan(
    tx: &mut (impl SalePlans + Journal + ?Sized),
    act: &mut Act,
    id: SalePlanId,
    patch: SalePlanPatch,
) -> Result<SalePlan, SalesError> {
    once(tx, act, "amend_plan", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |_, plan: &mut SalePlan| Ok(plan.amend(act.at(), patch)?))
    })
}

/// Puts a draft into force; from here on it stands as it is.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Plan`] as [`SalePlan::activate`].
pub fn activate_plan(
    tx: &mut (impl SalePlans + Journal + ?Sized),
    act: &mut Act,
    id: SalePlanId,
) -> Result<SalePlan, SalesError> {
    once(tx, act, "activate_plan", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, plan: &mut SalePlan| Ok(Some(plan.activate(act.at())?)))
    })
}

/// Ends an active plan.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Plan`] as [`SalePlan::close`].
pub fn close_plan(
    tx: &mut (impl SalePlans + Journal + ?Sized),
    act: &mut Act,
    id: SalePlanId,
) -> Result<SalePlan, SalesError> {
    once(tx, act, "close_plan", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, plan: &mut SalePlan| Ok(Some(plan.close(act.at())?)))
    })
}

/// Deletes a draft, and gives it as it was. A plan that was active is kept.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Plan`] as [`SalePlan::deletable`].
pub fn delete_plan(
    tx: &mut (impl SalePlans + Journal + ?Sized),
    act: &mut Act,
    id: SalePlanId,
) -> Result<SalePlan, SalesError> {
    once(tx, act, "delete_plan", id, |tx, act, id| {
        record::remove(tx, act, id, |plan: &SalePlan| Ok(plan.deletable()?), |plan| SalePlanFact::Deleted { plan })
    })
}

/// What came of a plan: actual against target, both in the plan's currency (QTA-1). How good that is, `crm-analytics`
/// says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlanResult {
    /// The plan.
    pub plan: SalePlanId,
    /// The days that count.
    pub period: Period,
    /// The revenue to reach.
    pub target: Money,
    /// What was sold, in the currency of the target.
    pub actual: Money,
    /// How many bookings or payments, and their reversals, are in the actual.
    pub entries: u64,
    /// How many others there are in another currency: they belong to the plan's scope and period and are not in the
    /// actual.
    pub in_other_currencies: u64,
    /// How many there are in the period and the plan's currency whose order has no rep, for a plan of a rep, a team or a
    /// region: nobody's plan has them in its actual. None for a plan of a product, which has them.
    pub without_rep: u64,
}

impl PlanResult {
    /// Actual less target: below zero where the target is missed.
    ///
    /// # Errors
    ///
    /// [`Rule::Overflow`](crm_core::Rule::Overflow).
    pub fn deviation(&self) -> Result<Money, Invalid> {
        self.actual.checked_sub(self.target)
    }
}

/// What came of a plan so far, whether it is a draft, active or closed: the actual sales of its scope in its period,
/// credited at its event.
///
/// It walks the entries of the period page by page; see [`actual_sales`] for what counts and for the cost.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Invalid`] where the sum does not fit 64 bits.
///
/// # Examples
///
/// ```
/// use crm_core::{Currency, Money, NewSalePlan, NewSalesRep, Period, PlanScope, store::Store};
/// use crm_sales::{SalesError, add_sales_rep, draft_plan, plan_result};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// let result = store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let lin = add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
///     let target = Money::parse("1000.00", Currency::EUR)?;
///     let plan = NewSalePlan::new("March".parse()?, Period::month(2026, 3)?, target, PlanScope::Team(lin.id));
///     let plan = draft_plan(tx, act, plan)?;
///     plan_result(tx, plan.id)
/// })?;
/// assert_eq!((result.actual.to_string(), result.entries), ("0.00 EUR".into(), 0));
/// assert_eq!(result.deviation()?.to_string(), "-1000.00 EUR");
/// # Ok::<(), SalesError>(())
/// ```
pub fn plan_result(
    tx: &(impl SalePlans + Orders + SalesReps + Figures + ?Sized),
    id: SalePlanId,
) -> Result<PlanResult, SalesError> {
    let plan: SalePlan = record::find(tx, id)?;
    let (period, target) = (plan.period(), plan.target());
    let sales = actual_sales(tx, plan.scope(), plan.credit(), period, target.currency())?;
    let ActualSales { amount, entries, in_other_currencies, without_rep } = sales;
    Ok(PlanResult { plan: id, period, target, actual: amount, entries, in_other_currencies, without_rep })
}
