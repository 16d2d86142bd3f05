//! Patches: what is to change on a record. In JSON an absent field stays as it is, and `null` empties a field that may be empty; for the others `null` is as good as absent.

use serde::{Deserialize, Deserializer};

/// Puts a new value where the patch has one.
pub(crate) fn set<T>(field: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *field = new;
    }
}

/// Reads a field that is there, `null` included, as `Some`.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
