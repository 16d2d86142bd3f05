//! Postal addresses of any country.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    invalid::{Invalid, Rule},
    text::checked,
};

/// A postal address: up to four street lines, city, region, postcode and country, of which at least one is given.
///
/// Most countries have no region in an address, some no postcode, and half of a customer file has only a city: so nothing is required but
/// something. Each part is one line in any script. How the parts are ordered on an envelope depends on the country and is left to the host.
/// `Debug` shows the country only.
///
/// ```
/// use crm_core::{PostalAddress, PostalAddressFields};
///
/// let address = PostalAddress::parse(PostalAddressFields {
///     street: vec!["1 Example Street".into(), "".into()],
///     city: "London".into(),
///     country: "gb".into(),
///     ..PostalAddressFields::default()
/// })?;
/// assert_eq!(address.street().collect::<Vec<_>>(), ["1 Example Street"]);
/// assert_eq!((address.city(), address.postcode(), address.country()), (Some("London"), None, Some("GB")));
/// assert_eq!(format!("{address:?}"), "PostalAddress(GB)");
///
/// let refused = PostalAddress::parse(PostalAddressFields::default()).unwrap_err();
/// assert_eq!(refused.to_string(), "address must not be empty");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "PostalAddressFields", into = "PostalAddressFields")]
pub struct PostalAddress {
    street: Vec<Box<str>>,
    city: Option<Box<str>>,
    region: Option<Box<str>>,
    postcode: Option<Box<str>>,
    country: Option<Box<str>>,
}

/// The parts of a [`PostalAddress`] as they come in from a form, a file or JSON, unchecked. What is blank counts as not given.
///
/// It holds personal data and shows nothing of it in `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PostalAddressFields {
    /// Street and house number, building, floor, post office box: a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub street: Vec<String>,
    /// The town.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// The state, province, prefecture or county.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// The postal code or ZIP code.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postcode: String,
    /// The country by ISO 3166-1 alpha-2: `GB`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
}

impl PostalAddress {
    /// The most street lines.
    pub const LIMIT_STREET_LINES: usize = 4;
    /// The most characters of a street line, a city or a region.
    pub const LIMIT_CHARACTERS: usize = 200;
    /// The most characters of a postcode.
    pub const LIMIT_POSTCODE_CHARACTERS: usize = 20;

    /// Checks and keeps the parts of an address, without the white space around them. Blank street lines are dropped.
    ///
    /// The country must have the form of a code; whether a country has that code is not checked, since countries come and go.
    ///
    /// # Errors
    ///
    /// [`Rule::Empty`] where nothing is given, [`Rule::TooMany`] street lines, [`Rule::TooLong`], [`Rule::ControlCharacter`], or
    /// [`Rule::Malformed`] for the country.
    pub fn parse(fields: PostalAddressFields) -> Result<Self, Invalid> {
        let PostalAddressFields { street, city, region, postcode, country } = fields;
        let mut lines = Vec::new();
        for raw in &street {
            lines.extend(line("street", raw, Self::LIMIT_CHARACTERS)?.map(Into::into));
            if lines.len() > Self::LIMIT_STREET_LINES {
                let rule = Rule::TooMany { limit: Self::LIMIT_STREET_LINES };
                return Err(Invalid::personal("street", street.join("\n"), rule));
            }
        }
        let address = Self {
            street: lines,
            city: part("city", city, Self::LIMIT_CHARACTERS)?,
            region: part("region", region, Self::LIMIT_CHARACTERS)?,
            postcode: part("postcode", postcode, Self::LIMIT_POSTCODE_CHARACTERS)?,
            country: country_code(&country)?,
        };
        let Self { street, city, region, postcode, country } = &address;
        if street.is_empty() && [city, region, postcode, country].into_iter().all(Option::is_none) {
            return Err(Invalid::personal("address", "", Rule::Empty));
        }
        Ok(address)
    }

    /// Street and house number, building, floor, post office box: none to four lines.
    pub fn street(&self) -> impl ExactSizeIterator<Item = &str> {
        self.street.iter().map(AsRef::as_ref)
    }

    /// The town.
    pub fn city(&self) -> Option<&str> {
        self.city.as_deref()
    }

    /// The state, province, prefecture or county.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// The postal code or ZIP code.
    pub fn postcode(&self) -> Option<&str> {
        self.postcode.as_deref()
    }

    /// The country by ISO 3166-1 alpha-2: `GB`.
    pub fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }
}

/// The part, or `None` where it is blank.
fn line<'a>(field: &'static str, raw: &'a str, limit_characters: usize) -> Result<Option<&'a str>, Invalid> {
    match checked(raw, limit_characters, char::is_control) {
        Ok(text) => Ok(Some(text)),
        Err(Rule::Empty) => Ok(None),
        Err(rule) => Err(Invalid::personal(field, raw, rule)),
    }
}

fn part(field: &'static str, raw: String, limit_characters: usize) -> Result<Option<Box<str>>, Invalid> {
    let text = line(field, &raw, limit_characters)?;
    // Without white space around it, it is kept as it came.
    Ok(match text.map(|text| text.len() == raw.len()) {
        Some(true) => Some(raw.into()),
        Some(false) => text.map(Into::into),
        None => None,
    })
}

fn country_code(raw: &str) -> Result<Option<Box<str>>, Invalid> {
    let code = raw.trim();
    if code.is_empty() {
        return Ok(None);
    }
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(Some(code.to_ascii_uppercase().into()));
    }
    Err(Invalid::personal("country", raw, Rule::Malformed { expected: "an ISO 3166 code of two letters, like GB" }))
}

impl TryFrom<PostalAddressFields> for PostalAddress {
    type Error = Invalid;
    fn try_from(fields: PostalAddressFields) -> Result<Self, Invalid> {
        Self::parse(fields)
    }
}

impl From<PostalAddress> for PostalAddressFields {
    fn from(address: PostalAddress) -> Self {
        let PostalAddress { street, city, region, postcode, country } = address;
        let text = |part: Option<Box<str>>| part.map(String::from).unwrap_or_default();
        Self {
            street: street.into_iter().map(String::from).collect(),
            city: text(city),
            region: text(region),
            postcode: text(postcode),
            country: text(country),
        }
    }
}

impl fmt::Debug for PostalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostalAddress({})", self.country().unwrap_or("…"))
    }
}

impl fmt::Debug for PostalAddressFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostalAddressFields").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(street: &[&str], [city, region, postcode, country]: [&str; 4]) -> PostalAddressFields {
        PostalAddressFields {
            street: street.iter().copied().map(String::from).collect(),
            city: city.into(),
            region: region.into(),
            postcode: postcode.into(),
            country: country.into(),
        }
    }

    #[test]
    fn any_one_part_makes_an_address() {
        let table = [
            fields(&["a"], [""; 4]),
            fields(&[], ["a", "", "", ""]),
            fields(&[], ["", "a", "", ""]),
            fields(&[], ["", "", "a", ""]),
            fields(&[], ["", "", "", "CN"]),
        ];
        for given in table {
            let address = PostalAddress::parse(given.clone()).unwrap();
            assert!(PostalAddressFields::from(address) == given);
        }
    }

    #[test]
    fn addresses_are_refused_in_the_part_that_breaks_a_rule() {
        let (long, long_postcode) = ("街".repeat(201), "1".repeat(21));
        let too_long = |limit_characters, characters| Rule::TooLong { limit_characters, characters };
        let control = Rule::ControlCharacter { character: '\n', position: 3 };
        let expected = "an ISO 3166 code of two letters, like GB";
        let cases = [
            (fields(&[], [""; 4]), "address", Rule::Empty),
            (fields(&[" ", "\u{200B}"], [" ", "", "", "\t"]), "address", Rule::Empty),
            (fields(&["a", "b", "c", "d", "e"], [""; 4]), "street", Rule::TooMany { limit: 4 }),
            (fields(&[&long], [""; 4]), "street", too_long(200, 201)),
            (fields(&["two\nlines"], [""; 4]), "street", control.clone()),
            (fields(&[], ["two\nlines", "", "", ""]), "city", control.clone()),
            (fields(&[], ["", "two\nlines", "", ""]), "region", control),
            (fields(&[], ["", "", &long_postcode, ""]), "postcode", too_long(20, 21)),
            (fields(&[], ["", "", "", "GBR"]), "country", Rule::Malformed { expected }),
            (fields(&[], ["", "", "", "中"]), "country", Rule::Malformed { expected }),
            (fields(&[], ["", "", "", "G1"]), "country", Rule::Malformed { expected }),
        ];
        for (given, field, rule) in cases {
            let refused = PostalAddress::parse(given).unwrap_err();
            assert_eq!((refused.field(), refused.rule()), (field, &rule));
        }
        assert!(PostalAddress::parse(fields(&["a", "", "b", " ", "c", "d"], [""; 4])).is_ok());
    }

    #[test]
    fn neither_debug_nor_a_refusal_shows_where_somebody_lives() {
        let given = fields(&["1 Secret Street"], ["", "", "", "GB"]);
        let shown = format!("{given:?} {:?}", PostalAddress::parse(given.clone()).unwrap());
        let refused = PostalAddress::parse(fields(&["1 Secret\0Street"], [""; 4])).unwrap_err();
        assert!(!format!("{shown} {refused:?} {refused}").contains("Secret"));
        assert_eq!(refused.value(), "1 Secret\0Street");
    }

    #[test]
    fn deserialising_is_strict_and_checks_like_parsing() {
        let json = r#"{"street":["1 Example Street"],"postcode":"EC1A 1BB","country":"GB"}"#;
        let address: PostalAddress = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&address).unwrap(), json);
        for json in ["{}", r#"{"town":"London"}"#, r#"{"country":"England"}"#] {
            assert!(serde_json::from_str::<PostalAddress>(json).is_err(), "{json}");
        }
    }
}
