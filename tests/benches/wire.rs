//! The bytes on the wire, and what they are.

use firsthours_core::evidence::SignedEvent;
use firsthours_core::store::Store;
use firsthours_core::wire::{EventsRequest, compress};
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;
use serde_json::Value as Json;

use crate::handset::{BATCH, Handset};
use crate::sync::copied;
use crate::table::Row;

/// What no receiver can reckon and no codec can shorten: the signature, and the salt.
const SIGNATURE: usize = 64;
const SALT: usize = 16;
const HASH: usize = 32;
const ENTRY: usize = 8;

pub(crate) fn rows(programme: &Programme) -> Result<(Vec<Row>, Vec<String>), Fault> {
    let handset = Handset::enrolled(programme, "alvarez")?;
    for _ in 0..BATCH / 50 {
        handset.night(50)?;
    }
    let copy = copied(&handset)?;
    let store = Store::open(copy.path(), &Handset::key())?;
    let events: Vec<SignedEvent> =
        store.unsent(0, u32::try_from(BATCH)?, usize::MAX)?.into_iter().map(|(_, event)| event).collect();
    let whole = packed(&events)?;
    let plain = serde_json::to_vec(&EventsRequest { events: events.clone() })?.len();
    #[allow(clippy::cast_precision_loss)]
    let each = |bytes: usize| bytes as f64 / events.len().max(1) as f64;
    let incompressible = incompressible(&events);
    let ratio = each(whole) / each(incompressible);
    let rows = vec![
        Row::new("wire, batch of 500: bytes of an event", "<= 240, <= 1.5x the incompressible")
            .ours(format!("{:.0}", each(whole)))
            .against(format!("{:.0} incompressible", each(incompressible)), ratio)
            .kept_if(each(whole) <= 240.0 && ratio <= 1.5),
    ];
    let mut parts = Vec::new();
    for (name, drop) in PARTS {
        let without: Vec<SignedEvent> = events.iter().map(|event| drop(event.clone())).collect();
        parts.push(format!("{name} {:.0}", each(whole.saturating_sub(packed(&without)?))));
    }
    let below = format!(
        "On the wire an event has {:.0} bytes ({:.0} before zstd). What leaving out one part saves: {}. The incompressible \
         bytes are the signature (64), the salt (16), `body_hash` (32), one hash for each event that is named for the \
         first time, and the 8 of each new entry's id.",
        each(whole),
        each(plain),
        parts.join(", "),
    );
    Ok((rows, vec![below]))
}

type Drop = fn(SignedEvent) -> SignedEvent;

const PARTS: [(&str, Drop); 7] = [
    ("signatures", |event| SignedEvent {
        signature: firsthours_core::evidence::Signature::from_bytes(&[0; SIGNATURE]),
        ..event
    }),
    ("salts", |event| without_in_body(event, "salt")),
    ("`body_hash`", |event| without_in_header(event, "body_hash")),
    ("`prev` and `enc_prev`", |event| without_in_header(without_in_header(event, "prev"), "enc_prev")),
    ("bases", |event| without_in_body(event, "base")),
    ("times", |event| without_in_body(event, "at")),
    ("bodies", |event| SignedEvent { body: None, ..event }),
];

fn without_in_header(mut event: SignedEvent, name: &str) -> SignedEvent {
    event.header = without(&event.header, name);
    event
}

fn without_in_body(mut event: SignedEvent, name: &str) -> SignedEvent {
    event.body = event.body.map(|body| without(&body, name));
    event
}

/// The same JSON with one member less.
fn without(text: &str, name: &str) -> String {
    let mut json: Json = serde_json::from_str(text).unwrap_or_default();
    if let Some(members) = json.as_object_mut() {
        members.remove(name);
    }
    json.to_string()
}

fn packed(events: &[SignedEvent]) -> Result<usize, Fault> {
    Ok(compress(serde_json::to_vec(&EventsRequest { events: events.to_vec() })?).bytes().len())
}

/// Random bytes that are sent for the first time: hashes and ids that stood in the batch before cost a codec next to nothing.
fn incompressible(events: &[SignedEvent]) -> usize {
    let mut seen = std::collections::BTreeSet::new();
    let mut bytes = 0;
    for event in events {
        bytes += SIGNATURE + SALT;
        let body = event.body.as_deref().unwrap_or_default();
        for digits in hex_runs(&event.header).chain(hex_runs(body)) {
            let length = digits.len() / 2;
            if matches!(length, HASH | ENTRY) && seen.insert(digits.to_owned()) {
                bytes += length;
            }
        }
    }
    bytes
}

fn hex_runs(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}
