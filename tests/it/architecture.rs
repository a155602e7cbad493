//! The one direction of the modules, and who may name what, read from the sources and the manifests.
//!
//! Every rule here has an id that `ARCHITECTURE.md` states as a line `Invariant: [I1] …`, and the other way
//! round. Test code inside the sources is free: a test may reach anywhere.

mod paths;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use self::paths::{NamedPath, paths};

/// What `ARCHITECTURE.md` must state, no more and no less.
const INVARIANTS: [&str; 11] = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11"];

/// Each module of the core with the modules it may name, itself apart.
const DIRECTION: [(&str, &[&str]); 14] = [
    ("protocol", &[]),
    ("record", &["protocol"]),
    ("words", &["protocol", "record"]),
    ("guard", &["protocol", "words"]),
    ("view", &["protocol", "record", "words", "guard"]),
    ("evidence", &["protocol", "record"]),
    ("bundle", &["protocol", "record", "evidence"]),
    ("wire", &["protocol", "record", "evidence", "bundle"]),
    ("outside", &["protocol", "wire"]),
    ("cipher", &[]),
    ("store", &["protocol", "record", "evidence", "bundle", "wire", "cipher"]),
    ("vault", &["protocol", "record", "evidence", "bundle", "wire", "store"]),
    ("sync", &["protocol", "record", "evidence", "bundle", "wire", "store", "vault"]),
    (
        "app",
        &[
            "protocol", "record", "words", "view", "evidence", "bundle", "wire", "outside", "store", "vault",
            "sync",
        ],
    ),
];

/// Each floor of the server with those that it may name.
const FLOORS: [(&str, &[&str]); 9] = [
    ("store", &[]),
    ("programme", &["store"]),
    ("records", &["store", "programme"]),
    ("config", &["store", "programme", "records"]),
    ("app", &["store", "programme", "records", "config"]),
    ("http", &["store", "programme", "records", "config", "app"]),
    ("sync", &["store", "programme", "records", "config", "app", "http"]),
    ("web", &["store", "programme", "records", "config", "app", "http"]),
    ("cli", &["store", "programme", "records", "config", "app", "http", "sync", "web"]),
];

/// The modules that take time, randomness and files as parameters, or not at all.
const PURE: [&str; 8] = ["protocol", "record", "words", "view", "guard", "evidence", "bundle", "wire"];

const SOURCES: [&str; 3] = ["core/src", "sync-server/src", "bindings/src"];
const MANIFESTS: [&str; 5] = ["core", "sync-server", "bindings", "bindings/bindgen", "tests"];
const MOST_LINES_OF_A_FILE: usize = 600;
const MOST_LINES_OF_THE_PAGE: usize = 80;

/// One source file: its path from the workspace's root, with `/` everywhere, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The modules of its crate that this file stands in: `core/src/record/fold.rs` is `["record", "fold"]`.
    fn module(&self) -> Vec<&str> {
        let inside = self.path.split_once("src/").map_or("", |(_, inside)| inside);
        let mut parts: Vec<&str> = inside.trim_end_matches(".rs").split('/').collect();
        if parts.last().is_some_and(|last| matches!(*last, "mod" | "lib" | "main")) {
            parts.pop();
        }
        parts
    }

    /// A file that is compiled for tests only, by the names this workspace gives such files.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs") || self.path.ends_with("_tests.rs")
    }

    fn at(&self, path: &NamedPath, why: &str) -> String {
        format!("{}:{}: {} {why}", self.path, path.line, path.segments.join("::"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests' package is a folder of the workspace")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for folder in SOURCES {
        let before = found.len();
        collect(&root().join(folder), &mut found);
        assert!(found.len() > before, "{folder} holds no Rust source");
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path: PathBuf = entry.expect("a folder of the workspace can be listed").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let path = path.strip_prefix(root()).expect("it was found below the root");
            found.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
        }
    }
}

/// I1: what a file of the core names that lies further along than its own module.
fn against_the_direction(source: &Source) -> Vec<String> {
    against(source, "core/src/", &DIRECTION)
}

/// I10: what a file of the server names that does not lie below its own floor.
fn against_the_floors(source: &Source) -> Vec<String> {
    if source.module() == ["testing"] { Vec::new() } else { against(source, "sync-server/src/", &FLOORS) }
}

/// What a file below `folder` names that its own module may not know.
fn against(source: &Source, folder: &str, direction: &[(&str, &[&str])]) -> Vec<String> {
    let module = source.module();
    let (Some(own), true) = (module.first(), source.path.starts_with(folder)) else { return Vec::new() };
    let Some((_, allowed)) = direction.iter().find(|(name, _)| name == own) else {
        return vec![format!("{}:1: the module {own} has no place among the others", source.path)];
    };
    let mut found = Vec::new();
    for path in paths(&source.text) {
        let Some(named) = named_module(&path, &module) else { continue };
        let known = direction.iter().any(|(name, _)| *name == named);
        if known && named != *own && !allowed.contains(&named) {
            found.push(source.at(&path, &format!("is named in {own}, which may not know {named}")));
        }
    }
    found
}

/// The top-level module of this crate that a path leads to, if it says so: `crate::store` or `super::super::store`.
fn named_module<'a>(path: &'a NamedPath, module: &[&str]) -> Option<&'a str> {
    let mut segments = path.segments.iter().map(String::as_str).peekable();
    if segments.next_if_eq(&"crate").is_some() {
        return segments.next();
    }
    let mut up = 0;
    segments.next_if_eq(&"self");
    while segments.next_if_eq(&"super").is_some() {
        up += 1;
    }
    if up > 0 && up >= module.len() { segments.next() } else { None }
}

/// I2, I3, I4, I8: the crates that one place only may name, and that place.
fn out_of_place(source: &Source) -> Vec<String> {
    let places: [(&str, &[&str]); 5] = [
        ("rusqlite", &["core/src/store/", "core/src/cipher.rs", "sync-server/src/store/"]),
        ("reqwest", &["core/src/sync/transport"]),
        ("uniffi", &["bindings/src/"]),
        ("chrono", &["core/src/protocol/local.rs"]),
        ("chrono_tz", &["core/src/protocol/local.rs"]),
    ];
    let mut found = Vec::new();
    for path in paths(&source.text) {
        for (name, allowed) in places {
            let names_it = path.segments.first().is_some_and(|first| first == name);
            if names_it && !allowed.iter().any(|place| source.path.starts_with(place)) {
                found.push(source.at(&path, &format!("may be named only in {}", allowed.join(", "))));
            }
        }
    }
    found
}

/// I9: a statement of SQL that stands outside the stores. Test modules stand at the end of a file.
fn sql_out_of_place(source: &Source) -> Vec<String> {
    const BEGINNINGS: [&str; 6] =
        ["\"select ", "\"insert into ", "\"update ", "\"delete from ", "\"create ", "\"pragma "];
    if source.path.contains("/src/store/") || source.path == "core/src/cipher.rs" {
        return Vec::new();
    }
    let lines = source.text.lines().take_while(|line| *line != "#[cfg(test)]");
    (1..)
        .zip(lines)
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .filter(|(_, line)| BEGINNINGS.iter().any(|beginning| line.contains(beginning)))
        .map(|(number, _)| format!("{}:{number}: SQL stands in store, in a named function", source.path))
        .collect()
}

/// I11: a moment that is a bare number. What shells draw has `…_at_ms`, and is made in `view` and `app`.
fn moments_without_a_type(source: &Source) -> Vec<String> {
    const MOMENTS: [&str; 10] =
        ["now", "at", "due", "since", "until", "wall", "expires", "received", "opened", "created"];
    let drawn =
        ["core/src/view/", "core/src/app/", "bindings/"].iter().any(|place| source.path.starts_with(place));
    let is_moment = |name: &str| {
        let bare = name.strip_suffix("_ms").unwrap_or(name);
        MOMENTS.contains(&bare) || bare.ends_with("_at") || name == "seen_ms"
    };
    let names_one = |line: &str| {
        ["i64", "Option<i64>"].iter().any(|kind| {
            line.match_indices(&format!(": {kind}")).any(|(at, _)| {
                let name = line[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
                name.is_some_and(is_moment)
            })
        })
    };
    let lines = source.text.lines().take_while(|line| *line != "#[cfg(test)]");
    (1..)
        .zip(lines.filter(|_| !drawn))
        .filter(|(_, line)| names_one(line))
        .map(|(number, _)| format!("{}:{number}: a moment is an Instant", source.path))
        .collect()
}

/// I5: what a pure module takes from the world instead of its parameters.
fn impure(source: &Source) -> Vec<String> {
    let pure =
        source.path.starts_with("core/src/") && source.module().first().is_some_and(|own| PURE.contains(own));
    if !pure {
        return Vec::new();
    }
    let impure = |path: &NamedPath| {
        let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["std", "time", "Duration", ..] => false,
            ["std", "fs" | "net" | "env" | "process" | "thread" | "time", ..]
            | ["getrandom" | "rand", ..]
            | [.., "SystemTime" | "Instant" | "Utc" | "Local", "now"] => true,
            _ => false,
        }
    };
    paths(&source.text)
        .iter()
        .filter(|path| impure(path))
        .map(|path| source.at(path, "is not for a pure module: time, randomness and files are parameters"))
        .collect()
}

/// I7: a file that has grown past what a person reads at once.
fn too_long(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > MOST_LINES_OF_A_FILE)
        .then(|| format!("{}:{lines}: {lines} lines, {MOST_LINES_OF_A_FILE} at most", source.path))
}

/// I6 and the manifests' side of I2 to I4.
fn manifest_faults(folder: &str, manifest: &toml::Table) -> Vec<String> {
    let keys = |section: &str| -> Vec<String> {
        manifest
            .get(section)
            .and_then(toml::Value::as_table)
            .into_iter()
            .flat_map(|t| t.keys().cloned())
            .collect()
    };
    let mut found = Vec::new();
    let mut fault = |what: String| found.push(format!("{folder}/Cargo.toml: {what}"));
    let forbidden: &[&str] = match folder {
        "core" => &["firsthours-server", "firsthours-bindings", "firsthours-tests", "uniffi", "axum"],
        "sync-server" => &["firsthours-bindings", "firsthours-tests", "uniffi", "reqwest"],
        "bindings" => &["firsthours-server", "firsthours-tests", "rusqlite", "reqwest"],
        "bindings/bindgen" => &["firsthours-server", "rusqlite", "reqwest"],
        _ => &["uniffi", "reqwest"],
    };
    for name in keys("dependencies").iter().filter(|name| forbidden.contains(&name.as_str())) {
        fault(format!("{name} may not be a dependency of this package"));
    }
    if folder == "core" {
        let features = |name: &str| manifest.get("features").and_then(|all| all.get(name));
        if features("default").is_some_and(|default| default.as_array().is_none_or(|list| !list.is_empty())) {
            fault("the default features are not empty".to_owned());
        }
        for name in ["rusqlite", "reqwest", "getrandom"] {
            let dependency = manifest.get("dependencies").and_then(|all| all.get(name));
            let optional = dependency.and_then(|one| one.get("optional")).and_then(toml::Value::as_bool);
            if dependency.is_some() && optional != Some(true) {
                fault(format!("{name} is not optional, so the server would build it as part of the core"));
            }
        }
    }
    let core = manifest.get("dependencies").and_then(|all| all.get("firsthours-core"));
    let has_device = core
        .and_then(|one| one.get("features"))
        .and_then(toml::Value::as_array)
        .is_some_and(|features| features.iter().any(|feature| feature.as_str() == Some("device")));
    if folder == "sync-server" && (core.is_none() || has_device) {
        fault("firsthours-core must be a dependency, without the feature device".to_owned());
    }
    found
}

/// What the page of the architecture states wrongly, forgets or has too much.
fn page_faults(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = page.lines().count();
    if lines > MOST_LINES_OF_THE_PAGE {
        found.push(format!("ARCHITECTURE.md:{lines}: {MOST_LINES_OF_THE_PAGE} lines at most"));
    }
    let mut stated = BTreeSet::new();
    for (number, line) in (1..).zip(page.lines()) {
        let Some(rest) = line.trim_start_matches(['-', '*', ' ']).strip_prefix("Invariant:") else {
            continue;
        };
        match rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((id, _)) if INVARIANTS.contains(&id) => {
                if !stated.insert(id) {
                    found.push(format!("ARCHITECTURE.md:{number}: {id} is stated twice"));
                }
            }
            Some((id, _)) => found.push(format!("ARCHITECTURE.md:{number}: no test checks {id}")),
            None => found.push(format!("ARCHITECTURE.md:{number}: an invariant without an id like [I1]")),
        }
    }
    for id in INVARIANTS {
        if !stated.contains(id) {
            found.push(format!("ARCHITECTURE.md: {id} is checked and not stated"));
        }
    }
    found
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

fn all_of(rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources().iter().filter(|source| !source.is_test()).flat_map(rule).collect()
}

#[test]
fn i1_the_core_depends_in_one_direction_only() {
    assert_none(&all_of(against_the_direction));
}

#[test]
fn i2_i3_i4_the_database_the_network_and_the_bindings_are_named_in_one_place_each() {
    assert_none(&all_of(out_of_place));
}

#[test]
fn i5_the_pure_modules_take_time_randomness_and_files_as_parameters() {
    assert_none(&all_of(impure));
}

#[test]
fn i6_the_manifests_keep_the_server_and_the_phone_apart() {
    let faults: Vec<String> = MANIFESTS
        .iter()
        .flat_map(|folder| {
            let manifest =
                read(&format!("{folder}/Cargo.toml")).parse().expect("cargo has read this manifest");
            manifest_faults(folder, &manifest)
        })
        .collect();
    assert_none(&faults);
}

#[test]
fn i7_no_file_is_longer_than_a_person_reads_at_once() {
    assert_none(&sources().iter().filter_map(too_long).collect::<Vec<_>>());
}

#[test]
fn i9_sql_stands_in_the_stores_alone() {
    assert_none(&all_of(sql_out_of_place));
}

#[test]
fn i11_a_moment_is_an_instant() {
    assert_none(&all_of(moments_without_a_type));
}

#[test]
fn i10_each_floor_of_the_server_names_only_those_below_it() {
    assert_none(&all_of(against_the_floors));
}

#[test]
fn the_page_of_the_architecture_states_every_invariant_and_no_other() {
    assert_none(&page_faults(&read("ARCHITECTURE.md")));
}

mod planted {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_step_against_the_direction_is_named_with_its_line() {
        let planted = source(
            "core/src/record/fold.rs",
            "//! .\nuse crate::{\n    protocol::Step,\n    store::Store,\n};\n",
        );
        assert_eq!(
            against_the_direction(&planted),
            ["core/src/record/fold.rs:4: crate::store::Store is named in record, which may not know store"]
        );
    }

    #[test]
    fn a_step_through_the_parents_is_found_too() {
        let planted = source("core/src/words/en/steps.rs", "fn f() -> u8 { super::super::super::view::x() }");
        assert_eq!(against_the_direction(&planted).len(), 1);
        let planted = source("core/src/words/en/steps.rs", "fn f() -> u8 { super::super::view::x() }");
        assert_eq!(against_the_direction(&planted).len(), 0, "this one is words::view");
        let planted = source("core/src/words/en.rs", "fn f() -> u8 { super::super::view::x() }");
        assert_eq!(against_the_direction(&planted).len(), 1);
        let planted = source("core/src/words/mod.rs", "use super::view::Home;");
        assert_eq!(against_the_direction(&planted).len(), 1);
        let planted = source("core/src/app/mod.rs", "use super::view::Home; use crate::{sync, words::*};");
        assert_eq!(against_the_direction(&planted).len(), 0);
    }

    #[test]
    fn a_step_up_the_floors_is_named() {
        let planted = source("sync-server/src/records/ingest/take.rs", "use crate::sync::Service;");
        assert_eq!(
            against_the_floors(&planted),
            [
                "sync-server/src/records/ingest/take.rs:1: crate::sync::Service is named in records, which may not know sync"
            ]
        );
        assert_eq!(
            against_the_floors(&source("sync-server/src/web/queue.rs", "use super::super::sync;")).len(),
            1
        );
        assert_eq!(
            against_the_floors(&source("sync-server/src/web/queue.rs", "use crate::app::App;")).len(),
            0
        );
        assert_eq!(against_the_floors(&source("sync-server/src/helpers.rs", "")).len(), 1);
    }

    #[test]
    fn a_module_nobody_placed_is_named() {
        assert_eq!(against_the_direction(&source("core/src/helpers.rs", "")).len(), 1);
    }

    #[test]
    fn a_crate_out_of_its_place_is_named() {
        assert_eq!(
            out_of_place(&source("core/src/app/mod.rs", "fn f(c: &rusqlite::Connection) {}")).len(),
            1
        );
        assert_eq!(out_of_place(&source("core/src/store/mod.rs", "use rusqlite::Connection;")).len(), 0);
        assert_eq!(out_of_place(&source("sync-server/src/pages/queue.rs", "use rusqlite as db;")).len(), 1);
        assert_eq!(out_of_place(&source("core/src/sync/session.rs", "use reqwest::blocking;")).len(), 1);
        assert_eq!(out_of_place(&source("core/src/sync/transport.rs", "use reqwest::blocking;")).len(), 0);
        assert_eq!(out_of_place(&source("core/src/words/when.rs", "use chrono::Utc;")).len(), 1);
        assert_eq!(
            out_of_place(&source("core/src/view/mod.rs", "#[derive(uniffi::Record)]\nstruct V;")).len(),
            1
        );
    }

    #[test]
    fn a_statement_outside_the_stores_is_named() {
        let text = "// \"select one\"\nfn f(tx: &mut dyn Tx) {\n    tx.rows(\"select id from event\", &[]);\n}\n\
                    #[cfg(test)]\nmod tests { fn g() { let sql = \"select id\"; } }\n";
        let found = sql_out_of_place(&source("sync-server/src/web/queue.rs", text));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("sync-server/src/web/queue.rs:3:"), "{found:?}");
        assert_eq!(sql_out_of_place(&source("sync-server/src/store/events.rs", text)).len(), 0);
    }

    #[test]
    fn the_world_in_a_pure_module_is_named() {
        for text in [
            "use std::time::SystemTime;",
            "use std::{io, fs};",
            "use std::time::{Duration, Instant};",
            "fn f() { let t = chrono::Utc::now(); }",
            "fn f() { getrandom::fill(&mut [0]); }",
        ] {
            assert_eq!(impure(&source("core/src/evidence/id.rs", text)).len(), 1, "{text}");
            assert_eq!(impure(&source("core/src/app/clock.rs", text)).len(), 0, "{text}");
        }
        let harmless = "use std::time::Duration; // std::fs\nconst A: &str = \"std::net\";";
        assert_eq!(impure(&source("core/src/wire/mod.rs", harmless)).len(), 0);
    }

    #[test]
    fn a_moment_that_is_a_number_is_named() {
        let faults = |path: &str, text: &str| moments_without_a_type(&source(path, text)).len();
        for text in ["fn f(now: i64) {}", "    pub seen_ms: Option<i64>,", "let f = |asked_at: i64| ();"] {
            assert_eq!(faults("sync-server/src/web/queue.rs", text), 1, "{text}");
        }
        assert_eq!(faults("core/src/view/clock.rs", "pub due_at_ms: Option<i64>,"), 0, "what a shell draws");
        for text in
            ["fn f(after_ms: i64, seen: i64, now: Instant) {}", "const NOW: Instant = Instant::from_ms(1);"]
        {
            assert_eq!(faults("sync-server/src/web/queue.rs", text), 0, "{text}");
        }
    }

    #[test]
    fn a_long_file_is_named() {
        assert!(too_long(&source("core/src/a.rs", &"\n".repeat(MOST_LINES_OF_A_FILE))).is_none());
        assert!(too_long(&source("core/src/a.rs", &"\n".repeat(MOST_LINES_OF_A_FILE + 1))).is_some());
    }

    #[test]
    fn a_manifest_that_mixes_server_and_phone_is_named() {
        let faults =
            |folder: &str, text: &str| manifest_faults(folder, &text.parse().expect("a sample")).len();
        let core = "firsthours-core = { workspace = true, features = [\"device\"] }";
        assert_eq!(faults("sync-server", &format!("[dependencies]\n{core}")), 1);
        assert_eq!(faults("sync-server", "[dependencies]\nfirsthours-core.workspace = true"), 0);
        assert_eq!(faults("sync-server", "[dependencies]\nreqwest = \"1\""), 2);
        assert_eq!(faults("core", "[features]\ndefault = [\"device\"]"), 1);
        assert_eq!(faults("core", "[dependencies]\nrusqlite.workspace = true"), 1);
    }

    #[test]
    fn a_page_that_states_too_little_or_too_much_is_named() {
        let whole = INVARIANTS.map(|id| format!("Invariant: [{id}] so it is.\n")).concat();
        assert_none(&page_faults(&whole));
        assert_eq!(page_faults(&whole.replace("[I3]", "[I9]")).len(), 2);
        assert_eq!(page_faults(&format!("{whole}Invariant: and so on\n")).len(), 1);
        assert_eq!(page_faults(&format!("{whole}{}", "\n".repeat(MOST_LINES_OF_THE_PAGE))).len(), 1);
    }
}
