//! `export`: recorded events as CloudEvents that `record` accepts.
//!
//! Deliberately absent: the tree over them, see `publish.rs`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::pin::pin;

use application::{cloud_events, read_all};
use chrono::Utc;
use domain::audit::Page;
use futures::TryStreamExt;

use super::outcome::events;
use super::publish;
use crate::cli::args::ExportArgs;
use crate::cli::output::harmless_json;
use crate::cli::{Context, Failure};

pub(super) async fn run(args: ExportArgs, context: Context<'_>) -> Result<(), Failure> {
    if let Some(folder) = &args.tiles {
        return publish::run(folder, context).await;
    }
    let log = context.read_log().await?;
    let console = context.console;
    let bounds = Page { after: args.after, ..Page::first(0) };
    let mut entries = pin!(read_all(log, args.filter.filter(Utc::now()), bounds, args.limit));
    let mut file = args.output.as_deref().map(create).transpose()?;
    let mut written = 0_u64;
    while let Some(event) = entries.try_next().await.map_err(Failure::query)? {
        let line = cloud_events::write(&event);
        if let Some((out, path)) = &mut file {
            writeln!(out, "{line}").map_err(|error| unwritable(path, error))?;
        } else {
            let person = console.person_reads_results;
            console.print_data(&if person { harmless_json(&line) } else { line })?;
            console.print_data("\n")?;
        }
        written += 1;
    }
    if let Some((mut out, path)) = file {
        out.flush().map_err(|error| unwritable(path, error))?;
        console.explain_line(&format!("wrote {} to {}", events(written), path.display()));
    }
    Ok(())
}

/// A new file: one that exists may be somebody's only copy.
fn create(path: &Path) -> Result<(BufWriter<File>, &Path), Failure> {
    let file = File::create_new(path).map_err(|error| unwritable(path, error))?;
    Ok((BufWriter::new(file), path))
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::because(format!("{} cannot be written", path.display()), error)
}
