//! The counterparts of `infrastructure/src/sync.rs`: under them the scheduler of the model decides
//! who runs next, at every place where two tasks meet.
//!
//! What has no waiting in it comes from shuttle. What tasks wait with is tokio's own, since it needs
//! no runtime: each operation is indivisible, as tokio promises, and the others may run before it.
//! So a task that relies on more than tokio promises is found out.
//!
//! Deliberately absent: time. A deadline may pass at any moment.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

pub(crate) use shuttle::sync::atomic::AtomicUsize;
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
pub(crate) use tokio::sync::{Mutex as TurnMutex, OwnedMutexGuard};

/// Lets the others run first, if the scheduler likes.
pub(crate) fn point() {
    shuttle::sync::atomic::AtomicBool::new(false).load(std::sync::atomic::Ordering::SeqCst);
}

/// Gives way once, and can be cancelled here.
pub(crate) async fn yield_now() {
    let mut given_way = false;
    poll_fn(|context| {
        if std::mem::replace(&mut given_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// In the real world it gives way now and then.
pub(crate) async fn consume_budget() {
    yield_now().await;
}

/// The deadline has passed.
pub(crate) struct Elapsed;

/// A deadline that may pass at any moment, but for the longest one, which never does.
pub(crate) async fn timeout<F: Future>(
    deadline: Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    if deadline == Duration::MAX {
        return Ok(future.await);
    }
    let passed = CancellationToken::new();
    let clock = passed.clone();
    shuttle::future::spawn(async move { clock.cancel() });
    tokio::select! {
        biased;
        done = future => Ok(done),
        () = passed.cancelled() => Err(Elapsed),
    }
}

/// A value that is replaced as a whole.
#[derive(Default)]
pub(crate) struct ArcSwap<T>(arc_swap::ArcSwap<T>);

impl<T> ArcSwap<T> {
    pub(crate) fn load(&self) -> arc_swap::Guard<Arc<T>> {
        point();
        self.0.load()
    }

    pub(crate) fn load_full(&self) -> Arc<T> {
        point();
        self.0.load_full()
    }

    pub(crate) fn rcu<N: Into<Arc<T>>>(&self, mut change: impl FnMut(&Arc<T>) -> N) -> Arc<T> {
        point();
        self.0.rcu(|before| {
            let after = change(before);
            // Somebody else may have been quicker; then it is all done again.
            point();
            after
        })
    }
}

/// Tells a task that there is something to do.
pub(crate) struct Notify(tokio::sync::Notify);

/// Waits to be told.
pub(crate) struct Notified<'notify>(Pin<Box<tokio::sync::futures::Notified<'notify>>>);

impl Notify {
    pub(crate) fn new() -> Self {
        Self(tokio::sync::Notify::new())
    }

    pub(crate) fn notify_one(&self) {
        point();
        self.0.notify_one();
    }

    pub(crate) fn notify_waiters(&self) {
        point();
        self.0.notify_waiters();
    }

    pub(crate) fn notified(&self) -> Notified<'_> {
        point();
        Notified(Box::pin(self.0.notified()))
    }
}

impl Default for Notify {
    fn default() -> Self {
        Self::new()
    }
}

impl Notified<'_> {
    pub(crate) fn enable(self: Pin<&mut Self>) -> bool {
        point();
        self.get_mut().0.as_mut().enable()
    }
}

impl Future for Notified<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> Poll<()> {
        point();
        self.get_mut().0.as_mut().poll(context)
    }
}

/// A queue of limited length.
pub(crate) mod mpsc {
    use tokio::sync::mpsc;
    use tokio::sync::mpsc::error::{SendError, TryRecvError};

    use super::{point, poll_fn};

    pub(crate) struct Sender<T>(mpsc::Sender<T>);
    pub(crate) struct Receiver<T>(mpsc::Receiver<T>);

    pub(crate) fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Sender(sender), Receiver(receiver))
    }

    impl<T> Sender<T> {
        pub(crate) async fn send(&self, value: T) -> Result<(), SendError<T>> {
            point();
            let Ok(place) = self.0.reserve().await else { return Err(SendError(value)) };
            // Between having a place and taking it, anything may happen.
            point();
            place.send(value);
            Ok(())
        }
    }

    impl<T> Receiver<T> {
        pub(crate) async fn recv(&mut self) -> Option<T> {
            poll_fn(|context| {
                point();
                self.0.poll_recv(context)
            })
            .await
        }

        pub(crate) fn try_recv(&mut self) -> Result<T, TryRecvError> {
            point();
            self.0.try_recv()
        }

        pub(crate) fn is_closed(&self) -> bool {
            point();
            self.0.is_closed()
        }

        pub(crate) fn len(&self) -> usize {
            self.0.len()
        }

        pub(crate) fn close(&mut self) {
            point();
            self.0.close();
        }
    }
}

/// One answer.
pub(crate) mod oneshot {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::sync::oneshot;
    use tokio::sync::oneshot::error::RecvError;

    use super::point;

    pub(crate) struct Sender<T>(oneshot::Sender<T>);
    pub(crate) struct Receiver<T>(oneshot::Receiver<T>);

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Sender(sender), Receiver(receiver))
    }

    impl<T> Sender<T> {
        pub(crate) fn send(self, value: T) -> Result<(), T> {
            point();
            self.0.send(value)
        }
    }

    impl<T> Future for Receiver<T> {
        type Output = Result<T, RecvError>;

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            point();
            Pin::new(&mut self.0).poll(context)
        }
    }
}

/// Says once and for all that something is to end.
#[derive(Clone)]
pub(crate) struct CancellationToken(tokio_util::sync::CancellationToken);

/// Says so when it is dropped.
pub(crate) struct DropGuard(CancellationToken);

impl CancellationToken {
    pub(crate) fn new() -> Self {
        Self(tokio_util::sync::CancellationToken::new())
    }

    pub(crate) fn cancel(&self) {
        point();
        self.0.cancel();
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        point();
        self.0.is_cancelled()
    }

    pub(crate) async fn cancelled(&self) {
        point();
        self.0.cancelled().await;
    }

    pub(crate) fn drop_guard(self) -> DropGuard {
        DropGuard(self)
    }
}

impl Drop for DropGuard {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Lets go of a task at its next await.
pub(crate) struct AbortHandle(futures::future::AbortHandle);

/// A future, and the means to let go of it.
pub(crate) fn abortable<F: Future>(future: F) -> (futures::future::Abortable<F>, AbortHandle) {
    let (future, handle) = futures::future::abortable(future);
    (future, AbortHandle(handle))
}

impl AbortHandle {
    pub(crate) fn abort(&self) {
        point();
        self.0.abort();
    }
}

/// There is no runtime to be within.
pub(crate) struct Entered;

/// Where tasks run: in the model.
#[derive(Clone)]
pub(crate) struct Handle;

impl Handle {
    #[allow(clippy::unused_self)] // As with tokio's.
    pub(crate) fn enter(&self) -> Entered {
        Entered
    }

    pub(crate) fn current() -> Self {
        Self
    }

    #[allow(clippy::unused_self)] // As with tokio's.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        drop(shuttle::future::spawn(task));
    }
}

/// Waits for tasks to end.
pub(crate) struct TaskTracker(tokio_util::task::TaskTracker);

impl TaskTracker {
    pub(crate) fn new() -> Self {
        Self(tokio_util::task::TaskTracker::new())
    }

    pub(crate) fn spawn_on<F>(&self, task: F, handle: &Handle)
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        point();
        handle.spawn(self.0.track_future(task));
    }

    pub(crate) fn close(&self) {
        point();
        self.0.close();
    }

    pub(crate) async fn wait(&self) {
        point();
        self.0.wait().await;
    }
}
