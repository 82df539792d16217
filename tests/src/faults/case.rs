//! The cases of a torture, each with a name to run it alone by.
//!
//! Deliberately absent: running them; see `run`.

use std::fmt;
use std::str::FromStr;

use indelible_fault_vfs::{Failure, Fault, Moment, Operation, Survival};

/// One thing that happens to the disk. Its name, such as `write:17:full:lasting` or `cut:120:torn:5`,
/// is what it is displayed as and parsed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Case {
    /// Nothing at all: the workload on a disk that works.
    Nothing,
    /// An operation fails, or all from that one on.
    Fault(Fault),
    /// The power goes before the operation of this number.
    PowerCut {
        /// How many changes had been made.
        at: Moment,
        /// What becomes of those that were not synced.
        survival: Survival,
    },
}

impl Case {
    /// Its kind, to count by: the name without what tells it from others of the kind.
    #[must_use]
    pub fn kind(&self) -> String {
        match self {
            Self::Nothing => "no fault".to_owned(),
            Self::Fault(fault) => {
                let Fault { operation, failure, lasting, .. } = fault;
                format!("{operation} fails, {failure}{}", if *lasting { ", lasting" } else { "" })
            }
            Self::PowerCut { survival, .. } => format!(
                "power cut, {}",
                match survival {
                    Survival::Nothing => "nothing unsynced survives",
                    Survival::Everything => "everything survives",
                    Survival::Torn { .. } => "torn",
                }
            ),
        }
    }
}

const FAILURES: [(Failure, &str); 3] =
    [(Failure::Io, "io"), (Failure::Full, "full"), (Failure::Short, "short")];

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Fault(Fault { operation, nth, failure, lasting }) => {
                let failure = FAILURES.iter().find(|(known, _)| known == failure);
                let failure = failure.map_or("", |(_, name)| name);
                write!(
                    f,
                    "{operation}:{nth}:{failure}:{}",
                    if *lasting { "lasting" } else { "once" }
                )
            }
            Self::PowerCut { at: Moment(at), survival } => match survival {
                Survival::Nothing => write!(f, "cut:{at}:nothing"),
                Survival::Everything => write!(f, "cut:{at}:everything"),
                Survival::Torn { seed } => write!(f, "cut:{at}:torn:{seed}"),
            },
        }
    }
}

/// A text that names no case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no case: write `write:17:full:lasting`, `sync:2:io:once`, `cut:120:nothing`, \
     `cut:120:everything` or `cut:120:torn:5`"
)]
pub struct NoSuchCase(String);

impl FromStr for Case {
    type Err = NoSuchCase;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        parse(&parts).ok_or_else(|| NoSuchCase(text.to_owned()))
    }
}

fn parse(parts: &[&str]) -> Option<Case> {
    let survival = match parts {
        ["nothing"] => return Some(Case::Nothing),
        ["cut", _, "nothing"] => Survival::Nothing,
        ["cut", _, "everything"] => Survival::Everything,
        ["cut", _, "torn", seed] => Survival::Torn { seed: seed.parse().ok()? },
        [operation, nth, failure, how] => {
            let operation = *Operation::ALL.iter().find(|known| known.to_string() == *operation)?;
            let (failure, _) = *FAILURES.iter().find(|(_, name)| name == failure)?;
            let nth = nth.parse().ok().filter(|nth| *nth > 0)?;
            let lasting = match *how {
                "once" => false,
                "lasting" => true,
                _ => return None,
            };
            return Some(Case::Fault(Fault { operation, nth, failure, lasting }));
        }
        _ => return None,
    };
    Some(Case::PowerCut { at: Moment(parts[1].parse().ok()?), survival })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_found_again_by_its_name() {
        let cases = [
            Case::Nothing,
            Case::Fault(Fault::once(Operation::Write, 17, Failure::Short)),
            Case::Fault(Fault::lasting(Operation::Sync, 1, Failure::Io)),
            Case::Fault(Fault::once(Operation::Create, 2, Failure::Full)),
            Case::PowerCut { at: Moment(0), survival: Survival::Nothing },
            Case::PowerCut { at: Moment(12), survival: Survival::Everything },
            Case::PowerCut { at: Moment(120), survival: Survival::Torn { seed: 5 } },
        ];
        for case in cases {
            assert_eq!(case.to_string().parse(), Ok(case), "{case}");
        }
        for wrong in ["", "write", "write:0:io:once", "cut:1", "cut:x:nothing", "read:1:io:once"] {
            let refused = wrong.parse::<Case>().err().map(|error| error.to_string());
            assert!(refused.is_some_and(|text| text.contains("cut:120:torn:5")), "{wrong}");
        }
    }
}
