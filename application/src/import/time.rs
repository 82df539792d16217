//! The ways in which the earlier platform wrote a moment.

use chrono::{DateTime, Datelike, NaiveDateTime, Utc};

/// Reads RFC 3339, a date and time without an offset (which is UTC), or seconds since 1970.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    with_offset(text)
        .or_else(|| without_offset(text))
        .or_else(|| since_1970(text))
        .filter(|moment| (0..=9999).contains(&moment.year()))
}

fn with_offset(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.with_timezone(&Utc))
}

fn without_offset(text: &str) -> Option<DateTime<Utc>> {
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|moment| moment.and_utc())
}

/// Seconds with up to nine decimals, read digit by digit so that none is lost.
fn since_1970(text: &str) -> Option<DateTime<Utc>> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if decimals.is_empty() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{decimals:0<9}")[..9].parse().ok()?;
    if !seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    DateTime::from_timestamp(seconds.parse().ok()?, nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_moment_is_read() {
        for (text, expected) in [
            ("2026-07-01T09:00:00.25+02:00", "2026-07-01T07:00:00.250Z"),
            ("2026-07-01T09:00:00Z", "2026-07-01T09:00:00Z"),
            ("2026-07-01 09:00:00+00:00", "2026-07-01T09:00:00Z"),
            ("2026-07-01 09:00:00", "2026-07-01T09:00:00Z"),
            (" 2026-07-01 09:00:00.123456 ", "2026-07-01T09:00:00.123456Z"),
            ("2026-07-01T09:00:00.123456", "2026-07-01T09:00:00.123456Z"),
            ("1782896400", "2026-07-01T09:00:00Z"),
            ("1782896400.25", "2026-07-01T09:00:00.250Z"),
            ("1782896400.1234567891", "2026-07-01T09:00:00.123456789Z"),
        ] {
            assert_eq!(moment(text), Some(expected.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_not_read() {
        for text in ["", "yesterday", "2026-13-01 00:00:00", "-5", "1.", "1.x", "99999999999999"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
