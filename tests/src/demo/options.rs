//! What the demo was asked to do.

/// The text of `--help`.
pub(crate) const HELP: &str = "\
cargo demo                     play the story, then your turn: open the page it names
cargo demo -- --once           play the story and end; 0 only if every event is receipted and visible
cargo demo -- --serve-only     no story: straight to your turn
cargo demo -- --port 8441      the port of the page on 127.0.0.1 (0 = any free one)";

/// The options of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) once: bool,
    pub(crate) story: bool,
    pub(crate) port: u16,
}

impl Options {
    /// Reads the arguments; `None` when help is asked for.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let mut options = Self { once: false, story: true, port: 8441 };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--once" => options.once = true,
                "--serve-only" => options.story = false,
                "--port" => {
                    let port = arguments.next().and_then(|port| port.parse().ok());
                    options.port = port.ok_or("--port wants a number from 0 to 65535")?;
                }
                "--help" | "-h" => return Ok(None),
                other => return Err(format!("there is no option {other}; --help lists them")),
            }
        }
        Ok(Some(options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Option<Options>, String> {
        Options::read(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn an_option_that_is_not_there_is_named() {
        assert_eq!(
            read(&["--port", "0", "--serve-only"]),
            Ok(Some(Options { once: false, story: false, port: 0 }))
        );
        assert!(read(&["--onec"]).is_err_and(|complaint| complaint.contains("--onec")));
        assert!(read(&["--port", "many"]).is_err());
        assert_eq!(read(&["--help"]), Ok(None));
    }
}
