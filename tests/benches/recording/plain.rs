//! A thread that commits in groups with plain rusqlite.

use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

use crate::events::{Row, row, stamp};
use crate::ours::schema_without_triggers;
use crate::turn::Turn;

/// The most rows in one transaction, as in the bus.
const GROUP: usize = 512;

type Job = (Row, oneshot::Sender<i64>);

pub(crate) async fn run(file: &Path, turn: &Turn) -> (usize, f64) {
    let schema = schema_without_triggers(file.parent().unwrap()).await;
    let database = Connection::open(file).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.pragma_update(None, "synchronous", "FULL").unwrap();
    for sql in schema {
        database.execute_batch(&sql).unwrap();
    }
    let (jobs, waiting) = std::sync::mpsc::channel::<Job>();
    let writer = std::thread::spawn(move || write(database, &waiting));
    let measured = turn
        .drive(Arc::new(jobs), |jobs, emitter, n| async move {
            let (done, acknowledged) = oneshot::channel();
            jobs.send((row(emitter, n), done)).unwrap();
            acknowledged.await.unwrap();
        })
        .await;
    writer.join().unwrap();
    measured
}

fn write(mut database: Connection, waiting: &std::sync::mpsc::Receiver<Job>) {
    let mut sequence = 0_i64;
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        let transaction = database.transaction().unwrap();
        let recorded_at = stamp(chrono::Utc::now());
        let mut given = Vec::with_capacity(group.len());
        {
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO audit_log (sequence, event_id, event_type, schema_version, \
                     occurred_at, source, plan_id, project_name, session_id, actor, user_identity, \
                     correlation_id, details, recorded_at) \
                     VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                )
                .unwrap();
            for (Row { envelope, occurred_at, details }, _) in &group {
                sequence += 1;
                given.push(sequence);
                insert
                    .execute(params![
                        sequence,
                        envelope.event_id,
                        envelope.event_type.as_str(),
                        envelope.schema_version,
                        occurred_at,
                        envelope.source,
                        envelope.plan_id,
                        envelope.project_name,
                        envelope.session_id,
                        envelope.actor.as_ref().map(ToString::to_string),
                        envelope.user_identity,
                        envelope.correlation_id,
                        details,
                        recorded_at,
                    ])
                    .unwrap();
            }
        }
        transaction.commit().unwrap();
        for ((_, done), sequence) in group.into_iter().zip(given) {
            let _ = done.send(sequence);
        }
    }
}
