//! Logging what was said to and by customers.

use crm_core::{
    Act, Interaction, InteractionFact, InteractionId, NewInteraction, Rating,
    store::{Interactions, Journal},
};

use crate::{
    error::SalesError,
    record::{self, once},
};

/// Logs a communication with a customer, an archived one too: what was said was said.
///
/// # Errors
///
/// - [`SalesError::Invalid`] as [`Interaction::log`].
/// - [`SalesError::Store`]: the id or the external id is taken, or the customer or a participant is missing.
///
/// # Examples
///
/// ```
/// use crm_core::{Channel, Direction, NewCustomer, NewInteraction, Rating, store::Store};
/// use crm_sales::{SalesError, log_interaction, rate_interaction, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
///     let subject = "asks for an offer".parse()?;
///     let call = log_interaction(tx, act, NewInteraction::new(zhang.id, Channel::Phone, Direction::Inbound,
///     subject))?;
///     let rated = rate_interaction(tx, act, call.id, Some(Rating::new(5)?))?;
///     assert_eq!((rated.occurred_at, rated.rating.map(Rating::get)), (act.at(), Some(5)));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn log_interaction(
    tx: &mut (impl Interactions + Journal + ?Sized),
    act: &mut Act,
    new: NewInteraction,
) -> Result<Interaction, SalesError> {
    once(tx, act, "log_interaction", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let interaction = Interaction::log(id, act.at(), new)?;
        record::add(tx, act, interaction, |interaction| InteractionFact::Logged { interaction })
    })
}

/// Rates a communication; `None` takes the rating back. The same rating again does nothing.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn rate_interaction(
    tx: &mut (impl Interactions + Journal + ?Sized),
    act: &mut Act,
    id: InteractionId,
    rating: Option<Rating>,
) -> Result<Interaction, SalesError> {
    once(tx, act, "rate_interaction", (id, rating), |tx, act, (id, rating)| {
        record::change(tx, act, id, None, |_, interaction: &mut Interaction| Ok(interaction.rate(act.at(), rating)))
    })
}

/// Deletes the log of a communication, and gives it as it was.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
pub fn delete_interaction(
    tx: &mut (impl Interactions + Journal + ?Sized),
    act: &mut Act,
    id: InteractionId,
) -> Result<Interaction, SalesError> {
    once(tx, act, "delete_interaction", id, |tx, act, id| {
        record::remove(tx, act, id, |_| Ok(()), |interaction| InteractionFact::Deleted { interaction })
    })
}
