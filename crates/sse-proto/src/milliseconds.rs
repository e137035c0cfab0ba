//! The value of a `retry` field that is sent. Imports `core` and the division.

use core::time::Duration;

use crate::field::divide;

/// The decimal digits of the whole milliseconds of `time`, at most `u64::MAX`.
pub(crate) fn milliseconds(time: Duration, digits: &mut [u8; 20]) -> &[u8] {
    let seconds = time.as_secs();
    let mut number = match seconds {
        0..=MOST_SECONDS => (seconds * 1000).saturating_add(u64::from(time.subsec_millis())),
        _ => u64::MAX,
    };
    let mut start = digits.len();
    loop {
        let (quotient, digit) = divide(number, 10);
        start -= 1;
        if let Some(place) = digits.get_mut(start) {
            *place = b'0' + digit as u8;
        }
        number = quotient;
        if number == 0 {
            return digits.get(start..).unwrap_or_default();
        }
    }
}

/// Of more the milliseconds are no number any more.
const MOST_SECONDS: u64 = u64::MAX / 1000;
