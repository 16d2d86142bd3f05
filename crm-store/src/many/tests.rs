//! Many at once is as one after the other, and what fails leaves nothing behind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crm_core::{
    Currency, CustomerId, Order, OrderLine, OrderParts, Percent, Quantity, Terms, UnitPrice,
    store::{
        Agents as _, Customers as _, Figures as _, Opportunities as _, Orders as _, Products as _, Refused, Store as _,
        StoreError, StoreErrorKind, Tickets as _,
    },
};
use crm_testkit::sample;
use rusqlite::Connection;

use super::Unchecked;
use crate::{SqliteStore, SqliteTx};

/// A store with a customer and a product, and orders of them.
fn founded() -> (SqliteStore, Vec<Order>) {
    let store = SqliteStore::open_in_memory().unwrap();
    let (customer, product) = (sample::customer(1), sample::product(1));
    store.write(|tx| tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product))).unwrap();
    (store, (0..2_100).map(|seed| sample::order(seed, customer.id, &[product.id])).collect())
}

fn count(store: &SqliteStore, sql: &str) -> i64 {
    store.on_writer(|connection| Ok(connection.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

/// That references are checked again, that all lead somewhere, and that nothing waits any more.
fn assert_whole(store: &SqliteStore) {
    assert_eq!(count(store, "PRAGMA foreign_keys"), 1);
    assert_eq!(count(store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(count(store, "SELECT count(*) FROM temp.new_crm_order"), 0);
    assert_eq!(store.read(|tx| tx.verify_figures(9)).unwrap(), []);
    let orphans = "SELECT count(*) FROM crm_order_line WHERE order_row NOT IN (SELECT row FROM crm_order)";
    assert_eq!(count(store, orphans), 0);
    let dangling = sample::order(9_000, sample::customer(77).id, &[sample::product(1).id]);
    let refused = store.write(|tx| tx.insert_order(&dangling)).unwrap_err();
    let missing = StoreErrorKind::MissingReference { record: "order", field: "customer" };
    assert_eq!(refused.kind(), &missing);
}

#[test]
fn orders_of_several_chunks_are_all_there_with_their_parts() {
    let (store, orders) = founded();
    assert!(store.write(|tx| tx.insert_orders(&orders)).unwrap().is_empty());
    assert_whole(&store);
    for order in orders.iter().step_by(97) {
        assert_eq!(store.read(|tx| tx.order(order.id)).unwrap().as_ref(), Some(order));
    }
    assert_eq!(count(&store, "SELECT count(*) FROM crm_order"), 2_100);
}

#[test]
fn a_taken_number_in_the_middle_of_a_chunk_refuses_its_order_alone() {
    let (store, orders) = founded();
    store.write(|tx| tx.insert_order(&orders[1_500])).unwrap();
    let refused = store.write(|tx| tx.insert_orders(&orders)).unwrap();
    let duplicate = StoreErrorKind::Duplicate { record: "order", field: "id" };
    assert_eq!(refused.iter().map(|one| (one.place, one.error.kind())).collect::<Vec<_>>(), [(1_500, &duplicate)]);
    assert_whole(&store);
    assert_eq!(count(&store, "SELECT count(*) FROM crm_order"), 2_100);
}

#[test]
fn a_store_that_is_full_keeps_nothing_and_goes_on_checking_references() {
    let folder = tempfile::tempdir().unwrap();
    let options = crate::SqliteOptions::new().limit_bytes(1_200 * 1_024);
    let store = options.open(folder.path().join("crm.db")).unwrap();
    let (customer, product) = (sample::customer(1), sample::product(1));
    store.write(|tx| tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product))).unwrap();
    let orders: Vec<Order> = (0..2_100).map(|seed| sample::order(seed, customer.id, &[product.id])).collect();
    let full = store.write(|tx| tx.insert_orders(&orders)).unwrap_err();
    assert_eq!(full.kind(), &StoreErrorKind::StorageFull);
    assert_eq!(count(&store, "SELECT count(*) FROM crm_order"), 0);
    assert!(store.write(|tx| tx.insert_orders(&orders[..50])).unwrap().is_empty());
    assert_whole(&store);
}

#[test]
fn references_within_the_slice_lead_backwards_only() {
    let store = SqliteStore::open_in_memory().unwrap();
    let mut family: Vec<_> = (0..40).map(sample::customer).collect();
    let ids: Vec<CustomerId> = family.iter().map(|customer| customer.id).collect();
    for (child, parent) in family.iter_mut().skip(1).zip(ids) {
        child.parent = Some(parent);
    }
    let insert = |customers: &[_]| store.write(|tx| Ok::<_, StoreError>(tx.insert_customers(customers)?.len()));
    assert_eq!(insert(&[&family[1..], &family[..1]].concat()).unwrap(), 39);
    assert_eq!(insert(&family[1..]).unwrap(), 0);
    assert_eq!(count(&store, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/// The order of a seed, worth so much that two of them in a day do not fit 64 bits; all are of one day.
fn huge(seed: u64, customer: CustomerId) -> Order {
    let product = sample::product(1).id;
    let price = UnitPrice::from_millionths(i64::MAX, Currency::EUR).unwrap();
    let quantity = Quantity::from_millionths(6_000_000_000).unwrap();
    let line = OrderLine::new(1, product, quantity, price, Percent::ZERO).unwrap();
    let mut parts = OrderParts::from(sample::order(seed, customer, &[product]));
    let state = sample::order(1, customer, &[product]).state().clone();
    (parts.net, parts.total, parts.terms) = (line.amount(), line.amount(), Terms::default());
    (parts.lines, parts.currency, parts.state) = (vec![line], Currency::EUR, state);
    Order::try_from(parts).unwrap()
}

/// Puts in a store of its own what `insert` does with some records at once, and what it does with one after the other; both refuse the same, find nothing wrong, and hold as much.
fn assert_as_one_by_one<R: Clone>(
    found: impl Fn(&SqliteStore),
    records: &[R],
    insert: impl Fn(&mut SqliteTx<'_>, &[R]) -> Result<Vec<Refused>, StoreError>,
) -> Vec<(usize, StoreErrorKind)> {
    let stores = [(); 2].map(|()| SqliteStore::open_in_memory().unwrap());
    stores.iter().for_each(found);
    let told = |refused: Vec<Refused>| refused.into_iter().map(|one| (one.place, one.error.kind().clone())).collect();
    let at_once: Vec<_> = stores[0].write(|tx| Ok::<_, StoreError>(told(insert(tx, records)?))).unwrap();
    let one_by_one: Vec<_> = stores[1]
        .write(|tx| {
            let mut refused = Vec::new();
            for (place, record) in records.iter().enumerate() {
                refused.extend(insert(tx, std::slice::from_ref(record))?.pop().map(|one| Refused { place, ..one }));
            }
            Ok::<_, StoreError>(told(refused))
        })
        .unwrap();
    assert_eq!(at_once, one_by_one);
    for table in ["crm_order", "crm_order_line", "crm_order_revenue", "crm_ticket", "crm_opportunity", "crm_customer"]
        .into_iter()
        .chain(["crm_customer_email", "crm_figure_sales", "crm_figure_customer", "crm_figure_pipeline"])
        .chain(["crm_figure_ticket", "crm_search"])
    {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(count(&stores[0], &sql), count(&stores[1], &sql), "{table}");
    }
    for store in stores {
        assert_eq!(store.verify().unwrap(), []);
    }
    at_once
}

#[test]
fn figures_and_search_are_those_of_one_by_one_whatever_is_refused_in_the_middle() {
    let (customer, product, agent) = (sample::customer(1), sample::product(1), sample::agent(1));
    let found = |store: &SqliteStore| {
        let all = store.write(|tx| {
            tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product))?;
            tx.insert_agent(&agent)
        });
        all.unwrap();
    };
    let nobody = sample::customer(77).id;
    for batch in 0_u64..5 {
        // One in so many has the id of another, and one in so many leads nowhere; in the first batches none, in the last ones nearly all.
        let seed = |place: u64| if batch > 0 && place % (14 - 2 * batch) == 3 { place / 2 } else { place };
        let of = |place: u64| if batch > 1 && place % (16 - 2 * batch) == 5 { nobody } else { customer.id };
        let orders: Vec<_> = (0..60).map(|n| sample::order(seed(n) * 7 + batch, of(n), &[product.id])).collect();
        let refused = assert_as_one_by_one(found, &orders, |tx, some| tx.insert_orders(some));
        assert_eq!(refused.is_empty(), batch == 0);
        let tickets: Vec<_> = (0..60).map(|n| sample::ticket(seed(n) * 7 + batch, of(n), agent.id)).collect();
        assert_as_one_by_one(found, &tickets, |tx, some| tx.insert_tickets(some));
        let deals: Vec<_> = (0..60).map(|n| sample::opportunity(seed(n) * 7 + batch, Some(of(n)))).collect();
        assert_as_one_by_one(found, &deals, |tx, some| tx.insert_opportunities(some));
        let customers: Vec<_> = (0..60).map(|n| sample::customer(seed(n) * 7 + batch + 2)).collect();
        assert_as_one_by_one(found, &customers, |tx, some| tx.insert_customers(some));
    }
}

#[test]
fn one_record_that_a_figure_cannot_hold_is_refused_alone() {
    let (customer, product) = (sample::customer(1), sample::product(1));
    let found = |store: &SqliteStore| {
        let both = |tx: &mut SqliteTx<'_>| tx.insert_customer(&customer).and_then(|()| tx.insert_product(&product));
        store.write(both).unwrap();
    };
    let mut orders: Vec<_> = (0..1_100).map(|seed| sample::order(seed, customer.id, &[product.id])).collect();
    (orders[10], orders[40], orders[1_050]) = (huge(10, customer.id), huge(40, customer.id), huge(1_050, customer.id));
    let refused = assert_as_one_by_one(found, &orders, |tx, some| tx.insert_orders(some));
    let kind = StoreErrorKind::FigureOverflow { figures: "sales" };
    assert_eq!(refused, [(40, kind.clone()), (1_050, kind)]);
}

/// A file of a host, with the tables in it, a customer and a product, and a table of its own that refers to one of ours.
fn host() -> Connection {
    let mut host = Connection::open_in_memory().unwrap();
    host.pragma_update(None, "foreign_keys", true).unwrap();
    crate::install(&mut host).unwrap();
    host.execute_batch("CREATE TABLE invoice (customer BLOB NOT NULL REFERENCES crm_customer (id))").unwrap();
    let transaction = host.transaction().unwrap();
    let mut tx = SqliteTx::join(&transaction).unwrap();
    tx.insert_customer(&sample::customer(1)).unwrap();
    tx.insert_product(&sample::product(1)).unwrap();
    transaction.commit().unwrap();
    host
}

fn orders(count: u64) -> Vec<Order> {
    (0..count).map(|seed| sample::order(seed, sample::customer(1).id, &[sample::product(1).id])).collect()
}

/// That references are checked, and that nothing waits in a temporary table.
fn assert_nothing_left(host: &Connection) {
    let count = |sql: &str| host.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("PRAGMA foreign_keys"), 1);
    host.execute("INSERT INTO invoice VALUES (x'00')", []).unwrap_err();
    let waiting = "SELECT count(*) FROM temp.sqlite_schema WHERE type = 'table' AND name LIKE 'new_%'";
    if count(waiting) > 0 {
        for table in ["crm_order", "crm_order_line", "crm_order_revenue"] {
            let there = format!("SELECT count(*) FROM temp.sqlite_schema WHERE name = 'new_{table}'");
            assert!(count(&there) == 0 || count(&format!("SELECT count(*) FROM temp.new_{table}")) == 0, "{table}");
        }
    }
}

/// What a host does that commits after an error; gives how many orders are there then.
fn committed(host: &mut Connection, records: &[Order]) -> (Result<usize, StoreErrorKind>, i64) {
    let transaction = host.transaction().unwrap();
    let refused = SqliteTx::join(&transaction).unwrap().insert_orders(records);
    assert_nothing_left(&transaction);
    transaction.commit().unwrap();
    assert_nothing_left(host);
    let there = host.query_row("SELECT count(*) FROM crm_order", [], |row| row.get(0)).unwrap();
    let all = host.transaction().unwrap();
    assert_eq!(SqliteTx::join(&all).unwrap().verify_figures(9).unwrap(), []);
    (refused.map(|refused| refused.len()).map_err(|error| error.kind().clone()), there)
}

#[test]
fn a_step_that_fails_in_the_transaction_of_a_host_leaves_nothing_of_its_chunk() {
    let orders = orders(60);
    let failing = [
        // A row that cannot be put where it waits.
        "BEFORE INSERT ON temp.new_crm_order_revenue WHEN new.order_row = 10 BEGIN SELECT RAISE(FAIL, 'full'); END",
        // A row of the first table, and one of the last, that cannot be moved.
        "AFTER INSERT ON temp.new_crm_order WHEN new.row = 30 BEGIN UPDATE new_crm_order SET revision = 'one' WHERE row = 30; END",
        "AFTER INSERT ON temp.new_crm_order_revenue WHEN new.order_row = 50
            BEGIN UPDATE new_crm_order_revenue SET day = NULL WHERE order_row = 50; END",
    ];
    for trigger in failing {
        let mut host = host();
        // The temporary tables are made.
        assert_eq!(committed(&mut host, &orders[40..]), (Ok(0), 20));
        host.execute_batch(&format!("DELETE FROM crm_order; DELETE FROM crm_figure_sales; DELETE FROM crm_figure_customer; CREATE TEMP TRIGGER fail {trigger}"))
            .unwrap();
        let (failed, there) = committed(&mut host, &orders);
        assert_eq!(
            (failed.map_err(|kind| matches!(kind, StoreErrorKind::Backend | StoreErrorKind::Corrupt { .. })), there),
            (Err(true), 0),
            "{trigger}"
        );
        host.execute_batch("DROP TRIGGER temp.fail").unwrap();
        assert_eq!(committed(&mut host, &orders), (Ok(0), 60));
    }
}

#[test]
fn what_an_earlier_failure_left_waiting_is_never_moved() {
    let mut host = host();
    let orders = orders(60);
    assert_eq!(committed(&mut host, &orders[..30]), (Ok(0), 30));
    host.execute("INSERT INTO temp.new_crm_order SELECT 99, 1, 0, 0, 'X', NULL, x'00', NULL, NULL, 'EUR', NULL, NULL, 0, 0, 'draft', NULL, NULL, NULL, NULL, NULL, 'unfulfilled', 'unpaid', 0, x'01'", []).unwrap();
    assert_eq!(committed(&mut host, &orders[30..]), (Ok(0), 60));
}

#[test]
fn a_trigger_of_a_host_finds_each_order_whole_and_its_own_references_checked() {
    let mut host = host();
    host.execute_batch(
        "CREATE TRIGGER invoicing AFTER INSERT ON crm_order_revenue BEGIN
            INSERT INTO invoice SELECT customer FROM crm_order WHERE row = new.order_row AND (SELECT count(*) FROM crm_order_line WHERE order_row = new.order_row) > 0;
        END",
    )
    .unwrap();
    let orders = orders(60);
    assert_eq!(committed(&mut host, &orders), (Ok(0), 60));
    let count = |sql: &str| host.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT count(*) FROM invoice"), count("SELECT count(*) FROM crm_order_revenue"));
    host.execute_batch("CREATE TEMP TRIGGER dangling AFTER INSERT ON crm_order_line BEGIN INSERT INTO invoice VALUES (x'00'); END; DELETE FROM invoice").unwrap();
    let transaction = host.transaction().unwrap();
    let more = (60..90).map(|seed| sample::order(seed, sample::customer(1).id, &[sample::product(1).id]));
    SqliteTx::join(&transaction).unwrap().insert_orders(&more.collect::<Vec<_>>()).unwrap_err();
}

#[test]
fn a_panic_while_references_are_unchecked_leaves_them_checked() {
    let host = host();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _unchecked = Unchecked::new(&host).unwrap();
        assert_eq!(host.execute("INSERT INTO invoice VALUES (x'01')", []), Ok(1));
        panic!("in the middle")
    }));
    assert!(panicked.is_err());
    host.execute("DELETE FROM invoice", []).unwrap();
    assert_nothing_left(&host);
}
