//! The page for an outsider is run as it is printed: every command, and what it says each command answers.

use std::process::Command;

use firsthours_tests::programme::Fault;

use crate::{ensure, python, root};

const PAGE: &str = "core/docs/verify-without-us.md";
/// Stands between the answers of two commands.
const MARK: &str = "----8<----";

/// Each block of commands with the block of text after it, if one follows.
fn blocks(page: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some((language, text))) => {
                match (*language, found.last_mut()) {
                    ("sh", _) => found.push((std::mem::take(text), None)),
                    ("text", Some((_, said))) if said.is_none() => *said = Some(std::mem::take(text)),
                    _ => {}
                }
                open = None;
            }
            (Some(language), None) => open = Some((language, String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

#[test]
fn the_page_for_an_outsider_runs_as_it_is_printed() -> Result<(), Fault> {
    let page = std::fs::read_to_string(root().join(PAGE))?;
    let blocks = blocks(&page);
    ensure(blocks.len() >= 8, || format!("only {} blocks of commands", blocks.len()))?;
    let answered = blocks.iter().filter(|(_, said)| said.is_some()).count();
    ensure(answered >= 8, || format!("only {answered} answers"))?;
    let mark = format!("echo '{MARK}'\n");
    let script: String = blocks.iter().flat_map(|(commands, _)| [commands.as_str(), &mark]).collect();
    let folder = tempfile::tempdir()?;
    let interpreter = python::interpreter()?;
    let tools = interpreter.parent().ok_or("no folder of tools")?;
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", tools.display()))
        .env("FIRST_HOURS", root())
        .env("TZ", "UTC")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()?;
    let said = String::from_utf8(output.stdout)?;
    let why = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success(), || format!("a command failed:\n{why}\nafter:\n{said}"))?;
    let answers: Vec<&str> = said.split(&format!("{MARK}\n")).collect();
    ensure(answers.len() == blocks.len() + 1, || "the answers cannot be told apart".to_owned())?;
    for ((commands, expected), answer) in blocks.iter().zip(answers) {
        let Some(expected) = expected else { continue };
        assert_eq!(answer, expected, "the answer to\n{commands}");
    }
    Ok(())
}
