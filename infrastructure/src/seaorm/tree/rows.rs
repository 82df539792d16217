//! The leaves of rows, computed where SQLite has the rows: no value is copied.
//!
//! Deliberately absent: what a leaf is, and judging any of them.

use std::str;

use domain::ports::LeafCheck;
use domain::proof::{StoredRow, Unprovable};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::read::ENTRY;
use crate::seaorm::decode::sequence;

/// The leaves of the entries from one on.
pub(super) fn leaves(
    connection: &Connection,
    from: i64,
    limit: i64,
) -> Result<Vec<LeafCheck>, rusqlite::Error> {
    let entries = format!("{ENTRY} WHERE sequence >= ? ORDER BY sequence LIMIT ?");
    let mut entries = connection.prepare_cached(&entries)?;
    let mut rows = entries.query([from, limit])?;
    let (mut leaves, mut buffer) = (Vec::new(), Vec::with_capacity(1024));
    while let Some(row) = rows.next()? {
        leaves.push(leaf(row, &mut buffer)?);
    }
    Ok(leaves)
}

/// The leaf of a row. One that is not even text does not keep the others from being looked at.
fn leaf(row: &Row<'_>, buffer: &mut Vec<u8>) -> Result<LeafCheck, rusqlite::Error> {
    Ok(match stored(row) {
        Some(row) => LeafCheck::of_row(&row, buffer),
        None => LeafCheck {
            sequence: sequence(row.get(0)?),
            stored: None,
            computed: Err(Unprovable { field: "a column" }),
        },
    })
}

/// An entry as it lies in a row of [`ENTRY`], where each column holds what it should.
fn stored<'a>(row: &'a Row<'_>) -> Option<StoredRow<'a>> {
    let text = |column| text(row, column);
    let texts = |column| unless_null(row, column, text);
    let bytes = |column| unless_null(row, column, |column| bytes(row, column));
    Some(StoredRow {
        sequence: sequence(row.get(0).ok()?),
        recorded_at: text(1)?,
        schema_version: row.get(2).ok()?,
        event_id: text(3)?,
        source: text(4)?,
        event_type: text(5)?,
        occurred_at: text(6)?,
        subject: texts(7)?,
        plan_id: texts(8)?,
        project_name: texts(9)?,
        session_id: texts(10)?,
        actor: texts(11)?,
        user_identity: texts(12)?,
        correlation_id: texts(13)?,
        causation_id: texts(14)?,
        trace_id: texts(15)?,
        extensions: texts(16)?,
        details: text(17)?,
        leaf_hash: bytes(18)?,
        personal_salt: bytes(19)?,
        details_salt: bytes(20)?,
        erased: texts(21)?,
    })
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    match row.get_ref(column) {
        Ok(ValueRef::Text(text)) => str::from_utf8(text).ok(),
        _ => None,
    }
}

/// Bytes, also where they are said to be text: whether they are the right ones is seen by them.
fn bytes<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a [u8]> {
    match row.get_ref(column) {
        Ok(ValueRef::Blob(bytes) | ValueRef::Text(bytes)) => Some(bytes),
        _ => None,
    }
}

/// What may be absent: `Some(None)` where it is.
fn unless_null<T>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(usize) -> Option<T>,
) -> Option<Option<T>> {
    match row.get_ref(column) {
        Ok(ValueRef::Null) => Some(None),
        _ => read(column).map(Some),
    }
}
