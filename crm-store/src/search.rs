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
//! So a run is found by a phrase of pairs, one character by a prefix, and each tier of the rank is an expression of its own that FTS5 reads from the newest row down, no further than
//! the page needs. A row has the family's code in its highest bits, then the row of the record: a family is a range of rows, and the order of rows is that of the rank.

use std::{collections::BTreeSet, fmt::Write as _, sync::LazyLock};

use crm_core::{
    Agent, AgentId, Customer, CustomerId, Interaction, InteractionId, Opportunity, OpportunityId, Product, ProductId,
    RecordId as _, RecordRef, SalesRep, SalesRepId, SearchFamily, SearchHit, SearchPlace, SearchQuery, SearchText,
    SearchTier, SearchWord, Searched, Ticket, TicketId,
    store::{Page, Search, StoreError, StoreErrorKind, pages},
};
use rusqlite::{Connection, OptionalExtension as _};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::Where,
    row::Column as _,
    table::{Table, prepared, row_of},
    transaction::SqliteTx,
};

/// How the records of a table are searched.
pub(crate) struct Index<T> {
    family: SearchFamily,
    /// The columns of which something is searched; parts always count.
    columns: &'static [&'static str],
    text: fn(&Connection, i64, &T) -> Done<SearchText>,
}

impl<T: Searched> Index<T> {
    /// By what the record itself says.
    pub(crate) const fn of(columns: &'static [&'static str]) -> Self {
        Self::with(columns, |_, _, record| Ok(record.search_text()))
    }

    /// By what it says and what belongs to its row.
    pub(crate) const fn with(
        columns: &'static [&'static str],
        text: fn(&Connection, i64, &T) -> Done<SearchText>,
    ) -> Self {
        Self { family: T::FAMILY, columns, text }
    }
}

impl<T> Index<T> {
    /// Whether one of these columns is searched.
    pub(crate) fn has_any<'a>(&self, mut columns: impl Iterator<Item = &'a str>) -> bool {
        columns.any(|column| self.columns.contains(&column))
    }

    /// Puts a new record in.
    pub(crate) fn insert(&self, connection: &Connection, row: i64, record: &T) -> Done<()> {
        put(connection, INSERT, number(self.family, row)?, &terms(&(self.text)(connection, row, record)?))
    }

    /// Brings what is stored of a record to what it says now.
    pub(crate) fn update(&self, connection: &Connection, row: i64, record: &T) -> Done<()> {
        let (number, terms) = (number(self.family, row)?, terms(&(self.text)(connection, row, record)?));
        match stored(connection, number)? {
            Some(stored) if stored == terms => Ok(()),
            Some(_) => put(connection, UPDATE, number, &terms),
            None => put(connection, INSERT, number, &terms),
        }
    }

    /// Takes a record out.
    pub(crate) fn delete(&self, connection: &Connection, row: i64) -> Done<()> {
        prepared(connection, "DELETE FROM crm_search WHERE rowid = ?1")?.execute([number(self.family, row)?])?;
        Ok(())
    }

    /// Adds to the body of a record.
    pub(crate) fn append(&self, connection: &Connection, row: i64, text: &str) -> Done<()> {
        let number = number(self.family, row)?;
        let stored = stored(connection, number)?.unwrap_or_default();
        let mut terms = Terms::after(&stored);
        terms.body(&SearchText::new().body(text));
        if terms.new.is_empty() { Ok(()) } else { put(connection, UPDATE, number, &terms.put_together()) }
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

/// The bits of a number that hold the row of the record.
const ROW: i64 = (1 << 48) - 1;

/// The row in the index of a row of a family.
fn number(family: SearchFamily, row: i64) -> Done<i64> {
    if row & !ROW != 0 {
        return Err(StoreErrorKind::StorageFull.into());
    }
    Ok(i64::from(family.code()) << 48 | row)
}

/// The terms of a text.
fn terms(text: &SearchText) -> String {
    let mut terms = Terms::after("");
    for word in text.title_words() {
        if let SearchWord::Run(run) = word {
            terms.push('w', run);
        }
        terms.word('t', word);
    }
    terms.body(text);
    terms.put_together()
}

/// Terms that are put together.
struct Terms<'a> {
    stored: &'a str,
    new: String,
    /// The spaced words of the body that are there already.
    known: BTreeSet<String>,
}

impl<'a> Terms<'a> {
    fn after(stored: &'a str) -> Self {
        let known = stored.split(' ').filter_map(|term| term.strip_prefix('b')).map(str::to_owned).collect();
        Self { stored, new: String::new(), known }
    }

    fn body(&mut self, text: &SearchText) {
        for word in text.body_words() {
            match word {
                // A word is found as well by its first place as by all of them.
                SearchWord::Spaced(spaced) if !self.known.insert(spaced.to_owned()) => {}
                word => self.word('b', word),
            }
        }
    }

    fn word(&mut self, mark: char, word: SearchWord<'_>) {
        match word {
            SearchWord::Spaced(word) => self.push(mark, word),
            SearchWord::Run(run) => pairs(run).for_each(|pair| self.push(mark, pair)),
        }
    }

    fn push(&mut self, mark: char, word: &str) {
        if !self.new.is_empty() {
            self.new.push(' ');
        }
        self.new.push(mark);
        self.new.push_str(word);
    }

    fn put_together(self) -> String {
        if self.stored.is_empty() { self.new } else { format!("{} {}", self.stored, self.new) }
    }
}

/// Each two characters that stand side by side, then the last character alone.
fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let ends = run.char_indices().map(|(start, c)| start + c.len_utf8());
    let starts = run.char_indices().map(|(start, _)| start);
    starts.zip(ends.skip(1).chain(std::iter::once(run.len()))).map(|(start, end)| &run[start..end])
}

/// The expression of a tier, without the records of the tiers before it. The words hold letters, digits and marks only, so nothing of FTS5's language gets in.
fn expression(query: &SearchQuery, tier: SearchTier) -> String {
    let all = |of: fn(SearchWord<'_>) -> String| query.words().map(of).collect::<Vec<_>>().join(" AND ");
    let in_title = || all(|word| part('t', word));
    match tier {
        SearchTier::WholeTitle => all(whole),
        SearchTier::Title => format!("({}) NOT ({})", in_title(), all(whole)),
        SearchTier::Anywhere => {
            let anywhere = all(|word| format!("({} OR {})", part('t', word), part('b', word)));
            format!("({anywhere}) NOT ({})", in_title())
        }
    }
}

/// A word or a run that stands whole in the title.
fn whole(word: SearchWord<'_>) -> String {
    match word {
        SearchWord::Spaced(word) => format!("\"t{word}\""),
        SearchWord::Run(run) => format!("\"w{run}\""),
    }
}

/// The beginning of a word, or any part of a run.
fn part(mark: char, word: SearchWord<'_>) -> String {
    match word {
        SearchWord::Run(run) if run.chars().nth(1).is_some() => {
            let pairs: Vec<String> = pairs(run).map(|pair| format!("{mark}{pair}")).collect();
            // The last one is the last character alone, which need not be the last one of the run that is sought.
            format!("\"{}\"", pairs[..pairs.len() - 1].join(" "))
        }
        word => format!("\"{mark}{}\"*", word.as_str()),
    }
}

macro_rules! searched {
    ($($record:ident($id:ident))*) => {
        /// The table of a family.
        const fn table(family: SearchFamily) -> &'static str {
            match family {
                $(SearchFamily::$record => <$record as Table>::SQL.table,)*
            }
        }

        fn record(family: SearchFamily, id: Uuid) -> RecordRef {
            match family {
                $(SearchFamily::$record => RecordRef::$record($id::from_uuid(id)),)*
            }
        }

        /// How many records of each family are not in the index as they are, and how many rows of the index are of no record. It reads all of them.
        pub(crate) fn differences(connection: &Connection) -> Done<Vec<(&'static str, u64)>> {
            Ok(vec![$((<$record as Table>::RECORD, differ::<$record>(connection)?),)*])
        }

        /// Makes the index anew from the records.
        fn fill(connection: &Connection) -> Done<()> {
            $(each::<$record>(connection, |index, row, record| index.insert(connection, row, record))?;)*
            Ok(())
        }
    };
}

searched! {
    Customer(CustomerId) Opportunity(OpportunityId) Ticket(TicketId) Interaction(InteractionId) Product(ProductId) SalesRep(SalesRepId) Agent(AgentId)
}

/// Finds the newest rows of a range that an expression lets through, with the ids of their records.
static FIND: LazyLock<String> = LazyLock::new(|| {
    let mut ids = String::new();
    for family in SearchFamily::ALL {
        let (code, table) = (family.code(), table(*family));
        // Writing to a String does not fail.
        let _ = write!(ids, " WHEN {code} THEN (SELECT id FROM {table} WHERE row = crm_search.rowid & {ROW})");
    }
    format!(
        "SELECT rowid, CASE rowid >> 48{ids} END FROM crm_search
         WHERE crm_search MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC LIMIT ?4"
    )
});

/// The rows of the families of a query, as ranges, from the highest down.
fn ranges(query: &SearchQuery) -> Vec<(i64, i64)> {
    if query.families() == SearchFamily::ALL {
        return vec![(0, i64::MAX)];
    }
    let range = |family: &SearchFamily| (i64::from(family.code()) << 48, i64::from(family.code()) << 48 | ROW);
    query.families().iter().map(range).collect()
}

fn search(connection: &Connection, query: &SearchQuery, page: Page<SearchPlace>) -> Done<Vec<SearchHit>> {
    let mut statement = prepared(connection, &FIND)?;
    let (ranges, mut left, mut hits) = (ranges(query), page.limit, Vec::new());
    for tier in [SearchTier::WholeTitle, SearchTier::Title, SearchTier::Anywhere] {
        let below = match page.after {
            Some(after) if after.tier() > tier => continue,
            Some(after) if after.tier() == tier => i64::try_from(after.number()).unwrap_or(i64::MAX),
            _ => i64::MAX,
        };
        let expression = expression(query, tier);
        for (from, to) in &ranges {
            let to = *to.min(&(below - 1));
            if left == 0 || to < *from {
                continue;
            }
            let mut rows = statement.query((&expression, from, to, left))?;
            while let Some(row) = rows.next()? {
                let number: i64 = row.get(0)?;
                let family = u16::try_from(number >> 48).ok().and_then(SearchFamily::from_code);
                let (Some(family), Some(id)) = (family, Uuid::read(row.get_ref(1)?)) else {
                    return Err(lost(number).into());
                };
                let place = SearchPlace::new(tier, family, (number & ROW).unsigned_abs());
                left -= 1;
                hits.push(SearchHit { record: record(family, id), place });
            }
        }
    }
    Ok(hits)
}

impl Search for SqliteTx<'_> {
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Result<Vec<SearchHit>, StoreError> {
        Ok(search(self.connection, query, page)?)
    }
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
        let stored = stored(connection, number(index.family, row)?)?;
        found += u64::from(stored.is_some());
        differ += u64::from(stored != Some(terms(&(index.text)(connection, row, record)?)));
        Ok(())
    })?;
    let range = (i64::from(T::FAMILY.code()) << 48, i64::from(T::FAMILY.code()) << 48 | ROW);
    let rows = "SELECT count(*) FROM crm_search WHERE rowid BETWEEN ?1 AND ?2";
    let rows: i64 = connection.query_row(rows, range, |row| row.get(0))?;
    Ok(differ + rows.unsigned_abs().saturating_sub(found))
}

/// Drops the index and makes it again, as the schema says it, from the records.
pub(crate) fn rebuild(connection: &Connection) -> Done<()> {
    let made = "SELECT sql FROM sqlite_schema WHERE name = 'crm_search'";
    let made: String = connection.query_row(made, [], |row| row.get(0))?;
    connection.execute_batch(&format!("DROP TABLE crm_search; {made}; {SECURE_DELETE}"))?;
    fill(connection)
}

/// Deleted text leaves no trace in the index; the setting stands in the table.
const SECURE_DELETE: &str = "INSERT INTO crm_search (crm_search, rank) VALUES ('secure-delete', 1);";

#[cfg(test)]
mod tests;
