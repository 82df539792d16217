//! The settings as they are shown: each value with where it came from.

use super::known::KNOWN;
use super::layers::Layered;

/// One setting, its value, and where that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSetting {
    /// The setting's name.
    pub name: &'static str,
    /// Its value as text.
    pub value: String,
    /// Where it was set, in words.
    pub origin: String,
}

/// Every setting, in the order of the documentation.
#[must_use]
pub fn shown(layered: &Layered) -> Vec<ShownSetting> {
    KNOWN
        .iter()
        .map(|setting| ShownSetting {
            name: setting.name,
            value: layered.value(setting.name),
            origin: layered.origin(setting.name),
        })
        .collect()
}
