//! Reading requests from a connection: a head, then its body, each within its deadline. What the
//! bytes mean is decided in `http::head`. Depends on `service` and `wire`.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_lite::future::or;

use crate::delivery::wire::Wire;
use crate::http::head::{HeadReader, chunk_size, ends_trailers};
use crate::http::status::Refusal;
use crate::service::Service;
use crate::socket::{sleep, within};
use crate::{Limits, Request};

/// Longest line between two chunks: a size with its extensions, or a trailer.
const LINE_BYTES: usize = 256;
/// Lines after the last chunk.
const TRAILERS: usize = 32;

/// How long a client that has just been accepted may still bring a request when the server ends: it could not know.
const NEWCOMER: Duration = Duration::from_secs(1);

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The client has left, or stays silent for as long as it may: there is nobody to answer.
    Gone,
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(why: Refusal) -> Self {
        Self::Refused(why)
    }
}

/// What a client sends.
pub(crate) struct Intake {
    pub(crate) wire: Arc<Wire>,
    /// Bytes that have come and belong to no request yet.
    inbox: Vec<u8>,
}

impl Intake {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, inbox: Vec::new() }
    }

    /// Reads the head of the next request; a `fresh` connection has had none yet.
    pub(crate) async fn head(&mut self, service: &Service, fresh: bool) -> Result<Request, Stop> {
        let limits = &service.limits;
        if self.inbox.is_empty() {
            let idle = if fresh { limits.head_deadline } else { limits.keep_alive };
            let ending = async {
                service.stop.asked().await;
                if fresh {
                    sleep(NEWCOMER).await;
                }
                Err(Stop::Gone)
            };
            // What is there already is read first.
            let first = within(idle, or(self.more(), ending)).await;
            first.unwrap_or(Err(Stop::Gone))?;
        }
        let read = async {
            let mut reader = HeadReader::default();
            loop {
                if let Some((request, length)) = reader.read(&self.inbox, limits)? {
                    self.inbox.drain(..length);
                    return Ok(request);
                }
                self.more().await?;
            }
        };
        within(limits.head_deadline, read).await.unwrap_or(Err(Refusal::HeadDeadline.into()))
    }

    /// Reads the body of a request, after a word to a client that waits for one.
    pub(crate) async fn body(
        &mut self,
        limits: &Limits,
        request: &Request,
    ) -> Result<Vec<u8>, Stop> {
        let read = async {
            let length = request.body_length;
            if request.expects_continue && self.inbox.is_empty() && length != Some(0) {
                self.wire.lock().out.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
                self.wire.flush().await.or(Err(Stop::Gone))?;
            }
            match length {
                Some(length) => self.take(length).await,
                None => self.take_chunks(limits.body_bytes).await,
            }
        };
        let read = within(limits.body_deadline, read).await;
        read.unwrap_or(Err(Refusal::BodyDeadline.into()))
    }

    /// Ready when the client has left, or has sent more than a head may have that nobody asked for.
    pub(crate) fn poll_left(&mut self, service: &Service, cx: &mut Context<'_>) -> Poll<()> {
        while self.inbox.len() <= service.limits.head_bytes {
            if self.wire.lock().is_half_closed {
                return Poll::Pending;
            }
            match ready!(self.wire.poll_read(cx, &mut self.inbox)) {
                Ok(0) if service.serves_half_closed => self.wire.lock().is_half_closed = true,
                Ok(1..) => {}
                _ => return Poll::Ready(()),
            }
        }
        Poll::Ready(())
    }

    /// Keeps no room for what may come later.
    pub(crate) fn shrink(&mut self) {
        self.inbox.shrink_to_fit();
    }

    async fn take_chunks(&mut self, body_bytes: usize) -> Result<Vec<u8>, Stop> {
        let mut body = Vec::new();
        loop {
            let size = chunk_size(&self.take_line().await?, body_bytes - body.len())?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&self.take(size).await?);
            if self.take_line().await? != b"\r\n" {
                return Err(Refusal::Chunks.into());
            }
        }
        for _ in 0..=TRAILERS {
            if ends_trailers(&self.take_line().await?)? {
                return Ok(body);
            }
        }
        Err(Refusal::Headers.into())
    }

    async fn take(&mut self, count: usize) -> Result<Vec<u8>, Stop> {
        while self.inbox.len() < count {
            self.more().await?;
        }
        Ok(self.inbox.drain(..count).collect())
    }

    /// Takes a line, its ending included.
    async fn take_line(&mut self) -> Result<Vec<u8>, Stop> {
        loop {
            let end = self.inbox.iter().take(LINE_BYTES).position(|&byte| byte == b'\n');
            if let Some(end) = end {
                return self.take(end + 1).await;
            }
            if self.inbox.len() >= LINE_BYTES {
                return Err(Refusal::Chunks.into());
            }
            self.more().await?;
        }
    }

    /// Reads more.
    async fn more(&mut self) -> Result<(), Stop> {
        let read = poll_fn(|cx| self.wire.poll_read(cx, &mut self.inbox)).await;
        if matches!(read, Ok(1..)) { Ok(()) } else { Err(Stop::Gone) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_lite::future::block_on;
    use futures_lite::io::Cursor;

    use super::*;
    use crate::Response;
    use crate::delivery::wire::{Link, Wire};
    use crate::http::request::Method;

    /// What `take` makes of bytes of which the first `cut` are there and the others come later;
    /// and what is left.
    fn taken<T>(
        bytes: &[u8],
        cut: usize,
        take: impl AsyncFnOnce(&mut Intake) -> Result<T, Stop>,
    ) -> (Result<T, Stop>, Vec<u8>) {
        let stream = Cursor::new(bytes[cut..].to_vec());
        let wire = Wire::new(Link::Other(Box::pin(stream)), Duration::MAX);
        let mut intake = Intake::new(wire);
        intake.inbox.extend_from_slice(&bytes[..cut]);
        let result = block_on(take(&mut intake));
        (result, intake.inbox)
    }

    fn limits() -> Limits {
        Limits { body_bytes: 10, ..Limits::default() }
    }

    fn with_body(body_length: Option<usize>) -> Request {
        Request { body_length, ..Request::bare(Method::Post, 1) }
    }

    #[test]
    fn a_head_at_every_cut() {
        let service = Service::new(Box::new(|_| Err(Response::not_found())));
        let bytes = b"\r\nPOST /a HTTP/1.1\r\nHost: a:80\r\nContent-Length: 2\r\n\r\nhiGET";
        for cut in 0..=bytes.len() {
            let (head, _) = taken(bytes, cut, async |it| it.head(&service, true).await);
            assert_eq!(head.unwrap().body_length, Some(2), "{cut}");
        }
    }

    #[test]
    fn chunked_bodies_at_every_cut() {
        let bytes = b"3\r\nabc\r\n04;x=y\r\ndefg\r\n0\r\nTrailer: z\r\n\r\nnext";
        for cut in 0..=bytes.len() {
            let (body, rest) =
                taken(bytes, cut, async |it| it.body(&limits(), &with_body(None)).await);
            assert_eq!(body, Ok(b"abcdefg".to_vec()), "{cut}");
            assert!(b"next".starts_with(&rest[..]), "{cut}: {rest:?}");
        }
    }

    #[test]
    fn chunked_bodies_that_are_refused() {
        let long = format!("1;{}\r\n", "x".repeat(300));
        let trailers = format!("0\r\n{}", "a: b\r\n".repeat(40));
        for (bytes, expected) in [
            ("6\r\nabcdef\r\n5\r\n", Refusal::BodyBytes.into()),
            ("2\r\nabc\r\n", Refusal::Chunks.into()),
            ("-\r\n", Refusal::Chunks.into()),
            (long.as_str(), Refusal::Chunks.into()),
            ("0\r\n\nGET / HTTP/1.1\r\n\r\n", Refusal::Chunks.into()),
            (trailers.as_str(), Refusal::Headers.into()),
            ("3\r\nab", Stop::Gone),
        ] {
            for cut in 0..=bytes.len() {
                let (body, _) = taken(bytes.as_bytes(), cut, async |it| {
                    it.body(&limits(), &with_body(None)).await
                });
                assert_eq!(body, Err(expected), "{bytes:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn a_body_with_length_leaves_what_follows() {
        let (body, rest) =
            taken(b"abcGET", 6, async |it| it.body(&limits(), &with_body(Some(3))).await);
        assert_eq!((body, rest), (Ok(b"abc".to_vec()), b"GET".to_vec()));
    }
}
