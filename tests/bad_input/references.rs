//! References to what is not there, is something else, or leads back.

use crm::{
    ActivityPatch, AgentPatch, Channel, Currency, CustomerId, CustomerPatch, Direction, Error, IdError, Label, Loss,
    Name, NewCustomer, NewInteraction, NewOpportunity, NewOrder, NewPayment, NewPaymentPart, NewSalePlan, NewSalesRep,
    NewTicket, OpportunityPatch, OrderError, OrderId, Participant, Period, PlanScope, ProductPatch, RecordId, Rule,
    SalesRepId, SalesRepPatch, Text, TicketPatch, Unassigned,
    sales::{self, OrderAmendment, SalesError},
    service,
};

use crate::company::{Company, alice, assert_missing, assert_not_there, broken, day, eur};

#[test]
fn a_parent_organisation_that_makes_a_circle_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let branch = NewCustomer::organisation("Branch".parse()?).parent(company.acme.id);
    let branch = alice(&company.crm, |tx, act| sales::register_customer(tx, act, branch))?;
    let office = NewCustomer::organisation("Office".parse()?).parent(branch.id);
    let office = alice(&company.crm, |tx, act| sales::register_customer(tx, act, office))?;
    // Itself, its child, and the child of its child.
    for below in [company.acme.id, branch.id, office.id] {
        let patch = CustomerPatch { parent: Some(Some(below)), ..CustomerPatch::default() };
        let refused = company.refuses(|tx, act| sales::update_customer(tx, act, company.acme.id, patch));
        assert_eq!(broken(&refused, "parent"), Rule::Circle);
        assert_eq!(refused.to_string(), format!("parent must not lead back to the record itself, got {below}"));
    }
    // Nobody reports to themself either.
    let patch = SalesRepPatch { manager: Some(Some(company.lin.id)), ..SalesRepPatch::default() };
    let refused = company.refuses(|tx, act| sales::update_sales_rep(tx, act, company.lin.id, patch));
    assert_eq!(broken(&refused, "manager"), Rule::Circle);
    Ok(())
}

#[test]
fn customers_refer_to_what_is_there() -> Result<(), Error> {
    let company = Company::new()?;
    let (name, buyer): (Name, Label) = ("Ada Lovelace".parse()?, "buyer".parse()?);
    let ada = || NewCustomer::person(name.clone());
    let acme = || NewCustomer::organisation(name.clone());
    let registers = |new: NewCustomer| company.refuses(|tx, act| sales::register_customer(tx, act, new));

    let nobody: CustomerId = company.nobody();
    assert_not_there(&registers(ada().parent(nobody)), nobody);
    assert_not_there(&registers(acme().contact(nobody, buyer.clone())), nobody);
    let no_rep: SalesRepId = company.nobody();
    assert_not_there(&registers(ada().owner(no_rep)), no_rep);
    let wish = "a lamp".parse()?;
    assert_missing(&registers(ada().need(wish, Some(company.nobody()))), "customer", "needs");
    let patch = CustomerPatch { owner: Some(Some(no_rep)), ..CustomerPatch::default() };
    let refused = company.refuses(|tx, act| sales::update_customer(tx, act, company.ada.id, patch));
    assert_not_there(&refused, no_rep);

    // What is there and of the wrong kind is no parent and no contact.
    let refused = registers(acme().parent(company.ada.id));
    assert!(matches!(refused, Error::Sales(SalesError::NotAnOrganisation { field: "parent", .. })));
    let refused = registers(acme().contact(company.acme.id, buyer));
    assert!(matches!(refused, Error::Sales(SalesError::NotAPerson { field: "contacts", .. })));
    Ok(())
}

#[test]
fn sales_refer_to_what_is_there() -> Result<(), Error> {
    let company = Company::new()?;
    let drafts = |new: NewOrder| company.refuses(|tx, act| sales::draft_order(tx, act, new));
    let nobody: CustomerId = company.nobody();
    assert_not_there(&drafts(NewOrder::for_customer(nobody, Currency::EUR)), nobody);
    let nothing = company.nobody();
    assert_not_there(&drafts(company.two_lamps().line(nothing, 1)), nothing);
    let no_rep: SalesRepId = company.nobody();
    assert_not_there(&drafts(company.two_lamps().rep(no_rep)), no_rep);
    let refused = company.refuses(|tx, act| sales::reassign_order(tx, act, company.order.id, Some(no_rep)));
    assert_not_there(&refused, no_rep);
    let amendment = OrderAmendment::new().add(nothing, 1);
    let refused = company.refuses(|tx, act| sales::amend_order(tx, act, company.order.id, amendment));
    assert_not_there(&refused, nothing);

    let lamps = || NewOpportunity::new(company.deal.name().clone());
    let opens = |new| company.refuses(|tx, act| sales::open_opportunity(tx, act, &company.hardware, new));
    assert_not_there(&opens(lamps().customer(nobody)), nobody);
    assert_missing(&opens(lamps().product(nothing)), "opportunity", "product");
    assert_not_there(&opens(lamps().rep(no_rep)), no_rep);

    for scope in
        [PlanScope::SalesRep(company.nobody()), PlanScope::Team(company.nobody()), PlanScope::Product(company.nobody())]
    {
        let period = Period::month(2026, 4)?;
        let new = NewSalePlan::new("April".parse()?, period, eur("1")?, scope);
        let refused = company.refuses(|tx, act| sales::draft_plan(tx, act, new));
        assert_missing(&refused, "sale plan", "scope");
    }
    let new = NewSalesRep::new("Wang Fang".parse()?).manager(company.nobody());
    let refused = company.refuses(|tx, act| sales::add_sales_rep(tx, act, new));
    assert_missing(&refused, "sales rep", "manager");

    let call =
        |customer| NewInteraction::new(customer, Channel::Phone, Direction::Inbound, company.call.subject.clone());
    let refused = company.refuses(|tx, act| sales::log_interaction(tx, act, call(company.nobody())));
    assert_missing(&refused, "interaction", "customer");
    let with_nobody = call(company.ada.id).participant(Participant::SalesRep(company.nobody()));
    let refused = company.refuses(|tx, act| sales::log_interaction(tx, act, with_nobody));
    assert_missing(&refused, "interaction", "participants");
    Ok(())
}

#[test]
fn tickets_refer_to_what_is_there() -> Result<(), Error> {
    let company = Company::new()?;
    let (ticket, text) = (company.ticket.id, "it flickers".parse::<Text>()?);
    let nobody: CustomerId = company.nobody();
    let new = NewTicket::new(nobody, Channel::Email, "lamp".parse()?);
    assert_not_there(&company.refuses(|tx, act| service::open_ticket(tx, act, new)), nobody);
    let agent = company.nobody();
    assert_not_there(&company.refuses(|tx, act| service::assign_ticket(tx, act, ticket, agent)), agent);
    assert_not_there(&company.refuses(|tx, act| service::agent_replies(tx, act, ticket, agent, text.clone())), agent);
    assert_not_there(&company.refuses(|tx, act| service::add_note(tx, act, ticket, agent, text.clone())), agent);
    let refused =
        company.refuses(|tx, act| service::solve_ticket(tx, act, ticket, agent, text, Unassigned::SolverTakes));
    assert_not_there(&refused, agent);
    Ok(())
}

#[test]
fn a_record_that_is_not_there_cannot_be_worked_on() -> Result<(), Error> {
    let company = Company::new()?;
    macro_rules! each_says_that_it_is_not_there {
        ($($operation:path: ($($input:expr),*);)*) => {$({
            let id = company.nobody();
            let refused = company.refuses(|tx, act| $operation(tx, act, id $(, $input)*));
            assert_not_there(&refused, id);
        })*};
    }
    let stage: Label = "prospecting".parse()?;
    let loss = Loss { day: day("2026-03-02")?, reason: stage.clone(), note: None };
    let (euro, text): (_, Text) = (NewPayment::of(eur("1")?), "hello".parse()?);
    each_says_that_it_is_not_there! {
        sales::update_customer: (CustomerPatch::default());
        sales::archive_customer: ();
        sales::delete_customer: ();
        sales::update_product: (ProductPatch::default());
        sales::update_sales_rep: (SalesRepPatch::default());
        sales::activate_plan: ();
        sales::close_plan: ();
        sales::revise_opportunity: (OpportunityPatch::default());
        sales::lose_opportunity: (loss);
        sales::reopen_opportunity: (&company.hardware, &stage);
        sales::revise_activity: (ActivityPatch::default());
        sales::cancel_activity: (None);
        sales::reopen_activity: ();
        sales::delete_activity: ();
        sales::rate_interaction: (None);
        sales::amend_order: (OrderAmendment::new());
        sales::reassign_order: (None);
        sales::confirm_order: ();
        sales::cancel_order: (None);
        sales::pay_order: (euro.clone());
        sales::refund_order: (euro);
        sales::undo_refund: (1);
        sales::begin_part: (NewPaymentPart::capture("acme:ch_1".parse()?));
        sales::settle_part: (NewPaymentPart::refund("acme:re_1".parse()?));
        sales::authorise_payment: ();
        sales::capture_payment: ();
        sales::void_payment: ();
        sales::fail_payment: (None);
        sales::enter_payment: ();
        sales::delete_payment: ();
        sales::ship_order: ();
        sales::return_lines: (1, Vec::new());
        sales::deliver_shipment: (1);
        service::update_agent: (AgentPatch::default());
        service::update_ticket: (TicketPatch::default());
        service::customer_replies: (text);
        service::close_ticket: ();
    }
    // Parts of a record that it does not have.
    let refused = company.refuses(|tx, act| sales::deliver_shipment(tx, act, company.sold.id, 7));
    assert_eq!(refused.to_string(), format!("{} has no shipment 7", company.sold.id));
    let amendment = OrderAmendment::new().remove(7);
    let refused = company.refuses(|tx, act| sales::amend_order(tx, act, company.order.id, amendment));
    assert!(matches!(refused, Error::Sales(SalesError::Order(OrderError::NoSuchLine { line: 7, .. }))));
    let stage = "contract".parse()?;
    let refused = company
        .refuses(|tx, act| sales::advance_opportunity(tx, act, company.deal.id, &company.hardware, &stage, None));
    assert_eq!(broken(&refused, "stage"), Rule::NotListed);
    Ok(())
}

#[test]
fn the_id_of_another_record_is_refused() -> Result<(), Error> {
    let company = Company::new()?;
    let order = company.order.id.to_string();
    let refused = company.refuses(|tx, act| Ok::<_, Error>(sales::archive_customer(tx, act, order.parse()?)?));
    let Error::Id(IdError::OtherRecord { expected, found, text }) = &refused else {
        panic!("an order became a customer: {refused}");
    };
    assert_eq!((*expected, found.as_str(), text), ("cust", "order", &order));
    assert_eq!(refused.to_string(), format!("{order} is the id of another record: expected cust_…, found order_…"));

    for no_id in ["", "ada", "cust_", "cust_01", &order.to_uppercase()] {
        let refused = company.refuses(|tx, act| Ok::<_, Error>(sales::archive_customer(tx, act, no_id.parse()?)?));
        assert!(matches!(refused, Error::Id(IdError::Malformed(_))), "{no_id}: {refused}");
    }

    // The same bits under another family's type are the id of nothing.
    let disguised = CustomerId::from_uuid(company.order.id.uuid());
    assert_not_there(&company.refuses(|tx, act| sales::archive_customer(tx, act, disguised)), disguised);
    let disguised = OrderId::from_uuid(company.ada.id.uuid());
    assert_not_there(&company.refuses(|tx, act| sales::confirm_order(tx, act, disguised)), disguised);
    Ok(())
}
