//! The full-text index: what is searched of each record, as terms of FTS5.
//!
//! FTS5 neither parts nor folds words; [`SearchText`] has done both, and each term begins with a letter that says what it is:
//!
//! | | | |
//! |---|---|---|
//! | `t` | the title | each spaced word; of a run, each pair of characters that stand side by side and its last character |
//! | `w` | the title | each run, whole |
//! | `b` | the body | as `t`; a spaced word once |
//!
//! A record is one document, and so is each message of its conversation, with the title of the record before it: so a message costs what it is long, however much was said
//! before. A row has the family's code in its highest 16 bits, then the row of the record; where the family has conversations, that takes 30 bits, and the last 18 say which document
//! it is: none for the record itself, one more than its number for a message. So a family is a range of rows, a record is one, and the order of rows is that of the rank.

mod find;

use std::collections::BTreeSet;

use crm_core::{
    Activity, ActivityId, Agent, AgentId, Customer, CustomerId, Interaction, InteractionId, Lead, LeadId, Opportunity,
    OpportunityId, PriceList, PriceListId, Product, ProductId, Promotion, PromotionId, RecordId as _, RecordRef,
    SalesRep, SalesRepId, SearchFamily, SearchText, SearchWord, Searched, Ticket, TicketId,
    store::{StoreErrorKind, pages},
};
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::Where,
    table::{Table, prepared, row_of},
};

/// How the records of a table are searched.
pub(crate) struct Index<T> {
    family: SearchFamily,
    /// The columns of which something is searched; parts always count.
    columns: &'static [&'static str],
    conversation: Option<Conversation>,
    text: fn(&T) -> SearchText,
}

/// Hands each message that belongs to the row of a record to the last argument, with its number.
pub(crate) type Conversation = fn(&Connection, i64, &mut dyn FnMut(u32, &str) -> Done<()>) -> Done<()>;

impl<T: Searched> Index<T> {
    /// By what the record itself says.
    pub(crate) const fn of(columns: &'static [&'static str]) -> Self {
        Self { family: T::FAMILY, columns, conversation: None, text: T::search_text }
    }

    /// And by what was said about it.
    pub(crate) const fn and(self, conversation: Conversation) -> Self {
        Self { conversation: Some(conversation), ..self }
    }
}

impl<T> Index<T> {
    /// Whether one of these columns is searched.
    pub(crate) fn has_any<'a>(&self, mut columns: impl Iterator<Item = &'a str>) -> bool {
        columns.any(|column| self.columns.contains(&column))
    }

    /// Puts a new record in.
    pub(crate) fn insert(&self, connection: &Connection, row: i64, record: &T) -> Done<()> {
        put(connection, INSERT, Documents::of(self.family, row)?.head, &terms(&(self.text)(record)))
    }

    /// Brings what is stored of a record to what it says now.
    pub(crate) fn update(&self, connection: &Connection, row: i64, record: &T) -> Done<()> {
        let (documents, terms) = (Documents::of(self.family, row)?, terms(&(self.text)(record)));
        let before = match stored(connection, documents.head)? {
            Some(stored) if stored == terms => return Ok(()),
            Some(stored) => {
                put(connection, UPDATE, documents.head, &terms)?;
                stored
            }
            None => {
                put(connection, INSERT, documents.head, &terms)?;
                String::new()
            }
        };
        let title = title(&terms);
        if self.conversation.is_none() || title == self::title(&before) {
            return Ok(());
        }
        // Each message is found together with the title.
        let mut below = documents.last + 1;
        while let Some((number, said)) = newest_message(connection, documents, below)? {
            put(connection, UPDATE, number, &joined(title, &said[self::title(&said).len()..]))?;
            below = number;
        }
        Ok(())
    }

    /// Takes a record out, with its messages.
    pub(crate) fn delete(&self, connection: &Connection, row: i64) -> Done<()> {
        let Documents { head, last } = Documents::of(self.family, row)?;
        match self.conversation {
            None => prepared(connection, "DELETE FROM crm_search WHERE rowid = ?1")?.execute([head])?,
            Some(_) => {
                prepared(connection, "DELETE FROM crm_search WHERE rowid BETWEEN ?1 AND ?2")?.execute([head, last])?
            }
        };
        Ok(())
    }

    /// Puts a message in that belongs to a record.
    pub(crate) fn append(&self, connection: &Connection, row: i64, number: u32, said: &str) -> Done<()> {
        let documents = Documents::of(self.family, row)?;
        let head = stored(connection, documents.head)?.unwrap_or_default();
        let said = terms(&SearchText::new().body(said));
        put(connection, INSERT, documents.message(number)?, &joined(title(&head), &said))
    }

    /// Hands each document of a record that should be there to `work`.
    fn each_document(
        &self,
        connection: &Connection,
        row: i64,
        record: &T,
        mut work: impl FnMut(i64, &str) -> Done<()>,
    ) -> Done<()> {
        let (documents, text) = (Documents::of(self.family, row)?, (self.text)(record));
        work(documents.head, &terms(&text))?;
        let mut said = |number, said: &str| work(documents.message(number)?, &terms(&text.with_body(said)));
        self.conversation.map_or(Ok(()), |conversation| conversation(connection, row, &mut said))
    }
}

const INSERT: &str = "INSERT INTO crm_search (rowid, terms) VALUES (?1, ?2)";
const UPDATE: &str = "UPDATE crm_search SET terms = ?2 WHERE rowid = ?1";

fn put(connection: &Connection, sql: &str, number: i64, terms: &str) -> Done<()> {
    match prepared(connection, sql)?.execute((number, terms))? {
        1 => Ok(()),
        _ => Err(lost(number).into()),
    }
}

fn lost(number: i64) -> StoreErrorKind {
    StoreErrorKind::Corrupt { table: "crm_search", column: "rowid", row: Some(number) }
}

fn stored(connection: &Connection, number: i64) -> Done<Option<String>> {
    let mut statement = prepared(connection, "SELECT terms FROM crm_search WHERE rowid = ?1")?;
    Ok(statement.query_row([number], |row| row.get(0)).optional()?)
}

/// The last message of a record below a row of the index.
fn newest_message(connection: &Connection, documents: Documents, below: i64) -> Done<Option<(i64, String)>> {
    let newest = "SELECT rowid, terms FROM crm_search WHERE rowid BETWEEN ?1 AND ?2 ORDER BY rowid DESC LIMIT 1";
    let mut statement = prepared(connection, newest)?;
    let found = statement.query_row([documents.head + 1, below - 1], |row| Ok((row.get(0)?, row.get(1)?)));
    Ok(found.optional()?)
}

/// The bits above a row of the index are the code of its family.
const FAMILY_SHIFT: u32 = 48;
/// The lowest bits of a row of a family with conversations: which document of the record it is. Others have none, so that rows are close: FTS5 keeps the distance to the next.
const DOCUMENT_BITS: u32 = 18;

/// The rows of a family in the index, from the lowest to the highest.
const fn range(family: SearchFamily) -> (i64, i64) {
    // A code has 16 bits, and the highest is not set.
    let first = (family.code() as i64) << FAMILY_SHIFT;
    (first, first | ((1 << FAMILY_SHIFT) - 1))
}

/// The rows of one record in the index.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Documents {
    head: i64,
    last: i64,
}

impl Documents {
    fn of(family: SearchFamily, row: i64) -> Done<Self> {
        let (bits, (first, end)) = (document_bits(family), range(family));
        if !(0..=(end - first) >> bits).contains(&row) {
            return Err(StoreErrorKind::StorageFull.into());
        }
        let head = first | row << bits;
        Ok(Self { head, last: head | ((1 << bits) - 1) })
    }

    /// Those among which a row of the index is.
    fn around(family: SearchFamily, number: i64) -> Self {
        let others = (1 << document_bits(family)) - 1;
        Self { head: number & !others, last: number | others }
    }

    fn message(self, number: u32) -> Done<i64> {
        let row = self.head + 1 + i64::from(number);
        if row <= self.last { Ok(row) } else { Err(StoreErrorKind::StorageFull.into()) }
    }
}

/// The terms of a text, those of the title first.
fn terms(text: &SearchText) -> String {
    let mut terms = Terms::default();
    for word in text.title_words() {
        if let SearchWord::Run(run) = word {
            terms.push('w', run);
        }
        terms.word('t', word);
    }
    let mut known = BTreeSet::new();
    for word in text.body_words() {
        match word {
            // A word is found as well by its first place as by all of them.
            SearchWord::Spaced(spaced) if !known.insert(spaced) => {}
            word => terms.word('b', word),
        }
    }
    terms.0
}

/// Those of the title.
fn title(terms: &str) -> &str {
    let body = if terms.starts_with('b') { Some(0) } else { terms.find(" b") };
    body.map_or(terms, |body| &terms[..body])
}

fn joined(title: &str, body: &str) -> String {
    let body = body.trim_start();
    if title.is_empty() || body.is_empty() { format!("{title}{body}") } else { format!("{title} {body}") }
}

/// Terms that are put together.
#[derive(Default)]
struct Terms(String);

impl Terms {
    fn word(&mut self, mark: char, word: SearchWord<'_>) {
        match word {
            SearchWord::Spaced(word) => self.push(mark, word),
            SearchWord::Run(run) => pairs(run).for_each(|pair| self.push(mark, pair)),
        }
    }

    fn push(&mut self, mark: char, word: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push(mark);
        self.0.push_str(word);
    }
}

/// Each two characters that stand side by side, then the last character alone.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let ends = run.char_indices().map(|(start, c)| start + c.len_utf8());
    let starts = run.char_indices().map(|(start, _)| start);
    starts.zip(ends.skip(1).chain(std::iter::once(run.len()))).map(|(start, end)| &run[start..end])
}

macro_rules! searched {
    ($($record:ident($id:ident))*) => {
        /// The table of a family.
        const fn table(family: SearchFamily) -> &'static str {
            match family {
                $(SearchFamily::$record => <$record as Table>::SQL.table,)*
            }
        }

        /// How many bits of a row of the index say which document of the record it is.
        const fn document_bits(family: SearchFamily) -> u32 {
            match family {
                $(SearchFamily::$record => match <$record as Table>::SEARCH {
                    Some(Index { conversation: Some(_), .. }) => DOCUMENT_BITS,
                    _ => 0,
                },)*
            }
        }

        fn record(family: SearchFamily, id: Uuid) -> RecordRef {
            match family {
                $(SearchFamily::$record => RecordRef::$record($id::from_uuid(id)),)*
            }
        }

        /// How many documents of each family are not in the index as they should be, and how many documents of the index are of no record. It reads all of them.
        pub(crate) fn differences(connection: &Connection) -> Done<Vec<(&'static str, u64)>> {
            Ok(vec![$((<$record as Table>::RECORD, differ::<$record>(connection)?),)*])
        }

        /// Makes the index anew from the records.
        fn fill(connection: &Connection) -> Done<()> {
            $(each::<$record>(connection, |index, row, record| {
                index.each_document(connection, row, record, |number, terms| put(connection, INSERT, number, terms))
            })?;)*
            Ok(())
        }
    };
}

searched! {
    Customer(CustomerId) Lead(LeadId) Opportunity(OpportunityId) Ticket(TicketId) Interaction(InteractionId) Activity(ActivityId) Product(ProductId) PriceList(PriceListId) Promotion(PromotionId) SalesRep(SalesRepId) Agent(AgentId)
}

/// Hands each record of a table that is searched to `work`, with its row.
fn each<T: Table>(connection: &Connection, mut work: impl FnMut(&Index<T>, i64, &T) -> Done<()>) -> Done<()> {
    let Some(index) = T::SEARCH else { return Ok(()) };
    for record in pages(256, |page| Where::default().by_id::<T>(connection, page), Table::id) {
        let record = record?;
        if let Some(row) = row_of::<T>(connection, record.id())? {
            work(&index, row, &record)?;
        }
    }
    Ok(())
}

fn differ<T: Table + Searched>(connection: &Connection) -> Done<u64> {
    let (mut differ, mut found) = (0, 0);
    each::<T>(connection, |index, row, record| {
        index.each_document(connection, row, record, |number, terms| {
            let stored = stored(connection, number)?;
            found += u64::from(stored.is_some());
            differ += u64::from(stored.as_deref() != Some(terms));
            Ok(())
        })
    })?;
    let rows = "SELECT count(*) FROM crm_search WHERE rowid BETWEEN ?1 AND ?2";
    let rows: i64 = connection.query_row(rows, range(T::FAMILY), |row| row.get(0))?;
    Ok(differ + rows.unsigned_abs().saturating_sub(found))
}

/// Drops the index and makes it again, as the schema says it, from the records.
pub(crate) fn rebuild(connection: &Connection) -> Done<()> {
    let made = "SELECT sql FROM sqlite_schema WHERE name = 'crm_search'";
    let made: String = connection.query_row(made, [], |row| row.get(0))?;
    connection.execute_batch(&format!("DROP TABLE crm_search; {made}; {SETTINGS}"))?;
    fill(connection)?;
    Ok(connection.execute_batch("INSERT INTO crm_search (crm_search) VALUES ('optimize')")?)
}

/// How many pages the index has.
pub(crate) fn size(connection: &Connection) -> Done<i64> {
    Ok(connection.query_row("SELECT count(*) FROM crm_search_data", [], |row| row.get(0))?)
}

/// Merges segments of the index, until so many pages are written; below zero, it begins to merge all of them into one. Says whether there was anything to do.
pub(crate) fn merge(connection: &Connection, pages: i64) -> Done<bool> {
    let before = connection.total_changes();
    prepared(connection, "INSERT INTO crm_search (crm_search, rank) VALUES ('merge', ?1)")?.execute([pages])?;
    // The statement itself counts for one.
    Ok(connection.total_changes() - before > 1)
}

/// Deleted text leaves no trace in the index, and a merging that was begun goes on where others have added two or three segments. The settings stand in the table.
const SETTINGS: &str = "INSERT INTO crm_search (crm_search, rank) VALUES ('secure-delete', 1);
    INSERT INTO crm_search (crm_search, rank) VALUES ('usermerge', 2);";

#[cfg(test)]
mod tests;
