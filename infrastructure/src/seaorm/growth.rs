//! Waiting for the record to grow, whoever adds to it.
//!
//! What is appended through this storage is told at once. What another process appends is noticed
//! because it writes into the file beside the database: the folder is watched, and after a write the
//! end of the record is looked at, at first soon and then ever more seldom, since a write is seen
//! before its commit is. Once a second it is looked at in any case. Where the folder cannot be watched,
//! as where the operating system refuses it or the file is kept by a VFS of the user's own, the end is
//! looked at every 50 ms.
//!
//! Of those who wait, one looks, for all of them; when nobody waits, nobody looks. Each does so in a task
//! of its own: one that waits without being polled must make nobody else deaf.
//!
//! Deliberately absent: a task that outlives who waits.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::Sequence;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

/// At most so often the end is looked at, and so soon again after a write.
const SOON: Duration = Duration::from_millis(8);

/// At least so often it is looked at, also where nothing was written.
const SELDOM: Duration = Duration::from_secs(1);

/// How often it is looked at where the folder cannot be watched.
const UNWATCHED: Duration = Duration::from_millis(50);

/// The growth of the record in one file.
#[derive(Clone, Debug)]
pub(super) struct Growth {
    /// The newest entry anybody here knows of.
    newest: watch::Sender<Sequence>,
    looking: Arc<Mutex<Looking>>,
}

/// What the one that looks for all goes by.
#[derive(Debug)]
struct Looking {
    writes: Writes,
    last: Option<Instant>,
    /// How often it has looked since the last write.
    looks: u32,
}

/// How writes of other processes are noticed.
#[derive(Debug)]
enum Writes {
    /// In this file, once somebody waits.
    Unwatched(PathBuf),
    /// They are told, as long as the watcher lives.
    Watched { _watcher: Watching, told: watch::Receiver<()> },
    /// They are not.
    Unknown,
}

impl Growth {
    /// Of the record in `file`; `None` where it is kept in a way that cannot be watched.
    pub(super) fn of(file: Option<&Path>) -> Self {
        let writes = file.map_or(Writes::Unknown, |file| Writes::Unwatched(file.to_owned()));
        let looking = Looking { writes, last: None, looks: 0 };
        Self { newest: watch::Sender::default(), looking: Arc::new(Mutex::new(looking)) }
    }

    /// Tells everybody who waits that there is an entry at `newest`.
    pub(super) fn reached(&self, newest: Sequence) {
        self.newest.send_if_modified(|known| {
            let grown = newest > *known;
            *known = newest.max(*known);
            grown
        });
    }

    /// Waits until there is an entry after `sequence`. `look` asks the record for the newest; where it
    /// fails, so does this.
    pub(super) async fn newer_than<F, E>(
        &self,
        sequence: Sequence,
        look: impl Fn() -> F + Send + Sync + 'static,
    ) -> Result<Sequence, E>
    where
        F: Future<Output = Result<Sequence, E>> + Send,
        E: Send + 'static,
    {
        let mut newest = self.newest.subscribe();
        let found = async {
            let growth = self.clone();
            let task = tokio::spawn(async move { growth.look_for_all(sequence, look).await });
            match AbortOnDropHandle::new(task).await {
                Ok(found) => found,
                Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
                // Its runtime has gone, and nobody looks any more.
                Err(_) => pending().await,
            }
        };
        tokio::select! {
            biased;
            // The sender is this one's own, so that waiting ends only when there is something.
            newest = newest.wait_for(|newest| *newest > sequence) => {
                Ok(newest.map_or(sequence, |newest| *newest))
            }
            found = found => found,
        }
    }

    /// Waits until it is the one that looks, and looks until there is an entry after `sequence`.
    async fn look_for_all<F, E>(
        &self,
        sequence: Sequence,
        look: impl Fn() -> F,
    ) -> Result<Sequence, E>
    where
        F: Future<Output = Result<Sequence, E>>,
    {
        let mut looking = self.looking.lock().await;
        looking.begin().await;
        loop {
            looking.note_look();
            let found = look().await?;
            self.reached(found);
            if found > sequence {
                return Ok(found);
            }
            looking.next_look().await;
        }
    }
}

impl Looking {
    /// Waits until somebody who has just come may look: at once, unless somebody has just looked.
    async fn begin(&mut self) {
        if let Writes::Unwatched(file) = &self.writes {
            self.writes = watch_writes(file);
        }
        if let Some(last) = self.last {
            sleep_until(last + SOON).await;
        }
    }

    fn note_look(&mut self) {
        self.last = Some(Instant::now());
        if let Writes::Watched { told, .. } = &mut self.writes
            && told.has_changed().unwrap_or_default()
        {
            told.mark_unchanged();
            self.looks = 0;
        }
        self.looks = self.looks.saturating_add(1);
    }

    /// Waits until it is time to look again.
    async fn next_look(&mut self) {
        let Some(last) = self.last else { return };
        let Writes::Watched { told, .. } = &mut self.writes else {
            return sleep_until(last + UNWATCHED).await;
        };
        // Each pause is as long as all those before it: 8, 8, 16, 32 ms and so on.
        let pause = SOON.saturating_mul(1 << self.looks.saturating_sub(1).min(10)).min(SELDOM);
        tokio::select! {
            written = told.changed() => {
                self.looks = 0;
                if written.is_err() {
                    self.writes = Writes::Unknown;
                }
                sleep_until(last + SOON).await;
            }
            () = sleep_until(last + pause) => {}
        }
    }
}

/// Has writes beside `file` told, where the operating system does so reliably and at once.
fn watch_writes(file: &Path) -> Writes {
    watch_writes_by(file, begin_to_watch)
}

fn watch_writes_by(
    file: &Path,
    begin: impl FnOnce(&mut RecommendedWatcher, &Path) -> notify::Result<()>,
) -> Writes {
    match watched(file, begin) {
        Ok(writes) => writes,
        Err(problem) => {
            tracing::debug!(
                file = %file.display(),
                problem,
                "what other processes write cannot be watched; it is looked for every 50 ms"
            );
            Writes::Unknown
        }
    }
}

/// Starts the thread of a watcher; it panics where the system grants no more of them.
fn begin_to_watch(watcher: &mut RecommendedWatcher, folder: &Path) -> notify::Result<()> {
    watcher.watch(folder, RecursiveMode::NonRecursive)
}

fn watched(
    file: &Path,
    begin: impl FnOnce(&mut RecommendedWatcher, &Path) -> notify::Result<()>,
) -> Result<Writes, String> {
    if !cfg!(target_os = "linux") {
        return Err("only Linux tells of writes while the file stays open".to_owned());
    }
    // SQLite keeps what it writes beside the file itself, and not beside a link to it.
    let file = &file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    let mut beside = file.file_name().unwrap_or_default().to_owned();
    beside.push("-wal");
    let (tell, told) = watch::channel(());
    let notice = move |event: notify::Result<Event>| {
        let is_write = event.is_ok_and(|event| {
            event.need_rescan()
                || matches!(event.kind, EventKind::Modify(_) | EventKind::Create(_))
                    && event.paths.iter().any(|path| path.file_name() == Some(&beside))
        });
        if is_write {
            tell.send_replace(());
        }
    };
    let mut watcher = notify::recommended_watcher(notice).map_err(|error| error.to_string())?;
    // The folder, since the file beside the database comes and goes.
    let Ok(begun) = catch_unwind(AssertUnwindSafe(|| begin(&mut watcher, &folder))) else {
        // Its thread could not be started, and without it the watcher panics again when it goes.
        std::mem::forget(watcher);
        return Err("the thread that watches could not be started".to_owned());
    };
    let watching = Watching(Some(watcher));
    begun.map_err(|error| error.to_string())?;
    Ok(Writes::Watched { _watcher: watching, told })
}

/// A watcher, whose end harms nobody else: it panics where its thread has gone before it.
#[derive(Debug)]
struct Watching(Option<RecommendedWatcher>);

impl Drop for Watching {
    fn drop(&mut self) {
        let watcher = self.0.take();
        let _ = catch_unwind(AssertUnwindSafe(move || drop(watcher)));
    }
}

#[cfg(test)]
mod tests;
