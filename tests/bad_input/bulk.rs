//! Imports of what is not all good, and imports that end too early.

use std::ops::ControlFlow;

use crm::{
    Crm, Error, NewProduct, Product, Rule, UnitPrice,
    bulk::{ImportError, ImportEvent, ImportOptions, ImportOutcome, ImportReport, Rejection},
    store::{Journal, Page, ProductFilter, Products, StoreErrorKind},
};

use crate::company::broken;

/// A line of a price list: a SKU, a name and a price.
type Line = (&'static str, &'static str, &'static str);

/// Seven products, of which the third has no price that can be read, the fifth has the SKU of the first, and the sixth no name.
const PRICES: [Line; 7] = [
    ("L-1", "Desk lamp", "49.90"),
    ("L-2", "Floor lamp", "129.00"),
    ("L-3", "Lava lamp", "cheap"),
    ("L-4", "Bulb", "4.50"),
    ("L-1", "Desk lamp again", "47.90"),
    ("L-6", "", "9.90"),
    ("L-7", "Shade", "19.90"),
];

fn product(crm: &Crm, (sku, name, price): Line) -> Result<Product, Error> {
    let act = &mut crm.act("import")?;
    let price = UnitPrice::parse(price, crm::Currency::EUR)?;
    Ok(Product::add(act.new_id(), act.at(), NewProduct::new(sku.parse()?, name.parse()?, price)))
}

fn import(
    crm: &Crm,
    options: &ImportOptions,
    watch: impl FnMut(ImportEvent<Error>) -> ControlFlow<()>,
) -> Result<ImportReport, Error> {
    let act = &mut crm.act("alice")?.with_key("prices of March".parse()?);
    crm.import(act, options, PRICES.map(|line| product(crm, line)), watch)
}

fn options(batch_rows: u32) -> Result<ImportOptions, Error> {
    Ok(ImportOptions::new("prices.csv".parse()?).batch_rows(batch_rows))
}

fn skus(crm: &Crm) -> Result<Vec<String>, Error> {
    let products = crm.read(|tx| Ok(tx.products(&ProductFilter::default(), Page::first(99))?))?;
    let mut skus: Vec<String> = products.iter().map(|product| product.sku.to_string()).collect();
    skus.sort();
    Ok(skus)
}

#[test]
fn a_malformed_row_in_the_middle_is_told_and_the_others_are_kept() -> Result<(), Error> {
    let crm = Crm::open_in_memory()?;
    let mut rejected = Vec::new();
    let report = import(&crm, &options(100)?, |event| {
        if let ImportEvent::Rejected { row, rejection } = event {
            rejected.push((row, rejection));
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!((report.outcome, report.total.inserted), (ImportOutcome::Finished, 4));
    let [(3, Rejection::Malformed(price)), (5, Rejection::Refused(taken)), (6, Rejection::Malformed(name))] =
        &rejected[..]
    else {
        panic!("{rejected:?}")
    };
    assert!(matches!(broken(price, "unit price"), Rule::Malformed { .. }));
    assert_eq!(taken.kind(), &StoreErrorKind::Duplicate { record: "product", field: "sku" });
    assert_eq!(broken(name, "name"), Rule::Empty);
    assert_eq!(rejected[2].1.to_string(), "name must not be empty");
    assert_eq!(skus(&crm)?, ["L-1", "L-2", "L-4", "L-7"]);
    Ok(())
}

#[test]
fn an_import_that_is_stopped_after_any_batch_is_resumed_once() -> Result<(), Error> {
    for stop_after in 1..=3 {
        let crm = Crm::open_in_memory()?;
        let mut batches = 0;
        let stopped = import(&crm, &options(2)?, |event| {
            batches += u32::from(matches!(event, ImportEvent::Progress(_)));
            if batches < stop_after { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        assert_eq!((stopped.outcome, stopped.total.rows), (ImportOutcome::Stopped, 2 * u64::from(stop_after)));
        let resumed = import(&crm, &options(3)?, |_| ControlFlow::Continue(()))?;
        assert_eq!((resumed.before, resumed.total.rows, resumed.total.inserted), (stopped.total, 7, 4));
        assert_eq!(skus(&crm)?, ["L-1", "L-2", "L-4", "L-7"]);
        let again = import(&crm, &options(3)?, |event| panic!("nothing is left to tell: {event:?}"))?;
        assert_eq!((again.outcome, again.total), (ImportOutcome::FinishedBefore, resumed.total));
    }
    Ok(())
}

#[test]
fn an_import_with_a_batch_of_nothing_or_with_too_many_bad_rows_says_so() -> Result<(), Error> {
    let crm = Crm::open_in_memory()?;
    let refused = import(&crm, &options(0)?, |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(broken(&refused, "batch rows"), Rule::NotPositive);
    assert!(crm.read(|tx| Ok(tx.entries(Page::first(1))?))?.is_empty());

    let refused = import(&crm, &options(3)?.rejected_limit(0), |_| ControlFlow::Continue(())).unwrap_err();
    let Error::Import(ImportError::TooManyRejected { limit: 0, rejected: 1, progress }) = &refused else {
        panic!("{refused:?}")
    };
    assert_eq!(
        (progress.total.rows, refused.to_string().as_str()),
        (3, "1 rows were rejected, more than the 0 that are allowed")
    );
    assert_eq!(skus(&crm)?, ["L-1", "L-2"]);

    let other = ImportOptions::new("other.csv".parse()?);
    let refused = import(&crm, &other, |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(refused, Error::Import(ImportError::KeyOfAnother { .. })), "{refused:?}");
    assert!(refused.to_string().contains("prices.csv"), "{refused}");
    Ok(())
}
