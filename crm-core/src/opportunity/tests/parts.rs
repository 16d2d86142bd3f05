//! What is stored and read back: parts, JSON, facts.

use super::*;

#[test]
fn a_history_is_bounded_and_a_full_one_takes_no_more() {
    let (actor, pipeline) = (alice(), pipeline());
    let too_many = ("history", Rule::TooMany { limit: 10_000 });
    let long = |status, visits: usize| {
        let mut parts = OpportunityParts::from(standing(status));
        let past = StageVisit { left_at: Some(at(0)), ..parts.history[0].clone() };
        let missing = visits - parts.history.len();
        parts.history.splice(0..0, std::iter::repeat_n(past, missing));
        parts
    };
    let full = |status| Opportunity::try_from(long(status, 10_000)).unwrap();
    let (open, won, lost) = (full(Open), full(Won), full(Lost));
    let half = Some(Percent::whole(50));
    let advance = |one: &mut Opportunity| one.advance(by(&actor, 9), &pipeline, &key("engaging"), half);
    assert_eq!(rule_of(refuses(&open, advance)), too_many);
    assert_eq!(rule_of(refuses(&open, |one| one.win(by(&actor, 9), &pipeline, sale()))), too_many);
    for closed in [won, lost] {
        let reopen = |one: &mut Opportunity| one.reopen(by(&actor, 9), &pipeline, &key("prospecting"));
        assert_eq!(rule_of(refuses(&closed, reopen)), too_many);
    }
    // What begins no visit is done nevertheless.
    open.clone().advance(by(&actor, 9), &pipeline, &key("prospecting"), half).unwrap().unwrap();
    let mut open = open;
    open.lose(at(9), loss()).unwrap();
    assert_eq!(Opportunity::try_from(long(Open, 10_001)).unwrap_err().rule(), &too_many.1);
}

#[test]
fn parts_of_an_opportunity_that_contradict_each_other_are_refused() {
    type Case = (OpportunityStatus, &'static str, &'static str, fn(&mut OpportunityParts));
    let cases: &[Case] = &[
        (Open, "probability", "between 0 % and 100 %", |parts| parts.probability = Percent::whole(101)),
        (Open, "value", "not be negative", |parts| parts.value = Some(eur(-1))),
        (Open, "history", "not be empty", |parts| parts.history.clear()),
        (Open, "history", "OPP-7", |parts| parts.history[0].left_at = Some(at(5))),
        (Open, "history", "OPP-7", |parts| parts.history[0].stage = key("engaging")),
        (Open, "history", "OPP-7", |parts| parts.history[0].kind = StageKind::Won),
        (Won, "history", "OPP-7", |parts| parts.history[0].left_at = None),
        (Won, "history", "OPP-7", |parts| parts.history[1].kind = StageKind::Open),
        (Open, "forecast category", "FC-3", |parts| parts.stage.forecast = ForecastCategory::Closed),
        (Won, "forecast category", "FC-3", |parts| parts.stage.forecast = ForecastCategory::Commit),
        (Open, "probability", "between 0 % and 100 %", |parts| parts.stage.probability = Percent::whole(101)),
        (Won, "probability", "OPP-2", |parts| parts.stage.probability = Percent::whole(99)),
        (Open, "stage", "won stage", |parts| {
            parts.state = OpportunityState::Won { at: at(1), day: day("2026-03-05") };
        }),
        (Won, "stage", "won stage", |parts| parts.state = OpportunityState::Open),
        (Won, "stage", "won stage", |parts| {
            let (day, reason) = (day("2026-03-05"), key("price"));
            parts.state = OpportunityState::Lost { at: at(1), day, reason, note: None };
        }),
        (Won, "value", "not be empty", |parts| parts.value = None),
        (Won, "probability", "100 % where it is won", |parts| parts.probability = Percent::whole(99)),
        (Lost, "probability", "0 % where it is lost", |parts| parts.probability = Percent::whole(1)),
    ];
    for (status, field, words, contradict) in cases {
        let mut parts = OpportunityParts::from(standing(*status));
        contradict(&mut parts);
        let refused = refusal::<Opportunity, _>(parts);
        assert_eq!(refused.field(), *field, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[test]
fn lists_of_an_opportunity_that_contradict_it_are_refused() {
    type Case = (&'static str, &'static str, fn(&mut OpportunityParts));
    let role = |person: u128, primary| ContactRole { person: id(person), role: key("user"), primary };
    let cases: &[Case] = &[
        ("value", "OPP-10", |parts| parts.value = Some(eur(1))),
        ("value", "OPP-10", |parts| parts.value = None),
        ("lines", "must be in EUR", |parts| {
            let price = UnitPrice::parse("1", Currency::USD).unwrap();
            parts.lines.push(DealLine::new(id(4), Quantity::from(1_u32), price, Percent::ZERO).unwrap());
        }),
        ("lines", "at most 1000", |parts| parts.lines = vec![parts.lines[0]; 1_001]),
        ("recurring revenue", "must be in EUR", |parts| {
            parts.recurring = Some(Recurring::new(Money::from_minor(1, Currency::USD), 1).unwrap());
        }),
        ("forecast category", "FC-3", |parts| parts.set_forecast = Some(ForecastCategory::Closed)),
        ("pushes", "at most 10000", |parts| parts.pushes = vec![parts.pushes[0]; 10_001]),
        ("contacts", "twice", |parts| parts.contacts.push(parts.contacts[0].clone())),
        ("stage", "OPP-1", |parts| {
            parts.stage.required.insert(RequiredField::Product);
        }),
    ];
    for (field, words, contradict) in cases {
        let mut parts = OpportunityParts::from(rich());
        contradict(&mut parts);
        let refused = refusal::<Opportunity, _>(parts);
        assert_eq!(refused.field(), *field, "{refused}");
        assert!(refused.to_string().contains(words), "{refused}");
    }
    let mut parts = OpportunityParts::from(rich());
    parts.contacts.push(role(7, true));
    assert!(refusal::<Opportunity, _>(parts.clone()).to_string().contains("one primary"));
    parts.contacts = (0..101).map(|person| role(person, false)).collect();
    assert!(refusal::<Opportunity, _>(parts).to_string().contains("at most 100"));
    let mut parts = OpportunityParts::from(standing(Lost));
    parts.set_forecast = Some(ForecastCategory::Commit);
    assert_eq!(refusal::<Opportunity, _>(parts).field(), "forecast category");
    let json = serde_json::to_string(&rich()).unwrap();
    assert!(serde_json::from_str::<Opportunity>(&json.replace("\"40\"", "\"41\"")).is_err(), "{json}");
    assert!(serde_json::from_str::<Opportunity>(&json.replace("\"months\":12", "\"months\":0")).is_err(), "{json}");
}

#[test]
fn what_an_opportunity_is_made_of_survives_json() {
    for (status, _) in CELLS {
        survives_json(&standing(status));
    }
    let new = NewOpportunity::new(parsed("forty lamps"))
        .id(id(2))
        .external_id(parsed("ext-7"))
        .customer(id(3))
        .product(id(4))
        .rep(id(5))
        .stage(key("engaging"))
        .value(eur(1))
        .line(line(4, 2, "49.90"))
        .recurring(Recurring::new(eur(100), 12).unwrap())
        .probability(parsed("12.5"))
        .forecast(ForecastCategory::Commit)
        .expected_close(day("2026-06-30"))
        .contact(id(6), key("user"))
        .primary_contact(id(6), key("buyer"));
    survives_json(&new);
    survives_json(&rich());
    survives_json(&Sale { day: day("2026-03-05"), value: Some(eur(1)) });
    survives_json(&loss());
}

#[test]
fn in_a_patch_of_an_opportunity_absent_stays_and_null_empties() {
    survives_json(&OpportunityPatch::default());
    let patch = OpportunityPatch {
        expected: Some(Revision::FIRST),
        name: Some(parsed("fifty lamps")),
        customer: Some(None),
        product: Some(Some(id(4))),
        rep: Some(None),
        value: Some(Some(eur(1))),
        lines: Some(vec![line(4, 2, "49.90")]),
        recurring: Some(None),
        probability: Some(Some(Percent::whole(5))),
        forecast: Some(Some(ForecastCategory::Commit)),
        expected_close: Some(None),
        contacts: Some(vec![ContactRole { person: id(3), role: key("buyer"), primary: true }]),
    };
    survives_json(&patch);
    let read = serde_json::from_str::<OpportunityPatch>(r#"{"customer":null}"#).unwrap();
    assert_eq!(read, OpportunityPatch { customer: Some(None), ..OpportunityPatch::default() });
    let mut opportunity = opened();
    opportunity.revise(at(1), read).unwrap();
    assert_eq!((opportunity.customer(), opportunity.value()), (None, Some(eur(199_600))));
}

#[test]
fn each_fact_of_an_opportunity_survives_json_under_its_name() {
    let (before, after) = (standing(Open), standing(Won));
    let mut facts = vec![OpportunityFact::Opened { opportunity: Box::new(opened()) }];
    facts.extend(ACTIONS.into_iter().filter_map(|action| fact_of(action, &before, &after)));
    let reopened = standing(Lost).reopen(by(&alice(), 9), &pipeline(), &key("engaging")).unwrap();
    survives_json(&reopened);
    facts.push(OpportunityFact::Deleted { opportunity: Box::new(standing(Lost)) });
    assert_eq!(
        kinds_of(facts.into_iter().map(|fact| Fact::from((after.id, fact)))),
        [
            "opportunity.opened",
            "opportunity.revised",
            "opportunity.advanced",
            "opportunity.won",
            "opportunity.lost",
            "opportunity.reopened",
            "opportunity.deleted",
        ]
    );
}

#[test]
fn what_people_write_about_a_deal_does_not_show_in_debug() {
    let new = NewOpportunity::new(parsed("Marker wants lamps"));
    hides_personal_data(&new);
    let mut opportunity = Opportunity::open(id(9), by(&alice(), 0), &pipeline(), new).unwrap();
    let patch = OpportunityPatch { name: Some(parsed("Marker wants more")), ..OpportunityPatch::default() };
    hides_personal_data(&patch);
    hides_personal_data(&opportunity.revise(at(1), patch).unwrap());
    let loss = Loss { note: Some(parsed("Marker moved away")), ..loss() };
    hides_personal_data(&loss);
    hides_personal_data(&Fact::from((opportunity.id, opportunity.lose(at(2), loss).unwrap())));
    hides_personal_data(&opportunity);
    hides_personal_data(&OpportunityParts::from(opportunity.clone()));
    hides_personal_data(&opportunity.reopen(by(&alice(), 3), &pipeline(), &key("engaging")).unwrap());
}
