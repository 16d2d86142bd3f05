//! What a search looks for, what it finds in a record, and in which order: the same on every store.

mod fold;
mod records;

use std::{cmp::Reverse, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use self::fold::{folded, words};
use crate::{
    invalid::{Invalid, Rule},
    journal::RecordRef,
};

/// One word of a text that is searched, folded: without case and diacritics, in compatible forms (`Ｚoë` is `zoe`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SearchWord<'a> {
    /// A word of a script that puts spaces between words, or a number. It is found by its beginning.
    Spaced(&'a str),
    /// A run of characters of scripts that put none (Han, Kana, Hangul, Thai, Lao, Khmer, Myanmar …). It is found by any part of it.
    Run(&'a str),
}

impl<'a> SearchWord<'a> {
    /// The most characters of a spaced word that count; what stands behind them is neither indexed nor compared.
    pub const LIMIT_CHARACTERS: usize = 64;

    /// The characters.
    pub const fn as_str(self) -> &'a str {
        match self {
            Self::Spaced(word) | Self::Run(word) => word,
        }
    }

    /// Whether this word of a text has what a word of a query looks for.
    fn has(self, sought: SearchWord<'_>) -> bool {
        match (self, sought) {
            (Self::Spaced(word), SearchWord::Spaced(beginning)) => word.starts_with(beginning),
            (Self::Run(run), SearchWord::Run(part)) => run.contains(part),
            _ => false,
        }
    }
}

/// What is searched of a record: what names it, the title, and the rest, the body.
///
/// ```
/// use crm_core::{SearchQuery, SearchText, SearchTier};
///
/// let text = SearchText::new().title("Müller & Söhne").body("wants 退款 by Friday");
/// assert_eq!(text.tier(&SearchQuery::parse("sohne MULLER")?), Some(SearchTier::WholeTitle));
/// assert_eq!(text.tier(&SearchQuery::parse("mul soh")?), Some(SearchTier::Title));
/// assert_eq!(text.tier(&SearchQuery::parse("müller 款")?), Some(SearchTier::Anywhere));
/// assert_eq!(text.tier(&SearchQuery::parse("müller monday")?), None);
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchText {
    title: String,
    body: String,
}

impl SearchText {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with more in the title.
    #[must_use]
    pub fn title(mut self, text: &str) -> Self {
        add(&mut self.title, text);
        self
    }

    /// The same with more in the body.
    #[must_use]
    pub fn body(mut self, text: &str) -> Self {
        add(&mut self.body, text);
        self
    }

    /// The same title with another body: what is searched of a message that belongs to the record.
    #[must_use]
    pub fn with_body(&self, text: &str) -> Self {
        Self { title: self.title.clone(), body: folded(text) }
    }

    /// The words of the title, in their order.
    pub fn title_words(&self) -> impl Iterator<Item = SearchWord<'_>> {
        words(&self.title)
    }

    /// The words of the body, in their order.
    pub fn body_words(&self) -> impl Iterator<Item = SearchWord<'_>> {
        words(&self.body)
    }

    /// How well it answers a query; `None` where a word of the query is missing. It is for stores that keep no index: it reads the whole text once a word.
    pub fn tier(&self, query: &SearchQuery) -> Option<SearchTier> {
        let all = |found: &dyn Fn(SearchWord<'_>) -> bool| query.words().all(found);
        let in_title = |sought: SearchWord<'_>| self.title_words().any(|word| word.has(sought));
        if all(&|sought| self.title_words().any(|word| word == sought)) {
            Some(SearchTier::WholeTitle)
        } else if all(&in_title) {
            Some(SearchTier::Title)
        } else if all(&|sought| in_title(sought) || self.body_words().any(|word| word.has(sought))) {
            Some(SearchTier::Anywhere)
        } else {
            None
        }
    }
}

impl fmt::Debug for SearchText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchText")
            .field("title_words", &self.title_words().count())
            .field("body_words", &self.body_words().count())
            .finish()
    }
}

/// Two texts that are put together share no word.
fn add(to: &mut String, text: &str) {
    if !to.is_empty() {
        to.push('\n');
    }
    to.push_str(&folded(text));
}

/// What a search looks for: words, all of which must be there, and the families that are looked through.
///
/// Each word of a script with spaces is sought at the beginning of words (`zhang w` finds Wei Zhang), each run of Han, Kana, Hangul, Thai and their like anywhere (`退款` in
/// `申请退款`), one character too. Case, diacritics and the width of characters do not matter. What is no letter and no digit parts words and is not looked for: there are no
/// operators, and `"a" OR b*` looks for three words. An apostrophe parts too: `o'bri` finds O'Brien, `obrien` does not. Archived customers are found like others. A telephone number is found by the beginning of its international form, without spaces.
///
/// ```
/// use crm_core::SearchQuery;
///
/// assert!(SearchQuery::parse("张三 o'bri").is_ok());
/// assert_eq!(SearchQuery::parse(" ").unwrap_err().to_string(), "search must not be empty");
/// assert_eq!(SearchQuery::parse("?!").unwrap_err().to_string(), "search must be something with a letter or a digit");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SearchQuery {
    folded: String,
    families: Vec<SearchFamily>,
}

impl SearchQuery {
    /// The most characters that a query may have.
    pub const LIMIT_CHARACTERS: usize = 200;
    /// The most words that it may have.
    pub const LIMIT_WORDS: usize = 16;

    /// A query over all families.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`], [`Rule::TooMany`] words, or [`Rule::Malformed`] where no letter and no digit stands in it.
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        let refused = |rule| Err(Invalid::personal("search", raw, rule));
        if raw.trim().is_empty() {
            return refused(Rule::Empty);
        }
        let characters = raw.chars().count();
        if characters > Self::LIMIT_CHARACTERS {
            return refused(Rule::TooLong { limit_characters: Self::LIMIT_CHARACTERS, characters });
        }
        let query = Self { folded: folded(raw), families: SearchFamily::ALL.to_vec() };
        match query.words().count() {
            0 => refused(Rule::Malformed { expected: "something with a letter or a digit" }),
            count if count > Self::LIMIT_WORDS => refused(Rule::TooMany { limit: Self::LIMIT_WORDS }),
            _ => Ok(query),
        }
    }

    /// The same query over some families only; over none, it finds nothing.
    #[must_use]
    pub fn only(mut self, families: impl IntoIterator<Item = SearchFamily>) -> Self {
        self.families = families.into_iter().collect();
        self.families.sort_unstable();
        self.families.dedup();
        self
    }

    /// The words, all of which must be there.
    pub fn words(&self) -> impl Iterator<Item = SearchWord<'_>> {
        words(&self.folded)
    }

    /// The families that are looked through, each once, in the order of their rank.
    pub fn families(&self) -> &[SearchFamily] {
        &self.families
    }
}

impl FromStr for SearchQuery {
    type Err = Invalid;
    fn from_str(raw: &str) -> Result<Self, Invalid> {
        Self::parse(raw)
    }
}

impl fmt::Debug for SearchQuery {
    /// What people look for is personal and does not show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchQuery").field("words", &self.words().count()).field("families", &self.families).finish()
    }
}

macro_rules! families {
    ($($(#[$doc:meta])* $family:ident = $code:literal,)*) => {
        /// A family whose records can be searched, in the order in which their hits come where they are equally good.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum SearchFamily {
            $($(#[$doc])* $family,)*
        }

        impl SearchFamily {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$family,)*];

            /// The number that stores keep the family by: the higher it is, the earlier its hits come. It never changes; there is room between any two.
            pub const fn code(self) -> u16 {
                match self {
                    $(Self::$family => $code,)*
                }
            }

            /// The family with a number.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code {
                    $($code => Some(Self::$family),)*
                    _ => None,
                }
            }
        }
    };
}

families! {
    /// Customers: names; what they need, e-mail addresses, telephone numbers, tags, external ids.
    Customer = 28_000,
    /// Leads: names of persons and organisations; interests, notes, e-mail addresses, telephone numbers, tags, external ids.
    Lead = 26_000,
    /// Opportunities: names; external ids, the notes of why they were lost.
    Opportunity = 24_000,
    /// Tickets: subjects and numbers; external ids and resolutions, or any one message.
    Ticket = 20_000,
    /// Interactions: subjects; contents, the names of those who took part and have no record, external ids.
    Interaction = 16_000,
    /// Activities: subjects; notes, what was said when they were done or cancelled, external ids.
    Activity = 14_000,
    /// Products: names and SKUs; categories.
    Product = 12_000,
    /// Price lists: names; external ids.
    PriceList = 11_000,
    /// Promotions: names and codes.
    Promotion = 10_000,
    /// Sales reps: names; external ids.
    SalesRep = 8_000,
    /// Agents: names; external ids.
    Agent = 4_000,
}

/// A record that can be searched.
pub trait Searched {
    /// Its family.
    const FAMILY: SearchFamily;

    /// What is searched of it. The messages of a ticket are not in the record: each is a text of its own, under the title of the ticket ([`SearchText::with_body`]).
    fn search_text(&self) -> SearchText;
}

/// How well a record answers a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchTier {
    /// Each word of the query is a whole word, or a whole run, of the title.
    WholeTitle,
    /// Each word of the query is found in the title.
    Title,
    /// Each word of the query is found in the title or in the body; of a ticket, in the title or in one and the same message.
    Anywhere,
}

/// Where a hit stands in the order of a search; the next page begins after it. Places ascend with the rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SearchPlace {
    tier: SearchTier,
    number: Reverse<u64>,
}

impl SearchPlace {
    /// The place of the record that was inserted into its family as the `count`th. Counts beyond 48 bits are cut off.
    pub const fn new(tier: SearchTier, family: SearchFamily, count: u64) -> Self {
        Self { tier, number: Reverse((family.code() as u64) << 48 | count & ((1 << 48) - 1)) }
    }

    /// How well the record answers the query.
    pub const fn tier(self) -> SearchTier {
        self.tier
    }

    /// The number that orders records of one tier, highest first: the family's code in 16 bits, then the count in 48.
    pub const fn number(self) -> u64 {
        self.number.0
    }
}

/// A record that answers a query, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchHit {
    /// The record.
    pub record: RecordRef,
    /// Where it stands; [`Page::after`](crate::store::Page::after) continues behind it.
    pub place: SearchPlace,
}

#[cfg(test)]
mod tests;
