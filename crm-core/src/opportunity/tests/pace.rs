//! How a deal gets on.

use super::*;

#[test]
fn opp_7_the_time_between_a_loss_and_the_reopening_counts_for_no_stage() {
    let (actor, pipeline) = (alice(), pipeline());
    for (to, last) in [("prospecting", "prospecting"), ("engaging", "engaging")] {
        let mut opportunity = opened();
        opportunity.lose(at(10), loss()).unwrap();
        assert_eq!(visits(&opportunity), [("prospecting", 0, None)], "it was lost in the stage where it stands");
        opportunity.reopen(by(&actor, 60), &pipeline, &key(to)).unwrap();
        assert_eq!(visits(&opportunity), [("prospecting", 0, Some(10)), (last, 60, None)]);
    }
    // What was won stood in its stage until it was worked again.
    let mut opportunity = opened();
    opportunity.win(by(&actor, 10), &pipeline, sale()).unwrap();
    opportunity.reopen(by(&actor, 60), &pipeline, &key("engaging")).unwrap();
    let expected = [("prospecting", 0, Some(10)), ("signed", 10, Some(60)), ("engaging", 60, None)];
    assert_eq!(visits(&opportunity), expected);
}

#[test]
fn opp_7_the_history_has_one_row_a_stay_and_one_open_row() {
    let (actor, pipeline) = (alice(), pipeline());
    let mut opportunity = opened();
    opportunity.advance(by(&actor, 10), &pipeline, &key("engaging"), None).unwrap();
    opportunity.win(by(&actor, 30), &pipeline, sale()).unwrap();
    let rows: Vec<_> = opportunity
        .history()
        .iter()
        .map(|visit| {
            (visit.stage.as_str(), visit.kind, visit.entered_at, visit.duration().map(|stay| stay.num_minutes()))
        })
        .collect();
    let expected = [
        ("prospecting", StageKind::Open, at(0), Some(10)),
        ("engaging", StageKind::Open, at(10), Some(20)),
        ("signed", StageKind::Won, at(30), None),
    ];
    assert_eq!(rows, expected);
    assert_eq!(opportunity.entered(&key("engaging")), Some(at(10)));
    assert_eq!(opportunity.entered(&key("delivered")), None);
}

#[test]
fn opp_7_the_time_in_a_stage_sums_its_stays() {
    let actor = alice();
    let mut deal = opened();
    deal.advance(by(&actor, 10), &pipeline(), &key("engaging"), None).unwrap();
    deal.advance(by(&actor, 15), &pipeline(), &key("prospecting"), None).unwrap();
    let minutes = |deal: &Opportunity, until| -> Vec<(String, i64)> {
        let times = deal.time_in_stages(at(until));
        times.into_iter().map(|(stage, time)| (stage.to_string(), time.num_minutes())).collect()
    };
    let times = |first, second| vec![("prospecting".to_owned(), first), ("engaging".to_owned(), second)];
    assert_eq!(minutes(&deal, 22), times(17, 5));
    assert_eq!(minutes(&deal, 12), times(10, 2), "as it was then");
    deal.lose(at(30), loss()).unwrap();
    assert_eq!(minutes(&deal, 99), times(25, 5), "a loss ends the stay");
}

#[test]
fn opp_11_a_deal_is_stale_after_more_days_than_its_stage_lets_it_stand() {
    const DAY: i64 = 24 * 60;
    let actor = alice();
    let pipeline = Pipeline::new(key("Hardware"))
        .open(key("prospecting"), Percent::ZERO)
        .stale_after(7)
        .open(key("engaging"), Percent::ZERO)
        .won(key("won"))
        .build()
        .unwrap();
    let new = NewOpportunity::new(parsed("forty lamps")).value(eur(1));
    let mut deal = Opportunity::open(id(9), by(&actor, 0), &pipeline, new).unwrap();
    assert_eq!((deal.idle_days(at(8 * DAY - 1), None), deal.is_stale(at(8 * DAY - 1), None)), (7, false));
    assert_eq!((deal.idle_days(at(8 * DAY), None), deal.is_stale(at(8 * DAY), None)), (8, true));
    assert!(!deal.is_stale(at(8 * DAY), Some(at(DAY))), "something was done");
    assert!(deal.is_stale(at(9 * DAY), Some(at(DAY))));
    assert!(deal.is_stale(at(8 * DAY), Some(at(-DAY))), "what was done before it came to the stage does not count");
    let mut lost = deal.clone();
    lost.lose(at(1), loss()).unwrap();
    assert!(!lost.is_stale(at(99 * DAY), None));
    deal.advance(by(&actor, 1), &pipeline, &key("engaging"), None).unwrap();
    assert!(!deal.is_stale(at(99 * DAY), None), "this stage has no limit");
}

#[test]
fn fc_7_each_move_of_the_close_to_a_later_month_is_kept() {
    let mut deal = opened();
    let mut close = |minutes, to: Option<&str>| {
        let patch = OpportunityPatch { expected_close: Some(to.map(day)), ..OpportunityPatch::default() };
        deal.revise(at(minutes), patch).unwrap();
        deal.pushes().len()
    };
    assert_eq!(close(1, Some("2026-01-10")), 0);
    assert_eq!(close(2, Some("2026-01-31")), 0, "the same month");
    assert_eq!(close(3, Some("2026-02-01")), 1);
    assert_eq!(close(4, Some("2025-12-31")), 1, "earlier is no push");
    assert_eq!(close(5, Some("2026-01-01")), 2);
    assert_eq!(close(6, Some("2027-01-01")), 3, "a later year is a later month");
    assert_eq!(close(7, None), 3);
    let pushed = |calendar: FiscalCalendar| deal.pushes().iter().filter(|push| push.leaves_quarter(calendar)).count();
    assert_eq!(pushed(FiscalCalendar::CALENDAR_YEAR), 2, "January to February stays in the quarter");
    assert_eq!(pushed(FiscalCalendar::starting_in(2).unwrap()), 2, "December to January stays in this one");
    assert_eq!(deal.pushes()[0], Push { at: at(3), from: day("2026-01-31"), to: day("2026-02-01") });
}
