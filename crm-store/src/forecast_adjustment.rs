//! Adjustments of forecasts in SQLite.

use crm_core::{
    ForecastAdjustment, ForecastAdjustmentId, Invalid, Money, NewForecastAdjustment, Period, RecordId, Revision, Text,
    store::{ForecastAdjustmentFilter, ForecastAdjustments, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    row::{Binder, Cells},
    table::{Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for ForecastAdjustment {
    type Id = ForecastAdjustmentId;
    type Draft = Self;

    const RECORD: &'static str = "forecast adjustment";
    const SQL: Statements = statements!("crm_forecast_adjustment", parts: "0",
        "rep" "author" "period_from" "period_until" "roll_up" "amount" "original" "currency" "note"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];

    fn id(&self) -> ForecastAdjustmentId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        vec![("rep", "crm_sales_rep", self.rep.uuid()), ("author", "crm_sales_rep", self.author.uuid())]
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.rep)?
            .put(&self.author)?
            .put(&self.period.from())?
            .put(&self.period.until())?
            .put(&self.roll_up)?
            .put(&self.amount.minor())?
            .put(&self.original.minor())?
            .put(&self.amount.currency())?
            .put(&self.note)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (rep, author) = (cells.take()?, cells.take()?);
        let period = Period::new(cells.take()?, cells.take()?).map_err(|_| cells.corrupt())?;
        let (roll_up, amount, original) = (cells.take()?, cells.take()?, cells.take()?);
        let currency = cells.take()?;
        let [amount, original] = [amount, original].map(|minor| Money::from_minor(minor, currency));
        let note: Option<Text> = cells.take()?;
        Ok(Self { id, revision, created_at, updated_at, rep, author, period, roll_up, amount, original, note })
    }

    fn finish(stored: Self) -> Result<Self, Invalid> {
        let Self { id, revision, created_at, updated_at, rep, author, period, roll_up, amount, original, note } =
            stored;
        let mut new = NewForecastAdjustment::new(rep, author, period, roll_up, amount);
        new.note = note;
        Ok(Self { revision, updated_at, ..Self::make(id, created_at, original, new)? })
    }
}

fn matching(filter: &ForecastAdjustmentFilter) -> Where<'_> {
    let ForecastAdjustmentFilter { rep, author, period, roll_up } = filter;
    Where::default()
        .and(Serves::Ids, "rep = ?", rep.as_ref())
        .and(Serves::Ids, "author = ?", author.as_ref())
        .exactly(Serves::Ids, "period_from = ? AND period_until = ?", *period)
        .and(Serves::None, "roll_up = ?", roll_up.as_ref())
}

impl ForecastAdjustments for SqliteTx<'_> {
    family_methods!(ForecastAdjustment(ForecastAdjustmentId), ForecastAdjustmentFilter, matching {
        forecast_adjustment forecast_adjustments count_forecast_adjustments insert_forecast_adjustment insert_forecast_adjustments
        update_forecast_adjustment delete_forecast_adjustment
    });
}
