use proptest::prelude::*;

use super::*;
use crate::record::proof::{parsed, survives_json};

fn eur(cents: i64) -> Money {
    Money::from_minor(cents, Currency::EUR)
}

fn vat(rate: &str) -> Tax {
    Tax::new(parsed("VAT"), parsed(rate)).unwrap()
}

fn of(lines: &[(i64, Option<&Tax>)], terms: impl Into<Terms>) -> Totals {
    let lines: Vec<Taxable<'_>> = lines.iter().map(|(cents, tax)| Taxable { amount: eur(*cents), tax: *tax }).collect();
    Totals::of(&lines, Currency::EUR, &terms.into()).unwrap()
}

fn cents(totals: &Totals) -> (i64, i64, i64) {
    (totals.net().minor(), totals.tax().minor(), totals.total().minor())
}

const ROUNDINGS: [TaxRounding; 3] = [TaxRounding::PerLine, TaxRounding::PerTaxGroup, TaxRounding::Global];

/// odoo#177192: 10 at 30.75 and 1 at 70.00, both less 5 %, taxed at 15 %.
#[test]
fn mon_5_where_the_tax_is_rounded_moves_it_by_a_cent() {
    let vat = vat("15");
    let lines = [(29_213, Some(&vat)), (6_650, Some(&vat))];
    assert_eq!(cents(&of(&lines, Taxation::net(TaxRounding::PerLine))), (35_863, 5_380, 41_243));
    for rounding in [TaxRounding::PerTaxGroup, TaxRounding::Global] {
        assert_eq!(cents(&of(&lines, Taxation::net(rounding))), (35_863, 5_379, 41_242));
    }
}

/// odoo PR#271032: 2 at 11.50 with 15 %, then a coupon of 100 %.
#[test]
fn mon_5_a_discount_of_everything_leaves_exactly_nothing() {
    let vat = vat("15");
    for rounding in ROUNDINGS {
        for taxation in [Taxation::net(rounding), Taxation::gross(rounding)] {
            let all = Terms::from(taxation).discount(Discount::Percent(Percent::HUNDRED));
            assert_eq!(cents(&of(&[(2_300, Some(&vat))], all)), (0, 0, 0));
            let amount = Terms::from(taxation).discount(Discount::Amount(eur(2_300)));
            assert_eq!(cents(&of(&[(1_150, Some(&vat)), (1_150, None)], amount)), (0, 0, 0));
        }
    }
}

#[test]
fn mon_5_tax_groups_and_the_whole_are_rounded_apart() {
    // 0.25 at 10 % twice and 0.24 at 20 %: each line 2.5, 2.5 and 4.8 cents of tax.
    let (low, high) = (vat("10"), vat("20"));
    let lines = [(25, Some(&low)), (24, Some(&high)), (25, Some(&low))];
    let tax = |rounding| of(&lines, Taxation::net(rounding)).tax().minor();
    assert_eq!(ROUNDINGS.map(tax), [3 + 5 + 3, 5 + 5, 10]);
    // 0.23, 0.24 and 0.01 at 7, 13 and 5 %: 1.61, 3.12 and 0.05 cents; together 4.78, so 5, and the unit goes to the largest remainder.
    let (a, b, c) = (vat("7"), vat("13"), vat("5"));
    let lines = [(23, Some(&a)), (24, Some(&b)), (1, Some(&c))];
    let totals = of(&lines, Taxation::net(TaxRounding::Global));
    let parts: Vec<i64> = totals.lines().iter().map(|line| line.tax.minor()).collect();
    assert_eq!((totals.tax(), parts), (eur(5), vec![2, 3, 0]));
    let groups: Vec<_> = totals.taxes().iter().map(|tax| (tax.tax.rate(), tax.net, tax.amount)).collect();
    let percent = |whole| Percent::whole(whole);
    assert_eq!(groups, [(percent(5), eur(1), eur(0)), (percent(7), eur(23), eur(2)), (percent(13), eur(24), eur(3))]);
}

#[test]
fn mon_5_gross_prices_hold_their_tax() {
    let (full, reduced) = (vat("19"), vat("7"));
    let totals =
        of(&[(11_900, Some(&full)), (10_700, Some(&reduced)), (500, None)], Taxation::gross(TaxRounding::PerLine));
    assert_eq!(cents(&totals), (20_500, 2_600, 23_100));
    // 1/3 and 1/6 of a cent have a half in common: 1.00 at 50 % and 0.35 at 20 % hold 33 1/3 and 5 5/6 cents.
    let (half, fifth) = (vat("50"), vat("20"));
    let lines = [(100, Some(&half)), (35, Some(&fifth))];
    assert_eq!(of(&lines, Taxation::gross(TaxRounding::Global)).tax(), eur(39));
    let lines = [(100, Some(&half)), (37, Some(&fifth))]; // 33 1/3 and 6 1/6: 39 1/2, half up
    assert_eq!(of(&lines, Taxation::gross(TaxRounding::Global)).tax(), eur(40));
    assert_eq!(of(&lines, Taxation::gross(TaxRounding::PerTaxGroup)).tax(), eur(39));
}

#[test]
fn mon_4_a_discount_on_the_document_is_split_over_the_lines() {
    let vat = vat("20");
    let totals =
        of(&[(100, Some(&vat)), (100, None), (100, Some(&vat))], Terms::default().discount(Discount::Amount(eur(100))));
    let parts: Vec<i64> = totals.lines().iter().map(|line| line.discount.minor()).collect();
    assert_eq!((parts, totals.subtotal(), totals.discount()), (vec![34, 33, 33], eur(300), eur(100)));
    // 66 and 67 cents at 20 %: 13.2 and 13.4.
    assert_eq!(cents(&totals), (200, 26, 226));
}

#[test]
fn what_cannot_be_summed_is_refused() {
    let refused = |lines: &[Taxable<'_>], terms: Terms| {
        let refused = Totals::of(lines, Currency::EUR, &terms).unwrap_err();
        (refused.field(), refused.to_string())
    };
    let line = |cents| [Taxable { amount: eur(cents), tax: None }];
    let less = |discount| Terms::default().discount(discount);
    assert_eq!(refused(&line(-1), Terms::default()).0, "amount");
    assert_eq!(
        refused(&line(100), less(Discount::Amount(eur(-1)))),
        ("discount", "discount must not be negative, got -0.01 EUR".into())
    );
    assert_eq!(refused(&line(100), less(Discount::Percent(Percent::whole(101)))).0, "discount");
    let dollars = Money::from_minor(1, Currency::USD);
    assert_eq!(refused(&line(100), less(Discount::Amount(dollars))).0, "discount");
    assert_eq!(refused(&[Taxable { amount: dollars, tax: None }], Terms::default()).0, "total");
    let most = [Taxable { amount: eur(i64::MAX), tax: None }; 2];
    assert_eq!(refused(&most, Terms::default()).0, "total");
    let vat = vat("100");
    for rounding in ROUNDINGS {
        let lines = [Taxable { amount: eur(i64::MAX), tax: Some(&vat) }];
        assert_eq!(refused(&lines, Taxation::net(rounding).into()).0, "total");
    }
    let ruinous = Tax::new(parsed("all"), Percent::from_ten_thousandths(i64::MAX).unwrap()).unwrap();
    let lines = [Taxable { amount: eur(i64::MAX), tax: Some(&ruinous) }];
    assert_eq!(refused(&lines, Terms::default()).0, "tax");
    assert_eq!(Tax::new(parsed("less"), parsed("-0.0001")).unwrap_err().rule(), &Rule::Negative);
}

#[test]
fn terms_survive_json() {
    survives_json(&Terms::default());
    survives_json(&Terms::from(Taxation::gross(TaxRounding::Global)).discount(Discount::Amount(eur(5))));
    survives_json(&Discount::Percent(Percent::whole(5)));
    survives_json(&vat("7.7"));
    assert!(serde_json::from_str::<Tax>(r#"{"code":"VAT","rate":"-1"}"#).is_err());
}

proptest! {
    /// The parts sum to the whole, whatever the prices hold and wherever the tax is rounded; and it is rounded, not moved.
    #[test]
    fn mon_5_the_lines_sum_to_the_document(
        lines in prop::collection::vec((0_i64..1_000_000_000, 0_usize..5), 0..12),
        share in 0_i64..=1_000_000,
        gross: bool,
        rounding in prop::sample::select(&ROUNDINGS[..]),
    ) {
        let taxes = ["19", "7", "8.1", "0"].map(vat);
        let taxation = if gross { Taxation::gross(rounding) } else { Taxation::net(rounding) };
        let terms = Terms::from(taxation).discount(Discount::Percent(Percent::from_ten_thousandths(share).unwrap()));
        let lines: Vec<_> = lines.iter().map(|(cents, tax)| (*cents, taxes.get(*tax))).collect();
        let totals = of(&lines, terms);
        let sum = |part: fn(&LineTotals) -> Money| totals.lines().iter().map(|line| part(line).minor()).sum::<i64>();
        prop_assert_eq!(sum(|line| line.discount), totals.discount().minor());
        prop_assert_eq!((sum(|line| line.net), sum(|line| line.tax)), (totals.net().minor(), totals.tax().minor()));
        prop_assert_eq!(totals.net().minor() + totals.tax().minor(), totals.total().minor());
        prop_assert_eq!(totals.taxes().iter().map(|tax| tax.amount.minor()).sum::<i64>(), totals.tax().minor());
        let after = totals.subtotal().minor() - totals.discount().minor();
        prop_assert_eq!(if gross { totals.total().minor() } else { totals.net().minor() }, after);

        // The exact tax in millionths of a cent, each line cut: it is off by less than the lines are.
        let mut exact = 0_i128;
        for ((cents, tax), line) in lines.iter().zip(totals.lines()) {
            let rate = tax.map_or(0, |tax| i128::from(tax.rate().ten_thousandths()));
            let base = i128::from(cents - line.discount.minor());
            exact += base * rate * 1_000_000 / if gross { 1_000_000 + rate } else { 1_000_000 };
            prop_assert!(line.net.minor() >= 0 && line.tax.minor() >= 0);
        }
        let roundings = match rounding {
            TaxRounding::PerLine => lines.len(),
            TaxRounding::PerTaxGroup => totals.taxes().len(),
            TaxRounding::Global => 1,
        };
        let off = (i128::from(totals.tax().minor()) * 1_000_000 - exact).abs();
        prop_assert!(off <= 500_000 * roundings as i128 + lines.len() as i128, "{} off", off);
    }
}
