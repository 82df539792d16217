//! Checkpoints as people keep them: one in a file, or many one after the other, as an anchor has them.

use domain::proof::{NotASignedCheckpoint, Origin, SignedCheckpoint};

/// A text has something in it that is no checkpoint.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "line {line} begins no checkpoint: give a file as `indelible checkpoint` prints it, or an anchor's"
)]
pub struct BadNote {
    /// The first line of what is none, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    #[source]
    pub source: NotASignedCheckpoint,
}

/// The checkpoints in a text, in its order.
///
/// # Errors
/// When something else stands between them.
pub fn read_checkpoints(text: &str) -> Result<Vec<SignedCheckpoint>, BadNote> {
    let mut checkpoints = Vec::new();
    let (mut note, mut begun, mut signed) = (String::new(), 1, false);
    for (number, line) in (1..).zip(text.lines()) {
        // A note ends with its signatures: what comes after them, and is none, begins another.
        let signature = line.starts_with('\u{2014}');
        if signed && !signature {
            checkpoints.push(parse(&std::mem::take(&mut note), begun)?);
            signed = false;
        }
        if note.is_empty() {
            if line.trim().is_empty() {
                continue;
            }
            begun = number;
        }
        signed |= signature;
        note.push_str(line);
        note.push('\n');
    }
    if !note.is_empty() {
        checkpoints.push(parse(&note, begun)?);
    }
    Ok(checkpoints)
}

/// The checkpoints of a log in a text that may begin in the middle of one, and have anything between.
#[must_use]
pub fn checkpoints_of(origin: &Origin, text: &str) -> Vec<SignedCheckpoint> {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |at: &usize| lines[*at] == origin.as_str();
    let signature = |line: &&&str| line.starts_with('\u{2014}');
    let note = |at: usize| {
        let first = at + lines[at..].iter().position(|line| signature(&line))?;
        let last = first + lines[first..].iter().take_while(signature).count();
        SignedCheckpoint::parse(&(lines[at..last].join("\n") + "\n")).ok()
    };
    (0..lines.len()).filter(begins).filter_map(note).collect()
}

fn parse(note: &str, line: usize) -> Result<SignedCheckpoint, BadNote> {
    SignedCheckpoint::parse(note).map_err(|source| BadNote { line, source })
}
