//! Booting the real container on a file of its own.

use std::path::Path;

use indelible::Settings;

/// Settings of an application whose record, and whatever belongs to it, lies in `dir`.
#[must_use]
pub fn settings_in(dir: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.audit.database_url = dir.join("audit.db").display().to_string();
    settings
}
