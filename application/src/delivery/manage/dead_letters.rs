//! What people do about events that could not be handled.

use domain::events::{DeadLetterDiscarded, DeadLetterRetried};
use domain::ports::SubscriptionStoreError;
use domain::subscription::DeadLetter;
use domain::{Actor, RecordedEvent, Sequence, SubscriptionName};

use super::{ManageError, ManageSubscriptions};

impl ManageSubscriptions {
    /// Dead letters, of one subscription or of all.
    ///
    /// # Errors
    /// When there is no subscription of this name, or the store cannot be read.
    pub async fn dead_letters(
        &self,
        of: Option<&SubscriptionName>,
    ) -> Result<Vec<DeadLetter>, ManageError> {
        if let Some(name) = of {
            self.known(name).await?;
        }
        Ok(self.store.dead_letters(of).await?)
    }

    /// One dead letter, and its event where that is still on record.
    ///
    /// # Errors
    /// When there is no such subscription or dead letter, or the store or the record cannot be read.
    pub async fn dead_letter(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
    ) -> Result<(DeadLetter, Option<RecordedEvent>), ManageError> {
        let letters = self.dead_letters(Some(name)).await?;
        let letter = letters.into_iter().find(|letter| letter.sequence == sequence);
        let none = || SubscriptionStoreError::NoDeadLetter { name: name.clone(), sequence };
        Ok((letter.ok_or_else(none)?, self.log.by_sequence(sequence).await?))
    }

    /// Asks for a dead letter to be tried again, once, by whoever runs its subscription.
    ///
    /// # Errors
    /// When there is no such subscription or dead letter, or it could not be put on record or done.
    pub async fn retry(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
        by: Actor,
    ) -> Result<(), ManageError> {
        self.dead_letter(name, sequence).await?;
        let (subscription, event_sequence) = (name.to_string(), sequence.0);
        self.record(DeadLetterRetried { subscription, event_sequence }, by).await?;
        self.store.retry(name, sequence).await?;
        self.tell(name);
        Ok(())
    }

    /// Gives a dead letter up for good.
    ///
    /// # Errors
    /// As [`Self::retry`].
    pub async fn discard(
        &self,
        name: &SubscriptionName,
        sequence: Sequence,
        by: Actor,
    ) -> Result<(), ManageError> {
        self.dead_letter(name, sequence).await?;
        let (subscription, event_sequence) = (name.to_string(), sequence.0);
        self.record(DeadLetterDiscarded { subscription, event_sequence }, by).await?;
        self.store.discard(name, sequence).await?;
        self.tell(name);
        Ok(())
    }
}
