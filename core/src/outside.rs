//! What comes from outside of everything: clocks and randomness. They are parameters, so that a test owns them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::protocol::Instant;
use crate::wire::ClockReport;

/// The clocks of a phone or of a server.
pub trait Clock: Send + Sync {
    /// What they say now.
    fn read(&self) -> ClockReport;

    /// The wall clock.
    fn now(&self) -> Instant {
        self.read().wall
    }
}

/// Random bytes fit for keys.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` fresh random bytes.
pub fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// A fresh id of 128 random bits in lower-case hex.
pub fn random_id(random: &dyn Random) -> String {
    hex::encode(random_bytes::<16>(random))
}

/// A clock that moves only when told to; for tests and the simulator.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn at(now: Instant) -> Self {
        Self(AtomicI64::new(now.ms()))
    }

    /// Moves the clock by `ms`, which may be negative.
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Puts the clock to `now`.
    pub fn set(&self, now: Instant) {
        self.0.store(now.ms(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn read(&self) -> ClockReport {
        let now = self.0.load(Ordering::SeqCst);
        ClockReport { wall: Instant::from_ms(now), offset: 0, mono: now, boot: 1 }
    }
}

/// Repeatable bytes for tests and the simulator; never for what is real.
#[derive(Debug, Default)]
pub struct SeededRandom {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededRandom {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.drawn.fetch_add(1, Ordering::SeqCst);
            let digest = Sha256::new()
                .chain_update(self.seed.to_be_bytes())
                .chain_update(block.to_be_bytes())
                .finalize();
            chunk.copy_from_slice(&digest[..chunk.len()]);
        }
    }
}

#[cfg(feature = "system")]
pub use system::{SystemClock, SystemRandom};

#[cfg(feature = "system")]
mod system {
    use std::sync::OnceLock;
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::{Clock, Random, random_bytes};
    use crate::protocol::Instant;
    use crate::wire::ClockReport;

    /// The system's clocks. `mono` begins with the process, and so `boot` is new with each.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct SystemClock;

    /// The operating system's randomness.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct SystemRandom;

    static BEGUN: OnceLock<(std::time::Instant, u32)> = OnceLock::new();

    impl Clock for SystemClock {
        fn read(&self) -> ClockReport {
            let (begun, boot) = *BEGUN
                .get_or_init(|| (std::time::Instant::now(), u32::from_le_bytes(random_bytes(&SystemRandom))));
            let wall = self.now();
            ClockReport {
                wall,
                offset: crate::protocol::minutes_east_here(wall),
                mono: i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
                boot,
            }
        }

        #[expect(clippy::disallowed_methods, reason = "the one place where the wall clock comes in")]
        fn now(&self) -> Instant {
            // A clock before 1970 reads as zero, which every check treats as long ago.
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            Instant::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
        }
    }

    impl Random for SystemRandom {
        fn fill(&self, bytes: &mut [u8]) {
            getrandom::fill(bytes).expect("the operating system has randomness, or nothing is safe");
        }
    }
}
