//! Events of the `config` context: what happens to the platform's settings.

use serde_json::Value;

crate::domain_events! {
    /// What happens to the platform's settings.
    pub enum ConfigEvent {
        /// A setting got another value; both are masked where the key is a secret's.
        #[event("config.changed", version = 1, audit = Configuration)]
        ConfigChanged { key: String, old: Value, new: Value },
    }
}
