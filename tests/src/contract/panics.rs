//! Catching what a trial panics with, and where, without a line of it on the terminal.
//!
//! Deliberately absent: other people's panics. What panics on another task is printed as ever.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Once;
use std::task::Poll;

thread_local! {
    /// While a trial runs on this thread: what was said when something last panicked there.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a future to its end, or to its panic, which is told in words.
pub(super) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, String> {
    listen();
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        // A trial may poll what catches a trial itself: what was there before comes back.
        let before = SAID.replace(Some(String::new()));
        let outcome = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        let said = SAID.replace(before).unwrap_or_default();
        match outcome {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(said)),
        }
    })
    .await
}

/// Has panics on a thread that runs a trial noted instead of printed.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let otherwise = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let noted = SAID.try_with(|said| {
                let mut said = said.borrow_mut();
                let listening = said.is_some();
                if listening {
                    let what = panic.payload_as_str().unwrap_or("a panic without words");
                    let place = panic.location().map(|place| format!(" ({place})"));
                    *said = Some(format!("{what}{}", place.unwrap_or_default()));
                }
                listening
            });
            if !noted.unwrap_or(false) {
                otherwise(panic);
            }
        }));
    });
}
