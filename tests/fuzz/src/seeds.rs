//! The seeds: made from the fixtures of the core, held to reach what they are seeds of; and that no decoder is without
//! a target.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use firsthours_core::record::Kind;

use crate::TARGETS;
use crate::wire_message::{PARTS, TO_PHONE, TO_STATION};

/// Types that are read as part of something else, and by which target.
const REACHED_THROUGH: [(&str, &str); 25] = [
    ("AuditEntry", "event_body"),
    ("BodyIn", "event_body"),
    ("Instant", "event_body"),
    ("DefinitionLine", "bundle"),
    ("TrustLine", "bundle"),
    ("CertificateLine", "bundle"),
    ("EventLine", "bundle"),
    ("RevocationLine", "bundle"),
    ("ReceiptLine", "bundle"),
    ("ManifestLine", "bundle"),
    ("PhaseStatus", "wire_to_station"),
    ("ThreadState", "wire_to_station"),
    ("FileHeader", "bundle"),
    // The ids that are text, in a macro.
    ("$name", "event_body"),
    ("ClockResult", "definition"),
    ("AnchorOf", "definition"),
    ("Author", "definition"),
    ("BasisState", "definition"),
    ("FieldClass", "definition"),
    ("FieldKind", "definition"),
    ("FieldRef", "definition"),
    ("Occurrence", "definition"),
    ("StepIs", "definition"),
    ("Text", "definition"),
    ("NextReason", "wire_to_station"),
];

/// Where decoders are.
const DECODERS: [&str; 6] = ["protocol", "record", "evidence", "bundle", "wire", "words"];

/// Writes every seed that can be made, and the words of the dictionary; says what could not be written.
pub fn write() -> Vec<String> {
    let mut faults = Vec::new();
    let mut put = |path: PathBuf, bytes: &[u8]| {
        let folder = path.parent().expect("a seed stands in a folder");
        let done = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes));
        faults.extend(done.err().map(|error| format!("{}: {error}", path.display())));
    };
    for (target, _, seeds) in TARGETS {
        for (name, bytes) in seeds() {
            put(here("seeds").join(target).join(name), &bytes);
        }
    }
    put(here("words.dict"), dictionary().as_bytes());
    faults
}

/// What is wrong with the committed seeds, or missing among the targets.
pub fn check() -> Vec<String> {
    let mut faults = Vec::new();
    for (target, check, seeds) in TARGETS {
        for (name, bytes) in seeds() {
            let file = here("seeds").join(target).join(&name);
            if std::fs::read(&file).ok().as_ref() != Some(&bytes) {
                faults
                    .push(format!("{target}/{name} is not as it would be made; run `tests/fuzz/run seeds`"));
            }
            // A seed says by its name that it is refused.
            if check(&bytes) == name.starts_with("bad_") {
                faults.push(format!("{target}/{name} does not reach what it is a seed of"));
            }
        }
    }
    if std::fs::read(here("words.dict")).ok() != Some(dictionary().into_bytes()) {
        faults.push("words.dict is not as it would be made; run `tests/fuzz/run seeds`".to_owned());
    }
    faults.extend(without_target());
    faults
}

fn without_target() -> Vec<String> {
    let mut faults = Vec::new();
    let names: BTreeSet<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    let files = sources(&here("fuzz_targets"));
    let stems: BTreeSet<&str> = files.iter().filter_map(|(path, _)| path.file_stem()?.to_str()).collect();
    if names != stems {
        faults.push(format!("fuzz_targets has {stems:?}, and the library {names:?}"));
    }
    let messages = TO_STATION.iter().chain(&TO_PHONE).chain(&PARTS).map(|(name, ..)| *name);
    let reached = REACHED_THROUGH.iter().inspect(|(_, target)| assert!(names.contains(target)));
    let covered: BTreeSet<&str> = messages.chain(reached.map(|(name, _)| *name)).collect();
    for name in decoded_types() {
        if !covered.contains(name.as_str()) {
            faults.push(format!("no target reads a {name}"));
        }
    }
    let bodies = texts("event_body");
    for kind in Kind::NAMES {
        if !bodies.iter().any(|body| body.contains(&format!("\"kind\":\"{kind}\""))) {
            faults.push(format!("event_body has no seed of the kind {kind}"));
        }
    }
    let forms = texts("form");
    for act in acts_of_forms() {
        if !forms
            .iter()
            .any(|form| form.contains(&format!("act={act}&")) || form.ends_with(&format!("act={act}")))
        {
            faults.push(format!("form has no seed of the form {act}"));
        }
    }
    faults
}

/// Every type of the core that serde reads.
fn decoded_types() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in DECODERS {
        for (_, text) in sources(&here("../../core/src").join(folder)) {
            let mut derived = false;
            for line in text.lines().map(str::trim) {
                derived |= line.starts_with("#[derive(") && line.contains("Deserialize");
                let words: Vec<&str> = line.split([' ', '(', '<', '{', ';']).collect();
                if let Some(at) = words.iter().position(|word| matches!(*word, "struct" | "enum"))
                    && std::mem::take(&mut derived)
                {
                    found.extend(words.get(at + 1).map(|name| (*name).to_owned()));
                }
            }
        }
    }
    assert!(found.len() > 40, "the types are not where they were");
    found
}

/// The words by which a form says what it asks for.
fn acts_of_forms() -> Vec<String> {
    let file = here("../../sync-server/src/web/draw/forms.rs");
    let text = std::fs::read_to_string(file).expect("the reader of forms is where it was");
    let reader =
        text.split("pub fn read(").nth(1).and_then(|rest| rest.split("\n}\n").next()).unwrap_or_default();
    let acts: Vec<String> = reader
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" =>"))
        .map(|(act, _)| act.to_owned())
        .collect();
    assert!(acts.len() > 10, "the forms are not where they were");
    acts
}

fn texts(target: &str) -> Vec<String> {
    let seeds = TARGETS.iter().find(|(name, ..)| *name == target).map(|(.., seeds)| seeds());
    let seeds = seeds.unwrap_or_default().into_iter();
    seeds.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

/// Names and short texts of every seed, as the fuzzer's dictionary has them.
fn dictionary() -> String {
    let mut words = BTreeSet::new();
    for (.., seeds) in TARGETS {
        for (_, bytes) in seeds() {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            for part in text.split('"').skip(1).step_by(2).filter(|part| (2..=24).contains(&part.len())) {
                if part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                    words.insert(part.to_owned());
                }
            }
        }
    }
    let quoted = words.iter().map(|word| format!("\"\\\"{word}\\\"\"")).collect::<Vec<_>>().join("\n");
    let more = [
        "&act=",
        "&v.",
        "&was.",
        "&on=",
        "%3Cfz%3E",
        "server/",
        "\\\\u0000",
        ":null,",
        ":{},",
        ":[],",
        "9007199254740991",
    ];
    let more = more.map(|word| format!("\"{word}\"")).join("\n");
    format!("# Made by `tests/fuzz/run seeds`.\n{quoted}\n{more}\n")
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a readable source");
            found.push((path, text));
        }
    }
    found
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
