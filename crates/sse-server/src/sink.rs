//! The writing end of a per-request stream. Depends on `wire`.

use std::fmt;
use std::io;
use std::sync::Arc;

use sse_proto::Frame;

use crate::wire::Wire;

/// Where the closure of [`Response::stream`](crate::Response::stream) writes its events.
///
/// Each send waits until the socket has taken the bytes, so that a slow client slows its own
/// producer and nothing piles up.
pub struct Sink {
    wire: Arc<Wire>,
    turn: u32,
    chunked: bool,
}

impl Sink {
    pub(crate) fn new(wire: Arc<Wire>, turn: u32, chunked: bool) -> Self {
        Self { wire, turn, chunked }
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
        self.wire.flush().await?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.wire.push_stream(self.turn, bytes, self.chunked)?;
        self.wire.flush().await
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}
