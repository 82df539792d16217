//! `checkpoint`: signs the tree as it is, and prints what was signed.

use super::proof::newest_checkpoint;
use crate::cli::proof_args::CheckpointArgs;
use crate::cli::{Context, Failure};
use crate::wiring::open_tree_for_reading;

pub(super) async fn run(args: CheckpointArgs, context: Context<'_>) -> Result<(), Failure> {
    if args.newest {
        let opened = open_tree_for_reading(&context.settings.settings).await;
        let (_, tree) =
            opened.map_err(|error| Failure::because("the audit log cannot be read", error))?;
        let newest = newest_checkpoint(&*tree).await?;
        return context.console.print(newest.as_str());
    }
    let app = context.start_on_record().await?;
    let signed = app.sign_checkpoint().await;
    app.shutdown().await;
    let signed = signed.map_err(|error| Failure::because("the checkpoint failed", error))?;
    match signed {
        Some(checkpoint) => context.console.print(checkpoint.as_str()),
        None => Err(Failure::plain(
            "there is nothing to sign: nothing was recorded since this record has a tree",
        )),
    }
}
