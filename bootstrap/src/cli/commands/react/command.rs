//! A handler that runs a command for each event.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use application::cloud_events;
use async_trait::async_trait;
use domain::ports::HandlerError;
use domain::{Delivery, EventSubscriber};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStderr, Command};

use crate::settings::known::EVENT_VARIABLES;

/// How much is kept of what a command says on its standard error: its end.
const TAIL: usize = 2048;

/// Why a command did not handle an event.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error("the command `{command}` cannot be run")]
    Start {
        command: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the command could not be talked to")]
    Talk(#[from] std::io::Error),
    #[error("the command ended with {status}")]
    Ended {
        status: ExitStatus,
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
    handled: AtomicU64,
    failed: AtomicU64,
}

impl CommandHandler {
    /// Runs the program that the first word names, with the others.
    pub(super) fn new(name: String, command: Vec<OsString>) -> Self {
        let mut words = command.into_iter();
        // The command line does not let an empty command through; the system would say so.
        let program = words.next().unwrap_or_default();
        let arguments = words.collect();
        Self { name, program, arguments, handled: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    /// How many events were handled, and how many attempts have failed.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.handled.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    async fn run(&self, event: &Delivery) -> Result<(), CommandError> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(EVENT_VARIABLES.into_iter().zip([
                event.envelope.event_id.clone(),
                event.envelope.event_type.to_string(),
                event.sequence.to_string(),
                event.attempt().to_string(),
                event.may_be_repeated().to_string(),
            ]))
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // Whoever interrupts this program on a terminal does not mean the command, which may finish.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(|source| CommandError::Start {
            command: self.program.to_string_lossy().into_owned(),
            source,
        })?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let feed = async move {
            if let Some(mut stdin) = stdin {
                let line = cloud_events::write(event) + "\n";
                // A command that does not read its input has no less handled the event.
                let _ = stdin.write_all(line.as_bytes()).await;
            }
        };
        let ((), said, status) = tokio::join!(feed, listen(stderr), child.wait());
        let (said, status) = (said?, status?);
        if status.success() {
            return Ok(());
        }
        Err(CommandError::Ended { status, said: (!said.is_empty()).then_some(Said(said)) })
    }
}

/// Hands on what the command says, and keeps the end of it.
async fn listen(stderr: Option<ChildStderr>) -> std::io::Result<String> {
    let Some(mut stderr) = stderr else { return Ok(String::new()) };
    let (mut tail, mut chunk, mut out) = (Vec::new(), vec![0; TAIL], tokio::io::stderr());
    loop {
        let read = stderr.read(&mut chunk).await?;
        if read == 0 {
            break;
        }
        // Where it cannot be handed on there is nobody who would miss it.
        let _ = out.write_all(&chunk[..read]).await;
        tail.extend_from_slice(&chunk[..read]);
        tail.drain(..tail.len().saturating_sub(TAIL));
    }
    let _ = out.flush().await;
    Ok(String::from_utf8_lossy(&tail).trim().to_owned())
}

#[async_trait]
impl EventSubscriber for CommandHandler {
    fn name(&self) -> &str {
        &self.name
    }

    async fn handle(&self, event: &Delivery) -> Result<(), HandlerError> {
        let ran = self.run(event).await;
        let count = if ran.is_ok() { &self.handled } else { &self.failed };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(ran?)
    }
}
