//! Orders in SQLite, with their lines, shipments, payments and revenue.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Currency, EntryKind, ExternalId, Fulfilment, Invalid, Label, Money, Number, Order, OrderId, OrderLine,
    OrderLineParts, OrderParts, OrderState, OrderStatus, PaymentEntry, PaymentStatus, Percent, Period, Quantity,
    RecordId, RefundedLine, Revenue, RevenueKind, Revision, Shipment, ShipmentState, ShipmentStatus, ShippedLine, Tax,
    Terms, Text, UnitPrice,
    store::{OrderFilter, Orders, Page, RevenueEntry, RevenueKey, StoreError},
};
use rusqlite::Connection;
use uuid::Uuid;

use crate::{
    counter,
    error::Done,
    figures::{self, Counted, Tally},
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Bound, Cells, Json},
    table::{self, Statements, Table, family_methods, prepared, statements},
    transaction::SqliteTx,
};

/// Which tables hold parts of an order.
mod parts {
    pub(super) const LINES: i64 = 1;
    pub(super) const SHIPMENTS: i64 = 2;
    pub(super) const PAYMENTS: i64 = 4;
    pub(super) const REVENUE: i64 = 8;
}

fn parts_of(order: &Order) -> i64 {
    let one = |there: bool, part: i64| if there { part } else { 0 };
    one(!order.lines().is_empty(), parts::LINES)
        | one(!order.shipments().is_empty(), parts::SHIPMENTS)
        | one(!order.payments().is_empty(), parts::PAYMENTS)
        | one(order.state().confirmed_on().is_some(), parts::REVENUE)
}

impl Table for Order {
    type Id = OrderId;
    type Draft = (OrderParts, Vec<Owned<PaymentEntry>>);

    const RECORD: &'static str = "order";
    const SQL: Statements = statements!("crm_order", parts: "parts",
        "number" "external_id" "customer" "quote" "rep" "currency" "price_list" "terms" "net" "total" "status" "status_at" "day" "cancelled_on" "cancel_reason" "rate",
        derived: "fulfilment" "payment" "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("quotes", "SELECT count(*) FROM crm_quote WHERE ordered = ?1"),
        ("payments", "SELECT count(*) FROM crm_payment WHERE order_id = ?1"),
        ("redemptions", "SELECT count(*) FROM crm_redemption WHERE order_id = ?1"),
    ];

    fn id(&self) -> OrderId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        let external_id = self.external_id().map(ExternalId::as_str);
        vec![("number", "number", Some(self.number().as_str())), ("external id", "external_id", external_id)]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let quote = self.quote().map(|id| ("quote", "crm_quote", id.uuid()));
        let rep = self.rep().map(|id| ("rep", "crm_sales_rep", id.uuid()));
        let products = self.lines().iter().map(|line| ("lines", "crm_product", line.product().uuid()));
        let list = self.price_list().map(|id| ("price list", "crm_price_list", id.uuid()));
        let customer = std::iter::once(("customer", "crm_customer", self.customer().uuid()));
        customer.chain(quote).chain(rep).chain(list).chain(products).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (at, cancelled_on, reason) = match self.state() {
            OrderState::Draft => (None, None, None),
            OrderState::Confirmed { at, .. } | OrderState::Locked { at, .. } => (Some(*at), None, None),
            OrderState::Cancelled { at, day, reason, .. } => (Some(*at), Some(*day), reason.clone()),
        };
        let rate = self.rate().map(Json::of).transpose()?;
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(self.number())?
            .put(&self.external_id().cloned())?
            .put(&self.customer())?
            .put(&self.quote())?
            .put(&self.rep())?
            .put(&self.currency())?
            .put(&self.price_list())?
            .put(&terms_column(&self.terms())?)?
            .put(&self.net().minor())?
            .put(&self.total().minor())?
            .put(&self.state().status())?
            .put(&at)?
            .put(&self.state().confirmed_on())?
            .put(&cancelled_on)?
            .put(&reason)?
            .put(&rate)?
            .put(&self.fulfilment())?
            .put(&self.payment_status())?
            .put(&parts_of(self))?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self::Draft> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (number, external_id, customer) = (cells.take()?, cells.take()?, cells.take()?);
        let (quote, rep) = (cells.take()?, cells.take()?);
        let (currency, price_list) = (cells.take()?, cells.take()?);
        let terms = cells.take_json_or_none()?.unwrap_or_default();
        let net = Money::from_minor(cells.take()?, currency);
        let total = Money::from_minor(cells.take()?, currency);
        let status = cells.take()?;
        let at: Option<DateTime<Utc>> = cells.take()?;
        let (day, cancelled_on): (Option<NaiveDate>, Option<NaiveDate>) = (cells.take()?, cells.take()?);
        let reason: Option<Text> = cells.take()?;
        let state = match (status, at, day, cancelled_on, reason) {
            (OrderStatus::Draft, None, None, None, None) => OrderState::Draft,
            (OrderStatus::Confirmed, Some(at), Some(day), None, None) => OrderState::Confirmed { at, day },
            (OrderStatus::Locked, Some(at), Some(day), None, None) => OrderState::Locked { at, day },
            (OrderStatus::Cancelled, Some(at), confirmed_on, Some(day), reason) => {
                OrderState::Cancelled { at, day, confirmed_on, reason }
            }
            _ => return Err(cells.corrupt()),
        };
        let rate = cells.take_json_or_none()?;
        let order = OrderParts {
            id,
            revision,
            created_at,
            updated_at,
            number,
            external_id,
            customer,
            quote,
            rep,
            currency,
            price_list,
            lines: Vec::new(),
            terms,
            net,
            total,
            state,
            rate,
            shipments: Vec::new(),
            payments: Vec::new(),
        };
        Ok((order, Vec::new()))
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(parts::LINES, |(order, _)| &mut order.lines)?;
        drafts.read(parts::SHIPMENTS, |(order, _)| &mut order.shipments)?;
        drafts.read(parts::PAYMENTS, |(_, payments)| payments)
    }

    fn finish((mut order, payments): Self::Draft) -> Result<Self, Invalid> {
        order.payments = payments.into_iter().map(|owned: Owned<PaymentEntry>| owned.part).collect();
        order.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        // What the figures count comes first, the revenue last of it: they read the order as it was before that changes.
        parts.write(parts::LINES, |order| order.lines())?;
        parts.write(parts::REVENUE, |order| owned(order, order.revenue().into_iter().map(InCurrency)))?;
        parts.write(parts::SHIPMENTS, |order| order.shipments())?;
        parts.write(parts::PAYMENTS, |order| owned(order, order.payments().iter().cloned()))
    }

    const COUNTED: Option<Counted> = Some(Counted {
        // What the other columns say of it, the revenue says as well.
        columns: &["customer", "rep"],
        parts: parts::LINES | parts::REVENUE,
        entries: parts::REVENUE,
    });

    fn count(&self, tally: &mut Tally<'_>) -> Done<()> {
        for entry in self.sales_figures().map_err(figures::overflow("sales"))?.skip(tally.before()) {
            entry.map_err(figures::overflow("sales"))?.iter().for_each(|figure| tally.sales(figure));
        }
        tally.customer(self.customer_figure_after(tally.before()).as_ref(), self.customer_figure().as_ref());
        Ok(())
    }
}

impl Part for OrderLine {
    const SQL: PartStatements = part_statements!(
        "crm_order_line" of "order_row", "number" "product" "quantity" "unit_price" "discount" "taken_off" "amount" "currency" "tax" "tax_rate" "source"
        "continues" "list_price" "line_group"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        bind_line(self, binder)
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        read_line(cells)
    }
}

/// The column of the terms of an order or a quote; nothing for the usual ones.
pub(crate) fn terms_column(terms: &Terms) -> Done<Option<Json>> {
    (*terms != Terms::default()).then(|| Json::of(terms)).transpose()
}

/// The columns of a line, in an order or a quote.
pub(crate) fn bind_line(line: &OrderLine, binder: &mut Binder<'_, '_>) -> Done<()> {
    binder
        .put(&line.number())?
        .put(&line.product())?
        .put(&line.quantity())?
        .put(&line.unit_price().millionths())?
        .put(&line.discount())?
        .put(&line.taken_off().map(Money::minor))?
        .put(&line.amount().minor())?
        .put(&line.amount().currency())?
        .put(&line.tax().map(Tax::code).cloned())?
        .put(&line.tax().map(Tax::rate))?
        .put(&line.source())?
        .put(&line.continues())?
        .put(&line.list_price().map(UnitPrice::millionths))?
        .put(&line.group().cloned())?;
    Ok(())
}

pub(crate) fn read_line(cells: &mut Cells<'_, '_>) -> Done<OrderLine> {
    let (number, product, quantity) = (cells.take()?, cells.take()?, cells.take()?);
    let (price, discount): (i64, Percent) = (cells.take()?, cells.take()?);
    let taken_off: Option<i64> = cells.take()?;
    let (minor, currency): (i64, Currency) = (cells.take()?, cells.take()?);
    let tax = match (cells.take::<Option<Label>>()?, cells.take::<Option<Percent>>()?) {
        (None, None) => None,
        (Some(code), Some(rate)) => Some(Tax::new(code, rate).map_err(|_| cells.corrupt())?),
        _ => return Err(cells.corrupt()),
    };
    let (source, continues) = (cells.take()?, cells.take()?);
    let listed: Option<i64> = cells.take()?;
    let list_price = listed.map(|millionths| UnitPrice::from_millionths(millionths, currency)).transpose();
    let parts = OrderLineParts {
        number,
        product,
        quantity,
        unit_price: UnitPrice::from_millionths(price, currency).map_err(|_| cells.corrupt())?,
        discount,
        taken_off: taken_off.map(|minor| Money::from_minor(minor, currency)),
        amount: Money::from_minor(minor, currency),
        tax,
        source,
        continues,
        list_price: list_price.map_err(|_| cells.corrupt())?,
        group: cells.take()?,
    };
    OrderLine::try_from(parts).map_err(|_| cells.corrupt())
}

impl Part for Shipment {
    const SQL: PartStatements = part_statements!("crm_order_shipment" of "order_row", "number" "shipped_at" "state" "state_at" "lines" "returned");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let at = match self.state {
            ShipmentState::Shipped => None,
            ShipmentState::Delivered { at } | ShipmentState::Returned { at } => Some(at),
        };
        binder.put(&self.number)?.put(&self.shipped_at)?.put(&self.state.status())?.put(&at)?;
        binder.put(&pairs(&self.lines, |one| (one.line, one.quantity))?)?;
        binder.put(&pairs(&self.returned, |one| (one.line, one.quantity))?)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (number, shipped_at) = (cells.take()?, cells.take()?);
        let (status, at): (ShipmentStatus, Option<DateTime<Utc>>) = (cells.take()?, cells.take()?);
        let state = match (status, at) {
            (ShipmentStatus::Shipped, None) => ShipmentState::Shipped,
            (ShipmentStatus::Delivered, Some(at)) => ShipmentState::Delivered { at },
            (ShipmentStatus::Returned, Some(at)) => ShipmentState::Returned { at },
            _ => return Err(cells.corrupt()),
        };
        let line = |(line, quantity)| ShippedLine { line, quantity };
        Ok(Self { number, shipped_at, state, lines: of_pairs(cells, line)?, returned: of_pairs(cells, line)? })
    }
}

/// Line numbers and quantities as JSON pairs with millionths; nothing where there are none.
pub(crate) fn pairs<L>(lines: &[L], pair: impl Fn(&L) -> (u32, Quantity)) -> Done<Option<Json>> {
    let pair = |one| {
        let (line, quantity) = pair(one);
        (line, quantity.millionths())
    };
    let lines: Vec<(u32, i64)> = lines.iter().map(pair).collect();
    (!lines.is_empty()).then(|| Json::of(&lines)).transpose()
}

/// The lines of [`pairs`].
pub(crate) fn of_pairs<L>(cells: &mut Cells<'_, '_>, line: impl Fn((u32, Quantity)) -> L) -> Done<Vec<L>> {
    let lines: Vec<(u32, i64)> = cells.take_json_or_none()?.unwrap_or_default();
    let read = |(number, millionths)| {
        let quantity = Quantity::from_millionths(millionths).map_err(|_| cells.corrupt())?;
        Ok(line((number, quantity)))
    };
    lines.into_iter().map(read).collect()
}

/// A part that repeats the id of its order, to be listed by day over all orders.
#[derive(PartialEq)]
pub(crate) struct Owned<P> {
    order: OrderId,
    part: P,
}

impl Part for Owned<PaymentEntry> {
    const SQL: PartStatements = part_statements!(
        "crm_order_payment" of "order_row", "order_id" "number" "kind" "amount" "currency" "at" "day" "method" "reference" "lines"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let PaymentEntry { number, kind, amount, at, day, method, reference, lines } = &self.part;
        binder
            .put(&self.order)?
            .put(number)?
            .put(kind)?
            .put(&amount.minor())?
            .put(&amount.currency())?
            .put(at)?
            .put(day)?
            .put(method)?
            .put(reference)?
            .put(&pairs(lines, |one| (one.line, one.quantity))?)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let order = cells.take()?;
        let (number, kind): (u32, EntryKind) = (cells.take()?, cells.take()?);
        let amount = Money::from_minor(cells.take()?, cells.take()?);
        let (at, day) = (cells.take()?, cells.take()?);
        let (method, reference) = (cells.take()?, cells.take()?);
        let lines = of_pairs(cells, |(line, quantity)| RefundedLine { line, quantity })?;
        Ok(Self { order, part: PaymentEntry { number, kind, amount, at, day, method, reference, lines } })
    }
}

fn owned<P>(order: &Order, parts: impl Iterator<Item = P>) -> Vec<Owned<P>> {
    parts.map(|part| Owned { order: order.id, part }).collect()
}

/// An entry of revenue.
#[derive(PartialEq)]
struct InCurrency(Revenue);

impl Part for Owned<InCurrency> {
    const SQL: PartStatements =
        part_statements!("crm_order_revenue" of "order_row", "order_id" "day" "kind" "amount" "currency");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let Revenue { day, kind, amount } = &self.part.0;
        binder.put(&self.order)?.put(day)?.put(kind)?.put(&amount.minor())?.put(&amount.currency())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let order = cells.take()?;
        let (day, kind): (NaiveDate, RevenueKind) = (cells.take()?, cells.take()?);
        let amount = Money::from_minor(cells.take()?, cells.take()?);
        Ok(Self { order, part: InCurrency(Revenue { day, kind, amount }) })
    }
}

fn matching(filter: &OrderFilter) -> Where<'_> {
    let OrderFilter { customer, rep, without_rep, product, status, fulfilment, payment, confirmed } = filter;
    // What is not done yet is little beside what is, and has an index; what is done fills a page by itself.
    let (shipped, paid) = (*fulfilment == Some(Fulfilment::Fulfilled), *payment == Some(PaymentStatus::Paid));
    Where::default()
        .and(Serves::Few, "customer = ?", customer.as_ref())
        .and(Serves::Ids, "rep = ?", rep.as_ref())
        .when(*without_rep == Some(true), Serves::Ids, "rep IS NULL")
        .and(Serves::Sorted, "row IN (SELECT order_row FROM crm_order_line WHERE product = ?)", product.as_ref())
        .during(Serves::Sorted, "day BETWEEN ? AND ?", *confirmed)
        .and(Serves::Ids, "fulfilment = ? AND fulfilment <> 'fulfilled'", fulfilment.as_ref().filter(|_| !shipped))
        .and(Serves::Ids, "payment = ? AND payment <> 'paid'", payment.as_ref().filter(|_| !paid))
        .and(Serves::Ids, "status = ?", status.as_ref())
        .and(Serves::None, "fulfilment = ?", fulfilment.as_ref().filter(|_| shipped))
        .and(Serves::None, "payment = ?", payment.as_ref().filter(|_| paid))
        .when(*without_rep == Some(false), Serves::None, "rep IS NOT NULL")
}

const REVENUE: &str = "SELECT revenue.order_id, revenue.place, orders.customer, orders.rep, revenue.day, revenue.kind, revenue.amount, revenue.currency
    FROM crm_order_revenue AS revenue JOIN crm_order AS orders ON orders.row = revenue.order_row
    WHERE (revenue.day, revenue.order_id, revenue.place) > (?1, ?2, ?3) AND revenue.day < ?4
    ORDER BY revenue.day, revenue.order_id, revenue.place LIMIT ?5";
const REVENUE_COLUMNS: &[&str] = &["order_id", "place", "customer", "rep", "day", "kind", "amount", "currency"];

const PAYMENTS: &str =
    "SELECT order_id, number, kind, amount, currency, at, day, method, reference, lines FROM crm_order_payment
    WHERE (day, order_id, number) > (?1, ?2, ?3) AND day < ?4 ORDER BY day, order_id, number LIMIT ?5";

/// After the ids of all orders.
const LAST: OrderId = OrderId::MAX;

/// The rows of a statement over the days of a period, after a key, each read by `read`.
fn by_day<T>(
    connection: &Connection,
    sql: &str,
    days: Period,
    page: Page<RevenueKey>,
    mut read: impl FnMut(&rusqlite::Row<'_>) -> Done<T>,
) -> Done<Vec<T>> {
    let Page { after, limit } = page;
    // One lower bound, so that a deep page is found by the index like the first: the key, or the end of the day before the period where that is later.
    let eve = days.from().pred_opt().map(|eve| (eve, LAST, u32::MAX));
    let (day, order, number) = after.max(eve).unwrap_or((NaiveDate::MIN, OrderId::from_uuid(Uuid::nil()), 0));
    let mut statement = prepared(connection, sql)?;
    let mut rows = statement.query((Bound(&day), Bound(&order), number, Bound(&days.until()), limit))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read(row)?);
    }
    Ok(entries)
}

impl Orders for SqliteTx<'_> {
    family_methods!(Order(OrderId), OrderFilter, matching {
        order orders count_orders insert_order insert_orders update_order delete_order
    });

    fn order_by_number(&self, number: &Number) -> Result<Option<Order>, StoreError> {
        Ok(table::get_by(self.connection, "number", number)?)
    }

    fn order_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Order>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn orders_by_day(&self, filter: &OrderFilter, page: Page<(NaiveDate, OrderId)>) -> Result<Vec<Order>, StoreError> {
        // The first day of the filter is a key like any other: one lower bound, and a deep page costs what the first one does.
        let eve = filter.confirmed.and_then(|days| days.from().pred_opt()).map(|eve| (eve, LAST));
        let page = Page { after: page.after.max(eve), ..page };
        let until = filter.confirmed.map(Period::until);
        let others = OrderFilter { confirmed: None, ..filter.clone() };
        Ok(matching(&others).by(self.connection, "day", page, until)?)
    }

    fn revenue(&self, days: Period, page: Page<RevenueKey>) -> Result<Vec<RevenueEntry>, StoreError> {
        Ok(by_day(self.connection, REVENUE, days, page, |row| {
            let mut cells = Cells::new(row, "crm_order_revenue", REVENUE_COLUMNS);
            let (order, number, customer, rep) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
            let (day, kind) = (cells.take()?, cells.take()?);
            let amount = Money::from_minor(cells.take()?, cells.take()?);
            Ok(RevenueEntry { order, number, customer, rep, revenue: Revenue { day, kind, amount } })
        })?)
    }

    fn payments(&self, days: Period, page: Page<RevenueKey>) -> Result<Vec<(OrderId, PaymentEntry)>, StoreError> {
        Ok(by_day(self.connection, PAYMENTS, days, page, |row| {
            let sql = Owned::<PaymentEntry>::SQL;
            let Owned { order, part } = Owned::<PaymentEntry>::read(&mut Cells::new(row, sql.table, sql.columns))?;
            Ok((order, part))
        })?)
    }

    fn next_order_number(&mut self) -> Result<Number, StoreError> {
        Ok(counter::next(self.writing()?, "SO-", "SELECT 1 FROM crm_order WHERE number = ?1")?)
    }
}
