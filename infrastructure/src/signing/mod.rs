//! Signing checkpoints with an Ed25519 key, as C2SP signed notes.
//!
//! Deliberately absent: which checkpoints, and when. A private key never leaves this module but for
//! its own file.

mod error;
mod key_text;
mod memory;
mod signer;

pub use error::SigningKeyError;
pub use memory::signed_beside;
pub use signer::{Ed25519Signer, Ed25519SignerParameters};
