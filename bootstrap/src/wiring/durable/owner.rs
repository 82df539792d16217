//! What an instance calls itself where several may run the same subscription.

use ulid::Ulid;

/// The machine, the process, and something that no other instance has had: who looks at the
/// subscriptions can find the process, and one that is started again is not taken for the one before.
pub(in crate::wiring) fn owner() -> String {
    let host = gethostname::gethostname();
    format!("{}:{}:{}", host.to_string_lossy(), std::process::id(), Ulid::generate())
}
