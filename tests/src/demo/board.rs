//! What the demo says on the terminal: a line for each thing that happened, and how far the story is.

/// One line.
#[expect(clippy::print_stdout, reason = "the terminal is this program's screen")]
pub(crate) fn line(text: &str) {
    println!("{text}");
}

/// One line about what went wrong.
#[expect(clippy::print_stderr, reason = "the terminal is this program's screen")]
pub(crate) fn complain(text: &str) {
    eprintln!("demo: {text}");
}

/// How far the story is.
pub(crate) struct Board {
    done: usize,
    of: usize,
}

const WIDTH: usize = 20;

impl Board {
    /// A story of so many lines.
    pub(crate) fn new(of: usize) -> Self {
        Self { done: 0, of }
    }

    /// The next thing happened: who, at what time of the story, what.
    pub(crate) fn tell(&mut self, time: &str, who: &str, what: &str) {
        self.done += 1;
        let full = (self.done * WIDTH / self.of.max(1)).min(WIDTH);
        let bar = format!("{}{}", "█".repeat(full), "░".repeat(WIDTH - full));
        line(&format!("{bar} {time}  {who:<13} {what}"));
    }
}
