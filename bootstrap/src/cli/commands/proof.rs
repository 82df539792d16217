//! What the commands about proof share: keys and checkpoints from arguments, an event's place.

use std::path::Path;

use application::proof::read_checkpoints;
use domain::proof::{SignedCheckpoint, VerifierKey};
use domain::{AuditLog, AuditTree, Sequence};

use crate::cli::proof_args::KeyArgs;
use crate::cli::{Context, Failure};

impl KeyArgs {
    /// The keys themselves.
    pub(super) fn read(&self) -> Result<Vec<VerifierKey>, Failure> {
        let mut keys = Vec::new();
        for given in &self.keys {
            // A key has two `+`; a file of that name is rare enough to be called `./a+b+c`.
            let literal = given.matches('+').count() >= 2 && !given.starts_with(['.', '/']);
            if literal {
                keys.push(given.parse().map_err(|error| wrong(given, &error))?);
                continue;
            }
            let text = std::fs::read_to_string(given).map_err(|error| {
                Failure::unchecked(
                    format!("`{given}` is no public key, and no file that can be read"),
                    error,
                )
            })?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let before = keys.len();
            for line in lines {
                keys.push(line.parse().map_err(|error| wrong(given, &error))?);
            }
            if keys.len() == before {
                return Err(Failure::Usage(format!("there is no public key in `{given}`")));
            }
        }
        Ok(keys)
    }
}

fn wrong(given: &str, error: &dyn std::error::Error) -> Failure {
    Failure::Usage(format!("--key {given}: {error}"))
}

/// The checkpoints in a file.
pub(super) fn checkpoints_in(file: &Path) -> Result<Vec<SignedCheckpoint>, Failure> {
    let unreadable = || format!("the checkpoints in `{}` cannot be read", file.display());
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure::unchecked(unreadable(), error))?;
    let checkpoints =
        read_checkpoints(&text).map_err(|error| Failure::unchecked(unreadable(), error))?;
    if checkpoints.is_empty() {
        return Err(Failure::Usage(format!("there is no checkpoint in `{}`", file.display())));
    }
    Ok(checkpoints)
}

/// The newest checkpoint in the record.
pub(super) async fn newest_checkpoint(
    tree: &dyn AuditTree,
    program: &str,
) -> Result<SignedCheckpoint, Failure> {
    let newest = tree.newest_checkpoint().await.map_err(Failure::tree)?;
    let none = || {
        Failure::plain(format!("nothing of this record is signed yet: run `{program} checkpoint`"))
    };
    SignedCheckpoint::parse(&newest.ok_or_else(none)?.note)
        .map_err(|error| Failure::because("the newest checkpoint cannot be read", error))
}

impl Failure {
    /// The tree cannot be read.
    pub(super) fn tree(error: domain::ports::TreeError) -> Self {
        Self::because("the tree of the record cannot be read", error)
    }
}

impl Context<'_> {
    /// The place of the one event with this sequence number or id.
    pub(super) async fn place_of(
        &self,
        log: &dyn AuditLog,
        event: &str,
    ) -> Result<Sequence, Failure> {
        if let Ok(sequence) = event.parse() {
            return Ok(sequence);
        }
        let found = log.by_event_id(event).await.map_err(Failure::query)?;
        match &found[..] {
            [one] => Ok(one.sequence),
            [] => Err(Failure::plain(format!("no event with the id `{event}` is on record"))),
            several => {
                let places: Vec<_> = several.iter().map(|one| one.sequence.to_string()).collect();
                let places = places.join(", ");
                Err(Failure::Usage(format!(
                    "several sources have recorded an event `{event}`: name one of {places}"
                )))
            }
        }
    }
}
