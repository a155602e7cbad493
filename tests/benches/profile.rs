//! One thing over and over, for a profiler.

use std::io::Write;
use std::time::Duration;

use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};

use crate::EVENING;
use crate::handset::{Handset, Tap, taps};
use crate::measure::{process_cpu, thread_cpu};

/// Taps at the end of records of eighty events; or uploads of a night's records.
pub(crate) fn run(what: &[String]) -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let handset = Handset::enrolled(&programme, "alvarez")?;
    match what.first().map(String::as_str) {
        Some("act") => acts(&handset),
        Some("upload") => uploads(&handset),
        _ => Err("profile what? act, upload".into()),
    }
}

/// Records whose taps are looked at, and taps of each.
const RECORDS: u32 = 10;
const TAPS: u32 = 40;

fn acts(handset: &Handset) -> Result<(), Fault> {
    let fields = || taps().filter(|tap| matches!(tap, Tap::Field(..))).take(40);
    let mut spent = Duration::ZERO;
    for _ in 0..RECORDS {
        let mut view = handset.app.start_encounter(None)?;
        for tap in fields() {
            view = handset.tap(&view, tap)?;
        }
        let before = thread_cpu();
        for tap in fields() {
            view = handset.tap(&view, tap)?;
        }
        spent += thread_cpu().saturating_sub(before);
    }
    writeln!(std::io::stdout(), "one act: {:?} of CPU", spent / (RECORDS * TAPS))?;
    Ok(())
}

fn uploads(handset: &Handset) -> Result<(), Fault> {
    for _ in 0..200 {
        handset.night(50)?;
    }
    let before = process_cpu();
    let sent = handset.sync()?;
    let batches = sent.iter().filter(|request| request.path.ends_with("/sync/events")).count();
    writeln!(std::io::stdout(), "{batches} batches: {:?} of CPU", process_cpu().saturating_sub(before))?;
    Ok(())
}
