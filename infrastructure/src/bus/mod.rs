//! The event buses: the reactive one, and the decorator that logs.
//!
//! One event's way through the files: `entrance` takes the draft and has `sealing` complete it,
//! `recorders` names who records its type, `sequencer` gathers what waits and `committing` has it
//! recorded as one batch, `readers` hands the batch to every `inbox`, a `reader` takes it out again
//! (or goes back to the record for what did not fit: `behind`), and `subscribers` calls the handlers,
//! whose own events `front` leads in again. A stream looks for its `beginning` on record, and is told
//! of what others add there by `growth`.
//!
//! Deliberately absent: storage and redaction, which are the recorder's, and delivery that outlives
//! the process.

mod beginning;
mod behind;
mod committing;
mod counting;
mod entrance;
mod front;
mod growth;
mod inbox;
mod logging;
mod reactive;
mod reader;
mod readers;
mod recent;
mod recorders;
mod recording;
mod rest;
mod sealing;
mod sequencer;
mod settings;
mod shared;
mod spans;
mod subscribers;

pub use logging::LoggingEventBus;
pub use reactive::{BusDecorator, ReactiveEventBus, ReactiveEventBusParameters};
pub use recorders::MixedRecorders;
pub use settings::BusSettings;
