//! Snapshots of forecasts in SQLite.

use crm_core::{
    Forecast, ForecastSnapshot, ForecastSnapshotId, Invalid, Revision,
    store::{ForecastSnapshotFilter, ForecastSnapshots, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    row::{Binder, Cells, Json},
    table::{Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for ForecastSnapshot {
    type Id = ForecastSnapshotId;
    type Draft = Self;

    const RECORD: &'static str = "forecast snapshot";
    const SQL: Statements =
        statements!("crm_forecast_snapshot", parts: "0", "name" "forecast", derived: "period_from" "period_until");
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];

    fn id(&self) -> ForecastSnapshotId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        Vec::new()
    }

    /// None: it outlives the reps in it.
    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        Vec::new()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let period = self.forecast.period;
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.name)?
            .put(&Json::of(&self.forecast)?)?
            .put(&period.from())?
            .put(&period.until())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let name = cells.take()?;
        let forecast: Forecast = cells.take::<Json>()?.parse().ok_or_else(|| cells.corrupt())?;
        Ok(Self { id, revision, created_at, updated_at, name, forecast })
    }

    fn finish(snapshot: Self) -> Result<Self, Invalid> {
        Ok(snapshot)
    }
}

fn matching(filter: &ForecastSnapshotFilter) -> Where<'_> {
    let ForecastSnapshotFilter { period } = filter;
    Where::default().exactly(Serves::Ids, "period_from = ? AND period_until = ?", *period)
}

impl ForecastSnapshots for SqliteTx<'_> {
    family_methods!(ForecastSnapshot(ForecastSnapshotId), ForecastSnapshotFilter, matching {
        forecast_snapshot forecast_snapshots count_forecast_snapshots insert_forecast_snapshot insert_forecast_snapshots
        update_forecast_snapshot delete_forecast_snapshot
    });
}
