//! What of an erasure legal holds keep.
//!
//! Deliberately absent: keeping it, which the database's own guards do.

use domain::Sequence;
use domain::audit::Erasure;
use domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use sea_orm::sqlx::{self, SqliteConnection, SqlitePool};

use super::{ask, condition};
use crate::seaorm::decode::sequence;
use crate::seaorm::filter::stored;
use crate::seaorm::holds::HOLDING;

/// Of each hold: the oldest entry that it covers and that something would be erased of.
pub(super) async fn held(
    readers: &SqlitePool,
    erasure: &Erasure,
    holds: &[LegalHold],
    through: Sequence,
) -> Result<Vec<HeldEntry>, sqlx::Error> {
    let mut held = Vec::new();
    for hold in holds {
        let covered = match &hold.scope {
            HoldScope::Plan(_) => "plan_id = ?4",
            HoldScope::Correlation(_) => "correlation_id = ?4",
            HoldScope::User(_) => "user_identity = ?4 OR actor = 'human:' || ?4",
            HoldScope::Sequences { .. } => "sequence BETWEEN ?4 AND ?5",
        };
        let oldest = format!(
            "SELECT min(sequence) FROM audit_log WHERE {} AND sequence <= ?2 \
             AND (sequence = ?3 OR {covered})",
            condition(erasure)
        );
        let question =
            ask(oldest, &erasure.selection).bind(stored(through)).bind(stored(hold.id.0));
        let question = match &hold.scope {
            HoldScope::Plan(value) | HoldScope::Correlation(value) | HoldScope::User(value) => {
                question.bind(value.clone())
            }
            HoldScope::Sequences { from, through } => {
                question.bind(stored(*from)).bind(stored(*through))
            }
        };
        let row = question.fetch_one(readers).await?;
        let oldest: Option<i64> = sqlx::Row::try_get(&row, 0)?;
        held.extend(oldest.map(|place| HeldEntry { hold: hold.id, sequence: sequence(place) }));
    }
    held.sort_by_key(|held| (held.sequence, held.hold));
    Ok(held)
}

/// The oldest hold that covers an entry.
pub(super) async fn holding(
    connection: &mut SqliteConnection,
    place: i64,
) -> Result<Option<HeldEntry>, sqlx::Error> {
    let hold: Option<i64> =
        sqlx::query_scalar(HOLDING).bind(place).bind(place).fetch_one(connection).await?;
    Ok(hold.map(|hold| HeldEntry { hold: HoldId(sequence(hold)), sequence: sequence(place) }))
}
