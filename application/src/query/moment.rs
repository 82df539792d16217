//! Moments as a person writes them: a date, a time, or how long ago.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A moment as it was written; made definite when it is known what time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A point in time.
    At(DateTime<Utc>),
    /// So long ago.
    Ago(TimeDelta),
}

impl Moment {
    /// Reads a moment: RFC 3339, a date (its first moment in UTC), or a duration such as `2h`.
    ///
    /// # Errors
    /// What can be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(moment.to_utc()));
        }
        if let Ok(date) = text.parse::<NaiveDate>() {
            return Ok(Self::At(date.and_time(chrono::NaiveTime::MIN).and_utc()));
        }
        humantime::parse_duration(text)
            .ok()
            .and_then(|duration| TimeDelta::from_std(duration).ok())
            .map(Self::Ago)
            .ok_or_else(|| {
                "write a time such as 2026-07-01T09:00:00Z, a date such as 2026-07-01, or how long \
                 ago, such as 90s, 2h or 3days"
                    .to_owned()
            })
    }

    /// The point in time, given what time it is; the beginning of time where it lies before that.
    #[must_use]
    pub fn resolve(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::At(moment) => moment,
            Self::Ago(ago) => now.checked_sub_signed(ago).unwrap_or(DateTime::<Utc>::MIN_UTC),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    #[test]
    fn a_moment_is_a_time_a_date_or_an_age() {
        let now = Utc.with_ymd_and_hms(2026, 7, 1, 12, 0, 0).unwrap();
        for (text, expected) in [
            ("2026-07-01T09:00:00Z", Utc.with_ymd_and_hms(2026, 7, 1, 9, 0, 0).unwrap()),
            ("2026-07-01T11:00:00+02:00", Utc.with_ymd_and_hms(2026, 7, 1, 9, 0, 0).unwrap()),
            ("2026-07-01", Utc.with_ymd_and_hms(2026, 7, 1, 0, 0, 0).unwrap()),
            ("2h", Utc.with_ymd_and_hms(2026, 7, 1, 10, 0, 0).unwrap()),
            ("1day 30m", Utc.with_ymd_and_hms(2026, 6, 30, 11, 30, 0).unwrap()),
        ] {
            assert_eq!(Moment::parse(text).unwrap().resolve(now), expected, "{text}");
        }
        assert_eq!(Moment::parse("300000years").unwrap().resolve(now), DateTime::<Utc>::MIN_UTC);
    }

    #[test]
    fn what_is_no_moment_says_what_can_be_written() {
        for text in ["", "yesterday", "2026-13-01", "2 parsecs", "99999999999999999999years"] {
            assert!(Moment::parse(text).unwrap_err().contains("2h"), "{text}");
        }
    }
}
