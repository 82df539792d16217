//! The program's own log, on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::settings::{LogFormat, LogSettings};

/// Starts writing log records. A second start in the same process changes nothing.
pub(crate) fn start(settings: &LogSettings) -> Result<(), Failure> {
    // Whoever asks for every event means to see them, whatever the level is otherwise.
    let events = if settings.events { ",indelible::event=info" } else { "" };
    let directives = format!("{}{events}", settings.level);
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        Failure::Usage(format!("the setting `log.level` cannot be used: {error}"))
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    // Fails only when the process has a subscriber already, which is then the one to keep.
    let _ = match settings.format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    Ok(())
}
