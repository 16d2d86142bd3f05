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
        let forecast: Forecast = cells.take_json()?;
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

#[cfg(test)]
mod tests {
    use crm_core::{RecordId as _, SalesRepId, store::Store};
    use crm_testkit::sample;

    use super::*;
    use crate::{SqliteStore, upkeep::Problem};

    #[test]
    fn a_forecast_of_a_thousand_reps_is_kept_whole_and_its_period_beside_it() {
        let store = SqliteStore::open_in_memory().unwrap();
        let reps: Vec<SalesRepId> = (1..=1_000).map(|rep| SalesRepId::from_uuid(Uuid::from_u128(rep))).collect();
        let snapshots = [1, 2, 3].map(|seed| sample::forecast_snapshot(seed, &reps));
        store.write(|tx| snapshots.iter().try_for_each(|one| tx.insert_forecast_snapshot(one))).unwrap();
        let read = store.read(|tx| tx.forecast_snapshot(snapshots[0].id)).unwrap();
        assert_eq!(read.as_ref(), Some(&snapshots[0]));
        let of = ForecastSnapshotFilter { period: Some(snapshots[1].forecast.period) };
        let listed = store.read(|tx| tx.forecast_snapshots(&of, Page::first(9))).unwrap();
        assert!(listed.contains(&snapshots[1]));
        let longest = "SELECT max(octet_length(forecast)) FROM crm_forecast_snapshot";
        let bytes: i64 =
            store.on_writer(|connection| Ok(connection.query_row(longest, [], |row| row.get(0))?)).unwrap();
        assert!((1_000_000..3_000_000).contains(&bytes), "{bytes}");

        // By another period beside it, a list would miss it.
        let moved = "UPDATE crm_forecast_snapshot SET period_until = period_until + 1";
        store.on_writer(|connection| Ok(connection.execute(moved, [])?)).unwrap();
        let problems = store.verify().unwrap();
        assert!(matches!(&problems[..], [Problem::Records { family: "forecast snapshots", .. }]), "{problems:?}");
    }
}
