//! The bundles that are changed: a real night as the server holds it, and two records made for what a night seldom has.

use std::sync::{Arc, Mutex, PoisonError};

use firsthours_core::app::{Act, Sharing};
use firsthours_core::bundle::{Bundle, BundledEvent, Manifest, pack, write};
use firsthours_core::evidence::{
    Document, EncounterReceipt, Purpose, Receipt, Revocation, Revoked, Rolling, SecretKey, SignedEvent, Tag,
};
use firsthours_core::outside::Clock;
use firsthours_core::protocol::{Instant, Phase};
use firsthours_core::record::{EncounterId, Epoch, Event, Hash, HoldReason, Install, InstallId, Kind, Role};
use firsthours_core::words::Language;
use firsthours_tests::night::{SCENE, play, submit};
use firsthours_tests::programme::{Fault, PROTOCOL};
use firsthours_tests::{Phone, Programme, SharedClock};
use serde_json::Value as Json;

use crate::{EVENING, MINUTE, ensure, texts};
use firsthours_scripted::{
    self as support, Author, ENCOUNTER, EPOCH, NIGHT, SOME_DEFINITION, answered, opened_under, text,
};

/// A bundle to be changed, and what a forger might have at hand.
pub(crate) struct Base {
    pub(crate) name: &'static str,
    pub(crate) bundle: Bundle,
    /// As it is written, and packed.
    pub(crate) text: Vec<u8>,
    pub(crate) packed: Vec<u8>,
    pub(crate) fingerprint: String,
    /// Another record of the same programme, whole and sound.
    pub(crate) other: Bundle,
    /// The manifest as it was some events earlier.
    pub(crate) earlier: Document,
    /// Genuine receipts of this record that are not in the bundle: of its history, and of another epoch.
    pub(crate) receipt: Document,
    pub(crate) other_epoch: Document,
    /// A certificate of the same programme for an install that wrote nothing here.
    pub(crate) certificate: Document,
    /// The server's key for its events: it may not sign manifests or receipts.
    pub(crate) event_key: SecretKey,
}

/// What signs for the server, and in which epoch.
struct Office<'k> {
    server: String,
    epoch: Epoch,
    receipt: &'k SecretKey,
    /// Authors who were revoked.
    revoked: Vec<InstallId>,
    now: Instant,
}

impl Office<'_> {
    fn manifest(
        &self,
        encounter: EncounterId,
        definition: &str,
        events: &[SignedEvent],
    ) -> Result<Document, Fault> {
        let read = read_all(events)?;
        let definition = Hash::of(definition.as_bytes());
        let revoked = self.revoked.clone();
        let manifest = Manifest {
            revoked,
            ..Manifest::of(&self.server, encounter, definition, self.epoch, &read, self.now)
        };
        Ok(Document::sign(&manifest, Tag::Manifest, self.receipt))
    }

    /// As the server signs it for the author of the first event, when it held so many.
    fn receipt(
        &self,
        encounter: EncounterId,
        events: &[SignedEvent],
        epoch: Epoch,
    ) -> Result<Document, Fault> {
        let read = read_all(events)?;
        let author = read.first().ok_or("no events")?.header.install;
        let Install::Phone(install) = author else { return Err("a record begins on a phone".into()) };
        let last = read.iter().rfind(|event| event.header.install == author);
        let rolling = read.iter().fold(Rolling::start(encounter), |rolling, event| rolling.then(event.id));
        let pos = u64::try_from(read.len())?;
        let receipt = Receipt {
            server: self.server.clone(),
            epoch,
            install,
            received_through: last.and_then(|event| event.header.seq).unwrap_or(0),
            received_id: last.map(|event| event.id),
            durable_through: 0,
            held: vec![],
            holes: vec![],
            encounters: vec![EncounterReceipt { id: encounter, pos, durable_pos: 0, rolling: rolling.0 }],
            time: NIGHT,
        };
        Ok(Document::sign(&receipt, Tag::Receipt, self.receipt))
    }
}

fn read_all(events: &[SignedEvent]) -> Result<Vec<Arc<Event>>, Fault> {
    events.iter().map(|event| Ok(Arc::new(event.read()?))).collect()
}

fn placed(events: &[SignedEvent]) -> Vec<BundledEvent> {
    (1..).zip(events).map(|(pos, event)| BundledEvent { event: event.clone(), pos: Some(pos) }).collect()
}

fn sync(phone: &Phone) -> Result<(), Fault> {
    let report = phone.app().sync_now()?;
    ensure(report.complete, || report.trouble)
}

/// A record as the server exports it.
fn export(programme: &Programme, id: &str, receipts: &[Document]) -> Result<Bundle, Fault> {
    let app = &programme.app;
    let events = texts::on_server(app, id)?;
    let encounter: EncounterId = id.parse()?;
    let of_authors = |table: &str| {
        let sql = format!(
            "select text, signature from {table} where install in (select install from event where encounter = $1)"
        );
        app.store.read(|tx| tx.rows(&sql, &[id.into()]))
    };
    let (rows, revoked) = (of_authors("certificate")?, of_authors("revocation")?);
    let certificate = |row: &firsthours_server::store::Row| -> Result<Document, Fault> {
        Ok(Document { text: row.string(0)?, signature: row.text(1)?.parse()? })
    };
    let revocations: Vec<Document> = revoked.iter().map(certificate).collect::<Result<_, _>>()?;
    let mut office = office_of(programme)?;
    for document in &revocations {
        office.revoked.push(document.peek::<Revocation>()?.install);
    }
    office.revoked.sort();
    let speaks_of = |document: &&Document| {
        document.peek::<Receipt>().is_ok_and(|receipt| receipt.encounters.iter().any(|of| of.id == encounter))
    };
    let mut bundle = Bundle {
        encounter,
        definition: PROTOCOL.to_owned(),
        trust: app.trust.trust.clone(),
        certificates: rows.iter().map(certificate).collect::<Result<_, _>>()?,
        revocations,
        events: placed(&events),
        receipts: receipts.iter().filter(speaks_of).cloned().collect(),
        manifest: Some(office.manifest(encounter, PROTOCOL, &events)?),
    };
    bundle.arrange();
    Ok(bundle)
}

fn office_of(programme: &Programme) -> Result<Office<'_>, Fault> {
    let trust = &programme.app.trust;
    let (server, now) = (trust.server.clone(), programme.app.now());
    let epoch = programme.app.epoch()?;
    Ok(Office { server, epoch, receipt: &trust.receipt, revoked: Vec::new(), now })
}

/// Two deputies, a supervisor who sends back and approves, a phone that was revoked and so is held; another record of
/// the same night beside it.
pub(crate) fn night() -> Result<Base, Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let alvarez = programme.phone("alvarez", Language::En)?;
    let brooks = programme.phone("brooks", Language::Es)?;
    let heard = listen(&[&alvarez, &brooks]);

    let view = alvarez.app().start_encounter(None)?;
    let id = view.id.clone();
    let to = programme.person("brooks");
    alvarez.app().act(&id, view.seen, Act::Share { how: Sharing::Join, to })?;
    for phone in [&alvarez, &brooks] {
        sync(phone)?;
    }
    let view = brooks.app().encounter(&id)?;
    let offer = view.offers.first().ok_or("no offer")?.id.parse()?;
    brooks.app().act(&id, view.seen, Act::Accept { offer })?;
    for (index, tap) in SCENE.iter().enumerate() {
        programme.clock.advance(tap.after * MINUTE);
        play(alvarez.app(), &id, tap, programme.clock.now())?;
        if index % 4 == 1 {
            note(&brooks, &id, "“No quiere hablar.” — née 1.º")?;
            sync(&brooks)?;
            sync(&alvarez)?;
        }
    }
    submit(alvarez.app(), &id)?;
    sync(&alvarez)?;
    programme.at_desk("rivera", &id, &Act::Comment { step: None, text: "Which motel?".to_owned() })?;
    programme.at_desk("rivera", &id, &Act::Return { phase: Phase::Scene })?;
    note(&brooks, &id, "Written before the phone was lost.")?;
    programme.revoke("brooks")?;
    drop(brooks.app().sync_now()?);
    sync(&alvarez)?;
    note(&alvarez, &id, "The blue one.")?;
    submit(alvarez.app(), &id)?;
    sync(&alvarez)?;

    // As long as ours, by the same phone.
    let other = alvarez.app().start_encounter(Some(&id))?.id;
    for tap in SCENE.iter().take(8) {
        play(alvarez.app(), &other, tap, programme.clock.now())?;
    }
    sync(&alvarez)?;
    let certificate =
        programme.phone("chen", Language::En).and_then(|_| certificate_of(&programme, "chen"))?;
    let receipts = heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let bundle = export(&programme, &id, &receipts)?;
    ensure(bundle.receipts.len() > 3, || "few receipts".to_owned())?;
    let other = export(&programme, &other, &receipts)?;
    base(
        "a night",
        bundle,
        other,
        certificate,
        &programme.fingerprint,
        &office_of(&programme)?,
        &programme.app.trust.event,
    )
}

fn base(
    name: &'static str,
    bundle: Bundle,
    other: Bundle,
    certificate: Document,
    fingerprint: &str,
    office: &Office<'_>,
    event_key: &SecretKey,
) -> Result<Base, Fault> {
    let events: Vec<SignedEvent> =
        bundle.events.iter().filter(|event| event.pos.is_some()).map(|event| event.event.clone()).collect();
    let first = &events[..events.len() / 2];
    let earlier = office.manifest(bundle.encounter, &bundle.definition, first)?;
    // Any prefix that no receipt in the bundle speaks of.
    let receipt = office.receipt(bundle.encounter, &events[..1], office.epoch)?;
    let other_epoch = office.receipt(bundle.encounter, first, Epoch([0x77; 16]))?;
    Ok(Base {
        name,
        text: write(&bundle),
        packed: pack(&bundle),
        bundle,
        fingerprint: fingerprint.to_owned(),
        other,
        earlier,
        receipt,
        other_epoch,
        certificate,
        event_key: event_key.clone(),
    })
}

fn note(phone: &Phone, id: &str, text: &str) -> Result<(), Fault> {
    let view = phone.app().encounter(id)?;
    phone.app().act(id, view.seen, Act::Note { step: None, text: text.to_owned() })?;
    Ok(())
}

fn certificate_of(programme: &Programme, username: &str) -> Result<Document, Fault> {
    let sql = "select certificate.text, certificate.signature from certificate \
         join install on install.install = certificate.install where install.person = $1";
    let person = programme.person(username);
    let row = programme.app.store.read(|tx| tx.row(sql, &[(&person).into()]))?.ok_or("no certificate")?;
    Ok(Document { text: row.string(0)?, signature: row.text(1)?.parse()? })
}

/// Every receipt that these phones hear from here on.
fn listen(phones: &[&Phone]) -> Arc<Mutex<Vec<Document>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    for phone in phones {
        let heard = Arc::clone(&heard);
        phone.network.alter(move |_, response| {
            let read: Json = serde_json::from_slice(&response.body).unwrap_or_default();
            if let Ok(receipt) = serde_json::from_value::<Document>(read["receipt"].clone()) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(receipt);
            }
            response
        });
    }
    heard
}

/// A record with a run that was declared lost, a hold that was released, a kind of a newer version, and events after its
/// manifest.
pub(crate) fn with_a_gap() -> Result<Base, Fault> {
    let (one, mut two) = (&mut Author::phone(1, Role::Deputy), Author::phone(2, Role::Deputy));
    let desk = &mut Author::desk(0, Role::Server);
    let mut events = vec![one.sign(1, NIGHT, opened_under(SOME_DEFINITION), vec![])];
    for stamp in 2..6 {
        events.push(one.sign(stamp, NIGHT, noted(&format!("note {stamp}")), vec![]));
    }
    let lost = [events.remove(2), events.remove(2)];
    let id_of_to = lost[1].read()?.id;
    let gap = Kind::Gap { author: one.install, enc_from: 3, enc_to: 4, id_of_to };
    events.insert(2, desk.sign(6, NIGHT, gap, vec![]));
    let theirs = two.sign(7, NIGHT, answered("contact", None, &[("place", Some(text("motel")))]), vec![]);
    let id = theirs.read()?.id;
    let hold = desk.sign(8, NIGHT, Kind::Held { id, why: HoldReason::NoGrant }, vec![]);
    let release = desk.sign(9, NIGHT, Kind::Released { id }, vec![hold.read()?.id]);
    events.extend([hold, theirs, release]);
    events.push(two.sign(10, NIGHT, noted("last that the manifest covers"), vec![]));
    let covered = events.len();
    // A kind that this version does not know, which nobody's event follows.
    let newer = two.write(11, NIGHT, Kind::Unvoided, vec![], None);
    let body = newer.body.replace("unvoided", "foretold");
    let header = newer
        .header
        .replace(&Hash::of(newer.body.as_bytes()).to_string(), &Hash::of(body.as_bytes()).to_string());
    let signature = two.key.sign(Tag::Event, header.as_bytes());
    events.push(SignedEvent { header, body: Some(body), signature });
    synthetic("gap, hold released, newer kind, later events", &events, covered)
}

/// A record whose bodies were destroyed by order.
pub(crate) fn shredded() -> Result<Base, Fault> {
    let mut one = Author::phone(1, Role::Deputy);
    let mut two = Author::phone(2, Role::Deputy);
    let mut desk = Author::desk(8, Role::RecordsOfficer);
    let mut events = vec![one.sign(1, NIGHT, opened_under(SOME_DEFINITION), vec![])];
    for stamp in 2..8 {
        let author = if stamp % 2 == 0 { &mut two } else { &mut one };
        events.push(author.sign(stamp, NIGHT, noted(&format!("note {stamp}")), vec![]));
    }
    for event in &mut events {
        event.body = None;
    }
    let order = Kind::Shredded { order: "order 77-0101".to_owned() };
    events.push(desk.sign(20, NIGHT, order, vec![]));
    let covered = events.len();
    synthetic("shredded", &events, covered)
}

/// That the second author is trusted no further than what stands here.
fn revoked(events: &[SignedEvent]) -> Result<Document, Fault> {
    let install = InstallId([2; 16]);
    let read = read_all(events)?;
    let last = read.iter().filter(|event| event.header.install == Install::Phone(install));
    let last = last.max_by_key(|event| event.header.seq).ok_or("the second author wrote nothing")?;
    let said = Revocation {
        v: 1,
        server: "test-county".to_owned(),
        install,
        last_seq: last.header.seq.unwrap_or(0),
        last_id: Some(last.id),
        at: NIGHT,
        why: Revoked::Phone,
    };
    Ok(Document::sign(&said, Tag::Revocation, &support::server_key(Purpose::Cert)))
}

fn noted(text: &str) -> Kind {
    Kind::Noted { step: None, text: text.to_owned() }
}

fn synthetic(name: &'static str, events: &[SignedEvent], covered: usize) -> Result<Base, Fault> {
    let key = support::server_key(Purpose::Receipt);
    let server = "test-county".to_owned();
    let office = || Office {
        server: server.clone(),
        epoch: EPOCH,
        receipt: &key,
        revoked: vec![InstallId([2; 16])],
        now: NIGHT,
    };
    let authors = [Author::phone(1, Role::Deputy), Author::phone(2, Role::Deputy)];
    let make = |events: &[SignedEvent], covered: usize| -> Result<Bundle, Fault> {
        let mut all = placed(&events[..covered]);
        all.extend(events[covered..].iter().map(|event| BundledEvent { event: event.clone(), pos: None }));
        let mut bundle = Bundle {
            encounter: ENCOUNTER,
            definition: SOME_DEFINITION.to_owned(),
            trust: support::trust(),
            certificates: authors.iter().map(Author::signed_certificate).collect(),
            revocations: vec![revoked(events)?],
            events: all,
            receipts: vec![office().receipt(ENCOUNTER, &events[..2], EPOCH)?],
            manifest: Some(office().manifest(ENCOUNTER, SOME_DEFINITION, &events[..covered])?),
        };
        bundle.arrange();
        Ok(bundle)
    };
    // Another history of the same record: what a copied phone might have written.
    let (mut one, mut two) = (Author::phone(1, Role::Deputy), Author::phone(2, Role::Deputy));
    let mut others = vec![one.sign(1, NIGHT + MINUTE, opened_under(SOME_DEFINITION), vec![])];
    for stamp in 2..10 {
        let author = if stamp % 2 == 0 { &mut two } else { &mut one };
        others.push(author.sign(stamp, NIGHT, noted("another history"), vec![]));
    }
    let other = make(&others, others.len())?;
    let bundle = make(events, covered)?;
    let certificate = Author::phone(3, Role::Deputy).signed_certificate();
    let event_key = support::server_key(Purpose::Event);
    base(name, bundle, other, certificate, &support::fingerprint(), &office(), &event_key)
}
