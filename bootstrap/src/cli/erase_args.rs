//! Arguments of `erase`.

use clap::Args;
use domain::audit::ErasureSelection;

use super::durable_args::ByArgs;

/// Arguments of `erase`.
#[derive(Debug, Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    pub(super) of: EraseOf,
    /// Erase the details and the extensions as well: everything that was said
    #[arg(long)]
    pub(super) details: bool,
    /// Why it was asked for, for the record; not whom it is about
    #[arg(long, value_name = "TEXT", required_unless_present = "dry_run")]
    pub(super) reason: Option<String>,
    /// Names the request; one that was begun under this name and interrupted goes on
    #[arg(long, value_name = "ID")]
    pub(super) request: Option<String>,
    /// Say how many entries would lose values, and erase nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Do not ask whether it is meant
    #[arg(long)]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// Of which entries; one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct EraseOf {
    /// Of the entries on behalf of this human, and of those that this human caused
    #[arg(long, value_name = "ID", value_parser = not_empty)]
    user: Option<String>,
    /// Of the entries about this entity
    #[arg(long, value_name = "SUBJECT", value_parser = not_empty)]
    subject: Option<String>,
    /// Of the entries of this run of work
    #[arg(long, value_name = "ID", value_parser = not_empty)]
    correlation: Option<String>,
    /// Of one event: its sequence number or its id
    #[arg(long, value_name = "SEQ|EVENT_ID", value_parser = not_empty)]
    pub(super) event: Option<String>,
}

impl EraseOf {
    /// What was selected by value; `None` for an event, which must be looked up first.
    pub(super) fn selection(&self) -> Option<ErasureSelection> {
        let Self { user, subject, correlation, .. } = self;
        let user = user.clone().map(ErasureSelection::User);
        let subject = subject.clone().map(ErasureSelection::Subject);
        user.or(subject).or_else(|| correlation.clone().map(ErasureSelection::Correlation))
    }
}

fn not_empty(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        Err("it is empty: name what is to be erased")
    } else {
        Ok(text.to_owned())
    }
}
