//! The policy: what an agency decides about its phones and says to all of them.

use serde::{Deserialize, Serialize};

use super::Limits;

/// `GET /v1/policy`, with an `ETag` that each hello names. Source: DESIGN sections 5, 6 and 8.
///
/// What a station says is obeyed within [`Policy::bounded`]: a slip at the desk must neither lock every phone at once nor leave
/// all of them open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub v: u32,
    /// A phone locks when nobody has touched it for so many milliseconds,
    pub lock_ms: i64,
    /// and for so many while a clock of a record runs.
    pub lock_with_clock_ms: i64,
    /// After so many milliseconds its person signs in again, whatever was done meanwhile.
    pub login_ms: i64,
    /// Without word from the station for so many milliseconds, a phone takes new entries and shows no old ones.
    pub lease_ms: i64,
    pub quota: Quota,
    pub min_app_version: String,
    pub limits: Limits,
}

/// What one install may store in a day of the server's, in UTC. What is beyond it is stored, acknowledged and held; nothing is
/// ever refused for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub events: u32,
    /// Headers and bodies, not compressed.
    pub bytes: u64,
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Bounds of [`Policy::lock_ms`].
pub const LOCK_MS: (i64, i64) = (MINUTE_MS, 30 * MINUTE_MS);
/// Bounds of [`Policy::lock_with_clock_ms`].
pub const LOCK_WITH_CLOCK_MS: (i64, i64) = (MINUTE_MS, 120 * MINUTE_MS);
/// Bounds of [`Policy::login_ms`].
pub const LOGIN_MS: (i64, i64) = (HOUR_MS, 24 * HOUR_MS);
/// Bounds of [`Policy::lease_ms`].
pub const LEASE_MS: (i64, i64) = (12 * HOUR_MS, 14 * 24 * HOUR_MS);

impl Default for Policy {
    fn default() -> Self {
        Self {
            v: 1,
            lock_ms: 5 * MINUTE_MS,
            lock_with_clock_ms: 30 * MINUTE_MS,
            login_ms: 12 * HOUR_MS,
            lease_ms: 72 * HOUR_MS,
            quota: Quota::default(),
            min_app_version: "0.1.0".to_owned(),
            limits: Limits::default(),
        }
    }
}

impl Default for Quota {
    /// Some forty nights of the busiest deputy.
    fn default() -> Self {
        Self { events: 20_000, bytes: 64 * 1024 * 1024 }
    }
}

impl Policy {
    /// The same policy with every time within its bounds; with a clock running a phone locks no sooner than without.
    #[must_use]
    pub fn bounded(self) -> Self {
        let within = |value: i64, (least, most): (i64, i64)| value.clamp(least, most);
        let lock_ms = within(self.lock_ms, LOCK_MS);
        Self {
            lock_ms,
            lock_with_clock_ms: within(self.lock_with_clock_ms, LOCK_WITH_CLOCK_MS).max(lock_ms),
            login_ms: within(self.login_ms, LOGIN_MS),
            lease_ms: within(self.lease_ms, LEASE_MS),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_station_says_a_phone_locks_within_its_bounds() {
        for (said, lock, with_clock, login, lease) in [
            (0, LOCK_MS.0, LOCK_WITH_CLOCK_MS.0, LOGIN_MS.0, LEASE_MS.0),
            (-1, LOCK_MS.0, LOCK_WITH_CLOCK_MS.0, LOGIN_MS.0, LEASE_MS.0),
            (i64::MAX, LOCK_MS.1, LOCK_WITH_CLOCK_MS.1, LOGIN_MS.1, LEASE_MS.1),
        ] {
            let policy = Policy {
                lock_ms: said,
                lock_with_clock_ms: said,
                login_ms: said,
                lease_ms: said,
                ..Policy::default()
            };
            let bounded = policy.bounded();
            let times = (bounded.lock_ms, bounded.lock_with_clock_ms, bounded.login_ms, bounded.lease_ms);
            assert_eq!(times, (lock, with_clock, login, lease));
        }
        let sound = Policy::default();
        assert_eq!(sound.clone().bounded(), sound);
        let odd = Policy { lock_ms: 20 * MINUTE_MS, lock_with_clock_ms: MINUTE_MS, ..Policy::default() };
        assert_eq!(odd.bounded().lock_with_clock_ms, 20 * MINUTE_MS);
    }
}
