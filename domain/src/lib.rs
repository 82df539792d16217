//! The domain of Indelible: what can happen, what is written down about it, and which roles
//! (ports) the rest of the program plays for it.
//!
//! Start with [`events`] to see every event there is, with [`domain_events!`] to declare one of
//! your own, and with [`ports`] to write an adapter.
//!
//! Deliberately absent: input and output of any kind, an async runtime, a database, a clock that
//! ticks, and knowledge of how the parts are wired together. The one concession to wiring is that
//! the ports inherit `shaku::Interface`, so that one container can hold them.

pub mod audit;
pub mod envelope;
pub mod event;
pub mod events;
pub mod ports;
pub mod proof;
pub mod subscription;

pub use audit::{
    AuditEntry, AuditFilter, ErasedFields, LogSpan, Receipt, ReceiptStatus, RecordedEvent,
    Sequence, TypePattern,
};
pub use envelope::{Actor, ActorKind, EventDraft, EventEnvelope, TraceParent};
pub use event::{
    AuditCategory, Catalogue, Details, DetailsError, DomainEvent, EventDescriptor, EventField,
    EventGroup, EventType, GroupDescriptor, Work, WorkRole,
};
pub use ports::{
    AppendError, AuditAppend, AuditArchive, AuditErasure, AuditInspect, AuditLog, AuditQuery,
    AuditRetention, AuditTree, CheckpointSigner, Clock, Delivery, Emit, EmitError, EventBus,
    EventFilter, EventProjector, EventRecorder, EventSubscriber, LegalHolds, QueryError, Redactor,
    RetentionError, Subscription, SubscriptionStore,
};
pub use subscription::{StartAt, SubscriptionName};

/// What the declaration macro needs in reach of a crate that depends on this one alone.
#[doc(hidden)]
pub mod __private {
    pub use schemars;
    pub use serde;
    pub use serde_json;
}
