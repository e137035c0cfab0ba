//! HTTP/1.1 on a bare socket: what a server really sent. Needs the standard library only.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// No read waits longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A response whose head has been read.
#[derive(Debug)]
pub struct Response {
    /// From the status line.
    pub status: u16,
    /// In the order they came.
    pub headers: Vec<(String, String)>,
    body: BufReader<TcpStream>,
}

/// Sends a GET request with further header lines, each ending with CRLF, and reads the head of the response.
pub fn get(address: SocketAddr, path: &str, headers: &str) -> Response {
    let mut socket = TcpStream::connect(address).expect("the server accepts");
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).expect("the server reads");
    let mut body = BufReader::new(socket);
    let status_line = line(&mut body);
    let status = status_line.split(' ').nth(1).expect("a status");
    Response { status: status.parse().expect("a number"), headers: header_lines(&mut body), body }
}

/// Reads header lines up to the empty one.
pub fn header_lines(reader: &mut impl BufRead) -> Vec<(String, String)> {
    let lines = std::iter::repeat_with(|| line(reader)).take_while(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn line(reader: &mut impl BufRead) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a line in time");
    line.strip_suffix("\r\n").expect("CRLF").to_owned()
}

impl Response {
    /// The value of a header; `None` if it is absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} more than once");
        value
    }

    /// The next chunk of a chunked body; `None` for the last.
    pub fn chunk(&mut self) -> Option<String> {
        let size = usize::from_str_radix(&line(&mut self.body), 16).expect("a chunk's size");
        let mut chunk = vec![0; size];
        self.body.read_exact(&mut chunk).expect("the whole chunk");
        assert_eq!(line(&mut self.body), "", "after a chunk");
        (size > 0).then(|| String::from_utf8(chunk).expect("UTF-8"))
    }

    /// The body of a page: as long as Content-Length says.
    pub fn text(mut self) -> String {
        let length = self.header("Content-Length").expect("a length");
        let mut body = vec![0; length.parse().expect("a number")];
        self.body.read_exact(&mut body).expect("the whole body");
        String::from_utf8(body).expect("UTF-8")
    }

    /// Whether the server has closed the connection, or does so in time.
    pub fn is_closed(mut self) -> bool {
        matches!(self.body.read(&mut [0]), Ok(0))
    }
}
