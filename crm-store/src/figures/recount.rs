//! What an update moves.

use std::{borrow::Cow, cell::RefCell};

use rusqlite::Connection;

use super::{Deltas, Tally};
use crate::{
    error::Done,
    part::Change,
    table::{self, Table},
};

/// What a record that is updated counted for. It is read before the first thing changes that matters, and not at all where nothing does, or where entries are added only: then
/// the record that comes says what the entries before counted for.
pub(crate) struct Recount<'c, T: Table> {
    connection: &'c Connection,
    id: T::Id,
    /// Whether the stored record counts for anything.
    counts: bool,
    /// It, where the transaction has read it.
    read: Option<&'c T>,
    before: RefCell<Before<'c, T>>,
}

enum Before<'c, T: Table> {
    /// Nothing changed that matters.
    Same,
    /// So many entries were there, and some are added.
    Entries(usize),
    /// Something else changed; this is what was stored, where it counted.
    Was(Option<Cow<'c, T>>),
}

impl<'c, T: Table> Recount<'c, T> {
    /// Of a stored record with these parts.
    pub(crate) fn new(connection: &'c Connection, id: T::Id, parts: i64, read: Option<&'c T>) -> Self {
        let counts = T::COUNTED.is_some_and(|counted| counted.entries == 0 || parts & counted.entries != 0);
        Self { connection, id, counts, read, before: RefCell::new(Before::Same) }
    }

    /// Some columns will change.
    pub(crate) fn columns<'s>(&self, mut changing: impl Iterator<Item = &'s str>) -> Done<()> {
        match T::COUNTED {
            Some(counted) if changing.any(|column| counted.columns.contains(&column)) => self.look(),
            _ => Ok(()),
        }
    }

    /// A table of parts will change.
    pub(crate) fn parts(&self, change: Change) -> Done<()> {
        match (T::COUNTED, change.kept) {
            (Some(counted), Some(kept)) if counted.entries & change.table != 0 => {
                if matches!(*self.before.borrow(), Before::Same) {
                    self.before.replace(Before::Entries(kept));
                }
                Ok(())
            }
            (Some(counted), _) if counted.parts & change.table != 0 => self.look(),
            _ => Ok(()),
        }
    }

    fn look(&self) -> Done<()> {
        if matches!(*self.before.borrow(), Before::Same) {
            let stored = match self.read {
                _ if !self.counts => None,
                Some(read) => Some(Cow::Borrowed(read)),
                None => table::get(self.connection, self.id)?.map(Cow::Owned),
            };
            self.before.replace(Before::Was(stored));
        }
        Ok(())
    }

    /// What moves by the update.
    pub(crate) fn deltas(&self, record: &T) -> Done<Deltas> {
        let mut deltas = Deltas::default();
        match &*self.before.borrow() {
            Before::Same => {}
            Before::Entries(before) => record.count(&mut Tally { deltas: &mut deltas, times: 1, before: *before })?,
            Before::Was(before) => {
                before.iter().try_for_each(|before| deltas.remove(before.as_ref()))?;
                deltas.add(record)?;
            }
        }
        Ok(deltas)
    }
}

#[cfg(test)]
mod tests {
    use crm_core::{
        Money, NewPayment, Order, OrderStatus,
        store::{Figures, Orders, Store},
    };
    use crm_testkit::sample::{self, Sample};

    use crate::{SqliteStore, plans, table::Table};

    #[test]
    fn the_order_is_read_again_only_where_another_rep_or_customer_or_other_lines_come() {
        let (store, sample) = (SqliteStore::open_in_memory().unwrap(), Sample::new(1));
        let (customer, product) = (sample.customers[0].id, sample.products[0].id);
        let drafts = (5_000..).map(|seed| sample::order(seed, customer, &[product]));
        let mut order = drafts.into_iter().find(|one| one.state().status() == OrderStatus::Draft).unwrap();
        let (at, day) = (order.created_at, "2026-03-02".parse().unwrap());
        store.write(|tx| sample.write_to(tx).and_then(|()| tx.insert_order(&order))).unwrap();
        let mut change = |change: &dyn Fn(&mut Order)| {
            change(&mut order);
            order.revision = store.write(|tx| tx.update_order(&order)).unwrap();
            plans::seen(Order::SQL.select_one)
        };
        let cent = |order: &Order| Money::from_minor(1, order.currency());
        assert!(!change(&|order| drop(order.confirm(at, day).unwrap())));
        assert!(!change(&|order| drop(order.lock(at).unwrap())));
        assert!(!change(&|order| drop(order.pay(at, NewPayment::of(order.total()).day(day)).unwrap())));
        assert!(!change(&|order| drop(order.refund(at, NewPayment::of(cent(order)).day(day)).unwrap())));
        let rep = Some(sample.sales_reps[1].id);
        assert!(change(&|order| drop(order.reassign(at, if order.rep() == rep { None } else { rep }).unwrap())));
        let wrong = store.read(|tx| tx.verify_figures(9)).unwrap();
        assert_eq!(wrong, []);
    }
}
