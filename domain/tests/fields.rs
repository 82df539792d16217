//! What each type of field says of itself: the sample that tests and documents show, and what is
//! expected where something else came.

use indelible_domain::event::EventField;
use serde_json::{Value, json};

/// What the samples of a type have to show: that a value was written, and not left as it begins.
fn shows<F: EventField + PartialEq + std::fmt::Debug>(expected: &str, sample: F) {
    assert_eq!(F::sample("due_date"), sample);
    assert_eq!(F::expected(), expected);
    assert_eq!(F::sample("due_date").problem(), None);
}

#[test]
fn a_sample_shows_a_value_that_no_field_has_by_itself() {
    shows("a string", "sample due date".to_owned());
    shows("true or false", true);
    shows("a whole number, 0 or more", 42_u64);
    shows("a whole number from 0 to 4294967295", 7_u32);
    shows("a whole number", -3_i64);
    shows("a number", 0.25);
    shows("any JSON value", json!({ "due_date": ["sample", 1, null] }));
    shows("a list, each item a whole number", vec![-3_i64]);
    shows("true or false, null or left out", Some(true));
    shows(
        "a list, each item any JSON value, null or left out",
        Some(vec![Value::sample("due_date")]),
    );
}

#[test]
fn only_a_field_that_may_be_left_out_is_absent() {
    assert_eq!(Option::<u64>::absent(), Some(None));
    assert!(Option::<u64>::None.is_absent() && !Some(1_u64).is_absent());
    assert_eq!(u64::absent(), None);
    assert_eq!(Vec::<String>::absent(), None);
}
