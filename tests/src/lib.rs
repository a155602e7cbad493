//! The harness of the whole-system tests and of the demo: a real server on loopback, real phones, clocks and networks that
//! a test owns. Everything in it is synthetic.

pub mod clock;
pub mod network;
pub mod night;
pub mod phone;
pub mod programme;
pub mod victim;

pub use clock::SharedClock;
pub use network::Network;
pub use phone::Phone;
pub use programme::Programme;
