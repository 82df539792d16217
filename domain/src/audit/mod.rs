//! The record itself: entries before, receipts and recorded events after, and the pure rules over
//! them.
//!
//! Deliberately absent: how and where entries are stored, which is an adapter's business.

mod entry;
mod filter;
pub mod legal_hold;
mod receipt;
pub mod retention;

pub use entry::AuditEntry;
pub use filter::{AuditFilter, Page, Tally, TallyBy, TimeSpan, TypePattern};
pub use receipt::{LogSpan, Receipt, ReceiptStatus, RecordedEvent, Sequence, WrongEventType};
