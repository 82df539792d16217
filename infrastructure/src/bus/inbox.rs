//! What waits for one reader: committed batches up to a limit, and beyond it the sequences that the
//! reader has to ask the record for.
//!
//! A subscriber's inbox knows of this bus's events alone. A stream's inbox answers for the whole
//! record from one place on: whatever was not handed over in memory, because it was too much or
//! because another process recorded it, is noted as missed.
//!
//! Deliberately absent: waiting on the bus's side. Handing a batch over is a short lock, whatever
//! the reader is doing.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, PoisonError};

use domain::ports::{StreamProgress, StreamStatus};
use domain::{EventFilter, Sequence};
use metrics::Gauge;

use super::counting::waiting_for;
use super::rest::{Busy, Rest};
use super::shared::{Batch, Shared};
use crate::sync::{Mutex, MutexGuard, Notify};

#[cfg(test)]
mod tests;

/// Sequences that follow one another without a gap.
pub(super) type Span = RangeInclusive<Sequence>;

/// What a reader takes out of its inbox.
pub(super) enum Taken {
    /// Events, in order, after everything taken before.
    Batch(Batch),
    /// Where the events that come next are on record.
    Missed {
        /// At least one span, ascending.
        spans: Vec<Span>,
        /// Whether the reader was too slow for its inbox.
        fell_behind: bool,
    },
}

/// What waits for one reader.
pub(super) struct Inbox {
    name: String,
    capacity: usize,
    /// What waits for this reader, if anything does.
    rest: Option<Arc<Rest>>,
    /// Whether it answers for the whole record, or for this bus's events alone.
    whole_record: bool,
    state: Mutex<State>,
    ready: Notify,
    measured: Gauge,
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
    /// Whether anything is missed because the reader was too slow.
    fell_behind: bool,
    /// Nothing more will come.
    closed: bool,
    /// From the moment something is queued until the reader comes back and finds nothing.
    busy: Option<Busy>,
    /// Of an inbox that answers for the whole record, once it is known.
    part: Option<Part>,
    reading: Reading,
}

/// Which part of the record an inbox answers for: everything after `joint`.
struct Part {
    /// What comes up to here, the reader finds on record.
    joint: Sequence,
    /// What comes up to here has been queued, noted as missed, or is not wanted.
    covered: Sequence,
}

/// How the reader is doing.
struct Reading {
    /// Up to here it has handed everything out, once it has begun.
    through: Option<Sequence>,
    /// It reads from the record.
    catching_up: bool,
    /// It has not yet come to what was recorded since it came.
    in_history: bool,
    fallbacks: u64,
}

/// Where a batch goes.
enum Place {
    Queue,
    Missed,
    /// Nowhere: it was read from the record before it was offered.
    Known,
}

impl Inbox {
    /// An inbox of a stream for at most `capacity` events. One that begins in the past is not slow as
    /// long as it reads what was there.
    pub(super) fn of_stream(
        name: &str,
        capacity: usize,
        filter: EventFilter,
        in_history: bool,
    ) -> Self {
        Self::new(name, capacity, filter, None, in_history)
    }

    /// An inbox of a subscriber for at most `capacity` events. As long as the subscriber has not
    /// handled all that it was handed, it keeps the bus from coming to `rest`.
    pub(super) fn of_subscriber(
        name: &str,
        capacity: usize,
        filter: EventFilter,
        rest: Arc<Rest>,
    ) -> Self {
        Self::new(name, capacity, filter, Some(rest), false)
    }

    fn new(
        name: &str,
        capacity: usize,
        filter: EventFilter,
        rest: Option<Arc<Rest>>,
        in_history: bool,
    ) -> Self {
        let state = State {
            filter: Some(Arc::new(filter)),
            queued: VecDeque::new(),
            events: 0,
            missed: Vec::new(),
            fell_behind: false,
            closed: false,
            busy: None,
            part: None,
            reading: Reading { through: None, catching_up: in_history, in_history, fallbacks: 0 },
        };
        Self {
            name: name.to_owned(),
            capacity,
            whole_record: rest.is_none(),
            rest,
            state: Mutex::new(state),
            ready: Notify::new(),
            measured: waiting_for(name),
        }
    }

    /// The reader's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it answers for the whole record, and so wants to hear of what others add to it.
    pub(super) fn is_of_stream(&self) -> bool {
        self.whole_record
    }

    /// Which events are wanted; `None` once nobody reads any more.
    pub(super) fn filter(&self) -> Option<Arc<EventFilter>> {
        self.lock().filter.clone()
    }

    /// Hands a committed batch over. Called by the sequencer alone, in order.
    pub(super) fn offer(&self, batch: &Batch, shared: &Shared) {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else { return };
        let span = first.sequence..=last.sequence;
        let filter = {
            let mut state = self.lock();
            let Some(filter) = &state.filter else { return };
            if filter.is_all() {
                let kept = Arc::clone(batch);
                self.put(state, &span, kept);
                return;
            }
            let filter = Arc::clone(filter);
            match state.place(&span, self.whole_record) {
                Place::Queue => filter,
                Place::Missed => return self.miss(state, &span),
                Place::Known => return,
            }
        };
        // Predicates run outside the lock: they may call the bus, and even end this subscription.
        let kept: Batch = batch
            .iter()
            .filter(|event| shared.accepts(&filter, event, &self.name))
            .cloned()
            .collect();
        if !kept.is_empty() || self.whole_record {
            self.put(self.lock(), &span, kept);
        }
    }

    /// Queues what is wanted of a batch, or notes the whole batch as missed.
    fn put(&self, mut state: MutexGuard<'_, State>, span: &Span, kept: Batch) {
        if state.filter.is_none() {
            return;
        }
        match state.place(span, self.whole_record) {
            Place::Known => return,
            Place::Missed => return self.miss(state, span),
            Place::Queue if kept.is_empty() => return state.cover(span),
            Place::Queue => {}
        }
        let first = state.queued.is_empty();
        if !first && state.events + kept.len() > self.capacity {
            state.fell_behind |= !state.reading.in_history;
            return self.miss(state, span);
        }
        state.cover(span);
        state.events += kept.len();
        self.measure(state.events);
        state.queued.push_back(kept);
        if state.busy.is_none() {
            state.busy = self.rest.as_ref().map(Rest::begin);
        }
        drop(state);
        if first {
            self.ready.notify_one();
        }
    }

    /// Notes a whole batch as missed.
    fn miss(&self, mut state: MutexGuard<'_, State>, span: &Span) {
        state.miss(span);
        drop(state);
        self.ready.notify_one();
    }

    /// Hears that the record has grown to `newest`, whoever added to it. Called by the sequencer alone,
    /// when it has handed over everything of its own.
    pub(super) fn grow(&self, newest: Sequence) {
        let mut state = self.lock();
        if state.filter.is_none() || !self.whole_record {
            return;
        }
        match &state.part {
            // The reader finds on record what came before.
            None => state.part = Some(Part { joint: newest, covered: newest }),
            Some(part) if part.covered < newest => {
                let span = part.covered.next()..=newest;
                self.miss(state, &span);
            }
            Some(_) => {}
        }
    }

    /// Says from where on the inbox answers for the record: after `end`, an end that was read after
    /// the reader came, unless it has begun earlier.
    pub(super) fn join(&self, end: Sequence) -> Sequence {
        self.lock().part.get_or_insert(Part { joint: end, covered: end }).joint
    }

    /// Notes how far the reader has come on the record.
    pub(super) fn has_read(&self, through: Sequence) {
        self.lock().reading.through = Some(through);
    }

    /// Waits for what comes next; `None` when nothing more will come.
    ///
    /// Once the missed spans are taken, batches are queued again, so that what the reader is about
    /// to ask the record for and what it will find here join without a hole or a repetition.
    pub(super) async fn take(&self) -> Option<Taken> {
        loop {
            {
                let mut state = self.lock();
                state.reading.in_history = false;
                state.reading.catching_up = false;
                if let Some(batch) = state.queued.pop_front() {
                    state.events -= batch.len();
                    self.measure(state.events);
                    if let Some(last) = batch.last() {
                        state.reading.through = Some(last.sequence);
                    }
                    return Some(Taken::Batch(batch));
                }
                if !state.missed.is_empty() {
                    return Some(state.take_missed());
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
        self.measure(0);
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

    #[allow(clippy::cast_precision_loss, reason = "no buffer is that large")]
    fn measure(&self, waiting: usize) {
        self.measured.set(waiting as f64);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Where a batch goes that lies in `span`. It never lies across the end of what is covered, since
    /// a commit is seen whole or not at all.
    fn place(&mut self, span: &Span, whole_record: bool) -> Place {
        if whole_record {
            let before = Sequence(span.start().0.saturating_sub(1));
            let part = self.part.get_or_insert(Part { joint: before, covered: before });
            if *span.end() <= part.covered {
                return Place::Known;
            }
            if before != part.covered {
                // Another process has recorded in between.
                return Place::Missed;
            }
        }
        if self.missed.is_empty() { Place::Queue } else { Place::Missed }
    }

    /// Notes a whole span as missed, in as few spans as possible: only what another process has
    /// recorded in between begins a new one, and that is missed as well where the whole record counts.
    fn miss(&mut self, span: &Span) {
        let (mut first, last) = (*span.start(), *span.end());
        if let Some(part) = &mut self.part {
            first = part.covered.next();
            part.covered = last;
        }
        match self.missed.last_mut() {
            Some(span) if span.end().next() == first => *span = *span.start()..=last,
            _ => self.missed.push(first..=last),
        }
    }

    fn cover(&mut self, span: &Span) {
        if let Some(part) = &mut self.part {
            part.covered = *span.end();
        }
    }

    fn take_missed(&mut self) -> Taken {
        let fell_behind = std::mem::take(&mut self.fell_behind);
        self.reading.fallbacks += u64::from(fell_behind);
        self.reading.catching_up = true;
        if let Some(first) = self.missed.first() {
            self.reading.through = Some(Sequence(first.start().0.saturating_sub(1)));
        }
        Taken::Missed { spans: std::mem::take(&mut self.missed), fell_behind }
    }
}

impl StreamProgress for Inbox {
    fn status(&self) -> StreamStatus {
        let state = self.lock();
        if state.filter.is_none() {
            return StreamStatus::Ended;
        }
        if !state.reading.catching_up && state.missed.is_empty() {
            return StreamStatus::Live;
        }
        let behind = state.part.as_ref().map_or(0, |part| {
            let not_begun = if state.reading.in_history { part.covered } else { part.joint };
            part.covered.0.saturating_sub(state.reading.through.unwrap_or(not_begun).0)
        });
        StreamStatus::CatchingUp { behind }
    }

    fn fallbacks(&self) -> u64 {
        self.lock().reading.fallbacks
    }
}
