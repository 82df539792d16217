//! `record`: puts CloudEvents on record, in the order in which they come.
//!
//! A thread of its own reads and checks the input; the bus is given what has been read so far, as
//! one batch, whenever the batch before is on record. So a slow input is recorded event by event
//! and a fast one in large transactions, without a timer.

mod feed;
mod rejects;

use std::pin::pin;

use domain::{EventBus, EventDraft, Receipt, ReceiptStatus};
use futures::FutureExt;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use self::feed::Item;
use self::rejects::Rejects;
use super::outcome::Outcome;
use super::summary;
use crate::cli::args::{OnInvalid, RecordArgs};
use crate::cli::output::timestamp;
use crate::cli::{Console, Context, Failure, interrupt};
use crate::wiring::App;

/// Events taken from the input at a time.
const BATCH: usize = 512;

pub(super) async fn run(args: RecordArgs, context: Context<'_>) -> Result<(), Failure> {
    let rejects = Rejects::from_args(&args)?;
    let inputs = feed::open(&args.files)?;
    let settings = context.settings.settings.clone();
    let file = settings.audit.database_file();
    let app = App::builder(settings).start().await.map_err(Failure::start)?;
    let mut recording = Recording {
        bus: app.bus(),
        receipts: args.receipts,
        on_invalid: args.on_invalid,
        rejects,
        outcome: Outcome::default(),
        progress: progress(context.console, args.receipts),
    };

    let ended = recording.run(inputs, app.catalogue(), context.console).await;
    recording.progress.finish_and_clear();
    app.shutdown().await;

    let Recording { outcome, rejects, .. } = recording;
    ended.map_err(|failure| failure.with_note(outcome.standing()))?;
    summary::still_there(&file)?;
    let text = summary::text(&outcome, rejects.told(), &file, &context.program);
    if args.receipts {
        context.console.explain(&text);
        return Ok(());
    }
    let printed = context.console.print(&text).and_then(|()| context.console.flush());
    printed.map_err(|failure| failure.with_note(outcome.standing()))
}

/// A run under way.
struct Recording {
    bus: std::sync::Arc<dyn EventBus>,
    receipts: bool,
    on_invalid: OnInvalid,
    rejects: Rejects,
    outcome: Outcome,
    progress: ProgressBar,
}

impl Recording {
    /// Records everything that comes, until it ends, is wrong, or somebody interrupts.
    async fn run(
        &mut self,
        inputs: Vec<feed::Input>,
        catalogue: domain::Catalogue,
        console: &mut Console,
    ) -> Result<(), Failure> {
        let mut items = feed::start(inputs, catalogue);
        let mut interrupted = pin!(interrupt::requested().fuse());
        let mut read = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                biased;
                signal = &mut interrupted => {
                    signal?;
                    return Err(Failure::Interrupted);
                }
                // What is under way below is always finished: only waiting can be interrupted.
                count = items.recv_many(&mut read, BATCH) => if count == 0 {
                    return Ok(());
                }
            }
            let mut batch = Vec::with_capacity(read.len());
            for item in read.drain(..) {
                match item {
                    Item::Event(draft) => batch.push(*draft),
                    Item::Invalid(invalid) if self.on_invalid == OnInvalid::Skip => {
                        self.rejects.keep(&invalid, console)?;
                    }
                    Item::Invalid(invalid) => {
                        self.emit(std::mem::take(&mut batch), console).await?;
                        return Err(Failure::Input(invalid.to_string()));
                    }
                    Item::Broken(failure) => {
                        self.emit(std::mem::take(&mut batch), console).await?;
                        return Err(failure);
                    }
                }
            }
            self.emit(batch, console).await?;
        }
    }

    /// Puts a batch on record, all of it or none.
    async fn emit(&mut self, batch: Vec<EventDraft>, console: &mut Console) -> Result<(), Failure> {
        let types: Vec<_> = batch.iter().map(|draft| draft.event_type().clone()).collect();
        let receipts = match self.bus.emit_batch(batch).await {
            Ok(receipts) => receipts,
            Err(error) => return Err(Failure::because("recording failed", error)),
        };
        for (receipt, event_type) in receipts.iter().zip(types) {
            self.outcome.count(receipt, event_type);
        }
        self.progress.inc(receipts.len() as u64);
        if self.receipts {
            for receipt in &receipts {
                console.print_data(&line(receipt))?;
                console.print_data("\n")?;
            }
            console.flush()?;
        }
        Ok(())
    }
}

fn line(receipt: &Receipt) -> String {
    let status = match receipt.status {
        ReceiptStatus::Recorded => "recorded",
        ReceiptStatus::AlreadyOnRecord => "already_on_record",
    };
    json!({
        "event_id": receipt.event_id,
        "sequence": receipt.sequence.0,
        "recorded_at": timestamp(receipt.recorded_at),
        "status": status,
    })
    .to_string()
}

fn progress(console: &Console, receipts: bool) -> ProgressBar {
    // Receipts that a person reads show the progress themselves.
    let in_the_way = receipts && console.person_reads_results;
    let target = if console.person_reads_explanations && !in_the_way {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    // The template is a constant, so it is either always fine or never: the plain style is as good.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} events in {elapsed}") {
        bar.set_style(style);
    }
    bar
}
