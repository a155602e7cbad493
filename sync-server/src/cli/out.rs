//! What the commands say to the administrator.

/// One line of result.
#[allow(clippy::print_stdout, reason = "the result of a command is what it prints")]
pub(crate) fn line(text: impl std::fmt::Display) {
    println!("{text}");
}

/// One line about what went wrong.
#[allow(clippy::print_stderr, reason = "a command says what went wrong where its caller looks for it")]
pub(crate) fn wrong(text: impl std::fmt::Display) {
    eprintln!("firsthours-server: {text}");
}
