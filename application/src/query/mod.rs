//! Asking the record: reading all of an answer page by page, and following what is added to it.
//!
//! Deliberately absent: single questions, for which the port itself is the use case.

mod follow;
mod read_all;

pub use follow::follow;
pub use read_all::read_all;
