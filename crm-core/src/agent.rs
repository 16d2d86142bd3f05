//! Agents: the people who work tickets.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::AgentId,
    patch::patched,
    record::Revision,
    text::{ExternalId, Label, Name},
};

/// Somebody who works tickets. Apart from sales reps; a host may link the two by their external ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The id.
    pub id: AgentId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Their id in another system; unique among agents.
    pub external_id: Option<ExternalId>,
    /// The name.
    pub name: Name,
    /// The group that they work in.
    pub group: Option<Label>,
    /// Whether they work tickets at present.
    pub active: bool,
}

/// What an agent is added with.
///
/// ```
/// use crm_core::NewAgent;
///
/// let mei = NewAgent::new("Mei".parse()?).group("Returns".parse()?);
/// assert_eq!(mei.group.map(|group| group.to_string()), Some("Returns".into()));
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewAgent {
    /// The host's own id; made from the act where there is none.
    pub id: Option<AgentId>,
    /// Their id in another system; unique among agents.
    pub external_id: Option<ExternalId>,
    /// The name.
    pub name: Name,
    /// The group that they work in.
    pub group: Option<Label>,
}

impl NewAgent {
    /// An agent with what every agent has.
    pub fn new(name: Name) -> Self {
        Self { id: None, external_id: None, name, group: None }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: AgentId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that they have in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// In a group.
    #[must_use]
    pub fn group(mut self, group: Label) -> Self {
        self.group = Some(group);
        self
    }
}

/// What is to change on an agent. A field that is `None` stays as it is; where a field may be empty, `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentPatch {
    /// The revision that the caller has seen; a newer one is a conflict. `None` writes over whatever is there now.
    pub expected: Option<Revision>,
    /// Their id in another system; unique among agents.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub external_id: Option<Option<ExternalId>>,
    /// The name.
    pub name: Option<Name>,
    /// The group that they work in.
    #[serde(deserialize_with = "crate::patch::given", skip_serializing_if = "Option::is_none")]
    pub group: Option<Option<Label>>,
    /// Whether they work tickets at present.
    pub active: Option<bool>,
}

/// What happened to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AgentFact {
    /// It was added.
    Added {
        /// As it was then.
        agent: Box<Agent>,
    },
    /// Its data changed.
    Updated {
        /// As it was.
        before: Box<Agent>,
        /// As it is.
        after: Box<Agent>,
    },
    /// It was deleted; nothing referred to it.
    Deleted {
        /// As it was.
        agent: Box<Agent>,
    },
}

impl Agent {
    /// A new one, active.
    pub fn add(id: AgentId, at: DateTime<Utc>, new: NewAgent) -> Self {
        let NewAgent { id: _, external_id, name, group } = new;
        Self { id, revision: Revision::FIRST, created_at: at, updated_at: at, external_id, name, group, active: true }
    }

    /// Changes what the patch names, all of it or nothing. `None` where nothing is different: then nothing needs to be written.
    pub fn update(&mut self, at: DateTime<Utc>, patch: AgentPatch) -> Option<AgentFact> {
        let mut after = self.clone();
        patched!(after, patch: AgentPatch { external_id, name, group, active });
        if after == *self {
            return None;
        }
        after.updated_at = at;
        let before = Box::new(std::mem::replace(self, after));
        Some(AgentFact::Updated { before, after: Box::new(self.clone()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fact,
        record::proof::{at, hides_personal_data, id, kinds_of, parsed, survives_json},
    };

    fn new() -> NewAgent {
        NewAgent::new(parsed("Marker Agent")).id(id(1)).external_id(parsed("ext-1")).group(parsed("Returns"))
    }

    fn added() -> Agent {
        Agent::add(id(1), at(0), new())
    }

    #[test]
    fn an_agent_changes_what_a_patch_names() {
        let before = added();
        assert!(before.active);
        let mut agent = before.clone();
        assert_eq!(agent.update(at(1), AgentPatch::default()), None);
        assert_eq!(agent, before);
        let patch = serde_json::from_str::<AgentPatch>(r#"{"group":null,"active":false}"#).unwrap();
        assert_eq!(patch, AgentPatch { group: Some(None), active: Some(false), ..AgentPatch::default() });
        let fact = agent.update(at(1), patch).unwrap();
        let after = Agent { group: None, active: false, updated_at: at(1), ..before.clone() };
        assert_eq!(agent, after);
        assert_eq!(fact, AgentFact::Updated { before: Box::new(before), after: Box::new(after) });
    }

    #[test]
    fn what_an_agent_is_made_of_survives_json_and_the_name_does_not_show_in_debug() {
        let agent = || Box::new(added());
        survives_json(&new());
        survives_json(&agent());
        survives_json(&AgentPatch::default());
        let patch = AgentPatch {
            expected: Some(Revision::FIRST),
            external_id: Some(None),
            name: Some(added().name),
            group: Some(None),
            active: Some(false),
        };
        survives_json(&patch);
        hides_personal_data(&patch);
        hides_personal_data(&new());
        let facts = [
            AgentFact::Added { agent: agent() },
            AgentFact::Updated { before: agent(), after: agent() },
            AgentFact::Deleted { agent: agent() },
        ];
        facts.iter().for_each(hides_personal_data);
        let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((added().id, fact))));
        assert_eq!(kinds, ["agent.added", "agent.updated", "agent.deleted"]);
    }
}
