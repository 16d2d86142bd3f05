//! Finding: the expressions of FTS5 for a query, and the hits in the order of their rank.
//!
//! Each tier of the rank is an expression of its own that FTS5 reads from the newest row down, no further than the page needs. On a first page of several words the titles are read
//! once for both tiers where all of them fit the page.

use std::{collections::BTreeSet, fmt::Write as _, sync::LazyLock};

use crm_core::{
    SearchFamily, SearchHit, SearchPlace, SearchQuery, SearchTier, SearchWord,
    store::{Page, Search, StoreError},
};
use rusqlite::{CachedStatement, Connection, Row};
use uuid::Uuid;

use super::{Documents, FAMILY_SHIFT, document_bits, lost, pairs, range, record, table, title};
use crate::{error::Done, row::Column as _, table::prepared, transaction::SqliteTx};

/// Whether the records of the tiers before are known, or an expression must leave them out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Known,
    LeftOut,
}

/// A word that is sought.
#[derive(Clone, Copy)]
pub(super) struct Sought<'q> {
    pub(super) word: SearchWord<'q>,
    /// `false` where no body in the index has it.
    pub(super) in_body: bool,
}

/// The expression of a tier; `None` where it has no records. The words hold letters, digits and marks only, so nothing of FTS5's language gets in.
pub(super) fn expression(words: &[Sought<'_>], tier: SearchTier, before: Before) -> Option<String> {
    let (found, earlier) = match tier {
        SearchTier::WholeTitle => return Some(whole_title(words)),
        SearchTier::Title => (in_title(words), whole_title(words)),
        SearchTier::Anywhere => (anywhere(words)?, in_title(words)),
    };
    Some(match before {
        Before::Known => found,
        Before::LeftOut => format!("({found}) NOT ({earlier})"),
    })
}

/// All words whole in the title.
fn whole_title(words: &[Sought<'_>]) -> String {
    all(words, |word| format!("\"{}\"", whole(word)))
}

/// All words in the title.
fn in_title(words: &[Sought<'_>]) -> String {
    all(words, |word| part('t', word))
}

/// All words, wherever they stand: `NEAR` at a distance that no text has.
///
/// FTS5 walks through the rows of `NEAR` faster than through those of `AND`, and opens no further word when one is nowhere. The last one comes first: it may be half typed, and is then
/// seldom a whole word.
fn all(words: &[Sought<'_>], of: impl Fn(SearchWord<'_>) -> String) -> String {
    let phrases = joined(words.iter().rev().map(|sought| of(sought.word)), " ");
    if words.len() == 1 { phrases } else { format!("NEAR({phrases}, {EVERYWHERE})") }
}

/// More words than any text has.
const EVERYWHERE: u32 = 1_000_000_000;

/// All words, in the title or in the body: what has all of them in the title is found by the tiers before, and passed over or left out.
fn anywhere(words: &[Sought<'_>]) -> Option<String> {
    let one = match words.iter().filter(|sought| sought.in_body).count() {
        0 => return None,
        bodies => bodies == 1,
    };
    let either = |sought: &Sought<'_>| {
        let [title, body] = ['t', 'b'].map(|mark| part(mark, sought.word));
        match sought.in_body {
            // It must be the body that has the only one.
            true if one => body,
            true => format!("({title} OR {body})"),
            false => title,
        }
    };
    Some(joined(words.iter().map(either), " AND "))
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

/// The letters of a word that FTS5 has an index of its beginning for: those of `prefix` in the schema, without the mark.
const INDEXED: usize = 6;

/// What tells quickly that no body has a word. `None` where that is the word itself.
///
/// FTS5 seeks the first word with a beginning that has no index of its length by walking over all pages of the word before it, which may stand in a million bodies.
fn beginning(word: SearchWord<'_>) -> Option<String> {
    match word {
        SearchWord::Spaced(word) => {
            let (end, _) = word.char_indices().nth(INDEXED)?;
            Some(part('b', SearchWord::Spaced(&word[..end])))
        }
        SearchWord::Run(run) => run.char_indices().nth(2).map(|(end, _)| part('b', SearchWord::Run(&run[..end]))),
    }
}

/// The term of a word or a run that stands whole in the title.
fn whole(word: SearchWord<'_>) -> String {
    match word {
        SearchWord::Spaced(word) => format!("t{word}"),
        SearchWord::Run(run) => format!("w{run}"),
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

/// Finds the newest rows of a range that an expression lets through, with the ids of their records, and with their terms where they are asked for.
static FIND: LazyLock<String> = LazyLock::new(|| {
    let mut ids = String::new();
    for family in SearchFamily::ALL {
        let (code, table, (first, _)) = (family.code(), table(*family), range(*family));
        let bits = document_bits(*family);
        // Writing to a String does not fail.
        let _ = write!(
            ids,
            " WHEN {code} THEN (SELECT id FROM {table} WHERE row = (crm_search.rowid - {first}) >> {bits})"
        );
    }
    format!(
        "SELECT rowid, CASE rowid >> {FAMILY_SHIFT}{ids} END, CASE WHEN ?4 THEN terms END FROM crm_search
         WHERE crm_search MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC"
    )
});

/// The rows of the families of a query, as ranges, from the highest down.
fn ranges(query: &SearchQuery) -> Vec<(i64, i64)> {
    if query.families() == SearchFamily::ALL {
        return vec![(0, i64::MAX)];
    }
    query.families().iter().map(|family| range(*family)).collect()
}

/// The highest row of the index that stands behind a place.
fn behind(place: SearchPlace) -> i64 {
    let number = i64::try_from(place.number()).unwrap_or(i64::MAX);
    let Some(family) = family(number) else { return number - 1 };
    // A record that has no room in the index is none: all of the family stand behind.
    Documents::of(family, number & !range(family).0).map_or(range(family).1, |documents| documents.head - 1)
}

fn family(number: i64) -> Option<SearchFamily> {
    u16::try_from(number >> FAMILY_SHIFT).ok().and_then(SearchFamily::from_code)
}

/// The documents of a record stand side by side. When so many of them were passed over, the reading begins anew behind them.
const PASSED_OVER: u32 = 16;

/// What is read, and the tier of the hits.
struct Sifted<'a> {
    expression: &'a str,
    tier: SearchTier,
    /// A title with all of these terms makes a hit of the first tier; none are looked for where there are none.
    whole: &'a [String],
}

impl Sifted<'_> {
    fn tier(&self, row: &Row<'_>) -> Done<SearchTier> {
        if self.whole.is_empty() {
            return Ok(self.tier);
        }
        let terms: String = row.get(2)?;
        let whole = self.whole.iter().all(|whole| title(&terms).split(' ').any(|term| term == whole));
        Ok(if whole { SearchTier::WholeTitle } else { self.tier })
    }
}

/// What was found so far.
struct Found {
    left: u16,
    hits: Vec<SearchHit>,
    /// The records, as the number of their first document.
    heads: BTreeSet<i64>,
}

impl Found {
    /// Takes hits from ranges of rows, none above the highest row, until the page is full.
    fn take(
        &mut self,
        statement: &mut CachedStatement<'_>,
        sifted: &Sifted<'_>,
        ranges: &[(i64, i64)],
        highest: i64,
    ) -> Done<()> {
        for (from, to) in ranges {
            let mut to = highest.min(*to);
            while self.left > 0 && *from <= to {
                match self.read(statement, sifted, (*from, to))? {
                    Some(next) => to = next,
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Takes the hits of the first two tiers, if there is room for all of them with one more; otherwise the first page of both.
    fn take_titles(
        &mut self,
        statement: &mut CachedStatement<'_>,
        words: &[Sought<'_>],
        ranges: &[(i64, i64)],
    ) -> Done<()> {
        let limit = self.left;
        let whole: Vec<String> = words.iter().map(|sought| whole(sought.word)).collect();
        let titles = Sifted { expression: &in_title(words), tier: SearchTier::Title, whole: &whole };
        self.take(statement, &titles, ranges, i64::MAX)?;
        if self.left == 0 {
            // Behind these, some may have all words whole.
            (self.left, self.heads) = (limit, BTreeSet::new());
            let whole = Sifted { expression: &whole_title(words), tier: SearchTier::WholeTitle, whole: &[] };
            self.take(statement, &whole, ranges, i64::MAX)?;
            self.left = 0;
        }
        self.hits.sort_unstable_by_key(|hit| hit.place);
        self.hits.dedup();
        self.hits.truncate(limit.into());
        Ok(())
    }

    /// Reads rows until the page is full, none is left, or a conversation is long: then the row is given from which to read on.
    fn read(
        &mut self,
        statement: &mut CachedStatement<'_>,
        sifted: &Sifted<'_>,
        (from, to): (i64, i64),
    ) -> Done<Option<i64>> {
        let mut rows = statement.query((sifted.expression, from, to, !sifted.whole.is_empty()))?;
        let (mut passed, mut last) = (0, None);
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            let family = family(number).ok_or_else(|| lost(number))?;
            let Documents { head, .. } = Documents::around(family, number);
            if self.heads.insert(head) {
                let id = Uuid::read(row.get_ref(1)?).ok_or_else(|| lost(number))?;
                let count = (head - range(family).0) >> document_bits(family);
                let place = SearchPlace::new(sifted.tier(row)?, family, count.unsigned_abs());
                self.hits.push(SearchHit { record: record(family, id), place });
                self.left -= 1;
                if self.left == 0 {
                    return Ok(None);
                }
            }
            passed = if last == Some(head) { passed + 1 } else { 0 };
            last = Some(head);
            if passed == PASSED_OVER {
                return Ok(Some(head - 1));
            }
        }
        Ok(None)
    }
}

/// Notes which words no body in some rows has.
fn look_into_bodies(statement: &mut CachedStatement<'_>, words: &mut [Sought<'_>], (from, to): (i64, i64)) -> Done<()> {
    let several = words.len() > 1;
    for sought in words {
        let asked = beginning(sought.word).or_else(|| several.then(|| part('b', sought.word)));
        if let Some(asked) = asked {
            sought.in_body = statement.query((asked, from, to, false))?.next()?.is_some();
        }
    }
    Ok(())
}

fn search(connection: &Connection, query: &SearchQuery, page: Page<SearchPlace>) -> Done<Vec<SearchHit>> {
    let mut statement = prepared(connection, &FIND)?;
    let mut found = Found { left: page.limit, hits: Vec::new(), heads: BTreeSet::new() };
    let mut words: Vec<Sought<'_>> = query.words().map(|word| Sought { word, in_body: true }).collect();
    let ranges = ranges(query);
    let (Some((_, to)), Some((from, _))) = (ranges.first(), ranges.last()) else { return Ok(Vec::new()) };
    // A page that begins in the middle does not know what stands before it.
    let before = if page.after.is_none() { Before::Known } else { Before::LeftOut };
    let mut tiers = &[SearchTier::WholeTitle, SearchTier::Title, SearchTier::Anywhere][..];
    if page.after.is_none() && words.len() > 1 {
        found.take_titles(&mut statement, &words, &ranges)?;
        tiers = &[SearchTier::Anywhere];
    }
    for tier in tiers.iter().copied() {
        let highest = match page.after {
            Some(after) if after.tier() > tier => continue,
            Some(after) if after.tier() == tier => behind(after),
            _ => i64::MAX,
        };
        if found.left == 0 {
            break;
        }
        if tier == SearchTier::Anywhere {
            look_into_bodies(&mut statement, &mut words, (*from, *to))?;
        }
        let Some(expression) = expression(&words, tier, before) else { break };
        found.take(&mut statement, &Sifted { expression: &expression, tier, whole: &[] }, &ranges, highest)?;
    }
    Ok(found.hits)
}

impl Search for SqliteTx<'_> {
    fn search(&self, query: &SearchQuery, page: Page<SearchPlace>) -> Result<Vec<SearchHit>, StoreError> {
        Ok(search(self.connection, query, page)?)
    }
}
