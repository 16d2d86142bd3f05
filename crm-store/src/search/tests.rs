use crm_core::store::{Customers as _, Store as _};
use crm_testkit::sample;

use super::*;
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
fn what_is_appended_makes_what_is_made_at_once() {
    let (said, more) = ("the lamp 退款", "the other lamp 退");
    let (stored, mut appended) = (shown("t", said), Terms::after(""));
    assert_eq!(appended.new, "");
    appended = Terms::after(&stored);
    appended.body(&SearchText::new().body(more));
    assert_eq!(appended.put_together(), terms(&SearchText::new().title("t").body(said).body(more)));
}

#[test]
fn each_tier_leaves_out_those_before_it() {
    let query = SearchQuery::parse("Wei 张三丰 款").unwrap();
    for (tier, expected) in [
        (SearchTier::WholeTitle, r#""twei" AND "w张三丰" AND "w款""#),
        (SearchTier::Title, r#"("twei"* AND "t张三 t三丰" AND "t款"*) NOT ("twei" AND "w张三丰" AND "w款")"#),
        (
            SearchTier::Anywhere,
            r#"(("twei"* OR "bwei"*) AND ("t张三 t三丰" OR "b张三 b三丰") AND ("t款"* OR "b款"*)) NOT ("twei"* AND "t张三 t三丰" AND "t款"*)"#,
        ),
    ] {
        assert_eq!(expression(&query, tier), expected);
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
