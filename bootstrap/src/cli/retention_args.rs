//! The arguments of what is about retention: `prune`, `retention`, `hold`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use domain::Sequence;
use domain::audit::legal_hold::{HoldId, HoldScope};

use super::args::OutputArgs;
use super::durable_args::ByArgs;

/// Arguments of `prune`.
#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    #[command(flatten)]
    pub(super) rules: RulesArgs,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Put what goes into a compressed archive first: this file, or one in this folder; without it, in
    /// the folder that the setting audit.archive-dir names, if it names one
    #[arg(long, value_name = "FILE|DIR")]
    pub(super) archive: Option<PathBuf>,
}

/// What is said of how long entries are kept.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct RulesArgs {
    /// Remove what was recorded more days ago than this; without it, the setting
    /// audit.retention-days. Categories with settings of their own keep theirs
    #[arg(long, value_name = "N")]
    pub(super) older_than_days: Option<u32>,
}

/// What `retention` can do.
#[derive(Debug, Subcommand)]
pub(super) enum RetentionCommand {
    /// Show what would be removed now, and what holds the rest back
    Plan {
        #[command(flatten)]
        rules: RulesArgs,
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// What `hold` can do.
#[derive(Debug, Subcommand)]
pub(super) enum HoldCommand {
    /// Have entries stay, whatever the retention policy says, until the hold is released
    Place(PlaceArgs),
    /// Release a hold
    Release {
        /// The hold
        #[arg(value_name = "HOLD")]
        id: HoldId,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        by: ByArgs,
    },
    /// List the holds in force
    List(OutputArgs),
}

/// Arguments of `hold place`.
#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// Why, for the record: a case, a request. Name no person here, since this is not erased with them
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// What a hold is about: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct ScopeArgs {
    /// The entries of this plan
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// The entries of this run of work
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// The entries of this human: on their behalf, or by them
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// These entries, both ends included, as in `17-42`
    #[arg(long, value_name = "FROM-THROUGH", value_parser = range)]
    sequences: Option<(Sequence, Sequence)>,
}

impl ScopeArgs {
    /// What is held.
    pub(super) fn scope(self) -> HoldScope {
        let Self { plan, correlation, user, sequences } = self;
        match (plan, correlation, user, sequences) {
            (Some(id), ..) => HoldScope::Plan(id),
            (_, Some(id), ..) => HoldScope::Correlation(id),
            (_, _, Some(id), _) => HoldScope::User(id),
            // One of them is required; a range that ends before it begins is refused.
            (_, _, _, range) => {
                let (from, through) = range.unwrap_or((Sequence(1), Sequence(0)));
                HoldScope::Sequences { from, through }
            }
        }
    }
}

fn range(text: &str) -> Result<(Sequence, Sequence), String> {
    let ends = text.split_once('-').and_then(|(from, through)| {
        Some((from.trim().parse().ok()?, through.trim().parse().ok()?))
    });
    ends.ok_or_else(|| "write the first and the last sequence, as in 17-42".to_owned())
}
