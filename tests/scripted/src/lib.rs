//! One scripted phone, and the desk beside it: people and their keys, and events that are chained and signed as theirs are.
//!
//! It knows the core alone, so the tests of the core, of the server and of the whole system, the benches and the fuzz
//! targets all write with it. What it writes is right; a test that wants something wrong changes it afterwards.

#![expect(clippy::missing_panics_doc, reason = "for tests only: it panics where a test is wrong")]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use firsthours_core::evidence::{
    ALGORITHM, Document, InstallCertificate, Purpose, SecretKey, ServerCertificate, SignedEvent, Tag, Trust,
};
use firsthours_core::protocol::{Definition, Instant, Value, load};
use firsthours_core::record::{
    Actor, At, AuditEntry, Body, EncounterId, EntryId, Epoch, Event, EventId, Hash, IncidentId, Install,
    InstallId, Kind, PersonId, Place, Role, State, Written,
};

/// The shipped Los Angeles definition, byte for byte.
pub const LOS_ANGELES: &str = include_str!("../../../core/protocols/us-ca-los-angeles.json");

/// Stands for a definition where a file's bytes are compared: the shipped ones may still change.
pub const SOME_DEFINITION: &str = r#"{"id":"xx-test","title":{"en":"A test, “quoted”"}}"#;

/// 2026-11-23 21:00 in Los Angeles, a Monday.
pub const NIGHT: Instant = Instant::from_ms(1_795_496_400_000);
pub const MINUTE: i64 = 60_000;

pub const ENCOUNTER: EncounterId = EncounterId([0xe1; 16]);
pub const INCIDENT: IncidentId = IncidentId([0x1c; 16]);
pub const EPOCH: Epoch = Epoch([0xe0; 16]);

/// How many times something is to be done, as the environment says under this name: 1 when it says nothing.
pub fn times(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

/// The Los Angeles definition, read once.
pub fn los_angeles() -> &'static Definition {
    static DEFINITION: OnceLock<Definition> = OnceLock::new();
    DEFINITION.get_or_init(|| {
        load(LOS_ANGELES.as_bytes()).unwrap_or_else(|faults| panic!("the definition has faults:\n{faults}"))
    })
}

/// A key made of one repeated byte: never of use outside tests.
pub fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub fn root_key() -> SecretKey {
    key(1)
}

/// The server's key for a purpose.
pub fn server_key(purpose: Purpose) -> SecretKey {
    match purpose {
        Purpose::Event => key(2),
        Purpose::Receipt => key(3),
        Purpose::Cert | Purpose::Unknown => key(4),
    }
}

pub fn server_certificate(purpose: Purpose) -> ServerCertificate {
    ServerCertificate {
        v: 1,
        server: "test-county".to_owned(),
        purpose,
        key: server_key(purpose).public(),
        algorithm: ALGORITHM.to_owned(),
    }
}

/// The root and the server's three certificates.
pub fn trust() -> Trust {
    let server = [Purpose::Event, Purpose::Receipt, Purpose::Cert]
        .map(|purpose| Document::sign(&server_certificate(purpose), Tag::Cert, &root_key()));
    Trust { root: root_key().public(), server: server.into() }
}

pub fn fingerprint() -> String {
    root_key().public().fingerprint()
}

/// One who writes: an install or the server, its key, and its place in its chains.
#[derive(Debug, Clone)]
pub struct Author {
    pub install: Install,
    pub actor: Actor,
    pub key: SecretKey,
    seq: u64,
    prev: Option<EventId>,
    /// How far each record is: this author's number there, and its event.
    encounters: BTreeMap<EncounterId, (u64, EventId)>,
}

impl Author {
    /// A phone's install; `n` tells people and phones apart.
    pub fn phone(n: u8, role: Role) -> Self {
        Self::new(Install::Phone(InstallId([n; 16])), &format!("p-{n}"), role, key(100 + n))
    }

    /// The server, acting for a person at a desk or for itself.
    pub fn desk(n: u8, role: Role) -> Self {
        Self::new(Install::Server(EPOCH), &format!("p-{n}"), role, server_key(Purpose::Event))
    }

    fn new(install: Install, person: &str, role: Role, key: SecretKey) -> Self {
        let actor = Actor { person: PersonId(person.to_owned()), role, agency: "sheriff".into() };
        Self::of(install, actor, key)
    }

    /// An install that belongs to this person.
    pub fn of(install: Install, actor: Actor, key: SecretKey) -> Self {
        Self { install, actor, key, seq: 0, prev: None, encounters: BTreeMap::new() }
    }

    /// The last event of this author's own chain.
    pub fn last(&self) -> Option<EventId> {
        self.prev
    }

    /// This author's number in a record, and its last event there.
    pub fn last_in(&self, encounter: EncounterId) -> Option<(u64, EventId)> {
        self.encounters.get(&encounter).copied()
    }

    /// Goes on in a record as if `id` had been its next event there.
    pub fn skip(&mut self, encounter: EncounterId, id: EventId) {
        let seq = self.last_in(encounter).map_or(0, |(seq, _)| seq);
        self.encounters.insert(encounter, (seq + 1, id));
    }

    /// Goes on in its own chain, too, as if `id` had been its next event.
    pub fn follow(&mut self, encounter: EncounterId, id: EventId) {
        self.skip(encounter, id);
        self.seq += 1;
        self.prev = Some(id);
    }

    /// The same place in the chains, acting as someone else: one server writes for many people.
    pub fn acting_as(&mut self, n: u8, role: Role) {
        self.actor = Actor { person: PersonId(format!("p-{n}")), role, agency: "sheriff".into() };
    }

    /// This install's certificate.
    pub fn certificate(&self) -> InstallCertificate {
        let Install::Phone(install) = self.install else { panic!("the server has no install certificate") };
        InstallCertificate {
            v: 1,
            install,
            device: "Phone 7".to_owned(),
            actor: self.actor.clone(),
            name: "Dep. Example".to_owned(),
            key: self.key.public(),
            algorithm: ALGORITHM.to_owned(),
            sealing_key: None,
            from: NIGHT - 86_400_000,
            approved_by: PersonId("p-admin".to_owned()),
        }
    }

    pub fn signed_certificate(&self) -> Document {
        Document::sign(&self.certificate(), Tag::Cert, &server_key(Purpose::Cert))
    }

    /// Writes the next event of this author's chains.
    pub fn write(
        &mut self,
        stamp: u64,
        wall: Instant,
        kind: Kind,
        base: Vec<EventId>,
        reason: Option<String>,
    ) -> Written {
        self.write_in(ENCOUNTER, stamp, wall, kind, base, reason)
    }

    /// The same, in a record of its own choice.
    pub fn write_in(
        &mut self,
        encounter: EncounterId,
        stamp: u64,
        wall: Instant,
        kind: Kind,
        base: Vec<EventId>,
        reason: Option<String>,
    ) -> Written {
        let enc_seq = self.last_in(encounter).map_or(1, |(seq, _)| seq + 1);
        // What a person does at a desk has its entry in the server's log.
        let audit = (self.install.is_server() && self.actor.role != Role::Server)
            .then(|| AuditEntry { replica: "main".to_owned(), seq: 40 + enc_seq });
        let body = Body { kind, actor: self.actor.clone(), at: at(wall), base, reason, audit };
        let mut salt = [0x5a; 16];
        salt[..8].copy_from_slice(&enc_seq.to_be_bytes());
        self.write_body(encounter, stamp, &body, salt)
    }

    /// Writes this body as the next event of this author's chains.
    pub fn write_body(&mut self, encounter: EncounterId, stamp: u64, body: &Body, salt: [u8; 16]) -> Written {
        let last = self.last_in(encounter);
        let is_server = self.install.is_server();
        let place = Place {
            install: self.install,
            seq: (!is_server).then_some(self.seq + 1),
            prev: self.prev.filter(|_| !is_server),
            encounter: Some(encounter),
            enc_seq: Some(last.map_or(1, |(seq, _)| seq + 1)),
            enc_prev: last.map(|(_, id)| id),
            stamp,
        };
        let written = body.write(&place, salt);
        self.follow(encounter, written.id);
        written
    }

    /// Writes and signs.
    pub fn sign(&mut self, stamp: u64, wall: Instant, kind: Kind, base: Vec<EventId>) -> SignedEvent {
        let written = self.write(stamp, wall, kind, base, None);
        SignedEvent::sign(written, &self.key)
    }
}

/// A time of entry with a clock that is right.
pub fn at(wall: Instant) -> At {
    At { wall, offset: -480, mono: wall - NIGHT + 3_600_000, boot: 7, anchor: None }
}

/// Reads what was written, as every reader does.
pub fn read(written: &Written) -> Arc<Event> {
    Arc::new(Event::read(&written.header, Some(&written.body)).expect("what was written is readable"))
}

/// The opening of a record under a definition with this text.
pub fn opened_under(definition: &str) -> Kind {
    Kind::Opened {
        protocol: Hash::of(definition.as_bytes()),
        agency: "sheriff".into(),
        station: "century".into(),
        incident: INCIDENT,
        letter: "A".to_owned(),
    }
}

/// The opening of a record under the Los Angeles definition.
pub fn opened() -> Kind {
    opened_under(LOS_ANGELES)
}

pub fn answered(step: &str, entry: Option<EntryId>, values: &[(&str, Option<Value>)]) -> Kind {
    let values = values.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
    Kind::Answered { step: step.to_owned(), entry, values, copied: None }
}

pub fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub fn fold(events: &[Arc<Event>]) -> State {
    State::fold(events.iter().cloned())
}
