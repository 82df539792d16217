//! What came out, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::turn::Way;

/// Rates by number of emitters and way, one per round.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<(usize, Way), Vec<f64>>);

impl Report {
    pub(crate) fn add(&mut self, emitters: usize, way: Way, rate: f64) {
        self.0.entry((emitters, way)).or_default().push(rate);
    }

    fn rates(&self, emitters: usize, way: Way) -> &[f64] {
        self.0.get(&(emitters, way)).map_or(&[], Vec::as_slice)
    }

    fn ratio(&self, emitters: usize, to: Way) -> String {
        let ours = self.rates(emitters, Way::Ours);
        let mut ratios: Vec<f64> =
            ours.iter().zip(self.rates(emitters, to)).map(|(ours, other)| ours / other).collect();
        ratios.sort_by(f64::total_cmp);
        let last = ratios.len() - 1;
        format!("{:.2}/{:.2}/{:.2}", ratios[0], ratios[last / 2], ratios[last])
    }
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) / 2]
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>8} {:>10} {:>10} {:>10} {:>22} {:>22}",
            "emitters", "bus", "rusqlite", "SeaORM", "bus / rusqlite", "bus / SeaORM"
        )?;
        let mut levels: Vec<usize> = self.0.keys().map(|(emitters, _)| *emitters).collect();
        levels.dedup();
        for emitters in levels {
            writeln!(
                f,
                "{emitters:>8} {:>10.0} {:>10.0} {:>10.0} {:>22} {:>22}",
                median(self.rates(emitters, Way::Ours)),
                median(self.rates(emitters, Way::Plain)),
                median(self.rates(emitters, Way::SeaOrm)),
                self.ratio(emitters, Way::Plain),
                self.ratio(emitters, Way::SeaOrm),
            )?;
        }
        Ok(())
    }
}
