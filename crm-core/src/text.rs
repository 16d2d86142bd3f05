//! Text that was checked once, at the border: names, labels, free text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::invalid::{Invalid, Rule};

/// Trims, then refuses what is empty, over-long or holds a character that `forbidden` names.
pub(crate) fn checked(raw: &str, limit_characters: usize, forbidden: fn(char) -> bool) -> Result<&str, Rule> {
    if is_plain(raw) && raw.len() <= limit_characters && !(forbidden(' ') && raw.contains(' ')) {
        return Ok(raw);
    }
    checked_at_length(raw, limit_characters, forbidden)
}

/// Whether a text is printable ASCII that begins and ends with something to be seen: then no rule but those for length and spaces can be broken.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let visible = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    visible(bytes.first()) && visible(bytes.last()) && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn checked_at_length(raw: &str, limit_characters: usize, forbidden: fn(char) -> bool) -> Result<&str, Rule> {
    let text = raw.trim();
    // Zero-width characters and byte order marks alone would look like nothing at all.
    if text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}')) {
        return Err(Rule::Empty);
    }
    if let Some((position, character)) = text.chars().enumerate().find(|(_, c)| forbidden(*c)) {
        return Err(Rule::ControlCharacter { character, position });
    }
    // A text has at most as many characters as bytes, so short ones need no count.
    if text.len() > limit_characters {
        let characters = text.chars().count();
        if characters > limit_characters {
            return Err(Rule::TooLong { limit_characters, characters });
        }
    }
    Ok(text)
}

/// What a text is compared by: composed (NFC), lower case, runs of white space as one space.
pub(crate) fn folded(text: &str) -> String {
    let lower: String = text.nfc().flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident { field: $field:literal, limit: $limit:literal, forbidden: $forbidden:expr, refusal: $refusal:ident })*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters that it may have.
            pub const LIMIT_CHARACTERS: usize = $limit;

            /// Checks and keeps `raw`, without the white space around it.
            ///
            /// # Errors
            ///
            /// [`Rule::Empty`], [`Rule::TooLong`] or [`Rule::ControlCharacter`].
            pub fn parse(raw: &str) -> Result<Self, Invalid> {
                match checked(raw, Self::LIMIT_CHARACTERS, $forbidden) {
                    Ok(text) => Ok(Self(text.into())),
                    Err(rule) => Err(Invalid::$refusal($field, raw, rule)),
                }
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Invalid;
            fn from_str(raw: &str) -> Result<Self, Invalid> {
                Self::parse(raw)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(raw: String) -> Result<Self, Invalid> {
                Self::parse(&raw)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Invalid;
            fn try_from(raw: &str) -> Result<Self, Invalid> {
                Self::parse(raw)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

texts! {
    /// The name of a person, an organisation, a product or a plan: one line in any script, 1 to 200 characters.
    ///
    /// `Debug` shows its length only, since a name is personal; `Display` shows it.
    ///
    /// ```
    /// use crm_core::Name;
    ///
    /// let name: Name = "  张三 ".parse()?;
    /// assert_eq!(name.as_str(), "张三");
    /// assert_eq!(format!("{name:?}"), "Name(2 characters)");
    /// assert_eq!("".parse::<Name>().unwrap_err().to_string(), "name must not be empty");
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Name { field: "name", limit: 200, forbidden: char::is_control, refusal: personal }

    /// What a message, a ticket, a call or a deal is about: one line, 1 to 300 characters. `Debug` shows its length only.
    Subject { field: "subject", limit: 300, forbidden: char::is_control, refusal: personal }

    /// A short word or phrase that groups records: a region, a role, a tag, a category. One line, 1 to 100 characters.
    ///
    /// ```
    /// use crm_core::Label;
    ///
    /// assert_eq!("Central".parse::<Label>()?.as_str(), "Central");
    /// assert!("Central\tEast".parse::<Label>().is_err());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Label { field: "label", limit: 100, forbidden: char::is_control, refusal: new }

    /// What a person reads and other programs look records up by: `SO-000042`, a ticket's number. 1 to 40 characters.
    Number { field: "number", limit: 40, forbidden: |c| c.is_control() || c.is_whitespace(), refusal: new }

    /// The id that a record has in another system; unique within a record family. One line, 1 to 200 characters.
    ExternalId { field: "external id", limit: 200, forbidden: char::is_control, refusal: new }

    /// Who acts: a user's login, a job, an integration. One line, 1 to 100 characters.
    Actor { field: "actor", limit: 100, forbidden: char::is_control, refusal: new }

    /// The caller's own name for one act, so that a retry can be told from a new act. One line, 1 to 200 characters.
    IdempotencyKey { field: "idempotency key", limit: 200, forbidden: char::is_control, refusal: new }

    /// Free text: the content of a message, a note, a reason. 1 to 100 000 characters; tabs and line feeds are welcome,
    /// other control characters are not.
    ///
    /// `Debug` shows its length only: people write anything into notes.
    ///
    /// ```
    /// use crm_core::Text;
    ///
    /// let note: Text = "wants a call back\nafter five".parse()?;
    /// assert_eq!(format!("{note:?}"), "Text(28 characters)");
    /// assert!("\0".parse::<Text>().is_err());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    Text { field: "text", limit: 100_000, forbidden: |c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'), refusal: personal }
}

impl Name {
    /// What names are looked up and ordered by: composed, lower case, single spaces.
    ///
    /// ```
    /// use crm_core::Name;
    ///
    /// assert_eq!("Ada  LOVELACE".parse::<Name>()?.key(), "ada lovelace");
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn key(&self) -> String {
        folded(&self.0)
    }
}

macro_rules! masked {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} characters)"), self.0.chars().count())
            }
        }
    )*};
}
masked!(Name, Subject, Text);

macro_rules! shown {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }
    )*};
}
shown!(Label, Number, ExternalId, Actor, IdempotencyKey);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_check_says_what_the_long_one_says(raw in "[ -~]{0,14}|\\PC{0,6}|[ a\t\u{0}-\u{ff}]{0,8}", limit in 0_usize..12) {
            let no_spaces: fn(char) -> bool = |c| c.is_control() || c.is_whitespace();
            let lines: fn(char) -> bool = |c| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
            for forbidden in [char::is_control, no_spaces, lines] {
                prop_assert_eq!(checked(&raw, limit, forbidden), checked_at_length(&raw, limit, forbidden));
            }
        }
    }

    #[test]
    fn text_is_refused_with_the_rule_it_breaks() {
        let long = "n".repeat(201);
        let cases: &[(&str, Rule)] = &[
            ("", Rule::Empty),
            (" \u{3000}\t", Rule::Empty),
            ("\u{200B}\u{FEFF}", Rule::Empty),
            ("a\u{7}b", Rule::ControlCharacter { character: '\u{7}', position: 1 }),
            ("two\nlines", Rule::ControlCharacter { character: '\n', position: 3 }),
            (&long, Rule::TooLong { limit_characters: 200, characters: 201 }),
        ];
        for (raw, rule) in cases {
            let refused = Name::parse(raw).unwrap_err();
            assert_eq!((refused.rule(), refused.field(), refused.value()), (rule, "name", *raw));
        }
    }

    #[test]
    fn limits_count_characters_not_bytes() {
        assert!(Name::parse(&"张".repeat(200)).is_ok());
        assert!(Name::parse(&"张".repeat(201)).is_err());
    }

    #[test]
    fn strings_are_data() {
        for raw in
            ["O'Brien; DROP TABLE crm_customer;--", "=1+1", "<script>", "👩‍👩‍👧", "﷽", "%_\\", "ﬁ", "I\u{307}stanbul"]
        {
            assert_eq!(Name::parse(raw).unwrap().as_str(), raw);
        }
    }

    #[test]
    fn composed_and_decomposed_names_share_a_key() {
        assert_eq!(Name::parse("Zoe\u{308}").unwrap().key(), Name::parse("Zoë").unwrap().key());
    }

    #[test]
    fn deserialising_checks_like_parsing() {
        assert!(serde_json::from_str::<Label>("\"\"").is_err());
        let label: Label = serde_json::from_str("\" East \"").unwrap();
        assert_eq!(serde_json::to_string(&label).unwrap(), "\"East\"");
    }

    #[test]
    fn personal_text_shows_in_neither_debug_nor_refusal() {
        let refused = format!("{:?} {0}", Text::parse("secret\0").unwrap_err());
        assert!(!refused.contains("secret"));
        assert!(!format!("{:?}", Text::parse("secret").unwrap()).contains("secret"));
    }
}
