use proptest::prelude::*;

use super::*;
use crate::{
    Fact,
    record::proof::{at, day, id, kinds_of, parsed, survives_json},
};

fn new(rate: &str) -> NewExchangeRate {
    NewExchangeRate::new(Currency::EUR, Currency::USD, day("2026-03-02"), parsed(rate), parsed("ECB"))
}

fn added() -> ExchangeRate {
    ExchangeRate::add(id(1), at(0), new("1.0842")).unwrap()
}

fn dated(from: &str, to: &str, rate: &str) -> DatedRate {
    DatedRate::new(parsed(from), parsed(to), day("2026-03-02"), parsed(rate), parsed("ECB")).unwrap()
}

#[test]
fn mon_2_a_rate_is_more_than_nothing_and_between_two_currencies() {
    let refused = ExchangeRate::add(id(1), at(0), new("0")).unwrap_err();
    assert_eq!((refused.field(), refused.rule()), ("rate", &Rule::NotPositive));
    assert_eq!(new("1").rate.to_string(), "1");
    assert!("-1.1".parse::<Rate>().is_err());
    assert_eq!("1.00000000001".parse::<Rate>().unwrap_err().rule(), &Rule::TooManyDecimals { limit: 10 });
    let same = NewExchangeRate { to: Currency::EUR, ..new("1.0842") };
    let refused = ExchangeRate::add(id(1), at(0), same).unwrap_err();
    assert_eq!(refused.to_string(), "to must be another currency than that from which is converted, got EUR");
    // A file is no way around it.
    let json = serde_json::to_string(&added()).unwrap();
    assert!(serde_json::from_str::<ExchangeRate>(&json.replace("1.0842", "0")).is_err());
    assert!(serde_json::from_str::<ExchangeRate>(&json.replace("USD", "EUR")).is_err());
    let json = serde_json::to_string(&added().dated()).unwrap();
    assert!(serde_json::from_str::<DatedRate>(&json.replace("1.0842", "0")).is_err());
}

#[test]
fn a_correction_changes_what_it_names_and_a_refused_one_nothing() {
    let (before, mut rate) = (added(), added());
    assert_eq!(rate.update(at(1), ExchangeRatePatch::default()), Ok(None));
    let nothing = ExchangeRatePatch { rate: Some(Rate::ZERO), ..ExchangeRatePatch::default() };
    assert!(rate.update(at(1), nothing).is_err());
    assert_eq!(rate, before);
    let patch = ExchangeRatePatch { rate: Some(parsed("1.09")), ..ExchangeRatePatch::default() };
    let fact = rate.update(at(1), patch).unwrap().unwrap();
    let after = ExchangeRate { rate: parsed("1.09"), updated_at: at(1), ..before.clone() };
    assert_eq!(rate, after);
    assert_eq!(fact, ExchangeRateFact::Updated { before: Box::new(before), after: Box::new(after) });
}

#[test]
fn mon_2_a_conversion_is_rounded_once_into_the_decimals_of_the_other_currency() {
    let cases = [
        ("EUR", "USD", "1.0842", "49.90", "54.10 USD"),
        ("EUR", "JPY", "161.37", "0.01", "2 JPY"),
        ("JPY", "EUR", "0.0061969387", "1000", "6.20 EUR"),
        ("USD", "KWD", "0.3075", "10.01", "3.078 KWD"),
        ("KWD", "JPY", "487.5", "0.001", "0 JPY"),
        ("VND", "EUR", "0.0000362319", "1000000", "36.23 EUR"),
        ("EUR", "USD", "1.5", "-0.01", "-0.02 USD"),
        ("EUR", "USD", "2", "0.00", "0.00 USD"),
    ];
    for (from, to, rate, amount, expected) in cases {
        let amount = Money::parse(amount, parsed(from)).unwrap();
        let converted = dated(from, to, rate).convert(amount, Rounding::HalfUp).unwrap();
        assert_eq!(converted.to_string(), expected, "{amount} at {rate}");
    }
    let half = |rounding| dated("EUR", "USD", "0.5").convert(Money::from_minor(1, Currency::EUR), rounding).unwrap();
    assert_eq!((half(Rounding::HalfEven).minor(), half(Rounding::HalfUp).minor()), (0, 1));
}

#[test]
fn an_amount_of_another_currency_or_past_64_bits_is_refused() {
    let rate = dated("EUR", "JPY", "161.37");
    let yen = Money::from_minor(5, Currency::JPY);
    let refused = rate.convert(yen, Rounding::HalfUp).unwrap_err();
    assert_eq!(refused.to_string(), "1 EUR = 161.37 JPY (ECB, 2026-03-02) does not convert from JPY to JPY");
    for minor in [i64::MAX, i64::MIN] {
        let refused = dated("EUR", "USD", "1.0842").convert(Money::from_minor(minor, Currency::EUR), Rounding::HalfUp);
        let Err(RateError::Invalid(refused)) = refused else { panic!("{refused:?}") };
        assert_eq!(refused.rule(), &Rule::Overflow);
    }
}

#[test]
fn mon_2_without_a_rate_nothing_is_converted_and_never_at_one() {
    let amount = Money::from_minor(100, Currency::EUR);
    let exchange = |policy| Exchange::to(Currency::USD, policy, day("2026-03-31"));
    let (from, to) = (Currency::EUR, Currency::USD);
    let missing = |on| Err(RateError::Missing { from, to, day: day(on) });
    assert_eq!(exchange(RatePolicy::Current).by(amount, None), missing("2026-03-31"));
    assert_eq!(exchange(RatePolicy::AsOf(day("2026-02-28"))).by(amount, None), missing("2026-02-28"));
    assert_eq!(exchange(RatePolicy::Pinned).by(amount, None), Err(RateError::NotPinned { from, to }));
    let words = "no rate from EUR to USD is stored for 2026-03-31 or an earlier day (MON-2)";
    assert_eq!(exchange(RatePolicy::Current).by(amount, None).unwrap_err().to_string(), words);
    // Neither by a rate of the future, nor by the pair the other way round.
    let later = exchange(RatePolicy::AsOf(day("2026-03-01"))).by(amount, Some(&added().dated()));
    assert!(matches!(later, Err(RateError::Later { .. })), "{later:?}");
    let turned = exchange(RatePolicy::Pinned).by(amount, Some(&dated("USD", "EUR", "0.92")));
    assert!(matches!(turned, Err(RateError::OtherPair { .. })), "{turned:?}");
    let third = exchange(RatePolicy::Pinned).by(amount, Some(&dated("EUR", "JPY", "161.37")));
    assert!(matches!(third, Err(RateError::OtherPair { .. })), "{third:?}");
}

#[test]
fn mon_3_a_conversion_names_rate_day_and_source() {
    let rate = added().dated();
    let exchange = Exchange::to(Currency::USD, RatePolicy::AsOf(day("2026-03-02")), day("2026-03-31"));
    let converted = exchange.by(Money::from_minor(10_000, Currency::EUR), Some(&rate)).unwrap();
    let named = converted.rate.clone().unwrap();
    assert_eq!((named.rate.to_string(), named.day, named.source.as_str()), ("1.0842".into(), day("2026-03-02"), "ECB"));
    survives_json(&converted);
    let own = exchange.by(converted.to, Some(&rate)).unwrap();
    assert_eq!((own.to, own.rate), (converted.to, None));
    assert_eq!(exchange.policy.to_string(), "as of 2026-03-02");
    for policy in [RatePolicy::Pinned, RatePolicy::Current, exchange.policy] {
        survives_json(&Exchange { policy, ..exchange });
    }
}

#[test]
fn what_a_rate_is_made_of_survives_json() {
    survives_json(&new("1.0842").id(id(1)));
    survives_json(&added());
    survives_json(&added().dated());
    let (expected, rate) = (Some(Revision::FIRST), Some(parsed("1.09")));
    survives_json(&ExchangeRatePatch { expected, rate, source: Some(parsed("treasurer")) });
    let rate = || Box::new(added());
    let facts = [
        ExchangeRateFact::Added { exchange_rate: rate() },
        ExchangeRateFact::Updated { before: rate(), after: rate() },
        ExchangeRateFact::Deleted { exchange_rate: rate() },
    ];
    let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((added().id, fact))));
    assert_eq!(kinds, ["exchange_rate.added", "exchange_rate.updated", "exchange_rate.deleted"]);
}

proptest! {
    /// The exact value lies within half a unit of what came out, and the sign stays.
    #[test]
    fn mon_2_a_conversion_is_the_nearest_amount(
        minor in -1_000_000_000_i64..1_000_000_000,
        units in 1_i64..1_000_000_000_000_000,
        to in prop::sample::select(vec![Currency::JPY, Currency::USD, Currency::KWD]),
    ) {
        let rate = Rate::from_ten_billionths(units).unwrap();
        let rate = DatedRate::new(Currency::EUR, to, day("2026-03-02"), rate, parsed("ECB")).unwrap();
        let converted = rate.convert(Money::from_minor(minor, Currency::EUR), Rounding::HalfEven).unwrap();
        let exact = i128::from(minor) * i128::from(units) * 10_i128.pow(to.exponent());
        let unit = 10_i128.pow(Rate::SCALE + 2);
        let off = (i128::from(converted.minor()) * unit - exact).abs();
        prop_assert!(2 * off <= unit, "{off} of {unit}");
        prop_assert!(i128::from(converted.minor().signum()) * exact.signum() >= 0);
    }
}
