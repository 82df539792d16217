//! Events of the `audit` context: what the audit log says about itself.
//! Deliberately absent: anything a reader of the log can see without being told.

crate::domain_events! {
    /// What the audit log says about itself.
    pub enum AuditEvent {
        /// Retention removed the oldest entries of the log.
        #[event("audit.pruned", version = 1, audit = Audit)]
        AuditPruned { from_sequence: u64, to_sequence: u64, entries: u64, older_than_days: u64 },
    }
}
