//! `prune`: removes what is older than the retention rules keep.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use application::PruneAuditLog;
use application::retention::{PruneError, PruneReport, RetentionPlan};
use domain::audit::retention::{HeldBack, RetentionPolicy, RetentionRules};
use domain::ports::{ArchivePlace, Archived};

use super::outcome::{events, sequences};
use super::retention;
use crate::cli::retention_args::PruneArgs;
use crate::cli::{Console, Context, Failure, interrupt};
use crate::wiring::App;

pub(super) async fn run(args: PruneArgs, context: Context<'_>) -> Result<(), Failure> {
    let mut settings = context.settings.settings.clone();
    let rules = retention::of(args.rules, &settings.audit);
    if rules.keep_for_ever() {
        let why = match args.rules.older_than_days {
            Some(_) => "--older-than-days 0 keeps everything: say 1 or more",
            None => "everything is kept: say --older-than-days N, or set audit.retention-days",
        };
        return Err(Failure::Usage(why.to_owned()));
    }
    rules.above_floor().map_err(|below| Failure::Usage(below.to_string()))?;
    if args.dry_run {
        let plan = retention::plan(&rules, &context).await?;
        if let Some(goes) = &plan.goes {
            // What would be refused then is refused now, in the same words.
            let compared = context.read_log().await?.compare_oldest(goes.through).await;
            compared.map_err(|error| Failure::because("pruning would not finish", error))?;
        }
        return say_what_would_go(&plan, &rules, context.console);
    }
    // The log is opened for reading first, so that a misspelt file is not made.
    drop(context.read_log().await?);
    let console = context.console;
    // This run is the one that was asked for; the schedule would only race with it.
    settings.audit = settings.audit.without_retention();
    let app = App::builder(settings).start().await.map_err(Failure::start)?;
    let mut prune = app.prune();
    let folder = args.archive.as_deref().and_then(missing_folder);
    if let Some(path) = args.archive {
        prune = prune.archiving(app.archive(), place(path));
    }
    let (outcome, interrupted) = until_interrupted(&prune, &rules).await;
    app.shutdown().await;
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        let note = format!("note: made the folder {}, which was not there", folder.display());
        console.explain_line(&note);
    }
    let report = outcome.map_err(|error| Failure::because("pruning did not finish", error))?;
    let mut told = if report.removed.is_empty() {
        format!("{}: nothing was removed", why_nothing(&rules, &report.held_back))
    } else {
        let ranges = report.removed.iter().map(|range| sequences((range.from, range.through)));
        let places = report.receipts.iter().map(|receipt| receipt.sequence.to_string());
        format!(
            "removed {}: {}; that is on record as {}",
            events(report.entries()),
            ranges.collect::<Vec<_>>().join(", "),
            places.collect::<Vec<_>>().join(", ")
        )
    };
    if let Some(archive) = &report.archive {
        told = format!("{told}\n{}", archived(archive));
    }
    if interrupted {
        return Err(Failure::Interrupted.with_note(told));
    }
    console.print_line(&told)?;
    print_held_back(&report.held_back, console)
}

fn say_what_would_go(
    plan: &RetentionPlan,
    rules: &RetentionRules,
    console: &mut Console,
) -> Result<(), Failure> {
    let held_back: Vec<HeldBack> =
        plan.held_back.iter().filter(|it| is_news(it)).cloned().collect();
    console.print_line(&match plan.goes {
        None => format!("{}: nothing would be removed", why_nothing(rules, &held_back)),
        Some(prefix) => format!(
            "{} would be removed: {}",
            events(prefix.entries()),
            sequences((prefix.from, prefix.through))
        ),
    })?;
    print_held_back(&held_back, console)
}

/// The outermost folder that is to be made for an archive at this path.
fn missing_folder(path: &Path) -> Option<PathBuf> {
    let folder = match place(path.to_owned()) {
        ArchivePlace::Folder(folder) => folder,
        ArchivePlace::File(file) => file.parent()?.to_owned(),
    };
    let missing = |at: &&Path| !at.as_os_str().is_empty() && !at.exists();
    folder.ancestors().take_while(missing).last().map(Path::to_owned)
}

/// Where an archive goes: a path that is a folder, or is written as one, is a folder.
fn place(path: PathBuf) -> ArchivePlace {
    let as_folder = path.as_os_str().to_string_lossy().ends_with(std::path::MAIN_SEPARATOR);
    if as_folder || Path::is_dir(&path) {
        ArchivePlace::Folder(path)
    } else {
        ArchivePlace::File(path)
    }
}

fn archived(archive: &Archived) -> String {
    format!(
        "archived {}: {} ({} bytes)",
        sequences((archive.range.from, archive.range.through)),
        archive.file.display(),
        archive.bytes
    )
}

/// That the newest entry stays goes without saying.
fn is_news(held: &HeldBack) -> bool {
    !matches!(held, HeldBack::Newest { .. })
}

/// Why there is nothing to remove.
fn why_nothing(rules: &RetentionRules, held_back: &[HeldBack]) -> String {
    let days = match rules.policies().first() {
        Some(RetentionPolicy::KeepDays(days)) => *days,
        Some(RetentionPolicy::KeepForEver) | None => 0,
    };
    let age = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    if held_back.is_empty() {
        format!("nothing is older than {age}")
    } else {
        format!("all that is older than {age} is still needed")
    }
}

/// Says who keeps what is old enough to go.
fn print_held_back(held_back: &[HeldBack], console: &mut Console) -> Result<(), Failure> {
    held_back.iter().try_for_each(|held| console.print_line(&held.to_string()))
}

/// Prunes; when somebody asks for it, stops after the chunk that is under way. Either way what was
/// removed is put on record.
async fn until_interrupted(
    prune: &PruneAuditLog,
    rules: &RetentionRules,
) -> (Result<PruneReport, PruneError>, bool) {
    let stop = AtomicBool::new(false);
    let mut run = pin!(prune.run_until(rules.clone(), || stop.load(Ordering::Relaxed)));
    tokio::select! {
        outcome = &mut run => (outcome, false),
        _ = interrupt::requested() => {
            stop.store(true, Ordering::Relaxed);
            (run.await, true)
        }
    }
}
