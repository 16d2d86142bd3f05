//! The plan of every statement that the library runs: none walks a table that grows, unless a list without a filter is asked for.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use chrono::NaiveDate;
use crm_core::{
    Act, Channel, CustomerType, Fact, Fulfilment, Label, OpportunityStatus, OrderStatus, PaymentStatus, Period,
    PlanScope, PlanStatus, Position, Priority, TicketStatus,
    store::{
        AgentFilter, Agents, CustomerFilter, Customers, InteractionFilter, Interactions, Journal, Opportunities,
        OpportunityFilter, OrderFilter, Orders, Page, ProductFilter, Products, SalePlanFilter, SalePlans,
        SalesRepFilter, SalesReps, Store, StoreError, TicketFilter, Tickets, Timeline,
    },
};
use crm_testkit::{
    Acts,
    sample::{self, Sample},
};

use crate::{SqliteStore, SqliteTx};

thread_local! {
    static SEEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    static PREPARED: Cell<usize> = const { Cell::new(0) };
}

/// Notes a statement that this thread prepares.
pub(crate) fn note(sql: &str) {
    SEEN.with_borrow_mut(|seen| seen.insert(sql.to_owned()));
    PREPARED.set(PREPARED.get() + 1);
}

/// How many statements this thread prepares in `work`.
pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = PREPARED.get();
    let result = work();
    (result, PREPARED.get() - before)
}

/// Every list and every look-up, with each filter by itself, on the first page and on a later one.
fn ask_everything(tx: &SqliteTx<'_>, sample: &Sample) -> Result<(), StoreError> {
    let first = &sample.customers[0];
    let (rep, product, agent) = (sample.sales_reps[0].id, &sample.products[0], &sample.agents[0]);
    let label: Label = "East".parse().expect("a label");
    let day: NaiveDate = "2026-03-02".parse().expect("a day");
    let year = Period::year(2026).expect("a year");
    macro_rules! lists {
        ($list:ident($page:expr, $later:expr), $filter:ident { $($field:ident: $value:expr),* }) => {
            $(
                let filter = $filter { $field: Some($value), ..$filter::default() };
                tx.$list(&filter, $page)?;
                tx.$list(&filter, $later)?;
            )*
        };
    }
    macro_rules! by_id {
        ($list:ident, $record:expr, $filter:ident $fields:tt) => {
            lists!($list(Page::first(9), Page::after($record.id, 9)), $filter $fields)
        };
    }
    by_id!(
        customers,
        first,
        CustomerFilter {
            kind: CustomerType::Person,
            owner: rep,
            without_owner: true,
            region: label.clone(),
            parent: first.id,
            tag: label.clone(),
            archived: true
        }
    );
    // Beside a list by name, day or due, a filter that has an index of its own may be served by that index and sorted.
    let named = (String::from("n"), first.id);
    lists!(customers_by_name(Page::first(9), Page::after(named, 9)), CustomerFilter { archived: false });
    by_id!(interactions, sample.interactions[0], InteractionFilter { customer: first.id, channel: Channel::Phone });
    by_id!(products, product, ProductFilter { category: label.clone(), active: true });
    by_id!(sales_reps, sample.sales_reps[0], SalesRepFilter { manager: rep, region: label.clone(), active: true });
    by_id!(
        sale_plans,
        sample.sale_plans[0],
        SalePlanFilter { scope: PlanScope::Region(label.clone()), status: PlanStatus::Draft, covers: day }
    );
    by_id!(
        opportunities,
        sample.opportunities[0],
        OpportunityFilter {
            customer: first.id,
            product: product.id,
            rep: rep,
            status: OpportunityStatus::Open,
            pipeline: label.clone(),
            stage: label.clone(),
            expected_close: year,
            closed: year
        }
    );
    by_id!(
        orders,
        sample.orders[0],
        OrderFilter {
            customer: first.id,
            rep: rep,
            without_rep: true,
            product: product.id,
            status: OrderStatus::Draft,
            fulfilment: Fulfilment::Partial,
            payment: PaymentStatus::Partial
        }
    );
    let after = (day, sample.orders[0].id);
    lists!(orders_by_day(Page::first(9), Page::after(after, 9)), OrderFilter { confirmed: year });
    by_id!(agents, agent, AgentFilter { group: label.clone(), active: true });
    by_id!(
        tickets,
        sample.tickets[0],
        TicketFilter {
            customer: first.id,
            assignee: agent.id,
            unassigned: true,
            group: label.clone(),
            status: TicketStatus::New,
            priority: Priority::High
        }
    );
    let due = (sample.tickets[0].created_at, sample.tickets[0].id);
    lists!(
        tickets_by_due(Page::first(9), Page::after(due, 9)),
        TicketFilter { unassigned: true, priority: Priority::High }
    );

    tx.customers_named(&first.name, Page::first(9))?;
    let external_id = "ext".parse().expect("an id");
    tx.customer_by_external_id(&external_id)?;
    tx.interaction_by_external_id(&external_id)?;
    tx.sales_rep_by_external_id(&external_id)?;
    tx.opportunity_by_external_id(&external_id)?;
    tx.order_by_external_id(&external_id)?;
    tx.agent_by_external_id(&external_id)?;
    tx.ticket_by_external_id(&external_id)?;
    tx.customers_with_email(&"a@example.com".parse().expect("an address"), Page::first(9))?;
    tx.customers_with_phone(&"+447700900123".parse().expect("a number"), Page::first(9))?;
    tx.products_named(&first.name, Page::first(9))?;
    tx.sales_reps_named(&first.name, Page::first(9))?;
    tx.agents_named(&first.name, Page::first(9))?;
    tx.product_by_sku(&product.sku)?;
    tx.order_by_number(sample.orders[0].number())?;
    tx.ticket_by_number(sample.tickets[0].number())?;
    let entry = (day, sample.orders[0].id, 1);
    for page in [Page::first(9), Page::after(entry, 9)] {
        tx.revenue(year, page)?;
        tx.payments(year, page)?;
    }
    tx.messages(sample.tickets[0].id, Page::first(9))?;
    tx.timeline(first.id, Page::first(9))?;
    tx.entries(Page::after(Position::new(1), 9))?;
    tx.history(first.id.into(), Page::first(9))?;
    tx.entries_with_key(&"key".parse().expect("a key"), Page::first(9))?;
    tx.cursor(&label)?;
    Ok(())
}

/// Every update and every delete, refused ones included, since those ask who refers.
fn change_everything(tx: &mut SqliteTx<'_>, sample: &Sample, act: &Act) -> Result<(), StoreError> {
    let label: Label = "reader".parse().expect("a label");
    macro_rules! change {
        ($($records:ident $update:ident $delete:ident,)*) => {$(
            let _ = tx.$update(&sample.$records[0]);
            let _ = tx.$delete(sample.$records[0].id);
            for record in &sample.$records {
                let _ = tx.$delete(record.id);
            }
        )*};
    }
    change! {
        customers update_customer delete_customer,
        products update_product delete_product,
        sales_reps update_sales_rep delete_sales_rep,
        agents update_agent delete_agent,
        interactions update_interaction delete_interaction,
        sale_plans update_sale_plan delete_sale_plan,
        opportunities update_opportunity delete_opportunity,
        orders update_order delete_order,
        tickets update_ticket delete_ticket,
    }
    tx.next_order_number()?;
    tx.next_ticket_number()?;
    let archived = crm_core::CustomerFact::Archived;
    tx.append(act, &Fact::from((sample.customers[0].id, archived)))?;
    tx.move_cursor(&label, Position::new(1))
}

/// The steps of a statement's plan.
fn plan_of(store: &SqliteStore, sql: &str) -> Vec<String> {
    store
        .on_writer(|connection| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut rows = statement.raw_query();
            let mut steps = Vec::new();
            while let Some(row) = rows.next()? {
                steps.push(row.get(3)?);
            }
            Ok(steps)
        })
        .unwrap()
}

/// What waits for somebody is read from an index of just that, however many tickets and orders there are.
#[test]
fn each_queue_of_what_nobody_has_is_read_from_its_own_index() {
    let store = SqliteStore::open_in_memory().unwrap();
    for (sql, index) in [
        ("SELECT row FROM crm_ticket WHERE assignee IS NULL AND id > ?1 ORDER BY id LIMIT 9", "crm_ticket_unassigned"),
        (
            "SELECT row FROM crm_ticket WHERE assignee IS NULL AND due_at IS NOT NULL AND (due_at, id) > (?1, ?2)
             ORDER BY due_at, id LIMIT 9",
            "crm_ticket_unassigned_due",
        ),
        ("SELECT row FROM crm_order WHERE rep IS NULL AND id > ?1 ORDER BY id LIMIT 9", "crm_order_without_rep"),
        ("SELECT row FROM crm_customer WHERE owner IS NULL AND id > ?1 ORDER BY id LIMIT 9", "crm_customer_owner"),
    ] {
        let plan = plan_of(&store, sql);
        let served = |step: &String| step.split(' ').any(|word| word == index);
        assert!(plan.len() == 1 && plan.iter().all(served), "{plan:?}\n{sql}");
    }
}

#[test]
fn no_statement_walks_a_table_that_grows() {
    let store = SqliteStore::open_in_memory().unwrap();
    let sample = Sample::new(1);
    store.write(|tx| sample.write_to(tx)).unwrap();
    let (customer, product) = (sample.customers[0].id, sample.products[0].id);
    let many = |seed| sample::order(seed, customer, &[product]);
    store.write(|tx| tx.insert_orders(&(5_000..5_050).map(many).collect::<Vec<_>>())).unwrap();
    store.read(|tx| ask_everything(tx, &sample)).unwrap();
    store.write(|tx| change_everything(tx, &sample, &Acts::new().next("alice"))).unwrap();
    let statements = SEEN.with_borrow(Clone::clone);
    assert!(statements.len() > 150, "only {} statements were seen", statements.len());

    for sql in
        statements.iter().filter(|sql| !["SAVEPOINT", "ROLLBACK", "RELEASE"].iter().any(|word| sql.starts_with(word)))
    {
        for step in plan_of(&store, sql) {
            // An index in the order of the list, read until the page is full, is no walk.
            let walks = step.starts_with("SCAN crm_") && !step.contains("USING INDEX");
            assert!(!walks, "{step}\n{sql}");
            let sorts = step.contains("TEMP B-TREE FOR ORDER BY");
            // The few customers of one address and the orders of one product are sorted, and those who refer are counted once; tables are not.
            let few = sql.contains("row IN (SELECT") || sql.starts_with("SELECT count");
            assert!(!sorts || few, "{step}\n{sql}");
        }
    }
}
