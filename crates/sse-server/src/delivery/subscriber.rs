//! One client of a channel: the loop that writes what the channel's subscription gives, replay and live
//! alike. While there is nothing to catch up with the pump writes in its stead.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::Poll;

use futures_lite::future::or;
use sse_channel::{Block, Cut, Framing, Subscription};

use crate::delivery::pump::Worker;
use crate::delivery::turn::Turn;
use crate::delivery::wire::Wire;
use crate::events::Beat;
use crate::shutdown::Stop;
use crate::socket::sleep;

pub(crate) struct Subscriber {
    wire: Arc<Wire>,
    events: Subscription,
    beat: Beat,
}

/// How catching up ended.
#[derive(PartialEq, Eq)]
enum CaughtUp {
    /// The pump writes in its stead.
    Seated,
    /// The channel has closed.
    Closed,
}

impl Subscriber {
    pub(crate) fn new(events: Subscription, wire: Arc<Wire>, beat: Beat) -> Self {
        let framing = if wire.lock().chunked { Framing::Chunked } else { Framing::Plain };
        Self { wire, events: events.with_framing(framing), beat }
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
        stop: Arc<Stop>,
    ) -> impl Future<Output = io::Result<()>> + Send {
        async move {
            // Catching up needs timers and buffers; a connection that only waits keeps none of them, nor what came
            // of it, as it would in a `while let`.
            while Box::pin(stop.unless_asked(self.catch_up(&worker))).await.transpose()?
                == Some(CaughtUp::Seated)
            {
                let position = self.wire.unseated().await;
                self.events.seek(position);
            }
            Ok(())
        }
    }

    /// Delivers what is in the log and what comes, until somebody else does, or nothing will come.
    async fn catch_up(&mut self, worker: &Weak<Worker>) -> io::Result<CaughtUp> {
        let mut silence = pin!(sleep(self.beat.interval()));
        let mut work = Turn::default();
        loop {
            self.wire.flush().await?;
            let next = match self.events.try_next() {
                Poll::Ready(next) => Some(next),
                Poll::Pending if self.take_seat(worker) => return Ok(CaughtUp::Seated),
                Poll::Pending => {
                    let next = async { Some(self.events.next().await) };
                    let beat = async {
                        silence.as_mut().await;
                        None
                    };
                    or(next, beat).await
                }
            };
            match next {
                Some(Some(block)) => {
                    let block = block.map_err(cut)?;
                    self.queue(&block);
                    // A filter is the application's code: nobody knows how long it takes.
                    let is_common = self.events.position().is_some();
                    work.spend(if is_common { block.len() } else { usize::MAX }).await;
                }
                Some(None) => return Ok(CaughtUp::Closed),
                None => self.queue_heartbeat(),
            }
            silence.set(sleep(self.beat.interval()));
        }
    }

    fn queue(&self, framed: &Block) {
        self.wire.lock().out.push(framed, 0);
    }

    /// Queues what fills a silence: an event or a comment, and where the client stands if it did not
    /// want what came last.
    fn queue_heartbeat(&mut self) {
        match &self.beat.event {
            Some(event) => {
                let cursor = self.events.farewell();
                let mut state = self.wire.lock();
                state.out.extend_from_slice(cursor.as_deref().unwrap_or_default());
                state.push_block(event);
            }
            None => {
                let block = self.events.heartbeat();
                self.queue(&block);
            }
        }
    }

    /// Lets the pump write. It serves those who want every event, in chunks.
    fn take_seat(&mut self, worker: &Weak<Worker>) -> bool {
        let Some((log, position)) = self.events.place() else { return false };
        let worker = worker.upgrade().filter(|_| self.wire.lock().chunked);
        let is_seated =
            worker.is_some_and(|worker| worker.seat(log, &self.beat, &self.wire, position));
        if is_seated {
            self.events.rest();
        }
        is_seated
    }
}

/// Whatever ends the stream, be it a shutdown or a time that is up: a client that did not want what came
/// last is told where it stands, or it would be told of a gap when it comes back.
impl Drop for Subscriber {
    fn drop(&mut self) {
        if let Some(farewell) = self.events.farewell() {
            self.queue(&farewell);
        }
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
