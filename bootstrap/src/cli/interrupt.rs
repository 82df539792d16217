//! Being asked to stop: Ctrl-C, or the signal a supervisor sends.

use super::Failure;

/// Returns when somebody asks the process to stop.
pub(crate) async fn requested() -> Result<(), Failure> {
    let failed = |error| Failure::because("signals cannot be waited for", error);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
        tokio::select! {
            asked = tokio::signal::ctrl_c() => asked.map_err(failed),
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await.map_err(failed)
    }
}
