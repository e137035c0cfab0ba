//! `Retry-After`: seconds, or a date of one of the three forms of RFC 9110 5.6.7; and
//! `retry-after-ms`, which some APIs send beside it. Pure; the wall clock comes as an argument.
//!
//! The crate `httpdate` would do the second, but refuses a leap second, `23:59:60`, which is in the grammar that a
//! recipient must accept, and a wrong day of the week, which RFC 9110 5.6.7 encourages to be robust against.

use crate::head::Head;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The delay that a response asks for, by the finer of the two fields if it has both.
pub(crate) fn asked_delay(head: &Head, now: SystemTime) -> Option<Duration> {
    let millis = head.header("retry-after-ms").and_then(retry_after_ms);
    millis.or_else(|| head.header("retry-after").and_then(|value| retry_after(value, now)))
}

/// Milliseconds, perhaps with a fraction, which is rounded up.
fn retry_after_ms(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let more = fraction.bytes().any(|byte| byte != b'0');
    (digits(whole) && digits(fraction)).then(|| {
        Duration::from_millis(whole.parse().unwrap_or(u64::MAX).saturating_add(u64::from(more)))
    })
}

/// The delay that a `Retry-After` asks for, counted from `now`; zero for a date that has passed.
fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(http_date(value, now)?))?;
    Some(at.duration_since(now).unwrap_or_default())
}

/// Seconds since 1970.
fn http_date(value: &str, now: SystemTime) -> Option<u64> {
    let words: Vec<&str> = value.split([' ', ',', '-']).filter(|it| !it.is_empty()).collect();
    let (day, month, year, time) = match *words.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT and Sunday, 06-Nov-94 08:49:37 GMT
        [_, day, month, year, time, "GMT"] => (day, month, year, time),
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => (day, month, year, time),
        _ => return None,
    };
    let year = match (year.len(), number(year, 9999)?) {
        (2, year) => century(year, now),
        (4, year) => year,
        _ => return None,
    };
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|it| *it == month)? as u64;
    let days = days_since_1970(year, month, number(day, 31)?)?;
    let [hour, minute, second] = *time.split(':').collect::<Vec<_>>() else {
        return None;
    };
    let seconds = number(hour, 23)? * 3600 + number(minute, 59)? * 60 + number(second, 60)?;
    Some(days * 86_400 + seconds)
}

fn number(digits: &str, max: u64) -> Option<u64> {
    let number =
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (number <= max).then_some(number)
}

/// "Recipients of a timestamp value in rfc850-date format [...] MUST interpret a timestamp that
/// appears to be more than 50 years in the future as representing the most recent year in the past
/// that had the same last two digits."
fn century(two_digits: u64, now: SystemTime) -> u64 {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let this_year = 1970 + seconds / 31_556_952;
    let year = this_year - this_year % 100 + two_digits;
    if year > this_year + 50 { year - 100 } else { year }
}

/// `month` counts from 0, `day` from 1. `None` before 1970 and for a day that the month has not.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month).ok()?;
    if year < 1970 || day == 0 || day > *lengths.get(month)? {
        return None;
    }
    let years: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    Some(years + lengths.iter().take(month).sum::<u64>() + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT
    const THEN: u64 = 784_111_777;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn seconds() {
        for (value, expected) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("99999999999999999999999", Some(u64::MAX)),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let found = retry_after(value, at(THEN)).map(|it| it.as_secs());
            assert_eq!(found, expected, "{value:?}");
        }
    }

    #[test]
    fn milliseconds_count_before_seconds() {
        for (fields, expected) in [
            ("retry-after-ms: 120\r\nRetry-After: 9\r\n", Some(120)),
            ("Retry-After-Ms: 12.5\r\n", Some(13)),
            ("retry-after-ms: 7.0\r\n", Some(7)),
            ("retry-after-ms: soon\r\nRetry-After: 9\r\n", Some(9000)),
            ("retry-after-ms: -1\r\n", None),
            ("retry-after-ms: .\r\n", None),
            ("Retry-After: 9\r\n", Some(9000)),
            ("", None),
        ] {
            let text = format!("HTTP/1.1 429 X\r\n{fields}\r\n");
            let head = Head::parse(text.as_bytes()).expect(fields);
            let found = asked_delay(&head, at(THEN)).map(|it| it.as_millis());
            assert_eq!(found, expected, "{fields:?}");
        }
    }

    #[test]
    fn dates() {
        for value in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            for (now, expected) in [(THEN - 90, 90), (THEN, 0), (THEN + 1, 0)] {
                let found = retry_after(value, at(now));
                assert_eq!(found, Some(Duration::from_secs(expected)), "{value}");
            }
        }
        // "00:00:00 - 23:59:60 (leap second)"
        for (value, seconds) in [
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Saturday, 31-Dec-16 23:59:60 GMT", 1_483_228_800),
            ("Sat Dec 31 23:59:60 2016", 1_483_228_800),
        ] {
            let found = retry_after(value, at(1_483_228_700));
            assert_eq!(found, Some(Duration::from_secs(seconds - 1_483_228_700)), "{value}");
        }
        // "Recipients of timestamp values are encouraged to be robust in parsing timestamps unless otherwise restricted":
        // the day of the week says nothing that the date does not.
        let monday = retry_after("Mon, 06 Nov 1994 08:49:37 GMT", at(THEN - 90));
        assert_eq!(monday, Some(Duration::from_secs(90)));
        let leap = retry_after("Thu, 29 Feb 2024 00:00:00 GMT", at(0)).map(|it| it.as_secs());
        assert_eq!(leap, Some(1_709_164_800));
    }

    #[test]
    fn what_is_no_date() {
        for value in [
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1894 08:49:37 GMT",
            "Sun, 06 Nov 99999 08:49:37 GMT",
            "Sun, 29 Feb 2023 00:00:00 GMT",
            "Sun, 06 Nov 1994 ::  GMT",
        ] {
            assert_eq!(retry_after(value, at(0)), None, "{value}");
        }
    }

    #[test]
    fn two_digits_are_at_most_fifty_years_ahead() {
        assert_eq!((century(94, at(THEN)), century(44, at(THEN))), (1994, 1944));
        assert_eq!((century(20, at(1_800_000_000)), century(80, at(1_800_000_000))), (2020, 1980));
    }
}
