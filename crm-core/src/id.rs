//! Ids: one newtype per record over a UUID, written as a [TypeID](https://github.com/jetify-com/typeid).

use std::{borrow::Cow, fmt, hash::Hash, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::invalid::{Invalid, Rule};

/// The text form of an id by the public TypeID specification, version 0.3: a prefix that names the record, an underscore, and the
/// UUID's 128 bits as 26 characters of base32.
pub mod typeid {
    use uuid::Uuid;

    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    const SUFFIX: usize = 26;
    const PREFIX_LIMIT: usize = 63;

    /// Why a text is not a TypeID.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum TypeIdError {
        /// The prefix is not 0 to 63 of `a` to `z` and `_`, or begins or ends with `_`.
        Prefix,
        /// A separator without a prefix.
        Separator,
        /// The suffix is not 26 characters of the lower-case base32 alphabet.
        Suffix,
        /// The suffix holds more than 128 bits.
        Overflow,
    }

    impl TypeIdError {
        /// The rule as what a TypeID must be.
        pub(crate) const fn rule(self) -> &'static str {
            match self {
                Self::Prefix => "a TypeID, whose prefix is at most 63 of a to z and _, with a letter at both ends",
                Self::Separator => "a TypeID, which has no separator where it has no prefix",
                Self::Suffix => "a TypeID, which ends in 26 characters of 0123456789abcdefghjkmnpqrstvwxyz",
                Self::Overflow => "a TypeID, which ends in at most 7zzzzzzzzzzzzzzzzzzzzzzzzz",
            }
        }
    }

    impl std::fmt::Display for TypeIdError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "must be {}", self.rule())
        }
    }

    impl std::error::Error for TypeIdError {}

    /// Writes a UUID under a prefix; the prefix is taken as it is.
    ///
    /// ```
    /// let uuid = uuid::uuid!("01890a5d-ac96-774b-bcce-b302099a8057");
    /// assert_eq!(crm_core::typeid::encode("prefix", uuid), "prefix_01h455vb4pex5vsknk084sn02q");
    /// ```
    pub fn encode(prefix: &str, uuid: Uuid) -> String {
        let mut text = String::with_capacity(prefix.len() + 1 + SUFFIX);
        if !prefix.is_empty() {
            text.push_str(prefix);
            text.push('_');
        }
        let bits = uuid.as_u128();
        for place in (0..SUFFIX).rev() {
            let five = usize::try_from((bits >> (5 * place)) & 31).unwrap_or(0);
            text.push(char::from(ALPHABET[five]));
        }
        text
    }

    /// Splits a TypeID into its prefix and its UUID.
    ///
    /// # Errors
    ///
    /// [`TypeIdError`], by the first rule of the specification that the text breaks.
    ///
    /// ```
    /// let (prefix, uuid) = crm_core::typeid::decode("prefix_01h455vb4pex5vsknk084sn02q")?;
    /// assert_eq!((prefix, uuid), ("prefix", uuid::uuid!("01890a5d-ac96-774b-bcce-b302099a8057")));
    /// # Ok::<(), crm_core::typeid::TypeIdError>(())
    /// ```
    pub fn decode(text: &str) -> Result<(&str, Uuid), TypeIdError> {
        let (prefix, suffix) = match text.rsplit_once('_') {
            Some(("", _)) => return Err(TypeIdError::Separator),
            Some(parts) => parts,
            None => ("", text),
        };
        let letters = prefix.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !letters || prefix.len() > PREFIX_LIMIT || prefix.starts_with('_') || prefix.ends_with('_') {
            return Err(TypeIdError::Prefix);
        }
        if suffix.len() != SUFFIX {
            return Err(TypeIdError::Suffix);
        }
        let mut bits: u128 = 0;
        for (place, byte) in suffix.bytes().enumerate() {
            let five = ALPHABET.iter().position(|letter| *letter == byte).ok_or(TypeIdError::Suffix)?;
            // 26 characters hold 130 bits: the first may only use three of its five.
            if place == 0 && five > 7 {
                return Err(TypeIdError::Overflow);
            }
            bits = (bits << 5) | u128::try_from(five).unwrap_or(0);
        }
        Ok((prefix, Uuid::from_u128(bits)))
    }
}

/// Why a text is not the id of this record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// The text is not a TypeID at all. It may be anything, so the message does not show it; [`Invalid::value`] has it.
    #[error(transparent)]
    Malformed(#[from] Invalid),
    /// The text is the id of another record.
    #[error("{text} is the id of another record: expected {expected}_…, found {found}_…")]
    OtherRecord {
        /// The prefix of the record that is wanted.
        expected: &'static str,
        /// The prefix that the text has.
        found: String,
        /// The whole text.
        text: String,
    },
}

/// What the ids of all record families share.
pub trait RecordId:
    Copy + Ord + Hash + fmt::Debug + fmt::Display + FromStr<Err = IdError> + Send + Sync + 'static
{
    /// The prefix of the text form.
    const PREFIX: &'static str;
    /// The id over any UUID. New ids come from [`Act::new_id`](crate::Act::new_id).
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID.
    fn uuid(self) -> Uuid;
    /// The bytes of the UUID where they stand: their order is that of the ids.
    fn as_bytes(&self) -> &[u8; 16];
}

fn parse<I: RecordId>(text: &str) -> Result<I, IdError> {
    let malformed =
        |error: typeid::TypeIdError| Invalid::personal("id", text, Rule::Malformed { expected: error.rule() });
    let (prefix, uuid) = typeid::decode(text).map_err(malformed)?;
    if prefix == I::PREFIX {
        Ok(I::from_uuid(uuid))
    } else {
        Err(IdError::OtherRecord { expected: I::PREFIX, found: prefix.into(), text: text.into() })
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The greatest id: in the order of ids, none comes after it.
            pub const MAX: Self = Self(Uuid::max());
        }

        impl RecordId for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
            fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&typeid::encode($prefix, self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// The id of a [`Customer`](crate::Customer): `cust_…`.
    ///
    /// ```
    /// use crm_core::{CustomerId, IdError};
    ///
    /// let id: CustomerId = "cust_01h455vb4pex5vsknk084sn02q".parse()?;
    /// assert_eq!(id.to_string(), "cust_01h455vb4pex5vsknk084sn02q");
    ///
    /// let order = "order_01h455vb4pex5vsknk084sn02q".parse::<CustomerId>();
    /// assert!(matches!(order, Err(IdError::OtherRecord { expected: "cust", .. })));
    /// # Ok::<(), IdError>(())
    /// ```
    CustomerId = "cust";
    /// The id of an [`Interaction`](crate::Interaction): `inter_…`.
    InteractionId = "inter";
    /// The id of a [`Product`](crate::Product): `prod_…`.
    ProductId = "prod";
    /// The id of a [`PriceList`](crate::PriceList): `prices_…`.
    PriceListId = "prices";
    /// The id of a [`Promotion`](crate::Promotion): `promo_…`.
    PromotionId = "promo";
    /// The id of a [`Redemption`](crate::Redemption): `redeem_…`.
    RedemptionId = "redeem";
    /// The id of a [`SalesRep`](crate::SalesRep): `rep_…`.
    SalesRepId = "rep";
    /// The id of a [`SalePlan`](crate::SalePlan): `plan_…`.
    SalePlanId = "plan";
    /// The id of a [`Queue`](crate::Queue): `queue_…`.
    QueueId = "queue";
    /// The id of a [`Lead`](crate::Lead): `lead_…`.
    LeadId = "lead";
    /// The id of an [`Opportunity`](crate::Opportunity): `opp_…`.
    OpportunityId = "opp";
    /// The id of a [`ForecastAdjustment`](crate::ForecastAdjustment): `adjust_…`.
    ForecastAdjustmentId = "adjust";
    /// The id of a [`ForecastSnapshot`](crate::ForecastSnapshot): `forecast_…`.
    ForecastSnapshotId = "forecast";
    /// The id of a [`Quote`](crate::Quote): `quote_…`.
    QuoteId = "quote";
    /// The id of an [`Activity`](crate::Activity): `activity_…`.
    ActivityId = "activity";
    /// The id of an [`Order`](crate::Order): `order_…`.
    OrderId = "order";
    /// The id of a [`Payment`](crate::Payment) with a provider: `pay_…`.
    PaymentId = "pay";
    /// The id of an [`ExchangeRate`](crate::ExchangeRate): `rate_…`.
    ExchangeRateId = "rate";
    /// The id of an [`Agent`](crate::Agent): `agent_…`.
    AgentId = "agent";
    /// The id of a [`Ticket`](crate::Ticket): `tick_…`.
    TicketId = "tick";
    /// The id of an [import](crate::bulk::import), under which its entries stand in the journal: `imp_…`.
    ImportId = "imp";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The values of the specification's `valid.yml`.
    const VALID: &[(&str, &str, &str)] = &[
        ("00000000000000000000000000", "", "00000000-0000-0000-0000-000000000000"),
        ("00000000000000000000000001", "", "00000000-0000-0000-0000-000000000001"),
        ("0000000000000000000000000a", "", "00000000-0000-0000-0000-00000000000a"),
        ("0000000000000000000000000g", "", "00000000-0000-0000-0000-000000000010"),
        ("00000000000000000000000010", "", "00000000-0000-0000-0000-000000000020"),
        ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        ("prefix_0123456789abcdefghjkmnpqrs", "prefix", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
        ("prefix_01h455vb4pex5vsknk084sn02q", "prefix", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("pre_fix_00000000000000000000000000", "pre_fix", "00000000-0000-0000-0000-000000000000"),
    ];

    #[test]
    fn ids_valid_list_of_the_specification_goes_both_ways() {
        for (text, prefix, uuid) in VALID {
            let uuid: Uuid = uuid.parse().unwrap();
            assert_eq!(typeid::decode(text), Ok((*prefix, uuid)), "{text}");
            assert_eq!(typeid::encode(prefix, uuid), *text);
        }
    }

    #[test]
    fn ids_invalid_list_of_the_specification_is_refused() {
        use typeid::TypeIdError::{Overflow, Prefix, Separator, Suffix};
        let long = format!("{}_00000000000000000000000000", "abcdefghijklmnopqrstuvwxyz".repeat(3)[..64].to_owned());
        let cases = [
            ("PREFIX_00000000000000000000000000", Prefix),
            ("12345_00000000000000000000000000", Prefix),
            ("pre.fix_00000000000000000000000000", Prefix),
            ("préfix_00000000000000000000000000", Prefix),
            ("  prefix_00000000000000000000000000", Prefix),
            (&long, Prefix),
            ("_00000000000000000000000000", Separator),
            ("_", Separator),
            ("prefix_1234567890123456789012345", Suffix),
            ("prefix_123456789012345678901234567", Suffix),
            ("prefix_1234567890123456789012345 ", Suffix),
            ("prefix_0123456789ABCDEFGHJKMNPQRS", Suffix),
            ("prefix_123456789-123456789-123456", Suffix),
            ("prefix_ooooooiiiiiiuuuuuuulllllll", Suffix),
            ("prefix_i23456789ol23456789oi23456", Suffix),
            ("prefix_123456789-0123456789-0123456", Suffix),
            ("prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz", Overflow),
            ("_prefix_00000000000000000000000000", Prefix),
            ("prefix__00000000000000000000000000", Prefix),
            ("", Suffix),
            ("prefix_", Suffix),
        ];
        for (text, reason) in cases {
            assert_eq!(typeid::decode(text), Err(reason), "{text:?}");
        }
    }

    /// The lists as published, where they are at hand: a newer list must still pass.
    #[test]
    fn ids_published_lists_agree() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/typeid");
        let (Ok(valid), Ok(invalid)) = (
            std::fs::read_to_string(format!("{folder}/valid.yml")),
            std::fs::read_to_string(format!("{folder}/invalid.yml")),
        ) else {
            println!("skipped: the published TypeID lists are not at {folder}");
            return;
        };
        let quoted = |text: &str, key: &str| -> Vec<String> {
            let key = format!("{key}: \"");
            let line =
                |l: &str| Some(l.trim().trim_start_matches("- ").strip_prefix(&key)?.strip_suffix('"')?.to_owned());
            text.lines().filter_map(line).collect()
        };
        let (ids, prefixes, uuids) = (quoted(&valid, "typeid"), quoted(&valid, "prefix"), quoted(&valid, "uuid"));
        assert!(ids.len() >= 9 && ids.len() == prefixes.len() && ids.len() == uuids.len());
        for ((id, prefix), uuid) in ids.iter().zip(&prefixes).zip(&uuids) {
            assert_eq!(typeid::decode(id), Ok((prefix.as_str(), uuid.parse().unwrap())));
        }
        let refused = quoted(&invalid, "typeid");
        assert!(refused.len() >= 21);
        for id in refused {
            assert!(typeid::decode(&id).is_err(), "{id:?}");
        }
    }

    #[test]
    fn ids_that_are_something_else_do_not_show_in_the_refusal() {
        let refused = "marker@example.com".parse::<CustomerId>().unwrap_err();
        let IdError::Malformed(invalid) = &refused else { panic!("{refused}") };
        assert_eq!((invalid.field(), invalid.value()), ("id", "marker@example.com"));
        assert!(!format!("{refused} {refused:?}").contains("marker"));
        assert!(refused.to_string().starts_with("id must be a TypeID"), "{refused}");
    }

    #[test]
    fn ids_serialise_as_text_and_refuse_another_record() {
        let id = OrderId::from_uuid(Uuid::from_u128(7));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"order_00000000000000000000000007\"");
        assert_eq!(serde_json::from_str::<OrderId>(&json).unwrap(), id);
        let refused = serde_json::from_str::<CustomerId>(&json).unwrap_err().to_string();
        assert!(refused.contains("id of another record: expected cust_"), "{refused}");
    }

    proptest! {
        #[test]
        fn ids_of_any_uuid_survive_their_text(bits: u128) {
            let id = TicketId::from_uuid(Uuid::from_u128(bits));
            prop_assert_eq!(id.to_string().parse::<TicketId>().unwrap(), id);
        }

        #[test]
        fn ids_order_like_their_text(a: u128, b: u128) {
            let (a, b) = (TicketId::from_uuid(Uuid::from_u128(a)), TicketId::from_uuid(Uuid::from_u128(b)));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }
    }
}
