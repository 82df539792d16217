//! What a run of `record` or `import` has achieved so far.

use std::collections::BTreeMap;
use std::time::Instant;

use domain::{EventType, Receipt, ReceiptStatus, Sequence};

/// What a run has achieved so far.
pub(super) struct Outcome {
    started: Instant,
    /// Events per type, whether new or not.
    pub(super) types: BTreeMap<EventType, u64>,
    /// Events this run put on record.
    pub(super) new: u64,
    /// Events that were on record already.
    pub(super) known: u64,
    /// The lowest and the highest sequence of all events of this run.
    pub(super) range: Option<(Sequence, Sequence)>,
    /// The same, of the new ones alone.
    pub(super) new_range: Option<(Sequence, Sequence)>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            types: BTreeMap::new(),
            new: 0,
            known: 0,
            range: None,
            new_range: None,
        }
    }
}

impl Outcome {
    /// Counts an event by its receipt.
    pub(super) fn count(&mut self, receipt: &Receipt, event_type: EventType) {
        *self.types.entry(event_type).or_default() += 1;
        widen(&mut self.range, receipt.sequence);
        match receipt.status {
            ReceiptStatus::AlreadyOnRecord => self.known += 1,
            ReceiptStatus::Recorded => {
                self.new += 1;
                widen(&mut self.new_range, receipt.sequence);
            }
        }
    }

    /// All events of this run that are on record.
    pub(super) fn total(&self) -> u64 {
        self.new + self.known
    }

    /// How long it has taken so far, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// What is on record although the run did not reach its end.
    pub(super) fn standing(&self) -> String {
        match self.range {
            None => "on record before that: nothing of this input".to_owned(),
            Some(range) => format!(
                "on record before that: {} ({}); recording the same input again adds nothing twice",
                events(self.total()),
                sequences(range)
            ),
        }
    }
}

fn widen(range: &mut Option<(Sequence, Sequence)>, sequence: Sequence) {
    let (low, high) = range.unwrap_or((sequence, sequence));
    *range = Some((low.min(sequence), high.max(sequence)));
}

/// A number of events in words.
pub(super) fn events(count: u64) -> String {
    if count == 1 { "1 event".to_owned() } else { format!("{count} events") }
}

/// A range of sequences in words.
pub(super) fn sequences((low, high): (Sequence, Sequence)) -> String {
    if low == high { format!("sequence {low}") } else { format!("sequences {low} to {high}") }
}
