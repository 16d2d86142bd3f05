//! The company that other engines are measured with, from its CSV files: the same questions over the same data.
//!
//! A directory has `products.csv`, `sales_reps.csv`, `customers.csv`, `orders.csv`, `order_lines.csv` and `targets.csv`; numbers are ids, times are seconds since 1970, money is minor
//! units. There only orders that are paid or shipped count as revenue, so the others become drafts here.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use crm::{
    Act, Currency, Customer, CustomerId, Draft, Money, NewCustomer, NewPayment, NewProduct, NewSalePlan, NewSalesRep,
    Order, OrderLine, Percent, Period, PlanScope, Product, RecordId, SalePlan, SalesRep, UnitPrice,
    sqlite::SqliteStore,
};

use super::{
    ASKED, Done,
    csv_table::{Row, Table},
    fill::import_all,
    questions::Subjects,
    scatter,
    text_table::grouped,
};

const CURRENCY: Currency = Currency::EUR;
const FIRST_YEAR: i32 = 2022;

/// The id of a number, of any family: by the instant of the record that has it, or of all that have none.
fn id<I: RecordId>(number: u32, seconds: i64) -> Done<I> {
    let mut entropy = [0; 10];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    Ok(Act::new(at(seconds)?, "load".parse()?, entropy).new_id())
}

fn at(seconds: i64) -> Done<DateTime<Utc>> {
    Ok(DateTime::<Utc>::UNIX_EPOCH + TimeDelta::seconds(seconds))
}

fn number<T: std::str::FromStr<Err: std::error::Error + 'static>>(row: &Row, column: &'static str) -> Done<T> {
    Ok(row.field(column).text().parse()?)
}

/// The rows of a file, each as it is asked for.
fn rows(directory: &Path, file: &str, columns: &'static [&'static str]) -> Done<impl Iterator<Item = Done<Row>>> {
    let mut table = Table::open(&directory.join(file), columns)?;
    Ok(std::iter::from_fn(move || match table.next_row() {
        Ok(row) => {
            row.map(|row| row.map_err(|remark| format!("{}:{}: {}", remark.file, remark.line, remark.reason).into()))
        }
        Err(error) => Some(Err(error.into())),
    }))
}

/// Reads the company into a store. Gives what it took, and whom and what to ask for.
pub(crate) fn load(store: &SqliteStore, directory: &Path) -> Done<(Vec<[String; 2]>, Subjects)> {
    let begin = at(0)?;
    let mut act = Act::new(begin, "load".parse()?, [0; 10]);
    let reps = rows(directory, "sales_reps.csv", &["id", "name"])?.map(|row| {
        let row = row?;
        Ok(SalesRep::add(id(number(&row, "id")?, 0)?, begin, NewSalesRep::new(row.field("name").text().parse()?))?)
    });
    let reps = import_all(store, &mut act, 0, reps)?;

    let products = rows(directory, "products.csv", &["id", "sku", "name", "unit_price"])?.map(|row| {
        let row = row?;
        let (sku, name) = (row.field("sku").text().parse()?, row.field("name").text().parse()?);
        let new = NewProduct::new(sku, name, price(&row)?);
        Ok(Product::add(id(number(&row, "id")?, 0)?, begin, new))
    });
    let products = import_all(store, &mut act, 0, products)?;

    let plans = rows(directory, "targets.csv", &["rep_id", "month", "target"])?.map(|row| {
        let row = row?;
        let (rep, month, target): (u32, u32, i64) =
            (number(&row, "rep_id")?, number(&row, "month")?, number(&row, "target")?);
        let period = Period::month(FIRST_YEAR + (month / 12).cast_signed(), month % 12 + 1)?;
        let scope = PlanScope::SalesRep(id(rep, 0)?);
        let name = format!("Rep {rep}, month {month}").parse()?;
        let new = NewSalePlan::new(name, period, Money::from_minor(target, CURRENCY), scope);
        let mut plan = SalePlan::draft(id(rep * 1_000 + month, 0)?, begin, new)?;
        plan.activate(begin)?;
        Ok(plan)
    });
    let plans = import_all(store, &mut act, 0, plans)?;

    let customers = rows(directory, "customers.csv", &["id", "name", "phone", "email", "city"])?.map(|row| {
        let row = row?;
        let new = NewCustomer::person(row.field("name").text().parse()?)
            .phone(row.field("phone").text().parse()?)
            .email(row.field("email").text().parse()?)
            .region(row.field("city").text().parse()?);
        Ok(Customer::register(id(number(&row, "id")?, 0)?, begin, new)?)
    });
    let mut emails = Vec::new();
    let customers = customers.inspect(|customer: &Done<Customer>| {
        let primary = customer.as_ref().ok().and_then(|customer| customer.emails.primary());
        emails.extend(primary.filter(|_| emails.len() < ASKED as usize).map(|email| email.value.clone()));
    });
    let customers = import_all(store, &mut act, 0, customers)?;

    let mut keys = Vec::new();
    let orders = orders(directory)?.inspect(|order: &Done<Order>| {
        keys.extend(order.as_ref().map(|order| (order.id, order.number().clone())));
    });
    let orders = import_all(store, &mut act, 0, orders)?;

    let row = |name: &str, count: u64| [name.to_owned(), grouped(&count)];
    let filled = vec![
        row("customers", customers),
        row("orders", orders),
        row("products", products),
        row("sales reps", reps),
        row("sale plans", plans),
    ];
    let scattered = |of: u64| -> Done<Vec<u32>> {
        let of = u32::try_from(of)?;
        Ok((0..ASKED.min(of)).map(|place| scatter(place, of)).collect())
    };
    let subjects = Subjects {
        customers: scattered(customers)?.into_iter().map(|number| id::<CustomerId>(number, 0)).collect::<Done<_>>()?,
        emails,
        orders: scattered(orders)?.into_iter().map(|number| keys[number as usize - 1].clone()).collect(),
        best_customer: id(1, 0)?,
        searches: vec!["anna zhang"],
        period: Period::new(Period::year(FIRST_YEAR)?.from(), Period::year(FIRST_YEAR + 2)?.until())?,
        currency: CURRENCY,
    };
    Ok((filled, subjects))
}

fn price(row: &Row) -> Done<UnitPrice> {
    Ok(UnitPrice::from_millionths(number::<i64>(row, "unit_price")? * 10_000, CURRENCY)?)
}

/// The orders with their lines: both files are in the order of the orders' ids.
fn orders(directory: &Path) -> Done<impl Iterator<Item = Done<Order>>> {
    let columns = &["id", "customer_id", "rep_id", "status", "placed_at"];
    let heads = rows(directory, "orders.csv", columns)?;
    let mut lines =
        rows(directory, "order_lines.csv", &["order_id", "product_id", "quantity", "unit_price"])?.peekable();
    Ok(heads.map(move |row| {
        let row = row?;
        let (order, seconds): (u32, i64) = (number(&row, "id")?, number(&row, "placed_at")?);
        let mut ordered = Vec::new();
        let belongs = |line: &Done<Row>| {
            line.as_ref().is_ok_and(|line| number(line, "order_id").is_ok_and(|of: u32| of == order))
        };
        while let Some(line) = lines.next_if(belongs) {
            let line = line?;
            let (product, pieces): (u32, u32) = (number(&line, "product_id")?, number(&line, "quantity")?);
            let place = u32::try_from(ordered.len())? + 1;
            ordered.push(OrderLine::new(place, id(product, 0)?, pieces.into(), price(&line)?, Percent::ZERO)?);
        }
        let draft = Draft {
            rep: Some(id(number(&row, "rep_id")?, 0)?),
            ..Draft::new(
                id(order, seconds)?,
                format!("P-{order:08}").parse()?,
                id(number(&row, "customer_id")?, 0)?,
                CURRENCY,
                ordered,
            )
        };
        let placed = at(seconds)?;
        let mut order = Order::draft(placed, draft)?;
        let status = row.field("status").text();
        if matches!(status, "paid" | "shipped") {
            order.confirm(placed, placed.date_naive())?;
            order.pay(placed, NewPayment::of(order.total()))?;
        }
        match status {
            "shipped" => drop(order.ship(placed, None)?),
            "cancelled" => drop(order.cancel(placed, placed.date_naive(), None)?),
            _ => {}
        }
        Ok(order)
    }))
}
