//! Deals: the rows of the pipeline files, understood.

use std::{fmt, rc::Rc};

use chrono::NaiveDate;
use crm::{
    CustomerId, ExternalId, ForecastCategory, Invalid, Label, Money, NewOpportunity, Percent, Pipeline, Product,
    Quantity, Rounding, SalesRepId, store::Records,
};

use super::{
    accounts,
    csv_table::{Field, Row},
    import::Refused,
    products::Catalogue,
    remarks::Finding,
    team, values,
};

pub(crate) const COLUMNS: &[&str] =
    &["opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value"];

const PROSPECTING: &str = "prospecting";
pub(crate) const ENGAGING: &str = "engaging";

/// The pipeline that all deals go through.
pub(crate) struct Hardware {
    pub(crate) pipeline: Pipeline,
    pub(crate) prospecting: Label,
    pub(crate) engaging: Label,
    /// The files do not say why a deal was lost.
    pub(crate) reason_of_loss: Label,
}

impl Hardware {
    pub(crate) fn pipeline() -> Result<Self, Invalid> {
        let (prospecting, engaging): (Label, Label) = (PROSPECTING.parse()?, ENGAGING.parse()?);
        let pipeline = Pipeline::new("Hardware".parse()?)
            .open(prospecting.clone(), Percent::whole(10))
            .open(engaging.clone(), Percent::whole(50))
            .forecast(ForecastCategory::BestCase)
            .won("won".parse()?)
            .build()?;
        Ok(Self { pipeline, prospecting, engaging, reason_of_loss: "not stated".parse()? })
    }
}

/// A row that was understood.
pub(crate) struct Deal {
    pub(crate) id: ExternalId,
    pub(crate) rep: SalesRepId,
    pub(crate) product: Rc<Product>,
    pub(crate) customer: Option<CustomerId>,
    /// The day on which it was engaged. Each example says what an open deal is whose stage tells otherwise; one that is closed has one.
    pub(crate) engaged: Option<NaiveDate>,
    pub(crate) progress: Progress,
}

impl Deal {
    /// Reads the fields of a row in the order of the columns; the first one at fault is the reason to refuse it.
    pub(super) fn understand(
        tx: &(impl Records + ?Sized),
        catalogue: &Catalogue,
        row: &Row,
        id: Field<'_>,
        notices: &mut Vec<Finding>,
    ) -> Result<Self, Refused> {
        let id = id.parsed()?;
        let rep = team::find(tx, row.field("sales_agent"))??;
        let (product, variant) = catalogue.find(row.field("product"))?;
        notices.extend(variant);
        let stage = DealStage::read(row.field("deal_stage"));
        let customer = customer(tx, row.field("account"), stage.as_ref().ok().copied(), notices)?;
        let stage = stage?;
        let engaged = values::day(row.field("engage_date"))?;
        let progress = progress(row, stage, engaged, notices)?;
        Ok(Self { id, rep, product: Rc::clone(product), customer, engaged, progress })
    }

    /// The opportunity that it is opened as.
    pub(crate) fn in_stage(&self, stage: &Label) -> Result<NewOpportunity, Invalid> {
        let new = NewOpportunity::new(self.product.name.as_str().parse()?)
            .external_id(self.id.clone())
            .product(self.product.id)
            .rep(self.rep)
            .stage(stage.clone())
            .value(self.expected_value()?);
        Ok(match self.customer {
            Some(customer) => new.customer(customer),
            None => new,
        })
    }

    /// While it is open, a deal is expected to bring the list price of its product.
    pub(crate) fn expected_value(&self) -> Result<Money, Invalid> {
        self.product.list_price.amount(Quantity::from(1), Percent::ZERO, Rounding::HalfUp)
    }
}

/// How far a deal has come, by the word of its stage, with what is known there.
#[derive(Clone, Copy)]
pub(crate) enum Progress {
    Prospecting,
    Engaging,
    Won { day: NaiveDate, value: Money },
    Lost { day: NaiveDate },
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
fn progress(
    row: &Row,
    stage: DealStage,
    engaged: Option<NaiveDate>,
    notices: &mut Vec<Finding>,
) -> Result<Progress, Finding> {
    match stage {
        DealStage::Prospecting => {
            expect_open(row, notices)?;
            Ok(Progress::Prospecting)
        }
        DealStage::Engaging => {
            expect_open(row, notices)?;
            Ok(Progress::Engaging)
        }
        DealStage::Won => {
            let day = last_day(row, stage, engaged)?;
            let value = values::amount(row.field("close_value").required("no close value on a won opportunity")?)?;
            Ok(Progress::Won { day, value })
        }
        DealStage::Lost => {
            let day = last_day(row, stage, engaged)?;
            let value = row.field("close_value").given();
            if let Some(value) = value
                && !values::amount(value)?.is_zero()
            {
                notices.push(value.finding("close value on a lost opportunity, not counted"));
            }
            Ok(Progress::Lost { day })
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

fn last_day(row: &Row, stage: DealStage, engaged: Option<NaiveDate>) -> Result<NaiveDate, Finding> {
    let (engage_date, close_date) = (row.field("engage_date"), row.field("close_date"));
    let engaged = engaged.ok_or_else(|| engage_date.finding(format!("no engage date on {stage} opportunity")))?;
    let closed = values::day(close_date)?;
    let closed = closed.ok_or_else(|| close_date.finding(format!("no close date on {stage} opportunity")))?;
    if closed < engaged { Err(close_date.finding("close date is before engage date")) } else { Ok(closed) }
}
