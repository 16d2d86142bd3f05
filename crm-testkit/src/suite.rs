//! The storage contract as tests: one function for each clause of [`crm_core::store`], for any store.
//!
//! A backend runs them all with one line, [`suite!`](crate::suite!). Each function gets what opens a fresh, empty store, and panics where the store breaks its clause; the
//! message begins with the number of the clause and names the record family. No clause sleeps, and none depends on who is faster.

// What the clauses stand on.
mod family;
mod maker;
mod world;

// The clauses, by group.
mod activities;
mod answers;
mod bulk;
mod exchange_rates;
mod figures;
mod filters;
mod journal;
mod leads;
mod lists;
mod numbers;
mod records;
mod references;
mod search;
mod transactions;

pub use self::{
    activities::{
        c85_what_is_planned_comes_by_its_due_day, c86_reminders_come_by_their_instant,
        c87_the_last_activity_of_an_opportunity_is_known,
    },
    answers::{
        c75_an_answer_is_found_by_its_key_and_place, c76_a_place_is_taken_once,
        c77_erasing_takes_the_content_of_one_record, c78_an_operation_under_a_key_is_done_once,
    },
    bulk::{
        c70_inserting_many_is_inserting_one_after_the_other,
        c71_an_import_keeps_its_rows_batch_by_batch_with_an_entry_each,
        c72_an_import_is_resumed_without_loss_or_repetition, c73_others_write_between_two_batches,
        c74_an_export_gives_each_record_once,
    },
    exchange_rates::c79_the_rate_of_a_day_is_the_newest_that_is_not_later,
    figures::{
        c50_sales_figures_sum_up_the_revenue_of_the_orders, c51_a_region_is_the_reps_who_are_in_it_now,
        c52_the_figures_of_a_customer_know_the_orders_that_count, c53_a_pipeline_is_summed_up_by_stage,
        c54_tickets_are_counted_by_status_and_priority, c55_figures_move_with_the_records,
        c56_figures_come_by_key_and_page, c57_what_the_figures_cannot_hold_is_refused,
        c58_verification_finds_nothing_and_rebuilding_changes_nothing,
        c88_a_forecast_sums_up_the_deals_by_the_day_of_their_close,
    },
    filters::c22_filters_give_what_they_say_alone_and_together,
    journal::{
        c40_entries_read_back_with_their_act_in_the_order_of_the_commits, c41_what_was_rolled_back_left_no_entry,
        c42_a_history_is_of_one_record_and_a_key_of_one_act, c43_a_cursor_stands_where_it_was_moved_to,
    },
    leads::{
        c80_leads_are_found_by_how_they_are_reached, c81_waiting_leads_come_in_the_order_that_is_asked_for,
        c82_the_load_of_a_rep_is_the_weight_of_their_open_leads, c83_a_lead_is_given_once,
        c84_a_queue_remembers_whose_turn_it_is, c89_the_rep_who_was_last_given_a_lead_of_an_address_is_known,
    },
    lists::{
        c20_a_list_ascends_by_its_key_and_keeps_to_its_page, c21_pages_put_together_are_the_whole_list,
        c23_a_limit_of_zero_gives_nothing, c24_customers_are_found_however_they_are_spelt,
        c25_a_timeline_is_of_one_customer_newest_first, c26_revenue_comes_by_day_and_sums_to_the_worth_of_the_orders,
        c27_messages_come_in_their_order,
    },
    numbers::c30_an_assigned_number_is_free,
    records::{
        c10_an_inserted_record_reads_back_equal, c11_an_absent_id_reads_as_none, c12_a_taken_value_is_a_duplicate,
        c13_an_update_writes_all_fields_and_gives_the_next_revision,
        c14_a_stale_update_is_a_conflict_and_changes_nothing, c15_changing_what_is_absent_is_not_found,
        c18_what_was_deleted_is_found_by_nothing, c19_a_unique_value_finds_its_record_and_no_other,
    },
    references::{c16_a_dangling_reference_is_refused, c17_what_others_refer_to_is_not_deleted},
    search::{
        c60_a_search_finds_what_has_all_words, c61_hits_come_by_rank_each_once, c62_pages_of_hits_are_the_whole_list,
        c63_a_query_may_be_over_some_families, c64_what_changes_is_found_as_it_is, c65_a_search_is_of_the_transaction,
        c66_operators_and_quotes_are_text,
    },
    transactions::{
        c01_what_a_closure_wrote_is_there_after_ok, c02_after_an_error_nothing_is_there,
        c03_after_a_panic_nothing_is_there_and_the_store_works, c04_a_closure_reads_what_it_wrote,
        c05_a_read_sees_one_snapshot, c06_writes_are_serialised, c07_a_closure_that_calls_its_own_store_is_refused,
        c08_a_failure_undoes_nobody_elses_work, c09_an_answer_rests_on_what_is_committed,
    },
};
pub(crate) use self::{
    answers::answer,
    family::{Any, Family, Filter, Stored, all, count, delete, find, get, insert_many, list},
    filters::{both, single},
    journal::facts,
    maker::{Dice, Maker, WAITING_ORDERS, act, day, id, text, valid, year},
    world::{CONSUMERS, Everything, everything, ground, label, message},
};

/// The clauses, enumerated here and nowhere else: hands what was given and their names to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __clauses {
    ([$($then:tt)*] $($given:tt)*) => {
        $($then)*! {
            { $($given)* }
            c01_what_a_closure_wrote_is_there_after_ok
            c02_after_an_error_nothing_is_there
            c03_after_a_panic_nothing_is_there_and_the_store_works
            c04_a_closure_reads_what_it_wrote
            c05_a_read_sees_one_snapshot
            c06_writes_are_serialised
            c07_a_closure_that_calls_its_own_store_is_refused
            c08_a_failure_undoes_nobody_elses_work
            c09_an_answer_rests_on_what_is_committed
            c10_an_inserted_record_reads_back_equal
            c11_an_absent_id_reads_as_none
            c12_a_taken_value_is_a_duplicate
            c13_an_update_writes_all_fields_and_gives_the_next_revision
            c14_a_stale_update_is_a_conflict_and_changes_nothing
            c15_changing_what_is_absent_is_not_found
            c16_a_dangling_reference_is_refused
            c17_what_others_refer_to_is_not_deleted
            c18_what_was_deleted_is_found_by_nothing
            c19_a_unique_value_finds_its_record_and_no_other
            c20_a_list_ascends_by_its_key_and_keeps_to_its_page
            c21_pages_put_together_are_the_whole_list
            c22_filters_give_what_they_say_alone_and_together
            c23_a_limit_of_zero_gives_nothing
            c24_customers_are_found_however_they_are_spelt
            c25_a_timeline_is_of_one_customer_newest_first
            c26_revenue_comes_by_day_and_sums_to_the_worth_of_the_orders
            c27_messages_come_in_their_order
            c30_an_assigned_number_is_free
            c40_entries_read_back_with_their_act_in_the_order_of_the_commits
            c41_what_was_rolled_back_left_no_entry
            c42_a_history_is_of_one_record_and_a_key_of_one_act
            c43_a_cursor_stands_where_it_was_moved_to
            c50_sales_figures_sum_up_the_revenue_of_the_orders
            c51_a_region_is_the_reps_who_are_in_it_now
            c52_the_figures_of_a_customer_know_the_orders_that_count
            c53_a_pipeline_is_summed_up_by_stage
            c54_tickets_are_counted_by_status_and_priority
            c55_figures_move_with_the_records
            c56_figures_come_by_key_and_page
            c57_what_the_figures_cannot_hold_is_refused
            c58_verification_finds_nothing_and_rebuilding_changes_nothing
            c60_a_search_finds_what_has_all_words
            c61_hits_come_by_rank_each_once
            c62_pages_of_hits_are_the_whole_list
            c63_a_query_may_be_over_some_families
            c64_what_changes_is_found_as_it_is
            c65_a_search_is_of_the_transaction
            c66_operators_and_quotes_are_text
            c70_inserting_many_is_inserting_one_after_the_other
            c71_an_import_keeps_its_rows_batch_by_batch_with_an_entry_each
            c72_an_import_is_resumed_without_loss_or_repetition
            c73_others_write_between_two_batches
            c74_an_export_gives_each_record_once
            c75_an_answer_is_found_by_its_key_and_place
            c76_a_place_is_taken_once
            c77_erasing_takes_the_content_of_one_record
            c78_an_operation_under_a_key_is_done_once
            c79_the_rate_of_a_day_is_the_newest_that_is_not_later
            c80_leads_are_found_by_how_they_are_reached
            c81_waiting_leads_come_in_the_order_that_is_asked_for
            c82_the_load_of_a_rep_is_the_weight_of_their_open_leads
            c83_a_lead_is_given_once
            c84_a_queue_remembers_whose_turn_it_is
            c89_the_rep_who_was_last_given_a_lead_of_an_address_is_known
            c85_what_is_planned_comes_by_its_due_day
            c86_reminders_come_by_their_instant
            c87_the_last_activity_of_an_opportunity_is_known
            c88_a_forecast_sums_up_the_deals_by_the_day_of_their_close
        }
    };
}

/// Makes a module `contract` with one test for each clause of the storage contract. The argument is an expression that opens a fresh, empty store; it is evaluated in
/// that module, which sees what surrounds it.
///
/// ```
/// use crm_testkit::MemoryStore;
///
/// crm_testkit::suite!(MemoryStore::new());
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! suite {
    ($open:expr) => {
        mod contract {
            #[allow(unused_imports, reason = "the expression may need nothing from around it")]
            use super::*;

            $crate::__clauses! { [$crate::__tests] $open }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ({ $open:expr } $($clause:ident)*) => {$(
        #[test]
        fn $clause() {
            $crate::suite::$clause(|| $open);
        }
    )*};
}

macro_rules! names {
    ({} $($clause:ident)*) => {
        /// The names of all clauses, in their order.
        pub const CLAUSES: &[&str] = &[$(stringify!($clause),)*];
    };
}
crate::__clauses! { [names] }

macro_rules! by_number {
    ({ $number:ident $open:ident } $($clause:ident)*) => {
        $(if stringify!($clause).get(..3).is_some_and(|own| own.eq_ignore_ascii_case($number)) {
            return $clause($open);
        })*
    };
}

/// Runs the clause with a number, such as `C14`.
///
/// # Panics
///
/// Where the store breaks the clause, or there is no such clause.
///
/// ```
/// use crm_testkit::{MemoryStore, suite};
///
/// suite::run("C14", MemoryStore::new);
/// ```
pub fn run<S: crm_core::store::Store>(number: &str, open: impl Fn() -> S) {
    crate::__clauses! { [by_number] number open }
    panic!("there is no clause {number}");
}
