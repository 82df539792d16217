//! Events of the `audit` context: what the audit log says about itself.
//! Deliberately absent: anything a reader of the log can see without being told.

crate::domain_events! {
    /// What the audit log says about itself.
    pub enum AuditEvent {
        /// Retention removed the oldest entries of the log.
        #[event("audit.pruned", version = 1, audit = Audit)]
        AuditPruned { from_sequence: u64, to_sequence: u64, entries: u64, older_than_days: u64 },
        /// The log is signed with a new key from now on: the public keys before and after.
        #[event("audit.key_rotated", version = 1, audit = Audit)]
        AuditKeyRotated { old_verifier: String, new_verifier: String },
    }
}
