//! Which trouble becomes which error, and how long somebody is patient.

use super::super::{erasure::erasure_error, tree::tree_error};
use super::*;
use domain::ports::{ErasureError, TreeError};

/// An error of this kind of trouble.
#[derive(Debug, thiserror::Error)]
#[error("a test's")]
struct Told(Trouble);

impl Troubled for Told {
    fn trouble(&self) -> Trouble {
        self.0
    }
}

const ALL: [Trouble; 8] = [
    Trouble::Busy,
    Trouble::Full,
    Trouble::ReadOnly,
    Trouble::Corrupt,
    Trouble::Constraint,
    Trouble::Statement,
    Trouble::Closed,
    Trouble::Other,
];

/// The names of the errors that all kinds of trouble become, in that order.
fn named<E: std::fmt::Debug>(error: impl Fn(Told) -> E) -> Vec<String> {
    let name = |error: E| {
        let text = format!("{error:?}");
        text.split([' ', '(']).next().unwrap_or_default().to_owned()
    };
    ALL.into_iter().map(|trouble| name(error(Told(trouble)))).collect()
}

#[test]
fn each_kind_of_trouble_is_told_in_the_words_of_whoever_asked() {
    let long = Duration::from_secs(7);
    assert_eq!(
        named(|told| append_error(told, long)),
        ["Locked", "Full", "ReadOnly", "Corrupt", "Storage", "Storage", "Closed", "Storage"]
    );
    assert_eq!(
        named(query_error),
        ["Storage", "Storage", "Storage", "Corrupt", "Storage", "Storage", "Closed", "Storage"]
    );
    assert_eq!(
        named(|told| open_error(Path::new("audit.db"), told, long)),
        ["Locked", "Full", "ReadOnly", "NotADatabase", "Storage", "Storage", "Storage", "Storage"]
    );
    assert_eq!(
        named(|told| erasure_error(told, Patience::of(long))),
        [
            "Locked",
            "Full",
            "ReadOnly",
            "Storage",
            "Storage",
            "EarlierVersion",
            "Storage",
            "Storage"
        ]
    );
    assert_eq!(
        named(tree_error),
        ["Storage", "Storage", "ReadOnly", "Storage", "Storage", "NoTree", "Storage", "Storage"]
    );
    let waited = [
        append_error(Told(Trouble::Busy), long).to_string(),
        open_error(Path::new("audit.db"), Told(Trouble::Busy), long).to_string(),
    ];
    assert!(waited.iter().all(|said| said.contains("7 s")), "{waited:?}");
    let refused: ErasureError = erasure_error(Told(Trouble::Full), Patience::of(long));
    assert!(std::error::Error::source(&refused).is_some_and(|it| it.to_string() == "a test's"));
    let refused: TreeError = tree_error(Told(Trouble::Other));
    assert!(std::error::Error::source(&refused).is_some_and(|it| it.to_string() == "a test's"));
}

#[test]
fn only_whoever_is_kept_out_waits_and_no_longer_than_it_was_to() {
    let busy: Result<(), Told> = Err(Told(Trouble::Busy));
    let full: Result<(), Told> = Err(Told(Trouble::Full));
    let long = Patience::of(Duration::from_hours(1));
    assert_eq!(long.pause_after(&busy), Some(Patience::PAUSE));
    assert_eq!((long.pause_after(&full), long.pause_after(&Ok::<(), Told>(()))), (None, None));
    assert_eq!(long.pause(), Some(Patience::PAUSE));
    assert!(long.waited() < Duration::from_hours(1));
    let none = Patience::of(Duration::ZERO);
    assert_eq!((none.pause_after(&busy), none.pause()), (None, None));
}
