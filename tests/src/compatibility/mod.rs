//! Whether what was recorded in the past is read by today's code: [`golden`] keeps rows as they were
//! stored and reads them again, [`schema`] tells which changes of a payload's shape are safe.
//!
//! Both work for any catalogue: a product keeps a folder of its own samples beside its own events.
//!
//! Deliberately absent: the database's own schema, whose steps have tests where they are.

pub mod golden;
pub mod schema;
