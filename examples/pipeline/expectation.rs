//! What the open deals are expected to bring: the forecast of the quarter in which a day lies.

use std::error::Error;

use chrono::NaiveDate;
use crm::{
    Crm, Exchange, FiscalCalendar, Forecast, Opportunity, OpportunityPatch, OpportunityStatus, RatePolicy, sales,
    store::{Opportunities, OpportunityFilter, pages},
};

use super::{
    sales_files::{history::Acts, values::CURRENCY},
    standing::PAGE,
};

/// Makes the forecast, from the deals as they stand at the end of the day.
pub(crate) fn forecast(crm: &Crm, as_of: NaiveDate) -> Result<Forecast, Box<dyn Error>> {
    let quarter = FiscalCalendar::CALENDAR_YEAR.quarter_days(as_of)?;
    expect_open_deals(crm, as_of, quarter.last())?;
    let exchange = Exchange::to(CURRENCY, RatePolicy::Current, as_of);
    Ok(crm.read(|tx| Ok(sales::forecast(tx, quarter, exchange)?))?)
}

/// When an open deal is expected to close, the files do not say, and without that it is in no forecast: all are expected by one day, and the store keeps why.
fn expect_open_deals(crm: &Crm, as_of: NaiveDate, by: NaiveDate) -> Result<(), Box<dyn Error>> {
    let acts = Acts::of("pipeline", "the files do not say when: by the end of the quarter")?;
    let patch = OpportunityPatch { expected_close: Some(Some(by)), ..OpportunityPatch::default() };
    let open = OpportunityFilter { status: Some(OpportunityStatus::Open), ..OpportunityFilter::default() };
    crm.write(|tx| {
        let deals = pages(PAGE, |page| tx.opportunities(&open, page), |deal: &Opportunity| deal.id);
        let ids: Vec<_> = deals.map(|deal| deal.map(|deal| deal.id)).collect::<Result<_, _>>()?;
        for id in ids {
            sales::revise_opportunity(tx, &mut acts.on(as_of)?, id, patch.clone())?;
        }
        Ok(())
    })?;
    Ok(())
}
