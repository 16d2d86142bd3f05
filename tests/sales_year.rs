//! The example `sales_year` keeps its word: the figures, the second run, the exit, on its own data and on the real set where that is at hand.

#![expect(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    reason = "helpers of tests may panic; statistics are compared up to rounding"
)]

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "../examples/sales_year/main.rs"]
#[expect(dead_code, reason = "`main` itself is not called here")]
mod sales_year;

/// Runs the example with arguments and gives what it prints.
fn printed(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let options = sales_year::options::Options::parse(arguments.iter().map(ToString::to_string))?;
    let mut out = Vec::new();
    sales_year::run(&options, &mut out)?;
    Ok(String::from_utf8(out)?)
}

/// Runs the example with `--json` and gives the object.
fn report(arguments: &[&str]) -> Value {
    let printed = printed(&[arguments, &["--json"]].concat()).unwrap();
    assert_eq!(printed.lines().count(), 1);
    serde_json::from_str(&printed).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Asserts that a number is the expected one up to the last digits.
fn assert_close(found: &Value, expected: f64) {
    let number = found.as_f64().unwrap();
    assert!((number - expected).abs() <= 1e-9 * expected.abs(), "{number} is not {expected}");
}

/// A directory with the three master files and one pipeline of these rows.
fn directory_with(pipeline: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write_pipeline(&directory, "sales_pipeline.csv", pipeline);
    for (name, content) in [
        (
            "accounts.csv",
            "account,sector,year_established,revenue,employees,office_location,subsidiary_of\nAcme,,,,,,\n",
        ),
        ("products.csv", "product,series,sales_price\nGTX Pro,GTX,4821\n"),
        ("sales_teams.csv", "sales_agent,manager,regional_office\nAnn,Mary,East\n"),
    ] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

fn write_pipeline(directory: &TempDir, name: &str, rows: &[&str]) {
    let header = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value";
    fs::write(directory.path().join(name), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
}

fn reasons(remarks: &Value) -> Vec<(u64, &str, &str)> {
    let remarks = remarks.as_array().unwrap().iter();
    let of = |remark: &'_ Value, key: &str| remark[key].as_u64().unwrap_or_default();
    remarks
        .map(|remark| (of(remark, "line"), remark["column"].as_str().unwrap(), remark["reason"].as_str().unwrap()))
        .collect()
}

#[test]
fn the_small_set_gives_the_figures_that_were_computed_by_hand_and_elsewhere() {
    let report = report(&[]);
    let exact = [
        ("rows", json!(89)),
        ("won", json!(47)),
        ("lost", json!(21)),
        ("engaging", json!(11)),
        ("prospecting", json!(8)),
        ("won_revenue", json!("183022.87")),
        ("by_region", json!({"North": "90423.00", "South": "92599.87", "West": "0.00"})),
        (
            "by_quarter",
            json!({"2024Q1": "17227.00", "2024Q2": "28720.74", "2024Q3": "23929.03", "2024Q4": "49013.00", "2025Q1": "64133.10"}),
        ),
        (
            "by_rep",
            json!({
                "Aino Kettula": "19571.00", "Arjun Deshpavar": "10238.30", "Jürgen Voßkamp": "19335.00", "Lena Hartwig": "51517.00",
                "Marta Figueiral": "0.00", "Priya Raghunandan": "51640.84", "Tomás Echevarne": "0.00", "陈思远": "30720.73"
            }),
        ),
        (
            "rejected",
            json!([
                {"file": "sales_pipeline_north.csv", "line": 26, "column": "product", "value": "Halo Max", "reason": "unknown product"},
                {"file": "sales_pipeline_south.csv", "line": 30, "column": "close_date", "value": "2025-02-30", "reason": "not a date (yyyy-mm-dd)"}
            ]),
        ),
    ];
    for (figure, expected) in exact {
        assert_eq!(report[figure], expected, "{figure}");
    }
    assert_close(&report["win_rate"], 47.0 / 68.0);
    assert_close(&report["mean_cycle_days_won"], 46.191489361702125);
    assert_close(&report["monthly_sample_variance"], 43754713.18795524);
    assert_close(&report["trend"]["slope"], 1260.14175);
    assert_close(&report["trend"]["intercept"], 3380.5324166666664);
    assert_close(&report["trend"]["r_squared"], 0.7258451098841594);
    assert_close(&report["trend"]["next_month"], 22282.658666666666);
    assert_eq!(report["notices"].as_array().unwrap().len(), 13);
}

#[test]
fn a_second_run_on_one_file_imports_nothing_twice_and_prints_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let db = directory.path().join("year.db");
    let run = || printed(&["--json", "--db", text(&db)]).unwrap();
    let first = run();
    let entries = || {
        let crm = crm::Crm::open(&db).unwrap();
        crm.read(|tx| Ok(crm::store::Journal::entries(tx, crm::store::Page::first(u16::MAX))?.len())).unwrap()
    };
    let written = entries();
    assert_eq!(run(), first);
    assert_eq!(entries(), written);
    assert_eq!(printed(&["--json"]).unwrap(), first);
}

#[test]
fn a_deal_that_went_on_between_two_imports_is_moved_on() {
    let directory = directory_with(&["1,Ann,GTX Pro,,Prospecting,,,", "2,Ann,GTX Pro,Acme,Engaging,2026-01-02,,"]);
    let db = directory.path().join("year.db");
    let arguments = ["--db", text(&db), text(directory.path())];
    let before = report(&arguments);
    assert_eq!((&before["prospecting"], &before["engaging"], &before["won"]), (&json!(1), &json!(1), &json!(0)));

    write_pipeline(
        &directory,
        "sales_pipeline.csv",
        &["2,Ann,GTX Pro,Acme,Lost,2026-01-02,2026-02-03,0", "1,Ann,GTX Pro,Acme,Won,2026-01-05,2026-01-15,4800.50"],
    );
    let after = report(&arguments);
    assert_eq!((&after["won"], &after["lost"], &after["won_revenue"]), (&json!(1), &json!(1), &json!("4800.50")));
    assert_eq!(after["mean_cycle_days_won"], json!(10.0));

    write_pipeline(&directory, "sales_pipeline.csv", &["1,Ann,GTX Pro,Acme,Lost,2026-01-05,2026-01-15,0"]);
    let contradicted = report(&arguments);
    assert_eq!(contradicted["won"], json!(1));
    assert_eq!(
        reasons(&contradicted["notices"]),
        [(2, "deal_stage", "taken as won by an earlier import, left as it is")]
    );
}

#[test]
fn what_cannot_be_understood_is_rejected_with_its_place_and_the_rest_goes_in() {
    let long = format!("{},Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-02,1", "x".repeat(201));
    let directory = directory_with(&[
        "1,Ann,gtx-pro,Acme,Won,2026-01-02,2026-01-02,10.50",
        "1,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-02,10.50",
        "2,Ann,\"GTX Pro,Acme,Won,2026-01-02,2026-01-02,10",
        "3,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-01,10",
        "",
        "4,Ann,GTX Pro,,Won,2026-01-02,2026-01-02,10",
        "5,Bob,GTX Pro,,Prospecting,,,",
        "6,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-02,1.005",
        "7,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-02",
        &long,
        "8,Mary,GTX Pro,,Prospecting,,,",
        "9,Ann,GTX Pro,Acme,Lost,2026-01-02,2026-01-02,",
    ]);
    let report = report(&[text(directory.path())]);
    assert_eq!((&report["rows"], &report["won"], &report["lost"]), (&json!(11), &json!(1), &json!(1)));
    assert_eq!(
        reasons(&report["rejected"]),
        [
            (3, "opportunity_id", "duplicate opportunity id"),
            (4, "product", "quoted field is not closed"),
            (5, "close_date", "close date is before engage date"),
            (7, "account", "no account on a won opportunity"),
            (8, "sales_agent", "unknown sales agent"),
            (9, "close_value", "more than two decimals"),
            (10, "close_value", "row has 7 fields, header has 8"),
            (11, "opportunity_id", "external id must have at most 200 characters, has 201"),
            (12, "sales_agent", "unknown sales agent"),
        ]
    );
    assert_eq!(reasons(&report["notices"]), [(2, "product", "spelling variant, taken as GTX Pro")]);
}

#[test]
fn an_open_deal_is_what_its_row_is_marked_as() {
    let directory = directory_with(&["1,Ann,GTX Pro,Acme,Prospecting,2026-01-02,,", "2,Ann,GTX Pro,Acme,Engaging,,,"]);
    let report = report(&[text(directory.path())]);
    assert_eq!((&report["prospecting"], &report["engaging"]), (&json!(1), &json!(0)));
    let noticed = (2, "engage_date", "engage date on a prospecting opportunity, not taken");
    assert_eq!(reasons(&report["notices"]), [noticed]);
    let rejected = (3, "engage_date", "no engage date on an engaging opportunity");
    assert_eq!(reasons(&report["rejected"]), [rejected]);
}

#[test]
fn statistics_that_do_not_exist_are_null() {
    let directory = directory_with(&["1,Ann,GTX Pro,,Prospecting,,,"]);
    let report = report(&[text(directory.path())]);
    for figure in ["win_rate", "mean_cycle_days_won", "monthly_sample_variance"] {
        assert_eq!(report[figure], Value::Null, "{figure}");
    }
    assert_eq!(report["trend"], json!({"slope": null, "intercept": null, "r_squared": null, "next_month": null}));
    assert_eq!((&report["by_rep"], &report["by_quarter"]), (&json!({"Ann": "0.00"}), &json!({})));
}

#[test]
fn without_json_there_are_tables_and_two_charts() {
    let directory = tempfile::tempdir().unwrap();
    let printed = printed(&["--svg", text(directory.path())]).unwrap();
    assert!(printed.contains("183 022.87 USD") && printed.contains("陈思远"));
    for (chart, words) in [
        ("sales_year_revenue_by_rep.svg", ["Jürgen Voßkamp", "revenue (thousand USD)"]),
        ("sales_year_monthly_trend.svg", ["2024-08", "the month after, by the trend"]),
    ] {
        let svg = fs::read_to_string(directory.path().join(chart)).unwrap();
        for word in words {
            assert!(svg.contains(word), "{chart} has no {word}");
        }
    }
}

#[test]
fn a_missing_file_or_column_fails_before_the_store_is_touched() {
    let directory = directory_with(&["1,Ann,GTX Pro,,Prospecting,,,"]);
    let db = directory.path().join("year.db");
    let refusal = || printed(&["--db", text(&db), text(directory.path())]).unwrap_err().to_string();
    write_pipeline(&directory, "sales_pipeline_b.csv", &[]);
    fs::write(directory.path().join("products.csv"), "product,series\n").unwrap();
    assert_eq!(refusal(), "products.csv: column sales_price stands 0 times in the header, needs 1");
    fs::write(directory.path().join("products.csv"), "").unwrap();
    assert_eq!(refusal(), "products.csv: no header");
    fs::remove_file(directory.path().join("products.csv")).unwrap();
    assert!(refusal().starts_with("products.csv: "));
    assert!(!db.exists());
}

#[test]
fn unknown_options_are_refused() {
    for (arguments, refusal) in [
        (&["--nope"][..], "unknown option --nope"),
        (&["--db"], "--db needs a value"),
        (&["one", "two"], "more than one directory"),
    ] {
        assert_eq!(printed(arguments).unwrap_err().to_string(), refusal);
    }
}

#[test]
fn the_real_set_gives_the_figures_of_an_independent_computation() {
    let directory: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/crm-sales-opportunities");
    if !directory.exists() {
        println!("skipped: {} is not there", directory.display());
        return;
    }
    let report = report(&[text(&directory)]);
    let exact = [
        ("rows", json!(5803)),
        ("won", json!(2800)),
        ("lost", json!(1662)),
        ("engaging", json!(841)),
        ("prospecting", json!(500)),
        ("won_revenue", json!("6436887.00")),
        ("by_region", json!({"Central": "3346293.00", "East": "3090594.00", "West": "0.00"})),
        (
            "by_quarter",
            json!({"2017Q1": "677139.00", "2017Q2": "1974144.00", "2017Q3": "1972969.00", "2017Q4": "1812635.00"}),
        ),
        ("rejected", json!([])),
    ];
    for (figure, expected) in exact {
        assert_eq!(report[figure], expected, "{figure}");
    }
    assert_eq!(report["by_rep"].as_object().unwrap().len(), 35);
    assert_eq!(report["by_rep"]["Darcel Schlecht"], json!("1153214.00"));
    assert_eq!(report["notices"].as_array().unwrap().len(), 1908);
    assert_close(&report["win_rate"], 2800.0 / 4462.0);
    assert_close(&report["mean_cycle_days_won"], 51.755);
    assert_close(&report["monthly_sample_variance"], 20376090936.011112);
    assert_close(&report["trend"]["slope"], 4170.551515151516);
    assert_close(&report["trend"]["intercept"], 624921.2181818181);
    assert_close(&report["trend"]["r_squared"], 0.007824877530349371);
    assert_close(&report["trend"]["next_month"], 666626.7333333333);
}
