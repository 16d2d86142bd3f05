//! The answers of operations under an idempotency key.

use chrono::SubsecRound as _;
use crm_core::{
    Answer, IdempotencyKey, Keyed, RecordRef,
    store::{Answers, Page, StoreErrorKind},
};

use super::{
    MemoryTx,
    state::{Stored, paged},
};

impl Answers for MemoryTx {
    fn answer(&self, key: &IdempotencyKey, place: u32) -> Stored<Option<Answer>> {
        Ok(self.state.answers.get(&(key.clone(), place)).cloned())
    }

    fn answers(&self, page: Page<(IdempotencyKey, u32)>) -> Stored<Vec<Answer>> {
        let all = self.state.answers.iter().map(|(key, answer)| (key.clone(), answer));
        Ok(paged(all, page).into_iter().cloned().collect())
    }

    fn keep_answer(&mut self, answer: &Answer) -> Stored<()> {
        let key = (answer.key.clone(), answer.place);
        if self.state.answers.contains_key(&key) {
            return Err(StoreErrorKind::Duplicate { record: "answer", field: "place" }.into());
        }
        let answer = Answer { at: answer.at.trunc_subsecs(6), ..answer.clone() };
        self.state_mut().answers.insert(key, answer);
        Ok(())
    }

    fn erase_answers(&mut self, record: RecordRef) -> Stored<u64> {
        let mut erased = 0;
        for answer in self.state_mut().answers.values_mut() {
            if answer.records.contains(&record) && answer.content.take().is_some() {
                erased += 1;
            }
        }
        Ok(erased)
    }

    fn keyed(&mut self) -> &mut Keyed {
        &mut self.keyed
    }
}
