//! A poor link without root: a relay that lets bytes through at a rate, and late.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use firsthours_tests::programme::Fault;

/// A relay to one server. It ends with the process.
pub(crate) struct Link {
    pub(crate) address: String,
}

impl Link {
    /// Relays to an address of `http://`, at so many bytes a second each way, with this round trip.
    pub(crate) fn open(to: &str, bytes_per_second: u64, round_trip: Duration) -> Result<Self, Fault> {
        let to: SocketAddr = to.trim_start_matches("http://").parse()?;
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = format!("http://{}", listener.local_addr()?);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || {
                    // The handshake of TCP is one round trip before the first byte.
                    thread::sleep(round_trip);
                    let Ok(server) = TcpStream::connect(to) else { return };
                    // A line that cannot be set up is a line that breaks: the phone says so.
                    drop(relay(&client, &server, bytes_per_second, round_trip / 2));
                    drop(relay(&server, &client, bytes_per_second, round_trip / 2));
                });
            }
        });
        Ok(Self { address })
    }
}

/// Passes on what comes from one side to the other.
fn relay(from: &TcpStream, to: &TcpStream, bytes_per_second: u64, late: Duration) -> std::io::Result<()> {
    let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
    to.set_nodelay(true)?;
    let (sender, receiver) = sync_channel::<(Instant, Vec<u8>)>(4_096);
    thread::spawn(move || deliver(&mut to, &receiver, bytes_per_second));
    thread::spawn(move || {
        // One Ethernet frame at a time, as a link sends it.
        let mut frame = [0; 1_448];
        while let Ok(read) = from.read(&mut frame) {
            if read == 0 || sender.send((Instant::now() + late, frame[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    Ok(())
}

fn deliver(to: &mut TcpStream, receiver: &Receiver<(Instant, Vec<u8>)>, bytes_per_second: u64) {
    let mut free = Instant::now();
    while let Ok((due, frame)) = receiver.recv() {
        let length = u64::try_from(frame.len()).unwrap_or(u64::MAX);
        // The frame leaves when the one before it is through, and arrives late by the delay.
        free = free.max(due) + Duration::from_nanos(length * 1_000_000_000 / bytes_per_second.max(1));
        thread::sleep(free.saturating_duration_since(Instant::now()));
        if to.write_all(&frame).is_err() {
            return;
        }
    }
    // The other side has closed; what was under way has arrived.
    drop(to.shutdown(Shutdown::Write));
}
