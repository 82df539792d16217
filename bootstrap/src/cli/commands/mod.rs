//! One file per command: what it asks of the use cases, and what it prints.

mod catalog;
mod checkpoint;
mod config;
mod dead_letters;
mod doctor;
mod erase;
mod explain;
mod export;
mod hold;
mod import;
mod key;
mod log;
mod open;
mod outcome;
mod paperwork;
mod proof;
mod prove;
mod prune;
mod publish;
mod react;
mod record;
mod retention;
mod show;
mod stats;
mod subscriptions;
mod summary;
mod tail;
mod verify;
mod verify_proof;

use super::{Command, Context, Failure};

/// Does what was asked for.
pub(super) async fn run(command: Command, context: Context<'_>) -> Result<(), Failure> {
    match command {
        Command::Record(args) => record::run(args, context).await,
        Command::Log(args) => log::run(args, context).await,
        Command::Show(args) => show::run(args, context).await,
        Command::Tail(args) => tail::run(args, context).await,
        Command::Stats(args) => stats::run(args, context).await,
        Command::Open(args) => open::run(args, context).await,
        Command::Explain(args) => explain::run(args, context).await,
        Command::Export(args) => export::run(args, context).await,
        Command::Catalog(args) => catalog::run(args, context),
        Command::Prune(args) => prune::run(args, context).await,
        Command::Retention(command) => retention::run(command, context).await,
        Command::Hold(command) => hold::run(command, context).await,
        Command::Erase(args) => erase::run(args, context).await,
        Command::Import(args) => import::run(args, context).await,
        Command::React(args) => react::run(args, context).await,
        Command::Subscriptions(args) => subscriptions::run(args, context).await,
        Command::DeadLetters(args) => dead_letters::run(args, context).await,
        Command::Verify(args) => verify::run(args, context).await,
        Command::Prove(args) => prove::run(args, context).await,
        Command::VerifyProof(args) => verify_proof::run(args, context),
        Command::Checkpoint(args) => checkpoint::run(args, context).await,
        Command::Key(command) => key::run(command, context).await,
        Command::Doctor(args) => doctor::run(args, context).await,
        Command::Config(command) => config::run(command, context),
        Command::Completions { shell } => paperwork::completions(shell, context),
        Command::Man { dir } => paperwork::manual(dir, context),
    }
}
