//! One round: processes that record and one that prunes are started, fed, and killed.
//!
//! Deliberately absent: what must be left afterwards; see `kill`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::kill::Killing;
use super::workload::{event, sealed};

/// Events offered to a process; many more than it records before it is killed.
pub(super) const OFFERED: usize = 20_000;

/// How long a round waits for receipts before it counts as hung.
const PATIENCE: Duration = Duration::from_mins(1);

/// The file of the record in its folder.
pub(super) fn file_in(folder: &Path) -> PathBuf {
    folder.join("audit.db")
}

/// What is done in a round.
pub(super) struct Round<'a> {
    pub(super) program: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) recorders: usize,
    /// The number of the first event that is offered.
    pub(super) first: usize,
    /// After how many receipts everybody is killed.
    pub(super) enough: usize,
}

/// An event that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acked {
    pub(super) event_id: String,
    pub(super) sequence: u64,
}

/// What a round left.
#[derive(Default)]
pub(super) struct Killed {
    pub(super) acked: Vec<Acked>,
    pub(super) processes: usize,
    pub(super) problems: Vec<String>,
}

/// A process that records, what feeds it and what reads its receipts.
struct Recorder {
    child: Child,
    feeding: JoinHandle<()>,
    reading: JoinHandle<Vec<String>>,
}

impl Round<'_> {
    pub(super) fn run(&self) -> std::io::Result<Killed> {
        let (receipt, receipts) = mpsc::channel();
        let mut round = Killed::default();
        let mut recorders = Vec::new();
        let mut pruner = self.start(&["prune", "--older-than-days", "30"])?;
        for place in 0..self.recorders {
            recorders.push(self.recorder(self.first + place * OFFERED, receipt.clone())?);
        }
        drop(receipt);
        let begun = Instant::now();
        for count in 0..self.enough {
            if receipts.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())).is_err() {
                round.problems.push(format!("{count} receipts came, and then no more"));
                break;
            }
        }
        // Whoever ends before it is killed was not asked to, but for a prune that is done.
        round.kill(&mut pruner, "prune", true)?;
        for recorder in &mut recorders {
            round.kill(&mut recorder.child, "record", false)?;
        }
        for Recorder { feeding, reading, .. } in recorders {
            let lines = reading.join().unwrap_or_default();
            round.take_receipts(&lines);
            if feeding.join().is_err() {
                round.problems.push("what feeds a process panicked".to_owned());
            }
        }
        Ok(round)
    }

    /// The program, with nothing of the outside in its environment.
    fn start(&self, args: &[&str]) -> std::io::Result<Child> {
        let mut command = Command::new(self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("INDELIBLE_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .current_dir(self.folder)
            .env("HOME", self.folder)
            .env("XDG_DATA_HOME", self.folder.join("data"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("INDELIBLE_AUDIT_DATABASE_URL", file_in(self.folder))
            .env(Killing::MARK, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
    }

    fn recorder(&self, first: usize, receipt: Sender<()>) -> std::io::Result<Recorder> {
        let mut child = self.start(&["record", "--receipts"])?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let feeding = thread::spawn(move || {
            let Some(mut stdin) = stdin else { return };
            // In small pieces, so that a kill falls into many different moments of many batches.
            for piece in (first..first + OFFERED).step_by(10) {
                let lines: String = (piece..piece + 10).map(line).collect();
                if stdin.write_all(lines.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let reading = thread::spawn(move || {
            let Some(stdout) = stdout else { return Vec::new() };
            let mut lines = Vec::new();
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                lines.push(line);
                // Nobody counts any more once enough have come.
                let _ = receipt.send(());
            }
            lines
        });
        Ok(Recorder { child, feeding, reading })
    }
}

impl Killed {
    fn kill(&mut self, child: &mut Child, what: &str, may_end: bool) -> std::io::Result<()> {
        match child.try_wait()? {
            None => {
                child.kill()?;
                child.wait()?;
                self.processes += 1;
            }
            Some(status) if may_end && status.success() => {}
            Some(status) => {
                let mut said = String::new();
                child.stderr.take().map_or(Ok(0), |mut err| err.read_to_string(&mut said))?;
                self.problems.push(format!("`{what}` ended by itself with {status}: {said}"));
            }
        }
        Ok(())
    }

    /// A line that was cut in the middle can only be a process's last.
    fn take_receipts(&mut self, lines: &[String]) {
        for (place, line) in lines.iter().enumerate() {
            let receipt: Value = serde_json::from_str(line).unwrap_or_default();
            match (receipt["event_id"].as_str(), receipt["sequence"].as_u64()) {
                (Some(id), Some(sequence)) => {
                    self.acked.push(Acked { event_id: id.to_owned(), sequence });
                }
                _ if place + 1 == lines.len() => {}
                _ => self.problems.push(format!("`{line}` is no receipt")),
            }
        }
    }
}

/// The `number`-th event as the program reads it.
fn line(number: usize) -> String {
    let envelope = sealed(event(number));
    let event = json!({
        "specversion": "1.0",
        "id": envelope.event_id,
        "source": envelope.source,
        "type": envelope.event_type.as_str(),
        "time": envelope.occurred_at.to_rfc3339(),
        "planid": envelope.plan_id,
        "data": envelope.details,
    });
    format!("{event}\n")
}
