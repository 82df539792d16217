//! Whether a value that is assigned to a secret name is a secret, or code and prose about one.
//!
//! A literal goes; an identifier, a type, a call or a placeholder stays. In doubt the style of the
//! assignment decides: a shell's `TOKEN=abc` holds a literal, a function's `token=abc` a variable.

mod words;

#[cfg(test)]
mod tests;

use words::{LANGUAGE, PROSE};

/// How a value is assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `--token=abc`: always a literal.
    Strong,
    /// `--token abc`.
    Flag,
    /// `token=abc`, without space.
    Tight,
    /// `token = abc`, and comparisons.
    Spaced,
    /// `token: abc`.
    Colon,
}

/// What stands around an assignment.
pub(super) struct Context<'a> {
    pub(super) name: &'a str,
    /// What stands right before the name.
    pub(super) before: Option<u8>,
    /// It stands in a list of arguments or parameters.
    pub(super) in_call: bool,
    pub(super) starts_line: bool,
    pub(super) ends_line: bool,
    /// What comes right after the value.
    pub(super) ended_by: Option<u8>,
}

/// Whether a text stands in for a secret: `$PASSWORD`, `{token}`, `<token>`, `***`, a mark.
pub(super) fn is_reference(text: &str) -> bool {
    let text = text.trim();
    let all = |c: char| text.chars().all(|letter| letter == c);
    let within = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
    let variable = text.strip_prefix('$').is_some_and(is_identifier);
    text.is_empty()
        || super::mark::is_mark(text)
        || variable
        || within("${", "}")
        || within("$(", ")")
        || within("{", "}")
        || within("<", ">")
        || within("%(", ")s")
        || within("%", "%")
        || text == "%s"
        || matches!(text, "Basic" | "Bearer")
        || all('*')
        || all('.')
        || all('x')
        || all('X')
        || all('-')
        || all('?')
}

/// Whether a text is neither a placeholder nor a word of a programming language.
pub(super) fn is_literal(text: &str) -> bool {
    !is_reference(text) && !is_in(LANGUAGE, text)
}

/// `PWD` names a folder in every shell, and a password elsewhere.
pub(super) fn is_path_of(name: &str, value: &str) -> bool {
    ends_with(name, "pwd") && value.starts_with(['/', '~', '.'])
}

/// `session_tokens: 184320`: how many there were.
fn is_count_of(name: &str, word: &str) -> bool {
    ends_with(name, "tokens")
        && word.trim_end_matches([',', ';', ')', '.']).bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an unquoted value is a secret.
pub(super) fn is_secret(word: &str, style: Style, context: &Context<'_>) -> bool {
    if is_reference(word)
        || word.starts_with("${")
        || word.starts_with("$(")
        || is_path_of(context.name, word)
        || is_count_of(context.name, word)
        || is_in(LANGUAGE, word.trim_end_matches([',', ';', ')', '.', '?', '!']))
    {
        return false;
    }
    let shouted = context.name.bytes().all(|byte| !byte.is_ascii_lowercase());
    let command =
        matches!(style, Style::Strong | Style::Flag) || (style == Style::Tight && shouted);
    // Where commands are written, a call must look like one to its end.
    if is_call(word) && (!command || word.ends_with(['(', ')', '[', ','])) {
        return false;
    }
    match style {
        Style::Strong => !is_metavariable(word),
        Style::Flag => !word.starts_with('-') && !is_metavariable(word) && !is_in(PROSE, word),
        Style::Tight if shouted || is_delimited(context) => true,
        _ if repeats(context.name, word) => false,
        Style::Tight if !context.in_call => !is_member(word),
        Style::Tight | Style::Spaced => looks_random(word) && !is_expression(word),
        Style::Colon => {
            (looks_random(word) && !is_expression(word) && !is_type(word, context))
                || is_plain_entry(word, context)
        }
    }
}

/// Whether it stands among others that `;` or `&` separates, as in connection strings and queries.
fn is_delimited(context: &Context<'_>) -> bool {
    matches!(context.before, Some(b';' | b'&' | b'?'))
        || matches!(context.ended_by, Some(b';' | b'&'))
}

/// Whether a word is no word of any language: digits among letters, or signs that code has not.
pub(super) fn looks_random(word: &str) -> bool {
    let digit = word.bytes().any(|byte| byte.is_ascii_digit());
    let inner_capital = word.bytes().skip(1).any(|byte| byte.is_ascii_uppercase());
    let lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
    let sign = word.contains(['!', '@', '#', '$', '%', '^', '~', '+', '/', '=', '?', '*']);
    (digit && word.len() >= 6)
        || (sign && word.len() >= 6 && !is_path(word))
        || (inner_capital && lower && word.len() >= 20)
}

/// A line of its own as in YAML: `password: correcthorse`.
fn is_plain_entry(word: &str, context: &Context<'_>) -> bool {
    let lower = word.bytes().any(|byte| byte.is_ascii_lowercase());
    let plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let entry = plain || word.bytes().any(|byte| byte.is_ascii_digit());
    context.starts_line
        && context.ends_line
        && lower
        && entry
        && word.len() >= 4
        && !is_expression(word)
}

/// `Sha256`, `u64`: a type where a type may stand, that is, before another parameter or a body.
fn is_type(word: &str, context: &Context<'_>) -> bool {
    let listed = context.in_call || matches!(context.ended_by, Some(b',' | b')' | b';' | b'<'));
    listed && is_identifier(word) && digit_runs(word) < 2
}

fn digit_runs(word: &str) -> usize {
    word.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty()).count()
}

/// Code: a path of identifiers, an operator at its start, an identifier made of words.
fn is_expression(word: &str) -> bool {
    word.starts_with(['(', '[', '{', '<', '*', '&', '!', '|'])
        || is_member(word)
        || (is_identifier(word) && word.contains('_') && digit_runs(word) < 2)
}

/// `self.token`, `settings.API_KEY`, `a::b`: segments that are identifiers, few of them numbered.
fn is_member(word: &str) -> bool {
    let word = word.trim_end_matches([',', ';', '.']);
    let mut segments = word.split(['.', ':']).filter(|segment| !segment.is_empty());
    (word.contains('.') || word.contains("::"))
        && digit_runs(word) < 2
        && segments.all(is_identifier)
}

/// `path/to/file`, `./file`: words between slashes.
fn is_path(word: &str) -> bool {
    word.contains('/')
        && word
            .split('/')
            .all(|part| part.bytes().all(|b| b.is_ascii_lowercase() || b"._-".contains(&b)))
}

/// `next_token()`, `tokens[0]`, `Option<String>`, `x->token`: an identifier and what makes it code.
fn is_call(word: &str) -> bool {
    let length =
        word.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"_.:$".contains(b)).count();
    let head = &word[..length];
    let starts = head.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    let rest = &word[length..];
    starts
        && (rest.starts_with(['(', '[', '{'])
            || rest.starts_with("->")
            || rest.starts_with("!(")
            || rest.starts_with("!["))
        && super::mark::length_at_start(rest).is_none()
}

/// `--password PASSWORD` in a usage text.
fn is_metavariable(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_uppercase() || b"_-]".contains(&byte))
        || word.starts_with(['<', '[', '{'])
}

/// `password=password`, `f(token=token2)`: the name again, or its last word.
fn repeats(name: &str, word: &str) -> bool {
    let word = word.trim_end_matches([',', ')', ';']);
    let word = word.strip_suffix(|c: char| c.is_ascii_digit()).unwrap_or(word);
    !word.is_empty() && ends_with(name, word)
}

/// Whether a name ends like this, whatever the case.
fn ends_with(name: &str, end: &str) -> bool {
    let tail = name.len().checked_sub(end.len()).and_then(|at| name.get(at..));
    tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

fn is_identifier(word: &str) -> bool {
    word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_in(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}
