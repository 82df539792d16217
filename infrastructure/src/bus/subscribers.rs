//! Calling the handlers: one task per subscriber, so that none can delay or hurt another.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use application::delivery::deliver_span;
use application::panics;
use domain::ports::{Delivery, ShutdownReport};
use domain::{EventSubscriber, QueryError, Subscription};
use futures::FutureExt;
use tracing::Instrument;

use super::front::Front;
use super::inbox::Inbox;
use super::reader::Reader;
use super::shared::Shared;
use crate::sync::{
    AbortHandle, Handle, Mutex, MutexGuard, TaskTracker, abortable, consume_budget, timeout,
};

/// How long a subscriber waits before it asks an unreadable record again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Where a subscriber is kept between two events, so that it can be taken away at once.
type Slot = Arc<Mutex<Option<Arc<dyn EventSubscriber>>>>;

/// The subscribers of a bus.
pub(super) struct Subscribers {
    runtime: Handle,
    tasks: TaskTracker,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    /// By id, and so in the order in which they subscribed.
    running: BTreeMap<u64, Running>,
    abandoned: Vec<String>,
}

struct Running {
    name: String,
    slot: Slot,
    task: AbortHandle,
}

impl Subscribers {
    /// No subscribers yet; their tasks will run on `runtime`.
    pub(super) fn new(runtime: Handle) -> Self {
        Self { runtime, tasks: TaskTracker::new(), state: Mutex::default() }
    }

    /// Waits until every subscriber has finished, and abandons those that have not by then.
    pub(super) async fn finish(&self, deadline: Duration) -> ShutdownReport {
        self.tasks.close();
        let finished = timeout(deadline, self.tasks.wait()).await;
        let late = match finished {
            Ok(()) => BTreeMap::new(),
            Err(_) => std::mem::take(&mut self.lock().running),
        };
        for running in late.values() {
            running.stop();
            tracing::warn!(
                subscriber = running.name,
                "a subscriber did not finish before the deadline; what it missed is on record"
            );
        }
        let mut state = self.lock();
        state.abandoned.extend(late.into_values().map(|running| running.name));
        ShutdownReport { abandoned: state.abandoned.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// Lets go of the subscriber now, and of what it is doing at its next await.
    fn stop(&self) {
        self.task.abort();
        let subscriber = self.slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Outside the lock: its own destructor may do anything.
        drop(subscriber);
    }
}

/// Hands what `reader` reads to `subscriber`, until the guard is dropped or nothing more comes.
pub(super) fn start(
    shared: &Arc<Shared>,
    front: &Arc<Front>,
    reader: Reader,
    subscriber: Arc<dyn EventSubscriber>,
) -> Subscription {
    let inbox = Arc::clone(reader.inbox());
    let slot: Slot = Arc::new(Mutex::new(Some(subscriber)));
    let id = {
        let mut state = shared.subscribers.lock();
        state.last_id += 1;
        state.last_id
    };
    let leave = Leave { shared: Arc::clone(shared), id };
    let (task, handle) = abortable(serve(leave, Arc::clone(front), reader, Arc::clone(&slot)));
    let running = Running { name: inbox.name().to_owned(), slot, task: handle };
    shared.subscribers.lock().running.insert(id, running);
    shared.subscribers.tasks.spawn_on(task, &shared.subscribers.runtime);

    let shared = Arc::downgrade(shared);
    Subscription::new(move || unsubscribe(&shared, id, &inbox))
}

/// Ends a subscription. When the bus and all its tasks have gone, there is nothing left to end.
fn unsubscribe(shared: &Weak<Shared>, id: u64, inbox: &Arc<Inbox>) {
    let Some(shared) = shared.upgrade() else { return };
    // The inbox itself goes with its task.
    inbox.discard();
    let running = shared.subscribers.lock().running.remove(&id);
    if let Some(running) = running {
        running.stop();
    }
}

/// Strikes a subscriber from the list when its task ends, however it ends.
struct Leave {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let running = self.shared.subscribers.lock().running.remove(&self.id);
        drop(running);
    }
}

/// One subscriber's task.
async fn serve(leave: Leave, front: Arc<Front>, mut reader: Reader, slot: Slot) {
    let shared = &leave.shared;
    let name = reader.inbox().name().to_owned();
    let (at_first, at_most) = PAUSES;
    let mut pause = at_first;
    while let Some(next) = reader.next().await {
        match next {
            Ok(batch) => {
                pause = at_first;
                for event in batch.iter().cloned() {
                    // A handler that is always done at once leaves room for other tasks, too.
                    consume_budget().await;
                    let subscriber = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let Some(subscriber) = subscriber else { return };
                    call(shared, &name, &*subscriber, &front.delivery(event)).await;
                }
            }
            // The reader has logged it, and reads on after what was removed.
            Err(QueryError::Removed { .. }) => pause = at_first,
            Err(QueryError::Closed) => tracing::warn!(
                subscriber = name,
                "a subscriber has fallen behind a record that has been closed; it is told no more"
            ),
            Err(error) => {
                tracing::warn!(
                    subscriber = name,
                    error = &error as &dyn std::error::Error,
                    pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                    "the record cannot be read for a subscriber that has fallen behind; \
                     trying again after a pause"
                );
                shared.clock.sleep(pause).await;
                pause = (pause * 2).min(at_most);
            }
        }
    }
}

/// Has one event handled. Whatever comes of it is reported here, once.
async fn call(shared: &Shared, name: &str, subscriber: &dyn EventSubscriber, event: &Delivery) {
    // The call itself stands inside as well: a handler may panic before its first await.
    let span = deliver_span(name, event);
    let handled = AssertUnwindSafe(async { subscriber.handle(event).await }.instrument(span))
        .catch_unwind()
        .await;
    match handled {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            shared.counts.handler_failures.add(1);
            tracing::error!(
                event_id = %event.envelope.event_id,
                sequence = event.sequence.0,
                subscriber = name,
                error = &*error as &dyn std::error::Error,
                "a subscriber failed to handle an event"
            );
        }
        Err(panic) => {
            shared.counts.handler_panics.add(1);
            tracing::error!(
                event_id = %event.envelope.event_id,
                sequence = event.sequence.0,
                subscriber = name,
                panic = panics::message(&*panic),
                "a subscriber panicked over an event"
            );
        }
    }
}
