//! The value of a `retry` field that is sent. Imports `core` and the division.

use core::time::Duration;

use crate::field::divide;

/// The decimal digits of the whole milliseconds of `time`, at most `u64::MAX`.
pub(crate) fn milliseconds(time: Duration, digits: &mut [u8; 20]) -> &[u8] {
    let seconds = time.as_secs().saturating_mul(1000);
    let mut number = seconds.saturating_add(u64::from(time.subsec_millis()));
    let mut start = digits.len();
    for place in digits.iter_mut().rev() {
        let (quotient, digit) = divide(number, 10);
        *place = b'0' + digit as u8;
        start -= 1;
        number = quotient;
        if number == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}
