//! What of an order was shipped, delivered and returned.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use chrono::{DateTime, Utc};

use super::{
    Deserialize, Invalid, LIMIT, Order, OrderAction, OrderError, OrderFact, OrderLine, Quantity, Rule, Serialize,
    refund::refunded_lines,
};
use crate::transition::{Transition, Transitions};

/// How much of an order has left and stayed with the customer; follows from its shipments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// Nothing has left.
    Unfulfilled,
    /// Something is left to ship.
    Partial,
    /// Everything has left, but for what was refunded by line.
    Fulfilled,
    /// All that had left came back.
    Returned,
}

impl fmt::Display for Fulfilment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unfulfilled => "unfulfilled",
            Self::Partial => "partly fulfilled",
            Self::Fulfilled => "fulfilled",
            Self::Returned => "returned",
        })
    }
}

/// Goods that left together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipment {
    /// The number of the shipment in its order, from 1.
    pub number: u32,
    /// When it left.
    pub shipped_at: DateTime<Utc>,
    /// Where it stands.
    pub state: ShipmentState,
    /// What is in it.
    pub lines: Vec<ShippedLine>,
    /// What of it came back, by line: some, or once it is [`ShipmentState::Returned`] all of it.
    pub returned: Vec<ShippedLine>,
}

/// Where a shipment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ShipmentState {
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered {
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Back, all of it, delivered before or not.
    Returned {
        /// Since when.
        at: DateTime<Utc>,
    },
}

impl ShipmentState {
    /// The state without what is known in it.
    pub const fn status(self) -> ShipmentStatus {
        match self {
            Self::Shipped => ShipmentStatus::Shipped,
            Self::Delivered { .. } => ShipmentStatus::Delivered,
            Self::Returned { .. } => ShipmentStatus::Returned,
        }
    }
}

/// Where a shipment stands, by name.
///
/// What may be done to it while its order is binding:
///
#[doc = include_str!("../transitions/shipment.md")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShipmentStatus {
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered,
    /// Back, all of it, delivered before or not. While only some is back, it stands where it stood.
    Returned,
}

const ALL_BACK: &str = "once all is back";

impl ShipmentStatus {
    /// What may follow what.
    pub const TRANSITIONS: Transitions<Self, OrderAction> = Transitions {
        states: &[Self::Shipped, Self::Delivered, Self::Returned],
        actions: &[OrderAction::Deliver, OrderAction::Return],
        steps: &[
            Transition { from: Self::Shipped, action: OrderAction::Deliver, to: Self::Delivered, guard: "" },
            Transition { from: Self::Shipped, action: OrderAction::Return, to: Self::Returned, guard: ALL_BACK },
            Transition { from: Self::Delivered, action: OrderAction::Return, to: Self::Returned, guard: ALL_BACK },
        ],
    };
}

impl fmt::Display for ShipmentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
        })
    }
}

/// So many of one line of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippedLine {
    /// The number of the order's line.
    pub line: u32,
    /// How many.
    pub quantity: Quantity,
}

impl Shipment {
    const fn is_back(&self) -> bool {
        matches!(self.state, ShipmentState::Returned { .. })
    }

    /// What of it is out: has left and not come back, by line; lines of which all is back are not listed.
    pub fn out(&self) -> Vec<ShippedLine> {
        let out = |one: &ShippedLine| {
            let back = self.returned.iter().find(|back| back.line == one.line);
            let quantity = back.map_or(Some(one.quantity), |back| one.quantity.less(back.quantity))?;
            Some(ShippedLine { line: one.line, quantity: quantity.positive().ok()? })
        };
        self.lines.iter().filter_map(out).collect()
    }
}

/// What of each line has left and not come back, in millionths; wide enough for whatever a record may claim.
fn kept(order: &Order) -> BTreeMap<u32, i128> {
    let mut kept = BTreeMap::new();
    for one in order.shipments.iter().flat_map(Shipment::out) {
        *kept.entry(one.line).or_default() += i128::from(one.quantity.millionths());
    }
    kept
}

/// What was ordered of a line less what is kept of it, in millionths.
fn left(line: &OrderLine, kept: &BTreeMap<u32, i128>) -> i128 {
    i128::from(line.quantity().millionths()) - kept.get(&line.number()).copied().unwrap_or(0)
}

pub(super) fn check(order: &Order) -> Result<(), Invalid> {
    let inconsistent =
        |value: u32, must| Err(Invalid::new("shipments", value.to_string(), Rule::Inconsistent { must }));
    for (place, shipment) in (1..).zip(&order.shipments) {
        if shipment.number != place {
            return inconsistent(shipment.number, "must be numbered from 1 without a gap");
        }
        if shipment.lines.is_empty() || shipment.lines.len() > LIMIT {
            return inconsistent(shipment.number, "must hold something, and no more than an order can have lines");
        }
        let mut named = BTreeSet::new();
        for one in &shipment.lines {
            one.quantity.positive()?;
            if order.line(one.line).is_none() {
                return inconsistent(one.line, "must hold lines of the order");
            }
            if !named.insert(one.line) {
                return Err(Invalid::new("shipments", one.line.to_string(), Rule::Repeated));
            }
        }
        let mut back = BTreeSet::new();
        for one in &shipment.returned {
            one.quantity.positive()?;
            if !back.insert(one.line) {
                return Err(Invalid::new("shipments", one.line.to_string(), Rule::Repeated));
            }
            let held = shipment.lines.iter().find(|held| held.line == one.line);
            if held.is_none_or(|held| one.quantity > held.quantity) {
                return inconsistent(one.line, "must not take back more than they hold");
            }
        }
        if shipment.is_back() != shipment.out().is_empty() {
            return inconsistent(shipment.number, "must be returned once all of it is back");
        }
    }
    let kept = kept(order);
    match order.lines.iter().find(|line| left(line, &kept) < 0) {
        Some(line) => inconsistent(line.number(), "must not hold more of a line than was ordered"),
        None => Ok(()),
    }
}

impl Order {
    /// How much of it has left and stayed with the customer.
    pub fn fulfilment(&self) -> Fulfilment {
        if self.shipments.is_empty() {
            Fulfilment::Unfulfilled
        } else if !self.has_goods_out() {
            Fulfilment::Returned
        } else if self.unshipped().is_empty() {
            Fulfilment::Fulfilled
        } else {
            Fulfilment::Partial
        }
    }

    /// Whether something has left and not come back.
    pub(super) fn has_goods_out(&self) -> bool {
        self.shipments.iter().any(|shipment| !shipment.is_back())
    }

    /// What is left to ship, by line: what was ordered less what has left and not come back, and less what was refunded by line, which nobody waits for any more. Lines of which
    /// nothing is left are not listed.
    pub fn unshipped(&self) -> Vec<ShippedLine> {
        let kept = kept(self);
        // A sum that does not fit is refused where the order is read.
        let refunded = refunded_lines(&self.payments).unwrap_or_default();
        let unshipped = |line: &OrderLine| {
            let refunded = refunded.get(&line.number()).map_or(0, |refunded| i128::from(refunded.millionths()));
            // What is kept never exceeds what was ordered, so the difference fits.
            let left = i64::try_from(left(line, &kept) - refunded).ok()?;
            let quantity = Quantity::from_millionths(left).ok()?.positive().ok()?;
            Some(ShippedLine { line: line.number(), quantity })
        };
        self.lines.iter().filter_map(unshipped).collect()
    }

    /// Sends goods: some lines, or with `None` all that is left.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless it is binding, [`OrderError::NothingLeft`], [`OrderError::NoSuchLine`], [`OrderError::MoreThanLeft`],
    /// [`OrderError::Value`] for a quantity of zero or a line that is named twice.
    pub fn ship(&mut self, at: DateTime<Utc>, lines: Option<Vec<ShippedLine>>) -> Result<OrderFact, OrderError> {
        let order = self.id;
        self.send(at, lines).map_err(|refused| refused.of(order, OrderAction::Ship))
    }

    fn send(&mut self, at: DateTime<Utc>, lines: Option<Vec<ShippedLine>>) -> Result<OrderFact, OrderError> {
        self.step(OrderAction::Ship)?;
        let order = self.id;
        let left = self.unshipped();
        if left.is_empty() {
            return Err(OrderError::NothingLeft { order });
        }
        let lines = lines.unwrap_or_else(|| left.clone());
        if lines.is_empty() {
            return Err(Invalid::new("lines", "", Rule::Empty).into());
        }
        let mut named = BTreeSet::new();
        for one in &lines {
            one.quantity.positive()?;
            if !named.insert(one.line) {
                return Err(Invalid::new("lines", one.line.to_string(), Rule::Repeated).into());
            }
            if self.line(one.line).is_none() {
                return Err(OrderError::NoSuchLine { order, line: one.line });
            }
            let left = match left.binary_search_by_key(&one.line, |left| left.line) {
                Ok(place) => left[place].quantity,
                Err(_) => Quantity::ZERO,
            };
            if one.quantity > left {
                return Err(OrderError::MoreThanLeft { order, line: one.line, quantity: one.quantity, left });
            }
        }
        let number = self.shipments.last().map_or(1, |last| last.number + 1);
        if self.shipments.len() == LIMIT {
            return Err(Invalid::new("shipments", number.to_string(), Rule::TooMany { limit: LIMIT }).into());
        }
        let state = ShipmentState::Shipped;
        let shipment = Shipment { number, shipped_at: at, state, lines, returned: Vec::new() };
        self.shipments.push(shipment.clone());
        self.updated_at = at;
        Ok(OrderFact::Shipped { shipment })
    }

    /// The place of a shipment that an action can be done to.
    fn shipment_for(&self, number: u32, action: OrderAction) -> Result<usize, OrderError> {
        self.step(action)?;
        let order = self.id;
        let found = self.shipments.iter().position(|shipment| shipment.number == number);
        let place = found.ok_or(OrderError::NoSuchShipment { order, shipment: number })?;
        let status = self.shipments[place].state.status();
        match ShipmentStatus::TRANSITIONS.next(status, action) {
            Some(_) => Ok(place),
            None => Err(OrderError::ShipmentNotAllowed { order, shipment: number, status, action }),
        }
    }

    /// Notes that a shipment arrived.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless the order is binding, [`OrderError::NoSuchShipment`], [`OrderError::ShipmentNotAllowed`] unless it is on its way.
    pub fn deliver(&mut self, at: DateTime<Utc>, shipment: u32) -> Result<OrderFact, OrderError> {
        let place = self.shipment_for(shipment, OrderAction::Deliver)?;
        self.shipments[place].state = ShipmentState::Delivered { at };
        self.updated_at = at;
        Ok(OrderFact::Delivered { shipment })
    }

    /// Notes that a shipment came back, delivered or not, or the rest of one of which some is back. What came back can be shipped again.
    ///
    /// # Errors
    ///
    /// [`OrderError::NotAllowed`] unless the order is binding, [`OrderError::NoSuchShipment`], [`OrderError::ShipmentNotAllowed`] where all of it is back already.
    pub fn take_back(&mut self, at: DateTime<Utc>, shipment: u32) -> Result<OrderFact, OrderError> {
        self.come_back(at, shipment, None)
    }

    /// Notes that some lines of a shipment came back, delivered or not. What came back can be shipped again. Once all of it is back the shipment is returned; until then it
    /// stands where it stood.
    ///
    /// # Errors
    ///
    /// As [`Order::take_back`]; [`OrderError::NoSuchLine`], [`OrderError::MoreThanOut`], [`OrderError::Value`] for a quantity of zero, a line that is named twice, or none.
    pub fn take_back_lines(
        &mut self,
        at: DateTime<Utc>,
        shipment: u32,
        lines: Vec<ShippedLine>,
    ) -> Result<OrderFact, OrderError> {
        let order = self.id;
        self.come_back(at, shipment, Some(lines)).map_err(|refused| refused.of(order, OrderAction::Return))
    }

    fn come_back(
        &mut self,
        at: DateTime<Utc>,
        shipment: u32,
        lines: Option<Vec<ShippedLine>>,
    ) -> Result<OrderFact, OrderError> {
        let place = self.shipment_for(shipment, OrderAction::Return)?;
        let out = self.shipments[place].out();
        let lines = lines.unwrap_or_else(|| out.clone());
        if lines.is_empty() {
            return Err(Invalid::new("lines", "", Rule::Empty).into());
        }
        let order = self.id;
        let mut named = BTreeSet::new();
        for one in &lines {
            one.quantity.positive()?;
            if !named.insert(one.line) {
                return Err(Invalid::new("lines", one.line.to_string(), Rule::Repeated).into());
            }
            if self.line(one.line).is_none() {
                return Err(OrderError::NoSuchLine { order, line: one.line });
            }
            let out = out.iter().find(|out| out.line == one.line).map_or(Quantity::ZERO, |out| out.quantity);
            if one.quantity > out {
                let (line, quantity) = (one.line, one.quantity);
                return Err(OrderError::MoreThanOut { order, shipment, line, quantity, out });
            }
        }
        let mut returned = self.shipments[place].returned.clone();
        for one in &lines {
            match returned.iter_mut().find(|back| back.line == one.line) {
                Some(back) => back.quantity = back.quantity.checked_add(one.quantity)?,
                None => returned.push(*one),
            }
        }
        let moved = &mut self.shipments[place];
        let before = moved.state;
        moved.returned = returned;
        if moved.out().is_empty() {
            moved.state = ShipmentState::Returned { at };
        }
        self.updated_at = at;
        Ok(OrderFact::Returned { shipment, before, lines })
    }
}
