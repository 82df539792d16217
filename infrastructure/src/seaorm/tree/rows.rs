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
            erased: false,
        },
    })
}

/// An entry as it lies in a row of [`ENTRY`], where each column holds what it should.
fn stored<'a>(row: &'a Row<'_>) -> Option<StoredRow<'a>> {
    let value = |column| row.get_ref(column).ok();
    let text = |column| text(value(column)?);
    let texts = |column| unless_null(value(column)?, self::text);
    let bytes = |column| unless_null(value(column)?, bytes);
    let whole = |column| value(column)?.as_i64().ok();
    Some(StoredRow {
        sequence: sequence(whole(0)?),
        recorded_at: text(1)?,
        schema_version: whole(2)?,
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

fn text(value: ValueRef<'_>) -> Option<&str> {
    match value {
        ValueRef::Text(text) => str::from_utf8(text).ok(),
        _ => None,
    }
}

/// Bytes, also where they are said to be text: whether they are the right ones is seen by them.
const fn bytes(value: ValueRef<'_>) -> Option<&[u8]> {
    match value {
        ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Some(bytes),
        _ => None,
    }
}

/// What may be absent: `Some(None)` where it is.
#[expect(clippy::option_option, reason = "absent, and not what it should be, are two things")]
fn unless_null<'a, T>(
    value: ValueRef<'a>,
    read: impl FnOnce(ValueRef<'a>) -> Option<T>,
) -> Option<Option<T>> {
    match value {
        ValueRef::Null => Some(None),
        value => read(value).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of three like entries in a table that holds whatever it is given.
    fn record() -> Connection {
        let columns =
            ENTRY.trim_start_matches("SELECT sequence, ").trim_end_matches(" FROM audit_log");
        let rows = Connection::open_in_memory().unwrap();
        rows.execute_batch(&format!(
            "CREATE TABLE audit_log (sequence INTEGER PRIMARY KEY, {columns});
             INSERT INTO audit_log SELECT column1, 'now', 1, 'id', 'here', 'type', 'then', 'subject', 'plan', \
                'project', 'session', 'human:ann', 'ann', 'run', 'cause', 'trace', '{{}}', '{{\"a\":1}}', \
                zeroblob(32), zeroblob(16), zeroblob(16), NULL FROM (VALUES (1), (2), (3))"
        ))
        .unwrap();
        rows
    }

    fn damaged(damage: &str) -> Vec<LeafCheck> {
        let rows = record();
        rows.execute(&format!("UPDATE audit_log SET {damage} WHERE sequence = 2"), ()).unwrap();
        leaves(&rows, i64::MIN, 9).unwrap()
    }

    #[test]
    fn a_value_of_another_type_is_found_and_no_other_entry_is_kept_from_being_looked_at() {
        let rows = record();
        let good = leaves(&rows, 0, 9).unwrap();
        assert!(good.iter().all(|leaf| leaf.computed.is_ok() && leaf.stored.is_some()));
        let texts = "recorded_at event_id source event_type occurred_at subject plan_id project_name \
                     session_id actor user_identity correlation_id causation_id trace_id extensions details";
        let as_bytes = texts.split(' ').map(|column| format!("{column} = CAST({column} AS BLOB)"));
        let no_utf_8 = texts.split(' ').map(|column| format!("{column} = CAST(x'61ff' AS TEXT)"));
        let others = [
            "erased = x'7b7d'",
            "details = NULL",
            "event_id = NULL",
            "source = 7",
            "actor = 1.5",
            "schema_version = 'one'",
            "schema_version = NULL",
            "schema_version = 1.5",
            "leaf_hash = 7",
            "personal_salt = 7",
            "details_salt = 0.5",
        ];
        for damage in as_bytes.chain(no_utf_8).chain(others.map(ToOwned::to_owned)) {
            let found = damaged(&damage);
            let told = Err(Unprovable { field: "a column" });
            assert_eq!((found[1].stored, found[1].computed), (None, told), "{damage}");
            assert_eq!([&found[0], &found[2]], [&good[0], &good[2]], "{damage}");
            assert_eq!(found[1].sequence, good[1].sequence, "{damage}");
        }
    }

    #[test]
    fn bytes_are_taken_by_what_they_are_whatever_they_are_said_to_be() {
        let [_, good, _] = damaged("erased = NULL").try_into().unwrap();
        let as_text =
            "leaf_hash = CAST(leaf_hash AS TEXT), personal_salt = CAST(personal_salt AS TEXT)";
        assert_eq!(damaged(as_text)[1], good);
        let none = damaged("leaf_hash = NULL");
        assert_eq!((none[1].stored, none[1].computed), (None, good.computed));
    }

    #[test]
    fn entries_are_gone_through_from_one_on_and_no_more_than_asked_for() {
        let rows = record();
        let places = |from, limit| {
            let leaves = leaves(&rows, from, limit).unwrap();
            leaves.iter().map(|leaf| leaf.sequence.0).collect::<Vec<_>>()
        };
        assert_eq!(places(i64::MIN, 9), [1, 2, 3]);
        assert_eq!(places(2, 1), [2]);
        assert_eq!(places(4, 9), [] as [u64; 0]);
    }
}
