//! Everybody who reads from a bus.
//!
//! Deliberately absent: a lock. The list is replaced when somebody comes or goes, so that a filter
//! that is being asked may itself subscribe and unsubscribe.

use std::sync::Arc;

use super::inbox::Inbox;
use super::shared::{Batch, Shared};
use crate::sync::ArcSwap;

/// The inboxes of a bus.
#[derive(Default)]
pub(super) struct Readers {
    list: ArcSwap<List>,
}

#[derive(Default, Clone)]
struct List {
    closed: bool,
    inboxes: Vec<Arc<Inbox>>,
}

impl Readers {
    /// Adds a reader; on a bus that has shut down, its inbox is closed instead.
    pub(super) fn add(&self, inbox: &Arc<Inbox>) {
        let before = self.list.rcu(|list| {
            let mut list = List::clone(list);
            list.inboxes.push(Arc::clone(inbox));
            list
        });
        if before.closed {
            inbox.close();
        }
    }

    /// Removes a reader.
    pub(super) fn remove(&self, inbox: &Arc<Inbox>) {
        self.list.rcu(|list| {
            let mut list = List::clone(list);
            list.inboxes.retain(|other| !Arc::ptr_eq(other, inbox));
            list
        });
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
        let before = self.list.rcu(|list| List { closed: true, inboxes: list.inboxes.clone() });
        for inbox in &before.inboxes {
            inbox.close();
        }
    }
}
