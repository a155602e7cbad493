//! Protocol versions from the console, as an administrator types it: the binary itself, on a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value as Json, json};

/// A folder that is set up, and files beside it.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().expect("a folder") };
        desk.good(&["init", "--agency", "sheriff", "--title", "Sheriff (synthetic)"]);
        desk
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_firsthours-server"))
            .args(words)
            .env("FIRSTHOURS_DATA", self.folder.path().join("data"))
            .env("FIRSTHOURS_AGENCY_KEY", "07".repeat(32))
            .output()
            .expect("the binary runs")
    }

    /// What a command that succeeds says.
    fn good(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(done.status.success(), "{words:?}: {}", said(&done.stderr));
        said(&done.stdout)
    }

    /// What a command that fails says, on both of its outputs.
    fn bad(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert!(!done.status.success(), "{words:?} succeeded: {}", said(&done.stdout));
        said(&done.stdout) + &said(&done.stderr)
    }

    fn file(&self, name: &str, document: &Json) -> String {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, serde_json::to_string_pretty(document).expect("JSON")).expect("written");
        path.display().to_string()
    }
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn shipped(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/protocols");
    folder.join(name).display().to_string()
}

fn example() -> Json {
    let text = std::fs::read_to_string(shipped("example.json")).expect("the example is there");
    serde_json::from_str(&text).expect("the example is JSON")
}

/// The example as its author changes it: a guidance, a deadline, a step more.
fn next_version(supersedes: &str) -> Json {
    let mut next = example();
    next["version"] = json!(2);
    next["supersedes"] = json!(supersedes);
    next["clocks"][0]["within_minutes"] = json!(45);
    next["steps"][0]["guidance"]["en"] = json!("Say who you are. Note when you met.");
    next
}

#[test]
fn check_says_what_a_definition_holds_and_names_every_fault_with_its_place() {
    let desk = Desk::new();
    let good =
        desk.good(&["protocol", "check", &shipped("example.json"), &shipped("us-ca-los-angeles.json")]);
    assert!(good.contains("us-ca-los-angeles.json: good") && good.contains("36 steps: deputy"), "{good}");
    assert!(good.contains("sheet “Hand-over sheet”, for the advocate or social worker"), "{good}");
    assert!(good.contains("look at: to be confirmed, or without a source: contact"), "{good}");

    let mut faulty = example();
    faulty["steps"][0]["by"] = json!("doctor");
    faulty["clocks"][0]["title"] = json!({});
    let bad = desk.bad(&["protocol", "check", &desk.file("faulty.json", &faulty)]);
    assert!(bad.contains("$.steps[0].by: “doctor” is not known here"), "{bad}");
    assert!(bad.contains("$.clocks[0].title"), "both faults at once: {bad}");
    assert!(bad.contains("1 definition has faults"), "{bad}");
}

#[test]
fn diff_speaks_in_sentences_what_people_have_to_do_first() {
    let desk = Desk::new();
    let next = desk.file("next.json", &next_version(&"0".repeat(64)));
    let diff = desk.good(&["protocol", "diff", &shipped("example.json"), &next]);
    let place = |part: &str| diff.find(part).unwrap_or_else(|| panic!("“{part}” is not in: {diff}"));
    assert!(place("45 minutes") < place("version"), "duties before the paper: {diff}");
    assert!(diff.contains("Say who you are. Note when you met."), "{diff}");
    assert!(diff.lines().all(|line| line.ends_with('.') || line.contains(": ")), "{diff}");
    let same = desk.good(&["protocol", "diff", &next, &next]);
    assert_eq!(same.trim(), "nothing differs");
}

#[test]
fn versions_are_published_in_line_and_a_recall_says_whom_it_concerns() {
    let desk = Desk::new();
    let first = desk.good(&["protocol", "publish", &shipped("example.json")]);
    let first = first.trim();
    assert_eq!(first.len(), 64);
    assert_eq!(desk.good(&["protocol", "publish", &shipped("example.json")]).trim(), first, "the same bytes");

    let astray = desk.file("astray.json", &next_version(&"0".repeat(64)));
    assert!(desk.bad(&["protocol", "publish", &astray]).contains(&format!("set “supersedes” to {first}")));
    let mut taken = example();
    taken["changes"]["en"] = json!("Quietly changed.");
    let taken = desk.file("taken.json", &taken);
    assert!(desk.bad(&["protocol", "publish", &taken]).contains("give it a new version"));

    let next = desk.file("next.json", &next_version(first));
    let published = desk.good(&["protocol", "publish", &next]);
    assert!(published.contains("45 minutes"), "publishing says what changes: {published}");
    let second = published.trim().lines().last().expect("its fingerprint").to_owned();
    let by_name = desk.good(&["protocol", "diff", "example@1", "example@2"]);
    assert_eq!(by_name, desk.good(&["protocol", "diff", first, &second]));

    let recalled = desk.good(&["protocol", "recall", &second]);
    assert!(recalled.contains("no record in work is under it"), "{recalled}");
    let list = desk.good(&["protocol", "list"]);
    assert!(list.contains(&format!("{second}  example 2  recalled")), "{list}");
    assert!(list.contains(&format!("{first}  example 1  published")), "{list}");
    assert!(desk.bad(&["protocol", "recall", &"0".repeat(64)]).contains("no such protocol version"));
}
