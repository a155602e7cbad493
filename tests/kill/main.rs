//! The kill loop: a recording phone, and the server while phones sync to it, are killed with SIGKILL at random moments,
//! again and again. Nothing that was acknowledged may be lost, nothing may be there twice, nothing half.
//!
//! It shows that what is written is written whole and before anybody is told. That it also survives a loss of power is
//! shown elsewhere: a killed process leaves the system's cache behind.
//!
//! | variable | what | unless set |
//! |---|---|---|
//! | `FIRSTHOURS_KILLS` | kills of both halves together, three of five of phones | 2,000 |
//! | `FIRSTHOURS_SEED` | what the victims do and when they are killed; when a kill *lands* is the machine's affair | a random one, printed |

mod child;
mod heard;
mod held;
mod ledger;
mod phone;
mod server;
mod station;
mod supervisor;

use std::io::Write;

use firsthours_tests::programme::Fault;
use firsthours_tests::victim::Chance;

/// Kills of both halves together.
const KILLS: u64 = 2_000;
/// Of so many kills some must have hit what they are meant to hit.
const ENOUGH: u64 = 200;

#[test]
fn a_killed_phone_loses_doubles_and_tears_nothing() -> Result<(), Fault> {
    let (kills, seed) = (kills()?, seed()?);
    phone::run(kills - server_share(kills), seed)
}

#[test]
fn a_killed_server_loses_doubles_and_tears_nothing() -> Result<(), Fault> {
    let (kills, seed) = (kills()?, seed()?);
    server::run(server_share(kills), seed)
}

fn server_share(kills: u64) -> u64 {
    kills * 2 / 5
}

fn kills() -> Result<u64, Fault> {
    number("FIRSTHOURS_KILLS").map(|said| said.unwrap_or(KILLS).max(10))
}

fn seed() -> Result<u64, Fault> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    // Short enough to be typed.
    let random = u64::from_le_bytes(bytes) % 1_000_000_000;
    number("FIRSTHOURS_SEED").map(|said| said.unwrap_or(random))
}

fn number(name: &str) -> Result<Option<u64>, Fault> {
    match std::env::var(name) {
        Ok(text) => Ok(Some(text.parse().map_err(|_| format!("{name} is no number: {text}"))?)),
        Err(_) => Ok(None),
    }
}

/// How long a life lasts: 8 to 68 milliseconds, and one in some five times as long, so that more than beginnings is hit.
fn moment(chance: &mut Chance, one_long_in: u64) -> std::time::Duration {
    let short = std::time::Duration::from_micros(8_000 + chance.below(60_000));
    if chance.one_in(one_long_in) { short * 5 } else { short }
}

/// Writes past the test runner, which would keep what a passing test prints to itself.
fn tell(text: &str) {
    // A closed output is no reason to fail.
    let _ = writeln!(std::io::stdout(), "{text}");
}
