//! Acts of the past: what the files tell of happened long before they are imported, and the records should say when.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use crm::{Act, Error, Label, act_at};

/// The acts of one piece of work: of importing a file, say.
pub(crate) struct Acts {
    actor: &'static str,
    reason: Label,
    today: DateTime<Utc>,
}

impl Acts {
    /// Acts of an actor for a reason, by the words that the journal keeps.
    #[expect(clippy::disallowed_methods, reason = "a program may ask for the time")]
    pub(crate) fn of(actor: &'static str, reason: &str) -> Result<Self, Error> {
        Ok(Self { actor, reason: reason.parse()?, today: Utc::now() })
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
        Ok(act_at(self.actor, instant)?.because(self.reason.clone()))
    }
}
