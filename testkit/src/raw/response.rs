//! An answer of which the head has been read, to a request that needs no connection afterwards. Needs `peer`.

use std::io::BufRead;
use std::net::SocketAddr;

use super::peer::{Peer, status};

/// A response whose head has been read.
#[derive(Debug)]
pub struct Response {
    /// From the status line.
    pub status: u16,
    /// In the order they came.
    pub headers: Vec<(String, String)>,
    peer: Peer,
}

/// Sends a GET request with further header lines, each ending with CRLF, and reads the head of the response.
pub fn get(address: SocketAddr, path: &str, headers: &str) -> Response {
    ask(address, &format!("GET {path}"), headers, "")
}

/// Sends a POST request with further header lines, each ending with CRLF, and reads the head of the response.
pub fn post(address: SocketAddr, path: &str, headers: &str, body: &str) -> Response {
    let length = body.len();
    let headers = format!("{headers}Content-Length: {length}\r\n");
    ask(address, &format!("POST {path}"), &headers, body)
}

fn ask(address: SocketAddr, target: &str, headers: &str, body: &str) -> Response {
    let mut peer = Peer::connect(address);
    peer.send(format!("{target} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n{body}"));
    let head = peer.head();
    let (status_line, mut lines) =
        head.split_once("\r\n").map(|(line, rest)| (line, rest.as_bytes())).expect("CRLF");
    Response { status: status(status_line), headers: header_lines(&mut lines), peer }
}

/// Reads header lines up to the empty one.
pub fn header_lines(reader: &mut impl BufRead) -> Vec<(String, String)> {
    let line = || {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line in time");
        line.strip_suffix("\r\n").expect("CRLF").to_owned()
    };
    let lines = std::iter::repeat_with(line).take_while(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

impl Response {
    /// The value of a header; `None` if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} more than once");
        value
    }

    /// The next chunk of a chunked body; `None` for the last.
    pub fn chunk(&mut self) -> Option<String> {
        self.peer.chunk()
    }

    /// The body of a page: as long as Content-Length says, which a status of 204 goes without.
    #[must_use]
    pub fn text(mut self) -> String {
        let length = self.header("Content-Length").unwrap_or_else(|| {
            assert_eq!(self.status, 204, "no length: {:?}", self.headers);
            "0"
        });
        let length = length.parse().expect("a number");
        self.peer.take(length)
    }

    /// Whether the server has closed the connection, or does so in time.
    #[must_use]
    pub fn is_closed(mut self) -> bool {
        self.peer.buffer.is_empty() && !self.peer.fill()
    }
}
