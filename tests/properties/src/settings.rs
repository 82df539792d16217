//! The settings: from whatever file, environment and flags, they are put together or refused with a
//! message that says what and where; and what is shown can be set again.

use std::path::PathBuf;

use indelible::settings::known::{KNOWN, Kind, PREFIX};
use indelible::settings::{Layered, SettingsError, SettingsFile, Sources};

/// What parts the file's text from what stands in the environment and in flags.
const END_OF_FILE: &str = "\n---\n";

/// Takes the input as a settings file; after a line `---` each line is a variable, `NAME=VALUE`, or a
/// flag, `setting.name=VALUE`.
///
/// # Panics
/// When two loads differ, a higher layer does not prevail, a refusal does not say where, or the
/// values shown are not those that were loaded.
pub fn settings(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (file, rest) = text.split_once(END_OF_FILE).unwrap_or((&text, ""));
    let mut sources = Sources::default();
    for line in rest.lines() {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        let pair = (name.to_owned(), value.to_owned());
        if name.starts_with(PREFIX) {
            sources.environment.push(pair);
        } else {
            sources.flags.push(pair);
        }
    }
    let load = || {
        let path = PathBuf::from("settings.toml");
        sources.load_over(Some(SettingsFile { path, text: file.to_owned() }))
    };
    match (load(), load()) {
        (Ok(layered), Ok(again)) => {
            assert_eq!(layered.settings, again.settings, "two loads differ");
            prevails(&sources, &layered);
            can_be_set_again(&layered);
        }
        (Err(error), Err(again)) => {
            assert_eq!(error, again, "two loads differ");
            says_where(&error);
        }
        (one, other) => panic!("two loads differ: {one:?}, {other:?}"),
    }
}

fn says_where(error: &SettingsError) {
    let said = error.to_string();
    match error {
        SettingsError::Unknown { name, origin, .. } => {
            assert!(said.contains(&**name) && !origin.is_empty(), "{said}");
        }
        SettingsError::Malformed { name, origin, problem } => {
            assert!(said.contains(&**name) && !origin.is_empty() && !problem.is_empty(), "{said}");
        }
        SettingsError::File { problem, .. } => {
            assert!(said.contains("settings.toml") && !problem.is_empty(), "{said}");
        }
    }
}

/// A flag prevails over the environment, and that over the file.
fn prevails(sources: &Sources, layered: &Layered) {
    for setting in KNOWN {
        let origin = layered.origin(setting.name);
        if sources.flags.iter().any(|(name, _)| name == setting.name) {
            assert_eq!(origin, format!("flag --{}", setting.flag()));
        } else if sources.environment.iter().any(|(name, _)| *name == setting.variable()) {
            assert_eq!(origin, format!("environment variable {}", setting.variable()));
        } else {
            assert!(["default", "file settings.toml"].contains(&&*origin), "{origin}");
        }
    }
}

/// Every value of one text can be given as a flag as it is shown.
fn can_be_set_again(layered: &Layered) {
    let single = KNOWN.iter().filter(|known| ![Kind::List, Kind::OneOfList].contains(&known.kind));
    let flags = single.map(|known| (known.name.to_owned(), layered.value(known.name))).collect();
    let again = match (Sources { flags, ..Sources::default() }).load_over(None) {
        Ok(again) => again.settings,
        Err(error) => panic!("what is shown cannot be set: {error}"),
    };
    let mut expected = layered.settings.clone();
    expected.redaction.extra_keys.clone_from(&again.redaction.extra_keys);
    expected.redaction.allowed_keys.clone_from(&again.redaction.allowed_keys);
    expected.redaction.extra_patterns.clone_from(&again.redaction.extra_patterns);
    assert_eq!(again, expected, "what is shown is not what was loaded");
}
