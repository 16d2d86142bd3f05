//! What contradicts the records that are there: a number that is taken, a revision that is gone, a state that does not
//! allow it.

use crm::{
    ActivityKind, ActivityPatch, AgentPatch, Channel, CustomerPatch, Direction, Error, ExternalId, Name, NewActivity,
    NewAgent, NewCustomer, NewInteraction, NewOpportunity, NewProduct, NewSalesRep, NewTicket, OpportunityError,
    OpportunityPatch, OrderError, PlanError, ProductPatch, SalePlanPatch, SalesRepPatch, TicketError, TicketPatch,
    sales::{self, OrderAmendment, SalesError},
    service::{self, ServiceError},
    store::{Interactions, StoreErrorKind},
};

use crate::company::{Company, STALE, assert_conflict, assert_taken, kind};

#[test]
fn a_number_or_a_key_that_is_taken_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let (name, elsewhere): (Name, ExternalId) = ("Ada Lovelace".parse()?, "E-1".parse()?);

    for (new, field) in [
        (company.two_lamps().number("SO-7".parse()?), "number"),
        (company.two_lamps().external_id(elsewhere.clone()), "external id"),
        (company.two_lamps().id(company.order.id), "id"),
    ] {
        assert_taken(&company.refuses(|tx, act| sales::draft_order(tx, act, new)), "order", field);
    }
    let ticket = || NewTicket::new(company.ada.id, Channel::Email, company.ticket.subject().clone());
    for (new, field) in [
        (ticket().number("T-7".parse()?), "number"),
        (ticket().external_id(elsewhere.clone()), "external id"),
        (ticket().id(company.ticket.id), "id"),
    ] {
        assert_taken(&company.refuses(|tx, act| service::open_ticket(tx, act, new)), "ticket", field);
    }
    for (new, field) in [
        (NewCustomer::person(name.clone()).external_id(elsewhere.clone()), "external id"),
        (NewCustomer::person(name.clone()).id(company.acme.id), "id"),
    ] {
        assert_taken(&company.refuses(|tx, act| sales::register_customer(tx, act, new)), "customer", field);
    }
    let patch = CustomerPatch { external_id: Some(Some(elsewhere.clone())), ..CustomerPatch::default() };
    let refused = company.refuses(|tx, act| sales::update_customer(tx, act, company.acme.id, patch));
    assert_taken(&refused, "customer", "external id");

    let lamp = NewProduct::new(company.lamp.sku.clone(), name.clone(), company.lamp.list_price);
    assert_taken(&company.refuses(|tx, act| sales::add_product(tx, act, lamp)), "product", "sku");
    let patch = ProductPatch { sku: Some(company.lamp.sku.clone()), ..ProductPatch::default() };
    let refused = company.refuses(|tx, act| sales::update_product(tx, act, company.bulb.id, patch));
    assert_taken(&refused, "product", "sku");

    let rep = NewSalesRep::new(name.clone()).external_id(elsewhere.clone());
    assert_taken(&company.refuses(|tx, act| sales::add_sales_rep(tx, act, rep)), "sales rep", "external id");
    let agent = NewAgent::new(name).external_id(elsewhere.clone());
    assert_taken(&company.refuses(|tx, act| service::add_agent(tx, act, agent)), "agent", "external id");
    let deal = NewOpportunity::new("lamps".parse()?).external_id(elsewhere.clone());
    let refused = company.refuses(|tx, act| sales::open_opportunity(tx, act, &company.hardware, deal));
    assert_taken(&refused, "opportunity", "external id");
    let day = company.visit.due();
    let visit = NewActivity::new(ActivityKind::Call, "call".parse()?, day).external_id(elsewhere.clone());
    assert_taken(&company.refuses(|tx, act| sales::plan_activity(tx, act, visit)), "activity", "external id");
    let subject = "it flickers".parse()?;
    let call = NewInteraction::new(company.ada.id, Channel::Phone, Direction::Inbound, subject);
    let refused = company.refuses(|tx, act| sales::log_interaction(tx, act, call.external_id(elsewhere.clone())));
    assert_taken(&refused, "interaction", "external id");
    Ok(())
}

#[test]
fn a_stale_revision_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    macro_rules! each_is_a_conflict {
        ($($operation:path: $record:ident, $patch:ident;)*) => {$({
            let (id, patch) = (company.$record.id, $patch { expected: Some(STALE), ..$patch::default() });
            let refused = company.refuses(|tx, act| $operation(tx, act, id, patch));
            assert_conflict(&refused, id);
        })*};
    }
    each_is_a_conflict! {
        sales::update_customer: ada, CustomerPatch;
        sales::update_product: lamp, ProductPatch;
        sales::update_sales_rep: lin, SalesRepPatch;
        sales::amend_plan: plan, SalePlanPatch;
        sales::revise_opportunity: deal, OpportunityPatch;
        sales::revise_activity: visit, ActivityPatch;
        service::update_agent: mei, AgentPatch;
        service::update_ticket: ticket, TicketPatch;
    }
    let amendment = OrderAmendment::new().remove(1).expecting(STALE);
    let refused = company.refuses(|tx, act| sales::amend_order(tx, act, company.order.id, amendment));
    assert_conflict(&refused, company.order.id);

    // Below the operations the record itself carries the revision.
    let mut stale = company.call.clone();
    stale.revision = STALE;
    let refused = company.refuses(|tx, _| tx.update_interaction(&stale));
    assert_eq!(*kind(&refused), StoreErrorKind::Conflict { record: "interaction" });
    Ok(())
}

#[test]
fn what_a_state_does_not_allow_is_refused_with_the_state() -> Result<(), Error> {
    let company = Company::new()?;
    let order = company.order.id;
    let refused = company.refuses(|tx, act| sales::ship_order(tx, act, order));
    assert!(matches!(refused, Error::Sales(SalesError::Order(OrderError::NotAllowed { .. }))));
    assert_eq!(refused.to_string(), format!("cannot ship {order}: it is draft"));
    let refused = company.refuses(|tx, act| sales::close_plan(tx, act, company.plan.id));
    assert!(matches!(refused, Error::Sales(SalesError::Plan(PlanError::NotAllowed { .. }))));
    let stage = "prospecting".parse()?;
    let refused =
        company.refuses(|tx, act| sales::reopen_opportunity(tx, act, company.deal.id, &company.hardware, &stage));
    assert!(matches!(refused, Error::Sales(SalesError::Opportunity(OpportunityError::NotAllowed { .. }))));
    let refused = company.refuses(|tx, act| service::close_ticket(tx, act, company.ticket.id));
    assert!(matches!(refused, Error::Service(ServiceError::Ticket(TicketError::NotAllowed { .. }))));
    Ok(())
}
