//! The record itself: entries before, receipts and recorded events after, and the pure rules over
//! them.
//!
//! Deliberately absent: how and where entries are stored, which is an adapter's business.

mod entry;
mod erased;
mod erasure;
mod filter;
pub mod legal_hold;
mod receipt;
pub mod retention;

pub use entry::AuditEntry;
pub use erased::ErasedFields;
pub use erasure::{Erasure, ErasureCount, ErasureSelection};
pub use filter::{AuditFilter, Page, Tally, TallyBy, TimeSpan, TypePattern};
pub use receipt::{LogSpan, Receipt, ReceiptStatus, RecordedEvent, Sequence, WrongEventType};
