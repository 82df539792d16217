//! How large the parts of the bus are.
//!
//! Deliberately absent: times. The bus waits for nobody but the recorder.

use domain::ports::MAX_REACTION_DEPTH;

/// How large the parts of a [`ReactiveEventBus`](super::ReactiveEventBus) are. A size of 0 counts
/// as 1, but for `recent`.
#[derive(Clone, Debug)]
pub struct BusSettings {
    /// The source of events whose emitter names none, as a URI-reference.
    pub source: String,
    /// How many emits may wait to be recorded; a further one waits for a place. More than the
    /// runtime can count, [`Semaphore::MAX_PERMITS`](tokio::sync::Semaphore::MAX_PERMITS), counts as
    /// that many.
    pub queue_capacity: usize,
    /// How many events are recorded together. One emit is never divided, however many it has.
    pub max_batch: usize,
    /// How many events may wait for a subscriber or stream; of what comes on top, it is told from
    /// the record. A batch is kept whole if nothing else waits.
    pub reader_buffer: usize,
    /// How many reactions may follow from one another; one more is refused.
    pub max_reaction_depth: u32,
    /// How many recorded events are kept for inspection; 0 keeps none.
    pub recent: usize,
}

impl Default for BusSettings {
    fn default() -> Self {
        Self {
            source: "/indelible".to_owned(),
            queue_capacity: 10_000,
            max_batch: 512,
            reader_buffer: 4096,
            max_reaction_depth: MAX_REACTION_DEPTH,
            recent: 256,
        }
    }
}
