//! Golden samples: rows as they were stored, kept for good, and read again by today's code.
//!
//! A corpus is a folder with a folder for every event type. In it lie numbered rows, each the
//! statement that puts the very same bytes back into `audit_log`, and for every version the JSON
//! Schema that was accepted. [`Corpus::hold`] in a test of yours is all there is to it:
//!
//! ```no_run
//! use indelible_tests::compatibility::golden::Corpus;
//! use indelible_tests::downstream;
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/downstream/golden");
//! Corpus::new(folder, &downstream::OWN_CATALOGUE).hold().await;
//! # }
//! ```
//!
//! With `INDELIBLE_GOLDEN=write` it first writes what is missing for the current version of each
//! type: the schema, a sample with as little in it as the type allows, and one with all there can be.
//! A row that is there is never written over, and a schema only by one that is safe for all that is
//! on record (see [`super::schema`]).
//!
//! Samples show that what is on record **is read**. They do not show that an upcaster makes the right
//! values of it: a sum in the wrong unit is read too. Test that beside the upcaster, over values of the
//! earlier version, as `domain/src/events/budget.rs` does.
//!
//! A type may be in a later version already when its product adopts a corpus. Then its earlier versions
//! have no samples, and today's declaration cannot write them. Declare the type once more in a test of
//! its own, with the fields and the version that it had; [`Corpus::write`] with a catalogue of that
//! declaration, in the same folder, adds the samples, once for every earlier version. Keep the folder,
//! not the declaration. It shows what that declaration says was recorded, so hold it against a row that
//! was.
//!
//! Deliberately absent: deciding that a type may go. Whoever wants that deletes its folder.

mod check;
mod finding;
mod folder;
mod row;
mod sample;

pub use finding::{Finding, Report};
pub use row::RowError;

use std::collections::BTreeSet;
use std::path::PathBuf;

use domain::Catalogue;

use folder::Folder;

/// The environment variable that has missing samples written, when it says `write`.
pub const VARIABLE: &str = "INDELIBLE_GOLDEN";

/// A catalogue and the folder of what was recorded of it.
#[derive(Clone, Debug)]
pub struct Corpus<'a> {
    folder: PathBuf,
    catalogue: &'a Catalogue,
    command: String,
}

impl<'a> Corpus<'a> {
    /// The samples in `folder` of the types in `catalogue`. A product gives a catalogue of its own
    /// types alone: the platform keeps its own samples.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, catalogue: &'a Catalogue) -> Self {
        let command = format!("{VARIABLE}=write cargo test");
        Self { folder: folder.into(), catalogue, command }
    }

    /// Says in messages which command writes what is missing.
    #[must_use]
    pub fn written_by(mut self, command: impl Into<String>) -> Self {
        self.command = command.into();
        self
    }

    /// Writes what is missing where the environment asks for it, and then checks all.
    ///
    /// # Panics
    /// When something is wrong; the message says what, and the lines to write.
    pub async fn hold(&self) -> Report {
        if std::env::var(VARIABLE).is_ok_and(|value| value == "write") {
            self.write().await;
        }
        let report = self.check().await;
        assert!(report.is_clean(), "what was recorded is no longer read as it was: {report}");
        report
    }

    /// Reads every stored row with today's code and compares every accepted schema with today's.
    pub async fn check(&self) -> Report {
        let mut report = Report::default();
        for name in self.names() {
            report.types += 1;
            let event = self.catalogue.find(&name);
            let path = self.folder.join(&name);
            let findings = match event {
                None => vec![Finding::Removed { event_type: name.clone() }],
                Some(event) => {
                    let mut folder = Folder::open(path.clone());
                    report.samples += folder.rows.len();
                    let mut findings = std::mem::take(&mut folder.problems);
                    findings.extend(check::check(event, &folder, &self.command).await);
                    findings
                }
            };
            report.add(&name, findings, event.copied(), path);
        }
        report
    }

    /// Writes the schemas and samples that are missing for the current version of each type.
    /// What cannot be written is found by the check.
    pub async fn write(&self) {
        for event in self.catalogue.events() {
            let folder = Folder::open(self.folder.join(event.event_type));
            check::write(event, folder).await;
        }
    }

    /// The types that have a folder or a declaration.
    fn names(&self) -> BTreeSet<String> {
        let folders = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let folders = folders.filter(|entry| entry.path().is_dir());
        let folders = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
        folders.chain(self.catalogue.events().map(|event| event.event_type.to_owned())).collect()
    }
}
