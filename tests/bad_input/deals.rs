//! Deals and activities that contradict their pipeline, their lines or themselves.

use chrono::NaiveDate;
use crm::{
    ActivityError, ActivityKind, ActivityPatch, ActivityPlan, ContactRole, Currency, DealLine, Error, ForecastCategory,
    NewActivity, NewOpportunity, OpportunityError, OpportunityPatch, Percent, Pipeline, Quantity, Recurring,
    RequiredField, Rule, Sale, UnitPrice,
    sales::{self, SalesError, Schedule},
};

use crate::company::{Company, broken, day, eur};

fn deals(refused: Error) -> OpportunityError {
    match refused {
        Error::Sales(SalesError::Opportunity(refused)) => refused,
        other => panic!("{other}"),
    }
}

#[test]
fn a_pipeline_that_leads_nowhere_is_refused() -> Result<(), Error> {
    let new = || Ok::<_, Error>(Pipeline::new("p".parse()?).open("a".parse()?, Percent::whole(10)));
    let refused = new()?.next(["b".parse()?]).won("w".parse()?).build().map_err(Error::from).unwrap_err();
    assert_eq!(broken(&refused, "next stage"), Rule::NotListed);
    let refused = new()?.forecast(ForecastCategory::Closed).won("w".parse()?).build().map_err(Error::from).unwrap_err();
    assert!(matches!(broken(&refused, "forecast category"), Rule::Inconsistent { .. }));
    let refused = ActivityPlan::new("p".parse()?).build().map_err(Error::from).unwrap_err();
    assert_eq!(broken(&refused, "steps"), Rule::Empty);
    Ok(())
}

#[test]
fn a_stage_that_may_not_follow_or_lacks_what_it_requires_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let (deal, first) = (company.deal.id, company.deal.stage().key.clone());
    // The pipeline of the company as it is after its stages were made strict.
    let strict = Pipeline::new(company.hardware.name().clone())
        .open(first.clone(), Percent::whole(10))
        .next(["offer".parse()?])
        .open("offer".parse()?, Percent::whole(50))
        .requires([RequiredField::Lines, RequiredField::Contacts])
        .won("won".parse()?)
        .build()?;
    let sale = Sale { day: day("2026-03-02")?, value: Some(eur("1.00")?) };
    let refused = company.refuses(|tx, act| sales::win_opportunity(tx, act, deal, &strict, sale));
    assert_eq!(refused.to_string(), format!("cannot win {deal} to a won stage: it may not follow the stage {first}"));
    let offer = "offer".parse()?;
    let refused = company.refuses(|tx, act| sales::advance_opportunity(tx, act, deal, &strict, &offer, None));
    assert_eq!(refused.to_string(), format!("{deal} must have lines, contacts in the stage offer"));
    let OpportunityError::Missing { opportunity, stage, fields } = deals(refused) else { panic!() };
    assert_eq!((opportunity, stage), (deal, offer));
    assert_eq!(fields, [RequiredField::Lines, RequiredField::Contacts]);
    Ok(())
}

#[test]
fn lines_recurring_revenue_and_contacts_that_contradict_the_deal_are_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let line = |currency| -> Result<DealLine, Error> {
        let price = UnitPrice::parse("10.00", currency)?;
        Ok(DealLine::new(company.lamp.id, Quantity::from(2), price, Percent::ZERO)?)
    };
    let (euros, dollars) = (line(Currency::EUR)?, line(Currency::USD)?);
    let opens = |change: &dyn Fn(NewOpportunity) -> NewOpportunity| {
        let new = change(NewOpportunity::new(company.deal.name().clone()));
        company.refuses(|tx, act| sales::open_opportunity(tx, act, &company.hardware, new))
    };
    let seven = eur("7.00")?;
    let refused = deals(opens(&|new| new.line(euros).value(seven)));
    let OpportunityError::ValueOfLines { total, given, .. } = refused else { panic!("{refused}") };
    assert_eq!((total, given), (eur("20.00")?, seven));
    let mismatch = Rule::CurrencyMismatch { expected: Currency::EUR, found: Currency::USD };
    assert_eq!(broken(&opens(&|new| new.line(euros).line(dollars)), "lines"), mismatch);
    let yearly = Recurring::new(crm::Money::parse("12.00", Currency::USD)?, 12)?;
    assert_eq!(broken(&opens(&|new| new.line(euros).recurring(yearly)), "recurring revenue"), mismatch);
    let refused = Recurring::new(eur("0.00")?, 12).map_err(Error::from).unwrap_err();
    assert_eq!(broken(&refused, "recurring revenue"), Rule::NotPositive);
    let refused = Recurring::new(eur("-1.00")?, 12).map_err(Error::from).unwrap_err();
    assert_eq!(refused.to_string(), "recurring revenue must be greater than zero, got -1.00 EUR");

    let contacts = |contacts: Vec<ContactRole>| {
        let patch = OpportunityPatch { contacts: Some(contacts), ..OpportunityPatch::default() };
        company.refuses(|tx, act| sales::revise_opportunity(tx, act, company.deal.id, patch))
    };
    let ada = ContactRole { person: company.ada.id, role: "buyer".parse()?, primary: true };
    assert_eq!(broken(&contacts(vec![ada.clone(), ada.clone()]), "contacts"), Rule::Repeated);
    let also = ContactRole { role: "user".parse()?, ..ada };
    assert!(matches!(broken(&contacts(vec![ada.clone(), also]), "contacts"), Rule::Inconsistent { .. }));
    let refused = contacts(vec![ContactRole { person: company.acme.id, ..ada }]);
    assert!(matches!(refused, Error::Sales(SalesError::NotAPerson { field: "contacts", .. })));
    Ok(())
}

#[test]
fn what_is_over_or_nobodys_is_not_done() -> Result<(), Error> {
    let company = Company::new()?;
    let visit = company.visit.id;
    let refused = company.refuses(|tx, act| sales::reopen_activity(tx, act, visit));
    assert!(matches!(refused, Error::Sales(SalesError::Activity(ActivityError::NotAllowed { .. }))));
    assert_eq!(refused.to_string(), format!("cannot reopen {visit}: it is planned"));
    let call = || Ok::<_, Error>(NewActivity::new(ActivityKind::Call, "ask".parse()?, day("2026-03-02")?));
    let nobody = company.nobody();
    let new = call()?.owner(nobody);
    let refused = company.refuses(|tx, act| sales::plan_activity(tx, act, new));
    assert!(matches!(refused, Error::Sales(SalesError::NotFound { record }) if record == nobody.into()));
    let patch = ActivityPatch { owner: Some(Some(nobody)), ..ActivityPatch::default() };
    let refused = company.refuses(|tx, act| sales::revise_activity(tx, act, visit, patch));
    assert!(matches!(refused, Error::Sales(SalesError::NotFound { record }) if record == nobody.into()));

    // The calendar ends before the plan does.
    let plan = ActivityPlan::new("p".parse()?).step(ActivityKind::Call, "ask".parse()?, 9).build()?;
    let schedule = Schedule {
        first_day: NaiveDate::MAX,
        lead: None,
        customer: None,
        opportunity: None,
        person: None,
        owner: None,
    };
    let refused = company.refuses(|tx, act| sales::schedule_activities(tx, act, &plan, schedule));
    assert!(matches!(broken(&refused, "first day"), Rule::Malformed { .. }));
    Ok(())
}
