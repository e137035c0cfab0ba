//! Event streams: what runs after the response head until one side has had enough. Depends on
//! `events`, `subscriber` and `wire`.

use std::io;
use std::sync::{Arc, Weak};

use futures_lite::future::or;

use crate::delivery::pump::Worker;
use crate::delivery::sink::Sink;
use crate::delivery::subscriber::Subscriber;
use crate::delivery::wire::{State, Waiting, Wire};
use crate::events::{Beat, BoxFuture, Events, Producer, Source};
use crate::service::Service;
use crate::shutdown::{Shutdown, Stop};
use crate::socket::sleep;

/// The future that writes a stream whose response head is queued. It fails if the client has gone,
/// or must not take the stream for complete.
pub(crate) fn stream(
    events: Events,
    chunked: bool,
    wire: &Arc<Wire>,
    worker: Weak<Worker>,
    service: &Arc<Service>,
) -> BoxFuture<io::Result<()>> {
    let Events { source, beat, end, opens } = events;
    let (wire, stop) = (wire.clone(), service.stop.clone());
    let mut state = wire.lock();
    (state.tail, state.chunked) = (*b"\n\n", chunked);
    if opens {
        state.push_block(b":\n\n");
    }
    drop(state);
    let written: BoxFuture<io::Result<()>> = match source {
        Source::Subscription(subscription) => {
            Box::pin(Subscriber::new(subscription, wire, beat).run(worker, stop))
        }
        // It goes on when the server is to end: a half answer must not look whole.
        Source::Producer(producer) => {
            Box::pin(async move { produce(producer, &wire, stop, beat).await })
        }
    };
    match end {
        Some(end) => Box::pin(or(end, written)),
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
    beat: Beat,
) -> io::Result<()> {
    wire.flush().await?;
    let waiting = Arc::<Waiting>::default();
    let sink = Sink::new(wire.clone(), waiting.clone(), stop);
    let beats = async {
        let mut before = wire.lock().total;
        loop {
            // Looked at twice in an interval, no silence is longer than that.
            sleep(beat.interval() / 2).await;
            let total = wire.lock().total;
            if total == before {
                queue_heartbeat(&mut wire.lock(), &beat);
                wire.flush_turn(wire.turn(), Some(&waiting)).await?;
            }
            before = total;
        }
    };
    or(producer(sink), beats).await
}

/// Queues a heartbeat where there is a place for one.
fn queue_heartbeat(state: &mut State, beat: &Beat) {
    match (state.tail, &beat.event) {
        ([b'\n', b'\n'], Some(event)) => state.push_block(event),
        // A comment line alone: it fits between any two lines.
        ([_, b'\n'], _) => state.push_block(b":\n"),
        _ => {}
    }
}
