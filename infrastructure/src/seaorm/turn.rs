//! Whose turn it is with something that only one at a time may use, and whether that thing can
//! still be relied on.
//!
//! Deliberately absent: what it is. It is the connection that writes, and `writer` says how one is
//! opened and closed.

use std::sync::Arc;

use crate::sync::{OwnedMutexGuard, TurnMutex};

/// Where the thing comes from, and how it goes.
pub(super) trait Source {
    /// What is taken in turns.
    type Thing;
    /// Why there is none.
    type Error;

    /// Opens another.
    fn open(&self) -> impl Future<Output = Result<Self::Thing, Self::Error>> + Send;

    /// Closes one, which undoes whatever was left half done on it.
    fn close(&self, thing: Self::Thing) -> impl Future<Output = ()> + Send;
}

/// Hands the thing from one to the next.
#[derive(Debug)]
pub(super) struct Turns<T, R>(Arc<TurnMutex<Held<T, R>>>);

/// The right to use it, until this is dropped.
pub(super) type TurnWith<T, R> = OwnedMutexGuard<Held<T, R>>;

impl<T, R> Turns<T, R> {
    /// Nothing has been opened yet.
    pub(super) fn new() -> Self {
        Self(Arc::new(TurnMutex::new(Held { thing: None, in_doubt: false, remembered: None })))
    }

    /// Waits for its turn. One that goes away while it waits has changed nothing.
    pub(super) async fn next(&self) -> TurnWith<T, R> {
        Arc::clone(&self.0).lock_owned().await
    }
}

/// What the one whose turn it is works with.
#[derive(Debug)]
pub(super) struct Held<T, R> {
    /// Kept from turn to turn, as opening one is dear.
    thing: Option<T>,
    /// Whether a change was begun on it that is not known to have ended well.
    in_doubt: bool,
    /// What a change that succeeded leaves for the next one to know.
    pub(super) remembered: Option<R>,
}

impl<T, R> Held<T, R> {
    /// The thing, to look at.
    pub(super) async fn for_looking<S>(&mut self, source: &S) -> Result<&mut T, S::Error>
    where
        S: Source<Thing = T>,
    {
        usable(&mut self.thing, &mut self.in_doubt, source).await
    }

    /// The thing, to change something through. Until the change is settled it is in doubt, so that
    /// one whose change failed or was abandoned is not used again.
    pub(super) async fn for_changing<S>(&mut self, source: &S) -> Result<&mut T, S::Error>
    where
        S: Source<Thing = T>,
    {
        let thing = usable(&mut self.thing, &mut self.in_doubt, source).await?;
        self.in_doubt = true;
        Ok(thing)
    }

    /// Says how a change ended: whether the thing is known to be as it was before or as it was
    /// meant to be after.
    pub(super) fn settle(&mut self, sound: bool) {
        self.in_doubt = !sound;
    }

    /// Takes the thing away for good; the next turn opens another.
    pub(super) fn give_up(&mut self) -> Option<T> {
        self.thing.take()
    }
}

/// Opens one where there is none, or none to rely on.
async fn usable<'held, S: Source>(
    held: &'held mut Option<S::Thing>,
    in_doubt: &mut bool,
    source: &S,
) -> Result<&'held mut S::Thing, S::Error> {
    let thing = match held.take() {
        Some(thing) if !*in_doubt => thing,
        doubtful => {
            if let Some(doubtful) = doubtful {
                source.close(doubtful).await;
            }
            let new = source.open().await?;
            *in_doubt = false;
            new
        }
    };
    Ok(held.insert(thing))
}
