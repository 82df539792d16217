//! The whole wiring on one screen: which adapter plays which port.
//!
//! | port | adapter |
//! |---|---|
//! | `Clock` | `SystemClock` |
//! | `Redactor` | `SecretRedactor` |
//! | `AuditLog` | `SeaOrmAuditLog` |
//! | `EventRecorder` | `AuditEventSubscriber` |
//! | `EventBus` | `ReactiveEventBus` |
//!
//! Deliberately absent: which event types are recorded. The composition root attaches the recorder
//! to every type of the catalogue; a list here would be the place to forget one.

#![allow(
    missing_docs,
    clippy::struct_field_names,
    reason = "the macro takes no doc comment for the container, and names its fields itself"
)]

use application::AuditEventSubscriber;
use infrastructure::bus::ReactiveEventBus;
use infrastructure::clock::SystemClock;
use infrastructure::redaction::SecretRedactor;
use infrastructure::seaorm::SeaOrmAuditLog;
use shaku::module;

module! {
    pub IndelibleModule {
        components = [
            SystemClock,
            SecretRedactor,
            SeaOrmAuditLog,
            AuditEventSubscriber,
            ReactiveEventBus,
        ],
        providers = []
    }
}
