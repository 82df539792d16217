//! One run of a workload over a disk, through the bus and its recorder; and a look at what is left.
//!
//! Deliberately absent: several things at a time. A run has a runtime of one thread and a clock that
//! stands still, so that it makes the same operations each time.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::audit::Page;
use domain::{
    AuditEntry, AuditFilter, AuditLog, EventBus, EventDraft, EventFilter, ReceiptStatus, Sequence,
    Subscription,
};
use futures::future::join_all;
use indelible_fault_vfs::{FaultyDisk, Moment};
use infrastructure::bus::{BusSettings, ReactiveEventBus};

use super::adapter::{OpenLog, Place, Problem};
use super::breach::{Breach, Found};
use super::check;
use super::ledger::{Emission, Ledger, Pruning};
use super::tree;
use super::workload::{Step, Workload, event, moment, sealed};
use crate::expect::chain;
use crate::fakes::{ManualClock, Probe, plain_recorder};
use crate::stage::all_types;

/// Something never came back.
struct Hung(&'static str, Duration);

impl fmt::Display for Hung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} did not end within {:?}: it hangs", self.0, self.1)
    }
}

/// How long anything may take before it counts as hung.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience(pub(super) Duration);

impl Patience {
    async fn wait<T>(self, what: &'static str, future: impl Future<Output = T>) -> Result<T, Hung> {
        tokio::time::timeout(self.0, future).await.map_err(|_| Hung(what, self.0))
    }
}

/// A bus over a log that is open.
struct Session {
    bus: ReactiveEventBus,
    open: OpenLog,
    probe: Arc<Probe>,
    subscription: Subscription,
}

struct Run<'a, M> {
    make: &'a M,
    disk: &'a FaultyDisk,
    patience: Patience,
    place: Place,
    clock: Arc<ManualClock>,
    session: Option<Session>,
    next: usize,
    ledger: Ledger,
}

/// Does a workload in a folder that `disk` watches, and returns what was said meanwhile.
pub(super) async fn play<M, F>(
    make: &M,
    workload: &Workload,
    disk: &FaultyDisk,
    folder: &Path,
    patience: Patience,
) -> Ledger
where
    M: Fn(Place) -> F,
    F: Future<Output = Result<OpenLog, Problem>>,
{
    let clock = Arc::new(ManualClock::at(moment(0)));
    let place = Place {
        folder: folder.to_owned(),
        vfs: Some(FaultyDisk::VFS),
        clock: Arc::clone(&clock) as _,
    };
    let (ledger, session) = (Ledger::default(), None);
    let mut run = Run { make, disk, patience, place, clock, session, next: 0, ledger };
    if let Err(hung) = run.all(workload).await {
        run.ledger.wrong.push(Breach::Hung.of(hung.to_string()));
    }
    run.ledger
}

impl<M, F> Run<'_, M>
where
    M: Fn(Place) -> F,
    F: Future<Output = Result<OpenLog, Problem>>,
{
    async fn all(&mut self, workload: &Workload) -> Result<(), Hung> {
        for (number, step) in workload.steps.iter().enumerate() {
            self.ensure_open().await?;
            match *step {
                Step::Emit { emits, events } => self.emit(emits, events).await?,
                Step::Prune { keep } => self.prune(keep).await?,
                Step::Housekeep => {
                    if let Some(keep) = self.session.as_ref().and_then(|s| s.open.keep.as_ref()) {
                        self.patience.wait("housekeeping", keep()).await?;
                    }
                }
                Step::Checkpoint => self.checkpoint().await?,
                Step::Reopen => self.close().await?,
            }
            self.clock.advance(moment(number + 1) - moment(number));
        }
        self.ensure_open().await?;
        self.emit(1, 1).await?;
        self.ledger.recovered =
            Some(self.ledger.emissions.last().is_some_and(|last| last.answer.is_some()));
        self.close().await
    }

    /// Opens the log where it is not. It may refuse, out loud; it is asked again at the next step.
    async fn ensure_open(&mut self) -> Result<(), Hung> {
        if self.session.is_some() {
            return Ok(());
        }
        let open = match self.patience.wait("opening", (self.make)(self.place.clone())).await? {
            Ok(open) => open,
            Err(error) => {
                tracing::debug!(error = &*error, "the log was not opened");
                return Ok(());
            }
        };
        let clock = Arc::clone(&self.place.clock);
        let bus = ReactiveEventBus::new(BusSettings::default(), clock, Arc::clone(&open.log));
        bus.attach_recorder(&all_types(), plain_recorder(Arc::clone(&open.log)));
        let probe = Arc::new(Probe::new("torture"));
        let subscription = bus.subscribe(EventFilter::all(), Arc::clone(&probe) as _);
        self.session = Some(Session { bus, open, probe, subscription });
        Ok(())
    }

    /// Emits at the same time. Each that is refused is emitted once more, as an emitter would.
    async fn emit(&mut self, emits: usize, events: usize) -> Result<(), Hung> {
        let first = self.next;
        self.next += emits * events;
        // A log that did not open takes nothing.
        let Some(session) = &self.session else { return Ok(()) };
        let (bus, disk) = (&session.bus, self.disk);
        let emissions = (0..emits).map(|place| async move {
            let from = first + place * events;
            let drafts: Vec<EventDraft> = (from..from + events).map(event).collect();
            let begun = disk.now();
            let mut answer = bus.emit_batch(drafts.clone()).await;
            if answer.is_err() {
                answer = bus.emit_batch(drafts.clone()).await;
            }
            let events = drafts.into_iter().map(sealed).collect();
            Emission { events, begun, answer: answer.ok().map(|receipts| (disk.now(), receipts)) }
        });
        let emissions = self.patience.wait("emitting", join_all(emissions)).await?;
        self.ledger.emissions.extend(emissions);
        Ok(())
    }

    async fn prune(&mut self, keep: u64) -> Result<(), Hung> {
        let newest = self.ledger.acked(Moment(usize::MAX)).map(|(_, receipt)| receipt.sequence.0);
        let through = newest.max().unwrap_or_default().saturating_sub(keep);
        let Some(session) = &self.session else { return Ok(()) };
        let begun = self.disk.now();
        let removal = session.open.log.remove_oldest(Sequence(through), u32::MAX);
        let answer = self
            .patience
            .wait("removing the oldest", removal)
            .await?
            .ok()
            .map(|removed| (self.disk.now(), removed.map_or(0, |prefix| prefix.through.0)));
        self.ledger.prunings.push(Pruning { through, begun, answer });
        Ok(())
    }

    async fn checkpoint(&mut self) -> Result<(), Hung> {
        let Some(tree) = self.session.as_ref().and_then(|s| s.open.tree.as_ref()) else {
            return Ok(());
        };
        let keeping = tree::checkpoint(&**tree, &*self.clock);
        match self.patience.wait("keeping a checkpoint", keeping).await? {
            Ok(kept) => self.ledger.checkpoints.push((self.disk.now(), kept)),
            Err(error) => tracing::debug!(%error, "no checkpoint was kept"),
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<(), Hung> {
        let Some(Session { bus, open, probe, subscription }) = self.session.take() else {
            return Ok(());
        };
        let report = self.patience.wait("shutting down", bus.shutdown(self.patience.0 / 2)).await?;
        if !report.abandoned.is_empty() {
            let what = format!("the bus abandoned {:?}", report.abandoned);
            self.ledger.wrong.push(Breach::Hung.of(what));
        }
        self.ledger.told.extend(probe.events());
        drop((subscription, bus));
        self.patience.wait("closing", open.close()).await
    }
}

/// Opens what is left in a folder, as the next start of the program would, on SQLite's own VFS, and
/// says what is wrong with it.
pub(super) async fn look<M, F>(
    make: &M,
    ledger: &Ledger,
    at: Moment,
    folder: &Path,
    patience: Patience,
) -> Vec<Found>
where
    M: Fn(Place) -> F,
    F: Future<Output = Result<OpenLog, Problem>>,
{
    let clock = Arc::new(ManualClock::at(moment(1000)));
    let place = Place { folder: folder.to_owned(), vfs: None, clock };
    let all = async {
        let open = match make(place).await {
            Ok(open) => open,
            Err(error) => {
                return vec![unusable(format!("it cannot be opened again: {}", chain(&*error)))];
            }
        };
        let mut problems = Vec::new();
        if let Some(tree) = &open.tree {
            problems.extend(tree::lost(&**tree, ledger, at).await.into_iter().map(lost));
            problems.extend(tree::problems(&**tree).await.into_iter().map(another_tree));
        }
        problems.extend(examine(&*open.log, ledger, at).await);
        if let (Some(tree), Ok(span)) = (&open.tree, open.log.span().await) {
            let newest = span.last.map_or(Sequence(0), |(newest, _)| newest);
            let grown = tree::grows_to(&**tree, newest).await;
            problems.extend(grown.into_iter().map(another_tree));
        }
        open.close().await;
        problems
    };
    match patience.wait("looking at what is left", all).await {
        Ok(problems) => problems,
        Err(hung) => vec![Breach::Hung.of(hung.to_string())],
    }
}

async fn examine(log: &dyn AuditLog, ledger: &Ledger, at: Moment) -> Vec<Found> {
    let left = match log.page(&AuditFilter::default(), Page::first(u32::MAX)).await {
        Ok(left) => left,
        Err(error) => return vec![unusable(format!("it cannot be read: {}", chain(&error)))],
    };
    let mut problems = check::problems(ledger, at, &left);
    match log.inspect().await {
        Ok(inspection) => problems.extend(inspection.facts.into_iter().filter_map(|fact| {
            let problem = fact.problem?;
            Some(unusable(format!("{}: {} ({problem})", fact.what, fact.value)))
        })),
        Err(error) => problems.push(unusable(format!("it cannot be inspected: {}", chain(&error)))),
    }
    // And it goes on where it ended.
    let next = left.last().map_or(ledger.starts(at)[0], |event| event.sequence.0 + 1);
    let more = AuditEntry::new(sealed(event(999_999)));
    match log.append(&[more]).await.as_deref() {
        Ok([receipt])
            if receipt.status == ReceiptStatus::Recorded
                && (receipt.sequence.0 == next || left.is_empty()) => {}
        Ok(receipts) => {
            problems.push(Breach::Gap.of(format!("a new event did not get {next}: {receipts:?}")));
        }
        Err(error) => {
            problems.push(unusable(format!("it takes no new event: {}", chain(error))));
        }
    }
    problems
}

fn unusable(what: String) -> Found {
    Breach::Unusable.of(what)
}

fn lost(what: String) -> Found {
    Breach::Lost.of(what)
}

fn another_tree(what: String) -> Found {
    Breach::Tree.of(what)
}
