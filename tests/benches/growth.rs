//! What an event costs as its record grows, and how long one author can keep the writer from everybody else.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use firsthours_core::evidence::{SecretKey, SignedEvent, Tag};
use firsthours_core::protocol::Value;
use firsthours_core::record::{
    Actor, At, Body as EventBody, EncounterId, EventId, IncidentId, Install, InstallId, Kind, PersonId,
    Place, Role,
};
use firsthours_core::wire::{
    ClockReport, DeviceReport, EventsRequest, HEADER_INSTALL, HEADER_NONCE, HEADER_SIGNATURE, HelloReply,
    HelloRequest, MAX_BATCH, Problem, ProblemKind, ReadMessage, compress, hello_message,
};
use firsthours_server::audit::{Source, Who};
use firsthours_server::devices::{self, Ask};
use firsthours_server::random;
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::EVENING;
use crate::measure::{Samples, ratio, timed};
use crate::table::Row;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const ROUNDS: usize = 40;
/// Events of one request.
const BATCH: usize = 500;
/// What one author may write into a record, and into one register of it.
const WORST: usize = 20_000;
const REGISTER: usize = 2_000;
const BASE: usize = 64;
const HOLD: Duration = Duration::from_millis(50);

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let mut house = House::new(programme)?;
    let mut event: Vec<Samples> = Vec::new();
    let mut page: Vec<Samples> = Vec::new();
    for size in SIZES {
        let encounter = house.record(size)?;
        event.push(house.one_more(encounter)?);
        page.push(house.last_page(encounter)?);
    }
    let mut rows = Vec::new();
    for (what, samples) in [("one event into", event), ("a page of", page)] {
        let smallest = samples[0].p50();
        for (size, samples) in SIZES.into_iter().zip(&samples).skip(1) {
            let grown = ratio(samples.p50(), smallest);
            rows.push(
                Row::new(&format!("{what} a record of {size} events: server time, p50"), "<= 2x that at 10")
                    .ours(format!("{:.2?}", samples.p50()))
                    .against(format!("{smallest:.2?}, at 10 events"), grown)
                    .kept_if(grown <= 2.0),
            );
        }
    }
    let longest = house.worst_author()?;
    rows.push(
        Row::new(
            &format!("one author's worst record, {WORST} events: longest hold of the writer"),
            "<= 50 ms",
        )
        .ours(format!("{longest:.1?}"))
        .kept_if(longest <= HOLD),
    );
    let (wire, disk) = house.largest_request()?;
    rows.push(
        Row::new("the most that a request of few bytes puts on disk", "<= twice the unpacked bound, 1 MiB")
            .ours(format!("{} KiB on the wire, {} KiB on disk", wire / 1024, disk / 1024))
            .kept_if(disk <= 2 * MAX_BATCH),
    );
    Ok(rows)
}

/// The server without a network, and one author who writes what they like.
struct House<'p> {
    programme: &'p Programme,
    router: axum::Router,
    runtime: tokio::runtime::Runtime,
    key: SecretKey,
    install: InstallId,
    actor: Actor,
    token: String,
    protocol: firsthours_core::record::Hash,
    seq: u64,
    prev: Option<EventId>,
    /// How far each record is: its author's number and last event, and its stamp.
    records: BTreeMap<EncounterId, (u64, Option<EventId>)>,
    next: u8,
}

impl<'p> House<'p> {
    fn new(programme: &'p Programme) -> Result<Self, Fault> {
        let app = &programme.app;
        let person = programme.person("alvarez").to_owned();
        let (key, install) = (SecretKey::from_seed(&[9; 32]), InstallId([9; 16]));
        app.store.write(|tx| {
            let code = devices::make_code(tx, &app.trust, &*app.random, &person, Who::Console, app.now_ms())?;
            let ask = Ask { code: &code, install, key: key.public(), device: "bench", source: &Source::HERE };
            devices::ask(tx, &app.trust, &ask, app.now_ms())?;
            devices::approve(tx, &app.trust, &install.to_string(), Who::Console, app.now_ms())
        })?;
        let row =
            app.store.read(|tx| tx.row("select agency from person where id = $1", &[(&person).into()]))?;
        let agency = row.ok_or("nobody of that name")?.string(0)?;
        let row =
            app.store.read(|tx| tx.row("select sha256 from protocol order by version desc limit 1", &[]))?;
        let protocol = row.ok_or("no protocol")?.text(0)?.parse()?;
        let mut house = Self {
            programme,
            router: firsthours_server::router(app.clone()),
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
            key,
            install,
            actor: Actor { person: PersonId(person), role: Role::Deputy, agency },
            token: String::new(),
            protocol,
            seq: 0,
            prev: None,
            records: BTreeMap::new(),
            next: 0,
        };
        house.token = house.hello()?;
        Ok(house)
    }

    fn ask(&self, request: Request<Body>) -> Result<(StatusCode, Vec<u8>), Fault> {
        self.runtime.block_on(async {
            let response: Response<Body> = firsthours_server::answer(&self.router, request).await;
            let status = response.status();
            Ok((status, to_bytes(response.into_body(), 1 << 26).await?.to_vec()))
        })
    }

    fn hello(&self) -> Result<String, Fault> {
        let said = HelloRequest {
            versions: (1, 1),
            app_version: "0.1.0".to_owned(),
            head: None,
            device: DeviceReport { unsent: 0, drafts: 0, oldest_unsent: None, free_disk: None },
            clock: ClockReport { wall: EVENING, offset: 0, mono: 0, boot: 1 },
            protocols: Vec::new(),
            encounters: Vec::new(),
            directory: None,
            policy: None,
            proof: None,
            checkpoints: Vec::new(),
        };
        let body = serde_json::to_vec(&said)?;
        let mut nonce = "none".to_owned();
        loop {
            let signature = self.key.sign(Tag::Hello, &hello_message(&nonce, &body));
            let request = Request::post("/v1/sync/hello")
                .header(HEADER_INSTALL, self.install.to_string())
                .header(HEADER_NONCE, &nonce)
                .header(HEADER_SIGNATURE, signature.to_string())
                .body(Body::from(body.clone()))?;
            let (status, answer) = self.ask(request)?;
            if status == StatusCode::OK {
                return Ok(HelloReply::read(&answer)?.token);
            }
            match Problem::read(&answer)?.kind {
                ProblemKind::FreshNonce { next_nonce } => nonce = next_nonce,
                other => return Err(format!("{other:?}").into()),
            }
        }
    }

    fn write(&mut self, encounter: EncounterId, kind: Kind, base: Vec<EventId>) -> SignedEvent {
        let (enc_seq, enc_prev) = self.records.get(&encounter).copied().unwrap_or_default();
        let place = Place {
            install: Install::Phone(self.install),
            seq: Some(self.seq + 1),
            prev: self.prev,
            encounter: Some(encounter),
            enc_seq: Some(enc_seq + 1),
            enc_prev,
            stamp: enc_seq + 1,
        };
        let at = At { wall: EVENING, offset: 0, mono: 0, boot: 1, anchor: None };
        let body = EventBody { kind, actor: self.actor.clone(), at, base, reason: None, audit: None };
        let written = body.write(&place, random::bytes(&*self.programme.app.random));
        let id = written.id;
        self.seq += 1;
        self.prev = Some(id);
        self.records.insert(encounter, (enc_seq + 1, Some(id)));
        SignedEvent::sign(written, &self.key)
    }

    /// Sends a batch; gives how long the server took and how many bytes went over the wire.
    fn send(&self, events: Vec<SignedEvent>) -> Result<(Duration, usize), Fault> {
        let packed = compress(serde_json::to_vec(&EventsRequest { events })?);
        let mut request =
            Request::post("/v1/sync/events").header("authorization", format!("Bearer {}", self.token));
        if let Some(encoding) = packed.encoding() {
            request = request.header("content-encoding", encoding);
        }
        let wire = packed.bytes().len();
        let request = request.body(Body::from(packed.bytes().to_vec()))?;
        let (answer, took) = timed(|| self.ask(request));
        match answer? {
            (StatusCode::OK, _) => Ok((took, wire)),
            (status, text) => Err(format!("{status}: {}", String::from_utf8_lossy(&text)).into()),
        }
    }

    fn open(&mut self) -> Result<EncounterId, Fault> {
        self.next += 1;
        let encounter = EncounterId([self.next; 16]);
        let station = self.programme.app.store.read(|tx| {
            tx.row("select station from person where id = $1", &[(&self.actor.person.0).into()])
        })?;
        let opened = Kind::Opened {
            protocol: self.protocol,
            agency: self.actor.agency.clone(),
            station: station.ok_or("no station")?.string(0)?,
            incident: IncidentId([self.next; 16]),
            letter: "A".to_owned(),
        };
        let opening = self.write(encounter, opened, Vec::new());
        self.send(vec![opening])?;
        Ok(encounter)
    }

    fn remark(&mut self, encounter: EncounterId) -> SignedEvent {
        let text = "Second unit stood by at the corner; no contact with the girl.".to_owned();
        self.write(encounter, Kind::Noted { step: None, text }, Vec::new())
    }

    /// A record of so many events: remarks, and answers that supersede one another.
    fn record(&mut self, size: usize) -> Result<EncounterId, Fault> {
        let encounter = self.open()?;
        let mut named: Option<EventId> = None;
        let mut left = size - 1;
        while left > 0 {
            let many = left.min(BATCH);
            let batch = (0..many)
                .map(|n| {
                    if n % 6 != 0 {
                        return self.remark(encounter);
                    }
                    let base = named.into_iter().collect();
                    let event = self.answer(encounter, "address", &format!("{n} Example Road"), base);
                    named = self.prev;
                    event
                })
                .collect();
            self.send(batch)?;
            left -= many;
        }
        Ok(encounter)
    }

    fn answer(&mut self, encounter: EncounterId, field: &str, text: &str, base: Vec<EventId>) -> SignedEvent {
        let values = BTreeMap::from([(field.to_owned(), Some(Value::Text(text.to_owned())))]);
        let kind = Kind::Answered { step: "contact".to_owned(), entry: None, values, copied: None };
        self.write(encounter, kind, base)
    }

    fn one_more(&mut self, encounter: EncounterId) -> Result<Samples, Fault> {
        let mut taken = Vec::new();
        for _ in 0..ROUNDS {
            let event = self.remark(encounter);
            taken.push(self.send(vec![event])?.0);
        }
        Ok(Samples::new(taken))
    }

    fn last_page(&self, encounter: EncounterId) -> Result<Samples, Fault> {
        let row =
            self.programme.app.store.read(|tx| {
                tx.row("select pos from encounter where id = $1", &[encounter.to_string().into()])
            })?;
        let after = row.ok_or("no record")?.int(0)? - 10;
        let epoch = self.programme.app.trust.epoch();
        let path = format!("/v1/sync/encounters/{encounter}/{epoch}/events?after={}", after.max(0));
        let mut taken = Vec::new();
        for _ in 0..ROUNDS {
            let request = Request::get(&path)
                .header("authorization", format!("Bearer {}", self.token))
                .body(Body::empty())?;
            let (answer, took) = timed(|| self.ask(request));
            if answer?.0 != StatusCode::OK {
                return Err("a page was refused".into());
            }
            taken.push(took);
        }
        Ok(Samples::new(taken))
    }

    /// Writes as much into one record as one author may, as costly as it may be: first one register as often as it takes
    /// writes, each naming as many as it may, then remarks, in the largest batches.
    fn worst_author(&mut self) -> Result<Duration, Fault> {
        let encounter = self.open()?;
        let mut named: Vec<EventId> = Vec::new();
        let mut left = WORST - 1;
        let mut longest = Duration::ZERO;
        let mut writes = 0;
        let _made_before = self.programme.app.store.take_longest_write();
        while left > 0 {
            let mut batch = Vec::new();
            // The bytes of a request are bounded too: what names much is longer.
            let most = if writes < REGISTER { BATCH / 4 } else { BATCH };
            for _ in 0..left.min(most) {
                let event = if writes < REGISTER {
                    writes += 1;
                    let base = named.iter().rev().take(BASE).copied().collect();
                    let event = self.answer(encounter, "address", &format!("{writes} Example Road"), base);
                    named.extend(self.prev);
                    event
                } else {
                    self.remark(encounter)
                };
                batch.push(event);
            }
            left -= batch.len();
            self.send(batch)?;
            longest = longest.max(self.programme.app.store.take_longest_write());
        }
        Ok(longest)
    }

    /// The request that is largest unpacked and smallest packed: its bytes on the wire, and what the store grew by.
    fn largest_request(&mut self) -> Result<(usize, usize), Fault> {
        let encounter = self.open()?;
        let text = "a".repeat(7_900);
        let many = MAX_BATCH / 10_000;
        let batch = (0..many.min(BATCH))
            .map(|_| self.write(encounter, Kind::Noted { step: None, text: text.clone() }, Vec::new()))
            .collect();
        let pages = || -> Result<i64, Fault> {
            let row = self.programme.app.store.read(|tx| tx.row("pragma page_count", &[]))?;
            Ok(row.ok_or("no count")?.int(0)?)
        };
        let before = pages()?;
        let (_, wire) = self.send(batch)?;
        Ok((wire, usize::try_from((pages()? - before) * 4_096)?))
    }
}
