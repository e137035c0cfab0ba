//! A server that knows nothing: one connection, a response head, and bytes as fast as they go.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// How the body of a response is delimited.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// An HTTP chunk for each event, as servers send them.
    Chunked,
    /// Up to the end of the connection.
    Close,
}

impl Framing {
    /// The response head.
    pub(crate) fn head(self) -> String {
        let more = match self {
            Framing::Chunked => "Transfer-Encoding: chunked\r\n",
            Framing::Close => "Connection: close\r\n",
        };
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{more}\r\n")
    }

    /// The bytes of an event, its blank line included, in this framing.
    pub(crate) fn event(self, event: &str) -> String {
        match self {
            Framing::Chunked => format!("{:x}\r\n{event}\r\n", event.len()),
            Framing::Close => event.to_owned(),
        }
    }
}

pub(crate) struct Writer {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Writer {
    pub(crate) fn bind() -> io::Result<Writer> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        Ok(Writer { listener, address })
    }

    /// Waits for a client, reads its request and answers with the head.
    pub(crate) fn accept(&self, framing: Framing) -> io::Result<TcpStream> {
        let (mut socket, _) = self.listener.accept()?;
        socket.set_nodelay(true)?;
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        while !request.ends_with(b"\r\n\r\n") {
            match socket.read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => request.extend_from_slice(&buffer[..length]),
            }
        }
        socket.write_all(framing.head().as_bytes())?;
        Ok(socket)
    }
}
