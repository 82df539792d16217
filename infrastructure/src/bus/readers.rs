//! Everybody who reads from a bus.
//!
//! Deliberately absent: a lock on the list. It is replaced when somebody comes or goes, so that a filter
//! that is being asked may itself subscribe and unsubscribe.

use std::sync::{Arc, PoisonError, Weak};

use domain::Sequence;

use super::inbox::Inbox;
use super::shared::{Batch, Shared};
use crate::sync::{ArcSwap, Mutex, MutexGuard, Notify};

/// The inboxes of a bus.
#[derive(Default)]
pub(super) struct Readers {
    list: ArcSwap<List>,
    /// Of streams that begin now, those of which nobody knows yet where that is.
    to_join: Mutex<Vec<Weak<Inbox>>>,
    /// Told when the first stream comes and when the last one goes, and when one is to be joined.
    streams_changed: Notify,
}

#[derive(Default, Clone)]
struct List {
    closed: bool,
    inboxes: Vec<Arc<Inbox>>,
    /// How many of them are streams'.
    streams: usize,
}

impl Readers {
    /// Adds a reader; on a bus that has shut down, its inbox is closed instead.
    pub(super) fn add(&self, inbox: &Arc<Inbox>) {
        let before = self.list.rcu(|list| {
            let mut list = List::clone(list);
            list.inboxes.push(Arc::clone(inbox));
            list.streams += usize::from(inbox.is_of_stream());
            list
        });
        if before.closed {
            inbox.close();
        }
        if before.streams == 0 && inbox.is_of_stream() {
            self.streams_changed.notify_one();
        }
    }

    /// Removes a reader.
    pub(super) fn remove(&self, inbox: &Arc<Inbox>) {
        let before = self.list.rcu(|list| {
            let mut list = List::clone(list);
            list.inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
            list.streams = list.inboxes.iter().filter(|other| other.is_of_stream()).count();
            list
        });
        if before.streams == 1 && inbox.is_of_stream() {
            self.streams_changed.notify_one();
        }
        if inbox.is_of_stream() {
            // Under load, nobody may come to join it for long.
            self.lock().retain(|joining| !std::ptr::eq(joining.as_ptr(), Arc::as_ptr(inbox)));
        }
    }

    /// Whether anybody wants to hear of what others add to the record.
    pub(super) fn has_streams(&self) -> bool {
        self.list.load().streams > 0
    }

    /// Has a stream begin with what is recorded from now on. Only where everything of this bus has been
    /// handed on can be said where that is.
    pub(super) fn have_joined(&self, inbox: &Arc<Inbox>) {
        self.lock().push(Arc::downgrade(inbox));
        self.streams_changed.notify_one();
    }

    /// The streams that are to be joined.
    pub(super) fn to_join(&self) -> Vec<Weak<Inbox>> {
        self.lock().clone()
    }

    /// Joins these streams after `end`, which was read after they came.
    pub(super) fn join(&self, streams: &[Weak<Inbox>], end: Sequence) {
        for inbox in streams.iter().filter_map(Weak::upgrade) {
            inbox.join(end);
        }
        self.lock().retain(|inbox| !streams.iter().any(|joined| joined.ptr_eq(inbox)));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Inbox>>> {
        self.to_join.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the first stream comes, the last one goes, or one is to be joined.
    pub(super) async fn streams_changed(&self) {
        self.streams_changed.notified().await;
    }

    /// Tells every stream that the record has grown to `newest`.
    pub(super) fn grow(&self, newest: Sequence) {
        for inbox in &self.list.load_full().inboxes {
            inbox.grow(newest);
        }
    }

    /// Hands a committed batch to every reader.
    pub(super) fn offer(&self, batch: &Batch, shared: &Shared) {
        // In full, not guarded: a filter may run for long, and may itself change the list.
        for inbox in &self.list.load_full().inboxes {
            inbox.offer(batch, shared);
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.list.load().inboxes.len()
    }

    /// Tells every reader that nothing more will come.
    pub(super) fn close(&self) {
        let before = self.list.rcu(|list| List { closed: true, ..List::clone(list) });
        for inbox in &before.inboxes {
            inbox.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::EventFilter;
    use futures::FutureExt as _;

    use super::*;

    fn stream() -> Arc<Inbox> {
        Arc::new(Inbox::of_stream("stream", 1, EventFilter::all(), false))
    }

    #[test]
    fn that_the_first_stream_comes_and_the_last_one_goes_is_told_and_of_no_other_reader() {
        let readers = Readers::default();
        let told = || readers.streams_changed().now_or_never().is_some();
        let subscriber =
            Arc::new(Inbox::of_subscriber("subscriber", 1, EventFilter::all(), Arc::default()));
        let [first, second] = [stream(), stream()];
        readers.add(&subscriber);
        assert!(!told() && !readers.has_streams());
        readers.add(&first);
        assert!(told() && readers.has_streams());
        readers.add(&second);
        readers.remove(&first);
        assert!(!told() && readers.has_streams(), "there is another one");
        readers.remove(&subscriber);
        assert!(!told() && readers.has_streams());
        assert_eq!(readers.count(), 1);
        readers.remove(&second);
        assert!(told() && !readers.has_streams());
        readers.add(&second);
        assert!(told());
        readers.remove(&second);
        assert!(told());
    }

    #[test]
    fn a_stream_that_goes_before_it_is_joined_leaves_nothing_behind() {
        let readers = Readers::default();
        let [first, second] = [(); 2].map(|()| {
            let inbox = stream();
            readers.add(&inbox);
            readers.have_joined(&inbox);
            inbox
        });
        readers.remove(&first);
        let left = readers.to_join();
        assert_eq!(left.len(), 1);
        assert!(Arc::ptr_eq(&left[0].upgrade().unwrap(), &second));
    }
}
