//! Counting what a workload does to the disk, and trying every place at which it can go wrong.

use std::collections::BTreeMap;
use std::env;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indelible_fault_vfs::{Failure, Fault, FaultyDisk, Moment, Operation, Survival};
use tempfile::TempDir;

use super::adapter::{OpenLog, Place, Problem};
use super::breach::{Breach, Found};
use super::case::Case;
use super::ledger::Ledger;
use super::report::Report;
use super::run::{Patience, look, play};
use super::workload::Workload;
use crate::expect::must;

/// After all that happened.
const THE_END: Moment = Moment(usize::MAX);

/// The kinds of faults.
const FAULTS: [(Operation, Failure, bool); 13] = [
    (Operation::Create, Failure::Io, false),
    (Operation::Create, Failure::Io, true),
    (Operation::Write, Failure::Io, false),
    (Operation::Write, Failure::Io, true),
    (Operation::Write, Failure::Full, false),
    (Operation::Write, Failure::Full, true),
    (Operation::Write, Failure::Short, false),
    (Operation::Sync, Failure::Io, false),
    (Operation::Sync, Failure::Io, true),
    (Operation::Truncate, Failure::Io, false),
    (Operation::Truncate, Failure::Io, true),
    (Operation::Delete, Failure::Io, false),
    (Operation::Delete, Failure::Io, true),
];

/// How far a torture goes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it does nothing until it is run"]
pub struct Torture {
    /// Of how many positions one is tried, for each kind of fault. 1 is every one.
    pub stride: usize,
    /// How many draws there are of what a loss of power tears, for each moment.
    pub seeds: u64,
    /// How long anything may take before it counts as hung.
    pub patience: Duration,
    /// One case alone.
    pub only: Option<Case>,
}

impl Default for Torture {
    /// Every position, one draw for each moment, and half a minute of patience.
    fn default() -> Self {
        Self { stride: 1, seeds: 1, patience: Duration::from_secs(30), only: None }
    }
}

impl Torture {
    /// The default, but for what these variables say: `INDELIBLE_FAULTS_STRIDE`,
    /// `INDELIBLE_FAULTS_SEEDS`, and `INDELIBLE_FAULTS_ONLY` for one case by its name.
    ///
    /// # Panics
    /// When one of them cannot be read.
    pub fn from_env() -> Self {
        let default = Self::default();
        Self {
            stride: variable("INDELIBLE_FAULTS_STRIDE").map_or(default.stride, NonZero::get),
            seeds: variable("INDELIBLE_FAULTS_SEEDS").unwrap_or(default.seeds),
            only: variable("INDELIBLE_FAULTS_ONLY"),
            ..default
        }
    }

    /// Runs the workload once to count, and then once for each case.
    pub fn run<M, F>(&self, make: M, workload: &Workload) -> Report
    where
        M: Fn(Place) -> F + Sync,
        F: Future<Output = Result<OpenLog, Problem>>,
    {
        let started = Instant::now();
        let trials = Trials { make: &make, workload, patience: Patience(self.patience) };
        let whole = trials.whole();
        let report = Mutex::new(Report {
            acked: whole.ledger.acked(THE_END).count(),
            changes: whole.disk.now().0,
            ..Report::default()
        });
        let cases = self.only.map_or_else(|| self.cases(&whole), |only| vec![only]);
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                let tried = catch_unwind(AssertUnwindSafe(|| trials.case(&whole, *case)));
                let panicked =
                    || (None, vec![Breach::Other.of("it panicked: see what was printed")]);
                let (recovered, problems) = tried.unwrap_or_else(|_| panicked());
                let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                report.add(*case, recovered, problems);
            }
        };
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
                scope.spawn(work);
            }
        });
        let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
        report.sort();
        report.took = started.elapsed();
        report
    }

    fn cases(&self, whole: &Whole) -> Vec<Case> {
        let mut cases = vec![Case::Nothing];
        for (operation, failure, lasting) in FAULTS {
            let many = whole.counts.get(&operation).copied().unwrap_or_default();
            cases.extend(
                (1..=many)
                    .step_by(self.stride.max(1))
                    .map(|nth| Case::Fault(Fault { operation, nth, failure, lasting })),
            );
        }
        for at in (0..=whole.disk.now().0).step_by(self.stride.max(1)) {
            let draws = (0..self.seeds).map(|draw| at as u64 * 1000 + draw);
            let torn = draws.map(|seed| Survival::Torn { seed });
            let survivals = [Survival::Nothing, Survival::Everything].into_iter().chain(torn);
            cases.extend(survivals.map(|survival| Case::PowerCut { at: Moment(at), survival }));
        }
        cases
    }
}

fn variable<T: FromStr<Err: std::fmt::Display>>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => panic!("{name}: {error}"),
    }
}

/// A run on a disk that works. Every loss of power is one of its moments.
struct Whole {
    folder: TempDir,
    disk: FaultyDisk,
    ledger: Ledger,
    counts: BTreeMap<Operation, usize>,
}

/// What every case has in common.
struct Trials<'a, M> {
    make: &'a M,
    workload: &'a Workload,
    patience: Patience,
}

/// Whether the bus recovered, where that was asked; and what is wrong.
type Outcome = (Option<bool>, Vec<Found>);

impl<M, F> Trials<'_, M>
where
    M: Fn(Place) -> F,
    F: Future<Output = Result<OpenLog, Problem>>,
{
    fn play(&self, disk: &FaultyDisk, folder: &Path) -> Ledger {
        block_on(play(self.make, self.workload, disk, folder, self.patience))
    }

    fn look(&self, ledger: &Ledger, at: Moment, folder: &Path) -> Vec<Found> {
        block_on(look(self.make, ledger, at, folder, self.patience))
    }

    fn whole(&self) -> Whole {
        let (folder, disk) = fresh_disk();
        let ledger = self.play(&disk, folder.path());
        let counts = Operation::ALL.map(|operation| (operation, disk.count(operation))).into();
        Whole { folder, disk, ledger, counts }
    }

    fn case(&self, whole: &Whole, case: Case) -> Outcome {
        match case {
            Case::Nothing => self.nothing(whole),
            Case::Fault(fault) => self.fault(fault),
            Case::PowerCut { at, survival } => {
                let folder = left_behind(&whole.disk, at, survival);
                (None, self.look(&whole.ledger, at, folder.path()))
            }
        }
    }

    fn nothing(&self, whole: &Whole) -> Outcome {
        let mut problems = said(&whole.ledger);
        if whole.disk.now() == Moment(0) {
            let what = "nothing was done on the disk: open files with `Place::vfs`";
            problems.push(Breach::Other.of(what));
        }
        if whole.ledger.recovered != Some(true) {
            let what = "the last event was refused, though nothing failed";
            problems.push(Breach::Unusable.of(what));
        }
        problems.extend(self.look(&whole.ledger, THE_END, whole.folder.path()));
        (whole.ledger.recovered, problems)
    }

    /// A run in which something fails. Then there is a look at what the process left, and at what a
    /// loss of power would have left.
    fn fault(&self, fault: Fault) -> Outcome {
        let (folder, disk) = fresh_disk();
        disk.fail(fault);
        let ledger = self.play(&disk, folder.path());
        let mut problems = said(&ledger);
        if disk.struck() == 0 {
            let why = "the fault was never met: does the workload differ from run to run?";
            problems.push(Breach::Other.of(why));
        }
        let end = disk.now();
        problems.extend(self.look(&ledger, THE_END, folder.path()));
        // Half of the time at the end, half of the time anywhere.
        let seed = fault.nth as u64;
        let (at, known, survival) = if seed.is_multiple_of(2) {
            (end, THE_END, Survival::Nothing)
        } else {
            let at = Moment(fastrand::Rng::with_seed(seed).usize(..=end.0));
            (at, at, Survival::Torn { seed })
        };
        let folder = left_behind(&disk, at, survival);
        let found = self.look(&ledger, known, folder.path());
        let told = |Found { breach, what }| {
            breach.of(format!("with the power lost at {}, {survival}: {what}", at.0))
        };
        problems.extend(found.into_iter().map(told));
        (ledger.recovered, problems)
    }
}

/// What a loss of power leaves behind.
fn left_behind(disk: &FaultyDisk, at: Moment, survival: Survival) -> TempDir {
    let folder = must(tempfile::tempdir());
    must(disk.power_cut(at, survival, folder.path()));
    folder
}

/// What is wrong with what was said in a run.
fn said(ledger: &Ledger) -> Vec<Found> {
    let mut problems = ledger.wrong.clone();
    // After a run that hung nobody knows what subscribers were told.
    if problems.is_empty() {
        problems.extend(ledger.problems_with_what_was_told());
    }
    problems
}

fn fresh_disk() -> (TempDir, FaultyDisk) {
    let folder = must(tempfile::tempdir());
    let disk = must(FaultyDisk::over(folder.path()));
    (folder, disk)
}

/// Runs to the end on one thread, so that a run makes the same operations each time.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    must(tokio::runtime::Builder::new_current_thread().enable_all().build()).block_on(future)
}
