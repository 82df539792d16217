//! What a deployment adds to the rules and takes from them.

use std::error::Error;

use super::*;

fn with(settings: &RedactionSettings) -> Result<SecretRedactor, RedactionRuleError> {
    SecretRedactor::new(settings, RedactionKey::from_bytes(KEY))
}

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn further_names_are_secret_and_allowed_ones_are_not() {
    let settings = RedactionSettings {
        extra_keys: list(&["ssn", "home-address"]),
        allowed_keys: list(&["csrf_token"]),
        ..RedactionSettings::default()
    };
    let value = json!({
        "customerSsn": "1",
        "home_address": "2",
        "address": "3",
        "csrfToken": "4",
        "my_csrf_token": "5",
        "text": "SSN=123456789 csrf_token=abc",
    });
    assert_eq!(
        without_hashes(&redacted_by(&with(&settings).unwrap(), value).0),
        json!({
            "customerSsn": "[redacted:secret]",
            "home_address": "[redacted:secret]",
            "address": "3",
            "csrfToken": "4",
            "my_csrf_token": "[redacted:token]",
            "text": "SSN=[redacted:secret] csrf_token=abc",
        })
    );
}

#[test]
fn further_patterns_are_secret_whole_or_in_their_first_group() {
    let settings = RedactionSettings {
        extra_patterns: vec![
            ("badge".to_owned(), r"BADGE-\d+".to_owned()),
            ("room".to_owned(), r"room (\w+)".to_owned()),
            ("nothing".to_owned(), "q*".to_owned()),
        ],
        ..RedactionSettings::default()
    };
    let redactor = with(&settings).unwrap();
    assert_eq!(
        without_hashes(&redacted_by(&redactor, json!("BADGE-12 in room 7b")).0),
        json!("[redacted:badge] in room [redacted:room]")
    );
}

#[test]
fn secrets_that_touch_each_other_or_a_mark_stay_apart() {
    let pattern = |kind: &str, pattern: &str| (kind.to_owned(), pattern.to_owned());
    let settings = RedactionSettings {
        extra_patterns: vec![pattern("a", "A+"), pattern("b", "B+"), pattern("ab", "B+Z")],
        ..RedactionSettings::default()
    };
    let redactor = with(&settings).unwrap();
    for (from, to, secrets) in [
        ("xAAABBBx", "x[redacted:a][redacted:b]x", 2),
        ("AA[redacted:x:01234567]BB", "[redacted:a][redacted:x][redacted:b]", 2),
        ("BBZ", "[redacted:ab]", 1),
    ] {
        let (found, count) = redacted_by(&redactor, json!(from));
        assert_eq!((without_hashes(&found), count), (json!(to), secrets));
    }
}

#[test]
fn a_setting_that_is_no_rule_is_refused_by_its_name() {
    let pattern = |kind: &str, pattern: &str| RedactionSettings {
        extra_patterns: vec![(kind.to_owned(), pattern.to_owned())],
        ..RedactionSettings::default()
    };
    let error = with(&pattern("x", "a(")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the redaction pattern `a(` (kind `x`) is no regular expression: correct it"
    );
    assert!(error.source().is_some());
    let error = with(&pattern("My Kind", "a")).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the redaction kind `My Kind` must be made of a-z, 0-9, `-` and `_`: rename it"
    );
    let keys = RedactionSettings { allowed_keys: list(&["-"]), ..RedactionSettings::default() };
    assert_eq!(
        with(&keys).err().unwrap().to_string(),
        "the redaction key `-` names nothing: write a field's name, such as `ssn`"
    );
}
