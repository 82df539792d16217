//! Asking the record: reading all of an answer page by page, following what is added to it, and the
//! moments that people ask about.
//!
//! Deliberately absent: single questions, for which the port itself is the use case.

mod follow;
mod moment;
mod read_all;

pub use follow::follow;
pub use moment::Moment;
pub use read_all::read_all;
