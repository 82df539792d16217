//! The scenario kit: boots the real container on a real file, and says what must be on record.
//!
//! ```
//! use indelible::domain::EventDraft;
//! use indelible::domain::events::PlanCreated;
//! use indelible_tests::scenario::{Outcome, TestApp};
//!
//! # #[tokio::main]
//! # async fn main() -> Outcome {
//! let app = TestApp::start().await?;
//! let event = PlanCreated { name: "tidy".into(), goal: "main".into(), automation_profile: None };
//! app.emit(EventDraft::from(event).in_plan("p1")).await?;
//! app.expect::<PlanCreated>().where_plan("p1").on_record().once().await?;
//! # Ok(())
//! # }
//! ```
//!
//! What runs is what runs in production: the same module, the same bus, a file in a temporary
//! folder. The kit stands around the bus as a decorator, and keeps a [`Timeline`]. Nothing sleeps:
//! an expectation waits until the bus says that nothing is under way, and then looks once.
//!
//! An expectation that is not met prints the timeline and the edge that is missing on the event's
//! way: no emitter, refused by the recorder, acknowledged without a row, a subscriber whose filter
//! does not want it, a handler that failed.
//!
//! What is not said to its end checks nothing, so that the compiler complains of it:
//!
//! ```compile_fail
//! #![deny(unused_must_use)]
//! # use indelible::domain::events::PlanCreated;
//! # use indelible_tests::scenario::{Outcome, TestApp};
//! # async fn test(app: TestApp) -> Outcome {
//! app.expect::<PlanCreated>().on_record(); // how often?
//! # Ok(())
//! # }
//! ```
//!
//! - [`TestAppBuilder::with_override`] has a fake play any port, [`TestAppBuilder::at`] holds the
//!   clock, [`TestAppBuilder::given`] loads a [`History`].
//! - [`TestAppBuilder::with_catalogue`] and [`TestAppBuilder::with_product`] boot a product of your
//!   own as they boot this one.
//! - [`TestAppBuilder::with_durable_subscription`] runs one at every start, and
//!   [`TestApp::expect_subscription`] says how it must stand.
//! - [`TestApp::restart`] ends everything and opens the file again; [`TestApp::crash`] has a child
//!   process killed on it.
//!
//! Deliberately absent: a path through production code that only tests take.

mod app;
mod builder;
mod child;
mod conditions;
mod counted;
mod durable;
mod error;
mod expectation;
mod explain;
mod history;
mod narration;
mod observed;
mod refusals;
mod scene;
pub mod timeline;
mod told;

pub use app::TestApp;
pub use builder::TestAppBuilder;
pub use counted::{Counted, Found};
pub use durable::SubscriptionExpectation;
pub use error::{Outcome, ScenarioError};
pub use expectation::Expectation;
pub use history::History;
pub use observed::ObservedBus;
pub use refusals::{Refusals, Refused};
pub use timeline::Timeline;
