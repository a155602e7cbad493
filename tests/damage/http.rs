//! HTTP/1.1 as bytes: what a message is, and a client that sends what it is told to.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A server that has all it asked for answers well within this.
const AT_ONCE: Duration = Duration::from_secs(3);
/// Longer than this after the connection has ended, it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 with this body.
    Done(Vec<u8>),
    /// Another status; its problem, or what else stands there.
    Refused { status: u16, what: String },
    /// The connection ended without an answer.
    Nothing,
    /// Neither an answer nor an end: it hangs.
    Hangs,
}

/// Reads one whole message; `None` if the other side ends before.
pub(crate) fn message(stream: &mut impl Read) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(whole) = whole_length(&bytes)
            && bytes.len() >= whole
        {
            bytes.truncate(whole);
            return Ok(Some(bytes));
        }
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(None),
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// The bytes before the body.
pub(crate) fn head_length(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// A header's value; names in lower case.
pub(crate) fn header(bytes: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..head_length(bytes)?]).into_owned();
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// In which part of a message a byte stands: its first line, one of its headers, or its body.
pub(crate) fn part(bytes: &[u8], at: usize) -> String {
    if head_length(bytes).is_none_or(|head| at >= head) {
        return "the body".to_owned();
    }
    let line = bytes[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(&bytes[line..]).into_owned();
    let name = text.split(['\r', ':']).next().unwrap_or_default();
    match name {
        _ if line == 0 => "the first line".to_owned(),
        "" => "the empty line".to_owned(),
        name => format!("the header {}", name.to_ascii_lowercase()),
    }
}

/// The path and query of a request.
pub(crate) fn path(request: &[u8]) -> String {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(line).split(' ').nth(1).unwrap_or_default().to_owned()
}

fn whole_length(bytes: &[u8]) -> Option<usize> {
    let head = head_length(bytes)?;
    Some(head + header(bytes, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0))
}

/// Sends these bytes over a connection of their own and waits for what comes. With `cut` the way there ends after them;
/// without, it ends only once nothing was answered for a while.
pub(crate) fn ask(server: SocketAddr, bytes: &[u8], cut: bool) -> Result<Answer> {
    let mut stream = TcpStream::connect(server)?;
    stream.set_nodelay(true)?;
    // A server that has heard enough may close before it was told everything.
    let _ = stream.write_all(bytes);
    let end = |stream: &TcpStream| drop(stream.shutdown(Shutdown::Write));
    if cut {
        end(&stream);
    } else {
        stream.set_read_timeout(Some(AT_ONCE))?;
        match message(&mut stream) {
            Ok(found) => return Ok(read(found)),
            Err(error) if is_timeout(&error) => end(&stream),
            Err(error) => return Err(error),
        }
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    match message(&mut stream) {
        Ok(found) => Ok(read(found)),
        Err(error) if is_timeout(&error) => Ok(Answer::Hangs),
        Err(error) => Err(error),
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn read(message: Option<Vec<u8>>) -> Answer {
    let Some(bytes) = message else { return Answer::Nothing };
    let body = bytes[head_length(&bytes).unwrap_or(bytes.len())..].to_vec();
    let line =
        String::from_utf8_lossy(bytes.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    if status == 200 {
        return Answer::Done(body);
    }
    let kind = header(&bytes, "content-type").unwrap_or_default();
    let what = if kind.starts_with("application/problem+json") {
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        problem["type"].as_str().unwrap_or("a problem without a type").to_owned()
    } else if kind.starts_with("text/html") {
        "a page that says so".to_owned()
    } else {
        format!("HTTP itself: {line}")
    };
    Answer::Refused { status, what }
}
