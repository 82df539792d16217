//! Whether anything is under way on a bus, and waiting until nothing is.
//!
//! One count of everything that is not finished: every emit from its call to its answer, and every
//! subscriber from being handed something to having handled it. A batch is handed on before its
//! emits are answered, and a handler's own emits begin while it is counted, so that the count
//! reaches nought only when there really is nothing left to follow.
//!
//! Deliberately absent: streams. Whoever reads one knows how far it has come.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::sync::{AtomicUsize, Notify};

/// What is under way on one bus.
#[derive(Default)]
pub(super) struct Rest {
    under_way: AtomicUsize,
    reached: Notify,
}

/// Something that is under way until this is dropped.
pub(super) struct Busy(Arc<Rest>);

impl Rest {
    /// Begins something.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        Busy(Arc::clone(self))
    }

    /// Waits for a moment at which nothing is under way.
    pub(super) async fn reached(&self) {
        loop {
            let mut reached = std::pin::pin!(self.reached.notified());
            // Registered before the count is read, so that a moment in between is not missed.
            reached.as_mut().enable();
            if self.under_way.load(Ordering::SeqCst) == 0 {
                return;
            }
            reached.await;
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.under_way.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.reached.notify_waiters();
        }
    }
}
