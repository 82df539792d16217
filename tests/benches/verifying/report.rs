//! What came out, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::turn::{Cores, Way};

/// Entries per second by cores and way, one per round.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<(Cores, Way), Vec<f64>>);

impl Report {
    pub(crate) fn add(&mut self, cores: Cores, way: Way, rate: f64) {
        self.0.entry((cores, way)).or_default().push(rate);
    }

    fn rates(&self, cores: Cores, way: Way) -> &[f64] {
        self.0.get(&(cores, way)).map_or(&[], Vec::as_slice)
    }
}

/// The least, the median and the most.
fn spread(values: impl Iterator<Item = f64>, places: usize) -> String {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return String::new() };
    let median = sorted[(sorted.len() - 1) / 2];
    format!("{least:.places$}/{median:.places$}/{most:.places$}")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "entries a second and their ratio, min/median/max over rounds")?;
        writeln!(f, "{:>6} {:>24} {:>24} {:>16}", "cores", "verify", "loop", "verify / loop")?;
        for cores in [Cores::One, Cores::All] {
            let (ours, plain) = (self.rates(cores, Way::Verify), self.rates(cores, Way::Plain));
            let ratios = ours.iter().zip(plain).map(|(ours, plain)| ours / plain);
            writeln!(
                f,
                "{:>6} {:>24} {:>24} {:>16}",
                format!("{cores:?}").to_lowercase(),
                spread(ours.iter().copied(), 0),
                spread(plain.iter().copied(), 0),
                spread(ratios, 2),
            )?;
        }
        Ok(())
    }
}
