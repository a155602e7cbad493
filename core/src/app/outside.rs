//! What the app is given from outside: the clocks, randomness, the network.

use std::path::PathBuf;
use std::sync::Arc;

use crate::outside::{Clock, Random, SystemClock, SystemRandom};
use crate::sync::Transport;

/// Makes a transport to a server's address, with the programme's own CA in PEM if it has one.
pub type Connect =
    dyn Fn(&str, Option<&str>) -> Result<Box<dyn Transport>, crate::sync::Unreachable> + Send + Sync;

/// Everything from outside, given at opening so that tests own it.
#[derive(Clone)]
pub struct Outside {
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub connect: Arc<Connect>,
    /// A file that no backup takes along: by it a store knows that it was put back from a copy. Without one only the
    /// station can tell.
    pub session_file: Option<PathBuf>,
}

impl Outside {
    /// The real clocks, randomness and network.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            connect: Arc::new(|address, ca| Ok(Box::new(crate::sync::Http::new(address, ca)?))),
            session_file: None,
        }
    }
}
