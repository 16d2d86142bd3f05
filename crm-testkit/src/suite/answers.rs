//! C75 to C78: the answers of operations under an idempotency key.

use std::thread;

use chrono::TimeDelta;
use crm_core::{
    Act, Agent, Answer, AnswerContent, Fingerprint, IdempotencyError, IdempotencyKey, NewAgent, RecordRef, once,
    store::{AgentFilter, Agents, Answers, Page, Records, Store, StoreError, StoreErrorKind},
};

use super::{
    family::{Family, Stored},
    maker::{act, at, text, valid},
    world::{founded, own_error, read, refusal, write},
};

/// An answer under a key, with the records of some families.
pub(crate) fn answer(key: &str, place: u32, records: &[(Family, u32)]) -> Answer {
    let json = format!("{{\"of\":\"{key}, 张三\"}}");
    Answer {
        key: text(key),
        place,
        at: at(place),
        operation: "hire".into(),
        records: records.iter().map(|(family, n)| family.id(*n)).collect(),
        content: Some(AnswerContent { input: valid(Fingerprint::of(&json)), json }),
    }
}

/// Answers with one record, with several and with none.
fn some() -> Vec<Answer> {
    vec![
        answer("key-1", 1, &[(Family::Agent, 1)]),
        answer("key-1", 2, &[(Family::Customer, 1), (Family::Agent, 2)]),
        answer("key-1", 11, &[(Family::Customer, 2)]),
        answer("KEY-1", 1, &[]),
        answer("key-", 1, &[(Family::Agent, 1), (Family::Customer, 1)]),
        Answer { content: None, ..answer("schlüssel 'x'", 1, &[(Family::Product, 1)]) },
    ]
}

fn keep_all<T: Records + ?Sized>(tx: &mut T, answers: &[Answer]) -> Stored<()> {
    answers.iter().try_for_each(|answer| tx.keep_answer(answer))
}

fn key(answer: &Answer) -> (IdempotencyKey, u32) {
    (answer.key.clone(), answer.place)
}

/// C75: an answer that was kept reads back equal by its key and place, and no other key or place finds it; answers come by key and place.
pub fn c75_an_answer_is_found_by_its_key_and_place<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C75");
    let mut kept = some();
    write(&store, "C75", |tx| keep_all(tx, &kept));
    read(&store, "C75", |tx| {
        for answer in &kept {
            let found = tx.answer(&answer.key, answer.place)?;
            assert_eq!(found.as_ref(), Some(answer), "C75: it reads back different");
        }
        for (other, place) in [("key-1", 3), ("key-1", 0), ("KEY-1", 2), ("Key-1", 1), ("key", 1), ("key-_", 1)] {
            let found = tx.answer(&text(other), place)?;
            assert_eq!(found, None, "C75: the key {other} at {place} has no answer");
        }
        kept.sort_by_key(key);
        let all = tx.answers(Page::first(100))?;
        assert_eq!(all, kept, "C75: the list of all answers");
        for (place, answer) in all.iter().enumerate() {
            let next = tx.answers(Page::after(key(answer), 2))?;
            let expected: Vec<Answer> = kept.iter().skip(place + 1).take(2).cloned().collect();
            assert_eq!(next, expected, "C75: the page after one of them");
        }
        assert_eq!(tx.answers(Page::first(0))?, [], "C75: a limit of zero");
        Ok(())
    });
    let fine = answer("key-9", 1, &[]);
    let finer = Answer { at: fine.at + TimeDelta::nanoseconds(999), ..fine.clone() };
    write(&store, "C75", |tx| tx.keep_answer(&finer));
    let found = read(&store, "C75", |tx| tx.answer(&fine.key, 1));
    assert_eq!(found, Some(fine), "C75: instants are whole microseconds");
}

/// C76: keeping an answer at a key and place that are taken is a duplicate and changes nothing; what was rolled back is not there.
pub fn c76_a_place_is_taken_once<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C76");
    write(&store, "C76", |tx| keep_all(tx, &some()));
    let taken = StoreErrorKind::Duplicate { record: "answer", field: "place" };
    for first in some() {
        let again = Answer { operation: "other".into(), records: Vec::new(), ..first };
        refusal(&store, &taken, "C76: the place is taken", |tx| tx.keep_answer(&again));
    }
    let late = answer("late", 1, &[(Family::Agent, 1)]);
    let rolled_back: Stored<()> = store.write(|tx| {
        tx.keep_answer(&late)?;
        tx.erase_answers(Family::Agent.id(1))?;
        Err(own_error())
    });
    assert!(rolled_back.is_err(), "C76: the error of the closure must come out");
    read(&store, "C76", |tx| {
        assert_eq!(tx.answer(&late.key, 1)?, None, "C76: what was rolled back is there");
        let first = tx.answer(&text("key-1"), 1)?;
        assert!(first.is_some_and(|first| first.content.is_some()), "C76: an erasure that was rolled back stands");
        Ok(())
    });
    write(&store, "C76: after the rollback", |tx| tx.keep_answer(&late));
}

/// C77: erasing takes the content of each answer that the record is in, and nothing else of it, and leaves the other answers as they were.
pub fn c77_erasing_takes_the_content_of_one_record<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C77");
    let mut kept = some();
    kept.sort_by_key(key);
    write(&store, "C77", |tx| keep_all(tx, &kept));
    // The same number in two families; a record that is not there; one that is in no answer; one whose answer was erased before.
    let erasures =
        [(Family::Agent, 1), (Family::Customer, 1), (Family::Customer, 1), (Family::Order, 1), (Family::Product, 1)];
    for (family, n) in erasures {
        let record: RecordRef = family.id(n);
        let of_it = |answer: &&mut Answer| answer.records.contains(&record);
        let expected = kept.iter_mut().filter(of_it).filter_map(|answer| answer.content.take()).count();
        let erased = write(&store, "C77", |tx| tx.erase_answers(record));
        assert_eq!(usize::try_from(erased).ok(), Some(expected), "C77: how many answers of {record} were erased");
        let left = read(&store, "C77", |tx| tx.answers(Page::first(100)));
        assert_eq!(left, kept, "C77: after the answers of {record} were erased");
    }
}

/// What an operation under a key is refused with.
#[derive(Debug)]
enum Refused {
    Store(StoreError),
    Key(IdempotencyError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<IdempotencyError> for Refused {
    fn from(error: IdempotencyError) -> Self {
        Self::Key(error)
    }
}

/// An operation as those of the crates of operations.
fn hire<T: Records + ?Sized>(tx: &mut T, act: &mut Act, name: &str) -> Result<Agent, Refused> {
    once(tx, act, "hire", name, |tx, act, name| {
        let agent = Agent::add(act.new_id(), act.at(), NewAgent::new(text(name)));
        tx.insert_agent(&agent)?;
        Ok(agent)
    })
}

/// C78: a transaction begins with nothing done under any key, and knows what it did since.
pub fn c78_an_operation_under_a_key_is_done_once<S: Store>(open: impl Fn() -> S) {
    let store = open();
    // As if each had entropy of its own: the minutes differ.
    let keyed = |minutes: u32| act(minutes).with_key(text("form 17"));
    let both = |minutes: u32| {
        let act = &mut keyed(minutes);
        store.write(|tx| Ok::<_, Refused>((hire(tx, act, "Mei")?, hire(tx, act, "Mei")?)))
    };
    let agents = || read(&store, "C78", |tx| tx.count_agents(&AgentFilter::default()));
    let first = both(1).unwrap_or_else(|refused| panic!("C78: {refused:?}"));
    assert_ne!(first.0.id, first.1.id, "C78: two operations of one transaction are two");
    let again = thread::scope(|scope| scope.spawn(|| both(2)).join());
    match again {
        Ok(Ok(again)) => assert_eq!(again, first, "C78: a repetition must give the first answers"),
        refused => panic!("C78: a repetition must give the first answers: {refused:?}"),
    }
    assert_eq!(agents(), 2, "C78: a repetition must do nothing");
    // The same value of an act, as one who tries again after a failure has it.
    let act = &mut keyed(3);
    for _ in 0..2 {
        let one = store.write(|tx| hire(tx, act, "Mei"));
        assert!(matches!(&one, Ok(one) if *one == first.0), "C78: the first answer again: {one:?}");
    }
    let third =
        store.write(|tx| Ok::<_, Refused>((hire(tx, act, "Mei")?, hire(tx, act, "Mei")?, hire(tx, act, "Li")?)));
    assert!(third.is_ok(), "C78: what is new in a repetition is done: {third:?}");
    assert_eq!(agents(), 3, "C78: only what is new in a repetition is done");
    match store.write(|tx| hire(tx, act, "Zoë")) {
        Err(Refused::Key(IdempotencyError::Mismatch { place: 1, .. })) => {}
        Err(Refused::Store(error)) => panic!("C78: another input under the same key: {error}"),
        other => panic!("C78: another input under the same key must be refused: {other:?}"),
    }
    assert_eq!(agents(), 3, "C78: what is refused does nothing");
}
