//! Snapshots of forecasts.

use crm_core::{
    ForecastSnapshot, ForecastSnapshotId, RecordRef, Revision,
    store::{ForecastSnapshotFilter, ForecastSnapshots, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods},
};

impl Family for ForecastSnapshot {
    type Filter = ForecastSnapshotFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    /// None: it outlives the reps in it.
    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        Vec::new()
    }

    fn passes(&self, filter: &ForecastSnapshotFilter) -> bool {
        let ForecastSnapshotFilter { period } = filter;
        holds(period.as_ref(), Some(&self.forecast.period))
    }
}

impl ForecastSnapshots for MemoryTx {
    record_methods! {
        ForecastSnapshot(ForecastSnapshotId), ForecastSnapshotFilter
        {
            forecast_snapshot forecast_snapshots count_forecast_snapshots insert_forecast_snapshot insert_forecast_snapshots
            update_forecast_snapshot delete_forecast_snapshot
        }
    }
}
