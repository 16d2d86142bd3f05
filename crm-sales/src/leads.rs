//! Taking leads in, working them, and finding who is in already.

use std::collections::BTreeMap;

use crm_core::{
    Act, ContactRef, Customer, Disqualification, Lead, LeadFact, LeadId, LeadPatch, LeadPlace, LeadTouch, NewLead,
    RecordRef, SalesRep, SalesRepId, Text,
    store::{Customers, Journal, Leads, Page, SalesReps, StoreError, pages},
};

use crate::{
    error::SalesError,
    record::{self, once},
    team::seller,
};

/// Takes a lead in, with a rep or with nobody yet.
///
/// # Errors
///
/// - [`SalesError::Lead`] as [`Lead::add`], and [`OwnLead`](crm_core::LeadError::OwnLead) for a rep who is the lead.
/// - [`SalesError::NotFound`] or [`SalesError::Inactive`] for the rep.
/// - [`SalesError::Store`]: the id or the external id is taken, or the product is missing.
///
/// # Examples
///
/// ```
/// use crm_core::{Disqualification, LeadStatus, NewLead, store::Store};
/// use crm_sales::{SalesError, add_lead, disqualify_lead, qualify_lead};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let zhang = add_lead(tx, act, NewLead::person("张三".parse()?).source("web".parse()?))?;
///     assert_eq!(qualify_lead(tx, act, zhang.id)?.status(), LeadStatus::Qualified);
///
///     // "other" says nothing by itself (LEAD-1).
///     let why = Disqualification { reason: "other".parse()?, note: None };
///     let refused = disqualify_lead(tx, act, zhang.id, why).unwrap_err();
///     assert_eq!(refused.invalid().map(|invalid| invalid.field()), Some("note"));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn add_lead(
    tx: &mut (impl Leads + SalesReps + Journal + ?Sized),
    act: &mut Act,
    new: NewLead,
) -> Result<Lead, SalesError> {
    once(tx, act, "add_lead", new, |tx, act, new| {
        let id = new.id.unwrap_or_else(|| act.new_id());
        let lead = Lead::add(id, act.at(), new)?;
        lead.owner().map_or(Ok(()), |owner| may_own(tx, &lead, owner))?;
        record::add(tx, act, lead, |lead| LeadFact::Added { lead })
    })
}

/// Refuses a rep who does not sell, or who is the lead (LEAD-2).
pub(crate) fn may_own(tx: &(impl SalesReps + ?Sized), lead: &Lead, rep: SalesRepId) -> Result<(), SalesError> {
    Ok(lead.may_be_owned_by(&seller(tx, rep)?)?)
}

/// Changes the data of a lead that is not converted; where nothing is different, nothing is written.
///
/// # Errors
///
/// - [`SalesError::NotFound`]; [`SalesError::Conflict`] where the patch expects another revision.
/// - [`SalesError::Lead`] as [`Lead::revise`], and where the rep who has it would become the lead (LEAD-2).
/// - [`SalesError::Store`]: the external id is taken, or the product is missing.
pub fn revise_lead(
    tx: &mut (impl Leads + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    patch: LeadPatch,
) -> Result<Lead, SalesError> {
    once(tx, act, "revise_lead", (id, patch), |tx, act, (id, patch)| {
        record::change(tx, act, id, patch.expected, |tx, lead: &mut Lead| {
            let fact = lead.revise(act.at(), patch)?;
            if let (Some(_), Some(owner)) = (&fact, lead.owner()) {
                let owner: SalesRep = record::find(tx, owner)?;
                lead.may_be_owned_by(&owner)?;
            }
            Ok(fact)
        })
    })
}

/// Notes what was said to or by a lead. Where the lead is converted, it becomes an interaction of the customer (CONV-6).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::touch`].
pub fn log_lead_touch(
    tx: &mut (impl Leads + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    touch: LeadTouch,
) -> Result<Lead, SalesError> {
    once(tx, act, "log_lead_touch", (id, touch), |tx, act, (id, touch)| {
        record::change(tx, act, id, None, |_, lead: &mut Lead| Ok(Some(lead.touch(act.at(), touch)?)))
    })
}

/// Gives a lead to a rep by hand, whatever queue it stands in; `None` takes it from them, and where it stands in a
/// queue it waits there again. Where they have it already, nothing is written.
///
/// # Errors
///
/// [`SalesError::NotFound`] for the lead or the rep, [`SalesError::Inactive`], [`SalesError::Store`];
/// [`SalesError::Lead`] as [`Lead::put`], and [`OwnLead`](crm_core::LeadError::OwnLead).
pub fn give_lead(
    tx: &mut (impl Leads + SalesReps + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    rep: Option<SalesRepId>,
) -> Result<Lead, SalesError> {
    once(tx, act, "give_lead", (id, rep), |tx, act, (id, rep)| {
        record::change(tx, act, id, None, |tx, lead: &mut Lead| {
            let before = lead.owner();
            let fact = lead.put(act.at(), LeadPlace { owner: rep, ..lead.place() })?;
            rep.filter(|rep| before != Some(*rep)).map_or(Ok(()), |rep| may_own(tx, lead, rep))?;
            Ok(fact)
        })
    })
}

/// Begins to work a lead, or works it again.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::begin_work`].
pub fn work_lead(tx: &mut (impl Leads + Journal + ?Sized), act: &mut Act, id: LeadId) -> Result<Lead, SalesError> {
    once(tx, act, "work_lead", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, lead: &mut Lead| Ok(Some(lead.begin_work(act.at())?)))
    })
}

/// Finds a lead worth a deal.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::qualify`].
pub fn qualify_lead(tx: &mut (impl Leads + Journal + ?Sized), act: &mut Act, id: LeadId) -> Result<Lead, SalesError> {
    once(tx, act, "qualify_lead", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, lead: &mut Lead| Ok(Some(lead.qualify(act.at())?)))
    })
}

/// Puts a lead off until later.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::nurture`].
pub fn nurture_lead(tx: &mut (impl Leads + Journal + ?Sized), act: &mut Act, id: LeadId) -> Result<Lead, SalesError> {
    once(tx, act, "nurture_lead", id, |tx, act, id| {
        record::change(tx, act, id, None, |_, lead: &mut Lead| Ok(Some(lead.nurture(act.at())?)))
    })
}

/// Finds a lead to be none, for a reason (LEAD-1).
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::disqualify`].
pub fn disqualify_lead(
    tx: &mut (impl Leads + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    why: Disqualification,
) -> Result<Lead, SalesError> {
    once(tx, act, "disqualify_lead", (id, why), |tx, act, (id, why)| {
        record::change(tx, act, id, None, |_, lead: &mut Lead| Ok(Some(lead.disqualify(act.at(), why)?)))
    })
}

/// Works a disqualified lead again; the journal keeps why.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::reopen`].
pub fn reopen_lead(
    tx: &mut (impl Leads + Journal + ?Sized),
    act: &mut Act,
    id: LeadId,
    reason: Text,
) -> Result<Lead, SalesError> {
    once(tx, act, "reopen_lead", (id, reason), |tx, act, (id, reason)| {
        record::change(tx, act, id, None, |_, lead: &mut Lead| Ok(Some(lead.reopen(act.at(), reason)?)))
    })
}

/// Deletes a lead that was not converted, and gives it as it was. One that came to nothing is better disqualified: then
/// reports count it.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`]; [`SalesError::Lead`] as [`Lead::deletable`].
pub fn delete_lead(tx: &mut (impl Leads + Journal + ?Sized), act: &mut Act, id: LeadId) -> Result<Lead, SalesError> {
    once(tx, act, "delete_lead", id, |tx, act, id| {
        record::remove(tx, act, id, |lead: &Lead| Ok(lead.deletable()?), |lead| LeadFact::Deleted { lead })
    })
}

/// By what two records may be of the same person or organisation (DUP-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DuplicateKey {
    /// The same e-mail address: an exact key.
    Email,
    /// The same telephone number: an exact key.
    Phone,
    /// The same id in another system: an exact key.
    ExternalId,
    /// The same name, however it is spelt, of the person or of the organisation: a soft key, for somebody to look at.
    Name,
}

impl DuplicateKey {
    /// Whether it alone tells that they are the same.
    pub const fn is_exact(self) -> bool {
        !matches!(self, Self::Name)
    }
}

/// A record that may be of the same person or organisation as a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateHint {
    /// A customer or another lead.
    pub record: RecordRef,
    /// All keys that they share, the most telling first.
    pub by: Vec<DuplicateKey>,
}

/// Who may be the same as a lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DuplicateHints {
    /// Those who share the most telling keys first, then by record.
    pub hints: Vec<DuplicateHint>,
    /// Keys that more than 20 customers or more than 20 leads share with it: that many tell nothing, and none of them is
    /// named (DUP-2).
    pub crowded: Vec<DuplicateKey>,
}

/// So many records with one key still tell something (DUP-2).
const TELLING: u16 = 20;

/// Customers, archived ones too, and other leads that may be the same as a lead.
///
/// # Errors
///
/// [`SalesError::NotFound`], [`SalesError::Store`].
///
/// ```
/// use crm_core::{NewCustomer, NewLead, store::Store};
/// use crm_sales::{DuplicateKey, SalesError, add_lead, duplicate_hints, register_customer};
/// use crm_testkit::{Acts, MemoryStore};
///
/// let (store, mut acts) = (MemoryStore::new(), Acts::new());
/// store.write(|tx| {
///     let act = &mut acts.next("alice");
///     let known = NewCustomer::person("张三".parse()?).email("zhang@example.com".parse()?);
///     let known = register_customer(tx, act, known)?;
///     let lead = add_lead(tx, act, NewLead::of_email("Zhang@Example.com".parse()?))?;
///     let hints = duplicate_hints(tx, lead.id)?.hints;
///     assert_eq!((hints[0].record, hints[0].by.as_slice()), (known.id.into(), &[DuplicateKey::Email][..]));
///     Ok::<_, SalesError>(())
/// })?;
/// # Ok::<(), SalesError>(())
/// ```
pub fn duplicate_hints(tx: &(impl Leads + Customers + ?Sized), id: LeadId) -> Result<DuplicateHints, SalesError> {
    let lead: Lead = record::find(tx, id)?;
    let mut found = Found { lead: id, by: BTreeMap::new(), crowded: Vec::new() };
    let page = || Page::first(TELLING + 1);
    for point in lead.emails() {
        let email = &point.value;
        found.note(DuplicateKey::Email, &tx.customers_with_email(email, page())?, |one| one.id.into());
        // One more, which is the lead itself.
        let leads = tx.leads_with_email(email, Page::first(TELLING + 2))?;
        found.note(DuplicateKey::Email, &leads, |one| one.id.into());
    }
    for point in lead.phones() {
        let phone = &point.value;
        found.note(DuplicateKey::Phone, &tx.customers_with_phone(phone, page())?, |one| one.id.into());
        let leads = tx.leads_with_phone(phone, Page::first(TELLING + 2))?;
        found.note(DuplicateKey::Phone, &leads, |one| one.id.into());
    }
    if let Some(external_id) = lead.external_id() {
        let customer: Vec<Customer> = tx.customer_by_external_id(external_id)?.into_iter().collect();
        found.note(DuplicateKey::ExternalId, &customer, |one| one.id.into());
    }
    let leads = || Page::first(TELLING + 2);
    if let Some(name) = lead.name() {
        found.note(DuplicateKey::Name, &tx.customers_named(name, page())?, |one| one.id.into());
        found.note(DuplicateKey::Name, &tx.leads_named(name, leads())?, |one| one.id.into());
    }
    if let Some(name) = lead.organisation() {
        found.note(DuplicateKey::Name, &tx.customers_named(name, page())?, |one| one.id.into());
        found.note(DuplicateKey::Name, &tx.leads_of_organisation(name, leads())?, |one| one.id.into());
    }
    let Found { by, mut crowded, .. } = found;
    crowded.sort_unstable();
    crowded.dedup();
    let mut hints: Vec<DuplicateHint> = by.into_iter().map(|(record, by)| DuplicateHint { record, by }).collect();
    hints.sort_by(|a, b| a.by.cmp(&b.by).then_with(|| a.record.cmp(&b.record)));
    Ok(DuplicateHints { hints, crowded })
}

/// What was found so far.
struct Found {
    lead: LeadId,
    by: BTreeMap<RecordRef, Vec<DuplicateKey>>,
    crowded: Vec<DuplicateKey>,
}

impl Found {
    fn note<R>(&mut self, key: DuplicateKey, records: &[R], id: impl Fn(&R) -> RecordRef) {
        let own: RecordRef = self.lead.into();
        let others: Vec<RecordRef> = records.iter().map(id).filter(|record| *record != own).collect();
        if others.len() > usize::from(TELLING) {
            self.crowded.push(key);
            return;
        }
        for record in others {
            let keys = self.by.entry(record).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
}

/// How many customers with one address are held in memory at a time.
const PAGE: u16 = 20;

/// The rep who had the customer of a lead before, which nobody has now: of the leads with one of its addresses or numbers
/// the one who was given theirs last, else who looks after a customer with one of them (ASG-10).
pub(crate) fn previous_rep(
    tx: &(impl Leads + Customers + ?Sized),
    lead: &Lead,
) -> Result<Option<SalesRepId>, StoreError> {
    let emails = lead.emails().iter().map(|point| ContactRef::Email(point.value.clone()));
    let phones = lead.phones().iter().map(|point| ContactRef::Phone(point.value.clone()));
    let reached: Vec<ContactRef> = emails.chain(phones).collect();
    let mut last = None;
    for one in &reached {
        last = last.max(tx.last_given(one)?);
    }
    if let Some((_, rep)) = last {
        return Ok(Some(rep));
    }
    for one in &reached {
        let with_it = |page| match one {
            ContactRef::Email(email) => tx.customers_with_email(email, page),
            ContactRef::Phone(phone) => tx.customers_with_phone(phone, page),
            ContactRef::Address(_) => Ok(Vec::new()),
        };
        for customer in pages(PAGE, with_it, |customer| customer.id) {
            if let Some(owner) = customer?.owner {
                return Ok(Some(owner));
            }
        }
    }
    Ok(None)
}
