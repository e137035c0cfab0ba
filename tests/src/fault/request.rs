//! A request as the fault server received it.

use std::io::{self, Read};
use std::net::TcpStream;

/// One received request.
#[derive(Debug, Clone)]
pub struct Request {
    /// How many requests the server had received before this one.
    pub index: usize,
    /// The method.
    pub method: String,
    /// What the request line names: path and query, or a whole URL to a proxy.
    pub target: String,
    /// Names as sent, values as bytes.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, by its Content-Length.
    pub body: Vec<u8>,
}

impl Request {
    /// The only value of a header field; `None` when there is none.
    ///
    /// # Panics
    ///
    /// If there are several, or the value is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name));
        let (_, value) = found.next()?;
        assert!(found.next().is_none(), "several {name}: {self:?}");
        Some(std::str::from_utf8(value).expect("a value in UTF-8"))
    }

    /// Reads one request; `None` when the peer left instead.
    pub(super) fn read(stream: &mut TcpStream, index: usize) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        let mut piece = [0; 4096];
        loop {
            if let Some(mut request) = Self::parse(&bytes, index)? {
                let length =
                    request.header("content-length").map_or(0, |it| it.parse().unwrap_or(0));
                while request.body.len() < length {
                    match stream.read(&mut piece)? {
                        0 => return Ok(None),
                        count => request.body.extend_from_slice(&piece[..count]),
                    }
                }
                return Ok(Some(request));
            }
            match stream.read(&mut piece)? {
                0 => return Ok(None),
                count => bytes.extend_from_slice(&piece[..count]),
            }
        }
    }

    fn parse(bytes: &[u8], index: usize) -> io::Result<Option<Self>> {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut fields);
        let length = match head.parse(bytes).map_err(io::Error::other)? {
            httparse::Status::Complete(length) => length,
            httparse::Status::Partial => return Ok(None),
        };
        let headers = head.headers.iter();
        Ok(Some(Self {
            index,
            method: head.method.unwrap_or_default().to_owned(),
            target: head.path.unwrap_or_default().to_owned(),
            headers: headers.map(|it| (it.name.to_owned(), it.value.to_vec())).collect(),
            body: bytes[length..].to_vec(),
        }))
    }
}
