//! Deals become opportunities, each with the days on which it was engaged and closed.

use chrono::NaiveDate;
use crm::{Loss, Opportunity, OpportunityPatch, OpportunityState, OpportunityStatus, Sale, sales, store::Records};

use super::{
    csv_table::Row,
    sales_files::{
        deals::{Deal, ENGAGING, Hardware, Progress},
        history::Acts,
        import::{Refused, Taken},
    },
};

/// Where the deals of one file are worked.
pub(crate) struct Desk<'a> {
    pub(crate) acts: &'a Acts,
    pub(crate) hardware: &'a Hardware,
}

impl Desk<'_> {
    /// Brings the store to what a row says.
    pub(crate) fn take(&self, tx: &mut (impl Records + ?Sized), row: &Row, deal: &Deal) -> Taken {
        let opportunity = self.bring_up_to_date(tx, deal)?;
        if agrees(&opportunity, deal) {
            return Ok(Vec::new());
        }
        let reason = format!("taken as {} by an earlier import, left as it is", opportunity.state().status());
        Ok(vec![row.field("deal_stage").finding(reason)])
    }

    /// Opens the opportunity or takes the one that an earlier import opened, and moves it on as far as the deal has come.
    fn bring_up_to_date(&self, tx: &mut (impl Records + ?Sized), deal: &Deal) -> Result<Opportunity, Refused> {
        let opportunity = match tx.opportunity_by_external_id(&deal.id)? {
            None => self.open(tx, deal)?,
            Some(known) if known.state().status() == OpportunityStatus::Open => self.revise(tx, &known, deal)?,
            Some(closed) => return Ok(closed),
        };
        let Hardware { pipeline, reason_of_loss, .. } = self.hardware;
        match deal.progress {
            Progress::Prospecting | Progress::Engaging { .. } => Ok(opportunity),
            Progress::Won { day, value, .. } => {
                let sale = Sale { day, value: Some(value) };
                Ok(sales::win_opportunity(tx, &mut self.acts.on(day)?, opportunity.id, pipeline, sale)?)
            }
            Progress::Lost { day, .. } => {
                let loss = Loss { day, reason: reason_of_loss.clone(), note: None };
                Ok(sales::lose_opportunity(tx, &mut self.acts.on(day)?, opportunity.id, loss)?)
            }
        }
    }

    /// Opens it in the stage that it was first seen in: since when it had been a prospect before it was engaged, the files do not say.
    fn open(&self, tx: &mut (impl Records + ?Sized), deal: &Deal) -> Result<Opportunity, Refused> {
        let Hardware { pipeline, prospecting, engaging, .. } = self.hardware;
        let (mut act, stage) = match deal.progress.engaged() {
            None => (self.acts.today()?, prospecting),
            Some(day) => (self.acts.on(day)?, engaging),
        };
        Ok(sales::open_opportunity(tx, &mut act, pipeline, deal.in_stage(stage)?)?)
    }

    /// Brings an open opportunity of an earlier import to what the row says now; where that is the same, nothing is written.
    fn revise(
        &self,
        tx: &mut (impl Records + ?Sized),
        known: &Opportunity,
        deal: &Deal,
    ) -> Result<Opportunity, Refused> {
        let patch = OpportunityPatch {
            customer: Some(deal.customer.or(known.customer())),
            product: Some(Some(deal.product.id)),
            rep: Some(Some(deal.rep)),
            value: Some(Some(deal.expected_value()?)),
            ..OpportunityPatch::default()
        };
        let revised = sales::revise_opportunity(tx, &mut self.acts.today()?, known.id, patch)?;
        let Hardware { pipeline, prospecting, engaging, .. } = self.hardware;
        match deal.progress.engaged() {
            Some(day) if revised.stage().key == *prospecting => {
                let act = &mut self.acts.on(day)?;
                Ok(sales::advance_opportunity(tx, act, known.id, pipeline, engaging, None)?)
            }
            _ => Ok(revised),
        }
    }
}

/// Whether the store says what the row says. It does not where an earlier file had the deal closed otherwise or further on.
fn agrees(opportunity: &Opportunity, deal: &Deal) -> bool {
    let sold_by_and_to = (opportunity.rep(), opportunity.product(), opportunity.customer());
    let day_of_engagement = engaged_on(opportunity);
    let same_progress = match (opportunity.state(), deal.progress) {
        (OpportunityState::Open, Progress::Prospecting) => day_of_engagement.is_none(),
        (OpportunityState::Open, Progress::Engaging { since }) => day_of_engagement == Some(since),
        (OpportunityState::Won { day: won_on, .. }, Progress::Won { engaged, day, value }) => {
            *won_on == day && day_of_engagement == Some(engaged) && opportunity.value() == Some(value)
        }
        (OpportunityState::Lost { day: lost_on, .. }, Progress::Lost { engaged, day }) => {
            *lost_on == day && day_of_engagement == Some(engaged)
        }
        _ => false,
    };
    same_progress && sold_by_and_to == (Some(deal.rep), Some(deal.product.id), deal.customer)
}

/// The day on which an opportunity entered the stage "engaging".
pub(crate) fn engaged_on(opportunity: &Opportunity) -> Option<NaiveDate> {
    let visit = opportunity.history().iter().find(|visit| visit.stage.as_str() == ENGAGING);
    visit.map(|visit| visit.entered_at.date_naive())
}
