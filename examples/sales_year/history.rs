//! Acts of the past: what the files tell of happened long before they are imported, and the records should say when.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use crm::{Act, Crm, Error, Label};

/// Who imports, by the name that the journal keeps.
const IMPORTER: &str = "sales_year";

/// A clock that is set to the day of each row.
pub(crate) struct History {
    today: DateTime<Utc>,
    shown_microseconds: Arc<AtomicI64>,
}

impl History {
    /// A clock that shows the present.
    #[expect(clippy::disallowed_methods, reason = "a program may ask for the time")]
    pub(crate) fn new() -> Self {
        let today = Utc::now();
        Self { today, shown_microseconds: Arc::new(AtomicI64::new(today.timestamp_micros())) }
    }

    /// What the clock shows, for [`Crm::with_clock`].
    pub(crate) fn clock(&self) -> impl Fn() -> DateTime<Utc> + Send + Sync + 'static {
        let shown = Arc::clone(&self.shown_microseconds);
        move || DateTime::from_timestamp_micros(shown.load(Ordering::Relaxed)).unwrap_or_default()
    }

    fn set(&self, to: DateTime<Utc>) {
        self.shown_microseconds.store(to.timestamp_micros(), Ordering::Relaxed);
    }
}

/// The acts of importing one file.
pub(crate) struct Acts<'a> {
    crm: &'a Crm,
    history: &'a History,
    reason: Label,
}

impl<'a> Acts<'a> {
    /// Acts with the reason `import FILE`.
    pub(crate) fn importing(file: &str, crm: &'a Crm, history: &'a History) -> Result<Self, Error> {
        Ok(Self { crm, history, reason: format!("import {file}").parse()? })
    }

    /// An act of today.
    pub(crate) fn today(&self) -> Result<Act, Error> {
        self.at(self.history.today)
    }

    /// An act of a day in the past, at midnight UTC.
    pub(crate) fn on(&self, day: NaiveDate) -> Result<Act, Error> {
        self.at(day.and_time(NaiveTime::MIN).and_utc())
    }

    fn at(&self, instant: DateTime<Utc>) -> Result<Act, Error> {
        self.history.set(instant);
        Ok(self.crm.act(IMPORTER)?.because(self.reason.clone()))
    }
}
