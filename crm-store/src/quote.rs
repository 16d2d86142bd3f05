//! Quotes in SQLite, with their lines.

use chrono::{DateTime, NaiveDate, Utc};
use crm_core::{
    Actor, Approval, BeyondLimit, Currency, ExternalId, Invalid, Label, Money, Number, OrderId, OrderLine, Quote,
    QuoteId, QuoteParts, QuoteState, QuoteStatus, RecordId, Revision, Text,
    store::{Page, QuoteFilter, Quotes, StoreError},
};
use uuid::Uuid;

use crate::{
    counter,
    error::Done,
    filter::{Serves, Where},
    order::{bind_line, read_line, terms_column},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells, Json},
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

const LINES: i64 = 1;

impl Table for Quote {
    type Id = QuoteId;
    type Draft = (QuoteParts, Vec<Offered>);

    const RECORD: &'static str = "quote";
    const SQL: Statements = statements!("crm_quote", parts: "parts",
        "number" "external_id" "version" "previous" "customer" "opportunity" "rep" "authors" "currency" "price_list" "terms" "net" "total" "valid_until"
        "status" "status_at" "day" "reason" "note" "superseded_by" "ordered" "approver" "approved_at" "beyond",
        derived: "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        ("quotes", "SELECT count(*) FROM crm_quote WHERE (previous = ?1 OR superseded_by = ?1) AND id <> ?1"),
        ("orders", "SELECT count(*) FROM crm_order WHERE quote = ?1"),
    ];

    fn id(&self) -> QuoteId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        let external_id = self.external_id().map(ExternalId::as_str);
        vec![("number", "number", Some(self.number().as_str())), ("external id", "external_id", external_id)]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let one = [
            Some(("customer", "crm_customer", self.customer().uuid())),
            self.previous().map(|id| ("previous", "crm_quote", id.uuid())),
            self.opportunity().map(|id| ("opportunity", "crm_opportunity", id.uuid())),
            self.rep().map(|id| ("rep", "crm_sales_rep", id.uuid())),
            self.superseded_by().map(|id| ("superseded by", "crm_quote", id.uuid())),
            self.order().map(|id| ("order", "crm_order", id.uuid())),
            self.price_list().map(|id| ("price list", "crm_price_list", id.uuid())),
        ];
        let products = self.lines().iter().map(|line| ("lines", "crm_product", line.product().uuid()));
        one.into_iter().flatten().chain(products).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (at, day, reason, note) = match self.state() {
            QuoteState::Draft { sent_back } => (None, None, None, sent_back.clone()),
            QuoteState::InApproval { since: at, .. }
            | QuoteState::Approved { at }
            | QuoteState::Expired { at }
            | QuoteState::Superseded { at, .. } => (Some(*at), None, None, None),
            QuoteState::Sent { at, day } | QuoteState::Accepted { at, day, .. } => (Some(*at), Some(*day), None, None),
            QuoteState::Rejected { at, day, reason, note } => {
                (Some(*at), Some(*day), Some(reason.clone()), note.clone())
            }
            QuoteState::Cancelled { at, reason } => (Some(*at), None, None, reason.clone()),
        };
        let beyond = match self.state() {
            QuoteState::InApproval { beyond, .. } => Some(beyond.as_slice()),
            _ => self.approval().map(Approval::beyond),
        };
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(self.number())?
            .put(&self.external_id().cloned())?
            .put(&self.version())?
            .put(&self.previous())?
            .put(&self.customer())?
            .put(&self.opportunity())?
            .put(&self.rep())?
            .put(&Json::of(&self.authors())?)?
            .put(&self.currency())?
            .put(&self.price_list())?
            .put(&terms_column(&self.terms())?)?
            .put(&self.net().minor())?
            .put(&self.total().minor())?
            .put(&self.valid_until())?
            .put(&self.state().status())?
            .put(&at)?
            .put(&day)?
            .put(&reason)?
            .put(&note)?
            .put(&self.superseded_by())?
            .put(&self.order())?
            .put(&self.approval().map(Approval::approver).cloned())?
            .put(&self.approval().map(Approval::at))?
            .put(&beyond.as_ref().map(Json::of).transpose()?)?
            .put(&if self.lines().is_empty() { 0 } else { LINES })?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self::Draft> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (number, external_id, version, previous) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (customer, opportunity, rep) = (cells.take()?, cells.take()?, cells.take()?);
        let authors: Vec<Actor> = cells.take_json()?;
        let (currency, price_list): (Currency, _) = (cells.take()?, cells.take()?);
        let terms = cells.take_json_or_none()?.unwrap_or_default();
        let net = Money::from_minor(cells.take()?, currency);
        let total = Money::from_minor(cells.take()?, currency);
        let valid_until = cells.take()?;
        let (state, approval) = state(cells, &authors)?;
        let quote = QuoteParts {
            id,
            revision,
            created_at,
            updated_at,
            number,
            external_id,
            version,
            previous,
            customer,
            opportunity,
            rep,
            authors,
            currency,
            price_list,
            lines: Vec::new(),
            terms,
            net,
            total,
            valid_until,
            approval,
            state,
        };
        Ok((quote, Vec::new()))
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(LINES, |(_, lines)| lines)
    }

    fn finish((mut quote, lines): Self::Draft) -> Result<Self, Invalid> {
        quote.lines = lines.into_iter().map(|Offered(line)| line).collect();
        quote.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(LINES, |quote| quote.lines().iter().cloned().map(Offered).collect::<Vec<_>>())
    }
}

/// Where a quote of some authors stands, and who approved it.
fn state(cells: &mut Cells<'_, '_>, authors: &[Actor]) -> Done<(QuoteState, Option<Approval>)> {
    use QuoteStatus as Status;

    let (status, at): (Status, Option<DateTime<Utc>>) = (cells.take()?, cells.take()?);
    let (day, reason): (Option<NaiveDate>, Option<Label>) = (cells.take()?, cells.take()?);
    let note: Option<Text> = cells.take()?;
    let (by, order): (Option<QuoteId>, Option<OrderId>) = (cells.take()?, cells.take()?);
    let (approver, approved_at): (Option<Actor>, Option<DateTime<Utc>>) = (cells.take()?, cells.take()?);
    let beyond: Option<Vec<BeyondLimit>> = cells.take_json_or_none()?;
    let (waits, beyond) = if status == Status::InApproval { (beyond, None) } else { (None, beyond) };
    let approval = match (approver, approved_at, beyond) {
        (Some(approver), Some(at), Some(beyond)) => {
            Some(Approval::give(authors.to_vec(), approver, at, beyond).map_err(|_| cells.corrupt())?)
        }
        (None, None, None) => None,
        _ => return Err(cells.corrupt()),
    };
    let state = match (status, at, day, reason, note, by, order, waits) {
        (Status::Draft, None, None, None, sent_back, None, None, None) => QuoteState::Draft { sent_back },
        (Status::InApproval, Some(since), None, None, None, None, None, Some(beyond)) => {
            QuoteState::InApproval { since, beyond }
        }
        (Status::Approved, Some(at), None, None, None, None, None, None) => QuoteState::Approved { at },
        (Status::Sent, Some(at), Some(day), None, None, None, None, None) => QuoteState::Sent { at, day },
        (Status::Accepted, Some(at), Some(day), None, None, None, order, None) => {
            QuoteState::Accepted { at, day, order }
        }
        (Status::Rejected, Some(at), Some(day), Some(reason), note, None, None, None) => {
            QuoteState::Rejected { at, day, reason, note }
        }
        (Status::Expired, Some(at), None, None, None, None, None, None) => QuoteState::Expired { at },
        (Status::Superseded, Some(at), None, None, None, Some(by), None, None) => QuoteState::Superseded { at, by },
        (Status::Cancelled, Some(at), None, None, reason, None, None, None) => QuoteState::Cancelled { at, reason },
        _ => return Err(cells.corrupt()),
    };
    Ok((state, approval))
}

/// A line of a quote: as of an order, in a table of its own.
#[derive(PartialEq)]
pub(crate) struct Offered(OrderLine);

impl Part for Offered {
    const SQL: PartStatements = part_statements!(
        "crm_quote_line" of "quote_row", "number" "product" "quantity" "unit_price" "discount" "taken_off" "amount" "currency" "tax" "tax_rate" "source"
        "continues" "list_price" "line_group"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        bind_line(&self.0, binder)
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        read_line(cells).map(Self)
    }
}

fn matching(filter: &QuoteFilter) -> Where<'_> {
    let QuoteFilter { customer, opportunity, rep, status, valid_until } = filter;
    Where::default()
        .and(Serves::Ids, "opportunity = ?", opportunity.as_ref())
        .and(Serves::Ids, "customer = ?", customer.as_ref())
        .and(Serves::Ids, "rep = ?", rep.as_ref())
        .during(Serves::Sorted, "valid_until BETWEEN ? AND ?", *valid_until)
        .and(Serves::Ids, "status = ?", status.as_ref())
}

impl Quotes for SqliteTx<'_> {
    family_methods!(Quote(QuoteId), QuoteFilter, matching {
        quote quotes count_quotes insert_quote insert_quotes update_quote delete_quote
    });

    fn quote_by_number(&self, number: &Number) -> Result<Option<Quote>, StoreError> {
        Ok(table::get_by(self.connection, "number", number)?)
    }

    fn quote_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Quote>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn next_quote_number(&mut self) -> Result<Number, StoreError> {
        Ok(counter::next(self.writing()?, "Q-", "SELECT 1 FROM crm_quote WHERE number = ?1")?)
    }
}
