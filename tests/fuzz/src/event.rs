//! One event: its header, and a body of any kind.

use std::sync::Arc;

use firsthours_core::evidence::{Signature, SignedEvent};
use firsthours_core::record::{
    Body, Event, EventId, FORMAT, Hash, Header, Install, InstallId, Kind, Place, Unreadable, sha256,
};
use firsthours_core::wire::{EventsRequest, ReadMessage};

use crate::known::{self, known};
use crate::support::{ENCOUNTER, EPOCH};
use crate::{form, hold, within};

/// A header is read or refused; its id is the hash of its bytes, and its meaning survives being written again.
pub fn check_header(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let Ok(event) = within(input.len(), 1 << 20, 200, || Event::read(text, None)) else {
        assert!(Header::read(text).is_err());
        return false;
    };
    assert_eq!(event.id, EventId(sha256(input)), "an id is the hash of the header's bytes");
    let again = serde_json::to_string(&event.header).expect("a header is JSON");
    assert_eq!(Header::read(&again).as_ref(), Ok(&event.header));
    let other = Event::read(text, Some("{}"));
    assert!(
        other == Err(Unreadable::OtherBody) || event.header.body_hash == Hash::of(b"{}"),
        "a body that the header does not name was taken"
    );
    // Among others, as one whose body was destroyed.
    let mut events: Vec<Arc<Event>> = form::records()[1].events().cloned().collect();
    events.push(Arc::new(event));
    hold::folds_and_draws(&known().definition, &events, input.len().to_le_bytes()[0]);
    true
}

/// A body is read or refused; its bytes are kept, and no kind of it breaks a record.
pub fn check_body(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    let Ok(body) = within(input.len(), 1 << 20, 200, || Body::read(text)) else { return false };
    let how = input.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    for install in [Install::Phone(InstallId([1; 16])), Install::Server(EPOCH)] {
        let header = header(install, 3, None, Hash::of(input));
        let event = Event::read(&header, Some(text)).expect("the header names this body");
        assert_eq!(event.body.as_ref(), Some(&body));
        let mut events: Vec<Arc<Event>> = form::records()[1].events().cloned().collect();
        events.push(Arc::new(event));
        hold::folds_and_draws(&known().definition, &events, how);
        travels(&header, text);
    }
    if !matches!(body.kind, Kind::Unknown { .. }) {
        let written = body.write(&place(Install::Server(EPOCH), 1), [how; 16]);
        assert_eq!(Body::read(&written.body).as_ref(), Ok(&body), "written and read again");
    }
    true
}

/// What a newer version added is in the bytes, and the bytes arrive.
fn travels(header: &str, body: &str) {
    let event = SignedEvent {
        header: header.to_owned(),
        body: Some(body.to_owned()),
        signature: Signature::from_bytes(&[7; 64]),
    };
    let sent = EventsRequest { events: vec![event] };
    let text = serde_json::to_vec(&sent).expect("a message is JSON");
    assert_eq!(EventsRequest::read(&text), Ok(sent));
}

/// The text of a header.
pub(crate) fn header(install: Install, stamp: u64, enc_prev: Option<EventId>, body_hash: Hash) -> String {
    let header = Header {
        v: FORMAT,
        install,
        seq: (!install.is_server()).then_some(stamp),
        prev: None,
        encounter: Some(ENCOUNTER),
        enc_seq: Some(stamp),
        enc_prev,
        stamp,
        body_hash,
    };
    serde_json::to_string(&header).expect("a header is JSON")
}

pub(crate) fn place(install: Install, stamp: u64) -> Place {
    Place {
        install,
        seq: (!install.is_server()).then_some(stamp),
        prev: None,
        encounter: Some(ENCOUNTER),
        enc_seq: Some(stamp),
        enc_prev: None,
        stamp,
    }
}

/// Seeds: a header of a phone, of the server, and those of every kind of event.
pub fn header_seeds() -> Vec<(String, Vec<u8>)> {
    named().into_iter().map(|(name, event)| (name, event.header.into_bytes())).collect()
}

/// Seeds: a body of every kind.
pub fn body_seeds() -> Vec<(String, Vec<u8>)> {
    named().into_iter().map(|(name, event)| (name, event.body.unwrap_or_default().into_bytes())).collect()
}

fn named() -> Vec<(String, SignedEvent)> {
    let names = known::files(&known::fixtures().join("event")).into_iter().map(|(name, _)| name);
    names.zip(known::events()).collect()
}
