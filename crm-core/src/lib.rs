//! The records, rules and storage contract of an embeddable customer-relationship engine.
//!
//! **What it is.** The vocabulary ([`Money`], [`Percent`], [`Period`], [`Name`], [`EmailAddress`], ids), the records ([`Customer`], [`Order`],
//! [`Ticket`] …) with their rules, the facts that they make, and the traits that a store implements ([`store`]).
//!
//! **What it does not do.** No I/O, no clock, no chance: the instant, the actor and the entropy of new ids come with an [`Act`]. It does not combine
//! records either; the operations of `crm-sales` and `crm-service` do.
//!
//! **Where to start.** With the facade `crm`, which brings a store and a clock. Here, with [`Act`] and one record:
//!
//! ```
//! use chrono::{TimeZone, Utc};
//! use crm_core::{Act, Currency, NewOrderLine, OrderLine, Percent, Quantity, UnitPrice};
//! use crm_core::{Draft, Order, OrderError, OrderStatus};
//!
//! let at = Utc.with_ymd_and_hms(2026, 3, 2, 9, 30, 0).unwrap();
//! let mut act = Act::new(at, "alice".parse()?, [7; 10]);
//! let (zhang, lamp) = (act.new_id(), act.new_id());
//!
//! let price = UnitPrice::parse("49.90", Currency::EUR)?;
//! let lines = vec![OrderLine::new(1, lamp, Quantity::from(2), price, Percent::ZERO)?];
//! let (id, number) = (act.new_id(), "SO-1".parse()?);
//! let draft = Draft::new(id, number, zhang, Currency::EUR, lines);
//! let mut order = Order::draft(at, draft)?;
//! assert_eq!(order.total().to_string(), "99.80 EUR");
//!
//! order.confirm(at, at.date_naive())?;
//! assert!(matches!(order.confirm(at, at.date_naive()), Err(OrderError::NotAllowed { status: OrderStatus::Confirmed, .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How records are made
//!
//! All records carry `id`, `revision`, `created_at` and `updated_at`. A record without states has public fields; its constructor, its `update` and reading it check what the types do
//! not. A record
//! that a state machine guards ([`SalePlan`], [`Lead`], [`Opportunity`], [`Activity`], [`Quote`], [`Order`], [`Payment`], [`Ticket`]) has getters; only its transitions change it, all or nothing, and each returns
//! the fact that it made or a typed refusal. Its `…Parts` are the same fields in the open, for stores and deserialisers, and are checked on the way in.
//!
//! Personal data (names, addresses, free text, birth dates) never shows in `Debug` or in an error's message.

mod act;
mod activity;
mod agent;
mod answer;
pub mod assignment;
pub mod bulk;
mod calendar;
mod contact_point;
pub mod conversion;
mod customer;
mod decimal;
mod discount;
mod email;
mod exchange_rate;
mod figures;
mod forecast;
mod id;
mod interaction;
mod invalid;
mod journal;
mod lead;
mod money;
mod opportunity;
mod order;
mod patch;
mod payment;
mod phone;
mod pipeline;
mod postal_address;
mod price_list;
mod pricing;
mod product;
mod promotion;
mod queue;
mod quote;
mod record;
mod sale_plan;
mod sales_rep;
mod search;
mod sla;
pub mod store;
mod tax;
mod text;
mod ticket;
mod time;
mod totals;
mod transition;
mod window;

pub use self::{
    act::{Act, Cause},
    activity::{
        Activity, ActivityAction, ActivityError, ActivityFact, ActivityKind, ActivityParties, ActivityParts,
        ActivityPatch, ActivityPlan, ActivityPlanBuilder, ActivityState, ActivityStatus, ActivityStep, Completion,
        NewActivity, PlannedStep,
    },
    agent::{Agent, AgentFact, AgentPatch, NewAgent},
    answer::{Answer, AnswerContent, Answered, Fingerprint, IdempotencyError, Keyed, once},
    assignment::{
        AssignmentPolicy, AssignmentRule, AssignmentStrategy, FairnessWindow, Member, Roster, RosterMember,
        WaitingOrder,
    },
    calendar::{BusinessCalendar, ClockHours, OpeningHours, Week, Zone},
    contact_point::{
        ContactLabel, ContactMark, ContactPoint, ContactPoints, ContactRef, ContactStanding, ContactValue,
    },
    conversion::{CloseBy, Conversion, ConversionDeal, ConversionPlan, ConversionTarget, NewConversion, Qualification},
    customer::{
        Contact, Customer, CustomerFact, CustomerKind, CustomerPatch, CustomerType, Gender, Need, NeedKind, NewCustomer,
    },
    decimal::{Percent, Quantity, Rate, UnitPrice, Units},
    discount::{
        Approval, ApprovalError, BeyondLimit, DiscountLimit, DiscountedLine, LeastAmount, LimitKind, Measured,
        MinMargin,
    },
    email::EmailAddress,
    exchange_rate::{
        ConvertedAmount, DatedRate, Exchange, ExchangeRate, ExchangeRateFact, ExchangeRatePatch, NewExchangeRate,
        RateError, RatePolicy,
    },
    figures::{
        CustomerFigure, Deals, FigureMismatch, ForecastFigure, ForecastKey, PipelineFigure, PipelineKey, SalesBy,
        SalesFigure, SalesKey, SalesOf, Span, TicketFigure, TicketKey,
    },
    forecast::{
        AdjustedNumber, CategoryTotal, Forecast, ForecastAdjustment, ForecastAdjustmentFact, ForecastNumber,
        ForecastSnapshot, ForecastSnapshotFact, ForecastTotals, NewForecastAdjustment, NewForecastSnapshot,
        PipelineFlow, PipelineMovement, PipelineScope, RepForecast, RollUp,
    },
    id::{
        ActivityId, AgentId, CustomerId, ExchangeRateId, ForecastAdjustmentId, ForecastSnapshotId, IdError, ImportId,
        InteractionId, LeadId, OpportunityId, OrderId, PaymentId, PriceListId, ProductId, PromotionId, QueueId,
        QuoteId, RecordId, RedemptionId, SalePlanId, SalesRepId, TicketId, typeid,
    },
    interaction::{Channel, Direction, Interaction, InteractionFact, NewInteraction, Participant, Rating},
    invalid::{Invalid, Rule},
    journal::{Entry, Fact, Position, RecordRef, TimelineItem},
    lead::{
        Disqualification, Lead, LeadAction, LeadError, LeadFact, LeadParts, LeadPatch, LeadPlace, LeadState,
        LeadStatus, LeadTouch, NewLead,
    },
    money::{Currency, Money, Rounding},
    opportunity::{
        AmountSource, By, ContactRole, DealLine, DealStanding, Loss, NewOpportunity, Opportunity, OpportunityAction,
        OpportunityError, OpportunityFact, OpportunityParts, OpportunityPatch, OpportunityState, OpportunityStatus,
        Push, Recurring, Sale, StageVisit,
    },
    order::{
        Draft, EntryKind, Fulfilment, NewOrder, NewOrderLine, NewPayment, NewRefund, Order, OrderAction, OrderError,
        OrderFact, OrderLine, OrderLineParts, OrderParts, OrderState, OrderStatus, PaymentEntry, PaymentStatus,
        RefundedLine, Revenue, RevenueKind, Shipment, ShipmentState, ShipmentStatus, ShippedLine,
    },
    payment::{
        AnomalyKind, NewPaymentPart, NewProviderPayment, Payment, PaymentAction, PaymentAnomaly, PaymentBalance,
        PaymentError, PaymentFact, PaymentKind, PaymentParts, PaymentReference, PaymentReport, PaymentState,
        ProviderStatus,
    },
    phone::Phone,
    pipeline::{ForecastCategory, Pipeline, PipelineBuilder, RequiredField, Stage, StageKind},
    postal_address::{PostalAddress, PostalAddressFields},
    price_list::{
        Aggregation, NewPriceList, NewPriceRule, PriceBase, PriceChanges, PriceFormula, PriceList, PriceListError,
        PriceListFact, PriceListParts, PriceListPatch, PriceListTerms, PriceMultiple, PriceRule, PriceTarget,
        PriceTier, PriceTiers, Pricing, TierMode, TierPrice,
    },
    pricing::{
        Portion, Price, PriceBook, PriceError, PriceReason, PriceRequest, RulePassedOver, Specificity, StepPrice,
    },
    product::{NewProduct, Product, ProductFact, ProductPatch},
    promotion::{
        NewPromotion, NewRedemption, PromotedLine, Promotion, PromotionError, PromotionFact, PromotionParts,
        PromotionPatch, Redemption, RedemptionFact, RedemptionParts,
    },
    queue::{NewQueue, Queue, QueueFact, QueuePatch},
    quote::{
        NewQuote, Quote, QuoteAction, QuoteContent, QuoteDraft, QuoteError, QuoteFact, QuoteParts, QuoteState,
        QuoteStatus,
    },
    record::Revision,
    sale_plan::{
        CreditAt, NewSalePlan, PlanAction, PlanError, PlanScope, PlanState, PlanStatus, SalePlan, SalePlanFact,
        SalePlanParts, SalePlanPatch, Strategy, StrategyKind,
    },
    sales_rep::{NewSalesRep, SalesRep, SalesRepFact, SalesRepPatch},
    search::{SearchFamily, SearchHit, SearchPlace, SearchQuery, SearchText, SearchTier, SearchWord, Searched},
    sla::{
        SlaAlarm, SlaEvent, SlaLedger, SlaMeasure, SlaMetric, SlaOutcome, SlaPolicy, SlaRing, SlaSegment, SlaStatus,
        SlaTarget, SlaTime,
    },
    tax::{PriceBasis, Tax, TaxRounding, Taxation},
    text::{Actor, ExternalId, IdempotencyKey, Label, Name, Number, Subject, Text},
    ticket::{
        MessageKind, NewMessage, NewTicket, Priority, Ticket, TicketAction, TicketError, TicketFact, TicketMessage,
        TicketParts, TicketPatch, TicketState, TicketStatus, Unassigned,
    },
    time::{FiscalCalendar, FiscalQuarter, Period, WorkingDays},
    totals::{Discount, LineTotals, TaxTotal, Taxable, Terms, Totals},
    transition::{Transition, Transitions},
    window::Window,
};
