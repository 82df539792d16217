//! What can be asked for: the commands and their arguments.

use std::path::PathBuf;

use application::query::Moment;
use application::work::WorkBy;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use domain::Sequence;
use domain::audit::TallyBy;

use super::durable_args::{DeadLettersArgs, ReactArgs, SubscriptionsArgs};
use super::erase_args::EraseArgs;
use super::filters::FilterArgs;
use super::output::Format;
use super::proof_args::{
    AnswerArgs, CheckpointArgs, KeyCommand, ProveArgs, VerifyArgs, VerifyProofArgs,
};
use super::retention_args::{HoldCommand, PruneArgs, RetentionCommand};
use super::setting_flags::SettingFlags;
use crate::settings::Sources;

/// Puts what agents do on record, and answers what happened.
#[derive(Debug, Parser)]
#[command(
    name = "indelible",
    version,
    about = "Puts what agents do on record, and answers what happened",
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 3 wrong input, \
                  130 interrupted, 141 standard output closed."
)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// The settings file; without it, the platform's own place is looked at
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingFlags,
}

impl Cli {
    /// The settings that were given as flags: name and text.
    pub(super) fn flags(&self) -> Vec<(String, String)> {
        self.settings.0.clone()
    }

    /// Where this command's settings come from.
    pub(super) fn sources(&self) -> Sources {
        let mut sources = Sources::of_process();
        if self.config.is_some() {
            sources.file.clone_from(&self.config);
        }
        sources.flags = self.flags();
        sources
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Record events: CloudEvents 1.0 JSON, one a line or as a JSON array
    Record(RecordArgs),
    /// List what is on record
    Log(LogArgs),
    /// Show one event, whole
    Show(ShowArgs),
    /// Show the newest events, and with -f those that follow
    Tail(TailArgs),
    /// Count what is on record
    Stats(StatsArgs),
    /// Show what was begun and never ended
    Open(OpenArgs),
    /// Show what caused what in a run of work, as a tree
    Explain(ExplainArgs),
    /// Write recorded events as CloudEvents that `record` accepts, or publish the tree over them
    Export(ExportArgs),
    /// List the event types there are, or show the schema of one
    Catalog(CatalogArgs),
    /// Remove what is older than the retention policy keeps
    Prune(PruneArgs),
    /// Destroy values on request: who somebody is, and with --details what was said
    Erase(EraseArgs),
    /// Look at what retention would do
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Have entries stay whatever the retention policy says: legal holds
    #[command(subcommand)]
    Hold(HoldCommand),
    /// Import the audit log of the originating platform
    Import(ImportArgs),
    /// Run a command for each event, once it is on record: again after a failure, on after a restart
    React(ReactArgs),
    /// List the durable subscriptions, or do something to one
    Subscriptions(SubscriptionsArgs),
    /// List the events that durable subscriptions could not handle, or do something about them
    DeadLetters(DeadLettersArgs),
    /// Find out whether the record is what was recorded and signed: 0 intact, 1 tampered, 2 not known
    Verify(VerifyArgs),
    /// Prove that an event is on record, or that the record has only grown, as JSON
    Prove(ProveArgs),
    /// Check a proof, without any record: 0 it holds, 1 it does not, 2 not known
    VerifyProof(VerifyProofArgs),
    /// Sign what is on record, and print what was signed
    Checkpoint(CheckpointArgs),
    /// Look at the keys that the record is signed with, or change to a new one
    #[command(subcommand)]
    Key(KeyCommand),
    /// Examine the record and the wiring
    Doctor(OutputArgs),
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, or write all of them
    Man {
        /// Write one page per command into this folder
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct OutputArgs {
    /// How rows are printed; without it, a table on a terminal and ndjson elsewhere
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
}

/// What to do with an event that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnInvalid {
    /// Stop there; what came before it is on record
    Stop,
    /// Go on without it
    Skip,
}

/// Arguments of `record`.
#[derive(Debug, Args)]
pub(super) struct RecordArgs {
    /// Files to record in this order; `-` or none: standard input
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Print a receipt for each event as NDJSON
    #[arg(long)]
    pub(super) receipts: bool,
    /// What to do with an event that is not what it should be
    #[arg(long, value_enum, default_value = "stop")]
    pub(super) on_invalid: OnInvalid,
    /// Where to write the events that were skipped, as they came: not redacted
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
}

/// Arguments of `log`.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    /// Only events after this sequence number
    #[arg(long, value_name = "SEQ")]
    pub(super) after: Option<Sequence>,
    /// At most this many; 0 for all. Without it, 100 in a table and all elsewhere
    #[arg(long, short = 'n', value_name = "N")]
    pub(super) limit: Option<u64>,
    /// Newest first
    #[arg(long, short)]
    pub(super) reverse: bool,
    #[command(flatten)]
    pub(super) answer: AnswerArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// A sequence number or an event's id
    #[arg(value_name = "SEQ|EVENT_ID")]
    pub(super) event: String,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Arguments of `tail`.
#[derive(Debug, Args)]
pub(super) struct TailArgs {
    /// Go on with events as they are recorded, by whichever process
    #[arg(long, short)]
    pub(super) follow: bool,
    /// Begin with this many of the newest events
    #[arg(long, short = 'n', visible_alias = "limit", value_name = "N", default_value_t = 10)]
    pub(super) lines: u64,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum By {
    /// The event type
    Type,
    /// The part of the type before the dot
    Context,
    /// The plan
    Plan,
    /// The project
    Project,
    /// The actor
    Actor,
    /// The human on whose behalf it happened
    User,
    /// The hour of recording, UTC
    Hour,
    /// The day of recording, UTC
    Day,
    /// The tool that was called: how often, how it went, and how long it took
    Tool,
    /// The type that begins work: the same of all work that is begun and ended
    Work,
}

/// What is counted: entries, or work.
pub(super) enum Count {
    /// Entries that have something in common.
    Entries(TallyBy),
    /// Work that was begun, with how it ended.
    Work(WorkBy),
}

impl From<By> for Count {
    fn from(by: By) -> Self {
        Self::Entries(match by {
            By::Type => TallyBy::Type,
            By::Context => TallyBy::Context,
            By::Plan => TallyBy::Plan,
            By::Project => TallyBy::Project,
            By::Actor => TallyBy::Actor,
            By::User => TallyBy::User,
            By::Hour => TallyBy::Hour,
            By::Day => TallyBy::Day,
            By::Tool => return Self::Work(WorkBy::Tool),
            By::Work => return Self::Work(WorkBy::Kind),
        })
    }
}

/// Arguments of `stats`.
#[derive(Debug, Args)]
pub(super) struct StatsArgs {
    /// What to count by
    #[arg(long, value_enum, default_value = "type")]
    pub(super) by: By,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// Arguments of `open`.
#[derive(Debug, Args)]
pub(super) struct OpenArgs {
    /// Only what was begun longer ago than this, as in `10m`, by the producer's clock
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) older_than: Option<Moment>,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// How a tree of causes is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TreeFormat {
    /// A tree for people
    Tree,
    /// One JSON document: the events, each with its cause
    Json,
    /// A Mermaid flowchart
    Mermaid,
    /// A Graphviz digraph
    Dot,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// A sequence number, an event's id, or a correlation id
    #[arg(value_name = "SEQ|EVENT_ID|CORRELATION")]
    pub(super) what: String,
    /// It is a sequence number or an event's id, whatever else it could be
    #[arg(long, conflicts_with = "correlation")]
    pub(super) event: bool,
    /// It is a correlation id, whatever else it could be
    #[arg(long)]
    pub(super) correlation: bool,
    /// At most this many events of the run, the first on record; 0 for all
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1000)]
    pub(super) limit: usize,
    /// Look for effects in this many entries after an event that belongs to no run; 0 for all
    #[arg(long, value_name = "ENTRIES", default_value_t = 100_000)]
    pub(super) scan: u64,
    /// How it is printed; without it, a tree on a terminal and json elsewhere
    #[arg(long, value_enum)]
    pub(super) format: Option<TreeFormat>,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Write to this file, which must not exist yet; without it, to standard output
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Publish the tree in this folder instead, as C2SP tlog-tiles: the newest checkpoint, hashes, and
    /// entries without what is personal. What is there already stays, and what is new is added
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "after", "limit", "FilterArgs"])]
    pub(super) tiles: Option<PathBuf>,
    /// Only events after this sequence number
    #[arg(long, value_name = "SEQ")]
    pub(super) after: Option<Sequence>,
    /// At most this many
    #[arg(long, short = 'n', value_name = "N")]
    pub(super) limit: Option<u64>,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
}

/// Arguments of `catalog`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CatalogArgs {
    /// What to do instead of listing.
    #[command(subcommand)]
    pub(super) command: Option<CatalogCommand>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What `catalog` can do besides listing.
#[derive(Debug, Subcommand)]
pub(super) enum CatalogCommand {
    /// Print the JSON Schema of a type's details
    Schema {
        /// The event type
        #[arg(value_name = "TYPE")]
        event_type: String,
    },
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The SQLite file with the table `audit_log` of the originating platform
    #[arg(value_name = "FILE.db")]
    pub(super) file: PathBuf,
    /// Import this foreign event name as one of our types; may be given several times
    #[arg(long = "map", value_name = "OLD=NEW")]
    pub(super) mappings: Vec<String>,
}

/// What `config` can do.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print each setting's value and where it was set
    Show(OutputArgs),
}
