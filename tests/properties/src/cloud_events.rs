//! Reading CloudEvents: splitting an input does not depend on how it arrives, and what is read is
//! written back as the same event.

use std::io::{BufReader, Cursor};

use application::cloud_events::{EventReader, RawEvent, parse, write};
use domain::events::CATALOGUE;
use domain::{ErasedFields, EventEnvelope, RecordedEvent, Sequence};

/// Reads the input as a file of events, in one piece and in small ones, and each event that is one
/// again from how it is written.
///
/// # Panics
/// When the pieces matter, an event is longer than allowed, a message is empty, or an event changes
/// on its way through.
pub fn cloud_events(input: &[u8]) {
    let whole = split(input, input.len().max(1), input.len());
    for capacity in [1, 3] {
        assert_eq!(split(input, capacity, input.len()), whole, "in pieces of {capacity} bytes");
    }
    // Where long events are refused, the others are read all the same.
    let limit = input.len() / 3;
    let short = split(input, input.len().max(1), limit);
    assert_eq!(split(input, 1, limit), short, "in pieces, at most {limit} bytes each");
    for event in short.iter().flatten() {
        assert!(event.bytes.len() <= limit && whole.contains(&Ok(event.clone())), "{event:?}");
    }
    let mut line = 1;
    for event in whole.into_iter().flatten() {
        assert!(event.line >= line, "lines ascend");
        line = event.line;
        one(&event.bytes);
    }
}

fn split(input: &[u8], capacity: usize, limit: usize) -> Vec<Result<RawEvent, String>> {
    let mut reader =
        EventReader::new(BufReader::with_capacity(capacity, Cursor::new(input)), limit);
    let events: Vec<_> = reader.by_ref().map(|event| event.map_err(|e| e.to_string())).collect();
    assert!(events.len() <= input.len() + 1, "more events than bytes");
    assert!(reader.next().is_none(), "nothing follows the end");
    events
}

fn one(bytes: &[u8]) {
    let envelope = match read(bytes) {
        Ok(envelope) => envelope,
        Err(problem) => return assert!(!problem.is_empty(), "a refusal says why"),
    };
    let written = written(&envelope);
    assert!(!written.contains('\n'), "an event is one line: {written}");
    match read(written.as_bytes()) {
        Ok(again) => assert_eq!(again, envelope, "what is written is read as it was: {written}"),
        Err(problem) => panic!("what is written is refused: {problem}: {written}"),
    }
}

fn read(bytes: &[u8]) -> Result<EventEnvelope, String> {
    let draft = parse(bytes, &CATALOGUE).map_err(|error| error.to_string())?;
    match draft.seal(crate::now(), || "made".to_owned(), "/properties") {
        Ok(envelope) => Ok(envelope),
        Err(error) => panic!("what was read cannot be sealed: {error}"),
    }
}

fn written(envelope: &EventEnvelope) -> String {
    let (sequence, recorded_at) = (Sequence(1), crate::now());
    write(&RecordedEvent {
        sequence,
        recorded_at,
        envelope: envelope.clone(),
        erased: ErasedFields::NONE,
    })
}
