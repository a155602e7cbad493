//! The library of the bindings with a clock that breaks on request, so that each language can show what a panic in Rust
//! becomes. It exports exactly what the real one exports; code generated for one runs on the other. For tests only.
//!
//! A file called `panic` in the store's folder makes the next look at the clock a panic, once: the file goes with it.
//! That is in the midst of a call, while it holds the core's lock.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firsthours_core::app::{Clock, Outside, SystemClock};
use firsthours_core::wire::ClockReport;

#[path = "../src/act.rs"]
mod act;
#[path = "../src/error.rs"]
mod error;
#[path = "../src/facade.rs"]
mod facade;
#[path = "../src/kinds.rs"]
mod kinds;
#[path = "../src/views.rs"]
mod views;

pub use act::{Act, AnswerValue, FieldAnswer};
pub use error::{CoreError, RefusedBecause};
pub use facade::FirstHours;

uniffi::setup_scaffolding!();

struct BreaksOnRequest {
    request: PathBuf,
}

impl Clock for BreaksOnRequest {
    fn read(&self) -> ClockReport {
        assert!(std::fs::remove_file(&self.request).is_err(), "the clock broke, as it was asked to");
        SystemClock.read()
    }
}

fn outside(folder: &Path) -> Outside {
    Outside { clock: Arc::new(BreaksOnRequest { request: folder.join("panic") }), ..Outside::real() }
}
