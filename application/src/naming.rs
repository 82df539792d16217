//! Whether a text names somebody, and so must not go on record beside what is to be forgotten.
//!
//! Deliberately absent: names in any other spelling than the one that is asked for.

/// Whether a value stands in a text by itself, in upper or lower case: `ann` does in "by Ann.", and
/// does not in "annual".
pub(crate) fn names(text: &str, value: &str) -> bool {
    let (text, value) = (text.to_lowercase(), value.to_lowercase());
    if value.is_empty() {
        return false;
    }
    text.match_indices(&value).any(|(at, found)| {
        let (before, after) = (&text[..at], &text[at + found.len()..]);
        let outside = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
        outside(before.chars().next_back()) && outside(after.chars().next())
    })
}
