//! Phone numbers in the one form that is the same from everywhere: E.164.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::invalid::{Invalid, Rule};

const FIELD: &str = "phone";
const NUMBER: Rule =
    Rule::Malformed { expected: "a number of 7 to 15 digits with + and its country code, like +44 20 7946 0958" };
const EXIT_CODE: Rule = Rule::Malformed {
    expected: "written with + in place of a leading 00, which means abroad in some countries and nothing in others",
};
const TRUNK_ZERO: Rule =
    Rule::Malformed { expected: "written without (0), which is dialled within some countries and never from abroad" };
const EXTENSION: Rule = Rule::Malformed { expected: "a number without an extension" };
#[cfg(feature = "phone-metadata")]
const ASSIGNED: Rule = Rule::Malformed { expected: "a number that the numbering plan of its country has" };

/// More digits than this are no number in any way of dialling: 15, an exit code with a carrier's code, a trunk prefix.
const LIMIT_DIALLED_DIGITS: usize = 24;

/// A phone number by E.164: `+`, the country code and the rest, 7 to 15 digits in all, the first of them not 0.
///
/// [`Phone::parse`] takes the international form only, and guesses nothing. With the feature `phone-metadata`, `Phone::parse_in` also takes
/// numbers as they are written within a country, and checks them against its numbering plan.
///
/// Spaces, hyphens, dots, parentheses and slashes are dropped; full-width and Arabic digits become ASCII. A number with an extension is refused:
/// E.164 has none, and a switchboard's number with another person's extension would look like a duplicate. `Debug` shows the country code only.
///
/// ```
/// use crm_core::Phone;
///
/// let phone = Phone::parse("+44 (20) 7946-0958")?;
/// assert_eq!(phone.as_str(), "+442079460958");
/// assert_eq!(Phone::parse("＋４４　２０　７９４６　０９５８")?, phone);
/// assert_eq!(format!("{phone:?}"), "Phone(+44…, 12 digits)");
///
/// let refused = Phone::parse("020 7946 0958").unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "phone must be a number of 7 to 15 digits with + and its country code, like +44 20 7946 0958",
/// );
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(Box<str>);

impl Phone {
    /// Checks a number in international form and keeps it as E.164.
    ///
    /// A leading `00` is refused, since without a region it may be an exit code or not; so is `(0)` behind the country code, since it must be
    /// dropped for most countries and kept for some.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`], [`Rule::ControlCharacter`], else [`Rule::Malformed`], which says what is expected instead.
    ///
    /// ```
    /// use crm_core::Phone;
    ///
    /// assert!(Phone::parse("0044 20 7946 0958").is_err());
    /// assert!(Phone::parse("+44 (0)20 7946 0958").is_err());
    /// assert!(Phone::parse("+44 20 7946 0958 ext. 12").is_err());
    /// ```
    pub fn parse(raw: &str) -> Result<Self, Invalid> {
        // As nearly all come that come back from a store.
        if let Some(digits) = raw.strip_prefix('+')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && Self::fits(digits)
        {
            return Ok(Self(raw.into()));
        }
        Dialled::read(raw).and_then(Dialled::international).map_err(|rule| Invalid::personal(FIELD, raw, rule))
    }

    /// Reads a number as it is written in `region` (an ISO 3166 code), or in international form, and checks it against the numbering plan of
    /// its country.
    ///
    /// The plans are those of the library's release; a range that a country opened since is refused until the next.
    ///
    /// The exit code of the region (`00`, `011` …), trunk prefixes (`0`, `8` …) and `(0)` are understood. Stricter than [`Phone::parse`]: a
    /// number that no plan has is refused, also with a `+`.
    ///
    /// # Errors
    ///
    /// As [`Phone::parse`]; [`Rule::Malformed`] in the field `region` where there is no such region.
    ///
    /// ```
    /// use crm_core::Phone;
    ///
    /// let phone = Phone::parse("+442079460958")?;
    /// assert_eq!(Phone::parse_in("020 7946 0958", "GB")?, phone);
    /// assert_eq!(Phone::parse_in("011 44 20 7946 0958", "US")?, phone);
    /// assert_eq!(Phone::parse_in("+44 (0)20 7946 0958", "DE")?, phone);
    /// assert!(Phone::parse_in("020 7946", "GB").is_err());
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    #[cfg(feature = "phone-metadata")]
    pub fn parse_in(raw: &str, region: &str) -> Result<Self, Invalid> {
        let known = region.to_ascii_uppercase().parse::<phonenumber::country::Id>().ok();
        // The library panics where it has a region's name but no plan for it.
        let Some((id, plan)) = known.and_then(|id| Some((id, phonenumber::metadata::DATABASE.by_id(id.as_ref())?)))
        else {
            let expected = "an ISO 3166 code of a country with phones, like GB";
            return Err(Invalid::new("region", region, Rule::Malformed { expected }));
        };
        Dialled::read(raw)
            .and_then(|dialled| dialled.resolved(id, plan))
            .map_err(|rule| Invalid::personal(FIELD, raw, rule))
    }

    fn fits(digits: &str) -> bool {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0')
    }

    fn from_digits(digits: &str) -> Result<Self, Rule> {
        if Self::fits(digits) { Ok(Self(format!("+{digits}").into())) } else { Err(NUMBER) }
    }

    /// The number in E.164, with the `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The digits of the country code: `44`; `1` for all of North America.
    ///
    /// ```
    /// use crm_core::Phone;
    ///
    /// assert_eq!(Phone::parse("+44 20 7946 0958")?.country_code(), "44");
    /// assert_eq!(Phone::parse("+1 212 555 0123")?.country_code(), "1");
    /// assert_eq!(Phone::parse("+353 1 496 0000")?.country_code(), "353");
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn country_code(&self) -> &str {
        // ITU-T E.164, list of assigned country codes: zones 1 and 7 have one digit, these have two, all others have three.
        let length = match self.0.as_bytes() {
            [_, b'1' | b'7', ..] => 1,
            [_, b'2', b'0' | b'7', ..]
            | [_, b'3', b'0'..=b'4' | b'6' | b'9', ..]
            | [_, b'4', b'0' | b'1' | b'3'..=b'9', ..]
            | [_, b'5', b'1'..=b'8', ..]
            | [_, b'6', b'0'..=b'6', ..]
            | [_, b'8', b'1' | b'2' | b'4' | b'6', ..]
            | [_, b'9', b'0'..=b'5' | b'8', ..] => 2,
            _ => 3,
        };
        &self.0[1..=length]
    }
}

/// What stands in a phone number as somebody wrote it.
struct Dialled {
    plus: bool,
    /// A zero alone in parentheses, behind the country code.
    trunk_zero: bool,
    digits: String,
}

impl Dialled {
    fn read(raw: &str) -> Result<Self, Rule> {
        let text = raw.trim();
        if text.is_empty() {
            return Err(Rule::Empty);
        }
        let mut read = Self { plus: false, trunk_zero: false, digits: String::new() };
        let mut opened = None;
        for (position, (start, character)) in text.char_indices().enumerate() {
            match character {
                '+' | '＋' if !read.plus && read.digits.is_empty() => read.plus = true,
                '(' | '（' => opened = Some(read.digits.len()),
                ')' | '）' => {
                    let inside = opened.take().map_or("", |from| &read.digits[from..]);
                    read.trunk_zero |= read.plus && inside == "0";
                }
                _ if is_separator(character) => {}
                _ if character.is_control() => return Err(Rule::ControlCharacter { character, position }),
                _ => match ascii_digit(character) {
                    Some(digit) => read.digits.push(digit),
                    None if !read.digits.is_empty() && starts_extension(&text[start..]) => return Err(EXTENSION),
                    None => return Err(NUMBER),
                },
            }
            if read.digits.len() > LIMIT_DIALLED_DIGITS {
                return Err(NUMBER);
            }
        }
        Ok(read)
    }

    fn international(self) -> Result<Phone, Rule> {
        match self {
            Self { plus: false, digits, .. } if digits.starts_with("00") => Err(EXIT_CODE),
            Self { plus: false, .. } => Err(NUMBER),
            Self { trunk_zero: true, .. } => Err(TRUNK_ZERO),
            Self { digits, .. } => Phone::from_digits(&digits),
        }
    }

    #[cfg(feature = "phone-metadata")]
    fn resolved(self, id: phonenumber::country::Id, plan: &phonenumber::Metadata) -> Result<Phone, Rule> {
        let abroad = if self.plus {
            Some(self.digits.as_str())
        } else {
            let exit_code = plan.international_prefix().and_then(|prefix| prefix.find(&self.digits));
            exit_code
                .filter(|found| found.start() == 0 && found.end() > 0)
                .map(|found| &self.digits[found.end()..])
                // A country code does not start with 0, so that this was no exit code.
                .filter(|rest| !rest.starts_with('0'))
        };
        // Digits that are a whole number as they stand are kept: the library would take +7 800… for a Russian trunk prefix and +590 590… for the
        // country code once more, and refuse both.
        let whole = match abroad {
            Some(digits) => stands_in_a_plan(digits).then(|| digits.to_owned()),
            None => stands_in(plan, &self.digits).then(|| format!("{}{}", plan.country_code(), self.digits)),
        };
        if let Some(digits) = whole {
            return Phone::from_digits(&digits);
        }
        // With a region, the library strips that region's trunk prefix from a number of another country too: in the United States, +86 138…
        // loses its 1. Without one it takes the plan of the number's own country.
        let parsed = match abroad {
            Some(digits) => phonenumber::parse(None, format!("+{digits}")),
            None => phonenumber::parse(Some(id), &self.digits),
        };
        match parsed {
            Ok(number) if number.is_valid() => {
                Phone::from_digits(&format!("{}{}", number.code().value(), number.national()))
            }
            _ => Err(ASSIGNED),
        }
    }
}

/// Whether the digits are a country code and a whole number of a plan with that code.
#[cfg(feature = "phone-metadata")]
fn stands_in_a_plan(digits: &str) -> bool {
    // No country code begins with another, so that at most one of the lengths is a code.
    (1..=3).filter_map(|length| digits.split_at_checked(length)).any(|(code, national)| {
        let plans = code.parse::<u16>().ok().and_then(|code| phonenumber::metadata::DATABASE.by_code(&code));
        plans.is_some_and(|plans| plans.into_iter().any(|plan| stands_in(plan, national)))
    })
}

/// Whether the plan has the number, from its first digit to its last, as one of its kinds.
#[cfg(feature = "phone-metadata")]
fn stands_in(plan: &phonenumber::Metadata, national: &str) -> bool {
    let kinds = plan.descriptors();
    let diallable = [
        kinds.fixed_line(),
        kinds.mobile(),
        kinds.toll_free(),
        kinds.premium_rate(),
        kinds.shared_cost(),
        kinds.personal_number(),
        kinds.voip(),
        kinds.pager(),
        kinds.uan(),
        kinds.voicemail(),
    ];
    kinds.general().is_match(national)
        && diallable.into_iter().flatten().any(|kind| {
            // `is_match` looks at the length and the first digits only.
            let matched = kind.national_number().find(national);
            kind.is_match(national) && matched.is_some_and(|found| found.end() == national.len())
        })
}

/// What people put between digits, and what copying from a phone or a web page leaves there.
fn is_separator(character: char) -> bool {
    match character {
        '-' | '.' | '/' => true,
        '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{30FC}' | '\u{FE63}' | '\u{FF0D}' => true,
        '\u{B7}' | '\u{30FB}' | '\u{FF0E}' | '\u{FF0F}' => true,
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => true,
        _ => character.is_whitespace() && !character.is_control(),
    }
}

fn ascii_digit(character: char) -> Option<char> {
    let zero = match character {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6F0}'..='\u{6F9}' => '\u{6F0}',
        _ => return None,
    };
    char::from_digit(u32::from(character) - u32::from(zero), 10)
}

fn starts_extension(rest: &str) -> bool {
    let starts_with = |mark: &str| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    ["x", "ext", "#", ",", ";", "转", "轉", "分机", "内線", "ｘ", "＃"].iter().any(|mark| starts_with(mark))
}

impl FromStr for Phone {
    type Err = Invalid;
    fn from_str(raw: &str) -> Result<Self, Invalid> {
        Self::parse(raw)
    }
}

impl TryFrom<&str> for Phone {
    type Error = Invalid;
    fn try_from(raw: &str) -> Result<Self, Invalid> {
        Self::parse(raw)
    }
}

impl TryFrom<String> for Phone {
    type Error = Invalid;
    fn try_from(raw: String) -> Result<Self, Invalid> {
        Self::parse(&raw)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0.into()
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone(+{}…, {} digits)", self.country_code(), self.0.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A published table, where it is at hand, as rows of fields (none of them has a comma inside).
    fn published(file: &str) -> Option<Vec<Vec<String>>> {
        let path = format!("{}/../../shared/data/phone-numbers/{file}", env!("CARGO_MANIFEST_DIR"));
        let Ok(table) = std::fs::read_to_string(&path) else {
            println!("skipped: the published phone numbers are not at {path}");
            return None;
        };
        Some(table.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect())
    }

    #[test]
    fn numbers_are_kept_as_e164() {
        let cases = [
            ("+442079460958", "+442079460958"),
            (" +44 20 7946 0958 ", "+442079460958"),
            ("+44.20.7946.0958", "+442079460958"),
            ("(+44) 20/7946-0958", "+442079460958"),
            ("\u{202A}+44\u{A0}20\u{2011}7946\u{2013}0958\u{202C}", "+442079460958"),
            ("＋８１（３）１２３４－５６７８", "+81312345678"),
            ("+81ー3ー1234ー5678", "+81312345678"),
            ("+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "+966501234567"),
            ("+683 4002", "+6834002"),
            ("+39 02 36618 300", "+390236618300"),
            ("+123456789012345", "+123456789012345"),
        ];
        for (raw, kept) in cases {
            assert_eq!(Phone::parse(raw).unwrap().as_str(), kept, "{raw}");
        }
    }

    #[test]
    fn refusals_say_what_is_expected_instead() {
        let endless = format!("+{}", "1".repeat(10_000));
        let cases: &[(&str, Rule)] = &[
            ("", Rule::Empty),
            ("\u{3000}", Rule::Empty),
            ("+", NUMBER),
            ("()", NUMBER),
            ("+1", NUMBER),
            ("+123456", NUMBER),
            ("+1234567890123456", NUMBER),
            (&endless, NUMBER),
            ("+0044 20 7946 0958", NUMBER),
            ("020 7946 0958", NUMBER),
            ("++442079460958", NUMBER),
            ("+442079460958 +442079460959", NUMBER),
            ("44+2079460958", NUMBER),
            ("+1 800 FLOWERS", NUMBER),
            ("n/a", NUMBER),
            ("x12", NUMBER),
            ("+8１*12345678", NUMBER),
            ("0044 20 7946 0958", EXIT_CODE),
            ("+44 (0)20 7946 0958", TRUNK_ZERO),
            ("+44（０）20 7946 0958", TRUNK_ZERO),
            ("+44 20 7946 0958 x123", EXTENSION),
            ("+44 20 7946 0958 Ext. 123", EXTENSION),
            ("+86 10 6552 9988转123", EXTENSION),
            ("+44 20 7946 0958,,123#", EXTENSION),
            ("+44 20\n7946 0958", Rule::ControlCharacter { character: '\n', position: 6 }),
        ];
        for (raw, rule) in cases {
            let refused = Phone::parse(raw).unwrap_err();
            assert_eq!((refused.rule(), refused.field(), refused.value()), (rule, "phone", *raw));
        }
    }

    #[test]
    fn debug_and_refusals_keep_the_subscriber_to_themselves() {
        assert_eq!(format!("{:?}", Phone::parse("+86 138 1234 5678").unwrap()), "Phone(+86…, 13 digits)");
        assert!(!format!("{0} {0:?}", Phone::parse("13812345678").unwrap_err()).contains("138"));
    }

    #[test]
    fn deserialising_checks_like_parsing() {
        let phone: Phone = serde_json::from_str("\"+44 20 7946 0958\"").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), "\"+442079460958\"");
        assert!(serde_json::from_str::<Phone>("\"020 7946 0958\"").is_err());
    }

    #[test]
    fn published_numbers_are_accepted_with_their_country_code() {
        for row in published("example_numbers_two_thirds_of_regions.csv").unwrap_or_default() {
            let [region, code, kind, _, international, ..] = row.as_slice() else { panic!("{row:?}") };
            match Phone::parse(international) {
                Ok(phone) => {
                    assert_eq!((phone.as_str(), phone.country_code()), (&**international, &**code), "{region}");
                }
                // Some special services have numbers that cannot be reached from abroad, shorter or longer than E.164 allows.
                Err(_) => assert!(!(8..=16).contains(&international.len()), "{region} {kind} {international}"),
            }
        }
    }

    proptest! {
        #[test]
        fn separators_change_nothing(
            digits in "[1-9][0-9]{6,14}",
            separators in prop::collection::vec(prop::sample::select(vec!["", " ", "-", ".", "\u{3000}", "－", "/"]), 15),
        ) {
            let spaced: String = digits.chars().zip(separators).flat_map(|(digit, between)| [digit.to_string(), between.to_owned()]).collect();
            prop_assert_eq!(Phone::parse(&format!("+{spaced}")).unwrap().to_string(), format!("+{digits}"));
        }

        #[test]
        fn a_number_as_it_is_kept_is_read_like_any_other(raw in "\\+?[0-9]{5,17}[0-9 a]?") {
            let read = Dialled::read(&raw).and_then(Dialled::international);
            prop_assert_eq!(Phone::parse(&raw).map_err(|refused| refused.rule().clone()), read);
        }

        #[test]
        fn any_text_is_accepted_or_refused(raw: String) {
            let _ = Phone::parse(&raw);
        }
    }

    #[cfg(feature = "phone-metadata")]
    mod with_numbering_plans {
        use phonenumber::metadata::DATABASE;

        use super::*;

        #[test]
        fn numbers_are_read_as_their_region_writes_them() {
            let cases = [
                ("020 7946 0958", "GB", "+442079460958"),
                ("020 7946 0958", "gb", "+442079460958"),
                ("2079460958", "GB", "+442079460958"),
                ("0044 20 7946 0958", "DE", "+442079460958"),
                ("+44 (0)20 7946 0958", "CN", "+442079460958"),
                ("０３－１２３４－５６７８", "JP", "+81312345678"),
                ("138 1234 5678", "CN", "+8613812345678"),
                ("+86 138 1234 5678", "US", "+8613812345678"),
                ("011 86 138 1234 5678", "US", "+8613812345678"),
                ("8 (912) 345-67-89", "RU", "+79123456789"),
                ("8~10 44 20 7946 0958", "RU", ""),
                ("8 10 44 20 7946 0958", "RU", "+442079460958"),
                ("02 36618 300", "IT", "+390236618300"),
                ("+39 02 36618 300", "US", "+390236618300"),
                ("(212) 555-0123", "US", "+12125550123"),
                ("1-212-555-0123", "US", "+12125550123"),
                ("011 15 8765-4321", "AR", "+5491187654321"),
                ("020 7946", "GB", ""),
                ("555-0123", "US", ""),
                ("+44 20", "GB", ""),
                ("+999 1234567", "GB", ""),
                ("0000000000", "GB", ""),
            ];
            for (raw, region, kept) in cases {
                let read = Phone::parse_in(raw, region);
                assert_eq!(read.as_ref().map_or("", Phone::as_str), kept, "{raw} in {region}: {read:?}");
            }
        }

        #[test]
        fn regions_without_a_plan_are_refused() {
            for region in ["", "G", "XX", "ZZ", "001", "AQ", "United Kingdom", "ＧＢ"] {
                let refused = Phone::parse_in("020 7946 0958", region).unwrap_err();
                assert_eq!((refused.field(), refused.value()), ("region", region));
            }
        }

        /// The example that the plans give for each kind of number, in every region.
        #[test]
        fn examples_of_all_plans_are_kept_digit_by_digit() {
            let mut seen = 0;
            for plan in DATABASE.iter().filter(|plan| plan.id() != "001") {
                let kinds = plan.descriptors();
                for kind in [kinds.fixed_line(), kinds.mobile(), kinds.voip(), kinds.toll_free()].into_iter().flatten()
                {
                    let Some(national) = kind.example() else { continue };
                    let Ok(phone) = Phone::parse(&format!("+{}{national}", plan.country_code())) else { continue };
                    for region in [plan.id(), "US"] {
                        assert_eq!(
                            Phone::parse_in(phone.as_str(), region),
                            Ok(phone.clone()),
                            "{} in {region}",
                            phone.as_str()
                        );
                    }
                    assert_eq!(Phone::parse_in(national, plan.id()), Ok(phone), "{national} in {}", plan.id());
                    seen += 1;
                }
            }
            assert!(seen > 500, "{seen}");
        }

        #[test]
        fn published_numbers_are_read_in_both_forms() {
            let changed_since = [
                // Benin went from 8 to 10 digits in November 2024.
                ("BJ", "fixedLine"),
                ("BJ", "mobile"),
                // Ranges that the plan has given up.
                ("BR", "premiumRate"),
                ("SA", "uan"),
            ];
            for row in published("example_numbers_two_thirds_of_regions.csv").unwrap_or_default() {
                let [region, _, kind, national, international, ..] = row.as_slice() else { panic!("{row:?}") };
                // `001` stands for services of the whole world: no region, and none is needed.
                let region = if region == "001" { "US" } else { region };
                let Ok(phone) = Phone::parse(international) else { continue };
                if changed_since.contains(&(region, kind)) {
                    continue;
                }
                assert_eq!(
                    Phone::parse_in(international, region),
                    Ok(phone.clone()),
                    "{region} {kind} {international}"
                );
                if row[0] != "001" {
                    assert_eq!(Phone::parse_in(national, region), Ok(phone), "{region} {kind} {national}");
                }
            }
        }

        /// The published cases are of an invented numbering plan, so that a real one may refuse them; but it must not make another number of them.
        #[test]
        fn published_cases_never_become_another_number() {
            for row in published("parse_cases.csv").unwrap_or_default() {
                let [raw, region, code, national, _, zero, ..] = row.as_slice() else { panic!("{row:?}") };
                let zero = if zero == "True" { "0" } else { "" };
                if let Ok(phone) = Phone::parse_in(raw, region) {
                    assert_eq!(phone.as_str(), format!("+{code}{zero}{national}"), "{raw} in {region}");
                }
            }
        }

        #[test]
        fn every_country_code_is_looked_up_without_a_panic() {
            for code in 0..1000 {
                for rest in ["", "212345678"] {
                    let _ = Phone::parse_in(&format!("+{code}{rest}"), "GB");
                }
            }
        }

        proptest! {
            #[test]
            fn any_digits_in_any_region_are_accepted_or_refused(raw in "\\+?[0-9]{0,26}", seed: prop::sample::Index) {
                let regions: Vec<&str> = DATABASE.iter().map(phonenumber::Metadata::id).collect();
                let region = seed.get(&regions);
                if let Ok(phone) = Phone::parse_in(&raw, region) {
                    prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone));
                }
            }

            #[test]
            fn any_text_is_accepted_or_refused_in_a_region(raw: String, region: String) {
                let _ = Phone::parse_in(&raw, "US");
                let _ = Phone::parse_in("2125550123", &region);
            }
        }
    }
}
