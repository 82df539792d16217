//! What came out, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::turn::Way;

/// Nanoseconds by number of readers and way, one per round.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<(usize, Way), Vec<f64>>);

impl Report {
    pub(crate) fn add(&mut self, readers: usize, way: Way, nanoseconds: f64) {
        self.0.entry((readers, way)).or_default().push(nanoseconds);
    }

    fn of(&self, readers: usize, way: Way) -> &[f64] {
        self.0.get(&(readers, way)).map_or(&[], Vec::as_slice)
    }

    /// Ours to theirs, within rounds.
    fn ratio(&self, readers: usize) -> String {
        let theirs = self.of(readers, Way::Broadcast);
        let ours = self.of(readers, Way::Batches).iter();
        let ratios: Vec<f64> = ours.zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        spread(&ratios, 3)
    }
}

/// The least, the median and the most.
fn spread(values: &[f64], places: usize) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else { return String::new() };
    let median = sorted[(sorted.len() - 1) / 2];
    format!("{least:.places$}/{median:.places$}/{most:.places$}")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "ns for each delivery, min/median/max over rounds; recording is ns for each event"
        )?;
        writeln!(
            f,
            "{:>8} {:>20} {:>20} {:>22} {:>20} {:>22}",
            "readers", "by batch", "by event", "broadcast", "batch / broadcast", "recording"
        )?;
        let mut levels: Vec<usize> = self.0.keys().map(|(readers, _)| *readers).collect();
        levels.dedup();
        for readers in levels {
            writeln!(
                f,
                "{readers:>8} {:>20} {:>20} {:>22} {:>20} {:>22}",
                spread(self.of(readers, Way::Batches), 1),
                spread(self.of(readers, Way::Events), 1),
                spread(self.of(readers, Way::Broadcast), 1),
                self.ratio(readers),
                spread(self.of(readers, Way::Recording), 0),
            )?;
        }
        Ok(())
    }
}
