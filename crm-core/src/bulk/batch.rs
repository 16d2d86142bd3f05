//! What the journal keeps of an import.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::text::Label;

/// What happened to an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportFact {
    /// A batch was committed, and more may follow.
    Batch(ImportBatch),
    /// The last batch was committed: the source came to its end.
    Finished(ImportBatch),
}

impl ImportFact {
    /// The batch.
    pub const fn batch(&self) -> &ImportBatch {
        match self {
            Self::Batch(batch) | Self::Finished(batch) => batch,
        }
    }
}

/// One batch of an import: the rows that it read and what came of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportBatch {
    /// Where the rows come from.
    pub source: Label,
    /// The family of the records, as [`RecordRef::family`](crate::RecordRef::family) names it.
    pub family: String,
    /// What came of the rows of this batch.
    pub batch: ImportCount,
    /// What came of all rows so far, those of this batch included.
    pub total: ImportCount,
    /// The numbers of the rows of this batch that were rejected, ascending.
    pub rejected_rows: Vec<u64>,
}

impl ImportBatch {
    /// The numbers of the rows of this batch, counted from 1; empty where the source had no more.
    pub const fn rows(&self) -> RangeInclusive<u64> {
        self.total.rows.saturating_sub(self.batch.rows).saturating_add(1)..=self.total.rows
    }
}

/// Rows and what came of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportCount {
    /// Rows that were read: those inserted and those rejected.
    pub rows: u64,
    /// Records that were kept.
    pub inserted: u64,
    /// Rows that were malformed or that the store refused.
    pub rejected: u64,
}

impl ImportCount {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows.saturating_add(other.rows),
            inserted: self.inserted.saturating_add(other.inserted),
            rejected: self.rejected.saturating_add(other.rejected),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fact, ImportId,
        record::proof::{id, kinds_of, parsed},
    };

    fn batch(rows: u64, so_far: u64) -> ImportBatch {
        let batch = ImportCount { rows, inserted: rows.saturating_sub(1), rejected: rows.min(1) };
        let before = ImportCount { rows: so_far, inserted: so_far, rejected: 0 };
        let rejected_rows = (so_far + 1..=so_far + batch.rejected).collect();
        ImportBatch {
            source: parsed("orders.csv"),
            family: "order".into(),
            batch,
            total: before.and(batch),
            rejected_rows,
        }
    }

    #[test]
    fn a_batch_knows_the_numbers_of_its_rows() {
        assert_eq!(batch(3, 0).rows(), 1..=3);
        assert_eq!(batch(3, 500).rows(), 501..=503);
        assert!(batch(0, 500).rows().is_empty() && batch(0, 0).rows().is_empty());
        assert_eq!(batch(3, 500).total, ImportCount { rows: 503, inserted: 502, rejected: 1 });
    }

    #[test]
    fn facts_of_an_import_survive_json_under_their_kinds() {
        let facts = [ImportFact::Batch(batch(3, 0)), ImportFact::Finished(batch(0, 3))];
        assert!(facts.iter().all(|fact| fact.batch().source == parsed("orders.csv")));
        let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((id::<ImportId>(1), fact))));
        assert_eq!(kinds, ["import.batch", "import.finished"]);
    }
}
