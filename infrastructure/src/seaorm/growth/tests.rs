//! Who looks, when, and how often.

use std::fs;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
use tokio::time::timeout;

use super::*;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An end that can be looked at.
#[derive(Default)]
struct End {
    newest: AtomicU64,
    looks: AtomicUsize,
}

impl End {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    fn looker(
        self: &Arc<Self>,
    ) -> impl Fn() -> BoxFuture<'static, Result<Sequence, &'static str>> + Send + Sync + 'static
    {
        let end = Arc::clone(self);
        move || {
            let end = Arc::clone(&end);
            async move { end.look().await }.boxed()
        }
    }

    async fn look(&self) -> Result<Sequence, &'static str> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        match self.newest.load(Ordering::SeqCst) {
            u64::MAX => Err("it cannot be read"),
            newest => Ok(Sequence(newest)),
        }
    }

    fn looks(&self) -> usize {
        self.looks.load(Ordering::SeqCst)
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("it takes for ever")
}

#[tokio::test]
async fn what_is_there_is_returned_after_one_look_and_what_is_known_without_any() {
    let (growth, end) = (Growth::of(None), End::new());
    end.newest.store(7, Ordering::SeqCst);
    assert_eq!(soon(growth.newer_than(Sequence(6), end.looker())).await, Ok(Sequence(7)));
    assert_eq!(end.looks(), 1);
    let known = growth.newer_than(Sequence(3), end.looker());
    assert_eq!(known.now_or_never(), Some(Ok(Sequence(7))));
    assert_eq!(end.looks(), 1);
}

#[tokio::test]
async fn beyond_the_end_it_is_waited_for_more_than_there_is() {
    let (growth, end) = (Growth::of(None), End::new());
    end.newest.store(5, Ordering::SeqCst);
    let waiting = growth.newer_than(Sequence(9), end.looker());
    let growing = async {
        while end.looks() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        end.newest.store(10, Ordering::SeqCst);
    };
    let (found, ()) = soon(async { tokio::join!(waiting, growing) }).await;
    assert_eq!(found, Ok(Sequence(10)));
}

#[tokio::test]
async fn what_is_reached_here_is_told_at_once_to_everybody() {
    let (growth, end) = (Growth::of(None), End::new());
    let waiting = join_all((0..50).map(|_| growth.newer_than(Sequence(0), end.looker())));
    let reach = async {
        tokio::task::yield_now().await;
        growth.reached(Sequence(3));
        growth.reached(Sequence(2));
    };
    let (told, ()) = soon(async { tokio::join!(waiting, reach) }).await;
    assert_eq!(told, vec![Ok(Sequence(3)); 50]);
}

#[tokio::test]
async fn of_many_who_wait_one_looks() {
    let folder = tempfile::tempdir().unwrap();
    let (growth, end) = (Growth::of(Some(&folder.path().join("audit.db"))), End::new());
    let waiting = join_all((0..50).map(|_| growth.newer_than(Sequence(0), end.looker())));
    let _ = timeout(Duration::from_millis(300), waiting).await;
    // In the first 300 ms it is looked at 0, 8, 16, 32, 64, 128 and 256 ms after the beginning.
    assert!((1..=8).contains(&end.looks()), "looked {} times", end.looks());
}

#[tokio::test]
async fn a_write_beside_the_file_has_the_end_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    notices(&folder.path().join("audit.db"), folder.path()).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_write_beside_a_file_that_is_reached_by_a_link_has_the_end_looked_at() {
    let (folder, links) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (file, link) = (folder.path().join("audit.db"), links.path().join("link.db"));
    fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    notices(&link, folder.path()).await;
}

/// Holds that a write in `folder`, beside the `audit.db` that `file` leads to, is noticed.
async fn notices(file: &Path, folder: &Path) {
    let wal = folder.join("audit.db-wal");
    let (growth, end) = (Growth::of(Some(file)), End::new());
    let waiting = growth.newer_than(Sequence(0), end.looker());
    let writing = async {
        // What is written elsewhere is none of ours.
        fs::write(folder.join("other.db-wal"), "x").unwrap();
        // Until only a write, or the second's look, has it looked at again.
        while end.looks() < 8 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for round in 0..3 {
            let before = end.looks();
            if round == 1 {
                fs::remove_file(&wal).unwrap();
            }
            let written = Instant::now();
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&wal).unwrap();
            file.write_all(b"frame").unwrap();
            while end.looks() == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let took = written.elapsed();
            if took < Duration::from_millis(400) {
                end.newest.store(1, Ordering::SeqCst);
                return took;
            }
        }
        panic!("none of three writes was noticed");
    };
    let (found, took) = soon(async { tokio::join!(waiting, writing) }).await;
    assert_eq!(found, Ok(Sequence(1)), "the write was noticed after {took:?}");
}

#[tokio::test]
async fn where_writes_are_watched_and_there_are_none_the_end_is_looked_at_seldom() {
    let folder = tempfile::tempdir().unwrap();
    let (growth, end) = (Growth::of(Some(&folder.path().join("audit.db"))), End::new());
    let nothing = timeout(SELDOM, growth.newer_than(Sequence(0), end.looker())).await;
    assert!(nothing.is_err(), "{nothing:?}");
    // Each pause is as long as all those before it: far fewer looks than one every 50 ms.
    assert!((1..=9).contains(&end.looks()), "looked {} times", end.looks());
}

#[tokio::test]
async fn where_nothing_can_be_watched_the_end_is_looked_at_in_short() {
    for unwatchable in [None, Some(Path::new("/nowhere/at/all/audit.db"))] {
        let (growth, end) = (Growth::of(unwatchable), End::new());
        let waiting = growth.newer_than(Sequence(0), end.looker());
        let growing = async {
            while end.looks() < 4 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            end.newest.store(9, Ordering::SeqCst);
            Instant::now()
        };
        let (found, grown) = soon(async { tokio::join!(waiting, growing) }).await;
        assert_eq!(found, Ok(Sequence(9)));
        assert!(grown.elapsed() < SELDOM, "it took {:?}", grown.elapsed());
    }
}

#[tokio::test]
async fn where_no_thread_can_be_had_the_end_is_looked_at_in_short_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.db");
    let refused = watched(&file, |_, _| panic!("no thread can be had"));
    let problem = refused.map(drop).unwrap_err();
    assert_eq!(problem, "the thread that watches could not be started");
    // What follows from it, and from whatever else a watcher says no with, is the same.
    let limit = || notify::Error::new(notify::ErrorKind::MaxFilesWatch);
    assert!(watched(&file, |_, _| Err(limit())).is_err());
    let writes = watch_writes_by(&file, |_, _| panic!("no thread can be had"));
    assert!(matches!(writes, Writes::Unknown), "{writes:?}");
}

#[tokio::test]
async fn whoever_gives_up_while_it_looks_leaves_the_looking_to_the_next() {
    let (growth, end) = (Growth::of(None), End::new());
    let mut first = Box::pin(growth.newer_than(Sequence(0), end.looker()));
    assert!(first.as_mut().now_or_never().is_none());
    let second = growth.newer_than(Sequence(0), end.looker());
    let giving_up = async {
        tokio::task::yield_now().await;
        drop(first);
        end.newest.store(1, Ordering::SeqCst);
    };
    let (found, ()) = soon(async { tokio::join!(second, giving_up) }).await;
    assert_eq!(found, Ok(Sequence(1)));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_fails_everybody_and_hinders_nobody_later() {
    let (growth, end) = (Growth::of(None), End::new());
    end.newest.store(u64::MAX, Ordering::SeqCst);
    let waiting = join_all((0..3).map(|_| growth.newer_than(Sequence(0), end.looker())));
    assert_eq!(soon(waiting).await, vec![Err("it cannot be read"); 3]);
    end.newest.store(2, Ordering::SeqCst);
    assert_eq!(soon(growth.newer_than(Sequence(1), end.looker())).await, Ok(Sequence(2)));
}

#[tokio::test]
async fn one_that_is_not_polled_makes_nobody_deaf() {
    let (growth, end) = (Growth::of(None), End::new());
    // One that looks, and one that waits for its turn to.
    let mut idle = [(); 2].map(|()| Box::pin(growth.newer_than(Sequence(0), end.looker())));
    for waiting in &mut idle {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    let growing = async {
        while end.looks() < 2 {
            tokio::task::yield_now().await;
        }
        end.newest.store(1, Ordering::SeqCst);
    };
    let polled = growth.newer_than(Sequence(0), end.looker());
    let (found, ()) = soon(async { tokio::join!(polled, growing) }).await;
    assert_eq!(found, Ok(Sequence(1)));
    end.newest.store(2, Ordering::SeqCst);
    assert_eq!(soon(growth.newer_than(Sequence(1), end.looker())).await, Ok(Sequence(2)));
    for waiting in idle {
        assert_eq!(soon(waiting).await, Ok(Sequence(2)));
    }
}

#[tokio::test]
#[should_panic(expected = "while it looks")]
async fn a_look_that_panics_leaves_nobody_waiting() {
    let looks = || async { panic!("while it looks") }.boxed();
    let growth = Growth::of(None);
    let _: Result<Sequence, &str> = soon(growth.newer_than(Sequence(0), looks)).await;
}
