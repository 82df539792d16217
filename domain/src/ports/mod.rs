//! The roles the rest of the program plays for the domain.
//!
//! Each method says what an adapter MUST guarantee; the contract suites in the tests package hold
//! every adapter to it. All ports inherit `shaku::Interface`, so that one container can hold them.

mod audit_archive;
mod audit_erasure;
mod audit_log;
mod audit_tree;
mod checkpoint_anchor;
mod checkpoint_signer;
mod clock;
mod delivery;
mod event_bus;
mod event_filter;
mod event_projector;
mod event_recorder;
mod event_stream;
mod event_subscriber;
mod legal_holds;
mod redactor;
mod subscription_store;

pub use audit_archive::{ArchiveError, ArchivePlace, Archived, AuditArchive};
pub use audit_erasure::{AuditErasure, ErasedChunk, ErasureError};
pub use audit_log::{
    AppendError, AuditAppend, AuditInspect, AuditLog, AuditQuery, AuditRetention, Fact, Inspection,
    QueryError, RetentionError, StorageProblem,
};
pub use audit_tree::{AuditTree, KeptCheckpoint, KeptKey, LeafCheck, TreeError, TreeStanding};
pub use checkpoint_anchor::{AnchorError, CheckpointAnchor};
pub use checkpoint_signer::{CheckpointSigner, Remembered, SigningError};
pub use clock::Clock;
pub use delivery::{Delivery, EmitBatch, MAX_REACTION_DEPTH, ReactionEmitter};
pub use event_bus::{
    BusCondition, BusCounters, Emit, EmitError, EventBus, RecordingFailure, ShutdownReport,
};
pub use event_filter::EventFilter;
pub use event_projector::{EventProjector, projector};
pub use event_recorder::{EventRecorder, RecordError};
pub use event_stream::{EventBatch, EventStream, StreamMonitor, StreamProgress, StreamStatus};
pub use event_subscriber::{EventSubscriber, HandlerError, Subscription, handler};
pub use legal_holds::{LegalHoldError, LegalHolds};
pub use redactor::Redactor;
pub use subscription_store::{SubscriptionStore, SubscriptionStoreError};
