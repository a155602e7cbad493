//! What comes from outside: the clocks, randomness, the network.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::sync::Transport;
use crate::wire::ClockReport;

/// The phone's clocks.
pub trait Clock: Send + Sync {
    /// What they say now.
    fn read(&self) -> ClockReport;
}

/// Random bytes fit for keys.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);
}

/// Makes a transport to a server's address, with the programme's own CA in PEM if it has one.
pub type Connect =
    dyn Fn(&str, Option<&str>) -> Result<Box<dyn Transport>, crate::sync::Unreachable> + Send + Sync;

/// Everything from outside, given at opening so that tests own it.
#[derive(Clone)]
pub struct Outside {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub connect: Arc<Connect>,
    /// A file that no backup takes along: by it a store knows that it was put back from a copy. Without one only the
    /// station can tell.
    pub session_file: Option<PathBuf>,
}

impl Outside {
    /// The real clocks, randomness and network.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            connect: Arc::new(|address, ca| Ok(Box::new(crate::sync::Http::new(address, ca)?))),
            session_file: None,
        }
    }
}

/// The system's clocks. `mono` begins with the process, and so `boot` is new with each.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

static BEGUN: OnceLock<(Instant, u32)> = OnceLock::new();

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the wall clock comes in")]
    fn read(&self) -> ClockReport {
        let (begun, boot) =
            *BEGUN.get_or_init(|| (Instant::now(), u32::from_le_bytes(random_bytes(&SystemRandom))));
        let since_1970 =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let wall = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        ClockReport {
            wall,
            offset: crate::protocol::minutes_east_here(wall),
            mono: i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX),
            boot,
        }
    }
}

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has randomness, or nothing is safe");
    }
}

/// An array of random bytes.
pub(super) fn random_bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}
