//! The log of who did, looked at and was refused what: every route there is, by every outcome it has, and the entry that
//! each leaves. The routes are asked of the router itself, so a new one fails here until it says what it leaves.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use firsthours_core::evidence::{Checkpoint, Document, Hole, LogHead, Tag};
use firsthours_core::outside::SystemRandom;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{Epoch, EventId, Hash, InstallId};
use firsthours_core::wire::{
    HEADER_INSTALL, HEADER_NONCE, HEADER_SIGNATURE, HelloReply, OffersRequest, ProblemKind,
};
use firsthours_server::programme::audit::{self, Source, Who};
use firsthours_server::programme::checkpoint;
use firsthours_server::programme::people::{self, NewPerson};
use firsthours_server::{programme::devices, routes};

use crate::phone::{Phone, Server, encounter};

/// Where every request of this test comes from, as the proxy before the server says.
const ADDRESS: &str = "198.51.100.7";
const PASSWORD: &str = "correct lantern orbit";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// Whose it is to ask.
    Rightly,
    /// Known, and it is not theirs.
    Wrongly,
    /// Nobody who has said who they are.
    Nobody,
    /// Whose it is to ask, with what cannot be read.
    Oddly,
}

use Asks::{Nobody, Oddly, Rightly, Wrongly};

const REFUSED: &str = "access_refused";

/// What each route leaves in the log: the code of the entry for each who may ask; `-` where nothing is told of anybody.
/// A method, a path, and what it leaves.
type Leaves = (&'static str, &'static str, &'static [(Asks, &'static str)]);

const LEAVES: [Leaves; 31] = [
    ("POST", "/v1/enrol", &[(Rightly, "enrolment_asked"), (Nobody, "code_refused"), (Oddly, REFUSED)]),
    (
        "POST",
        "/v1/sync/hello",
        &[(Rightly, "said_hello"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    ("POST", "/v1/sync/events", &[(Rightly, "synced"), (Nobody, REFUSED), (Oddly, REFUSED)]),
    ("POST", "/v1/sync/holes", &[(Rightly, "hole_declared"), (Nobody, REFUSED), (Oddly, REFUSED)]),
    ("POST", "/v1/sync/offers", &[(Rightly, "synced"), (Nobody, REFUSED), (Oddly, REFUSED)]),
    (
        "GET",
        "/v1/sync/encounters/{id}/{epoch}/events",
        &[(Rightly, "record_served"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    ("GET", "/v1/protocols/{sha256}", &[(Rightly, "protocol_served"), (Nobody, REFUSED), (Oddly, REFUSED)]),
    ("GET", "/v1/directory", &[(Rightly, "directory_served"), (Nobody, REFUSED)]),
    ("GET", "/v1/policy", &[(Rightly, "policy_served"), (Nobody, REFUSED)]),
    ("GET", "/", &[(Rightly, "-"), (Nobody, REFUSED)]),
    ("GET", "/account", &[(Rightly, "account_opened"), (Nobody, REFUSED)]),
    (
        "POST",
        "/account/password",
        &[(Rightly, "password_changed"), (Wrongly, "sign_in_refused"), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    ("GET", "/language", &[(Rightly, "-"), (Nobody, "-"), (Oddly, REFUSED)]),
    ("GET", "/queue", &[(Rightly, "queue_opened"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)]),
    (
        "GET",
        "/records/{id}",
        &[(Rightly, "record_opened"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    (
        "POST",
        "/records/{id}/act",
        &[(Rightly, "commented"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    (
        "POST",
        "/records/{id}/hidden",
        &[(Rightly, "fields_unmasked"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    (
        "GET",
        "/records/{id}/sheets/{sheet}",
        &[(Rightly, "sheet_made"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    (
        "POST",
        "/records/{id}/sheets/{sheet}",
        &[(Rightly, "sheet_made"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    (
        "GET",
        "/records/{id}/sheets/{sheet}/text",
        &[(Rightly, "sheet_made"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    ("GET", "/people", &[(Rightly, "people_opened"), (Wrongly, REFUSED), (Nobody, REFUSED)]),
    (
        "POST",
        "/people/{person}/release",
        &[(Rightly, "person_released"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    ("GET", "/phones", &[(Rightly, "phones_opened"), (Wrongly, REFUSED), (Nobody, REFUSED)]),
    (
        "POST",
        "/phones/{install}/{decision}",
        &[(Rightly, "install_approved"), (Wrongly, REFUSED), (Nobody, REFUSED), (Oddly, REFUSED)],
    ),
    ("GET", "/sign-in", &[(Rightly, "-"), (Nobody, "-")]),
    ("POST", "/sign-in", &[(Rightly, "signed_in"), (Wrongly, "sign_in_refused"), (Oddly, REFUSED)]),
    ("POST", "/sign-out", &[(Rightly, "signed_out"), (Nobody, "-")]),
    ("POST", "/sign-out-everywhere", &[(Rightly, "sessions_ended"), (Nobody, REFUSED)]),
    ("GET", "/healthz", &[(Nobody, "-")]),
    ("GET", "/readyz", &[(Nobody, "-")]),
    ("GET", "/assets/{tag}/{*path}", &[(Oddly, REFUSED)]),
];

/// Everybody who asks in this test.
struct House {
    server: Server,
    /// Holds the record.
    ash: Phone,
    /// Has no part in it.
    cedar: Phone,
    /// The cookie of who last signed in under each name.
    supervisor: String,
    stranger: String,
    admin: String,
    person: String,
}

impl House {
    async fn new() -> Self {
        let server = Server::behind_proxy();
        let mut ash = server.deputy("dep.ash").await;
        ash.open(encounter(1));
        ash.answer(encounter(1), "address", "12 Example Road");
        ash.upload_all(&server).await;
        let cedar = server.deputy("dep.cedar").await;
        let person = server.person("supervisor", "sgt.vale").0;
        server.person("administrator", "adm.reed");
        server.add_places(("south", "South County"), ("quay", "Quay"));
        let new = NewPerson {
            name: "Sgt. Other",
            role: "supervisor",
            agency: "south",
            station: Some("quay"),
            username: "sgt.other",
        };
        let (store, check) = (&server.app.store, &server.app.passwords);
        people::add(store, check, &SystemRandom, &new, PASSWORD, Who::Console, Instant::from_ms(1))
            .expect("added");
        let mut house = Self {
            server,
            ash,
            cedar,
            supervisor: String::new(),
            stranger: String::new(),
            admin: String::new(),
            person,
        };
        house.supervisor = house.sign_in("sgt.vale").await;
        house.stranger = house.sign_in("sgt.other").await;
        house.admin = house.sign_in("adm.reed").await;
        house
    }

    async fn sign_in(&self, username: &str) -> String {
        let request = form("/sign-in", &sign_in_form(username, PASSWORD), "");
        let response = firsthours_server::answer(&self.server.router, request).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let cookie = response.headers().get(header::SET_COOKIE).expect("a session").to_str().expect("text");
        cookie.split(';').next().expect("a first part").to_owned()
    }

    async fn send(&self, mut request: Request<Body>) -> StatusCode {
        request.headers_mut().insert("x-forwarded-for", ADDRESS.parse().expect("a value"));
        firsthours_server::answer(&self.server.router, request).await.status()
    }

    /// The codes, authors and texts of the entries after this many.
    fn entries(&self, after: usize) -> Vec<[String; 3]> {
        let rows = self.server.rows("select what, who, text from audit order by seq");
        rows[after..].iter().map(|row| [0, 1, 2].map(|column| row.string(column).expect("text"))).collect()
    }

    fn count(&self) -> usize {
        self.server.rows("select seq from audit").len()
    }

    /// One request to a route, as `asks` would make it.
    async fn request(&mut self, method: &str, path: &str, asks: Asks) -> Request<Body> {
        let id = if asks == Oddly { "nothing".to_owned() } else { encounter(1).to_string() };
        let epoch = self.server.app.epoch().expect("an epoch");
        let cookie = match asks {
            Rightly | Oddly if path.starts_with("/p") => self.admin.clone(),
            Rightly | Oddly => self.supervisor.clone(),
            Wrongly if path == "/queue" => self.admin.clone(),
            Wrongly if path.starts_with("/account") => self.supervisor.clone(),
            Wrongly => self.stranger.clone(),
            Nobody => String::new(),
        };
        let token = match asks {
            Rightly | Oddly => self.ash.token.clone(),
            Wrongly => self.cedar.token.clone(),
            Nobody => "t1.none".to_owned(),
        };
        let odd = asks == Oddly;
        let upload = |body: Vec<u8>| {
            let body = if odd { b"{".to_vec() } else { body };
            Request::post(path)
                .header("authorization", format!("Bearer {token}"))
                .body(Body::from(body))
                .expect("request")
        };
        let read = |path: &str| {
            Request::get(path)
                .header("authorization", format!("Bearer {token}"))
                .body(Body::empty())
                .expect("request")
        };
        let page = |path: &str| {
            Request::get(path).header(header::COOKIE, &cookie).body(Body::empty()).expect("request")
        };
        match (method, path) {
            (_, "/v1/enrol") => self.enrol(asks),
            (_, "/v1/sync/hello") => self.hello(asks),
            (_, "/v1/sync/events") => {
                let events = self.ash.events.clone();
                upload(serde_json::to_vec(&serde_json::json!({ "events": events })).expect("json"))
            }
            (_, "/v1/sync/holes") => upload(serde_json::to_vec(&self.hole()).expect("json")),
            (_, "/v1/sync/offers") => {
                let request = OffersRequest {
                    encounter: encounter(1),
                    certificates: Vec::new(),
                    revocations: Vec::new(),
                    events: self.ash.events.clone(),
                };
                upload(serde_json::to_vec(&request).expect("json"))
            }
            (_, "/v1/sync/encounters/{id}/{epoch}/events") => {
                read(&format!("/v1/sync/encounters/{id}/{epoch}/events"))
            }
            (_, "/v1/protocols/{sha256}") => {
                let sha256 = Hash::of(crate::phone::PROTOCOL.as_bytes()).to_string();
                read(&format!("/v1/protocols/{}", if odd { "ab".repeat(32) } else { sha256 }))
            }
            (_, "/v1/directory" | "/v1/policy") => read(path),
            (_, "/account/password") => {
                let old = if asks == Wrongly { "not the password" } else { PASSWORD };
                let new = "quiet harbor window".replace(' ', "+");
                let sent = format!("old={}&new={new}&again={new}", old.replace(' ', "+"));
                form(path, if odd { "old=x" } else { &sent }, &cookie)
            }
            ("GET", "/language") => page(if odd { "/language" } else { "/language?to=es" }),
            ("GET", "/queue") => page(if odd { "/queue?after=nothing" } else { path }),
            ("GET", "/records/{id}") => page(&format!("/records/{id}")),
            (_, "/records/{id}/act") => {
                form(&format!("/records/{id}/act"), "seen=2&act=comment&text=Seen", &cookie)
            }
            (_, "/records/{id}/hidden") => form(&format!("/records/{id}/hidden"), "why=court", &cookie),
            ("GET", "/records/{id}/sheets/{sheet}") => page(&format!("/records/{id}/sheets/handover")),
            ("POST", "/records/{id}/sheets/{sheet}") => {
                form(&format!("/records/{id}/sheets/handover"), "why=court", &cookie)
            }
            (_, "/records/{id}/sheets/{sheet}/text") => page(&format!("/records/{id}/sheets/handover/text")),
            (_, "/people/{person}/release") => {
                let person = if odd { "nobody" } else { &self.person };
                form(&format!("/people/{person}/release"), "", &cookie)
            }
            (_, "/phones/{install}/{decision}") => {
                let waiting = if odd { "nothing".to_owned() } else { self.waiting() };
                form(&format!("/phones/{waiting}/approve"), "", &cookie)
            }
            ("POST", "/sign-in") => {
                let password = if asks == Wrongly { "not the password" } else { PASSWORD };
                let sent = if odd { "x=1".to_owned() } else { sign_in_form("adm.reed", password) };
                form(path, &sent, "")
            }
            ("POST", "/sign-out" | "/sign-out-everywhere") => {
                let cookie = if asks == Rightly { self.sign_in("sgt.other").await } else { cookie };
                form(path, "", &cookie)
            }
            (_, "/assets/{tag}/{*path}") => page("/assets/0/nothing"),
            _ => page(path),
        }
    }

    fn enrol(&self, asks: Asks) -> Request<Body> {
        let person = firsthours_core::record::PersonId(self.person.clone());
        let code = if asks == Nobody { "0000-0000-0000-0000".to_owned() } else { self.server.code(&person) };
        let asked = Phone::new(&person).enrol_request(&self.server, &code);
        let body = if asks == Oddly { b"{".to_vec() } else { serde_json::to_vec(&asked).expect("json") };
        Request::post("/v1/enrol").body(Body::from(body)).expect("request")
    }

    fn hello(&self, asks: Asks) -> Request<Body> {
        let phone = &self.ash;
        let body = serde_json::to_vec(&Phone::hello_request()).expect("json");
        let signer = if asks == Wrongly { &self.cedar.author.key } else { &phone.author.key };
        let nonce = if asks == Nobody { "n1.none" } else { &phone.nonce };
        let signature = signer.sign(Tag::Hello, &firsthours_core::wire::hello_message(nonce, &body));
        let install = if asks == Oddly { "nothing".to_owned() } else { phone.install.to_string() };
        Request::post("/v1/sync/hello")
            .header(HEADER_INSTALL, install)
            .header(HEADER_NONCE, nonce)
            .header(HEADER_SIGNATURE, signature.to_string())
            .body(Body::from(body))
            .expect("request")
    }

    fn hole(&self) -> Document {
        let hole = Hole { install: self.ash.install, from: 3, to: 4, id_of_to: EventId([4; 32]), raw: None };
        Document::sign(&hole, Tag::Hole, &self.ash.author.key)
    }

    /// A phone that waits for a decision.
    fn waiting(&self) -> String {
        let person = firsthours_core::record::PersonId(self.person.clone());
        let (phone, code) = (Phone::new(&person), self.server.code(&person));
        let (install, key): (InstallId, _) = (phone.install, phone.author.key.public());
        let ask = devices::Ask { code: &code, install, key, device: "unit 4", source: &Source::HERE };
        let (store, trust) = (&self.server.app.store, &self.server.app.trust);
        store.write(|tx| devices::ask(tx, trust, &ask, self.server.app.now())).expect("asked");
        install.to_string()
    }
}

fn sign_in_form(username: &str, password: &str) -> String {
    format!("username={username}&password={}&next=/", password.replace(' ', "+"))
}

fn form(path: &str, sent: &str, cookie: &str) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, cookie)
        .body(Body::from(sent.to_owned()))
        .expect("request")
}

#[tokio::test]
async fn every_route_leaves_an_entry_for_every_outcome_from_whom_and_from_where() {
    let known: BTreeSet<(String, &str)> =
        LEAVES.iter().map(|(method, path, _)| ((*method).to_owned(), *path)).collect();
    let there: BTreeSet<(String, &str)> =
        routes().into_iter().map(|(method, path): (Method, _)| (method.to_string(), path)).collect();
    assert_eq!(known, there, "a route that does not say what it leaves, or a line without a route");
    for (method, path, outcomes) in LEAVES {
        for (asks, leaves) in outcomes {
            // Each in a house of its own: no refusal is left out because there were many, and no act spoils another's.
            let mut house = House::new().await;
            let request = house.request(method, path, *asks).await;
            let before = house.count();
            let status = house.send(request).await;
            let told = format!("{method} {path} {asks:?} ({status})");
            let entries = house.entries(before);
            let refused = matches!(*leaves, REFUSED | "code_refused" | "sign_in_refused");
            let to_sign_in = status == StatusCode::SEE_OTHER && *asks == Nobody;
            assert_eq!(status.is_client_error() || (to_sign_in && refused), refused, "{told}");
            if *leaves == "-" {
                assert!(entries.is_empty(), "{told}: {entries:?}");
                continue;
            }
            let codes: Vec<&str> = entries.iter().map(|entry| entry[0].as_str()).collect();
            assert!(codes.contains(leaves), "{told}: {codes:?}");
            let refusals = ["access_refused", "code_refused", "sign_in_refused"];
            let refusals = codes.iter().filter(|code| refusals.contains(code)).count();
            assert_eq!(refusals, usize::from(refused), "{told}: one entry of a refusal: {codes:?}");
            for [what, who, text] in &entries {
                assert!(text.contains(&format!("\"address\":\"{ADDRESS}\"")), "{told}: {text}");
                let named = !matches!(who.as_str(), "unknown");
                assert_eq!(
                    text.contains("\"session\""),
                    named && what != "enrolment_asked",
                    "{told}: {text}"
                );
                assert!(*asks != Nobody || who == "unknown", "{told}: {who}");
            }
        }
    }
}

#[tokio::test]
async fn a_list_names_the_records_it_showed_and_a_refused_look_the_record_it_was_for() {
    let mut house = House::new().await;
    let request = house.request("GET", "/queue", Rightly).await;
    house.send(request).await;
    let request = house.request("GET", "/records/{id}", Wrongly).await;
    house.send(request).await;
    let request = house.request("GET", "/phones", Rightly).await;
    house.send(request).await;
    let entry = |what: &str| {
        let sql =
            format!("select encounter, text from audit where what = '{what}' order by seq desc limit 1");
        let row = &house.server.rows(&sql)[0];
        (row.opt_string(0).expect("a column"), row.string(1).expect("text"))
    };
    let id = encounter(1).to_string();
    assert!(entry("queue_opened").1.contains(&format!("\"records\":[\"{id}\"]")));
    assert_eq!(entry(REFUSED).0, Some(id));
    assert!(entry("phones_opened").1.contains(&house.ash.install.to_string()));
}

/// The reason for which a sheet was opened is what a court asks for.
#[tokio::test]
async fn a_sheet_and_a_record_that_are_opened_leave_their_reason() {
    let mut house = House::new().await;
    for path in ["/records/{id}/sheets/{sheet}", "/records/{id}/hidden"] {
        let request = house.request("POST", path, Rightly).await;
        assert_eq!(house.send(request).await, StatusCode::OK);
    }
    for what in ["sheet_made", "fields_unmasked"] {
        let text = house.server.rows(&format!("select text from audit where what = '{what}'"));
        assert!(text[0].text(0).expect("text").contains("\"why\":\"court\""), "{what}");
    }
}

#[tokio::test]
async fn a_log_that_was_cut_is_found_by_what_a_phone_gives_back() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let now = server.app.now();
    server.app.checkpoints().make(now).expect("made");
    let told: HelloReply = ash.hello(&server).await;
    let checkpoint = told.checkpoint.expect("a checkpoint");
    let said = Checkpoint::open(&checkpoint, &server.keyring()).expect("signed by the server");
    assert_eq!(said.heads.len(), 1);
    let give = async |server: &Server, ash: &Phone, checkpoints: Vec<Document>| {
        let mut hello = Phone::hello_request();
        hello.checkpoints = checkpoints;
        let (_, kind) = ash.say_hello(server, "none", &hello).await.problem();
        let ProblemKind::FreshNonce { next_nonce } = kind else { panic!("{kind:?}") };
        assert_eq!(ash.say_hello(server, &next_nonce, &hello).await.status, StatusCode::OK);
    };
    give(&server, &ash, vec![checkpoint.clone()]).await;
    assert!(server.rows("select seq from audit where what = 'log_differs'").is_empty());
    // Of another server, under another tag, of an earlier life of the store, far too many: nothing to us.
    let other = Server::new();
    let foreign = Document::sign(&said, Tag::Checkpoint, &other.app.trust.receipt);
    let mistagged = Document::sign(&said, Tag::Receipt, &server.app.trust.receipt);
    let wrong = vec![LogHead { hash: Hash::of(b"another text"), ..said.heads[0].clone() }];
    let earlier = Checkpoint { epoch: Epoch([9; 16]), heads: wrong.clone(), ..said.clone() };
    let renamed = Checkpoint { server: "another".to_owned(), heads: wrong, ..said.clone() };
    let ours = |said: &Checkpoint| Document::sign(said, Tag::Checkpoint, &server.app.trust.receipt);
    give(&server, &ash, vec![foreign, mistagged, ours(&earlier), ours(&renamed)]).await;
    assert!(server.rows("select seq from audit where what = 'log_differs'").is_empty());
    server
        .app
        .store
        .write(|tx| tx.run("delete from audit where seq >= $1", &[said.heads[0].seq.into()]))
        .expect("cut");
    give(&server, &ash, vec![checkpoint.clone()]).await;
    give(&server, &ash, vec![checkpoint]).await;
    let found = server.rows("select text from audit where what = 'log_differs'");
    assert_eq!(found.len(), 1, "said once");
    assert!(found[0].text(0).expect("text").contains("a phone keeps"));
    assert!(server.app.store.read(checkpoint::differs_since).expect("read").is_some());
    // The chain itself was forged well enough.
    assert!(
        audit::verify(&server.app.store, &[], server.app.epoch().expect("an epoch"))
            .expect("verified")
            .is_sound()
    );
}

#[tokio::test]
async fn a_log_that_was_cut_is_found_by_the_file_beside_it_at_the_next_start() {
    let server = Server::new();
    let checkpoints = server.app.checkpoints();
    let now = server.app.now();
    let first = checkpoints.make(now).expect("made").expect("one");
    assert_eq!(checkpoints.make(now + 1).expect("asked").expect("one"), first, "nothing new to say");
    assert!(checkpoints.check(now).expect("checked").is_sound());
    let file = std::fs::read_to_string(&checkpoints.file).expect("a file");
    assert_eq!(file.lines().count(), 1);
    // A line that was cut off while it was written is no news; one that somebody wrote is.
    std::fs::write(&checkpoints.file, format!("{file}{{\"text\"")).expect("cut off");
    assert!(checkpoints.compare().expect("compared").1.faults.is_empty());
    std::fs::write(&checkpoints.file, format!("{{}}\n{file}")).expect("added");
    assert_eq!(checkpoints.compare().expect("compared").1.faults.len(), 1);
    std::fs::write(&checkpoints.file, "").expect("emptied");
    assert_eq!(
        checkpoints.compare().expect("compared").1.faults,
        ["it lacks the last checkpoint that was made"]
    );
    std::fs::write(&checkpoints.file, file).expect("as it was");
    server.app.store.write(|tx| tx.run("delete from audit where seq > 2", &[])).expect("cut");
    let verdict = checkpoints.check(now).expect("checked");
    assert!(!verdict.is_sound());
    let Checkpoint { heads, .. } = first.peek().expect("read");
    let LogHead { seq, .. } = &heads[0];
    assert_eq!(
        verdict.faults[0].to_string(),
        format!("entry {seq} of main: a checkpoint names it, and the log ends before it")
    );
    assert_eq!(server.rows("select seq from audit where what = 'log_differs'").len(), 1);
}
