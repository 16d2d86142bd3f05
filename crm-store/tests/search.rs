//! The index of the search in a file: what a search for damage says of it, how it is made anew, and what deletion leaves.

#![expect(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::path::Path;

use crm_core::{
    Customer, MessageKind, SearchQuery, TicketMessage, TicketParts,
    store::{Customers as _, Page, Search as _, Store as _, StoreError, StoreErrorKind, Tickets as _},
};
use crm_store::{Problem, SqliteStore, install, rusqlite::Connection};
use crm_testkit::sample::{self, Sample};

fn company(folder: &Path) -> (SqliteStore, Connection) {
    let store = SqliteStore::open(folder.join("crm.db")).unwrap();
    store.write(|tx| Sample::new(1).write_to(tx)).unwrap();
    let hand = Connection::open(folder.join("crm.db")).unwrap();
    (store, hand)
}

fn found(store: &SqliteStore, raw: &str) -> usize {
    let query = SearchQuery::parse(raw).unwrap();
    store.read(|tx| Ok::<_, StoreError>(tx.search(&query, Page::first(1_000))?.len())).unwrap()
}

fn named(number: u64, name: &str) -> Customer {
    Customer { name: name.parse().unwrap(), ..sample::customer(number) }
}

#[test]
fn what_differs_from_the_records_is_found_and_goes_when_the_index_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hand) = company(folder.path());
    assert_eq!(store.verify().unwrap(), []);
    let rows = "SELECT rowid FROM crm_search WHERE rowid >> 48 = 28000 ORDER BY rowid LIMIT 3";
    let rows: Vec<i64> =
        hand.prepare(rows).unwrap().query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    // One that is missing, one that says something else, and one of no record.
    hand.execute("DELETE FROM crm_search WHERE rowid = ?1", [rows[0]]).unwrap();
    hand.execute("UPDATE crm_search SET terms = 'twombat' WHERE rowid = ?1", [rows[1]]).unwrap();
    hand.execute("INSERT INTO crm_search (rowid, terms) VALUES (?1 + 100000, 'tnumbat')", [rows[2]]).unwrap();
    assert!(store.verify().unwrap().contains(&Problem::Search { family: "customer", differ: 3 }));
    assert_eq!(found(&store, "wombat"), 1);

    store.rebuild_search().unwrap();
    assert_eq!(store.verify().unwrap(), []);
    assert_eq!(found(&store, "wombat"), 0);
    // What is written afterwards is searched, and deleted without a trace, as before.
    store.write(|tx| tx.insert_customer(&named(900, "Wombat"))).unwrap();
    assert_eq!(found(&store, "wombat"), 1);
}

#[test]
fn an_index_that_contradicts_itself_is_found_and_goes_when_it_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hand) = company(folder.path());
    let damaged = hand.execute(
        "UPDATE crm_search_content SET c0 = 'twombat' WHERE id = (SELECT max(id) FROM crm_search_content)",
        [],
    );
    assert_eq!(damaged.unwrap(), 1);
    let problems = store.verify().unwrap();
    assert!(problems.iter().any(|problem| matches!(problem, Problem::Structure(_))), "{problems:?}");
    assert!(problems.contains(&Problem::Search { family: "customer", differ: 1 }), "{problems:?}");
    store.rebuild_search().unwrap();
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn a_compact_index_is_one_segment_that_finds_the_same_and_forgets_what_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hand) = company(folder.path());
    for number in 900..=902 {
        store.write(|tx| tx.insert_customer(&named(number, "Wombat Xyzzyquux"))).unwrap();
    }
    let segments = || {
        let segments = "SELECT count(DISTINCT segid) FROM crm_search_idx";
        hand.query_row(segments, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert!(segments() > 1);
    for _ in 0..2 {
        store.compact_search().unwrap();
        assert_eq!((segments(), found(&store, "wom xyz"), found(&store, "wombat")), (1, 3, 3));
    }
    assert_eq!(store.verify().unwrap(), []);
    for number in 900..=902 {
        store.write(|tx| tx.delete_customer(sample::customer(number).id)).unwrap();
    }
    assert_eq!((found(&store, "wombat"), traces(&hand, "zzyquux")), (0, 0));
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn a_row_of_no_record_is_an_error_and_not_a_hit() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hand) = company(folder.path());
    hand.execute("INSERT INTO crm_search (rowid, terms) VALUES (7, 'tnumbat')", []).unwrap();
    let query = SearchQuery::parse("numbat").unwrap();
    let refused = store.read(|tx| tx.search(&query, Page::first(9))).unwrap_err();
    assert_eq!(refused.kind(), &StoreErrorKind::Corrupt { table: "crm_search", column: "rowid", row: Some(7) });
}

/// How many rows of the index's own tables hold some text.
fn traces(hand: &Connection, text: &str) -> i64 {
    let held = "SELECT (SELECT count(*) FROM crm_search_data WHERE instr(block, CAST(?1 AS BLOB)))
        + (SELECT count(*) FROM crm_search_content WHERE instr(c0, ?1)) + (SELECT count(*) FROM crm_search_idx WHERE instr(term, CAST(?1 AS BLOB)))";
    hand.query_row(held, [text], |row| row.get(0)).unwrap()
}

#[test]
fn deleted_text_leaves_no_trace_in_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hand) = company(folder.path());
    // The end of each: a term has its beginning from the one before it, where segments were merged.
    for (number, name, seen) in [(900, "Xyzzyquux", "zzyquux"), (901, "齉齾", "齾")] {
        let mut customer = named(number, name);
        store.write(|tx| tx.insert_customer(&customer)).unwrap();
        assert!(traces(&hand, seen) >= 2, "{name} stands in the index before");
        if number == 900 {
            store.write(|tx| tx.delete_customer(customer.id)).unwrap();
        } else {
            customer.name = "Somebody".parse().unwrap();
            store.write(|tx| tx.update_customer(&customer)).unwrap();
        }
        assert_eq!(traces(&hand, seen), 0, "{name} stands in the index afterwards");
    }
    // And where the index was made anew.
    store.rebuild_search().unwrap();
    let customer = named(902, "Xyzzyquux");
    store.write(|tx| tx.insert_customer(&customer)).unwrap();
    store.write(|tx| tx.delete_customer(customer.id)).unwrap();
    assert_eq!(traces(&hand, "zzyquux"), 0);
}

#[test]
fn each_message_is_a_document_and_costs_the_same_however_long_the_conversation_is() {
    let folder = tempfile::tempdir().unwrap();
    let (store, hand) = company(folder.path());
    let ticket = Sample::new(1).tickets[0].clone();
    let rows = || hand.query_row("SELECT count(*) FROM crm_search_content", [], |row| row.get::<_, i64>(0)).unwrap();
    let longest = || hand.query_row("SELECT max(length(c0)) FROM crm_search_content", [], |row| row.get(0)).unwrap();
    let (before, longest_before): (i64, i64) = (rows(), longest());
    for number in 100..140 {
        let text = format!("wombat number{number} 申请退款 {}", "the same words again ".repeat(200)).parse().unwrap();
        let message =
            TicketMessage { ticket: ticket.id, number, at: ticket.created_at, kind: MessageKind::CustomerReply, text };
        store.write(|tx| tx.append_message(&message)).unwrap();
    }
    assert_eq!(rows(), before + 40);
    assert!(longest() < longest_before.max(100) + 100, "a word of a message stands in its document once");
    assert_eq!(found(&store, "number139 wombat 退款"), 1);
    assert_eq!(found(&store, "number100 number139"), 0);
    assert_eq!(store.verify().unwrap(), []);

    // Each is found together with the subject, also with a new one, and the ticket stands once.
    let by_subject = |subject: &str| found(&store, &format!("number100 {subject}"));
    let ticket = store.read(|tx| tx.ticket(ticket.id)).unwrap().unwrap();
    assert_eq!(by_subject(ticket.subject().as_str()), 1);
    let mut parts = TicketParts::from(ticket.clone());
    parts.subject = "Quokka 齉齾".parse().unwrap();
    store.write(|tx| tx.update_ticket(&parts.try_into().unwrap())).unwrap();
    assert_eq!((by_subject("Quokka 齉齾"), found(&store, "齉齾")), (1, 1));
    assert_eq!(by_subject(ticket.subject().as_str()), 0);
    assert_eq!(store.verify().unwrap(), []);
    store.rebuild_search().unwrap();
    assert_eq!((by_subject("Quokka 齉齾"), found(&store, "齉齾")), (1, 1));
    assert_eq!(store.verify().unwrap(), []);

    store.write(|tx| tx.delete_ticket(ticket.id)).unwrap();
    assert_eq!((found(&store, "wombat"), traces(&hand, "wombat"), traces(&hand, "齉齾")), (0, 0, 0));
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn an_sqlite_without_full_text_search_is_refused() {
    let mut host = Connection::open_in_memory().unwrap();
    host.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    host.remove_function("fts5_source_id", 0).unwrap();
    let refused = install(&mut host).unwrap_err();
    let must = "SQLite must have full-text search (FTS5)";
    assert_eq!(refused.kind(), &StoreErrorKind::Unsuitable { must });
    let tables: i64 = host.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
}
