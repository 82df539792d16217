//! Keeping secrets off the record.
//!
//! A secret is known by the name it stands under (`password`, `apiKey`, `X-Auth-Token`, …) or by
//! its own shape (a forge's token, a JWT, a PEM block, a password in a URL, …), at any depth, and
//! inside command lines, logs and source code too. It becomes a mark,
//! `[redacted:<kind>:<8 hex digits>]`, whose digits are a keyed hash: equal secrets can be told to
//! be equal, and nobody without the key can try guesses against the record.
//!
//! An event's own id, its source, and the ids of other events are read as ids: only shapes count
//! there, since `refresh-token:17` is an id and no assignment, and a mark has 32 digits, so that
//! different ids stay different.
//!
//! Deliberately absent: entropy alone as a sign of a secret. Too much of what agents do (commit
//! ids, digests, invocation ids) looks random and must stay readable.

mod assignment;
mod judge;
mod key;
mod list;
mod mark;
mod names;
mod pem;
mod redactor;
mod rules;
mod scanner;
mod value;

#[cfg(test)]
mod tests;

pub use key::{RedactionKey, RedactionKeyError};
pub use redactor::{SecretRedactor, SecretRedactorParameters};
pub use rules::{RedactionRuleError, RedactionSettings};
