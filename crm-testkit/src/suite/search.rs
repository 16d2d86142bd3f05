//! C60 to C66: search.

use crm_core::{
    Agent, Customer, Interaction, MessageKind, NewAgent, NewCustomer, NewInteraction, RecordRef, SearchFamily,
    SearchHit, SearchQuery, SearchTier, TicketMessage,
    store::{Customers as _, Page, Records, Search as _, Store, Tickets as _},
};

use super::{
    family::{Any, Family, Stored, delete},
    maker::{Maker, at, id, text, valid},
    world::{founded, good, ground, insert_all, own_error, read, write},
};

fn query(raw: &str) -> SearchQuery {
    valid(SearchQuery::parse(raw))
}

/// All hits of a query.
fn hits<T: Records + ?Sized>(tx: &T, query: &SearchQuery) -> Stored<Vec<SearchHit>> {
    tx.search(query, Page::first(1_000))
}

fn found<T: Records + ?Sized>(tx: &T, raw: &str) -> Stored<Vec<RecordRef>> {
    Ok(hits(tx, &query(raw))?.into_iter().map(|hit| hit.record).collect())
}

/// Checks what a search finds, in its order.
#[track_caller]
fn finds<S: Store>(store: &S, clause: &str, raw: &str, expected: &[RecordRef]) {
    let found = read(store, clause, |tx| found(tx, raw));
    assert_eq!(found, expected, "{clause}: what is found by {raw}");
}

fn customer(n: u32, new: NewCustomer) -> Any {
    valid(Customer::register(id(n), at(n), new)).into()
}

fn named(n: u32, name: &str) -> Any {
    customer(n, NewCustomer::person(text(name)))
}

fn agent(n: u32, name: &str) -> Any {
    Agent::add(id(n), at(n), NewAgent::new(text(name))).into()
}

fn of(n: u32) -> RecordRef {
    RecordRef::Customer(id(n))
}

fn said(ticket: u32, number: u32, what: &str) -> TicketMessage {
    TicketMessage { ticket: id(ticket), number, at: at(number), kind: MessageKind::CustomerReply, text: text(what) }
}

/// C60 A search finds each record that has all words of the query, and no other, however it is spelt.
pub fn c60_a_search_finds_what_has_all_words<S: Store>(open: impl Fn() -> S) {
    let clause = "C60";
    let store = open();
    let one =
        NewCustomer::person(text("Zoë  Łukasiewicz")).email(text("zoe.l@Example.net")).phone(text("+12015550123"));
    let one = one.tag(text("VIP")).need(text("a quiet lamp\nfor reading"), None).external_id(text("AB-77"));
    let records = [
        customer(1, one),
        named(2, "张三丰"),
        named(3, "東京タワー"),
        named(4, "서울특별시"),
        named(5, "กรุงเทพมหานคร"),
        named(6, "李三"),
        named(7, "Straße 12"),
    ];
    write(&store, clause, |tx| insert_all(tx, &records));
    for (raw, expected) in [
        ("zoe", vec![1]),
        ("ZOE\u{308} luka", vec![1]),
        ("lukasiewicz zoe", vec![1]),
        ("oe", vec![]),
        ("zoe nobody", vec![]),
        ("example", vec![1]),
        ("zoe.l@example.net", vec![1]),
        ("12015550123", vec![1]),
        ("vip READING", vec![1]),
        ("ab-77", vec![1]),
        ("张三", vec![2]),
        ("三丰", vec![2]),
        ("张三丰", vec![2]),
        ("张丰", vec![]),
        ("张 丰", vec![2]),
        ("三", vec![6, 2]),
        ("京タ", vec![3]),
        ("ﾀﾜｰ", vec![3]),
        ("특별", vec![4]),
        ("시", vec![4]),
        ("เทพ", vec![5]),
        ("strasse 1", vec![7]),
        ("zoe 张三", vec![]),
    ] {
        let expected: Vec<RecordRef> = expected.into_iter().map(of).collect();
        finds(&store, clause, raw, &expected);
    }
    // And in each family, by a word that only one record has.
    let store = founded(open, clause);
    for (family, n) in [
        (Family::Opportunity, 21),
        (Family::Ticket, 22),
        (Family::Interaction, 23),
        (Family::Lead, 24),
        (Family::Activity, 25),
    ] {
        let record = Maker::sound(60).record(family, n).with_unique("external id", &format!("only{n}"));
        write(&store, clause, |tx| record.insert(tx));
        finds(&store, clause, &format!("only{n}"), &[record.id()]);
    }
    for (family, field) in [
        (Family::Product, "sku"),
        (Family::PriceList, "external id"),
        (Family::Promotion, "code"),
        (Family::SalesRep, "external id"),
        (Family::Agent, "external id"),
    ] {
        let only = format!("only{family}24").replace(' ', "");
        let record = Maker::sound(60).record(family, 24).with_unique(field, &only.to_uppercase());
        write(&store, clause, |tx| record.insert(tx));
        finds(&store, clause, &only, &[record.id()]);
    }
}

/// Records that answer `lamp` in all tiers and in several families, in the order of their rank.
fn lamps() -> (Vec<Any>, Vec<(RecordRef, SearchTier)>) {
    use SearchTier::{Anywhere, Title, WholeTitle};
    let noted = |n, name: &str| customer(n, NewCustomer::person(text(name)).tag(text("lamp")));
    // Ids descend, so that the order of the insertions is not that of the ids.
    let records = vec![
        named(90, "Lamp and Shade"),
        noted(89, "Somebody"),
        agent(60, "Lamp"),
        named(88, "Lamplighter"),
        noted(87, "The Lamp"),
        agent(59, "Lampard"),
        noted(86, "Lamprecht"),
        named(85, "Clamp"),
        noted(84, "Nobody"),
    ];
    let agent = |n| RecordRef::Agent(id(n));
    let ranked = vec![
        (of(87), WholeTitle),
        (of(90), WholeTitle),
        (agent(60), WholeTitle),
        (of(86), Title),
        (of(88), Title),
        (agent(59), Title),
        (of(84), Anywhere),
        (of(89), Anywhere),
    ];
    (records, ranked)
}

/// Records that answer `kettle lid` in all tiers, and their numbers in the order of their rank.
fn kettles() -> (Vec<Any>, [u32; 5]) {
    let noted = customer(12, NewCustomer::person(text("Kettle")).tag(text("lid")));
    let named = [(15, "Kettle Lid"), (14, "Kettles Lidded"), (13, "Lid of a Kettle"), (11, "Kettle Lidless")]
        .map(|(n, name)| named(n, name));
    (named.into_iter().chain([noted]).collect(), [13, 15, 11, 14, 12])
}

/// C61 Hits come by tier, then by the rank of their family, then the last inserted first, each once.
pub fn c61_hits_come_by_rank_each_once<S: Store>(open: impl Fn() -> S) {
    let clause = "C61";
    let store = open();
    let (records, ranked) = lamps();
    write(&store, clause, |tx| insert_all(tx, &records));
    let found = read(&store, clause, |tx| hits(tx, &query("lamp")));
    let found_with_tiers: Vec<_> = found.iter().map(|hit| (hit.record, hit.place.tier())).collect();
    assert_eq!(found_with_tiers, ranked, "{clause}: the order of the hits");
    assert!(found.is_sorted_by_key(|hit| hit.place), "{clause}: places ascend with the rank");
    // An update leaves a record where it was inserted.
    let changed = named(90, "Lamp, Shade and Son");
    write(&store, clause, |tx| changed.update(tx));
    let again = read(&store, clause, |tx| hits(tx, &query("lamp")));
    assert_eq!(again, found, "{clause}: an update does not make a record newer");
    // Several words, however many hits the page has room for.
    let (records, ranked) = kettles();
    write(&store, clause, |tx| insert_all(tx, &records));
    for limit in 1..=6 {
        let found = read(&store, clause, |tx| tx.search(&query("kettle lid"), Page::first(limit)));
        let found: Vec<_> = found.iter().map(|hit| hit.record).collect();
        let ranked: Vec<_> = ranked.iter().map(|n| of(*n)).take(limit.into()).collect();
        assert_eq!(found, ranked, "{clause}: the first {limit} hits of two words");
    }
    // A run that stands whole comes before longer ones.
    let runs = [named(1, "张三"), named(2, "张三丰"), named(3, "李 张三"), named(4, "李张三")];
    write(&store, clause, |tx| insert_all(tx, &runs));
    finds(&store, clause, "张三", &[of(3), of(1), of(4), of(2)]);
    // A ticket stands once, however many of its messages answer.
    let store = founded(open, clause);
    let tickets = [70, 71].map(|n| Maker::sound(61).record(Family::Ticket, n));
    let [older, newer] = [70, 71].map(|n| RecordRef::Ticket(id(n)));
    write(&store, clause, |tx| {
        insert_all(tx, &tickets)?;
        for number in 1..=40 {
            tx.append_message(&said(70, number, "a quokka"))?;
            tx.append_message(&said(71, number, if number == 20 { "another quokka" } else { "nothing" }))?;
        }
        Ok(())
    });
    finds(&store, clause, "quokka", &[newer, older]);
    read(&store, clause, |tx| {
        for (first, rest) in [(0, vec![older]), (1, vec![])] {
            let place = hits(tx, &query("quokka"))?[first].place;
            let after = tx.search(&query("quokka"), Page::after(place, 9))?;
            assert_eq!(after.iter().map(|hit| hit.record).collect::<Vec<_>>(), rest, "{clause}: after {first}");
        }
        Ok(())
    });
}

/// C62 A page continues after a place; pages put together are the whole list; a limit of zero gives nothing.
pub fn c62_pages_of_hits_are_the_whole_list<S: Store>(open: impl Fn() -> S) {
    let clause = "C62";
    let store = open();
    let ((lamps, ranked_lamps), (kettles, ranked_kettles)) = (lamps(), kettles());
    write(&store, clause, |tx| insert_all(tx, &lamps).and_then(|()| insert_all(tx, &kettles)));
    for (sought, count) in [("lamp", ranked_lamps.len()), ("kettle lid", ranked_kettles.len())] {
        let whole = read(&store, clause, |tx| hits(tx, &query(sought)));
        assert_eq!(whole.len(), count, "{clause}: the whole list of {sought}");
        read(&store, clause, |tx| {
            for place in 0..=whole.len() {
                let after = place.checked_sub(1).and_then(|last| whole.get(last)).map(|hit| hit.place);
                for limit in 0..=4_u16 {
                    let page = tx.search(&query(sought), Page { after, limit })?;
                    let rest = whole.iter().skip(place).take(limit.into()).copied().collect::<Vec<_>>();
                    assert_eq!(page, rest, "{clause}: {limit} hits of {sought} after the first {place}");
                }
            }
            Ok(())
        });
    }
}

/// C63 A query over some families finds what the query over all finds of them.
pub fn c63_a_query_may_be_over_some_families<S: Store>(open: impl Fn() -> S) {
    let clause = "C63";
    let store = open();
    let (records, _) = lamps();
    write(&store, clause, |tx| insert_all(tx, &records));
    read(&store, clause, |tx| {
        let whole = hits(tx, &query("lamp"))?;
        let customers = |hit: &&SearchHit| matches!(hit.record, RecordRef::Customer(_));
        let (customers, others): (Vec<SearchHit>, Vec<SearchHit>) = whole.iter().partition(customers);
        for (families, expected) in [
            (vec![SearchFamily::Customer], &customers),
            (vec![SearchFamily::Agent, SearchFamily::Ticket], &others),
            (vec![SearchFamily::Agent, SearchFamily::Customer], &whole),
            (SearchFamily::ALL.to_vec(), &whole),
            (vec![SearchFamily::Product], &Vec::new()),
            (vec![], &Vec::new()),
        ] {
            let narrowed = query("lamp").only(families.clone());
            assert_eq!(&hits(tx, &narrowed)?, expected, "{clause}: over {families:?}");
            for (first, rest) in expected.iter().zip(1..) {
                let page = tx.search(&narrowed, Page::after(first.place, 100))?;
                assert_eq!(page, expected[rest..], "{clause}: over {families:?} after {rest}");
            }
        }
        Ok(())
    });
}

/// C64 What was changed is found by what it says now, what was deleted by nothing, a ticket by its messages.
pub fn c64_what_changes_is_found_as_it_is<S: Store>(open: impl Fn() -> S) {
    let clause = "C64";
    let store = founded(open, clause);
    write(&store, clause, |tx| customer(40, NewCustomer::person(text("Formerly")).tag(text("oldtag"))).insert(tx));
    write(&store, clause, |tx| customer(40, NewCustomer::person(text("Presently")).tag(text("newtag"))).update(tx));
    for (raw, expected) in [("formerly", vec![]), ("oldtag", vec![]), ("presently newtag", vec![of(40)])] {
        finds(&store, clause, raw, &expected);
    }
    write(&store, clause, |tx| delete(tx, of(40)));
    for raw in ["presently", "newtag"] {
        finds(&store, clause, raw, &[]);
    }
    // What comes into the place of what was deleted is not taken for it.
    write(&store, clause, |tx| named(41, "Afterwards").insert(tx));
    finds(&store, clause, "presently", &[]);
    finds(&store, clause, "afterwards", &[of(41)]);

    let ticket = Maker::sound(64).record(Family::Ticket, 42);
    write(&store, clause, |tx| {
        ticket.insert(tx)?;
        tx.append_message(&said(42, 1, "the quokka flickers"))?;
        tx.append_message(&said(42, 2, "客户申请退款 quokka"))
    });
    let number = match &ticket {
        Any::Ticket(ticket) => ticket.number().to_string(),
        _ => String::new(),
    };
    let with_number = format!("quokka 退款 {number}");
    for raw in ["quokka", "flickers", "退款", "quokka 申请退", &with_number] {
        finds(&store, clause, raw, &[ticket.id()]);
    }
    for raw in ["flickers 退款", "the 申请"] {
        finds(&store, clause, raw, &[]);
    }
    write(&store, clause, |tx| ticket.clone().with_unique("number", "T-777777").update(tx));
    for raw in ["T-777777 flickers", "退款 T-777777"] {
        finds(&store, clause, raw, &[ticket.id()]);
    }
    finds(&store, clause, &with_number, &[]);
    write(&store, clause, |tx| delete(tx, ticket.id()));
    finds(&store, clause, "quokka", &[]);

    let logged = |n: u32, subject: &str| -> Any {
        let new = NewInteraction::new(id(1), crm_core::Channel::Phone, crm_core::Direction::Inbound, text(subject));
        valid(Interaction::log(id(n), at(n), new)).into()
    };
    write(&store, clause, |tx| logged(43, "wombat").insert(tx));
    write(&store, clause, |tx| logged(43, "numbat").update(tx));
    finds(&store, clause, "wombat", &[]);
    finds(&store, clause, "numbat", &[RecordRef::Interaction(id(43))]);
}

/// C65 A closure finds what it wrote; what was rolled back is not found.
pub fn c65_a_search_is_of_the_transaction<S: Store>(open: impl Fn() -> S) {
    let clause = "C65";
    let store = open();
    write(&store, clause, |tx| named(1, "Before").insert(tx));
    let refused: Stored<()> = store.write(|tx| {
        named(2, "Aardvark").insert(tx)?;
        named(1, "Meanwhile").update(tx)?;
        assert_eq!(found(tx, "aardvark")?, [of(2)], "{clause}: a closure finds what it inserted");
        assert_eq!(found(tx, "meanwhile")?, [of(1)], "{clause}: a closure finds what it updated");
        assert_eq!(found(tx, "before")?, [], "{clause}: a closure does not find what it wrote over");
        tx.delete_customer(id(1))?;
        assert_eq!(found(tx, "meanwhile")?, [], "{clause}: a closure does not find what it deleted");
        Err(own_error())
    });
    assert!(refused.is_err(), "{clause}: the closure wanted a rollback");
    finds(&store, clause, "aardvark", &[]);
    finds(&store, clause, "meanwhile", &[]);
    finds(&store, clause, "before", &[of(1)]);
    // A record that is refused leaves nothing either, though its transaction commits.
    write(&store, clause, |tx| {
        let taken = named(1, "Aardvark");
        assert!(taken.insert(tx).is_err(), "{clause}: the id is taken");
        let stale = customer(9, NewCustomer::person(text("Aardvark")).parent(id(8)));
        assert!(stale.insert(tx).is_err(), "{clause}: the parent is not there");
        assert!(named(7, "Aardvark").update(tx).is_err(), "{clause}: the record is not there");
        Ok(())
    });
    finds(&store, clause, "aardvark", &[]);
    finds(&store, clause, "before", &[of(1)]);
}

/// C66 Operators, quotes and wildcards are text.
pub fn c66_operators_and_quotes_are_text<S: Store>(open: impl Fn() -> S) {
    let clause = "C66";
    let store = open();
    let hostile = "\"a\" OR b* NEAR(c d, 2) terms: -e ^f {g} NOT h'; DROP TABLE crm_search;--";
    write(&store, clause, |tx| insert_all(tx, &[named(1, hostile), named(2, "a"), named(3, "bee")]));
    for (raw, expected) in [
        (hostile, vec![1]),
        ("\"a\" OR b*", vec![1]),
        ("a NOT h", vec![1]),
        ("bee OR", vec![]),
        ("NEAR(c d)", vec![1]),
        ("terms:e", vec![1]),
        ("-bee", vec![3]),
        ("a -bee", vec![]),
        ("\"unbalanced", vec![]),
        ("b*", vec![1, 3]),
        ("%_", vec![]),
        ("a\0e", vec![1]),
    ] {
        let Ok(query) = SearchQuery::parse(raw) else { continue };
        let expected: Vec<RecordRef> = expected.into_iter().map(of).collect();
        let found = good(store.read(|tx| hits(tx, &query)), format!("{clause}: {raw}"));
        let found: Vec<RecordRef> = found.into_iter().map(|hit| hit.record).collect();
        assert_eq!(found, expected, "{clause}: what is found by {raw}");
    }
    // Names that a careless store stumbles over are found by each of their words.
    let store = founded(open, clause);
    for record in ground() {
        let Any::Customer(customer) = &record else { continue };
        for word in customer.name.as_str().split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let found = read(&store, clause, |tx| found(tx, word));
            assert!(found.contains(&record.id()), "{clause}: a customer is found by a word of its name");
        }
    }
}
