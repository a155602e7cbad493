//! The server without a network, and an author who writes whatever they like.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use firsthours_core::evidence::{SecretKey, SignedEvent, Tag};
use firsthours_core::outside::random_bytes;
use firsthours_core::protocol::Value;
use firsthours_core::record::{
    Actor, At, Body as EventBody, EncounterId, EventId, IncidentId, Install, InstallId, Kind, Role,
};
use firsthours_core::wire::{
    ClockReport, DeviceReport, EventsRequest, HEADER_INSTALL, HEADER_NONCE, HEADER_SIGNATURE, HelloReply,
    HelloRequest, Problem, ProblemKind, ReadMessage, compress, hello_message,
};
use firsthours_scripted::Author as Scripted;
use firsthours_server::programme::audit::{Source, Who};
use firsthours_server::programme::devices::{self, Ask};
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::EVENING;
use crate::measure::{Samples, timed};

/// Events of one request.
pub(crate) const BATCH: usize = 500;

/// The server without a network, and one author who writes what they like.
pub(crate) struct Author<'p> {
    pub(crate) programme: &'p Programme,
    router: axum::Router,
    runtime: tokio::runtime::Runtime,
    install: InstallId,
    pub(crate) scripted: Scripted,
    token: String,
    protocol: firsthours_core::record::Hash,
    opened: u16,
}

impl<'p> Author<'p> {
    /// A deputy, whose keys and records are made of `seed`.
    pub(crate) fn new(programme: &'p Programme, username: &str, seed: u8) -> Result<Self, Fault> {
        let app = &programme.app;
        let person = programme.person(username);
        let (key, install) = (SecretKey::from_seed(&[seed; 32]), InstallId([seed; 16]));
        app.store.write(|tx| {
            let code = devices::make_code(tx, &app.trust, &*app.random, &person, Who::Console, app.now())?;
            let ask = Ask { code: &code, install, key: key.public(), device: "bench", source: &Source::HERE };
            devices::ask(tx, &app.trust, &ask, app.now())?;
            devices::approve(tx, &app.trust, &install.to_string(), Who::Console, app.now())
        })?;
        let row =
            app.store.read(|tx| tx.row("select agency from person where id = $1", &[(&person).into()]))?;
        let agency = row.ok_or("nobody of that name")?.text(0)?.into();
        let row =
            app.store.read(|tx| tx.row("select sha256 from protocol order by version desc limit 1", &[]))?;
        let protocol = row.ok_or("no protocol")?.text(0)?.parse()?;
        let mut house = Self {
            programme,
            router: firsthours_server::router(app.clone()),
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
            install,
            scripted: Scripted::of(
                Install::Phone(install),
                Actor { person, role: Role::Deputy, agency },
                key,
            ),
            token: String::new(),
            protocol,
            opened: u16::from(seed) << 8,
        };
        house.token = house.hello()?;
        Ok(house)
    }

    pub(crate) fn ask(&self, request: Request<Body>) -> Result<(StatusCode, Vec<u8>), Fault> {
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
            let signature = self.scripted.key.sign(Tag::Hello, &hello_message(&nonce, &body));
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

    pub(crate) fn write(&mut self, encounter: EncounterId, kind: Kind, base: Vec<EventId>) -> SignedEvent {
        let stamp = self.scripted.last_in(encounter).map_or(1, |(seq, _)| seq + 1);
        let at = At { wall: EVENING, offset: 0, mono: 0, boot: 1, anchor: None };
        let actor = self.scripted.actor.clone();
        let body = EventBody { kind, actor, at, base, reason: None, audit: None };
        let salt = random_bytes(&*self.programme.app.random);
        let written = self.scripted.write_body(encounter, stamp, &body, salt);
        SignedEvent::sign(written, &self.scripted.key)
    }

    /// Sends a batch; gives how long the server took and how many bytes went over the wire.
    pub(crate) fn send(&self, events: Vec<SignedEvent>) -> Result<(Duration, usize), Fault> {
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

    /// Begins a record.
    pub(crate) fn open(&mut self) -> Result<EncounterId, Fault> {
        let encounter = self.another();
        let opening = self.opening(encounter)?;
        self.send(vec![opening])?;
        Ok(encounter)
    }

    /// A record that nobody has.
    pub(crate) fn another(&mut self) -> EncounterId {
        self.opened += 1;
        let [high, low] = self.opened.to_be_bytes();
        EncounterId([high, low, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7])
    }

    pub(crate) fn opening(&mut self, encounter: EncounterId) -> Result<SignedEvent, Fault> {
        let station = self.programme.app.store.read(|tx| {
            tx.row("select station from person where id = $1", &[(&self.scripted.actor.person).into()])
        })?;
        let opened = Kind::Opened {
            protocol: self.protocol,
            agency: self.scripted.actor.agency.clone(),
            station: station.ok_or("no station")?.text(0)?.into(),
            incident: IncidentId(encounter.0),
            letter: "A".to_owned(),
        };
        Ok(self.write(encounter, opened, Vec::new()))
    }

    pub(crate) fn remark(&mut self, encounter: EncounterId) -> SignedEvent {
        let text = "Second unit stood by at the corner; no contact with the girl.".to_owned();
        self.write(encounter, Kind::Noted { step: None, text }, Vec::new())
    }

    /// A record of so many events: remarks, and answers that supersede one another.
    pub(crate) fn record(&mut self, size: usize) -> Result<EncounterId, Fault> {
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
                    named = self.scripted.last();
                    event
                })
                .collect();
            self.send(batch)?;
            left -= many;
        }
        Ok(encounter)
    }

    pub(crate) fn answer(
        &mut self,
        encounter: EncounterId,
        field: &str,
        text: &str,
        base: Vec<EventId>,
    ) -> SignedEvent {
        let values = BTreeMap::from([(field.to_owned(), Some(Value::Text(text.to_owned())))]);
        let kind = Kind::Answered { step: "contact".to_owned(), entry: None, values, copied: None };
        self.write(encounter, kind, base)
    }
    pub(crate) fn last_page(&self, encounter: EncounterId, rounds: usize) -> Result<Samples, Fault> {
        let row =
            self.programme.app.store.read(|tx| {
                tx.row("select pos from encounter where id = $1", &[encounter.to_string().into()])
            })?;
        let after = row.ok_or("no record")?.int(0)? - 10;
        let epoch = self.programme.app.epoch()?;
        let path = format!("/v1/sync/encounters/{encounter}/{epoch}/events?after={}", after.max(0));
        let mut taken = Vec::new();
        for _ in 0..rounds {
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
}
