//! C22: filters and counts.

use chrono::NaiveDate;
use crm_core::{
    ActivityKind, ActivityStatus, Currency, CustomerType, Fulfilment, Label, LeadStatus, Member, OpportunityStatus,
    OrderStatus, PaymentKind, PaymentStatus, PlanScope, PlanStatus, Priority, ProviderStatus, QuoteStatus, RecordRef,
    RedemptionParts, RollUp, TicketStatus,
    store::{
        ActivityFilter, AgentFilter, CustomerFilter, ExchangeRateFilter, ForecastAdjustmentFilter,
        ForecastSnapshotFilter, InteractionFilter, LeadFilter, OpportunityFilter, OrderFilter, Page, PaymentFilter,
        PriceListFilter, ProductFilter, PromotionFilter, QueueFilter, QuoteFilter, Records, RedemptionFilter,
        SalePlanFilter, SalesRepFilter, Store, TicketFilter,
    },
};

use super::{
    family::{Any, Family, Filter, Stored, count, list},
    lists::{crowd, periods, sorted},
    maker::{CHANNELS, forecasts::forecast_periods, id, text, valid},
    world::{founded, ground, insert_all, read, write},
};

macro_rules! filters {
    ($($family:ident($filter:ident) { $($field:ident: $values:expr,)* })*) => {
        /// Filters of a family with one field each.
        pub(crate) fn single(family: Family) -> Vec<(&'static str, Filter)> {
            match family {
                $(Family::$family => {
                    let mut singles = Vec::new();
                    $(for value in $values {
                        let mut filter = $filter::default();
                        filter.$field = Some(value);
                        singles.push((stringify!($field), Filter::$family(filter)));
                    })*
                    singles
                })*
            }
        }

        /// What both filters ask for; the first one's where they ask for the same field.
        pub(crate) fn both(one: &Filter, other: &Filter) -> Filter {
            match (one, other) {
                $((Filter::$family(one), Filter::$family(other)) => {
                    Filter::$family($filter { $($field: one.$field.clone().or_else(|| other.$field.clone()),)* })
                })*
                _ => one.clone(),
            }
        }
    };
}

fn labels(of: [&str; 2]) -> [Label; 2] {
    of.map(text)
}

filters! {
    Product(ProductFilter) {
        category: labels(["Lamps", "Chairs"]),
        variant_of: [id(1), id(2)],
        active: [true, false],
    }
    PriceList(PriceListFilter) { currency: [Currency::EUR, Currency::JPY], active: [true, false], }
    Promotion(PromotionFilter) { coupon: [true, false], active: [true, false], }
    Redemption(RedemptionFilter) { promotion: [id(1), id(2)], customer: [id(1), id(3)], order: [id(11), id(12)], }
    SalesRep(SalesRepFilter) { manager: [id(1), id(2)], region: labels(["East", "West"]), active: [true, false], }
    Agent(AgentFilter) { group: labels(["Returns", "Repairs"]), active: [true, false], }
    Customer(CustomerFilter) {
        kind: [CustomerType::Person, CustomerType::Organisation],
        owner: [id(1), id(3)],
        without_owner: [true, false],
        region: labels(["East", "West"]),
        parent: [id(1), id(2)],
        tag: labels(["vip", "VIP"]),
        archived: [true, false],
    }
    Queue(QueueFilter) {
        member: [Member::SalesRep(id(2)), Member::Agent(id(1))],
        paused: [true, false],
    }
    Lead(LeadFilter) {
        owner: [id(1), id(2)],
        queue: [id(1), id(2)],
        status: [LeadStatus::New, LeadStatus::Working, LeadStatus::Qualified, LeadStatus::Nurturing, LeadStatus::Disqualified, LeadStatus::Converted],
        source: labels(["web", "fair"]),
        without_owner: [true, false],
        waiting_in: [id(1), id(2)],
    }
    Interaction(InteractionFilter) { customer: [id(1), id(2)], opportunity: [id(1), id(2)], channel: CHANNELS.iter().copied(), }
    SalePlan(SalePlanFilter) {
        scope: [PlanScope::SalesRep(id(1)), PlanScope::Team(id(1)), PlanScope::Product(id(2)), PlanScope::Region(text("East"))],
        status: [PlanStatus::Draft, PlanStatus::Active, PlanStatus::Closed],
        covers: [first_of(2026, 3), first_of(2026, 4)],
    }
    Opportunity(OpportunityFilter) {
        customer: [id(1), id(2)],
        product: [id(1), id(2)],
        rep: [id(1), id(2)],
        status: [OpportunityStatus::Open, OpportunityStatus::Won, OpportunityStatus::Lost],
        pipeline: labels(["Hardware", "Services"]),
        stage: labels(["engaging", "signed"]),
        expected_close: periods(),
        closed: periods(),
    }
    Quote(QuoteFilter) {
        customer: [id(1), id(2)],
        opportunity: [id(1), id(2)],
        rep: [id(1), id(2)],
        status: QuoteStatus::TRANSITIONS.states.iter().copied(),
        valid_until: periods(),
    }
    Activity(ActivityFilter) {
        lead: [id(1), id(2)],
        customer: [id(1), id(2)],
        opportunity: [id(1), id(2)],
        person: [id(1), id(2)],
        owner: [id(1), id(2)],
        kind: [ActivityKind::Call, ActivityKind::Visit, ActivityKind::Meeting, ActivityKind::Task],
        status: [ActivityStatus::Planned, ActivityStatus::Done, ActivityStatus::Cancelled],
        due: periods(),
    }
    Order(OrderFilter) {
        customer: [id(1), id(2)],
        rep: [id(1), id(2)],
        without_rep: [true, false],
        product: [id(1), id(2)],
        status: [OrderStatus::Draft, OrderStatus::Confirmed, OrderStatus::Locked, OrderStatus::Cancelled],
        fulfilment: [Fulfilment::Unfulfilled, Fulfilment::Partial, Fulfilment::Fulfilled, Fulfilment::Returned],
        payment: [PaymentStatus::Unpaid, PaymentStatus::Partial, PaymentStatus::Paid, PaymentStatus::Refunded],
        confirmed: periods(),
    }
    Payment(PaymentFilter) {
        order: [id(1), id(2)],
        source: [id(1), id(2)],
        provider: labels(["acme", "bank"]),
        kind: [PaymentKind::Whole, PaymentKind::Capture, PaymentKind::Void, PaymentKind::Refund],
        status: ProviderStatus::TRANSITIONS.states.iter().copied(),
        anomalous: [true, false],
    }
    ExchangeRate(ExchangeRateFilter) { from: [Currency::EUR, Currency::USD], to: [Currency::JPY, Currency::KWD], days: periods(), }
    ForecastAdjustment(ForecastAdjustmentFilter) {
        rep: [id(1), id(2)],
        author: [id(1), id(3)],
        period: forecast_periods(),
        roll_up: RollUp::ALL[1..].iter().copied(),
    }
    ForecastSnapshot(ForecastSnapshotFilter) { period: forecast_periods(), }
    Ticket(TicketFilter) {
        customer: [id(1), id(2)],
        assignee: [id(1), id(2)],
        unassigned: [true, false],
        group: labels(["Returns", "Repairs"]),
        status: [TicketStatus::New, TicketStatus::Open, TicketStatus::Pending, TicketStatus::OnHold, TicketStatus::Solved, TicketStatus::Closed],
        priority: [Priority::Low, Priority::Urgent],
    }
}

fn first_of(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default()
}

/// Whether a field of a filter lets a value through.
fn lets<T: PartialEq>(wanted: Option<&T>, value: Option<&T>) -> bool {
    wanted.is_none() || wanted == value
}

/// What the filters say, in the words of their documentation.
fn passes(filter: &Filter, record: &Any) -> bool {
    match (filter, record) {
        (Filter::Product(f), Any::Product(r)) => {
            lets(f.category.as_ref(), r.category.as_ref())
                && lets(f.variant_of.as_ref(), r.variant_of.as_ref())
                && lets(f.active.as_ref(), Some(&r.active))
        }
        (Filter::PriceList(f), Any::PriceList(r)) => {
            lets(f.currency.as_ref(), Some(&r.currency())) && lets(f.active.as_ref(), Some(&r.active()))
        }
        (Filter::Promotion(f), Any::Promotion(r)) => {
            lets(f.coupon.as_ref(), Some(&r.code().is_some())) && lets(f.active.as_ref(), Some(&r.active()))
        }
        (Filter::Redemption(f), Any::Redemption(r)) => {
            lets(f.promotion.as_ref(), Some(&r.promotion()))
                && lets(f.customer.as_ref(), Some(&r.customer()))
                && lets(f.order.as_ref(), r.order().as_ref())
        }
        (Filter::SalesRep(f), Any::SalesRep(r)) => {
            lets(f.manager.as_ref(), r.manager.as_ref())
                && lets(f.region.as_ref(), r.region.as_ref())
                && lets(f.active.as_ref(), Some(&r.active))
        }
        (Filter::Agent(f), Any::Agent(r)) => {
            lets(f.group.as_ref(), r.group.as_ref()) && lets(f.active.as_ref(), Some(&r.active))
        }
        (Filter::Customer(f), Any::Customer(r)) => {
            lets(f.kind.as_ref(), Some(&r.kind.name()))
                && lets(f.owner.as_ref(), r.owner.as_ref())
                && f.without_owner.is_none_or(|without| without == r.owner.is_none())
                && lets(f.region.as_ref(), r.region.as_ref())
                && lets(f.parent.as_ref(), r.parent.as_ref())
                && f.tag.as_ref().is_none_or(|tag| r.tags.contains(tag))
                && lets(f.archived.as_ref(), Some(&r.archived_at.is_some()))
        }
        (Filter::Interaction(f), Any::Interaction(r)) => {
            lets(f.customer.as_ref(), Some(&r.customer))
                && lets(f.opportunity.as_ref(), r.opportunity.as_ref())
                && lets(f.channel.as_ref(), Some(&r.channel))
        }
        (Filter::ExchangeRate(f), Any::ExchangeRate(r)) => {
            lets(f.from.as_ref(), Some(&r.from))
                && lets(f.to.as_ref(), Some(&r.to))
                && f.days.is_none_or(|days| days.contains(r.day))
        }
        (Filter::ForecastAdjustment(f), Any::ForecastAdjustment(r)) => {
            lets(f.rep.as_ref(), Some(&r.rep))
                && lets(f.author.as_ref(), Some(&r.author))
                && lets(f.period.as_ref(), Some(&r.period))
                && lets(f.roll_up.as_ref(), Some(&r.roll_up))
        }
        (Filter::ForecastSnapshot(f), Any::ForecastSnapshot(r)) => lets(f.period.as_ref(), Some(&r.forecast.period)),
        (Filter::SalePlan(f), Any::SalePlan(r)) => {
            lets(f.scope.as_ref(), Some(r.scope()))
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && f.covers.is_none_or(|day| r.period().contains(day))
        }
        (Filter::Queue(f), Any::Queue(r)) => {
            f.member.is_none_or(|member| r.roster.members().iter().any(|one| one.member == member))
                && lets(f.paused.as_ref(), Some(&r.roster.policy().paused))
        }
        (Filter::Lead(f), Any::Lead(r)) => {
            lets(f.owner.as_ref(), r.owner().as_ref())
                && lets(f.queue.as_ref(), r.queue().as_ref())
                && lets(f.status.as_ref(), Some(&r.status()))
                && lets(f.source.as_ref(), r.source())
                && f.without_owner.is_none_or(|without| without == r.owner().is_none())
                && f.waiting_in
                    .is_none_or(|queue| r.queue() == Some(queue) && r.owner().is_none() && r.status().is_open())
        }
        (Filter::Opportunity(f), Any::Opportunity(r)) => {
            lets(f.customer.as_ref(), r.customer().as_ref())
                && lets(f.product.as_ref(), r.product().as_ref())
                && lets(f.rep.as_ref(), r.rep().as_ref())
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && lets(f.pipeline.as_ref(), Some(r.pipeline()))
                && lets(f.stage.as_ref(), Some(&r.stage().key))
                && f.expected_close.is_none_or(|days| r.expected_close().is_some_and(|day| days.contains(day)))
                && f.closed.is_none_or(|days| r.state().close_day().is_some_and(|day| days.contains(day)))
        }
        (Filter::Quote(f), Any::Quote(r)) => {
            lets(f.customer.as_ref(), Some(&r.customer()))
                && lets(f.opportunity.as_ref(), r.opportunity().as_ref())
                && lets(f.rep.as_ref(), r.rep().as_ref())
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && f.valid_until.is_none_or(|days| r.valid_until().is_some_and(|day| days.contains(day)))
        }
        (Filter::Activity(f), Any::Activity(r)) => {
            lets(f.lead.as_ref(), r.lead().as_ref())
                && lets(f.customer.as_ref(), r.customer().as_ref())
                && lets(f.opportunity.as_ref(), r.opportunity().as_ref())
                && lets(f.person.as_ref(), r.person().as_ref())
                && lets(f.owner.as_ref(), r.owner().as_ref())
                && lets(f.kind.as_ref(), Some(&r.kind()))
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && f.due.is_none_or(|days| days.contains(r.due()))
        }
        (Filter::Order(f), Any::Order(r)) => {
            lets(f.customer.as_ref(), Some(&r.customer()))
                && lets(f.rep.as_ref(), r.rep().as_ref())
                && f.without_rep.is_none_or(|without| without == r.rep().is_none())
                && f.product.is_none_or(|product| r.lines().iter().any(|line| line.product() == product))
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && lets(f.fulfilment.as_ref(), Some(&r.fulfilment()))
                && lets(f.payment.as_ref(), Some(&r.payment_status()))
                && f.confirmed.is_none_or(|days| r.state().confirmed_on().is_some_and(|day| days.contains(day)))
        }
        (Filter::Payment(f), Any::Payment(r)) => {
            lets(f.order.as_ref(), Some(&r.order()))
                && lets(f.source.as_ref(), r.source().as_ref())
                && lets(f.provider.as_ref(), Some(r.reference().provider()))
                && lets(f.kind.as_ref(), Some(&r.kind()))
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && lets(f.anomalous.as_ref(), Some(&!r.anomalies().is_empty()))
        }
        (Filter::Ticket(f), Any::Ticket(r)) => {
            lets(f.customer.as_ref(), Some(&r.customer()))
                && lets(f.assignee.as_ref(), r.assignee().as_ref())
                && f.unassigned.is_none_or(|unassigned| unassigned == r.assignee().is_none())
                && lets(f.group.as_ref(), r.group())
                && lets(f.status.as_ref(), Some(&r.state().status()))
                && lets(f.priority.as_ref(), r.priority().as_ref())
        }
        _ => false,
    }
}

/// The filtered list in its other order, where the family has one.
fn listed_otherwise<T: Records + ?Sized>(tx: &T, filter: &Filter) -> Stored<Option<Vec<RecordRef>>> {
    Ok(Some(match filter {
        Filter::Customer(f) => tx.customers_by_name(f, Page::first(1_000))?.iter().map(|one| one.id.into()).collect(),
        Filter::Activity(f) => tx.activities_by_due(f, Page::first(1_000))?.iter().map(|one| one.id.into()).collect(),
        Filter::Order(f) => tx.orders_by_day(f, Page::first(1_000))?.iter().map(|one| one.id.into()).collect(),
        Filter::Ticket(f) => tx.tickets_by_due(f, Page::first(1_000))?.iter().map(|one| one.id.into()).collect(),
        _ => return Ok(None),
    }))
}

/// The key of a record in that order; `None` where it stays out.
fn other_key(record: &Any) -> Option<(String, RecordRef)> {
    let key = match record {
        Any::Customer(one) => one.name.key(),
        Any::Activity(one) => one.planned_for()?.to_string(),
        Any::Order(one) => one.state().confirmed_on()?.to_string(),
        Any::Ticket(one) => one.due_at()?.to_rfc3339(),
        _ => return None,
    };
    Some((key, record.id()))
}

/// C22: each filter gives what it says, and the filters together what all of them say; a count equals the length of the whole list.
pub fn c22_filters_give_what_they_say_alone_and_together<S: Store>(open: impl Fn() -> S) {
    let store = founded(open, "C22");
    let mut records = crowd(80);
    // The orders of the crowd are there before them.
    for (n, record) in (0..).zip(&mut records) {
        if let Any::Redemption(redemption) = record {
            let order = [None, Some(id(11)), Some(id(12))][n % 3];
            let parts = RedemptionParts { order, on_lines: n % 3 > 1, ..redemption.as_ref().clone().into() };
            **redemption = valid(parts.try_into());
        }
    }
    write(&store, "C22", |tx| insert_all(tx, &records));
    records.extend(ground());
    for family in Family::ALL {
        let mut of_family: Vec<&Any> = records.iter().filter(|record| record.family() == *family).collect();
        of_family.sort_by_key(|record| record.id());
        let singles = single(*family);
        for (field, filter) in &singles {
            let through = of_family.iter().filter(|record| passes(filter, record)).count();
            let teeth = 0 < through && through < of_family.len();
            assert!(teeth, "C22 {family}: the suite's own records must tell {field} apart: {filter:?}");
        }
        let pairs = singles.iter().enumerate().flat_map(|(place, (one, filter))| {
            let later = singles[place..].iter();
            later.map(move |(other, second)| (format!("{one} and {other}"), both(filter, second)))
        });
        let none = ("nothing".to_owned(), family.no_filter());
        read(&store, format!("C22 {family}"), |tx| {
            for (fields, filter) in pairs.chain([none]) {
                let expected: Vec<&Any> = of_family.iter().copied().filter(|record| passes(&filter, record)).collect();
                let found = list(tx, &filter, Page::first(1_000))?;
                let (ids, wanted): (Vec<_>, Vec<_>) =
                    (found.iter().map(Any::id).collect(), expected.iter().map(|record| record.id()).collect());
                assert_eq!(ids, wanted, "C22 {family}: filtered by {fields}: {filter:?}");
                let counted = count(tx, &filter)?;
                assert_eq!(counted, wanted.len() as u64, "C22 {family}: counted by {fields}: {filter:?}");
                if let Some(found) = listed_otherwise(tx, &filter)? {
                    let wanted = sorted(expected.iter().filter_map(|record| other_key(record)));
                    let wanted: Vec<RecordRef> = wanted.into_iter().map(|(_, id)| id).collect();
                    assert_eq!(found, wanted, "C22 {family}: filtered by {fields}, in the other order: {filter:?}");
                }
            }
            Ok(())
        });
    }
}
