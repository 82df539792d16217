//! Splitting an input into single events, one at a time, however long the input is.
//!
//! An input whose first letter is `[` is a JSON array of events (the batch format), any other one
//! holds an event per line. Deliberately absent: judging the events themselves; see
//! [`super::parse`].

use std::io::{self, BufRead, ErrorKind};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// One event as it stands in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// The line on which it starts, from 1.
    pub line: u64,
    /// Its bytes, without space around them; not yet known to be JSON, or text at all.
    pub bytes: Vec<u8>,
}

/// Why the next event of an input could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// An event is too long. The reader goes on with the next one.
    #[error(
        "line {line}: the event is longer than {limit} bytes: shorten it, or keep what is large \
         elsewhere and refer to it"
    )]
    TooLong {
        /// The line on which it starts, from 1.
        line: u64,
        /// The most bytes an event may have.
        limit: usize,
    },
    /// The input could not be read on. Nothing follows.
    #[error("line {line}: the input cannot be read any further")]
    Io {
        /// The line up to which it was read, from 1.
        line: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The array around the events is broken. Nothing follows.
    #[error("line {line}: {problem}")]
    BrokenArray {
        /// The line on which it is broken, from 1.
        line: u64,
        /// What is wrong, and the fix.
        problem: &'static str,
    },
}

/// Splits an input into events; holds one of them at a time, and never more than `max_event_bytes`
/// and a few of it.
#[derive(Debug)]
pub struct EventReader<R> {
    input: R,
    limit: usize,
    line: u64,
    place: Place,
}

/// Where in the input the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Lines,
    /// In the array, before its first event or its end.
    ArrayStart,
    /// In the array, after a comma.
    BeforeElement,
    /// In the array, after an event.
    AfterElement,
    End,
}

impl<R: BufRead> EventReader<R> {
    /// A reader of `input` that refuses events longer than `max_event_bytes`.
    pub fn new(input: R, max_event_bytes: usize) -> Self {
        Self { input, limit: max_event_bytes, line: 1, place: Place::Start }
    }

    /// The next byte, which stays where it is; none at the end.
    fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        loop {
            match self.input.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(ReadError::Io { line: self.line, source }),
            }
        }
    }

    /// Goes past the byte that was peeked at.
    fn pass(&mut self, byte: u8) {
        self.input.consume(1);
        self.line += u64::from(byte == b'\n');
    }

    /// Goes past space and returns the byte after it.
    fn skip_space(&mut self) -> Result<Option<u8>, ReadError> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(Some(byte));
            }
            self.pass(byte);
        }
        Ok(None)
    }

    /// Collects bytes up to the one at which `ends` says so, which stays where it is. Returns them
    /// with space trimmed, or none of them where they are too many; and whether the end was found.
    fn collect(
        &mut self,
        mut ends: impl FnMut(u8) -> bool,
    ) -> Result<(Result<RawEvent, ReadError>, bool), ReadError> {
        let start = self.line;
        let mut bytes = Vec::new();
        let mut too_long = false;
        let mut found = false;
        // One byte more than the limit is kept: it may turn out to be a carriage return.
        let keep = self.limit.saturating_add(1);
        while !found && self.peek()?.is_some() {
            // The peek has just filled the buffer, so that this reads nothing and cannot fail.
            let chunk = self.input.fill_buf().unwrap_or_default();
            let end = chunk.iter().position(|byte| ends(*byte));
            found = end.is_some();
            let part = &chunk[..end.unwrap_or(chunk.len())];
            self.line += part.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            too_long |= part.len() > keep - bytes.len();
            if too_long {
                bytes = Vec::new();
            } else {
                bytes.extend_from_slice(part);
            }
            let passed = part.len();
            self.input.consume(passed);
        }
        let trimmed = bytes.trim_ascii_end().len();
        bytes.truncate(trimmed);
        let event = if too_long || trimmed > self.limit {
            Err(ReadError::TooLong { line: start, limit: self.limit })
        } else {
            Ok(RawEvent { line: start, bytes })
        };
        Ok((event, found))
    }

    /// Finds out what kind of input it is.
    fn start(&mut self) -> Result<Option<RawEvent>, ReadError> {
        for mark in BYTE_ORDER_MARK {
            if self.peek()? != Some(*mark) {
                break;
            }
            self.pass(*mark);
        }
        self.place = Place::Lines;
        if self.skip_space()? == Some(b'[') {
            self.pass(b'[');
            self.place = Place::ArrayStart;
        }
        self.advance()
    }

    fn next_line(&mut self) -> Result<Option<RawEvent>, ReadError> {
        // Blank lines are space before an event.
        if self.skip_space()?.is_none() {
            return Ok(None);
        }
        let (event, _) = self.collect(|byte| byte == b'\n')?;
        event.map(Some)
    }

    fn next_element(&mut self) -> Result<Option<RawEvent>, ReadError> {
        let first = self.place == Place::ArrayStart;
        match self.skip_space()? {
            None => Err(self.broken("the array is cut off: add what is missing and a `]`")),
            Some(b']') if first => self.after_array(),
            Some(b']') => Err(self.broken("a comma stands before the `]`: remove it")),
            Some(b',') => Err(self.broken("an event is missing before the `,`: remove the comma")),
            Some(_) => {
                let mut element = Element::default();
                let (event, found) = self.collect(|byte| element.ends_before(byte))?;
                self.place = Place::AfterElement;
                if found {
                    return event.map(Some);
                }
                Err(self.broken("the array is cut off within an event: add what is missing"))
            }
        }
    }

    fn after_element(&mut self) -> Result<Option<RawEvent>, ReadError> {
        match self.skip_space()? {
            None => Err(self.broken("the array is cut off: add what is missing and a `]`")),
            Some(b']') => self.after_array(),
            Some(b',') => {
                self.pass(b',');
                self.place = Place::BeforeElement;
                self.next_element()
            }
            Some(_) => Err(self.broken("a `,` is missing between two events: add it")),
        }
    }

    fn after_array(&mut self) -> Result<Option<RawEvent>, ReadError> {
        self.pass(b']');
        self.place = Place::End;
        match self.skip_space()? {
            None => Ok(None),
            Some(_) => Err(self.broken("text follows the array: remove it")),
        }
    }

    fn broken(&mut self, problem: &'static str) -> ReadError {
        self.place = Place::End;
        ReadError::BrokenArray { line: self.line, problem }
    }

    fn advance(&mut self) -> Result<Option<RawEvent>, ReadError> {
        match self.place {
            Place::Start => self.start(),
            Place::Lines => self.next_line(),
            Place::ArrayStart | Place::BeforeElement => self.next_element(),
            Place::AfterElement => self.after_element(),
            Place::End => Ok(None),
        }
    }
}

impl<R: BufRead> Iterator for EventReader<R> {
    type Item = Result<RawEvent, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.advance();
        if matches!(next, Ok(None) | Err(ReadError::Io { .. })) {
            self.place = Place::End;
        }
        next.transpose()
    }
}

/// Tells where an element of an array ends, without judging it.
#[derive(Default)]
struct Element {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The element is complete: whatever comes next is no longer of it.
    complete: bool,
}

impl Element {
    fn ends_before(&mut self, byte: u8) -> bool {
        if self.complete {
            return true;
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_string = false;
                    self.complete = self.depth == 0;
                }
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth > 0 => {
                self.depth -= 1;
                self.complete = self.depth == 0;
            }
            b',' | b']' => return self.depth == 0,
            _ => return self.depth == 0 && byte.is_ascii_whitespace(),
        }
        false
    }
}
