//! Sales operations.
mod actual_sales;
mod catalogue;
mod customers;
mod error;
mod fulfilment;
mod hierarchy;
mod interactions;
mod opportunities;
mod ordering;
mod payments;
mod planning;
mod record;
mod team;
pub use self::{
    actual_sales::{ActualSales, actual_sales, sales_of_rep},
    catalogue::{add_product, delete_product, update_product},
    customers::{archive_customer, delete_customer, register_customer, restore_customer, update_customer},
    error::SalesError,
    fulfilment::{deliver_shipment, return_shipment, ship_lines, ship_order},
    interactions::{delete_interaction, log_interaction, rate_interaction},
    opportunities::{
        advance_opportunity, delete_opportunity, lose_opportunity, open_opportunity, reopen_opportunity,
        revise_opportunity, win_opportunity,
    },
    ordering::{
        OrderAmendment, amend_order, cancel_order, cancel_order_on, confirm_order, confirm_order_on, delete_order,
        draft_order, lock_order, unlock_order,
    },
    payments::{pay_order, refund_order},
    planning::{PlanResult, activate_plan, amend_plan, close_plan, delete_plan, draft_plan, plan_result},
    team::{add_sales_rep, delete_sales_rep, update_sales_rep},
};
