//! A plan, a sale from order to door, a ticket, and how far the plan has come: `cargo run --example quickstart`.

#![expect(clippy::print_stdout, reason = "an example tells what happened")]

use crm::{
    Channel, Crm, Currency, Error, FiscalCalendar, Money, NewAgent, NewCustomer, NewOrder, NewPayment, NewProduct,
    NewSalePlan, NewSalesRep, NewTicket, Percent, PlanScope, Rounding, Unassigned, UnitPrice, analytics::Progress,
    sales, service,
};

fn main() -> Result<(), Error> {
    let crm = Crm::open_in_memory()?; // `Crm::open("crm.db")` keeps it all in a file.

    // One write is one commit: all of it, or nothing. An act says who does it, and when.
    let (customer, lamp, rep, plan) = crm.write(|tx| {
        let act = &mut crm.act("alice")?;
        let customer = NewCustomer::person("张三".parse()?).email("zhang.san@example.com".parse()?);
        let customer = sales::register_customer(tx, act, customer)?;
        let price = UnitPrice::parse("49.90", Currency::EUR)?;
        let lamp = sales::add_product(tx, act, NewProduct::new("LAMP-1".parse()?, "Desk lamp".parse()?, price))?;

        let rep = sales::add_sales_rep(tx, act, NewSalesRep::new("Lin Wei".parse()?))?;
        let quarter = FiscalCalendar::CALENDAR_YEAR.quarter_days(act.day())?;
        let target = Money::parse("1000.00", Currency::EUR)?;
        let plan = NewSalePlan::new("Lamps for all".parse()?, quarter, target, PlanScope::SalesRep(rep.id));
        let plan = sales::draft_plan(tx, act, plan)?;
        Ok((customer, lamp, rep, sales::activate_plan(tx, act, plan.id)?))
    })?;

    let order = crm.write(|tx| {
        let act = &mut crm.act("alice")?;
        let order = NewOrder::for_customer(customer.id, Currency::EUR).rep(rep.id).line(lamp.id, 2);
        let order = sales::draft_order(tx, act, order)?;
        let order = sales::confirm_order(tx, act, order.id)?;
        sales::pay_order(tx, act, order.id, NewPayment::of(order.owed()))?;
        sales::ship_order(tx, act, order.id)?;
        Ok(sales::deliver_shipment(tx, act, order.id, 1)?)
    })?;
    let (number, total, paid, sent) = (order.number(), order.total(), order.payment_status(), order.fulfilment());
    println!("{} bought 2 of {}: {number}, {total}, {paid} and {sent}", customer.name, lamp.name);

    let ticket = crm.write(|tx| {
        let act = &mut crm.act("mei")?;
        let mei = service::add_agent(tx, act, NewAgent::new("Mei".parse()?))?;
        let ticket = NewTicket::new(customer.id, Channel::Email, "the lamp flickers".parse()?);
        let ticket = service::open_ticket(tx, act, ticket)?;
        service::assign_ticket(tx, act, ticket.id, mei.id)?;
        service::agent_replies(tx, act, ticket.id, mei.id, "a new bulb is on its way".parse()?)?;
        Ok(service::solve_ticket(tx, act, ticket.id, mei.id, "sent a bulb".parse()?, Unassigned::Refuse)?)
    })?;
    println!("{} wrote \"{}\": {}, {}", customer.name, ticket.subject(), ticket.number(), ticket.state().status());

    let result = crm.read(|tx| Ok(sales::plan_result(tx, plan.id)?))?;
    let progress = Progress::new(result.period, result.target, result.actual)?;
    let attainment = progress.attainment().unwrap_or_default(); // None where the target is zero.
    let percent = Percent::of_share(attainment, Rounding::HalfEven)?;
    println!("{} sold {} of {} in {}: {percent}", rep.name, result.actual, result.target, plan.period());
    Ok(())
}
