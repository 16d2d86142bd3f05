//! The example `pipeline` keeps its word: where the deals stand at the end of any day, every row that is refused, and the chart, on its own data and on the real set where that is at hand.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use crm::{
    Crm, OpportunityState,
    store::{Opportunities, OpportunityFilter, Page},
};
use serde_json::{Value, json};
use tempfile::TempDir;

#[path = "../examples/pipeline/main.rs"]
#[expect(dead_code, reason = "`main` itself is not called here")]
mod pipeline;

/// Runs the example with arguments and gives what it prints, and what it says of the rows.
fn run(arguments: &[&str]) -> Result<(String, String), Box<dyn Error>> {
    let options = pipeline::options::Options::parse(arguments.iter().map(ToString::to_string))?;
    let (mut out, mut remarks) = (Vec::new(), Vec::new());
    pipeline::run(&options, &mut out, &mut remarks)?;
    Ok((String::from_utf8(out)?, String::from_utf8(remarks)?))
}

/// Runs the example with `--json` and gives what it prints.
fn printed(arguments: &[&str]) -> String {
    run(&[&["--json"], arguments].concat()).unwrap().0
}

fn report(arguments: &[&str]) -> Value {
    serde_json::from_str(&printed(arguments)).unwrap()
}

fn refusal(arguments: &[&str]) -> String {
    run(&[&["--json"], arguments].concat()).unwrap_err().to_string()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A directory with the three master files and one pipeline of these rows.
fn directory_with(pipeline: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let header = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value";
    for (name, content) in [
        ("sales_pipeline.csv", format!("{header}\n{}\n", pipeline.join("\n")).as_str()),
        (
            "accounts.csv",
            "account,sector,year_established,revenue,employees,office_location,subsidiary_of\nAcme,,,,,,\n",
        ),
        ("products.csv", "product,series,sales_price\nGTX Pro,GTX,4821\nOdd,GTX,0.25\nEven,GTX,0.35\n"),
        ("sales_teams.csv", "sales_agent,manager,regional_office\nAnn,Mary,East\nBen,Lou,East\n"),
    ] {
        fs::write(directory.path().join(name), content).unwrap();
    }
    directory
}

/// prospecting, engaging, won, lost
fn counts(report: &Value) -> [u64; 4] {
    ["prospecting", "engaging", "won", "lost"].map(|count| report[count].as_u64().unwrap())
}

#[test]
fn the_small_set_stands_on_its_last_day_as_was_computed_elsewhere() {
    assert_eq!(
        printed(&[]),
        concat!(
            r#"{"as_of":"2025-03-26","prospecting":8,"engaging":11,"won":47,"lost":21,"won_revenue":"183022.87","#,
            r#""by_manager":{"Grace Abernethy-Lund":{"won":0,"won_revenue":"0.00"},"#,
            r#""Sabine Okonjo-Reuter":{"won":24,"won_revenue":"90423.00"},"#,
            r#""林若溪":{"won":23,"won_revenue":"92599.87"}},"weighted_open":"23529.70"}"#,
            "\n"
        )
    );
}

#[test]
fn a_deal_is_engaging_from_its_engage_day_to_the_day_before_its_close() {
    let directory = directory_with(&[
        "1,Ann,GTX Pro,Acme,Won,2026-01-05,2026-01-15,4800.50",
        "2,Ben,GTX Pro,Acme,Lost,2026-01-07,2026-01-08,0",
        "3,Ben,GTX Pro,Acme,Won,2026-01-09,2026-01-09,1",
        "4,Ann,GTX Pro,,Prospecting,,,",
        "5,Ann,GTX Pro,,Engaging,2026-01-10,,",
    ]);
    let on = |day: &str| counts(&report(&["--as-of", day, text(directory.path())]));
    for (day, expected) in [
        ("0001-01-01", [1, 0, 0, 0]),
        ("2026-01-04", [1, 0, 0, 0]),
        ("2026-01-05", [1, 1, 0, 0]),
        ("2026-01-06", [1, 1, 0, 0]),
        ("2026-01-07", [1, 2, 0, 0]),
        ("2026-01-08", [1, 1, 0, 1]),
        ("2026-01-09", [1, 1, 1, 1]),
        ("2026-01-10", [1, 2, 1, 1]),
        ("2026-01-15", [1, 1, 2, 1]),
        ("9999-12-31", [1, 1, 2, 1]),
    ] {
        assert_eq!(on(day), expected, "{day}");
    }
    let last = report(&[text(directory.path())]);
    assert_eq!((&last["as_of"], &last["won_revenue"]), (&json!("2026-01-15"), &json!("4801.50")));
    assert_eq!(
        last["by_manager"],
        json!({"Lou": {"won": 1, "won_revenue": "1.00"}, "Mary": {"won": 1, "won_revenue": "4800.50"}})
    );
}

#[test]
fn the_engage_day_says_where_an_open_deal_stands_and_not_its_stage() {
    let directory = directory_with(&[
        "1,Ann,GTX Pro,Acme,Prospecting,2026-01-05,,",
        "2,Ann,GTX Pro,Acme,Engaging,,,",
        "3,Ann,GTX Pro,Acme,Prospecting,,,",
    ]);
    let on = |day: &str| counts(&report(&["--as-of", day, text(directory.path())]));
    assert_eq!((on("2026-01-04"), on("2026-01-05")), ([2, 0, 0, 0], [2, 1, 0, 0]));
    let last = report(&[text(directory.path())]);
    assert_eq!((&last["as_of"], &last["weighted_open"]), (&json!("2026-01-05"), &json!("3374.70")));
    let (_, remarks) = run(&["--json", text(directory.path())]).unwrap();
    for noticed in [
        "noticed (1): engage_date: engage date on a prospecting opportunity, taken as engaging from that day",
        "noticed (1): engage_date: no engage date on an engaging opportunity, taken as prospecting",
    ] {
        assert!(remarks.contains(noticed), "{remarks}");
    }
}

#[test]
fn fc_1_each_open_deal_is_weighted_by_its_stage_and_rounded_half_to_even() {
    let directory = directory_with(&[
        "1,Ann,Odd,,Prospecting,,,",            // 0.025, down to 0.02
        "2,Ann,Even,,Prospecting,,,",           // 0.035, up to 0.04
        "3,Ann,Odd,,Engaging,2026-01-05,,",     // 0.125, down to 0.12
        "4,Ann,Even,,Engaging,2026-01-05,,",    // 0.175, up to 0.18
        "5,Ann,gtx_pro,,Engaging,2026-01-05,,", // 2 410.50
        "6,Ann,GTX Pro,,Engaging,2026-01-06,,", // not yet
    ]);
    assert_eq!(report(&["--as-of", "2026-01-05", text(directory.path())])["weighted_open"], json!("2410.86"));
}

#[test]
fn the_store_keeps_when_a_deal_came_where() {
    let directory = directory_with(&["1,Ann,GTX Pro,Acme,Won,2026-01-05,2026-01-15,4800.50"]);
    let db = directory.path().join("pipeline.db");
    printed(&["--db", text(&db), text(directory.path())]);
    let crm = Crm::open(&db).unwrap();
    let deals = crm.read(|tx| Ok(tx.opportunities(&OpportunityFilter::default(), Page::first(9))?)).unwrap();
    let visits: Vec<_> =
        deals[0].history().iter().map(|visit| (visit.stage.as_str(), visit.entered_at.to_string())).collect();
    let (engaged, closed) = ("2026-01-05 00:00:00 UTC".to_owned(), "2026-01-15 00:00:00 UTC".to_owned());
    assert_eq!(visits, [("prospecting", engaged.clone()), ("engaging", engaged), ("won", closed)]);
    assert!(matches!(deals[0].state(), OpportunityState::Won { day, .. } if day.to_string() == "2026-01-15"));

    let again = refusal(&["--db", text(&db), text(directory.path())]);
    assert!(again.ends_with("pipeline.db holds opportunities already; a replay begins without any"), "{again}");
}

#[test]
fn every_row_that_is_refused_is_told_and_the_rest_is_replayed() {
    let directory = directory_with(&[
        "1,Ann,gtx-pro,Acme,Won,2026-01-02,2026-01-02,10.50",
        "1,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-02,10.50",
        "2,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-01,10",
        "3,Bob,GTX Pro,,Prospecting,,,",
        "4,Ann,GTX Pro,Acme,Won,+2026-01-02,2026-01-02,10",
        "5,Ann,GTX Pro,Acme,Won,2026-01-02,2026-01-02,ten",
    ]);
    let (printed, remarks) = run(&["--json", text(directory.path())]).unwrap();
    assert_eq!(counts(&serde_json::from_str(&printed).unwrap()), [0, 0, 1, 0]);
    assert_eq!(
        remarks.lines().collect::<Vec<_>>(),
        [
            r#"refused: sales_pipeline.csv:3 opportunity_id "1": duplicate opportunity id"#,
            r#"refused: sales_pipeline.csv:4 close_date "2026-01-01": close date is before engage date"#,
            r#"refused: sales_pipeline.csv:5 sales_agent "Bob": unknown sales agent"#,
            r#"refused: sales_pipeline.csv:6 engage_date "+2026-01-02": not a date (yyyy-mm-dd)"#,
            r#"refused: sales_pipeline.csv:7 close_value "ten": not an amount"#,
            "noticed (1): product: spelling variant, taken as GTX Pro",
            "deals in the files: 6; rows refused in all files: 5",
        ]
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let directory = directory_with(&["1,Ann,GTX Pro,,Prospecting,,,"]);
    assert_eq!(refusal(&[text(directory.path())]), "no deal has a day, so there is no last one; --as-of names one");
    assert_eq!(counts(&report(&["--as-of", "2026-01-01", text(directory.path())])), [1, 0, 0, 0]);
    for (arguments, expected) in [
        (&["--as-of", "2026-02-29"][..], r#"--as-of needs a day as yyyy-mm-dd, got "2026-02-29""#),
        (&["--as-of", "30.06.2017"], r#"--as-of needs a day as yyyy-mm-dd, got "30.06.2017""#),
        (&["--as-of"], "--as-of needs a value"),
        (&["--nope"], "unknown option --nope"),
        (&["one", "two"], "more than one directory"),
    ] {
        assert_eq!(refusal(arguments), expected);
    }
}

#[test]
fn without_json_there_are_tables_and_a_chart_that_is_the_same_each_time() {
    let directory = tempfile::tempdir().unwrap();
    let chart = |name: &str| {
        let file = directory.path().join(name);
        let (printed, remarks) = run(&["--svg", text(&file)]).unwrap();
        assert!(printed.contains("183 022.87 USD") && printed.contains("林若溪"), "{printed}");
        assert!(remarks.ends_with(&format!("chart: {}\n", file.display())), "{remarks}");
        fs::read_to_string(file).unwrap()
    };
    let svg = chart("one.svg");
    assert_eq!(svg, chart("other.svg"));
    for words in [
        "<title id=\"title\">Open deals by stage, 2 January 2024 to 26 March 2025</title>",
        "At the end 11 engaging and 8 prospecting; 47 won and 21 lost by then.",
        "role=\"img\" aria-labelledby=\"title description\"",
        "Mar 2024",
        "deals in the month",
    ] {
        assert!(svg.contains(words), "no {words}");
    }
    assert!(!directory.path().join("pipeline_by_stage.svg").exists());
    run(&["--as-of", "2020-01-01", "--svg", text(directory.path())]).unwrap();
    assert!(directory.path().join("pipeline_by_stage.svg").exists());
}

#[test]
fn fc_4_the_quarter_is_forecast_by_category_and_by_manager() {
    let directory = tempfile::tempdir().unwrap();
    let (printed, _) = run(&["--as-of", "2024-12-31", "--svg", text(directory.path())]).unwrap();
    let (_, forecast) = printed.split_once("\nForecast of the quarter from 2024-10-01 to 2024-12-31.\n").unwrap();
    let cells = |line: &str| line.trim_matches('│').split('┆').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows: Vec<_> = forecast.lines().filter(|line| line.starts_with('│')).map(cells).collect();
    assert_eq!(
        rows.iter().map(|row| row.join(" | ").trim_end().to_owned()).collect::<Vec<_>>(),
        [
            "category | deals | amount | weighted | rolled up",
            "closed | 11 | 49 013.00 USD | 0.00 USD | 49 013.00 USD",
            "best case | 10 | 48 762.00 USD | 24 381.00 USD | 97 775.00 USD",
            "pipeline | 8 | 7 592.00 USD | 759.20 USD | 56 354.00 USD",
            "omitted | 5 | 16 401.00 USD | 0.00 USD |",
            "manager | closed | best case | open pipeline",
            "Grace Abernethy-Lund | 0.00 USD | 0.00 USD | 1 480.50 USD",
            "Sabine Okonjo-Reuter | 34 153.00 USD | 49 864.00 USD | 18 716.50 USD",
            "林若溪 | 14 860.00 USD | 47 911.00 USD | 36 157.00 USD",
        ]
    );
    assert_eq!(report(&["--as-of", "2024-12-31"])["weighted_open"], json!("25140.20"));
}

#[test]
fn the_real_set_stands_as_an_independent_computation_says() {
    let directory: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/crm-sales-opportunities");
    if !directory.exists() {
        println!("skipped: {} is not there", directory.display());
        return;
    }
    let revenue = |[cara, dustin, melvin, rocco]: [(u64, &str); 4]| {
        let of = |(won, revenue): (u64, &str)| json!({"won": won, "won_revenue": revenue});
        json!({
            "Cara Losch": of(cara), "Celia Rouche": of((0, "0.00")), "Dustin Brinkmann": of(dustin),
            "Melvin Marxen": of(melvin), "Rocco Neubert": of(rocco), "Summer Sewald": of((0, "0.00"))
        })
    };
    assert_eq!(
        report(&[text(&directory)]),
        json!({
            "as_of": "2017-12-31", "prospecting": 500, "engaging": 841, "won": 2800, "lost": 1662,
            "won_revenue": "6436887.00",
            "by_manager": revenue([(480, "1130049.00"), (747, "1094363.00"), (882, "2251930.00"), (691, "1960545.00")]),
            "weighted_open": "1054402.60"
        })
    );
    assert_eq!(
        report(&["--as-of", "2017-06-30", text(&directory)]),
        json!({
            "as_of": "2017-06-30", "prospecting": 500, "engaging": 922, "won": 1171, "lost": 591,
            "won_revenue": "2651283.00",
            "by_manager": revenue([(196, "488081.00"), (328, "491921.00"), (351, "813388.00"), (296, "857893.00")]),
            "weighted_open": "1189516.60"
        })
    );
}
