//! Time and CPU time, and pairs of them that were taken in turn.

use std::time::{Duration, Instant};

/// The clock ticks in which Linux counts the CPU time of a process.
const TICKS_PER_SECOND: u64 = 100;

/// Durations, sorted.
#[derive(Debug, Clone)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn new(mut taken: Vec<Duration>) -> Self {
        taken.sort_unstable();
        Self(taken)
    }

    /// The value that this share of the samples does not exceed.
    pub(crate) fn at(&self, share: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = (last as f64 * share).round() as usize;
        self.0.get(index).copied().unwrap_or_default()
    }

    pub(crate) fn p50(&self) -> Duration {
        self.at(0.50)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.at(0.99)
    }
}

/// How long something took, by the clock on the wall.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let value = work();
    (value, begun.elapsed())
}

/// Runs `ours` and `bare` in turn, `rounds` times, so that whatever else the machine does falls on both.
pub(crate) fn in_turn<E>(
    rounds: usize,
    mut ours: impl FnMut(usize) -> Result<Duration, E>,
    mut bare: impl FnMut(usize) -> Result<Duration, E>,
) -> Result<(Samples, Samples), E> {
    let (mut first, mut second) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..rounds {
        first.push(ours(round)?);
        second.push(bare(round)?);
    }
    Ok((Samples::new(first), Samples::new(second)))
}

/// CPU time that this thread has used: it says the same on a busy machine.
pub(crate) fn thread_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

/// CPU time that all threads of this process have used, living and ended, in steps of 10 ms.
pub(crate) fn process_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may hold anything.
    let rest = text.rsplit(')').next().unwrap_or_default();
    let field = |index: usize| rest.split_whitespace().nth(index).and_then(|text| text.parse::<u64>().ok());
    let ticks = field(11).unwrap_or(0) + field(12).unwrap_or(0);
    Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
}

/// One number by another.
pub(crate) fn ratio(ours: Duration, bare: Duration) -> f64 {
    ours.as_secs_f64() / bare.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// So many in this time, a second.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE)
}

/// This time shared out among so many, in microseconds.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn each_us(took: Duration, count: usize) -> f64 {
    took.as_secs_f64() * 1e6 / count.max(1) as f64
}
