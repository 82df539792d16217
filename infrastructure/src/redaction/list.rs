//! Lists in a payload: the arguments of a command, and pairs of a name and its value.

use serde_json::Value;

use super::judge;
use super::mark;
use super::names::SecretNames;
use super::redactor::Rules;
use super::value::{redact_value, redact_whole};

/// Redacts a list; `under` is the kind of secret whose name it stands under.
pub(super) fn redact_list(
    rules: &Rules,
    items: &mut [Value],
    under: Option<&'static str>,
    depth: usize,
) -> usize {
    if under.is_some() {
        return items.iter_mut().map(|item| redact_value(rules, item, under, depth)).sum();
    }
    let mut count = 0;
    let is_pair = items.len() == 2;
    let program = items.first().and_then(Value::as_str).map_or(Program::Other, Program::of);
    let mut after = After::Nothing;
    for (place, item) in items.iter_mut().enumerate() {
        let next = item
            .as_str()
            .map_or(After::Nothing, |text| After::of(rules.names, text, is_pair, program, place));
        count += match (after, &mut *item) {
            (After::Secret(kind), Value::String(text)) if !is_option(text) => {
                redact_whole(rules, text, kind)
            }
            (After::Secret(kind), Value::Number(_)) => redact_value(rules, item, Some(kind), depth),
            (After::Perhaps(kind, shouted), Value::String(text)) if is_value(text, shouted) => {
                redact_whole(rules, text, kind)
            }
            (After::Login, Value::String(text)) => redact_login(rules, text),
            (_, Value::String(text)) => match program.attached(text, place) {
                Some(Attached::Login) => redact_login(rules, text),
                Some(Attached::Password) => {
                    let mut password = text.split_off(SHORT_OPTION);
                    let count = redact_whole(rules, &mut password, "password");
                    text.push_str(&password);
                    count
                }
                None => rules.redact_text(text),
            },
            _ => redact_value(rules, item, None, depth),
        };
        after = next;
    }
    count
}

/// How long `-p` and `-u` are.
const SHORT_OPTION: usize = 2;

/// A program whose short options can hold a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Curl,
    Database,
    SshPass,
    Other,
}

/// What an option holds without a space.
enum Attached {
    Login,
    Password,
}

impl Program {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".exe");
        match name {
            "curl" => Self::Curl,
            "sshpass" => Self::SshPass,
            _ if name.starts_with("mysql") || name.starts_with("mariadb") => Self::Database,
            _ => Self::Other,
        }
    }

    fn attached(self, text: &str, place: usize) -> Option<Attached> {
        let long = || text.starts_with("--user=") || text.starts_with("--proxy-user=");
        match self {
            Self::Curl if long() || text.starts_with("-u") => Some(Attached::Login),
            Self::Database if text.starts_with("-p") => Some(Attached::Password),
            Self::SshPass if place == 1 && text.starts_with("-p") => Some(Attached::Password),
            _ => None,
        }
    }
}

/// What an element of a list says about the one after it.
#[derive(Clone, Copy)]
enum After {
    Nothing,
    /// It is a secret.
    Secret(&'static str),
    /// It is a secret if it looks like one; whether the name is one of an environment variable.
    Perhaps(&'static str, bool),
    /// It is `user:password`.
    Login,
}

impl After {
    fn of(names: &SecretNames, text: &str, is_pair: bool, program: Program, place: usize) -> Self {
        if program == Program::Curl && matches!(text, "-u" | "--user" | "--proxy-user") {
            return Self::Login;
        }
        if program == Program::SshPass && place == 1 && text == "-p" {
            return Self::Secret("password");
        }
        let is_flag = text.starts_with('-') && !text.contains(['=', ' ']);
        if !(is_flag || (is_pair && place == 0)) {
            return Self::Nothing;
        }
        match names.kind_of(text) {
            Some(kind) if is_flag => Self::Secret(kind),
            // A pair of a header's name and its value; other pairs may be any two words.
            Some(kind @ ("authorization" | "cookie" | "api-key")) => Self::Secret(kind),
            Some(kind) if text.bytes().all(is_name_byte) => {
                Self::Perhaps(kind, text.contains('_') && text.bytes().all(is_shouted))
            }
            _ => Self::Nothing,
        }
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)
}

fn is_shouted(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Whether what follows a secret flag is another option: one dash before what no option is called
/// begins a secret.
fn is_option(text: &str) -> bool {
    text.starts_with('-') && (text.starts_with("--") || !looks_random(text))
}

/// Whether the second of a pair is the value of the first, and not another name.
fn is_value(text: &str, shouted: bool) -> bool {
    !text.contains(char::is_whitespace)
        && judge::is_literal(text)
        && (looks_random(text) || (shouted && !text.bytes().all(is_shouted)))
}

/// A text with a mark has been judged before it was redacted, and looks random only since then.
fn looks_random(text: &str) -> bool {
    judge::looks_random(text) && mark::find(text, 0).is_none()
}

fn redact_login(rules: &Rules, text: &mut String) -> usize {
    let mut count = 0;
    // The colons of a mark separate nothing.
    let colon = text.find(':').filter(|_| mark::find(text, 0).is_none());
    if let Some(colon) = colon {
        let mut password = text.split_off(colon + 1);
        count += redact_whole(rules, &mut password, "password");
        text.push_str(&password);
    }
    count + rules.redact_text(text)
}
