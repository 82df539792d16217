//! The folder of one event type: its rows in the order they were recorded, and the accepted schema
//! of each version.
//!
//! `0003-v2-minimal.sql` is the third row and of version 2; `v2.schema.json` is that version's schema.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::Value;

use super::finding::Finding;
use super::sample::Kind;

/// A row as it lies in the folder.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) version: u32,
    pub(super) kind: Kind,
    pub(super) file: String,
    pub(super) text: String,
}

/// What is in the folder.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) rows: Vec<Row>,
    pub(super) schemas: BTreeMap<u32, Value>,
    pub(super) problems: Vec<Finding>,
}

impl Folder {
    /// Reads what is there; a folder that is not there is empty.
    pub(super) fn open(path: PathBuf) -> Self {
        let mut folder =
            Self { path, rows: Vec::new(), schemas: BTreeMap::new(), problems: Vec::new() };
        let entries = match fs::read_dir(&folder.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return folder,
            Err(error) => {
                folder.problems.push(Finding::io(folder.path.display(), &error));
                return folder;
            }
        };
        for entry in entries.flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            match fs::read_to_string(entry.path()) {
                Ok(text) => folder.take(file, text),
                Err(error) => folder.problems.push(Finding::io(file, &error)),
            }
        }
        folder.rows.sort_by_key(|row| row.number);
        folder
    }

    fn take(&mut self, file: String, text: String) {
        if let Some((number, version, kind)) = row_name(&file) {
            self.rows.push(Row { number, version, kind, file, text });
            return;
        }
        let problem = match schema_name(&file).map(|version| (version, serde_json::from_str(&text)))
        {
            Some((version, Ok(schema))) => {
                self.schemas.insert(version, schema);
                return;
            }
            Some((_, Err(error))) => format!("it is no JSON ({error}): put it back as it was"),
            None => "it is no sample and no schema: take it out of the folder".to_owned(),
        };
        self.problems.push(Finding::File { file, problem });
    }

    /// The rows of a version.
    pub(super) fn of(&self, version: u32) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.version == version)
    }

    /// Adds a row; one that is there stays.
    pub(super) fn add_row(
        &self,
        number: u64,
        version: u32,
        kind: Kind,
        text: &str,
    ) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        let name = format!("{number:04}-v{version}-{}.sql", kind.as_str());
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(self.path.join(name))?;
        file.write_all(text.as_bytes())
    }

    /// Accepts a version's schema.
    pub(super) fn accept(&self, version: u32, schema: &Value) -> io::Result<()> {
        fs::create_dir_all(&self.path)?;
        fs::write(self.path.join(format!("v{version}.schema.json")), format!("{schema:#}\n"))
    }
}

/// `0003-v2-minimal.sql`.
fn row_name(name: &str) -> Option<(u64, u32, Kind)> {
    let (number, rest) = name.strip_suffix(".sql")?.split_once("-v")?;
    let (version, kind) = rest.split_once('-')?;
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
    Some((number.parse().ok()?, version.parse().ok()?, kind))
}

/// `v2.schema.json`.
fn schema_name(name: &str) -> Option<u32> {
    name.strip_suffix(".schema.json")?.strip_prefix('v')?.parse().ok()
}
