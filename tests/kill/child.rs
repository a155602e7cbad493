//! A child process: what it says, line by line, until it is killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use firsthours_tests::programme::Fault;

/// How long a victim may take to say what it always says soon.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running victim; killed at the latest when dropped.
pub(crate) struct Victim {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Victim {
    /// Starts the victim with these arguments, and with nothing in its environment but these variables.
    pub(crate) fn start(arguments: &[&str], variables: &[(&str, String)]) -> Result<Self, Fault> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_victim"))
            .args(arguments)
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the victim has no output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, stdin, lines })
    }

    /// Writes a line to it; whether it still lives to read it is not known.
    pub(crate) fn tell(&mut self, line: &str) {
        if let Some(stdin) = &mut self.stdin {
            let _ = writeln!(stdin, "{line}").and_then(|()| stdin.flush());
        }
    }

    /// Its next line; `None` if it says nothing until then.
    pub(crate) fn line(&self, until: Instant) -> Result<Option<String>, Fault> {
        match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err("the victim ended before it was killed".into()),
        }
    }

    /// Kills it; gives what it had said and nobody had read.
    pub(crate) fn kill(mut self) -> Result<Vec<String>, Fault> {
        self.child.kill()?;
        self.child.wait()?;
        // It ends when the pipe does.
        Ok(self.lines.iter().collect())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
