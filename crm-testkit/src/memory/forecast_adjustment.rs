//! Adjustments of forecasts.

use crm_core::{
    ForecastAdjustment, ForecastAdjustmentId, RecordRef, Revision,
    store::{ForecastAdjustmentFilter, ForecastAdjustments, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods},
};

impl Family for ForecastAdjustment {
    type Filter = ForecastAdjustmentFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        vec![("rep", self.rep.into()), ("author", self.author.into())]
    }

    fn passes(&self, filter: &ForecastAdjustmentFilter) -> bool {
        let ForecastAdjustmentFilter { rep, author, period, roll_up } = filter;
        holds(rep.as_ref(), Some(&self.rep))
            && holds(author.as_ref(), Some(&self.author))
            && holds(period.as_ref(), Some(&self.period))
            && holds(roll_up.as_ref(), Some(&self.roll_up))
    }
}

impl ForecastAdjustments for MemoryTx {
    record_methods! {
        ForecastAdjustment(ForecastAdjustmentId), ForecastAdjustmentFilter
        {
            forecast_adjustment forecast_adjustments count_forecast_adjustments insert_forecast_adjustment insert_forecast_adjustments
            update_forecast_adjustment delete_forecast_adjustment
        }
    }
}
