//! A server in a temporary folder, and scripted phones that write and send what a test tells them to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use firsthours_core::evidence::{Document, Hole, Keyring, Receipt, Revoked, SecretKey, SignedEvent, Tag};
use firsthours_core::outside::{Clock, ManualClock, SeededRandom, SystemRandom};
use firsthours_core::protocol::{Instant, Value};
use firsthours_core::record::{
    Actor, At, Body as EventBody, EncounterId, EventId, Hash, IncidentId, Install, InstallId, Kind, PersonId,
    Role, Sharing,
};
use firsthours_core::wire::{
    ClockReport, DeviceReport, EnrolReply, EnrolRequest, EnrolState, EventsReply, EventsRequest,
    HEADER_INSTALL, HEADER_NONCE, HEADER_SIGNATURE, HelloReply, HelloRequest, OffersReply, OffersRequest,
    Page, Problem, ProblemKind, ReadMessage, compress, enrol_message, hello_message, read_code,
};
use firsthours_scripted::Author;
use firsthours_server::config::Config;
use firsthours_server::programme::audit::Who;
use firsthours_server::programme::people::{self, NewPerson};
use firsthours_server::records::ingest::Together;
use firsthours_server::store::Row;
use firsthours_server::{App, programme::devices, records::protocols, router};

/// The definition under which the phones of these tests record.
pub(crate) const PROTOCOL: &str = include_str!("../../../core/protocols/us-ca-los-angeles.json");
/// What must never be found in clear text.
pub(crate) const MARKER: &str = "Mill Road behind the closed laundry";
const DAY: Instant = Instant::from_ms(1_780_000_000_000);

static NEXT: AtomicU16 = AtomicU16::new(1);

pub(crate) struct Server {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) app: App,
    pub(crate) router: axum::Router,
}

/// What a request was answered with.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn read<T: ReadMessage>(&self) -> T {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.body));
        T::read(&self.body).expect("a message of the protocol")
    }

    /// The problem, its status checked against the answer's.
    pub(crate) fn problem(&self) -> (u16, ProblemKind) {
        let problem = Problem::read(&self.body).expect("a problem");
        assert_eq!(problem.status, self.status.as_u16());
        assert!(problem.urn.starts_with("urn:first-hours:problem:"), "{}", problem.urn);
        (problem.status, problem.kind)
    }

    pub(crate) fn receipt(&self, server: &Server) -> Receipt {
        server.keyring().open_receipt(&self.read::<EventsReply>().receipt, Tag::Receipt).expect("signed")
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        let server = Self::without_protocol();
        server.publish();
        server
    }

    pub(crate) fn without_protocol() -> Self {
        Self::begin(tempfile::tempdir().expect("a folder"))
    }

    /// A server with these settings beside the usual ones.
    pub(crate) fn with(more: &[(&str, &str)]) -> Self {
        let server = Self::begin_with(tempfile::tempdir().expect("a folder"), more);
        server.publish();
        server
    }

    /// A server that does so much in one transaction.
    pub(crate) fn together(together: Together) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Self::config(&folder, &[]);
        config.together = together;
        let server = Self::made(config, folder);
        server.publish();
        server
    }

    /// A server that believes what the proxy before it says of where a request comes from.
    pub(crate) fn behind_proxy() -> Self {
        Self::with(&[("FIRSTHOURS_BEHIND_PROXY", "true"), ("FIRSTHOURS_ORIGIN", "https://desk.invalid")])
    }

    /// A server whose disk is memory, where there is such a disk: for tests of very many requests.
    pub(crate) fn in_memory() -> Self {
        let memory = std::path::Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let server = Self::begin(folder.expect("a folder"));
        server.publish();
        server
    }

    fn begin(folder: tempfile::TempDir) -> Self {
        Self::begin_with(folder, &[])
    }

    fn begin_with(folder: tempfile::TempDir, more: &[(&str, &str)]) -> Self {
        Self::made(Self::config(&folder, more), folder)
    }

    fn made(config: Config, folder: tempfile::TempDir) -> Self {
        let clock = Arc::new(ManualClock::at(DAY));
        // Its own seed, so that no two servers share a root.
        let random = Arc::new(SeededRandom::new(u64::from(NEXT.fetch_add(1, Ordering::SeqCst))));
        let (app, _root) = App::make(config, Arc::<ManualClock>::clone(&clock), random).expect("make");
        let routes = router(app.clone());
        let server = Self { folder, clock, app, router: routes };
        server.add_places(("north", "North County"), ("mill", "Mill Road"));
        server
    }

    /// An agency and its station, each by id and title.
    pub(crate) fn add_places(&self, agency: (&str, &str), station: (&str, &str)) {
        self.app
            .store
            .write(|tx| {
                people::add_agency(tx, &agency.0.into(), agency.1, Who::Console, DAY)?;
                people::add_station(tx, &station.0.into(), &agency.0.into(), station.1, Who::Console, DAY)
            })
            .expect("places");
    }

    /// The same server after a restart; `meanwhile` runs while it is down, with its folder.
    pub(crate) fn restarted(self, meanwhile: impl FnOnce(&std::path::Path)) -> Self {
        let Self { folder, clock, app, router: routes } = self;
        drop((routes, app));
        meanwhile(folder.path());
        let random = Arc::new(SystemRandom);
        let app =
            App::open(Self::config(&folder, &[]), Arc::<ManualClock>::clone(&clock), random).expect("open");
        let routes = router(app.clone());
        Self { folder, clock, app, router: routes }
    }

    fn config(folder: &tempfile::TempDir, more: &[(&str, &str)]) -> Config {
        let settings = [
            ("FIRSTHOURS_DATA", folder.path().display().to_string()),
            ("FIRSTHOURS_AGENCY_KEY", "5a".repeat(32)),
            ("FIRSTHOURS_ARGON2_MEMORY_KIB", "8".to_owned()),
            ("FIRSTHOURS_ARGON2_ROUNDS", "1".to_owned()),
        ];
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let env = settings.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value));
        let mut config = Config::load(None, env, toml::Table::new()).expect("settings");
        config.rehearses = true;
        config
    }

    pub(crate) fn publish(&self) {
        self.app.store.write(|tx| protocols::publish(tx, PROTOCOL, Who::Console, DAY)).expect("publish");
    }

    pub(crate) fn person(&self, role: &str, username: &str) -> PersonId {
        let new = NewPerson { name: "Vale", role, agency: "north", station: Some("mill"), username };
        let password = "correct lantern orbit";
        let (store, check) = (&self.app.store, &self.app.passwords);
        people::add(store, check, &SystemRandom, &new, password, Who::Console, DAY).expect("add")
    }

    pub(crate) fn code(&self, person: &PersonId) -> String {
        let (trust, random) = (&self.app.trust, &*self.app.random);
        let now = self.clock.now();
        self.app
            .store
            .write(|tx| devices::make_code(tx, trust, random, person, Who::Console, now))
            .expect("a code")
    }

    pub(crate) fn approve(&self, install: InstallId) {
        let (id, now) = (install.to_string(), self.clock.now());
        self.app
            .store
            .write(|tx| devices::approve(tx, &self.app.trust, &id, Who::Console, now))
            .expect("approve");
    }

    pub(crate) fn revoke(&self, install: InstallId) {
        let (id, now) = (install.to_string(), self.clock.now());
        let trust = &self.app.trust;
        self.app
            .store
            .write(|tx| devices::revoke(tx, trust, &id, Revoked::Phone, Who::Console, now))
            .expect("revoke");
    }

    /// The person leaves, as an administrator says it.
    pub(crate) fn leave(&self, person: &PersonId) {
        let (trust, now) = (&self.app.trust, self.clock.now());
        self.app.store.write(|tx| people::disable(tx, person, Who::Console, now)).expect("disable");
        self.app
            .store
            .write(|tx| devices::revoke_all_of(tx, trust, person, Who::Console, now))
            .expect("revoke");
    }

    /// A deputy with an approved phone that has said hello.
    pub(crate) async fn deputy(&self, username: &str) -> Phone {
        let person = self.person("deputy", username);
        let mut phone = Phone::new(&person);
        let code = self.code(&person);
        let asked: EnrolReply = phone.enrol(self, &code).await.read();
        assert_eq!(asked.state, EnrolState::Waiting);
        self.approve(phone.install);
        let approved: EnrolReply = phone.enrol(self, &code).await.read();
        assert_eq!(approved.state, EnrolState::Approved);
        phone.certificate = approved.certificate;
        phone.hello(self).await;
        phone
    }

    pub(crate) fn keyring(&self) -> Keyring {
        let trust = &self.app.trust.trust;
        Keyring::new(trust, &self.app.trust.fingerprint()).expect("our own trust")
    }

    pub(crate) fn rows(&self, sql: &str) -> Vec<Row> {
        self.app.store.read(|tx| tx.rows(sql, &[])).expect("rows")
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        self.rows(&format!("select count(*) from {table}"))[0].int(0).expect("a number")
    }

    /// The kinds of a record in their order, the positions checked to be dense.
    pub(crate) fn kinds(&self, encounter: EncounterId) -> Vec<String> {
        let rows =
            self.rows(&format!("select pos, kind from event where encounter = '{encounter}' order by pos"));
        for (row, pos) in rows.iter().zip(1..) {
            assert_eq!(row.int(0).expect("a position"), pos, "positions are dense");
        }
        rows.iter().map(|row| row.string(1).expect("a kind")).collect()
    }

    /// The phones' events of a record as they are stored, with a position or waiting; none stands twice.
    pub(crate) fn stored(&self, encounter: EncounterId) -> BTreeMap<EventId, (String, Vec<u8>)> {
        let mut found = BTreeMap::new();
        for table in ["event", "pending"] {
            let sql = format!(
                "select id, header, signature from {table} where encounter = '{encounter}' and seq is not null"
            );
            for row in self.rows(&sql) {
                let id: EventId = row.text(0).expect("an id").parse().expect("an id");
                let bytes = (row.string(1).expect("a header"), row.blob(2).expect("a signature").to_vec());
                assert_eq!(found.insert(id, bytes), None, "{id} is stored twice");
            }
        }
        found
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = firsthours_server::answer(&self.router, request).await;
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 24).await.expect("a body").to_vec();
        Reply { status, body }
    }
}

#[derive(Clone)]
pub(crate) struct Phone {
    pub(crate) install: InstallId,
    pub(crate) author: Author,
    pub(crate) certificate: Option<Document>,
    pub(crate) events: Vec<SignedEvent>,
    pub(crate) ids: Vec<EventId>,
    pub(crate) token: String,
    pub(crate) nonce: String,
    pub(crate) stamp: u64,
    /// What its next events name as those before them.
    pub(crate) base: Vec<EventId>,
}

impl Phone {
    pub(crate) fn new(person: &PersonId) -> Self {
        let n = NEXT.fetch_add(1, Ordering::SeqCst);
        let actor = Actor { person: person.clone(), role: Role::Deputy, agency: "north".into() };
        let install = InstallId(seed_of(n)[..16].try_into().expect("16 bytes"));
        Self {
            install,
            author: Author::of(Install::Phone(install), actor, SecretKey::from_seed(&seed_of(n))),
            certificate: None,
            events: Vec::new(),
            ids: Vec::new(),
            token: String::new(),
            nonce: String::new(),
            stamp: 0,
            base: Vec::new(),
        }
    }

    /// The same phone with another's key.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        let mut phone = self.copy();
        phone.author.key = other.author.key.clone();
        phone
    }

    /// The same phone as it was copied at this moment.
    pub(crate) fn copy(&self) -> Self {
        self.clone()
    }

    /// Writes an event and keeps it to be sent.
    pub(crate) fn write(&mut self, encounter: EncounterId, kind: Kind) -> EventId {
        self.stamp += 1;
        let at = At { wall: DAY + 1_000, offset: -420, mono: 5, boot: 1, anchor: None };
        let (actor, base) = (self.author.actor.clone(), self.base.clone());
        let body = EventBody { kind, actor, at, base, reason: None, audit: None };
        let written = self.author.write_body(encounter, self.stamp, &body, [self.install.0[0]; 16]);
        let id = written.id;
        self.events.push(SignedEvent::sign(written, &self.author.key));
        self.ids.push(id);
        id
    }

    /// Writes an event of a kind that this version does not know.
    pub(crate) fn write_raw(&mut self, encounter: EncounterId, kind: &str) -> EventId {
        // The same place and actor as any other event of this phone, in other words.
        let mut draft = self.copy();
        draft.write(encounter, Kind::Unvoided);
        let event = draft.events.pop().expect("just written");
        let body = event.body.expect("a body").replace("unvoided", kind);
        let header = event.header.replace(
            &firsthours_core::record::Header::read(&event.header).expect("a header").body_hash.to_string(),
            &Hash::of(body.as_bytes()).to_string(),
        );
        let id = EventId(firsthours_core::record::sha256(header.as_bytes()));
        let signature = self.author.key.sign(Tag::Event, header.as_bytes());
        self.events.push(SignedEvent { header, body: Some(body), signature });
        self.ids.push(id);
        self.stamp = draft.stamp;
        self.author.follow(encounter, id);
        id
    }

    /// Goes on in this record as if `id` had been its next event there.
    pub(crate) fn skip(&mut self, encounter: EncounterId, id: EventId) {
        self.author.skip(encounter, id);
    }

    pub(crate) fn open(&mut self, encounter: EncounterId) -> EventId {
        self.open_as(encounter, "A")
    }

    /// Opens a record with this letter.
    pub(crate) fn open_as(&mut self, encounter: EncounterId, letter: &str) -> EventId {
        self.open_at(encounter, "north", "mill", letter)
    }

    /// Opens a record that claims to be of this agency and station.
    pub(crate) fn open_at(
        &mut self,
        encounter: EncounterId,
        agency: &str,
        station: &str,
        letter: &str,
    ) -> EventId {
        self.write(
            encounter,
            Kind::Opened {
                protocol: Hash::of(PROTOCOL.as_bytes()),
                agency: agency.into(),
                station: station.into(),
                incident: IncidentId([1; 16]),
                letter: letter.to_owned(),
            },
        )
    }

    pub(crate) fn answer(&mut self, encounter: EncounterId, field: &str, value: &str) -> EventId {
        let values = BTreeMap::from([(field.to_owned(), Some(Value::Text(value.to_owned())))]);
        self.write(
            encounter,
            Kind::Answered { step: "contact".to_owned(), entry: None, values, copied: None },
        )
    }

    pub(crate) fn share(&mut self, encounter: EncounterId, to: &PersonId) -> EventId {
        self.write(encounter, Kind::Shared { how: Sharing::Join, to: to.clone() })
    }

    pub(crate) async fn enrol(&self, server: &Server, code: &str) -> Reply {
        let asked = self.enrol_request(server, code);
        let body = serde_json::to_vec(&asked).expect("json");
        server.send(Request::post("/v1/enrol").body(Body::from(body)).expect("request")).await
    }

    pub(crate) fn enrol_request(&self, server: &Server, code: &str) -> EnrolRequest {
        let read = read_code(code).unwrap_or_default();
        let message =
            enrol_message(&read, self.install, &self.author.key.public(), &server.app.trust.fingerprint());
        EnrolRequest {
            code: code.to_owned(),
            install: self.install,
            key: self.author.key.public(),
            device: "Phone of a test".to_owned(),
            proof: self.author.key.sign(Tag::Enrol, &message),
            follows: None,
            certificate: None,
        }
    }

    /// Asks to go on from an install that vouches for it.
    pub(crate) async fn follow(&self, server: &Server, follows: Document) -> Reply {
        self.ask_again(server, Some(follows), None).await
    }

    /// Asks without a code, with what vouches for it.
    pub(crate) async fn ask_again(
        &self,
        server: &Server,
        follows: Option<Document>,
        certificate: Option<Document>,
    ) -> Reply {
        let message =
            enrol_message("", self.install, &self.author.key.public(), &server.app.trust.fingerprint());
        let asked = EnrolRequest {
            code: String::new(),
            install: self.install,
            key: self.author.key.public(),
            device: "Phone of a test".to_owned(),
            proof: self.author.key.sign(Tag::Enrol, &message),
            follows,
            certificate,
        };
        let body = serde_json::to_vec(&asked).expect("json");
        server.send(Request::post("/v1/enrol").body(Body::from(body)).expect("request")).await
    }

    pub(crate) fn hello_request() -> HelloRequest {
        HelloRequest {
            versions: (1, 1),
            app_version: "0.1.0".to_owned(),
            head: None,
            device: DeviceReport {
                unsent: 3,
                drafts: 1,
                oldest_unsent: Some(DAY - 60_000),
                free_disk: Some(1 << 30),
            },
            clock: ClockReport { wall: DAY + 2_000, offset: -420, mono: 5, boot: 1 },
            protocols: Vec::new(),
            encounters: Vec::new(),
            directory: None,
            policy: None,
            proof: None,
            checkpoints: Vec::new(),
        }
    }

    pub(crate) async fn say_hello(&self, server: &Server, nonce: &str, said: &HelloRequest) -> Reply {
        let body = serde_json::to_vec(said).expect("json");
        let signature = self.author.key.sign(Tag::Hello, &hello_message(nonce, &body));
        let request = Request::post("/v1/sync/hello")
            .header(HEADER_INSTALL, self.install.to_string())
            .header(HEADER_NONCE, nonce)
            .header(HEADER_SIGNATURE, signature.to_string())
            .body(Body::from(body))
            .expect("request");
        server.send(request).await
    }

    /// Says hello as a phone does: with the nonce it has, or the fresh one it is given.
    pub(crate) async fn hello(&mut self, server: &Server) -> HelloReply {
        let said = Self::hello_request();
        let mut reply = self.say_hello(server, &self.nonce, &said).await;
        if reply.status == StatusCode::UNAUTHORIZED {
            let (_, kind) = reply.problem();
            let ProblemKind::FreshNonce { next_nonce } = kind else { panic!("{kind:?}") };
            reply = self.say_hello(server, &next_nonce, &said).await;
        }
        let hello: HelloReply = reply.read();
        self.token.clone_from(&hello.token);
        self.nonce.clone_from(&hello.next_nonce);
        hello
    }

    async fn post(&self, server: &Server, path: &str, body: Vec<u8>) -> Reply {
        let packed = compress(body);
        let mut request = Request::post(path).header("authorization", format!("Bearer {}", self.token));
        if let Some(encoding) = packed.encoding() {
            request = request.header("content-encoding", encoding);
        }
        server.send(request.body(Body::from(packed.bytes().to_vec())).expect("request")).await
    }

    /// Sends these events as its own.
    pub(crate) async fn upload(&self, server: &Server, events: &[SignedEvent]) -> Reply {
        let body = serde_json::to_vec(&EventsRequest { events: events.to_vec() }).expect("json");
        self.post(server, "/v1/sync/events", body).await
    }

    /// Sends everything it ever wrote.
    pub(crate) async fn upload_all(&self, server: &Server) -> Receipt {
        self.upload(server, &self.events).await.receipt(server)
    }

    pub(crate) async fn declare(&self, server: &Server, hole: &Hole) -> Reply {
        let document = Document::sign(hole, Tag::Hole, &self.author.key);
        self.post(server, "/v1/sync/holes", serde_json::to_vec(&document).expect("json")).await
    }

    pub(crate) async fn offer(
        &self,
        server: &Server,
        encounter: EncounterId,
        certificates: Vec<Document>,
        events: &[SignedEvent],
    ) -> OffersReply {
        let events = events.to_vec();
        let request = OffersRequest { encounter, certificates, revocations: Vec::new(), events };
        self.post(server, "/v1/sync/offers", serde_json::to_vec(&request).expect("json")).await.read()
    }

    /// Offers events, whatever the answer.
    pub(crate) async fn offer_as_it_is(
        &self,
        server: &Server,
        encounter: EncounterId,
        events: &[SignedEvent],
    ) -> Reply {
        let events = events.to_vec();
        let request = OffersRequest { encounter, certificates: Vec::new(), revocations: Vec::new(), events };
        self.post(server, "/v1/sync/offers", serde_json::to_vec(&request).expect("json")).await
    }

    /// Offers events with statements that authors are trusted no further.
    pub(crate) async fn offer_with(
        &self,
        server: &Server,
        encounter: EncounterId,
        revocations: Vec<Document>,
        events: &[SignedEvent],
    ) -> OffersReply {
        let request =
            OffersRequest { encounter, certificates: Vec::new(), revocations, events: events.to_vec() };
        self.post(server, "/v1/sync/offers", serde_json::to_vec(&request).expect("json")).await.read()
    }

    pub(crate) async fn get(&self, server: &Server, path: &str) -> Reply {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::empty())
            .expect("request");
        server.send(request).await
    }

    pub(crate) fn page_path(server: &Server, encounter: EncounterId, after: u64) -> String {
        format!(
            "/v1/sync/encounters/{encounter}/{}/events?after={after}",
            server.app.epoch().expect("an epoch")
        )
    }

    pub(crate) async fn page(&self, server: &Server, encounter: EncounterId, after: u64) -> Page {
        self.get(server, &Self::page_path(server, encounter, after)).await.read()
    }
}

/// An encounter of this test.
pub(crate) fn encounter(n: u8) -> EncounterId {
    EncounterId([n; 16])
}

fn seed_of(n: u16) -> [u8; 32] {
    let [high, low] = n.to_be_bytes();
    let mut seed = [low; 32];
    seed[0] = high;
    seed
}
