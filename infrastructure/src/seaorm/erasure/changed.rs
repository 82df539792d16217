//! What of an erasure is no longer what was recorded, and so is evidence.
//!
//! Deliberately absent: refusing it. Whoever erases judges again, in the transaction that erases.

use domain::Sequence;
use domain::audit::Erasure;
use sea_orm::sqlx::{self, Row, SqlitePool};

use super::{ask, condition};
use crate::seaorm::decode::sequence;
use crate::seaorm::filter::stored;
use crate::seaorm::tree::{ENTRY, Reach, as_recorded};

/// How many entries are read at a time.
const PAGE: usize = 100;

/// The oldest entry up to a place that something would be erased of and that is another than was recorded.
pub(super) async fn changed(
    readers: &SqlitePool,
    erasure: &Erasure,
    through: Sequence,
) -> Result<Option<Sequence>, sqlx::Error> {
    let mut connection = readers.acquire().await?;
    let reach = Reach::read(&mut connection).await?;
    let page = format!(
        "{ENTRY} WHERE {} AND sequence > ?2 AND sequence <= ?3 ORDER BY sequence LIMIT ?4",
        condition(erasure)
    );
    let mut after = Sequence(0);
    loop {
        let rows = ask(page.clone(), &erasure.selection)
            .bind(stored(after))
            .bind(stored(through))
            .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            after = sequence(row.try_get(0)?);
            if as_recorded(&mut connection, reach, row).await?.is_none() {
                return Ok(Some(after));
            }
        }
        if rows.len() < PAGE {
            return Ok(None);
        }
    }
}
