//! Deals become opportunities, each with the days on which it was engaged and closed.

use chrono::NaiveDate;
use crm::{Loss, Opportunity, OpportunityPatch, OpportunityState, OpportunityStatus, Sale, sales, store::Records};

use super::{
    csv_table::Row,
    remarks::Finding,
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
        let (engaged, mut notices) = engagement(row, deal)?;
        let opportunity = self.bring_up_to_date(tx, deal, engaged)?;
        if !agrees(&opportunity, deal, engaged) {
            let reason = format!("taken as {} by an earlier import, left as it is", opportunity.state().status());
            notices.push(row.field("deal_stage").finding(reason));
        }
        Ok(notices)
    }

    /// Opens the opportunity or takes the one that an earlier import opened, and moves it on as far as the deal has come.
    fn bring_up_to_date(
        &self,
        tx: &mut (impl Records + ?Sized),
        deal: &Deal,
        engaged: Option<NaiveDate>,
    ) -> Result<Opportunity, Refused> {
        let opportunity = match tx.opportunity_by_external_id(&deal.id)? {
            None => self.open(tx, deal, engaged)?,
            Some(known) if known.state().status() == OpportunityStatus::Open => {
                self.revise(tx, &known, deal, engaged)?
            }
            Some(closed) => return Ok(closed),
        };
        let Hardware { pipeline, reason_of_loss, .. } = self.hardware;
        match deal.progress {
            Progress::Prospecting | Progress::Engaging => Ok(opportunity),
            Progress::Won { day, value } => {
                let sale = Sale { day, value: Some(value) };
                Ok(sales::win_opportunity(tx, &mut self.acts.on(day)?, opportunity.id, pipeline, sale)?)
            }
            Progress::Lost { day } => {
                let loss = Loss { day, reason: reason_of_loss.clone(), note: None };
                Ok(sales::lose_opportunity(tx, &mut self.acts.on(day)?, opportunity.id, loss)?)
            }
        }
    }

    /// Opens it in the stage that it was first seen in: since when it had been a prospect before it was engaged, the files do not say.
    fn open(
        &self,
        tx: &mut (impl Records + ?Sized),
        deal: &Deal,
        engaged: Option<NaiveDate>,
    ) -> Result<Opportunity, Refused> {
        let Hardware { pipeline, prospecting, engaging, .. } = self.hardware;
        let (mut act, stage) = match engaged {
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
        engaged: Option<NaiveDate>,
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
        match engaged {
            Some(day) if revised.stage().key == *prospecting => {
                let act = &mut self.acts.on(day)?;
                Ok(sales::advance_opportunity(tx, act, known.id, pipeline, engaging, None)?)
            }
            _ => Ok(revised),
        }
    }
}

/// The day on which the deal of a row was engaged, as its stage has it: a prospect was not, and one that is engaging was.
fn engagement(row: &Row, deal: &Deal) -> Result<(Option<NaiveDate>, Vec<Finding>), Finding> {
    let engage_date = row.field("engage_date");
    match (deal.progress, deal.engaged) {
        (Progress::Prospecting, Some(_)) => {
            Ok((None, vec![engage_date.finding("engage date on a prospecting opportunity, not taken")]))
        }
        (Progress::Engaging, None) => Err(engage_date.finding("no engage date on an engaging opportunity")),
        (_, engaged) => Ok((engaged, Vec::new())),
    }
}

/// Whether the store says what the row says. It does not where an earlier file had the deal closed otherwise or further on.
fn agrees(opportunity: &Opportunity, deal: &Deal, engaged: Option<NaiveDate>) -> bool {
    let sold_by_and_to = (opportunity.rep(), opportunity.product(), opportunity.customer());
    let same_progress = match (opportunity.state(), deal.progress) {
        (OpportunityState::Open, Progress::Prospecting | Progress::Engaging) => true,
        (OpportunityState::Won { day: won_on, .. }, Progress::Won { day, value }) => {
            *won_on == day && opportunity.value() == Some(value)
        }
        (OpportunityState::Lost { day: lost_on, .. }, Progress::Lost { day }) => *lost_on == day,
        _ => false,
    };
    let same_days = same_progress && engaged_on(opportunity) == engaged;
    same_days && sold_by_and_to == (Some(deal.rep), Some(deal.product.id), deal.customer)
}

/// The day on which an opportunity entered the stage "engaging".
pub(crate) fn engaged_on(opportunity: &Opportunity) -> Option<NaiveDate> {
    let visit = opportunity.history().iter().find(|visit| visit.stage.as_str() == ENGAGING);
    visit.map(|visit| visit.entered_at.date_naive())
}
