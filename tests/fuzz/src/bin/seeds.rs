//! Makes the seeds and says what they reach.
//!
//! `seeds write` makes every file of `seeds/` that the library can make; files of other names there (inputs that once
//! broke something) stay. `seeds check` holds that each is committed as it would be made, that each is taken by the
//! decoder it is a seed of, and that no decoder of the core is without a target.

fn main() -> std::process::ExitCode {
    let faults = match std::env::args().nth(1).as_deref() {
        Some("write") => firsthours_fuzz::seeds::write(),
        Some("check") => firsthours_fuzz::seeds::check(),
        _ => vec!["say: seeds write, or seeds check".to_owned()],
    };
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
