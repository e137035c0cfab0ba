//! Event streams: what runs after the response head, until one side has had enough.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_lite::future::or;

use crate::Sink;
use crate::pump::Worker;
use crate::response::{BoxFuture, Content, Producer};
use crate::service::Service;
use crate::socket::sleep;
use crate::subscriber::Subscriber;
use crate::wire::Wire;

/// A stream whose response head is queued.
pub(crate) struct Stream {
    pub(crate) body: BoxFuture<io::Result<()>>,
    pub(crate) until: Option<BoxFuture<()>>,
    pub(crate) chunked: bool,
    pub(crate) keep_alive: bool,
}

/// How a stream ended.
pub(crate) enum Ended {
    Finished,
    Failed,
    /// The client has gone.
    Gone,
    /// The server shuts down.
    Stopped,
    /// What `Response::until` waits for has come.
    Expired,
}

impl Stream {
    /// Writes until the stream is over or must end.
    pub(crate) async fn run(
        &mut self,
        wire: &Wire,
        inbox: &mut Vec<u8>,
        service: &Service,
    ) -> Ended {
        let limit = service.limits.head_bytes;
        let mut stopped = pin!(service.stop.requested());
        poll_fn(|cx| {
            if wire.poll_hangup(cx, inbox, limit).is_ready() {
                return Poll::Ready(Ended::Gone);
            }
            if stopped.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ended::Stopped);
            }
            if let Some(Poll::Ready(())) = self.until.as_mut().map(|until| until.as_mut().poll(cx))
            {
                return Poll::Ready(Ended::Expired);
            }
            let written = self.body.as_mut().poll(cx);
            written.map(|result| if result.is_ok() { Ended::Finished } else { Ended::Failed })
        })
        .await
    }

    /// Queues what ends the stream properly; false if it must not look as if it were complete.
    pub(crate) fn queue_end(self, ended: Ended, wire: &Wire, service: &Service) -> bool {
        // Whoever else wrote to the connection has let go of it when the body is dropped.
        drop(self.body);
        wire.end_stream();
        match ended {
            Ended::Gone | Ended::Failed => return false,
            Ended::Stopped => queue_retry(wire, service.stop.retry(), self.chunked),
            Ended::Finished | Ended::Expired => {}
        }
        if self.chunked {
            wire.push(b"0\r\n\r\n");
        }
        true
    }
}

/// Tells the client when to come back. Inside a block the line stands alone: a blank line would
/// dispatch what is not finished; inside a line there is no place for it.
fn queue_retry(wire: &Wire, time: Duration, chunked: bool) {
    let line = format!("retry: {}\n", time.as_millis());
    match wire.tail() {
        [b'\n', b'\n'] => wire.push_framed(format!("{line}\n").as_bytes(), chunked),
        [_, b'\n'] => wire.push_framed(line.as_bytes(), chunked),
        _ => {}
    }
}

/// The future that writes a stream.
pub(crate) fn body(
    content: Content,
    last_event_id: Option<&str>,
    wire: &Arc<Wire>,
    worker: &Weak<Worker>,
    heartbeat: Option<Duration>,
    chunked: bool,
) -> BoxFuture<io::Result<()>> {
    let wire = wire.clone();
    match content {
        Content::Channel(subscription) => {
            let worker = worker.clone();
            Box::pin(
                Subscriber::new(subscription, last_event_id, wire, worker, heartbeat, chunked)
                    .run(),
            )
        }
        Content::Stream(producer) => Box::pin(produce(producer, wire, heartbeat, chunked)),
        Content::Bytes(_) | Content::Later(_) => Box::pin(std::future::ready(Ok(()))),
    }
}

/// Runs the closure of a per-request stream, with heartbeats while it is silent.
async fn produce(
    producer: Producer,
    wire: Arc<Wire>,
    heartbeat: Option<Duration>,
    chunked: bool,
) -> io::Result<()> {
    wire.flush().await?;
    let sink = Sink::new(wire.clone(), wire.begin_stream(), chunked);
    let beats = async {
        let Some(interval) = heartbeat else {
            return std::future::pending().await;
        };
        loop {
            let before = wire.total();
            sleep(interval).await;
            if wire.total() == before && wire.tail()[1] == b'\n' {
                // A comment line alone: it fits between any two lines.
                wire.push_framed(b":\n", chunked);
                wire.flush().await?;
            }
        }
    };
    or(producer(sink), beats).await
}
