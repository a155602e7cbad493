//! Whether events are authentic: judged from their bytes and a certificate alone, before any transaction.

use std::sync::Arc;

use firsthours_core::evidence::{InstallCertificate, Keyring, NotAuthentic, PublicKey, SignedEvent, Tag};
use firsthours_core::record::{Event, Header, Install, InstallId, Unreadable};

use super::IngestError;
use crate::store::{StoreError, Tx, documents};

/// An event whose signature, chain place and author were checked.
#[derive(Debug, Clone)]
pub struct Authentic {
    /// Read once, used everywhere.
    pub event: Arc<Event>,
    /// The bytes as they came.
    pub signed: SignedEvent,
}

/// An install as this server knows it.
#[derive(Debug, Clone)]
pub struct Author {
    /// What binds its key to a person.
    pub certificate: InstallCertificate,
    /// Its events are stored, and held.
    pub revoked: bool,
}

/// The install of this id with its certificate; `None` if it was never approved here.
pub fn author(tx: &mut dyn Tx, install: InstallId) -> Result<Option<Author>, StoreError> {
    let found = documents::certificate_and_state(tx, &install.to_string())?;
    let Some((text, state)) = found else { return Ok(None) };
    // It was verified, or signed, before it was stored.
    let certificate = serde_json::from_str(&text)
        .map_err(|_| StoreError::Corrupt("a certificate cannot be read".to_owned()))?;
    Ok(Some(Author { certificate, revoked: state == "revoked" }))
}

/// A run of an install's own events: what of it is authentic, and what ends it if something is not.
#[derive(Debug)]
pub(super) struct Run {
    /// The events before the first fault.
    pub(super) sound: Vec<Authentic>,
    /// The first fault.
    pub(super) fault: Option<RunFault>,
}

/// Why a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunFault {
    /// The first number that is not authentic.
    pub(super) seq: u64,
    /// Why, without anything of the record.
    pub(super) detail: &'static str,
}

impl From<RunFault> for IngestError {
    fn from(RunFault { seq, detail }: RunFault) -> Self {
        Self::NotAuthentic { seq, detail }
    }
}

/// Verifies a run of an install's own events: contiguous, each naming the one before, signed by its key, by its
/// person. `expected` is the number at which the server's line goes on, for a run of which no number can be read.
pub(super) fn run(certificate: &InstallCertificate, events: Vec<SignedEvent>, expected: u64) -> Run {
    let looked = look(&certificate.key, &events);
    let first = first_number(&events, &looked, expected);
    let mut sound: Vec<Authentic> = Vec::with_capacity(events.len());
    for ((signed, looked), seq) in events.into_iter().zip(looked).zip(first..) {
        match in_run(certificate, looked, seq, sound.last()) {
            Ok(event) => sound.push(Authentic { event: Arc::new(event), signed }),
            Err(detail) => return Run { sound, fault: Some(RunFault { seq, detail }) },
        }
    }
    Run { sound, fault: None }
}

/// The number that the first event of a run stands for: as the first header says that is authentic, for what is damaged
/// may name any number; else as any says; else where the line goes on.
fn first_number(events: &[SignedEvent], looked: &[Checked], expected: u64) -> u64 {
    let said = |signed_only: bool| {
        events.iter().zip(looked).zip(0_u64..).find_map(|((signed, looked), place)| {
            if signed_only && !looked.signature_fits {
                return None;
            }
            let seq = match &looked.read {
                Ok(event) => event.header.seq,
                // Its body may be what cannot be read.
                Err(_) => Header::read(&signed.header).ok()?.seq,
            };
            seq?.checked_sub(place).filter(|first| *first > 0)
        })
    };
    said(true).or_else(|| said(false)).unwrap_or(expected)
}

/// One event of a run, at its number, after the one before it.
fn in_run(
    certificate: &InstallCertificate,
    looked: Checked,
    seq: u64,
    before: Option<&Authentic>,
) -> Result<Event, &'static str> {
    let event = looked.read.map_err(|unreadable| why_unreadable(&unreadable))?;
    let header = &event.header;
    let follows = header.seq == Some(seq)
        && (seq == 1) == header.prev.is_none()
        && before.is_none_or(|before| header.prev == Some(before.event.id));
    if !follows {
        return Err("the event does not follow the one before it");
    }
    if header.install != Install::Phone(certificate.install) {
        return Err("the event is of another install");
    }
    well_placed(&event)?;
    if !looked.signature_fits {
        return Err("the signature does not fit");
    }
    match &event.body {
        None => Err("the body is missing"),
        Some(body) if body.actor != certificate.actor => Err("the author is not whom the certificate names"),
        Some(_) => Ok(event),
    }
}

/// What can be said of an event without its neighbours.
struct Checked {
    read: Result<Event, Unreadable>,
    signature_fits: bool,
}

/// Fewer are looked at faster than a thread is begun.
const WORTH_A_THREAD: usize = 32;

/// Reads each event and checks its signature, on every core: nearly half of what an upload costs a server, and no event's
/// outcome depends on another's.
fn look(key: &PublicKey, events: &[SignedEvent]) -> Vec<Checked> {
    let one = |signed: &SignedEvent| Checked {
        read: signed.read(),
        signature_fits: key.verify(Tag::Event, signed.header.as_bytes(), &signed.signature).is_ok(),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = events.len().div_ceil(cores).max(WORTH_A_THREAD);
    let (own, others) = events.split_at(share.min(events.len()));
    std::thread::scope(|scope| {
        let one = &one;
        let others: Vec<_> = others
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<Checked>>()))
            .collect();
        let mut looked: Vec<Checked> = own.iter().map(one).collect();
        for other in others {
            looked.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        looked
    })
}

/// Verifies one event that somebody else offers, under the certificates that are known.
pub(super) fn offered(keyring: &Keyring, signed: SignedEvent) -> Result<Authentic, &'static str> {
    let event = keyring.open_event(&signed).map_err(|fault| why(&fault))?;
    if event.body.is_none() {
        return Err("the body is missing");
    }
    well_placed(&event)?;
    Ok(Authentic { event: Arc::new(event), signed })
}

/// An event of a record has its place in its author's chain there; one of the whole install has none.
fn well_placed(event: &Event) -> Result<(), &'static str> {
    let header = &event.header;
    match (header.encounter, header.enc_seq, header.enc_prev) {
        (None, None, None) | (Some(_), Some(1), None) => Ok(()),
        (Some(_), Some(seq), Some(_)) if seq > 1 => Ok(()),
        _ => Err("the event has no place in its record"),
    }
}

/// The fault in words that quote nothing.
pub(crate) fn why(fault: &NotAuthentic) -> &'static str {
    match fault {
        NotAuthentic::Signature => "the signature does not fit",
        NotAuthentic::Event(unreadable) => why_unreadable(unreadable),
        NotAuthentic::Json(_) => "the text is not strict JSON",
        NotAuthentic::Shape(_) => "the text lacks what it must have",
        NotAuthentic::NoCertificate => "there is no certificate for this author",
        NotAuthentic::OtherActor => "the author is not whom the certificate names",
        NotAuthentic::Algorithm(_) => "the algorithm is not known",
        NotAuthentic::Key | NotAuthentic::Purpose | NotAuthentic::Root => "the key is not the right one",
    }
}

fn why_unreadable(fault: &Unreadable) -> &'static str {
    match fault {
        Unreadable::TooLarge { .. } => "the event is larger than the format allows",
        Unreadable::Json { .. } => "the event is not strict JSON",
        Unreadable::Shape { .. } => "the event lacks what every event has",
        Unreadable::OtherBody => "the body is not the one the header names",
        Unreadable::NewerFormat { .. } => "the format is newer than this server",
    }
}

#[cfg(test)]
mod tests {
    use firsthours_core::evidence::{ALGORITHM, SecretKey};
    use firsthours_core::protocol::Instant;
    use firsthours_core::record::{Actor, At, Body, EncounterId, Kind, PersonId, Place, Role};

    use super::*;

    const INSTALL: InstallId = InstallId([3; 16]);
    /// Enough for several threads on any machine.
    const EVENTS: u64 = 300;

    fn certificate(key: &SecretKey) -> InstallCertificate {
        InstallCertificate {
            v: 1,
            install: INSTALL,
            device: "phone".to_owned(),
            actor: actor(),
            name: "Dep. Synthetic".to_owned(),
            key: key.public(),
            algorithm: ALGORITHM.to_owned(),
            sealing_key: None,
            from: Instant::from_ms(0),
            approved_by: PersonId("p-9".to_owned()),
        }
    }

    fn actor() -> Actor {
        Actor { person: PersonId("p-1".to_owned()), role: Role::Deputy, agency: "sheriff".into() }
    }

    fn chain(key: &SecretKey) -> Vec<SignedEvent> {
        let mut prev = None;
        let one = |seq| {
            let place = Place {
                install: Install::Phone(INSTALL),
                seq: Some(seq),
                prev,
                encounter: Some(EncounterId([1; 16])),
                enc_seq: Some(seq),
                enc_prev: prev,
                stamp: seq,
            };
            let at = At { wall: Instant::from_ms(1), offset: 0, mono: 1, boot: 1, anchor: None };
            let kind = Kind::Noted { step: None, text: format!("remark {seq}") };
            let body = Body { kind, actor: actor(), at, base: Vec::new(), reason: None, audit: None };
            let written = body.write(&place, [9; 16]);
            prev = Some(written.id);
            SignedEvent::sign(written, key)
        };
        (1..=EVENTS).map(one).collect()
    }

    fn fault(events: Vec<SignedEvent>, key: &SecretKey) -> (u64, &'static str) {
        let fault = run(&certificate(key), events, 1).fault.expect("a fault");
        (fault.seq, fault.detail)
    }

    #[test]
    fn a_long_run_is_taken_whole_and_in_its_order() {
        let key = SecretKey::from_seed(&[4; 32]);
        let events = chain(&key);
        let taken = run(&certificate(&key), events.clone(), 1);
        assert_eq!(taken.fault, None, "all of it is authentic");
        let signed: Vec<SignedEvent> = taken.sound.into_iter().map(|item| item.signed).collect();
        assert_eq!(signed, events);
    }

    #[test]
    fn the_first_fault_of_a_long_run_is_named_wherever_it_was_looked_at() {
        let key = SecretKey::from_seed(&[4; 32]);
        let events = chain(&key);
        for at in [0, 1, 31, 32, 149, 150, 299_usize] {
            let seq = u64::try_from(at).expect("small") + 1;
            let mut altered = events.clone();
            altered[at].signature = events[(at + 1) % events.len()].signature;
            // What is wrong after it is not told.
            if let Some(later) = altered.get_mut(at + 1) {
                later.body = Some("{}".to_owned());
            }
            assert_eq!(fault(altered, &key), (seq, "the signature does not fit"));
            let mut altered = events.clone();
            altered[at].body = Some("{}".to_owned());
            assert_eq!(fault(altered, &key), (seq, "the body is not the one the header names"));
        }
    }

    #[test]
    fn what_cannot_be_read_stands_for_its_place_in_the_run_and_not_for_where_the_line_goes_on() {
        let key = SecretKey::from_seed(&[4; 32]);
        let events = chain(&key);
        let of = |from: usize, alter: &dyn Fn(&mut Vec<SignedEvent>)| {
            let mut part = events[from..from + 5].to_vec();
            alter(&mut part);
            run(&certificate(&key), part, 200).fault.map(|fault| fault.seq)
        };
        let unreadable = |part: &mut Vec<SignedEvent>| part[0].header.push('}');
        assert_eq!(of(0, &unreadable), Some(1));
        assert_eq!(of(7, &unreadable), Some(8));
        // A damaged number names another; the signature tells.
        let renumbered =
            |part: &mut Vec<SignedEvent>| part[0].header = part[0].header.replace("\"seq\":8", "\"seq\":80");
        assert_eq!(of(7, &renumbered), Some(8));
        let all = |part: &mut Vec<SignedEvent>| part.iter_mut().for_each(|event| event.header.push('}'));
        assert_eq!(of(7, &all), Some(200), "nothing says a number: the line's");
    }
}
