//! That whatever two tasks meet at is taken from `crate::sync`: what is taken from elsewhere would
//! be explored by no model, in silence.

use std::fs;
use std::path::Path;

use libtest_mimic::Failed;

/// What the scheduler of the models does not see.
const ELSEWHERE: &[&str] = &[
    "tokio::sync::",
    "tokio::task::",
    "tokio::time::",
    "tokio::runtime::",
    "tokio::spawn",
    "tokio_util::",
    "arc_swap::",
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::sync::Condvar",
    "std::sync::mpsc",
    "std::sync::atomic::",
];

/// What may be taken from elsewhere all the same, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("reactive.rs: tokio::sync::Semaphore", "only how much it can count"),
    ("counting.rs: std::sync::atomic::{AtomicU64, Ordering}", "nothing is ordered by a count"),
    ("rest.rs: std::sync::atomic::Ordering", "a word, and not a place to meet"),
];

/// Looks through the imports of every file that the models explore.
pub(crate) fn everything_is_taken_from_one_place() -> Result<(), Failed> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![source.join("seaorm/turn.rs")];
    let mut folders = vec![source.join("bus")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                files.push(path);
            }
        }
    }
    let mut unused: Vec<&str> = ALLOWED.iter().map(|(what, _)| *what).collect();
    let mut strangers = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Tests of a file's own are at its end.
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in product.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // `use std::sync::{Arc, Mutex};` is as good as `use std::sync::Mutex;`.
            let named = line.trim().trim_start_matches("use ").trim_end_matches(';');
            let group = named.strip_prefix("std::sync::{").and_then(|list| list.strip_suffix('}'));
            let names: Vec<String> = match group {
                Some(list) => list.split(", ").map(|name| format!("std::sync::{name}")).collect(),
                None => vec![named.to_owned()],
            };
            for used in names.iter().filter(|used| ELSEWHERE.iter().any(|e| used.contains(e))) {
                let found = format!("{name}: {used}");
                match unused.iter().position(|allowed| *allowed == found) {
                    Some(place) => drop(unused.remove(place)),
                    None => strangers.push(found),
                }
            }
        }
    }
    if strangers.is_empty() && unused.is_empty() && files.len() > 10 {
        return Ok(());
    }
    Err(format!(
        "not from `crate::sync`: {strangers:?}. Add it to infrastructure/src/sync.rs, and its \
         counterpart to infrastructure/tests/models/sync.rs.\nallowed but not used: {unused:?}. \
         Remove it from infrastructure/tests/models/one_place.rs.\n{} files looked through",
        files.len()
    )
    .into())
}
