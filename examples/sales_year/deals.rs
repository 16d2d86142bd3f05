//! Deals become opportunities, each with the days on which it was engaged and closed.

use std::fmt;

use chrono::NaiveDate;
use crm::{
    CustomerId, ExternalId, Invalid, Label, Loss, Money, NewOpportunity, Opportunity, OpportunityPatch,
    OpportunityState, OpportunityStatus, Percent, Pipeline, Product, Quantity, Rounding, Sale, SalesRepId, sales,
    store::Records,
};

use super::{
    accounts,
    csv_table::{Field, Row},
    history::Acts,
    import::{Refused, Taken},
    products::Catalogue,
    remarks::Finding,
    seen::Seen,
    team, values,
};

pub(crate) const COLUMNS: &[&str] =
    &["opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value"];

pub(crate) const PROSPECTING: &str = "prospecting";
pub(crate) const ENGAGING: &str = "engaging";

/// The pipeline that all deals go through.
pub(crate) struct Hardware {
    pipeline: Pipeline,
    prospecting: Label,
    engaging: Label,
    /// The files do not say why a deal was lost.
    reason_of_loss: Label,
}

impl Hardware {
    pub(crate) fn pipeline() -> Result<Self, Invalid> {
        let (prospecting, engaging): (Label, Label) = (PROSPECTING.parse()?, ENGAGING.parse()?);
        let pipeline = Pipeline::new("Hardware".parse()?)
            .open(prospecting.clone(), Percent::whole(10))
            .open(engaging.clone(), Percent::whole(50))
            .won("won".parse()?)
            .build()?;
        Ok(Self { pipeline, prospecting, engaging, reason_of_loss: "not stated".parse()? })
    }
}

/// A row that was understood.
struct Deal<'a> {
    id: ExternalId,
    rep: SalesRepId,
    product: &'a Product,
    customer: Option<CustomerId>,
    progress: Progress,
}

/// How far a deal has come, with what is known there.
#[derive(Clone, Copy)]
enum Progress {
    Prospecting,
    Engaging { since: NaiveDate },
    Won { engaged: NaiveDate, day: NaiveDate, value: Money },
    Lost { engaged: NaiveDate, day: NaiveDate },
}

impl Progress {
    const fn engaged(self) -> Option<NaiveDate> {
        match self {
            Self::Prospecting => None,
            Self::Engaging { since: engaged } | Self::Won { engaged, .. } | Self::Lost { engaged, .. } => Some(engaged),
        }
    }
}

/// The words of the column `deal_stage`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DealStage {
    Prospecting,
    Engaging,
    Won,
    Lost,
}

impl DealStage {
    fn read(field: Field<'_>) -> Result<Self, Finding> {
        match field.required("no deal stage")?.text() {
            "Prospecting" => Ok(Self::Prospecting),
            "Engaging" => Ok(Self::Engaging),
            "Won" => Ok(Self::Won),
            "Lost" => Ok(Self::Lost),
            _ => Err(field.finding("unknown deal stage")),
        }
    }

    const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

impl fmt::Display for DealStage {
    /// With its article: `a won`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prospecting => "a prospecting",
            Self::Engaging => "an engaging",
            Self::Won => "a won",
            Self::Lost => "a lost",
        })
    }
}

/// Where the rows of one file are worked.
pub(crate) struct Desk<'a> {
    pub(crate) acts: &'a Acts<'a>,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) hardware: &'a Hardware,
}

impl Desk<'_> {
    /// Understands a row and brings the store to what it says.
    pub(crate) fn take(&self, tx: &mut (impl Records + ?Sized), row: &Row, seen: &mut Seen) -> Taken {
        let mut notices = Vec::new();
        let deal = self.understand(tx, row, seen, &mut notices)?;
        let opportunity = self.bring_up_to_date(tx, &deal)?;
        if !agrees(&opportunity, &deal) {
            let reason = format!("taken as {} by an earlier import, left as it is", opportunity.state().status());
            notices.push(row.field("deal_stage").finding(reason));
        }
        seen.insert(deal.id.as_str())?;
        Ok(notices)
    }

    /// Reads the fields in the order of the columns; the first one at fault is the reason to refuse the row.
    fn understand(
        &self,
        tx: &(impl Records + ?Sized),
        row: &Row,
        seen: &Seen,
        notices: &mut Vec<Finding>,
    ) -> Result<Deal<'_>, Refused> {
        let id = row.field("opportunity_id").required("no opportunity id")?;
        if seen.contains(id.text())? {
            return Err(id.finding("duplicate opportunity id").into());
        }
        let id = id.parsed()?;
        let rep = team::find(tx, row.field("sales_agent"))??;
        let (product, variant) = self.catalogue.find(row.field("product"))?;
        notices.extend(variant);
        let stage = DealStage::read(row.field("deal_stage"));
        let customer = customer(tx, row.field("account"), stage.as_ref().ok().copied(), notices)?;
        let progress = progress(row, stage?, notices)?;
        Ok(Deal { id, rep, product, customer, progress })
    }

    /// Opens the opportunity or takes the one that an earlier import opened, and moves it on as far as the deal has come.
    fn bring_up_to_date(&self, tx: &mut (impl Records + ?Sized), deal: &Deal<'_>) -> Result<Opportunity, Refused> {
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
    fn open(&self, tx: &mut (impl Records + ?Sized), deal: &Deal<'_>) -> Result<Opportunity, Refused> {
        let Hardware { pipeline, prospecting, engaging, .. } = self.hardware;
        let (mut act, stage) = match deal.progress.engaged() {
            None => (self.acts.today()?, prospecting),
            Some(day) => (self.acts.on(day)?, engaging),
        };
        let mut new = NewOpportunity::new(deal.product.name.as_str().parse()?)
            .external_id(deal.id.clone())
            .product(deal.product.id)
            .rep(deal.rep)
            .stage(stage.clone())
            .value(expected_value(deal.product)?);
        if let Some(customer) = deal.customer {
            new = new.customer(customer);
        }
        Ok(sales::open_opportunity(tx, &mut act, pipeline, new)?)
    }

    /// Brings an open opportunity of an earlier import to what the row says now; where that is the same, nothing is written.
    fn revise(
        &self,
        tx: &mut (impl Records + ?Sized),
        known: &Opportunity,
        deal: &Deal<'_>,
    ) -> Result<Opportunity, Refused> {
        let patch = OpportunityPatch {
            customer: Some(deal.customer.or(known.customer())),
            product: Some(Some(deal.product.id)),
            rep: Some(Some(deal.rep)),
            value: Some(Some(expected_value(deal.product)?)),
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

/// While a deal is open, it is expected to bring the list price of its product.
fn expected_value(product: &Product) -> Result<Money, Invalid> {
    product.list_price.amount(Quantity::from(1), Percent::ZERO, Rounding::HalfUp)
}

/// Whether the store says what the row says. It does not where an earlier file had the deal closed otherwise or further on.
fn agrees(opportunity: &Opportunity, deal: &Deal<'_>) -> bool {
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

/// The customer of a deal: one that is closed must have one, an open one may lack it.
fn customer(
    tx: &(impl Records + ?Sized),
    account: Field<'_>,
    stage: Option<DealStage>,
    notices: &mut Vec<Finding>,
) -> Result<Option<CustomerId>, Refused> {
    if let Some(account) = account.given() {
        let customer = accounts::find(tx, account)?;
        return customer.map(Some).ok_or_else(|| account.finding("unknown account").into());
    }
    if let Some(stage) = stage.filter(|stage| stage.is_closed()) {
        return Err(account.finding(format!("no account on {stage} opportunity")).into());
    }
    notices.push(account.finding("no account, taken without a customer"));
    Ok(None)
}

/// How far the deal of a row has come. What its stage has no room for is noticed and not taken.
fn progress(row: &Row, stage: DealStage, notices: &mut Vec<Finding>) -> Result<Progress, Finding> {
    match stage {
        DealStage::Prospecting => {
            let engage_date = row.field("engage_date");
            if values::day(engage_date)?.is_some() {
                notices.push(engage_date.finding("engage date on a prospecting opportunity, not taken"));
            }
            expect_open(row, notices)?;
            Ok(Progress::Prospecting)
        }
        DealStage::Engaging => {
            let since = required_day(row.field("engage_date"), "engage date", stage)?;
            expect_open(row, notices)?;
            Ok(Progress::Engaging { since })
        }
        DealStage::Won => {
            let (engaged, day) = first_and_last_day(row, stage)?;
            let value = values::amount(row.field("close_value").required("no close value on a won opportunity")?)?;
            Ok(Progress::Won { engaged, day, value })
        }
        DealStage::Lost => {
            let (engaged, day) = first_and_last_day(row, stage)?;
            let value = row.field("close_value").given();
            if let Some(value) = value
                && !values::amount(value)?.is_zero()
            {
                notices.push(value.finding("close value on a lost opportunity, not counted"));
            }
            Ok(Progress::Lost { engaged, day })
        }
    }
}

/// An open deal has neither close date nor close value.
fn expect_open(row: &Row, notices: &mut Vec<Finding>) -> Result<(), Finding> {
    let (date, value) = (row.field("close_date"), row.field("close_value"));
    if values::day(date)?.is_some() {
        notices.push(date.finding("close date on an open opportunity, not taken"));
    }
    if let Some(value) = value.given() {
        values::amount(value)?;
        notices.push(value.finding("close value on an open opportunity, not taken"));
    }
    Ok(())
}

fn first_and_last_day(row: &Row, stage: DealStage) -> Result<(NaiveDate, NaiveDate), Finding> {
    let engaged = required_day(row.field("engage_date"), "engage date", stage)?;
    let closed = required_day(row.field("close_date"), "close date", stage)?;
    if closed < engaged {
        return Err(row.field("close_date").finding("close date is before engage date"));
    }
    Ok((engaged, closed))
}

fn required_day(field: Field<'_>, what: &str, stage: DealStage) -> Result<NaiveDate, Finding> {
    values::day(field)?.ok_or_else(|| field.finding(format!("no {what} on {stage} opportunity")))
}
