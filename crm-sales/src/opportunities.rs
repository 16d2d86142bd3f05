//! Opportunities on their way through a pipeline.

use crm_core::{
    Act, By, ContactRole, DealLine, Label, Loss, NewOpportunity, Opportunity, OpportunityFact, OpportunityId,
    OpportunityPatch, Percent, Pipeline, Product, Sale,
    store::{Activities, Customers, Journal, Opportunities, Products, SalesReps},
};

use crate::{
    activities::join_customer,
    customers::{in_use, person_in_use},
    error::SalesError,
    record::{self, once},
    team::selling,
};

/// Opens an opportunity in a pipeline. It may lack a customer until it is won.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the customer, the rep, the product of a line or a contact, [`SalesError::Archived`] for
///   the customer or a contact, [`SalesError::NotAPerson`] for a contact, [`SalesError::Inactive`] for the rep or the
///   product of a line.
/// - [`SalesError::Opportunity`] as [`Opportunity::open`].
/// - [`SalesError::Store`]: the id or the external id is taken, or the product is missing.
///
/// # Examples
///
/// ```
/// use crm_core::{
///     Currency, Money, NewCustomer, NewOpportunity, OpportunityPatch, Percent, Pipeline, Sale, store::Store,
/// };
/// use crm_sales::{SalesError, open_opportunity, register_customer, revise_opportunity, win_opportunity};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let hardware = Pipeline::new("Hardware".parse()?)
///     .open("prospecting".parse()?, Percent::whole(10))
///     .won("won".parse()?)
///     .build()?;
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let new = NewOpportunity::new("forty lamps".parse()?).value(Money::parse("1996.00", Currency::EUR)?);
///     let lamps = open_opportunity(tx, act, &hardware, new)?;
///
///     let sale = Sale { day: act.at().date_naive(), value: None };
///     let refused = win_opportunity(tx, act, lamps.id, &hardware, sale);
///     assert!(matches!(refused, Err(SalesError::NoCustomer { .. })));
///
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     revise_opportunity(tx, act, lamps.id, OpportunityPatch { customer: Some(Some(zhang.id)), ..Default::default()
///     })?;
///     assert_eq!(win_opportunity(tx, act, lamps.id, &hardware, sale)?.probability(), Percent::HUNDRED);
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn open_opportunity(
    tx: &mut (impl Opportunities + Customers + SalesReps + Products + Journal + ?Sized),
    act: &mut Act,
    pipeline: &Pipeline,
    new: NewOpportunity,
) -> Result<Opportunity, SalesError> {
    once(tx, act, "open_opportunity", (pipeline, new), |tx, act, (pipeline, new)| {
        if let Some(customer) = new.customer {
            in_use(tx, customer)?;
        }
        new.rep.map_or(Ok(()), |rep| selling(tx, rep))?;
        check_lines(tx, new.lines.iter())?;
        check_roles(tx, new.contacts.iter())?;
        let id = new.id.unwrap_or_else(|| act.new_id());
        let opportunity = Opportunity::open(id, By::from(&*act), pipeline, new)?;
        record::add(tx, act, opportunity, |opportunity| OpportunityFact::Opened { opportunity })
    })
}

/// Changes the data of an open opportunity; where nothing is different, nothing is written. Where it had no customer and
/// has one now, what was planned and done about it comes to be for them too, and stands in their timeline.
///
/// # Errors
///
/// - [`SalesError::NotFound`] for the opportunity; for a new customer, a new rep, the product of a line or a contact that
///   are new to it, as in [`open_opportunity`].
/// - [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Opportunity`] as [`Opportunity::revise`].
/// - [`SalesError::Store`]: the product is missing.
pub fn revise_opportunity(
    tx: &mut (impl Opportunities + Customers + SalesReps + Products + Activities + Journal + ?Sized),
    act: &mut Act,
    id: OpportunityId,
    patch: OpportunityPatch,
) -> Result<Opportunity, SalesError> {
    once(tx, act, "revise_opportunity", (id, patch), |tx, act, (id, patch)| {
        let mut had_nobody = false;
        let revised = record::change(tx, act, id, patch.expected, |tx, opportunity: &mut Opportunity| {
            let before = opportunity.clone();
            had_nobody = before.customer().is_none();
            let fact = opportunity.revise(act.at(), patch)?;
            if let Some(customer) = opportunity.customer().filter(|customer| Some(*customer) != before.customer()) {
                in_use(tx, customer)?;
            }
            if let Some(rep) = opportunity.rep().filter(|rep| Some(*rep) != before.rep()) {
                selling(tx, rep)?;
            }
            let known = |line: &&DealLine| before.lines().iter().any(|known| known.product() == line.product());
            check_lines(tx, opportunity.lines().iter().filter(|line| !known(line)))?;
            let known = |contact: &&ContactRole| before.contacts().iter().any(|known| known.person == contact.person);
            check_roles(tx, opportunity.contacts().iter().filter(|contact| !known(contact)))?;
            Ok(fact)
        })?;
        if let Some(customer) = revised.customer().filter(|_| had_nobody) {
            join_customer(tx, act, id, customer)?;
        }
        Ok(revised)
    })
}

/// What a line is to sell must be for sale.
pub(crate) fn check_lines<'l>(
    tx: &(impl Products + ?Sized),
    mut lines: impl Iterator<Item = &'l DealLine>,
) -> Result<(), SalesError> {
    lines.try_for_each(|line| match record::find::<Product, _>(tx, line.product())?.active {
        true => Ok(()),
        false => Err(SalesError::Inactive { record: line.product().into() }),
    })
}

pub(crate) fn check_roles<'c>(
    tx: &(impl Customers + ?Sized),
    mut contacts: impl Iterator<Item = &'c ContactRole>,
) -> Result<(), SalesError> {
    contacts.try_for_each(|contact| person_in_use(tx, contact.person, "contacts"))
}

/// Moves an opportunity to another stage of its pipeline, with the probability of the stage or one that is given
/// (OPP-5). Where it stands there already, nothing is written.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Opportunity`] as [`Opportunity::advance`].
pub fn advance_opportunity(
    tx: &mut (impl Opportunities + Journal + ?Sized),
    act: &mut Act,
    id: OpportunityId,
    pipeline: &Pipeline,
    stage: &Label,
    probability: Option<Percent>,
) -> Result<Opportunity, SalesError> {
    once(
        tx,
        act,
        "advance_opportunity",
        (id, pipeline, stage, probability),
        |tx, act, (id, pipeline, stage, probability)| {
            record::change(tx, act, id, None, |_, opportunity: &mut Opportunity| {
                Ok(opportunity.advance(By::from(&*act), pipeline, stage, probability)?)
            })
        },
    )
}

/// Marks an opportunity won. Somebody bought, so it must have a customer.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::NoCustomer`], [`SalesError::Store`]; [`SalesError::Opportunity`] as
/// [`Opportunity::win`].
pub fn win_opportunity(
    tx: &mut (impl Opportunities + Journal + ?Sized),
    act: &mut Act,
    id: OpportunityId,
    pipeline: &Pipeline,
    sale: Sale,
) -> Result<Opportunity, SalesError> {
    once(tx, act, "win_opportunity", (id, pipeline, sale), |tx, act, (id, pipeline, sale)| {
        record::change(tx, act, id, None, |_, opportunity: &mut Opportunity| {
            let fact = opportunity.win(By::from(&*act), pipeline, sale)?;
            match opportunity.customer() {
                Some(_) => Ok(Some(fact)),
                None => Err(SalesError::NoCustomer { opportunity: id }),
            }
        })
    })
}

/// Marks an opportunity lost, in the stage where it stands (OPP-3).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Opportunity`] as [`Opportunity::lose`].
pub fn lose_opportunity(
    tx: &mut (impl Opportunities + Journal + ?Sized),
    act: &mut Act,
    id: OpportunityId,
    loss: Loss,
) -> Result<Opportunity, SalesError> {
    once(tx, act, "lose_opportunity", (id, loss), |tx, act, (id, loss)| {
        record::change(tx, act, id, None, |_, opportunity: &mut Opportunity| {
            Ok(Some(opportunity.lose(act.at(), loss)?))
        })
    })
}

/// Works a won or lost opportunity again, in an open stage. That is new business, so its customer must not be archived.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Archived`], [`SalesError::Store`]; [`SalesError::Opportunity`] as
/// [`Opportunity::reopen`].
pub fn reopen_opportunity(
    tx: &mut (impl Opportunities + Customers + Journal + ?Sized),
    act: &mut Act,
    id: OpportunityId,
    pipeline: &Pipeline,
    stage: &Label,
) -> Result<Opportunity, SalesError> {
    once(tx, act, "reopen_opportunity", (id, pipeline, stage), |tx, act, (id, pipeline, stage)| {
        record::change(tx, act, id, None, |tx, opportunity: &mut Opportunity| {
            let fact = opportunity.reopen(By::from(&*act), pipeline, stage)?;
            if let Some(customer) = opportunity.customer() {
                in_use(tx, customer)?;
            }
            Ok(Some(fact))
        })
    })
}

/// Deletes an open opportunity that nothing refers to, and gives it as it was. What was won or lost stays: figures that
/// were reported rest on it. One that came to nothing is better marked lost: then it counts in the win rate.
///
/// # Errors
///
/// [`SalesError::NotFound`]; [`SalesError::Opportunity`] as [`Opportunity::deletable`]; [`SalesError::Store`] with
/// `StillReferenced`.
pub fn delete_opportunity(
    tx: &mut (impl Opportunities + Journal + ?Sized),
    act: &mut Act,
    id: OpportunityId,
) -> Result<Opportunity, SalesError> {
    once(tx, act, "delete_opportunity", id, |tx, act, id| {
        record::remove(
            tx,
            act,
            id,
            |opportunity: &Opportunity| Ok(opportunity.deletable()?),
            |opportunity| OpportunityFact::Deleted { opportunity },
        )
    })
}
