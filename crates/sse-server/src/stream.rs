//! Event streams: what runs after the response head until one side has had enough, and the sink
//! that the closure of a per-request stream writes to. Depends on `wire` and `subscriber`.

use std::future::ready;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::or;
use sse_proto::Frame;

use crate::channel::encoded;
use crate::connection::Connection;
use crate::http::response::{BoxFuture, Content, Producer};
use crate::socket::sleep;
use crate::subscriber::Subscriber;
use crate::wire::Wire;
use crate::{Request, Response};

impl Connection {
    /// The future that writes a stream whose response head is queued. It fails if the client has
    /// gone, or must not take the stream for complete.
    pub(crate) fn stream(
        &self,
        response: Response,
        request: &Request,
    ) -> BoxFuture<io::Result<()>> {
        let Response { content, heartbeat, until, .. } = response;
        let (wire, service) = (self.wire.clone(), self.service().clone());
        wire.lock().tail = *b"\n\n";
        wire.lock().chunked = request.minor > 0;
        let written: BoxFuture<io::Result<()>> = match content {
            Content::Channel(subscription) => {
                let id = request.last_event_id();
                let subscriber = Subscriber::new(subscription, id, wire, heartbeat);
                Box::pin(subscriber.run(self.worker.clone(), service))
            }
            Content::Stream(producer) => Box::pin(async move {
                let produced = produce(producer, &wire, heartbeat);
                service.unless_stopped(produced).await.unwrap_or(Ok(()))
            }),
            Content::Bytes(_) | Content::Later(_) => Box::pin(ready(Ok(()))),
        };
        match until {
            Some(until) => Box::pin(or(until, written)),
            None => written,
        }
    }

    /// Ends a stream: neither a sink that outlives it nor the pump writes from here on. If it is
    /// complete, what says so is queued, after a reconnection time if the server is to end. Inside
    /// a block that line stands alone: a blank line would dispatch what is not finished; inside a
    /// line there is no place for it.
    pub(crate) fn end_stream(&self, ended: Option<io::Result<()>>) -> bool {
        let mut state = self.wire.lock();
        state.end_turn();
        let complete = matches!(ended, Some(Ok(())));
        if complete {
            let stopping = self.service().stopping();
            let line = stopping.map(|how| format!("retry: {}\n", how.retry().as_millis()));
            match (line, state.tail) {
                (Some(line), [b'\n', b'\n']) => state.push_block(format!("{line}\n").as_bytes()),
                (Some(line), [_, b'\n']) => state.push_block(line.as_bytes()),
                _ => {}
            }
            if state.chunked {
                state.out.extend_from_slice(b"0\r\n\r\n");
            }
        }
        complete
    }
}

/// Runs the closure of a per-request stream, with heartbeats while it is silent.
async fn produce(producer: Producer, wire: &Arc<Wire>, heartbeat: Duration) -> io::Result<()> {
    wire.flush().await?;
    let sink = Sink { turn: wire.turn(), wire: wire.clone() };
    let beats = async {
        let mut before = wire.lock().total;
        loop {
            // Looked at twice in an interval, no silence is longer than that.
            sleep(heartbeat / 2).await;
            let total = wire.lock().total;
            if total == before && wire.lock().tail[1] == b'\n' {
                // A comment line alone: it fits between any two lines.
                wire.lock().push_block(b":\n");
                wire.flush().await?;
            }
            before = total;
        }
    };
    or(producer(sink), beats).await
}

/// Where the closure of [`Response::stream`](crate::Response::stream) writes its events.
///
/// Each send waits until the socket has taken the bytes, so that a slow client slows its own
/// producer and nothing piles up.
pub struct Sink {
    wire: Arc<Wire>,
    turn: u32,
}

impl Sink {
    /// Sends an event, a comment, a reconnection time or a cursor.
    ///
    /// # Errors
    ///
    /// The client has gone, has taken nothing for the write deadline, or the stream has ended.
    pub async fn send(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.send_bytes(&encoded(frame)).await
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
        self.wire.flush_turn(self.turn).await?;
        if let [.., last] = *bytes {
            let mut state = self.wire.lock();
            state.must_be(self.turn)?;
            state.push_block(bytes);
            let before = bytes.len().checked_sub(2).map_or(state.tail[1], |index| bytes[index]);
            state.tail = [before, last];
        }
        self.wire.flush_turn(self.turn).await
    }
}
