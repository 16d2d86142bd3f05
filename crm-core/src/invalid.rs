//! One error for every value that is refused at the border.

use std::fmt;

use chrono::NaiveDate;

use crate::money::Currency;

/// A value that breaks a rule: which field, which value, which rule.
///
/// The message names field and rule, and shows the value unless it is personal (a name, an address, free text): messages end up in
/// logs. [`Invalid::value`] always has it, for the form or the import report that must show it to the person who typed it.
///
/// ```
/// use crm_core::{EmailAddress, Quantity, Rule};
///
/// let refused = "-2".parse::<Quantity>().unwrap_err();
/// assert_eq!(refused.to_string(), "quantity must not be negative, got -2");
///
/// let refused = "zhang.example.com".parse::<EmailAddress>().unwrap_err();
/// assert_eq!(refused.field(), "email");
/// assert!(matches!(refused.rule(), Rule::Malformed { .. }));
/// assert!(!refused.to_string().contains("zhang"));
/// assert_eq!(refused.value(), "zhang.example.com");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Invalid(Box<Refusal>);

#[derive(Clone, PartialEq, Eq)]
struct Refusal {
    field: &'static str,
    rule: Rule,
    value: String,
    personal: bool,
}

impl Invalid {
    /// A refused value that may be shown to anybody: a number, a code, a date.
    pub fn new(field: &'static str, value: impl Into<String>, rule: Rule) -> Self {
        Self(Box::new(Refusal { field, rule, value: value.into(), personal: false }))
    }

    /// A refused value that is personal: kept for [`Invalid::value`], absent from the message and from `Debug`.
    pub fn personal(field: &'static str, value: impl Into<String>, rule: Rule) -> Self {
        Self(Box::new(Refusal { field, rule, value: value.into(), personal: true }))
    }

    /// The same refusal under the name that the field has where it was used: `list price` instead of `unit price`.
    #[must_use]
    pub fn in_field(mut self, field: &'static str) -> Self {
        self.0.field = field;
        self
    }

    /// The field, by the name that a person knows it by.
    pub fn field(&self) -> &'static str {
        self.0.field
    }

    /// The rule that was broken.
    pub fn rule(&self) -> &Rule {
        &self.0.rule
    }

    /// The value as it came in. It may be personal: show it to the person who gave it, do not log it.
    pub fn value(&self) -> &str {
        &self.0.value
    }
}

/// More characters of a refused value than this are not shown in a message.
const SHOWN_CHARACTERS: usize = 60;

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.field, self.0.rule)?;
        if self.0.personal || self.0.value.is_empty() {
            return Ok(());
        }
        let shown: String = self.0.value.chars().take(SHOWN_CHARACTERS).flat_map(char::escape_debug).collect();
        let more = if self.0.value.chars().nth(SHOWN_CHARACTERS).is_some() { "…" } else { "" };
        write!(f, ", got {shown}{more}")
    }
}

impl fmt::Debug for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invalid({self})")
    }
}

impl std::error::Error for Invalid {}

/// The rule that a refused value breaks, with what one needs to obey it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// Something must be given.
    Empty,
    /// The text is longer than the limit.
    TooLong {
        /// Most characters allowed.
        limit_characters: usize,
        /// Characters given.
        characters: usize,
    },
    /// A control character (a tab, a line feed in a one-line field, NUL …) stands in the text.
    ControlCharacter {
        /// The character.
        character: char,
        /// Where it stands, in characters from 0.
        position: usize,
    },
    /// The text is not of the expected form.
    Malformed {
        /// The form that is expected.
        expected: &'static str,
    },
    /// The number must be greater than zero.
    NotPositive,
    /// The number must be zero or more.
    Negative,
    /// The value must lie within limits, both included.
    OutOfRange {
        /// The least value allowed.
        min: String,
        /// The greatest value allowed.
        max: String,
    },
    /// More digits stand after the point than the field keeps.
    TooManyDecimals {
        /// Most decimals allowed.
        limit: u32,
    },
    /// The amount does not fit the 64 bits that hold it.
    Overflow,
    /// Two amounts of different currencies meet.
    CurrencyMismatch {
        /// The currency that is expected.
        expected: Currency,
        /// The currency that came.
        found: Currency,
    },
    /// A period must end after it starts.
    EndsBeforeStart,
    /// The day lies before one that it follows.
    TooEarly {
        /// The first day that is allowed.
        earliest: NaiveDate,
    },
    /// The value stands there already.
    Repeated,
    /// The list has no such entry.
    NotListed,
    /// The list has more entries than it may have.
    TooMany {
        /// Most entries allowed.
        limit: usize,
    },
    /// Between two entries lies what neither of them is for.
    Gap,
    /// Two entries are for the same.
    Overlap,
    /// A person's field was given for an organisation, or the other way round.
    NotForThisKind {
        /// What the field is for.
        only: &'static str,
    },
    /// Following the reference leads back to the record itself.
    Circle,
    /// The parts of the record contradict each other.
    Inconsistent {
        /// What must hold.
        must: &'static str,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("must not be empty"),
            Self::TooLong { limit_characters, characters } => {
                write!(f, "must have at most {limit_characters} characters, has {characters}")
            }
            Self::ControlCharacter { character, position } => {
                write!(f, "must not contain control characters, has U+{:04X} at {position}", u32::from(*character))
            }
            Self::Malformed { expected } => write!(f, "must be {expected}"),
            Self::NotPositive => f.write_str("must be greater than zero"),
            Self::Negative => f.write_str("must not be negative"),
            Self::OutOfRange { min, max } => write!(f, "must be between {min} and {max}"),
            Self::TooManyDecimals { limit: 0 } => f.write_str("must not have decimals"),
            Self::TooManyDecimals { limit } => write!(f, "must have at most {limit} decimals"),
            Self::Overflow => f.write_str("must fit 64 bits"),
            Self::CurrencyMismatch { expected, found } => write!(f, "must be in {expected}, not in {found}"),
            Self::TooEarly { earliest } => write!(f, "must not be before {earliest}"),
            Self::EndsBeforeStart => f.write_str("must end after it starts"),
            Self::Repeated => f.write_str("must not be listed twice"),
            Self::NotListed => f.write_str("must be one of the entries"),
            Self::TooMany { limit } => write!(f, "must have at most {limit} entries"),
            Self::Gap => f.write_str("must leave no gap"),
            Self::Overlap => f.write_str("must not overlap"),
            Self::NotForThisKind { only } => write!(f, "is only for {only}"),
            Self::Circle => f.write_str("must not lead back to the record itself"),
            Self::Inconsistent { must } => f.write_str(must),
        }
    }
}
