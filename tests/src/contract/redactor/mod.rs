//! The promises of the redactor.
//!
//! What a secret is, is the adapter's own judgement. This suite plants only what every redactor has
//! to know: values under names such as `password`, a password in a URL, a private key in PEM, a
//! forge's token.
//!
//! Deliberately absent: how a mark looks, and any list of further shapes.

mod properties;
mod secrets;
mod trials;

use std::sync::Arc;

use domain::Redactor;

use super::Suite;
use super::promise::promises;

pub use secrets::{everything, ordinary, secret};

/// Makes the redactors that the suite tries. A closure that makes one is a maker too.
pub trait RedactorMaker: Send + Sync + 'static {
    /// A new redactor.
    fn make(&self) -> Arc<dyn Redactor>;
}

impl<F, R> RedactorMaker for F
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Redactor,
{
    fn make(&self) -> Arc<dyn Redactor> {
        Arc::new(self())
    }
}

/// The promises that are about removing anything at all: what a fake that removes nothing is
/// excused from, by [`Suite::except`].
pub const SECRECY: &[&str] = &[
    "no_place_of_an_envelope_keeps_a_secret",
    "a_value_under_a_secret_name_never_survives",
    "a_secret_hidden_anywhere_never_survives",
    "the_number_of_secrets_is_told",
];

/// Holds an adapter to every promise of [`Redactor`].
///
/// # Panics
/// When a promise is broken: with its name, its sentence, and what was seen instead.
pub async fn redactor(maker: &dyn RedactorMaker) {
    suite().hold(maker).await;
}

/// The promises of [`Redactor`].
#[must_use]
pub fn suite() -> Suite<dyn RedactorMaker> {
    Suite::new(
        "the redactor",
        promises![maker => maker.make();
            /// No field of an envelope, no extension and no part of the payload keeps a secret.
            trials::no_place_of_an_envelope_keeps_a_secret,
            /// What stands under a secret's name is removed, at any depth and of any kind.
            trials::a_value_under_a_secret_name_never_survives,
            /// A secret is removed from any text, under any number of lists and objects.
            properties::a_secret_hidden_anywhere_never_survives,
            /// The number of secrets that were replaced is told.
            trials::the_number_of_secrets_is_told,
            /// Equal secrets become equal marks, in whichever event and on whichever thread.
            trials::equal_secrets_become_equal_marks,
            /// Secrets that differ become marks that differ.
            trials::secrets_that_differ_get_marks_that_differ,
            /// Ids that differ still differ, and what refers to an event still does.
            trials::ids_still_tell_events_apart,
            /// What is no secret stays as it is.
            trials::what_is_no_secret_is_kept,
            /// What an event is, when it happened and the shape it has are not touched.
            trials::what_kind_of_event_it_is_is_kept,
            /// Whatever is in an event, nothing panics.
            properties::nothing_makes_it_panic,
            /// What is redacted stays as it is when it is redacted again.
            properties::redacting_again_changes_nothing,
            /// Equal events become equal events.
            properties::equal_events_become_equal_events,
            /// An event grows by no more than a mark for each of its letters.
            properties::an_event_does_not_grow_without_bound,
            /// Where nothing was replaced, nothing is changed; where something was, it is.
            properties::the_count_is_zero_where_nothing_changed,
        ],
    )
}
