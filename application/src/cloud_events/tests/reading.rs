//! Splitting inputs into events.

use std::error::Error;
use std::io::{self, BufReader, Read};

use proptest::prelude::*;

use super::super::{EventReader, MAX_EVENT_BYTES, RawEvent, ReadError};

/// What a reader says, in short: the line and the text of an event, or the error.
fn split(input: &[u8], limit: usize, chunk: usize) -> Vec<Result<(u64, String), String>> {
    EventReader::new(BufReader::with_capacity(chunk, input), limit)
        .map(|next| match next {
            Ok(RawEvent { line, bytes }) => {
                Ok((line, String::from_utf8_lossy(&bytes).into_owned()))
            }
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

/// The events of an input without errors, which must not depend on how it arrives.
fn events(input: &str) -> Vec<(u64, String)> {
    let whole = split(input.as_bytes(), 100, 8192);
    for chunk in 1..8 {
        assert_eq!(split(input.as_bytes(), 100, chunk), whole, "in chunks of {chunk}");
    }
    whole.into_iter().map(Result::unwrap).collect()
}

fn event(line: u64, text: &str) -> (u64, String) {
    (line, text.to_owned())
}

#[test]
fn an_event_per_line_is_read_with_its_line() {
    let input = "{\"a\":1}\n\n  \t\r\n {\"b\":2} \r\nbroken\n{\"c\":3}";
    assert_eq!(
        events(input),
        [event(1, "{\"a\":1}"), event(4, "{\"b\":2}"), event(5, "broken"), event(6, "{\"c\":3}")]
    );
}

#[test]
fn the_events_of_an_array_are_read_with_the_line_they_start_on() {
    let input =
        " \n[\n{\"a\":\n  [1, {\"b\": \"]},\\\"\"}]},\n\n  {\"c\":{}} , 12, \"x,\" ,[[2]]\n]\n";
    assert_eq!(
        events(input),
        [
            event(3, "{\"a\":\n  [1, {\"b\": \"]},\\\"\"}]}"),
            event(6, "{\"c\":{}}"),
            event(6, "12"),
            event(6, "\"x,\""),
            event(6, "[[2]]"),
        ]
    );
}

#[test]
fn an_input_without_events_has_none() {
    for empty in ["", "\n\n", " ", "[]", " [ \n ] \n", "\u{feff}", "\u{feff}[]"] {
        assert_eq!(events(empty), [], "{empty:?}");
    }
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    assert_eq!(events("\u{feff}{\"a\":1}\n"), [event(1, "{\"a\":1}")]);
    assert_eq!(events("\u{feff}[{\"a\":1}]"), [event(1, "{\"a\":1}")]);
}

#[test]
fn a_line_that_is_too_long_is_refused_by_its_number_and_the_next_one_is_read() {
    let long = "x".repeat(11);
    let fits = "y".repeat(10);
    let input = format!("{{}}\n{long}\n{fits}\r\n{long}");
    let said = "the event is longer than 10 bytes: shorten it, or keep what is large elsewhere and \
                refer to it";
    for chunk in [1, 3, 8192] {
        assert_eq!(
            split(input.as_bytes(), 10, chunk),
            [
                Ok(event(1, "{}")),
                Err(format!("line 2: {said}")),
                Ok(event(3, &fits)),
                Err(format!("line 4: {said}")),
            ]
        );
    }
}

#[test]
fn an_element_that_is_too_long_is_refused_and_the_next_one_is_read() {
    let input = "[\n{\"a\": \"xxx\nxxxxxxxx\"},\n{\"b\":1}]";
    let result = split(input.as_bytes(), 10, 4);
    assert_eq!(result.len(), 2);
    assert!(result[0].as_ref().unwrap_err().starts_with("line 2: the event is longer"));
    assert_eq!(result[1], Ok(event(4, "{\"b\":1}")));
}

#[test]
fn how_long_a_line_may_be_does_not_depend_on_how_it_arrives() {
    let input = b"{\"a\":1}                \n{}";
    let whole = split(input, 10, 8192);
    assert!(whole[0].is_err() && whole[1].is_ok(), "{whole:?}");
    for chunk in 1..8 {
        assert_eq!(split(input, 10, chunk), whole, "in chunks of {chunk}");
    }
}

/// An input that never ends a line, and counts what is asked of it.
struct Endless {
    left: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = usize::try_from(self.left).unwrap().min(buffer.len());
        buffer[..read].fill(b'x');
        self.left -= read as u64;
        Ok(read)
    }
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused_without_being_held() {
    let long = Endless { left: 100 << 20 };
    let input = BufReader::new(long).chain(&b"\n{}\n"[..]);
    let mut reader = EventReader::new(input, 1024);
    let first = reader.next().unwrap().unwrap_err();
    assert!(matches!(first, ReadError::TooLong { line: 1, limit: 1024 }), "{first}");
    let second = reader.next().unwrap().unwrap();
    assert_eq!(second, RawEvent { line: 2, bytes: b"{}".to_vec() });
    assert!(second.bytes.capacity() <= 2048);
    assert!(reader.next().is_none());
}

#[test]
fn a_broken_array_is_refused_with_the_line_and_nothing_follows() {
    let cut = "the array is cut off: add what is missing and a `]`";
    for (input, events, said) in [
        ("[", 0, format!("line 1: {cut}")),
        ("[\n{}\n", 1, format!("line 3: {cut}")),
        ("[{},\n", 1, format!("line 2: {cut}")),
        (
            "[{}, {\"a\":\n",
            1,
            "line 2: the array is cut off within an event: add what is missing".to_owned(),
        ),
        (
            "[{}, \"a]",
            1,
            "line 1: the array is cut off within an event: add what is missing".to_owned(),
        ),
        ("[{},\n]", 1, "line 2: a comma stands before the `]`: remove it".to_owned()),
        ("[\n,{}]", 0, "line 2: an event is missing before the `,`: remove the comma".to_owned()),
        ("[{}\n{}]", 1, "line 2: a `,` is missing between two events: add it".to_owned()),
        ("[{}]\n{}", 1, "line 2: text follows the array: remove it".to_owned()),
    ] {
        let mut result = split(input.as_bytes(), 100, 2);
        assert_eq!(result.len(), events + 1, "{input:?}");
        assert_eq!(result.pop(), Some(Err(said)), "{input:?}");
        assert!(result.iter().all(Result::is_ok), "{input:?}");
    }
}

/// An input that is interrupted, gives a line, and then fails.
struct Failing {
    calls: u32,
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        match self.calls {
            1 => Err(io::ErrorKind::Interrupted.into()),
            2 => (&b"{}\n{\n"[..]).read(buffer),
            _ => Err(io::Error::other("the disk is gone")),
        }
    }
}

#[test]
fn an_input_that_fails_ends_with_the_line_it_was_read_to() {
    let mut reader = EventReader::new(BufReader::new(Failing { calls: 0 }), 100);
    assert_eq!(reader.next().unwrap().unwrap().line, 1);
    assert_eq!(reader.next().unwrap().unwrap().line, 2);
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "line 3: the input cannot be read any further");
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
    assert!(reader.next().is_none());
}

fn blank() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,3}"
}

fn object() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![any::<String>().prop_map(Into::into), any::<i32>().prop_map(Into::into)];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    proptest::collection::btree_map(any::<String>(), value, 0..3)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

/// What a reader makes of an input that is fine.
fn values(input: &str, chunk: usize) -> Vec<(u64, serde_json::Value)> {
    EventReader::new(BufReader::with_capacity(chunk, input.as_bytes()), 1 << 20)
        .map(|next| {
            let RawEvent { line, bytes } = next.unwrap();
            (line, serde_json::from_slice(&bytes).unwrap())
        })
        .collect()
}

fn lines_before(text: &str) -> u64 {
    1 + text.matches('\n').count() as u64
}

proptest! {
    #[test]
    fn any_events_come_out_of_lines_and_of_an_array_as_they_went_in(
        objects in proptest::collection::vec((object(), blank(), blank(), any::<bool>()), 0..6),
        chunk in 1_usize..64,
    ) {
        let (mut lines, mut array) = (String::new(), String::from("["));
        let (mut of_lines, mut of_array) = (Vec::new(), Vec::new());
        for (index, (object, before, after, pretty)) in objects.iter().enumerate() {
            lines.push_str(before);
            of_lines.push((lines_before(&lines), object.clone()));
            lines.extend([&object.to_string(), after.as_str(), "\n"]);
            if index > 0 {
                array.push(',');
            }
            array.push_str(before);
            of_array.push((lines_before(&array), object.clone()));
            array.push_str(&if *pretty {
                serde_json::to_string_pretty(object).unwrap()
            } else {
                object.to_string()
            });
            array.push_str(after);
        }
        array.push(']');
        prop_assert_eq!(values(&lines, chunk), of_lines);
        prop_assert_eq!(values(&array, chunk), of_array);
    }

    #[test]
    fn any_input_comes_to_an_end_within_its_limit(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), proptest::sample::select(b"[]{},\"\\\n ".to_vec())], 0..200),
        chunk in 1_usize..16,
    ) {
        let reader = EventReader::new(BufReader::with_capacity(chunk, &bytes[..]), 20);
        let mut last = 0;
        for next in reader.take(1000) {
            let line = match next {
                Ok(event) => {
                    prop_assert!(event.bytes.len() <= 20 && !event.bytes.is_empty());
                    event.line
                }
                Err(ReadError::TooLong { line, .. } | ReadError::BrokenArray { line, .. }) => line,
                Err(error) => panic!("{error}"),
            };
            prop_assert!(line >= last);
            last = line;
        }
    }
}

#[test]
fn an_event_may_be_as_long_as_is_promised() {
    assert_eq!(MAX_EVENT_BYTES, 16_777_216, "16 MiB is what its documentation says");
}
