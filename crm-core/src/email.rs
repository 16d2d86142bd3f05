//! E-mail addresses, as far as mail can be sent to them.

use std::{fmt, str::FromStr};

use email_address::{Error, Options};
use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::invalid::{Invalid, Rule};

const FIELD: &str = "email";
const ADDRESS: Rule = Rule::Malformed { expected: "an address like name@example.com" };
const LOCAL_PART_TOO_LONG: Rule = Rule::Malformed { expected: "an address with at most 64 bytes before the @" };

/// An e-mail address by RFC 5321, as people give it on a form: `name@example.com`.
///
/// The domain is kept in lower case and in ASCII (`München.de` is `xn--mnchen-3ya.de`), the part before the `@` as it was typed, composed
/// (NFC). White space around the address is dropped.
///
/// Narrower than the RFC where no customer has such a mailbox, so that it must be a mistake:
///
/// - The domain has a dot and does not end in a number. `name@localhost` reaches nobody from another machine, and `name@192.0.2.1` is not an
///   address.
/// - No address literal (`name@[192.0.2.1]`), no comment, no display name (`Name <name@example.com>`).
/// - No quoted part before the `@`: `"name"@example.com` is the same mailbox as `name@example.com`, and one mailbox has one spelling here.
///
/// Whether the domain exists and takes mail is not checked. `Debug` shows the domain only.
///
/// ```
/// use crm_core::EmailAddress;
///
/// let address = EmailAddress::parse(" Zhang.San@München.DE ")?;
/// assert_eq!(address.as_str(), "Zhang.San@xn--mnchen-3ya.de");
/// assert_eq!((address.local_part(), address.domain()), ("Zhang.San", "xn--mnchen-3ya.de"));
/// assert_eq!(format!("{address:?}"), "EmailAddress(…@xn--mnchen-3ya.de)");
///
/// let refused = EmailAddress::parse("zhang.san@example").unwrap_err();
/// assert_eq!(refused.to_string(), "email must be an address like name@example.com");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    whole: Box<str>,
    /// Where the `@` stands, in bytes.
    at: usize,
}

impl EmailAddress {
    /// The most characters that the address may have (RFC 5321, 4.5.3.1.3, without the angle brackets).
    pub const LIMIT_CHARACTERS: usize = 254;

    /// Checks and keeps an address.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::TooLong`] beyond [`EmailAddress::LIMIT_CHARACTERS`], else [`Rule::Malformed`].
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        if let Some(at) = at_of_kept(raw) {
            return Ok(Self { whole: raw.into(), at });
        }
        Self::checked(raw.trim()).map_err(|rule| Invalid::personal(FIELD, raw, rule))
    }

    fn checked(text: &str) -> Result<Self, Rule> {
        if text.is_empty() {
            return Err(Rule::Empty);
        }
        // Before anything that costs more than a look at each character.
        Self::fits(text)?;
        let (local, domain) = text.rsplit_once('@').ok_or(ADDRESS)?;
        let local: String = local.nfc().collect();
        if local.contains('"') {
            return Err(ADDRESS);
        }
        let domain = Uts46::new()
            .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
            .map_err(|_| ADDRESS)?;
        let top = domain.rsplit('.').next().unwrap_or_default();
        if top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ADDRESS);
        }
        let whole = format!("{local}@{domain}");
        Self::fits(&whole)?;
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        match email_address::EmailAddress::parse_with_options(&whole, options) {
            Ok(_) => Ok(Self { whole: whole.into(), at: local.len() }),
            Err(Error::LocalPartTooLong) => Err(LOCAL_PART_TOO_LONG),
            Err(_) => Err(ADDRESS),
        }
    }

    fn fits(text: &str) -> Result<(), Rule> {
        let (limit_characters, characters) = (Self::LIMIT_CHARACTERS, text.chars().count());
        if characters > limit_characters { Err(Rule::TooLong { limit_characters, characters }) } else { Ok(()) }
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.whole
    }

    /// What stands before the `@`, as it was typed.
    pub fn local_part(&self) -> &str {
        &self.whole[..self.at]
    }

    /// What stands after the `@`: ASCII, lower case.
    pub fn domain(&self) -> &str {
        &self.whole[self.at + 1..]
    }

    /// What addresses are looked up and told apart by (DUP-1): all of it in lower case.
    ///
    /// RFC 5321 lets a server tell `Name` from `name`; no provider that people use does, while people write their own address in either way.
    /// Dots and `+tags` stay, since what they mean differs from provider to provider.
    ///
    /// ```
    /// use crm_core::EmailAddress;
    ///
    /// let (shouted, plain) = (EmailAddress::parse("ADA@EXAMPLE.COM")?, EmailAddress::parse("ada@example.com")?);
    /// assert_ne!(shouted, plain);
    /// assert_eq!(shouted.key(), plain.key());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn key(&self) -> String {
        // Letter by letter: `str::to_lowercase` would write a final sigma in another way.
        self.whole.chars().flat_map(char::to_lowercase).collect()
    }
}

/// Where the `@` stands in an address that is ASCII and written as it is kept, as nearly all are that come back from a store. `None` where only the whole check can tell.
fn at_of_kept(text: &str) -> Option<usize> {
    const LIMIT_LOCAL: usize = 64;
    const LIMIT_DOMAIN: usize = 253;
    const LIMIT_LABEL: usize = 63;
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|byte| *byte == b'@')?;
    let (local, domain) = (&bytes[..at], &bytes[at + 1..]);
    if local.len() > LIMIT_LOCAL || domain.len() > LIMIT_DOMAIN || bytes.len() > EmailAddress::LIMIT_CHARACTERS {
        return None;
    }
    // RFC 5322: atoms of these characters with single dots between them.
    let atoms = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(byte);
    if !local.split(|byte| *byte == b'.').all(|atom| !atom.is_empty() && atom.iter().all(atoms)) {
        return None;
    }
    let (mut labels, mut digits_only) = (0, true);
    for label in domain.split(|byte| *byte == b'.') {
        let letters = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
        // What a label with the mark of an international name says must be decoded to be checked.
        let plain = label.iter().all(letters) && label.len() <= LIMIT_LABEL && !label.starts_with(b"xn--");
        if !plain || label.is_empty() || label.starts_with(b"-") || label.ends_with(b"-") {
            return None;
        }
        labels += 1;
        digits_only = label.iter().all(u8::is_ascii_digit);
    }
    (labels >= 2 && !digits_only).then_some(at)
}

impl FromStr for EmailAddress {
    type Err = Invalid;
    fn from_str(raw: &str) -> Result<Self, Invalid> {
        Self::parse(raw)
    }
}

impl TryFrom<&str> for EmailAddress {
    type Error = Invalid;
    fn try_from(raw: &str) -> Result<Self, Invalid> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = Invalid;
    fn try_from(raw: String) -> Result<Self, Invalid> {
        Self::parse(&raw)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.whole.into()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.whole)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress(…@{})", self.domain())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_kept_in_one_spelling() {
        let local_64 = format!("{}@example.com", "a".repeat(64));
        let cases = [
            ("name@example.com", "name@example.com"),
            ("\u{3000}name@example.com\r\n", "name@example.com"),
            ("O'Brien+crm@Mail.Example.COM", "O'Brien+crm@mail.example.com"),
            ("张三@例子.公司", "张三@xn--fsqu00a.xn--55qx5d"),
            ("name@example。com", "name@example.com"),
            ("name@XN--MNCHEN-3YA.de", "name@xn--mnchen-3ya.de"),
            ("zoe\u{308}@example.com", "zoë@example.com"),
            (&local_64, &local_64),
        ];
        for (raw, kept) in cases {
            assert_eq!(EmailAddress::parse(raw).unwrap().as_str(), kept);
        }
    }

    #[test]
    fn refusals_say_which_rule_was_broken_but_not_by_whom() {
        let local_65 = format!("{}@example.com", "a".repeat(65));
        let label = "a".repeat(63);
        let long = format!("name@{label}.{label}.{label}.{label}.com");
        let grows = format!("name@{}.com", ["ü".repeat(50), "ö".repeat(50), "ä".repeat(50), "ß".repeat(80)].join("."));
        let characters = long.chars().count();
        let cases: &[(&str, Rule)] = &[
            ("", Rule::Empty),
            (" \t", Rule::Empty),
            ("name", ADDRESS),
            ("name@", ADDRESS),
            ("@example.com", ADDRESS),
            ("name@localhost", ADDRESS),
            ("name@192.0.2.1", ADDRESS),
            ("name@[192.0.2.1]", ADDRESS),
            ("\"name\"@example.com", ADDRESS),
            ("Name <name@example.com>", ADDRESS),
            ("<name@example.com>", ADDRESS),
            ("mailto:name@example.com", ADDRESS),
            ("name(comment)@example.com", ADDRESS),
            ("one@example.com,two@example.com", ADDRESS),
            ("one@two@example.com", ADDRESS),
            ("na me@example.com", ADDRESS),
            ("name@exam ple.com", ADDRESS),
            ("name@exam_ple.com", ADDRESS),
            ("name@-example.com", ADDRESS),
            ("name@example..com", ADDRESS),
            ("name@example.com.", ADDRESS),
            ("na\0me@example.com", ADDRESS),
            (&local_65, LOCAL_PART_TOO_LONG),
            (&long, Rule::TooLong { limit_characters: 254, characters }),
            (&grows, ADDRESS),
        ];
        for (raw, rule) in cases {
            let refused = EmailAddress::parse(raw).unwrap_err();
            assert_eq!((refused.rule(), refused.field(), refused.value()), (rule, "email", *raw));
        }
        assert!(!format!("{0} {0:?}", EmailAddress::parse("zhang@localhost").unwrap_err()).contains("zhang"));
        assert!(!format!("{:?}", EmailAddress::parse("zhang@example.com").unwrap()).contains("zhang"));
    }

    /// The published suite, where it is at hand. Its valid addresses are accepted and all others refused, but for these.
    #[test]
    fn syntax_agrees_with_the_published_suite() {
        let accepted_categories = [
            "ISEMAIL_VALID_CATEGORY",
            // Well-formed; whether the domain answers is not asked here.
            "ISEMAIL_DNSWARN",
        ];
        let exceptions: &[(&[u64], bool, &str)] = &[
            (&[5], false, "the domain has no dot"),
            (
                &[88, 89, 127, 128, 142, 143, 145, 146, 148, 149, 151, 152, 154, 155, 157, 158],
                true,
                "white space around an address is dropped",
            ),
        ];
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/email-validity/isemail_two_thirds.json");
        let Ok(suite) = std::fs::read_to_string(path) else {
            println!("skipped: the published suite of addresses is not at {path}");
            return;
        };
        let suite: Vec<serde_json::Value> = serde_json::from_str(&suite).unwrap();
        assert!(suite.len() > 100);
        for case in suite {
            let (id, address) = (case["id"].as_u64().unwrap(), case["address"].as_str().unwrap());
            let regular = accepted_categories.contains(&case["category"].as_str().unwrap());
            let exception = exceptions.iter().find(|(ids, _, _)| ids.contains(&id)).map(|(_, accepted, _)| *accepted);
            assert_ne!(exception, Some(regular), "{id} needs no exception");
            assert_eq!(EmailAddress::parse(address).is_ok(), exception.unwrap_or(regular), "{case}");
        }
    }

    #[test]
    fn dup_1_addresses_that_differ_in_case_share_a_key() {
        for [one, other] in [["Ada@Example.com", "ada@example.COM"], ["ΣΑΣ@example.com", "σασ@example.com"]] {
            assert_eq!(EmailAddress::parse(one).unwrap().key(), EmailAddress::parse(other).unwrap().key());
        }
        let keys =
            ["a.b@example.com", "ab@example.com", "ab+c@example.com"].map(|a| EmailAddress::parse(a).unwrap().key());
        assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn the_short_check_keeps_the_limits_of_the_whole_one() {
        let (label, local) = ("a".repeat(63), "l".repeat(64));
        let tails = ["com".to_owned(), "c".repeat(63), "c".repeat(64), format!("{label}.{label}.com")];
        let all = tails.iter().flat_map(|tail| {
            [1, 60, 61, 62, 63, 64]
                .map(|most| format!("{}@{label}.{}.{tail}", &local[..most.min(64)], "b".repeat(most)))
        });
        let more = (0..80).map(|most| format!("{}@{label}.{label}.{}.com", "l".repeat(most % 9 + 1), "b".repeat(most)));
        for raw in all.chain(more) {
            assert_eq!(at_of_kept(&raw).is_some(), EmailAddress::checked(&raw).is_ok(), "{raw}");
        }
    }

    #[test]
    fn deserialising_checks_like_parsing() {
        let address: EmailAddress = serde_json::from_str("\"name@Example.com\"").unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), "\"name@example.com\"");
        assert!(serde_json::from_str::<EmailAddress>("\"name\"").is_err());
    }

    proptest! {
        #[test]
        fn what_was_accepted_reads_back(raw in "[A-Za-z0-9é.+_'-]{1,12}@[A-Za-z0-9ü.-]{1,12}\\.[a-zü]{2,6}") {
            if let Ok(address) = EmailAddress::parse(&raw) {
                prop_assert!(address.domain().is_ascii());
                prop_assert_eq!(format!("{}@{}", address.local_part(), address.domain()), address.as_str());
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }

        #[test]
        fn the_short_check_says_what_the_whole_one_says(
            raw in "[A-Za-z0-9.+_'\"!-]{0,8}@?[a-zA-Z0-9.-]{0,8}(xn--)?[a-z0-9-]{0,4}[.]{0,2}[a-z0-9-]{0,3}"
        ) {
            if let Some(at) = at_of_kept(&raw) {
                prop_assert_eq!(EmailAddress::checked(&raw), Ok(EmailAddress { whole: raw.as_str().into(), at }));
            }
        }

        #[test]
        fn what_is_kept_in_ascii_needs_no_whole_check(raw in "[A-Za-z0-9+_']{1,12}(\\.[a-z]{1,4})?@[a-z]{1,9}\\.[a-z]{2,6}") {
            prop_assert!(at_of_kept(&raw).is_some());
        }

        #[test]
        fn any_text_is_accepted_or_refused(raw: String) {
            let _ = EmailAddress::parse(&raw);
        }
    }
}
