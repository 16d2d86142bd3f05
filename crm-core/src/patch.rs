//! Patches: what is to change on a record. In JSON an absent field stays as it is, and `null` empties a field that may be empty; for the others `null` is as good as absent.

use serde::{Deserialize, Deserializer};

/// Puts a new value where the patch has one.
pub(crate) fn set<T>(field: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *field = new;
    }
}

/// Puts what a patch has into the fields of a record: `patched!(after, patch: ProductPatch { name, cost }, and sku)`. Fields after `and` are left to the code that follows; one that is
/// named nowhere does not compile.
macro_rules! patched {
    ($record:ident, $patch:ident: $type:ident { $($field:ident),* } $(, and $($left:ident),*)?) => {
        let $type { expected: _, $($field,)* $($($left,)*)? } = $patch;
        $($crate::patch::set(&mut $record.$field, $field);)*
    };
}

pub(crate) use patched;

/// Reads a field that is there, `null` included, as `Some`.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
