//! A row of `audit_log` as text that puts the very same bytes back: an INSERT statement whose literals
//! SQLite itself has written.
//!
//! Deliberately absent: any knowledge of what the columns mean.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::Connection;

/// Why a row could not be put in or taken out.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The text does not begin as one that was written here.
    #[error("it must begin with `INSERT INTO audit_log (` and the columns: put it back as it was")]
    Malformed,
    /// The statement put in no row, or several.
    #[error("it must put in one row, not {0}: put it back as it was")]
    NotOneRow(u32),
    /// The database refused it.
    #[error("the database refuses it: {0}")]
    Refused(#[from] rusqlite::Error),
}

/// The guard of the sequence as it was before there was a tree. A sample is the row of an event: it has
/// no leaf, whose hash today's guard asks for as well.
const GUARD_BEFORE_THE_TREE: &str = "
DROP TRIGGER IF EXISTS audit_log_has_no_gaps;
CREATE TRIGGER audit_log_has_no_gaps BEFORE INSERT ON audit_log
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit_log)
BEGIN
    SELECT RAISE(ABORT, 'the audit log has no gaps: append at the sequence after its newest entry');
END;";

/// The columns that belong to the tree: a hash that holds the place on record, and salts drawn anew for
/// every row, which no sample can keep.
const OF_THE_TREE: &str = "'leaf_hash', 'personal_salt', 'details_salt', 'erased'";

/// Puts a row into the log in `file`, past every adapter, as if it were from before there was a tree.
///
/// # Errors
/// When the text is no row, or the database's own guards refuse it.
pub(super) fn put(file: &Path, text: &str) -> Result<(), RowError> {
    columns(text)?;
    let database = Connection::open(file)?;
    let count = |database: &Connection| {
        database.query_row("SELECT count(*) FROM audit_log", (), |row| row.get::<_, u32>(0))
    };
    let before = count(&database)?;
    database.execute_batch(GUARD_BEFORE_THE_TREE)?;
    database.execute_batch(text)?;
    match count(&database)?.saturating_sub(before) {
        1 => Ok(()),
        several => Err(RowError::NotOneRow(several)),
    }
}

/// The row at `sequence` of the log in `file`, with these columns, or with all that the table has but
/// for those of the tree.
///
/// # Errors
/// When there is no such row.
pub(super) fn take(
    file: &Path,
    sequence: u64,
    columns: Option<Vec<String>>,
) -> Result<String, RowError> {
    let database = Connection::open(file)?;
    let columns = match columns {
        Some(columns) => columns,
        None => database
            .prepare(&format!(
                "SELECT name FROM pragma_table_info('audit_log') \
                 WHERE name NOT IN ({OF_THE_TREE}) ORDER BY cid"
            ))?
            .query_map((), |row| row.get(0))?
            .collect::<Result<_, _>>()?,
    };
    let mut text = format!("INSERT INTO audit_log (\n    {}\n) VALUES (\n", columns.join(", "));
    for (index, column) in columns.iter().enumerate() {
        let literal: String = database.query_row(
            &format!("SELECT quote(\"{column}\") FROM audit_log WHERE sequence = ?1"),
            [i64::try_from(sequence).unwrap_or(i64::MAX)],
            |row| row.get(0),
        )?;
        let comma = if index + 1 == columns.len() { "" } else { "," };
        // Writing to a string does not fail.
        let _ = writeln!(text, "    /* {column} */ {literal}{comma}");
    }
    text.push_str(");\n");
    Ok(text)
}

/// The text that a row holds in a column, whatever the table's own rules.
///
/// # Errors
/// When the text is no row, or the column is not there or holds no text.
pub(super) fn text_of(text: &str, column: &str) -> Result<String, RowError> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(&format!("CREATE TABLE audit_log ({})", columns(text)?.join(", ")))?;
    database.execute_batch(text)?;
    let found =
        database.query_row(&format!("SELECT \"{column}\" FROM audit_log"), (), |row| row.get(0))?;
    Ok(found)
}

/// The columns that a row's text names.
///
/// # Errors
/// When it names none.
pub(super) fn columns(text: &str) -> Result<Vec<String>, RowError> {
    let list = text.strip_prefix("INSERT INTO audit_log (").and_then(|rest| rest.split_once(')'));
    let (list, _) = list.ok_or(RowError::Malformed)?;
    Ok(list.split(',').map(|name| name.trim().to_owned()).collect())
}
