//! A company that all goes well with, until somebody types something wrong.

use std::{
    error::Error as _,
    fmt::{self, Debug},
};

use chrono::NaiveDate;
use crm::{
    Act, Activity, ActivityKind, Agent, Channel, Crm, Currency, Customer, Direction, Error, ExternalId, Interaction,
    Invalid, Money, NewActivity, NewAgent, NewCustomer, NewInteraction, NewOpportunity, NewOrder, NewPayment,
    NewProduct, NewSalePlan, NewSalesRep, NewTicket, Opportunity, Order, OrderError, Percent, Period, Pipeline,
    PlanScope, Product, RecordId, RecordRef, Revision, Rule, SalePlan, SalesRep, Ticket, UnitPrice,
    sales::{self, SalesError},
    service::{self, ServiceError},
    sqlite::SqliteTx,
    store::{
        Activities, Agents, Customers, ExchangeRates, ForecastAdjustments, ForecastSnapshots, Interactions, Journal,
        Leads, Opportunities, Orders, Page, Payments, PriceLists, Products, Promotions, Queues, Quotes, Redemptions,
        SalePlans, SalesReps, StoreErrorKind, Tickets,
    },
};

/// A company with one record of each family, each with a number or an id in another system.
pub(crate) struct Company {
    pub(crate) crm: Crm,
    pub(crate) ada: Customer,
    pub(crate) acme: Customer,
    pub(crate) lin: SalesRep,
    pub(crate) lamp: Product,
    /// Priced in dollars.
    pub(crate) bulb: Product,
    pub(crate) plan: SalePlan,
    pub(crate) hardware: Pipeline,
    pub(crate) deal: Opportunity,
    pub(crate) visit: Activity,
    /// A draft.
    pub(crate) order: Order,
    /// Confirmed and half paid.
    pub(crate) sold: Order,
    pub(crate) call: Interaction,
    pub(crate) mei: Agent,
    pub(crate) ticket: Ticket,
}

/// What belongs to persons here, in good input and in bad: none of it may show in an error.
const PERSONAL: [&str; 6] = ["ovelace", "ada@", "ada.", "7946018", "7946 018", "flickers"];

impl Company {
    pub(crate) fn new() -> Result<Self, Error> {
        let crm = Crm::open_in_memory()?;
        let elsewhere = "E-1".parse::<ExternalId>()?;

        let lin = NewSalesRep::new("Lin Wei".parse()?).external_id(elsewhere.clone());
        let lin = alice(&crm, |tx, act| sales::add_sales_rep(tx, act, lin))?;
        let ada = NewCustomer::person("Ada Lovelace".parse()?)
            .email("ada@lovelace.example".parse()?)
            .phone("+44 20 7946 0187".parse()?)
            .external_id(elsewhere.clone());
        let ada = alice(&crm, |tx, act| sales::register_customer(tx, act, ada))?;
        let acme = NewCustomer::organisation("Acme".parse()?);
        let acme = alice(&crm, |tx, act| sales::register_customer(tx, act, acme))?;
        let price = UnitPrice::parse("49.90", Currency::EUR)?;
        let lamp = NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price);
        let lamp = alice(&crm, |tx, act| sales::add_product(tx, act, lamp))?;
        let price = UnitPrice::parse("9.99", Currency::USD)?;
        let bulb = NewProduct::new("BULB-1".parse()?, "Bulb".parse()?, price);
        let bulb = alice(&crm, |tx, act| sales::add_product(tx, act, bulb))?;

        let scope = PlanScope::SalesRep(lin.id);
        let plan = NewSalePlan::new("March".parse()?, Period::month(2026, 3)?, eur("1000")?, scope);
        let plan = alice(&crm, |tx, act| sales::draft_plan(tx, act, plan))?;
        let hardware = Pipeline::new("Hardware".parse()?)
            .open("prospecting".parse()?, Percent::whole(10))
            .won("won".parse()?)
            .build()?;
        let deal = NewOpportunity::new("forty lamps".parse()?).customer(ada.id).external_id(elsewhere.clone());
        let deal = alice(&crm, |tx, act| sales::open_opportunity(tx, act, &hardware, deal))?;
        let visit = NewActivity::new(ActivityKind::Visit, "show the lamps".parse()?, deal.created_at.date_naive());
        let visit = visit.opportunity(deal.id).external_id(elsewhere.clone());
        let visit = alice(&crm, |tx, act| sales::plan_activity(tx, act, visit))?;
        let two_lamps = NewOrder::for_customer(ada.id, Currency::EUR).line(lamp.id, 2);
        let order = two_lamps.clone().rep(lin.id).number("SO-7".parse()?).external_id(elsewhere.clone());
        let order = alice(&crm, |tx, act| sales::draft_order(tx, act, order))?;
        let half = NewPayment::of(eur("49.90")?);
        let sold = alice(&crm, |tx, act| {
            let sold = sales::draft_order(tx, act, two_lamps)?;
            sales::confirm_order(tx, act, sold.id)?;
            sales::pay_order(tx, act, sold.id, half)
        })?;

        let call = NewInteraction::new(ada.id, Channel::Phone, Direction::Inbound, "it flickers".parse()?);
        let call = call.external_id(elsewhere.clone());
        let call = alice(&crm, |tx, act| sales::log_interaction(tx, act, call))?;
        let mei = NewAgent::new("Mei".parse()?).external_id(elsewhere.clone());
        let mei = alice(&crm, |tx, act| service::add_agent(tx, act, mei))?;
        let ticket = NewTicket::new(ada.id, Channel::Email, "the lamp flickers".parse()?);
        let ticket = ticket.number("T-7".parse()?).external_id(elsewhere);
        let ticket = alice(&crm, |tx, act| service::open_ticket(tx, act, ticket))?;
        Ok(Self { crm, ada, acme, lin, lamp, bulb, plan, hardware, deal, visit, order, sold, call, mei, ticket })
    }

    /// What is refused here, in a transaction that commits nevertheless: nothing is written and nothing personal shows.
    #[track_caller]
    pub(crate) fn refuses<T: Debug, E: Into<Error> + Debug>(
        &self,
        wrong: impl FnOnce(&mut SqliteTx<'_>, &mut Act) -> Result<T, E>,
    ) -> Error {
        let before = self.everything();
        let refused =
            alice(&self.crm, |tx, act| Ok::<_, Error>(wrong(tx, act).expect_err("it must be refused").into()));
        let refused = refused.expect("the transaction itself commits");
        assert_eq!(self.everything(), before, "something is left of what was refused with: {refused}");

        let mut shown = format!("{refused} {refused:?}");
        let mut source = refused.source();
        while let Some(cause) = source {
            shown += &format!(" {cause} {cause:?}");
            source = cause.source();
        }
        for personal in PERSONAL {
            assert!(!shown.contains(personal), "{personal} shows in: {shown}");
        }
        refused
    }

    /// All records and the whole journal.
    fn everything(&self) -> impl PartialEq + Debug + use<> {
        let everything = self.crm.read(|tx| {
            let tickets = tx.tickets(&Default::default(), Page::first(100))?;
            Ok((
                (
                    tx.customers(&Default::default(), Page::first(100))?,
                    tx.interactions(&Default::default(), Page::first(100))?,
                    tx.products(&Default::default(), Page::first(100))?,
                    tx.sales_reps(&Default::default(), Page::first(100))?,
                    tx.sale_plans(&Default::default(), Page::first(100))?,
                    (
                        tx.queues(&Default::default(), Page::first(100))?,
                        tx.leads(&Default::default(), Page::first(100))?,
                    ),
                    (
                        tx.opportunities(&Default::default(), Page::first(100))?,
                        tx.forecast_adjustments(&Default::default(), Page::first(100))?,
                        tx.forecast_snapshots(&Default::default(), Page::first(100))?,
                    ),
                    tx.activities(&Default::default(), Page::first(100))?,
                ),
                (
                    tx.orders(&Default::default(), Page::first(100))?,
                    tx.provider_payments(&Default::default(), Page::first(100))?,
                    tx.exchange_rates(&Default::default(), Page::first(100))?,
                    tx.agents(&Default::default(), Page::first(100))?,
                    tx.messages(self.ticket.id, Page::first(100))?,
                    tickets,
                    tx.quotes(&Default::default(), Page::first(100))?,
                    tx.price_lists(&Default::default(), Page::first(100))?,
                    tx.promotions(&Default::default(), Page::first(100))?,
                    tx.redemptions(&Default::default(), Page::first(100))?,
                    tx.entries(Page::first(1000))?,
                ),
            ))
        });
        everything.expect("it can be read")
    }

    /// The id of a record that is not there.
    pub(crate) fn nobody<I: RecordId>(&self) -> I {
        self.crm.act("alice").expect("there is entropy").new_id()
    }

    pub(crate) fn two_lamps(&self) -> NewOrder {
        NewOrder::for_customer(self.ada.id, Currency::EUR).line(self.lamp.id, 2)
    }
}

/// One act of alice in one commit.
pub(crate) fn alice<T, E: Into<Error>>(
    crm: &Crm,
    f: impl FnOnce(&mut SqliteTx<'_>, &mut Act) -> Result<T, E>,
) -> Result<T, Error> {
    crm.write(|tx| f(tx, &mut crm.act("alice")?).map_err(Into::into))
}

pub(crate) fn eur(amount: &str) -> Result<Money, Error> {
    Ok(Money::parse(amount, Currency::EUR)?)
}

pub(crate) fn day(text: &str) -> Result<NaiveDate, Error> {
    text.parse().map_err(Error::host)
}

/// The rule that a value of this field broke; the message begins with both, after the number of the line where it is of one, or what was asked of which order.
pub(crate) fn broken(refused: &Error, field: &str) -> Rule {
    let invalid: &Invalid = match refused {
        Error::Invalid(invalid) => invalid,
        Error::Service(refused) => refused.invalid().unwrap_or_else(|| panic!("no value was refused: {refused}")),
        Error::Sales(refused) => refused.invalid().unwrap_or_else(|| panic!("no value was refused: {refused}")),
        other => panic!("no value was refused: {other}"),
    };
    assert_eq!(invalid.field(), field);
    let (message, line) = match refused {
        Error::Sales(SalesError::Line { record: None, number, .. }) => {
            (refused.to_string(), format!("line {number}: "))
        }
        Error::Sales(SalesError::Line { record: Some(record), number, .. }) => {
            (refused.to_string(), format!("line {number} of {record}: "))
        }
        Error::Sales(SalesError::Order(OrderError::Value { order, action, .. })) => {
            (refused.to_string(), format!("cannot {action} {order}: "))
        }
        _ => (refused.to_string(), String::new()),
    };
    assert!(message.starts_with(&format!("{line}{field} {}", invalid.rule())), "{message}");
    invalid.rule().clone()
}

/// What the store said.
pub(crate) fn kind(refused: &Error) -> &StoreErrorKind {
    let kind = match refused {
        Error::Store(error) => Some(error.kind()),
        Error::Sales(refused) => refused.store_kind(),
        Error::Service(refused) => refused.store_kind(),
        _ => None,
    };
    kind.unwrap_or_else(|| panic!("the store did not refuse it: {refused}"))
}

#[track_caller]
pub(crate) fn assert_taken(refused: &Error, record: &'static str, field: &'static str) {
    assert_eq!(*kind(refused), StoreErrorKind::Duplicate { record, field });
    assert_eq!(refused.to_string(), format!("the {field} of the {record} is taken"));
}

#[track_caller]
pub(crate) fn assert_missing(refused: &Error, record: &'static str, field: &'static str) {
    assert_eq!(*kind(refused), StoreErrorKind::MissingReference { record, field });
    assert_eq!(refused.to_string(), format!("the {record} refers by its {field} to a record that is not there"));
}

#[track_caller]
pub(crate) fn assert_not_there(refused: &Error, id: impl Into<RecordRef> + fmt::Display + Copy) {
    match refused {
        Error::Sales(SalesError::NotFound { record }) | Error::Service(ServiceError::NotFound { record }) => {
            assert_eq!(*record, id.into());
        }
        other => panic!("it is there: {other}"),
    }
    assert!(refused.to_string().contains(&format!("{id} is not there")), "{refused}");
}

#[track_caller]
pub(crate) fn assert_conflict(refused: &Error, id: impl Into<RecordRef>) {
    match refused {
        Error::Sales(SalesError::Conflict { record, expected, found })
        | Error::Service(ServiceError::Conflict { record, expected, found }) => {
            assert_eq!((*record, *expected, *found), (id.into(), STALE, Revision::FIRST));
        }
        other => panic!("no conflict: {other}"),
    }
    assert!(refused.to_string().contains("changed"), "{refused}");
}

/// A revision that no record here is at.
pub(crate) const STALE: Revision = Revision::new(9);
