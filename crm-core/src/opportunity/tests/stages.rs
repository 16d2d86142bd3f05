//! What a stage allows, requires and gives.

use super::*;

#[test]
fn opp_5_a_probability_set_by_hand_stays_until_the_stage_changes() {
    let actor = alice();
    let mut opportunity = opened();
    let mut advance = |minutes, to: &str, set: Option<Percent>| {
        let fact = opportunity.advance(by(&actor, minutes), &pipeline(), &key(to), set).unwrap();
        (fact.is_some(), opportunity.probability())
    };
    assert_eq!(advance(1, "engaging", Some(Percent::whole(70))), (true, Percent::whole(70)));
    assert_eq!(advance(2, "engaging", None), (false, Percent::whole(70)), "it stands there already");
    assert_eq!(advance(3, "engaging", Some(Percent::whole(80))), (true, Percent::whole(80)));
    assert_eq!(advance(4, "prospecting", None), (true, Percent::whole(10)));
    opportunity
        .revise(at(5), OpportunityPatch { probability: Some(Some(Percent::whole(33))), ..OpportunityPatch::default() })
        .unwrap();
    assert_eq!(opportunity.probability(), Percent::whole(33));
    let unlikely = |one: &mut Opportunity| {
        one.advance(by(&actor, 9), &pipeline(), &key("engaging"), Some(parsed("100.0001"))).map(drop)
    };
    assert_eq!(rule_of(refuses(&opportunity, unlikely)).0, "probability");
    let patch = OpportunityPatch { probability: Some(Some(parsed("-0.0001"))), ..OpportunityPatch::default() };
    assert_eq!(rule_of(refuses(&opportunity, |one| one.revise(at(9), patch))).0, "probability");
    let patch = OpportunityPatch { value: Some(Some(eur(-1))), ..OpportunityPatch::default() };
    assert_eq!(rule_of(refuses(&opportunity, |one| one.revise(at(9), patch))), ("value", Rule::Negative));
}

#[test]
fn opp_6_winning_enters_the_first_won_stage() {
    assert_eq!(standing(Won).stage().key.as_str(), "signed");
}

/// One may go from a to b and from b to c; c needs a rep, the sale a contact.
fn strict() -> Pipeline {
    Pipeline::new(key("Hardware"))
        .open(key("a"), Percent::whole(10))
        .next([key("b")])
        .open(key("b"), Percent::whole(20))
        .next([key("c"), key("a")])
        .open(key("c"), Percent::whole(30))
        .requires([RequiredField::Rep, RequiredField::Value])
        .won(key("signed"))
        .requires([RequiredField::Contacts])
        .forecasting()
        .build()
        .unwrap()
}

fn in_strict() -> Opportunity {
    let new = NewOpportunity::new(parsed("forty lamps")).value(eur(100)).expected_close(day("2026-06-30"));
    Opportunity::open(id(9), by(&alice(), 0), &strict(), new).unwrap()
}

#[test]
fn opp_1_only_a_stage_that_may_follow_is_entered() {
    let (actor, strict) = (alice(), strict());
    let not_next = |from: &str, to: Option<&str>, action| OpportunityError::NotNext {
        opportunity: id(9),
        from: key(from),
        to: to.map(key),
        action,
    };
    let mut deal = in_strict();
    let jump = refuses(&deal, |one| one.advance(by(&actor, 1), &strict, &key("c"), None));
    assert_eq!(jump, not_next("a", Some("c"), Advance));
    assert_eq!(jump.to_string(), format!("cannot advance {} to c: it may not follow the stage a", deal.id));
    let won = refuses(&deal, |one| one.win(by(&actor, 1), &strict, sale()));
    assert_eq!(won, not_next("a", None, Win));
    deal.advance(by(&actor, 1), &strict, &key("a"), Some(Percent::whole(15))).unwrap().unwrap();
    // A loss is no way around.
    deal.lose(at(2), loss()).unwrap();
    let around = refuses(&deal, |one| one.reopen(by(&actor, 3), &strict, &key("c")));
    assert_eq!(around, not_next("a", Some("c"), Reopen));
    deal.reopen(by(&actor, 3), &strict, &key("b")).unwrap();
    deal.advance(by(&actor, 4), &strict, &key("a"), None).unwrap().unwrap();
}

#[test]
fn opp_1_a_stage_is_entered_and_kept_only_with_what_it_requires() {
    let (actor, strict) = (alice(), strict());
    let missing = |stage: &str, fields: &[RequiredField]| OpportunityError::Missing {
        opportunity: id(9),
        stage: key(stage),
        fields: fields.to_vec(),
    };
    let open = |new| Opportunity::open(id(9), by(&actor, 0), &strict, new);
    let (value, close, rep) = (RequiredField::Value, RequiredField::ExpectedClose, RequiredField::Rep);
    let bare = open(NewOpportunity::new(parsed("forty lamps"))).unwrap_err();
    assert_eq!(bare, missing("a", &[value, close]));
    assert_eq!(bare.to_string(), format!("{} must have value, expected close in the stage a", id::<OpportunityId>(9)));
    let mut deal = in_strict();
    deal.advance(by(&actor, 1), &strict, &key("b"), None).unwrap();
    let to_c = |one: &mut Opportunity| one.advance(by(&actor, 2), &strict, &key("c"), None);
    assert_eq!(refuses(&deal, to_c), missing("c", &[rep]));
    deal.revise(at(2), OpportunityPatch { rep: Some(Some(id(5))), ..OpportunityPatch::default() }).unwrap();
    to_c(&mut deal).unwrap();
    let emptied = OpportunityPatch { rep: Some(None), value: Some(None), ..OpportunityPatch::default() };
    assert_eq!(refuses(&deal, |one| one.revise(at(3), emptied)), missing("c", &[rep, value]));
    let win = |one: &mut Opportunity| one.win(by(&actor, 4), &strict, sale());
    assert_eq!(refuses(&deal, win), missing("signed", &[RequiredField::Contacts]));
    let buyer = ContactRole { person: id(6), role: key("buyer"), primary: true };
    deal.revise(at(3), OpportunityPatch { contacts: Some(vec![buyer]), ..OpportunityPatch::default() }).unwrap();
    win(&mut deal).unwrap();
    // Worked again, it goes on from the open stage before the sale.
    let back = refuses(&deal, |one| one.reopen(by(&actor, 5), &strict, &key("signed")));
    assert!(matches!(back, OpportunityError::WrongStage { .. }));
    deal.reopen(by(&actor, 5), &strict, &key("b")).unwrap();
}

#[test]
fn opp_1_each_field_can_be_required() {
    let all = [
        RequiredField::Customer,
        RequiredField::Product,
        RequiredField::Rep,
        RequiredField::Value,
        RequiredField::ExpectedClose,
        RequiredField::Recurring,
        RequiredField::Lines,
        RequiredField::Contacts,
    ];
    let pipeline = Pipeline::new(key("p")).open(key("a"), Percent::ZERO).requires(all).won(key("w")).build().unwrap();
    let open = |new| Opportunity::open(id(9), by(&alice(), 0), &pipeline, new);
    let Err(OpportunityError::Missing { fields, .. }) = open(NewOpportunity::new(parsed("lamps"))) else { panic!() };
    assert_eq!(fields, all);
    let full = NewOpportunity::new(parsed("lamps"))
        .customer(id(1))
        .product(id(2))
        .rep(id(3))
        .line(line(4, 1, "1"))
        .recurring(Recurring::new(eur(1), 1).unwrap())
        .expected_close(day("2026-06-30"))
        .contact(id(5), key("user"));
    open(full).unwrap();
}

#[test]
fn opp_5_a_pipeline_may_keep_what_was_set_by_hand() {
    let actor = alice();
    let keeping = Pipeline::new(key("Hardware"))
        .open(key("prospecting"), Percent::whole(10))
        .open(key("engaging"), Percent::whole(50))
        .forecast(ForecastCategory::BestCase)
        .won(key("signed"))
        .keep_set_by_hand()
        .build()
        .unwrap();
    let by_hand = OpportunityPatch {
        probability: Some(Some(Percent::whole(33))),
        forecast: Some(Some(ForecastCategory::Commit)),
        ..OpportunityPatch::default()
    };
    for (pipeline, kept) in [(&keeping, true), (&pipeline(), false)] {
        let mut deal = opened();
        assert_eq!((deal.set_probability(), deal.set_forecast()), (None, None));
        deal.revise(at(1), by_hand.clone()).unwrap();
        let set = (Some(Percent::whole(33)), ForecastCategory::Commit);
        assert_eq!((deal.set_probability(), deal.forecast_category()), set);
        deal.advance(by(&actor, 2), pipeline, &key("engaging"), None).unwrap();
        let followed = (None, ForecastCategory::BestCase);
        assert_eq!((deal.set_probability(), deal.forecast_category()), if kept { set } else { followed });
        deal.revise(at(3), by_hand.clone()).unwrap();
        // Emptied, both are those of the stage again.
        let emptied = OpportunityPatch { probability: Some(None), forecast: Some(None), ..OpportunityPatch::default() };
        deal.revise(at(4), emptied).unwrap();
        assert_eq!((deal.set_probability(), deal.probability()), (None, Percent::whole(50)));
        deal.revise(at(5), by_hand.clone()).unwrap();
        deal.lose(at(6), loss()).unwrap();
        assert_eq!((deal.set_probability(), deal.set_forecast()), (None, None), "a loss keeps nothing");
        deal.reopen(by(&actor, 7), pipeline, &key("engaging")).unwrap();
        assert_eq!((deal.probability(), deal.forecast_category()), (Percent::whole(50), ForecastCategory::BestCase));
    }
}

#[test]
fn fc_3_the_category_is_that_of_the_stage_unless_it_was_set_and_follows_the_state() {
    assert_eq!(standing(Open).forecast_category(), ForecastCategory::Pipeline);
    assert_eq!(standing(Won).forecast_category(), ForecastCategory::Closed);
    assert_eq!(standing(Lost).forecast_category(), ForecastCategory::Omitted);
    assert_eq!(rich().forecast_category(), ForecastCategory::Commit);
    let closed = OpportunityPatch { forecast: Some(Some(ForecastCategory::Closed)), ..OpportunityPatch::default() };
    assert_eq!(rule_of(refuses(&opened(), |one| one.revise(at(9), closed))).0, "forecast category");
}

#[test]
fn opp_4_a_deal_knows_the_open_stage_in_which_it_fell_or_was_sold() {
    let actor = alice();
    let mut deal = opened();
    deal.advance(by(&actor, 1), &pipeline(), &key("engaging"), None).unwrap();
    deal.lose(at(2), loss()).unwrap();
    assert_eq!(deal.last_open_stage(), Some(&key("engaging")));
    deal.reopen(by(&actor, 3), &pipeline(), &key("prospecting")).unwrap();
    deal.win(by(&actor, 4), &pipeline(), sale()).unwrap();
    assert_eq!(deal.last_open_stage(), Some(&key("prospecting")));
}

#[test]
fn opp_7_a_stage_that_became_a_won_one_begins_a_visit_of_its_own() {
    let actor = alice();
    let mut deal = standing(Open);
    // The host turned the first stage round: what was prospecting is sold now.
    let turned = Pipeline::new(key("Hardware"))
        .open(key("new"), Percent::whole(10))
        .won(deal.stage().key.clone())
        .build()
        .unwrap();
    deal.win(by(&actor, 9), &turned, sale()).unwrap();
    let kinds: Vec<_> = deal.history().iter().map(|visit| visit.kind).collect();
    assert_eq!(kinds, [StageKind::Open, StageKind::Won]);
    survives_json(&deal);
}
