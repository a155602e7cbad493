//! First Hours for Kotlin, Swift and Python: the only crate that names uniffi.
//!
//! It has no rule of its own. [`FirstHours`] passes each call to the core's one door; views cross by value, as the core
//! made them; [`Act`] and [`CoreError`] are the two shapes that differ from the core's, since ids are text abroad and a
//! shell needs fewer errors than the core tells apart.
//!
//! Everything exported is synchronous and returns a `Result`: a panic inside becomes an exception of the language, where
//! a plain return would end an iOS app. The doc comments of what is exported are for the readers of the generated code.

use std::path::Path;

use firsthours_core::app::Outside;

mod act;
mod error;
mod facade;
mod kinds;
mod views;

pub use act::{Act, AnswerValue, FieldAnswer};
pub use error::{CoreError, RefusedBecause};
pub use facade::FirstHours;

uniffi::setup_scaffolding!();

/// What the core gets from outside: everything real. Only the library of `proof/` has another one.
fn outside(_folder: &Path) -> Outside {
    Outside::real()
}
