//! What a secret becomes, and finding marks again.

use std::fmt::Write;
use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::RedactionKey;

/// What every mark begins with.
pub(super) const OPENING: &str = "[redacted:";

/// How many hex digits a mark shows. The short digest begins the long one, so that the two can be
/// told to be of the same secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// Enough to tell secrets apart when reading.
    Eight = 8,
    /// Enough that no two secrets ever have the same: for what must stay unique.
    ThirtyTwo = 32,
}

/// Whether a text can be the kind in a mark.
pub(super) fn is_kind(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(is_kind_byte)
}

fn is_kind_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

/// Makes marks.
pub(super) struct Marker {
    keyed: Hmac<Sha256>,
}

impl Marker {
    pub(super) fn new(key: &RedactionKey) -> Self {
        // A key shorter than a block is padded with zeros; done here, nothing can fail.
        let mut block = [0; 64];
        for (to, from) in block.iter_mut().zip(key.bytes()) {
            *to = *from;
        }
        Self { keyed: Hmac::new(&block.into()) }
    }

    /// Appends the mark of a secret.
    pub(super) fn push(&self, text: &mut String, kind: &str, secret: &str, digits: Digits) {
        let mut keyed = self.keyed.clone();
        keyed.update(secret.as_bytes());
        text.push_str(OPENING);
        text.push_str(kind);
        text.push(':');
        for byte in keyed.finalize().into_bytes().iter().take(digits as usize / 2) {
            // Writing to a string never errs.
            let _ = write!(text, "{byte:02x}");
        }
        text.push(']');
    }

    /// The mark of a secret.
    pub(super) fn mark(&self, kind: &str, secret: &str) -> String {
        let mut text = String::new();
        self.push(&mut text, kind, secret, Digits::Eight);
        text
    }
}

/// Where the next mark at or after `from` is.
pub(super) fn find(text: &str, mut from: usize) -> Option<Range<usize>> {
    loop {
        let start = from + text[from..].find(OPENING)?;
        if let Some(length) = length_at_start(&text[start..]) {
            return Some(start..start + length);
        }
        from = start + OPENING.len();
    }
}

/// Whether a text is one mark and nothing else.
pub(super) fn is_mark(text: &str) -> bool {
    length_at_start(text) == Some(text.len())
}

/// How long the mark is that the text begins with.
pub(super) fn length_at_start(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(OPENING)?;
    let kind = rest.bytes().take_while(|byte| is_kind_byte(*byte)).count();
    let hash = rest[kind..].strip_prefix(':')?;
    let hex = hash.bytes().take_while(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')).count();
    let closed = hash[hex..].starts_with(']');
    let whole = hex == Digits::Eight as usize || hex == Digits::ThirtyTwo as usize;
    (kind > 0 && whole && closed).then_some(OPENING.len() + kind + 1 + hex + 1)
}
