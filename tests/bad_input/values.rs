//! Values that break a rule: each is refused with its field and the rule.

use crm::{
    Channel, Currency, CustomerPatch, EmailAddress, Error, Money, NewCustomer, NewOrder, NewOrderLine, NewPayment,
    NewTicket, Period, Phone, ProductPatch, Quantity, Rule, SalePlanPatch, Subject, Text, UnitPrice,
    sales::{self, OrderAmendment},
    service::{self},
};

use crate::company::{Company, alice, broken, day, eur};

#[test]
fn an_empty_name_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    for empty in ["", "   ", "\t\n", "\u{200B}\u{FEFF}"] {
        let refused = company.refuses(|tx, act| sales::register_customer(tx, act, NewCustomer::person(empty.parse()?)));
        assert_eq!(broken(&refused, "name"), Rule::Empty);
    }
    let refused = company.refuses(|tx, act| {
        let patch = CustomerPatch { name: Some("".parse()?), ..CustomerPatch::default() };
        sales::update_customer(tx, act, company.ada.id, patch)
    });
    assert_eq!(refused.to_string(), "name must not be empty");
    Ok(())
}

#[test]
fn an_over_long_name_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let name = "Lovelace ".repeat(30);
    let refused = company.refuses(|tx, act| sales::register_customer(tx, act, NewCustomer::person(name.parse()?)));
    assert_eq!(broken(&refused, "name"), Rule::TooLong { limit_characters: 200, characters: 269 });
    assert_eq!(refused.to_string(), "name must have at most 200 characters, has 269");

    // Characters count, not bytes.
    let name = "张".repeat(200);
    let new = NewCustomer::person(name.parse()?);
    let kept = alice(&company.crm, |tx, act| sales::register_customer(tx, act, new));
    assert_eq!(kept?.name.as_str(), name);
    Ok(())
}

#[test]
fn control_characters_are_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let refused =
        company.refuses(|tx, act| sales::register_customer(tx, act, NewCustomer::person("Ada\tLovelace".parse()?)));
    assert_eq!(broken(&refused, "name"), Rule::ControlCharacter { character: '\t', position: 3 });

    let refused = company.refuses(|tx, act| {
        let subject: Subject = "it flickers\r\nBcc: all".parse()?;
        service::open_ticket(tx, act, NewTicket::new(company.ada.id, Channel::Email, subject))
    });
    assert_eq!(broken(&refused, "subject"), Rule::ControlCharacter { character: '\r', position: 11 });

    // Free text may have lines, and nothing worse.
    let refused = company.refuses(|tx, act| {
        let text: Text = "it\nflickers\0".parse()?;
        service::customer_replies(tx, act, company.ticket.id, text)
    });
    assert_eq!(broken(&refused, "text"), Rule::ControlCharacter { character: '\0', position: 11 });

    let refused = company.refuses(|_, _| company.crm.act("alice\u{1b}[2J"));
    assert!(matches!(broken(&refused, "actor"), Rule::ControlCharacter { character: '\u{1b}', position: 5 }));
    Ok(())
}

#[test]
fn a_malformed_e_mail_address_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    for malformed in ["ada.lovelace.example", "ada@", "@lovelace.example", "ada@love lace.example", "ada@@b.example"] {
        let refused = company.refuses(|tx, act| {
            let email: EmailAddress = malformed.parse()?;
            sales::register_customer(tx, act, NewCustomer::person("Ada".parse()?).email(email))
        });
        assert!(matches!(broken(&refused, "email"), Rule::Malformed { .. }), "{malformed}: {refused}");
    }
    Ok(())
}

#[test]
fn a_malformed_telephone_number_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    for malformed in ["7946", "020 7946 0187", "+44 20 7946 0187 ext 7", "+44 seven", "+", "+123456789 7946 0187 1"] {
        let refused = company.refuses(|tx, act| {
            let phone: Phone = malformed.parse()?;
            sales::register_customer(tx, act, NewCustomer::person("Ada".parse()?).phone(phone))
        });
        assert!(matches!(broken(&refused, "phone"), Rule::Malformed { .. }), "{malformed}: {refused}");
    }
    Ok(())
}

#[test]
fn a_negative_quantity_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let refused = company.refuses(|tx, act| {
        let line = NewOrderLine::new(company.lamp.id, "-2".parse()?);
        sales::draft_order(tx, act, NewOrder::for_customer(company.ada.id, Currency::EUR).line_with(line))
    });
    assert_eq!(broken(&refused, "quantity"), Rule::Negative);
    assert_eq!(refused.to_string(), "quantity must not be negative, got -2");
    Ok(())
}

#[test]
fn a_quantity_of_zero_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let none = NewOrderLine::new(company.lamp.id, Quantity::ZERO);
    let order = NewOrder::for_customer(company.ada.id, Currency::EUR).line(company.lamp.id, 1).line_with(none.clone());
    let drafted = company.refuses(|tx, act| sales::draft_order(tx, act, order));
    let amendment = OrderAmendment::new().replace(1, none);
    let amended = company.refuses(|tx, act| sales::amend_order(tx, act, company.order.id, amendment));
    for (refused, line) in [(drafted, "line 2".into()), (amended, format!("line 1 of {}", company.order.id))] {
        assert_eq!(broken(&refused, "quantity"), Rule::NotPositive);
        assert_eq!(refused.to_string(), format!("{line}: quantity must be greater than zero, got 0"));
    }
    Ok(())
}

#[test]
fn a_payment_of_nothing_or_less_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    for amount in ["0.00", "-5.00"] {
        let payment = NewPayment::of(eur(amount)?);
        let refused = company.refuses(|tx, act| sales::pay_order(tx, act, company.sold.id, payment.clone()));
        assert_eq!(broken(&refused, "amount"), Rule::NotPositive);
        let refused = company.refuses(|tx, act| sales::refund_order(tx, act, company.sold.id, payment));
        assert_eq!(broken(&refused, "amount"), Rule::NotPositive);
    }
    Ok(())
}

#[test]
fn mon_1_more_decimals_than_the_currency_has_are_refused() -> Result<(), Error> {
    let company = Company::new()?;
    for (amount, currency, limit) in [("49.905", "EUR", 2), ("100.5", "JPY", 0), ("1.2345", "KWD", 3)] {
        let refused = company.refuses(|tx, act| {
            let payment = NewPayment::of(Money::parse(amount, currency.parse()?)?);
            sales::pay_order(tx, act, company.order.id, payment)
        });
        assert_eq!(broken(&refused, "amount"), Rule::TooManyDecimals { limit }, "{amount} {currency}");
        assert!(refused.to_string().ends_with(&format!("got {amount}")), "{refused}");
    }
    // A unit price may be finer than the currency, to the millionth.
    let refused = company.refuses(|tx, act| {
        let price = UnitPrice::parse("0.0000001", Currency::EUR)?;
        let patch = ProductPatch { list_price: Some(price), ..ProductPatch::default() };
        sales::update_product(tx, act, company.lamp.id, patch)
    });
    assert_eq!(broken(&refused, "unit price"), Rule::TooManyDecimals { limit: 6 });
    Ok(())
}

#[test]
fn amounts_past_64_bits_are_refused() -> Result<(), Error> {
    let company = Company::new()?;
    // One cent more than there are.
    let refused = company.refuses(|tx, act| {
        let target = Some(Money::parse("92233720368547758.08", Currency::EUR)?);
        let patch = SalePlanPatch { target, ..SalePlanPatch::default() };
        sales::amend_plan(tx, act, company.plan.id, patch)
    });
    assert_eq!(broken(&refused, "amount"), Rule::Overflow);
    assert_eq!(refused.to_string(), "amount must fit 64 bits, got 92233720368547758.08");

    // A line that is too dear, and an order of two lines that are not, but together.
    let dear = UnitPrice::parse("9000000000000", Currency::EUR)?;
    let lines = |quantity: u32| NewOrderLine::new(company.lamp.id, Quantity::from(quantity)).unit_price(dear);
    for (field, lines) in [("amount", vec![lines(20_000)]), ("total", vec![lines(10_000), lines(10_000)])] {
        let order = NewOrder::for_customer(company.ada.id, Currency::EUR);
        let order = lines.into_iter().fold(order, NewOrder::line_with);
        let refused = company.refuses(|tx, act| sales::draft_order(tx, act, order));
        assert_eq!(broken(&refused, field), Rule::Overflow);
    }
    Ok(())
}

#[test]
fn mon_1_amounts_in_two_currencies_do_not_meet() -> Result<(), Error> {
    let company = Company::new()?;
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::USD };
    let dollars = UnitPrice::parse("9.99", Currency::USD)?;

    // The list price is in another currency, or the line's own price, or the money that comes.
    let order = company.two_lamps().line(company.bulb.id, 1);
    let refused = company.refuses(|tx, act| sales::draft_order(tx, act, order));
    assert_eq!(broken(&refused, "list price"), mismatch);
    let line = NewOrderLine::new(company.lamp.id, Quantity::from(1)).unit_price(dollars);
    let order = company.two_lamps().line_with(line);
    let refused = company.refuses(|tx, act| sales::draft_order(tx, act, order));
    assert_eq!(broken(&refused, "unit price"), mismatch);
    assert_eq!(refused.to_string(), "line 2: unit price must be in EUR, not in USD, got 9.99 USD");

    let payment = NewPayment::of(Money::from_minor(999, Currency::USD));
    let refused = company.refuses(|tx, act| sales::pay_order(tx, act, company.sold.id, payment.clone()));
    assert_eq!(broken(&refused, "amount"), mismatch);
    let refused = company.refuses(|tx, act| sales::refund_order(tx, act, company.sold.id, payment));
    assert_eq!(broken(&refused, "amount"), mismatch);
    let one = eur("1")?;
    let refused = company.refuses(|_, _| one.checked_add(Money::from_minor(1, Currency::USD)));
    assert_eq!(broken(&refused, "amount"), mismatch);
    Ok(())
}

#[test]
fn a_period_that_ends_before_it_starts_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let (march, april) = (day("2026-03-01")?, day("2026-04-01")?);
    // The end is exclusive: a period from a day to the same day holds nothing.
    for period in [Period::new(april, march), Period::new(april, april), "2026-04-01..2026-03-01".parse()] {
        let refused = company.refuses(|tx, act| {
            let patch = SalePlanPatch { period: Some(period?), ..SalePlanPatch::default() };
            sales::amend_plan(tx, act, company.plan.id, patch)
        });
        assert_eq!(broken(&refused, "period"), Rule::EndsBeforeStart);
        assert!(refused.to_string().starts_with("period must end after it starts, got 2026-04-01.."), "{refused}");
    }
    Ok(())
}
