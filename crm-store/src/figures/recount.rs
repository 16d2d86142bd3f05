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
    use chrono::Months;
    use crm_core::{
        By, Currency, Label, Money, NewPayment, Opportunity, OpportunityPatch, OpportunityStatus, Order, OrderStatus,
        store::{Figures, Opportunities, Orders, Store},
    };
    use crm_testkit::sample::{self, Sample};

    use crate::{
        SqliteStore,
        figures::{ForecastRow, Key},
        plans,
        row::OrEmpty,
        table::Table,
    };

    #[test]
    fn an_opportunity_writes_the_figures_that_it_moves_and_no_others() {
        let (store, sample) = (SqliteStore::open_in_memory().unwrap(), Sample::new(1));
        store.write(|tx| sample.write_to(tx)).unwrap();
        let (pipelines, forecasts) = (<(Label, Label, OrEmpty<Currency>)>::UPSERT, ForecastRow::UPSERT);
        // On a thread of its own each time, since a statement that was seen stays seen.
        let wrote = |deal: &mut Opportunity| {
            let write = || {
                deal.revision = store.write(|tx| tx.update_opportunity(deal)).unwrap();
                [Opportunity::SQL.select_one, pipelines, forecasts].map(plans::seen)
            };
            std::thread::scope(|scope| scope.spawn(write).join().unwrap())
        };
        let one_that = |is: fn(&&Opportunity) -> bool| sample.opportunities.iter().find(is).unwrap().clone();
        let mut open =
            one_that(|one| one.state().status() == OpportunityStatus::Open && one.expected_close().is_some());
        let (at, later) = (open.updated_at, open.expected_close().unwrap().checked_add_months(Months::new(2)));
        let mut revise = |patch| {
            open.revise(at, patch).unwrap();
            wrote(&mut open)
        };
        let name = Some("renamed".parse().unwrap());
        assert_eq!(revise(OpportunityPatch { name, ..OpportunityPatch::default() }), [false, false, false]);
        let expected_close = Some(later);
        assert_eq!(revise(OpportunityPatch { expected_close, ..OpportunityPatch::default() }), [true, false, true]);
        let mut won = one_that(|one| one.state().status() == OpportunityStatus::Won);
        let by = By { at: won.updated_at, actor: &"alice".parse().unwrap() };
        won.advance(by, &sample::pipeline(), &"delivered".parse().unwrap(), None).unwrap();
        assert_eq!(wrote(&mut won), [true, true, false]);
        let wrong = store.read(|tx| tx.verify_figures(9)).unwrap();
        assert_eq!(wrong, []);
    }

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
