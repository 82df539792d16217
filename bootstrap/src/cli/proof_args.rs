//! What the commands about proof can be given.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use domain::Sequence;

use super::Console;

/// How a verdict is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum VerdictFormat {
    /// Sentences for people
    Text,
    /// One JSON document
    Json,
}

impl VerdictFormat {
    /// The format that was asked for, or the one that suits whoever reads the results.
    pub(super) fn or_default(asked: Option<Self>, console: &Console) -> Self {
        asked.unwrap_or(if console.person_reads_results { Self::Text } else { Self::Json })
    }
}

/// Public keys that are believed.
#[derive(Debug, Args)]
pub(super) struct KeyArgs {
    /// Believe signatures of this public key, as `key show` prints it, or of those in this file; may be
    /// given several times
    #[arg(long = "key", value_name = "PUB|FILE")]
    pub(super) keys: Vec<String>,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The file of the record; without it, the one of the settings
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Compare also with the checkpoints in this file, as `checkpoint` prints them or an anchor keeps
    /// them; may be given several times. Those in FILE.signed beside a file that is given with --key are
    /// compared in any case
    #[arg(long, value_name = "CHECKPOINT|ANCHOR")]
    pub(super) against: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) keys: KeyArgs,
    /// How the verdict is printed; without it, text on a terminal and json elsewhere
    #[arg(long, value_enum)]
    pub(super) format: Option<VerdictFormat>,
}

/// Arguments of `prove`.
#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// A sequence number or an event's id
    #[arg(value_name = "SEQ|EVENT_ID", required_unless_present = "consistency")]
    pub(super) event: Option<String>,
    /// Prove that the tree of NEW begins with that of OLD: files of checkpoints, or the newest entry
    /// that a checkpoint of the record is about
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], conflicts_with = "event")]
    pub(super) consistency: Vec<String>,
    /// Prove against the checkpoint in this file; without it, against the newest of the record
    #[arg(long, value_name = "FILE", conflicts_with = "consistency")]
    pub(super) checkpoint: Option<PathBuf>,
    /// Do not show who it was: leave out the actor, the subject and the user
    #[arg(long, conflicts_with = "consistency")]
    pub(super) without_personal: bool,
    /// Do not show the details and the extensions
    #[arg(long, conflicts_with = "consistency")]
    pub(super) without_details: bool,
}

/// Arguments of `verify-proof`.
#[derive(Debug, Args)]
pub(super) struct VerifyProofArgs {
    /// The proof, as `prove` or `log --prove` prints it; `-`: standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) keys: KeyArgs,
    /// How the outcome is printed; without it, text on a terminal and json elsewhere
    #[arg(long, value_enum)]
    pub(super) format: Option<VerdictFormat>,
}

/// Arguments of `checkpoint`.
#[derive(Debug, Args)]
pub(super) struct CheckpointArgs {
    /// Print the newest checkpoint there is, and sign nothing
    #[arg(long)]
    pub(super) newest: bool,
}

/// What `key` can do.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Print the public keys that checkpoints of this record are signed with, the one in use last
    Show,
    /// Sign with a new key from now on; that is put on record
    Rotate,
}

/// How `log` proves its answer.
#[derive(Debug, Args)]
pub(super) struct AnswerArgs {
    /// Print the answer with proof that each event is on record, and that none of the range was left
    /// out, as one JSON document for `verify-proof`
    #[arg(long, conflicts_with_all = ["limit", "reverse", "format"])]
    pub(super) prove: bool,
    /// The last sequence number of the range that is proven; without it, the newest one that is signed
    #[arg(long, value_name = "SEQ", requires = "prove")]
    pub(super) through: Option<Sequence>,
}
