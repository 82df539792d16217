//! What the commands about proof share: keys and checkpoints from arguments, an event's place.

use std::path::Path;

use application::proof::read_checkpoints;
use domain::proof::{SignedCheckpoint, VerifierKey};
use domain::{AuditLog, AuditTree, Sequence};
use infrastructure::signing::signed_beside;

use crate::cli::proof_args::KeyArgs;
use crate::cli::{Context, Failure};

impl KeyArgs {
    /// The keys themselves.
    pub(super) fn read(&self) -> Result<Vec<VerifierKey>, Failure> {
        let mut keys = Vec::new();
        for given in &self.keys {
            if is_literal(given) {
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

    /// What signers remember beside the files with these keys. Such a file beside a private key is there
    /// for whoever signs; whoever is given a public key may be given it as well.
    pub(super) fn signed_beside(&self) -> Result<Vec<SignedCheckpoint>, Failure> {
        let mut remembered = Vec::new();
        for given in self.keys.iter().filter(|given| !is_literal(given)) {
            let beside = signed_beside(Path::new(given));
            if beside.exists() {
                remembered.extend(checkpoints_in(&beside)?);
            }
        }
        Ok(remembered)
    }
}

/// Whether a key itself was given. It has two `+`; a file of that name is rare enough to be called
/// `./a+b+c`.
fn is_literal(given: &str) -> bool {
    given.matches('+').count() >= 2 && !given.starts_with(['.', '/'])
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
pub(super) async fn newest_checkpoint(tree: &dyn AuditTree) -> Result<SignedCheckpoint, Failure> {
    let newest = tree.newest_checkpoint().await.map_err(Failure::tree)?;
    SignedCheckpoint::parse(&newest.ok_or_else(unsigned)?.note)
        .map_err(|error| Failure::because("the newest checkpoint cannot be read", error))
}

/// There is no checkpoint yet. The console says the command as the program was called.
pub(super) fn unsigned() -> Failure {
    Failure::plain("nothing of this record is signed yet: run `indelible checkpoint`")
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
