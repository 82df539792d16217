//! Every event the platform announces, one file per context, and the list they are composed from.
//!
//! To add an event, write it into its context's file: nothing else needs to change, and the wiring
//! check sees to it that it is recorded. To add a context, add a file and name it in [`GROUPS`].
//!
//! Deliberately absent: events of other products, which declare their own and compose a
//! [`Catalogue`] of both.

mod actor;
mod audit;
mod auth;
mod budget;
mod checkpoint;
mod config;
mod context;
mod correction;
mod dead_letter;
mod decision;
mod entity;
mod invariant;
mod plan;
mod resource;
mod sandbox;
mod session;
mod subscription;
mod tool;
mod validation;

pub use actor::*;
pub use audit::*;
pub use auth::*;
pub use budget::*;
pub use checkpoint::*;
pub use config::*;
pub use context::*;
pub use correction::*;
pub use dead_letter::*;
pub use decision::*;
pub use entity::*;
pub use invariant::*;
pub use plan::*;
pub use resource::*;
pub use sandbox::*;
pub use session::*;
pub use subscription::*;
pub use tool::*;
pub use validation::*;

use crate::event::{Catalogue, EventGroup, GroupDescriptor};

/// The platform's contexts, to compose a catalogue from.
pub const GROUPS: &[GroupDescriptor] = &[
    PlanEvent::GROUP,
    DecisionEvent::GROUP,
    InvariantEvent::GROUP,
    ActorEvent::GROUP,
    ToolEvent::GROUP,
    ResourceEvent::GROUP,
    SandboxEvent::GROUP,
    CheckpointEvent::GROUP,
    ContextEvent::GROUP,
    ValidationEvent::GROUP,
    SessionEvent::GROUP,
    BudgetEvent::GROUP,
    CorrectionEvent::GROUP,
    ConfigEvent::GROUP,
    EntityEvent::GROUP,
    AuthEvent::GROUP,
    AuditEvent::GROUP,
    SubscriptionEvent::GROUP,
    DeadLetterEvent::GROUP,
];

/// The platform's own catalogue.
pub const CATALOGUE: Catalogue = Catalogue::compose(&[GROUPS]);
