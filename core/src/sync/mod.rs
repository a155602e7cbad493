//! Sync: a pure session that decides, and a transport that carries.
//!
//! One session is: say hello; fetch the directory, the policy and definitions that are new; send offers, then this install's own
//! events until a receipt covers them; read what changed, page by page. Upload and download never wait for each other:
//! when one is stopped, the other goes on. Nothing here sleeps or tries again by itself: a session ends with a report
//! that says when to be called next, and the caller's scheduler calls.

mod retry;
mod session;
mod transport;

pub use retry::{FOREGROUND_CAP_MS, next_call};
pub use session::{APP_VERSION, Ask, Batch, Ending, Held, Offer, PageFault, Session, Target, check_page};
pub use transport::{Http, Method, Request, Response, Transport, Unreachable};
