use crm_core::Fact;
use crm_core::{
    Channel, CustomerId, Direction, InteractionFact, NewInteraction, Participant, Rating, RecordId, Rule,
    store::{Interactions, StoreErrorKind},
};
use crm_sales::{SalesError, archive_customer, delete_interaction, log_interaction, rate_interaction};

use crate::world::{World, kind};

fn call(customer: CustomerId) -> NewInteraction {
    NewInteraction::new(customer, Channel::Phone, Direction::Inbound, "asks for an offer".parse().unwrap())
}

#[test]
fn a_communication_is_logged_rated_and_deleted() {
    let mut world = World::new();
    let zhang = world.person("张三");
    world.does(|tx, act| archive_customer(tx, act, zhang.id));
    let logged = world.does(|tx, act| log_interaction(tx, act, call(zhang.id)));
    assert_eq!(logged.occurred_at, logged.created_at);

    let four = Some(Rating::new(4).unwrap());
    world.does(|tx, act| rate_interaction(tx, act, logged.id, four));
    world.changes_nothing(|tx, act| rate_interaction(tx, act, logged.id, four));
    world.does(|tx, act| rate_interaction(tx, act, logged.id, None));
    world.does(|tx, act| delete_interaction(tx, act, logged.id));
    assert_eq!(world.reads(|tx| Ok(tx.interaction(logged.id)?)), None);

    let facts = ["interaction.logged", "interaction.rated", "interaction.rated", "interaction.deleted"];
    assert_eq!(world.facts(logged.id), facts);
    let rated = InteractionFact::Rated { from: None, to: four };
    assert_eq!(world.history(logged.id)[1].fact, Some(Fact::Interaction(logged.id, rated)));
}

#[test]
fn a_communication_with_nobody_is_refused() {
    let mut world = World::new();
    let nobody = CustomerId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| log_interaction(tx, act, call(nobody)));
    assert_eq!(kind(&error), &StoreErrorKind::MissingReference { record: "interaction", field: "customer" });

    let zhang = world.person("张三");
    let twice =
        call(zhang.id).participant(Participant::Customer(zhang.id)).participant(Participant::Customer(zhang.id));
    let error = world.is_refused(|tx, act| log_interaction(tx, act, twice));
    assert_eq!(error.invalid().unwrap().rule(), &Rule::Repeated);
}

#[test]
fn what_was_not_logged_is_not_found() {
    let mut world = World::new();
    let missing = RecordId::from_uuid(Default::default());
    let error = world.is_refused(|tx, act| rate_interaction(tx, act, missing, None));
    assert!(matches!(error, SalesError::NotFound { .. }));
    let error = world.is_refused(|tx, act| delete_interaction(tx, act, missing));
    assert!(matches!(error, SalesError::NotFound { .. }));
}
