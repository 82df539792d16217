//! Whether the application is fit to be used, and if not, why not and what to do.
//!
//! Deliberately absent: an endpoint that says so, and anything that takes long. The storage itself is
//! examined by [`domain::AuditInspect::inspect`].

mod report;
mod signing;

pub use report::{Condition, Health, Readiness};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use domain::ports::{BusCounters, RecordingFailure};
use domain::subscription::{SubscriptionState, SubscriptionStatus};
use domain::{AuditLog, Clock, EventBus, SubscriptionStore};

use crate::causes::causes;
use crate::proof::SignCheckpoints;
use signing::Signing;

/// How long after a failure to record the application is not ready, unless recording works before.
const FRESH: TimeDelta = TimeDelta::seconds(30);

/// Checks the parts of a running application.
///
/// It is ready only while recording works and no loss is unreconciled; a durable subscription that has
/// halted degrades it.
pub struct CheckHealth {
    bus: Arc<dyn EventBus>,
    log: Arc<dyn AuditLog>,
    subscriptions: Arc<dyn SubscriptionStore>,
    clock: Arc<dyn Clock>,
    signing: Option<Signing>,
    /// Losses that somebody has taken note of.
    reconciled: Losses,
}

/// Two kinds of loss, counted since the bus was made.
#[derive(Default)]
struct Losses {
    /// Events that retention took from a reader.
    to_retention: AtomicU64,
    /// Events that were refused with nobody there to be told.
    unheard: AtomicU64,
}

impl CheckHealth {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        bus: Arc<dyn EventBus>,
        log: Arc<dyn AuditLog>,
        subscriptions: Arc<dyn SubscriptionStore>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { bus, log, subscriptions, clock, signing: None, reconciled: Losses::default() }
    }

    /// Looks also at whether the record is signed: an entry that has waited for longer than `patience`
    /// degrades it, and so does an anchor that cannot be reached. Without patience, nobody is expected to
    /// sign.
    #[must_use]
    pub fn signing(self, checkpoints: SignCheckpoints, patience: Option<Duration>) -> Self {
        // Longer than the calendar is without limit.
        let patience = patience.and_then(|patience| TimeDelta::from_std(patience).ok());
        Self { signing: Some(Signing { checkpoints, patience }), ..self }
    }

    /// How the application fares at this moment. Every condition is listed, also the good ones.
    pub async fn check(&self) -> Health {
        let mut conditions = vec![self.recording(), self.losses(), self.reading().await];
        if let Some(signing) = &self.signing {
            conditions.extend(signing.conditions(&*self.log, self.clock.now()).await);
        }
        conditions.extend(self.subscriptions().await);
        Health { conditions }
    }

    /// Takes note of every loss so far: somebody has looked into them, and they no longer keep the
    /// application from being ready. Returns how many events were lost since it was last called.
    pub fn reconcile_losses(&self) -> u64 {
        let BusCounters { lost_to_retention, refused_unheard, .. } = self.bus.counters();
        let note = |known: &AtomicU64, now: u64| {
            now.saturating_sub(known.fetch_max(now, Ordering::Relaxed))
        };
        note(&self.reconciled.to_retention, lost_to_retention)
            + note(&self.reconciled.unheard, refused_unheard)
    }

    fn recording(&self) -> Condition {
        let condition = self.bus.condition();
        if condition.shut_down {
            return Condition::not_ready(
                "recording",
                "the bus has shut down: start the application again",
            );
        }
        match condition.recording {
            None => Condition::fine("recording", "works, as far as has been tried"),
            Some(RecordingFailure { since, last, events, error }) => {
                let said = causes(&error).join(": ");
                let since = since.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                let found = format!("fails since {since}, {events} events were refused: {said}");
                // Whoever gives events only to what is ready would otherwise never try again.
                if self.clock.now() - last >= FRESH {
                    Condition::degraded("recording", format!("{found}; not tried since"))
                } else {
                    Condition::not_ready("recording", found)
                }
            }
        }
    }

    fn losses(&self) -> Condition {
        let BusCounters { lost_to_retention, refused_unheard, .. } = self.bus.counters();
        let new = |known: &AtomicU64, now: u64| now.saturating_sub(known.load(Ordering::Relaxed));
        let to_retention = new(&self.reconciled.to_retention, lost_to_retention);
        let unheard = new(&self.reconciled.unheard, refused_unheard);
        if to_retention + unheard == 0 {
            return Condition::fine("losses", "none that nobody has taken note of");
        }
        Condition::not_ready(
            "losses",
            format!(
                "{to_retention} events were removed by retention before a reader came to them, and \
                 {unheard} were refused with nobody there to be told: the program's log says which; \
                 see to them, then call `reconcile_losses`"
            ),
        )
    }

    async fn reading(&self) -> Condition {
        match self.log.span().await {
            Ok(span) => Condition::fine("record", format!("{} entries", span.entries)),
            Err(error) => Condition::not_ready("record", causes(&error).join(": ")),
        }
    }

    async fn subscriptions(&self) -> Vec<Condition> {
        match self.subscriptions.all().await {
            Ok(all) => all.iter().map(subscription).collect(),
            Err(error) => vec![Condition::not_ready("subscriptions", causes(&error).join(": "))],
        }
    }
}

/// How one durable subscription fares.
fn subscription(status: &SubscriptionStatus) -> Condition {
    let what = format!("subscription {}", status.name);
    let letters = match status.dead_letters {
        0 => String::new(),
        1 => ", 1 dead letter".to_owned(),
        several => format!(", {several} dead letters"),
    };
    let standing = format!("{} at {}{letters}", status.state.as_str(), status.cursor);
    if status.state != SubscriptionState::Halted {
        return Condition::fine(what, standing);
    }
    let cause = status.failure.as_ref().map_or_else(String::new, |failure| {
        let at = failure.sequence.map_or_else(String::new, |place| format!(" over event {place}"));
        format!("{at}: {}", failure.errors.join(": "))
    });
    let name = &status.name;
    Condition::degraded(
        what,
        format!(
            "{standing}{cause}; mend what it failed over, then `indelible subscriptions resume {name}`"
        ),
    )
}
