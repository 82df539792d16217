//! The events that were skipped, kept as they came, so that they can be mended and recorded.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::feed::Invalid;
use crate::cli::args::{OnInvalid, RecordArgs};
use crate::cli::output::harmless;
use crate::cli::{Console, Failure};

/// Where skipped events go, and how many there were.
pub(super) struct Rejects {
    file: Option<(File, PathBuf)>,
    skipped: u64,
}

impl Rejects {
    /// Opens the file that was asked for; what it holds already stays.
    pub(super) fn from_args(args: &RecordArgs) -> Result<Self, Failure> {
        let path = match (args.on_invalid, &args.rejects) {
            (OnInvalid::Stop, None) => return Ok(Self { file: None, skipped: 0 }),
            (OnInvalid::Skip, Some(path)) => path.clone(),
            (OnInvalid::Skip, None) => {
                return Err(Failure::Usage(
                    "--on-invalid skip needs --rejects FILE: what is skipped is kept there"
                        .to_owned(),
                ));
            }
            (OnInvalid::Stop, Some(_)) => {
                return Err(Failure::Usage(
                    "--rejects FILE needs --on-invalid skip: nothing is skipped without it"
                        .to_owned(),
                ));
            }
        };
        let unwritable =
            |error| Failure::because(format!("{} cannot be written", path.display()), error);
        for input in &args.files {
            // Skipped events would be read again as input, without end.
            if let (Ok(input), Ok(rejects)) = (input.canonicalize(), path.canonicalize())
                && input == rejects
            {
                return Err(Failure::Usage(format!(
                    "--rejects {} is an input as well: name another file",
                    path.display()
                )));
            }
        }
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        // What is kept here was not redacted: as with the record, it is its owner's alone.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(unwritable)?;
        Ok(Self { file: Some((file, path)), skipped: 0 })
    }

    /// Keeps an event that is skipped, and says why it is.
    pub(super) fn keep(&mut self, invalid: &Invalid, console: &mut Console) -> Result<(), Failure> {
        self.skipped += 1;
        match (&mut self.file, &invalid.bytes) {
            (Some((file, path)), Some(bytes)) => {
                // One line each, whatever the input's format: JSON needs no line breaks, and an
                // event that is not JSON is cut at most where it was broken already.
                let line: Vec<u8> = bytes
                    .iter()
                    .map(|&b| if b == b'\n' || b == b'\r' { b' ' } else { b })
                    .collect();
                file.write_all(&[line.as_slice(), b"\n"].concat()).map_err(|error| {
                    Failure::because(format!("{} cannot be written", path.display()), error)
                })?;
                console.explain_line(&harmless(&format!("skipped: {invalid}")));
            }
            _ => console
                .explain_line(&harmless(&format!("skipped, and too long to be kept: {invalid}"))),
        }
        Ok(())
    }

    /// How many events were skipped, and where they are, in words; `None` when there were none.
    pub(super) fn told(&self) -> Option<String> {
        let (_, path) = self.file.as_ref()?;
        (self.skipped > 0).then(|| format!("{} skipped, kept in {}", self.skipped, path.display()))
    }
}
