//! The W3C trace context that an event carries: which trace it belongs to, and which span of it is
//! its parent.
//!
//! Deliberately absent: making spans. Whoever traces has a library for that and hands its context
//! over as text.

use std::fmt;
use std::str::FromStr;

/// A `traceparent`: version, trace id, parent id and flags, all lower-case hex. See
/// <https://www.w3.org/TR/trace-context/>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent(String);

/// A text that is no `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no W3C trace context: write one such as \
     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
)]
pub struct InvalidTraceParent(pub String);

impl TraceParent {
    /// The whole of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace: 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }

    /// The span that is the parent: 16 hex digits.
    #[must_use]
    pub fn parent_id(&self) -> &str {
        &self.0[36..52]
    }
}

impl FromStr for TraceParent {
    type Err = InvalidTraceParent;

    /// Later versions may append more to what version 00 has; neither id may be zero.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidTraceParent(text.to_owned());
        let mut parts = text.split('-');
        let mut part = || parts.next().ok_or_else(invalid);
        let (version, trace, span, flags) = (part()?, part()?, part()?, part()?);
        let zero = |id: &str| id.bytes().all(|digit| digit == b'0');
        let well_formed = is_hex(version, 2)
            && version != "ff"
            && is_hex(trace, 32)
            && is_hex(span, 16)
            && is_hex(flags, 2)
            && !zero(trace)
            && !zero(span)
            && (version != "00" || parts.next().is_none());
        if well_formed { Ok(Self(text.to_owned())) } else { Err(invalid()) }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is so many hex digits in lower case.
fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a text can be a trace's id.
#[must_use]
pub fn is_trace_id(text: &str) -> bool {
    is_hex(text, 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn a_trace_context_is_read_and_written_as_it_came() {
        for end in ["", "-more", "-", "-a-b"] {
            let version = if end.is_empty() { "00" } else { "cc" };
            let text = format!("{version}-{TRACE}-00f067aa0ba902b7-01{end}");
            let parent: TraceParent = text.parse().unwrap();
            assert_eq!((parent.trace_id(), parent.parent_id()), (TRACE, "00f067aa0ba902b7"));
            assert_eq!((parent.as_str(), parent.to_string()), (&*text, text.clone()));
        }
    }

    #[test]
    fn what_is_no_trace_context_is_refused_with_an_example() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("0-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!("00-{zeros}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{TRACE}-00f067aa0ba902b7-1"),
            format!("00-{TRACE}é-00f067aa0ba902b7-01"),
        ] {
            let error = text.parse::<TraceParent>().unwrap_err();
            assert!(error.to_string().contains("write one such as 00-"), "{text}");
        }
        assert!(is_trace_id(TRACE) && !is_trace_id("4bf9") && !is_trace_id(&TRACE.to_uppercase()));
    }
}
