//! Event streams: what runs after the response head until one side has had enough, and the sink
//! that the closure of a per-request stream writes to. Depends on `wire` and `subscriber`.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_lite::future::or;
use sse_proto::Frame;

use crate::channel::encoded;
use crate::pump::Worker;
use crate::response::{BoxFuture, Content, Producer};
use crate::service::Service;
use crate::socket::sleep;
use crate::subscriber::Subscriber;
use crate::wire::Wire;

/// How a stream ended.
pub(crate) enum Ended {
    /// It is complete, or what `Response::until` waits for has come.
    Properly,
    /// The server shuts down.
    Stopped,
    /// The client has gone, or must not take the stream for complete.
    Cut,
}

/// What ends a stream, or is sent while it is silent.
pub(crate) struct Ends {
    pub(crate) heartbeat: Option<Duration>,
    pub(crate) until: Option<BoxFuture<()>>,
    pub(crate) service: Arc<Service>,
}

/// The future that writes a stream whose response head is queued.
pub(crate) fn stream(
    content: Content,
    last_event_id: Option<&str>,
    wire: &Arc<Wire>,
    worker: &Weak<Worker>,
    Ends { heartbeat, until, service }: Ends,
) -> BoxFuture<Ended> {
    let wire = wire.clone();
    let written: BoxFuture<Ended> = match content {
        Content::Channel(subscription) => {
            let subscriber = Subscriber::new(subscription, last_event_id, wire, heartbeat);
            Box::pin(subscriber.run(worker.clone(), service))
        }
        Content::Stream(producer) => Box::pin(async move {
            let produced = service.stop.unless_requested(produce(producer, &wire, heartbeat));
            match produced.await {
                Some(Ok(())) => Ended::Properly,
                Some(Err(_)) => Ended::Cut,
                None => Ended::Stopped,
            }
        }),
        Content::Bytes(_) | Content::Later(_) => Box::pin(std::future::ready(Ended::Properly)),
    };
    match until {
        Some(until) => Box::pin(or(
            async {
                until.await;
                Ended::Properly
            },
            written,
        )),
        None => written,
    }
}

/// Runs the closure of a per-request stream, with heartbeats while it is silent.
async fn produce(
    producer: Producer,
    wire: &Arc<Wire>,
    heartbeat: Option<Duration>,
) -> io::Result<()> {
    wire.flush().await?;
    let sink = Sink { turn: wire.lock().turn, wire: wire.clone() };
    let beats = async {
        let Some(interval) = heartbeat else {
            return std::future::pending().await;
        };
        loop {
            let before = wire.lock().total;
            sleep(interval).await;
            let is_silent = wire.lock().total == before;
            if is_silent && wire.lock().tail[1] == b'\n' {
                // A comment line alone: it fits between any two lines.
                wire.lock().push_block(b":\n");
                wire.flush().await?;
            }
        }
    };
    or(producer(sink), beats).await
}

/// Queues what says that a stream is complete, after a reconnection time for the client if there
/// is one. Inside a block that line stands alone: a blank line would dispatch what is not
/// finished; inside a line there is no place for it.
pub(crate) fn push_end(wire: &Wire, retry: Option<Duration>) {
    let mut state = wire.lock();
    let line = retry.map(|time| format!("retry: {}\n", time.as_millis()));
    match (line, state.tail) {
        (Some(line), [b'\n', b'\n']) => state.push_block(format!("{line}\n").as_bytes()),
        (Some(line), [_, b'\n']) => state.push_block(line.as_bytes()),
        _ => {}
    }
    if state.chunked {
        state.push(b"0\r\n\r\n");
    }
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
        self.wire.flush().await?;
        if bytes.is_empty() {
            return Ok(());
        }
        self.push(bytes)?;
        self.wire.flush().await
    }

    fn push(&self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.wire.lock();
        if state.turn != self.turn {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.push_block(bytes);
        state.tail = match *bytes {
            [.., before, last] => [before, last],
            [last] => [state.tail[1], last],
            [] => state.tail,
        };
        Ok(())
    }
}
