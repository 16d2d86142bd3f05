//! What all records share: how often they were written, and how those that a state machine guards are put together.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How often a record was written: 1 when it is new. A store refuses to write over a revision other than the one that was read, so no update is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(u64);

impl Revision {
    /// The revision of a new record.
    pub const FIRST: Self = Self(1);

    /// So many writes.
    pub const fn new(writes: u64) -> Self {
        Self(writes)
    }

    /// How many writes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The revision after one more write.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads and writes a record with public fields, and checks what was read as its constructor would: a file or a request is no way around a rule. The record derives
/// both under `#[serde(remote = "Self")]`, which makes functions of them.
macro_rules! checked_when_read {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let record = $name::deserialize(deserializer)?;
                record.check().map_err(serde::de::Error::custom)?;
                Ok(record)
            }
        }
    };
}

/// A record that a state machine guards: fields that can be read by anybody and changed by its transitions only.
///
/// From one list of fields it makes the record (with `id`, `revision`, `created_at`, `updated_at`), the same fields in the open as `…Parts`, from which a
/// store or a deserialiser builds the record through its `check`, and the getters. `copy` getters return the value, `borrow` a reference, `maybe` an
/// `Option` of a reference, `list` a slice.
macro_rules! guarded {
    (
        $(#[$doc:meta])*
        $name:ident($id:ident), $parts:ident as $parts_text:literal {
            $($(#[$field_doc:meta])* $kind:ident $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = $parts_text, into = $parts_text)]
        pub struct $name {
            /// The id.
            pub id: $id,
            /// How often it was written.
            pub revision: $crate::Revision,
            /// When it was made.
            pub created_at: chrono::DateTime<chrono::Utc>,
            /// When it last changed.
            pub updated_at: chrono::DateTime<chrono::Utc>,
            $($field: $crate::record::stored!($kind $type),)*
        }

        #[doc = concat!("The fields of [`", stringify!($name), "`] in the open: what a store reads and a deserialiser takes. `", stringify!($name), "::try_from` checks them.")]
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $parts {
            /// The id.
            pub id: $id,
            /// How often it was written.
            pub revision: $crate::Revision,
            /// When it was made.
            pub created_at: chrono::DateTime<chrono::Utc>,
            /// When it last changed.
            pub updated_at: chrono::DateTime<chrono::Utc>,
            $($(#[$field_doc])* pub $field: $crate::record::stored!($kind $type),)*
        }

        impl TryFrom<$parts> for $name {
            type Error = $crate::Invalid;
            fn try_from(parts: $parts) -> Result<Self, $crate::Invalid> {
                let $parts { id, revision, created_at, updated_at, $($field),* } = parts;
                let record = Self { id, revision, created_at, updated_at, $($field),* };
                record.check()?;
                Ok(record)
            }
        }

        impl From<$name> for $parts {
            fn from(record: $name) -> Self {
                let $name { id, revision, created_at, updated_at, $($field),* } = record;
                Self { id, revision, created_at, updated_at, $($field),* }
            }
        }

        impl $name {
            $($crate::record::getter!($(#[$field_doc])* $kind $field: $type);)*
        }
    };
}

/// The type that a field of each kind is held as.
macro_rules! stored {
    (copy $type:ty) => { $type };
    (borrow $type:ty) => { $type };
    (maybe $type:ty) => { Option<$type> };
    (list $type:ty) => { Vec<$type> };
}

/// The getter of a field of each kind.
macro_rules! getter {
    ($(#[$doc:meta])* copy $field:ident: $type:ty) => { $(#[$doc])* pub fn $field(&self) -> $type { self.$field } };
    ($(#[$doc:meta])* borrow $field:ident: $type:ty) => { $(#[$doc])* pub fn $field(&self) -> &$type { &self.$field } };
    ($(#[$doc:meta])* maybe $field:ident: $type:ty) => { $(#[$doc])* pub fn $field(&self) -> Option<&$type> { self.$field.as_ref() } };
    ($(#[$doc:meta])* list $field:ident: $type:ty) => { $(#[$doc])* pub fn $field(&self) -> &[$type] { &self.$field } };
}

pub(crate) use {checked_when_read, getter, guarded, stored};

/// What the tests of all records share.
#[cfg(test)]
pub(crate) mod proof {
    use std::{fmt::Debug, str::FromStr};

    use chrono::{DateTime, NaiveDate, TimeDelta, TimeZone, Utc};
    use serde::{Serialize, de::DeserializeOwned};
    use serde_json::Value;
    use uuid::Uuid;

    use crate::{Fact, Invalid, RecordId, Transitions};

    /// So many minutes into the morning of 2 March 2026.
    pub(crate) fn at(minutes: i64) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap() + TimeDelta::minutes(minutes)
    }

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    pub(crate) fn id<I: RecordId>(bits: u128) -> I {
        I::from_uuid(Uuid::from_u128(bits))
    }

    pub(crate) fn parsed<T: FromStr<Err: Debug>>(text: &str) -> T {
        text.parse().unwrap()
    }

    /// Asserts that the table in the code is the one that stands literally in a test: every cell, and nothing beside them.
    pub(crate) fn assert_cells<S, A, const N: usize>(
        table: &Transitions<S, A>,
        actions: [A; N],
        rows: &[(S, [Option<S>; N])],
    ) where
        S: Copy + PartialEq + Debug,
        A: Copy + PartialEq + Debug,
    {
        assert_eq!(table.actions, actions);
        assert_eq!(table.states, rows.iter().map(|(from, _)| *from).collect::<Vec<_>>());
        for (from, cells) in rows {
            for (action, to) in actions.iter().zip(cells) {
                assert_eq!(table.next(*from, *action), *to, "{from:?} {action:?}");
            }
        }
        // `next` takes the first step that fits: a second one for the same cell would never be seen.
        let allowed = rows.iter().flat_map(|(_, cells)| cells).filter(|cell| cell.is_some()).count();
        assert_eq!(table.steps.len(), allowed);
    }

    /// The places of all objects in a JSON value, as pointers.
    fn objects(value: &Value, place: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.push(place.to_owned());
                fields.iter().for_each(|(key, value)| objects(value, &format!("{place}/{key}"), found));
            }
            Value::Array(entries) => {
                entries
                    .iter()
                    .enumerate()
                    .for_each(|(index, value)| objects(value, &format!("{place}/{index}"), found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Asserts that a value reads back from its JSON as it was, and that a field too many is refused at every depth.
    pub(crate) fn survives_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let json = serde_json::to_value(value).unwrap();
        assert_eq!(&serde_json::from_str::<T>(&json.to_string()).unwrap(), value);
        let mut places = Vec::new();
        objects(&json, "", &mut places);
        for place in places {
            let mut surprising = json.clone();
            let object = surprising.pointer_mut(&place).unwrap().as_object_mut().unwrap();
            object.insert("surprise".to_owned(), Value::Bool(true));
            assert!(serde_json::from_value::<T>(surprising).is_err(), "an unknown field passes at {place:?} of {json}");
        }
    }

    /// Asserts that facts survive their JSON and that each is written under the name that its kind ends with; gives the kinds.
    pub(crate) fn kinds_of(facts: impl IntoIterator<Item = Fact>) -> Vec<&'static str> {
        let mut kinds = Vec::new();
        for fact in facts {
            survives_json(&fact);
            let json = serde_json::to_value(&fact).unwrap();
            let (family, named) = fact.kind().split_once('.').unwrap();
            let payload = &json[family][1];
            let tag = payload.as_str().or_else(|| payload.as_object()?.keys().next().map(String::as_str));
            assert_eq!(tag, Some(named));
            assert_eq!(fact.record().family(), family);
            kinds.push(fact.kind());
        }
        kinds
    }

    /// The refusal of parts that contradict each other; asserts that a deserialiser refuses them with the same words.
    pub(crate) fn refusal<R, P>(parts: P) -> Invalid
    where
        R: TryFrom<P, Error = Invalid> + DeserializeOwned + Debug,
        P: Serialize,
    {
        let json = serde_json::to_value(&parts).unwrap();
        let refused = R::try_from(parts).unwrap_err();
        assert_eq!(serde_json::from_value::<R>(json).unwrap_err().to_string(), refused.to_string());
        refused
    }

    /// Asserts that `Debug` shows none of the personal data that the tests use.
    pub(crate) fn hides_personal_data(value: &impl Debug) {
        for shown in [format!("{value:?}"), format!("{value:#?}")] {
            for personal in ["Marker", "marker", "1987", "6900000", "Female", "female"] {
                assert!(!shown.contains(personal), "{personal} shows in {shown}");
            }
        }
    }
}
