//! The names most like one that does not exist, for error messages.

use std::fmt;

/// Names somebody may have meant, the likeliest first; may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives(pub Vec<String>);

/// Names shown at most.
const SHOWN: usize = 3;
/// Names less alike than this help nobody: the scale is from 0 to 1.
const ALIKE: f64 = 0.75;

/// Those of `known` that are most like `name`, whatever its case.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Alternatives {
    let name = name.to_lowercase();
    let mut alike: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    Alternatives(alike.into_iter().take(SHOWN).map(|(_, name)| name.to_owned()).collect())
}

/// "; did you mean `a` or `b`?" to put behind a message, or nothing when no name is close.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let alternatives = nearest(name, known);
    if alternatives.0.is_empty() { String::new() } else { format!("; {alternatives}") }
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("no name is like it"),
            [only] => write!(f, "did you mean `{only}`?"),
            [more @ .., last] => {
                let more: Vec<String> = more.iter().map(|name| format!("`{name}`")).collect();
                write!(f, "did you mean {} or `{last}`?", more.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::events::CATALOGUE;

    fn types() -> impl Iterator<Item = &'static str> {
        CATALOGUE.events().map(|event| event.event_type)
    }

    #[test]
    fn a_slip_of_the_pen_finds_the_name_that_was_meant_first() {
        for (wrong, meant) in [
            ("plan.create", "plan.created"),
            ("tool.complete", "tool.completed"),
            ("Plan.Applied", "plan.applied"),
            ("plan_applied", "plan.applied"),
            ("sandbox.rolledback", "sandbox.rolled_back"),
        ] {
            assert_eq!(nearest(wrong, types()).0.first().unwrap(), meant, "{wrong}");
        }
    }

    #[test]
    fn alternatives_read_as_a_sentence_whatever_their_number() {
        let said = |names: &[&str]| {
            Alternatives(names.iter().map(ToString::to_string).collect()).to_string()
        };
        assert_eq!(said(&[]), "no name is like it");
        assert_eq!(said(&["a.b"]), "did you mean `a.b`?");
        assert_eq!(said(&["a.b", "c.d"]), "did you mean `a.b` or `c.d`?");
        assert_eq!(said(&["a.b", "c.d", "e.f"]), "did you mean `a.b`, `c.d` or `e.f`?");
    }

    #[test]
    fn a_name_like_no_other_finds_none_and_never_more_than_three_are_shown() {
        assert!(nearest("xyzzy", types()).0.is_empty());
        assert_eq!(nearest("plan.changed", types()).0.len(), SHOWN);
        assert_eq!(did_you_mean("xyzzy", types()), "");
        assert_eq!(did_you_mean("a.c", ["a.b"]), "; did you mean `a.b`?");
    }
}
