//! One clock for a server and its phones, frozen or running, and a phone's own that may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use firsthours_core::outside::{Clock, SystemClock};
use firsthours_core::protocol::Instant;
use firsthours_core::wire::ClockReport;

/// The time that server and phones share: the system's plus an offset, or frozen.
#[derive(Debug, Clone)]
pub struct SharedClock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    offset: AtomicI64,
    /// Not running: `offset` is the time.
    frozen: bool,
}

impl SharedClock {
    /// Stands at an instant until it is moved.
    pub fn frozen(at: Instant) -> Self {
        Self(Arc::new(Shared { offset: AtomicI64::new(at.ms()), frozen: true }))
    }

    /// Runs, so many milliseconds before or after the system's.
    pub fn running(offset_ms: i64) -> Self {
        Self(Arc::new(Shared { offset: AtomicI64::new(offset_ms), frozen: false }))
    }

    /// Moves it on (or back).
    pub fn advance(&self, ms: i64) {
        self.0.offset.fetch_add(ms, Ordering::SeqCst);
    }

    /// A running clock tells the system's time from here on.
    pub fn catch_up(&self) {
        if !self.0.frozen {
            self.0.offset.store(0, Ordering::SeqCst);
        }
    }
}

impl Clock for SharedClock {
    fn read(&self) -> ClockReport {
        let offset = self.0.offset.load(Ordering::SeqCst);
        let wall = if self.0.frozen { Instant::from_ms(offset) } else { SystemClock.now() + offset };
        ClockReport { wall, offset: 0, mono: wall.ms(), boot: 1 }
    }
}

/// A phone's clocks: the shared time, plus how far its wall clock is off.
#[derive(Debug)]
pub struct PhoneClock {
    shared: SharedClock,
    wrong_by: AtomicI64,
    boot: AtomicU32,
}

impl PhoneClock {
    /// A phone whose clock is right.
    pub fn new(shared: SharedClock) -> Self {
        Self { shared, wrong_by: AtomicI64::new(0), boot: AtomicU32::new(1) }
    }

    /// Sets the wall clock wrong by so many milliseconds.
    pub fn set_wrong_by(&self, ms: i64) {
        self.wrong_by.store(ms, Ordering::SeqCst);
    }

    /// The phone was switched off and on.
    pub fn reboot(&self) {
        self.boot.fetch_add(1, Ordering::SeqCst);
    }
}

impl Clock for PhoneClock {
    fn read(&self) -> ClockReport {
        let now = self.shared.now();
        ClockReport {
            wall: now + self.wrong_by.load(Ordering::SeqCst),
            offset: 0,
            mono: now.ms(),
            boot: self.boot.load(Ordering::SeqCst),
        }
    }
}
