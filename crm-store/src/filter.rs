//! What a filter lets through, and which index serves its list.
//!
//! **A list is read from one index, in the order of its key, until the page is full.** By id that is the index of the first field of the filter that has one, else that of the ids; in another order
//! it is the index of that order, unless a field says that it serves this one too. All other fields are looked at in each record that comes. SQLite is not asked which index is the best: it
//! keeps no statistics here, and would take the index of a state that half of a table is in as readily as that of one customer.

use crm_core::{Period, store::Page};
use rusqlite::{Connection, ToSql, types::ToSqlOutput};

use crate::{
    error::Done,
    row::{Bound, Column},
    table::{Table, fetch, prepared},
};

/// Which lists a condition serves by an index of its own. Of the conditions of a filter, the first that serves a list does.
#[derive(Clone, Copy)]
pub(crate) enum Serves {
    /// None: it is looked at in each record.
    None,
    /// That by id: there is an index of the column and the id.
    Ids,
    /// Each list: there is an index of the column, the key and the id for every order.
    All,
    /// That by id, and the others by sorting: few records have one value, however large the table is.
    Few,
    /// That by id, by sorting what it lets through.
    Sorted,
    /// That by id, from an index of a table of parts that repeats the record's id.
    Part(InPart),
}

/// How a list by id is read from a table of parts, joined as `part`, in which a record stands at most once under one value.
#[derive(Clone, Copy)]
pub(crate) struct InPart {
    /// `JOIN … AS part ON part.… = row`.
    pub(crate) join: &'static str,
    /// The condition on the part.
    pub(crate) condition: &'static str,
    /// The column of the record's id.
    pub(crate) id: &'static str,
}

/// The lists of a family.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Id,
    Key,
}

/// How a list is written for SQLite.
enum Service {
    InOrder,
    Sorted,
    Part(InPart),
}

impl Serves {
    const fn service(self, order: Order) -> Option<Service> {
        match (self, order) {
            (Self::All, _) | (Self::Ids | Self::Few, Order::Id) => Some(Service::InOrder),
            (Self::Sorted, Order::Id) | (Self::Few, Order::Key) => Some(Service::Sorted),
            (Self::Part(part), Order::Id) => Some(Service::Part(part)),
            (Self::None, _) | (Self::Ids | Self::Sorted | Self::Part(_), Order::Key) => None,
        }
    }
}

type Values<'a> = Vec<Box<dyn ToSql + 'a>>;

/// The conditions of a list, each with the values that it binds. A condition begins with its column.
#[derive(Default)]
pub(crate) struct Where<'a> {
    conditions: Vec<(Serves, &'static str, Values<'a>)>,
}

impl<'a> Where<'a> {
    /// A condition with one `?`, where there is a value for it.
    pub(crate) fn and<V: Column>(self, serves: Serves, condition: &'static str, value: Option<&'a V>) -> Self {
        match value {
            Some(value) => self.also(serves, condition, Bound(value)),
            None => self,
        }
    }

    /// A condition with one `?` and its value.
    pub(crate) fn also(mut self, serves: Serves, condition: &'static str, value: impl ToSql + 'a) -> Self {
        self.conditions.push((serves, condition, vec![Box::new(value)]));
        self
    }

    /// A condition with one `?` and a value of a column.
    pub(crate) fn with<V: Column + 'a>(self, serves: Serves, condition: &'static str, value: V) -> Self {
        self.also(serves, condition, Owned(value))
    }

    /// A condition with two `?`, `BETWEEN` them, where there is a period.
    pub(crate) fn during(mut self, serves: Serves, condition: &'static str, days: Option<Period>) -> Self {
        if let Some(days) = days {
            let last = days.until().pred_opt().unwrap_or(days.from());
            self.conditions.push((serves, condition, vec![Box::new(Owned(days.from())), Box::new(Owned(last))]));
        }
        self
    }

    /// A condition with two `?`, the first and the second bound of a period, where there is one. Only its first column is kept from being served; an index begins with it.
    pub(crate) fn exactly(mut self, serves: Serves, condition: &'static str, period: Option<Period>) -> Self {
        if let Some(period) = period {
            let bounds: Values<'_> = vec![Box::new(Owned(period.from())), Box::new(Owned(period.until()))];
            self.conditions.push((serves, condition, bounds));
        }
        self
    }

    /// A condition without a value, where it is wanted.
    pub(crate) fn when(mut self, wanted: bool, serves: Serves, condition: &'static str) -> Self {
        if wanted {
            self.conditions.push((serves, condition, Vec::new()));
        }
        self
    }

    /// How many records of `T` it lets through.
    pub(crate) fn count<T: Table>(self, connection: &Connection) -> Done<u64> {
        let List { sql, values, .. } = List::new(T::SQL.count, self, Order::Id);
        let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
        let count: i64 = prepared(connection, &sql)?.query_row(values.as_slice(), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// The records of `T` that it lets through, by id.
    pub(crate) fn by_id<T: Table>(self, connection: &Connection, page: Page<T::Id>) -> Done<Vec<T>> {
        let mut list = List::new(T::SQL.select, self, Order::Id);
        if let Some(after) = page.after {
            let after_it = format!("{} > ?", list.id);
            list.and(&after_it, vec![Box::new(Owned(after))]);
        }
        let order = list.id.to_owned();
        list.fetch(connection, &order, page.limit)
    }

    /// The records of `T` that it lets through and that have something in a column, by that and the id; those below an end, where there is one.
    pub(crate) fn by<T: Table, K: Column + 'a>(
        self,
        connection: &Connection,
        column: &'static str,
        page: Page<(K, T::Id)>,
        end: Option<K>,
    ) -> Done<Vec<T>> {
        let mut list = List::new(T::SQL.select, self, Order::Key);
        // Where the records are sorted anyway, they are not read by the index of the key.
        let mark = if list.id == SORTED { "+" } else { "" };
        list.and(&format!("{mark}{column} IS NOT NULL"), Vec::new());
        if let Some(end) = end {
            list.and(&format!("{mark}{column} < ?"), vec![Box::new(Owned(end))]);
        }
        if let Some((value, after)) = page.after {
            let values: Values<'_> = vec![Box::new(Owned(value)), Box::new(Owned(after))];
            list.and(&format!("({mark}{column}, {mark}id) > (?, ?)"), values);
        }
        list.fetch(connection, &format!("{mark}{column}, {mark}id"), page.limit)
    }
}

/// The id where the records are sorted: the `+` keeps SQLite from reading them by the index of the ids instead.
const SORTED: &str = "+id";

/// A list as it is written for SQLite.
struct List<'a> {
    sql: String,
    /// What stands before the next condition.
    and: &'static str,
    id: &'static str,
    values: Values<'a>,
}

impl<'a> List<'a> {
    fn new(select: &str, all: Where<'a>, order: Order) -> Self {
        let serving = all.conditions.iter().position(|(serves, ..)| serves.service(order).is_some());
        let mut list = Self { sql: select.to_owned(), and: " WHERE ", id: "id", values: Vec::new() };
        let mut conditions: Vec<_> = all.conditions.into_iter().map(Some).collect();
        if let Some((serves, condition, values)) = serving.and_then(|at| conditions[at].take()) {
            match serves.service(order) {
                Some(Service::Part(part)) => {
                    list.id = part.id;
                    list.sql.push(' ');
                    list.sql.push_str(part.join);
                    list.and(part.condition, values);
                }
                Some(Service::Sorted) => {
                    list.id = SORTED;
                    list.and(condition, values);
                }
                Some(Service::InOrder) | None => list.and(condition, values),
            }
        }
        // The `+` keeps SQLite from taking the index of another column.
        for (_, condition, values) in conditions.into_iter().flatten() {
            list.and(&format!("+{condition}"), values);
        }
        list
    }

    fn and(&mut self, condition: &str, values: Values<'a>) {
        self.sql.push_str(std::mem::replace(&mut self.and, " AND "));
        self.sql.push_str(condition);
        self.values.extend(values);
    }

    fn fetch<T: Table>(mut self, connection: &Connection, order: &str, limit: u16) -> Done<Vec<T>> {
        self.sql.push_str(&format!(" ORDER BY {order} LIMIT ?"));
        let mut values: Vec<&dyn ToSql> = self.values.iter().map(AsRef::as_ref).collect();
        values.push(&limit);
        fetch(connection, &self.sql, &values)
    }
}

/// A value that a condition owns.
struct Owned<T>(T);

impl<T: Column> ToSql for Owned<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.write())
    }
}
