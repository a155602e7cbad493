//! Evidence: signatures, certificates, chains, receipts, and how each is verified.
//!
//! One fingerprint is trusted: that of the programme's root key. The root vouches for the server's keys, the
//! server's certificate key for the keys of installs, an install's key for its events. Everything here verifies
//! bytes as they were written; nothing is encoded again.

mod certificate;
mod chain;
mod checkpoint;
mod receipt;
mod revocation;
mod sign;
mod trust;

pub use certificate::{InstallCertificate, Purpose, ServerCertificate};
pub use chain::{Chain, ChainFault, Rolling, check_encounter};
pub use checkpoint::{CHECKPOINTS, Checkpoint, LogHead, keep_checkpoint};
pub use receipt::{EncounterReceipt, HeldEvent, Hole, Receipt};
pub use revocation::{Revocation, Revoked};
pub use sign::{ALGORITHM, Document, NotAuthentic, PublicKey, SecretKey, Signature, SignedEvent, Tag};
pub use trust::{Keyring, Trust};
