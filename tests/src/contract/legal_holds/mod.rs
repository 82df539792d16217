//! The promises of legal holds: one suite for every adapter of [`LegalHolds`].
//!
//! Holds that are kept apart from the record, in memory, need one closure, and say so:
//!
//! ```
//! use std::sync::Arc;
//! use domain::AuditLog;
//! use indelible_tests::contract::legal_holds::{BEYOND_THE_PROCESS, WITHIN_THE_RECORD, suite};
//! use indelible_tests::fakes::ManualClock;
//! use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds};
//!
//! # #[tokio::main] async fn main() {
//! let make = |clock: Arc<ManualClock>| async {
//!     let log: Arc<dyn AuditLog> = Arc::new(InMemoryAuditLog::new(clock));
//!     (Arc::clone(&log), InMemoryLegalHolds::new(log))
//! };
//! suite().except(BEYOND_THE_PROCESS).except(WITHIN_THE_RECORD).hold(&make).await;
//! # }
//! ```
//!
//! Others implement [`LegalHoldsMaker`]; see [`OnDisk`](super::shipped::OnDisk).
//!
//! Deliberately absent: what the use case puts on record before it places a hold.

mod covering;
mod keeping;
mod placing;

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use domain::events::{AuditHoldPlaced, AuditHoldReleased};
use domain::ports::LegalHoldError;
use domain::{AuditEntry, AuditFilter, AuditLog, DomainEvent, EventEnvelope, LegalHolds, Sequence};

use super::Suite;
use super::audit_log::{envelope, start};
use super::promise::promises;
use crate::expect::must;
use crate::fakes::ManualClock;

/// A record, and the holds on it.
pub type Held = (Arc<dyn AuditLog>, Arc<dyn LegalHolds>);

/// Makes the holds that the suite tries, with the record that they are about. A closure that makes both
/// is a maker too.
#[async_trait]
pub trait LegalHoldsMaker: Send + Sync + 'static {
    /// An empty record and no holds.
    async fn make(&self, clock: Arc<ManualClock>) -> Held;

    /// What was made last, as the next start of the program would find it. The default is for an adapter
    /// that keeps nothing beyond the process: nothing. What takes a restart to try is then not tried, and
    /// must be left out by name.
    async fn reopen(&self, _: &Held, _: Arc<ManualClock>) -> Option<Held> {
        None
    }

    /// Whether the adapter keeps the record as well, so that whoever removes entries from it is held to
    /// the holds. Where it does not, what takes that to try must be left out by name.
    fn keeps_the_record(&self) -> bool {
        false
    }
}

#[async_trait]
impl<F, R, H> LegalHoldsMaker for F
where
    F: Fn(Arc<ManualClock>) -> R + Send + Sync + 'static,
    R: Future<Output = (Arc<dyn AuditLog>, H)> + Send,
    H: LegalHolds,
{
    async fn make(&self, clock: Arc<ManualClock>) -> Held {
        let (log, holds) = self(clock).await;
        (log, Arc::new(holds))
    }
}

/// The promises that take a restart to try.
pub const BEYOND_THE_PROCESS: &[&str] = &["holds_outlive_a_restart"];

/// The promises of an adapter that keeps the record as well.
pub const WITHIN_THE_RECORD: &[&str] =
    &["what_is_held_is_not_removed", "a_hold_placed_meanwhile_holds_the_rest"];

/// Holds an adapter to every promise of [`LegalHolds`].
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead. And when one
/// could not be tried: see [`BEYOND_THE_PROCESS`] and [`WITHIN_THE_RECORD`].
pub async fn legal_holds(maker: &dyn LegalHoldsMaker) {
    suite().hold(maker).await;
}

/// The promises of [`LegalHolds`].
#[must_use]
pub fn suite() -> Suite<dyn LegalHoldsMaker> {
    Suite::new(
        "legal holds",
        promises![
            /// A hold is in force from when it is placed until it is released, and listed by its id.
            placing::a_hold_is_in_force_until_it_is_released,
            /// A hold that no event on record places or releases is refused.
            placing::a_hold_that_is_not_on_record_is_refused,
            /// A hold is placed once and released once.
            placing::a_hold_is_placed_once_and_released_once,
            /// Holds in force are there after a restart, and released ones are not.
            placing::holds_outlive_a_restart,
            /// Of each hold the oldest entry is told that it covers within what is asked for.
            covering::what_is_held_agrees_with_what_a_hold_covers,
            /// What was released holds nothing.
            covering::a_released_hold_holds_nothing,
            /// No entry that is held is removed, nor any after it, until it is released.
            keeping::what_is_held_is_not_removed,
            /// A hold that is placed between two chunks holds what is still there.
            keeping::a_hold_placed_meanwhile_holds_the_rest,
        ],
    )
}

async fn fresh(maker: &dyn LegalHoldsMaker) -> Held {
    maker.make(Arc::new(ManualClock::at(start()))).await
}

/// Appends an event.
async fn append(log: &dyn AuditLog, envelope: EventEnvelope) -> Sequence {
    must(log.append(&[AuditEntry::new(envelope)]).await)[0].sequence
}

/// An envelope whose id is its own, as it is not to be told from any other otherwise.
fn plain(n: usize) -> EventEnvelope {
    envelope(&format!("plain-{n}"))
}

fn of<E: DomainEvent>(event: E, id: String) -> EventEnvelope {
    EventEnvelope {
        event_type: E::DESCRIPTOR.name(),
        details: must(event.into_details()),
        plan_id: None,
        correlation_id: None,
        user_identity: None,
        actor: None,
        ..envelope(&id)
    }
}

/// Puts on record that a hold is placed, and returns it.
async fn announced(log: &dyn AuditLog, scope: HoldScope) -> LegalHold {
    let count = must(log.span().await).last.map_or(0, |(last, _)| last.0);
    let event = AuditHoldPlaced::sample();
    let id = HoldId(append(log, of(event, format!("placed-after-{count}"))).await);
    LegalHold { id, scope }
}

/// Places a hold as the use case does.
async fn place((log, holds): &Held, scope: HoldScope) -> LegalHold {
    let hold = announced(&**log, scope).await;
    must(holds.place(&hold).await);
    hold
}

/// Puts on record that a hold is released.
async fn announce_release(log: &dyn AuditLog, id: HoldId) {
    let event = AuditHoldReleased { hold: id.0.0, reason: None };
    append(log, of(event, format!("released-{id}"))).await;
}

async fn release((log, holds): &Held, id: HoldId) {
    announce_release(&**log, id).await;
    must(holds.release(id).await);
}

async fn holding(holds: &dyn LegalHolds) -> Vec<HeldEntry> {
    must(holds.holding(&AuditFilter::default(), Sequence(0)..=Sequence(u64::MAX)).await)
}

fn plan(id: &str) -> HoldScope {
    HoldScope::Plan(id.to_owned())
}

#[track_caller]
fn assert_unknown(outcome: Result<(), LegalHoldError>, id: HoldId, what: &str) {
    let unknown = matches!(&outcome, Err(LegalHoldError::Unknown { id: told }) if *told == id);
    assert!(unknown, "{what} must be refused as unknown, not {outcome:?}");
}
