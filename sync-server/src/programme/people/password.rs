//! Passwords: how they are checked, at what cost, and which are not taken.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use firsthours_core::outside::{Random, random_bytes, random_id};

use super::PeopleError;

/// The shortest password, in characters.
pub const SHORTEST: usize = 12;

/// The password check with its cost.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    /// Checked in place of the hash of an unknown person, so that both answers take the same time.
    decoy: String,
}

impl Passwords {
    /// A check with these costs.
    pub fn new(memory_kib: u32, rounds: u32, lanes: u32, random: &dyn Random) -> Result<Self, PeopleError> {
        let params = Params::new(memory_kib, rounds, lanes, None).map_err(|_| PeopleError::Parameters)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon, random, &random_id(random))?;
        Ok(Self { argon, decoy })
    }

    pub(super) fn fits(&self, hash: Option<&str>, password: &str) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy);
        let fits = PasswordHash::new(hash)
            .is_ok_and(|hash| self.argon.verify_password(password.as_bytes(), &hash).is_ok());
        known && fits
    }

    /// What is kept of a password.
    pub(super) fn hash(&self, random: &dyn Random, password: &str) -> Result<String, PeopleError> {
        hash(&self.argon, random, password)
    }
}

fn hash(argon: &Argon2<'_>, random: &dyn Random, password: &str) -> Result<String, PeopleError> {
    let salt = random_bytes::<16>(random);
    argon
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|_| PeopleError::Parameters)
}

/// Refuses what is guessed first.
pub(super) fn check(username: &str, password: &str) -> Result<(), PeopleError> {
    let length = password.chars().count();
    if !(SHORTEST..=256).contains(&length) {
        return Err(PeopleError::Length);
    }
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    if lower.contains(username) || lower.chars().all(|c| Some(c) == first) || is_common(&lower) {
        return Err(PeopleError::Guessable);
    }
    Ok(())
}

/// What passwords are made of that are guessed first: words of lists that were published, of the keyboard, and of this work.
const COMMON: [&str; 40] = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "passphrase",
    "contrasena",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx",
    "abc",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "master",
    "secret",
    "login",
    "user",
    "test",
    "changeme",
    "default",
    "sheriff",
    "police",
    "deputy",
    "sergeant",
    "station",
    "county",
    "firsthours",
    "first",
    "hours",
    "losangeles",
    "california",
];

/// Whether nothing is left of a password once common words, runs of one row of keys, and what people put behind them are
/// taken out.
fn is_common(lower: &str) -> bool {
    const ROWS: [&str; 5] =
        ["01234567890123456789", "98765432109876543210", "qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let mut left = lower.to_owned();
    let mut words = COMMON;
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        left = left.replace(word, "");
    }
    let letters: String = left.chars().filter(|c| c.is_alphabetic()).collect();
    letters.chars().count() <= 2 || ROWS.iter().any(|row| row.contains(&letters))
}
