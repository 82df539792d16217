//! `verify`: whether the record is what was recorded, and what was signed.

use std::pin::pin;

use application::proof::{Finding, Verdict, Verification, VerifyAuditLog};
use serde::Serialize;
use serde_json::json;

use super::outcome::{events, sequences};
use super::proof::checkpoints_in;
use crate::cli::output::harmless;
use crate::cli::proof_args::{VerdictFormat, VerifyArgs};
use crate::cli::{Console, Context, Failure, interrupt};
use crate::settings::Settings;
use crate::wiring::{ToVerify, open_to_verify};

pub(super) async fn run(args: VerifyArgs, context: Context<'_>) -> Result<(), Failure> {
    let Context { settings, console, .. } = context;
    let format = VerdictFormat::or_default(args.format, console);
    let verification = match verified(&args, settings.settings, console).await {
        // A program reads the verdict, also where there is none to be had.
        Err(failure @ Failure::Unchecked { .. }) if format == VerdictFormat::Json => {
            print(
                &json!({"verdict": Verdict::Unknown, "unknown": failure.with_causes()}),
                console,
            )?;
            return Err(failure);
        }
        verified => verified?,
    };
    report(&verification, format, console)?;
    match verification.verdict {
        Verdict::Intact => Ok(()),
        Verdict::Tampered => Err(Failure::Tampered),
        Verdict::Unknown => Err(Failure::Unknown),
    }
}

/// What verifying the record came to.
async fn verified(
    args: &VerifyArgs,
    mut settings: Settings,
    console: &Console,
) -> Result<Verification, Failure> {
    let keys = args.keys.read()?;
    let remembered = args.keys.signed_beside()?;
    let mut against = Vec::new();
    for file in &args.against {
        against.extend(checkpoints_in(file)?);
    }
    if let Some(file) = &args.file {
        settings.audit.database_url = file.display().to_string();
    }
    let unchecked = format!("`{}` was not verified", settings.audit.database_file().display());
    let opened = open_to_verify(&settings).await;
    let ToVerify { log, tree, holds, archive } =
        opened.map_err(|error| Failure::unchecked(&*unchecked, error))?;
    // For the bar alone: what is appended meanwhile is verified as well.
    let newest = tree.newest().await.map_err(|error| Failure::unchecked(&*unchecked, error))?;
    // An archive is named by whoever means one: a record that was put into its form is none.
    let archive = archive && args.file.is_some();
    let verify = VerifyAuditLog::new(tree).accounted_by(log, holds);
    let verify = verify.believing(keys).against(against).remembered(remembered).of_archive(archive);
    let bar = console.progress(newest.0);
    let outcome = {
        let mut run = pin!(verify.run(|done| bar.set_position(done)));
        let mut interrupted = pin!(interrupt::requested());
        tokio::select! {
            outcome = &mut run => outcome,
            signal = &mut interrupted => {
                signal?;
                return Err(Failure::Interrupted);
            }
        }
    };
    bar.finish_and_clear();
    outcome.map_err(|error| Failure::unchecked(unchecked, error))
}

fn print(verdict: &impl Serialize, console: &mut Console) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(verdict)
        .map_err(|error| Failure::because("the verdict cannot be written", error))?;
    console.print_line(&json)
}

fn report(
    verification: &Verification,
    format: VerdictFormat,
    console: &mut Console,
) -> Result<(), Failure> {
    if format == VerdictFormat::Json {
        return print(verification, console);
    }
    for line in sentences(verification) {
        console.print_line(&line)?;
    }
    for finding in &verification.findings {
        console.print_line(&sentence(finding))?;
    }
    if verification.more_findings > 0 {
        console.print_line(&format!("and {} more", verification.more_findings))?;
    }
    for note in &verification.notes {
        console.print_line(&harmless(&format!("note: {note}")))?;
    }
    Ok(())
}

/// The verdict, and what it rests on.
fn sentences(verification: &Verification) -> Vec<String> {
    let Verification { verdict, log, provable_from, newest, entries, .. } = verification;
    let (style, word) = match verdict {
        Verdict::Intact => (anstyle::AnsiColor::Green.on_default().bold(), "intact"),
        Verdict::Tampered => (anstyle::AnsiColor::Red.on_default().bold(), "tampered"),
        Verdict::Unknown => (anstyle::AnsiColor::Yellow.on_default().bold(), "not known"),
    };
    let part = if verification.archive { ", as far as it is in this archive" } else { "" };
    let mut lines = vec![format!("{style}{word}{style:#}: {log}{part}")];
    lines.extend(verification.unknown.clone());
    let range = match entries {
        0 => String::new(),
        _ => format!(", {}", sequences((newest.back(entries - 1).max(*provable_from), *newest))),
    };
    lines.push(format!("{} computed anew{range}", events(*entries)));
    if verification.pruned > 0 {
        let removed = events(verification.pruned);
        let why = if verification.archive {
            "of the record are not in this archive; their hashes are. Whether all of it is there that was \
             archived is told by the file's SHA-256: the record has it in its `audit.pruned`"
        } else {
            "removed from the beginning; their hashes are still in the tree"
        };
        lines.push(format!("{removed} {why}"));
    }
    if verification.unprovable > 0 {
        lines.push(format!(
            "{} from before the tree, of which nothing can be said",
            events(verification.unprovable)
        ));
    }
    if verification.erased > 0 {
        lines.push(format!(
            "values of {} erased; the digests in their place prove the rest",
            events(verification.erased)
        ));
    }
    let compared = verification.checkpoints + verification.against;
    let signed = verification.signed_through;
    lines.push(match compared {
        0 => "no checkpoint to compare with: a change of everything at once would not show"
            .to_owned(),
        _ => format!(
            "{} of the record and {} from elsewhere compared; signed up to {signed}",
            verification.checkpoints, verification.against
        ),
    });
    if !verification.damage.is_empty() {
        lines.push(harmless(&format!(
            "warning: the file is damaged, beside what is told here: {}; copy it away as it is, and put a backup \
             in its place",
            verification.damage.join("; ")
        )));
    }
    if !verification.keys_from_elsewhere && compared > 0 {
        lines.push(
            "the public keys are those in the record itself: give the one you know with --key"
                .to_owned(),
        );
    }
    lines
}

fn sentence(finding: &Finding) -> String {
    let place = match (finding.sequence, finding.through) {
        (Some(first), Some(last)) => format!(" at {first} to {last}"),
        (Some(only), None) => format!(" at {only}"),
        _ => String::new(),
    };
    let field = finding.field.as_ref().map(|field| format!(" ({field})")).unwrap_or_default();
    harmless(&format!("{}{place}{field}: {}", finding.kind, finding.message))
}
