//! What a torture found out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::case::Case;

/// How many violations are shown at most.
const SHOWN: usize = 30;

/// A promise that was broken in one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// In which case; it can be run alone by its name.
    pub case: Case,
    /// What was wrong.
    pub what: String,
}

/// What became of the cases of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there were.
    pub cases: usize,
    /// After how many of them the bus took events again.
    pub recovered: usize,
    /// After how many it refused them, out loud.
    pub refused: usize,
    /// In how many a promise was broken.
    pub broken: usize,
}

/// What a torture found out.
#[derive(Clone, Debug, Default)]
#[must_use = "a report that nobody reads finds nothing out: call `must_be_clean`"]
pub struct Report {
    /// By kind of case.
    pub tallies: BTreeMap<String, Tally>,
    /// Every promise that was broken.
    pub violations: Vec<Violation>,
    /// How many events a run on a disk that works acknowledges.
    pub acked: usize,
    /// How many changes it makes on the disk.
    pub changes: usize,
    /// How long it all took.
    pub took: Duration,
}

impl Report {
    /// How many cases there were.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.tallies.values().map(|tally| tally.cases).sum()
    }

    /// The violations that say this.
    pub fn violations_that_say(&self, text: &str) -> impl Iterator<Item = &Violation> {
        self.violations.iter().filter(move |violation| violation.what.contains(text))
    }

    /// Fails where a promise was broken.
    ///
    /// # Panics
    /// With the whole report, when there is a violation.
    pub fn must_be_clean(&self) {
        assert!(self.violations.is_empty(), "{self}");
    }

    pub(super) fn add(&mut self, case: Case, recovered: Option<bool>, problems: Vec<String>) {
        let tally = self.tallies.entry(case.kind()).or_default();
        tally.cases += 1;
        tally.recovered += usize::from(recovered == Some(true));
        tally.refused += usize::from(recovered == Some(false));
        tally.broken += usize::from(!problems.is_empty());
        self.violations.extend(problems.into_iter().map(|what| Violation { case, what }));
    }

    /// In the order of the cases, whichever thread came first.
    pub(super) fn sort(&mut self) {
        self.violations.sort_by_key(|violation| violation.case);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} cases in {:.1} s, over a workload of {} events and {} changes to the disk",
            self.cases(),
            self.took.as_secs_f64(),
            self.acked,
            self.changes
        )?;
        writeln!(f, "{:45}{:>8}{:>11}{:>9}{:>8}", "", "cases", "recovered", "refused", "broken")?;
        for (kind, tally) in &self.tallies {
            let Tally { cases, recovered, refused, broken } = tally;
            writeln!(f, "{kind:45}{cases:>8}{recovered:>11}{refused:>9}{broken:>8}")?;
        }
        for Violation { case, what } in self.violations.iter().take(SHOWN) {
            writeln!(f, "{case}: {what}")?;
        }
        if let Some(first) = self.violations.first() {
            let more = self.violations.len().saturating_sub(SHOWN);
            if more > 0 {
                writeln!(f, "and {more} more")?;
            }
            writeln!(f, "to run one of them alone: INDELIBLE_FAULTS_ONLY={}", first.case)?;
        }
        Ok(())
    }
}
