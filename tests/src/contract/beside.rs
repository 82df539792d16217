//! Several that go on beside each other, so that a promise about them does not depend on how busy
//! the machine is.
//!
//! Deliberately absent: every order there is, which takes a checker of models.

use futures::future::join_all;

/// How several go on at once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Beside {
    /// In turns on one thread: each is begun before any is polled again, whatever else the machine
    /// does.
    InTurns,
    /// Each a task of its own: at the same moment, where there are threads for it.
    AsTasks,
}

impl Beside {
    /// By turns both.
    pub(super) fn of_round(round: u64) -> Self {
        if round.is_multiple_of(2) { Self::InTurns } else { Self::AsTasks }
    }

    /// Lets all of them go on to their ends; what each came to, in their order.
    ///
    /// # Panics
    /// When one of them does.
    pub(super) async fn all<T, F>(self, several: impl IntoIterator<Item = F>) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        match self {
            Self::InTurns => join_all(several).await,
            Self::AsTasks => {
                let tasks: Vec<_> = several.into_iter().map(tokio::spawn).collect();
                let ends = join_all(tasks).await.into_iter().collect::<Result<_, _>>();
                ends.unwrap_or_else(|gone| panic!("all may go on at once: {gone}"))
            }
        }
    }
}
