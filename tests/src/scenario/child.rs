//! A child process that is killed in the middle of its work, and what must be left of it.
//!
//! The child is a test of the same executable, so that a product's own catalogue and wiring are
//! what is killed. It says on its standard output what was acknowledged to it.
//!
//! Deliberately absent: a moment chosen by the clock. The child is killed as soon as so many events
//! have been acknowledged, wherever it then is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use domain::audit::Page;
use domain::{AuditFilter, AuditLog, EventEnvelope, Receipt, Sequence};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

use super::timeline::{Happening, Timeline};
use super::{Outcome, ScenarioError, explain};

/// Tells a child process on which file it works.
const FILE: &str = "INDELIBLE_SCENARIO_CHILD";

/// Begins a line that says what was acknowledged.
const MARK: &str = "acknowledged-by-indelible";

/// The signal that nobody can catch, as POSIX numbers it.
#[cfg(unix)]
const SIGKILL: i32 = 9;

/// How much is read of the record at a time.
const PAGE: u32 = 1000;

/// An event that was acknowledged to a child: its id and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    event_id: String,
    sequence: Sequence,
}

/// The file this process works on as a child; `None` when it is none.
pub(super) fn file_from_parent() -> Option<PathBuf> {
    std::env::var_os(FILE).map(PathBuf::from)
}

/// Tells the parent, where there is one, what was acknowledged.
pub(super) fn tell_parent(receipts: &[Receipt]) {
    if std::env::var_os(FILE).is_none() {
        return;
    }
    let mut lines = String::new();
    for receipt in receipts {
        // As JSON, so that a line that was cut in the middle is no line. Each begins on a line of
        // its own, whatever the test runner has just written.
        let said = json!([receipt.sequence.0, receipt.event_id]);
        let _ = write!(lines, "\n{MARK} {said}\n");
    }
    // When the parent has gone there is nobody left to tell.
    let _ = std::io::stdout().write_all(lines.as_bytes());
    let _ = std::io::stdout().flush();
}

/// Runs a child until so many events have been acknowledged to it, kills it, and returns all that
/// were.
pub(super) async fn killed(
    child: &str,
    file: &Path,
    enough: usize,
    patience: Duration,
) -> Outcome<Vec<Acknowledged>> {
    let executable = std::env::current_exe().map_err(ScenarioError::Process)?;
    let mut process = Command::new(executable)
        .args([child, "--exact", "--nocapture", "--include-ignored", "--test-threads", "1"])
        .env(FILE, file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(ScenarioError::Process)?;
    let missing = || std::io::Error::other("it has no standard output");
    let out = process.stdout.take().ok_or_else(missing).map_err(ScenarioError::Process)?;
    let mut err = process.stderr.take().ok_or_else(missing).map_err(ScenarioError::Process)?;
    let complaints = tokio::spawn(async move {
        let mut text = String::new();
        // What is not text is not a complaint that anyone could read.
        let _ = err.read_to_string(&mut text).await;
        text
    });
    let mut lines = BufReader::new(out).lines();
    let (mut acknowledged, mut said) = (Vec::new(), Vec::new());
    let mut killed = false;
    loop {
        // After the kill, what was written before it is still read to its end.
        let line = match tokio::time::timeout(patience, lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(ScenarioError::Process(error)),
            Err(_) => {
                said.push(format!("nothing more within {patience:?}"));
                break;
            }
        };
        match understand(&line) {
            Some(one) => acknowledged.push(one),
            None if !line.is_empty() => said.push(line),
            None => {}
        }
        if !killed && acknowledged.len() >= enough {
            killed = true;
            process.start_kill().map_err(ScenarioError::Process)?;
        }
    }
    let _ = process.start_kill();
    let status = process.wait().await.map_err(ScenarioError::Process)?;
    if !killed || !by_signal(status) {
        said.push(complaints.await.unwrap_or_default());
        let said = said.join("\n");
        let acknowledged = acknowledged.len();
        return Err(ScenarioError::Child { child: child.to_owned(), acknowledged, said });
    }
    Ok(acknowledged)
}

/// Whether a process was killed, rather than having ended just before.
fn by_signal(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGKILL)
    }
    #[cfg(not(unix))]
    {
        !status.success()
    }
}

/// What a line says was acknowledged. The last line may have been cut by the kill.
fn understand(line: &str) -> Option<Acknowledged> {
    let (sequence, event_id) = serde_json::from_str(line.strip_prefix(MARK)?).ok()?;
    Some(Acknowledged { event_id, sequence: Sequence(sequence) })
}

/// What was acknowledged to the scenario itself.
fn acknowledged_before(timeline: &Timeline) -> Vec<Acknowledged> {
    let mut before = Vec::new();
    for happening in timeline.happenings() {
        let (Happening::Acknowledged { receipts, .. } | Happening::Given { receipts }) = happening
        else {
            continue;
        };
        before.extend(receipts.into_iter().map(|receipt| Acknowledged {
            event_id: receipt.event_id,
            sequence: receipt.sequence,
        }));
    }
    before
}

/// Holds that everything acknowledged is on record once, in its place, and the record gapless.
pub(super) async fn check(
    log: &dyn AuditLog,
    acknowledged: &[Acknowledged],
    timeline: &Timeline,
) -> Outcome {
    let lost =
        |what: String| Err(ScenarioError::NotDurable { what, timeline: explain::titled(timeline) });
    let mut rows: BTreeMap<Sequence, String> = BTreeMap::new();
    let mut ids: BTreeSet<(String, String)> = BTreeSet::new();
    let mut last: Option<Sequence> = None;
    loop {
        let page = Page { after: last, ..Page::first(PAGE) };
        let entries = log.page(&AuditFilter::default(), page).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if last.is_some_and(|last| last.next() != entry.sequence) {
                return lost(format!("there is a gap before {}", entry.sequence));
            }
            last = Some(entry.sequence);
            let EventEnvelope { event_id, source, .. } = entry.envelope;
            if !ids.insert((source, event_id.clone())) {
                return lost(format!("event {event_id} is on record twice"));
            }
            rows.insert(entry.sequence, event_id);
        }
    }
    // What retention has removed is at the start.
    let first = rows.first_key_value().map_or(Sequence::default(), |(first, _)| *first);
    let before = acknowledged_before(timeline);
    for one in before.iter().filter(|one| one.sequence >= first).chain(acknowledged) {
        let there = rows.get(&one.sequence);
        if there != Some(&one.event_id) {
            return lost(format!(
                "event {} was acknowledged as {}, where there is {}",
                one.event_id,
                one.sequence,
                there.map_or("nothing", String::as_str)
            ));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn only_a_process_that_a_signal_ended_counts_as_killed() {
        assert!(by_signal(ExitStatus::from_raw(SIGKILL)));
        for ended in [0, 1 << 8, 9 << 8] {
            assert!(!by_signal(ExitStatus::from_raw(ended)), "exit code {}", ended >> 8);
        }
    }
}
