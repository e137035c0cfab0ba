//! Reading requests from a connection: a head, then its body, each within its deadline. What the
//! bytes mean is decided in `head`.

use std::future::poll_fn;

use crate::connection::Connection;
use crate::http::head::{chunk_size, parse, too_long};
use crate::http::status::Refusal;
use crate::socket::within;
use crate::{Limits, Request};

/// Longest line between two chunks: a size with its extensions, or a trailer.
const LINE_BYTES: usize = 256;
/// Lines after the last chunk.
const TRAILERS: usize = 32;

/// The client has left, or stays silent for as long as it may: there is nobody to answer.
pub(crate) const GONE: Refusal = (0, "");

impl Connection {
    /// Reads the head of the next request; a `fresh` connection has had none yet.
    pub(crate) async fn read_head(&mut self, fresh: bool) -> Result<Request, Refusal> {
        let service = self.service().clone();
        let limits = &service.limits;
        if self.inbox.is_empty() {
            let idle = if fresh { limits.head_deadline } else { limits.keep_alive };
            let first = within(idle, service.unless_stopped(self.more())).await;
            first.flatten().unwrap_or(Err(GONE))?;
        }
        let parsed = within(limits.head_deadline, self.parsed_head(limits)).await;
        parsed.unwrap_or(Err((408, "The request did not arrive in time.")))
    }

    async fn parsed_head(&mut self, limits: &Limits) -> Result<Request, Refusal> {
        let (mut seen, mut tried) = (0, 0);
        loop {
            // When a line has ended, or when the bytes have doubled, to refuse junk early: so that
            // the time is linear, however the bytes are cut.
            let fresh = self.inbox.get(seen..).unwrap_or_default();
            if fresh.contains(&b'\n') || self.inbox.len() >= 2 * tried {
                tried = self.inbox.len();
                if let Some((request, length)) = parse(&self.inbox, limits)? {
                    self.inbox.drain(..length);
                    return Ok(request);
                }
            }
            seen = self.inbox.len();
            if seen > limits.head_bytes {
                return Err(too_long(&self.inbox));
            }
            self.more().await?;
        }
    }

    /// Reads the body of a request, after a word to a client that waits for one.
    pub(crate) async fn read_body(&mut self, request: &Request) -> Result<Vec<u8>, Refusal> {
        let service = self.service().clone();
        let body = async {
            let length = request.body_length;
            if request.expects_continue && self.inbox.is_empty() && length != Some(0) {
                self.wire.lock().out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                self.wire.flush().await.or(Err(GONE))?;
            }
            match length {
                Some(length) => self.take(length).await,
                None => self.take_chunks(service.limits.body_bytes).await,
            }
        };
        let read = within(service.limits.body_deadline, body).await;
        read.unwrap_or(Err((408, "The request body did not arrive in time.")))
    }

    async fn take_chunks(&mut self, body_bytes: usize) -> Result<Vec<u8>, Refusal> {
        let mut body = Vec::new();
        loop {
            let size = chunk_size(&self.take_line().await?, body_bytes - body.len())?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&self.take(size).await?);
            if self.take_line().await? != b"\r\n" {
                return Err((400, "A chunk of the request body is longer than its size."));
            }
        }
        for _ in 0..=TRAILERS {
            if self.take_line().await? == b"\r\n" {
                return Ok(body);
            }
        }
        Err((431, "The request body has too many trailers."))
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>, Refusal> {
        while self.inbox.len() < count {
            self.more().await?;
        }
        Ok(self.inbox.drain(..count).collect())
    }

    /// Takes a line, its ending included.
    async fn take_line(&mut self) -> Result<Vec<u8>, Refusal> {
        loop {
            let end = self.inbox.iter().take(LINE_BYTES).position(|&byte| byte == b'\n');
            if let Some(end) = end {
                return self.take(end + 1).await;
            }
            if self.inbox.len() >= LINE_BYTES {
                return Err((400, "A line of the chunked request body is too long."));
            }
            self.more().await?;
        }
    }

    /// Reads more.
    async fn more(&mut self) -> Result<(), Refusal> {
        let read = poll_fn(|cx| self.wire.poll_read(cx, &mut self.inbox)).await;
        if matches!(read, Ok(1..)) { Ok(()) } else { Err(GONE) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};
    use std::time::Duration;

    use futures_lite::future::block_on;
    use futures_lite::io::Cursor;

    use super::*;
    use crate::Response;
    use crate::service::Service;
    use crate::wire::{Link, Wire};

    /// What `take` makes of bytes of which the first `cut` are there and the others come later;
    /// and what is left.
    fn taken<T>(
        bytes: &[u8],
        cut: usize,
        take: impl AsyncFnOnce(&mut Connection) -> Result<T, Refusal>,
    ) -> (Result<T, u16>, Vec<u8>) {
        let mut service = Service::new(Box::new(|_| Response::not_found()));
        service.limits = Limits { body_bytes: 10, ..Limits::default() };
        let stream = Cursor::new(bytes[cut..].to_vec());
        let wire = Wire::new(Link::Other(Box::pin(stream)), Duration::MAX);
        let admission = Arc::new(service).admit(None).unwrap();
        let mut connection = Connection::new(wire, admission, Weak::new());
        connection.inbox.extend_from_slice(&bytes[..cut]);
        let result = block_on(take(&mut connection)).map_err(|(status, _)| status);
        (result, std::mem::take(&mut connection.inbox))
    }

    fn with_body(body_length: Option<usize>) -> Request {
        Request { body_length, ..Request::default() }
    }

    #[test]
    fn a_head_at_every_cut() {
        let bytes = b"\r\nPOST /a HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\n\r\nhiGET";
        for cut in 0..=bytes.len() {
            let (head, _) = taken(bytes, cut, async |it| it.read_head(true).await);
            assert_eq!(head.unwrap().body_length, Some(2), "{cut}");
        }
    }

    #[test]
    fn chunked_bodies_at_every_cut() {
        let bytes = b"3\r\nabc\r\n04;x=y\r\ndefg\r\n0\r\nTrailer: z\r\n\r\nnext";
        for cut in 0..=bytes.len() {
            let (body, rest) = taken(bytes, cut, async |it| it.read_body(&with_body(None)).await);
            assert_eq!(body, Ok(b"abcdefg".to_vec()), "{cut}");
            assert!(b"next".starts_with(&rest[..]), "{cut}: {rest:?}");
        }
    }

    #[test]
    fn chunked_bodies_that_are_refused() {
        let long = format!("1;{}\r\n", "x".repeat(300));
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(40));
        for (bytes, expected) in [
            ("6\r\nabcdef\r\n5\r\n", Err(413)),
            ("2\r\nabc\r\n", Err(400)),
            ("-\r\n", Err(400)),
            (long.as_str(), Err(400)),
            (trailers.as_str(), Err(431)),
            ("3\r\nab", Err(0)),
        ] {
            for cut in 0..=bytes.len() {
                let (body, _) =
                    taken(bytes.as_bytes(), cut, async |it| it.read_body(&with_body(None)).await);
                assert_eq!(body, expected, "{bytes:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_body_with_length_leaves_what_follows() {
        let (body, rest) = taken(b"abcGET", 6, async |it| it.read_body(&with_body(Some(3))).await);
        assert_eq!((body, rest), (Ok(b"abc".to_vec()), b"GET".to_vec()));
    }
}
