//! `prove`: a proof that leaves the house, as one JSON document.

use application::proof::{ProveError, prove_entry, prove_growth};
use domain::proof::{Proof, SignedCheckpoint};
use domain::{AuditTree, Sequence};

use super::proof::{checkpoints_in, newest_checkpoint};
use crate::cli::proof_args::ProveArgs;
use crate::cli::{Context, Failure, quoted};
use crate::wiring::open_tree_for_reading;

pub(super) async fn run(args: ProveArgs, context: Context<'_>) -> Result<(), Failure> {
    let opened = open_tree_for_reading(&context.settings.settings).await;
    let (log, tree) =
        opened.map_err(|error| Failure::because("the audit log cannot be read", error))?;
    let proof = if let [first, second] = &args.consistency[..] {
        let old = named_checkpoint(&*tree, first).await?;
        let new = named_checkpoint(&*tree, second).await?;
        let [before, after] = [&old, &new].map(SignedCheckpoint::checkpoint);
        if before.origin == after.origin && before.head.size > after.head.size {
            return Err(Failure::Usage(format!(
                "--consistency takes the older checkpoint first, and `{first}` is about more entries than \
                 `{second}`: run `indelible prove --consistency {} {}`",
                quoted(second),
                quoted(first)
            )));
        }
        Proof::Consistency(Box::new(prove_growth(&*tree, old, new).await.map_err(not_proven)?))
    } else {
        let sequence = context.place_of(&*log, args.event.as_deref().unwrap_or_default()).await?;
        let checkpoint = match &args.checkpoint {
            Some(file) => last_of(checkpoints_in(file)?)?,
            None => newest_checkpoint(&*tree).await?,
        };
        let mut proof = prove_entry(&*tree, sequence, checkpoint).await.map_err(not_proven)?;
        proof.disclosures.retain(|shown| {
            if shown.field.is_personal() { !args.without_personal } else { !args.without_details }
        });
        Proof::Entry(Box::new(proof))
    };
    context.console.print_line(&proof.to_json())
}

pub(super) fn not_proven(error: ProveError) -> Failure {
    Failure::because("nothing was proven", error)
}

/// The last checkpoint in a file, which is the newest one in an anchor.
fn last_of(mut checkpoints: Vec<SignedCheckpoint>) -> Result<SignedCheckpoint, Failure> {
    // The file has at least one.
    checkpoints.pop().ok_or_else(|| Failure::Usage("there is no checkpoint in the file".to_owned()))
}

/// A checkpoint by the newest entry it is about, or by the file it is in.
async fn named_checkpoint(tree: &dyn AuditTree, name: &str) -> Result<SignedCheckpoint, Failure> {
    let Ok(newest) = name.parse::<Sequence>() else {
        return last_of(checkpoints_in(name.as_ref())?);
    };
    let standing = tree.standing().await.map_err(Failure::tree)?;
    let size = standing.index_of(newest.next()).unwrap_or_default();
    let found = tree.checkpoints(size.saturating_sub(1), 1).await.map_err(Failure::tree)?;
    let Some(found) = found.into_iter().find(|found| found.size == size) else {
        return Err(Failure::plain(format!(
            "no checkpoint of this record is about the entries up to {newest}, and `{newest}` is no file"
        )));
    };
    SignedCheckpoint::parse(&found.note)
        .map_err(|error| Failure::because("the checkpoint cannot be read", error))
}
