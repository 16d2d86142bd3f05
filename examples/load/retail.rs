//! The order lines of a shop, as UCI's "Online Retail" has them: one row a line, one invoice after the other.
//!
//! An invoice becomes an **order** of its customer, confirmed, paid and shipped when it was written. One whose number begins with C cancels, and each of its lines becomes a **refund**: of the
//! customer's latest order so far that has lines of the same product of which that much money was not given back yet. It is the amount that counts, so one piece of six may come back, also
//! where it was bought at another price. What was bought before the file begins, or in several orders and comes back in one line, and discounts that are written as cancellations find no
//! such order: those lines are rejected.
//!
//! Rejected are lines, each for itself: also one without a customer, one with a quantity below one where nothing is cancelled or above zero where something is, with a price below zero, of
//! an invoice that goes on after another one began. Each is written with its number and the reason into a file.
//!
//! What may still come back is kept in memory: a few bytes for each line of the file.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::Path,
};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use crm::{
    Act, Currency, Customer, CustomerId, Draft, ExternalId, Invalid, Label, Money, Name, NewCustomer, NewPayment,
    NewProduct, Number, Order, OrderId, OrderLine, Percent, Period, Product, ProductId, Quantity, RecordId, Rounding,
    UnitPrice,
    sales::{SalesError, refund_order},
    sqlite::SqliteStore,
    store::{Customers, Orders, Products, Store},
};

use super::{
    ASKED, Done,
    csv_table::{Row, Table},
    progress::bar,
    questions::Subjects,
    remarks::{Finding, Remarks, WrittenRemarks},
    scatter,
    text_table::grouped,
};

const COLUMNS: &[&str] =
    &["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
const CURRENCY: Currency = Currency::GBP;
/// Steps of one commit.
const BATCH: usize = 500;

/// A row that can be read.
struct Line {
    number: u64,
    invoice: Number,
    sku: Label,
    name: Name,
    /// Below zero where it cancels.
    quantity: i32,
    at: DateTime<Utc>,
    price: UnitPrice,
    customer: ExternalId,
    country: Label,
}

impl Line {
    fn read(row: &Row) -> Result<Self, Finding> {
        let customer = row.field("CustomerID").required("no customer")?;
        // The numbers of the customers came through a floating-point column.
        let text = customer.text().strip_suffix(".0").unwrap_or(customer.text());
        let quantity = row.field("Quantity");
        let at = row.field("InvoiceDate");
        let price = row.field("UnitPrice");
        let sku = row.field("StockCode");
        let invoice: Number = row.field("InvoiceNo").parsed()?;
        let line = Self {
            number: row.line,
            sku: sku.parsed()?,
            name: row.field("Description").given().unwrap_or(sku).parsed()?,
            quantity: quantity.text().parse().map_err(|_| quantity.finding("not a whole number"))?,
            at: NaiveDateTime::parse_from_str(at.text(), "%Y-%m-%d %H:%M:%S")
                .map_err(|_| at.finding("not an instant (yyyy-mm-dd hh:mm:ss)"))?
                .and_utc(),
            price: UnitPrice::parse(price.text(), CURRENCY)
                .map_err(|invalid| price.finding(format!("{} {}", invalid.field(), invalid.rule())))?,
            customer: text.parse().map_err(|invalid: Invalid| customer.finding(invalid.rule().to_string()))?,
            country: row.field("Country").parsed()?,
            invoice,
        };
        match (line.cancels(), line.quantity) {
            (false, ..=0) => Err(quantity.finding("quantity below one, and nothing is cancelled")),
            (true, 0..) => Err(quantity.finding("quantity above zero, and the invoice cancels")),
            _ => Ok(line),
        }
    }

    fn cancels(&self) -> bool {
        self.invoice.as_str().starts_with('C')
    }

    /// What it comes to, without the sign.
    fn amount(&self) -> Result<Money, Invalid> {
        self.price.amount(self.pieces(), Percent::ZERO, Rounding::HalfUp)
    }

    fn pieces(&self) -> Quantity {
        self.quantity.unsigned_abs().into()
    }

    fn rejected(&self, column: &'static str, value: &str, reason: &str) -> (u64, Finding) {
        (self.number, Finding { column, value: value.to_owned(), reason: reason.to_owned() })
    }
}

/// What one line of an order may still give back.
struct Returnable {
    order: OrderId,
    day: NaiveDate,
    minor: i64,
}

/// What is known of the file so far.
#[derive(Default)]
struct Shop {
    made: u64,
    customers: HashMap<ExternalId, CustomerId>,
    products: HashMap<Label, ProductId>,
    invoices: HashSet<Number>,
    returnable: HashMap<(CustomerId, ProductId), Vec<Returnable>>,
    orders: Vec<(OrderId, Number)>,
    orders_of: HashMap<CustomerId, u32>,
    days: Option<(NaiveDate, NaiveDate)>,
    refunds: u64,
    sold_minor: i64,
    refunded_minor: i64,
}

/// What comes into the store next, in its order: a refund may be of an order just before it.
enum Step {
    Customer(Box<Customer>),
    Product(Box<Product>),
    Order(Box<Order>),
    Refund(Act, OrderId, NewPayment),
}

impl Shop {
    /// The next act at an instant; its entropy counts, so a second run makes the same ids.
    fn act(&mut self, at: DateTime<Utc>) -> Done<Act> {
        self.made += 1;
        let mut entropy = [0; 10];
        entropy[..8].copy_from_slice(&self.made.to_be_bytes());
        Ok(Act::new(at, "load".parse()?, entropy))
    }

    fn id<I: RecordId>(&mut self, at: DateTime<Utc>) -> Done<I> {
        Ok(self.act(at)?.new_id())
    }

    fn customer(&mut self, line: &Line, steps: &mut Vec<Step>) -> Done<CustomerId> {
        if let Some(id) = self.customers.get(&line.customer) {
            return Ok(*id);
        }
        let new = NewCustomer::person(format!("Customer {}", line.customer.as_str()).parse()?)
            .external_id(line.customer.clone())
            .region(line.country.clone());
        let id = self.id(line.at)?;
        steps.push(Step::Customer(Box::new(Customer::register(id, line.at, new)?)));
        self.customers.insert(line.customer.clone(), id);
        Ok(id)
    }

    fn product(&mut self, line: &Line, steps: &mut Vec<Step>) -> Done<ProductId> {
        if let Some(id) = self.products.get(&line.sku) {
            return Ok(*id);
        }
        let id = self.id(line.at)?;
        let new = NewProduct::new(line.sku.clone(), line.name.clone(), line.price);
        steps.push(Step::Product(Box::new(Product::add(id, line.at, new))));
        self.products.insert(line.sku.clone(), id);
        Ok(id)
    }

    /// Makes the steps of a whole invoice; gives the lines that cannot be taken.
    fn close(&mut self, invoice: &[Line], steps: &mut Vec<Step>) -> Done<Vec<(u64, Finding)>> {
        let Some(first) = invoice.first() else { return Ok(Vec::new()) };
        let column = "InvoiceNo";
        if !self.invoices.insert(first.invoice.clone()) {
            let reason = "the invoice goes on after another one began";
            return Ok(invoice.iter().map(|line| line.rejected(column, first.invoice.as_str(), reason)).collect());
        }
        let (same, mut rejected): (Vec<_>, _) = invoice.iter().partition(|line| line.customer == first.customer);
        let mut findings: Vec<_> = rejected
            .drain(..)
            .map(|line: &Line| line.rejected("CustomerID", line.customer.as_str(), "another customer's invoice"))
            .collect();
        let day = first.at.date_naive();
        self.days = Some(self.days.map_or((day, day), |(from, last)| (from.min(day), last.max(day))));
        if first.cancels() {
            for line in same {
                findings.extend(self.refund(line, steps)?);
            }
        } else {
            self.order(&same, steps)?;
        }
        Ok(findings)
    }

    fn order(&mut self, lines: &[&Line], steps: &mut Vec<Step>) -> Done<()> {
        let Some(first) = lines.first() else { return Ok(()) };
        let (customer, at) = (self.customer(first, steps)?, first.at);
        let mut ordered = Vec::with_capacity(lines.len());
        for (place, line) in (1..).zip(lines) {
            let product = self.product(line, steps)?;
            ordered.push(OrderLine::new(place, product, line.pieces(), line.price, Percent::ZERO)?);
        }
        let (id, number) = (self.id(at)?, first.invoice.clone());
        for line in &ordered {
            let of_product = self.returnable.entry((customer, line.product())).or_default();
            match of_product.last_mut().filter(|last| last.order == id) {
                Some(last) => last.minor += line.amount().minor(),
                None => of_product.push(Returnable { order: id, day: at.date_naive(), minor: line.amount().minor() }),
            }
        }
        let draft = Draft::new(id, number.clone(), customer, CURRENCY, ordered);
        let mut order = Order::draft(at, draft)?;
        order.confirm(at, at.date_naive())?;
        if order.total().is_positive() {
            order.pay(at, NewPayment::of(order.total()))?;
        }
        order.ship(at, None)?;
        self.sold_minor += order.total().minor();
        *self.orders_of.entry(customer).or_default() += 1;
        self.orders.push((id, number));
        steps.push(Step::Order(Box::new(order)));
        Ok(())
    }

    /// Makes the refund of a cancelled line, or says why there is none.
    fn refund(&mut self, line: &Line, steps: &mut Vec<Step>) -> Done<Option<(u64, Finding)>> {
        let (amount, day) = (line.amount()?, line.at.date_naive());
        if !amount.is_positive() {
            return Ok(Some(line.rejected("UnitPrice", &line.price.to_decimal().to_string(), "nothing to give back")));
        }
        let key = self.customers.get(&line.customer).copied().zip(self.products.get(&line.sku).copied());
        let bought = key.and_then(|key| self.returnable.get_mut(&key));
        let fits = |order: &&mut Returnable| order.minor >= amount.minor() && order.day <= day;
        let Some(from) = bought.and_then(|orders| orders.iter_mut().rev().find(fits)) else {
            let reason = "no earlier order of the customer has so much of the product to give back";
            return Ok(Some(line.rejected("StockCode", line.sku.as_str(), reason)));
        };
        from.minor -= amount.minor();
        let order = from.order;
        let refund = NewPayment::of(amount).day(day).reference(line.invoice.as_str().parse()?);
        steps.push(Step::Refund(self.act(line.at)?, order, refund));
        (self.refunds, self.refunded_minor) = (self.refunds + 1, self.refunded_minor + amount.minor());
        Ok(None)
    }
}

fn write(store: &SqliteStore, steps: &mut Vec<Step>) -> Done<()> {
    store.write(|tx| -> Result<(), SalesError> {
        for step in steps.drain(..) {
            match step {
                Step::Customer(customer) => tx.insert_customer(&customer)?,
                Step::Product(product) => tx.insert_product(&product)?,
                Step::Order(order) => tx.insert_order(&order)?,
                Step::Refund(mut act, order, refund) => drop(refund_order(tx, &mut act, order, refund)?),
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Reads the lines of a shop into a store. Gives what it took, what it did not, and whom and what to ask for.
pub(crate) fn load(store: &SqliteStore, file: &Path, rejected: &Path) -> Done<(Vec<[String; 2]>, Subjects)> {
    let mut table = Table::open(file, COLUMNS)?;
    let mut remarks = Remarks::new()?;
    table.unknown_columns().try_for_each(|remark| remarks.push(&remark))?;
    let bar = bar("order lines", fs::metadata(file)?.len(), "{bytes}/{total_bytes}");
    let (mut shop, mut invoice, mut steps, mut lines) = (Shop::default(), Vec::<Line>::new(), Vec::new(), 0_u64);
    while let Some(row) = table.next_row()? {
        lines += 1;
        let line = match row {
            Ok(row) => Line::read(&row).map_err(|finding| table.remark_on(row.line, finding)),
            Err(remark) => Err(remark),
        };
        let line = match line {
            Ok(line) => line,
            Err(remark) => {
                remarks.push(&remark)?;
                continue;
            }
        };
        if invoice.first().is_some_and(|first| first.invoice != line.invoice) {
            for (number, finding) in shop.close(&invoice, &mut steps)? {
                remarks.push(&table.remark_on(number, finding))?;
            }
            invoice.clear();
            if steps.len() >= BATCH {
                write(store, &mut steps)?;
                bar.set_position(table.bytes_read());
            }
        }
        invoice.push(line);
    }
    for (number, finding) in shop.close(&invoice, &mut steps)? {
        remarks.push(&table.remark_on(number, finding))?;
    }
    write(store, &mut steps)?;
    bar.finish_and_clear();

    let money = |minor| format!("{} GBP", grouped(&Money::from_minor(minor, CURRENCY).to_decimal()));
    let row = |name: &str, value: String| [name.to_owned(), value];
    let remarks = remarks.finish()?;
    let mut filled = vec![
        row("lines of", table.file().to_owned()),
        row("lines read", grouped(&lines)),
        row("lines rejected", grouped(&remarks.count())),
        row("customers", grouped(&shop.customers.len())),
        row("products", grouped(&shop.products.len())),
        row("orders", grouped(&shop.orders.len())),
        row("sold", money(shop.sold_minor)),
        row("refunds", grouped(&shop.refunds)),
        row("refunded", money(shop.refunded_minor)),
        row("revenue", money(shop.sold_minor - shop.refunded_minor)),
    ];
    let reasons = write_rejected(&remarks, rejected)?;
    filled.extend(reasons.into_iter().map(|(reason, count)| [format!("rejected: {reason}"), grouped(&count)]));
    Ok((filled, subjects(shop)?))
}

/// Writes what was rejected into a file, and counts it by reason.
fn write_rejected(remarks: &WrittenRemarks, path: &Path) -> Done<BTreeMap<String, u64>> {
    let mut file = csv::Writer::from_path(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut reasons = BTreeMap::new();
    for remark in remarks.iter()? {
        let remark = remark?;
        file.serialize(&remark)?;
        *reasons.entry(format!("{}: {}", remark.column, remark.reason)).or_default() += 1;
    }
    file.flush()?;
    Ok(reasons)
}

fn subjects(shop: Shop) -> Done<Subjects> {
    let best = shop.orders_of.iter().max_by_key(|(id, orders)| (**orders, **id)).map(|(id, _)| *id);
    let (from, last) = shop.days.ok_or("no line could be taken")?;
    let mut customers: Vec<CustomerId> = shop.customers.into_values().collect();
    customers.sort_unstable();
    customers.truncate(ASKED as usize);
    let count = u32::try_from(shop.orders.len())?;
    let orders = (0..ASKED.min(count)).map(|place| shop.orders[scatter(place, count) as usize - 1].clone()).collect();
    Ok(Subjects {
        customers,
        emails: Vec::new(),
        orders,
        best_customer: best.ok_or("no order could be taken")?,
        searches: vec!["customer 1785"],
        period: Period::new(from, last.succ_opt().ok_or("the last day has no next one")?)?,
        currency: CURRENCY,
    })
}
