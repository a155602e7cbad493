//! A phone's own chain: each event names the one before by its hash. A phone that signs something else is refused, at
//! the server and in a bundle.

use firsthours_core::evidence::{SecretKey, SignedEvent};
use firsthours_core::record::{
    Actor, At, Body, EncounterId, EventId, Hash, IncidentId, Install, InstallId, Kind, Place, Role,
};
use firsthours_server::programme::audit::{Source, Who};
use firsthours_server::programme::devices::{self, Ask};
use firsthours_server::records::ingest::{self, IngestError};
use firsthours_tests::programme::{Fault, PROTOCOL};
use firsthours_tests::{Programme, SharedClock};

use crate::EVENING;

const ENCOUNTER: EncounterId = EncounterId([0xe1; 16]);
const INSTALL: InstallId = InstallId([0x11; 16]);

/// Writes the event with this number; within its record everything is right.
fn event(
    actor: &Actor,
    key: &SecretKey,
    number: u64,
    prev: Option<EventId>,
    enc_prev: Option<EventId>,
) -> (SignedEvent, EventId) {
    let kind = if number == 1 {
        Kind::Opened {
            protocol: Hash::of(PROTOCOL.as_bytes()),
            agency: actor.agency.clone(),
            station: "century".into(),
            incident: IncidentId([1; 16]),
            letter: "A".to_owned(),
        }
    } else {
        Kind::Noted { step: None, text: format!("note {number}") }
    };
    let at = At { wall: EVENING, offset: -480, mono: 5, boot: 1, anchor: None };
    let body = Body { kind, actor: actor.clone(), at, base: Vec::new(), reason: None, audit: None };
    let place = Place {
        install: Install::Phone(INSTALL),
        seq: Some(number),
        prev,
        encounter: Some(ENCOUNTER),
        enc_seq: Some(number),
        enc_prev,
        stamp: number,
    };
    let written = body.write(&place, [7; 16]);
    let id = written.id;
    (SignedEvent::sign(written, key), id)
}

/// Four events; the third names this one as the one before it.
fn run(actor: &Actor, key: &SecretKey, wrong: impl FnOnce([EventId; 2]) -> EventId) -> Vec<SignedEvent> {
    let (first, one) = event(actor, key, 1, None, None);
    let (second, two) = event(actor, key, 2, Some(one), Some(one));
    let (third, three) = event(actor, key, 3, Some(wrong([one, two])), Some(two));
    let (fourth, _) = event(actor, key, 4, Some(three), Some(three));
    vec![first, second, third, fourth]
}

#[test]
fn a_run_in_which_an_event_does_not_name_the_one_before_is_refused_whole() -> Result<(), Fault> {
    let programme = Programme::set_up(&SharedClock::frozen(EVENING))?;
    let app = &programme.app;
    let key = SecretKey::from_seed(&[9; 32]);
    let code = programme.code("alvarez")?;
    let asked =
        Ask { code: &code, install: INSTALL, key: key.public(), device: "a phone", source: &Source::HERE };
    app.store
        .write(|tx| {
            devices::ask(tx, &app.trust, &asked, EVENING)?;
            devices::approve(tx, &app.trust, &INSTALL.to_string(), Who::Console, EVENING)
        })
        .map_err(|error| error.to_string())?;
    let author = app.store.read(|tx| ingest::author(tx, INSTALL))?.ok_or("not enrolled")?;
    let person = programme.person("alvarez");
    let actor = Actor { person, role: Role::Deputy, agency: "sheriff".into() };

    for wrong in [run(&actor, &key, |[one, _]| one), run(&actor, &key, |_| EventId([3; 32]))] {
        let refused = ingest::own(&app.records, &author, wrong, &Source::HERE);
        assert!(matches!(refused, Err(IngestError::NotAuthentic { seq: 3, .. })), "{refused:?}");
        assert!(programme.event_ids()?.is_empty(), "nothing of it is held");
    }
    ingest::own(&app.records, &author, run(&actor, &key, |[_, two]| two), &Source::HERE)?;
    assert_eq!(programme.event_ids()?.len(), 4, "with the right one it is taken in");
    Ok(())
}
