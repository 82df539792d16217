//! What the program's own log is told, kept for a test to look at.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use indelible_tests::expect::must;
use serde_json::Value;
use tracing::subscriber::DefaultGuard;

/// The lines logged on this thread since it was made.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Begins to collect, until the guard is dropped.
    pub(crate) fn collect() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || writer.clone())
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The lines whose message contains `part`.
    pub(crate) fn about(&self, part: &str) -> Vec<Value> {
        let lines: Vec<Value> =
            self.text().lines().map(|line| must(serde_json::from_str(line))).collect();
        lines
            .into_iter()
            .filter(|line| line["message"].as_str().is_some_and(|text| text.contains(part)))
            .collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
