//! What is searched of each record.

use super::{SearchFamily, SearchText, Searched};
use crate::{
    activity::{Activity, ActivityState},
    agent::Agent,
    customer::Customer,
    interaction::{Interaction, Participant},
    lead::Lead,
    opportunity::{Opportunity, OpportunityState},
    price_list::PriceList,
    product::Product,
    promotion::Promotion,
    sales_rep::SalesRep,
    text::{ExternalId, Label},
    ticket::Ticket,
};

impl SearchText {
    /// The same with each of some texts in the body.
    fn with<'a>(self, texts: impl IntoIterator<Item = &'a str>) -> Self {
        texts.into_iter().fold(self, |text, more| text.body(more))
    }
}

impl Searched for Customer {
    const FAMILY: SearchFamily = SearchFamily::Customer;

    fn search_text(&self) -> SearchText {
        SearchText::new()
            .title(self.name.as_str())
            .with(self.emails.iter().map(|point| point.value.as_str()))
            .with(self.phones.iter().map(|point| point.value.as_str()))
            .with(self.tags.iter().map(|tag| tag.as_str()))
            .with(self.needs.iter().map(|need| need.text.as_str()))
            .with(self.external_id.as_ref().map(ExternalId::as_str))
    }
}

impl Searched for Lead {
    const FAMILY: SearchFamily = SearchFamily::Lead;

    fn search_text(&self) -> SearchText {
        let names = self.name().into_iter().chain(self.organisation());
        names
            .fold(SearchText::new(), |text, name| text.title(name.as_str()))
            .with(self.interest().map(|interest| interest.as_str()))
            .with(self.note().map(|note| note.as_str()))
            .with(self.emails().iter().map(|point| point.value.as_str()))
            .with(self.phones().iter().map(|point| point.value.as_str()))
            .with(self.tags().iter().map(|tag| tag.as_str()))
            .with(self.external_id().map(ExternalId::as_str))
    }
}

impl Searched for Opportunity {
    const FAMILY: SearchFamily = SearchFamily::Opportunity;

    fn search_text(&self) -> SearchText {
        let note = match self.state() {
            OpportunityState::Lost { note, .. } => note.as_ref(),
            OpportunityState::Open | OpportunityState::Won { .. } => None,
        };
        SearchText::new()
            .title(self.name().as_str())
            .with(self.external_id().map(ExternalId::as_str))
            .with(note.map(|note| note.as_str()))
    }
}

impl Searched for Ticket {
    const FAMILY: SearchFamily = SearchFamily::Ticket;

    fn search_text(&self) -> SearchText {
        SearchText::new()
            .title(self.subject().as_str())
            .title(self.number().as_str())
            .with(self.external_id().map(ExternalId::as_str))
            .with(self.resolution().map(|resolution| resolution.as_str()))
    }
}

impl Searched for Interaction {
    const FAMILY: SearchFamily = SearchFamily::Interaction;

    fn search_text(&self) -> SearchText {
        let named = self.participants.iter().filter_map(|participant| match participant {
            Participant::Other(name) => Some(name.as_str()),
            Participant::Customer(_) | Participant::SalesRep(_) | Participant::Agent(_) => None,
        });
        SearchText::new()
            .title(self.subject.as_str())
            .with(self.content.as_ref().map(|content| content.as_str()))
            .with(named)
            .with(self.external_id.as_ref().map(ExternalId::as_str))
    }
}

impl Searched for Activity {
    const FAMILY: SearchFamily = SearchFamily::Activity;

    fn search_text(&self) -> SearchText {
        let said = match self.state() {
            ActivityState::Planned => None,
            ActivityState::Done { note, .. } => note.as_ref(),
            ActivityState::Cancelled { reason, .. } => reason.as_ref(),
        };
        SearchText::new()
            .title(self.subject().as_str())
            .with(self.note().map(|note| note.as_str()))
            .with(said.map(|said| said.as_str()))
            .with(self.external_id().map(ExternalId::as_str))
    }
}

impl Searched for Product {
    const FAMILY: SearchFamily = SearchFamily::Product;

    fn search_text(&self) -> SearchText {
        let text = SearchText::new().title(self.name.as_str()).title(self.sku.as_str());
        text.with(self.category.as_ref().map(|category| category.as_str()))
    }
}

impl Searched for PriceList {
    const FAMILY: SearchFamily = SearchFamily::PriceList;

    fn search_text(&self) -> SearchText {
        let text = SearchText::new().title(self.name().as_str());
        text.with(self.external_id().map(ExternalId::as_str))
    }
}

impl Searched for Promotion {
    const FAMILY: SearchFamily = SearchFamily::Promotion;

    fn search_text(&self) -> SearchText {
        let text = SearchText::new().title(self.name().as_str());
        self.code().map(Label::as_str).into_iter().fold(text, SearchText::title)
    }
}

impl Searched for SalesRep {
    const FAMILY: SearchFamily = SearchFamily::SalesRep;

    fn search_text(&self) -> SearchText {
        let text = SearchText::new().title(self.name.as_str());
        text.with(self.external_id.as_ref().map(ExternalId::as_str))
    }
}

impl Searched for Agent {
    const FAMILY: SearchFamily = SearchFamily::Agent;

    fn search_text(&self) -> SearchText {
        let text = SearchText::new().title(self.name.as_str());
        text.with(self.external_id.as_ref().map(ExternalId::as_str))
    }
}
