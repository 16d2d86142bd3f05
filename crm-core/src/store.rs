//! The storage contract: what every backend promises, and the traits that say so.
//!
//! # Promises
//!
//! The clauses are numbered; `crm-testkit` holds one test for each, and every backend runs them all (`crm_testkit::suite!`).
//!
//! **Transactions**
//! - C01 What a [`Store::write`] closure wrote is there, all of it, once `write` returned `Ok`.
//! - C02 Where the closure returns an error, nothing of it is there.
//! - C03 Where the closure panics, nothing of it is there, the panic goes on, and the store works.
//! - C04 A closure reads what it wrote.
//! - C05 A [`Store::read`] sees one snapshot: what others commit meanwhile does not show.
//! - C06 Writes are serialised: of two closures that read and then write the same record, the second one reads what the first one wrote.
//! - C07 A closure that calls its own store again, to read or to write, is refused with [`StoreErrorKind::Reentered`]; another store may be called.
//! - C08 Writers that come at once may share one commit. An error or a panic of one undoes its own work and nobody else's.
//! - C09 Nobody is answered, with `Ok` or an error, before what the answer rests on is committed: who is refused because of another one's record finds it in a read that begins then.
//!
//! **Records**, for each family
//! - C10 A record that was inserted reads back equal, all fields, by its id. Instants are whole microseconds: what a host's own record (from its `…Parts`, from
//!   JSON) holds beyond that is cut off by the store, on an insert and on an update, in messages too. An act is cut before, so operations lose nothing.
//! - C11 An id that is not there reads as `Ok(None)`.
//! - C12 Inserting or updating to an id, a number, a SKU, a code, the name of a queue, a payment's reference or an external id that is taken is [`StoreErrorKind::Duplicate`], which names the field, and changes nothing.
//! - C13 Updating gives the next revision and writes all fields; the caller's value is untouched.
//! - C14 Updating from a revision other than the stored one is [`StoreErrorKind::Conflict`] and changes nothing.
//! - C15 Updating or deleting what is not there is [`StoreErrorKind::NotFound`].
//! - C16 A reference to a record that is not there is [`StoreErrorKind::MissingReference`], which names the field, and changes nothing.
//! - C17 Deleting what others refer to is [`StoreErrorKind::StillReferenced`], which names the family that refers and counts it, and changes nothing.
//!   A record may refer to itself, and may then be deleted.
//! - C18 What was deleted is not there, nor found by anything.
//! - C19 A number, a SKU, a code, the name of a queue, a payment's reference and an external id find their record and no other; they are compared byte for byte.
//!
//! Where several rules are broken, the first one of this order is reported: on an insert the id, then number, SKU, code, reference or name, then external id, then references; on an
//! update absence, then the revision, then the same. Records are named `customer`, `interaction`, `product`, `exchange rate`, `price list`, `promotion`, `redemption`, `sales rep`, `sale plan`, `queue`, `lead`, `opportunity`, `activity`,
//! `quote`, `order`, `payment`, `agent`, `ticket` and `message`, fields as people say them (`external id`, `solved by`). Families that refer are named by their plural and asked in this order: customers, interactions, sale
//! plans, sales reps, queues, leads, opportunities, activities, quotes, orders, payments, tickets, price lists, promotions, redemptions, products, messages.
//!
//! **Lists**
//! - C20 A list comes in ascending order of its key, at most `limit` records, those after the given key.
//! - C21 Pages put together are the whole list, without gap or repetition.
//! - C22 Each filter gives what it says, and the filters together what all of them say; a count equals the length of the whole list.
//! - C23 A limit of zero gives nothing.
//! - C24 Customers are found by a name in another spelling of case and composition, by an e-mail address in another case, by a telephone number; several may
//!   share one.
//! - C25 A timeline holds the records of the customer, newest first, and nobody else's; items of one instant by their
//!   [`RecordRef`](crate::RecordRef), descending. An interaction is the customer's where it was logged for them or they took part in it, and stands
//!   there once.
//! - C26 Revenue comes by business day, each entry once, and sums to what the orders are worth.
//! - C27 Messages of a ticket come in their order; a number that is taken is [`StoreErrorKind::Duplicate`].
//!
//! **Numbers**
//! - C30 An assigned number is free, also where the host took numbers of the same form, and another one each time; a rollback may give it again.
//!
//! **Journal**
//! - C40 An entry that was appended reads back equal, with its act; positions ascend in the order of the commits.
//! - C41 What was rolled back left no entry.
//! - C42 The history of a record holds its entries and no others; a key finds the entries of its act.
//! - C43 A cursor stands where it was moved to, from any connection; a new one stands at the start.
//!
//! **Figures**
//! - C50 Sales figures sum up the revenue of the orders on its days, with its entries, orders and units: by day and by month, in each currency, of all sales, of each rep and of
//!   nobody, of each product and of each customer.
//! - C51 The sales of a region are those of the reps who are in it now.
//! - C52 The figures of a customer sum up the orders that count, and know the first and the last day of them.
//! - C53 The figures of a pipeline sum up its opportunities by stage and currency, the weighted value of those that are open.
//! - C54 Tickets are counted by status and priority.
//! - C55 Figures move with the records: a closure reads what it wrote, and what was refused or rolled back left them as they were.
//! - C56 Figures come by key and page: pages put together are the whole list, and one key gives what the list of all has for it.
//! - C57 A write after which a sum would not fit 64 bits is [`StoreErrorKind::FigureOverflow`] and changes nothing.
//! - C58 After any of this [`Figures::verify_figures`] finds nothing, and [`Figures::rebuild_figures`] changes nothing.
//!
//! **Search**, as [`SearchText`](crate::SearchText) and [`SearchQuery`](crate::SearchQuery) define it
//! - C60 A search finds each record that has all words of the query, and no other: a word by its beginning, a run of Han, Kana, Hangul, Thai and their like by any part of
//!   it, in any case and with or without diacritics.
//! - C61 Hits come by how well they answer ([`SearchTier`](crate::SearchTier)), then by the rank of their family ([`SearchFamily`](crate::SearchFamily)), then the record
//!   first that was inserted last. Each record stands once.
//! - C62 A page of hits continues after a place; pages put together are the whole list; a limit of zero gives nothing.
//! - C63 A query over some families finds what the query over all finds of them.
//! - C64 What was changed is found by what it says now and not by what it said; what was deleted is found by nothing. A ticket is found by each of
//!   its messages together with its subject and its number, from the moment in which the message is appended for as long as the ticket is there; not by words of different
//!   messages.
//! - C65 A closure finds what it wrote; what was rolled back is not found, and what it changed is found as it was.
//! - C66 Operators, quotes and wildcards are text in a query as in a record.
//!
//! **Bulk**, by [`bulk::import`](crate::bulk::import) and [`bulk::export`](crate::bulk::export), which work on every store
//! - C70 Inserting many records keeps each that can be kept, as inserting one after the other in their order does, and gives the place and the refusal of each
//!   that cannot. A record may refer to those before it. An error is a failure of the store, after which the transaction is to be rolled back.
//! - C71 An import keeps its rows batch by batch, each in a transaction of its own with one entry in the journal that names the source, the rows and the outcome;
//!   rows that are refused do not stop it.
//! - C72 An import with a key that was stopped, or whose store or source failed, goes on after the last batch that was committed, under the same id: no row is lost or kept
//!   twice. One that is finished does nothing.
//! - C73 Between two batches of an import others write, and what is committed shows to readers.
//! - C74 An export gives each record that the filter lets through once, by id, page by page, each in a snapshot of its own. What is inserted meanwhile
//!   behind the page is not seen, and nothing is seen twice.
//!
//! **Answers** of operations under an idempotency key, as [`once`](crate::once) keeps them
//! - C75 An answer that was kept reads back equal by its key and place, and no other key or place finds it; answers come by key and place.
//! - C76 Keeping an answer at a key and place that are taken is [`StoreErrorKind::Duplicate`] of the `place` of the `answer`, and changes nothing. What was rolled back is not there.
//! - C77 Erasing takes the content of each answer that the record is in, and nothing else of it, and leaves the other answers as they were. The record need not be there.
//! - C78 A transaction begins with nothing done under any key, and knows what it did since: an operation under a key is done once, and repeated in another transaction gives its first
//!   answer.
//!
//! **Exchange rates**
//! - C79 The rate of a pair on a day is the one of the latest day that is not after it, and of two of one day the one with the greater id; another pair, the same pair the other way round
//!   among them, has rates of its own. Before the first there is none.
//!
//! **Leads**
//! - C80 Leads are found by an e-mail address or a name in another case, of the person and of the organisation apart, and by a telephone number; several may share one.
//! - C81 The leads that wait in a queue, and no others, come in the order that is asked for ([`Lead::waiting_key`](crate::Lead::waiting_key)), then by id; pages put together are
//!   the whole list.
//! - C82 The load of a rep is the weight of the leads that they work and that are open, and zero where there are none.
//! - C83 Of two closures that give the same waiting lead to somebody, one does; the other one finds it given.
//! - C84 What a queue remembers of its members, whose turn it is and whom it gave what, reads back as it was written.
//! - C89 The rep who was last given a lead with an e-mail address or a number is the one who has the lead that was given last, whatever became of it; of two of one instant the rep
//!   with the greater id. By a postal address there is none.
//!
//! **Activities**
//! - C85 What is planned comes by due day and id; what is done or cancelled is not to be done.
//! - C86 What is planned and has a reminder comes by its instant and the id.
//! - C87 The last activity of an opportunity is the latest instant at which one of its activities was marked done or an interaction about it took place.
//! - C88 The figures of a forecast sum up the opportunities by the day or the month of their close, by rep, category and currency, with the weighted value of those that are open; those
//!   without a day are apart.

mod error;
mod families;
mod figures;
mod page;

pub use self::{
    error::{Refused, StoreError, StoreErrorKind},
    families::{
        Activities, ActivityFilter, AgentFilter, Agents, Answers, CustomerFilter, Customers, ExchangeRateFilter,
        ExchangeRates, ForecastAdjustmentFilter, ForecastAdjustments, ForecastSnapshotFilter, ForecastSnapshots,
        InteractionFilter, Interactions, Journal, LeadFilter, Leads, Opportunities, OpportunityFilter, OrderFilter,
        Orders, PaymentFilter, Payments, PriceListFilter, PriceLists, ProductFilter, Products, PromotionFilter,
        Promotions, QueueFilter, Queues, QuoteFilter, Quotes, RedemptionFilter, Redemptions, RevenueEntry, RevenueKey,
        SalePlanFilter, SalePlans, SalesRepFilter, SalesReps, Search, TicketFilter, Tickets, Timeline, WaitingKey,
    },
    figures::{CustomerFigureFilter, Figures, ForecastFilter, SalesFilter},
    page::{Page, pages},
};

/// A place that keeps records: a file, a server, memory.
///
/// Work is a closure over a transaction. An operation takes the transaction and never the store, so any two operations share one commit.
pub trait Store: Send + Sync {
    /// A transaction. It may be unsized, so that a host can choose among backends at run time.
    type Tx<'t>: Records + ?Sized
    where
        Self: 't;

    /// Runs `f` on a consistent snapshot. `f` gets a shared reference, so an attempt to write does not compile.
    ///
    /// # Errors
    ///
    /// What `f` returns, or a [`StoreError`] of the snapshot itself.
    fn read<T, E: From<StoreError>>(&self, f: impl FnOnce(&Self::Tx<'_>) -> Result<T, E>) -> Result<T, E>;

    /// Runs `f` in a transaction: `Ok` commits, durably; an error or a panic rolls back.
    ///
    /// `f` runs on this thread. It must not wait for another thread that writes to this store, and what it does outside the transaction may turn out to be for nothing: the commit
    /// comes after it.
    ///
    /// # Errors
    ///
    /// What `f` returns, or a [`StoreError`] of the transaction itself. After [`StoreErrorKind::CommitOutcomeUnknown`] the work may be there or not.
    fn write<T, E: From<StoreError>>(&self, f: impl FnOnce(&mut Self::Tx<'_>) -> Result<T, E>) -> Result<T, E>;
}

/// All families together. Implemented by the blanket impl and never by hand.
pub trait Records:
    Customers
    + Interactions
    + Products
    + PriceLists
    + Promotions
    + Redemptions
    + SalesReps
    + SalePlans
    + Queues
    + Leads
    + Opportunities
    + ForecastAdjustments
    + ForecastSnapshots
    + Quotes
    + Activities
    + Orders
    + Payments
    + ExchangeRates
    + Agents
    + Tickets
    + Timeline
    + Figures
    + Search
    + Journal
{
}

impl<T> Records for T where
    T: Customers
        + Interactions
        + Products
        + PriceLists
        + Promotions
        + Redemptions
        + SalesReps
        + SalePlans
        + Queues
        + Leads
        + Opportunities
        + ForecastAdjustments
        + ForecastSnapshots
        + Quotes
        + Activities
        + Orders
        + Payments
        + ExchangeRates
        + Agents
        + Tickets
        + Timeline
        + Figures
        + Search
        + Journal
        + ?Sized
{
}
