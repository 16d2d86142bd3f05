//! The example `load` keeps its word: so many records as were asked for, every line of a shop taken or rejected with its reason, and sums that are right to the cent.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use crm::{
    Currency, Decimal, Money, OrderStatus, PaymentStatus, Period, SalesRep,
    bulk::Record,
    sqlite::SqliteStore,
    store::{
        CustomerFilter, Customers, Journal, OrderFilter, Orders, Page, SalePlanFilter, SalePlans, Store, StoreError,
        TicketFilter, Tickets, pages,
    },
};
use rust_decimal::RoundingStrategy;

#[path = "../examples/load/main.rs"]
#[expect(dead_code, reason = "`main` itself is not called here")]
mod load;

/// Runs the example and gives what it prints.
fn printed(arguments: &[&str]) -> String {
    let options = load::options::Options::parse(arguments.iter().map(ToString::to_string)).unwrap();
    let mut out = Vec::new();
    load::run(&options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A company in a file of a folder.
fn company(folder: &Path, seed: &str) -> SqliteStore {
    let file = folder.join(format!("{seed}.db"));
    printed(&["--customers", "30", "--orders", "150", "--seed", seed, "--file", text(&file)]);
    SqliteStore::open(file).unwrap()
}

#[test]
fn a_company_has_the_size_that_was_asked_for_and_orders_in_every_state() {
    let folder = tempfile::tempdir().unwrap();
    let store = company(folder.path(), "1");
    store
        .read(|tx| -> Result<(), StoreError> {
            let of = |status| OrderFilter { status: Some(status), ..OrderFilter::default() };
            assert_eq!(tx.count_customers(&CustomerFilter::default())?, 30);
            assert_eq!(tx.count_orders(&OrderFilter::default())?, 150);
            assert_eq!(tx.count_sale_plans(&SalePlanFilter::default())?, 8 * 36);
            assert_eq!(tx.count_tickets(&TicketFilter::default())?, 15);
            for status in [OrderStatus::Draft, OrderStatus::Confirmed, OrderStatus::Cancelled] {
                assert!(tx.count_orders(&of(status))? > 0, "{status:?}");
            }
            let orders = tx.orders(&OrderFilter::default(), Page::first(150))?;
            assert!(orders.iter().any(|order| order.payment_status() == PaymentStatus::Unpaid));
            assert!(orders.iter().any(|order| order.refunded().is_positive()));
            assert!(orders.is_sorted_by_key(|order| order.created_at));
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_seed_gives_the_same_company_and_another_one_another() {
    let folder = tempfile::tempdir().unwrap();
    let orders = |store: SqliteStore| store.read(|tx| tx.orders(&OrderFilter::default(), Page::first(150))).unwrap();
    let first = orders(company(folder.path(), "1"));
    let other = orders(company(folder.path(), "2"));
    fs::remove_file(folder.path().join("1.db")).unwrap();
    assert_eq!(orders(company(folder.path(), "1")), first);
    assert_ne!(other, first);
}

/// Why the example ends, on a file that is there.
fn refused(arguments: &[&str]) -> String {
    let options = load::options::Options::parse(arguments.iter().map(ToString::to_string)).unwrap();
    load::run(&options, &mut Vec::new()).unwrap_err().to_string()
}

#[test]
fn a_file_that_has_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (letter, lines) = (folder.path().join("kept.db"), folder.path().join("lines.csv"));
    fs::write(&letter, "a letter").unwrap();
    refused(&["--file", text(&letter)]);
    for source in ["--retail", "--peers"] {
        let error = refused(&[source, text(&lines), "--file", text(&letter)]);
        assert!(error.contains("is there already"), "{error}");
    }
    assert_eq!(fs::read_to_string(&letter).unwrap(), "a letter");

    let counted = |store: &SqliteStore| store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap();
    let store = company(folder.path(), "1");
    let file = folder.path().join("1.db");
    let error = refused(&["--customers", "30", "--orders", "150", "--seed", "2", "--file", text(&file)]);
    assert!(error.contains("another company"), "{error}");
    assert_eq!(counted(&store), 30);
}

#[test]
fn a_company_that_was_half_written_is_completed() {
    let folder = tempfile::tempdir().unwrap();
    let whole = company(folder.path(), "1");
    let journal = |store: &SqliteStore| store.read(|tx| tx.entries(Page::first(100))).unwrap();
    let orders = |store: &SqliteStore| store.read(|tx| tx.orders(&OrderFilter::default(), Page::first(150))).unwrap();
    // What an earlier run wrote before it was stopped: the first of the families.
    let file = folder.path().join("half.db");
    let half = SqliteStore::open(&file).unwrap();
    let arguments = ["--customers", "30", "--orders", "150", "--file", text(&file)];
    let options = load::options::Options::parse(arguments.iter().map(ToString::to_string)).unwrap();
    let begun = load::company::Company::new(&options).unwrap();
    let mut act = begun.import_act(SalesRep::FAMILY).unwrap();
    load::fill::import_all(&half, &mut act, 0, (1..=begun.reps).map(|number| begun.rep(number))).unwrap();
    assert_eq!(journal(&half).len(), 1);
    drop(half);
    for _ in 0..2 {
        printed(&arguments);
        let completed = SqliteStore::open(&file).unwrap();
        assert_eq!(orders(&completed), orders(&whole));
        assert_eq!(journal(&completed), journal(&whole));
    }
}

#[test]
fn rfm_2_the_figures_of_customers_are_what_their_orders_come_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("small.db");
    printed(&["--file", text(&file)]);
    let store = SqliteStore::open(file).unwrap();
    let (figures, orders) = store
        .read(|tx| -> Result<_, crm::Error> {
            Ok((load::sums::rfm(tx, Currency::EUR)?, load::sums::rfm_of_orders(tx, Currency::EUR)?))
        })
        .unwrap();
    assert_eq!(figures, orders);
    assert!((150..200).contains(&figures.len()), "some customers have no order that counts: {}", figures.len());
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    for (arguments, wrong) in [
        (&["--orders"][..], "--orders needs a value"),
        (&["--orders", "many"], "--orders needs a whole number, got \"many\""),
        (&["--orders", "0"], "a company has at least one customer and one order"),
        (&["--order", "1"], "unknown argument --order"),
    ] {
        let refused = load::options::Options::parse(arguments.iter().map(ToString::to_string)).unwrap_err();
        assert_eq!(refused, wrong);
    }
}

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// What came of the lines of a shop.
struct Shop {
    printed: String,
    store: SqliteStore,
    /// Line number and reason.
    rejected: Vec<(u64, String)>,
}

fn shop(folder: &Path, lines: &Path) -> Shop {
    let (file, rejected) = (folder.join("shop.db"), folder.join("rejected.csv"));
    let printed = printed(&["--retail", text(lines), "--rejected", text(&rejected), "--file", text(&file)]);
    let mut reader = csv::Reader::from_path(rejected).unwrap();
    let rejected = reader.records().map(|row| row.unwrap());
    let rejected = rejected.map(|row| (row[1].parse().unwrap(), row[4].to_owned())).collect();
    Shop { printed, store: SqliteStore::open(file).unwrap(), rejected }
}

/// What the orders in a store are worth.
fn revenue(store: &SqliteStore) -> Money {
    let period = Period::new("2000-01-01".parse().unwrap(), "2030-01-01".parse().unwrap()).unwrap();
    store
        .read(|tx| -> Result<Money, crm::Error> {
            let entries = pages(1_000, |page| tx.revenue(period, page), |entry| entry.key());
            let amounts = entries.map(|entry| Ok(entry?.revenue.amount)).collect::<Result<Vec<_>, StoreError>>()?;
            Ok(Money::sum(amounts, Currency::GBP)?)
        })
        .unwrap()
}

/// The sum of the lines that were not rejected, computed from the file alone: quantity times price, rounded to the penny line by line.
fn sum_of_lines(lines: &Path, rejected: &[(u64, String)]) -> Decimal {
    let rejected: HashSet<u64> = rejected.iter().map(|(line, _)| *line).collect();
    let mut reader = csv::Reader::from_path(lines).unwrap();
    let rows = reader.records().map(|row| row.unwrap());
    rows.filter(|row| !rejected.contains(&row.position().unwrap().line()))
        .map(|row| {
            let amount: Decimal = row[3].parse::<Decimal>().unwrap() * row[5].parse::<Decimal>().unwrap();
            amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
        })
        .sum()
}

#[test]
fn lines_become_orders_and_refunds_and_each_rejected_one_has_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let lines = folder.path().join("lines.csv");
    let rows = [
        "1,A,LAMP,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "1,B,BULB,2,2010-12-01 08:26:00,0.005,17850.0,United Kingdom",
        "2,A,LAMP,1,2010-12-02 09:00:00,2.55,17850.0,United Kingdom",
        "C3,A,LAMP,-2,2010-12-03 09:00:00,2.55,17850.0,United Kingdom",
        "C4,A,LAMP,-5,2010-12-04 09:00:00,2.55,17850.0,United Kingdom",
        "C5,D,Discount,-1,2010-12-04 09:00:00,1.00,17850.0,United Kingdom",
        "6,A,LAMP,1,2010-12-04 10:00:00,2.55,,United Kingdom",
        "7,A,LAMP,0,2010-12-04 10:00:00,2.55,13047.0,United Kingdom",
        "8,A,LAMP,1,2010-12-04 10:00:00,-2.55,13047.0,United Kingdom",
        "9,A,LAMP,1,2010-12-04 25:00:00,2.55,13047.0,United Kingdom",
        "1,A,LAMP,1,2010-12-05 08:26:00,2.55,17850.0,United Kingdom",
        "11,A,LAMP,1,2010-12-06 08:26:00,2.55",
        "12,A,LAMP,1,2010-12-06 08:26:00,2.55,13047.0,中国",
    ];
    fs::write(&lines, format!("{HEADER}\n{}\n", rows.join("\n"))).unwrap();
    let Shop { printed, store, rejected } = shop(folder.path(), &lines);
    let too_much = "no earlier order of the customer has so much of the product to give back";
    let expected = [
        (8, "no customer"),
        (9, "quantity below one, and nothing is cancelled"),
        (10, "unit price must not be negative"),
        (11, "not an instant (yyyy-mm-dd hh:mm:ss)"),
        (13, "row has 6 fields, header has 8"),
        (6, too_much),
        (7, too_much),
        (12, "the invoice goes on after another one began"),
    ];
    let mut expected = expected.map(|(line, reason)| (line, reason.to_owned()));
    expected.sort();
    let mut found = rejected;
    found.sort();
    assert_eq!(found, expected);
    for (_, reason) in &expected {
        assert!(printed.contains(reason), "{reason}");
    }
    // 15.30 + 0.01 + 2.55 + 2.55, less the two pieces that came back: of the first order, since the later one had one only.
    assert_eq!(revenue(&store), Money::parse("15.31", Currency::GBP).unwrap());
    let first = store.read(|tx| tx.order_by_number(&"1".parse().unwrap())).unwrap().unwrap();
    assert_eq!(first.refunded(), Money::parse("5.10", Currency::GBP).unwrap());
}

/// The lines of the shop, where they are at hand: they are not part of this repository.
fn online_retail() -> Option<PathBuf> {
    let file = "../shared/data/online-retail/online_retail_2010-12_to_2011-08.csv.gz";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    path.exists().then_some(path)
}

#[test]
fn a_month_of_a_real_shop_sums_to_the_penny() {
    let Some(packed) = online_retail() else {
        println!("skipped: the lines of the shop are not at hand");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let lines = folder.path().join("month.csv");
    let mut month = fs::File::create(&lines).unwrap();
    let all = BufReader::new(flate2::read::MultiGzDecoder::new(fs::File::open(packed).unwrap()));
    for line in all.lines().take(20_001) {
        writeln!(month, "{}", line.unwrap()).unwrap();
    }
    let Shop { store, rejected, .. } = shop(folder.path(), &lines);
    assert_eq!(revenue(&store).to_decimal(), sum_of_lines(&lines, &rejected));
    let reasons: HashSet<&str> = rejected.iter().map(|(_, reason)| reason.as_str()).collect();
    assert!(reasons.contains("no customer"), "{reasons:?}");
    assert!(store.read(|tx| tx.count_orders(&OrderFilter::default())).unwrap() > 500);
}

#[test]
fn the_company_of_other_engines_is_read_whole_from_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("S");
    fs::create_dir(&directory).unwrap();
    for (file, rows) in [
        ("sales_reps.csv", "id,name\n1,Ann Lee\n2,Bo Wu\n"),
        ("products.csv", "id,sku,name,unit_price\n1,A-1,Lamp,250\n2,A-2,Bulb,100\n"),
        ("targets.csv", "rep_id,month,target\n1,0,1000\n1,1,1000\n2,0,400\n"),
        (
            "customers.csv",
            "id,name,phone,email,city\n1,Anna Zhang,+447700900001,a@example.com,Leeds\n2,张伟,+447700900002,b@example.com,上海\n",
        ),
        // 2022-01-03, 2022-01-04, 2022-02-02 and 2022-02-03.
        (
            "orders.csv",
            "id,customer_id,rep_id,status,placed_at\n1,1,1,paid,1641200400\n2,2,2,shipped,1641286800\n3,1,1,cancelled,1643792400\n4,1,1,open,1643878800\n",
        ),
        (
            "order_lines.csv",
            "order_id,product_id,quantity,unit_price\n1,1,2,250\n1,2,1,100\n2,2,5,100\n3,1,1,250\n4,1,1,250\n",
        ),
    ] {
        fs::write(directory.join(file), rows).unwrap();
    }
    let file = folder.path().join("peers.db");
    let printed = printed(&["--peers", text(&directory), "--file", text(&file)]);
    let rows: Vec<String> = printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in ["│ customers ┆ 2 │", "│ orders ┆ 4 │", "│ products ┆ 2 │", "│ sales reps ┆ 2 │", "│ sale plans ┆ 3 │"]
    {
        assert!(rows.iter().any(|printed| printed == row), "{row} in\n{printed}");
    }
    assert!(printed.contains("2: 11.00 EUR"), "two reps with 6.00 and 5.00 in January: {printed}");

    let store = SqliteStore::open(&file).unwrap();
    let shares = store
        .read(|tx| {
            let period = Period::year(2022).unwrap();
            load::sums::attained(load::sums::figures(tx, period, Currency::EUR), &load::sums::targets(tx)?)
        })
        .unwrap();
    let mut shares: Vec<String> = shares.iter().map(|(_, share)| share.to_string()).collect();
    shares.sort();
    assert_eq!(shares, ["0.6", "1.25"]);
}
