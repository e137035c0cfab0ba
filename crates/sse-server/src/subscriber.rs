//! One client of a channel: the loop that writes what the channel's subscription gives, replay and live
//! alike. While there is nothing to catch up with the pump writes in its stead.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_lite::future::or;
use sse_channel::{Block, Cut, Entry, Framing, Log, Replay};

use crate::pump::Worker;
use crate::service::Service;
use crate::socket::sleep;
use crate::wire::Wire;

/// What a handler said about the subscription it answers with.
pub(crate) struct Subscription {
    pub(crate) channel: Log,
    pub(crate) after: Option<String>,
    pub(crate) replay: Replay,
    pub(crate) filter: Option<Filter>,
}

pub(crate) type Filter = Box<dyn Fn(&Entry) -> bool + Send + Sync>;

pub(crate) struct Subscriber {
    wire: Arc<Wire>,
    events: sse_channel::Subscription,
    heartbeat: Duration,
}

impl Subscriber {
    /// Finds the place to begin.
    pub(crate) fn new(
        subscription: Subscription,
        last_event_id: Option<&str>,
        wire: Arc<Wire>,
        heartbeat: Duration,
    ) -> Self {
        let Subscription { channel, after, replay, filter } = subscription;
        let id = after.as_deref().filter(|id| !id.is_empty()).or(last_event_id);
        let framing = if wire.lock().chunked { Framing::Chunked } else { Framing::Plain };
        let mut events = channel.subscribe(id, replay).with_framing(framing);
        if let Some(filter) = filter {
            events = events.with_filter(filter);
        }
        Self { wire, events, heartbeat }
    }

    /// Delivers until the channel closes or the server stops.
    ///
    /// # Errors
    ///
    /// The connection must be cut: it is over, too slow, or lagged on a channel that disconnects
    /// those who lag.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would keep `self` twice")]
    pub(crate) fn run(
        mut self,
        worker: Weak<Worker>,
        service: Arc<Service>,
    ) -> impl Future<Output = io::Result<()>> + Send {
        async move {
            // Catching up needs timers and buffers; a connection that only waits keeps none of them.
            while let Some(true) =
                Box::pin(service.unless_stopped(self.catch_up(&worker))).await.transpose()?
            {
                self.events.seek(self.wire.unseated().await);
            }
            if let Some(farewell) = self.events.farewell() {
                self.queue(&farewell);
            }
            Ok(())
        }
    }

    /// Delivers what is in the log and what comes, until the pump writes in its stead (true), or the
    /// channel has closed (false).
    async fn catch_up(&mut self, worker: &Weak<Worker>) -> io::Result<bool> {
        let mut silence = pin!(sleep(self.heartbeat));
        loop {
            self.wire.flush().await?;
            let next = match self.events.try_next() {
                Poll::Ready(next) => Some(next),
                Poll::Pending if self.take_seat(worker) => return Ok(true),
                Poll::Pending => {
                    let next = async { Some(self.events.next().await) };
                    let beat = async {
                        silence.as_mut().await;
                        None
                    };
                    or(next, beat).await
                }
            };
            let block = match next {
                Some(Some(block)) => block.map_err(cut)?,
                Some(None) => return Ok(false),
                None => self.events.heartbeat(),
            };
            self.queue(&block);
            silence.set(sleep(self.heartbeat));
        }
    }

    fn queue(&self, block: &Block) {
        self.wire.lock().out.extend_from_slice(block);
    }

    /// Lets the pump write. It serves those who want every event, in chunks.
    fn take_seat(&mut self, worker: &Weak<Worker>) -> bool {
        let Some(position) = self.events.position() else { return false };
        let worker = worker.upgrade().filter(|_| self.wire.lock().chunked);
        let is_seated = worker.is_some_and(|worker| {
            worker.seat(self.events.log(), self.heartbeat, &self.wire, position)
        });
        if is_seated {
            self.events.rest();
        }
        is_seated
    }
}

/// A client that was too slow for the log counts as one that was too slow for the write deadline.
fn cut(cut: Cut) -> io::Error {
    let kind = match cut {
        Cut::Lagged(_) => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, cut)
}
