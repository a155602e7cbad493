//! A supervisor at a browser who goes on commenting while the server dies under the form.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firsthours_core::record::EncounterId;
use firsthours_tests::programme::Fault;
use firsthours_tests::victim::{Chance, act_mark, marks};

use crate::heard::Heard;

/// Between two comments.
const PAUSE: Duration = Duration::from_millis(40);
/// A server that was killed answers no more.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The comments, by number, and whether the page came back.
#[derive(Default)]
pub(crate) struct Comments(BTreeMap<u64, Came>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Unknown,
    Accepted,
    Refused,
}

impl Comments {
    /// Comments until told to stop.
    pub(crate) fn make(port: u16, token: &str, heard: &Heard, mut chance: Chance, stop: &AtomicBool) -> Self {
        let mut comments = Self::default();
        let mut number = 0;
        while !stop.load(Ordering::SeqCst) {
            let records = heard.told().positions.keys().copied().collect();
            if let Some(record) = chance.pick(records) {
                number += 1;
                // Without a server nothing is sent.
                if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                    let came = match comment(stream, port, token, record, number) {
                        Ok(303) => Came::Accepted,
                        Ok(_) => Came::Refused,
                        Err(_) => Came::Unknown,
                    };
                    comments.0.insert(number, came);
                }
            }
            std::thread::park_timeout(PAUSE);
        }
        comments
    }

    /// How many were accepted, and how many the kill left without an answer.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let count = |wanted| self.0.values().filter(|came| **came == wanted).count();
        (count(Came::Accepted), count(Came::Unknown))
    }

    /// Accepted ones are there once, refused ones are not, the others once or not at all.
    pub(crate) fn check(&self, texts: &[String]) -> Result<(), Fault> {
        for (number, came) in &self.0 {
            let times = texts.iter().filter(|text| marks(text, "act#") == [*number]).count();
            match (came, times) {
                (Came::Accepted, 1) | (Came::Refused, 0) | (Came::Unknown, 0 | 1) => {}
                (_, 0) => return Err(format!("LOST: comment {number} was accepted").into()),
                _ => return Err(format!("DOUBLED: comment {number} is there {times} times").into()),
            }
        }
        Ok(())
    }
}

/// Sends the form of a record's page; gives the answer's status.
fn comment(
    mut stream: TcpStream,
    port: u16,
    token: &str,
    record: EncounterId,
    number: u64,
) -> std::io::Result<u16> {
    let form = format!("act=comment&seen=1&text={}", act_mark(number).replace('#', "%23"));
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "POST /records/{record}/act HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncookie: fh={token}\r\n\
         sec-fetch-site: same-origin\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{form}",
        form.len()
    )?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    std::str::from_utf8(&head)
        .ok()
        .and_then(|head| head.strip_prefix("HTTP/1.1 "))
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| std::io::Error::other("no answer of HTTP"))
}
