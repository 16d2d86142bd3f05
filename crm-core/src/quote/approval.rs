//! What of a quote goes beyond a limit, who wrote it, and who approves it.

use chrono::{DateTime, Utc};

use super::{Quote, QuoteAction, QuoteError, QuoteFact, QuoteState};
use crate::{
    decimal::{Percent, UnitPrice},
    discount::{Approval, DiscountedLine, Measured},
    id::ProductId,
    invalid::{Invalid, Rule},
    order::OrderLine,
    tax::PriceBasis,
    text::{Actor, Text},
    totals::{Discount, LineTotals},
};

impl Quote {
    /// Its lines as a [`DiscountLimit`](crate::DiscountLimit) looks at them. The caller knows what a product is listed at and what one costs.
    ///
    /// # Errors
    ///
    /// What `product` refuses; [`Rule::Overflow`].
    pub fn discounted<E: From<Invalid>>(
        &self,
        product: impl Fn(ProductId) -> Result<(UnitPrice, Option<UnitPrice>), E>,
    ) -> Result<Vec<DiscountedLine>, E> {
        let totals = self.totals()?;
        let hundred = i128::from(Percent::HUNDRED.ten_thousandths());
        let less = |percent: Percent| hundred - i128::from(percent.ten_thousandths());
        // What the discount on the document leaves of each price.
        let (left, of) = match self.terms.discount {
            Some(Discount::Percent(percent)) => (less(percent), hundred),
            Some(Discount::Amount(_)) if !totals.subtotal().is_zero() => {
                let all = i128::from(totals.subtotal().minor());
                (all - i128::from(totals.discount().minor()), all)
            }
            Some(Discount::Amount(_)) | None => (1, 1),
        };
        let line = |(line, sums): (&OrderLine, &LineTotals)| {
            let (list_price, cost) = product(line.product())?;
            let list_price = line.list_price().unwrap_or(list_price);
            let kept = less(line.discount()).checked_mul(left).zip(hundred.checked_mul(of));
            let (kept, all) =
                kept.ok_or_else(|| Invalid::new("discount", totals.discount().to_string(), Rule::Overflow))?;
            let price = line.unit_price().share(kept, all)?;
            let taxed = match (self.terms.taxation.prices, line.tax()) {
                (PriceBasis::Gross, Some(tax)) => hundred + i128::from(tax.rate().ten_thousandths()),
                _ => hundred,
            };
            Ok(DiscountedLine {
                number: line.number(),
                quantity: line.quantity(),
                list_price,
                price,
                net_price: price.share(hundred, taxed)?,
                cost,
                amount: line.amount().checked_sub(sums.discount)?,
                net: sums.net,
            })
        };
        self.lines.iter().zip(totals.lines()).map(line).collect()
    }

    /// Who wrote its content once somebody changes or copies it: they, after those who wrote what nobody else approved.
    pub fn authors_with(&self, author: &Actor) -> Vec<Actor> {
        let unapproved: &[Actor] = if self.approval.is_some() { &[] } else { &self.authors };
        unapproved.iter().filter(|one| *one != author).chain([author]).cloned().collect()
    }

    /// Asks for approval of what goes beyond the limit of who hands it in; where nothing does, it is ready to be sent at once (PRC-5).
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it is a draft, [`QuoteError::NoLines`].
    pub fn submit(&mut self, at: DateTime<Utc>, measured: Measured) -> Result<QuoteFact, QuoteError> {
        let Measured { limit, beyond } = measured;
        let action = if beyond.is_empty() { QuoteAction::Pass } else { QuoteAction::Submit };
        self.step(action)?;
        self.has_lines(action)?;
        if beyond.is_empty() {
            self.enter(at, QuoteState::Approved { at });
            return Ok(QuoteFact::Passed { within: limit });
        }
        self.enter(at, QuoteState::InApproval { since: at, beyond: beyond.clone() });
        Ok(QuoteFact::Submitted { beyond })
    }

    /// Approves it, by another person than those who wrote it (PRC-5).
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it waits for approval, [`QuoteError::Approval`] by one of its authors.
    pub fn approve(&mut self, at: DateTime<Utc>, approver: &Actor) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::Approve)?;
        let beyond = match &self.state {
            QuoteState::InApproval { beyond, .. } => beyond.clone(),
            _ => Vec::new(),
        };
        let approval = Approval::give(self.authors.clone(), approver.clone(), at, beyond)
            .map_err(|refused| QuoteError::Approval { quote: self.id, refused })?;
        self.approval = Some(approval.clone());
        self.enter(at, QuoteState::Approved { at });
        Ok(QuoteFact::Approved { approval })
    }

    /// Sends it back to its author, as a draft.
    ///
    /// # Errors
    ///
    /// [`QuoteError::NotAllowed`] unless it waits for approval.
    pub fn send_back(&mut self, at: DateTime<Utc>, reason: Text) -> Result<QuoteFact, QuoteError> {
        self.step(QuoteAction::SendBack)?;
        self.enter(at, QuoteState::Draft { sent_back: Some(reason.clone()) });
        Ok(QuoteFact::SentBack { reason })
    }
}
