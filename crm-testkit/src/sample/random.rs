//! Chance that repeats itself.

use chrono::{DateTime, TimeDelta, Utc};
use crm_core::{Act, Label, RecordId};

use crate::Acts;

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. Good enough to vary samples, and short enough to be here.
pub(super) struct Random(u64);

impl Random {
    /// The chance of a seed, another one for each record family.
    pub(super) fn new(seed: u64, family: &str) -> Self {
        let mut random = Self(seed);
        for byte in family.bytes() {
            random.0 = random.next() ^ u64::from(byte);
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to below the limit, which must not be 0. The tiny bias of the remainder does no harm to samples.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        u32::try_from(self.next() % u64::from(limit)).unwrap_or(0)
    }

    /// Yes in so many of a hundred cases.
    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// One of a list.
    pub(super) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let index = self.next() % u64::try_from(list.len()).unwrap_or(1);
        &list[usize::try_from(index).unwrap_or(0)]
    }

    /// A label of a list.
    pub(super) fn label(&mut self, list: &[&str]) -> Label {
        super::valid(self.one_of(list).parse())
    }

    /// An instant in the 365 days from the start of [`Acts`] on, to the microsecond.
    pub(super) fn instant(&mut self) -> DateTime<Utc> {
        let micros = self.next() % (365 * 24 * 3_600 * 1_000_000);
        Acts::new().now() + TimeDelta::microseconds(i64::try_from(micros).unwrap_or(0))
    }

    /// An id made at an instant.
    pub(super) fn id<I: RecordId>(&mut self, at: DateTime<Utc>) -> I {
        let mut entropy = [0; 10];
        entropy[2..].copy_from_slice(&self.next().to_be_bytes());
        Act::new(at, super::valid("sample".parse()), entropy).new_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first values of seed 1234567, as the algorithm's page on Rosetta Code has them.
    #[test]
    fn chance_is_splitmix64() {
        let mut random = Random(1_234_567);
        let first = [(); 5].map(|()| random.next());
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(first, published);
    }
}
