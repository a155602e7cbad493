//! The console, as an administrator types it: the binary itself, on a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use firsthours_core::bundle::{self, Manifest};
use firsthours_core::evidence::{Document, SecretKey, Tag};
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
    assert!(!good.contains("words to weigh"), "{good}");

    let mut blaming = example();
    blaming["steps"][0]["guidance"]["en"] = json!("Ask her why she is a prostitute.");
    let said = desk.good(&["protocol", "check", &desk.file("blaming.json", &blaming)]);
    assert!(
        said.contains("words to weigh: $.steps[0].guidance.en: “prostitute”: There is no such thing"),
        "{said}"
    );

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

/// The password that a console command reads.
const PASSWORD: &str = "brisk-otter-parade-9";

impl Desk {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn password(&self, password: &str) -> String {
        let path = self.folder.path().join("password");
        std::fs::write(&path, password).expect("written");
        path.display().to_string()
    }
}

#[test]
fn a_second_agency_with_its_station_and_people_is_made_at_the_console() {
    let desk = Desk::new();
    desk.good(&["agency", "add", "south", "--title", "South County (synthetic)"]);
    desk.good(&["station", "add", "quay", "--agency", "south", "--title", "Quay"]);
    let list = desk.good(&["agency", "list"]);
    assert_eq!(list, "sheriff  Sheriff (synthetic)\nsouth  South County (synthetic)\n  quay  Quay\n");
    let file = desk.password(PASSWORD);
    let add =
        ["user", "add", "sgt.quay", "--name", "Q. Example", "--role", "supervisor", "--agency", "south"];
    desk.good(&[&add[..], &["--station", "quay", "--password-file", &file]].concat());
    assert!(desk.good(&["user", "list"]).contains("south/quay"));
    // A forgotten password is replaced, by one that is no better guessed than any other.
    let weak = desk.password("password1234");
    let said = desk.bad(&["user", "password", "sgt.quay", "--password-file", &weak]);
    assert!(said.contains("too easily guessed"), "{said}");
    let file = desk.password("quiet harbor window");
    desk.good(&["user", "password", "sgt.quay", "--password-file", &file]);
    assert!(desk.bad(&["user", "password", "nobody", "--password-file", &file]).contains("no such person"));
}

/// Every way in which an administrator, or somebody else, may have left a folder that is not as it should be.
#[test]
fn doctor_names_what_is_wrong_with_a_folder_and_fails() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let data = desk.data();
    let rights = |path: &Path, mode: u32| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("rights");
    };
    let said = desk.bad(&["doctor"]);
    assert!(said.contains("secrets: FAULT:") && said.contains("root.key is still here"), "{said}");
    std::fs::remove_file(data.join("root.key")).expect("taken off line");
    let sound = desk.good(&["doctor"]);
    for about in ["records", "keys", "log", "restores", "secrets", "clock", "people"] {
        assert!(sound.contains(&format!("{about}: sound")), "{about}: {sound}");
    }
    assert!(
        sound.contains("SQLCipher ") && sound.contains("OpenSSL ") && sound.contains("days ago"),
        "{sound}"
    );
    assert!(sound.contains("backup: note: there is none"), "{sound}");

    rights(&data, 0o755);
    let said = desk.bad(&["doctor"]);
    assert!(said.contains("is open to others (755): chmod 700"), "{said}");
    rights(&data, 0o700);

    std::fs::write(data.join("init.unfinished"), "").expect("a stray marker");
    desk.bad(&["doctor"]);
    std::fs::remove_file(data.join("init.unfinished")).expect("removed");

    // The log's checkpoints: emptied, and one of another server.
    let checkpoints = data.join("checkpoints");
    let told = std::fs::read_to_string(&checkpoints).expect("checkpoints");
    std::fs::write(&checkpoints, "").expect("emptied");
    assert!(desk.bad(&["doctor"]).contains("it lacks the last checkpoint"));
    let other = Desk::new();
    other.bad(&["doctor"]);
    let foreign = std::fs::read_to_string(other.data().join("checkpoints")).expect("checkpoints");
    std::fs::write(&checkpoints, format!("{told}{foreign}")).expect("added");
    assert!(desk.bad(&["doctor"]).contains("is not a checkpoint of this server"));
    std::fs::write(&checkpoints, &told).expect("as it was");

    // The stores put back as they were, the list of epochs and the checkpoints with them or not.
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    };
    let backup = desk.folder.path().join("backup");
    copy(&data, &backup);
    desk.good(&["agency", "add", "south", "--title", "South County (synthetic)"]);
    desk.good(&["doctor"]);
    let told = std::fs::read_to_string(&checkpoints).expect("checkpoints");
    for file in std::fs::read_dir(&data).expect("a folder") {
        std::fs::remove_file(file.expect("an entry").path()).expect("removed");
    }
    copy(&backup, &data);
    std::fs::write(&checkpoints, told).expect("kept elsewhere");
    let said = desk.bad(&["doctor"]);
    assert!(said.contains("the log ends before it"), "{said}");
}

/// The same record with two neighbors the other way round, signed by the server like the first.
fn told_otherwise(bytes: &[u8]) -> Vec<u8> {
    let first = bundle::read(bytes).expect("a bundle");
    let manifest: Manifest = first.manifest.as_ref().expect("a manifest").peek().expect("read");
    let root = first.trust.root.fingerprint();
    let Manifest { server, encounter, definition, epoch, time, .. } = &manifest;
    for n in 1..first.events.len() - 1 {
        let mut second = first.clone();
        second.receipts.clear();
        second.events.swap(n, n + 1);
        for (event, pos) in second.events.iter_mut().zip(1..) {
            event.pos = Some(pos);
        }
        let events: Vec<_> =
            second.events.iter().map(|event| Arc::new(event.event.read().expect("an event"))).collect();
        let manifest = Manifest::of(server, *encounter, *definition, *epoch, &events, *time);
        let key = SecretKey::from_seed(&[3; 32]);
        second.manifest = Some(Document::sign(&manifest, Tag::Manifest, &key));
        if bundle::verify(&second, &root).is_ok() {
            return bundle::write(&second);
        }
    }
    panic!("no two events of this bundle can change places");
}

#[test]
fn files_are_verified_each_and_beside_one_another_without_a_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/fixtures/bundle");
    let run = |words: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_firsthours-server")).args(words).output().expect("runs");
        (done.status.success(), said(&done.stdout) + &said(&done.stderr))
    };
    let whole = fixtures.join("exported.jsonl").display().to_string();
    let bytes = std::fs::read(&whole).expect("a bundle");
    let root = bundle::read(&bytes).expect("a bundle").trust.root.fingerprint();
    let (good, told) = run(&["verify", &whole, "--root", &root]);
    assert!(good && told.contains("genuine") && told.contains("complete to position"), "{told}");
    let part = fixtures.join("passed_on.jsonl").display().to_string();
    let (good, told) = run(&["verify", &part, &whole, "--root", &root]);
    assert!(good && told.contains("complete only up to each author's last"), "{told}");
    let (good, told) = run(&["verify", &whole, "--root", &"ab".repeat(32)]);
    assert!(!good && told.contains("NOT GENUINE"), "{told}");
    let changed = folder.path().join("changed.jsonl");
    let other = String::from_utf8(bytes.clone()).expect("text").replacen("test-county", "best-county", 1);
    std::fs::write(&changed, other).expect("written");
    let (good, told) = run(&["verify", &whole, &changed.display().to_string(), "--root", &root]);
    assert!(!good && told.matches("NOT GENUINE").count() == 1, "{told}");
    // Both are genuine, and they cannot both be true.
    std::fs::write(&changed, told_otherwise(&bytes)).expect("written");
    let (good, told) = run(&["verify", &whole, &changed.display().to_string(), "--root", &root]);
    assert!(
        !good && !told.contains("NOT GENUINE") && told.contains("CONTRADICT each other at position"),
        "{told}"
    );
}
