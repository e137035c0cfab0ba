//! What the closure of a per-request stream writes to. Depends on `wire` and `shutdown`.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sse_proto::Frame;

use crate::delivery::turn::Turn;
use crate::delivery::wire::{Waiting, Wire};
use crate::shutdown::Stop;
use crate::socket::sleep;

/// Where the closure of [`Response::stream`](crate::Response::stream) writes its events.
///
/// Each send waits until the socket has taken the bytes, so that a slow client slows its own
/// producer and nothing piles up.
pub struct Sink {
    wire: Arc<Wire>,
    turn: u32,
    waiting: Arc<Waiting>,
    stop: Arc<Stop>,
    work: Turn,
}

impl Sink {
    /// A sink for the stream under way.
    pub(crate) fn new(wire: Arc<Wire>, waiting: Arc<Waiting>, stop: Arc<Stop>) -> Self {
        Self { turn: wire.turn(), wire, waiting, stop, work: Turn::default() }
    }

    /// Sends an event, a comment, a reconnection time or a cursor.
    ///
    /// # Errors
    ///
    /// The client has gone, has taken nothing for the write deadline, or the stream has ended.
    pub async fn send(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let mut block = Vec::new();
        frame.append_to(&mut block);
        self.send_bytes(&block).await
    }

    /// Sends bytes that are in the format already: for relays, or to write a block line by line.
    ///
    /// They are sent as they are; the caller answers for line endings and blank lines.
    ///
    /// # Errors
    ///
    /// As for [`Sink::send`].
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Bytes that an earlier send left behind when it was dropped half-way.
        self.wire.flush_turn(self.turn, Some(&self.waiting)).await?;
        if let [.., last] = *bytes {
            let mut state = self.wire.lock();
            state.must_be(self.turn)?;
            state.push_block(bytes);
            let before = bytes.len().checked_sub(2).map_or(state.tail[1], |index| bytes[index]);
            state.tail = [before, last];
        }
        self.wire.flush_turn(self.turn, Some(&self.waiting)).await?;
        self.work.spend(bytes.len()).await;
        Ok(())
    }

    /// Whether the server is to end. The stream goes on until its closure returns, or is cut at the
    /// deadline of the [`Shutdown`](crate::Shutdown): a stream without an end should end now.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stop.is_asked()
    }

    /// Waits until the server is to end.
    pub async fn stopping(&self) {
        self.stop.asked().await;
    }

    /// Waits for `duration`, or until the server is to end; whether the stream should go on.
    ///
    /// ```
    /// use sse_server::{Frame, Response, Sink};
    /// use std::time::Duration;
    ///
    /// let clock = Response::stream(async |mut sink: Sink| {
    ///     while sink.pause(Duration::from_secs(1)).await {
    ///         sink.send(&Frame::message("tick")).await?;
    ///     }
    ///     Ok(())
    /// });
    /// ```
    #[must_use = "the stream should end when it is false"]
    pub async fn pause(&self, duration: Duration) -> bool {
        self.stop.unless_asked(sleep(duration)).await.is_some()
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::wire::Link;
    use futures_lite::future::block_on;

    #[test]
    fn who_has_no_stream_any_more_writes_nothing_of_the_next_one() {
        let stream = futures_lite::io::Cursor::new(Vec::new());
        let wire = Wire::new(Link::Other(Box::pin(stream)), Duration::from_secs(1));
        let mut sink = Sink::new(wire.clone(), Arc::default(), Arc::default());
        block_on(sink.send_bytes(b"data\n\n")).unwrap();
        let written = wire.lock().total;
        wire.lock().end_turn();
        wire.lock().out.extend_from_slice(b"the next stream's");
        for bytes in [&b""[..], b"data\n\n"] {
            let error = block_on(sink.send_bytes(bytes)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
            assert_eq!(wire.lock().total, written, "{bytes:?}");
        }
        assert_eq!(wire.lock().out.next(), b"the next stream's");
    }
}
