//! Queues in SQLite.

use chrono::{DateTime, Utc};
use crm_core::{
    AgentId, AssignmentPolicy, FairnessWindow, Invalid, Label, Member, Queue, QueueId, RecordId, Revision, Roster,
    RosterMember, SalesRepId,
    assignment::Given,
    store::{Page, QueueFilter, Queues, StoreError},
};
use uuid::Uuid;

use crate::{
    error::Done,
    filter::{Serves, Where},
    part::{Drafts, Part, PartStatements, PartsOf, part_statements},
    row::{Binder, Cells, Json},
    table::{self, Statements, Table, family_methods, statements},
    transaction::SqliteTx,
};

/// A queue whose members are still to be read.
pub(crate) struct QueueDraft {
    id: QueueId,
    revision: Revision,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    name: Label,
    policy: AssignmentPolicy,
    members: Vec<RosterMember>,
}

impl Table for Queue {
    type Id = QueueId;
    type Draft = QueueDraft;

    const RECORD: &'static str = "queue";
    const SQL: Statements = statements!("crm_queue", parts: "1",
        "name" "strategy" "waiting_order" "fairness_limit" "fairness_seconds" "sticky" "stale_after_days" "paused"
    );
    const REFERRERS: &'static [(&'static str, &'static str)] =
        &[("leads", "SELECT count(*) FROM crm_lead WHERE queue = ?1")];

    fn id(&self) -> QueueId {
        self.id
    }

    fn revision(&self) -> Revision {
        self.revision
    }

    fn unique(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        vec![("name", "name", Some(self.name.as_str()))]
    }

    fn references(&self) -> Vec<(&'static str, &'static str, Uuid)> {
        let member = |one: &RosterMember| match one.member {
            Member::SalesRep(id) => ("members", "crm_sales_rep", id.uuid()),
            Member::Agent(id) => ("members", "crm_agent", id.uuid()),
        };
        self.roster.members().iter().map(member).collect()
    }

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let AssignmentPolicy { strategy, order, fairness, sticky, stale_after_days, paused } = self.roster.policy();
        binder
            .put(&self.created_at)?
            .put(&self.updated_at)?
            .put(&self.name)?
            .put(strategy)?
            .put(order)?
            .put(&fairness.map(|fairness| fairness.limit))?
            .put(&fairness.map(|fairness| fairness.window_seconds))?
            .put(sticky)?
            .put(stale_after_days)?
            .put(paused)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<QueueDraft> {
        let (id, revision, created_at, updated_at) = (cells.take()?, cells.take()?, cells.take()?, cells.take()?);
        let name = cells.take()?;
        let (strategy, order) = (cells.take()?, cells.take()?);
        let fairness = match (cells.take()?, cells.take()?) {
            (Some(limit), Some(window_seconds)) => Some(FairnessWindow { limit, window_seconds }),
            (None, None) => None,
            _ => return Err(cells.corrupt()),
        };
        let (sticky, stale_after_days, paused) = (cells.take()?, cells.take()?, cells.take()?);
        let policy = AssignmentPolicy { strategy, order, fairness, sticky, stale_after_days, paused };
        Ok(QueueDraft { id, revision, created_at, updated_at, name, policy, members: Vec::new() })
    }

    fn read_parts(drafts: &mut Drafts<'_, Self>) -> Done<()> {
        drafts.read(1, |draft| &mut draft.members)
    }

    fn finish(draft: QueueDraft) -> Result<Self, Invalid> {
        let QueueDraft { id, revision, created_at, updated_at, name, policy, members } = draft;
        Ok(Self { id, revision, created_at, updated_at, name, roster: Roster::new(policy, members)? })
    }

    fn write_parts(parts: &PartsOf<'_, Self>) -> Done<()> {
        parts.write(1, |queue| queue.roster.members())
    }
}

impl Part for RosterMember {
    const SQL: PartStatements = part_statements!("crm_queue_member" of "queue",
        "sales_rep" "agent" "weight" "capacity" "monthly" "takes" "prefers" "paused" "turn" "credit" "last_at" "recent"
    );

    fn bind(&self, binder: &mut Binder<'_, '_>) -> Done<()> {
        let (rep, agent) = match self.member {
            Member::SalesRep(id) => (Some(id), None),
            Member::Agent(id) => (None, Some(id)),
        };
        let recent: Vec<i64> = self.given.recent.iter().map(DateTime::timestamp_micros).collect();
        binder
            .put(&rep)?
            .put(&agent)?
            .put(&self.weight)?
            .put(&self.capacity)?
            .put(&self.monthly)?
            .put(&Json::of(&self.takes)?)?
            .put(&Json::of(&self.prefers)?)?
            .put(&self.paused)?
            .put(&self.given.turn)?
            .put(&self.given.credit)?
            .put(&self.given.last_at)?
            .put(&Json::of(&recent)?)?;
        Ok(())
    }

    fn read(cells: &mut Cells<'_, '_>) -> Done<Self> {
        let (rep, agent): (Option<SalesRepId>, Option<AgentId>) = (cells.take()?, cells.take()?);
        let member = match (rep, agent) {
            (Some(id), None) => Member::SalesRep(id),
            (None, Some(id)) => Member::Agent(id),
            _ => return Err(cells.corrupt()),
        };
        let (weight, capacity, monthly) = (cells.take()?, cells.take()?, cells.take()?);
        let (takes, prefers) = (cells.take_json()?, cells.take_json()?);
        let (paused, turn) = (cells.take()?, cells.take()?);
        let (credit, last_at) = (cells.take()?, cells.take()?);
        let recent: Vec<i64> = cells.take_json()?;
        let recent: Option<Vec<_>> = recent.into_iter().map(DateTime::from_timestamp_micros).collect();
        let recent = recent.ok_or_else(|| cells.corrupt())?;
        let given = Given { turn, credit, last_at, recent };
        Ok(Self { member, weight, capacity, monthly, takes, prefers, paused, given })
    }
}

const WITH_REP: &str = "EXISTS (SELECT 1 FROM crm_queue_member WHERE queue = row AND sales_rep = ?)";
const WITH_AGENT: &str = "EXISTS (SELECT 1 FROM crm_queue_member WHERE queue = row AND agent = ?)";

fn matching(filter: &QueueFilter) -> Where<'_> {
    let QueueFilter { member, paused } = filter;
    let paused = Where::default().and(Serves::None, "paused = ?", paused.as_ref());
    match *member {
        Some(Member::SalesRep(id)) => paused.with(Serves::None, WITH_REP, id),
        Some(Member::Agent(id)) => paused.with(Serves::None, WITH_AGENT, id),
        None => paused,
    }
}

impl Queues for SqliteTx<'_> {
    family_methods!(Queue(QueueId), QueueFilter, matching {
        queue queues count_queues insert_queue insert_queues update_queue delete_queue
    });

    fn queue_by_name(&self, name: &Label) -> Result<Option<Queue>, StoreError> {
        Ok(table::get_by(self.connection, "name", name)?)
    }
}
