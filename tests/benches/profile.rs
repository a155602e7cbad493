//! One thing over and over, for a profiler.

use std::io::Write;

use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};

use crate::EVENING;
use crate::handset::{Handset, taps};
use crate::measure::{process_cpu, thread_cpu};

/// Taps at the end of a record of sixty events; or uploads of a night's records.
pub(crate) fn run(what: &[String]) -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let handset = Handset::enrolled(&programme, "alvarez")?;
    match what.first().map(String::as_str) {
        Some("act") => acts(&handset),
        Some("upload") => uploads(&handset),
        _ => Err("profile what? act, upload".into()),
    }
}

fn acts(handset: &Handset) -> Result<(), Fault> {
    let mut view = handset.app.start_encounter(None)?;
    let field = |tap: &crate::handset::Tap| matches!(tap, crate::handset::Tap::Field(..));
    for tap in taps().filter(field).take(40) {
        view = handset.tap(&view, tap)?;
    }
    let before = thread_cpu();
    for tap in taps().filter(field).take(40) {
        view = handset.tap(&view, tap)?;
    }
    writeln!(std::io::stdout(), "40 acts: {:?} of CPU", thread_cpu().saturating_sub(before))?;
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
