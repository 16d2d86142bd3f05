//! The plan of every statement that the library runs, as SQLite makes it in a file of ours, which holds no statistics: none walks or sorts a table that grows.
//!
//! Not among them is what reads everything because it is to: the search for damage, the comparison of figures with what was counted anew (`figures/verify.rs` has a test of its plans)
//! and the emptying of their tables when they are rebuilt.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
};

use chrono::NaiveDate;
use crm_core::{
    Act, ActivityKind, ActivityStatus, Answer, Channel, Currency, CustomerType, Fact, ForecastCategory, Fulfilment,
    Label, LeadStatus, Member, OpportunityStatus, OrderStatus, PaymentKind, PaymentStatus, Period, PlanScope,
    PlanStatus, Position, Priority, ProviderStatus, QuoteStatus, RollUp, SalesBy, SalesOf, SearchFamily, SearchPlace,
    SearchQuery, SearchTier, TicketStatus, WaitingOrder,
    store::{
        Activities, ActivityFilter, AgentFilter, Agents, Answers, CustomerFigureFilter, CustomerFilter, Customers,
        ExchangeRateFilter, ExchangeRates, Figures, ForecastAdjustmentFilter, ForecastAdjustments, ForecastFilter,
        ForecastSnapshotFilter, ForecastSnapshots, InteractionFilter, Interactions, Journal, LeadFilter, Leads,
        Opportunities, OpportunityFilter, OrderFilter, Orders, Page, PaymentFilter, Payments, PriceListFilter,
        PriceLists, ProductFilter, Products, PromotionFilter, Promotions, QueueFilter, Queues, QuoteFilter, Quotes,
        RedemptionFilter, Redemptions, SalePlanFilter, SalePlans, SalesFilter, SalesRepFilter, SalesReps, Search,
        Store, StoreError, TicketFilter, Tickets, Timeline,
    },
};
use crm_testkit::{
    Acts,
    sample::{self, Sample},
};
use rusqlite::Connection;

use crate::{SqliteStore, SqliteTx, error::Done};

thread_local! {
    static SEEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    static PREPARED: Cell<usize> = const { Cell::new(0) };
}

/// Notes a statement that this thread prepares.
pub(crate) fn note(sql: &str) {
    SEEN.with_borrow_mut(|seen| seen.insert(sql.to_owned()));
    PREPARED.set(PREPARED.get() + 1);
}

/// Whether this thread has prepared a statement.
pub(crate) fn seen(sql: &str) -> bool {
    SEEN.with_borrow(|seen| seen.contains(sql))
}

/// How many statements this thread prepares in `work`.
pub(crate) fn count<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = PREPARED.get();
    let result = work();
    (result, PREPARED.get() - before)
}

/// Lists by a filter with each field by itself and with each two of them, on the first page and on a later one, and counts them.
macro_rules! lists {
    ($tx:ident, $filter:ident { $($field:ident: $value:expr),* $(,)? }, $count:ident, $($list:ident after $after:expr),*) => {
        let set: &[&dyn Fn(&mut $filter)] = &[&|_| (), $(&|filter| filter.$field = Some($value)),*];
        for (place, one) in set.iter().enumerate() {
            for other in &set[place..] {
                let mut filter = $filter::default();
                one(&mut filter);
                other(&mut filter);
                $tx.$count(&filter)?;
                $($tx.$list(&filter, Page::first(9))?;
                $tx.$list(&filter, Page::after($after, 9))?;)*
            }
        }
    };
}

/// Every list and every look-up.
fn ask_everything(tx: &SqliteTx<'_>, sample: &Sample) -> Result<(), StoreError> {
    let first = &sample.customers[0];
    let (rep, product, agent) = (sample.sales_reps[0].id, &sample.products[0], &sample.agents[0]);
    let label: Label = "East".parse().expect("a label");
    let day: NaiveDate = "2026-03-02".parse().expect("a day");
    let year = Period::year(2026).expect("a year");
    let (order, ticket) = (sample.orders[0].id, &sample.tickets[0]);
    lists!(
        tx,
        ExchangeRateFilter { from: Currency::EUR, to: Currency::USD, days: year },
        count_exchange_rates,
        exchange_rates after sample.exchange_rates[0].id
    );
    tx.exchange_rate_on(Currency::EUR, Currency::USD, day)?;
    for yes in [true, false] {
        lists!(
            tx,
            CustomerFilter {
                kind: if yes { CustomerType::Person } else { CustomerType::Organisation },
                owner: rep,
                without_owner: yes,
                region: label.clone(),
                parent: first.id,
                tag: label.clone(),
                archived: yes,
            },
            count_customers,
            customers after first.id,
            customers_by_name after (String::from("n"), first.id)
        );
        lists!(
            tx,
            ProductFilter { category: label.clone(), variant_of: product.id, active: yes },
            count_products,
            products after product.id
        );
        lists!(
            tx,
            PriceListFilter { currency: Currency::EUR, active: yes },
            count_price_lists,
            price_lists after sample.price_lists[0].id
        );
        lists!(
            tx,
            PromotionFilter { coupon: yes, active: yes },
            count_promotions,
            promotions after sample.promotions[0].id
        );
        let reps = sample.sales_reps[0].id;
        lists!(
            tx,
            SalesRepFilter { manager: rep, region: label.clone(), active: yes },
            count_sales_reps,
            sales_reps after reps
        );
        lists!(tx, AgentFilter { group: label.clone(), active: yes }, count_agents, agents after agent.id);
        lists!(tx, QueueFilter { member: if yes { Member::SalesRep(rep) } else { Member::Agent(agent.id) }, paused: yes }, count_queues, queues after sample.queues[0].id);
        lists!(
            tx,
            LeadFilter {
                owner: rep,
                queue: sample.queues[0].id,
                status: LeadStatus::New,
                source: label.clone(),
                without_owner: yes,
                waiting_in: sample.queues[0].id,
            },
            count_leads,
            leads after sample.leads[0].id
        );
        lists!(
            tx,
            OrderFilter {
                customer: first.id,
                rep: rep,
                without_rep: yes,
                product: product.id,
                status: OrderStatus::Draft,
                fulfilment: if yes { Fulfilment::Fulfilled } else { Fulfilment::Partial },
                payment: if yes { PaymentStatus::Paid } else { PaymentStatus::Partial },
                confirmed: year,
            },
            count_orders,
            orders after order,
            orders_by_day after (day, order)
        );
        let payment = sample.payments[0].id;
        lists!(
            tx,
            PaymentFilter {
                order: order,
                source: payment,
                provider: label.clone(),
                kind: if yes { PaymentKind::Whole } else { PaymentKind::Refund },
                status: if yes { ProviderStatus::Done } else { ProviderStatus::Pending },
                anomalous: yes,
            },
            count_payments,
            provider_payments after payment
        );
        lists!(
            tx,
            TicketFilter {
                customer: first.id,
                assignee: agent.id,
                unassigned: yes,
                group: label.clone(),
                status: TicketStatus::New,
                priority: Priority::High,
            },
            count_tickets,
            tickets after ticket.id,
            tickets_by_due after (ticket.created_at, ticket.id)
        );
    }
    lists!(
        tx,
        InteractionFilter { customer: first.id, opportunity: sample.opportunities[0].id, channel: Channel::Phone },
        count_interactions,
        interactions after sample.interactions[0].id
    );
    lists!(
        tx,
        OpportunityFilter {
            customer: first.id,
            product: product.id,
            rep: rep,
            status: OpportunityStatus::Open,
            pipeline: label.clone(),
            stage: label.clone(),
            expected_close: year,
            closed: year,
        },
        count_opportunities,
        opportunities after sample.opportunities[0].id
    );
    lists!(
        tx,
        ForecastAdjustmentFilter { rep: rep, author: rep, period: year, roll_up: RollUp::Commit },
        count_forecast_adjustments,
        forecast_adjustments after sample.forecast_adjustments[0].id
    );
    lists!(
        tx,
        ForecastSnapshotFilter { period: year },
        count_forecast_snapshots,
        forecast_snapshots after sample.forecast_snapshots[0].id
    );
    lists!(
        tx,
        QuoteFilter {
            customer: first.id,
            opportunity: sample.opportunities[0].id,
            rep: rep,
            status: QuoteStatus::Draft,
            valid_until: year,
        },
        count_quotes,
        quotes after sample.quotes[0].id
    );
    lists!(
        tx,
        RedemptionFilter { promotion: sample.promotions[0].id, customer: first.id, order: order },
        count_redemptions,
        redemptions after sample.redemptions[0].id
    );
    let activity = &sample.activities[0];
    lists!(
        tx,
        ActivityFilter {
            lead: sample.leads[0].id,
            customer: first.id,
            opportunity: sample.opportunities[0].id,
            person: first.id,
            owner: rep,
            kind: ActivityKind::Call,
            status: ActivityStatus::Planned,
            due: year,
        },
        count_activities,
        activities after activity.id,
        activities_by_due after (day, activity.id),
        activities_by_reminder after (activity.created_at, activity.id)
    );
    tx.last_activity(sample.opportunities[0].id)?;
    for scope in [
        PlanScope::SalesRep(rep),
        PlanScope::Team(rep),
        PlanScope::Product(product.id),
        PlanScope::Region(label.clone()),
    ] {
        lists!(
            tx,
            SalePlanFilter { scope: scope.clone(), status: PlanStatus::Draft, covers: day },
            count_sale_plans,
            sale_plans after sample.sale_plans[0].id
        );
    }

    tx.customers_named(&first.name, Page::first(9))?;
    let external_id = "ext".parse().expect("an id");
    tx.customer_by_external_id(&external_id)?;
    tx.interaction_by_external_id(&external_id)?;
    tx.sales_rep_by_external_id(&external_id)?;
    tx.lead_by_external_id(&external_id)?;
    tx.queue_by_name(&label)?;
    tx.lead_load(rep)?;
    tx.last_given(&crm_core::ContactRef::Email("a@example.com".parse().expect("an address")))?;
    for order in [WaitingOrder::OldestFirst, WaitingOrder::LongestWaitingFirst, WaitingOrder::LikeliestFirst] {
        tx.waiting_leads(sample.queues[0].id, order, Page::first(9))?;
        tx.waiting_leads(sample.queues[0].id, order, Page::after((7, sample.leads[0].id), 9))?;
    }
    tx.leads_with_email(&"a@example.com".parse().expect("an address"), Page::first(9))?;
    tx.leads_with_phone(&"+447700900123".parse().expect("a number"), Page::first(9))?;
    tx.leads_named(&first.name, Page::first(9))?;
    tx.leads_of_organisation(&first.name, Page::first(9))?;
    tx.opportunity_by_external_id(&external_id)?;
    tx.quote_by_external_id(&external_id)?;
    tx.activity_by_external_id(&external_id)?;
    tx.order_by_external_id(&external_id)?;
    tx.agent_by_external_id(&external_id)?;
    tx.ticket_by_external_id(&external_id)?;
    tx.customers_with_email(&"a@example.com".parse().expect("an address"), Page::first(9))?;
    tx.customers_with_phone(&"+447700900123".parse().expect("a number"), Page::first(9))?;
    tx.products_named(&first.name, Page::first(9))?;
    tx.price_lists_named(&first.name, Page::first(9))?;
    tx.price_list_by_external_id(&external_id)?;
    tx.promotion_by_code(&label)?;
    tx.sales_reps_named(&first.name, Page::first(9))?;
    tx.agents_named(&first.name, Page::first(9))?;
    tx.product_by_sku(&product.sku)?;
    tx.quote_by_number(sample.quotes[0].number())?;
    tx.order_by_number(sample.orders[0].number())?;
    tx.payment_by_reference(sample.payments[0].reference())?;
    tx.ticket_by_number(sample.tickets[0].number())?;
    let entry = (day, sample.orders[0].id, 1);
    for page in [Page::first(9), Page::after(entry, 9)] {
        tx.revenue(year, page)?;
        tx.payments(year, page)?;
    }
    tx.messages(sample.tickets[0].id, Page::first(9))?;
    tx.timeline(first.id, Page::first(9))?;
    let query = SearchQuery::parse("z 张三").expect("a query");
    let place = SearchPlace::new(SearchTier::Title, SearchFamily::Customer, 1);
    for query in [query.clone().only([SearchFamily::Customer]), query] {
        tx.search(&query, Page::first(9))?;
        tx.search(&query, Page::after(place, 9))?;
    }
    tx.entries(Page::after(Position::new(1), 9))?;
    tx.history(first.id.into(), Page::first(9))?;
    tx.entries_with_key(&"key".parse().expect("a key"), Page::first(9))?;
    tx.cursor(&label)?;
    let key = "form 17".parse().expect("a key");
    tx.answer(&key, 1)?;
    tx.answers(Page::after((key, 1), 9))?;
    ask_figures(tx, sample)
}

/// Every list of figures, each filter by itself, on the first page and on a later one.
fn ask_figures(tx: &SqliteTx<'_>, sample: &Sample) -> Result<(), StoreError> {
    let (days, customer) = (Period::year(2026).expect("a year"), sample.customers[0].id);
    let label: Label = "Hardware".parse().expect("a label");
    let rep = SalesOf::Rep(Some(sample.sales_reps[0].id));
    for by in [SalesBy::Reps, SalesBy::Regions, SalesBy::One(rep.clone())] {
        let filter = SalesFilter::daily(by, days).currency(Currency::EUR);
        tx.sales_figures(&filter, Page::first(9))?;
        tx.sales_figures(&filter, Page::after((days.from(), Currency::EUR, rep.clone()), 9))?;
    }
    for (customer, currency) in [(None, None), (Some(customer), None), (None, Some(Currency::EUR))] {
        let filter = CustomerFigureFilter { customer, currency };
        tx.customer_figures(&filter, Page::first(9))?;
        tx.customer_figures(&filter, Page::after((sample.customers[0].id, Currency::EUR), 9))?;
    }
    for pipeline in [None, Some(&label)] {
        tx.pipeline_figures(pipeline, Page::first(9))?;
        tx.pipeline_figures(pipeline, Page::after((label.clone(), label.clone(), None), 9))?;
    }
    for filter in [ForecastFilter::daily(days), ForecastFilter::undated()] {
        tx.forecast_figures(&filter, Page::first(9))?;
        tx.forecast_figures(&filter, Page::after((None, None, ForecastCategory::Commit, None), 9))?;
    }
    tx.ticket_figures(Page::first(9))?;
    Ok(())
}

/// Every update and every delete, refused ones included, since those ask who refers.
fn change_everything(tx: &mut SqliteTx<'_>, sample: &Sample, act: &Act) -> Result<(), StoreError> {
    let label: Label = "reader".parse().expect("a label");
    macro_rules! change {
        ($($records:ident $update:ident $delete:ident,)*) => {$(
            let _ = tx.$update(&sample.$records[0]);
            let _ = tx.$delete(sample.$records[0].id);
            for record in &sample.$records {
                let _ = tx.$delete(record.id);
            }
        )*};
    }
    change! {
        customers update_customer delete_customer,
        products update_product delete_product,
        price_lists update_price_list delete_price_list,
        promotions update_promotion delete_promotion,
        redemptions update_redemption delete_redemption,
        sales_reps update_sales_rep delete_sales_rep,
        exchange_rates update_exchange_rate delete_exchange_rate,
        agents update_agent delete_agent,
        interactions update_interaction delete_interaction,
        sale_plans update_sale_plan delete_sale_plan,
    queues update_queue delete_queue, leads update_lead delete_lead, activities update_activity delete_activity,
        opportunities update_opportunity delete_opportunity,
        forecast_adjustments update_forecast_adjustment delete_forecast_adjustment,
        forecast_snapshots update_forecast_snapshot delete_forecast_snapshot,
    quotes update_quote delete_quote, payments update_payment delete_payment,
        orders update_order delete_order,
        tickets update_ticket delete_ticket,
    }
    tx.next_quote_number()?;
    tx.next_order_number()?;
    tx.next_ticket_number()?;
    let archived = crm_core::CustomerFact::Archived;
    tx.append(act, &Fact::from((sample.customers[0].id, archived)))?;
    let key = "form 17".parse().expect("a key");
    let records = vec![sample.customers[0].id.into()];
    let answer = Answer { key, place: 1, at: act.at(), operation: "register_customer".into(), records, content: None };
    tx.keep_answer(&answer)?;
    tx.erase_answers(sample.customers[0].id.into())?;
    tx.move_cursor(&label, Position::new(1))
}

/// The steps of a statement's plan.
pub(crate) fn explain(connection: &Connection, sql: &str) -> Done<Vec<String>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(row.get(3)?);
    }
    Ok(steps)
}

fn plan_of(store: &SqliteStore, sql: &str) -> Vec<String> {
    store.on_writer(|connection| explain(connection, sql)).unwrap()
}

/// What waits for somebody is read from an index of just that, however many tickets and orders there are.
#[test]
fn each_queue_of_what_nobody_has_is_read_from_its_own_index() {
    let store = SqliteStore::open_in_memory().unwrap();
    for (sql, index) in [
        ("SELECT row FROM crm_ticket WHERE assignee IS NULL AND id > ?1 ORDER BY id LIMIT 9", "crm_ticket_unassigned"),
        (
            "SELECT row FROM crm_ticket WHERE assignee IS NULL AND due_at IS NOT NULL AND (due_at, id) > (?1, ?2)
             ORDER BY due_at, id LIMIT 9",
            "crm_ticket_assignee_due",
        ),
        ("SELECT row FROM crm_order WHERE rep IS NULL AND id > ?1 ORDER BY id LIMIT 9", "crm_order_without_rep"),
        ("SELECT row FROM crm_customer WHERE owner IS NULL AND id > ?1 ORDER BY id LIMIT 9", "crm_customer_owner"),
    ] {
        let plan = plan_of(&store, sql);
        let served = |step: &String| step.split(' ').any(|word| word == index);
        assert!(plan.len() == 1 && plan.iter().all(served), "{plan:?}\n{sql}");
    }
}

/// Tables that stay small beside the rest.
const SMALL: &[&str] = &[
    "crm_product",
    "crm_price_list",
    "crm_promotion",
    "crm_sales_rep",
    "crm_agent",
    "crm_sale_plan",
    "crm_queue",
    "crm_queue_member",
    "crm_figure_ticket",
];

/// Indexes whose records are sorted: those of one customer, employer, product, address or span of days.
const SORTED: &[&str] = &[
    "crm_customer_parent",
    "crm_customer_email_key",
    "crm_customer_phone_key",
    "crm_lead_oldest",
    "crm_lead_longest_waiting",
    "crm_lead_likeliest",
    "crm_lead_point_key",
    "crm_interaction_customer",
    "crm_order_customer",
    "crm_order_day",
    "crm_order_line_product",
    "crm_ticket_timeline",
    "crm_activity_customer",
    "crm_activity_timeline",
    "crm_activity_lead",
    "crm_activity_opportunity",
    "crm_activity_person",
    "crm_activity_due",
    "crm_opportunity_expected_close",
    "crm_quote_valid_until",
    "crm_opportunity_close_day",
    "crm_exchange_rate_day",
];

/// What is wrong with the plan of a statement, where something is.
fn fault(sql: &str, plan: &[String]) -> Option<&'static str> {
    let named = |step: &str, names: &[&str]| step.split(' ').any(|word| names.contains(&word));
    let (counts, list) = (sql.starts_with("SELECT count"), sql.ends_with("LIMIT ?") || sql.ends_with("LIMIT ?3"));
    // A full-text index is asked for a row (`=`), for the rows of a record (`><`) or for what matches (`M`).
    let asked =
        |step: &str| step.contains("VIRTUAL TABLE INDEX") && [":=", ":M", ":><"].iter().any(|by| step.contains(by));
    let walked = |step: &&String| step.starts_with("SCAN crm_") && !named(step, SMALL) && !asked(step);
    // An index in the order of the list is read until the page is full; a count looks at what no field serves.
    if plan.iter().filter(walked).any(|step| !(counts || list && step.contains(" INDEX "))) {
        return Some("a walk");
    }
    // Where there is a condition that no + keeps from being served, it must be.
    if counts && sql.contains(" WHERE ") && !sql.contains("WHERE +") && plan.iter().any(|step| walked(&step)) {
        let partial = plan.iter().any(|step| step.contains(" INDEX ") && !step.contains("autoindex"));
        if !partial {
            return Some("a count that walks");
        }
    }
    let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE") && step.contains("ORDER BY"));
    if sorts && !plan.iter().any(|step| named(step, SORTED) || named(step, SMALL)) {
        return Some("a sort");
    }
    if sql.contains("< (?2, ?3)") && !plan.iter().any(|step| step.contains("id)<(?,?)")) {
        return Some("a later page from the start");
    }
    // A later page begins at its key, not at the first record.
    let at_key = |step: &String| step.contains("id>?") || step.contains("id)>(?,?)");
    let later = list && (sql.contains("id > ?") || sql.contains("id) > (?, ?)"));
    if later && !sorts && !plan.iter().any(at_key) {
        return Some("a later page from the start");
    }
    None
}

#[test]
fn no_statement_walks_or_sorts_a_table_that_grows() {
    let store = SqliteStore::open_in_memory().unwrap();
    let sample = Sample::new(1);
    let (rep, product) = (sample.sales_reps[0].id, sample.products[0].id);
    store
        .write(|tx| {
            sample.write_to(tx)?;
            let many = |seed| sample::order(seed, sample.customers[0].id, &[product]);
            tx.insert_orders(&(5_000..5_050).map(many).collect::<Vec<_>>())?;
            for seed in 1_000_000..1_000_500 {
                let mut customer = sample::customer(seed);
                customer.owner = Some(rep);
                tx.insert_customer(&customer)?;
                tx.insert_order(&sample::order(seed, customer.id, &[product]))?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    store.read(|tx| ask_everything(tx, &sample)).unwrap();
    store.write(|tx| change_everything(tx, &sample, &Acts::new().next("alice"))).unwrap();
    let statements = SEEN.with_borrow(Clone::clone);
    assert!(statements.len() > 500, "only {} statements were seen", statements.len());
    for known in ["UPDATE crm_figure_customer SET (first_day", "SELECT one.day"] {
        assert!(statements.iter().any(|sql| sql.starts_with(known)), "{known} was not seen");
    }
    let faults: Vec<_> = statements
        .iter()
        .filter(|sql| !["SAVEPOINT", "ROLLBACK", "RELEASE"].iter().any(|word| sql.starts_with(word)))
        .filter_map(|sql| {
            let plan = plan_of(&store, sql);
            Some(format!(
                "{}: {plan:?}\n{}\n",
                fault(sql, &plan)?,
                sql.split_once(" FROM ").map_or(&**sql, |parts| parts.1)
            ))
        })
        .collect();
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn a_plan_that_walks_or_sorts_is_told_from_one_that_does_not() {
    let store = SqliteStore::open_in_memory().unwrap();
    for (sql, expected) in [
        ("SELECT subject FROM crm_ticket WHERE subject = ?", Some("a walk")),
        ("DELETE FROM crm_order WHERE total = ?", Some("a walk")),
        ("SELECT subject FROM crm_ticket WHERE status = ? ORDER BY subject LIMIT ?", Some("a sort")),
        (
            "SELECT subject FROM crm_ticket WHERE +status = ? AND +id > ? ORDER BY id LIMIT ?",
            Some("a later page from the start"),
        ),
        ("SELECT subject FROM crm_ticket WHERE status = ? AND id > ? ORDER BY id LIMIT ?", None),
        ("SELECT name FROM crm_product WHERE name = ? ORDER BY name", None),
    ] {
        assert_eq!(fault(sql, &plan_of(&store, sql)), expected, "{sql}");
    }
}
