//! What all clauses stand on: a store with something in it, and how it is looked at.

use std::{collections::BTreeMap, fmt::Display};

use crm_core::{
    Answer, Entry, Label, MessageKind, OrderId, PaymentEntry, Position, RecordRef, TicketMessage, TimelineItem,
    store::{Page, Records, RevenueEntry, Store, StoreError, StoreErrorKind, pages},
};

use super::{
    family::{Any, Family, Stored, all},
    figures::{AllFigures, all_figures},
    maker::{Maker, SLOTS, at, id, text, year},
    references::plain,
};

/// Consumers of the journal in the suite.
pub(crate) const CONSUMERS: &[&str] = &["mailer", "commission"];

pub(crate) fn label(raw: &str) -> Label {
    text(raw)
}

/// The value of a result that must be good.
#[track_caller]
pub(super) fn good<T>(result: Stored<T>, clause: impl Display) -> T {
    result.unwrap_or_else(|error| panic!("{clause}: {error} ({error:?})"))
}

/// Checks that a result is a refusal of a kind.
#[track_caller]
pub(super) fn refused<T>(result: Stored<T>, kind: &StoreErrorKind, clause: impl Display) {
    match result {
        Ok(_) => panic!("{clause}: it was accepted and must be refused with {kind:?}"),
        Err(error) => assert_eq!(error.kind(), kind, "{clause}: it was refused for another reason"),
    }
}

/// Runs a closure in a transaction that must succeed.
#[track_caller]
pub(super) fn write<S: Store, T>(store: &S, clause: impl Display, f: impl FnOnce(&mut S::Tx<'_>) -> Stored<T>) -> T {
    good(store.write(f), clause)
}

/// Runs a closure on a snapshot that must succeed.
#[track_caller]
pub(super) fn read<S: Store, T>(store: &S, clause: impl Display, f: impl FnOnce(&S::Tx<'_>) -> Stored<T>) -> T {
    good(store.read(f), clause)
}

/// Tries one thing in a transaction that commits whatever comes of it, and checks that a refusal changed nothing.
#[track_caller]
pub(super) fn refusal<S: Store, T>(
    store: &S,
    kind: &StoreErrorKind,
    clause: impl Display,
    attempt: impl FnOnce(&mut S::Tx<'_>) -> Stored<T>,
) {
    let before = look(store, &clause);
    let result = write(store, &clause, |tx| Ok(attempt(tx)));
    refused(result, kind, &clause);
    look(store, &clause).must_equal(&before, clause);
}

/// All that can be seen of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Everything {
    records: BTreeMap<Family, Vec<Any>>,
    counts: BTreeMap<Family, u64>,
    messages: Vec<TicketMessage>,
    timelines: Vec<Vec<TimelineItem>>,
    revenue: Vec<RevenueEntry>,
    payments: Vec<(OrderId, PaymentEntry)>,
    figures: AllFigures,
    answers: Vec<Answer>,
    journal: Vec<Entry>,
    cursors: Vec<Position>,
}

impl Everything {
    /// Names the first part that differs.
    #[track_caller]
    pub(crate) fn must_equal(&self, expected: &Self, clause: impl Display) {
        for family in Family::ALL {
            let (found, wanted) = (self.records.get(family), expected.records.get(family));
            assert_eq!(found, wanted, "{clause}: the {family}s differ");
            assert_eq!(
                self.counts.get(family),
                expected.counts.get(family),
                "{clause}: the count of {family}s differs"
            );
        }
        assert_eq!(self.messages, expected.messages, "{clause}: the messages differ");
        assert_eq!(self.timelines, expected.timelines, "{clause}: the timelines differ");
        assert_eq!(self.revenue, expected.revenue, "{clause}: the revenue differs");
        assert_eq!(self.payments, expected.payments, "{clause}: the payments differ");
        assert_eq!(self.figures, expected.figures, "{clause}: the figures differ");
        assert_eq!(self.answers, expected.answers, "{clause}: the answers differ");
        assert_eq!(self.journal, expected.journal, "{clause}: the journals differ");
        assert_eq!(self.cursors, expected.cursors, "{clause}: the cursors differ");
    }

    /// The same without the journal.
    pub(super) fn without_journal(mut self) -> Self {
        self.journal.clear();
        self
    }

    /// The same without what a backend may choose: the positions of the journal's entries.
    pub(crate) fn without_positions(mut self) -> Self {
        self.journal.iter_mut().for_each(|entry| entry.position = Position::START);
        self
    }
}

/// Reads all that can be seen.
pub(crate) fn everything<T: Records + ?Sized>(tx: &T) -> Stored<Everything> {
    let mut found = Everything::default();
    for family in Family::ALL {
        let records = all(tx, &family.no_filter())?;
        for record in records.iter().map(Any::id) {
            if let RecordRef::Ticket(id) = record {
                let messages = pages(1_000, |page| tx.messages(id, page), |message: &TicketMessage| message.number);
                found.messages.extend(messages.collect::<Stored<Vec<_>>>()?);
            }
            if let RecordRef::Customer(id) = record {
                let timeline = pages(1_000, |page| tx.timeline(id, page), |item: &TimelineItem| *item);
                found.timelines.push(timeline.collect::<Stored<_>>()?);
            }
        }
        found.records.insert(*family, records);
        found.counts.insert(*family, super::count(tx, &family.no_filter())?);
    }
    found.revenue = pages(1_000, |page| tx.revenue(year(), page), RevenueEntry::key).collect::<Stored<_>>()?;
    let key = |(order, entry): &(OrderId, PaymentEntry)| (entry.day, *order, entry.number);
    found.payments = pages(1_000, |page| tx.payments(year(), page), key).collect::<Stored<_>>()?;
    found.figures = all_figures(tx)?;
    let place = |answer: &Answer| (answer.key.clone(), answer.place);
    found.answers = pages(1_000, |page| tx.answers(page), place).collect::<Stored<_>>()?;
    found.journal = entries(tx)?;
    found.cursors = CONSUMERS.iter().map(|consumer| tx.cursor(&label(consumer))).collect::<Stored<_>>()?;
    Ok(found)
}

/// The whole journal.
pub(super) fn entries<T: Records + ?Sized>(tx: &T) -> Stored<Vec<Entry>> {
    pages(1_000, |page: Page<Position>| tx.entries(page), |entry| entry.position).collect()
}

/// All that can be seen, by a read of its own.
#[track_caller]
pub(super) fn look<S: Store>(store: &S, clause: impl Display) -> Everything {
    read(store, clause, |tx| everything(tx))
}

/// The records that others refer to: of each family that can be referred to, those with the numbers 1 to 3. Orders are drafts, which nobody counts.
pub(crate) fn ground() -> Vec<Any> {
    let mut maker = Maker::sound(1);
    let families = [
        Family::Product,
        Family::PriceList,
        Family::Promotion,
        Family::SalesRep,
        Family::Agent,
        Family::Customer,
        Family::Queue,
        Family::Opportunity,
        Family::Lead,
        Family::Quote,
        Family::Order,
        Family::Payment,
    ];
    let numbered = families.iter().flat_map(|family| (1..=SLOTS).map(|n| (*family, n)));
    let made = numbered.map(|(family, n)| match family {
        // These count for nothing; the first numbers are left to the clauses.
        Family::Lead => plain(family, n),
        Family::Quote => plain(family, n).with_unique("number", &format!("G-{n}")),
        Family::Order => maker.draft(n).into(),
        _ => maker.record(family, n),
    });
    made.collect()
}

/// A store with the records of [`ground`].
#[track_caller]
pub(super) fn founded<S: Store>(open: impl Fn() -> S, clause: &str) -> S {
    let store = open();
    write(&store, clause, |tx| insert_all(tx, &ground()));
    store
}

pub(super) fn insert_all<T: Records + ?Sized>(tx: &mut T, records: &[Any]) -> Stored<()> {
    records.iter().try_for_each(|record| record.insert(tx))
}

/// A record of each family with a number.
pub(super) fn one_of_each(n: u32, seed: u64) -> Vec<Any> {
    let mut maker = Maker::sound(seed);
    Family::ALL.iter().map(|family| maker.record(*family, n)).collect()
}

/// A message in the ticket with a number.
pub(crate) fn message(ticket: u32, number: u32) -> TicketMessage {
    let kind = match number % 3 {
        0 => MessageKind::CustomerReply,
        1 => MessageKind::AgentReply(id(1)),
        _ => MessageKind::Note(id(2)),
    };
    TicketMessage {
        ticket: id(ticket),
        number,
        at: at(number),
        kind,
        text: text("the lamp flickers\nsince this morning"),
    }
}

/// An error of the suite's own, to roll a transaction back with.
pub(super) fn own_error() -> StoreError {
    StoreError::new(StoreErrorKind::Backend).caused_by("the suite wants a rollback")
}
