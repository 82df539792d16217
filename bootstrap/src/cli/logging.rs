//! The program's own log, on standard error.

use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::settings::{LogFormat, LogSettings, SettingsError};

/// Starts writing log records. A second start in the same process changes nothing.
pub(crate) fn start(settings: &LogSettings) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&settings.level).map_err(|error| {
        Failure::Settings(SettingsError::Malformed {
            name: "log.level".to_owned(),
            origin: "settings".to_owned(),
            problem: format!(
                "{error}; write error, warn, info, debug or trace, or directives such as \
                 `indelible=debug,warn`"
            ),
        })
    })?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only when the process has a subscriber already, which is then the one to keep.
    let _ = match settings.format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().try_init(),
    };
    Ok(())
}
