//! What waits for one reader: committed batches up to a limit, and beyond it the sequences that the
//! reader has to ask the record for.
//!
//! Deliberately absent: waiting on the bus's side. Handing a batch over is a short lock, whatever
//! the reader is doing.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};

use domain::{EventFilter, Sequence};

use super::rest::{Busy, Rest};
use super::shared::{Batch, Shared};
use crate::sync::{Mutex, MutexGuard, Notify};

/// Sequences of this bus's events that follow one another without a gap.
pub(super) type Span = RangeInclusive<Sequence>;

/// What a reader takes out of its inbox.
pub(super) enum Taken {
    /// Events, in order, after everything taken before.
    Batch(Batch),
    /// Where the events that come next are on record: at least one span, ascending.
    Missed(Vec<Span>),
}

/// What waits for one reader.
pub(super) struct Inbox {
    name: String,
    capacity: usize,
    /// What waits for this reader, if anything does.
    rest: Option<Arc<Rest>>,
    state: Mutex<State>,
    ready: Notify,
}

/// Everything in `queued` comes before everything in `missed`: while anything is missed, nothing is
/// queued.
struct State {
    /// Which events are wanted; `None` once nobody reads any more.
    filter: Option<Arc<EventFilter>>,
    queued: VecDeque<Batch>,
    /// How many events there are in `queued`.
    events: usize,
    missed: Vec<Span>,
    /// Nothing more will come.
    closed: bool,
    /// From the moment something is queued until the reader comes back and finds nothing.
    busy: Option<Busy>,
}

impl Inbox {
    /// An inbox of a stream for at most `capacity` events.
    pub(super) fn of_stream(name: &str, capacity: usize, filter: EventFilter) -> Self {
        Self::new(name, capacity, filter, None)
    }

    /// An inbox of a subscriber for at most `capacity` events. As long as the subscriber has not
    /// handled all that it was handed, it keeps the bus from coming to `rest`.
    pub(super) fn of_subscriber(
        name: &str,
        capacity: usize,
        filter: EventFilter,
        rest: Arc<Rest>,
    ) -> Self {
        Self::new(name, capacity, filter, Some(rest))
    }

    fn new(name: &str, capacity: usize, filter: EventFilter, rest: Option<Arc<Rest>>) -> Self {
        let state = State {
            filter: Some(Arc::new(filter)),
            queued: VecDeque::new(),
            events: 0,
            missed: Vec::new(),
            closed: false,
            busy: None,
        };
        Self {
            name: name.to_owned(),
            capacity,
            rest,
            state: Mutex::new(state),
            ready: Notify::new(),
        }
    }

    /// The reader's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Which events are wanted; `None` once nobody reads any more.
    pub(super) fn filter(&self) -> Option<Arc<EventFilter>> {
        self.lock().filter.clone()
    }

    /// Hands a committed batch over. Called by the sequencer alone, in order.
    pub(super) fn offer(&self, batch: &Batch, shared: &Shared) {
        let wanted = {
            let mut state = self.lock();
            let Some(filter) = &state.filter else { return };
            if !state.missed.is_empty() {
                state.miss(batch);
                return;
            }
            if filter.is_all() { None } else { Some(Arc::clone(filter)) }
        };
        // Predicates run outside the lock: they may call the bus, and even end this subscription.
        let kept = match wanted {
            None => Arc::clone(batch),
            Some(filter) => batch
                .iter()
                .filter(|event| shared.accepts(&filter, event, &self.name))
                .cloned()
                .collect(),
        };
        if !kept.is_empty() {
            self.put(batch, kept);
        }
    }

    /// Queues what is wanted of a batch, or notes the whole batch as missed.
    fn put(&self, batch: &Batch, kept: Batch) {
        let mut state = self.lock();
        if state.filter.is_none() {
            return;
        }
        let first = state.queued.is_empty();
        if !first && state.events + kept.len() > self.capacity {
            // The reader has something to do already, so it need not be woken.
            state.miss(batch);
            return;
        }
        state.events += kept.len();
        state.queued.push_back(kept);
        if state.busy.is_none() {
            state.busy = self.rest.as_ref().map(Rest::begin);
        }
        drop(state);
        if first {
            self.ready.notify_one();
        }
    }

    /// Waits for what comes next; `None` when nothing more will come.
    ///
    /// Once the missed spans are taken, batches are queued again, so that what the reader is about
    /// to ask the record for and what it will find here join without a hole or a repetition.
    pub(super) async fn take(&self) -> Option<Taken> {
        loop {
            {
                let mut state = self.lock();
                if let Some(batch) = state.queued.pop_front() {
                    state.events -= batch.len();
                    return Some(Taken::Batch(batch));
                }
                if !state.missed.is_empty() {
                    return Some(Taken::Missed(std::mem::take(&mut state.missed)));
                }
                // All that was taken before has been handled: otherwise the reader were not here.
                state.busy = None;
                if state.closed {
                    return None;
                }
            }
            self.ready.notified().await;
        }
    }

    /// Says that nothing more will come; what waits can still be taken.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_one();
    }

    /// Forgets everything, the filter as well: nobody reads any more.
    pub(super) fn discard(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.events = 0;
        let forgotten = (
            state.filter.take(),
            std::mem::take(&mut state.queued),
            std::mem::take(&mut state.missed),
            state.busy.take(),
        );
        // Outside the lock: what a filter has captured may do anything when it is dropped.
        drop(state);
        drop(forgotten);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Notes a whole batch as missed, in as few spans as possible: only what another process has
    /// recorded in between begins a new one.
    fn miss(&mut self, batch: &Batch) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return };
        let (first, last) = (first.sequence, last.sequence);
        match self.missed.last_mut() {
            Some(span) if span.end().next() == first => *span = *span.start()..=last,
            _ => self.missed.push(first..=last),
        }
    }
}
