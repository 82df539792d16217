//! Signing what is said about the tree.
//!
//! A key is Ed25519's 32 bytes. It is written as Go's signed notes write it,
//! `PRIVATE+KEY+name+hash+base64`, so that their tools can use it; the name in it is a label. A key
//! signs for any log, each time under the log's own name, as C2SP recommends: so the public key that
//! others are given is one of one log.
//!
//! Deliberately absent: keeping public keys, and recording that a key was changed: see the use cases.

mod error;
mod key;
mod signer;

#[cfg(test)]
mod tests;

pub use error::SigningKeyError;
pub use signer::Ed25519Signer;
