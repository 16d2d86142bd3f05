//! Taxes on lines, and how they are rounded.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    decimal::Percent,
    invalid::{Invalid, Rule},
    text::Label,
};

/// A tax on what is sold: what it is called and its rate on the net amount.
///
/// Two rates of one code are two taxes, and so are two codes with one rate: a sum of taxes tells them apart.
///
/// ```
/// use crm_core::{Percent, Tax};
///
/// let vat = Tax::new("VAT".parse()?, Percent::whole(19))?;
/// assert_eq!(vat.to_string(), "VAT 19 %");
/// assert!(Tax::new("VAT".parse()?, "-1".parse()?).is_err());
/// # Ok::<(), crm_core::Invalid>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "WrittenTax", into = "WrittenTax")]
pub struct Tax {
    code: Label,
    rate: Percent,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Tax", deny_unknown_fields)]
struct WrittenTax {
    code: Label,
    rate: Percent,
}

impl TryFrom<WrittenTax> for Tax {
    type Error = Invalid;
    fn try_from(written: WrittenTax) -> Result<Self, Invalid> {
        Self::new(written.code, written.rate)
    }
}

impl From<Tax> for WrittenTax {
    fn from(tax: Tax) -> Self {
        Self { code: tax.code, rate: tax.rate }
    }
}

impl Tax {
    /// A tax with its rate; a rate may be above 100 %.
    ///
    /// # Errors
    ///
    /// [`Rule::Negative`].
    pub fn new(code: Label, rate: Percent) -> Result<Self, Invalid> {
        if rate < Percent::ZERO {
            return Err(Invalid::new("tax rate", rate.to_string(), Rule::Negative));
        }
        Ok(Self { code, rate })
    }

    /// What it is called.
    pub const fn code(&self) -> &Label {
        &self.code
    }

    /// The rate on the net amount.
    pub const fn rate(&self) -> Percent {
        self.rate
    }
}

impl fmt::Display for Tax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.code, self.rate))
    }
}

/// Whether prices hold the tax already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceBasis {
    /// The tax comes on top, as between businesses.
    #[default]
    Net,
    /// The tax is in the price, as on the shelf of a shop.
    Gross,
}

/// Where a tax is rounded (MON-5): the law of a country says which.
///
/// Whichever it is, the taxes of the lines sum to the tax of the document: what was rounded over several lines is split over them by the largest remainders (MON-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxRounding {
    /// The tax of each line is rounded.
    #[default]
    PerLine,
    /// The tax on the sum of all lines with the same tax is rounded.
    PerTaxGroup,
    /// The tax of the whole document is rounded once.
    Global,
}

/// How a document is taxed: what its prices hold and where the tax is rounded, half up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taxation {
    /// Whether prices hold the tax already.
    pub prices: PriceBasis,
    /// Where the tax is rounded.
    pub rounding: TaxRounding,
}

impl Taxation {
    /// Prices without the tax, which is rounded as given.
    pub const fn net(rounding: TaxRounding) -> Self {
        Self { prices: PriceBasis::Net, rounding }
    }

    /// Prices with the tax in them, which is rounded as given.
    pub const fn gross(rounding: TaxRounding) -> Self {
        Self { prices: PriceBasis::Gross, rounding }
    }
}
