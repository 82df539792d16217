//! What has happened on a bus, counted: for whoever asks the bus, and for the program's metrics.
//!
//! Metrics go through the facade of the crate `metrics` and cost next to nothing until somebody
//! installs a recorder there, which has to be before the bus is made.
//!
//! Deliberately absent: labels that grow with what is recorded, such as the event's type. What there
//! is of each type, the record itself can be asked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ports::BusCounters;
use metrics::{Counter, Gauge, Histogram, Unit};

/// One count. Nothing is ordered by it, so that counting costs next to nothing.
pub(super) struct Count {
    here: AtomicU64,
    metric: Counter,
}

impl Count {
    fn of(metric: Counter) -> Self {
        Self { here: AtomicU64::new(0), metric }
    }

    /// Counts `more` occurrences.
    pub(super) fn add(&self, more: usize) {
        self.here.fetch_add(more as u64, Ordering::Relaxed);
        self.metric.increment(more as u64);
    }

    fn get(&self) -> u64 {
        self.here.load(Ordering::Relaxed)
    }
}

/// The counts of one bus; each means what the field of [`BusCounters`] means.
pub(super) struct Counts {
    pub(super) recorded: Count,
    pub(super) already_on_record: Count,
    pub(super) refused: Count,
    pub(super) refused_unheard: Count,
    pub(super) handler_failures: Count,
    pub(super) handler_panics: Count,
    pub(super) fallbacks: Count,
    pub(super) lost_to_retention: Count,
    pub(super) measures: Measures,
}

/// What is measured besides.
pub(super) struct Measures {
    emitted: Counter,
    batch: Histogram,
    commit: Histogram,
    queue: Gauge,
}

/// Makes a metric and says what it means.
macro_rules! metric {
    ($kind:ident, $describe:ident, $name:literal, $unit:ident, $what:literal) => {{
        metrics::$describe!($name, Unit::$unit, $what);
        metrics::$kind!($name)
    }};
}

/// A counter of events.
macro_rules! events {
    ($name:literal, $what:literal) => {
        metric!(counter, describe_counter, $name, Count, $what)
    };
}

impl Counts {
    /// Nothing has happened yet. Metrics go to whichever recorder is installed now.
    pub(super) fn new() -> Self {
        Self {
            recorded: Count::of(events!("indelible_events_recorded_total", "Events put on record")),
            already_on_record: Count::of(events!(
                "indelible_events_already_on_record_total",
                "Events emitted again that were on record already"
            )),
            refused: Count::of(events!(
                "indelible_events_refused_total",
                "Events that were not put on record, for whatever reason"
            )),
            refused_unheard: Count::of(events!(
                "indelible_events_refused_unheard_total",
                "Events that were not put on record after their emitter had gone away"
            )),
            handler_failures: Count::of(events!(
                "indelible_handler_failures_total",
                "Events that a live subscriber failed to handle"
            )),
            handler_panics: Count::of(events!(
                "indelible_handler_panics_total",
                "Handlers and predicates that panicked"
            )),
            fallbacks: Count::of(events!(
                "indelible_reader_fallbacks_total",
                "Times a reader fell behind its buffer and went back to the record"
            )),
            lost_to_retention: Count::of(events!(
                "indelible_events_lost_to_retention_total",
                "Events that retention removed before a reader came to them, once for each reader"
            )),
            measures: Measures::new(),
        }
    }

    pub(super) fn snapshot(&self) -> BusCounters {
        BusCounters {
            recorded: self.recorded.get(),
            already_on_record: self.already_on_record.get(),
            refused: self.refused.get(),
            refused_unheard: self.refused_unheard.get(),
            handler_failures: self.handler_failures.get(),
            handler_panics: self.handler_panics.get(),
            fallbacks: self.fallbacks.get(),
            lost_to_retention: self.lost_to_retention.get(),
        }
    }
}

/// How many events wait for one reader. Readers of one name share it, and the last to be told counts.
pub(super) fn waiting_for(reader: &str) -> Gauge {
    const NAME: &str = "indelible_reader_queued_events";
    metrics::describe_gauge!(
        NAME,
        Unit::Count,
        "Events in memory that a subscriber or stream has not taken"
    );
    metrics::gauge!(NAME, "reader" => reader.to_owned())
}

impl Measures {
    fn new() -> Self {
        Self {
            emitted: events!(
                "indelible_events_emitted_total",
                "Events that somebody wanted to have recorded"
            ),
            batch: metric!(
                histogram,
                describe_histogram,
                "indelible_batch_events",
                Count,
                "Events recorded together in one transaction"
            ),
            commit: metric!(
                histogram,
                describe_histogram,
                "indelible_commit_seconds",
                Seconds,
                "How long recording a batch took, until it was on stable storage"
            ),
            queue: metric!(
                gauge,
                describe_gauge,
                "indelible_queued_emits",
                Count,
                "Emits that wait to be recorded, when a batch was last taken"
            ),
        }
    }

    /// Somebody wants so many events recorded.
    pub(super) fn emitted(&self, events: usize) {
        self.emitted.increment(events as u64);
    }

    /// A batch has been recorded.
    #[allow(clippy::cast_precision_loss, reason = "batches are far smaller than that")]
    pub(super) fn committed(&self, events: usize, took: Duration) {
        self.batch.record(events as f64);
        self.commit.record(took.as_secs_f64());
    }

    /// So many emits still wait.
    #[allow(clippy::cast_precision_loss, reason = "no queue is that long")]
    pub(super) fn waiting(&self, emits: usize) {
        self.queue.set(emits as f64);
    }
}
