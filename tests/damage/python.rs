//! The second verifier: Python with what `tests/verify/requirements.txt` names, and a process that judges many bundles.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use firsthours_core::record::sha256;
use firsthours_tests::programme::Fault;
use serde_json::Value as Json;

use crate::{ensure, root, scratch};

/// The interpreter with the packages that the verifier needs, made once for each list of them.
pub(crate) fn interpreter() -> Result<PathBuf, Fault> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    MADE.get_or_init(|| make().map_err(|fault| fault.to_string())).clone().map_err(Into::into)
}

fn make() -> Result<PathBuf, Fault> {
    let list = root().join("tests/verify/requirements.txt");
    let name = &hex::encode(sha256(&std::fs::read(&list)?))[..12];
    let folder = scratch().join(format!("verify-{name}"));
    let (python, ready) = (folder.join("bin/python"), folder.join("ready"));
    if !ready.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "-r",
        ];
        run(Command::new(&python).args(pip).arg(&list))?;
        std::fs::write(ready, "")?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), Fault> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = || format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    ensure(output.status.success(), said)
}

/// A running verifier.
pub(crate) struct Verifier {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Verifier {
    pub(crate) fn start(fingerprint: &str) -> Result<Self, Fault> {
        let mut child = Command::new(interpreter()?)
            .arg("-B")
            .arg(root().join("tests/verify/verify.py"))
            .args(["--root", fingerprint, "--many"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let to = child.stdin.take().ok_or("no way in")?;
        let from = BufReader::new(child.stdout.take().ok_or("no way out")?);
        Ok(Self { child, to, from })
    }

    /// Hands over a bundle; the answer is asked for later, so that both verifiers work at one time.
    pub(crate) fn give(&mut self, bundle: &[u8]) -> Result<(), Fault> {
        writeln!(self.to, "{}", bundle.len())?;
        self.to.write_all(bundle)?;
        Ok(self.to.flush()?)
    }

    /// What it says of the bundle that was handed over.
    pub(crate) fn answer(&mut self) -> Result<Json, Fault> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        serde_json::from_str(&line)
            .map_err(|error| format!("the second verifier said {line:?}: {error}").into())
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
