//! The audit log on SQLite, through SeaORM.
//!
//! One table, `audit_log`, that the database itself keeps append-only and gapless by triggers, and
//! beside it those of the tree over the record, of the durable subscriptions and of the legal holds; a
//! writer of one connection and a few readers. Start with [`AuditStorage::connect`], then build a [`SeaOrmAuditLog`],
//! a [`SeaOrmAuditTree`], a [`SeaOrmAuditErasure`] and a [`SeaOrmSubscriptionStore`] over it.
//!
//! Deliberately absent: rows in the public interface, and any rule about what may be recorded or
//! how long it is kept.

mod append;
mod archive;
mod decode;
mod entity;
mod erasure;
mod examine;
mod filter;
mod growth;
mod holds;
mod insert;
mod inspect;
mod log;
mod migration;
mod open_error;
mod options;
mod problem;
mod query;
mod retention;
mod scan;
mod storage;
mod subscriptions;
mod tree;
mod turn;
mod writer;

pub use archive::{SeaOrmAuditArchive, SeaOrmAuditArchiveParameters};
pub use erasure::{SeaOrmAuditErasure, SeaOrmAuditErasureParameters};
pub use holds::{SeaOrmLegalHolds, SeaOrmLegalHoldsParameters};
pub use log::{SeaOrmAuditLog, SeaOrmAuditLogParameters};
pub use open_error::OpenError;
pub use options::{Access, Durability, StorageOptions};
pub use storage::AuditStorage;
pub use subscriptions::{SeaOrmSubscriptionStore, SeaOrmSubscriptionStoreParameters};
pub use tree::{SeaOrmAuditTree, SeaOrmAuditTreeParameters};
