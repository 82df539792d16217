//! Small words that tests are written in.

use std::fmt::Debug;
use std::time::Duration;

/// How long a test waits for what should happen at once.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for `future`, and fails rather than hangs.
///
/// # Panics
/// When it takes far too long; `what` is named.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let Ok(value) = tokio::time::timeout(PATIENCE, future).await else {
        panic!("{what}: it did not happen within {PATIENCE:?}")
    };
    value
}

/// Waits until something is so that nothing can be awaited for, such as a value being freed.
///
/// # Panics
/// When it takes far too long; `what` is named.
pub async fn eventually(what: &str, holds: impl Fn() -> bool) {
    soon(what, async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// The value of a result that must be one.
///
/// # Panics
/// When it is an error, which is shown.
#[track_caller]
pub fn must<T, E: Debug>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("this must not fail: {error:?}"),
    }
}

/// The error of a result that must be one.
///
/// # Panics
/// When it is a value, which is shown.
#[track_caller]
pub fn must_fail<T: Debug, E>(result: Result<T, E>) -> E {
    match result {
        Ok(value) => panic!("this must fail: {value:?}"),
        Err(error) => error,
    }
}

/// An error and all its causes in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
