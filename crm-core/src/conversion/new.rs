//! How a lead is to be converted, as it is asked for.

use serde::Serialize;

use super::FieldMap;
use crate::{
    customer::CustomerPatch,
    id::{CustomerId, OpportunityId},
    lead::Lead,
    opportunity::OpportunityPatch,
    pipeline::Pipeline,
    time::{FiscalCalendar, Period},
};

/// What to do about one of the three targets of a conversion (CONV-1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum ConversionTarget<I, N> {
    /// Make one.
    Create(N),
    /// Take one that is there.
    Link(I),
    /// Leave it.
    Skip,
}

/// The deal that a conversion makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ConversionDeal {
    /// Its pipeline; it begins in the first stage.
    pub pipeline: Pipeline,
    /// What is not to be as the lead says.
    pub overrides: OpportunityPatch,
}

impl ConversionDeal {
    /// A deal as the lead says, in a pipeline.
    pub fn new(pipeline: Pipeline) -> Self {
        Self { pipeline, overrides: OpportunityPatch::default() }
    }

    /// With what is not to be as the lead says.
    #[must_use]
    pub fn overrides(mut self, overrides: OpportunityPatch) -> Self {
        self.overrides = overrides;
        self
    }
}

/// Whether only a qualified lead is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Qualification {
    /// Only a qualified one.
    Needed,
    /// A new one or one that is being worked, too.
    MayBeSkipped,
}

/// When the deal is expected to close, where the overrides do not say so (CONV-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CloseBy {
    /// On the last day of the fiscal quarter in which the lead is converted.
    EndOfQuarter(FiscalCalendar),
    /// On the last day of a period: the present one of a custom fiscal year.
    EndOf(Period),
}

/// How a lead is to be converted. It makes an organisation where the lead names one, a person where the lead names one, and no deal, until it is told otherwise.
///
/// ```
/// use crm_core::{ConversionTarget, NewConversion, NewLead, Lead, LeadId, RecordId};
/// # let id = LeadId::from_uuid(uuid::Uuid::from_u128(1));
/// # let at = chrono::DateTime::UNIX_EPOCH;
/// let lead = Lead::add(id, at, NewLead::person("张三".parse()?))?;
/// let new = NewConversion::of(&lead);
/// assert!(matches!(new.person, ConversionTarget::Create(_)));
/// assert_eq!(new.organisation, ConversionTarget::Skip);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NewConversion {
    /// The organisation; what is created is overridden by the patch.
    pub organisation: ConversionTarget<CustomerId, CustomerPatch>,
    /// The person; what is created is overridden by the patch.
    pub person: ConversionTarget<CustomerId, CustomerPatch>,
    /// The deal.
    pub opportunity: ConversionTarget<OpportunityId, ConversionDeal>,
    /// Which field of the lead goes where (CONV-3).
    pub map: FieldMap,
    /// When the deal is expected to close.
    pub close: CloseBy,
    /// Whether only a qualified lead is converted.
    pub qualification: Qualification,
}

impl NewConversion {
    /// As the lead says.
    pub fn of(lead: &Lead) -> Self {
        let create = |named: bool| match named {
            true => ConversionTarget::Create(CustomerPatch::default()),
            false => ConversionTarget::Skip,
        };
        Self {
            organisation: create(lead.organisation().is_some()),
            person: create(lead.name().is_some()),
            opportunity: ConversionTarget::Skip,
            map: FieldMap::default(),
            close: CloseBy::EndOfQuarter(FiscalCalendar::CALENDAR_YEAR),
            qualification: Qualification::Needed,
        }
    }

    /// With another answer for the organisation.
    #[must_use]
    pub fn organisation(mut self, target: ConversionTarget<CustomerId, CustomerPatch>) -> Self {
        self.organisation = target;
        self
    }

    /// With another answer for the person.
    #[must_use]
    pub fn person(mut self, target: ConversionTarget<CustomerId, CustomerPatch>) -> Self {
        self.person = target;
        self
    }

    /// With another answer for the deal.
    #[must_use]
    pub fn opportunity(mut self, target: ConversionTarget<OpportunityId, ConversionDeal>) -> Self {
        self.opportunity = target;
        self
    }

    /// With a new deal in a pipeline, as the lead says.
    #[must_use]
    pub fn deal(self, pipeline: Pipeline) -> Self {
        self.opportunity(ConversionTarget::Create(ConversionDeal::new(pipeline)))
    }

    /// With another map of fields.
    #[must_use]
    pub fn map(mut self, map: FieldMap) -> Self {
        self.map = map;
        self
    }

    /// With another day of closing.
    #[must_use]
    pub fn close(mut self, close: CloseBy) -> Self {
        self.close = close;
        self
    }

    /// Of a lead that need not be qualified.
    #[must_use]
    pub fn skipping_qualification(mut self) -> Self {
        self.qualification = Qualification::MayBeSkipped;
        self
    }
}
