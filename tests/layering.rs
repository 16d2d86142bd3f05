//! Which crate may depend on what, read from every `Cargo.toml`: a forbidden arrow fails here.
//!
//! The core stays pure (no I/O, no clock, no chance), the operations know the storage contract and no backend, and one
//! crate alone knows SQLite. Each rule is proved below on a manifest that breaks it.

#![expect(clippy::expect_used, reason = "a manifest that cannot be understood is a failed test")]

use std::{collections::BTreeSet, fs, path::Path};

use toml::{Table, Value};

/// For each package, those of ours that it may depend on. A new member is named here before anything else.
const ARROWS: [(&str, &[&str]); 7] = [
    ("crm", &["crm-analytics", "crm-core", "crm-sales", "crm-service", "crm-store"]),
    ("crm-analytics", &["crm-core"]),
    ("crm-core", &[]),
    ("crm-sales", &["crm-core"]),
    ("crm-service", &["crm-core"]),
    ("crm-store", &["crm-core"]),
    ("crm-testkit", &["crm-core"]),
];

/// Helps the tests of the others, and is part of none of them.
const TESTKIT: &str = "crm-testkit";

/// All that the core may use: vocabulary and arithmetic, nothing that reads, writes, waits or asks for the time.
const OF_THE_CORE: [&str; 14] = [
    "chrono",
    "chrono-tz",
    "email_address",
    "idna",
    "iso_currency",
    "phonenumber",
    "rust_decimal",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "unicode-normalization",
    "unicode-script",
    "uuid",
];

/// Dependencies that one package alone may have, normal or for its tests.
const OF_ONE: [(&str, &str); 2] = [("rusqlite", "crm-store"), ("getrandom", "crm")];

/// Features that bring a clock or chance, and who may switch them on nevertheless. The defaults, which may contain
/// them, are off for all others too.
const IMPURE: [(&str, &[&str], &[&str]); 2] =
    [("chrono", &["clock", "now"], &["crm"]), ("uuid", &["v1", "v4", "v6", "v7", "rng", "fast-rng"], &[])];

/// One dependency of a package, as its manifest and the workspace have it.
struct Dependency {
    /// The name in the registry, whatever the manifest calls it.
    package: String,
    /// Whether it is there for tests, examples and benches only.
    for_tests: bool,
    /// Whether the version is the one of the workspace.
    shared: bool,
    features: BTreeSet<String>,
    defaults: bool,
}

/// All dependencies of a manifest, also those of a platform and of the build script.
fn dependencies(manifest: &Table, workspace: &Table) -> Vec<Dependency> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let places = [manifest].into_iter().chain(platforms.filter_map(Value::as_table));
    let mut found = Vec::new();
    for place in places {
        for (key, for_tests) in [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)] {
            for (name, entry) in place.get(key).and_then(Value::as_table).into_iter().flatten() {
                let own = entry.as_table().cloned().unwrap_or_default();
                let shared = own.get("workspace").and_then(Value::as_bool) == Some(true);
                let from_workspace = workspace.get(name).filter(|_| shared).and_then(Value::as_table).cloned();
                let both = [from_workspace.unwrap_or_default(), own];
                found.push(Dependency {
                    package: both.iter().find_map(|spec| spec.get("package")?.as_str()).unwrap_or(name).to_owned(),
                    for_tests,
                    shared,
                    features: both.iter().flat_map(features).collect(),
                    defaults: !both.iter().any(|spec| spec.get("default-features") == Some(&Value::Boolean(false))),
                });
            }
        }
    }
    found
}

fn features(spec: &Table) -> Vec<String> {
    let listed = spec.get("features").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The table `[workspace.dependencies]`.
fn shared_dependencies(workspace: &str) -> Table {
    let table: Table = workspace.parse().expect("the workspace's manifest is TOML");
    table["workspace"].get("dependencies").and_then(Value::as_table).cloned().unwrap_or_default()
}

/// What stands against the manifest of a package; empty where it keeps the layers.
fn objections(manifest: &str, workspace: &str) -> Vec<String> {
    let manifest: Table = manifest.parse().expect("the manifest is TOML");
    let package = manifest["package"]["name"].as_str().expect("the package has a name");
    let mut found = Vec::new();
    if manifest.get("lints").and_then(|lints| lints.get("workspace")) != Some(&Value::Boolean(true)) {
        found.push(format!("{package} does not take the lints of the workspace"));
    }
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == package) else {
        found.push(format!("{package} is not in the table of arrows"));
        return found;
    };
    for dependency in dependencies(&manifest, &shared_dependencies(workspace)) {
        let Dependency { package: to, for_tests, shared, features, defaults } = &dependency;
        let to = to.as_str();
        let ours = ARROWS.iter().any(|(name, _)| *name == to);
        let for_its_tests = *for_tests && to == TESTKIT && package != "crm-core";
        if ours && !allowed.contains(&to) && !for_its_tests {
            found.push(format!("{package} must not depend on {to}"));
        }
        if package == "crm-core" && !ours && !for_tests && !OF_THE_CORE.contains(&to) {
            found.push(format!("{package} must not depend on {to}, which is not on the list of the core"));
        }
        if let Some((_, owner)) = OF_ONE.iter().find(|(name, owner)| *name == to && *owner != package) {
            found.push(format!("{package} must not depend on {to}, which only {owner} may"));
        }
        if let Some((_, impure, may)) = IMPURE.iter().find(|(name, _, _)| *name == to)
            && !may.contains(&package)
        {
            for feature in impure.iter().filter(|feature| features.contains(**feature)) {
                found.push(format!("{package} must not switch on {feature} of {to}"));
            }
            if *defaults {
                found.push(format!("{package} must not switch on the defaults of {to}"));
            }
        }
        if !shared {
            found.push(format!("{package} must take {to} from the workspace"));
        }
    }
    found
}

/// The dependencies of the workspace that do not say why they are there, in a comment on the line above. Our own crates
/// need no reason.
fn without_a_reason(workspace: &str) -> Vec<String> {
    let lines: Vec<&str> = workspace.lines().collect();
    let starts = |header: &str| lines.iter().position(|line| line.trim() == header);
    let begin = starts("[workspace.dependencies]").map_or(lines.len(), |header| header + 1);
    let end = lines[begin..].iter().position(|line| line.starts_with('[')).map_or(lines.len(), |end| begin + end);
    let explained = |name: &str| {
        let is_its_line =
            |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['=', '.']));
        let its_line = lines[begin..end].iter().position(is_its_line).map(|place| begin + place);
        let its_line = its_line.or_else(|| starts(&format!("[workspace.dependencies.{name}]")));
        let above = its_line.and_then(|place| lines[..place].last());
        above.is_some_and(|line| line.strip_prefix('#').is_some_and(|reason| !reason.trim().is_empty()))
    };
    let dependencies = shared_dependencies(workspace);
    let others = dependencies.iter().filter(|(_, spec)| spec.get("path").is_none());
    others.map(|(name, _)| name.clone()).filter(|name| !explained(name)).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

fn members(workspace: &str) -> Vec<String> {
    let workspace: Table = workspace.parse().expect("the workspace's manifest is TOML");
    let listed = workspace["workspace"]["members"].as_array().expect("the workspace has members");
    listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn no_arrow_of_the_workspace_is_forbidden() {
    let workspace = read(&root().join("Cargo.toml"));
    let manifests = members(&workspace).into_iter().map(|member| read(&root().join(member).join("Cargo.toml")));
    let all = manifests.chain([workspace.clone()]);
    assert_eq!(all.flat_map(|manifest| objections(&manifest, &workspace)).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_table_of_arrows_names_the_packages_that_are_there() {
    let mut members = members(&read(&root().join("Cargo.toml")));
    members.sort();
    assert_eq!(members, ARROWS[1..].iter().map(|(package, _)| *package).collect::<Vec<_>>());

    // A package that is no member would be read by nobody.
    let folders = fs::read_dir(root()).expect("the root can be listed").filter_map(Result::ok);
    let packages = folders.filter(|folder| folder.path().join("Cargo.toml").is_file());
    let mut packages: Vec<_> = packages.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    packages.sort();
    assert_eq!(packages, members);
}

#[test]
fn every_dependency_says_why_it_is_there() {
    assert_eq!(without_a_reason(&read(&root().join("Cargo.toml"))), Vec::<String>::new());
}

/// A workspace for the proofs.
const WORKSPACE: &str = r#"
[workspace.dependencies]
crm-core = { path = "crm-core" }
crm-sales = { path = "crm-sales" }
crm-store = { path = "crm-store" }
crm-testkit = { path = "crm-testkit" }
chrono = { version = "0.4", default-features = false, features = ["std"] }
careless = { package = "chrono", version = "0.4" }
getrandom = "0.4"
rusqlite = "0.40"
sqlite = { package = "rusqlite", version = "0.40" }
tokio = "1"
uuid = { version = "1", default-features = false }
"#;

/// What stands against a package with these tables in its manifest.
fn against(package: &str, tables: &str) -> Vec<String> {
    objections(&format!("[package]\nname = \"{package}\"\n[lints]\nworkspace = true\n{tables}"), WORKSPACE)
}

#[test]
fn what_is_allowed_passes() {
    for (package, tables) in [
        ("crm-core", "[dependencies]\nchrono.workspace = true\nuuid.workspace = true"),
        ("crm-store", "[dependencies]\ncrm-core.workspace = true\nrusqlite.workspace = true"),
        ("crm-sales", "[dependencies]\ncrm-core.workspace = true\n[dev-dependencies]\ncrm-testkit.workspace = true"),
        ("crm", "[dependencies]\nchrono = { workspace = true, features = [\"clock\"] }\ngetrandom.workspace = true"),
    ] {
        assert_eq!(against(package, tables), Vec::<String>::new(), "{package}");
    }
}

#[test]
fn each_forbidden_arrow_is_found() {
    for (package, tables, objection) in [
        ("crm-core", "[dependencies]\ncrm-store.workspace = true", "depend on crm-store"),
        ("crm-core", "[dev-dependencies]\ncrm-testkit.workspace = true", "depend on crm-testkit"),
        ("crm-core", "[dependencies]\ntokio.workspace = true", "depend on tokio, which is not on the list of the core"),
        (
            "crm-core",
            "[target.'cfg(unix)'.dependencies]\ntokio.workspace = true",
            "depend on tokio, which is not on the list of the core",
        ),
        (
            "crm-core",
            "[dependencies]\nchrono = { workspace = true, features = [\"clock\"] }",
            "switch on clock of chrono",
        ),
        ("crm-core", "[dependencies]\ncareless.workspace = true", "switch on the defaults of chrono"),
        ("crm-testkit", "[dependencies]\nuuid = { workspace = true, features = [\"v4\"] }", "switch on v4 of uuid"),
        ("crm-sales", "[dependencies]\ncrm-store.workspace = true", "depend on crm-store"),
        ("crm-sales", "[dev-dependencies]\ncrm-store.workspace = true", "depend on crm-store"),
        ("crm-service", "[dependencies]\ncrm-sales.workspace = true", "depend on crm-sales"),
        ("crm-analytics", "[dependencies]\nrusqlite.workspace = true", "depend on rusqlite, which only crm-store may"),
        // Under another name it is the same arrow.
        ("crm-sales", "[build-dependencies]\nsqlite.workspace = true", "depend on rusqlite, which only crm-store may"),
        ("crm-sales", "[dev-dependencies]\ngetrandom.workspace = true", "depend on getrandom, which only crm may"),
        ("crm-store", "[dependencies]\ncrm-testkit.workspace = true", "depend on crm-testkit"),
        ("crm", "[dependencies]\ncrm-testkit.workspace = true", "depend on crm-testkit"),
    ] {
        assert_eq!(against(package, tables), [format!("{package} must not {objection}")], "{package} with {tables}");
    }
    let unshared = against("crm-store", "[dependencies]\nserde = \"1\"");
    assert_eq!(unshared, ["crm-store must take serde from the workspace"]);
    assert_eq!(against("crm-extra", ""), ["crm-extra is not in the table of arrows"]);
}

#[test]
fn a_package_without_the_lints_of_the_workspace_is_found() {
    for lints in ["", "[lints]\nworkspace = false", "[lints.rust]\nunsafe_code = \"allow\""] {
        let manifest = format!("[package]\nname = \"crm-sales\"\n{lints}");
        assert_eq!(objections(&manifest, WORKSPACE), ["crm-sales does not take the lints of the workspace"]);
    }
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let workspace = r#"
[workspace.dependencies]
crm-core = { path = "crm-core" }
# Days and instants.
chrono = "0.4"
serde = "1"
#
serde_json = "1"
# For tables that
#   are long.
tokio = { version = "1", features = [
    "macros",
] }

uuid.version = "1"

[workspace.dependencies.thiserror]
version = "2"

# Reading manifests.
[workspace.dependencies.toml]
version = "1"
"#;
    assert_eq!(without_a_reason(workspace), ["serde", "serde_json", "thiserror", "uuid"]);
}
