//! Tokens and nonces: MACs under the server's own key, so that no replica has to remember them.
//!
//! A nonce may be used until it runs out, a day after it was given: what it proves is that a hello was signed for
//! this server not long ago. A hello that is repeated within TLS changes nothing.

use firsthours_core::record::InstallId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::random::{self, Random};

/// How long a token is good.
pub(super) const TOKEN_MS: i64 = 10 * 60 * 1_000;
/// How long a nonce is good.
pub(super) const NONCE_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a token says of its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) install: InstallId,
    /// Its app was too old when it said hello.
    pub(super) outdated: bool,
}

/// A token for an install that said hello now.
pub(super) fn token(key: &[u8; 32], bearer: Bearer, now_ms: i64) -> String {
    let said = format!("t1.{}.{}.{}", bearer.install, now_ms + TOKEN_MS, u8::from(bearer.outdated));
    let mac = hex::encode(mac(key, b"token", &said).finalize().into_bytes());
    format!("{said}.{mac}")
}

/// Who bears this token; `None` if it is not ours or has run out.
pub(super) fn read_token(key: &[u8; 32], token: &str, now_ms: i64) -> Option<Bearer> {
    let said = checked(key, b"token", token)?;
    let mut parts = said.strip_prefix("t1.")?.split('.');
    let install = parts.next()?.parse().ok()?;
    let until: i64 = parts.next()?.parse().ok()?;
    let outdated = parts.next()? == "1";
    (now_ms < until).then_some(Bearer { install, outdated })
}

/// A nonce for this install's next hello.
pub(super) fn nonce(key: &[u8; 32], random: &dyn Random, install: InstallId, now_ms: i64) -> String {
    let fresh = hex::encode(random::bytes::<8>(random));
    let said = format!("n1.{install}.{}.{fresh}", now_ms + NONCE_MS);
    let mac = hex::encode(mac(key, b"nonce", &said).finalize().into_bytes());
    format!("{said}.{mac}")
}

/// Whether the nonce was given to this install and has not run out.
pub(super) fn nonce_holds(key: &[u8; 32], nonce: &str, install: InstallId, now_ms: i64) -> bool {
    let read = || {
        let said = checked(key, b"nonce", nonce)?;
        let mut parts = said.strip_prefix("n1.")?.split('.');
        let of: InstallId = parts.next()?.parse().ok()?;
        let until: i64 = parts.next()?.parse().ok()?;
        Some(of == install && now_ms < until)
    };
    read().unwrap_or(false)
}

/// What stands before the MAC, if the MAC is ours. Compared in constant time.
fn checked<'t>(key: &[u8; 32], purpose: &[u8], text: &'t str) -> Option<&'t str> {
    let (said, tag) = text.rsplit_once('.')?;
    let tag = hex::decode(tag).ok()?;
    mac(key, purpose, said).verify_slice(&tag).ok()?;
    Some(said)
}

fn mac(key: &[u8; 32], purpose: &[u8], said: &str) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose);
    mac.update(&[0]);
    mac.update(said.as_bytes());
    mac
}
