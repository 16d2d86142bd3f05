//! The CRM in an asynchronous host: `cargo run --example async_host`.
//!
//! A write waits for its turn and for the disk. On a thread of the asynchronous runtime that would hold up every other
//! task there, so work on the store goes to the threads that tokio keeps for what blocks ([`spawn_blocking`]), and the
//! task awaits it. The store is shared as an `Arc<Crm>` and needs no lock around it: writes queue up inside, and reads
//! of a file run beside them, each on its own snapshot.

#![expect(clippy::print_stdout, reason = "an example tells what happened")]

use std::sync::Arc;

use crm::{
    Channel, Crm, CustomerId, Error, NewCustomer, NewTicket, Ticket, sales, service,
    store::{Customers, TicketFilter, Tickets},
};
use tokio::task::{JoinSet, spawn_blocking};

/// Runs work on the store where blocking is allowed. What goes in and out is owned, so no transaction is ever held over
/// an `.await`.
///
/// Tokio cannot stop work that has begun: a task that is dropped while it awaits this leaves a write that commits or
/// rolls back by itself.
async fn on<T: Send + 'static>(
    crm: &Arc<Crm>,
    work: impl FnOnce(&Crm) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let crm = Arc::clone(crm);
    spawn_blocking(move || work(&crm)).await.map_err(Error::host)? // The host's error: the work panicked.
}

/// A customer writes in and a ticket is opened, as a request handler would do it.
async fn write_in(crm: Arc<Crm>, customer: CustomerId, request: u32) -> Result<Ticket, Error> {
    on(&crm, move |crm| {
        let subject = format!("request {request}").parse()?;
        crm.write(|tx| {
            let act = &mut crm.act("website")?;
            Ok(service::open_ticket(tx, act, NewTicket::new(customer, Channel::WebForm, subject))?)
        })
    })
    .await
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let folder = tempfile::tempdir().map_err(Error::host)?;
    let file = folder.path().join("crm.db");
    let crm = Arc::new(spawn_blocking(|| Crm::open(file)).await.map_err(Error::host)??);

    let zhang = on(&crm, |crm| {
        crm.write(|tx| Ok(sales::register_customer(tx, &mut crm.act("alice")?, NewCustomer::person("张三".parse()?))?))
    })
    .await?;

    // Twenty requests at once. Writes are serialised, so each ticket gets a number of its own.
    let mut requests = JoinSet::new();
    for request in 1..=20 {
        requests.spawn(write_in(Arc::clone(&crm), zhang.id, request));
    }
    // Meanwhile somebody reads: a snapshot, which no writer disturbs.
    let customer = zhang.id;
    let (name, seen) = on(&crm, move |crm| {
        crm.read(|tx| {
            let filter = TicketFilter { customer: Some(customer), ..TicketFilter::default() };
            Ok((tx.customer(customer)?.map(|customer| customer.name), tx.count_tickets(&filter)?))
        })
    })
    .await?;
    assert_eq!(name.as_ref(), Some(&zhang.name));
    println!("while they wrote, a reader saw {seen} of 20 tickets");

    let mut numbers = Vec::new();
    while let Some(done) = requests.join_next().await {
        numbers.push(done.map_err(Error::host)??.number().to_string());
    }
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
    println!("20 tasks opened tickets {} to {}", numbers[0], numbers[19]);

    // An error of the library comes through as it is.
    let nobody = on(&crm, |crm| Ok(crm.act("alice")?.new_id())).await?;
    let refused = write_in(Arc::clone(&crm), nobody, 21).await;
    assert!(matches!(refused, Err(Error::Service(service::ServiceError::NotFound { .. }))));
    println!("a request of nobody is refused: {}", refused.err().map(|error| error.to_string()).unwrap_or_default());
    Ok(())
}
