//! Which answer a request gets, and the bytes of its head. Pure; the time is an argument.

use crate::http::cors::is_preflight;
use crate::http::response::Content;
use crate::http::status::{HTML, page, reason};
use crate::{Cors, Request, Response};

/// Headers that describe the message itself; the server alone sets them.
const FRAMING: [&str; 5] = ["content-length", "transfer-encoding", "date", "trailer", "upgrade"];

/// An answer, ready to be written.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The response head, and the body after it if that is known already.
    pub(crate) head: Vec<u8>,
    /// What runs after the head; `None` for an ordinary answer.
    pub(crate) stream: Option<Response>,
    pub(crate) keep_alive: bool,
}

/// Decides what `request` is answered when the handler said `response`, so many seconds after 1970.
pub(crate) fn answer(
    request: &Request,
    response: Response,
    server_cors: Option<&Cors>,
    seconds: u64,
) -> Answer {
    let mut response = check(request, response);
    let methods = response.methods.map(|known| format!("{known}, OPTIONS"));
    let is_described = request.method() == "OPTIONS"
        && (200..300).contains(&response.status)
        && (methods.is_some() || is_preflight(request));
    if is_described {
        response.status = 204;
        response.content = Content::Bytes(Vec::new());
    }
    let status = response.status;
    let is_stream = !matches!(response.content, Content::Bytes(_));
    // Over HTTP/1.0 a stream ends with the connection.
    let chunked = is_stream && request.minor > 0;
    let (connection, others): (Vec<_>, Vec<_>) =
        response.headers.into_iter().partition(|(name, _)| name.eq_ignore_ascii_case("connection"));
    response.headers = others;
    let closes =
        connection.iter().flat_map(|(_, value)| value).any(|it| it.eq_ignore_ascii_case("close"));
    let keep_alive = request.keeps_alive() && !closes && (chunked || !is_stream);

    response.default_header("Date", &http_date(seconds));
    if let Some(cors) = response.cors.clone().or(server_cors.cloned()) {
        for (name, value) in cors.headers(request, methods.as_deref()) {
            match name {
                // One that the handler set is about something else, and both count.
                "Vary" => response = response.header(name, value),
                _ => response.default_header(name, &value),
            }
        }
    }
    if let Some(methods) = methods.filter(|_| is_described || status == 405) {
        response.default_header("Allow", &methods);
    }
    if !keep_alive {
        response = response.header("Connection", "close");
    } else if is_stream || request.minor == 0 {
        response = response.header("Connection", "keep-alive");
    }
    let body = match &mut response.content {
        Content::Bytes(_) if matches!(status, 204 | 304) => Vec::new(),
        Content::Bytes(body) => {
            let mut body = std::mem::take(body);
            if body.is_empty() && status >= 400 {
                body = page(status, reason(status).1).into_bytes();
                response.default_header("Content-Type", HTML);
            }
            response = response.header("Content-Length", body.len().to_string());
            body
        }
        _ => {
            response.default_header("Content-Type", "text/event-stream");
            response.default_header("Cache-Control", "no-cache");
            response.default_header("X-Accel-Buffering", "no");
            if chunked {
                response = response.header("Transfer-Encoding", "chunked");
            }
            Vec::new()
        }
    };
    let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status).0).into_bytes();
    for (name, value) in &response.headers {
        let line = value.as_ref().map(|value| format!("{name}: {value}\r\n"));
        head.extend_from_slice(line.unwrap_or_default().as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    let is_head = request.method() == "HEAD";
    if !is_head {
        head.extend_from_slice(&body);
    }
    let stream = (is_stream && !is_head).then_some(response);
    Answer { status, head, stream, keep_alive }
}

/// The response itself, or the status that takes its place.
fn check(request: &Request, response: Response) -> Response {
    let valid = (200..600).contains(&response.status)
        && response.headers.iter().all(|(name, value)| {
            value.as_ref().is_none_or(|value| is_name(name) && is_value(value))
        });
    if !valid {
        return Response::new(500);
    }
    let fits = |methods: &str| methods.split(", ").any(|known| known == request.method());
    if request.method() == "OPTIONS" || response.methods.is_none_or(fits) {
        return response;
    }
    Response { methods: response.methods, cors: response.cors, ..Response::new(405) }
}

/// A token (RFC 9110, 5.6.2) that does not concern the framing.
fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty()
        && name.bytes().all(is_token)
        && !FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name))
}

fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f))
}

/// The `Date` header's format, IMF-fixdate (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT` for
/// seconds since 1970.
fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let (days, time) = (seconds / 86_400, seconds % 86_400);
    // Years are counted from March, so that the leap day is the last of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year_of_era + u64::from(month >= 10);
    let (weekday, month) = (DAYS[days as usize % 7], MONTHS[month as usize % 12]);
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http_date(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(951_782_399), "Mon, 28 Feb 2000 23:59:59 GMT");
        assert_eq!(http_date(951_782_400), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(http_date(4_107_542_400), "Mon, 01 Mar 2100 00:00:00 GMT");
    }
}
