//! What comes before a sale: plans, queues, leads, deals and activities.

use chrono::Months;
use crm_core::{
    Activity, ActivityKind, ActivityParties, ActivityStep, Actor, AssignmentPolicy, AssignmentStrategy, By, Completion,
    Conversion, Currency, DealLine, Direction, Disqualification, FairnessWindow, ForecastCategory, Label, Lead,
    LeadPlace, LeadStatus, LeadTouch, Loss, Member, Money, NewActivity, NewLead, NewOpportunity, NewQueue, NewSalePlan,
    Opportunity, OpportunityPatch, Percent, Period, Pipeline, PlanScope, PostalAddress, PostalAddressFields,
    Qualification, Quantity, Queue, Recurring, RequiredField, Revision, RosterMember, Sale, SalePlan, StrategyKind,
    UnitPrice,
    assignment::{Standing, Topic, Work},
    conversion::{Became, Origin},
};

use super::{CHANNELS, Maker, NAMES, REGIONS, SOURCES, TAGS, TEXTS, WAITING_ORDERS, id, text, valid};

impl Maker {
    pub(super) fn sale_plan(&mut self, n: u32) -> SalePlan {
        let month = valid(Period::month(2026, self.dice.one(&[2, 3, 4])));
        let scope = match self.dice.below(4) {
            0 => PlanScope::SalesRep(self.slot()),
            1 => PlanScope::Team(self.slot()),
            2 => PlanScope::Product(self.slot()),
            _ => PlanScope::Region(self.dice.one_text(REGIONS)),
        };
        let mut new = NewSalePlan::new(self.dice.one_text(NAMES), month, self.money(Currency::EUR), scope);
        for kind in [StrategyKind::Promotion, StrategyKind::Price, StrategyKind::Channel] {
            if self.dice.yes() {
                new = new.strategy(kind, self.dice.one_text(TEXTS));
            }
        }
        if self.dice.yes() {
            new = new.credit(crm_core::CreditAt::Paid);
        }
        let mut plan = valid(SalePlan::draft(id(n), self.at(), new));
        let steps = self.dice.below(3);
        if steps > 0 {
            valid(plan.activate(self.at()));
        }
        if steps > 1 {
            valid(plan.close(self.at()));
        }
        plan
    }

    pub(super) fn queue(&mut self, n: u32) -> Queue {
        let policy = AssignmentPolicy {
            strategy: self.dice.one(&[
                AssignmentStrategy::RoundRobin,
                AssignmentStrategy::LeastLoaded,
                AssignmentStrategy::Weighted,
            ]),
            order: self.dice.one(WAITING_ORDERS),
            fairness: self.dice.one(&[None, Some(FairnessWindow::default())]),
            sticky: self.dice.yes(),
            stale_after_days: self.dice.one(&[None, Some(7)]),
            paused: false,
        };
        let mut new = NewQueue::new(self.number("Queue", n)).policy(policy);
        let of_reps = self.dice.yes();
        // Each at most once: from the first slot on.
        for slot in 1..=self.dice.below(self.slots + 1) {
            let member = if of_reps { Member::SalesRep(id(slot)) } else { Member::Agent(id(slot)) };
            let mut member = RosterMember::new(member).weight(1 + self.dice.below(5));
            if self.dice.yes() {
                member = member.capacity(9).monthly(45);
            }
            if self.dice.yes() {
                member = member.takes(Topic::new(text("tag"), self.dice.one_text(TAGS)));
            }
            if self.dice.yes() {
                member = member.prefers(Topic::new(text("region"), self.dice.one_text(REGIONS)));
            }
            new = new.member(if self.dice.below(4) == 0 { member.paused() } else { member });
        }
        let mut queue = valid(Queue::add(id(n), self.at(), new));
        let standing = |_| Standing { available: true, load: 0 };
        for _ in 0..self.dice.below(3) {
            let (when, lead) = (self.at(), id::<crm_core::LeadId>(n));
            let work = Work { topics: [Topic::new(text("tag"), text("vip"))].into(), ..Work::new(when) };
            queue.assign(when, lead.into(), &work, standing);
        }
        if self.dice.below(4) == 0 {
            let out = AssignmentPolicy { paused: true, ..policy };
            queue.roster = valid(queue.roster.changed(Some(out), None));
        }
        queue
    }

    pub(super) fn lead(&mut self, n: u32) -> Lead {
        let mut new = match self.dice.below(3) {
            0 => NewLead::person(self.dice.one_text(NAMES)),
            1 => NewLead::of_organisation(self.dice.one_text(NAMES)),
            _ => NewLead::of_email(text("lead@example.com")),
        };
        if self.dice.yes() {
            new = new.organisation(self.dice.one_text(NAMES)).role(text("buyer"));
        }
        (new.external_id, new.product) = (self.external(n), self.maybe_slot());
        if self.dice.yes() {
            new = new.email(text("Zhang@Example.com"));
        }
        if self.dice.yes() {
            new = new.phone(text("+442079460958")).phone(text("+8613812345678"));
        }
        if self.dice.yes() {
            let fields = PostalAddressFields { city: "上海".into(), ..PostalAddressFields::default() };
            new = new.address(valid(PostalAddress::parse(fields)));
        }
        if self.dice.yes() {
            new = new.region(self.dice.one_text(REGIONS)).tag(self.dice.one_text(TAGS));
        }
        if self.dice.yes() {
            new = new.source(self.dice.one_text(SOURCES));
        }
        if self.dice.yes() {
            new = new.interest(self.dice.one_text(NAMES)).note(self.dice.one_text(TEXTS));
        }
        if self.dice.yes() {
            new = new.value(self.money(Currency::JPY)).weight(1 + self.dice.below(9));
        }
        new = new.score(Percent::whole(u16::try_from(10 * self.dice.below(11)).unwrap_or(0)));
        let mut lead = valid(Lead::add(id(n), self.at(), new));
        let place = LeadPlace { queue: self.maybe_slot(), owner: self.maybe_slot() };
        valid(lead.put(self.at(), place));
        for _ in 0..self.dice.below(3) {
            let direction = self.dice.one(&[Direction::Inbound, Direction::Outbound]);
            let mut touch = LeadTouch::new(self.at(), self.dice.one(CHANNELS), direction, self.dice.one_text(NAMES));
            touch.content = self.dice.yes().then(|| self.dice.one_text(TEXTS));
            valid(lead.touch(self.at(), touch));
        }
        let when = self.at();
        match self.dice.below(6) {
            0 => drop(valid(lead.begin_work(when))),
            1 => drop(valid(lead.qualify(when))),
            2 => drop(valid(lead.nurture(when))),
            3 => {
                let note = Some(self.dice.one_text(TEXTS));
                valid(lead.disqualify(when, Disqualification { reason: text("other"), note }));
            }
            4 => {
                let became = Became { id: self.slot(), origin: Origin::Created, revision: Revision::FIRST };
                let conversion = Conversion {
                    organisation: self.dice.yes().then_some(became),
                    person: Some(Became { id: self.slot(), origin: Origin::Linked, ..became }),
                    opportunity: self.maybe_slot().map(|id| Became {
                        id,
                        origin: Origin::Filled { before: Revision::FIRST },
                        revision: Revision::new(2),
                    }),
                    interactions: vec![id(7)],
                    activities: vec![id(8)],
                    before: LeadStatus::New,
                };
                valid(lead.convert(when, Qualification::MayBeSkipped, conversion));
            }
            _ => {}
        }
        lead
    }

    pub(super) fn opportunity(&mut self, n: u32) -> Opportunity {
        let (pipeline, actor): (_, Actor) = (pipeline(self.dice.one(&["Hardware", "Services"])), text("alice"));
        let mut new = NewOpportunity::new(self.dice.one_text(NAMES));
        new.external_id = self.external(n);
        (new.customer, new.product, new.rep) = (self.maybe_slot(), self.maybe_slot(), self.maybe_slot());
        match self.dice.below(4) {
            0 => new = new.value(self.money(Currency::JPY)).probability(text("12.5")),
            1 => new.lines = (0..=self.dice.below(2)).map(|_| self.deal_line()).collect(),
            _ => {}
        }
        if self.dice.yes() {
            new = new.expected_close(self.day());
        }
        if self.dice.below(3) == 0 {
            new.recurring = Some(valid(Recurring::new(Money::from_minor(5_000, Currency::JPY), 12)));
            new.forecast = Some(ForecastCategory::Commit);
        }
        if self.dice.below(3) == 0 {
            new = new.primary_contact(self.slot(), text("buyer")).contact(self.slot(), text("user"));
        }
        let mut opportunity = valid(Opportunity::open(id(n), By { at: self.at(), actor: &actor }, &pipeline, new));
        let by = |maker: &mut Self| By { at: maker.at(), actor: &actor };
        if self.dice.yes() {
            valid(opportunity.advance(by(self), &pipeline, &text("engaging"), None));
        }
        if let Some(close) = opportunity.expected_close().filter(|_| self.dice.yes()) {
            let later = Some(close.checked_add_months(Months::new(1)));
            let patch = OpportunityPatch { expected_close: later, ..OpportunityPatch::default() };
            valid(opportunity.revise(self.at(), patch));
        }
        let (when, on) = (self.at(), self.day());
        match self.dice.below(4) {
            0 => {
                let money = self.money(Currency::JPY);
                let sale = Sale { day: on, value: opportunity.lines().is_empty().then_some(money) };
                valid(opportunity.win(by(self), &pipeline, sale));
                if self.dice.yes() {
                    valid(opportunity.advance(by(self), &pipeline, &text("delivered"), None));
                }
            }
            1 => {
                let note = self.dice.yes().then(|| self.dice.one_text(TEXTS));
                valid(opportunity.lose(when, Loss { day: on, reason: text("price"), note }));
                if self.dice.below(3) == 0 {
                    valid(opportunity.reopen(by(self), &pipeline, &text("prospecting")));
                }
            }
            _ => {}
        }
        opportunity
    }

    fn deal_line(&mut self) -> DealLine {
        let price = valid(UnitPrice::from_millionths(12_345_000, Currency::JPY));
        valid(DealLine::new(self.slot(), Quantity::from(1 + self.dice.below(9)), price, Percent::whole(5)))
    }

    pub(super) fn activity(&mut self, n: u32) -> Activity {
        let kind = self.dice.one(&[ActivityKind::Call, ActivityKind::Visit, ActivityKind::Meeting, ActivityKind::Task]);
        let mut new = NewActivity::new(kind, self.dice.one_text(NAMES), self.day());
        new.external_id = self.external(n);
        new.owner = self.maybe_slot();
        if self.dice.below(3) == 0 {
            new.lead = self.maybe_slot();
        } else {
            (new.customer, new.opportunity, new.person) = (self.maybe_slot(), self.maybe_slot(), self.maybe_slot());
        }
        if self.dice.yes() {
            new = new.note(self.dice.one_text(TEXTS)).remind_at(self.at());
        }
        if self.dice.below(3) == 0 {
            new.step = Some(ActivityStep { plan: text("first contact"), number: 2 });
        }
        let mut activity = valid(Activity::plan(id(n), self.at(), new));
        if activity.lead().is_some() && self.dice.yes() {
            let (customer, opportunity, person) = (self.maybe_slot(), self.maybe_slot(), self.maybe_slot());
            let _ = activity.follow(self.at(), ActivityParties { customer, opportunity, person });
        }
        match self.dice.below(4) {
            0 => {
                let note = self.dice.yes().then(|| self.dice.one_text(TEXTS));
                valid(activity.complete(self.at(), Completion { day: self.day(), outcome: text("reached"), note }));
            }
            1 => {
                let reason = self.dice.yes().then(|| self.dice.one_text(TEXTS));
                valid(activity.cancel(self.at(), reason));
            }
            _ => {}
        }
        activity
    }
}

pub(crate) fn pipeline(name: &str) -> Pipeline {
    let label = |key: &str| -> Label { text(key) };
    let pipeline = Pipeline::new(label(name))
        .open(label("prospecting"), Percent::whole(10))
        .next(["engaging", "signed"].map(text))
        .open(label("engaging"), Percent::whole(50))
        .forecast(ForecastCategory::BestCase)
        .stale_after(14)
        .won(label("signed"))
        .next(["delivered"].map(text))
        .won(label("delivered"))
        .requires([RequiredField::Value]);
    valid(pipeline.build())
}
