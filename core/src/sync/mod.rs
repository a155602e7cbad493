//! Sync: a pure exchange that decides, and a transport that carries.
//!
//! One exchange is: say hello; fetch the directory, the policy and definitions that are new; send offers, then this install's own
//! events until a receipt covers them; read what changed, page by page. Upload and download never wait for each other:
//! when one is stopped, the other goes on. Nothing here sleeps or tries again by itself: an exchange ends with a report
//! that says when to be called next, and the caller's scheduler calls.

mod exchange;
mod page;
mod retry;
#[cfg(feature = "device")]
mod transport;

pub use exchange::{APP_VERSION, Ask, Batch, Ending, Exchange, Offer, PublishedHere, Target};
pub use page::{PageFault, check_page};
pub use retry::{FOREGROUND_CAP_MS, next_call};
#[cfg(feature = "device")]
pub use transport::{Http, Method, Request, Response, Transport, Unreachable};
