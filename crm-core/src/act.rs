//! Who does what when and why.

use std::fmt;

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use uuid::Builder;

use crate::{
    id::RecordId,
    journal::Position,
    text::{Actor, IdempotencyKey, Label},
};

/// One act of one actor: the instant, the actor, the cause, the caller's own key, and the entropy of the ids that it makes.
///
/// Every operation takes one: `op(tx, &mut act, input)`. It is a plain value, so the same act on the same data gives the same
/// records with the same ids, byte for byte, and a test needs no clock. The facade makes one from clock and entropy (`crm.act("alice")`).
///
/// ```
/// use chrono::{TimeZone, Utc};
/// use crm_core::{Act, CustomerId};
///
/// let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
/// let mut act = Act::new(at, "alice".parse()?, [7; 10]).because("call of 2 March".parse()?);
/// let mut replay = act.clone();
/// assert_eq!(act.new_id::<CustomerId>(), replay.new_id::<CustomerId>());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Act {
    /// When it happens, to the microsecond.
    at: DateTime<Utc>,
    actor: Actor,
    cause: Option<Cause>,
    key: Option<IdempotencyKey>,
    /// Whether it stands inside an operation under its key: those that it calls are parts of that one.
    inside: bool,
    /// The 74 bits of the next id that are not its time.
    next: u128,
}

/// Why an act happens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// In words: `call of 2 March`, `import accounts.csv`.
    Reason(Label),
    /// An earlier entry of the journal that this act answers.
    Entry(Position),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reason(reason) => reason.fmt(f),
            Self::Entry(position) => write!(f, "in answer to entry {position}"),
        }
    }
}

/// The random bits of a version 7 UUID: 12 beside the time and 62 in the second half.
const LOW_BITS: u32 = 62;
const RANDOM_BITS: u32 = 12 + LOW_BITS;

impl Act {
    /// An act at an instant (cut to the microsecond) by an actor; `entropy` must be new for every act, or ids may meet.
    pub fn new(at: DateTime<Utc>, actor: Actor, entropy: [u8; 10]) -> Self {
        let random = entropy.iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        // The highest bit stays free, so that counting up never wraps and ids of one act ascend.
        let next = random & ((1 << (RANDOM_BITS - 1)) - 1);
        Self { at: at.trunc_subsecs(6), actor, cause: None, key: None, inside: false, next }
    }

    /// The same act with its reason in words.
    #[must_use]
    pub fn because(mut self, reason: Label) -> Self {
        self.cause = Some(Cause::Reason(reason));
        self
    }

    /// The same act as the answer to an entry of the journal.
    #[must_use]
    pub fn in_answer_to(mut self, entry: Position) -> Self {
        self.cause = Some(Cause::Entry(entry));
        self
    }

    /// The same act under the caller's own key: what was done under it before is not done again, and answers as it did ([`once`](crate::once)). So after a commit of
    /// unknown outcome the caller repeats the act, or asks whether it happened ([`Journal::entries_with_key`](crate::store::Journal::entries_with_key)): the journal keeps the
    /// key with every fact of the act.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// When the act happens.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// The day of the instant, in UTC: the business day of a host that has no calendar of its own.
    pub fn day(&self) -> NaiveDate {
        self.at.date_naive()
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Why, where it was said.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// The caller's own key, where there is one.
    pub fn key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref()
    }

    /// The key, where an operation that begins now is to be done once under it.
    pub(crate) fn own_key(&self) -> Option<&IdempotencyKey> {
        self.key.as_ref().filter(|_| !self.inside)
    }

    /// Does something as one operation: what it calls are its parts.
    pub(crate) fn as_one<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let mut inside = Self { inside: true, ..self.clone() };
        let done = f(&mut inside);
        self.next = inside.next;
        done
    }

    /// The next id of this act: a UUIDv7 of its instant; ids of one act ascend. An instant before 1970 counts as 1970, the first that a UUIDv7 can hold.
    pub fn new_id<I: RecordId>(&mut self) -> I {
        let millis = u64::try_from(self.at.timestamp_millis()).unwrap_or(0);
        // The 74 bits as the ten bytes that the builder wants: 12 bits in the first two, 62 in the rest.
        let high = (self.next >> LOW_BITS) & 0xFFF;
        let low = self.next & ((1 << LOW_BITS) - 1);
        let mut random = [0_u8; 10];
        random.copy_from_slice(&((high << 64) | low).to_be_bytes()[6..]);
        self.next += 1;
        I::from_uuid(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::id::{CustomerId, OrderId};

    fn act(entropy: [u8; 10]) -> Act {
        let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
        Act::new(at, "alice".parse().unwrap(), entropy)
    }

    #[test]
    fn ids_of_one_act_are_version_7_and_carry_its_time() {
        let id = act([9; 10]).new_id::<CustomerId>().uuid();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        assert_eq!(seconds, u64::try_from(act([9; 10]).at().timestamp()).unwrap());
    }

    #[test]
    fn an_instant_is_held_to_the_microsecond() {
        let at = Utc.timestamp_nanos(1_700_000_000_123_456_789);
        assert_eq!(Act::new(at, "a".parse().unwrap(), [0; 10]).at().timestamp_subsec_nanos(), 123_456_000);
    }

    proptest! {
        #[test]
        fn ids_of_one_act_ascend_and_differ(entropy: [u8; 10]) {
            let mut act = act(entropy);
            let ids: Vec<OrderId> = (0..100).map(|_| act.new_id()).collect();
            prop_assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
