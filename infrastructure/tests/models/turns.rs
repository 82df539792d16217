//! Handing the one connection that writes from turn to turn, whatever becomes of those whose turn
//! it is.
//!
//! The connection is played: what matters of it is that a transaction that was begun on it and
//! neither ended nor closed is still there for whoever comes next. The log keeps the head as the
//! writer does.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{AbortHandle, Abortable};
use shuttle::future::{block_on, spawn};

use crate::explore::{Model, Seen};
use crate::sync::yield_now;
use crate::turn::{Source, TurnWith, Turns};

pub(crate) const MODELS: &[Model] = &[Model {
    name: "a_connection_that_was_left_in_the_middle_is_never_used_again_and_no_turn_is_lost",
    play: taking_turns,
    must_see: &[
        "given up while it waited for its turn",
        "given up in the middle of a change",
        "a change failed",
        "a connection was closed in doubt",
    ],
}];

/// The database, as all its connections see it.
#[derive(Default)]
struct Database {
    /// Who appended each row.
    rows: Mutex<Vec<&'static str>>,
    opened: AtomicUsize,
    open: AtomicUsize,
}

impl Database {
    fn rows(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, and what was begun on it.
struct Connection {
    database: Arc<Database>,
    begun: Option<Vec<&'static str>>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.open.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Writer {
    database: Arc<Database>,
    turns: Turns<Connection, usize>,
}

impl Source for Writer {
    type Thing = Connection;
    type Error = &'static str;

    async fn open(&self) -> Result<Connection, &'static str> {
        yield_now().await;
        self.database.opened.fetch_add(1, Ordering::SeqCst);
        self.database.open.fetch_add(1, Ordering::SeqCst);
        Ok(Connection { database: Arc::clone(&self.database), begun: None })
    }

    async fn close(&self, connection: Connection) {
        yield_now().await;
        drop(connection);
    }
}

impl Writer {
    /// Appends two rows, as `append_once` does, and then says how it ended.
    async fn append(&self, who: &'static str, fails: bool) -> Result<usize, &'static str> {
        let mut turn = self.turns.next().await;
        let outcome = self.append_once(&mut turn, who, fails).await;
        turn.settle(outcome.is_ok());
        outcome
    }

    async fn append_once(
        &self,
        turn: &mut TurnWith<Connection, usize>,
        who: &'static str,
        fails: bool,
    ) -> Result<usize, &'static str> {
        let head = turn.remembered.take();
        let connection = turn.for_changing(self).await?;
        assert!(connection.begun.is_none(), "a transaction within a transaction: {who}");
        connection.begun = Some(Vec::new());
        yield_now().await;
        let newest = self.database.rows().len();
        assert!(head.is_none_or(|head| head == newest), "the head is {head:?}, and not {newest}");
        for _ in 0..2 {
            connection.begun.get_or_insert_default().push(who);
            yield_now().await;
        }
        if fails {
            // As after a disk that is full: what is left of the transaction nobody knows.
            return Err("failed");
        }
        let rows = connection.begun.take().unwrap_or_default();
        self.database.rows().extend(&rows);
        // Done, but whoever waits has not learned of it.
        yield_now().await;
        turn.remembered = Some(newest + 2);
        Ok(newest)
    }
}

fn taking_turns(seen: &Seen) {
    block_on(async {
        let database = Arc::new(Database::default());
        let writer = Arc::new(Writer { database: Arc::clone(&database), turns: Turns::new() });
        let append = |who, fails| {
            let writer = Arc::clone(&writer);
            async move { writer.append(who, fails).await }
        };
        let (handle, registration) = AbortHandle::new_pair();
        let patient = spawn(append("patient", false));
        let failing = spawn(append("failing", true));
        let given_up = spawn(Abortable::new(append("given up", false), registration));
        let late = spawn(append("late", false));
        let abort = spawn(async move { handle.abort() });
        let given_up = given_up.await.unwrap();
        abort.await.unwrap();
        assert!(failing.await.unwrap().is_err());
        let acked = [patient.await.unwrap(), late.await.unwrap()].map(Result::unwrap);

        // Whatever became of the others, the next turn is as good as any.
        let last = writer.append("last", false).await.unwrap();
        let rows = database.rows().clone();
        for (place, who) in acked.into_iter().zip(["patient", "late"]).chain([(last, "last")]) {
            assert_eq!(rows[place..place + 2], [who, who], "acked, and not there: {rows:?}");
        }
        let of_given_up = rows.iter().filter(|who| **who == "given up").count();
        assert!(of_given_up == 0 || of_given_up == 2, "torn: {rows:?}");
        assert!(!rows.contains(&"failing"), "failed, and there all the same: {rows:?}");
        assert_eq!(rows.len(), 6 + of_given_up, "something is there twice: {rows:?}");
        assert!(database.open.load(Ordering::SeqCst) == 1, "more than one connection is open");
        let opened = database.opened.load(Ordering::SeqCst);
        assert!(opened >= 2, "the one on which a change failed is in use");
        seen.note("a change failed", true);
        seen.note("a connection was closed in doubt", opened > 2);
        let gone = given_up.is_err();
        seen.note("given up in the middle of a change", gone && opened > 2);
        seen.note("given up while it waited for its turn", gone && opened == 2);
    });
}
