//! The operations of a sales team: leads, customers, communications, products, price lists, promotions, reps, plans,
//! opportunities, forecasts, activities, quotes, orders, payments and shipments.
//!
//! **What it is.** One function for each thing that a sales team does, named by its verb: [`register_customer`],
//! [`confirm_order`], [`win_opportunity`]. Each takes a transaction, an [`Act`](crm_core::Act) and its input; it loads
//! the record, lets it decide by its own rules, saves it and appends the fact to the journal, with the actor and the
//! cause of the act. It gives the record as it is now, or a [`SalesError`] that says which rule stood against it.
//!
//! **What it does not do.** It opens no store and commits nothing: any operations can share one commit, and the host
//! decides what a failure undoes. It knows no SQL, no clock, and neither tickets nor statistics; those are in
//! `crm-service` and `crm-analytics`. Reading one record or a list needs no operation: the families of
//! [`crm_core::store`] have it.
//!
//! **Where to start.** With [`register_customer`] and [`draft_order`], and with [`plan_result`] for what came of it:
//!
//! ```
//! use crm_core::{
//!     Currency, Money, NewCustomer, NewOrder, NewPayment, NewProduct, NewSalePlan, NewSalesRep, PaymentStatus, Period,
//!     PlanScope, UnitPrice, store::Store,
//! };
//! use crm_sales as sales;
//! use crm_testkit::{Acts, MemoryStore};
//!
//! let (store, mut acts) = (MemoryStore::new(), Acts::new()); // 2 March 2026
//! let (order, result) = store.write(|tx| {
//!     let act = &mut acts.next("alice");
//!     let lin = sales::add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
//!     let target = Money::parse("1000.00", Currency::EUR)?;
//!     let march = NewSalePlan::new("March".parse()?, Period::month(2026, 3)?, target, PlanScope::SalesRep(lin.id));
//!     let march = sales::draft_plan(tx, act, march)?;
//!     sales::activate_plan(tx, act, march.id)?;
//!
//!     let zhang = sales::register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
//!     let price = UnitPrice::parse("49.90", Currency::EUR)?;
//!     let lamp = sales::add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;
//!     let order = NewOrder::for_customer(zhang.id, Currency::EUR).rep(lin.id).line(lamp.id, 2);
//!     let order = sales::draft_order(tx, act, order)?;
//!     sales::confirm_order(tx, act, order.id)?;
//!     let order = sales::pay_order(tx, act, order.id, NewPayment::of(order.total()))?;
//!
//!     Ok::<_, sales::SalesError>((order, sales::plan_result(tx, march.id)?))
//! })?;
//! assert_eq!(order.payment_status(), PaymentStatus::Paid);
//! assert_eq!(result.actual.to_string(), "99.80 EUR");
//! assert_eq!(result.deviation()?.to_string(), "-900.20 EUR");
//! # Ok::<(), sales::SalesError>(())
//! ```
//!
//! # Rules that hold for all
//!
//! - An operation that is refused wrote nothing.
//! - Where nothing would be different, these succeed, write nothing and append nothing: a patch or an amendment with
//!   what stands there ([`update_customer`], [`change_prices`] and their like, [`revise_opportunity`], [`revise_activity`],
//!   [`amend_plan`], [`amend_order`]), [`archive_customer`], [`restore_customer`], [`rate_interaction`], [`price_order_by`],
//!   [`reassign_order`] and [`advance_opportunity`];
//!   [`give_lead`], [`enqueue_lead`], [`apply_assignment_rules`] where the lead stands there already, [`assign_lead`] and
//!   [`drain_queue`] where nobody can take what waits, and [`apply_conversion`] of a lead that is converted.
//!   Every other step is refused where it was done already: an order
//!   is not confirmed, locked, unlocked or cancelled twice, a shipment not delivered or returned twice, an
//!   opportunity not won, lost or reopened twice, an activity not completed, cancelled or reopened twice, a quote not sent, accepted or revised twice, a plan not
//!   activated or closed twice, and nothing is deleted twice. Shipping what was shipped is refused too; each payment
//!   and refund is a new one. With a provider it is known by its reference: [`begin_payment`], [`begin_part`] and
//!   [`settle_part`] under one that has done what is asked write nothing, and a repeated report is kept as an anomaly.
//! - A patch with an `expected` revision is a [`SalesError::Conflict`] where the record is at another one.
//! - A new record takes the id that the input brings, or else the next one of the act.
//! - An archived customer gets no new business: no order is drafted, no opportunity opened or reopened, no
//!   activity planned for it, and nobody comes to belong to it. What was begun goes on.
//! - An inactive rep gets no new business: none is newly set on an order, an opportunity, a lead or, as its owner, on an
//!   activity or a customer. What they have stays theirs until it is reassigned.
//!
//! # Under a key
//!
//! An act with an idempotency key ([`Act::with_key`](crm_core::Act::with_key)) has its effect once. Whoever does not know
//! whether a commit came through repeats the whole act, in a transaction of its own: what was done gives the first answer
//! again, and nothing is written. The key and the place of the operation among those of its transaction name the answer;
//! another operation or another input there is [`SalesError::Idempotency`], and so is an answer that was erased
//! ([`Answers::erase_answers`](crm_core::store::Answers::erase_answers)). What was refused or rolled back is tried again.
//! An operation that calls others is one.
//!
//! ```
//! use crm_core::{Currency, IdempotencyError, NewCustomer, NewOrder, NewProduct, UnitPrice, store::Store};
//! use crm_sales::{SalesError, add_product, place_order, register_customer};
//! use crm_testkit::{Acts, MemoryStore};
//!
//! let (store, mut acts) = (MemoryStore::new(), Acts::new());
//! let (zhang, lamp) = store.write(|tx| {
//!     let act = &mut acts.next("alice");
//!     let zhang = register_customer(tx, act, NewCustomer::person("张三".parse()?))?;
//!     let price = UnitPrice::parse("49.90", Currency::EUR)?;
//!     let lamp = NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price);
//!     Ok::<_, SalesError>((zhang.id, add_product(tx, act, lamp)?.id))
//! })?;
//! let mut basket = |lamps: u32| {
//!     let act = &mut acts.next("web shop").with_key("basket 4711".parse()?);
//!     store.write(|tx| place_order(tx, act, NewOrder::for_customer(zhang, Currency::EUR).line(lamp, lamps)))
//! };
//! let order = basket(2)?;
//! assert_eq!(basket(2)?, order);
//! assert!(matches!(basket(3), Err(SalesError::Idempotency(IdempotencyError::Mismatch { .. }))));
//! # Ok::<(), SalesError>(())
//! ```

mod activities;
mod actual_sales;
mod catalogue;
mod confirming;
mod contact_points;
mod conversions;
mod customers;
mod document_prices;
mod error;
mod exchange;
mod forecasting;
mod fulfilment;
mod interactions;
mod leads;
mod opportunities;
mod ordering;
mod payments;
mod planning;
mod prices;
mod promotions;
mod providers;
mod queues;
mod quoting;
mod team;

// What the operations share.
mod hierarchy;
mod record;

pub use self::{
    activities::{
        DealHealth, Schedule, cancel_activity, complete_activity, deal_health, delete_activity, plan_activity,
        reopen_activity, revise_activity, schedule_activities,
    },
    actual_sales::{ActualSales, actual_sales, sales_of_rep},
    catalogue::{add_product, delete_product, update_product},
    confirming::{
        cancel_order, cancel_order_on, confirm_order, confirm_order_in, confirm_order_on, delete_order, lock_order,
        unlock_order,
    },
    contact_points::mark_contact_point,
    conversions::{
        Converted, ConvertedLead, NotConverted, RefusedLead, Reps, apply_conversion, convert_leads, plan_conversion,
        undo_conversion,
    },
    customers::{archive_customer, delete_customer, register_customer, restore_customer, update_customer},
    document_prices::{
        add_order_lines, add_quote_lines, price_order_by, price_quote_by, update_order_prices, update_quote_prices,
    },
    error::SalesError,
    exchange::{add_exchange_rate, convert, delete_exchange_rate, rate_on, update_exchange_rate},
    forecasting::{
        adjust_forecast, forecast, movement_between, pipeline_movement, take_forecast_snapshot, withdraw_adjustment,
    },
    fulfilment::{deliver_shipment, return_lines, return_shipment, ship_lines, ship_order},
    interactions::{delete_interaction, log_interaction, rate_interaction},
    leads::{
        DuplicateHint, DuplicateHints, DuplicateKey, add_lead, delete_lead, disqualify_lead, duplicate_hints,
        give_lead, log_lead_touch, nurture_lead, qualify_lead, reopen_lead, revise_lead, work_lead,
    },
    opportunities::{
        advance_opportunity, delete_opportunity, lose_opportunity, open_opportunity, reopen_opportunity,
        revise_opportunity, win_opportunity,
    },
    ordering::{OrderAmendment, amend_order, copy_order, draft_order, place_order, place_order_on, reassign_order},
    payments::{pay_order, refund_order, undo_refund, undo_refund_on},
    planning::{PlanResult, activate_plan, amend_plan, close_plan, delete_plan, draft_plan, plan_result},
    prices::{PriceLine, add_price_list, change_prices, delete_price_list, price_book, price_lines, update_price_list},
    promotions::{
        add_promotion, apply_coupon, apply_promotion, delete_promotion, find_coupon, redeem_promotion,
        release_promotions, release_redemption, update_promotion,
    },
    providers::{
        ReportedPayment, authorise_payment, begin_part, begin_payment, capture_payment, delete_payment, enter_payment,
        fail_payment, pend_payment, report_payment, settle_part, void_payment,
    },
    queues::{
        AssignedLead, Drained, add_queue, apply_assignment_rules, assign_lead, delete_queue, drain_queue, enqueue_lead,
        route_lead, update_queue,
    },
    quoting::{
        QuoteAmendment, accept_quote, amend_quote, approve_quote, cancel_quote, copy_quote, delete_quote, draft_quote,
        expire_quote, reject_quote, revise_quote, send_back_quote, send_quote, submit_quote,
    },
    team::{add_sales_rep, delete_sales_rep, update_sales_rep},
};
