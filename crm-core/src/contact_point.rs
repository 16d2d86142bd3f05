//! The ways to reach somebody: e-mail addresses, phones and postal addresses with their standing.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    email::EmailAddress,
    invalid::{Invalid, Rule},
    phone::Phone,
    postal_address::PostalAddress,
};

/// What a [`ContactPoints`] may hold: a value that reaches somebody, and knows when it is the same as another.
pub trait ContactValue {
    /// The field, by the name that a person knows it by.
    const FIELD: &'static str;

    /// What values are told apart by: two with one key reach the same place.
    fn key(&self) -> String;
}

impl ContactValue for EmailAddress {
    const FIELD: &'static str = "email";

    fn key(&self) -> String {
        self.key()
    }
}

impl ContactValue for Phone {
    const FIELD: &'static str = "phone";

    fn key(&self) -> String {
        self.as_str().into()
    }
}

/// Addresses are the same where all their parts are.
impl ContactValue for PostalAddress {
    const FIELD: &'static str = "address";

    fn key(&self) -> String {
        let place = [self.city(), self.region(), self.postcode(), self.country()].map(Option::unwrap_or_default);
        // No part has a line feed and all but the street stand in each key, so that different addresses have different keys.
        self.street().chain(place).collect::<Vec<_>>().join("\n")
    }
}

/// What a contact point is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactLabel {
    /// The place of work.
    Work,
    /// The home.
    Home,
    /// The phone in the pocket.
    Mobile,
    /// Where invoices go.
    Billing,
    /// Where goods go.
    Shipping,
    /// Anything else, or not known.
    Other,
}

/// One way to reach somebody, with its standing.
///
/// `opted_out` and `invalid` say different things and neither follows from the other. Opted out: the owner wants no campaign here; a person may
/// still write, and order confirmations still go. Invalid: nothing arrives here (it bounced, a wrong number, moved away), whatever the owner
/// wants. A campaign goes to points that are neither.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
// No default for the flags: a file that lost the column must not opt everybody in again.
#[serde(deny_unknown_fields)]
pub struct ContactPoint<T> {
    /// The address or number.
    pub value: T,
    /// What it is for.
    pub label: ContactLabel,
    /// Whether the owner wants no campaign at this address or number.
    pub opted_out: bool,
    /// Whether it is known not to work: mail bounced, nobody of that name answered.
    pub invalid: bool,
}

impl<T> ContactPoint<T> {
    /// A contact point of which nothing bad is known: not opted out, not invalid.
    pub fn new(value: T, label: ContactLabel) -> Self {
        Self { value, label, opted_out: false, invalid: false }
    }
}

/// One of the ways to reach somebody, by its address or number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactRef {
    /// An e-mail address.
    Email(EmailAddress),
    /// A telephone number.
    Phone(Phone),
    /// A postal address.
    Address(PostalAddress),
}

/// What somebody said or found out about a contact point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactMark {
    /// The owner wants no campaign there (CMP-4).
    OptOut,
    /// The owner wants campaigns there again.
    OptIn,
    /// Nothing arrives there.
    Invalid,
    /// It works again.
    Valid,
}

/// The two flags of a [`ContactPoint`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactStanding {
    /// Whether the owner wants no campaign there.
    pub opted_out: bool,
    /// Whether it is known not to work.
    pub invalid: bool,
}

impl ContactStanding {
    /// The standing after a mark: each mark sets or lifts one flag and leaves the other.
    #[must_use]
    pub const fn marked(self, mark: ContactMark) -> Self {
        match mark {
            ContactMark::OptOut => Self { opted_out: true, ..self },
            ContactMark::OptIn => Self { opted_out: false, ..self },
            ContactMark::Invalid => Self { invalid: true, ..self },
            ContactMark::Valid => Self { invalid: false, ..self },
        }
    }
}

/// All e-mail addresses, all phones or all postal addresses of somebody, in the order in which they came.
///
/// No value stands in it twice (by [`ContactValue::key`]), there are at most [`ContactPoints::LIMIT`], and one of them is the primary unless
/// there is none: the first that was added, until another is set. Each operation changes everything or, refused, nothing.
///
/// An opt-out stays until [`ContactPoints::opt_in`] (CMP-4): adding the value again is refused, and [`ContactPoints::absorb`] keeps it.
///
/// ```
/// use crm_core::{ContactLabel, ContactPoints, EmailAddress, Rule};
///
/// let [work, home]: [EmailAddress; 2] = ["ada@example.com".parse()?, "ada@example.org".parse()?];
/// let mut emails = ContactPoints::new();
/// emails.add(work.clone(), ContactLabel::Work)?;
/// emails.add(home.clone(), ContactLabel::Home)?;
/// assert_eq!(emails.primary().map(|point| &point.value), Some(&work));
///
/// emails.opt_out(&work)?;
/// let refused = emails.add("ADA@example.com".parse()?, ContactLabel::Work).unwrap_err();
/// assert_eq!(refused.rule(), &Rule::Repeated);
/// assert!(emails.get(&work).is_some_and(|point| point.opted_out));
///
/// emails.remove(&work)?;
/// assert_eq!(emails.primary().map(|point| &point.value), Some(&home));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts<T>", bound(deserialize = "T: ContactValue + Deserialize<'de>"))]
pub struct ContactPoints<T> {
    points: Vec<ContactPoint<T>>,
    /// An index into `points`; 0 where there are none.
    primary: usize,
}

/// What [`ContactPoints`] looks like in a file, unchecked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts<T> {
    points: Vec<ContactPoint<T>>,
    primary: usize,
}

impl<T> ContactPoints<T> {
    /// The most points that it may hold.
    pub const LIMIT: usize = 50;

    /// No way to reach anybody.
    pub const fn new() -> Self {
        Self { points: Vec::new(), primary: 0 }
    }

    /// The one to use where one is wanted; `None` where there is none at all.
    ///
    /// It may be opted out or invalid: the flags say whether to use it, not which it is.
    pub fn primary(&self) -> Option<&ContactPoint<T>> {
        self.points.get(self.primary)
    }

    /// All points, in the order in which they came.
    pub fn iter(&self) -> std::slice::Iter<'_, ContactPoint<T>> {
        self.points.iter()
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

impl<T: ContactValue> ContactPoints<T> {
    /// Puts together what a store has read: the points in their order, and the index of the primary (0 where there are none).
    ///
    /// # Errors
    ///
    /// [`Rule::TooMany`], [`Rule::Repeated`], or [`Rule::NotListed`] in the field `primary` where no point has that index.
    pub fn from_parts(points: Vec<ContactPoint<T>>, primary: usize) -> Result<Self, Invalid> {
        let limit = Self::LIMIT;
        if points.len() > limit {
            return Err(Invalid::new(T::FIELD, points.len().to_string(), Rule::TooMany { limit }));
        }
        // One alone repeats nothing, and most people have one.
        let mut keys = HashSet::new();
        for point in points.iter().filter(|_| points.len() > 1) {
            let key = point.value.key();
            if keys.contains(&key) {
                return Err(Invalid::personal(T::FIELD, key, Rule::Repeated));
            }
            keys.insert(key);
        }
        if primary >= points.len().max(1) {
            return Err(Invalid::new("primary", primary.to_string(), Rule::NotListed));
        }
        Ok(Self { points, primary })
    }

    /// Adds a value as the last; the first of all becomes the primary.
    ///
    /// # Errors
    ///
    /// [`Rule::Repeated`] where it is there already, with its label and flags as they were; [`Rule::TooMany`].
    pub fn add(&mut self, value: T, label: ContactLabel) -> Result<(), Invalid> {
        let key = value.key();
        if self.position(&key).is_some() {
            return Err(Invalid::personal(T::FIELD, key, Rule::Repeated));
        }
        if self.points.len() >= Self::LIMIT {
            return Err(Invalid::personal(T::FIELD, key, Rule::TooMany { limit: Self::LIMIT }));
        }
        self.points.push(ContactPoint::new(value, label));
        Ok(())
    }

    /// Takes a value out. If it was the primary, the first that is left becomes it.
    ///
    /// The point comes back with its flags, which are known here no more: an opt-out that must outlive the record belongs into a suppression list.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn remove(&mut self, value: &T) -> Result<ContactPoint<T>, Invalid> {
        let index = self.listed(value)?;
        match index.cmp(&self.primary) {
            std::cmp::Ordering::Less => self.primary -= 1,
            std::cmp::Ordering::Equal => self.primary = 0,
            std::cmp::Ordering::Greater => {}
        }
        Ok(self.points.remove(index))
    }

    /// Makes a value that is there the primary.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn set_primary(&mut self, value: &T) -> Result<(), Invalid> {
        self.primary = self.listed(value)?;
        Ok(())
    }

    /// No campaign goes to this value from now on (CMP-4). Doing it twice is no error.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn opt_out(&mut self, value: &T) -> Result<(), Invalid> {
        self.point_mut(value)?.opted_out = true;
        Ok(())
    }

    /// The owner wants campaigns at this value again.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn opt_in(&mut self, value: &T) -> Result<(), Invalid> {
        self.point_mut(value)?.opted_out = false;
        Ok(())
    }

    /// Nothing arrives at this value: it bounced, or the number is wrong.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn mark_invalid(&mut self, value: &T) -> Result<(), Invalid> {
        self.point_mut(value)?.invalid = true;
        Ok(())
    }

    /// This value works again.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn mark_valid(&mut self, value: &T) -> Result<(), Invalid> {
        self.point_mut(value)?.invalid = false;
        Ok(())
    }

    /// Marks a value; gives how it stood and how it stands.
    ///
    /// # Errors
    ///
    /// [`Rule::NotListed`].
    pub fn mark(&mut self, value: &T, mark: ContactMark) -> Result<(ContactStanding, ContactStanding), Invalid> {
        let point = self.point_mut(value)?;
        let before = ContactStanding { opted_out: point.opted_out, invalid: point.invalid };
        let after = before.marked(mark);
        (point.opted_out, point.invalid) = (after.opted_out, after.invalid);
        Ok((before, after))
    }

    /// Sets each flag that an earlier list has set on a value of this one: who writes the list anew does not lift it.
    pub(crate) fn keep_flags_of(&mut self, earlier: &Self) {
        for point in &mut self.points {
            if let Some(known) = earlier.get(&point.value) {
                point.opted_out |= known.opted_out;
                point.invalid |= known.invalid;
            }
        }
    }

    /// The point that holds this value.
    pub fn get(&self, value: &T) -> Option<&ContactPoint<T>> {
        self.points.get(self.position(&value.key())?)
    }

    /// Takes over the points of a record that is merged into this one (MRG-3): the union, in which a point is opted out or invalid if it was so
    /// on either side. The primary stays; only where there was none, the other's becomes it.
    ///
    /// # Errors
    ///
    /// [`Rule::TooMany`] where the union does not fit; nothing is changed then.
    ///
    /// ```
    /// use crm_core::{ContactLabel, ContactPoints, Phone};
    ///
    /// let desk: Phone = "+44 20 7946 0958".parse()?;
    /// let mut survivor = ContactPoints::new();
    /// survivor.add(desk.clone(), ContactLabel::Work)?;
    /// let mut loser = survivor.clone();
    /// loser.opt_out(&desk)?;
    ///
    /// survivor.absorb(loser)?;
    /// assert!(survivor.get(&desk).is_some_and(|point| point.opted_out));
    /// # Ok::<(), crm_core::Invalid>(())
    /// ```
    pub fn absorb(&mut self, other: Self) -> Result<(), Invalid> {
        let added = other.iter().filter(|point| self.get(&point.value).is_none()).count();
        let (together, limit) = (self.len() + added, Self::LIMIT);
        if together > limit {
            return Err(Invalid::new(T::FIELD, together.to_string(), Rule::TooMany { limit }));
        }
        if self.is_empty() {
            self.primary = other.primary;
        }
        for point in other.points {
            match self.position(&point.value.key()) {
                Some(index) => {
                    self.points[index].opted_out |= point.opted_out;
                    self.points[index].invalid |= point.invalid;
                }
                None => self.points.push(point),
            }
        }
        Ok(())
    }

    fn position(&self, key: &str) -> Option<usize> {
        self.points.iter().position(|point| point.value.key() == key)
    }

    fn listed(&self, value: &T) -> Result<usize, Invalid> {
        let key = value.key();
        self.position(&key).ok_or_else(|| Invalid::personal(T::FIELD, key, Rule::NotListed))
    }

    fn point_mut(&mut self, value: &T) -> Result<&mut ContactPoint<T>, Invalid> {
        let index = self.listed(value)?;
        Ok(&mut self.points[index])
    }
}

impl<T> Default for ContactPoints<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: ContactValue> TryFrom<Parts<T>> for ContactPoints<T> {
    type Error = Invalid;
    fn try_from(parts: Parts<T>) -> Result<Self, Invalid> {
        Self::from_parts(parts.points, parts.primary)
    }
}

impl<'a, T> IntoIterator for &'a ContactPoints<T> {
    type Item = &'a ContactPoint<T>;
    type IntoIter = std::slice::Iter<'a, ContactPoint<T>>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::postal_address::PostalAddressFields;

    fn email(name: &str) -> EmailAddress {
        EmailAddress::parse(&format!("{name}@example.com")).unwrap()
    }

    fn emails(names: &[&str]) -> ContactPoints<EmailAddress> {
        let mut emails = ContactPoints::new();
        for name in names {
            emails.add(email(name), ContactLabel::Work).unwrap();
        }
        emails
    }

    fn names(points: &ContactPoints<EmailAddress>) -> Vec<&str> {
        points.iter().map(|point| point.value.local_part()).collect()
    }

    fn primary(points: &ContactPoints<EmailAddress>) -> Option<&str> {
        points.primary().map(|point| point.value.local_part())
    }

    #[test]
    fn primary_is_the_first_until_another_is_set() {
        let mut points = emails(&["a", "b", "c"]);
        assert_eq!((names(&points), primary(&points)), (vec!["a", "b", "c"], Some("a")));
        points.set_primary(&email("C")).unwrap();
        assert_eq!((names(&points), primary(&points)), (vec!["a", "b", "c"], Some("c")));
        assert_eq!(primary(&ContactPoints::default()), None);
    }

    #[test]
    fn removing_keeps_the_primary_or_moves_it_to_the_first_that_is_left() {
        // Of a, b and c: the primary, which one goes, the primary then.
        let table = [
            ("a", "a", "b"),
            ("a", "b", "a"),
            ("a", "c", "a"),
            ("b", "a", "b"),
            ("b", "b", "a"),
            ("b", "c", "b"),
            ("c", "a", "c"),
            ("c", "b", "c"),
            ("c", "c", "a"),
        ];
        for (before, removed, after) in table {
            let mut points = emails(&["a", "b", "c"]);
            points.set_primary(&email(before)).unwrap();
            assert_eq!(points.remove(&email(removed)).unwrap().value, email(removed));
            assert_eq!(primary(&points), Some(after), "{before} was primary, {removed} was removed");
        }
        let mut points = emails(&["a"]);
        points.remove(&email("a")).unwrap();
        assert_eq!(points, ContactPoints::new());
    }

    #[test]
    fn what_is_not_listed_is_refused_and_changes_nothing() {
        type Operation = fn(&mut ContactPoints<EmailAddress>, &EmailAddress) -> Result<(), Invalid>;
        let operations: [Operation; 6] = [
            |points, value| points.remove(value).map(drop),
            ContactPoints::set_primary,
            ContactPoints::opt_out,
            ContactPoints::opt_in,
            ContactPoints::mark_invalid,
            ContactPoints::mark_valid,
        ];
        for operation in operations {
            let (mut points, before) = (emails(&["a"]), emails(&["a"]));
            let refused = operation(&mut points, &email("b")).unwrap_err();
            assert_eq!(
                (refused.field(), refused.rule(), refused.value()),
                ("email", &Rule::NotListed, "b@example.com")
            );
            assert!(!refused.to_string().contains('@'));
            assert_eq!(points, before);
        }
    }

    #[test]
    fn cmp_4_adding_the_same_address_again_keeps_opt_out_and_invalid() {
        let mut points = emails(&["ada"]);
        points.opt_out(&email("ada")).unwrap();
        points.mark_invalid(&email("ada")).unwrap();
        let before = points.clone();
        for again in ["ada", "ADA"] {
            assert_eq!(points.add(email(again), ContactLabel::Home).unwrap_err().rule(), &Rule::Repeated);
            assert_eq!(points, before);
        }
        assert!(points.get(&email("Ada")).is_some_and(|point| point.opted_out && point.invalid));
    }

    #[test]
    fn flags_are_set_and_lifted_one_by_one() {
        let mut points = emails(&["a", "b"]);
        let flags = |points: &ContactPoints<_>| points.iter().map(|p| (p.opted_out, p.invalid)).collect::<Vec<_>>();
        points.opt_out(&email("b")).unwrap();
        assert_eq!(flags(&points), [(false, false), (true, false)]);
        points.mark_invalid(&email("b")).unwrap();
        points.opt_in(&email("b")).unwrap();
        assert_eq!(flags(&points), [(false, false), (false, true)]);
        points.mark_valid(&email("b")).unwrap();
        assert_eq!(points, emails(&["a", "b"]));
    }

    #[test]
    fn a_mark_sets_or_lifts_one_flag_and_leaves_the_other() {
        let standing = |opted_out, invalid| ContactStanding { opted_out, invalid };
        for (mark, cells) in [
            (ContactMark::OptOut, [(true, false), (true, true), (true, false), (true, true)]),
            (ContactMark::OptIn, [(false, false), (false, true), (false, false), (false, true)]),
            (ContactMark::Invalid, [(false, true), (false, true), (true, true), (true, true)]),
            (ContactMark::Valid, [(false, false), (false, false), (true, false), (true, false)]),
        ] {
            let befores = [(false, false), (false, true), (true, false), (true, true)];
            for ((opted_out, invalid), after) in befores.into_iter().zip(cells) {
                let before = standing(opted_out, invalid);
                assert_eq!(before.marked(mark), standing(after.0, after.1), "{before:?} {mark:?}");
                let mut points = emails(&["a", "b"]);
                (points.points[1].opted_out, points.points[1].invalid) = (opted_out, invalid);
                assert_eq!(points.mark(&email("B"), mark), Ok((before, standing(after.0, after.1))));
                assert_eq!((points.points[1].opted_out, points.points[1].invalid), after);
                assert_eq!(points.points[0], emails(&["a"]).points[0]);
            }
        }
    }

    #[test]
    fn mrg_3_union_keeps_the_primary_and_the_flags_of_both() {
        let (mut survivor, mut loser) = (emails(&["a", "b"]), emails(&["c", "B", "a"]));
        survivor.set_primary(&email("b")).unwrap();
        survivor.opt_out(&email("a")).unwrap();
        loser.opt_out(&email("b")).unwrap();
        loser.mark_invalid(&email("c")).unwrap();
        survivor.absorb(loser).unwrap();
        let flags: Vec<_> = survivor.iter().map(|p| (p.value.local_part(), p.opted_out, p.invalid)).collect();
        assert_eq!(flags, [("a", true, false), ("b", true, false), ("c", false, true)]);
        assert_eq!(primary(&survivor), Some("b"));

        let mut loser = emails(&["a", "b"]);
        loser.set_primary(&email("b")).unwrap();
        let mut survivor = ContactPoints::new();
        survivor.absorb(loser.clone()).unwrap();
        assert_eq!(survivor, loser);
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        let all: Vec<String> = (0..50).map(|n| format!("a{n}")).collect();
        let mut full = emails(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let before = full.clone();
        let rule = Rule::TooMany { limit: 50 };
        assert_eq!(full.add(email("b"), ContactLabel::Other).unwrap_err().rule(), &rule);
        assert_eq!(full.absorb(emails(&["a1", "b"])).unwrap_err().rule(), &rule);
        assert_eq!(full, before);
        full.absorb(emails(&["a1"])).unwrap();
        let mut points: Vec<_> = full.iter().cloned().collect();
        points.push(ContactPoint::new(email("b"), ContactLabel::Other));
        let refused = ContactPoints::from_parts(points, 0).unwrap_err();
        assert_eq!(refused.to_string(), "email must have at most 50 entries, got 51");
    }

    #[test]
    fn parts_that_break_an_invariant_are_refused() {
        let point = |name| ContactPoint::new(email(name), ContactLabel::Work);
        let rule = |parts: Result<ContactPoints<_>, Invalid>| parts.unwrap_err().rule().clone();
        assert_eq!(ContactPoints::from_parts(vec![point("a"), point("b")], 0).unwrap(), emails(&["a", "b"]));
        assert_eq!(rule(ContactPoints::from_parts(vec![point("a"), point("A")], 0)), Rule::Repeated);
        assert_eq!(rule(ContactPoints::from_parts(vec![point("a")], 1)), Rule::NotListed);
        assert_eq!(rule(ContactPoints::<EmailAddress>::from_parts(vec![], 1)), Rule::NotListed);
    }

    #[test]
    fn deserialising_is_strict_and_keeps_the_invariants() {
        let json =
            r#"{"points":[{"value":"a@example.com","label":"work","opted_out":true,"invalid":false}],"primary":0}"#;
        let points: ContactPoints<EmailAddress> = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&points).unwrap(), json);
        for (from, to) in [
            ("\"primary\":0", "\"primary\":1"),
            (",\"opted_out\":true", ""),
            ("\"invalid\"", "\"bounced\""),
            ("}]", "},{\"value\":\"A@example.com\",\"label\":\"home\",\"opted_out\":false,\"invalid\":false}]"),
        ] {
            assert!(json.contains(from));
            assert!(serde_json::from_str::<ContactPoints<EmailAddress>>(&json.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn postal_addresses_share_a_key_where_all_parts_are_equal() {
        let address = |street: &[&str], city: &str| {
            let street = street.iter().copied().map(String::from).collect();
            PostalAddress::parse(PostalAddressFields { street, city: city.into(), ..Default::default() }).unwrap()
        };
        assert_eq!(address(&["a ", ""], "b").key(), address(&["a"], "b").key());
        let different = [address(&["a", "b"], ""), address(&["a"], "b"), address(&["b"], "a"), address(&[], "a")];
        assert_eq!(different.iter().map(ContactValue::key).collect::<HashSet<_>>().len(), different.len());
    }

    proptest! {
        #[test]
        fn any_operations_leave_one_primary_and_unique_keys(
            steps in prop::collection::vec((0..8_u8, "[a-fA-F]"), 0..60)
        ) {
            let mut points = emails(&[]);
            for (operation, name) in steps {
                let value = email(&name);
                let before = points.clone();
                let result = match operation {
                    0 | 1 => points.add(value, ContactLabel::Other),
                    2 => points.remove(&value).map(drop),
                    3 => points.set_primary(&value),
                    4 => points.opt_out(&value),
                    5 => points.opt_in(&value),
                    6 => points.mark_invalid(&value),
                    _ => points.absorb(emails(&[&name, "g"])),
                };
                if result.is_err() {
                    prop_assert_eq!(&points, &before);
                }
                prop_assert_eq!(points.primary().is_some(), !points.is_empty());
                let keys: HashSet<String> = points.iter().map(|point| point.value.key()).collect();
                prop_assert_eq!(keys.len(), points.len());
                // What stands is what a store may hand back.
                let parts = points.iter().cloned().collect();
                prop_assert_eq!(ContactPoints::from_parts(parts, points.primary), Ok(points.clone()));
                // Only `opt_in` and `remove` take an opt-out away.
                for point in before.iter().filter(|point| point.opted_out && !matches!(operation, 2 | 5)) {
                    prop_assert!(points.get(&point.value).is_some_and(|point| point.opted_out));
                }
            }
        }
    }
}
