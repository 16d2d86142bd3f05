//! Exchange rates.

use chrono::NaiveDate;
use crm_core::{
    Currency, ExchangeRate, ExchangeRateId, RecordRef, Revision,
    store::{ExchangeRateFilter, ExchangeRates, Page},
};

use super::{
    MemoryTx,
    state::{Family, Stored, holds, record_methods},
};

impl Family for ExchangeRate {
    type Filter = ExchangeRateFilter;

    fn unique(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn references(&self) -> Vec<(&'static str, RecordRef)> {
        Vec::new()
    }

    fn passes(&self, filter: &ExchangeRateFilter) -> bool {
        let ExchangeRateFilter { from, to, days } = filter;
        holds(from.as_ref(), Some(&self.from))
            && holds(to.as_ref(), Some(&self.to))
            && days.is_none_or(|days| days.contains(self.day))
    }
}

impl ExchangeRates for MemoryTx {
    record_methods! {
        ExchangeRate(ExchangeRateId), ExchangeRateFilter
        { exchange_rate exchange_rates count_exchange_rates insert_exchange_rate insert_exchange_rates update_exchange_rate delete_exchange_rate }
    }

    fn exchange_rate_on(&self, from: Currency, to: Currency, day: NaiveDate) -> Stored<Option<ExchangeRate>> {
        let of_pair = self.state.exchange_rates.values().filter(|rate| (rate.from, rate.to) == (from, to));
        Ok(of_pair.filter(|rate| rate.day <= day).max_by_key(|rate| (rate.day, rate.id)).cloned())
    }
}
