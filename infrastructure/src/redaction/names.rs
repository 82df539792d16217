//! Names under which secrets stand.
//!
//! A name is split into words, so that `accessToken`, `DB_PASSWORD` and `X-Api-Key` are all seen
//! for what they are and `max_tokens`, `secretary` and `password_changed_at` are not: it is the
//! last words that say what a thing is.

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

use super::mark;

/// The kinds, by the words their names end with. Only the words' letters count, not their case.
pub(super) const SECRET_ENDINGS: &[(&[&str], &str)] = &[
    (&["password"], "password"),
    (&["passwords"], "password"),
    (&["passwd"], "password"),
    (&["passphrase"], "password"),
    (&["passcode"], "password"),
    (&["pwd"], "password"),
    (&["pass", "word"], "password"),
    (&["pass", "phrase"], "password"),
    (&["db", "pass"], "password"),
    (&["user", "pass"], "password"),
    (&["admin", "pass"], "password"),
    (&["root", "pass"], "password"),
    (&["mysql", "pass"], "password"),
    (&["postgres", "pass"], "password"),
    (&["redis", "pass"], "password"),
    (&["smtp", "pass"], "password"),
    (&["mail", "pass"], "password"),
    (&["ftp", "pass"], "password"),
    (&["secret"], "secret"),
    (&["secrets"], "secret"),
    (&["otp"], "secret"),
    (&["totp"], "secret"),
    (&["token"], "token"),
    (&["access", "tokens"], "token"),
    (&["api", "tokens"], "token"),
    (&["auth", "tokens"], "token"),
    (&["refresh", "tokens"], "token"),
    (&["session", "tokens"], "token"),
    (&["jwt"], "token"),
    (&["bearer"], "token"),
    (&["apikey"], "api-key"),
    (&["apikeys"], "api-key"),
    (&["api", "key"], "api-key"),
    (&["api", "keys"], "api-key"),
    (&["access", "key"], "access-key"),
    (&["access", "keys"], "access-key"),
    (&["secret", "key"], "access-key"),
    (&["secret", "keys"], "access-key"),
    (&["account", "key"], "access-key"),
    (&["shared", "key"], "access-key"),
    (&["storage", "key"], "access-key"),
    (&["master", "key"], "access-key"),
    (&["private", "key"], "private-key"),
    (&["private", "keys"], "private-key"),
    (&["signing", "key"], "private-key"),
    (&["encryption", "key"], "private-key"),
    (&["ssh", "key"], "private-key"),
    (&["authorization"], "authorization"),
    (&["cookie"], "cookie"),
    (&["cookies"], "cookie"),
    (&["credential"], "credential"),
    (&["credentials"], "credential"),
    (&["connection", "string"], "connection-string"),
    (&["connection", "strings"], "connection-string"),
    (&["conn", "string"], "connection-string"),
    (&["conn", "str"], "connection-string"),
];

/// Words written without a boundary, as in `PGPASSWORD`, by what they end with.
const RUN_TOGETHER: &[(&str, &str)] = &[
    ("password", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("sshpass", "password"),
    ("apikey", "api-key"),
    ("accesskey", "access-key"),
    ("secretkey", "access-key"),
    ("accountkey", "access-key"),
    ("privatekey", "private-key"),
    ("accesstoken", "token"),
    ("authtoken", "token"),
    ("refreshtoken", "token"),
    ("sessiontoken", "token"),
    ("clientsecret", "secret"),
    ("setcookie", "cookie"),
    ("connectionstring", "connection-string"),
];

/// Words that may follow and change nothing: `password_hash` and `new_password_confirmation` are as
/// secret as the password.
const TRAILING: &[&str] = &[
    "value",
    "hash",
    "header",
    "confirmation",
    "confirm",
    "plain",
    "plaintext",
    "raw",
    "base64",
    "b64",
    "encoded",
    "old",
    "new",
    "current",
];

/// What a `token` is that lets nobody in: a place in a listing, or a piece of text.
const HARMLESS_TOKENS: &[&str] = &[
    "page",
    "next",
    "continuation",
    "cursor",
    "sync",
    "per",
    "max",
    "min",
    "num",
    "total",
    "first",
    "last",
    "each",
    "any",
    "stop",
    "eos",
    "bos",
    "pad",
    "unk",
    "sep",
    "cls",
    "mask",
    "special",
];

/// What may stand between the words of a name; that the case turns is a boundary too.
pub(super) const JOINTS: &[&str] = &["", "_", "-", ".", " "];

/// Names that are secrets when they are the whole name of a field: as a part of one, and in prose,
/// they say something else, as in `tests_pass`.
const WHOLE: &[&str] = &["pass", "pw"];

/// Names that are secrets, and names that are not although they look like it.
pub(super) struct SecretNames {
    /// The last words of secret names: a name that holds none of them need not be split.
    last_words: AhoCorasick,
    extra: Vec<Vec<String>>,
    allowed: Vec<Vec<String>>,
}

impl SecretNames {
    pub(super) fn new(extra: &[String], allowed: &[String]) -> Result<Self, BuildError> {
        let split = |names: &[String]| -> Vec<Vec<String>> {
            names.iter().map(|name| words(name).iter().map(ToString::to_string).collect()).collect()
        };
        let extra = split(extra);
        let last_words = SECRET_ENDINGS
            .iter()
            .filter_map(|(ending, _)| ending.last().copied())
            .chain(RUN_TOGETHER.iter().map(|(end, _)| *end))
            .chain(extra.iter().filter_map(|name| name.last().map(String::as_str)));
        let last_words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(last_words)?;
        Ok(Self { last_words, extra, allowed: split(allowed) })
    }

    /// Parts of names, one of which is in every secret name whatever its case.
    pub(super) fn stems(&self) -> Vec<String> {
        let joined =
            |joint: &'static str| SECRET_ENDINGS.iter().map(move |(ending, _)| ending.join(joint));
        let mut stems: Vec<String> = JOINTS.iter().flat_map(|joint| joined(joint)).collect();
        stems.extend(RUN_TOGETHER.iter().map(|(end, _)| (*end).to_owned()));
        for name in &self.extra {
            stems.extend(JOINTS.iter().map(|joint| name.join(joint)));
        }
        stems.sort_by_key(String::len);
        // One that holds another is found with it, unless it is more than one word for the text.
        let mut kept: Vec<String> = Vec::new();
        for stem in stems {
            if stem.contains(' ') || !kept.iter().any(|shorter| stem.contains(shorter)) {
                kept.push(stem);
            }
        }
        kept
    }

    /// Which kind of secret stands under this name, if one does.
    pub(super) fn kind_of(&self, name: &str) -> Option<&'static str> {
        if !self.last_words.is_match(name) {
            return None;
        }
        // A name that was a secret itself has been judged before it was redacted.
        if mark::find(name, 0).is_some() {
            return None;
        }
        let words = words(name);
        let words = words.as_slice();
        if self.allowed.iter().any(|allowed| same(allowed, words)) {
            return None;
        }
        if self.extra.iter().any(|extra| ends_with(words, extra)) {
            return Some("secret");
        }
        let trailing = |word: &&&str| {
            word.bytes().all(|byte| byte.is_ascii_digit())
                || TRAILING.iter().any(|trailing| trailing.eq_ignore_ascii_case(word))
        };
        let dropped = words.iter().rev().take_while(trailing).count();
        let words = &words[..words.len() - dropped];
        let last = words.last()?.trim_end_matches(|c: char| c.is_ascii_digit());
        let before = words.len().checked_sub(2).map(|index| words[index]);
        let kind = SECRET_ENDINGS.iter().find(|(ending, _)| match ending {
            [single] => single.eq_ignore_ascii_case(last),
            [first, second] => {
                second.eq_ignore_ascii_case(last)
                    && before.is_some_and(|before| first.eq_ignore_ascii_case(before))
            }
            _ => false,
        });
        if let Some((ending, kind)) = kind {
            let harmless = *ending == ["token"]
                && before.is_some_and(|before| {
                    HARMLESS_TOKENS.iter().any(|word| word.eq_ignore_ascii_case(before))
                });
            return (!harmless).then_some(kind);
        }
        let run_together = RUN_TOGETHER.iter().find(|(end, _)| before_end(last, end).is_some());
        let joined = || {
            SECRET_ENDINGS.iter().find(|(ending, _)| match ending {
                [first, second] => before_end(last, second)
                    .is_some_and(|before| before_end(before, first).is_some()),
                _ => false,
            })
        };
        run_together.map(|(_, kind)| *kind).or_else(|| joined().map(|(_, kind)| *kind))
    }

    /// Whether the whole of a name is one of the short words for a password.
    pub(super) fn is_short_password(&self, name: &str) -> bool {
        WHOLE.iter().any(|whole| whole.eq_ignore_ascii_case(name))
            && !self.allowed.iter().any(|allowed| same(allowed, words(name).as_slice()))
    }
}

/// What stands before an ending, if the text has it, whatever its case.
fn before_end<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    // Cut at a byte that may lie within a letter: then it is no ending of ours.
    let (before, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(before)
}

fn same(wanted: &[String], words: &[&str]) -> bool {
    wanted.len() == words.len() && ends_with(words, wanted)
}

fn ends_with(words: &[&str], ending: &[String]) -> bool {
    words.len() >= ending.len()
        && words[words.len() - ending.len()..]
            .iter()
            .zip(ending)
            .all(|(word, wanted)| wanted.eq_ignore_ascii_case(word))
}

/// The last words of a name, without an allocation.
pub(super) struct Words<'a> {
    words: [&'a str; Words::MOST],
    count: usize,
}

impl<'a> Words<'a> {
    const MOST: usize = 12;

    fn push(&mut self, word: &'a str) {
        if word.is_empty() {
            return;
        }
        if self.count == Self::MOST {
            // Of a very long name the end is kept, which is what counts.
            self.words.rotate_left(1);
            self.count -= 1;
        }
        self.words[self.count] = word;
        self.count += 1;
    }

    fn as_slice(&self) -> &[&'a str] {
        &self.words[..self.count]
    }

    fn iter(&self) -> impl Iterator<Item = &&'a str> {
        self.as_slice().iter()
    }
}

/// Splits a name where its letters are not ASCII letters or digits, and where the case turns:
/// `HTTPAuthToken` is `HTTP`, `Auth`, `Token`. Letters beyond ASCII never end a word.
fn words(name: &str) -> Words<'_> {
    let bytes = name.as_bytes();
    let mut words = Words { words: [""; Words::MOST], count: 0 };
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if byte.is_ascii() && !byte.is_ascii_alphanumeric() {
            words.push(&name[start..at]);
            start = at + 1;
        } else if byte.is_ascii_uppercase() && at > start {
            let after_lower = !bytes[at - 1].is_ascii_uppercase();
            let before_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            if after_lower || before_lower {
                words.push(&name[start..at]);
                start = at;
            }
        }
    }
    words.push(&name[start..]);
    words
}

/// Whether a setting names anything at all.
pub(super) fn has_words(name: &str) -> bool {
    words(name).count > 0
}
