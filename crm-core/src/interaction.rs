//! Interactions: what was said to and by a customer.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgentId, CustomerId, InteractionId, OpportunityId, SalesRepId},
    invalid::{Invalid, Rule},
    record::{Revision, checked_when_read},
    text::{ExternalId, Name, Subject, Text},
    time::to_the_microsecond,
};

/// One communication with a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct Interaction {
    /// The id.
    pub id: InteractionId,
    /// How often it was written.
    pub revision: Revision,
    /// When it was logged.
    pub created_at: DateTime<Utc>,
    /// When its log last changed.
    pub updated_at: DateTime<Utc>,
    /// Its id in another system; unique among interactions.
    pub external_id: Option<ExternalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The deal that it was about.
    pub opportunity: Option<OpportunityId>,
    /// The way it took.
    pub channel: Channel,
    /// Who began it.
    pub direction: Direction,
    /// What it was about.
    pub subject: Subject,
    /// What was said.
    pub content: Option<Text>,
    /// When it took place.
    pub occurred_at: DateTime<Utc>,
    /// Who took part, besides the customer.
    pub participants: Vec<Participant>,
    /// How good it was.
    pub rating: Option<Rating>,
}

checked_when_read!(Interaction);

/// The way that a communication takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A telephone call.
    Phone,
    /// E-mail.
    Email,
    /// A chat.
    Chat,
    /// A message on a social network.
    SocialMedia,
    /// A visit at the customer's.
    Visit,
    /// A meeting, in a room or on a screen.
    Meeting,
    /// A form on a web page.
    WebForm,
}

/// Who began a communication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The customer.
    Inbound,
    /// We.
    Outbound,
}

/// Somebody who took part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Participant {
    /// A customer, such as a contact of the organisation.
    Customer(CustomerId),
    /// A sales rep.
    SalesRep(SalesRepId),
    /// An agent.
    Agent(AgentId),
    /// Somebody who has no record.
    Other(Name),
}

/// How good a communication was: 1, bad, to 5, excellent.
///
/// ```
/// use crm_core::Rating;
///
/// assert_eq!(Rating::new(4)?.get(), 4);
/// assert_eq!(Rating::new(6).unwrap_err().to_string(), "rating must be between 1 and 5, got 6");
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Rating(u8);

impl Rating {
    /// 1 to 5.
    ///
    /// # Errors
    ///
    /// [`Rule::OutOfRange`].
    pub fn new(stars: u8) -> Result<Self, Invalid> {
        if (1..=5).contains(&stars) {
            return Ok(Self(stars));
        }
        Err(Invalid::new("rating", stars.to_string(), Rule::OutOfRange { min: "1".into(), max: "5".into() }))
    }

    /// 1 to 5.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Rating {
    type Error = Invalid;
    fn try_from(stars: u8) -> Result<Self, Invalid> {
        Self::new(stars)
    }
}

impl From<Rating> for u8 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

impl fmt::Display for Rating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an interaction is logged with.
///
/// ```
/// use crm_core::{Channel, CustomerId, Direction, NewInteraction, Rating, RecordId};
/// # let zhang = CustomerId::from_uuid(uuid::Uuid::from_u128(1));
/// let call = NewInteraction::new(zhang, Channel::Phone, Direction::Inbound, "asks for an offer".parse()?)
///     .content("forty lamps, by May".parse()?)
///     .rating(Rating::new(5)?);
/// assert!(call.occurred_at.is_none()); // when it is logged
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewInteraction {
    /// The host's own id; made from the act where there is none.
    pub id: Option<InteractionId>,
    /// Its id in another system.
    pub external_id: Option<ExternalId>,
    /// The customer.
    pub customer: CustomerId,
    /// The deal that it was about.
    pub opportunity: Option<OpportunityId>,
    /// The way it took.
    pub channel: Channel,
    /// Who began it.
    pub direction: Direction,
    /// What it was about.
    pub subject: Subject,
    /// What was said.
    pub content: Option<Text>,
    /// When it took place; the instant of the act where there is none.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Who took part, besides the customer.
    pub participants: Vec<Participant>,
    /// How good it was.
    pub rating: Option<Rating>,
}

impl NewInteraction {
    /// An interaction with what every interaction has.
    pub fn new(customer: CustomerId, channel: Channel, direction: Direction, subject: Subject) -> Self {
        Self {
            id: None,
            external_id: None,
            customer,
            opportunity: None,
            channel,
            direction,
            subject,
            content: None,
            occurred_at: None,
            participants: Vec::new(),
            rating: None,
        }
    }

    /// With the host's own id.
    #[must_use]
    pub fn id(mut self, id: InteractionId) -> Self {
        self.id = Some(id);
        self
    }

    /// With the id that it has in another system.
    #[must_use]
    pub fn external_id(mut self, external_id: ExternalId) -> Self {
        self.external_id = Some(external_id);
        self
    }

    /// About a deal.
    #[must_use]
    pub fn opportunity(mut self, opportunity: OpportunityId) -> Self {
        self.opportunity = Some(opportunity);
        self
    }

    /// With what was said.
    #[must_use]
    pub fn content(mut self, content: Text) -> Self {
        self.content = Some(content);
        self
    }

    /// At another instant than that of the act.
    #[must_use]
    pub fn occurred_at(mut self, at: DateTime<Utc>) -> Self {
        self.occurred_at = Some(at);
        self
    }

    /// With one more who took part.
    #[must_use]
    pub fn participant(mut self, participant: Participant) -> Self {
        self.participants.push(participant);
        self
    }

    /// With how good it was.
    #[must_use]
    pub fn rating(mut self, rating: Rating) -> Self {
        self.rating = Some(rating);
        self
    }
}

/// What happened to an interaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum InteractionFact {
    /// It was logged.
    Logged {
        /// As it was then.
        interaction: Box<Interaction>,
    },
    /// It was rated.
    Rated {
        /// The rating before.
        from: Option<Rating>,
        /// The rating now.
        to: Option<Rating>,
    },
    /// Its log was deleted.
    Deleted {
        /// As it was.
        interaction: Box<Interaction>,
    },
}

/// Most participants of one interaction.
const PARTICIPANTS: usize = 100;

impl Interaction {
    /// A new log entry.
    ///
    /// # Errors
    ///
    /// [`Rule::TooMany`] participants; [`Rule::Repeated`] where one stands twice.
    pub fn log(id: InteractionId, at: DateTime<Utc>, new: NewInteraction) -> Result<Self, Invalid> {
        let NewInteraction {
            id: _,
            external_id,
            customer,
            opportunity,
            channel,
            direction,
            subject,
            content,
            occurred_at,
            participants,
            rating,
        } = new;
        let interaction = Self {
            id,
            revision: Revision::FIRST,
            created_at: at,
            updated_at: at,
            external_id,
            customer,
            opportunity,
            channel,
            direction,
            subject,
            content,
            occurred_at: to_the_microsecond(occurred_at.unwrap_or(at)),
            participants,
            rating,
        };
        interaction.check()?;
        Ok(interaction)
    }

    fn check(&self) -> Result<(), Invalid> {
        let participants = &self.participants;
        if participants.len() > PARTICIPANTS {
            let limit = Rule::TooMany { limit: PARTICIPANTS };
            return Err(Invalid::new("participants", participants.len().to_string(), limit));
        }
        let repeated = participants.iter().enumerate().find(|(index, one)| participants[..*index].contains(one));
        match repeated {
            Some((_, twice)) => Err(Invalid::personal("participants", format!("{twice:?}"), Rule::Repeated)),
            None => Ok(()),
        }
    }

    /// Rates it, or takes the rating back. `None` where nothing is different.
    pub fn rate(&mut self, at: DateTime<Utc>, rating: Option<Rating>) -> Option<InteractionFact> {
        let from = self.rating;
        if from == rating {
            return None;
        }
        (self.rating, self.updated_at) = (rating, at);
        Some(InteractionFact::Rated { from, to: rating })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Fact,
        record::proof::{at, hides_personal_data, id, kinds_of, parsed, survives_json},
    };

    fn call() -> NewInteraction {
        NewInteraction::new(id(1), Channel::Phone, Direction::Inbound, parsed("Marker calls"))
            .id(id(2))
            .external_id(parsed("ext-1"))
            .content(parsed("Marker wants lamps"))
            .participant(Participant::Customer(id(3)))
            .participant(Participant::SalesRep(id(4)))
            .participant(Participant::Agent(id(5)))
            .participant(Participant::Other(parsed("Marker Senior")))
            .rating(Rating::new(5).unwrap())
    }

    fn logged() -> Interaction {
        Interaction::log(id(2), at(9), call()).unwrap()
    }

    #[test]
    fn an_interaction_took_place_when_it_is_logged_unless_said_otherwise() {
        assert_eq!(logged().occurred_at, at(9));
        let earlier = call().occurred_at(at(0) + chrono::TimeDelta::nanoseconds(1_999));
        let earlier = Interaction::log(id(2), at(9), earlier).unwrap();
        assert_eq!((earlier.occurred_at, earlier.created_at), (at(0) + chrono::TimeDelta::microseconds(1), at(9)));
    }

    #[test]
    fn participants_stand_once_and_are_bounded() {
        let twice = call().participant(Participant::Other(parsed("Marker Senior")));
        let refused = Interaction::log(id(2), at(0), twice).unwrap_err();
        assert_eq!((refused.field(), refused.rule()), ("participants", &Rule::Repeated));
        hides_personal_data(&refused);
        let with = |count: u128| NewInteraction {
            participants: (0..count).map(|n| Participant::Agent(id(n))).collect(),
            ..call()
        };
        assert!(Interaction::log(id(2), at(0), with(100)).is_ok());
        let refused = Interaction::log(id(2), at(0), with(101)).unwrap_err();
        assert_eq!(refused.rule(), &Rule::TooMany { limit: 100 });
    }

    #[test]
    fn a_rating_is_one_to_five_and_can_be_taken_back() {
        for (stars, good) in [(0, false), (1, true), (5, true), (6, false), (255, false)] {
            assert_eq!(Rating::new(stars).is_ok(), good, "{stars}");
            assert_eq!(serde_json::from_str::<Rating>(&stars.to_string()).is_ok(), good, "{stars}");
        }
        let mut interaction = logged();
        let five = interaction.rating;
        assert_eq!(interaction.rate(at(10), five), None);
        assert_eq!(interaction, logged());
        assert_eq!(interaction.rate(at(10), None), Some(InteractionFact::Rated { from: five, to: None }));
        assert_eq!((interaction.rating, interaction.updated_at), (None, at(10)));
    }

    #[test]
    fn what_an_interaction_is_made_of_survives_json() {
        survives_json(&call().occurred_at(at(1)));
        survives_json(&logged());
        let interaction = || Box::new(logged());
        let facts = [
            InteractionFact::Logged { interaction: interaction() },
            InteractionFact::Rated { from: None, to: logged().rating },
            InteractionFact::Deleted { interaction: interaction() },
        ];
        let kinds = kinds_of(facts.into_iter().map(|fact| Fact::from((logged().id, fact))));
        assert_eq!(kinds, ["interaction.logged", "interaction.rated", "interaction.deleted"]);
    }

    #[test]
    fn what_was_said_and_by_whom_does_not_show_in_debug() {
        hides_personal_data(&call());
        hides_personal_data(&logged());
        hides_personal_data(&Fact::from((logged().id, InteractionFact::Deleted { interaction: Box::new(logged()) })));
    }
}
