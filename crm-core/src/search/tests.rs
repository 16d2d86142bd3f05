use proptest::prelude::*;

use super::{fold::folded, *};

/// The words of a text, runs in brackets.
fn shown(text: &str) -> String {
    let text = SearchText::new().title(text);
    let words = text.title_words().map(|word| match word {
        SearchWord::Spaced(word) => word.to_owned(),
        SearchWord::Run(run) => format!("[{run}]"),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn tier(title: &str, body: &str, query: &str) -> Option<SearchTier> {
    SearchText::new().title(title).body(body).tier(&SearchQuery::parse(query).unwrap())
}

#[test]
fn text_is_folded_and_parted_into_words() {
    for (text, words) in [
        ("Zoë  O'BRIEN-Smith", "zoe o brien smith"),
        ("Zoe\u{308}", "zoe"),
        ("STRASSE Straße STRAẞE", "strasse strasse strasse"),
        ("Łódź Sørensen Ægir Đorđe", "lodz sorensen aegir dorde"),
        ("İstanbul ısı ISI", "istanbul isi isi"),
        ("ΣΊΣΥΦΟΣ Σίσυφος", "σισυφοσ σισυφοσ"),
        ("Ёлка", "елка"),
        ("Ｚｈａｎｇ ﬁ №5 x²", "zhang fi no5 x2"),
        ("张三丰", "[张三丰]"),
        ("第3章", "[第] 3 [章]"),
        ("ﾊﾟﾅｿﾆｯｸ パナソニック", "[パナソニック] [パナソニック]"),
        ("コーヒーを食べる", "[コーヒーを食べる]"),
        ("한국어 韓國", "[한국어] [韓國]"),
        ("한국", "[한국]"),
        ("สวัสดี ครับ", "[สวัสดี] [ครับ]"),
        ("हिन्दी", "हिन्दी"),
        ("مُحَمَّد محمد", "محمد محمد"),
        ("שָׁלוֹם", "שלום"),
        ("soft\u{ad}hyphen می\u{200c}خواهم", "softhyphen میخواهم"),
        ("zhang@example.com +8613800138000", "zhang example com 8613800138000"),
        ("👩\u{200d}👩\u{200d}👧 «»", ""),
    ] {
        assert_eq!(shown(text), words, "{text}");
    }
}

#[test]
fn kana_that_differ_in_their_voice_differ() {
    assert_eq!(tier("がく", "", "かく"), None);
    assert_eq!(tier("が", "", "か\u{3099}"), Some(SearchTier::WholeTitle));
}

#[test]
fn what_is_found_where_makes_the_tier() {
    use SearchTier::{Anywhere, Title, WholeTitle};
    for (title, body, query, expected) in [
        ("Wei Zhang", "", "zhang", Some(WholeTitle)),
        ("Wei Zhang", "", "ZHANG wei", Some(WholeTitle)),
        ("Wei Zhang", "", "zhan", Some(Title)),
        ("Wei Zhang", "", "hang", None),
        ("Wei Zhang", "", "zhang we", Some(Title)),
        ("Wei Zhang", "zoe@example.com", "wei exam", Some(Anywhere)),
        ("Wei Zhang", "zoe@example.com", "wei exam nobody", None),
        ("Wei", "Wei", "wei", Some(WholeTitle)),
        ("张三", "", "张三", Some(WholeTitle)),
        ("张三丰", "", "张三", Some(Title)),
        ("张三丰", "", "三丰", Some(Title)),
        ("张三丰", "", "丰", Some(Title)),
        ("张三丰", "", "张丰", None),
        ("订单", "客户申请退款", "退款", Some(Anywhere)),
        ("订单", "客户申请退款", "订单 退", Some(Anywhere)),
        ("东京 タワー", "", "タワ", Some(Title)),
        ("서울 지사", "", "서", Some(Title)),
        ("กรุงเทพ", "", "เทพ", Some(Title)),
    ] {
        assert_eq!(tier(title, body, query), expected, "{query} in {title}, {body}");
    }
}

#[test]
fn two_texts_share_no_word() {
    let text = SearchText::new().title("张三").title("丰").body("lamp").body("shade");
    for query in ["三丰", "lampshade"] {
        assert_eq!(text.tier(&SearchQuery::parse(query).unwrap()), None, "{query}");
    }
}

#[test]
fn operators_and_quotes_are_just_text() {
    for (raw, words) in [
        ("\"a\" OR b*", vec!["a", "or", "b"]),
        ("NEAR(a b, 2)", vec!["near", "a", "b", "2"]),
        ("title: -x ^y {z}", vec!["title", "x", "y", "z"]),
        ("\"unbalanced", vec!["unbalanced"]),
        ("a\0b; DROP TABLE crm_search;--", vec!["a", "b", "drop", "table", "crm", "search"]),
    ] {
        let query = SearchQuery::parse(raw).unwrap();
        assert_eq!(query.words().map(SearchWord::as_str).collect::<Vec<_>>(), words, "{raw}");
    }
}

#[test]
fn a_query_is_refused_with_the_rule_that_it_breaks() {
    let (long, many) = ("a".repeat(201), "a ".repeat(17));
    for (raw, rule) in [
        ("", Rule::Empty),
        (" \u{3000}\n", Rule::Empty),
        ("*\"()-:^", Rule::Malformed { expected: "something with a letter or a digit" }),
        ("👩", Rule::Malformed { expected: "something with a letter or a digit" }),
        (&long, Rule::TooLong { limit_characters: 200, characters: 201 }),
        (&many, Rule::TooMany { limit: 16 }),
    ] {
        let refused = SearchQuery::parse(raw).unwrap_err();
        assert_eq!((refused.field(), refused.value(), refused.rule()), ("search", raw, &rule));
    }
    assert!(SearchQuery::parse(&"张".repeat(200)).is_ok());
}

#[test]
fn only_the_beginning_of_an_endless_word_counts() {
    let (word, other) = ("a".repeat(64), format!("{}b", "a".repeat(64)));
    assert_eq!(tier(&word, "", &other), Some(SearchTier::WholeTitle));
    assert_eq!(tier(&word, "", &word[1..]), Some(SearchTier::Title));
}

#[test]
fn families_come_by_rank_and_once() {
    let query = SearchQuery::parse("a").unwrap();
    assert_eq!(query.families(), SearchFamily::ALL);
    let some = query.clone().only([SearchFamily::Agent, SearchFamily::Customer, SearchFamily::Agent]);
    assert_eq!(some.families(), [SearchFamily::Customer, SearchFamily::Agent]);
    assert_eq!(query.only([]).families(), []);
    assert!(SearchFamily::ALL.is_sorted_by_key(|family| Reverse(family.code())));
    assert!(SearchFamily::ALL.iter().all(|family| SearchFamily::from_code(family.code()) == Some(*family)));
    assert_eq!(SearchFamily::from_code(1), None);
}

#[test]
fn places_ascend_with_the_rank() {
    use SearchFamily::{Agent, Customer};
    use SearchTier::{Anywhere, Title, WholeTitle};
    let places = [
        SearchPlace::new(WholeTitle, Customer, 9),
        SearchPlace::new(WholeTitle, Customer, 2),
        SearchPlace::new(WholeTitle, Agent, 70),
        SearchPlace::new(Title, Customer, 9),
        SearchPlace::new(Anywhere, Customer, u64::MAX),
        SearchPlace::new(Anywhere, Agent, u64::MAX),
    ];
    assert!(places.is_sorted());
}

#[test]
fn what_people_look_for_and_what_is_found_does_not_show() {
    let query = SearchQuery::parse("secret").unwrap();
    let shown = format!(
        "{query:?} {:?} {1:?} {1}",
        SearchText::new().title("secret"),
        SearchQuery::parse("\u{1F600}secret ".repeat(40).as_str()).unwrap_err()
    );
    assert!(!shown.contains("secret"), "{shown}");
}

#[test]
fn each_character_folds_to_what_stays() {
    for c in '\0'..=char::MAX {
        let once = folded(c.encode_utf8(&mut [0; 4]));
        assert_eq!(folded(&once), once, "{c:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic_and_folding_twice_changes_nothing(text in any::<String>()) {
        let _ = SearchQuery::parse(&text);
        let once = folded(&text);
        prop_assert_eq!(folded(&once), once);
    }

    #[test]
    fn a_title_is_found_by_each_of_its_words_by_their_beginnings_and_by_parts_of_its_runs(title in "[\\PC]{1,40}", body in "[\\PC]{0,20}") {
        let text = SearchText::new().title(&title).body(&body);
        for word in text.title_words() {
            let query = SearchQuery::parse(word.as_str()).unwrap();
            prop_assert_eq!(text.tier(&query), Some(SearchTier::WholeTitle), "{:?}", word.as_str());
            let characters: Vec<char> = word.as_str().chars().collect();
            let parts: Vec<String> = match word {
                SearchWord::Spaced(_) => (1..characters.len()).map(|end| characters[..end].iter().collect()).collect(),
                SearchWord::Run(_) => characters.windows(2).chain(characters.chunks(1)).map(|part| part.iter().collect()).collect(),
            };
            for part in parts {
                prop_assert!(text.tier(&SearchQuery::parse(&part).unwrap()) <= Some(SearchTier::Title), "{part:?}");
                prop_assert!(text.tier(&SearchQuery::parse(&part).unwrap()).is_some(), "{part:?}");
            }
        }
    }
}
