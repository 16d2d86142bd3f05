//! Backup and the search for damage.

use std::{
    fmt,
    fs::OpenOptions,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crm_core::{
    FigureMismatch,
    store::{
        Activities, ActivityFilter, AgentFilter, Agents, Answers, CustomerFilter, Customers, ExchangeRateFilter,
        ExchangeRates, Figures, ForecastAdjustmentFilter, ForecastAdjustments, ForecastSnapshotFilter,
        ForecastSnapshots, InteractionFilter, Interactions, Journal, LeadFilter, Leads, Opportunities,
        OpportunityFilter, OrderFilter, Orders, Page, PaymentFilter, Payments, PriceListFilter, PriceLists,
        ProductFilter, Products, PromotionFilter, Promotions, QueueFilter, Queues, QuoteFilter, Quotes,
        RedemptionFilter, Redemptions, SalePlanFilter, SalePlans, SalesRepFilter, SalesReps, Store, StoreError,
        StoreErrorKind, TicketFilter, Tickets, pages,
    },
};
use rusqlite::Connection;

use crate::{error::Done, search, store::SqliteStore, table, transaction::SqliteTx};

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The pages, indexes or constraints of the file are damaged; in SQLite's words.
    Structure(String),
    /// A row refers to one that is not there.
    Reference {
        /// The table of the row.
        table: String,
        /// The row, where the table numbers its rows.
        row: Option<i64>,
        /// The table that it refers to.
        parent: String,
    },
    /// Records of a family cannot be read; the first error says where.
    Records {
        /// The family: `orders`.
        family: &'static str,
        /// The error.
        error: String,
    },
    /// A figure is not what the records say; [`Figures::rebuild_figures`] counts them all anew.
    Figure(FigureMismatch),
    /// The index of the search is not what the records say; [`SqliteStore::rebuild_search`] makes it anew.
    Search {
        /// The family, as one of it is called: `sales rep`.
        family: &'static str,
        /// How many of its records the index has otherwise or not at all, and how many it has that are not there.
        differ: u64,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Structure(words) => write!(f, "the file is damaged: {words}"),
            Self::Reference { table, row: Some(row), parent } => {
                write!(f, "row {row} of {table} refers to nothing in {parent}")
            }
            Self::Reference { table, row: None, parent } => write!(f, "a row of {table} refers to nothing in {parent}"),
            Self::Search { family, differ } => {
                write!(f, "the index of the search differs from the {family} records in {differ} places")
            }
            Self::Records { family, error } => write!(f, "the {family} cannot be read: {error}"),
            Self::Figure(mismatch) => {
                let figures = match mismatch {
                    FigureMismatch::Sales { .. } => "sales",
                    FigureMismatch::Customer { .. } => "customer",
                    FigureMismatch::Pipeline { .. } => "pipeline",
                    FigureMismatch::Forecast { .. } => "forecast",
                    FigureMismatch::Tickets { .. } => "ticket",
                };
                write!(f, "a figure of the {figures} figures is not what the records say")
            }
        }
    }
}

fn structure(connection: &Connection) -> Done<Vec<Problem>> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(lines.into_iter().filter(|line| line != "ok").map(Problem::Structure).collect())
}

fn searches(connection: &Connection) -> Done<Vec<Problem>> {
    let all = search::differences(connection)?.into_iter();
    Ok(all.filter(|(_, differ)| *differ > 0).map(|(family, differ)| Problem::Search { family, differ }).collect())
}

fn references(connection: &Connection) -> Done<Vec<Problem>> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let problem =
        |row: &rusqlite::Row<'_>| Ok(Problem::Reference { table: row.get(0)?, row: row.get(1)?, parent: row.get(2)? });
    Ok(statement.query_map([], problem)?.collect::<rusqlite::Result<_>>()?)
}

/// Records are read in pages of this many.
const PAGE: u16 = 256;
/// Snapshots of forecasts are read in smaller ones: one may have a megabyte and more.
const SNAPSHOTS: u16 = 8;

/// An error that another try would not meet, such as the end of the read, says nothing of the records, and is passed on.
fn records(tx: &SqliteTx<'_>) -> Result<Vec<Problem>, StoreError> {
    let mut problems = Vec::new();
    macro_rules! readable {
        ($family:literal, $list:ident, $filter:ty) => {
            readable!($family, $list, $filter, PAGE)
        };
        ($family:literal, $list:ident, $filter:ty, $limit:ident) => {
            readable!(
                $family,
                $limit,
                |page| -> Result<_, StoreError> {
                    let records = tx.$list(&<$filter>::default(), page)?;
                    records.iter().try_for_each(|record| table::stands_as_written(tx.connection, record))?;
                    Ok(records)
                },
                |record| record.id
            )
        };
        ($family:literal, $limit:ident, $fetch:expr, $key:expr) => {
            match pages($limit, $fetch, $key).find(Result::is_err) {
                Some(Err(error)) if error.is_retryable() => return Err(error),
                Some(Err(error)) => problems.push(Problem::Records { family: $family, error: error.to_string() }),
                Some(Ok(_)) | None => {}
            }
        };
    }
    readable!("customers", customers, CustomerFilter);
    readable!("interactions", interactions, InteractionFilter);
    readable!("products", products, ProductFilter);
    readable!("price lists", price_lists, PriceListFilter);
    readable!("promotions", promotions, PromotionFilter);
    readable!("redemptions", redemptions, RedemptionFilter);
    readable!("sales reps", sales_reps, SalesRepFilter);
    readable!("sale plans", sale_plans, SalePlanFilter);
    readable!("queues", queues, QueueFilter);
    readable!("leads", leads, LeadFilter);
    readable!("opportunities", opportunities, OpportunityFilter);
    readable!("forecast adjustments", forecast_adjustments, ForecastAdjustmentFilter);
    readable!("forecast snapshots", forecast_snapshots, ForecastSnapshotFilter, SNAPSHOTS);
    readable!("quotes", quotes, QuoteFilter);
    readable!("activities", activities, ActivityFilter);
    readable!("orders", orders, OrderFilter);
    readable!("payments", provider_payments, PaymentFilter);
    readable!("exchange rates", exchange_rates, ExchangeRateFilter);
    readable!("agents", agents, AgentFilter);
    readable!("tickets", tickets, TicketFilter);
    readable!("journal entries", PAGE, |page: Page<_>| tx.entries(page), |entry: &crm_core::Entry| entry.position);
    readable!("answers", PAGE, |page: Page<_>| tx.answers(page), |answer: &crm_core::Answer| (
        answer.key.clone(),
        answer.place
    ));
    Ok(problems)
}

/// So many figures are named; where that many are wrong, there may be more.
const FIGURES: u16 = 100;

/// Figures that are wrong. Where the records cannot be read, that was found already.
fn figures(tx: &SqliteTx<'_>) -> Result<Vec<Problem>, StoreError> {
    match tx.verify_figures(FIGURES) {
        Ok(found) => Ok(found.into_iter().map(Problem::Figure).collect()),
        Err(error) if error.is_retryable() => Err(error),
        Err(error) => Ok(vec![Problem::Records { family: "figures", error: error.to_string() }]),
    }
}

impl SqliteStore {
    /// Looks for damage: in the structure of the file, in its references, by reading every record and every entry of the journal, by comparing the index of the search with
    /// them, and by counting the figures anew, of which it names the first 100 that are wrong. Empty where all is well. It reads one snapshot, and reads all of it.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] where the search itself cannot go on; damage that SQLite stops at is a [`Problem`].
    ///
    /// ```
    /// let store = crm_store::SqliteStore::open_in_memory()?;
    /// assert_eq!(store.verify()?, []);
    /// # Ok::<(), crm_core::store::StoreError>(())
    /// ```
    pub fn verify(&self) -> Result<Vec<Problem>, StoreError> {
        self.read(|tx| {
            let mut problems = Vec::new();
            for check in [structure, references] {
                match check(tx.connection).map_err(StoreError::from) {
                    Ok(found) => problems.extend(found),
                    Err(error) if matches!(error.kind(), StoreErrorKind::Corrupt { .. }) => {
                        problems.push(Problem::Structure(error.to_string()));
                    }
                    Err(error) => return Err(error),
                }
            }
            let unread = records(tx)?;
            // The index and the figures are compared with records that can be read.
            if unread.is_empty() {
                problems.extend(searches(tx.connection)?);
                problems.extend(figures(tx)?);
            }
            problems.extend(unread);
            Ok(problems)
        })
    }

    /// Makes the index of the search anew from the records, where [`SqliteStore::verify`] found it damaged or differing.
    ///
    /// It is one transaction: readers search the old index until it is done, writers wait, and the log grows by the size of the index. It takes about as long as inserting what is
    /// searched did.
    ///
    /// # Errors
    ///
    /// As any write; [`StoreErrorKind::Corrupt`] where a record cannot be read. Then the index is as it was.
    ///
    /// ```
    /// let store = crm_store::SqliteStore::open_in_memory()?;
    /// store.rebuild_search()?;
    /// assert_eq!(store.verify()?, []);
    /// # Ok::<(), crm_core::store::StoreError>(())
    /// ```
    pub fn rebuild_search(&self) -> Result<(), StoreError> {
        self.write(|tx| Ok::<_, StoreError>(search::rebuild(tx.writing()?)?))
    }

    /// Merges the segments that the index of the search was written in. Each change of a record writes one, and every search looks into all of them: FTS5 merges them as it goes, but a
    /// dozen are left of a million records. In one, a search is twice to three times as fast; so it is worth the while after an import, or every night.
    ///
    /// It takes three seconds for a million customers, in short transactions that others write between. What is merged already costs nothing.
    ///
    /// # Errors
    ///
    /// As any write. What was merged until then stays merged.
    ///
    /// ```
    /// let store = crm_store::SqliteStore::open_in_memory()?;
    /// store.compact_search()?;
    /// # Ok::<(), crm_core::store::StoreError>(())
    /// ```
    pub fn compact_search(&self) -> Result<(), StoreError> {
        // 2 MB, some 40 ms.
        const PAGES: i64 = 500;
        let merge = |pages| self.write(|tx| Ok::<_, StoreError>(search::merge(tx.writing()?, pages)?));
        // Others may add segments for ever; what there was is merged in so many steps.
        let pages: i64 = self.read(|tx| Ok::<_, StoreError>(search::size(tx.connection)?))?;
        let (mut more, mut steps) = (merge(-PAGES)?, 2 * (pages / PAGES + 8));
        while more && steps > 0 {
            (more, steps) = (merge(PAGES)?, steps - 1);
        }
        Ok(())
    }

    /// Copies the store as it is at one moment into a new file, compact and on disk when `Ok` comes back. Others read and write meanwhile; the log
    /// beside the file grows with what they write until the copy is made. A store in memory has one connection, which the others wait for.
    ///
    /// The copy is written beside the target and takes its name only when it is whole. A file that is there already is replaced, unless it is in use.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::StorageFull`]; [`StoreErrorKind::Contended`]; [`StoreErrorKind::Unsuitable`] where the target is the store itself or a database that is in use;
    /// [`StoreErrorKind::Backend`] where the file cannot be written.
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<(), StoreError> {
        static COPIES: AtomicU64 = AtomicU64::new(0);
        let to = to.as_ref();
        let beside = |end: &str| {
            let mut name = to.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let itself = self
            .path()
            .is_some_and(|own| own.canonicalize().ok().is_some_and(|own| to.canonicalize().ok() == Some(own)));
        // A log beside the target belongs to what is there now, and would be taken for the copy's.
        if itself || ["-wal", "-journal"].iter().any(|log| beside(log).exists()) {
            return Err(
                StoreErrorKind::Unsuitable { must: "the target of a backup must not be a database in use" }.into()
            );
        }
        let copy = COPIES.fetch_add(1, Ordering::Relaxed);
        let part = beside(&format!(".{}-{copy}.part", std::process::id()));
        let copied = self.copy_into(&part, to);
        if copied.is_err() {
            // What is left of the attempt goes; that it cannot go is not what went wrong.
            let _ = std::fs::remove_file(&part);
        }
        copied
    }

    fn copy_into(&self, part: &Path, to: &Path) -> Result<(), StoreError> {
        let disk = |error: std::io::Error| StoreError::new(StoreErrorKind::Backend).caused_by(error);
        let name = part.to_str().ok_or_else(|| disk(std::io::ErrorKind::InvalidFilename.into()))?;
        self.copying(|connection| Ok(connection.execute("VACUUM INTO ?1", [name]).map(drop)?))?;
        OpenOptions::new().write(true).open(part).and_then(|file| file.sync_all()).map_err(disk)?;
        std::fs::rename(part, to).map_err(disk)?;
        // The new name is on disk once the folder is.
        #[cfg(unix)]
        {
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crm_testkit::sample::Sample;

    use super::*;

    #[test]
    fn a_copy_holds_no_writer_up_and_no_read_is_ended_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let options = crate::SqliteOptions::new().log_limit_bytes(0).deadline(std::time::Duration::from_secs(60));
        let store = options.open(folder.path().join("crm.db")).unwrap();
        let write = |seed| {
            let customer = crm_testkit::sample::customer(seed);
            std::thread::scope(|scope| {
                scope.spawn(|| store.write(|tx| tx.insert_customer(&customer))).join().unwrap().unwrap();
            });
        };
        write(0);
        store
            .copying(|copier| {
                let mut held = copier.prepare("SELECT count(*) FROM crm_customer")?;
                let mut held = held.query([])?;
                let before: i64 = held.next()?.expect("a count").get(0)?;
                std::thread::scope(|scope| {
                    let read = scope.spawn(|| {
                        store.read(|tx| {
                            // Each of these would end a read that stands in the way.
                            (1..9).for_each(write);
                            tx.count_customers(&CustomerFilter::default())
                        })
                    });
                    assert_eq!(i64::try_from(read.join().unwrap().unwrap()), Ok(before));
                });
                Ok(())
            })
            .unwrap();
        assert_eq!(store.read(|tx| tx.count_customers(&CustomerFilter::default())).unwrap(), 9);
    }

    fn store() -> SqliteStore {
        let store = SqliteStore::open_in_memory().unwrap();
        store.write(|tx| Sample::new(1).write_to(tx)).unwrap();
        store
    }

    /// What ends a read is not damage.
    #[test]
    fn a_search_for_damage_that_is_ended_says_so_and_finds_none() {
        let store = store();
        for check in [records, figures] {
            let ended = store.read(|tx| {
                tx.connection.get_interrupt_handle().interrupt();
                check(tx)
            });
            assert_eq!(ended.unwrap_err().kind(), &StoreErrorKind::Interrupted);
        }
        assert_eq!(store.verify().unwrap(), []);
    }

    #[test]
    fn an_index_of_the_search_that_cannot_be_read_is_a_problem() {
        for of in ["id = 1", "id = 10", "id > 10"] {
            let store = store();
            let damage = format!("UPDATE crm_search_data SET block = x'00ff00ff' WHERE {of}");
            store.on_writer(|connection| Ok(connection.execute(&damage, [])?)).unwrap();
            let problems = store.verify().unwrap();
            assert!(matches!(*problems, [Problem::Structure(_)]), "{of}: {problems:?}");
        }
    }
}
