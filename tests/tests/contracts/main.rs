//! Every adapter that is shipped keeps every promise of its port.
//!
//! Deliberately absent: whether each promise's check bites; see `contract_bites`.

mod audit_erasure;
mod audit_log;
mod audit_tree;
mod event_bus;
mod legal_holds;
mod small;
mod subscription_store;
