//! Which texts are levels of the program's own log.

/// The levels, from the quietest on.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Whether a text is a level, or directives such as `indelible=debug,warn`.
///
/// A word that is no level would be taken for the name of a part of the program that does not
/// exist, and silence everything else.
pub(super) fn check_level(text: &str) -> Result<(), String> {
    for directive in text.split(',').map(str::trim) {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
        if !LEVELS.contains(&level.to_lowercase().as_str()) {
            return Err(format!(
                "`{level}` is no level: write {}, or directives such as `indelible=debug,warn`",
                LEVELS.join(", ")
            ));
        }
    }
    Ok(())
}
