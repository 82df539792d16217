//! An error and what caused it, as texts.

use std::error::Error;
use std::iter::successors;

/// What an error says and what caused it, outermost first.
pub(crate) fn causes<'a>(error: &'a (dyn Error + 'a)) -> Vec<String> {
    successors(Some(error), |error| (*error).source()).map(ToString::to_string).collect()
}
