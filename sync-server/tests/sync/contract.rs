//! `core/docs/sync-v1.md` against the code's own lists: what a stranger reads is what the server does.
//!
//! The parts between marks are written anew with `FIRSTHOURS_WRITE_GOLDENS=1`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use firsthours_core::evidence::{CHECKPOINTS, Hole, SecretKey, SignedEvent, Tag};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{
    Actor, At, Body, EncounterId, Event, HoldReason, Install, InstallId, Kind, PersonId, Place, Role,
    TEXT_BYTES, bounds, sha256,
};
use firsthours_core::wire::{
    CODE_LENGTH, LEASE_MS, LOCK_MS, LOCK_WITH_CLOCK_MS, LOGIN_MS, Limits, MAX_BATCH, MAX_INFLATED,
    MAX_REQUEST, Policy, Problem, ProblemKind, ReadMessage, enrol_message, hello_message,
};
use firsthours_server::http::listen::Bounds;
use firsthours_server::routes;

fn core(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../core").join(path)
}

fn page() -> String {
    std::fs::read_to_string(core("docs/sync-v1.md")).expect("the page")
}

/// The part of this name, as the code has it, against the page; or written into it.
fn part(name: &str, made: &str) {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let page = page();
    let from = page.find(&begin).expect("its beginning") + begin.len();
    let to = page.find(&end).expect("its end");
    if std::env::var_os("FIRSTHOURS_WRITE_GOLDENS").is_some() {
        let written = format!("{}{made}{}", &page[..from], &page[to..]);
        std::fs::write(core("docs/sync-v1.md"), written).expect("written");
    } else {
        assert_eq!(&page[from..to], made, "{name}: write it anew with FIRSTHOURS_WRITE_GOLDENS=1");
    }
}

fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).expect("json").as_str().expect("a word").to_owned()
}

fn tags() -> String {
    let mut made = "| tag | what is signed | by |\n|---|---|---|\n".to_owned();
    for tag in Tag::ALL {
        let (what, by) = match tag {
            Tag::Event => ("the header of an event", "its install, or the server"),
            Tag::Enrol => ("what asks for an enrolment", "the new install"),
            Tag::Succession => ("that another install goes on", "the ended install"),
            Tag::Hello => ("nonce and hash of a hello", "the install"),
            Tag::Hole => ("what was lost", "the install"),
            Tag::Receipt => ("what the server holds", "the server"),
            Tag::Cert => ("a certificate", "the root, or the server"),
            Tag::Revocation => ("that an install is trusted no further", "the server"),
            Tag::Release => ("that a locked phone may be tried again", "the server"),
            Tag::Manifest => ("the end of an exported record", "the server"),
            Tag::Checkpoint => ("how far the server's log is", "the server"),
        };
        writeln!(made, "| `{}` | {what} | {by} |", String::from_utf8_lossy(tag.bytes())).expect("text");
    }
    made
}

const ROLES: [Role; 9] = [
    Role::Deputy,
    Role::Supervisor,
    Role::Detective,
    Role::County,
    Role::RecordsOfficer,
    Role::Administrator,
    Role::Analyst,
    Role::Auditor,
    Role::Server,
];

/// Every kind there is a fixture of, with who may make it from a phone and at the server.
fn kinds() -> String {
    let phone = Install::Phone(InstallId([1; 16]));
    let server = Install::Server(firsthours_core::record::Epoch([1; 16]));
    let mut rows = BTreeMap::new();
    for entry in std::fs::read_dir(core("tests/fixtures/event")).expect("fixtures") {
        let path = entry.expect("an entry").path();
        // Those of a newer version hold what nobody knows yet.
        if path.file_name().expect("a name").to_string_lossy().starts_with("newer") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("a fixture");
        let lines: Vec<&str> = text.lines().collect();
        let event = Event::read(lines[1], Some(lines[2])).expect("an event");
        let kind = event.body.expect("a body").kind;
        let by = |install: Install| {
            let roles = ROLES.iter().filter(|role| kind.may_be_made_by(install, **role));
            let roles: Vec<String> = roles.map(word).collect();
            if roles.is_empty() { "–".to_owned() } else { roles.join(", ") }
        };
        let body: serde_json::Value = serde_json::from_str(lines[2]).expect("json");
        let name = body["kind"].as_str().expect("a kind").to_owned();
        let common = ["kind", "actor", "at", "base", "reason", "salt", "audit"];
        let own = body.as_object().expect("an object").keys().filter(|key| !common.contains(&key.as_str()));
        let row = rows.entry(name).or_insert_with(|| (by(phone), by(server), BTreeSet::new()));
        row.2.extend(own.map(|member| format!("`{member}`")));
    }
    let mut made = "| kind | members | from a phone | at the server |\n|---|---|---|---|\n".to_owned();
    for (kind, (phone, server, members)) in rows {
        let members: Vec<String> = members.into_iter().collect();
        let members = if members.is_empty() { "–".to_owned() } else { members.join(", ") };
        writeln!(made, "| `{kind}` | {members} | {phone} | {server} |").expect("text");
    }
    made
}

fn holds() -> String {
    let mut made = "| reason | why |\n|---|---|\n".to_owned();
    for reason in [
        HoldReason::NoGrant,
        HoldReason::AuthorMayNot,
        HoldReason::Revoked,
        HoldReason::OverLimit,
        HoldReason::DoesNotFit,
    ] {
        let why = match reason {
            HoldReason::NoGrant => "the author has no part in the record",
            HoldReason::AuthorMayNot => {
                "this role may not make this kind, or the certificate begins more than a day later"
            }
            HoldReason::Revoked => "the install was revoked, or its person had left, before it came",
            HoldReason::OverLimit => "beyond a bound below, or the day's quota",
            HoldReason::DoesNotFit => {
                "a step, field, value, station or offer that is not there; a second opening"
            }
            HoldReason::Unknown => unreachable!("it is not in the list"),
        };
        writeln!(made, "| `{}` | {why} |", word(&reason)).expect("text");
    }
    made
}

/// Every problem, from the fixtures that hold one of each.
fn problems() -> String {
    let mut rows = BTreeMap::new();
    for entry in std::fs::read_dir(core("tests/fixtures/wire")).expect("fixtures") {
        let path = entry.expect("an entry").path();
        if !path.file_name().expect("a name").to_string_lossy().starts_with("problem_") {
            continue;
        }
        let problem = Problem::read(&std::fs::read(path).expect("a fixture")).expect("a problem");
        let (status, told, act) = match problem.kind {
            ProblemKind::FreshNonce { .. } => ("401", "next_nonce", "sign the hello again with it"),
            ProblemKind::TokenExpired => ("401", "", "say hello again"),
            ProblemKind::NotEnrolled { .. } => ("403", "state", "wait, or ask for a new code"),
            ProblemKind::SendOnly => ("403", "", "send, and read nothing"),
            ProblemKind::NotFound => ("404", "", "go on with the rest"),
            ProblemKind::Gap { .. } => ("409", "expected", "send from there"),
            ProblemKind::Fork { .. } => ("409", "seq, id", "end the chain, go on as another install"),
            ProblemKind::TooLarge => ("413", "", "send fewer"),
            ProblemKind::NotAuthentic { .. } => {
                ("422", "seq, detail", "look at the event; declare it lost if it is")
            }
            ProblemKind::Malformed { .. } => ("400, 405, 431", "detail", "a fault of the client"),
            ProblemKind::TryLater { .. } => ("408, 429, 503", "after_ms", "come back then"),
            ProblemKind::UpdateNeeded { .. } => {
                ("426", "min_app_version", "update; what is here can still be sent")
            }
            ProblemKind::Unknown => unreachable!("no fixture has it"),
        };
        assert!(status.contains(&problem.status.to_string()), "{problem:?}");
        let name = problem.urn.rsplit(':').next().expect("a name").to_owned();
        rows.insert(name, (status, told, act));
    }
    assert_eq!(rows.len(), 12, "a fixture of each");
    let mut made = "| problem | status | says | then |\n|---|---|---|---|\n".to_owned();
    for (name, (status, told, act)) in rows {
        writeln!(made, "| `{name}` | {status} | {told} | {act} |").expect("text");
    }
    made
}

fn policy() -> String {
    let usual = Policy::default();
    let mut made = "| member | usual | least | most |\n|---|---|---|---|\n".to_owned();
    for (member, usual, (least, most)) in [
        ("lock_ms", usual.lock_ms, LOCK_MS),
        ("lock_with_clock_ms", usual.lock_with_clock_ms, LOCK_WITH_CLOCK_MS),
        ("login_ms", usual.login_ms, LOGIN_MS),
        ("lease_ms", usual.lease_ms, LEASE_MS),
    ] {
        writeln!(made, "| `{member}` | {usual} | {least} | {most} |").expect("text");
    }
    writeln!(made, "| `quota.events` | {} | – | – |", usual.quota.events).expect("text");
    writeln!(made, "| `quota.bytes` | {} | – | – |", usual.quota.bytes).expect("text");
    made
}

fn limits() -> String {
    let Limits { batch_events, batch_bytes, event_bytes, page_events } = Limits::default();
    assert_eq!(u64::from(event_bytes), size(TEXT_BYTES), "no event is read that is larger");
    let rows = [
        ("events of a request (`limits.batch_events`)", u64::from(batch_events)),
        ("bytes of a request on the wire (`limits.batch_bytes`)", u64::from(batch_bytes)),
        ("bytes that a request of events, holes or offers unpacks to", size(MAX_BATCH)),
        ("bytes that a hello unpacks to", size(MAX_REQUEST)),
        ("bytes that an enrolment unpacks to", 16 * 1024),
        ("bytes of a header or a body (`limits.event_bytes`); more is not authentic", u64::from(event_bytes)),
        ("events of a page (`limits.page_events`)", u64::from(page_events)),
        ("bytes that an answer unpacks to", size(MAX_INFLATED)),
        ("letters of a code", size(CODE_LENGTH)),
        ("checkpoints of a hello", size(CHECKPOINTS)),
        ("characters of `raw` in a hole", size(Hole::RAW_CHARS)),
        ("ids in `base`, else held", size(bounds::BASE_IDS)),
        ("writes to one register, else held", size(bounds::REGISTER_WRITES)),
        ("events of a record, else held", size(bounds::RECORD_EVENTS)),
        ("letters of a child's name in a scene (A to Z), else held", size(bounds::LETTERS)),
        ("greatest `stamp`, else held", bounds::STAMP),
        ("how far a `stamp` may be above the greatest that counts, else held", bounds::STAMP_STEP),
    ];
    let mut made = "| what | most |\n|---|---|\n".to_owned();
    for (what, most) in rows {
        writeln!(made, "| {what} | {most} |").expect("text");
    }
    made
}

fn size(number: usize) -> u64 {
    u64::try_from(number).expect("it fits")
}

/// One enrolment, one hello and one event, every byte of what is signed.
fn example() -> String {
    let key = SecretKey::from_seed(&[0x2a; 32]);
    let root = SecretKey::from_seed(&[0x01; 32]);
    let install = InstallId([0x11; 16]);
    let mut made = "```\n".to_owned();
    let mut line = |name: &str, value: &str| writeln!(made, "{name:<22}{value}").expect("text");
    line("install's seed", &"2a".repeat(32));
    line("install's key", &key.public().to_string());
    line("root's key", &root.public().to_string());
    line("root's fingerprint", &root.public().fingerprint());
    let message = enrol_message("0123456789ABCDEF", install, &key.public(), &root.public().fingerprint());
    line("fh1-enrol signs", &String::from_utf8(message.clone()).expect("text").replace('\n', "\\n"));
    line("its SHA-256", &hex::encode(sha256(&message)));
    line("proof", &key.sign(Tag::Enrol, &message).to_string());
    let body = b"{\"versions\":[1,1]}";
    let message = hello_message("n1.example", body);
    line("hello's body", &String::from_utf8_lossy(body));
    line("fh1-hello signs", &String::from_utf8(message.clone()).expect("text").replace('\n', "\\n"));
    line("fh-signature", &key.sign(Tag::Hello, &message).to_string());
    let actor = Actor { person: PersonId("p-1".to_owned()), role: Role::Deputy, agency: "sheriff".into() };
    let at =
        At { wall: Instant::from_ms(1_795_496_400_000), offset: -480, mono: 1_000, boot: 1, anchor: None };
    let kind = Kind::Noted { step: None, text: "Seen.".to_owned() };
    let body = Body { kind, actor, at, base: Vec::new(), reason: None, audit: None };
    let place = Place {
        install: Install::Phone(install),
        seq: Some(1),
        prev: None,
        encounter: Some(EncounterId([0x22; 16])),
        enc_seq: Some(1),
        enc_prev: None,
        stamp: 1,
    };
    let signed = SignedEvent::sign(body.write(&place, [0x5a; 16]), &key);
    line("body", signed.body.as_deref().expect("a body"));
    line("header", &signed.header);
    line("id", &hex::encode(sha256(signed.header.as_bytes())));
    line("signature", &signed.signature.to_string());
    let message = [b"fh1-event\0".as_slice(), &sha256(signed.header.as_bytes())].concat();
    line("what Ed25519 signs", &hex::encode(message));
    made.push_str("```\n");
    made
}

#[test]
fn the_contract_says_what_the_code_does() {
    for (name, made) in [
        ("tags", tags()),
        ("kinds", kinds()),
        ("policy", policy()),
        ("holds", holds()),
        ("problems", problems()),
        ("limits", limits()),
        ("example", example()),
    ] {
        part(name, &made);
    }
    let page = page();
    let told: BTreeSet<(String, String)> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')?.split_once(' '))
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();
    let there: BTreeSet<(String, String)> = routes()
        .into_iter()
        .filter(|(_, path)| path.starts_with("/v1/"))
        .map(|(method, path)| (method.to_string(), path.to_owned()))
        .collect();
    assert_eq!(told, there, "a path that the page does not tell, or one that is not there");
    let Bounds { connections, of_one_address, headers, .. } = Bounds::default();
    let listener = format!("One address may have {of_one_address} connections");
    assert!(page.contains(&listener) && page.contains(&format!("all together {connections}")));
    assert!(page.contains(&format!("{} seconds, its body 60", headers.as_secs())));
    // Every member of every message is named: the goldens have all of them.
    for entry in std::fs::read_dir(core("tests/fixtures/wire")).expect("fixtures") {
        let path = entry.expect("an entry").path();
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(&std::fs::read(&path).expect("a fixture"))
        else {
            continue;
        };
        if path.ends_with("directory.json") {
            continue;
        }
        let serde_json::Value::Object(members) = json else { continue };
        for member in members.keys() {
            let named =
                page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == member);
            assert!(named, "{}: {member} is not told", path.display());
        }
    }
}
