//! `cargo demo`: a synthetic programme on this machine; three phones record without a signal and sync; then one page on
//! which you play the deputy on the left and the supervisor on the right.

mod board;
mod options;
mod phone_page;
mod phone_record;
mod story;
mod turn;

use std::process::ExitCode;

use options::Options;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            board::line(options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(complaint) => {
            board::complain(&complaint);
            return ExitCode::from(2);
        }
    };
    let outcome = if options.once { story::once() } else { turn::run(options) };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            board::complain(&fault.to_string());
            ExitCode::FAILURE
        }
    }
}
