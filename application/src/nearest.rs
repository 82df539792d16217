//! The names most like one that the catalogue does not have, for error messages.

use std::fmt;

use domain::Catalogue;

/// Names somebody may have meant, the likeliest first; may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives(pub Vec<&'static str>);

/// Names shown at most.
const SHOWN: usize = 3;
/// Names less alike than this help nobody: the scale is from 0 to 1.
const ALIKE: f64 = 0.75;

/// The names of the catalogue that are most like `name`.
#[must_use]
pub fn nearest(name: &str, catalogue: &Catalogue) -> Alternatives {
    let name = name.to_lowercase();
    let mut alike: Vec<(f64, &'static str)> = catalogue
        .events()
        .map(|event| (strsim::jaro_winkler(&name, event.event_type), event.event_type))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    Alternatives(alike.into_iter().take(SHOWN).map(|(_, name)| name).collect())
}

impl fmt::Display for Alternatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("send one of its types, or declare this one"),
            [only] => write!(f, "did you mean `{only}`?"),
            [first, second] => write!(f, "did you mean `{first}` or `{second}`?"),
            [first, more @ .., last] => {
                write!(f, "did you mean `{first}`")?;
                for name in more {
                    write!(f, ", `{name}`")?;
                }
                write!(f, " or `{last}`?")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::events::CATALOGUE;

    #[test]
    fn a_slip_of_the_pen_finds_the_name_that_was_meant_first() {
        for (wrong, meant) in [
            ("plan.create", "plan.created"),
            ("tool.complete", "tool.completed"),
            ("Plan.Applied", "plan.applied"),
            ("plan_applied", "plan.applied"),
            ("sandbox.rolledback", "sandbox.rolled_back"),
        ] {
            assert_eq!(nearest(wrong, &CATALOGUE).0.first(), Some(&meant), "{wrong}");
        }
    }

    #[test]
    fn alternatives_read_as_a_sentence_whatever_their_number() {
        let said = |names: &[&'static str]| Alternatives(names.to_vec()).to_string();
        assert_eq!(said(&[]), "send one of its types, or declare this one");
        assert_eq!(said(&["a.b"]), "did you mean `a.b`?");
        assert_eq!(said(&["a.b", "c.d"]), "did you mean `a.b` or `c.d`?");
        assert_eq!(said(&["a.b", "c.d", "e.f"]), "did you mean `a.b`, `c.d` or `e.f`?");
    }

    #[test]
    fn a_name_like_no_other_finds_none_and_never_more_than_three_are_shown() {
        assert_eq!(nearest("xyzzy", &CATALOGUE).0, Vec::<&str>::new());
        assert_eq!(nearest("plan.changed", &CATALOGUE).0.len(), SHOWN);
    }
}
