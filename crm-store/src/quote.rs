//! Quotes in SQLite, with their lines.

use chrono::SubsecRound as _;
use crm_core::{
    Approval, Currency, ExternalId, Invalid, Money, Number, OrderLine, Quote, QuoteId, QuoteParts, QuoteState,
    RecordId, Revision, Terms,
    store::{Page, QuoteFilter, Quotes, StoreError},
};
use uuid::Uuid;

use crate::{
    counter,
    error::Done,
    filter::{Serves, Where},
    order::{bind_line, read_line},
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
        "number" "external_id" "version" "previous" "customer" "opportunity" "rep" "author" "currency" "terms" "net" "total" "valid_until"
        "approval" "state",
        derived: "status" "superseded_by" "ordered" "parts"
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
        ];
        let products = self.lines().iter().map(|line| ("lines", "crm_product", line.product().uuid()));
        one.into_iter().flatten().chain(products).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let terms = self.terms();
        let terms = if terms == Terms::default() { None } else { Some(Json::of(&terms)?) };
        let (state, approval) = to_the_microsecond(self);
        let approval = approval.as_ref().map(Json::of).transpose()?;
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
            .put(self.author())?
            .put(&self.currency())?
            .put(&terms)?
            .put(&self.net().minor())?
            .put(&self.total().minor())?
            .put(&self.valid_until())?
            .put(&approval)?
            .put(&Json::of(&state)?)?
            .put(&self.state().status())?
            .put(&self.superseded_by())?
            .put(&self.order())?
            .put(&if self.lines().is_empty() { 0 } else { LINES })?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self::Draft> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (number, external_id, version, previous) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (customer, opportunity, rep, author) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let currency: Currency = cells.take()?;
        let terms: Option<Json> = cells.take()?;
        let terms = terms.map_or(Some(Terms::default()), |terms| terms.parse()).ok_or_else(|| cells.corrupt())?;
        let net = Money::from_minor(cells.take()?, currency);
        let total = Money::from_minor(cells.take()?, currency);
        let valid_until = cells.take()?;
        let approval: Option<Json> = cells.take()?;
        let approval = approval.map(|approval| approval.parse().ok_or_else(|| cells.corrupt())).transpose()?;
        let state: Json = cells.take()?;
        let state = state.parse().ok_or_else(|| cells.corrupt())?;
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
            author,
            currency,
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

/// The state and the approval with whole microseconds, as columns keep instants (C10).
fn to_the_microsecond(quote: &Quote) -> (QuoteState, Option<Approval>) {
    let mut state = quote.state().clone();
    match &mut state {
        QuoteState::Draft { .. } => {}
        QuoteState::InApproval { since: at, .. }
        | QuoteState::Approved { at }
        | QuoteState::Sent { at, .. }
        | QuoteState::Accepted { at, .. }
        | QuoteState::Rejected { at, .. }
        | QuoteState::Expired { at }
        | QuoteState::Superseded { at, .. }
        | QuoteState::Cancelled { at, .. } => *at = at.trunc_subsecs(6),
    }
    let approval = quote.approval().and_then(|given| {
        let (author, approver) = (given.author().clone(), given.approver().clone());
        // It was given, so the two are not one.
        Approval::give(author, approver, given.at().trunc_subsecs(6), given.beyond().to_vec()).ok()
    });
    (state, approval)
}

/// A line of a quote: as of an order, in a table of its own.
#[derive(PartialEq)]
pub(crate) struct Offered(OrderLine);

impl Part for Offered {
    const SQL: PartStatements = part_statements!(
        "crm_quote_line" of "quote_row", "number" "product" "quantity" "unit_price" "discount" "taken_off" "amount" "currency" "tax" "tax_rate" "source"
        "continues"
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
