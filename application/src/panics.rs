//! What a panic said.

use std::any::Any;

/// The message of a caught panic, where it has one.
#[must_use]
pub fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gave no message")
}

#[cfg(test)]
mod tests {
    use super::message;

    #[test]
    fn a_panic_is_told_by_its_message() {
        let formatted = Box::new("number 7".to_owned());
        assert_eq!(message(&"static"), "static");
        assert_eq!(message(formatted.as_ref()), "number 7");
        assert_eq!(message(&7), "it gave no message");
    }
}
