//! The answers of operations under an idempotency key in SQLite.

use crm_core::{
    Answer, AnswerContent, Fingerprint, IdempotencyKey, Keyed, RecordRef,
    store::{Answers, Page, StoreError, StoreErrorKind},
};
use rusqlite::{Connection, ToSql};
use uuid::Uuid;

use crate::{
    error::Done,
    row::{Binder, Bound, Cells},
    table::prepared,
    transaction::SqliteTx,
};

const TAKEN: &str = "SELECT 1 FROM crm_answer WHERE key = ?1 AND place = ?2";
const KEEP: &str =
    "INSERT INTO crm_answer (key, place, at, operation, input, answer) VALUES (?, ?, ?, ?, ?, ?) RETURNING row";
const KEEP_RECORD: &str = "INSERT INTO crm_answer_record (answer, place, family, record) VALUES (?, ?, ?, ?)";
const ANSWER: &str =
    "SELECT row, key, place, at, operation, input, answer FROM crm_answer WHERE key = ?1 AND place = ?2";
const ANSWERS: &str = "SELECT row, key, place, at, operation, input, answer FROM crm_answer
    WHERE (key, place) > (?1, ?2) ORDER BY key, place LIMIT ?3";
const RECORDS: &str = "SELECT family, record FROM crm_answer_record WHERE answer = ?1 ORDER BY place";
const ERASE: &str = "UPDATE crm_answer SET input = NULL, answer = NULL
    WHERE answer IS NOT NULL AND row IN (SELECT answer FROM crm_answer_record WHERE record = ?1 AND family = ?2)";

fn records(connection: &Connection, answer: i64) -> Done<Vec<RecordRef>> {
    let mut statement = prepared(connection, RECORDS)?;
    let mut rows = statement.query([answer])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let mut cells = Cells::new(row, "crm_answer_record", &["family", "record"]);
        let (family, record): (String, Uuid) = (cells.take()?, cells.take()?);
        records.push(RecordRef::new(&family, record).ok_or_else(|| cells.corrupt())?);
    }
    Ok(records)
}

fn answers(connection: &Connection, sql: &str, parameters: &[&dyn ToSql]) -> Done<Vec<Answer>> {
    let mut statement = prepared(connection, sql)?;
    let mut rows = statement.query(parameters)?;
    let mut answers = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = &["row", "key", "place", "at", "operation", "input", "answer"];
        let mut cells = Cells::new(row, "crm_answer", columns);
        let number: i64 = cells.take()?;
        let (key, place, at, operation) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let (input, json): (Option<Fingerprint>, Option<String>) = (cells.take()?, cells.take()?);
        // Both are there, or both were erased.
        let content = match (input, json) {
            (Some(input), Some(json)) => Some(AnswerContent { input, json }),
            (None, None) => None,
            _ => return Err(cells.corrupt()),
        };
        answers.push(Answer { key, place, at, operation, records: records(connection, number)?, content });
    }
    Ok(answers)
}

fn keep(connection: &Connection, answer: &Answer) -> Done<()> {
    let Answer { key, place, at, operation, records, content } = answer;
    if prepared(connection, TAKEN)?.exists((Bound(key), place))? {
        return Err(StoreErrorKind::Duplicate { record: "answer", field: "place" }.into());
    }
    let (input, json) = content.as_ref().map(|content| (content.input, content.json.clone())).unzip();
    let mut statement = prepared(connection, KEEP)?;
    Binder::new(&mut statement).put(key)?.put(place)?.put(at)?.put(operation)?.put(&input)?.put(&json)?;
    let row: i64 = {
        let mut rows = statement.raw_query();
        rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?.get(0)?
    };
    let mut statement = prepared(connection, KEEP_RECORD)?;
    for (place, record) in (0_u32..).zip(records) {
        statement.execute((row, place, record.family(), Bound(&record.uuid())))?;
    }
    Ok(())
}

impl Answers for SqliteTx<'_> {
    fn answer(&self, key: &IdempotencyKey, place: u32) -> Result<Option<Answer>, StoreError> {
        Ok(answers(self.connection, ANSWER, &[&Bound(key), &place])?.pop())
    }

    fn answers(&self, page: Page<(IdempotencyKey, u32)>) -> Result<Vec<Answer>, StoreError> {
        // No key is empty, so all come after the empty one.
        let (key, place) = page.after.map_or((String::new(), 0), |(key, place)| (key.into(), place));
        Ok(answers(self.connection, ANSWERS, &[&key, &place, &page.limit])?)
    }

    fn keep_answer(&mut self, answer: &Answer) -> Result<(), StoreError> {
        Ok(keep(self.writing()?, answer)?)
    }

    fn erase_answers(&mut self, record: RecordRef) -> Result<u64, StoreError> {
        let connection = self.writing()?;
        let erase =
            || -> Done<usize> { Ok(prepared(connection, ERASE)?.execute((Bound(&record.uuid()), record.family()))?) };
        Ok(u64::try_from(erase()?).unwrap_or(u64::MAX))
    }

    fn keyed(&mut self) -> &mut Keyed {
        &mut self.keyed
    }
}
