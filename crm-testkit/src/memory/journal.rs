//! The journal and how far its readers are.

use crm_core::{
    Act, Entry, Fact, IdempotencyKey, Label, Position, RecordRef,
    store::{Journal, Page},
};

use super::{
    MemoryTx,
    state::{Stored, paged},
};

impl MemoryTx {
    fn entries_where(&self, condition: impl Fn(&Entry) -> bool, page: Page<Position>) -> Vec<Entry> {
        let entries = self.state.journal.iter().filter(|(_, entry)| condition(entry));
        paged(entries.map(|(position, entry)| (*position, entry)), page).into_iter().cloned().collect()
    }
}

impl Journal for MemoryTx {
    /// Writers come one after the other, so the next position now is the next one at the commit, too.
    fn append(&mut self, act: &Act, fact: &Fact) -> Stored<()> {
        let last = self.state.journal.last_key_value().map_or(Position::START, |(position, _)| *position);
        let entry = Entry::new(Position::new(last.get() + 1), act, fact.clone());
        self.state_mut().journal.insert(entry.position, entry);
        Ok(())
    }

    fn entries(&self, page: Page<Position>) -> Stored<Vec<Entry>> {
        Ok(self.entries_where(|_| true, page))
    }

    fn history(&self, record: RecordRef, page: Page<Position>) -> Stored<Vec<Entry>> {
        Ok(self.entries_where(|entry| entry.record == record, page))
    }

    fn entries_with_key(&self, key: &IdempotencyKey, page: Page<Position>) -> Stored<Vec<Entry>> {
        Ok(self.entries_where(|entry| entry.key.as_ref() == Some(key), page))
    }

    fn cursor(&self, consumer: &Label) -> Stored<Position> {
        Ok(self.state.cursors.get(consumer).copied().unwrap_or(Position::START))
    }

    fn move_cursor(&mut self, consumer: &Label, to: Position) -> Stored<()> {
        self.state_mut().cursors.insert(consumer.clone(), to);
        Ok(())
    }
}
