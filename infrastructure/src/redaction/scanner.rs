//! Finding and replacing the secrets of one text.
//!
//! One pass over the text looks for all anchors at once. A text without any, as most are, costs
//! that pass and no allocation.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

use super::assignment;
use super::judge;
use super::mark::{self, Digits, Marker};
use super::names::SecretNames;
use super::pem;
use super::rules::{Check, EXPRESSIONS, ExtraRule, RULES};

/// What an anchor announces.
#[derive(Clone, Copy)]
enum Anchor {
    /// A shape, by its place in [`RULES`].
    Rule(usize),
    /// A private key.
    Pem,
    /// A mark, whose kind is no name.
    Mark,
    /// A name, perhaps a secret's.
    Name,
}

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Anything: names and what is assigned to them count.
    Text,
    /// An id, which must stay different from every other: only shapes count.
    Id,
}

/// A secret in a text.
struct Found<'a> {
    at: Range<usize>,
    kind: &'a str,
}

/// Finds the secrets of texts.
pub(super) struct Scanner {
    anchors: AhoCorasick,
    announced: Vec<Anchor>,
    extra: Vec<ExtraRule>,
}

impl Scanner {
    pub(super) fn new(names: &SecretNames, extra: Vec<ExtraRule>) -> Result<Self, BuildError> {
        let mut texts = vec![pem::ANCHOR.to_owned(), mark::OPENING.to_owned()];
        let mut announced = vec![Anchor::Pem, Anchor::Mark];
        for (index, rule) in RULES.iter().enumerate() {
            for anchor in rule.anchors {
                texts.push((*anchor).to_owned());
                announced.push(Anchor::Rule(index));
            }
        }
        for stem in names.stems() {
            texts.push(stem);
            announced.push(Anchor::Name);
        }
        let anchors = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(Some(AhoCorasickKind::DFA))
            .build(texts)?;
        Ok(Self { anchors, announced, extra })
    }

    /// The text without its secrets and how many they were, if there are any.
    pub(super) fn redact(
        &self,
        text: &str,
        names: &SecretNames,
        marker: &Marker,
        reading: Reading,
    ) -> Option<(String, usize)> {
        if self.extra.is_empty() && !self.anchors.is_match(text) {
            return None;
        }
        let (mut redacted, mut count) = self.redact_once(text, names, marker, reading)?;
        // A mark can show that what stands next to it is a secret too. Every further turn takes
        // away letters that are not in a mark, or joins marks, so that there is a last one.
        while let Some((again, more)) = self.redact_once(&redacted, names, marker, reading) {
            redacted = again;
            count += more;
        }
        Some((redacted, count))
    }

    fn redact_once(
        &self,
        text: &str,
        names: &SecretNames,
        marker: &Marker,
        reading: Reading,
    ) -> Option<(String, usize)> {
        let digits = match reading {
            Reading::Text => Digits::Eight,
            Reading::Id => Digits::ThirtyTwo,
        };
        let found = outside_marks(text, self.find(text, names, reading));
        if found.is_empty() {
            return None;
        }
        let mut redacted = String::with_capacity(text.len());
        let mut from = 0;
        for secret in &found {
            redacted.push_str(&text[from..secret.at.start]);
            marker.push(&mut redacted, secret.kind, &text[secret.at.clone()], digits);
            from = secret.at.end;
        }
        redacted.push_str(&text[from..]);
        Some((redacted, found.len()))
    }

    fn find(&self, text: &str, names: &SecretNames, reading: Reading) -> Vec<Found<'_>> {
        let mut found = Vec::new();
        let mut assignments = Vec::new();
        let mut rules = BTreeSet::new();
        let mut pem = false;
        let mut looked_to = 0;
        for hit in self.anchors.find_overlapping_iter(text) {
            match self.announced[hit.pattern()] {
                Anchor::Rule(index) => {
                    rules.insert(index);
                }
                Anchor::Pem => pem = true,
                Anchor::Mark => {
                    let length = mark::length_at_start(&text[hit.start()..]).unwrap_or_default();
                    looked_to = looked_to.max(hit.start() + length);
                }
                Anchor::Name if reading == Reading::Text && hit.end() > looked_to => {
                    let (secret, end) = assigned(text, hit.range(), names);
                    looked_to = end;
                    assignments.extend(secret);
                }
                Anchor::Name => {}
            }
        }
        for index in rules {
            let rule = &RULES[index];
            for secret in EXPRESSIONS[index].captures_iter(text).filter_map(|c| c.get(1)) {
                let secret_text = secret.as_str();
                let fits = match rule.check {
                    Check::Nothing => true,
                    Check::Random => judge::looks_random(secret_text),
                    Check::Literal => !judge::is_reference(secret_text),
                };
                if fits {
                    found.push(Found { at: secret.range(), kind: rule.kind });
                }
            }
        }
        if pem {
            let mut blocks = Vec::new();
            pem::find(text, &mut blocks);
            found.extend(blocks.into_iter().map(|at| Found { at, kind: "private-key" }));
        }
        for rule in &self.extra {
            for groups in rule.expression.captures_iter(text) {
                let secret = groups.get(1).or_else(|| groups.get(0));
                found.extend(secret.map(|s| Found { at: s.range(), kind: &rule.kind }));
            }
        }
        found.append(&mut assignments);
        found
    }
}

/// The secret assigned to the name around a part of it, and up to where the text is done.
fn assigned(
    text: &str,
    part: Range<usize>,
    names: &SecretNames,
) -> (Option<Found<'static>>, usize) {
    let Some(name) = assignment::name_around(text, part.clone()) else { return (None, part.end) };
    let Some(kind) = names.kind_of(&text[name.clone()]) else { return (None, name.end) };
    match assignment::value_of(text, &name) {
        Some(at) => {
            let end = at.end;
            (Some(Found { at, kind }), end)
        }
        None => (None, name.end),
    }
}

/// Puts what was found in order, joins what overlaps, and leaves marks whole.
fn outside_marks<'a>(text: &str, mut found: Vec<Found<'a>>) -> Vec<Found<'a>> {
    if found.is_empty() {
        return found;
    }
    // Of those that begin together the longest comes first, and of equal ones a shape before a
    // name, since the sort is stable: it knows the kind better.
    found.sort_by_key(|secret| (secret.at.start, std::cmp::Reverse(secret.at.end)));
    let mut marks = Vec::new();
    let mut from = 0;
    while let Some(at) = mark::find(text, from) {
        from = at.end;
        marks.push(at);
    }
    let mut kept: Vec<Found<'a>> = Vec::with_capacity(found.len());
    for mut secret in found {
        let first = marks.partition_point(|mark| mark.end <= secret.at.start);
        let found_end = secret.at.end;
        let touched = marks[first..].iter().take_while(|mark| mark.start < found_end);
        let mut within = secret.at.is_empty();
        for mark in touched {
            within |= mark.start <= secret.at.start && secret.at.end <= mark.end;
            secret.at.start = secret.at.start.min(mark.start);
            secret.at.end = secret.at.end.max(mark.end);
        }
        if within {
            continue;
        }
        match kept.last_mut() {
            Some(last) if secret.at.start < last.at.end => {
                last.at.end = last.at.end.max(secret.at.end);
            }
            _ => kept.push(secret),
        }
    }
    kept
}
