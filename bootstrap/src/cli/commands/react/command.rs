//! A handler that runs a command for each event.

use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use application::cloud_events;
use application::delivery::without_secrets;
use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, EventSubscriber, Redactor};
use tokio::process::Command;
use tokio::sync::mpsc::UnboundedSender;

use super::process::{self, Ran};
use crate::cli::Failure;
use crate::settings::known::{EVENT_VARIABLES, KEY_VARIABLE};

/// How many letters are kept of what a command says on its standard error: its end.
const TAIL: usize = 2048;

/// Why a command did not handle an event.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("the command `{command}` cannot be run")]
    Run {
        command: String,
        #[source]
        source: io::Error,
    },
    #[error("the command ended with {status}")]
    Ended {
        status: ExitStatus,
        #[source]
        said: Option<Said>,
    },
    #[error("the command did not end within {limit:?} and was killed: --timeout gives it longer")]
    TooLate {
        limit: Duration,
        #[source]
        said: Option<Said>,
    },
}

/// What a command said last.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

/// Runs a command for each event.
pub(super) struct CommandHandler {
    name: String,
    program: OsString,
    arguments: Vec<OsString>,
    limit: Duration,
    redactor: Arc<dyn Redactor>,
    broken: UnboundedSender<Failure>,
    handled: AtomicU64,
    failed: AtomicU64,
}

impl CommandHandler {
    /// Runs the program that the first word names, with the others, for at most `limit` each time.
    /// `broken` is told when no event can be handled any more, whatever it is.
    pub(super) fn new(
        name: String,
        command: Vec<OsString>,
        limit: Duration,
        redactor: Arc<dyn Redactor>,
        broken: UnboundedSender<Failure>,
    ) -> Self {
        let mut words = command.into_iter();
        // The command line does not let an empty command through; the system would say so.
        let program = words.next().unwrap_or_default();
        let (handled, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        let arguments = words.collect();
        Self { name, program, arguments, limit, redactor, broken, handled, failed }
    }

    /// How many events were handled, and how many attempts have failed.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.handled.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    async fn run(&self, event: &Delivery) -> Result<(), CommandError> {
        let mut command = Command::new(&self.program);
        // The key that the record is signed with is none of its business.
        command.env_remove(KEY_VARIABLE);
        command.args(&self.arguments).envs(EVENT_VARIABLES.into_iter().zip([
            event.envelope.event_id.clone(),
            event.envelope.event_type.to_string(),
            event.sequence.to_string(),
            event.attempt().to_string(),
            event.may_be_repeated().to_string(),
        ]));
        let input = cloud_events::write(event) + "\n";
        let ran = process::run(command, input, self.limit).await;
        let Ran { status, said } = ran.map_err(|source| CommandError::Run {
            command: self.program.to_string_lossy().into_owned(),
            source,
        })?;
        match status {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(CommandError::Ended { status, said: self.last_words(&said) }),
            None => Err(CommandError::TooLate { limit: self.limit, said: self.last_words(&said) }),
        }
    }

    /// The end of what the command said. It is cut only once its secrets are out: what is left of one
    /// that was cut through is not known for one.
    fn last_words(&self, said: &str) -> Option<Said> {
        let said = without_secrets(&*self.redactor, said);
        let over = said.chars().count().saturating_sub(TAIL);
        let mut tail: String = said.chars().skip(over).collect();
        if over > 0 {
            // From the next word on: what is left of a mark would be taken for a secret once more.
            let word = tail.find(char::is_whitespace).map_or(0, |space| space + 1);
            tail = format!("…{}", tail.split_at(word).1);
        }
        (!tail.is_empty()).then_some(Said(tail))
    }
}

/// What a command has failed over that is no event's fault, and that another attempt does not mend.
fn beyond_it(error: &CommandError) -> Option<Failure> {
    if stdout_is_closed() {
        return Some(Failure::StdoutClosed);
    }
    let CommandError::Run { command, source } = error else { return None };
    let gone = [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied].contains(&source.kind());
    gone.then(|| {
        Failure::plain(format!(
            "the command `{command}` cannot be run: {source}; mend that, and its event comes again"
        ))
    })
}

/// Whether nobody reads what a command writes any more: its standard output is this program's own.
#[cfg(unix)]
fn stdout_is_closed() -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut stdout = [PollFd::from_borrowed_fd(rustix::stdio::stdout(), PollFlags::empty())];
    let known = poll(&mut stdout, Some(&Timespec::default())).is_ok();
    known && stdout[0].revents().contains(PollFlags::ERR)
}

#[cfg(not(unix))]
fn stdout_is_closed() -> bool {
    false
}

#[async_trait]
impl EventSubscriber for CommandHandler {
    fn name(&self) -> &str {
        &self.name
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        let ran = self.run(event).await;
        if let Err(error) = &ran
            && let Some(failure) = beyond_it(error)
        {
            // Nobody would wait for more if the receiver were gone.
            let _ = self.broken.send(failure);
            // No attempt has failed: the event is to be handed out again, and no other before it.
            return std::future::pending().await;
        }
        let count = if ran.is_ok() { &self.handled } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(ran?)
    }
}
