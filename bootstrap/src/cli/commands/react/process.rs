//! One run of a command: its input, what it says, and its end.
//!
//! Deliberately absent: events. What is fed to the command and what follows from its end is the
//! handler's.

use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::time::timeout;

/// How many bytes are kept of what a command says on its standard error: its end. More than anybody
/// will read, since secrets are looked for in all of it before it is cut once more.
const HEARD: usize = 64 * 1024;

/// How long the standard error of a command that has ended is listened to, where something that it
/// has left behind keeps it open.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How a run ended.
pub(super) struct Ran {
    /// `None` when it took too long and was killed.
    pub(super) status: Option<ExitStatus>,
    /// The end of what it said on its standard error; it begins with a whole word.
    pub(super) said: String,
}

/// Runs a command with this on its standard input, for at most `limit`; then it is killed, and with it
/// whatever it has started in its process group. So it is when the future is dropped.
///
/// What the command leaves running when it ends by itself is left alone.
pub(super) async fn run(mut command: Command, input: String, limit: Duration) -> io::Result<Ran> {
    command.stdin(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    // A group of its own: whoever interrupts this program on a terminal does not mean the command,
    // which may finish; and what it starts can be killed with it.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    let mut group = Group::of(&child);
    let heard = Arc::<Mutex<Heard>>::default();
    // A task of its own, which goes on after the command has ended: what that has left running may
    // go on writing, and would be killed by a pipe that nobody reads.
    let mut listening = tokio::spawn(listen(stderr, Arc::clone(&heard)));
    let in_time = timeout(limit, ended(&mut child, stdin, input)).await;
    if in_time.is_err() {
        group.kill();
        child.kill().await?;
    }
    group.has_ended();
    let status = in_time.ok().transpose()?;
    // It has all been heard when the pipe is closed; who keeps it open is not waited for.
    let _ = timeout(LAST_WORDS, &mut listening).await;
    let said = heard.lock().unwrap_or_else(PoisonError::into_inner).text();
    Ok(Ran { status, said })
}

/// Feeds a command until it ends.
async fn ended(
    child: &mut Child,
    stdin: Option<ChildStdin>,
    input: String,
) -> io::Result<ExitStatus> {
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A command that does not read its input has no less handled the event.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    // One that has ended is not waited for until what it has left behind reads on.
    match select(pin!(child.wait()), pin!(feed)).await {
        Either::Left((status, _)) => status,
        Either::Right(((), wait)) => wait.await,
    }
}

/// What a command has said, its end.
#[derive(Default)]
struct Heard {
    tail: Vec<u8>,
    cut: bool,
}

impl Heard {
    fn add(&mut self, said: &[u8]) {
        self.tail.extend_from_slice(said);
        let over = self.tail.len().saturating_sub(HEARD);
        self.cut |= over > 0;
        self.tail.drain(..over);
    }

    /// Where the beginning was cut off, it begins with the next line, or word where there is but one
    /// line: what is left of a secret that was cut through is not known for one.
    fn text(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail);
        if self.cut {
            let rest = |at: fn(char) -> bool| text.split_once(at).map(|(_, rest)| rest.trim());
            let whole = rest(|c| c == '\n').or_else(|| rest(char::is_whitespace));
            return whole.unwrap_or_default().to_owned();
        }
        text.trim().to_owned()
    }
}

/// Hands on what a command says, and keeps the end of it.
async fn listen(stderr: Option<ChildStderr>, heard: Arc<Mutex<Heard>>) {
    let Some(mut stderr) = stderr else { return };
    let (mut chunk, mut out) = (vec![0; 8 * 1024], tokio::io::stderr());
    // A pipe that cannot be read has no more to say than one that is closed.
    while let Ok(read @ 1..) = stderr.read(&mut chunk).await {
        heard.lock().unwrap_or_else(PoisonError::into_inner).add(&chunk[..read]);
        // Where it cannot be handed on there is nobody who would miss it.
        let _ = out.write_all(&chunk[..read]).await;
        let _ = out.flush().await;
    }
}

/// A command and what it has started, to be killed together when it is dropped before the command has
/// ended. Afterwards the number may be another's.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(unix)]
    fn kill(&mut self) {
        if let Some(leader) = self.leader {
            // Who is gone already needs no killing.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }

    #[cfg(unix)]
    fn has_ended(&mut self) {
        self.leader = None;
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }

    /// The command itself is killed by its handle.
    #[cfg(not(unix))]
    fn kill(&mut self) {}

    #[cfg(not(unix))]
    fn has_ended(&mut self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_begins_with_a_whole_line_or_word_where_its_beginning_was_cut_off() {
        let heard = |said: &str| {
            let mut heard = Heard::default();
            said.as_bytes().chunks(1000).for_each(|chunk| heard.add(chunk));
            heard.text()
        };
        assert_eq!(heard(" all of it\n"), "all of it");
        let long = "x".repeat(HEARD - 10);
        assert_eq!(heard(&format!("{long} 345678\n")), format!("{long} 345678"), "it just fits");
        assert_eq!(heard(&format!("{long} word\nlast line")), "last line");
        assert_eq!(heard(&format!("{long} last words here")), "last words here");
        assert_eq!(heard(&format!("{long}{long}")), "", "there is no whole word");
        assert!(heard(&"line\n".repeat(HEARD)).len() > HEARD - 10);
    }
}
