//! How long a request's body is (RFC 9112, 6 and 7.1). Pure; depends on `httparse` for chunk sizes.

use crate::head::{Refusal, refuse};
use crate::{Limits, Request};

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunked,
}

impl Framing {
    /// What the headers of a request say.
    pub(crate) fn of(request: &Request, limits: &Limits) -> Result<Self, Refusal> {
        let mut lengths = request.all("content-length");
        let mut codings = request.all("transfer-encoding");
        match (lengths.next(), lengths.next(), codings.next(), codings.next()) {
            (None, None, None, None) if matches!(request.method(), "POST" | "PUT" | "PATCH") => {
                refuse(411, "The request needs a Content-Length.")
            }
            (None, None, None, None) => Ok(Self::Length(0)),
            (Some(length), None, None, None) => Self::with_length(length, limits),
            // "A server MAY reject a request that contains both Content-Length and
            // Transfer-Encoding": the two together are how requests are smuggled.
            (Some(_), _, Some(_), _) => {
                refuse(400, "The request has a length and a transfer coding.")
            }
            (Some(_), Some(_), ..) => refuse(400, "The request has more than one Content-Length."),
            (_, _, Some(_), _) if request.minor == 0 => {
                refuse(400, "HTTP/1.0 has no transfer codings.")
            }
            (_, _, Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => {
                Ok(Self::Chunked)
            }
            _ => refuse(501, "This server knows no transfer coding but chunked."),
        }
    }

    fn with_length(value: &str, limits: &Limits) -> Result<Self, Refusal> {
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return refuse(400, "The Content-Length is not a number.");
        }
        match value.parse() {
            Ok(length) if length <= limits.body_bytes => Ok(Self::Length(length)),
            _ => refuse(413, "The request body is too large."),
        }
    }
}

/// The size that the line before a chunk says, if the body may grow by `room` bytes.
pub(crate) fn chunk_size(line: &[u8], room: usize) -> Result<usize, Refusal> {
    match httparse::parse_chunk_size(line) {
        // `httparse` would take an empty size for zero.
        Ok(httparse::Status::Complete((_, size)))
            if line.first().is_some_and(u8::is_ascii_hexdigit) =>
        {
            let size = usize::try_from(size).ok().filter(|&size| size <= room);
            size.map_or_else(|| refuse(413, "The request body is too large."), Ok)
        }
        _ => refuse(400, "A chunk size of the request body is not valid."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_codings() {
        let (length, coding) = ("content-length", "transfer-encoding");
        for (method, headers, minor, expected) in [
            ("GET", &[][..], 1, Ok(Framing::Length(0))),
            ("POST", &[], 1, Err(411)),
            ("POST", &[(length, "5")], 1, Ok(Framing::Length(5))),
            ("POST", &[(length, "65536")], 0, Ok(Framing::Length(65536))),
            ("POST", &[(length, "65537")], 1, Err(413)),
            ("POST", &[(length, "99999999999999999999999")], 1, Err(413)),
            ("POST", &[(length, "+5")], 1, Err(400)),
            ("POST", &[(length, "")], 1, Err(400)),
            ("POST", &[(length, "5, 5")], 1, Err(400)),
            ("POST", &[(length, "5"), (length, "6")], 1, Err(400)),
            ("POST", &[(length, "5"), (coding, "chunked")], 1, Err(400)),
            ("POST", &[(coding, "Chunked")], 1, Ok(Framing::Chunked)),
            ("POST", &[(coding, "chunked")], 0, Err(400)),
            ("POST", &[(coding, "gzip, chunked")], 1, Err(501)),
            ("POST", &[(coding, "chunked"), (coding, "chunked")], 1, Err(501)),
        ] {
            let text = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            let headers = headers.iter().map(text).collect();
            let request = Request { method: method.into(), headers, minor, ..Request::default() };
            let framing = Framing::of(&request, &Limits::default());
            assert_eq!(framing.map_err(|it| it.status), expected, "{method} {request:?}");
        }
    }

    #[test]
    fn chunk_sizes() {
        for (line, expected) in [
            ("a\r\n", Ok(10)),
            ("0A;x=y\r\n", Ok(10)),
            ("0\r\n", Ok(0)),
            ("b\r\n", Err(413)),
            ("ffffffffffffffff\r\n", Err(413)),
            ("fffffffffffffffff\r\n", Err(400)),
            ("-1\r\n", Err(400)),
            ("\r\n", Err(400)),
            (";x\r\n", Err(400)),
            ("1\n", Err(400)),
        ] {
            let size = chunk_size(line.as_bytes(), 10);
            assert_eq!(size.map_err(|it| it.status), expected, "{line:?}");
        }
    }
}
