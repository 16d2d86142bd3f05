//! Interactions in SQLite.

use chrono::{DateTime, Utc};
use crm_core::{
    AgentId, CustomerId, ExternalId, Interaction, InteractionId, Invalid, Name, Participant, RecordId, Revision,
    SalesRepId,
    store::{InteractionFilter, Interactions, Page, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells},
    search::Index,
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

impl Table for Interaction {
    type Id = InteractionId;
    type Draft = (Self, Vec<TookPart>);

    const RECORD: &'static str = "interaction";
    const SQL: Statements = statements!("crm_interaction", parts: "parts",
        "external_id" "customer" "opportunity" "channel" "direction" "subject" "content" "occurred_at" "rating", derived: "parts"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] = &[];
    const SEARCH: Option<Index<Self>> = Some(Index::of(&["external_id", "subject", "content"]));

    fn id(&self) -> InteractionId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("external id", "external_id", self.external_id.as_ref().map(ExternalId::as_str))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let participants = self.participants.iter().filter_map(|one| match one {
            Participant::Customer(id) => Some(("participants", "crm_customer", id.uuid())),
            Participant::SalesRep(id) => Some(("participants", "crm_sales_rep", id.uuid())),
            Participant::Agent(id) => Some(("participants", "crm_agent", id.uuid())),
            Participant::Other(_) => None,
        });
        let about = self.opportunity.map(|id| ("opportunity", "crm_opportunity", id.uuid()));
        let own = std::iter::once(("customer", "crm_customer", self.customer.uuid())).chain(about);
        own.chain(participants).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.external_id)?
            .put(&self.customer)?
            .put(&self.opportunity)?
            .put(&self.channel)?
            .put(&self.direction)?
            .put(&self.subject)?
            .put(&self.content)?
            .put(&self.occurred_at)?
            .put(&self.rating)?
            .put(&!self.participants.is_empty())?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self::Draft> {
        let interaction = Self {
            id: cells.take()?,
            revision: cells.take()?,
            created_at: cells.take()?,
            updated_at: cells.take()?,
            external_id: cells.take()?,
            customer: cells.take()?,
            opportunity: cells.take()?,
            channel: cells.take()?,
            direction: cells.take()?,
            subject: cells.take()?,
            content: cells.take()?,
            occurred_at: cells.take()?,
            rating: cells.take()?,
            participants: Vec::new(),
        };
        Ok((interaction, Vec::new()))
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(1, |(_, participants)| participants)
    }

    fn finish((mut interaction, participants): Self::Draft) -> Result<Self, Invalid> {
        interaction.participants = participants.into_iter().map(|one: TookPart| one.participant).collect();
        Ok(interaction)
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(1, |&Self { id: interaction, occurred_at, ref participants, .. }| {
            let took_part =
                |participant: &Participant| TookPart { interaction, occurred_at, participant: participant.clone() };
            participants.iter().map(took_part).collect::<Vec<_>>()
        })
    }
}

/// A participant with the id and the instant of the interaction, to be listed by instant over all interactions.
#[derive(PartialEq)]
pub(crate) struct TookPart {
    interaction: InteractionId,
    occurred_at: DateTime<Utc>,
    participant: Participant,
}

impl Part for TookPart {
    const SQL: PartStatements = part_statements!("crm_interaction_participant" of "interaction", "interaction_id" "occurred_at" "customer" "sales_rep" "agent" "name");

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (mut customer, mut rep, mut agent, mut name) = (None, None, None, None);
        match &self.participant {
            Participant::Customer(id) => customer = Some(*id),
            Participant::SalesRep(id) => rep = Some(*id),
            Participant::Agent(id) => agent = Some(*id),
            Participant::Other(other) => name = Some(other.clone()),
        }
        binder.put(&self.interaction)?.put(&self.occurred_at)?.put(&customer)?.put(&rep)?.put(&agent)?.put(&name)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (interaction, occurred_at) = (cells.take()?, cells.take()?);
        let customer: Option<CustomerId> = cells.take()?;
        let rep: Option<SalesRepId> = cells.take()?;
        let agent: Option<AgentId> = cells.take()?;
        let name: Option<Name> = cells.take()?;
        let participant = match (customer, rep, agent, name) {
            (Some(id), None, None, None) => Participant::Customer(id),
            (None, Some(id), None, None) => Participant::SalesRep(id),
            (None, None, Some(id), None) => Participant::Agent(id),
            (None, None, None, Some(name)) => Participant::Other(name),
            _ => return Err(cells.corrupt()),
        };
        Ok(Self { interaction, occurred_at, participant })
    }
}

fn matching(filter: &InteractionFilter) -> Where<'_> {
    let InteractionFilter { customer, opportunity, channel } = filter;
    Where::default()
        .and(Serves::Ids, "customer = ?", customer.as_ref())
        .and(Serves::Ids, "opportunity = ?", opportunity.as_ref())
        .and(Serves::Ids, "channel = ?", channel.as_ref())
}

impl Interactions for SqliteTx<'_> {
    family_methods!(Interaction(InteractionId), InteractionFilter, matching {
        interaction interactions count_interactions insert_interaction insert_interactions update_interaction delete_interaction
    });

    fn interaction_by_external_id(&self, external_id: &ExternalId) -> Result<Option<Interaction>, StoreError> {
        Ok(table::get_by(self.connection, "external_id", external_id)?)
    }
}
