//! What a torture found out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::breach::{Breach, Found};
use super::case::Case;

/// A promise that was broken in one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// In which case; it can be run alone by its name.
    pub case: Case,
    /// What kind of problem it is.
    pub breach: Breach,
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

    pub(super) fn add(&mut self, case: Case, recovered: Option<bool>, problems: Vec<Found>) {
        let tally = self.tallies.entry(case.kind()).or_default();
        tally.cases += 1;
        tally.recovered += usize::from(recovered == Some(true));
        tally.refused += usize::from(recovered == Some(false));
        tally.broken += usize::from(!problems.is_empty());
        let violation = |Found { breach, what }| Violation { case, breach, what };
        self.violations.extend(problems.into_iter().map(violation));
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
        let mut kinds: BTreeMap<Breach, Vec<&Violation>> = BTreeMap::new();
        for violation in &self.violations {
            kinds.entry(violation.breach).or_default().push(violation);
        }
        for (breach, violations) in &kinds {
            let times = violations.len();
            let cases: BTreeSet<Case> = violations.iter().map(|violation| violation.case).collect();
            let cases = cases.len();
            // No kind is there without a violation.
            for Violation { case, what, .. } in violations.iter().take(1) {
                writeln!(f, "{breach}: {times} in {cases} of the cases, first {case}: {what}")?;
            }
        }
        if let Some(worst) = kinds.values().flatten().next() {
            writeln!(f, "to run one of them alone: INDELIBLE_FAULTS_ONLY={}", worst.case)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_problem_has_one_line_with_a_case_to_run_and_the_worst_comes_first() {
        let case = |name: &str| name.parse::<Case>().unwrap_or(Case::Nothing);
        let time = |n: usize| Breach::OtherTime.of(format!("event {n} says another time"));
        let mut report = Report::default();
        report.add(case("write:1:io:once"), None, (0..40).map(time).collect());
        let lost = |n: usize| Breach::Lost.of(format!("event {n} is lost"));
        report.add(case("cut:9:nothing"), None, vec![time(50), lost(2), lost(3)]);
        report.add(case("cut:7:nothing"), None, vec![lost(1), Breach::Hung.of("it hangs")]);
        report.sort();
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("lost:")).collect();
        assert_eq!(
            lines,
            [
                "lost: 3 in 2 of the cases, first cut:7:nothing: event 1 is lost",
                "hangs: 1 in 1 of the cases, first cut:7:nothing: it hangs",
                "another time: 41 in 2 of the cases, first write:1:io:once: event 0 says another time",
                "to run one of them alone: INDELIBLE_FAULTS_ONLY=cut:7:nothing",
            ],
            "{text}"
        );
    }
}
