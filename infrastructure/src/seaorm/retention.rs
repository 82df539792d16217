//! Removing the oldest entries: the one delete that the database lets through.

use std::sync::Arc;

use async_trait::async_trait;
use domain::audit::retention::Prefix;
use domain::{AppendError, AuditRetention, RetentionError, Sequence};
use sea_orm::sqlx::{self, Connection, Row};

use super::decode::sequence;
use super::filter::stored;
use super::holds::HELD;
use super::log::SeaOrmAuditLog;
use super::problem::{Patience, Trouble, Troubled, append_error, query_error};
use super::tree::{compare, grow, not_as_recorded};
use super::writer::{State, Turn, Writer, is_sound};

#[async_trait]
impl AuditRetention for SeaOrmAuditLog {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        let writer = Arc::clone(self.writer()?);
        let turn = writer.turn().await;
        let removal = tokio::spawn(async move { writer.remove_oldest(turn, through, limit).await });
        removal.await.map_err(|gone| AppendError::Storage(Arc::new(gone)))?
    }

    async fn compare_oldest(&self, through: Sequence) -> Result<(), RetentionError> {
        let pool = self.readers()?.get_sqlite_connection_pool();
        let outcome = async {
            let mut connection = pool.acquire().await?;
            // Of one moment: what another run removes meanwhile is no finding.
            let mut snapshot = connection.begin().await?;
            let first: i64 = sqlx::query_scalar("SELECT coalesce(min(sequence), 1) FROM audit_log")
                .fetch_one(&mut *snapshot)
                .await?;
            compare(&mut snapshot, first, stored(through)).await?;
            snapshot.rollback().await
        };
        let Err(error) = outcome.await else { return Ok(()) };
        match not_as_recorded(&error) {
            Some(sequence) => Err(RetentionError::Changed { sequence }),
            // A file of an earlier version has no tree until it is opened for writing.
            None if error.trouble() == Trouble::Statement => Ok(()),
            None => Err(query_error(error).into()),
        }
    }
}

/// The first entry that a durable subscription, or a dead letter of one, still needs.
const NEEDED: &str = "SELECT min(needed) FROM (\
    SELECT min(cursor) + 1 AS needed FROM audit_subscription \
    UNION ALL SELECT min(sequence) FROM audit_dead_letter)";

impl Writer {
    /// Removes a chunk, whole or not at all.
    async fn remove_oldest(
        &self,
        mut turn: Turn,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        let patience = Patience::of(self.lock_timeout());
        loop {
            let outcome = self.remove_once(&mut turn, stored(through), i64::from(limit)).await;
            turn.settle(is_sound(&outcome));
            let Some(pause) = patience.pause_after(&outcome) else {
                return outcome.map_err(|error| match not_as_recorded(&error) {
                    Some(sequence) => RetentionError::Changed { sequence },
                    None => append_error(error, patience.waited()).into(),
                });
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn remove_once(
        &self,
        turn: &mut State,
        through: i64,
        limit: i64,
    ) -> Result<Option<Prefix>, sqlx::Error> {
        let connection = self.connection_to_change(turn).await?;
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let ends = "SELECT coalesce((SELECT min(sequence) FROM audit_log), 1), \
                    coalesce((SELECT max(sequence) FROM audit_log), 0)";
        let ends = sqlx::query(ends).fetch_one(&mut *transaction).await?;
        let (first, newest): (i64, i64) = (ends.try_get(0)?, ends.try_get(1)?);
        // The newest entry stays: it is what keeps its sequence from being given again.
        let last = through.min(newest - 1).min(first + limit - 1);
        // Judged here and not before: a subscription may have been made or rewound meanwhile, or a
        // legal hold been placed.
        let needed: Option<i64> = sqlx::query_scalar(NEEDED).fetch_one(&mut *transaction).await?;
        let last = needed.map_or(last, |needed| last.min(needed - 1));
        let held: Option<i64> =
            sqlx::query_scalar(HELD).bind(first).bind(last).fetch_one(&mut *transaction).await?;
        let last = held.map_or(last, |held| last.min(held - 1));
        if last < first {
            return Ok(None);
        }
        // What goes stays provable: its leaves are in the tree before it is removed.
        grow(&mut transaction, last, i64::MAX).await?;
        // An entry that somebody changed is evidence, and would be gone for good.
        compare(&mut transaction, first, last).await?;
        // A permit that another program left behind must not stand in the way.
        let permit =
            "INSERT OR REPLACE INTO audit_retention_permit (id, through_sequence) VALUES (1, ?)";
        sqlx::query(permit).bind(last).execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM audit_log WHERE sequence <= ?")
            .bind(last)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM audit_retention_permit").execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some(Prefix { from: sequence(first), through: sequence(last) }))
    }
}
