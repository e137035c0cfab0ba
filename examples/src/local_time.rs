//! The date and time of the machine's own time zone, as the demos print them.

use jiff::{Timestamp, Zoned};

/// The time of day: `14:03:05`.
pub fn time() -> String {
    Zoned::now().strftime("%H:%M:%S").to_string()
}

/// The day and the time of day: `2026-03-21 14:03:05`.
pub fn date_and_time() -> String {
    Zoned::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The whole date, in the form in which JavaScript prints one: `Sat Mar 21 2026 14:03:05 GMT+0100`.
pub fn date() -> String {
    Zoned::now().strftime("%a %b %d %Y %H:%M:%S GMT%z").to_string()
}

/// Milliseconds since the beginning of 1970, UTC.
pub fn milliseconds_since_1970() -> i64 {
    Timestamp::now().as_millisecond()
}
