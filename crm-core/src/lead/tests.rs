use super::*;
use crate::{
    Channel, ContactLabel, Currency, CustomerId, Direction, Fact, NewSalesRep,
    conversion::{Became, Origin},
    record::proof::{assert_cells, at, hides_personal_data, id, kinds_of, parsed, refusal, survives_json},
};

fn new() -> NewLead {
    NewLead::person(parsed("Marker Person"))
        .id(id(1))
        .external_id(parsed("ext-1"))
        .organisation(parsed("Marker Ltd"))
        .role(parsed("buyer"))
        .email(parsed("marker@example.com"))
        .phone(parsed("+447700690000"))
        .region(parsed("East"))
        .source(parsed("web"))
        .tag(parsed("vip"))
        .interest(parsed("Marker lamps"))
        .value(Money::parse("1996.00", Currency::EUR).unwrap())
        .product(id(3))
        .note(parsed("Marker calls back"))
        .score(Percent::whole(40))
        .weight(3)
}

fn added() -> Lead {
    Lead::add(id(1), at(0), new()).unwrap()
}

fn conversion() -> Conversion {
    let became = Became { id: id::<CustomerId>(9), origin: Origin::Created, revision: Revision::FIRST };
    Conversion {
        organisation: None,
        person: Some(became),
        opportunity: None,
        interactions: vec![id(5)],
        activities: vec![id(6)],
        before: Qualified,
    }
}

fn why(reason: &str, note: Option<&str>) -> Disqualification {
    Disqualification { reason: parsed(reason), note: note.map(parsed) }
}

fn touch() -> LeadTouch {
    LeadTouch::new(at(3), Channel::Phone, Direction::Outbound, parsed("Marker call")).content(parsed("Marker said"))
}

/// A lead in each state.
fn standing(status: LeadStatus) -> Lead {
    let mut lead = added();
    match status {
        New => {}
        Working => drop(lead.begin_work(at(1)).unwrap()),
        Qualified => drop(lead.qualify(at(1)).unwrap()),
        Nurturing => drop(lead.nurture(at(1)).unwrap()),
        Disqualified => drop(lead.disqualify(at(1), why("no budget", None)).unwrap()),
        Converted => drop(lead.convert(at(1), Qualification::MayBeSkipped, conversion()).unwrap()),
    }
    lead
}

fn act(lead: &mut Lead, action: LeadAction) -> Result<(), LeadError> {
    match action {
        Revise => lead.touch(at(2), touch()).map(drop),
        Assign => lead.put(at(2), LeadPlace { queue: Some(id(8)), owner: None }).map(drop),
        LeadAction::Work => lead.begin_work(at(2)).map(drop),
        Qualify => lead.qualify(at(2)).map(drop),
        Nurture => lead.nurture(at(2)).map(drop),
        Disqualify => lead.disqualify(at(2), why("no budget", None)).map(drop),
        Reopen => lead.reopen(at(2), parsed("they called")).map(drop),
        Convert => lead.convert(at(2), Qualification::MayBeSkipped, conversion()).map(drop),
        UndoConversion => lead.undo_conversion(at(2)).map(drop),
        Delete => lead.deletable(),
    }
}

#[test]
fn lead_table_every_cell_is_as_it_is_printed_and_a_refusal_changes_nothing() {
    let table = &LeadStatus::TRANSITIONS;
    let actions =
        [Revise, Assign, LeadAction::Work, Qualify, Nurture, Disqualify, Reopen, Convert, UndoConversion, Delete];
    let yes = Some;
    let rows = [
        (
            New,
            [
                yes(New),
                yes(New),
                yes(Working),
                yes(Qualified),
                yes(Nurturing),
                yes(Disqualified),
                None,
                yes(Converted),
                None,
                yes(New),
            ],
        ),
        (
            Working,
            [
                yes(Working),
                yes(Working),
                None,
                yes(Qualified),
                yes(Nurturing),
                yes(Disqualified),
                None,
                yes(Converted),
                None,
                yes(Working),
            ],
        ),
        (
            Qualified,
            [
                yes(Qualified),
                yes(Qualified),
                yes(Working),
                None,
                yes(Nurturing),
                yes(Disqualified),
                None,
                yes(Converted),
                None,
                yes(Qualified),
            ],
        ),
        (
            Nurturing,
            [
                yes(Nurturing),
                yes(Nurturing),
                yes(Working),
                yes(Qualified),
                None,
                yes(Disqualified),
                None,
                None,
                None,
                yes(Nurturing),
            ],
        ),
        (
            Disqualified,
            [yes(Disqualified), None, None, None, yes(Nurturing), None, yes(Working), None, None, yes(Disqualified)],
        ),
        (Converted, [None, None, None, None, None, None, None, None, yes(Qualified), None]),
    ];
    assert_cells(table, actions, &rows);
    for (status, cells) in rows {
        for (action, to) in actions.into_iter().zip(cells) {
            let mut lead = standing(status);
            let before = lead.clone();
            match (act(&mut lead, action), to) {
                // What was converted stands as it stood; here it was new.
                (Ok(()), Some(_)) if action == UndoConversion => assert_eq!(lead.status(), New),
                (Ok(()), Some(to)) => assert_eq!(lead.status(), to, "{status} {action}"),
                (Err(refused), None) => {
                    assert_eq!(refused, LeadError::NotAllowed { lead: lead.id, status, action });
                    assert_eq!(lead, before, "{status} {action}");
                }
                (result, _) => panic!("{status} {action}: {result:?}"),
            }
        }
    }
}

#[test]
fn lead_1_a_reason_that_says_nothing_needs_a_note() {
    for reason in ["Other", "other", "OTHER"] {
        let mut lead = added();
        let refused = lead.disqualify(at(1), why(reason, None)).unwrap_err();
        let LeadError::Invalid(refused) = refused else { panic!("{refused}") };
        assert_eq!((refused.field(), refused.rule()), ("note", &Rule::Empty));
        assert_eq!(lead, added());
        lead.disqualify(at(1), why(reason, Some("moved to Mars"))).unwrap();
    }
    let state = LeadState::Disqualified { at: at(1), reason: parsed("other"), note: None };
    assert_eq!(refusal::<Lead, _>(LeadParts { state, ..added().into() }).field(), "note");
}

#[test]
fn lead_2_a_lead_has_a_name_an_organisation_or_an_e_mail_address() {
    let nothing = || NewLead { name: None, ..NewLead::person(parsed("x")) };
    let refused = Lead::add(id(1), at(0), nothing().phone(parsed("+447700900123"))).unwrap_err();
    assert_eq!(refused.to_string(), "name, organisation or e-mail must not be empty");
    for new in [nothing().organisation(parsed("Acme")), nothing().email(parsed("a@example.com"))] {
        assert!(!Lead::add(id(1), at(0), new).unwrap().title().is_empty());
    }
    let mut lead = Lead::add(id(1), at(0), NewLead::person(parsed("x"))).unwrap();
    let before = lead.clone();
    assert!(lead.revise(at(1), LeadPatch { name: Some(None), ..LeadPatch::default() }).is_err());
    assert_eq!(lead, before);
}

#[test]
fn lead_2_nobody_owns_the_lead_that_they_are() {
    let rep = |email: &str| {
        let new = NewSalesRep::new(parsed("Lin")).email(parsed(email));
        SalesRep::add(id(4), at(0), new).unwrap()
    };
    let own = rep("MARKER@example.com");
    let refused = added().may_be_owned_by(&own).unwrap_err();
    assert_eq!(refused, LeadError::OwnLead { lead: id(1), rep: own.id });
    hides_personal_data(&refused);
    assert_eq!(added().may_be_owned_by(&rep("lin@example.com")), Ok(()));
    assert_eq!(added().may_be_owned_by(&SalesRep { email: None, ..own }), Ok(()));
}

#[test]
fn a_lead_that_breaks_a_rule_is_refused_and_not_read_from_json() {
    let parts = || LeadParts::from(added());
    let minus = Money::parse("-1", Currency::EUR).unwrap();
    let tags: BTreeSet<Label> = (0..1_001).map(|n| parsed(&format!("tag {n}"))).collect();
    let unnamed = Conversion { person: None, ..conversion() };
    let early = Conversion { before: Nurturing, ..conversion() };
    let converted = |conversion| LeadState::Converted { at: at(1), conversion: Box::new(conversion) };
    let broken = [
        (LeadParts { score: Percent::whole(101), ..parts() }, "score"),
        (LeadParts { weight: 0, ..parts() }, "weight"),
        (LeadParts { weight: 1_001, ..parts() }, "weight"),
        (LeadParts { value: Some(minus), ..parts() }, "value"),
        (LeadParts { tags, ..parts() }, "tags"),
        (LeadParts { touches: vec![touch(); 10_001], ..parts() }, "touches"),
        (LeadParts { owner: Some(id(1)), ..parts() }, "assigned at"),
        (LeadParts { queued_at: Some(at(1)), ..parts() }, "queued at"),
        (LeadParts { state: converted(unnamed), ..parts() }, "conversion"),
        (LeadParts { state: converted(early), ..parts() }, "before"),
    ];
    for (parts, field) in broken {
        assert_eq!(refusal::<Lead, _>(parts).field(), field);
    }
    let twice = new().email(parsed("Marker@Example.com"));
    assert!(
        matches!(Lead::add(id(1), at(0), twice), Err(LeadError::Invalid(refused)) if *refused.rule() == Rule::Repeated)
    );
}

#[test]
fn a_lead_changes_what_a_patch_names_and_keeps_opt_outs() {
    let mut lead = added();
    assert_eq!(lead.revise(at(1), LeadPatch::default()).unwrap(), None);
    lead.emails.opt_out(&parsed("marker@example.com")).unwrap();
    let before = lead.clone();
    let mut emails = ContactPoints::new();
    emails.add(parsed("marker@example.com"), ContactLabel::Home).unwrap();
    let patch = LeadPatch { emails: Some(emails), source: Some(None), weight: Some(9), ..LeadPatch::default() };
    let fact = lead.revise(at(1), patch).unwrap().unwrap();
    assert_eq!(fact, LeadFact::Revised { before: Box::new(before), after: Box::new(lead.clone()) });
    assert!(lead.emails().primary().unwrap().opted_out);
    assert_eq!((lead.source(), lead.weight(), lead.updated_at), (None, 9, at(1)));
}

#[test]
fn a_lead_waits_where_it_is_in_a_queue_and_nobody_has_it() {
    let (queue, rep) = (id::<QueueId>(8), id::<SalesRepId>(4));
    let mut lead = added();
    assert_eq!((lead.waits_in(), lead.waiting_key(WaitingOrder::OldestFirst)), (None, None));
    let fact = lead.put(at(1), LeadPlace { queue: Some(queue), owner: None }).unwrap().unwrap();
    let waiting = LeadPlace { queue: Some(queue), owner: None };
    assert_eq!(fact, LeadFact::Assigned { before: LeadPlace::default(), after: waiting });
    assert_eq!(lead.waits_in(), Some(queue));
    let key = |order| lead.waiting_key(order).unwrap();
    assert_eq!(key(WaitingOrder::OldestFirst), at(0).timestamp_micros());
    assert_eq!(key(WaitingOrder::LongestWaitingFirst), at(1).timestamp_micros());
    assert_eq!(key(WaitingOrder::LikeliestFirst), -400_000);
    assert_eq!(lead.put(at(2), waiting).unwrap(), None);

    lead.put(at(3), LeadPlace { queue: Some(queue), owner: Some(rep) }).unwrap();
    assert_eq!((lead.waits_in(), lead.assigned_at(), lead.queued_at()), (None, Some(at(3)), Some(at(1))));
    // Whose rep is taken away waits anew.
    lead.put(at(4), waiting).unwrap();
    assert_eq!((lead.assigned_at(), lead.queued_at()), (None, Some(at(4))));
    lead.disqualify(at(5), why("no budget", None)).unwrap();
    assert_eq!(lead.waits_in(), None);
}

#[test]
fn a_lead_tells_rules_its_source_its_region_its_tags_and_where_it_stands() {
    let topic = |of: &str, is: &str| Topic::new(parsed(of), parsed(is));
    let all = [topic("source", "web"), topic("region", "East"), topic("status", "new"), topic("tag", "vip")];
    assert_eq!(added().topics(), all.into());
    let work = added().work(Some(id(4)));
    assert_eq!((work.weight, work.previous), (3, Some(Member::SalesRep(id(4)))));
}

#[test]
fn only_a_qualified_lead_is_converted_unless_that_may_be_skipped() {
    for status in [New, Working] {
        let mut lead = standing(status);
        let before = lead.clone();
        let refused = lead.convert(at(2), Qualification::Needed, conversion()).unwrap_err();
        assert_eq!(refused, LeadError::NotQualified { lead: id(1), status });
        assert_eq!(lead, before);
        lead.convert(at(2), Qualification::MayBeSkipped, conversion()).unwrap();
        let LeadState::Converted { conversion, .. } = lead.state() else { panic!("{lead:?}") };
        assert_eq!(conversion.before, status);
        lead.undo_conversion(at(3)).unwrap();
        assert_eq!(lead.state(), before.state());
    }
    let nothing = Conversion { person: None, ..conversion() };
    let mut lead = standing(Qualified);
    let refused = lead.convert(at(2), Qualification::Needed, nothing).unwrap_err();
    assert_eq!(refused, LeadError::NoTarget { lead: id(1) });
}

#[test]
fn what_a_lead_is_made_of_survives_json_and_nothing_personal_shows_in_debug() {
    let lead = || Box::new(added());
    survives_json(&new());
    survives_json(&LeadPatch::default());
    let patch = LeadPatch { name: Some(None), organisation: Some(lead().organisation), ..LeadPatch::default() };
    survives_json(&patch);
    for status in LeadStatus::TRANSITIONS.states {
        survives_json(&standing(*status));
        hides_personal_data(&standing(*status));
    }
    hides_personal_data(&new());
    hides_personal_data(&patch);
    let state = standing(Disqualified).state().clone();
    let facts = [
        LeadFact::Added { lead: lead() },
        LeadFact::Revised { before: lead(), after: lead() },
        LeadFact::Touched { touch: touch() },
        LeadFact::Assigned {
            before: LeadPlace::default(),
            after: LeadPlace { queue: Some(id(8)), owner: Some(id(4)) },
        },
        LeadFact::Moved { before: state.clone(), to: Nurturing },
        LeadFact::Disqualified { from: New, reason: parsed("other"), note: Some(parsed("Marker")) },
        LeadFact::Reopened { before: state, reason: parsed("Marker") },
        LeadFact::Converted { conversion: Box::new(conversion()) },
        LeadFact::ConversionUndone { conversion: Box::new(conversion()) },
        LeadFact::Deleted { lead: lead() },
    ];
    facts.iter().for_each(hides_personal_data);
    let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((added().id, fact))));
    let named = ["added", "revised", "touched", "assigned", "moved", "disqualified", "reopened", "converted"];
    let named = named.into_iter().chain(["conversion_undone", "deleted"]).map(|kind| format!("lead.{kind}"));
    assert_eq!(kinds, named.collect::<Vec<_>>());
}
