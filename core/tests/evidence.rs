//! What a signature, a certificate and a chain are worth, and what is refused.

use std::collections::BTreeSet;

use crate::support::{
    Author, ENCOUNTER, NIGHT, fingerprint, key, opened, read, root_key, server_certificate, server_key, trust,
};
use firsthours_core::evidence::{
    Chain, ChainFault, Document, InstallCertificate, Keyring, NotAuthentic, PublicKey, Purpose, Rolling,
    ServerCertificate, Signature, SignedEvent, Tag, Trust, check_encounter,
};
use firsthours_core::record::{Event, EventId, Header, Install, InstallId, Kind, PersonId, Role};

const TAGS: [Tag; 11] = Tag::ALL;

fn noted(text: &str) -> Kind {
    Kind::Noted { step: None, text: text.to_owned() }
}

fn ring_with(authors: &[&Author]) -> Keyring {
    let mut ring = Keyring::new(&trust(), &fingerprint()).expect("the trust is whole");
    for author in authors {
        ring.admit(&author.signed_certificate()).expect("the certificate is good");
    }
    ring
}

#[test]
fn a_signature_for_one_use_is_worth_nothing_in_another() {
    let key = key(9);
    for made_for in TAGS {
        let signature = key.sign(made_for, b"text");
        for used_for in TAGS {
            let fits = key.public().verify(used_for, b"text", &signature).is_ok();
            assert_eq!(fits, made_for == used_for, "{made_for:?} as {used_for:?}");
        }
        assert_eq!(key.public().verify(made_for, b"texts", &signature), Err(NotAuthentic::Signature));
        assert_eq!(
            crate::support::key(8).public().verify(made_for, b"text", &signature),
            Err(NotAuthentic::Signature)
        );
    }
}

#[test]
fn a_weak_key_is_no_key() {
    // Points of small order: with one as a key, one signature fits many texts.
    let zero = "00".repeat(32);
    let one = format!("01{}", "00".repeat(31));
    let minus_one = format!("ec{}7f", "ff".repeat(30));
    let of_order_eight = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    for weak in [zero.as_str(), &one, &minus_one, of_order_eight] {
        assert_eq!(weak.parse::<PublicKey>(), Err(NotAuthentic::Key), "{weak}");
    }
    assert!(key(9).public().to_string().parse::<PublicKey>().is_ok());
    let json = serde_json::to_string(&trust()).expect("it serialises");
    let weak_root = json.replacen(&root_key().public().to_string(), &zero, 1);
    assert!(serde_json::from_str::<Trust>(&weak_root).is_err(), "nor where it stands in a message");
}

#[test]
fn hex_is_lower_case_and_of_one_length() {
    let key = key(9).public().to_string();
    let signature = crate::support::key(9).sign(Tag::Event, b"").to_string();
    assert!(key.parse::<PublicKey>().is_ok() && signature.parse::<Signature>().is_ok());
    for bad in [key.to_uppercase(), key[2..].to_owned(), format!("{key}00"), format!(" {}", &key[1..])] {
        assert_eq!(bad.parse::<PublicKey>(), Err(NotAuthentic::Key), "{bad}");
    }
    assert_eq!(signature.to_uppercase().parse::<Signature>(), Err(NotAuthentic::Key));
    let install = InstallId([0xab; 16]).to_string();
    assert!(install.parse::<InstallId>().is_ok());
    assert!(install.to_uppercase().parse::<InstallId>().is_err());
    assert!(format!("SERVER/{install}").parse::<Install>().is_err());
    assert!(format!("server/{}", install.to_uppercase()).parse::<Install>().is_err());
}

#[test]
fn only_the_trusted_root_vouches_for_the_server() {
    assert_eq!(Keyring::new(&trust(), &"0".repeat(64)).err(), Some(NotAuthentic::Root));
    let mut forged = trust();
    forged.server[1] = Document::sign(&server_certificate(Purpose::Receipt), Tag::Cert, &key(66));
    assert_eq!(Keyring::new(&forged, &fingerprint()).err(), Some(NotAuthentic::Signature));
    let other = ServerCertificate { algorithm: "rot13".to_owned(), ..server_certificate(Purpose::Event) };
    let mut newer = trust();
    newer.server[0] = Document::sign(&other, Tag::Cert, &root_key());
    assert_eq!(Keyring::new(&newer, &fingerprint()).err(), Some(NotAuthentic::Algorithm("rot13".to_owned())));
}

#[test]
fn a_key_of_the_server_is_good_for_its_own_purpose_only() {
    let author = Author::phone(1, Role::Deputy);
    let mut ring = ring_with(&[]);
    for purpose in [Purpose::Event, Purpose::Receipt] {
        let document = Document::sign(&author.certificate(), Tag::Cert, &server_key(purpose));
        assert_eq!(ring.admit(&document).err(), Some(NotAuthentic::Signature), "{purpose:?}");
    }
    for purpose in [Purpose::Event, Purpose::Cert] {
        let document = Document::sign(&1, Tag::Receipt, &server_key(purpose));
        assert_eq!(
            ring.open_receipt::<u32>(&document, Tag::Receipt),
            Err(NotAuthentic::Signature),
            "{purpose:?}"
        );
    }
    let written = Author::desk(9, Role::Supervisor).write(1, NIGHT, noted("seen"), vec![], None);
    for (purpose, good) in [(Purpose::Event, true), (Purpose::Receipt, false), (Purpose::Cert, false)] {
        let event = SignedEvent::sign(written.clone(), &server_key(purpose));
        assert_eq!(ring.open_event(&event).is_ok(), good, "{purpose:?}");
    }
    // A purpose of a newer version gives no key to anything here.
    let other = ServerCertificate { purpose: Purpose::Unknown, ..server_certificate(Purpose::Cert) };
    let text = serde_json::to_string(&other).expect("it serialises").replace("unknown", "archive");
    let signature = root_key().sign(Tag::Cert, text.as_bytes());
    let trust = Trust { root: root_key().public(), server: vec![Document { text, signature }] };
    let mut ring = Keyring::new(&trust, &fingerprint()).expect("an unknown purpose is no fault");
    assert_eq!(ring.admit(&author.signed_certificate()).err(), Some(NotAuthentic::Signature));
}

#[test]
fn an_event_is_its_authors_and_nobody_elses() {
    let mut author = Author::phone(1, Role::Deputy);
    let stranger = Author::phone(2, Role::Deputy);
    let event = author.sign(1, NIGHT, opened(), vec![]);
    assert!(ring_with(&[&author]).open_event(&event).is_ok());
    assert_eq!(ring_with(&[&stranger]).open_event(&event), Err(NotAuthentic::NoCertificate));

    let signed_by_another =
        SignedEvent { signature: stranger.key.sign(Tag::Event, event.header.as_bytes()), ..event };
    let ring = ring_with(&[&author, &stranger]);
    assert_eq!(ring.open_event(&signed_by_another), Err(NotAuthentic::Signature));
}

#[test]
fn an_event_names_the_person_of_its_certificate() {
    let author = Author::phone(1, Role::Deputy);
    let ring = ring_with(&[&author]);
    let changes: [fn(&mut Author); 3] = [
        |author| author.actor.person = PersonId("p-2".to_owned()),
        |author| author.actor.role = Role::Supervisor,
        |author| author.actor.agency = "police".into(),
    ];
    for change in changes {
        let mut other = author.clone();
        change(&mut other);
        let event = other.sign(1, NIGHT, opened(), vec![]);
        assert_eq!(ring.open_event(&event), Err(NotAuthentic::OtherActor));
    }
}

#[test]
fn a_certificate_is_read_under_its_own_tag_only() {
    let certificate = Author::phone(1, Role::Deputy).certificate();
    let key = server_key(Purpose::Cert);
    for tag in TAGS.into_iter().filter(|tag| *tag != Tag::Cert) {
        let document = Document::sign(&certificate, tag, &key);
        assert_eq!(ring_with(&[]).admit(&document).err(), Some(NotAuthentic::Signature), "{tag:?}");
    }
    let other = InstallCertificate { algorithm: "rot13".to_owned(), ..certificate };
    let document = Document::sign(&other, Tag::Cert, &key);
    assert_eq!(ring_with(&[]).admit(&document).err(), Some(NotAuthentic::Algorithm("rot13".to_owned())));
}

#[test]
fn the_rolling_hash_is_the_hash_of_the_hash_before_and_the_id() {
    // Computed apart: printf of the bytes through sha256sum.
    let start = Rolling::start(ENCOUNTER);
    let one = start.then(EventId([1; 32]));
    let two = one.then(EventId([2; 32]));
    let said = [start, one, two].map(|rolling| rolling.0.to_string());
    assert_eq!(said, ROLLING);
    assert_ne!(start.then(EventId([2; 32])).then(EventId([1; 32])), two, "the order counts");
}

const ROLLING: [&str; 3] = [
    "5483590f3fd035ed2eb5dabd2dff878fbca803035e8d74ae1a71660c0f952b7b",
    "9399f15803d951ad89133be1f1840166e751ff7e46ab9b4f6c7099c2114da8e3",
    "224f9ed5d97c8cd0a1c6de30cdc86ca938d3132d7d105ea8982e00edde41a08b",
];

fn chain(length: usize) -> Vec<Event> {
    let mut author = Author::phone(1, Role::Deputy);
    (1..=length)
        .map(|stamp| Event::clone(&read(&author.write(stamp as u64, NIGHT, noted("seen"), vec![], None))))
        .collect()
}

fn check(events: &[Event]) -> Result<u64, ChainFault> {
    check_with(events, |_, _| None)
}

fn check_with(
    events: &[Event],
    excused: impl Fn(Install, u64) -> Option<(u64, EventId)>,
) -> Result<u64, ChainFault> {
    let headers: Vec<(EventId, &Header)> = events.iter().map(|event| (event.id, &event.header)).collect();
    match check_encounter(headers, excused) {
        Ok(chains) => Ok(chains.values().map(|chain: &Chain| chain.seq).sum()),
        Err((_, fault)) => Err(fault),
    }
}

#[test]
fn a_chain_holds_in_any_order_of_arrival() {
    let mut events = chain(5);
    assert_eq!(check(&events), Ok(5));
    events.reverse();
    assert_eq!(check(&events), Ok(5));
    let mut followed = Chain::default();
    for event in events.iter().rev() {
        followed = followed.follow(&event.header, event.id).expect("it follows");
    }
    assert_eq!((followed.seq, followed.id), (5, Some(events[0].id)));
}

#[test]
fn a_missing_a_wrong_and_a_second_event_of_a_number_are_told_apart() {
    let events = chain(4);
    assert_eq!(check(&events[1..]), Err(ChainFault::Gap { expected: 1, found: 2 }));
    let without_third = [&events[..2], &events[3..]].concat();
    assert_eq!(check(&without_third), Err(ChainFault::Gap { expected: 3, found: 4 }));

    let mut broken = events.clone();
    broken[2].header.enc_prev = Some(EventId([9; 32]));
    assert_eq!(check(&broken), Err(ChainFault::Broken { at: 3 }));
    let mut rootless = events.clone();
    rootless[0].header.enc_prev = Some(EventId([9; 32]));
    assert_eq!(check(&rootless), Err(ChainFault::Broken { at: 1 }));

    let mut forked = events.clone();
    forked.push(Event { id: EventId([7; 32]), ..events[3].clone() });
    assert_eq!(check(&forked), Err(ChainFault::Fork { at: 4 }));

    // The install's own chain over all its records must go the same way, as far as it is seen here.
    let mut other_before = events.clone();
    other_before[2].header.prev = Some(EventId([9; 32]));
    assert_eq!(check(&other_before), Err(ChainFault::Broken { at: 3 }));
    let mut between = other_before.clone();
    between[2].header.seq = Some(4);
    between[3].header.seq = Some(5);
    between[3].header.prev = Some(between[2].id);
    assert_eq!(check(&between), Ok(4), "an event of another record stood between them");
    between[2].header.seq = Some(2);
    assert_eq!(check(&between), Err(ChainFault::Broken { at: 3 }), "its numbers grow");
    let mut begins_late = events.clone();
    begins_late[0].header.seq = Some(2);
    assert_eq!(check(&begins_late), Err(ChainFault::Broken { at: 1 }), "only number 1 has none before it");
    let mut numberless = events.clone();
    numberless[3].header.seq = None;
    assert_eq!(check(&numberless), Err(ChainFault::Broken { at: 4 }));

    let mut placeless = events;
    placeless[1].header.enc_seq = None;
    assert_eq!(check(&placeless), Err(ChainFault::NoPlace));
}

#[test]
fn declared_gaps_are_stepped_over_one_after_another() {
    let events = chain(7);
    let kept = [&events[..2], &events[5..]].concat();
    let whole = |_, from| (from == 3).then_some((5, events[4].id));
    assert_eq!(check_with(&kept, whole), Ok(7));
    let in_two = |_, from| match from {
        3 => Some((3, events[2].id)),
        4 => Some((5, events[4].id)),
        _ => None,
    };
    assert_eq!(check_with(&kept, in_two), Ok(7));
    let of_another = |_, from| (from == 3).then_some((5, events[3].id));
    assert_eq!(check_with(&kept, of_another), Err(ChainFault::Broken { at: 6 }));
    let backwards = |_, _| Some((1, events[0].id));
    assert_eq!(check_with(&kept, backwards), Err(ChainFault::Gap { expected: 3, found: 6 }));
    // The lost one turns up later and fills the gap.
    assert_eq!(check_with(&events, whole), Ok(7));
}

#[test]
fn a_secret_key_is_never_printed() {
    assert_eq!(format!("{:?}", key(9)), "SecretKey(..)");
    let fingerprints: BTreeSet<String> = (1..20).map(|seed| key(seed).public().fingerprint()).collect();
    assert_eq!(fingerprints.len(), 19);
}
