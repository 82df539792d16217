//! Killing the program, over and over: several processes that record, one that prunes, all of them
//! killed in the middle, and a look at what is left.
//!
//! Deliberately absent: a disk that fails. A process that is killed loses nothing that it has handed
//! to the system; see [`torture`](super::torture) for what takes that away.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use domain::audit::Page;
use domain::{AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditQuery, RecordedEvent};
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, SeaOrmAuditTree, StorageOptions};

use super::processes::{self, Acked, Round};
use super::torture::block_on;
use super::tree;
use super::workload::{event, sealed};
use crate::fakes::ManualClock;

/// Rounds on one record; then a new one is begun, since all of it is read after every round.
const ROUNDS_ON_A_RECORD: usize = 10;

/// Entries from long ago that a record begins with, for `prune` to remove bit by bit.
const OLD: u64 = 6000;

/// How the program is killed.
#[derive(Clone, Debug)]
#[must_use = "nobody is killed until it is run"]
pub struct Killing {
    /// The program.
    pub program: PathBuf,
    /// How often.
    pub rounds: usize,
    /// How many processes record at the same time.
    pub recorders: usize,
    /// What the moments of the kills are drawn from.
    pub seed: u64,
}

/// What came of it, so far or in all.
#[derive(Clone, Debug, Default)]
#[must_use = "a report that nobody reads finds nothing out: look at `violations`"]
pub struct KillReport {
    /// Rounds that are over.
    pub rounds: usize,
    /// Processes that were killed.
    pub killed: usize,
    /// Events that a process printed a receipt for.
    pub acked: usize,
    /// Events found on record, acknowledged or not.
    pub on_record: usize,
    /// Entries that `prune` removed.
    pub pruned: u64,
    /// Every promise that was broken.
    pub violations: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for KillReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, killed, acked, on_record, pruned, violations, took } = self;
        let lost = violations.len();
        writeln!(
            f,
            "{rounds} rounds in {:.0} s: {killed} processes killed, {acked} events acknowledged, \
             {on_record} on record, {pruned} old ones pruned meanwhile; {lost} promises broken",
            took.as_secs_f64()
        )?;
        violations.iter().take(30).try_for_each(|violation| writeln!(f, "{violation}"))
    }
}

/// A record that processes are killed over.
struct Record {
    folder: tempfile::TempDir,
    acked: Vec<Acked>,
    /// How many numbers of events have been given out.
    offered: usize,
    /// Where it began after the last round.
    first: u64,
    /// Entries of this torture that were found, acknowledged or not.
    found: usize,
}

impl Killing {
    /// Set in the environment of whatever is killed, so that a program that is something else as well
    /// knows when it is to be the one that records and prunes.
    pub const MARK: &str = "KILLED_BY_INDELIBLE_TESTS";

    /// Kills the program for so many rounds, and says after each how it stands.
    ///
    /// # Errors
    /// When the program cannot be started, or there is no room for a record.
    pub fn run(&self, mut tell: impl FnMut(&KillReport)) -> std::io::Result<KillReport> {
        let started = Instant::now();
        let mut draw = fastrand::Rng::with_seed(self.seed);
        let mut report = KillReport::default();
        let mut record = None;
        for round in 0..self.rounds {
            let mut on = match record.take() {
                Some(record) if round % ROUNDS_ON_A_RECORD != 0 => record,
                _ => Record::begun_long_ago()?,
            };
            let (enough, recorders) = (draw.usize(1..=400), self.recorders.max(1));
            let killed = Round {
                program: &self.program,
                folder: on.folder.path(),
                recorders,
                first: on.offered,
                enough,
            }
            .run()?;
            on.offered += recorders * processes::OFFERED;
            report.acked += killed.acked.len();
            report.killed += killed.processes;
            on.acked.extend(killed.acked);
            let (first, found) = (on.first, on.found);
            let problems = [killed.problems, block_on(on.look())].concat();
            report.pruned += on.first - first;
            report.on_record += on.found.saturating_sub(found);
            let say = |problem| format!("round {round} with seed {}: {problem}", self.seed);
            report.violations.extend(problems.into_iter().map(say));
            report.rounds += 1;
            report.took = started.elapsed();
            tell(&report);
            record = Some(on);
        }
        Ok(report)
    }
}

impl Record {
    /// A record whose entries are years old.
    fn begun_long_ago() -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let long_ago = DateTime::UNIX_EPOCH + TimeDelta::days(20 * 365);
        block_on(async {
            let (storage, log) = open(folder.path(), long_ago).await?;
            let old: Vec<AuditEntry> =
                (0..OLD).map(|number| AuditEntry::new(old(number))).collect();
            for batch in old.chunks(500) {
                log.append(batch).await.map_err(std::io::Error::other)?;
            }
            storage.close().await;
            Ok::<(), std::io::Error>(())
        })?;
        Ok(Self { folder, acked: Vec::new(), offered: 0, first: 1, found: 0 })
    }

    /// Opens what was left, and says what is wrong with it.
    async fn look(&mut self) -> Vec<String> {
        let (storage, log) = match open(self.folder.path(), DateTime::UNIX_EPOCH).await {
            Ok(opened) => opened,
            Err(error) => return vec![format!("it cannot be opened again: {error}")],
        };
        let mut problems = match log.page(&AuditFilter::default(), Page::first(u32::MAX)).await {
            Err(error) => vec![format!("it cannot be read: {error}")],
            Ok(left) => self.examine(&left),
        };
        match log.inspect().await {
            Err(error) => problems.push(format!("it cannot be inspected: {error}")),
            Ok(inspection) => problems.extend(inspection.facts.into_iter().filter_map(|fact| {
                Some(format!("{}: {} ({})", fact.what, fact.value, fact.problem?))
            })),
        }
        problems.extend(tree::problems(&SeaOrmAuditTree::new(storage.clone())).await);
        storage.close().await;
        problems
    }

    fn examine(&mut self, left: &[RecordedEvent]) -> Vec<String> {
        let Some(first) = left.first().map(|event| event.sequence.0) else {
            return vec!["nothing is left, not even the newest entry".to_owned()];
        };
        let problems = problems(left, self.first, &self.acked, self.offered);
        self.first = first.max(self.first);
        self.found = left.iter().filter(|event| event.sequence.0 > OLD).count();
        problems
    }
}

/// What is wrong with what was left after a kill. `before` is where the record began earlier;
/// events were `offered` up to this number.
fn problems(left: &[RecordedEvent], before: u64, acked: &[Acked], offered: usize) -> Vec<String> {
    let mut problems = Vec::new();
    let first = left.first().map_or(before, |event| event.sequence.0);
    if first < before || first > OLD + 1 {
        problems.push(format!("it begins at {first}, not between {before} and {}", OLD + 1));
    }
    let mut places = std::collections::HashMap::new();
    for (place, recorded) in (first..).zip(left) {
        let (sequence, envelope) = (recorded.sequence.0, &recorded.envelope);
        if sequence != place {
            problems.push(format!("there is a gap: {sequence} follows {}", place - 1));
            break;
        }
        let ours = envelope.event_id.strip_prefix("event-").and_then(|n| n.parse().ok());
        let as_offered = match ours {
            Some(number) => number < offered && *envelope == sealed(event(number)),
            None if sequence <= OLD => *envelope == old(sequence - 1),
            None => envelope.event_type.as_str().starts_with("audit.prune"),
        };
        if !as_offered {
            problems.push(format!("{sequence}, {}, is not what was offered", envelope.event_id));
        }
        if places.insert(envelope.event_id.clone(), sequence).is_some() {
            problems.push(format!("{} is on record twice", envelope.event_id));
        }
    }
    for Acked { event_id, sequence } in acked {
        match places.get(event_id) {
            None => problems.push(format!("{event_id}, acknowledged at {sequence}, is lost")),
            Some(found) if found != sequence => {
                problems.push(format!("{event_id}, acknowledged at {sequence}, is at {found}"));
            }
            Some(_) => {}
        }
    }
    problems
}

/// An entry from long ago.
fn old(number: u64) -> domain::EventEnvelope {
    let mut envelope = sealed(event(0));
    envelope.event_id = format!("old-{number}");
    envelope
}

async fn open(
    folder: &Path,
    now: DateTime<chrono::Utc>,
) -> std::io::Result<(AuditStorage, SeaOrmAuditLog)> {
    let options = StorageOptions::new(processes::file_in(folder));
    let storage = AuditStorage::connect(options).await.map_err(std::io::Error::other)?;
    let log = SeaOrmAuditLog::new(storage.clone(), Arc::new(ManualClock::at(now)));
    Ok((storage, log))
}

#[cfg(test)]
mod tests {
    use domain::{ErasedFields, Sequence};

    use super::*;

    fn at(sequence: u64, envelope: domain::EventEnvelope) -> RecordedEvent {
        RecordedEvent {
            sequence: Sequence(sequence),
            recorded_at: DateTime::UNIX_EPOCH,
            envelope,
            erased: ErasedFields::NONE,
        }
    }

    /// The last two old entries, then two that were offered.
    fn left() -> Vec<RecordedEvent> {
        vec![
            at(OLD - 1, old(OLD - 2)),
            at(OLD, old(OLD - 1)),
            at(OLD + 1, sealed(event(7))),
            at(OLD + 2, sealed(event(8))),
        ]
    }

    fn acked(number: usize, sequence: u64) -> Acked {
        Acked { event_id: format!("event-{number:06}"), sequence }
    }

    #[test]
    fn what_a_kill_may_leave_is_let_through() {
        let acked = [acked(7, OLD + 1)];
        assert_eq!(problems(&left(), 1, &acked, 9), [""; 0], "one is acknowledged, one is not");
        assert_eq!(problems(&left()[2..], 1, &acked, 9), [""; 0], "all the old ones are removed");
    }

    #[test]
    fn what_no_kill_may_leave_is_found() {
        let says = |left: &[RecordedEvent], before, acked: &[Acked], text: &str| {
            let found = problems(left, before, acked, 9);
            assert!(found.iter().any(|problem| problem.contains(text)), "`{text}`: {found:?}");
        };
        says(&left(), 1, &[acked(6, OLD + 1)], "event-000006, acknowledged at 6001, is lost");
        says(&left(), 1, &[acked(7, OLD + 2)], "is at 6001");
        says(&left(), OLD, &[], "it begins at 5999");
        says(&left()[3..], 1, &[], "it begins at 6002");
        says(&[left()[0].clone(), left()[2].clone()], 1, &[], "there is a gap");
        says(&[at(OLD, old(3))], 1, &[], "is not what was offered");
        says(&[at(OLD, sealed(event(9)))], 1, &[], "is not what was offered");
        let mut torn = left();
        torn[3].envelope.details.clear();
        says(&torn, 1, &[], "6002, event-000008, is not what was offered");
        let twice = [at(OLD, sealed(event(7))), at(OLD + 1, sealed(event(7)))];
        says(&twice, 1, &[], "event-000007 is on record twice");
    }

    #[test]
    fn a_report_counts_what_happened_and_shows_what_broke() {
        let report = KillReport {
            rounds: 2,
            killed: 7,
            acked: 90,
            on_record: 95,
            pruned: 4,
            violations: vec!["event 3 is lost".to_owned()],
            took: Duration::from_secs(5),
        };
        assert_eq!(
            report.to_string(),
            "2 rounds in 5 s: 7 processes killed, 90 events acknowledged, 95 on record, 4 old ones \
             pruned meanwhile; 1 promises broken\nevent 3 is lost\n"
        );
    }
}
