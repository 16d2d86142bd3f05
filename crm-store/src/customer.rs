//! Customers in SQLite.

use std::collections::BTreeSet;

use crm_core::{
    Contact, ContactLabel, ContactPoint, ContactPoints, ContactValue, Customer, CustomerId, CustomerKind, CustomerType,
    EmailAddress, ExternalId, Invalid, Label, Name, Need, Phone, PostalAddress, RecordId, Revision,
    store::{CustomerFilter, Customers, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{InPart, Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells, Json},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

/// Which tables hold parts of a customer: a customer without tags costs no look for tags.
mod parts {
    pub(super) const EMAILS: i64 = 1;
    pub(super) const PHONES: i64 = 2;
    pub(super) const ADDRESSES: i64 = 4;
    pub(super) const TAGS: i64 = 8;
    pub(super) const NEEDS: i64 = 16;
    pub(super) const CONTACTS: i64 = 32;
}

fn parts_of(customer: &Customer) -> i64 {
    let one = |there: bool, part: i64| if there { part } else { 0 };
    one(!customer.emails.is_empty(), parts::EMAILS)
        | one(!customer.phones.is_empty(), parts::PHONES)
        | one(!customer.addresses.is_empty(), parts::ADDRESSES)
        | one(!customer.tags.is_empty(), parts::TAGS)
        | one(!customer.needs.is_empty(), parts::NEEDS)
        | one(customer.contacts().next().is_some(), parts::CONTACTS)
}

/// A customer and what is stored of its parts.
pub(crate) struct CustomerDraft {
    customer: Customer,
    emails: Vec<Point<EmailAddress>>,
    phones: Vec<Point<Phone>>,
    addresses: Vec<Point<PostalAddress>>,
    tags: Vec<Tag>,
    contacts: Vec<Contact>,
}

impl Table for Customer {
    type Id = CustomerId;
    type Draft = CustomerDraft;

    const RECORD: &'static str = "customer";
    const SQL: Statements = statements!("crm_customer", parts: "parts",
        "external_id" "kind" "name" "birth_date" "gender" "region" "parent" "owner" "archived_at", derived: "name_key" "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[
        (
            "customers",
            "SELECT count(*) FROM (SELECT row FROM crm_customer WHERE parent = ?1
             UNION SELECT customer FROM crm_customer_contact WHERE person = ?1)
             WHERE row <> (SELECT row FROM crm_customer WHERE id = ?1)",
        ),
        (
            "interactions",
            "SELECT count(*) FROM (SELECT row FROM crm_interaction WHERE customer = ?1
             UNION SELECT interaction FROM crm_interaction_participant WHERE customer = ?1)",
        ),
        ("leads", "SELECT count(*) FROM crm_lead WHERE became_organisation = ?1 OR became_person = ?1"),
        (
            "opportunities",
            "SELECT (SELECT count(*) FROM crm_opportunity WHERE customer = ?1)
             + (SELECT count(DISTINCT opportunity) FROM crm_opportunity_contact CROSS JOIN crm_opportunity ON row = opportunity
                WHERE person = ?1 AND customer IS NOT ?1)",
        ),
        ("activities", "SELECT count(*) FROM crm_activity WHERE customer = ?1 OR person = ?1"),
        ("quotes", "SELECT count(*) FROM crm_quote WHERE customer = ?1"),
        ("orders", "SELECT count(*) FROM crm_order WHERE customer = ?1"),
        ("tickets", "SELECT count(*) FROM crm_ticket WHERE customer = ?1"),
        ("redemptions", "SELECT count(*) FROM crm_redemption WHERE customer = ?1"),
    ];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "name"]));

    fn id(&self) -> CustomerId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id.as_ref().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let parent = self.parent.map(|parent| ("parent", Self::SQL.table, parent.uuid()));
        let contacts = self.contacts().map(|contact| ("contacts", Self::SQL.table, contact.person.uuid()));
        let owner = self.owner.map(|owner| ("owner", "crm_sales_rep", owner.uuid()));
        let needs = self.needs.iter().filter_map(|need| Some(("needs", "crm_product", need.product?.uuid())));
        parent.into_iter().chain(owner).chain(contacts).chain(needs).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id)?
            .put(&self.kind.name())?
            .put(&self.name)?
            .put(&self.birth_date())?
            .put(&self.gender())?
            .put(&self.region)?
            .put(&self.parent)?
            .put(&self.owner)?
            .put(&self.archived_at)?
            .put(&self.name.key())?
            .put(&parts_of(self))?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<CustomerDraft> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let external_id = cells.take()?;
        let kind: CustomerType = cells.take()?;
        let name = cells.take()?;
        let (birth_date, gender) = (cells.take()?, cells.take()?);
        let kind = match kind {
            CustomerType::Person => CustomerKind::Person { birth_date, gender },
            CustomerType::Organisation => CustomerKind::Organisation { contacts: BTreeSet::new() },
        };
        let customer = Self {
            id,
            revision,
            created_at,
            updated_at,
            external_id,
            name,
            kind,
            emails: ContactPoints::new(),
            phones: ContactPoints::new(),
            addresses: ContactPoints::new(),
            region: cells.take()?,
            parent: cells.take()?,
            owner: cells.take()?,
            tags: BTreeSet::new(),
            needs: Vec::new(),
            archived_at: cells.take()?,
        };
        let (emails, phones, addresses) = (Vec::new(), Vec::new(), Vec::new());
        Ok(CustomerDraft { customer, emails, phones, addresses, tags: Vec::new(), contacts: Vec::new() })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(parts::EMAILS, |draft| &mut draft.emails)?;
        drafts.read(parts::PHONES, |draft| &mut draft.phones)?;
        drafts.read(parts::ADDRESSES, |draft| &mut draft.addresses)?;
        drafts.read(parts::TAGS, |draft| &mut draft.tags)?;
        drafts.read(parts::NEEDS, |draft| &mut draft.customer.needs)?;
        drafts.read(parts::CONTACTS, |draft| &mut draft.contacts)
    }

    fn finish(draft: CustomerDraft) -> Result<Self, Invalid> {
        let CustomerDraft { mut customer, emails, phones, addresses, tags, contacts: stored } = draft;
        customer.emails = points(emails)?;
        customer.phones = points(phones)?;
        customer.addresses = points(addresses)?;
        customer.tags = tags.into_iter().map(|stored| stored.tag).collect();
        if let CustomerKind::Organisation { contacts } = &mut customer.kind {
            *contacts = stored.into_iter().collect();
        }
        Ok(customer)
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(parts::EMAILS, |customer| stored_points(&customer.emails))?;
        parts.write(parts::PHONES, |customer| stored_points(&customer.phones))?;
        parts.write(parts::ADDRESSES, |customer| stored_points(&customer.addresses))?;
        parts.write(parts::TAGS, |customer| {
            customer.tags.iter().map(|tag| Tag { customer: customer.id, tag: tag.clone() }).collect::<Vec<_>>()
        })?;
        parts.write(parts::NEEDS, |customer| customer.needs.as_slice())?;
        parts.write(parts::CONTACTS, |customer| customer.contacts().cloned().collect::<Vec<_>>())
    }
}

/// A contact point with the mark of the primary one.
#[derive(PartialEq)]
pub(crate) struct Point<T> {
    point: ContactPoint<T>,
    primary: bool,
}

fn stored_points<T: ContactValue + Clone + PartialEq>(points: &ContactPoints<T>) -> Vec<Point<T>> {
    let primary = points.primary();
    points.iter().map(|point| Point { point: point.clone(), primary: Some(point) == primary }).collect()
}

fn points<T: ContactValue>(stored: Vec<Point<T>>) -> Result<ContactPoints<T>, Invalid> {
    if stored.is_empty() {
        return Ok(ContactPoints::new());
    }
    // Without a mark the place lies outside, which is refused as any contradiction is.
    let primary = stored.iter().position(|point| point.primary).unwrap_or(stored.len());
    ContactPoints::from_parts(stored.into_iter().map(|stored| stored.point).collect(), primary)
}

fn read_point<T>(value: T, cells: &mut Cells<'_, '_>) -> Done<Point<T>> {
    let label: ContactLabel = cells.take()?;
    let primary = cells.take()?;
    Ok(Point { point: ContactPoint { value, label, opted_out: cells.take()?, invalid: cells.take()? }, primary })
}

impl<T> Point<T> {
    fn bind_marks<'b, 's, 'c>(&self, binder: &'b mut Binder<'s, 'c>) -> Done<&'b mut Binder<'s, 'c>> {
        let ContactPoint { value: _, label, opted_out, invalid } = &self.point;
        binder.put(label)?.put(&self.primary)?.put(opted_out)?.put(invalid)
    }
}

impl Part for Point<EmailAddress> {
    const SQL: PartStatements = part_statements!("crm_customer_email" of "customer", "value" "label" "is_primary" "opted_out" "invalid", derived: "value_key");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.point.value)?;
        self.bind_marks(binder)?.put(&self.point.value.key())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let value = cells.take()?;
        read_point(value, cells)
    }
}

impl Part for Point<Phone> {
    const SQL: PartStatements = part_statements!("crm_customer_phone" of "customer", "value" "label" "is_primary" "opted_out" "invalid", derived: "value_key");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.point.value)?;
        self.bind_marks(binder)?.put(&ContactValue::key(&self.point.value))?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let value = cells.take()?;
        read_point(value, cells)
    }
}

impl Part for Point<PostalAddress> {
    const SQL: PartStatements =
        part_statements!("crm_customer_address" of "customer", "value" "label" "is_primary" "opted_out" "invalid");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&Json::of(&self.point.value)?)?;
        self.bind_marks(binder)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let value = cells.take_json()?;
        read_point(value, cells)
    }
}

/// A tag with the id of its customer, to be listed by that.
#[derive(PartialEq)]
pub(crate) struct Tag {
    customer: CustomerId,
    tag: Label,
}

impl Part for Tag {
    const SQL: PartStatements = part_statements!("crm_customer_tag" of "customer", "tag" "customer_id");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.tag)?.put(&self.customer)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self { tag: cells.take()?, customer: cells.take()? })
    }
}

impl Part for Need {
    const SQL: PartStatements = part_statements!("crm_customer_need" of "customer", "kind" "text" "product");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.kind)?.put(&self.text)?.put(&self.product)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self { kind: cells.take()?, text: cells.take()?, product: cells.take()? })
    }
}

impl Part for Contact {
    const SQL: PartStatements = part_statements!("crm_customer_contact" of "customer", "person" "role");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder.put(&self.person)?.put(&self.role)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        Ok(Self { person: cells.take()?, role: cells.take()? })
    }
}

fn matching(filter: &CustomerFilter) -> Where<'_> {
    let CustomerFilter { kind, owner, without_owner, region, parent, tag, archived } = filter;
    let organisation = *kind == Some(CustomerType::Organisation);
    Where::default()
        .and(Serves::Few, "parent = ?", parent.as_ref())
        .and(Serves::All, "owner = ?", owner.as_ref())
        .when(*without_owner == Some(true), Serves::All, "owner IS NULL")
        .and(Serves::Part(TAGGED), TAG, tag.as_ref())
        .and(Serves::Ids, "region = ?", region.as_ref())
        .when(*archived == Some(true), Serves::Ids, "archived_at IS NOT NULL")
        .when(organisation, Serves::Ids, "kind = 'organisation'")
        .and(Serves::None, "kind = ?", kind.as_ref().filter(|_| !organisation))
        .when(*archived == Some(false), Serves::None, "archived_at IS NULL")
        .when(*without_owner == Some(false), Serves::None, "owner IS NOT NULL")
}

/// The customers with a tag, by id.
const TAGGED: InPart = InPart {
    join: "JOIN crm_customer_tag AS part ON part.customer = row",
    condition: "part.tag = ?",
    id: "part.customer_id",
};
const TAG: &str = "EXISTS (SELECT 1 FROM crm_customer_tag AS part WHERE part.customer = row AND part.tag = ?)";

/// The few customers with an e-mail address, sorted. No customer has one address twice.
const WITH_EMAIL: InPart = InPart {
    join: "JOIN crm_customer_email AS part ON part.customer = row",
    condition: "part.value_key = ?",
    id: "+id",
};

/// The few customers with a telephone number, sorted.
const WITH_PHONE: InPart = InPart { join: "JOIN crm_customer_phone AS part ON part.customer = row", ..WITH_EMAIL };

impl Customers for SqliteTx<'_> {
    family_methods!(Customer(CustomerId), CustomerFilter, matching { customer customers count_customers insert_customer insert_customers update_customer delete_customer });

    fn customer_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Customer>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }

    fn customers_by_name(
        &self,
        filter: &CustomerFilter,
        page: Page<(String, CustomerId)>,
    ) -> Result<Vec<Customer>, StoreError> {
        Ok(matching(filter).by(self.connection, "name_key", page, None)?)
    }

    fn customers_named(&self, name: &Name, page: Page<CustomerId>) -> Result<Vec<Customer>, StoreError> {
        Ok(Where::default().also(Serves::Ids, "name_key = ?", name.key()).by_id(self.connection, page)?)
    }

    fn customers_with_email(&self, email: &EmailAddress, page: Page<CustomerId>) -> Result<Vec<Customer>, StoreError> {
        let with = "row IN (SELECT customer FROM crm_customer_email WHERE value_key = ?)";
        Ok(Where::default().also(Serves::Part(WITH_EMAIL), with, email.key()).by_id(self.connection, page)?)
    }

    fn customers_with_phone(&self, phone: &Phone, page: Page<CustomerId>) -> Result<Vec<Customer>, StoreError> {
        let with = "row IN (SELECT customer FROM crm_customer_phone WHERE value_key = ?)";
        let key = ContactValue::key(phone);
        Ok(Where::default().also(Serves::Part(WITH_PHONE), with, key).by_id(self.connection, page)?)
    }
}
