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

pub(crate) use {getter, guarded, stored};
