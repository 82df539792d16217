//! Moments as they are stored: RFC 3339 text of one fixed width, so that text order is time order.
//!
//! Deliberately absent: any time zone but UTC, and any year that does not have four digits.

use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};

/// A moment in a year before 0000 or after 9999, for which there is no text of that width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} cannot be recorded: a time on record has a year from 0000 to 9999; correct it")]
pub(crate) struct UnwritableMoment(pub(crate) DateTime<Utc>);

/// `2026-07-01T09:30:00.000000000Z`.
const TEMPLATE: [u8; 30] = *b"0000-00-00T00:00:00.000000000Z";

/// The text of a moment: UTC, with nanoseconds. A leap second is written as second 60.
pub(crate) fn text(moment: DateTime<Utc>) -> Result<String, UnwritableMoment> {
    let year = u32::try_from(moment.year()).ok().filter(|year| *year <= 9999);
    let year = year.ok_or(UnwritableMoment(moment))?;
    // A leap second goes on counting nanoseconds in second 59; only their last nine digits are written.
    let is_leap = moment.nanosecond() >= 1_000_000_000;
    let mut bytes = TEMPLATE;
    digits(&mut bytes[0..4], year);
    digits(&mut bytes[5..7], moment.month());
    digits(&mut bytes[8..10], moment.day());
    digits(&mut bytes[11..13], moment.hour());
    digits(&mut bytes[14..16], moment.minute());
    digits(&mut bytes[17..19], moment.second() + u32::from(is_leap));
    digits(&mut bytes[20..29], moment.nanosecond());
    // Digits and the template's own letters are all of them ASCII.
    Ok(std::str::from_utf8(&bytes).unwrap_or_default().to_owned())
}

/// A text that sorts against stored moments as the moment does, also outside the years on record.
#[cfg(any(feature = "sqlite", test))]
pub(crate) fn bound(moment: DateTime<Utc>) -> String {
    // A colon comes after every digit, nothing before every digit.
    text(moment).unwrap_or_else(|_| if moment.year() < 0 { "" } else { ":" }.to_owned())
}

/// The moment of a stored text.
#[cfg(any(feature = "sqlite", test))]
pub(crate) fn parse(text: &str) -> Result<DateTime<Utc>, chrono::ParseError> {
    DateTime::parse_from_rfc3339(text).map(|moment| moment.to_utc())
}

/// The last moment that there is a text for.
const LAST: DateTime<Utc> = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => match day.and_hms_nano_opt(23, 59, 59, 999_999_999) {
        Some(last) => last.and_utc(),
        None => DateTime::<Utc>::MIN_UTC,
    },
    None => DateTime::<Utc>::MIN_UTC,
};

/// The moment so much later; of those beyond every text, the last that has one.
pub(crate) fn later(moment: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let later = TimeDelta::from_std(by).ok().and_then(|by| moment.checked_add_signed(by));
    later.map_or(LAST, |later| later.min(LAST))
}

/// Fills the places with a number's decimal digits, from the right.
fn digits(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        // A remainder of ten fits into a byte.
        *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        parse(text).unwrap()
    }

    #[test]
    fn a_moment_is_written_in_full() {
        for full in [
            "2026-07-01T09:30:05.000000001Z",
            "0000-01-01T00:00:00.000000000Z",
            "9999-12-31T23:59:59.999999999Z",
            "2016-12-31T23:59:60.500000000Z",
        ] {
            assert_eq!(text(at(full)).unwrap(), full);
        }
    }

    #[test]
    fn a_year_without_four_digits_is_refused_and_still_sorts() {
        let written = text(at("2026-01-01T00:00:00Z")).unwrap();
        for (moment, order) in [
            (DateTime::<Utc>::MIN_UTC, std::cmp::Ordering::Less),
            (DateTime::<Utc>::MAX_UTC, std::cmp::Ordering::Greater),
        ] {
            assert_eq!(text(moment), Err(UnwritableMoment(moment)));
            assert_eq!(bound(moment).cmp(&written), order);
        }
        assert!(UnwritableMoment(DateTime::<Utc>::MAX_UTC).to_string().contains("0000 to 9999"));
    }

    #[test]
    fn a_moment_beyond_every_text_is_brought_back_to_the_last_one() {
        let now = at("2026-07-01T09:30:05Z");
        assert_eq!(later(now, Duration::from_mins(1)), at("2026-07-01T09:31:05Z"));
        for far in [Duration::MAX, Duration::from_hours(24 * 365 * 8000)] {
            assert_eq!(text(later(now, far)).unwrap(), "9999-12-31T23:59:59.999999999Z");
        }
    }

    proptest! {
        #[test]
        fn a_moment_survives_its_text_and_texts_sort_as_moments(
            a in -62_167_219_200_i64..253_402_300_800, a_nanos in 0_u32..1_000_000_000,
            b in -62_167_219_200_i64..253_402_300_800, b_nanos in 0_u32..1_000_000_000,
        ) {
            let a = DateTime::from_timestamp(a, a_nanos).unwrap();
            let b = DateTime::from_timestamp(b, b_nanos).unwrap();
            let (a_text, b_text) = (text(a).unwrap(), text(b).unwrap());
            prop_assert_eq!(parse(&a_text).unwrap(), a);
            prop_assert_eq!(&a_text, &a.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string());
            prop_assert_eq!(a_text.cmp(&b_text), a.cmp(&b));
        }
    }
}
