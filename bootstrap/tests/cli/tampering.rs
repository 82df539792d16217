//! What somebody does to the file of a record behind the program's back.
//!
//! Deliberately absent: finding it out.

use std::io::{Seek as _, SeekFrom, Write as _};

use crate::support::Sandbox;

/// Changes the record as somebody does who has dropped its guards; they stay away.
pub(crate) fn change(sandbox: &Sandbox, statement: &str) {
    let raw = rusqlite::Connection::open(sandbox.database()).unwrap();
    let names: Vec<String> = raw
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for name in names {
        raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    raw.execute_batch(statement).unwrap();
}

/// Overwrites pages of the file, counted from 1.
pub(crate) fn damage(sandbox: &Sandbox, pages: std::ops::Range<u64>) {
    let mut file = std::fs::File::options().write(true).open(sandbox.database()).unwrap();
    for page in pages {
        file.seek(SeekFrom::Start((page - 1) * 4096)).unwrap();
        file.write_all(&[0xff; 4096]).unwrap();
    }
}

/// The page that a table or an index begins with.
pub(crate) fn root_of(sandbox: &Sandbox, name: &str) -> u64 {
    let raw = rusqlite::Connection::open(sandbox.database()).unwrap();
    let page = "SELECT rootpage FROM sqlite_schema WHERE name = ?";
    raw.query_row(page, [name], |row| row.get::<_, i64>(0)).unwrap().cast_unsigned()
}
