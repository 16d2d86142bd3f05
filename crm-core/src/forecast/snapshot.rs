//! A forecast as it was at an instant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Forecast;
use crate::{id::ForecastSnapshotId, record::Revision, text::Label, time::Period};

/// A forecast as it was at an instant, kept to be compared with what became of it (FC-6). No operation changes one or takes it away.
/// It takes about 2 KB a rep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForecastSnapshot {
    /// The id.
    pub id: ForecastSnapshotId,
    /// How often it was written: once.
    pub revision: Revision,
    /// When it was taken.
    pub created_at: DateTime<Utc>,
    /// The same instant.
    pub updated_at: DateTime<Utc>,
    /// What it is called: `week 10`, `start of the quarter`.
    pub name: Option<Label>,
    /// The forecast, as it was then.
    pub forecast: Forecast,
}

/// How a snapshot is taken.
///
/// ```
/// use crm_core::NewForecastSnapshot;
///
/// let new = NewForecastSnapshot::new().name("week 10".parse()?);
/// assert_eq!(new.name.map(|name| name.to_string()), Some("week 10".into()));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewForecastSnapshot {
    /// The host's own id; made from the act where there is none.
    pub id: Option<ForecastSnapshotId>,
    /// What it is called.
    pub name: Option<Label>,
}

impl NewForecastSnapshot {
    /// One without a name.
    pub const fn new() -> Self {
        Self { id: None, name: None }
    }

    /// With the host's own id.
    #[must_use]
    pub const fn id(mut self, id: ForecastSnapshotId) -> Self {
        self.id = Some(id);
        self
    }

    /// With a name.
    #[must_use]
    pub fn name(mut self, name: Label) -> Self {
        self.name = Some(name);
        self
    }
}

/// What happened to a snapshot of a forecast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ForecastSnapshotFact {
    /// It was taken. It stays as it is, so the journal does not hold it again.
    Taken {
        /// What it is called.
        name: Option<Label>,
        /// The period of the forecast.
        period: Period,
    },
}

impl ForecastSnapshot {
    /// Keeps a forecast as it is.
    pub const fn take(id: ForecastSnapshotId, at: DateTime<Utc>, name: Option<Label>, forecast: Forecast) -> Self {
        Self { id, revision: Revision::FIRST, created_at: at, updated_at: at, name, forecast }
    }
}
