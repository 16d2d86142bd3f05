use crm_core::{
    SearchQuery, SearchTier,
    store::{Customers as _, Store as _, StoreError},
};
use crm_testkit::sample;

use super::{
    find::{Before, Sought, expression},
    *,
};
use crate::SqliteStore;

fn shown(title: &str, body: &str) -> String {
    terms(&SearchText::new().title(title).body(body))
}

#[test]
fn runs_are_pairs_and_the_last_character_and_stand_whole_in_the_title() {
    for (title, body, expected) in [
        ("Wei Zhang", "", "twei tzhang"),
        ("张", "", "w张 t张"),
        ("张三丰", "", "w张三丰 t张三 t三丰 t丰"),
        ("", "a 退款 b a 退款", "ba b退款 b款 bb b退款 b款"),
    ] {
        assert_eq!(shown(title, body), expected);
    }
}

#[test]
fn a_message_is_put_together_as_it_is_made_at_once() {
    let said = "the other lamp 退 the";
    for (title, body) in [("Lamp 退款", "external"), ("", "external"), ("Baa b", ""), ("!", "")] {
        let text = SearchText::new().title(title).body(body);
        let head = terms(&text);
        let appended = joined(super::title(&head), &terms(&SearchText::new().body(said)));
        assert_eq!(appended, terms(&text.with_body(said)));
        assert_eq!(joined(super::title(&head), ""), terms(&text.with_body("?")));
        assert_eq!(
            joined("tnew", &appended[super::title(&appended).len()..]),
            terms(&SearchText::new().title("new").body(said))
        );
    }
}

#[test]
fn what_has_no_room_in_the_index_is_refused() {
    let documents = Documents::of(SearchFamily::Ticket, (1 << 30) - 1).unwrap();
    assert_eq!(documents.last, range(SearchFamily::Ticket).1);
    assert_eq!(documents.message((1 << 18) - 2).unwrap(), documents.last);
    assert!(documents.message((1 << 18) - 1).is_err());
    assert!(Documents::of(SearchFamily::Ticket, 1 << 30).is_err());
    let documents = Documents::of(SearchFamily::Customer, (1 << 48) - 1).unwrap();
    assert_eq!((documents.head, documents.last), (documents.last, range(SearchFamily::Customer).1));
    assert!(documents.message(0).is_err());
    assert!(Documents::of(SearchFamily::Customer, 1 << 48).is_err());
}

fn tier(raw: &str, in_body: &[bool], tier: SearchTier, before: Before) -> Option<String> {
    let query = SearchQuery::parse(raw).unwrap();
    let words: Vec<_> = query.words().zip(in_body).map(|(word, in_body)| Sought { word, in_body: *in_body }).collect();
    expression(&words, tier, before)
}

#[test]
fn each_tier_leaves_out_those_before_it_where_they_are_not_known() {
    use SearchTier::{Anywhere, Title, WholeTitle};
    let whole = r#"NEAR("w款" "w张三丰" "twei", 1000000000)"#;
    let title = r#"NEAR("t款"* "t张三 t三丰" "twei"*, 1000000000)"#;
    let anywhere = r#"("twei"* OR "bwei"*) AND ("t张三 t三丰" OR "b张三 b三丰") AND ("t款"* OR "b款"*)"#;
    for (sought, alone, without_those_before) in [
        (WholeTitle, whole, whole),
        (Title, title, &format!("({title}) NOT ({whole})")),
        (Anywhere, anywhere, &format!("({anywhere}) NOT ({title})")),
    ] {
        let of = |before| tier("Wei 张三丰 款", &[true; 3], sought, before);
        assert_eq!(of(Before::Known).as_deref(), Some(alone));
        assert_eq!(of(Before::LeftOut).as_deref(), Some(without_those_before));
    }
}

#[test]
fn what_no_body_has_is_not_sought_there() {
    for (raw, in_body, expected) in [
        ("wei", &[true][..], Some(r#""bwei"*"#)),
        ("wei", &[false], None),
        ("wei 款", &[false, false], None),
        ("wei 款", &[false, true], Some(r#""twei"* AND "b款"*"#)),
        ("wei b 款", &[true, true, false], Some(r#"("twei"* OR "bwei"*) AND ("tb"* OR "bb"*) AND "t款"*"#)),
    ] {
        assert_eq!(tier(raw, in_body, SearchTier::Anywhere, Before::Known).as_deref(), expected, "{raw} {in_body:?}");
    }
}

#[test]
fn an_update_touches_the_index_only_where_what_is_searched_changed() {
    let store = SqliteStore::open_in_memory().unwrap();
    let mut customer = sample::customer(1);
    store.write(|tx| tx.insert_customer(&customer)).unwrap();
    let index = |sql: &str| {
        store.read(|tx| Ok::<i64, StoreError>(tx.connection.query_row(sql, [], |row| row.get(0)).unwrap())).unwrap()
    };
    let pages = || index("SELECT sum(length(block)) FROM crm_search_data");
    let before = pages();
    customer.region = Some("West".parse().unwrap());
    customer.revision = store.write(|tx| tx.update_customer(&customer)).unwrap();
    assert_eq!(pages(), before);
    customer.name = "Somebody Else".parse().unwrap();
    store.write(|tx| tx.update_customer(&customer)).unwrap();
    assert_ne!(pages(), before);
}

#[test]
fn merging_goes_on_though_others_write_between() {
    let store = SqliteStore::open_in_memory().unwrap();
    let left = store.on_writer(|connection| {
        let mut last = 0;
        let mut add = |rows: i64| {
            let sql = "WITH RECURSIVE row (n) AS (VALUES (?1 + 1) UNION ALL SELECT n + 1 FROM row WHERE n < ?2)
                INSERT INTO crm_search (rowid, terms) SELECT n, 'tname' || 7919 * n || ' tother' || 104729 * n FROM row";
            let rows = (last, last + rows);
            last = rows.1;
            connection.execute(sql, rows).map(drop)
        };
        let segments =
            || connection.query_row("SELECT count(DISTINCT segid) FROM crm_search_idx", [], |row| row.get::<_, i64>(0));
        add(20_000)?;
        add(20_000)?;
        assert!(merge(connection, -20)?);
        // More segments than are merged, on a level that FTS5 looks at first: it leaves them, and what was begun, unless it is told otherwise.
        for _ in 0..3 {
            add(1)?;
        }
        let mut rounds = 0;
        while merge(connection, 20)? {
            rounds += 1;
        }
        assert!(rounds > 0, "nothing was merged");
        Ok(segments()?)
    });
    // What there was, and what came meanwhile.
    assert!(left.as_ref().is_ok_and(|left| *left <= 2), "{left:?}");
}
