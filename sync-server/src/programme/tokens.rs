//! Tokens and nonces: MACs under the server's own key, so that no replica has to remember them.
//!
//! A nonce may be used once, within a day of being given: each runs out later than every one that its install has used, and
//! the store knows when the last used one runs out.

use axum::http::{HeaderMap, header};
use firsthours_core::outside::{Random, random_bytes};
use firsthours_core::protocol::Instant;
use firsthours_core::record::InstallId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a token is good.
pub const TOKEN_MS: i64 = 10 * 60 * 1_000;
/// How long a nonce is good.
pub const NONCE_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a token says of its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub install: InstallId,
    /// Its app was too old when it said hello.
    pub outdated: bool,
}

/// A token for an install that said hello now.
pub fn token(key: &[u8; 32], bearer: Bearer, now: Instant) -> String {
    let said = format!("t1.{}.{}.{}", bearer.install, now + TOKEN_MS, u8::from(bearer.outdated));
    let tag = tag_of(key, b"token", &said);
    format!("{said}.{tag}")
}

/// Who bears this token; `None` if it is not ours or has run out.
pub fn read_token(key: &[u8; 32], token: &str, now: Instant) -> Option<Bearer> {
    let said = checked(key, b"token", token)?;
    let mut parts = said.strip_prefix("t1.")?.split('.');
    let install = parts.next()?.parse().ok()?;
    let until: Instant = parts.next()?.parse().ok()?;
    let outdated = parts.next()? == "1";
    (now < until).then_some(Bearer { install, outdated })
}

/// Who bears the token of a request, and what names the token in the log.
pub fn bearer(key: &[u8; 32], headers: &HeaderMap, now: Instant) -> Option<(Bearer, String)> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        // The name of a scheme is read in any case (RFC 9110, section 11.1).
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| {
            let token = token.trim_start();
            Some((read_token(key, token, now)?, name(token)))
        })
}

/// What names a token in the log: nobody can use it from there.
pub fn name(token: &str) -> String {
    hex::encode(Sha256::digest(token)).chars().take(16).collect()
}

/// A nonce for this install's next hello. `used` is when the last one that it used runs out, if it used one.
pub fn nonce(
    key: &[u8; 32],
    random: &dyn Random,
    install: InstallId,
    used: Option<Instant>,
    now: Instant,
) -> String {
    let fresh = hex::encode(random_bytes::<8>(random));
    let until = used.map_or(now + NONCE_MS, |used| (now + NONCE_MS).max(used + 1));
    let said = format!("n1.{install}.{until}.{fresh}");
    let tag = tag_of(key, b"nonce", &said);
    format!("{said}.{tag}")
}

/// When the nonce runs out, if it was given to this install and has not done so; that it was not used, the store says.
pub fn read_nonce(key: &[u8; 32], nonce: &str, install: InstallId, now: Instant) -> Option<Instant> {
    let said = checked(key, b"nonce", nonce)?;
    let mut parts = said.strip_prefix("n1.")?.split('.');
    let of: InstallId = parts.next()?.parse().ok()?;
    let until: Instant = parts.next()?.parse().ok()?;
    (of == install && now < until).then_some(until)
}

/// What stands before the MAC, if the MAC is ours. Compared in constant time, and as text: hexadecimal can be spelled
/// in more ways than one, and only what was given holds.
fn checked<'t>(key: &[u8; 32], purpose: &[u8], text: &'t str) -> Option<&'t str> {
    let (said, tag) = text.rsplit_once('.')?;
    bool::from(tag_of(key, purpose, said).as_bytes().ct_eq(tag.as_bytes())).then_some(said)
}

/// The MAC as lower-case hexadecimal.
fn tag_of(key: &[u8; 32], purpose: &[u8], said: &str) -> String {
    hex::encode(mac(key, purpose, said).finalize().into_bytes())
}

fn mac(key: &[u8; 32], purpose: &[u8], said: &str) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose);
    mac.update(&[0]);
    mac.update(said.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;
    use firsthours_core::outside::SeededRandom;

    const NOW: Instant = Instant::from_ms(1_795_496_400_000);

    #[test]
    fn only_the_very_text_that_was_given_holds() {
        let (key, install) = ([7; 32], InstallId([1; 16]));
        let given = token(&key, Bearer { install, outdated: false }, NOW);
        assert_eq!(read_token(&key, &given, NOW), Some(Bearer { install, outdated: false }));
        let nonce = nonce(&key, &SeededRandom::new(1), install, None, NOW);
        assert_eq!(read_nonce(&key, &nonce, install, NOW), Some(NOW + NONCE_MS));
        for (at, letter) in given.char_indices().filter(|(_, letter)| letter.is_ascii_lowercase()) {
            let mut other = given.clone();
            other.replace_range(at..=at, &letter.to_ascii_uppercase().to_string());
            assert_eq!(read_token(&key, &other, NOW), None, "{other}");
        }
        let (said, tag) = nonce.rsplit_once('.').expect("a nonce ends in its MAC");
        assert_eq!(read_nonce(&key, &format!("{said}.{}", tag.to_ascii_uppercase()), install, NOW), None);
    }

    #[test]
    fn the_log_names_each_token_by_a_word_of_its_own_that_nobody_can_bear() {
        let key = [7; 32];
        let given = |n| token(&key, Bearer { install: InstallId([n; 16]), outdated: false }, NOW);
        let (one, other) = (given(1), given(2));
        assert_ne!(name(&one), name(&other));
        assert_eq!(name(&one).len(), 16);
        assert!(!one.contains(&name(&one)) && read_token(&key, &name(&one), NOW).is_none());
    }
}
