//! The binary of the sync server; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    firsthours_server::cli::main()
}
