//! Search among many customers, beside what one would write by hand.
//!
//! ```sh
//! cargo bench --bench search                                        # 20 000 customers, a few seconds
//! CRM_SEARCH_CUSTOMERS=1000000 cargo bench --bench search           # a million
//! ```
//!
//! One customer in two has a Chinese name. Each line of the table is the fastest tenth of many runs, in microseconds, each in a read transaction of its own for us and for the statements
//! by hand. By hand there is a table of names with an FTS5 index of trigrams over it, whose newest 50 matches are read; two characters are too short for trigrams, so there
//! `LIKE` is the only way. Nobody ranks by hand; the last column is what ranking by BM25 costs there. Below stands what our searches take when the index is compact.

use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use chrono::{TimeZone, Utc};
use crm::{
    Act, Channel, Customer, Error, MessageKind, NewCustomer, NewTicket, SearchHit, SearchPlace, SearchQuery, Ticket,
    TicketMessage,
    sqlite::{
        SqliteStore,
        rusqlite::{self, Connection, Statement},
    },
    store::{Customers as _, Page, Search as _, Store as _, StoreError, Tickets as _},
};

/// Family names, the frequent ones first.
const FAMILY_NAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
const GIVEN_NAMES: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文辉力云莉荣海燕波宁健萍鹏飞龙梅琳晨欣佳嘉子涵宇轩浩然梓睿博思雨婷雪怡君泽昊天一诺雅琪梦瑶诗颖倩楠凯斌峰亮旭东阳春晓慧玲珍丹凤清瑞祥福安康乐仁义礼智信忠孝廉德才学勤俭恭良温柔和善美真诚实";
const FIRST: &str = "Anna Zoë José Łukasz Søren Wei Maria John Fatima Olga Ivan Chloé Ada Alan Grace Linus Karl Emma Noah Mia Luca Sofia Mateo Elena \
    Omar Aisha Yusuf Leila Hugo Jules Inès Manon Björn Astrid Lars Ingrid Pavel Jana Petr Eva Miklós Zsófia Gábor Katalin Andrzej Agnieszka Piotr \
    Ewa David Sarah James Mary Robert Linda Michael Susan William Karen Thomas Nancy Daniel Betty Mark Helen";
const SYLLABLES: &[&str] = &[
    "ba", "ker", "lin", "do", "mar", "ti", "nez", "sch", "mi", "dt", "ro", "wan", "sky", "ö", "ber", "ga", "tor",
    "ven", "zi", "hu",
];

/// What is sought, and the expression of its title tier. The words of `ba zi` and of `wei zi hu` are all frequent, and no name has all: nothing costs as much.
const SOUGHT: &[(&str, &str)] = &[
    ("张伟红", "\"t张伟 t伟红\""),
    ("伟红", "\"t伟红\""),
    ("王芳", "\"t王芳\""),
    ("张", "\"t张\"*"),
    ("bakerlin", "\"tbakerlin\"*"),
    ("schmidt", "\"tschmidt\"*"),
    ("schm", "\"tschm\"*"),
    ("mar", "\"tmar\"*"),
    ("z", "\"tz\"*"),
    ("lukasz schmi", "\"tlukasz\"* AND \"tschmi\"*"),
    ("zoe b", "\"tzoe\"* AND \"tb\"*"),
    ("伟 红", "\"t伟\"* AND \"t红\"*"),
    ("ba zi", "\"tba\"* AND \"tzi\"*"),
    ("wei zi hu", "\"twei\"* AND \"tzi\"* AND \"thu\"*"),
    ("xyz", "\"txyz\"*"),
];

/// SplitMix64 by Vigna.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap_or(0)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn name(&mut self) -> String {
        if self.below(2) == 0 {
            let (family, given): (Vec<char>, Vec<char>) =
                (FAMILY_NAMES.chars().collect(), GIVEN_NAMES.chars().collect());
            // The less of two throws: frequent names come first in the list.
            let place = self.below(family.len()).min(self.below(family.len()));
            let mut name = String::from(family[place]);
            for _ in 0..=usize::from(self.below(5) > 0) {
                name.push(self.one(&given));
            }
            return name;
        }
        let mut last = String::new();
        for _ in 0..2 + self.below(3) {
            last.push_str(self.one(SYLLABLES));
        }
        let capital: String = last.chars().take(1).flat_map(char::to_uppercase).chain(last.chars().skip(1)).collect();
        format!("{} {capital}", self.one(&FIRST.split_whitespace().collect::<Vec<_>>()))
    }
}

fn fill(store: &SqliteStore, customers: i64) -> Result<(), Box<dyn std::error::Error>> {
    let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
    let (mut chance, mut act) = (Chance(1), Act::new(at, "bench".parse()?, [7; 10]));
    let mut left = customers;
    while left > 0 {
        let now = left.min(10_000);
        store.write(|tx| {
            for _ in 0..now {
                let name = chance.name();
                let new = NewCustomer::person(name.parse()?)
                    .external_id(format!("C-{:07}", chance.below(usize::MAX)).parse()?);
                tx.insert_customer(&Customer::register(act.new_id(), at, new)?)?;
            }
            Ok::<_, Error>(())
        })?;
        left -= now;
    }
    Ok(())
}

/// The names of a store in the tables that one would make by hand: a table, and an index of trigrams over it.
fn fill_by_hand(ours: &Path, by_hand: &mut Connection) -> Result<(), Box<dyn std::error::Error>> {
    by_hand.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE customer (row INTEGER PRIMARY KEY, id BLOB NOT NULL, name TEXT NOT NULL);
         CREATE VIRTUAL TABLE customer_name USING fts5 (name, content = 'customer', content_rowid = 'row', tokenize = 'trigram remove_diacritics 1');",
    )?;
    by_hand.execute("ATTACH ?1 AS ours", [ours.to_str()])?;
    by_hand.execute_batch(
        "INSERT INTO customer SELECT row, id, name FROM ours.crm_customer;
         INSERT INTO customer_name (rowid, name) SELECT row, name FROM customer; DETACH ours",
    )?;
    Ok(())
}

/// The time of a run that nothing else on the machine disturbs, in microseconds: that of the fastest tenth of many.
#[expect(clippy::float_arithmetic, reason = "a time that is printed")]
fn undisturbed<T>(mut run: impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    let mut times = Vec::new();
    while times.len() < 5 || (times.len() < 301 && started.elapsed() < Duration::from_secs(2)) {
        let run_started = Instant::now();
        black_box(run());
        times.push(run_started.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 10]
}

fn find(store: &SqliteStore, query: &SearchQuery, page: Page<SearchPlace>) -> Result<Vec<SearchHit>, StoreError> {
    store.read(|tx| tx.search(query, page))
}

/// The times of the first 50 hits and of 50 from the middle.
fn first_and_deep(store: &SqliteStore, query: &SearchQuery, hits: usize) -> Result<(f64, f64), StoreError> {
    let half = find(store, query, Page::first(u16::try_from(hits / 2).unwrap_or(u16::MAX)))?;
    let middle = half.last().map(|hit| hit.place);
    let first = undisturbed(|| find(store, query, Page::first(50)));
    Ok((first, undisturbed(|| find(store, query, Page { after: middle, limit: 50 }))))
}

/// Reads the ids of what a statement finds.
fn ids(statement: &mut Statement<'_>, sought: &str) -> Result<Vec<[u8; 16]>, rusqlite::Error> {
    statement.query_map([sought], |row| row.get(0))?.collect()
}

/// What it takes to append a message to a conversation, the median of twenty, as the conversation grows: each is one document of the index.
#[expect(clippy::float_arithmetic, reason = "a time that is printed")]
#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn append(store: &SqliteStore) -> Result<(), Box<dyn std::error::Error>> {
    let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
    let (mut chance, mut act) = (Chance(2), Act::new(at, "bench".parse()?, [9; 10]));
    let customer = Customer::register(act.new_id(), at, NewCustomer::person("Zoë".parse()?))?;
    let ticket =
        Ticket::open(act.new_id(), "T-1".parse()?, at, &NewTicket::new(customer.id, Channel::Email, "Lamp".parse()?))?;
    store.write(|tx| tx.insert_customer(&customer).and_then(|()| tx.insert_ticket(&ticket)))?;
    println!();
    let mut times = Vec::new();
    for number in 1..=1_000 {
        let words: Vec<String> = (0..60).map(|_| chance.name()).collect();
        let text = words.join(" ").parse()?;
        let message = TicketMessage { ticket: ticket.id, number, at, kind: MessageKind::CustomerReply, text };
        let started = Instant::now();
        store.write(|tx| tx.append_message(&message))?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
        if number == 20 || number % 250 == 0 {
            let mut last = times.split_off(times.len() - 20);
            last.sort_by(f64::total_cmp);
            println!("messages {} to {number}, of 60 names: {:.1} ms each, durable", number - 19, last[last.len() / 2]);
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is run for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let customers = std::env::var("CRM_SEARCH_CUSTOMERS").map_or(Ok(20_000), |asked| asked.parse())?;
    let folder = tempfile::tempdir()?;
    let (path, other) = (folder.path().join("crm.db"), folder.path().join("hand.db"));
    let store = SqliteStore::open(&path)?;
    let started = Instant::now();
    fill(&store, customers)?;
    let mut by_hand = Connection::open(&other)?;
    println!("{customers} customers in {:.1} s through the store", started.elapsed().as_secs_f64());
    fill_by_hand(&path, &mut by_hand)?;

    let raw = Connection::open(&path)?;
    let size = "SELECT sum(length(block)) FROM crm_search_data";
    let stored = "SELECT sum(length(c0)) FROM crm_search_content";
    let bytes = |sql| raw.query_row(sql, [], |row| row.get::<_, i64>(0));
    println!("the index: {} bytes a customer, and {} of terms", bytes(size)? / customers, bytes(stored)? / customers);

    let mut same = raw.prepare(
        "SELECT (SELECT id FROM crm_customer WHERE row = crm_search.rowid & 281474976710655) FROM crm_search
         WHERE crm_search MATCH ?1 ORDER BY rowid DESC LIMIT 50",
    )?;
    let mut trigram = by_hand.prepare(
        "SELECT id FROM customer_name CROSS JOIN customer ON row = customer_name.rowid WHERE customer_name MATCH ?1
         ORDER BY customer_name.rowid DESC LIMIT 50",
    )?;
    let mut like = by_hand.prepare("SELECT id FROM customer WHERE name LIKE ?1 ORDER BY row DESC LIMIT 50")?;
    let mut bm25 = by_hand.prepare(
        "SELECT id FROM customer_name CROSS JOIN customer ON row = customer_name.rowid WHERE customer_name MATCH ?1
         ORDER BY rank LIMIT 50",
    )?;
    println!(
        "\n| sought | hits | first 50 | 50 at depth | one tier by hand | trigrams | LIKE | trigrams by BM25 |\n|---|---|---|---|---|---|---|---|"
    );
    let mut counts = Vec::new();
    for (sought, tier) in SOUGHT {
        let query = SearchQuery::parse(sought)?;
        let (mut hits, mut last) = (0_usize, None);
        loop {
            let found = find(&store, &query, Page { after: last, limit: 10_000 })?;
            hits += found.len();
            match found.last() {
                Some(hit) => last = Some(hit.place),
                None => break,
            }
        }
        counts.push(hits);
        let (ours, deep) = first_and_deep(&store, &query, hits)?;
        let hand = undisturbed(|| ids(&mut same, tier));
        let quoted: Vec<String> = sought.split(' ').map(|word| format!("\"{word}\"")).collect();
        let (quoted, pattern) = (quoted.join(" AND "), format!("%{}%", sought.replace(' ', "%")));
        let long = sought.split(' ').all(|word| word.chars().count() > 2);
        let trigrams = long.then(|| undisturbed(|| ids(&mut trigram, &quoted)));
        let ranked = long.then(|| undisturbed(|| ids(&mut bm25, &quoted)));
        let scanned = undisturbed(|| ids(&mut like, &pattern));
        let shown = |time: Option<f64>| time.map_or("-".into(), |time| format!("{time:.1}"));
        println!(
            "| {sought} | {hits} | {ours:.1} | {deep:.1} | {hand:.1} | {} | {scanned:.1} | {} |",
            shown(trigrams),
            shown(ranked)
        );
    }
    let started = Instant::now();
    store.compact_search()?;
    println!(
        "\ncompact after {:.1} s\n\n| sought | hits | first 50 | 50 at depth |\n|---|---|---|---|",
        started.elapsed().as_secs_f64()
    );
    for ((sought, _), hits) in SOUGHT.iter().zip(counts) {
        let (ours, deep) = first_and_deep(&store, &SearchQuery::parse(sought)?, hits)?;
        println!("| {sought} | {hits} | {ours:.1} | {deep:.1} |");
    }
    append(&store)?;
    let started = Instant::now();
    store.rebuild_search()?;
    println!("\nthe index made anew in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}
