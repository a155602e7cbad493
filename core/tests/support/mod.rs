//! What the tests of the pure core share: people and their keys, records written as a phone and a desk write them,
//! and golden files.

#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use firsthours_core::evidence::{
    ALGORITHM, Document, InstallCertificate, Purpose, SecretKey, ServerCertificate, SignedEvent, Tag, Trust,
};
use firsthours_core::protocol::{Definition, Value, load};
use firsthours_core::record::{
    Actor, At, AuditEntry, Body, EncounterId, EntryId, Epoch, Event, EventId, Hash, IncidentId, Install,
    InstallId, Kind, PersonId, Place, Role, State, Written,
};

/// The shipped Los Angeles definition, byte for byte.
pub(crate) const LOS_ANGELES: &str = include_str!("../../protocols/us-ca-los-angeles.json");

/// Stands for a definition where a file's bytes are compared: the shipped ones may still change.
pub(crate) const SOME_DEFINITION: &str = r#"{"id":"xx-test","title":{"en":"A test, “quoted”"}}"#;

/// 2026-11-23 21:00 in Los Angeles, a Monday.
pub(crate) const NIGHT: i64 = 1_795_496_400_000;
pub(crate) const MINUTE: i64 = 60_000;

pub(crate) const ENCOUNTER: EncounterId = EncounterId([0xe1; 16]);
pub(crate) const INCIDENT: IncidentId = IncidentId([0x1c; 16]);
pub(crate) const EPOCH: Epoch = Epoch([0xe0; 16]);

/// The Los Angeles definition, read once.
pub(crate) fn los_angeles() -> &'static Definition {
    static DEFINITION: OnceLock<Definition> = OnceLock::new();
    DEFINITION.get_or_init(|| {
        load(LOS_ANGELES.as_bytes()).unwrap_or_else(|faults| panic!("the definition has faults:\n{faults}"))
    })
}

/// A key made of one repeated byte: never of use outside tests.
pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(crate) fn root_key() -> SecretKey {
    key(1)
}

/// The server's key for a purpose.
pub(crate) fn server_key(purpose: Purpose) -> SecretKey {
    match purpose {
        Purpose::Event => key(2),
        Purpose::Receipt => key(3),
        Purpose::Cert | Purpose::Unknown => key(4),
    }
}

pub(crate) fn server_certificate(purpose: Purpose) -> ServerCertificate {
    ServerCertificate {
        v: 1,
        server: "test-county".to_owned(),
        purpose,
        key: server_key(purpose).public(),
        algorithm: ALGORITHM.to_owned(),
    }
}

/// The root and the server's three certificates.
pub(crate) fn trust() -> Trust {
    let server = [Purpose::Event, Purpose::Receipt, Purpose::Cert]
        .map(|purpose| Document::sign(&server_certificate(purpose), Tag::Cert, &root_key()));
    Trust { root: root_key().public(), server: server.into() }
}

pub(crate) fn fingerprint() -> String {
    root_key().public().fingerprint()
}

/// One who writes: an install or the server, its key, and its place in its chains.
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub(crate) install: Install,
    pub(crate) actor: Actor,
    pub(crate) key: SecretKey,
    seq: u64,
    prev: Option<EventId>,
    encounters: BTreeMap<EncounterId, (u64, EventId)>,
}

impl Author {
    /// A phone's install; `n` tells people and phones apart.
    pub(crate) fn phone(n: u8, role: Role) -> Self {
        Self::new(Install::Phone(InstallId([n; 16])), &format!("p-{n}"), role, key(100 + n))
    }

    /// The server, acting for a person at a desk or for itself.
    pub(crate) fn desk(n: u8, role: Role) -> Self {
        Self::new(Install::Server(EPOCH), &format!("p-{n}"), role, server_key(Purpose::Event))
    }

    fn new(install: Install, person: &str, role: Role, key: SecretKey) -> Self {
        let actor = Actor { person: PersonId(person.to_owned()), role, agency: "sheriff".to_owned() };
        Self { install, actor, key, seq: 0, prev: None, encounters: BTreeMap::new() }
    }

    /// The same place in the chains, acting as someone else: one server writes for many people.
    pub(crate) fn acting_as(&mut self, n: u8, role: Role) {
        self.actor = Actor { person: PersonId(format!("p-{n}")), role, agency: "sheriff".to_owned() };
    }

    /// This install's certificate.
    pub(crate) fn certificate(&self) -> InstallCertificate {
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

    pub(crate) fn signed_certificate(&self) -> Document {
        Document::sign(&self.certificate(), Tag::Cert, &server_key(Purpose::Cert))
    }

    /// Writes the next event of this author's chains.
    pub(crate) fn write(
        &mut self,
        stamp: u64,
        wall: i64,
        kind: Kind,
        base: Vec<EventId>,
        reason: Option<String>,
    ) -> Written {
        self.write_in(ENCOUNTER, stamp, wall, kind, base, reason)
    }

    /// The same, in a record of its own choice.
    pub(crate) fn write_in(
        &mut self,
        encounter: EncounterId,
        stamp: u64,
        wall: i64,
        kind: Kind,
        base: Vec<EventId>,
        reason: Option<String>,
    ) -> Written {
        let (enc_seq, enc_prev) = match self.encounters.get(&encounter) {
            Some((seq, id)) => (seq + 1, Some(*id)),
            None => (1, None),
        };
        let is_server = self.install.is_server();
        let place = Place {
            install: self.install,
            seq: (!is_server).then_some(self.seq + 1),
            prev: self.prev.filter(|_| !is_server),
            encounter: Some(encounter),
            enc_seq: Some(enc_seq),
            enc_prev,
            stamp,
        };
        // What a person does at a desk has its entry in the server's log.
        let audit = (is_server && self.actor.role != Role::Server)
            .then(|| AuditEntry { replica: "main".to_owned(), seq: 40 + enc_seq });
        let body = Body { kind, actor: self.actor.clone(), at: at(wall), base, reason, audit };
        let mut salt = [0x5a; 16];
        salt[..8].copy_from_slice(&enc_seq.to_be_bytes());
        let written = body.write(&place, salt);
        self.seq += 1;
        self.prev = Some(written.id);
        self.encounters.insert(encounter, (enc_seq, written.id));
        written
    }

    /// Writes and signs.
    pub(crate) fn sign(&mut self, stamp: u64, wall: i64, kind: Kind, base: Vec<EventId>) -> SignedEvent {
        let written = self.write(stamp, wall, kind, base, None);
        SignedEvent::sign(written, &self.key)
    }
}

/// A time of entry with a clock that is right.
pub(crate) fn at(wall: i64) -> At {
    At { wall, offset: -480, mono: wall - NIGHT + 3_600_000, boot: 7, anchor: None }
}

/// Reads what was written, as every reader does.
pub(crate) fn read(written: &Written) -> Arc<Event> {
    Arc::new(Event::read(&written.header, Some(&written.body)).expect("what was written is readable"))
}

/// The opening of a record under a definition with this text.
pub(crate) fn opened_under(definition: &str) -> Kind {
    Kind::Opened {
        protocol: Hash::of(definition.as_bytes()),
        agency: "sheriff".to_owned(),
        station: "century".to_owned(),
        incident: INCIDENT,
        letter: "A".to_owned(),
    }
}

/// The opening of a record under the Los Angeles definition.
pub(crate) fn opened() -> Kind {
    opened_under(LOS_ANGELES)
}

pub(crate) fn answered(step: &str, entry: Option<EntryId>, values: &[(&str, Option<Value>)]) -> Kind {
    let values = values.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
    Kind::Answered { step: step.to_owned(), entry, values, copied: None }
}

pub(crate) fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

pub(crate) fn fold(events: &[Arc<Event>]) -> State {
    State::fold(events.iter().cloned())
}

/// Compares with a file under `tests/fixtures`; writes it when `FIRSTHOURS_WRITE_GOLDENS=1`.
pub(crate) fn golden(name: &str, made: &str) {
    let path = fixture_path(name);
    if std::env::var("FIRSTHOURS_WRITE_GOLDENS").is_ok_and(|on| on == "1") {
        let folder = path.parent().expect("a fixture stands in a folder");
        std::fs::create_dir_all(folder).expect("the folder of fixtures can be made");
        std::fs::write(&path, made).expect("the fixture can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(
        kept, made,
        "{name}: these bytes are a format that is out in the world; a change of it is a new version"
    );
}

pub(crate) fn fixture_path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}
