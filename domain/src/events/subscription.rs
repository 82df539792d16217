//! Events of the `subscription` context: what somebody did to a durable subscription.
//!
//! Deliberately absent: progress, retries and dead letters that come about by themselves. A
//! subscription to everything would be told of them, and could fail over that as well, without end.

crate::domain_events! {
    /// What somebody did to a durable subscription.
    pub enum SubscriptionEvent {
        /// A durable subscription was paused.
        #[event("subscription.paused", version = 1, audit = Configuration)]
        SubscriptionPaused { name: String, cursor: u64 },

        /// A durable subscription that was paused or had halted was allowed to go on.
        #[event("subscription.resumed", version = 1, audit = Configuration)]
        SubscriptionResumed { name: String, cursor: u64 },

        /// A durable subscription was set back or ahead on the record.
        #[event("subscription.rewound", version = 1, audit = Configuration)]
        SubscriptionRewound {
            name: String,
            /// The entry after which it went on before.
            from_cursor: u64,
            /// The entry after which it goes on now.
            to_cursor: u64,
        },

        /// A durable subscription was removed, and its dead letters with it.
        #[event("subscription.removed", version = 1, audit = Configuration)]
        SubscriptionRemoved { name: String, cursor: u64, dead_letters: u64 },

        /// A durable subscription halted over an event that it could not handle and must not skip.
        #[event("subscription.halted", version = 1, audit = Activity)]
        SubscriptionHalted {
            name: String,
            cursor: u64,
            /// What it failed with, and what caused that.
            error: String,
        },
    }
}
