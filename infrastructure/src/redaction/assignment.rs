//! Secrets in assignments: `PASSWORD=hunter2`, `--token abc`, `"api_key": "abc"`, in command lines,
//! tool output, source code and JSON inside of strings.
//!
//! A name was found; what follows is read as its value. Whether that is a secret or only code that
//! handles one is judged by [`super::judge`]: `token = self.next_token()` is no secret.

use std::ops::Range;

use super::judge::{self, Style};

#[cfg(test)]
mod tests;

/// Names longer than this are no names.
const LONGEST_NAME: usize = 128;
/// Words longer than this are no code.
const LONGEST_CODE: usize = 1024;
/// Numbers shorter than this are counts.
const SHORTEST_NUMBER: usize = 4;

/// The whole name around a part of one.
pub(super) fn name_around(text: &str, part: Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_.-".contains(byte);
    let before = bytes[..part.start].iter().rev().take(LONGEST_NAME).take_while(is_name).count();
    let after = bytes[part.end..].iter().take(LONGEST_NAME).take_while(is_name).count();
    (before < LONGEST_NAME && after < LONGEST_NAME).then_some(part.start - before..part.end + after)
}

/// The secret that is assigned to a name, if one is.
pub(super) fn value_of(text: &str, name: &Range<usize>) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let before = name.start.checked_sub(1).and_then(byte);
    if before == Some(b'<') && byte(name.end) == Some(b'>') {
        return element_content(text, name.end + 1);
    }
    let is_flag = bytes[name.start] == b'-';
    let after_name = past_quote(bytes, name.end);
    let quoted_name = after_name != name.end;
    let after_name = after_name + usize::from(quoted_name && byte(after_name) == Some(b']'));
    let mut at = past_space(bytes, after_name);
    let spaced = at != after_name;
    let style = match (byte(at)?, byte(at + 1)) {
        (b'=' | b':' | b'!', Some(b'=')) | (b'=', Some(b'>')) => {
            at += 2 + usize::from(byte(at + 2) == Some(b'='));
            Style::Spaced
        }
        (b':', Some(b':')) => return None,
        (b':', _) => {
            at += 1;
            Style::Colon
        }
        (b'=', _) if is_flag => {
            at += 1;
            Style::Strong
        }
        (b'=', next) => {
            at += 1;
            if spaced || next == Some(b' ') { Style::Spaced } else { Style::Tight }
        }
        _ if is_flag && spaced => Style::Flag,
        _ => return None,
    };
    at = past_space(bytes, at);
    if quoted_name && style == Style::Colon {
        while byte(at).is_some_and(|b| b.is_ascii_whitespace()) {
            at += 1;
        }
        if matches!(byte(at), Some(b'{' | b'[')) {
            let group = at..group_end(text, at);
            let empty = group.len() <= 2;
            let marked = super::mark::is_mark(&text[group.clone()]);
            return (!empty && !marked).then_some(group);
        }
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits >= SHORTEST_NUMBER {
            return Some(at..at + digits);
        }
    }
    let header = !quoted_name && (style == Style::Tight || byte(at - 1) == Some(b' '));
    if let (true, Some(quote @ (b'"' | b'\''))) = (header, before) {
        // `-H "X-Api-Key: abc"`: the quote before the name closes after the value.
        let length = bytes[at..].iter().position(|b| *b == quote || b.is_ascii_whitespace());
        if let Some(length) = length.filter(|length| bytes[at + length] == quote) {
            let literal = judge::is_literal(text[at..at + length].trim_end_matches('\\'));
            let end = at + text[at..at + length].trim_end_matches('\\').len();
            return literal.then_some(at..end);
        }
    }
    value(text, name, at, style)
}

fn value(text: &str, name: &Range<usize>, at: usize, style: Style) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if let Some(content) = quoted(text, at) {
        let secret = &text[content.clone()];
        return (!judge::is_reference(secret) && !judge::is_path_of(&text[name.clone()], secret))
            .then_some(content);
    }
    let word = word(text, at);
    let context = judge::Context {
        name: &text[name.clone()],
        before: name.start.checked_sub(1).map(|at| bytes[at]),
        in_call: in_call(bytes, name.start),
        starts_line: starts_line(bytes, name.start),
        ends_line: ends_line(bytes, word.end),
        ended_by: bytes.get(word.end).copied(),
    };
    if word.len() > LONGEST_CODE || judge::is_secret(&text[word.clone()], style, &context) {
        return Some(word);
    }
    // `password: str = "hunter2"`: the value follows the type.
    if style == Style::Colon {
        let rest = &bytes[at..bytes.len().min(at + LONGEST_NAME)];
        let equals = rest.iter().position(|b| b"=\n;{\"".contains(b))?;
        if rest[equals] == b'=' && !matches!(rest.get(equals + 1), Some(b'=' | b'>')) {
            let at = past_space(bytes, at + equals + 1);
            return value(text, name, at, Style::Spaced);
        }
    }
    None
}

/// What stands between `<name>` and the tag that closes it.
fn element_content(text: &str, start: usize) -> Option<Range<usize>> {
    let length = text[start..].find('<')?;
    let content = start..start + length;
    let closed = text[content.end..].starts_with("</");
    (closed && !judge::is_reference(&text[content.clone()])).then_some(content)
}

fn past_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// After a quote, which may be escaped, or where it was when there is none.
fn past_quote(bytes: &[u8], start: usize) -> usize {
    let at = start + escapes_at(bytes, start);
    if matches!(bytes.get(at), Some(b'"' | b'\'' | b'`')) { at + 1 } else { start }
}

fn escapes_at(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().take_while(|byte| **byte == b'\\').count()
}

/// What stands between the quotes that begin here, if they do: escaped ones, tripled ones, and
/// those of `b"..."` included. Without a closing quote it is the rest of the line.
fn quoted(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let prefix =
        bytes[start..].iter().take(2).take_while(|byte| b"bBrRuUfF@".contains(byte)).count();
    let opening = start + prefix;
    let escapes = escapes_at(bytes, opening);
    let quote = *bytes.get(opening + escapes).filter(|byte| b"\"'`".contains(byte))?;
    let mut content = opening + escapes + 1;
    if bytes[content..].starts_with(&[quote, quote]) {
        content += 2;
        let tripled = &text[content - 3..content];
        let length = text[content..].find(tripled).unwrap_or(text.len() - content);
        return Some(content..content + length);
    }
    let mut backslashes = 0;
    for (at, byte) in bytes.iter().enumerate().skip(content) {
        if *byte == b'\\' {
            backslashes += 1;
            continue;
        }
        // A quote that is escaped once more than the opening one stands in the text itself.
        let closes = if escapes == 0 { backslashes % 2 == 0 } else { backslashes <= escapes };
        if *byte == quote && closes {
            let end = if escapes == 0 { at } else { at - backslashes };
            return Some(content..end);
        }
        if *byte == b'\n' {
            return Some(content..at);
        }
        backslashes = 0;
    }
    Some(content..bytes.len())
}

/// An unquoted value: it ends at space, quotes and what separates commands or parameters.
fn word(text: &str, start: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let mut end = start;
    while let Some(&byte) = bytes.get(end) {
        let next = bytes.get(end + 1);
        let ends = byte.is_ascii_whitespace()
            || b"\"'`;&|<>".contains(&byte)
            || (byte == b'\\' && next.is_some_and(|next| b"nrt\"'\\".contains(next)))
            || (byte == b',' && parameter_follows(&bytes[end + 1..]));
        // `${NAME}` and a mark are taken whole, so that they can be seen for what they are.
        if ends {
            break;
        }
        end += super::mark::length_at_start(&text[end..]).unwrap_or(1);
        // A byte within a letter is never asked for as text.
        while !text.is_char_boundary(end) {
            end += 1;
        }
    }
    let trimmed = text[start..end].trim_end_matches([',', ')', '}', ']', ':']);
    // The bracket that closes a mark, or one that was opened within, is not trailing.
    if trimmed.contains(['[', '{', '(']) { start..end } else { start..start + trimmed.len() }
}

/// Whether what follows a comma is the next parameter: `name=` or `name:`.
fn parameter_follows(rest: &[u8]) -> bool {
    let rest = &rest[past_space(rest, 0)..];
    let name = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)).count();
    name > 0 && matches!(rest.get(name), Some(b'=' | b':'))
}

fn in_call(bytes: &[u8], name: usize) -> bool {
    let before = bytes[..name].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'\n'));
    matches!(before, Some(b'(' | b',' | b'*'))
}

/// Whether only space or a list's dash stands before the name on its line.
fn starts_line(bytes: &[u8], name: usize) -> bool {
    let before = bytes[..name].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t' | b'-'));
    matches!(before, None | Some(b'\n'))
}

fn ends_line(bytes: &[u8], end: usize) -> bool {
    match bytes.get(past_space(bytes, end)) {
        None | Some(b'\n' | b'\r' | b'#') => true,
        Some(b'\\') => matches!(bytes.get(past_space(bytes, end) + 1), Some(b'n' | b'r')),
        Some(_) => false,
    }
}

/// Where the object or list ends that begins here; the end of the text where it is cut off.
fn group_end(text: &str, start: usize) -> usize {
    if let Some(length) = super::mark::length_at_start(&text[start..]) {
        return start + length;
    }
    // In JSON within a string every quote is escaped: those open and close just as well.
    let first_quote = text[start..].find('"').unwrap_or_default();
    let escaped = text[start..start + first_quote].ends_with('\\');
    let (mut depth, mut in_string, mut backslash) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate().skip(start) {
        match byte {
            b'"' if escaped || !(in_string && backslash) => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        backslash = byte == b'\\' && !backslash;
    }
    text.len()
}
