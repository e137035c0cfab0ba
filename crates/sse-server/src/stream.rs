//! Event streams: what runs after the response head until one side has had enough. Depends on
//! `response`, `subscriber` and `wire`.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_lite::future::or;

use crate::Request;
use crate::pump::Worker;
use crate::response::{BoxFuture, Events, Producer, Source};
use crate::service::Service;
use crate::shutdown::{Shutdown, Stop};
use crate::sink::Sink;
use crate::socket::sleep;
use crate::subscriber::Subscriber;
use crate::wire::Wire;

/// The future that writes a stream whose response head is queued. It fails if the client has gone,
/// or must not take the stream for complete.
pub(crate) fn stream(
    events: Events,
    request: &Request,
    wire: &Arc<Wire>,
    worker: Weak<Worker>,
    service: &Arc<Service>,
) -> BoxFuture<io::Result<()>> {
    let Events { source, heartbeat, until } = events;
    let wire = wire.clone();
    wire.lock().tail = *b"\n\n";
    wire.lock().chunked = request.minor > 0;
    let written: BoxFuture<io::Result<()>> = match source {
        Source::Channel(subscription) => {
            let id = request.last_event_id();
            let subscriber = Subscriber::new(subscription, id, wire, heartbeat);
            Box::pin(subscriber.run(worker, service.clone()))
        }
        // It goes on when the server is to end: a half answer must not look whole.
        Source::Producer(producer) => {
            let stop = service.stop.clone();
            Box::pin(async move { produce(producer, &wire, stop, heartbeat).await })
        }
    };
    match until {
        Some(until) => Box::pin(or(until, written)),
        None => written,
    }
}

/// Ends a stream that is complete. What says so is queued, after a reconnection time if the server
/// is to end. Inside a block that line stands alone: a blank line would dispatch what is not
/// finished; inside a line there is no place for it.
pub(crate) fn end(wire: &Wire, stopping: Option<Shutdown>) {
    let line = stopping.map(|how| format!("retry: {}\n", how.retry().as_millis()));
    let mut state = wire.lock();
    match (line, state.tail) {
        (Some(line), [b'\n', b'\n']) => state.push_block(format!("{line}\n").as_bytes()),
        (Some(line), [_, b'\n']) => state.push_block(line.as_bytes()),
        _ => {}
    }
    if state.chunked {
        state.out.extend_from_slice(b"0\r\n\r\n");
    }
}

/// Runs the closure of a per-request stream, with heartbeats while it is silent.
async fn produce(
    producer: Producer,
    wire: &Arc<Wire>,
    stop: Arc<Stop>,
    heartbeat: Duration,
) -> io::Result<()> {
    wire.share();
    wire.flush().await?;
    let sink = Sink::new(wire.clone(), stop);
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
