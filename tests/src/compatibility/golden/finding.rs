//! What can be wrong between a catalogue and its golden samples, each with the way out.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use domain::{DetailsError, EventDescriptor};

use super::row::RowError;
use crate::compatibility::schema::Change;

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// A version that the catalogue has now was never stored.
    #[error("version {version} has no {what}: write it with `{command}`, and commit it")]
    Missing {
        /// The version.
        version: u32,
        /// What is missing.
        what: String,
        /// What writes it.
        command: String,
    },
    /// A version that the catalogue had has lost its samples.
    #[error(
        "version {version} has no {what}, and today's code cannot write one: bring it back from \
         the repository's history, or have a declaration of version {version} write it once more \
         (the documentation of `compatibility::golden` says how)"
    )]
    Lost {
        /// The version.
        version: u32,
        /// What is missing.
        what: String,
    },
    /// Samples of a type that the catalogue does not have.
    #[error(
        "it was recorded and is not in the catalogue, so that nobody can read it any more: declare \
         it again. A wire name is for ever; what may be renamed is the Rust struct, as in \
         `#[event(\"{event_type}\", …)] AnyOtherName {{ … }}`"
    )]
    Removed {
        /// The wire name.
        event_type: String,
    },
    /// Samples of a version above the declared one.
    #[error(
        "version {version} is on record and the declaration says {declared}: a version never goes \
         back, so declare {version}, or a later one with an upcaster"
    )]
    Lowered {
        /// The version on record.
        version: u32,
        /// The declared one.
        declared: u32,
    },
    /// A file that is none of ours, or cannot be used.
    #[error("{file}: {problem}")]
    File {
        /// The file's name.
        file: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A row that the database does not take.
    #[error("{file}: {source}")]
    Row {
        /// The file's name.
        file: String,
        /// What is wrong and what to do.
        source: RowError,
    },
    /// A row that the adapter reads otherwise than it was stored.
    #[error(
        "{file}: stored again, the row is another; what reads or writes rows has changed:\n\
         {diff}\n\
         see to it that old rows are written back as they were"
    )]
    Rewritten {
        /// The file's name.
        file: String,
        /// The lines that differ.
        diff: String,
    },
    /// A payload that today's code does not read.
    #[error("{file}: today's code does not read it: {source}")]
    Unreadable {
        /// The file's name.
        file: String,
        /// What the type says.
        source: DetailsError,
    },
    /// A payload of an earlier version that the upcaster does not make one of today's.
    #[error(
        "{file}: the upcaster does not bring it from version {version} to version {declared}: \
         {source}\n    recorded: {recorded}\n\
         mend what `upcast = …` names, so that it reads this row; version {declared} stays as it is"
    )]
    NotBroughtUp {
        /// The file's name.
        file: String,
        /// The version of the row.
        version: u32,
        /// The declared version.
        declared: u32,
        /// The payload, as recorded.
        recorded: String,
        /// What the type says of what the upcaster made, or the upcaster itself.
        source: DetailsError,
    },
    /// A payload that today's code reads and would write otherwise, under the same version.
    #[error(
        "{file}: today's code would write it otherwise:\n    recorded: {recorded}\n    today:    {today}"
    )]
    Altered {
        /// The file's name.
        file: String,
        /// The payload's known fields, as recorded.
        recorded: String,
        /// The same, written again.
        today: String,
    },
    /// A field that the upcaster makes up anew each time, or that is lost on the second reading.
    #[error(
        "{file}: once brought up to date it is not read as what it was brought up to: {problem}\n\
         mend what `upcast = …` names, so that it makes the fields of today's version and the same \
         of the same row each time"
    )]
    Unstable {
        /// The file's name.
        file: String,
        /// What differs.
        problem: String,
    },
    /// The shape is not the accepted one, though everything on record is read.
    #[error(
        "the accepted schema of version {version} is out of date:\n{}\n\
         if that is what was meant, accept it with `{command}`, and commit it",
        lines(.changes)
    )]
    Evolved {
        /// The version.
        version: u32,
        /// What changed; nothing where only the text differs.
        changes: Vec<Change>,
        /// What accepts it.
        command: String,
    },
    /// The shape changed and the version did not.
    #[error(
        "the shape changed and the version did not:\n    recorded: {recorded}\n    \
         declared: {declared}\n{}",
        lines(.changes)
    )]
    Reshaped {
        /// The recorded shape, in words.
        recorded: String,
        /// The declared shape, in words.
        declared: String,
        /// What changed.
        changes: Vec<Change>,
    },
}

impl Finding {
    /// Whether a new version and an upcaster are what helps.
    pub(super) fn asks_for_a_version(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::Altered { .. } | Self::Reshaped { .. })
    }

    /// The same, without holding the upcaster to it.
    pub(super) fn whatever_the_upcaster(self) -> Self {
        match self {
            Self::NotBroughtUp { file, source, .. } => Self::Unreadable { file, source },
            other => other,
        }
    }

    /// A finding about a file that could not be read or written.
    pub(super) fn io(file: impl fmt::Display, error: &io::Error) -> Self {
        let problem = format!("it cannot be read or written ({error}): see to its permissions");
        Self::File { file: file.to_string(), problem }
    }
}

fn lines(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "    the same in other words".to_owned();
    }
    changes.iter().map(|change| format!("    {change}")).collect::<Vec<_>>().join("\n")
}

/// What is wrong, type by type, and the lines to write where a shape changed.
#[derive(Debug, Default)]
pub struct Report {
    /// How many types were looked at.
    pub types: usize,
    /// How many stored rows were read.
    pub samples: usize,
    wrong: Vec<Wrong>,
}

/// What is wrong with one type.
#[derive(Debug)]
struct Wrong {
    event_type: String,
    findings: Vec<Finding>,
    /// Today's declaration, where there is one.
    event: Option<EventDescriptor>,
    /// Where its samples lie.
    folder: PathBuf,
}

impl Report {
    pub(super) fn add(
        &mut self,
        event_type: &str,
        findings: Vec<Finding>,
        event: Option<EventDescriptor>,
        folder: PathBuf,
    ) {
        if !findings.is_empty() {
            let event_type = event_type.to_owned();
            self.wrong.push(Wrong { event_type, findings, event, folder });
        }
    }

    /// Whether all is well.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.wrong.is_empty()
    }

    /// What is wrong, each with its type.
    pub fn findings(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.wrong.iter().flat_map(|wrong| {
            wrong.findings.iter().map(move |finding| (wrong.event_type.as_str(), finding))
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { types, samples, .. } = self;
        writeln!(f, "{types} types, {samples} stored rows read")?;
        for Wrong { event_type, findings, event, folder } in &self.wrong {
            writeln!(f, "\n`{event_type}`")?;
            for finding in findings {
                writeln!(f, "  {}", finding.to_string().replace('\n', "\n  "))?;
            }
            let Some(event) = event else { continue };
            if findings.iter().any(Finding::asks_for_a_version) {
                writeln!(f, "{}", next_version(event, folder))?;
            }
        }
        Ok(())
    }
}

/// The lines to write when a shape has to change. They compile as they stand.
fn next_version(event: &EventDescriptor, folder: &Path) -> String {
    let EventDescriptor { event_type, version, category, .. } = event;
    let function = format!("{}_from", event_type.replace('.', "_"));
    let next = version + 1;
    let more = match event.upcast {
        Some(_) => "It has an upcaster: keep that one's name and lines, and add these.",
        None => "The upcaster is given the payload as it was recorded.",
    };
    format!(
        "  Version {version} is on record and stays readable. Raise the version and say how \
         version {version} is read:\n\
         \x20     #[event(\"{event_type}\", version = {next}, audit = {category:?},\n\
         \x20             upcast = {function})]\n\
         \x20     fn {function}(_version: u32, details: Details) -> Result<Details, DetailsError> {{\n\
         \x20         // Change this: of what version {version} recorded make what version {next} holds. Take\n\
         \x20         // `mut details`, `shift_remove` what is gone, `insert` what is new.\n\
         \x20         Ok(details)\n\
         \x20     }}\n\
         \x20 {more}\n\
         \x20 If no release has version {version} yet, leave the version, delete `*-v{version}-*.sql` and \
         `v{version}.schema.json` in\n\
         \x20 {}\n\
         \x20 instead, and write them again.",
        folder.display(),
    )
}
