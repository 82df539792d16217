//! Which statements a handler may have run, told by their words alone.
//!
//! Deliberately absent: whether a statement is right, which SQLite says itself.

use std::iter::Peekable;
use std::str::Chars;

/// What a statement may begin with.
const VERBS: [&str; 8] =
    ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "CREATE", "ALTER", "DROP"];

/// The tables that are not a product's to change. Indexes and triggers have the names of their tables,
/// and something after an underscore.
const OURS: [&str; 12] = [
    "audit_log",
    "audit_hold",
    "audit_retention_permit",
    "audit_subscription",
    "audit_dead_letter",
    "audit_lease_token",
    "audit_tree",
    "audit_tile",
    "audit_checkpoint",
    "audit_signing_key",
    "audit_erasure_permit",
    "seaql_migrations",
];

/// Why a statement was not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum RefusedStatement {
    /// There are no words in it.
    #[error("the statement is empty: leave the effect out")]
    Empty,
    /// It begins with something else.
    #[error(
        "a statement that begins with `{found}` is no effect: begin with one of {}; the store itself \
         begins and ends the transaction",
        VERBS.join(", ")
    )]
    Verb { found: String },
    /// A byte that ends the text for SQLite, while it goes on for everybody else.
    #[error("the statement holds a NUL character: pass such text as a value for a `?`")]
    Nul,
    /// Something follows its end.
    #[error(
        "the text holds more than one statement: give each an effect of its own, and make triggers \
         when the product starts"
    )]
    Several,
    /// It names something of the record's.
    #[error(
        "`{name}` belongs to the record and is not an effect's to change or to read: name a table \
         of your own, or pass the word as a value for a `?`"
    )]
    Ours { name: String },
    /// A parameter that values do not go to by their order.
    #[error(
        "`{found}` is no parameter that takes its value by its place: write `?`, with values in order"
    )]
    Parameter { found: String },
    /// Values are missing, or too many.
    #[error("the statement has {parameters} `?` and {values} values: give one value for each")]
    Count { parameters: usize, values: usize },
    /// A number beyond what the database holds.
    #[error("the number {number} is beyond what SQLite holds: pass it as text")]
    Number { number: String },
}

/// How many values a statement takes, if it may be run.
pub(super) fn parameters(statement: &str) -> Result<usize, RefusedStatement> {
    if statement.contains('\0') {
        return Err(RefusedStatement::Nul);
    }
    let mut words = Words { rest: statement.chars().peekable() };
    match words.next() {
        None | Some(Word::End) => return Err(RefusedStatement::Empty),
        Some(Word::Name(verb)) if VERBS.iter().any(|may| verb.eq_ignore_ascii_case(may)) => {}
        Some(other) => return Err(RefusedStatement::Verb { found: other.into_text() }),
    }
    let mut parameters = 0;
    while let Some(word) = words.next() {
        match word {
            Word::End => {
                return match words.next() {
                    None => Ok(parameters),
                    Some(_) => Err(RefusedStatement::Several),
                };
            }
            Word::Parameter(name) if name == "?" => parameters += 1,
            Word::Parameter(found) => return Err(RefusedStatement::Parameter { found }),
            Word::Name(name) | Word::Quoted(name) if is_ours(&name) => {
                return Err(RefusedStatement::Ours { name });
            }
            Word::Name(_) | Word::Quoted(_) | Word::Other(_) => {}
        }
    }
    Ok(parameters)
}

/// Whether a word is the name of something of the record's. A text in quotes is one too: SQLite
/// takes `DROP TABLE 'audit_log'`.
fn is_ours(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    let rest_of = |table: &&str| word.strip_prefix(*table);
    OURS.iter().filter_map(rest_of).any(|rest| rest.is_empty() || rest.starts_with('_'))
}

/// What a statement is made of, as far as it matters here.
#[derive(Debug)]
enum Word {
    /// A bare word or a number.
    Name(String),
    /// What stands in quotes or brackets of any kind.
    Quoted(String),
    /// A parameter, with whatever names it.
    Parameter(String),
    /// A semicolon.
    End,
    /// Any other sign.
    Other(char),
}

impl Word {
    fn into_text(self) -> String {
        match self {
            Self::Name(text) | Self::Quoted(text) | Self::Parameter(text) => text,
            Self::End => ";".to_owned(),
            Self::Other(sign) => sign.to_string(),
        }
    }
}

/// The words of a statement, without spaces and comments.
struct Words<'a> {
    rest: Peekable<Chars<'a>>,
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        loop {
            let sign = self.rest.next()?;
            let next = self.rest.peek().copied();
            return Some(match sign {
                _ if is_space(sign) => continue,
                '-' if next == Some('-') => {
                    self.rest.by_ref().find(|sign| *sign == '\n');
                    continue;
                }
                '/' if next == Some('*') => {
                    self.skip_comment();
                    continue;
                }
                ';' => Word::End,
                '\'' | '"' | '`' => Word::Quoted(self.quoted(sign)),
                '[' => Word::Quoted(self.rest.by_ref().take_while(|sign| *sign != ']').collect()),
                '?' | ':' | '@' | '$' | '#' => Word::Parameter(format!("{sign}{}", self.name())),
                _ if is_of_a_name(sign) => Word::Name(format!("{sign}{}", self.name())),
                _ => Word::Other(sign),
            });
        }
    }
}

impl Words<'_> {
    /// What follows and belongs to a name.
    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(sign) = self.rest.next_if(|sign| is_of_a_name(*sign)) {
            name.push(sign);
        }
        name
    }

    /// The text up to the closing quote; two quotes are one in the text.
    fn quoted(&mut self, quote: char) -> String {
        let mut text = String::new();
        while let Some(sign) = self.rest.next() {
            if sign == quote && self.rest.next_if_eq(&quote).is_none() {
                break;
            }
            text.push(sign);
        }
        text
    }

    fn skip_comment(&mut self) {
        self.rest.next();
        while let Some(sign) = self.rest.next() {
            if sign == '*' && self.rest.next_if_eq(&'/').is_some() {
                break;
            }
        }
    }
}

fn is_of_a_name(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || "_$".contains(sign) || (!sign.is_ascii() && !is_space(sign))
}

/// SQLite takes the mark of a byte order for a space.
fn is_space(sign: char) -> bool {
    sign.is_ascii_whitespace() || sign == '\u{feff}'
}
