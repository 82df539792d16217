//! One turn: a way, a number of emitters, and a span of time.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{ours, plain, seaorm};

/// A way to put events on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Way {
    Ours,
    Plain,
    SeaOrm,
}

/// One turn.
pub(crate) struct Turn {
    pub(crate) way: Way,
    pub(crate) threads: usize,
    pub(crate) emitters: usize,
    pub(crate) span: Duration,
}

impl Turn {
    /// Runs the turn on a fresh file, has it verified, and returns acknowledged events per second.
    pub(crate) fn run(&self, file: &Path) -> f64 {
        let mut builder = if self.threads == 1 {
            tokio::runtime::Builder::new_current_thread()
        } else {
            tokio::runtime::Builder::new_multi_thread()
        };
        let runtime = builder.worker_threads(self.threads).enable_all().build().unwrap();
        let (acked, seconds) = runtime.block_on(async {
            match self.way {
                Way::Ours => ours::run(file, self).await,
                Way::Plain => plain::run(file, self).await,
                Way::SeaOrm => seaorm::run(file, self).await,
            }
        });
        drop(runtime);
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--verify", file.to_str().unwrap(), &acked.to_string()])
            .status()
            .unwrap();
        assert!(status.success(), "{:?} does not hold what it acknowledged", self.way);
        #[allow(clippy::cast_precision_loss)]
        let rate = acked as f64 / seconds;
        rate
    }

    /// Has all emitters emit in closed loops until the span is over; returns how many emits were
    /// acknowledged and the seconds until the last one was.
    pub(crate) async fn drive<S, F>(
        &self,
        shared: Arc<S>,
        emit: impl Fn(Arc<S>, usize, usize) -> F + Clone + Send + 'static,
    ) -> (usize, f64)
    where
        S: Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let started = Instant::now();
        let until = started + self.span;
        let tasks: Vec<_> = (0..self.emitters)
            .map(|emitter| {
                let (shared, emit) = (Arc::clone(&shared), emit.clone());
                tokio::spawn(async move {
                    let mut acked = 0;
                    while Instant::now() < until {
                        emit(Arc::clone(&shared), emitter, acked).await;
                        acked += 1;
                    }
                    acked
                })
            })
            .collect();
        let mut acked = 0;
        for task in tasks {
            acked += task.await.unwrap();
        }
        (acked, started.elapsed().as_secs_f64())
    }
}

/// Runs in a process of its own: the file holds exactly this many rows, without a gap, undamaged.
pub(crate) fn verify(file: &Path, acked: i64) {
    let database = rusqlite::Connection::open(file).unwrap();
    let (rows, first, last): (i64, i64, i64) = database
        .query_row("SELECT count(*), min(sequence), max(sequence) FROM audit_log", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!((rows, first, last), (acked, 1, acked), "rows, first and last sequence");
    let sound: String = database.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}
