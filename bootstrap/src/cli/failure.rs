//! How a command can fail, what is said about it, and with which exit code.

use std::error::Error;
use std::fmt::Write as _;
use std::io;
use std::process::ExitCode;

use domain::ports::QueryError;

use super::Console;
use super::output::harmless;
use crate::settings::SettingsError;
use crate::wiring::StartError;

/// Why a command did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something failed while doing it.
    #[error("{message}")]
    Failed {
        /// What failed.
        message: String,
        /// Why.
        #[source]
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// It was asked for in a way that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The settings make no sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// What was to be recorded or imported is not what it should be.
    #[error("{0}")]
    Input(String),
    /// It could not be found out whether something is what it should be.
    #[error("{message}")]
    Unchecked {
        /// What could not be found out.
        message: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// It could not be found out; why, was said.
    #[error("not known")]
    Unknown,
    /// Something is not what was recorded or signed; what, was said.
    #[error("not what was recorded")]
    Tampered,
    /// Somebody interrupted it; what it had done until then was said.
    #[error("interrupted")]
    Interrupted,
    /// Nobody reads standard output any more.
    #[error("standard output was closed")]
    StdoutClosed,
    /// A failure, and what should be known besides.
    #[error("{failure}")]
    Noted {
        /// The failure.
        failure: Box<Failure>,
        /// What should be known besides.
        note: String,
    },
}

impl Failure {
    /// Something failed: the disk, the database, the system.
    pub const FAILED: u8 = 1;
    /// The arguments or settings make no sense.
    pub const USAGE: u8 = 2;
    /// A record or a proof is not what was recorded or signed.
    pub const TAMPERED: u8 = 1;
    /// Whether it is could not be found out.
    pub const UNCHECKED: u8 = 2;
    /// The input is not what it should be.
    pub const INPUT: u8 = 3;
    /// Interrupted, as a shell reports it: 128 and the signal's number.
    pub const INTERRUPTED: u8 = 130;
    /// Standard output was closed, as a shell reports it.
    pub const STDOUT_CLOSED: u8 = 141;

    /// Something failed for a reason that is an error itself.
    pub fn because(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Failed { message: message.into(), source: Some(source.into()) }
    }

    /// It could not be found out whether something is what it should be.
    pub fn unchecked(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unchecked { message: message.into(), source: source.into() }
    }

    /// Something failed, and the message says all there is to say.
    pub fn plain(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), source: None }
    }

    /// A question to the record was not answered.
    #[must_use]
    pub fn query(error: QueryError) -> Self {
        Self::because("the audit log cannot be read", error)
    }

    /// The input is not what it should be, for a reason that is an error itself.
    #[must_use]
    pub fn bad_input(error: &dyn Error) -> Self {
        Self::Input(with_causes(error))
    }

    /// What failed and why, down to the first cause, in one line.
    pub(super) fn with_causes(&self) -> String {
        with_causes(self)
    }

    /// The application did not start.
    #[must_use]
    pub fn start(error: StartError) -> Self {
        Self::because("the application does not start", error)
    }

    /// Writing a result failed.
    #[must_use]
    pub fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::StdoutClosed;
        }
        Self::because("standard output cannot be written", error)
    }

    /// The same failure, with what should be known besides.
    #[must_use]
    pub fn with_note(self, note: String) -> Self {
        Self::Noted { failure: Box::new(self), note }
    }

    /// What the process leaves with.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Noted { failure, .. } => return failure.exit_code(),
            Self::Failed { .. } => Self::FAILED,
            Self::Usage(_) | Self::Settings(_) => Self::USAGE,
            Self::Unchecked { .. } | Self::Unknown => Self::UNCHECKED,
            Self::Tampered => Self::TAMPERED,
            Self::Input(_) => Self::INPUT,
            Self::Interrupted => Self::INTERRUPTED,
            Self::StdoutClosed => Self::STDOUT_CLOSED,
        })
    }

    /// Says what failed and why, down to the first cause. A reader that went away and a person
    /// who interrupted know already, and a verdict was printed.
    pub fn report(&self, console: &mut Console) {
        if let Self::Noted { failure, note } = self {
            if matches!(**failure, Self::StdoutClosed | Self::Interrupted) {
                return console.explain_line(&format!("{failure}; {note}"));
            }
            failure.report(console);
            return console.explain_line(note);
        }
        let said = matches!(self, Self::Interrupted | Self::Tampered | Self::Unknown);
        if said || matches!(self, Self::StdoutClosed) {
            return;
        }
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let mut text = format!("{red}error:{red:#} {}", harmless(&self.to_string()));
        let mut cause = self.source();
        while let Some(error) = cause {
            let _ = write!(text, "\n  because: {}", harmless(&error.to_string()));
            cause = error.source();
        }
        console.explain_line(&text);
    }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}
