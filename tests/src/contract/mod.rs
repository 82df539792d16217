//! Contract suites: what each port promises, as a list of promises that an adapter is held to.
//!
//! Whoever writes an adapter starts here. Give a suite a closure that makes the adapter, in an
//! ordinary `#[tokio::test]`:
//!
//! ```
//! use indelible_tests::contract;
//! use infrastructure::clock::SystemClock;
//!
//! # #[tokio::main] async fn main() {
//! contract::clock(&|| SystemClock).await;
//! # }
//! ```
//!
//! | port | suite | what it is given |
//! |---|---|---|
//! | `AuditLog` | [`audit_log()`](audit_log::audit_log) | a [maker](audit_log::AuditLogMaker), which says how a log is opened again and shared; a closure, given the clock, for one [in memory](audit_log::BEYOND_THE_PROCESS) |
//! | `AuditErasure` | [`audit_erasure()`](audit_erasure::audit_erasure) | a [maker](audit_erasure::AuditErasureMaker), which makes a log with it; a closure, given the clock, for one [in memory](audit_erasure::BEYOND_THE_PROCESS) |
//! | `AuditTree` | [`audit_tree()`](audit_tree::audit_tree) | a [maker](audit_tree::AuditTreeMaker) of a log and its tree; a closure, given the clock, for those [in memory](audit_tree::BEYOND_THE_PROCESS) |
//! | `SubscriptionStore` | [`subscription_store()`](subscription_store::subscription_store) | a [maker](subscription_store::SubscriptionStoreMaker), which says as well what handlers may change; a closure, given the clock, for one [in memory](subscription_store::BEYOND_THE_PROCESS) and [without a database](subscription_store::EFFECTS) |
//! | `LegalHolds` | [`legal_holds()`](legal_holds::legal_holds) | a [maker](legal_holds::LegalHoldsMaker), which makes the record as well; a closure, given the clock, for [holds in memory](legal_holds::BEYOND_THE_PROCESS) [beside a record](legal_holds::WITHIN_THE_RECORD) |
//! | `EventBus` | [`event_bus()`](event_bus::event_bus) | the clock and the log to read from; or a [maker](event_bus::EventBusMaker) brings its own |
//! | `EventRecorder` | [`event_recorder()`](event_recorder::event_recorder) | the log to record in |
//! | `Redactor` | [`redactor()`](redactor::redactor) | nothing |
//! | `Clock` | [`clock()`](clock::clock) | nothing |
//!
//! A suite tries every promise and fails with the name of each that is broken, its sentence, and
//! what was seen instead. It fails as well where a promise could not be tried, since the maker cannot
//! do what that takes. While you mend one, try it alone; what an adapter cannot keep, and says so, is
//! left out by name, and named when the rest has been tried:
//!
//! ```
//! use indelible_tests::contract;
//! use indelible_tests::fakes::NoRedaction;
//!
//! # #[tokio::main] async fn main() {
//! let suite = contract::redactor::suite();
//! let secret = "a_value_under_a_secret_name_never_survives";
//! let broken = suite.promise(secret).try_on(&|| NoRedaction).await.unwrap_err();
//! assert!(broken.to_string().contains("is broken"));
//!
//! let held = suite.except(contract::redactor::SECRECY).hold(&|| NoRedaction).await;
//! assert!(held.excused.contains(&secret));
//! # }
//! ```
//!
//! Where the inputs are too many to write down, a promise is a property and proptest makes them;
//! `PROPTEST_CASES` says how many, and a failure shows the smallest that breaks it. Whether each
//! promise bites is tested too: `tests/tests/contract_bites/` holds a broken adapter for each.
//!
//! Deliberately absent: a suite for `EventSubscriber`, which promises nothing (it may be slow, fail
//! and panic, and the bus's suite tries that it may), and what takes a failing disk or a killed
//! process to see.

pub mod audit_erasure;
pub mod audit_log;
pub mod audit_tree;
mod beside;
mod cases;
pub mod clock;
pub mod event_bus;
pub mod event_recorder;
pub mod legal_holds;
mod panics;
mod promise;
pub mod redactor;
pub mod shipped;
pub mod subscription_store;

pub use audit_erasure::audit_erasure;
pub use audit_log::audit_log;
pub use audit_tree::audit_tree;
pub use clock::clock;
pub use event_bus::event_bus;
pub use event_recorder::event_recorder;
pub use legal_holds::legal_holds;
pub use promise::{Broken, Held, Promise, Suite, Trial, Tried};
pub use redactor::redactor;
pub use subscription_store::subscription_store;
