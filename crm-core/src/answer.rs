//! The same key, the same answer: what an operation under an idempotency key answered first is kept and given again.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::{
    act::Act,
    bulk::Record,
    journal::RecordRef,
    order::Order,
    promotion::Redemption,
    quote::Quote,
    store::{Answers, StoreError, StoreErrorKind},
    text::IdempotencyKey,
    ticket::{Ticket, TicketMessage},
};

/// What an operation under an idempotency key answered when it was done.
///
/// Key, place, operation and records stay for ever. The content, which may hold personal data, can be erased ([`Answers::erase_answers`]); then a repetition is
/// still recognised, and refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The key of the act.
    pub key: IdempotencyKey,
    /// Which of the operations of its act it was, from 1. One that is a part of another, or that was refused, has no place.
    pub place: u32,
    /// When the act happened.
    pub at: DateTime<Utc>,
    /// The name of the operation, `pay_order`; it stays when the code changes.
    pub operation: String,
    /// The records that it answered with; the first is the one that it is about.
    pub records: Vec<RecordRef>,
    /// Input and answer; `None` once they were erased.
    pub content: Option<AnswerContent>,
}

/// What an operation was asked and what it answered.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerContent {
    /// The input, as far as another one must be told from it.
    pub input: Fingerprint,
    /// The answer as JSON.
    pub json: String,
}

impl fmt::Debug for AnswerContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnswerContent({} bytes)", self.json.len())
    }
}

/// The SHA-256 of an input's JSON: it tells another input without keeping the first one.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of an input.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Backend`] for a value that has no JSON: a map whose keys are no texts or numbers.
    ///
    /// ```
    /// use crm_core::Fingerprint;
    ///
    /// assert_eq!(Fingerprint::of(&("order", 2))?, Fingerprint::of(&("order", 2))?);
    /// assert_ne!(Fingerprint::of(&("order", 2))?, Fingerprint::of(&("order", 3))?);
    /// # Ok::<(), crm_core::store::StoreError>(())
    /// ```
    pub fn of(input: &impl Serialize) -> Result<Self, StoreError> {
        Ok(Self(Sha256::digest(json(input)?).into()))
    }

    /// From its bytes, as a store kept them.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint")
    }
}

/// Why a key cannot be used. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdempotencyError {
    /// The key stands for another operation or another input. A new act takes a new key.
    #[error(
        "the key \"{key}\" was used for {first}{} already, and {asked} is another operation or has another input",
        of(records)
    )]
    Mismatch {
        /// The key.
        key: IdempotencyKey,
        /// Which operation of the act.
        place: u32,
        /// The operation that was done first.
        first: String,
        /// The operation that was to be done now.
        asked: &'static str,
        /// The records that the first one answered with.
        records: Vec<RecordRef>,
    },
    /// It was done already, and what it answered was erased with the personal data of a record.
    #[error("{operation}{} was done under the key \"{key}\", and its answer was erased", of(records))]
    Erased {
        /// The key.
        key: IdempotencyKey,
        /// Which operation of the act.
        place: u32,
        /// The operation.
        operation: String,
        /// The records that it answered with.
        records: Vec<RecordRef>,
    },
}

/// The records of an answer, for a message.
fn of(records: &[RecordRef]) -> String {
    records
        .iter()
        .enumerate()
        .map(|(place, record)| format!("{} {record}", if place == 0 { "" } else { "," }))
        .collect()
}

impl IdempotencyError {
    /// The records that the first operation under the key answered with.
    pub fn records(&self) -> &[RecordRef] {
        match self {
            Self::Mismatch { records, .. } | Self::Erased { records, .. } => records,
        }
    }
}

/// What an operation can answer under a key: something that is read back from its JSON as it was, and that knows its records.
pub trait Answered: Serialize + DeserializeOwned {
    /// The records in it, the one that the operation is about first: with the personal data of any of them the answer is erased.
    fn records(&self) -> Vec<RecordRef>;
}

impl<R> Answered for R
where
    R: Record + Serialize + DeserializeOwned,
    R::Id: Into<RecordRef>,
{
    fn records(&self) -> Vec<RecordRef> {
        vec![self.id().into()]
    }
}

impl<T: Answered> Answered for Vec<T> {
    fn records(&self) -> Vec<RecordRef> {
        self.iter().flat_map(Answered::records).collect()
    }
}

impl<T: Answered> Answered for Option<T> {
    fn records(&self) -> Vec<RecordRef> {
        self.iter().flat_map(Answered::records).collect()
    }
}

impl Answered for (Quote, Order) {
    fn records(&self) -> Vec<RecordRef> {
        vec![self.0.id.into(), self.1.id.into()]
    }
}

impl Answered for (Order, Redemption) {
    fn records(&self) -> Vec<RecordRef> {
        vec![self.0.id.into(), self.1.id.into()]
    }
}

impl Answered for (Ticket, TicketMessage) {
    fn records(&self) -> Vec<RecordRef> {
        vec![self.0.id.into()]
    }
}

/// How many operations a transaction has done under each key, so that each of them has its place. A transaction begins with none.
#[derive(Clone, Debug, Default)]
pub struct Keyed(BTreeMap<IdempotencyKey, u32>);

impl Keyed {
    /// The place of the next operation under a key.
    fn next(&self, key: &IdempotencyKey) -> u32 {
        self.0.get(key).map_or(1, |done| done.saturating_add(1))
    }

    fn done(&mut self, key: IdempotencyKey) {
        let next = self.next(&key);
        self.0.insert(key, next);
    }
}

/// Runs an operation once for each place under the key of the act: the first time it is done and its answer kept, in the same transaction; a repetition does
/// nothing and gives the first answer again. Without a key it just runs.
///
/// The key and the place of the operation among those of its transaction under this key name the answer; the operation's name and its input, all that `run` is given,
/// must be the same on repetition. What is refused has no place and leaves nothing: a repetition tries again. So an act is repeated as a whole, with the same operations in the
/// same order, and a key belongs to one act in one transaction. Inside of `run` other operations may be called: they are parts of this one and have no answer of their own.
///
/// # Errors
///
/// - What `run` returns.
/// - [`IdempotencyError::Mismatch`] where another operation or another input was done there first, [`IdempotencyError::Erased`] where the first answer is gone.
/// - A [`StoreError`]; [`StoreErrorKind::Corrupt`] where the first answer cannot be read.
///
/// The operations of the library stand in it, and a host's own may (`Crm::act` of the facade has an example).
pub fn once<Tx, I, T, E>(
    tx: &mut Tx,
    act: &mut Act,
    operation: &'static str,
    input: I,
    run: impl FnOnce(&mut Tx, &mut Act, I) -> Result<T, E>,
) -> Result<T, E>
where
    Tx: Answers + ?Sized,
    I: Serialize,
    T: Answered,
    E: From<StoreError> + From<IdempotencyError>,
{
    let Some(key) = act.own_key().cloned() else { return run(tx, act, input) };
    let place = tx.keyed().next(&key);
    let asked = Fingerprint::of(&input)?;
    if let Some(first) = tx.answer(&key, place)? {
        let json = first.again(operation, asked)?;
        let unreadable = StoreErrorKind::Corrupt { table: "answers", column: "answer", row: None };
        let answer = serde_json::from_str(&json).map_err(|error| StoreError::new(unreadable).caused_by(error))?;
        tx.keyed().done(key);
        return Ok(answer);
    }
    let answer = act.as_one(|act| run(tx, act, input))?;
    tx.keep_answer(&Answer {
        key: key.clone(),
        place,
        at: act.at(),
        operation: operation.into(),
        records: answer.records(),
        content: Some(AnswerContent { input: asked, json: json(&answer)? }),
    })?;
    tx.keyed().done(key);
    Ok(answer)
}

impl Answer {
    /// The answer again, as JSON, where it is that of the same operation with the same input.
    ///
    /// # Errors
    ///
    /// [`IdempotencyError`].
    fn again(self, asked: &'static str, input: Fingerprint) -> Result<String, IdempotencyError> {
        let Self { key, place, operation, records, content, .. } = self;
        match content {
            Some(content) if operation == asked && content.input == input => Ok(content.json),
            None if operation == asked => Err(IdempotencyError::Erased { key, place, operation, records }),
            _ => Err(IdempotencyError::Mismatch { key, place, first: operation, asked, records }),
        }
    }
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::new(StoreErrorKind::Backend).caused_by(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{CustomerId, OrderId},
        record::proof::{at, id, parsed, survives_json},
    };

    fn answer(content: Option<AnswerContent>) -> Answer {
        let records = vec![id::<CustomerId>(7).into(), id::<OrderId>(8).into()];
        let operation = "register_customer".into();
        Answer { key: parsed("form 17"), place: 1, at: at(0), operation, records, content }
    }

    fn asked(input: &str) -> Fingerprint {
        Fingerprint::of(&input).unwrap()
    }

    fn content() -> AnswerContent {
        AnswerContent { input: asked("Marker"), json: "{\"name\":\"Marker\"}".into() }
    }

    #[test]
    fn the_same_operation_with_the_same_input_gets_the_first_answer() {
        let answer = answer(Some(content()));
        survives_json(&answer);
        assert_eq!(answer.again("register_customer", asked("Marker")).as_deref(), Ok("{\"name\":\"Marker\"}"));
    }

    #[test]
    fn another_operation_or_another_input_is_refused() {
        for (operation, input) in [("register_customer", "marker"), ("draft_order", "Marker")] {
            let refused = answer(Some(content())).again(operation, asked(input)).unwrap_err();
            assert_eq!(refused.records(), answer(None).records);
            let IdempotencyError::Mismatch { key, place: 1, first, asked, .. } = &refused else { panic!("{refused}") };
            assert_eq!((key.as_str(), first.as_str(), *asked), ("form 17", "register_customer", operation));
        }
    }

    #[test]
    fn an_erased_answer_is_recognised_and_names_its_records() {
        let refused = answer(None).again("register_customer", asked("Marker")).unwrap_err();
        assert!(matches!(refused, IdempotencyError::Erased { .. }), "{refused}");
        let (customer, order) = (id::<CustomerId>(7), id::<OrderId>(8));
        let words = format!("register_customer {customer}, {order} was done under the key");
        assert!(refused.to_string().starts_with(&words), "{refused}");
        // Nothing tells any longer whether the input is the same; another operation is another one nevertheless.
        assert!(matches!(
            answer(None).again("register_customer", asked("other")),
            Err(IdempotencyError::Erased { .. })
        ));
        assert!(matches!(answer(None).again("draft_order", asked("Marker")), Err(IdempotencyError::Mismatch { .. })));
    }

    #[test]
    fn an_answer_hides_personal_data() {
        crate::record::proof::hides_personal_data(&answer(Some(content())));
    }

    #[test]
    fn a_fingerprint_is_the_sha_256_of_the_json() {
        // `printf '"abc"' | sha256sum`
        let known = "6cc43f858fbb763301637b5af970e2a46b46f461f27e5a0f41e009c59b827b25";
        let hex: String = asked("abc").as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, known);
    }
}
