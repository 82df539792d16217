//! Events of the `dead_letter` context: what somebody did about events that could not be handled.

crate::domain_events! {
    /// What somebody did about an event that a durable subscription could not handle.
    pub enum DeadLetterEvent {
        /// Somebody asked for a dead letter to be tried again.
        #[event("dead_letter.retried", version = 1, audit = Activity)]
        DeadLetterRetried {
            subscription: String,
            /// The place on record of the event that could not be handled.
            event_sequence: u64,
        },

        /// A dead letter was given up for good.
        #[event("dead_letter.discarded", version = 1, audit = Decision)]
        DeadLetterDiscarded {
            subscription: String,
            /// The place on record of the event that could not be handled.
            event_sequence: u64,
        },
    }
}
