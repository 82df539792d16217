//! A command that is given each checkpoint on its standard input.
//!
//! Deliberately absent: what it does with it, and trying again. The next checkpoint says all that this
//! one said, and more.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::ports::{AnchorError, CheckpointAnchor};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long a command may take. One that hangs must not hold up the end of the program.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many letters of what a command said are repeated.
const SAID: usize = 400;

/// Hands checkpoints to a command of the shell.
#[derive(Debug, Clone)]
pub struct CommandAnchor {
    command: String,
    /// Variables of the environment that are none of its business.
    hidden: Vec<String>,
}

impl CommandAnchor {
    /// Runs this command of the shell for each checkpoint.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), hidden: Vec::new() }
    }

    /// Keeps a variable of the environment from the command: one with a secret in it.
    #[must_use]
    pub fn hiding(mut self, variable: impl Into<String>) -> Self {
        self.hidden.push(variable.into());
        self
    }

    async fn run(&self, note: &str) -> Result<(), AnchorError> {
        let unreachable = |error: std::io::Error| AnchorError::Unreachable {
            anchor: self.name(),
            source: Arc::new(error),
        };
        let mut command = Command::new("sh");
        for variable in &self.hidden {
            command.env_remove(variable);
        }
        let mut child = command
            .args(["-c", &self.command])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(unreachable)?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that does not read its input says by its end whether all is well.
            let _ = stdin.write_all(note.as_bytes()).await;
        }
        let ended = child.wait_with_output().await.map_err(unreachable)?;
        if ended.status.success() {
            return Ok(());
        }
        let said: String =
            String::from_utf8_lossy(&ended.stderr).trim().chars().take(SAID).collect();
        Err(AnchorError::Failed {
            anchor: self.name(),
            said: format!("{}{}{said}", ended.status, if said.is_empty() { "" } else { ": " }),
        })
    }
}

#[async_trait]
impl CheckpointAnchor for CommandAnchor {
    fn name(&self) -> String {
        self.command.clone()
    }

    async fn keep(&self, note: &str) -> Result<(), AnchorError> {
        let late = || AnchorError::Failed {
            anchor: self.name(),
            said: format!("it did not end within {} seconds", PATIENCE.as_secs()),
        };
        tokio::time::timeout(PATIENCE, self.run(note)).await.unwrap_or_else(|_| Err(late()))
    }

    /// Nothing is run: what the command would do with nothing is not known.
    async fn probe(&self) -> Result<(), AnchorError> {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use domain::proof::Origin;

    use super::*;

    #[tokio::test]
    async fn a_command_gets_the_note_and_its_failure_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let anchor = CommandAnchor::new(format!("cat >> '{}'", kept.display()));
        anchor.keep("note\n").await.unwrap();
        anchor.keep("another\n").await.unwrap();
        assert_eq!(std::fs::read_to_string(kept).unwrap(), "note\nanother\n");
        // What it did with them is not for us to read.
        assert_eq!(anchor.recent(&Origin::of_log("log").unwrap()).await.unwrap(), []);

        let error =
            CommandAnchor::new("echo no room >&2; exit 3").keep("note\n").await.unwrap_err();
        assert!(error.to_string().contains("no room"), "{error}");
        // One that reads nothing and ends well has kept it in its own way.
        CommandAnchor::new("true").keep("note\n").await.unwrap();
    }
}
