//! Private keys as PEM blocks, also where the text is cut off before their end.
//!
//! Written out rather than as an expression: looking for the end of every block that has none would
//! read the text once per block.

use std::ops::Range;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
/// Fewer letters of base64 in a row are a word.
const LINE: usize = 20;

/// What makes the scanner look.
pub(super) const ANCHOR: &str = BEGIN;

/// The private keys of a text. A public key or a certificate is none.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut from = 0;
    let mut ends_are_left = true;
    while let Some(start) = text[from..].find(BEGIN).map(|at| from + at) {
        from = start + BEGIN.len();
        let Some(body) = header_end(text, from) else { continue };
        let end = if ends_are_left { block_end(text, body) } else { None };
        ends_are_left = end.is_some();
        if let Some(end) = end.or_else(|| truncated_end(text, body)) {
            found.push(start..end);
            from = end;
        }
    }
}

/// Where the header ends whose label begins here, if it is a private key's.
fn header_end(text: &str, label: usize) -> Option<usize> {
    let rest = &text[label..];
    let length = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ')
        .count();
    let private = rest[..length].contains("PRIVATE KEY");
    (private && rest[length..].starts_with(DASHES)).then_some(label + length + DASHES.len())
}

/// Where the block ends, with the line that says so.
fn block_end(text: &str, body: usize) -> Option<usize> {
    let label = body + text[body..].find(END)? + END.len();
    let dashes = text[label..].find(DASHES)?;
    Some(label + dashes + DASHES.len())
}

/// How far the base64 of a block without an end goes, quotes, escapes and line marks included;
/// none where no base64 follows, as in a program that only looks for the header.
fn truncated_end(text: &str, body: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = body;
    let mut end = None;
    loop {
        while bytes.get(at).is_some_and(|b| b.is_ascii_whitespace() || b"\\\"'+>|,".contains(b)) {
            // An escaped line break is a backslash and a letter.
            let escape = bytes[at] == b'\\' && matches!(bytes.get(at + 1), Some(b'n' | b'r'));
            at += 1 + usize::from(escape);
        }
        let length = bytes[at..]
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b))
            .count();
        if length >= LINE {
            at += length;
            end = Some(at);
        } else if let Some(after) = header_line(text, at) {
            at = after;
        } else {
            // The last line of a block may be short.
            return end.map(|end| if length > 0 { at + length } else { end });
        }
    }
}

/// Where the line ends if it is one of those that may stand before the base64.
fn header_line(text: &str, at: usize) -> Option<usize> {
    let rest = &text[at..];
    ["Proc-Type:", "DEK-Info:", "Comment:", "Version:"].iter().find(|n| rest.starts_with(**n))?;
    let length = rest.find(['\n', '\\']).unwrap_or(rest.len());
    Some(at + length)
}
