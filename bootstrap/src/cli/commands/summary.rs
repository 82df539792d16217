//! What `record` and `import` say at their end.

use std::fmt::Write as _;
use std::path::Path;

use super::outcome::{Outcome, events, sequences};
use crate::cli::Failure;
use crate::cli::output::bar;

/// Types listed one by one with a bar; of the others there are the names.
const LISTED: usize = 12;
/// Letters in a line of names.
const LINE: usize = 80;

/// Whether the record is where it was when the run began. A file that is removed while it is open
/// takes what is written to it along, receipts or not.
pub(super) fn still_there(file: &Path) -> Result<(), Failure> {
    if file.exists() {
        return Ok(());
    }
    Err(Failure::plain(format!(
        "{} is gone: somebody removed or renamed it during this run, and what was recorded went with \
         it; record the same input again",
        file.display()
    )))
}

/// How a run went, for people; `besides` is one more line to say.
pub(super) fn text(
    outcome: &Outcome,
    besides: Option<String>,
    file: &Path,
    program: &str,
) -> String {
    let bold = anstyle::Style::new().bold();
    let mut text = format!("{bold}{}{bold:#}\n", headline(outcome));
    if let Some(besides) = besides {
        let _ = writeln!(text, "{besides}");
    }
    let _ = write!(text, "{}", types(outcome));
    let _ = writeln!(text, "\nfile  {} ({})", file.display(), size(file));
    if outcome.total() > 0 {
        let first = outcome.range.map(|(low, _)| low).unwrap_or_default();
        let _ = write!(
            text,
            "\nnext  {program} log --type 'plan.*'\n      {program} show {first}\n      \
             {program} stats --by actor\n"
        );
    }
    text
}

fn headline(outcome: &Outcome) -> String {
    let Some(range) = outcome.range else {
        return "Nothing to record: the input holds no events.".to_owned();
    };
    let Some(new_range) = outcome.new_range else {
        if outcome.total() == 1 {
            return format!("Nothing new: the event is on record already ({}).", sequences(range));
        }
        return format!(
            "Nothing new: all {} are on record already ({}).",
            events(outcome.total()),
            sequences(range)
        );
    };
    let types = outcome.types.len();
    let known = match outcome.known {
        0 => String::new(),
        known => format!("; {known} more were on record already"),
    };
    format!(
        "Recorded {} of {types} {} in {:.2} s ({}){known}.",
        events(outcome.new),
        if types == 1 { "type" } else { "types" },
        outcome.seconds(),
        sequences(new_range),
    )
}

/// The types, the most frequent first.
fn types(outcome: &Outcome) -> String {
    let mut types: Vec<_> = outcome.types.iter().collect();
    types.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let largest = types.first().map_or(0, |(_, count)| **count);
    let mut text = String::new();
    if !types.is_empty() {
        text.push('\n');
    }
    for (name, count) in types.iter().take(LISTED) {
        let _ = writeln!(text, "{count:>8}  {name:<24}  {}", bar(**count, largest, 20));
    }
    if let Some(rest) = types.get(LISTED..).filter(|rest| !rest.is_empty()) {
        let count: u64 = rest.iter().map(|(_, count)| **count).sum();
        let names: Vec<&str> = rest.iter().map(|(name, _)| name.as_str()).collect();
        let _ = writeln!(text, "{count:>8}  of {} more types:", rest.len());
        for line in wrapped(&names) {
            let _ = writeln!(text, "          {line}");
        }
    }
    text
}

/// Names with commas between them, in lines that are not too long.
fn wrapped(names: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (n, name) in names.iter().enumerate() {
        let word = if n + 1 == names.len() { (*name).to_owned() } else { format!("{name}, ") };
        match lines.last_mut() {
            Some(line) if line.len() + word.len() <= LINE => line.push_str(&word),
            _ => lines.push(word),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The file's size as a person reads it, with what SQLite keeps beside it for the moment.
fn size(file: &Path) -> String {
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    indicatif::HumanBytes(bytes).to_string()
}
