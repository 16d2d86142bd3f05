//! Every instant that a record holds: the reference store cuts them, and the suite makes them finer than a store keeps.

use chrono::{DateTime, Utc};
use crm_core::{
    Activity, ActivityParts, ActivityState, Agent, Approval, Customer, ExchangeRate, ForecastAdjustment,
    ForecastSnapshot, Interaction, Invalid, Lead, LeadParts, LeadState, Opportunity, OpportunityParts,
    OpportunityState, Order, OrderParts, OrderState, Payment, PaymentParts, PaymentState, PlanState, PriceList,
    PriceListParts, Product, Promotion, PromotionParts, Queue, Quote, QuoteParts, QuoteState, Redemption,
    RedemptionParts, Roster, SalePlan, SalePlanParts, SalesRep, ShipmentState, Ticket, TicketMessage, TicketParts,
    TicketState,
};

/// A record whose instants can be changed, each by itself.
pub(crate) trait Instants: Sized {
    /// The record with each instant changed by `change`. A record that guards itself is checked again.
    fn with_instants(self, change: impl Fn(&mut DateTime<Utc>)) -> Result<Self, Invalid>;
}

macro_rules! instants {
    ($($record:ident: |$one:ident, $change:ident| $all:block)*) => {$(
        impl Instants for $record {
            fn with_instants(self, $change: impl Fn(&mut DateTime<Utc>)) -> Result<Self, Invalid> {
                let mut $one = self;
                $all
                Ok($one)
            }
        }
    )*};
    (guarded $($record:ident($parts:ident): |$one:ident, $change:ident| $more:block)*) => {$(
        impl Instants for $record {
            fn with_instants(self, $change: impl Fn(&mut DateTime<Utc>)) -> Result<Self, Invalid> {
                let mut $one = $parts::from(self);
                $change(&mut $one.created_at);
                $change(&mut $one.updated_at);
                $more
                $one.try_into()
            }
        }
    )*};
}

instants! {
    Customer: |one, change| {
        [&mut one.created_at, &mut one.updated_at].into_iter().chain(&mut one.archived_at).for_each(change);
    }
    Interaction: |one, change| {
        [&mut one.created_at, &mut one.updated_at, &mut one.occurred_at].into_iter().for_each(change);
    }
    Product: |one, change| { [&mut one.created_at, &mut one.updated_at].into_iter().for_each(change); }
    SalesRep: |one, change| { [&mut one.created_at, &mut one.updated_at].into_iter().for_each(change); }
    ExchangeRate: |one, change| { [&mut one.created_at, &mut one.updated_at].into_iter().for_each(change); }
    ForecastAdjustment: |one, change| { [&mut one.created_at, &mut one.updated_at].into_iter().for_each(change); }
    ForecastSnapshot: |one, change| { [&mut one.created_at, &mut one.updated_at].into_iter().for_each(change); }
    Agent: |one, change| { [&mut one.created_at, &mut one.updated_at].into_iter().for_each(change); }
    Queue: |one, change| {
        [&mut one.created_at, &mut one.updated_at].into_iter().for_each(&change);
        let mut members = one.roster.members().to_vec();
        for member in &mut members {
            member.given.last_at.iter_mut().chain(&mut member.given.recent).for_each(&change);
        }
        one.roster = Roster::new(*one.roster.policy(), members)?;
    }
    TicketMessage: |one, change| { change(&mut one.at); }
}

instants! {
    guarded
    PriceList(PriceListParts): |one, change| {}
    Promotion(PromotionParts): |one, change| {}
    Redemption(RedemptionParts): |one, change| {}
    SalePlan(SalePlanParts): |one, change| {
        match &mut one.state {
            PlanState::Draft => {}
            PlanState::Active { since } => change(since),
            PlanState::Closed { since, at } => [since, at].into_iter().for_each(change),
        }
    }
    Lead(LeadParts): |one, change| {
        one.assigned_at.iter_mut().chain(&mut one.queued_at).for_each(&change);
        match &mut one.state {
            LeadState::New | LeadState::Working | LeadState::Qualified | LeadState::Nurturing => {}
            LeadState::Disqualified { at, .. } | LeadState::Converted { at, .. } => change(at),
        }
        one.touches.iter_mut().for_each(|touch| change(&mut touch.at));
    }
    Opportunity(OpportunityParts): |one, change| {
        match &mut one.state {
            OpportunityState::Open => {}
            OpportunityState::Won { at, .. } | OpportunityState::Lost { at, .. } => change(at),
        }
        one.pushes.iter_mut().for_each(|push| change(&mut push.at));
        for visit in &mut one.history {
            change(&mut visit.entered_at);
            visit.left_at.iter_mut().for_each(&change);
        }
    }
    Quote(QuoteParts): |one, change| {
        match &mut one.state {
            QuoteState::Draft { .. } => {}
            QuoteState::InApproval { since, .. } => change(since),
            QuoteState::Approved { at }
            | QuoteState::Sent { at, .. }
            | QuoteState::Accepted { at, .. }
            | QuoteState::Rejected { at, .. }
            | QuoteState::Expired { at }
            | QuoteState::Superseded { at, .. }
            | QuoteState::Cancelled { at, .. } => change(at),
        }
        if let Some(approval) = &one.approval {
            let mut at = approval.at();
            change(&mut at);
            let (authors, approver) = (approval.authors().to_vec(), approval.approver().clone());
            // Whoever gave it was none of them.
            one.approval = Approval::give(authors, approver, at, approval.beyond().to_vec()).ok();
        }
    }
    Activity(ActivityParts): |one, change| {
        one.remind_at.iter_mut().for_each(&change);
        match &mut one.state {
            ActivityState::Planned => {}
            ActivityState::Done { at, .. } | ActivityState::Cancelled { at, .. } => change(at),
        }
    }
    Order(OrderParts): |one, change| {
        match &mut one.state {
            OrderState::Draft => {}
            OrderState::Confirmed { at, .. } | OrderState::Locked { at, .. } | OrderState::Cancelled { at, .. } => change(at),
        }
        for shipment in &mut one.shipments {
            change(&mut shipment.shipped_at);
            match &mut shipment.state {
                ShipmentState::Shipped => {}
                ShipmentState::Delivered { at } | ShipmentState::Returned { at } => change(at),
            }
        }
        one.payments.iter_mut().for_each(|entry| change(&mut entry.at));
    }
    Payment(PaymentParts): |one, change| {
        match &mut one.state {
            PaymentState::Draft => {}
            PaymentState::Pending { since: at }
            | PaymentState::Authorised { at }
            | PaymentState::Done { at }
            | PaymentState::Cancelled { at }
            | PaymentState::Failed { at, .. } => change(at),
        }
        one.anomalies.iter_mut().for_each(|anomaly| change(&mut anomaly.at));
    }
    Ticket(TicketParts): |one, change| {
        one.due_at.iter_mut().for_each(&change);
        match &mut one.state {
            TicketState::New | TicketState::Open | TicketState::Pending | TicketState::OnHold => {}
            TicketState::Solved { at, .. } => change(at),
            TicketState::Closed { at, solved_at, .. } => [at, solved_at].into_iter().for_each(change),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Timelike};

    use super::*;
    use crate::suite::{Family, Maker};

    /// A field that is added to a record and forgotten here would neither be cut nor be tested.
    #[test]
    fn every_instant_of_every_record_is_changed() {
        let mut maker = Maker::sound(77);
        for family in Family::ALL {
            let mut seen = 0;
            for n in 100..200 {
                let fine = maker.record(*family, n).with_instants(|at| *at += TimeDelta::nanoseconds(999)).unwrap();
                let shown = format!("{fine:?}");
                let words =
                    shown.split(|character: char| !character.is_ascii_alphanumeric() && !"-:.".contains(character));
                for instant in words.filter_map(|word| word.parse::<DateTime<Utc>>().ok()) {
                    seen += 1;
                    assert_eq!(instant.nanosecond() % 1_000, 999, "{family}: {shown}");
                }
            }
            assert!(seen >= 200, "{family}: {seen}");
        }
    }
}
