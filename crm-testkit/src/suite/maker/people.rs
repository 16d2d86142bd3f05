//! Customers, who works with them, and what is said.

use chrono::{NaiveDate, TimeDelta};
use crm_core::{
    Agent, Customer, Direction, Gender, Interaction, MessageKind, NewAgent, NewCustomer, NewInteraction, NewMessage,
    NewSalesRep, NewTicket, Participant, PostalAddress, PostalAddressFields, Priority, Rating, SalesRep, Ticket,
    Unassigned,
};

use super::{CHANNELS, GROUPS, Maker, NAMES, REGIONS, TAGS, TEXTS, at, id, text, valid};

impl Maker {
    pub(super) fn sales_rep(&mut self, n: u32) -> SalesRep {
        let mut new = NewSalesRep::new(self.dice.one_text(NAMES));
        (new.external_id, new.manager) = (self.external(n), self.relative(n));
        if self.dice.yes() {
            new = new.email(text("Lin@Example.com")).position(text("account executive")).commission_rate(text("7.25"));
        }
        if self.dice.yes() {
            new = new.region(self.dice.one_text(REGIONS));
        }
        let mut rep = valid(SalesRep::add(id(n), self.at(), new));
        rep.active = self.dice.yes();
        rep
    }

    pub(super) fn agent(&mut self, n: u32) -> Agent {
        let mut new = NewAgent::new(self.dice.one_text(NAMES));
        new.external_id = self.external(n);
        if self.dice.yes() {
            new = new.group(self.dice.one_text(GROUPS));
        }
        let mut agent = Agent::add(id(n), self.at(), new);
        agent.active = self.dice.yes();
        agent
    }

    pub(super) fn customer(&mut self, n: u32) -> Customer {
        let name = self.dice.one_text(NAMES);
        let mut new = if self.dice.yes() {
            let born = NaiveDate::from_ymd_opt(1931, 2, 28).unwrap_or_default();
            let person = NewCustomer::person(name);
            let person = if self.dice.yes() { person.born(born) } else { person };
            let gender = self.dice.one(&[None, Some(Gender::Female), Some(Gender::Male), Some(Gender::Other)]);
            gender.into_iter().fold(person, |person, gender| person.gender(gender))
        } else {
            let mut organisation = NewCustomer::organisation(name);
            for role in ["buyer", "managing director"] {
                if let Some(person) = self.relative(n) {
                    organisation = organisation.contact(person, text(role));
                }
            }
            organisation
        };
        (new.external_id, new.parent, new.owner) = (self.external(n), self.relative(n), self.maybe_slot());
        for mailbox in ["zhang@example.com", "Sales@Example.org"] {
            if self.dice.yes() {
                new = new.email(text(mailbox));
            }
        }
        for phone in ["+442079460958", "+8613812345678"] {
            if self.dice.yes() {
                new = new.phone(text(phone));
            }
        }
        if self.dice.yes() {
            new = new.region(self.dice.one_text(REGIONS));
        }
        if self.dice.yes() {
            let street = if self.dice.yes() { vec!["10 High St".into(), "Flat 3".into()] } else { Vec::new() };
            let fields = PostalAddressFields { street, city: "上海".into(), ..PostalAddressFields::default() };
            new = new.address(valid(PostalAddress::parse(fields)));
        }
        for _ in 0..self.dice.below(3) {
            new = new.tag(self.dice.one_text(TAGS));
        }
        for _ in 0..self.dice.below(3) {
            let (words, product) = (self.dice.one_text(TEXTS), self.maybe_slot());
            new = if self.dice.yes() { new.need(words, product) } else { new.preference(words, product) };
        }
        let mut customer = valid(Customer::register(id(n), self.at(), new));
        if let Some(mailbox) = customer.emails.iter().last().map(|point| point.value.clone()) {
            if self.dice.yes() {
                valid(customer.emails.set_primary(&mailbox));
            }
            if self.dice.yes() {
                valid(customer.emails.opt_out(&mailbox));
            }
            if self.dice.yes() {
                valid(customer.emails.mark_invalid(&mailbox));
            }
        }
        if self.dice.below(4) == 0 {
            customer.archive(self.at());
        }
        customer
    }

    pub(super) fn interaction(&mut self, n: u32) -> Interaction {
        let channel = self.dice.one(CHANNELS);
        let direction = self.dice.one(&[Direction::Inbound, Direction::Outbound]);
        let mut new = NewInteraction::new(self.slot(), channel, direction, self.dice.one_text(NAMES));
        (new.external_id, new.opportunity) = (self.external(n), self.maybe_slot());
        if self.dice.yes() {
            new = new.content(self.dice.one_text(TEXTS));
        }
        if self.dice.yes() {
            // Before 1970 too: instants are not only of today.
            new = new.occurred_at(self.at() - TimeDelta::days(i64::from(self.dice.below(2)) * 30_000));
        }
        let others = [
            Participant::Customer(self.slot()),
            Participant::SalesRep(self.slot()),
            Participant::Agent(self.slot()),
            Participant::Other(self.dice.one_text(NAMES)),
        ];
        for other in others {
            if self.dice.yes() {
                new = new.participant(other);
            }
        }
        if self.dice.yes() {
            new = new.rating(valid(Rating::new(self.dice.one(&[1, 3, 5]))));
        }
        valid(Interaction::log(id(n), self.at(), new))
    }

    pub(super) fn ticket(&mut self, n: u32) -> Ticket {
        let channel = self.dice.one(CHANNELS);
        let mut new = NewTicket::new(self.slot(), channel, self.dice.one_text(NAMES));
        new.external_id = self.external(n);
        if self.dice.yes() {
            new = new.priority(self.dice.one(&[Priority::Low, Priority::Normal, Priority::High, Priority::Urgent]));
        }
        if self.dice.yes() {
            new = new.group(self.dice.one_text(GROUPS));
        }
        if self.dice.yes() {
            new = new.due_at(at(self.dice.below(3)));
        }
        let mut ticket = valid(Ticket::open(id(n), self.number("T", n), self.at(), &new));
        let agent = self.slot();
        if self.dice.yes() {
            valid(ticket.assign(self.at(), Some(agent)));
        }
        if self.dice.yes() {
            let kind = MessageKind::Note(agent);
            valid(ticket.message(self.at(), NewMessage { kind, text: self.dice.one_text(TEXTS) }));
        }
        let when = self.at();
        match self.dice.below(6) {
            0 => drop(valid(ticket.pend(when))),
            1 => drop(valid(ticket.hold(when))),
            step @ (2 | 3) => {
                let (solver, words) = (self.slot(), self.dice.one_text(TEXTS));
                valid(ticket.solve(when, solver, words, Unassigned::SolverTakes));
                if step == 3 {
                    valid(ticket.close(self.at()));
                }
            }
            _ => {}
        }
        ticket
    }
}
