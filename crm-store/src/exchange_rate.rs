//! Exchange rates in SQLite.

use chrono::NaiveDate;
use crm_core::{
    Currency, ExchangeRate, ExchangeRateId, Invalid, Revision,
    store::{ExchangeRateFilter, ExchangeRates, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    row::{Binder, Bound, Cells},
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for ExchangeRate {
    type Id = ExchangeRateId;
    type Draft = Self;

    const RECORD: &'static str = "exchange rate";
    const SQL: Statements =
        statements!("crm_exchange_rate", parts: "0", "from_currency" "to_currency" "day" "rate" "source");
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];

    fn id(&self) -> ExchangeRateId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        Vec::new()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.from)?
            .put(&self.to)?
            .put(&self.day)?
            .put(&self.rate)?
            .put(&self.source)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (from, to, day) = (cells.take()?, cells.take()?, cells.take()?);
        Ok(Self { id, revision, created_at, updated_at, from, to, day, rate: cells.take()?, source: cells.take()? })
    }

    fn finish(rate: Self) -> Result<Self, Invalid> {
        Ok(rate)
    }
}

fn matching(filter: &ExchangeRateFilter) -> Where<'_> {
    let ExchangeRateFilter { from, to, days } = filter;
    Where::default()
        .and(Serves::Ids, "from_currency = ?", from.as_ref())
        .and(Serves::Ids, "to_currency = ?", to.as_ref())
        .during(Serves::Sorted, "day BETWEEN ? AND ?", *days)
}

impl ExchangeRates for SqliteTx<'_> {
    family_methods!(ExchangeRate(ExchangeRateId), ExchangeRateFilter, matching {
        exchange_rate exchange_rates count_exchange_rates insert_exchange_rate insert_exchange_rates update_exchange_rate delete_exchange_rate
    });

    fn exchange_rate_on(
        &self,
        from: Currency,
        to: Currency,
        day: NaiveDate,
    ) -> Result<Option<ExchangeRate>, StoreError> {
        let sql = format!(
            "{} WHERE from_currency = ?1 AND to_currency = ?2 AND day <= ?3 ORDER BY day DESC, id DESC LIMIT 1",
            ExchangeRate::SQL.select
        );
        Ok(table::fetch(self.connection, &sql, &[&Bound(&from), &Bound(&to), &Bound(&day)])?.pop())
    }
}
