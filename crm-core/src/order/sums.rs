//! The lines of an order or a quote: their numbers, and what they come to.

use super::{LIMIT, OrderLine};
use crate::{
    invalid::{Invalid, Rule},
    money::{Currency, Money},
    totals::{Taxable, Terms, Totals},
};

/// Refuses too many lines, lines that are not numbered upwards from 1, and a net and a total that are not their sums.
pub(crate) fn check_lines(
    lines: &[OrderLine],
    currency: Currency,
    terms: &Terms,
    (net, total): (Money, Money),
) -> Result<(), Invalid> {
    if lines.len() > LIMIT {
        return Err(Invalid::new("lines", lines.len().to_string(), Rule::TooMany { limit: LIMIT }));
    }
    let inconsistent = |field, value: String, must| Err(Invalid::new(field, value, Rule::Inconsistent { must }));
    let mut earlier = 0;
    for line in lines {
        if line.number() <= earlier {
            return inconsistent("lines", line.number().to_string(), "must be numbered upwards, from 1");
        }
        earlier = line.number();
    }
    let (net_of_lines, total_of_lines) = sums(lines, currency, terms)?;
    for (field, kept, sum) in [("net", net, net_of_lines), ("total", total, total_of_lines)] {
        if kept != sum {
            return inconsistent(field, kept.to_string(), "must be the sum of the lines under the terms");
        }
    }
    Ok(())
}

/// Whether the amounts of lines are all that there is to sum: nothing is split or rounded.
pub(super) fn is_plain(lines: &[OrderLine], terms: &Terms) -> bool {
    terms.discount.is_none() && lines.iter().all(|line| line.tax().is_none())
}

/// What lines come to without and with tax.
pub(crate) fn sums(lines: &[OrderLine], currency: Currency, terms: &Terms) -> Result<(Money, Money), Invalid> {
    if is_plain(lines, terms) {
        let sum = Money::sum(lines.iter().map(OrderLine::amount), currency);
        return sum.map(|sum| (sum, sum)).map_err(|refused| refused.in_field("total"));
    }
    let totals = totals(lines, currency, terms)?;
    Ok((totals.net(), totals.total()))
}

/// What lines come to, each by itself, by tax and as a whole.
pub(crate) fn totals(lines: &[OrderLine], currency: Currency, terms: &Terms) -> Result<Totals, Invalid> {
    let lines: Vec<Taxable<'_>> = lines.iter().map(OrderLine::taxable).collect();
    Totals::of(&lines, currency, terms)
}
