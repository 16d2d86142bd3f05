//! Transition tables as data: what may follow what, printed in the docs and walked by the tests.

use std::fmt;

/// One allowed step of a state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition<S: 'static, A: 'static> {
    /// The state that the step leaves.
    pub from: S,
    /// What is done.
    pub action: A,
    /// The state that it reaches.
    pub to: S,
    /// What else must hold, in a few words; empty where nothing must.
    pub guard: &'static str,
}

/// All allowed steps of one state machine. What is not listed is refused.
///
/// `Display` prints it as Markdown, one row a state and one column an action; the page of each machine shows that text, and a test keeps the two equal.
///
/// ```
/// use crm_core::{OrderAction, OrderStatus};
///
/// assert_eq!(OrderStatus::TRANSITIONS.next(OrderStatus::Draft, OrderAction::Confirm), Some(OrderStatus::Confirmed));
/// assert_eq!(OrderStatus::TRANSITIONS.next(OrderStatus::Cancelled, OrderAction::Confirm), None);
/// ```
#[derive(Debug)]
pub struct Transitions<S: 'static, A: 'static> {
    /// The states, in the order of their life.
    pub states: &'static [S],
    /// The actions.
    pub actions: &'static [A],
    /// The allowed steps.
    pub steps: &'static [Transition<S, A>],
}

impl<S: Copy + PartialEq, A: Copy + PartialEq> Transitions<S, A> {
    /// The state that an action leads to from a state, or `None` where it is refused.
    pub fn next(&self, from: S, action: A) -> Option<S> {
        self.steps.iter().find(|step| step.from == from && step.action == action).map(|step| step.to)
    }
}

impl<S: Copy + PartialEq + fmt::Display, A: Copy + PartialEq + fmt::Display> fmt::Display for Transitions<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| |")?;
        self.actions.iter().try_for_each(|action| write!(f, " {action} |"))?;
        write!(f, "\n|---|")?;
        self.actions.iter().try_for_each(|_| write!(f, "---|"))?;
        for from in self.states {
            write!(f, "\n| **{from}** |")?;
            for action in self.actions {
                match self.steps.iter().find(|step| step.from == *from && step.action == *action) {
                    None => write!(f, " – |")?,
                    Some(step) if step.guard.is_empty() => write!(f, " {} |", step.to)?,
                    Some(step) => write!(f, " {} ({}) |", step.to, step.guard)?,
                }
            }
        }
        writeln!(f)
    }
}

/// Asserts that a printed table, as the docs include it, is the table of the code. `BLESS=1 cargo test -p crm-core` writes it anew.
#[cfg(test)]
pub(crate) fn assert_printed<S, A>(table: &Transitions<S, A>, file: &str)
where
    S: Copy + PartialEq + fmt::Display,
    A: Copy + PartialEq + fmt::Display,
{
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, table.to_string()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        table.to_string(),
        "{file} is stale: run BLESS=1 cargo test -p crm-core"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ActivityStatus, LeadStatus, OpportunityStatus, OrderStatus, PlanStatus, ProviderStatus, QuoteStatus,
        ShipmentStatus, TicketStatus,
    };

    #[test]
    fn printed_tables_are_those_of_the_code() {
        assert_printed(&PlanStatus::TRANSITIONS, "transitions/sale_plan.md");
        assert_printed(&LeadStatus::TRANSITIONS, "transitions/lead.md");
        assert_printed(&OpportunityStatus::TRANSITIONS, "transitions/opportunity.md");
        assert_printed(&QuoteStatus::TRANSITIONS, "transitions/quote.md");
        assert_printed(&ActivityStatus::TRANSITIONS, "transitions/activity.md");
        assert_printed(&OrderStatus::TRANSITIONS, "transitions/order.md");
        assert_printed(&ShipmentStatus::TRANSITIONS, "transitions/shipment.md");
        assert_printed(&ProviderStatus::TRANSITIONS, "transitions/payment.md");
        assert_printed(&TicketStatus::TRANSITIONS, "transitions/ticket.md");
    }
}
