//! What a durable subscription tells those who measure and trace it. Metrics go to whichever recorder
//! is installed when it is begun.
//!
//! Deliberately absent: an exporter, and payloads.

use domain::{Delivery, Sequence, TraceParent};
use metrics::{Counter, Gauge, Unit};
use tracing::Span;
use tracing::field::Empty;

/// The metrics of one subscription, by its name.
#[derive(Clone)]
pub(super) struct Measures {
    handled: Counter,
    retries: Counter,
    dead_letters: Counter,
    lag: Gauge,
}

impl Measures {
    pub(super) fn of(subscription: &str) -> Self {
        const HANDLED: &str = "indelible_subscription_handled_total";
        const RETRIES: &str = "indelible_subscription_retries_total";
        const DEAD: &str = "indelible_subscription_dead_letters_total";
        const LAG: &str = "indelible_subscription_lag_events";
        let name = "subscription";
        let counter = |metric: &'static str, meaning: &'static str| {
            metrics::describe_counter!(metric, Unit::Count, meaning);
            metrics::counter!(metric, name => subscription.to_owned())
        };
        metrics::describe_gauge!(
            LAG,
            Unit::Count,
            "Entries after the place that a durable subscription is known to have come to"
        );
        Self {
            handled: counter(HANDLED, "Events that a durable subscription has handled"),
            retries: counter(RETRIES, "Attempts that failed and are made once more"),
            dead_letters: counter(DEAD, "Events that could not be handled and were set aside"),
            lag: metrics::gauge!(LAG, name => subscription.to_owned()),
        }
    }

    pub(super) fn handled(&self) {
        self.handled.increment(1);
    }

    pub(super) fn tries_again(&self) {
        self.retries.increment(1);
    }

    pub(super) fn dead_letter(&self) {
        self.dead_letters.increment(1);
    }

    /// It has come to `cursor`, and the record goes to `newest`.
    #[allow(clippy::cast_precision_loss, reason = "as exact as a gauge can be")]
    pub(super) fn stands(&self, cursor: Sequence, newest: Sequence) {
        self.lag.set(newest.0.saturating_sub(cursor.0) as f64);
    }
}

/// What the handing over of one event to one subscriber is traced by: the span `deliver`, which names
/// the event and its W3C trace.
#[must_use]
pub fn deliver_span(subscriber: &str, delivery: &Delivery) -> Span {
    let span = tracing::info_span!(
        target: "indelible::trace",
        "deliver",
        subscriber,
        event_id = %delivery.envelope.event_id,
        event_type = delivery.envelope.event_type.as_str(),
        sequence = delivery.sequence.0,
        attempt = delivery.attempt(),
        trace_id = delivery.envelope.trace_id.as_deref(),
        parent_id = Empty,
    );
    if !span.is_disabled() {
        let parent = delivery.envelope.trace_parent();
        span.record("parent_id", parent.as_ref().map(TraceParent::parent_id));
    }
    span
}
