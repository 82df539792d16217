//! The name of a durable subscription: what its cursor is found by after a restart.

use std::fmt;
use std::str::FromStr;

/// How many letters a name may have.
const LONGEST: usize = 100;

/// A name of lower-case letters, digits, dots, hyphens and underscores, beginning with a letter:
/// `billing.invoices`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionName(String);

/// A text that names no subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name of a subscription: write lower-case letters, digits, `.`, `-` and `_`, \
     beginning with a letter, and at most 100 of them, such as `billing.invoices`"
)]
pub struct InvalidSubscriptionName(pub String);

impl SubscriptionName {
    /// The name in a text.
    ///
    /// # Errors
    /// When the text is no name.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSubscriptionName> {
        let text = text.into();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c);
        let begins = text.chars().next().is_some_and(|c| c.is_ascii_lowercase());
        if begins && text.len() <= LONGEST && text.chars().all(fits) {
            Ok(Self(text))
        } else {
            Err(InvalidSubscriptionName(text))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubscriptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for SubscriptionName {
    type Err = InvalidSubscriptionName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_case_and_not_too_long() {
        for text in ["a", "billing.invoices", "a-b_c.9", &"a".repeat(100)] {
            assert_eq!(text.parse::<SubscriptionName>().unwrap().as_str(), text);
        }
        for text in ["", "Billing", "9a", ".a", "a b", "ä", "a/b", &"a".repeat(101)] {
            let error = SubscriptionName::new(text).unwrap_err();
            assert!(error.to_string().contains("such as `billing.invoices`"), "{text}");
        }
    }
}
