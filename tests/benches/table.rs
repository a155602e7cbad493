//! The table in `tests/benches/README.md`: written between two marks, the rest of the page by people.

use std::fmt::Write as _;
use std::path::PathBuf;

use firsthours_tests::programme::Fault;

/// Whether a bar is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Kept,
    Missed,
    /// A figure that has no bar.
    Told,
}

/// One row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) bar: String,
    pub(crate) ours: String,
    pub(crate) baseline: String,
    pub(crate) ratio: String,
    pub(crate) verdict: Verdict,
}

impl Row {
    pub(crate) fn new(what: &str, bar: &str) -> Self {
        let (what, bar) = (what.to_owned(), bar.to_owned());
        let (ours, baseline, ratio) = (String::new(), "–".to_owned(), "–".to_owned());
        Self { what, bar, ours, baseline, ratio, verdict: Verdict::Told }
    }

    pub(crate) fn ours(mut self, ours: impl Into<String>) -> Self {
        self.ours = ours.into();
        self
    }

    pub(crate) fn against(mut self, baseline: impl Into<String>, ratio: f64) -> Self {
        self.baseline = baseline.into();
        self.ratio = format!("{ratio:.2}x");
        self
    }

    pub(crate) fn kept_if(mut self, kept: bool) -> Self {
        self.verdict = if kept { Verdict::Kept } else { Verdict::Missed };
        self
    }

    fn line(&self) -> String {
        let verdict = match self.verdict {
            Verdict::Kept => "kept",
            Verdict::Missed => "**missed**",
            Verdict::Told => "",
        };
        let Self { what, bar, ours, baseline, ratio, .. } = self;
        format!("| {what} | {bar} | {ours} | {baseline} | {ratio} | {verdict} |")
    }
}

/// Puts the rows, and what is said below them, between the marks of a section.
pub(crate) fn write(section: &str, rows: &[Row], below: &[String]) -> Result<String, Fault> {
    let mut text = String::new();
    writeln!(text, "{}\n", circumstances())?;
    writeln!(text, "| what | bar | ours | baseline, same run | ratio | bar is |")?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for row in rows {
        writeln!(text, "{}", row.line())?;
    }
    for line in below {
        writeln!(text, "\n{line}")?;
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/README.md");
    let page = std::fs::read_to_string(&path)?;
    let (begin, end) = (format!("<!-- begin {section} -->\n"), format!("<!-- end {section} -->"));
    let (before, rest) = page.split_once(&begin).ok_or("the page has no mark for the table's beginning")?;
    let (_, after) = rest.split_once(&end).ok_or("the page has no mark for the table's end")?;
    std::fs::write(&path, format!("{before}{begin}{text}{end}{after}"))?;
    Ok(text)
}

/// Where and when: no figure means anything without it.
fn circumstances() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let memory = read("/proc/meminfo");
    let gib = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map_or(0, |kib| kib / (1 << 20));
    let load = read("/proc/loadavg");
    let load = load.split_whitespace().next().unwrap_or("?");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs();
    format!(
        "{cores} cores of {}, {gib} GiB, Linux {}; {} UTC; profile `bench` (= `release`); load when it ended {load}.",
        model.unwrap_or("an unknown processor"),
        kernel.trim(),
        day(now),
    )
}

/// The day and minute of a Unix time (Howard Hinnant's civil calendar).
fn day(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let part = (5 * of_year + 2) / 153;
    let day = of_year - (153 * part + 2) / 5 + 1;
    let month = if part < 10 { part + 3 } else { part - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}", rest / 3_600, rest % 3_600 / 60)
}
