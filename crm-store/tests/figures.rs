//! Figures in a file: what a foreign hand did to them is found and mended, and a look at them leaves nothing behind.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use chrono::NaiveDate;
use crm_core::{
    Currency, Draft, FigureMismatch, NewPayment, Order, OrderId, OrderLine, Percent, Period, Quantity, RecordId as _,
    SalesBy, SalesFigure, Span, Terms, UnitPrice,
    store::{Figures, Orders, Page, SalesFilter, Store, StoreError, StoreErrorKind},
};
use crm_store::{Problem, SqliteStore, SqliteTx, install, rusqlite::Connection};
use crm_testkit::sample::{self, Sample};
use tempfile::TempDir;

/// A company in a file, with an order that was refunded in part.
fn company() -> (TempDir, SqliteStore, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("company.db");
    let store = SqliteStore::open(&path).unwrap();
    let sample = Sample::new(1);
    store
        .write(|tx| {
            sample.write_to(tx)?;
            for (n, customer) in (1_000_000_u64..).zip(sample.customers.iter().take(9)) {
                let mut order = sample::order(n, customer.id, &[sample.products[0].id]);
                confirmed(&mut order);
                tx.insert_order(&order)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    (folder, store, Connection::open(&path).unwrap())
}

fn confirmed(order: &mut Order) {
    let day = "2026-03-02".parse().unwrap();
    if order.state().confirmed_on().is_none() && order.confirm(order.created_at, day).is_ok() {
        order.pay(order.created_at, NewPayment::of(order.total()).day(day)).unwrap();
    }
}

fn wrong(store: &SqliteStore) -> Vec<FigureMismatch> {
    store.read(|tx| tx.verify_figures(u16::MAX)).unwrap()
}

#[test]
fn what_a_foreign_hand_did_to_a_figure_is_found_and_rebuilding_mends_it() {
    let (_folder, store, hand) = company();
    assert_eq!(wrong(&store), []);
    assert_eq!(store.verify().unwrap(), []);
    let count = |sql: &str| hand.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    for (sql, kept, counted) in [
        ("UPDATE crm_figure_sales SET revenue = revenue + 1 WHERE whose = 1 AND span = 1", true, true),
        ("UPDATE crm_figure_sales SET units = units + 1 WHERE whose = 2", true, true),
        ("DELETE FROM crm_figure_sales WHERE whose = 3 AND span = 0", false, true),
        (
            "INSERT INTO crm_figure_sales SELECT span, whose, day + 400, currency, key, 1, 1, 1, 1 FROM crm_figure_sales WHERE whose = 0",
            true,
            false,
        ),
        ("UPDATE crm_figure_customer SET last_day = last_day + 1", true, true),
        ("DELETE FROM crm_figure_customer", false, true),
        ("UPDATE crm_figure_pipeline SET weighted = weighted - 1 WHERE currency <> ''", true, true),
        ("DELETE FROM crm_figure_pipeline", false, true),
        ("UPDATE crm_figure_forecast SET value = value + 1 WHERE span = 1 AND currency <> ''", true, true),
        ("UPDATE crm_figure_forecast SET weighted = weighted + 1 WHERE span = 0 AND category = 1", true, true),
        ("DELETE FROM crm_figure_forecast WHERE day < 0", false, true),
        (
            "INSERT INTO crm_figure_forecast SELECT span, day + 4000, rep, category, currency, 1, 1, 1 FROM crm_figure_forecast WHERE day > 0",
            true,
            false,
        ),
        ("UPDATE crm_figure_ticket SET count = count + 2", true, true),
        (
            "INSERT INTO crm_figure_ticket VALUES ('closed', 'urgent', 77) ON CONFLICT DO UPDATE SET count = 77",
            true,
            false,
        ),
    ] {
        let rows = hand.execute(sql, []).unwrap();
        assert!(rows > 0, "{sql}");
        let found = wrong(&store);
        assert_eq!(found.len(), rows, "{sql}");
        let sides = found.iter().map(|one| match one {
            FigureMismatch::Sales { kept, counted, .. } => (kept.is_some(), counted.is_some()),
            FigureMismatch::Customer { kept, counted } => (kept.is_some(), counted.is_some()),
            FigureMismatch::Pipeline { kept, counted } => (kept.is_some(), counted.is_some()),
            FigureMismatch::Forecast { kept, counted, .. } => (kept.is_some(), counted.is_some()),
            FigureMismatch::Tickets { kept, counted } => (kept.is_some(), counted.is_some()),
        });
        // The ticket figure that is written over may have been there before.
        assert!(sides.clone().all(|one| one == (kept, counted) || sql.contains("CONFLICT")), "{sql}: {found:?}");
        assert_eq!(store.read(|tx| tx.verify_figures(1)).unwrap().len(), 1, "{sql}: at most so many");
        let problems = store.verify().unwrap();
        assert_eq!(problems.len(), rows.min(100), "{sql}");
        assert!(problems.iter().all(|one| matches!(one, Problem::Figure(_))), "{sql}");

        store.write(|tx| tx.rebuild_figures()).unwrap();
        assert_eq!(wrong(&store), [], "{sql}: rebuilt");
    }
    assert!(count("SELECT count(*) FROM crm_figure_sales") > 20);
}

#[test]
fn a_figure_that_cannot_be_understood_is_corrupt_and_verify_says_so() {
    let (_folder, store, hand) = company();
    hand.execute("UPDATE crm_figure_customer SET currency = 'ZZZ' WHERE (customer, currency) = (SELECT customer, currency FROM crm_figure_customer)", []).unwrap();
    let refused = store.read(|tx| tx.customer_figures(&Default::default(), Page::first(9))).unwrap_err();
    let expected = StoreErrorKind::Corrupt { table: "crm_figure_customer", column: "currency", row: None };
    assert_eq!(refused.kind(), &expected);
    let problems = store.verify().unwrap();
    assert!(matches!(&problems[..], [Problem::Records { family: "figures", .. }]), "{problems:?}");
    store.write(|tx| tx.rebuild_figures()).unwrap();
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn verification_leaves_a_hosts_connection_and_its_transaction_as_they_were() {
    let mut host = Connection::open_in_memory().unwrap();
    host.execute_batch("PRAGMA foreign_keys = ON; CREATE TABLE invoice (number TEXT)").unwrap();
    install(&mut host).unwrap();
    let transaction = host.transaction().unwrap();
    transaction.execute("INSERT INTO invoice VALUES ('1')", []).unwrap();
    let mut tx = SqliteTx::join(&transaction).unwrap();
    Sample::new(2).write_to(&mut tx).unwrap();
    assert_eq!(tx.verify_figures(9).unwrap(), []);
    // As a reader's connection is.
    transaction.pragma_update(None, "query_only", true).unwrap();
    assert_eq!(tx.verify_figures(9).unwrap(), []);
    let query_only: bool = transaction.pragma_query_value(None, "query_only", |row| row.get(0)).unwrap();
    assert!(query_only);
    transaction.pragma_update(None, "query_only", false).unwrap();
    let left: i64 = transaction.query_row("SELECT count(*) FROM temp.sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    transaction.commit().unwrap();
    assert_eq!(host.query_row("SELECT count(*) FROM invoice", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

/// A question about one rep jumps from month to month, also where the period has nearly all years that there are.
#[test]
fn a_period_of_all_years_takes_as_long_as_what_is_in_it() {
    let (_folder, store, _hand) = company();
    let days = Period::new("0001-01-01".parse().unwrap(), "9999-12-31".parse().unwrap()).unwrap();
    store
        .read(|tx| {
            let each = tx.sales_figures(&SalesFilter::daily(SalesBy::Products, days), Page::first(u16::MAX))?;
            let of = each[each.len() / 2].of.clone();
            let one = tx.sales_figures(&SalesFilter::daily(SalesBy::One(of.clone()), days), Page::first(u16::MAX))?;
            let own: Vec<SalesFigure> = each.into_iter().filter(|figure| figure.of == of).collect();
            assert_eq!(one, own);
            assert_eq!(Span::Day.first(one[0].day), one[0].day);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Two orders of the same day that do not fit 64 bits together, and, after more than a page of others, one whose cancellation makes room for them.
#[test]
fn only_the_last_sum_must_fit_when_figures_are_counted_anew() {
    let (_folder, store, _hand) = company();
    let sample = Sample::new(1);
    let product = sample.products[0].id;
    let (sold, day): (NaiveDate, NaiveDate) = ("2026-03-02".parse().unwrap(), "2026-04-11".parse().unwrap());
    let with = |n: u64, millionths: i64, quantity: u32, on: NaiveDate| {
        let id = OrderId::from_uuid(uuid::Uuid::from_u128((1 << 120) + u128::from(n)));
        let price = UnitPrice::from_millionths(millionths, Currency::EUR).unwrap();
        let lines = vec![OrderLine::new(1, product, Quantity::from(quantity), price, Percent::ZERO).unwrap()];
        let number = format!("T-{n}").parse().unwrap();
        let customer = sample.customers[usize::try_from(n % 9).unwrap()].id;
        let terms = Terms::default();
        let draft = Draft { terms, ..Draft::new(id, number, customer, Currency::EUR, lines) };
        let mut order = Order::draft(sample.customers[0].created_at, draft).unwrap();
        order.confirm(order.created_at, on).unwrap();
        order
    };
    let huge = |n, on| with(n, i64::MAX, 6_000, on);
    let mut room = huge(900, sold);
    room.cancel(room.created_at, day, None).unwrap();
    let between: Vec<Order> = (100..700).map(|n| with(n, 1_000_000, 1, sold)).collect();
    store
        .write(|tx| {
            tx.insert_order(&room)?;
            tx.insert_orders(&between)?;
            tx.insert_order(&huge(1, day))?;
            tx.insert_order(&huge(2, day))
        })
        .unwrap();
    assert_eq!(wrong(&store), []);
    store.write(|tx| tx.rebuild_figures()).unwrap();
    assert_eq!(wrong(&store), []);
    // One more does not fit, whichever way it is counted.
    let refused = store.write(|tx| tx.insert_order(&huge(3, day))).unwrap_err();
    assert_eq!(refused.kind(), &StoreErrorKind::FigureOverflow { figures: "sales" });
}
