//! A point in time.

use std::fmt;
use std::num::ParseIntError;
use std::ops::{Add, AddAssign, Sub};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A point in time by the wall clock: milliseconds since 1970, UTC. In every format it is that number.
///
/// A length of time is a plain number of milliseconds, and its name ends in `_ms`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// Later than any other: the end of what does not end.
    pub const NEVER: Self = Self(i64::MAX);

    /// So many milliseconds after 1970 began, UTC; negative before.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970, UTC.
    pub const fn ms(self) -> i64 {
        self.0
    }
}

/// The number, as formats have it.
impl FromStr for Instant {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.parse().map(Self)
    }
}

/// So many milliseconds later, or earlier if negative. At the ends of the range it stays there.
impl Add<i64> for Instant {
    type Output = Self;

    fn add(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl AddAssign<i64> for Instant {
    fn add_assign(&mut self, ms: i64) {
        *self = *self + ms;
    }
}

/// So many milliseconds earlier. At the ends of the range it stays there.
impl Sub<i64> for Instant {
    type Output = Self;

    fn sub(self, ms: i64) -> Self {
        Self(self.0.saturating_sub(ms))
    }
}

/// How many milliseconds it is after the other: negative if it is before, at most what the number holds.
impl Sub for Instant {
    type Output = i64;

    fn sub(self, other: Self) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

/// The number, as formats have it; for people there is [`local`](super::local()).
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_its_milliseconds() {
        let instant = Instant::from_ms(1_795_497_240_000);
        assert_eq!(serde_json::to_string(&instant).expect("written"), "1795497240000");
        assert_eq!(serde_json::from_str::<Instant>("1795497240000").expect("read"), instant);
        assert_eq!(instant.to_string(), "1795497240000");
        assert_eq!("1795497240000".parse(), Ok(instant));
    }

    #[test]
    fn no_sum_or_difference_leaves_the_range() {
        let first = Instant::from_ms(i64::MIN);
        assert_eq!(Instant::NEVER + 1, Instant::NEVER);
        assert_eq!(first - 1, first);
        assert_eq!(Instant::NEVER - first, i64::MAX);
        assert_eq!(first - Instant::NEVER, i64::MIN);
        assert_eq!(Instant::from_ms(7) + -2 - Instant::from_ms(3), 2);
        assert_eq!(Instant::from_ms(7) - 2, Instant::from_ms(5));
    }
}
