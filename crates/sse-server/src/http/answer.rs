//! Which answer a request gets, and the bytes of its head. Depends on `request`, `cors` and `status`;
//! the time is an argument.

use std::borrow::Cow;

use super::cors::{Cors, is_preflight};
use super::head::{is_token, is_value};
use super::request::{Method, Request};
use super::status::{HTML, explanation, page, reason};

/// Headers that describe the message itself; the server alone sets them.
const FRAMING: [&str; 5] = ["content-length", "transfer-encoding", "date", "trailer", "upgrade"];

/// All of a response but its content.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Without a value: the server must not send one of its own.
    headers: Vec<(Cow<'static, str>, Option<String>)>,
    /// Those that the answer is for; HEAD goes with GET (RFC 9110, 9.1), and OPTIONS always.
    pub(crate) methods: Option<&'static [Method]>,
    pub(crate) cors: Option<Cors>,
}

impl Head {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), methods: None, cors: None }
    }

    /// Sets a header, or with no value leaves out the server's own.
    pub(crate) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: Option<String>) {
        let name = name.into();
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
        self.headers.push((name, value));
    }

    /// Adds a line to what is set.
    pub(crate) fn add(&mut self, name: impl Into<Cow<'static, str>>, value: String) {
        self.headers.push((name.into(), Some(value)));
    }

    /// Sets a header that the handler has neither set nor left out.
    fn set_default(&mut self, name: &'static str, value: impl Into<String>) {
        if !self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            self.headers.push((name.into(), Some(value.into())));
        }
    }

    /// The headers set, in order.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((&**name, value.as_deref()?)))
    }

    /// What `outer` says counts more.
    pub(crate) fn override_with(&mut self, outer: Self) {
        let is_kept = |name: &str| !outer.headers.iter().any(|it| it.0.eq_ignore_ascii_case(name));
        self.headers.retain(|(name, _)| is_kept(name));
        self.headers.extend(outer.headers);
        self.methods = outer.methods.or(self.methods);
        self.cors = outer.cors.or(self.cors.take());
    }

    /// Why this cannot be sent.
    fn check(&self) -> Result<(), String> {
        if !(200..600).contains(&self.status) {
            return Err(format!("the status {} is not from 200 to 599", self.status));
        }
        for (name, value) in self.headers() {
            if !is_token(name.as_bytes()) || !is_value(value.as_bytes()) {
                return Err(format!("{name:?}: {value:?} is not a header"));
            }
            if FRAMING.iter().any(|framing| framing.eq_ignore_ascii_case(name)) {
                return Err(format!("the header {name} is set by the server alone"));
            }
        }
        Ok(())
    }

    fn allows(&self, method: Method) -> bool {
        let asked = if method == Method::Head { Method::Get } else { method };
        let allowed = |methods: &[Method]| methods.contains(&asked) || methods.contains(&method);
        method == Method::Options || self.methods.is_none_or(allowed)
    }

    /// The value of `Allow`.
    fn allowed(&self) -> Option<String> {
        self.methods?;
        let allowed = Method::ALL.into_iter().filter(|&it| self.allows(it));
        Some(allowed.map(Method::as_str).collect::<Vec<_>>().join(", "))
    }
}

/// What comes after the head.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Bytes(&'a [u8]),
    Stream,
}

/// An answer, ready to be written.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The response head, and the body after it unless that is a stream.
    pub(crate) bytes: Vec<u8>,
    /// Whether a stream comes after it.
    pub(crate) streams: bool,
    pub(crate) keep_alive: bool,
    /// Why it is not what the handler said.
    pub(crate) failure: Option<String>,
}

/// Decides what `request` is answered when the handler said `head` and `body`, so many seconds
/// after 1970.
pub(crate) fn answer(
    request: &Request,
    mut head: Head,
    mut body: Body<'_>,
    server_cors: Option<&Cors>,
    seconds: u64,
) -> Answer {
    let failure = head.check().err();
    let allowed = head.allowed();
    let is_described = request.method() == Method::Options
        && (200..300).contains(&head.status)
        && (allowed.is_some() || is_preflight(request));
    if failure.is_some() {
        (head, body) = (Head::new(500), Body::Bytes(&[]));
    } else if is_described {
        (head.status, body) = (204, Body::Bytes(&[]));
    } else if !head.allows(request.method()) {
        (head, body) = (Head { cors: head.cors, ..Head::new(405) }, Body::Bytes(&[]));
    }
    let status = head.status;
    let is_stream = matches!(body, Body::Stream);
    // Over HTTP/1.0 a stream ends with the connection.
    let chunked = is_stream && request.minor > 0;
    let closes = head.headers().any(|(name, value)| {
        name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
    });
    let keep_alive = request.keeps_alive() && !closes && (chunked || !is_stream);

    head.set_default("Date", http_date(seconds));
    if let Some(cors) = head.cors.clone().or(server_cors.cloned()) {
        for (name, value) in cors.headers(request, allowed.as_deref()) {
            match name {
                // One that the handler set is about something else, and both count.
                "Vary" => head.add(name, value),
                _ => head.set_default(name, value),
            }
        }
    }
    if let Some(allowed) = allowed.filter(|_| is_described || status == 405) {
        head.set_default("Allow", allowed);
    }
    let connection = match keep_alive {
        false => Some("close"),
        true => (is_stream || request.minor == 0).then_some("keep-alive"),
    };
    head.set("Connection", connection.map(str::to_owned));
    let mut content = Cow::Borrowed(&[][..]);
    match body {
        Body::Bytes(_) if matches!(status, 204 | 304) => {}
        Body::Bytes(bytes) => {
            content = bytes.into();
            if bytes.is_empty() && status >= 400 {
                content = page(status, explanation(status)).into_bytes().into();
                head.set_default("Content-Type", HTML);
            }
            head.add("Content-Length", content.len().to_string());
        }
        Body::Stream => {
            head.set_default("Content-Type", "text/event-stream");
            // What a compressor or any other filter on the way would hold back to make more of it
            // (RFC 9111, 5.2.2.6).
            head.set_default("Cache-Control", "no-cache, no-transform");
            head.set_default("X-Accel-Buffering", "no");
            if chunked {
                head.add("Transfer-Encoding", "chunked".to_owned());
            }
        }
    }
    let mut bytes = format!("HTTP/1.1 {status} {}\r\n", reason(status)).into_bytes();
    for (name, value) in head.headers() {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    let is_head = request.method() == Method::Head;
    if !is_head {
        bytes.extend_from_slice(&content);
    }
    Answer { status, bytes, streams: is_stream && !is_head, keep_alive, failure }
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
