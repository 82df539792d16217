//! The use cases of Indelible over its ports: recording, asking, following, explaining, reacting
//! durably, pruning, erasing, importing.
//!
//! Deliberately absent: any database, any wire protocol but the CloudEvents text itself, and any
//! knowledge of who calls: the command line and a service use the same functions.

mod causes;
pub mod cloud_events;
pub mod delivery;
pub mod erasure;
pub mod explain;
pub mod health;
pub mod import;
mod naming;
pub mod nearest;
pub mod panics;
pub mod proof;
pub mod query;
pub mod record;
pub mod retention;
pub mod work;

pub use delivery::{DurableSubscription, ManageSubscriptions};
pub use erasure::EraseValues;
pub use explain::{Explanation, explain};
pub use health::CheckHealth;
pub use query::{follow, read_all};
pub use record::AuditEventSubscriber;
pub use retention::{ManageLegalHolds, PlanRetention, PruneAuditLog, PruneError, PruneReport};
pub use work::{open_work, work_stats};
