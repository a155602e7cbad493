//! Short texts that stand in addresses, headers and fields: ids, keys, codes, times, tokens.
//!
//! The first byte says what; the rest is the text.

use std::fmt::Display;
use std::str::FromStr;

use firsthours_core::evidence::{PublicKey, Signature};
use firsthours_core::outside::SeededRandom;
use firsthours_core::protocol::{Instant, local, minutes_east, zone};
use firsthours_core::record::{
    EncounterId, EntryId, Epoch, EventId, Hash, IncidentId, Install, InstallId, read_code,
};
use firsthours_core::wire::{CODE_LENGTH, CODE_LETTERS};
use firsthours_core::words::{Language, clock_time, day_and_time, span};
use firsthours_server::programme::tokens as token;
use firsthours_server::web::draw::moment::{self, Which};

use crate::support::{NIGHT, key};
use crate::within;

const HERE: &str = "America/Los_Angeles";

/// A text is read in one way only: what was accepted is written as it was.
pub fn check(input: &[u8]) -> bool {
    let Some((what, text)) = input.split_first() else { return false };
    let Ok(text) = std::str::from_utf8(text) else { return false };
    within(input.len(), 1 << 20, 100, || match what {
        b'e' => one_way::<EventId>(text),
        b'h' => one_way::<Hash>(text),
        b'c' => one_way::<EncounterId>(text),
        b'i' => one_way::<IncidentId>(text),
        b'n' => one_way::<EntryId>(text),
        b'p' => one_way::<Epoch>(text),
        b'l' => one_way::<InstallId>(text),
        b'a' => one_way::<Install>(text),
        b'k' => one_way::<PublicKey>(text),
        b's' => one_way::<Signature>(text),
        b'o' => code(text),
        b'y' => enrolment_code(text),
        b'm' => typed_moment(text),
        b'z' => place(text),
        b't' => bearer(text),
        _ => false,
    })
}

fn one_way<T: FromStr + Display>(text: &str) -> bool {
    let Ok(read) = text.parse::<T>() else { return false };
    assert_eq!(read.to_string(), text, "two texts of one value");
    true
}

fn code(typed: &str) -> bool {
    let Some(code) = read_code(typed) else { return false };
    assert_eq!(read_code(&code).as_deref(), Some(code.as_str()));
    true
}

/// What is signed of a code is one of so many texts, whatever a sheet says.
fn enrolment_code(typed: &str) -> bool {
    let Some(code) = firsthours_core::wire::read_code(typed) else { return false };
    assert!(code.len() == CODE_LENGTH && code.bytes().all(|byte| CODE_LETTERS.contains(&byte)));
    assert_eq!(firsthours_core::wire::read_code(&code).as_deref(), Some(code.as_str()));
    true
}

/// Its first moment.
const THE_YEAR_1900: Instant = Instant::from_ms(-2_208_988_800_000);

fn typed_moment(typed: &str) -> bool {
    let mut read = false;
    for which in [None, Some(Which::First), Some(Which::Second)] {
        if let Ok(at) = moment::read(typed, HERE, which, NIGHT) {
            read = true;
            let shown = moment::text(at, HERE);
            let again = moment::read(&shown, HERE, which, NIGHT);
            let minute = |at: Instant| at.ms().div_euclid(60_000);
            // A year after 9999 is shown, and is no moment of a record; before 1900 zones were off by seconds.
            if shown.len() == 16 && at > THE_YEAR_1900 {
                assert_eq!(again.map(minute), Ok(minute(at)), "{typed} is shown as {shown}");
            }
        }
    }
    read
}

/// A number of milliseconds, a blank, and the name of a zone.
fn place(text: &str) -> bool {
    let (at, name) = text.split_once(' ').unwrap_or((text, HERE));
    let Ok(at) = at.parse::<Instant>() else { return false };
    let zone = zone(name);
    assert_eq!(local(at, zone).time.len(), 5);
    assert!(minutes_east(at, zone).abs() <= 26 * 60);
    for language in Language::ALL {
        let said =
            [clock_time(at, name), day_and_time(at, NIGHT, name, language), span(at - NIGHT, language)];
        assert!(said.iter().all(|text| !text.is_empty()));
    }
    true
}

/// Only the server makes tokens and nonces that it takes.
fn bearer(text: &str) -> bool {
    let (secret, install) = (key(5).seed(), InstallId([1; 16]));
    let made = token::token(&secret, token::Bearer { install, outdated: false }, NIGHT);
    let nonce = token::nonce(&secret, &SeededRandom::new(1), install, None, NIGHT);
    let held = token::read_token(&secret, text, NIGHT + 1);
    assert!(held.is_none() || text == made, "a token that nobody gave");
    let holds = token::read_nonce(&secret, text, install, NIGHT + 1).is_some();
    assert!(!holds || text == nonce, "a nonce that nobody gave");
    assert!(token::read_token(&secret, &made, NIGHT + token::TOKEN_MS).is_none(), "it runs out");
    let late = token::read_nonce(&secret, &nonce, install, NIGHT + token::NONCE_MS);
    assert_eq!(late, None, "it runs out");
    held.is_some() || holds
}

/// Seeds: one of each.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let (secret, install) = (key(5).seed(), InstallId([1; 16]));
    let bearer = token::Bearer { install, outdated: false };
    let texts = [
        ("event", format!("e{}", "0f".repeat(32))),
        ("hash", format!("h{}", "0f".repeat(32))),
        ("encounter", format!("c{}", "e1".repeat(16))),
        ("incident", format!("i{}", "1c".repeat(16))),
        ("entry", format!("n{}", "aa".repeat(8))),
        ("epoch", format!("p{}", "e0".repeat(16))),
        ("install", format!("l{}", "01".repeat(16))),
        ("author", format!("aserver/{}", "e0".repeat(16))),
        ("key", format!("k{}", key(101).public())),
        ("signature", format!("s{}", "07".repeat(64))),
        ("code", format!("o{}", firsthours_core::record::code(EncounterId([0xe1; 16])))),
        ("moment", "m2026-11-23T21:14".to_owned()),
        ("moment_twice", "m2026-11-01T01:30:05".to_owned()),
        ("place", format!("z{NIGHT} Pacific/Auckland")),
        ("token", format!("t{}", token::token(&secret, bearer, NIGHT))),
        ("nonce", format!("t{}", token::nonce(&secret, &SeededRandom::new(1), install, None, NIGHT))),
    ];
    texts.map(|(name, text)| (name.to_owned(), text.into_bytes())).into()
}
