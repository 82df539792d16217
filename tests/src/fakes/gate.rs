//! A gate that holds whoever comes until a test opens it.

use tokio::sync::watch;

/// Holds those who pass through it until it is open; tells how many have come so far.
#[derive(Debug)]
pub struct Gate {
    open: watch::Sender<bool>,
    arrived: watch::Sender<usize>,
}

impl Gate {
    /// A gate through which nobody gets yet.
    #[must_use]
    pub fn closed() -> Self {
        Self { open: watch::Sender::new(false), arrived: watch::Sender::new(0) }
    }

    /// Lets everybody through from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Holds whoever comes from now on.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Passes through, as soon as it is open.
    pub async fn pass(&self) {
        self.arrived.send_modify(|arrived| *arrived += 1);
        // Fails only when the sender is gone, which `self` is not.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }

    /// Waits until `count` have come to the gate since it was built, whether they got through.
    pub async fn arrived(&self, count: usize) {
        let _ = self.arrived.subscribe().wait_for(|arrived| *arrived >= count).await;
    }
}
