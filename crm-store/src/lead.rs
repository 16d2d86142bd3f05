//! Leads in SQLite.

use chrono::{DateTime, Utc};
use crm_core::{
    ContactLabel, ContactPoint, ContactPoints, ContactRef, ContactValue, Conversion, EmailAddress, ExternalId, Invalid,
    Label, Lead, LeadId, LeadParts, LeadState, LeadStatus, LeadTouch, Name, Phone, QueueId, RecordId, Revision,
    SalesRepId, Text, WaitingOrder,
    store::{LeadFilter, Leads, Page, StoreError, WaitingKey},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{InPart, Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Bound, Cells, Json},
    search::Index,
    table::{self, Statements, Table, family_methods, prepared, statements},
    transaction::SqliteTx,
};

/// Which tables hold parts of a lead.
mod parts {
    pub(super) const POINTS: i64 = 1;
    pub(super) const TOUCHES: i64 = 2;
}

fn parts_of(lead: &Lead) -> i64 {
    let reached = !(lead.emails().is_empty() && lead.phones().is_empty() && lead.addresses().is_empty());
    let one = |there: bool, part: i64| if there { part } else { 0 };
    one(reached, parts::POINTS) | one(!lead.touches().is_empty(), parts::TOUCHES)
}

/// A lead whose parts are still to be sorted out.
pub(crate) struct LeadDraft {
    lead: LeadParts,
    points: Vec<Point>,
}

impl Table for Lead {
    type Id = LeadId;
    type Draft = LeadDraft;

    const RECORD: &'static str = "lead";
    const SQL: Statements = statements!("crm_lead", parts: "parts",
        "external_id" "name" "organisation" "role" "region" "source" "tags" "interest" "value" "currency" "product" "note" "score" "weight"
        "owner" "assigned_at" "queue" "queued_at" "status" "status_at" "reason" "reason_note" "conversion",
        derived: "name_key" "organisation_key" "became_organisation" "became_person" "became_opportunity" "waiting_in" "unlikelihood" "load_of" "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] =
        &[("activities", "SELECT count(*) FROM crm_activity WHERE lead = ?1")];
    const SEARCH: Option<Index<Self>> =
        Some(Index::of(&["external_id", "name", "organisation", "interest", "note", "tags"]));

    fn id(&self) -> LeadId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let own = [
            self.owner().map(|id| ("owner", "crm_sales_rep", id.uuid())),
            self.queue().map(|id| ("queue", "crm_queue", id.uuid())),
            self.product().map(|id| ("product", "crm_product", id.uuid())),
        ];
        let (organisation, person, opportunity) = became(self);
        let became = [
            organisation.map(|id| ("organisation", "crm_customer", id)),
            person.map(|id| ("person", "crm_customer", id)),
            opportunity.map(|id| ("opportunity", "crm_opportunity", id)),
        ];
        own.into_iter().chain(became).flatten().collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (at, reason, note, conversion) = match self.state() {
            LeadState::New | LeadState::Working | LeadState::Qualified | LeadState::Nurturing => {
                (None, None, None, None)
            }
            LeadState::Disqualified { at, reason, note } => (Some(*at), Some(reason.clone()), note.clone(), None),
            LeadState::Converted { at, conversion } => (Some(*at), None, None, Some(Json::of(conversion)?)),
        };
        let (organisation, person, opportunity) = became(self);
        let load_of = self.owner().filter(|_| self.status().is_open());
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id().cloned())?
            .put(&self.name().cloned())?
            .put(&self.organisation().cloned())?
            .put(&self.role().cloned())?
            .put(&self.region().cloned())?
            .put(&self.source().cloned())?
            .put(&Json::of(self.tags())?)?
            .put(&self.interest().cloned())?
            .put_amount(self.value())?
            .put(&self.product())?
            .put(&self.note().cloned())?
            .put(&self.score())?
            .put(&self.weight())?
            .put(&self.owner())?
            .put(&self.assigned_at())?
            .put(&self.queue())?
            .put(&self.queued_at())?
            .put(&self.status())?
            .put(&at)?
            .put(&reason)?
            .put(&note)?
            .put(&conversion)?
            .put(&self.name().map(Name::key))?
            .put(&self.organisation().map(Name::key))?
            .put(&organisation)?
            .put(&person)?
            .put(&opportunity)?
            .put(&self.waits_in())?
            .put(&self.waiting_key(WaitingOrder::LikeliestFirst))?
            .put(&load_of)?
            .put(&parts_of(self))?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<LeadDraft> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (external_id, name, organisation) = (cells.take()?, cells.take()?, cells.take()?);
        let (role, region, source) = (cells.take()?, cells.take()?, cells.take()?);
        let (tags, interest, value) = (cells.take_json()?, cells.take()?, cells.take_amount()?);
        let (product, note, score, weight) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (owner, assigned_at, queue, queued_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (status, at): (LeadStatus, Option<DateTime<Utc>>) = (cells.take()?, cells.take()?);
        let (reason, reason_note): (Option<Label>, Option<Text>) = (cells.take()?, cells.take()?);
        let conversion: Option<Conversion> = cells.take_json_or_none()?;
        let state = match (status, at, reason, reason_note, conversion) {
            (LeadStatus::New, None, None, None, None) => LeadState::New,
            (LeadStatus::Working, None, None, None, None) => LeadState::Working,
            (LeadStatus::Qualified, None, None, None, None) => LeadState::Qualified,
            (LeadStatus::Nurturing, None, None, None, None) => LeadState::Nurturing,
            (LeadStatus::Disqualified, Some(at), Some(reason), note, None) => {
                LeadState::Disqualified { at, reason, note }
            }
            (LeadStatus::Converted, Some(at), None, None, Some(conversion)) => {
                LeadState::Converted { at, conversion: Box::new(conversion) }
            }
            _ => return Err(cells.corrupt()),
        };
        let lead = LeadParts {
            id,
            revision,
            created_at,
            updated_at,
            external_id,
            name,
            organisation,
            role,
            emails: ContactPoints::new(),
            phones: ContactPoints::new(),
            addresses: ContactPoints::new(),
            region,
            source,
            tags,
            interest,
            value,
            product,
            note,
            score,
            weight,
            owner,
            assigned_at,
            queue,
            queued_at,
            state,
            touches: Vec::new(),
        };
        Ok(LeadDraft { lead, points: Vec::new() })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(parts::POINTS, |draft| &mut draft.points)?;
        drafts.read(parts::TOUCHES, |draft| &mut draft.lead.touches)
    }

    fn finish(draft: LeadDraft) -> Result<Self, Invalid> {
        let LeadDraft { mut lead, points } = draft;
        let (mut emails, mut phones, mut addresses) = (Vec::new(), Vec::new(), Vec::new());
        for point in points {
            match point.reaches.clone() {
                ContactRef::Email(value) => emails.push((point.at(value), point.primary)),
                ContactRef::Phone(value) => phones.push((point.at(value), point.primary)),
                ContactRef::Address(value) => addresses.push((point.at(value), point.primary)),
            }
        }
        (lead.emails, lead.phones, lead.addresses) = (together(emails)?, together(phones)?, together(addresses)?);
        lead.try_into()
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(parts::POINTS, |lead| {
            let emails = points(lead.emails(), ContactRef::Email);
            let phones = points(lead.phones(), ContactRef::Phone);
            let addresses = points(lead.addresses(), ContactRef::Address);
            emails.chain(phones).chain(addresses).collect::<Vec<_>>()
        })?;
        parts.write(parts::TOUCHES, |lead| lead.touches())
    }
}

/// What a lead became: the organisation, the person, the deal.
fn became(lead: &Lead) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>) {
    match lead.state() {
        LeadState::Converted { conversion, .. } => (
            conversion.organisation.map(|became| became.id.uuid()),
            conversion.person.map(|became| became.id.uuid()),
            conversion.opportunity.map(|became| became.id.uuid()),
        ),
        _ => (None, None, None),
    }
}

/// A contact point of any kind.
#[derive(PartialEq)]
pub(crate) struct Point {
    reaches: ContactRef,
    label: ContactLabel,
    primary: bool,
    opted_out: bool,
    invalid: bool,
}

impl Point {
    fn at<T>(&self, value: T) -> ContactPoint<T> {
        ContactPoint { value, label: self.label, opted_out: self.opted_out, invalid: self.invalid }
    }
}

fn points<T: ContactValue + Clone + PartialEq>(
    points: &ContactPoints<T>,
    reaches: fn(T) -> ContactRef,
) -> impl Iterator<Item = Point> + '_ {
    points.iter().map(move |point| Point {
        reaches: reaches(point.value.clone()),
        label: point.label,
        primary: points.primary() == Some(point),
        opted_out: point.opted_out,
        invalid: point.invalid,
    })
}

fn together<T: ContactValue>(stored: Vec<(ContactPoint<T>, bool)>) -> Result<ContactPoints<T>, Invalid> {
    if stored.is_empty() {
        return Ok(ContactPoints::new());
    }
    // Without a mark the place lies outside, which is refused as any contradiction is.
    let primary = stored.iter().position(|(_, primary)| *primary).unwrap_or(stored.len());
    ContactPoints::from_parts(stored.into_iter().map(|(point, _)| point).collect(), primary)
}

/// What an address or a number of a lead is found by. The kind stands before it, so that one index serves all.
fn email_key(email: &EmailAddress) -> String {
    format!("email {}", email.key())
}

fn phone_key(phone: &Phone) -> String {
    format!("phone {}", ContactValue::key(phone))
}

impl Part for Point {
    const SQL: PartStatements = part_statements!("crm_lead_point" of "lead",
        "kind" "contact" "label" "is_primary" "opted_out" "invalid", derived: "value_key"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let key = match &self.reaches {
            ContactRef::Email(email) => {
                binder.put(&String::from("email"))?.put(email)?;
                Some(email_key(email))
            }
            ContactRef::Phone(phone) => {
                binder.put(&String::from("phone"))?.put(phone)?;
                Some(phone_key(phone))
            }
            ContactRef::Address(address) => {
                binder.put(&String::from("address"))?.put(&Json::of(address)?)?;
                None
            }
        };
        binder.put(&self.label)?.put(&self.primary)?.put(&self.opted_out)?.put(&self.invalid)?.put(&key)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let kind: String = cells.take()?;
        let reaches = match kind.as_str() {
            "email" => ContactRef::Email(cells.take()?),
            "phone" => ContactRef::Phone(cells.take()?),
            "address" => ContactRef::Address(cells.take_json()?),
            _ => return Err(cells.corrupt()),
        };
        Ok(Self {
            reaches,
            label: cells.take()?,
            primary: cells.take()?,
            opted_out: cells.take()?,
            invalid: cells.take()?,
        })
    }
}

impl Part for LeadTouch {
    const SQL: PartStatements =
        part_statements!("crm_lead_touch" of "lead", "at" "channel" "direction" "subject" "content");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.at)?.put(&self.channel)?.put(&self.direction)?.put(&self.subject)?.put(&self.content)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self {
            at: cells.take()?,
            channel: cells.take()?,
            direction: cells.take()?,
            subject: cells.take()?,
            content: cells.take()?,
        })
    }
}

fn matching(filter: &LeadFilter) -> Where<'_> {
    let LeadFilter { owner, queue, status, source, without_owner, waiting_in } = filter;
    Where::default()
        .and(Serves::Sorted, "waiting_in = ?", waiting_in.as_ref())
        .and(Serves::Ids, "owner = ?", owner.as_ref())
        .and(Serves::Ids, "queue = ?", queue.as_ref())
        .when(*without_owner == Some(true), Serves::Ids, "owner IS NULL")
        .and(Serves::Ids, "source = ?", source.as_ref())
        .and(Serves::Ids, "status = ?", status.as_ref())
        .when(*without_owner == Some(false), Serves::None, "owner IS NOT NULL")
}

/// The few leads with an e-mail address or a number, sorted. No lead has one twice.
const REACHED: InPart =
    InPart { join: "JOIN crm_lead_point AS part ON part.lead = row", condition: "part.value_key = ?", id: "+id" };
const REACHED_AT: &str = "row IN (SELECT lead FROM crm_lead_point WHERE value_key = ?)";

impl Leads for SqliteTx<'_> {
    family_methods!(Lead(LeadId), LeadFilter, matching { lead leads count_leads insert_lead insert_leads update_lead delete_lead });

    fn lead_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Lead>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn leads_with_email(&self, email: &EmailAddress, page: Page<LeadId>) -> Result<Vec<Lead>, StoreError> {
        let reached = Where::default().also(Serves::Part(REACHED), REACHED_AT, email_key(email));
        Ok(reached.by_id(self.connection, page)?)
    }

    fn leads_with_phone(&self, phone: &Phone, page: Page<LeadId>) -> Result<Vec<Lead>, StoreError> {
        let reached = Where::default().also(Serves::Part(REACHED), REACHED_AT, phone_key(phone));
        Ok(reached.by_id(self.connection, page)?)
    }

    fn leads_named(&self, name: &Name, page: Page<LeadId>) -> Result<Vec<Lead>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "name_key = ?", name.key()).by_id(self.connection, page)?)
    }

    fn leads_of_organisation(&self, name: &Name, page: Page<LeadId>) -> Result<Vec<Lead>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "organisation_key = ?", name.key()).by_id(self.connection, page)?)
    }

    fn waiting_leads(
        &self,
        queue: QueueId,
        order: WaitingOrder,
        page: Page<WaitingKey>,
    ) -> Result<Vec<Lead>, StoreError> {
        let column = match order {
            WaitingOrder::OldestFirst => "created_at",
            WaitingOrder::LongestWaitingFirst => "queued_at",
            WaitingOrder::LikeliestFirst => "unlikelihood",
        };
        let waiting = Where::default().with(Serves::All, "waiting_in = ?", queue);
        Ok(waiting.by(self.connection, column, page, None)?)
    }

    fn lead_load(&self, rep: SalesRepId) -> Result<u64, StoreError> {
        Ok(load(self, rep)?)
    }

    fn last_given(&self, reached: &ContactRef) -> Result<Option<(DateTime<Utc>, SalesRepId)>, StoreError> {
        Ok(match reached {
            ContactRef::Email(email) => last_given(self, &email_key(email))?,
            ContactRef::Phone(phone) => last_given(self, &phone_key(phone))?,
            ContactRef::Address(_) => None,
        })
    }
}

fn last_given(tx: &SqliteTx<'_>, key: &str) -> Done<Option<(DateTime<Utc>, SalesRepId)>> {
    // The `+` keeps SQLite from going through all leads that somebody has.
    let sql = "SELECT assigned_at, owner FROM crm_lead_point AS part JOIN crm_lead ON row = part.lead \
               WHERE part.value_key = ?1 AND +owner IS NOT NULL ORDER BY assigned_at DESC, owner DESC LIMIT 1";
    let mut statement = prepared(tx.connection, sql)?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::new(row, "crm_lead", &["assigned_at", "owner"]);
    Ok(Some((cells.take()?, cells.take()?)))
}

fn load(tx: &SqliteTx<'_>, rep: SalesRepId) -> Done<u64> {
    let load = "SELECT coalesce(sum(weight), 0) FROM crm_lead WHERE load_of = ?1";
    let load: i64 = prepared(tx.connection, load)?.query_row([Bound(&rep)], |row| row.get(0))?;
    Ok(load.unsigned_abs())
}
