//! The input: read and checked on a thread of its own, one event after the other.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use application::cloud_events::{self, EventReader, MAX_EVENT_BYTES, ReadError};
use domain::{Catalogue, EventDraft};
use tokio::sync::mpsc;

use crate::cli::Failure;

/// Events read ahead of what is being recorded.
const AHEAD: usize = 1024;

/// What the input held next.
pub(super) enum Item {
    /// An event as it should be.
    Event(Box<EventDraft>),
    /// An event that is not.
    Invalid(Invalid),
    /// The input could not be read on.
    Broken(Failure),
}

/// An event that is not what it should be: where it stands, what is wrong, and its bytes, where
/// they are not too many to be kept.
pub(super) struct Invalid {
    pub(super) input: Arc<str>,
    pub(super) problem: String,
    pub(super) bytes: Option<Vec<u8>>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.input, self.problem)
    }
}

/// An open input and its name.
pub(super) struct Input {
    name: Arc<str>,
    reader: Box<dyn BufRead + Send>,
}

/// Opens all files before anything is recorded, so that a misspelt name costs nothing.
pub(super) fn open(files: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    if files.is_empty() {
        if io::stdin().is_terminal() {
            return Err(Failure::Usage(
                "there is nothing to record: name a FILE, or pipe events into standard input"
                    .to_owned(),
            ));
        }
        return Ok(vec![stdin()]);
    }
    files
        .iter()
        .map(|file| if file == Path::new("-") { Ok(stdin()) } else { open_file(file) })
        .collect()
}

fn stdin() -> Input {
    Input { name: "standard input".into(), reader: Box::new(BufReader::new(io::stdin())) }
}

fn open_file(path: &Path) -> Result<Input, Failure> {
    let unreadable =
        |error: io::Error| Failure::because(format!("{} cannot be read", path.display()), error);
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(Failure::plain(format!(
            "{} is a folder: name the files in it, as in {}/*.ndjson",
            path.display(),
            path.display()
        )));
    }
    Ok(Input { name: path.display().to_string().into(), reader: Box::new(BufReader::new(file)) })
}

/// Starts reading. The thread ends with the input, or when nobody takes its items any more.
pub(super) fn start(inputs: Vec<Input>, catalogue: Catalogue) -> mpsc::Receiver<Item> {
    let (items, receiver) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        for input in inputs {
            for item in read(input, catalogue) {
                if items.blocking_send(item).is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

fn read(input: Input, catalogue: Catalogue) -> impl Iterator<Item = Item> {
    let Input { name, reader } = input;
    EventReader::new(reader, MAX_EVENT_BYTES).map(move |raw| match raw {
        Ok(raw) => match cloud_events::parse(&raw.bytes, &catalogue) {
            Ok(draft) => Item::Event(Box::new(draft)),
            Err(invalid) => Item::Invalid(Invalid {
                input: Arc::clone(&name),
                problem: format!("line {}: {invalid}", raw.line),
                bytes: Some(raw.bytes),
            }),
        },
        Err(error @ ReadError::TooLong { .. }) => Item::Invalid(Invalid {
            input: Arc::clone(&name),
            problem: error.to_string(),
            bytes: None,
        }),
        Err(error @ ReadError::BrokenArray { .. }) => {
            Item::Broken(Failure::Input(format!("{name} {error}")))
        }
        Err(error @ ReadError::Io { .. }) => {
            Item::Broken(Failure::because(format!("{name} cannot be read to its end"), error))
        }
    })
}
