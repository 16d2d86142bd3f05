//! Acts of the past: what the files tell of happened long before they are imported, and the records should say when.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use crm::{Act, Error, Label, act_at};

/// Who imports, by the name that the journal keeps.
const IMPORTER: &str = "sales_year";

/// The acts of importing one file.
pub(crate) struct Acts {
    reason: Label,
    today: DateTime<Utc>,
}

impl Acts {
    /// Acts with the reason `import FILE`.
    #[expect(clippy::disallowed_methods, reason = "a program may ask for the time")]
    pub(crate) fn importing(file: &str) -> Result<Self, Error> {
        Ok(Self { reason: format!("import {file}").parse()?, today: Utc::now() })
    }

    /// An act of today.
    pub(crate) fn today(&self) -> Result<Act, Error> {
        self.at(self.today)
    }

    /// An act of a day in the past, at midnight UTC.
    pub(crate) fn on(&self, day: NaiveDate) -> Result<Act, Error> {
        self.at(day.and_time(NaiveTime::MIN).and_utc())
    }

    fn at(&self, instant: DateTime<Utc>) -> Result<Act, Error> {
        Ok(act_at(IMPORTER, instant)?.because(self.reason.clone()))
    }
}
