//! Events of the `audit` context: what the audit log says about itself.
//! Deliberately absent: anything a reader of the log can see without being told.

crate::domain_events! {
    /// What the audit log says about itself.
    pub enum AuditEvent {
        /// Retention is about to remove the oldest entries, up to one at most. Whatever becomes of the run,
        /// that the record begins later from now on is its doing, as `audit.pruned` says when it is over.
        #[event("audit.prune_started", version = 1, audit = Audit)]
        AuditPruneStarted { from_sequence: u64, to_sequence: u64, older_than_days: u64 },

        /// Retention removed the oldest entries of the log.
        #[event("audit.pruned", version = 1, audit = Audit)]
        AuditPruned {
            from_sequence: u64,
            to_sequence: u64,
            entries: u64,
            older_than_days: u64,
            /// The name of the file that they were put into beforehand, where they were.
            archive: Option<String>,
            /// The SHA-256 of that file, in hexadecimal digits.
            archive_digest: Option<String>,
        },

        /// Entries are put under a legal hold: they stay until it is released. Its id is this event's
        /// sequence; a person that it is about is not named here.
        #[event("audit.hold_placed", version = 1, audit = Audit)]
        AuditHoldPlaced {
            /// What it is about: `plan`, `correlation`, `user` or `sequences`.
            scope: String,
            plan: Option<String>,
            correlation: Option<String>,
            from_sequence: Option<u64>,
            to_sequence: Option<u64>,
            reason: String,
        },

        /// A legal hold is released: what it covered goes when its time has come.
        #[event("audit.hold_released", version = 1, audit = Audit)]
        AuditHoldReleased {
            /// The hold: the sequence of its `audit.hold_placed`.
            hold: u64,
            reason: Option<String>,
        },

        /// The log is signed with a new key from now on: the public keys before and after.
        #[event("audit.key_rotated", version = 1, audit = Audit)]
        AuditKeyRotated { old_verifier: String, new_verifier: String },

        /// Somebody asked for values to be erased. It names the request, not whom it is about.
        #[event("audit.erasure_started", version = 1, audit = Audit, opens = request_id)]
        AuditErasureStarted {
            /// Names the request here and wherever it was made.
            request_id: String,
            /// Why it was asked for.
            reason: Option<String>,
            /// What the entries are selected by: `user`, `subject`, `correlation` or `event`.
            selected_by: String,
            /// Whether details and extensions go as well as personal fields.
            details: bool,
            /// How many entries had something to erase.
            entries: u64,
        },

        /// Values were erased, and nothing of them is left in the record's files.
        #[event("audit.erased", version = 1, audit = Audit,
                completes = "audit.erasure_started" by request_id)]
        AuditErased {
            request_id: String,
            /// How many entries values were erased of.
            entries: u64,
        },

        /// An erasure that was begun came upon a legal hold, and ended there. What was erased before that
        /// is gone.
        #[event("audit.erasure_refused", version = 1, audit = Audit,
                fails = "audit.erasure_started" by request_id)]
        AuditErasureRefused {
            request_id: String,
            /// The hold: the sequence of its `audit.hold_placed`.
            hold: u64,
            /// How many entries values were erased of before, by the run that came upon it.
            entries: u64,
        },
    }
}
