//! One client's place in a channel: a position, and the loop that catches up from it. Replay and
//! live are this one loop; while there is nothing to catch up the pump writes in its stead.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_lite::future::or;

use crate::channel::Shared;
use crate::log::{BATCH_BYTES, Batch, Entry, Gap};
use crate::pump::Worker;
use crate::service::Service;
use crate::socket::sleep;
use crate::wire::Wire;
use crate::{Lag, Replay};

/// What a handler said about the subscription it answers with.
pub(crate) struct Subscription {
    pub(crate) channel: Arc<Shared>,
    pub(crate) after: Option<String>,
    pub(crate) replay: Replay,
    pub(crate) filter: Option<Filter>,
}

pub(crate) type Filter = Box<dyn Fn(&Entry) -> bool + Send + Sync>;

pub(crate) struct Subscriber {
    wire: Arc<Wire>,
    channel: Arc<Shared>,
    filter: Option<Filter>,
    heartbeat: Duration,
    position: u64,
    /// Whether the client's last event ID may stand for less than `position`.
    skipped: bool,
}

impl Subscriber {
    /// Finds the place to begin, and queues what the client must know first.
    pub(crate) fn new(
        subscription: Subscription,
        last_event_id: Option<&str>,
        wire: Arc<Wire>,
        heartbeat: Duration,
    ) -> Self {
        let Subscription { channel, after, replay, filter } = subscription;
        let id = after.as_deref().filter(|id| !id.is_empty()).or(last_event_id);
        let (position, gap) = channel.log().resume(id, replay);
        channel.count(|stats| stats.subscribers += 1);
        let first = match gap {
            Some(gap) => channel.gap_block(gap, position),
            None if id.is_none() => channel.cursor_block(position),
            None => Vec::new(),
        };
        if !first.is_empty() {
            wire.lock().push_block(&first);
        }
        Self { wire, channel, filter, heartbeat, position, skipped: false }
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
                self.position = self.wire.unseated().await;
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
            let (read, is_closed) = {
                let log = self.channel.log();
                (log.read(self.position, BATCH_BYTES), log.is_closed)
            };
            match read {
                Err(gap) => self.skip(gap)?,
                Ok(entries) if !entries.is_empty() => {
                    if self.queue(&entries) {
                        silence.set(sleep(self.heartbeat));
                    }
                }
                Ok(_) if is_closed => return Ok(false),
                Ok(_) if self.take_seat(worker) => return Ok(true),
                Ok(_) => {
                    let grown = self.channel.grown.listen();
                    // What came before it was listened for wakes nobody.
                    let has_news = self.channel.log().has_news(self.position);
                    let beat = async {
                        silence.as_mut().await;
                        self.queue_heartbeat();
                        silence.set(sleep(self.heartbeat));
                    };
                    if !has_news {
                        or(grown, beat).await;
                    }
                }
            }
        }
    }

    /// Queues those of the entries that the client wants; whether there are any.
    fn queue(&mut self, entries: &[Arc<Entry>]) -> bool {
        let chunked = self.wire.lock().chunked;
        let batch = Batch::of(self.position, entries, chunked, self.filter.as_ref());
        self.wire.lock().out.extend_from_slice(&batch.bytes);
        self.channel.delivered(&batch, 1);
        self.position = batch.end;
        self.skipped |= batch.events < entries.len() as u64;
        batch.events > 0
    }

    /// Goes on with the oldest event that is left, after a word about the others.
    fn skip(&mut self, gap: Gap) -> io::Result<()> {
        self.channel.count(|stats| stats.lagged += 1);
        if self.channel.log().history.lag == Lag::Disconnect {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.position = self.channel.log().first;
        let told = self.channel.gap_block(gap, self.position);
        self.wire.lock().push_block(&told);
        Ok(())
    }

    /// Moves the client's last event ID past events that it did not want; a comment if there were none.
    fn queue_heartbeat(&mut self) {
        let is_behind = std::mem::take(&mut self.skipped);
        let cursor = is_behind.then(|| self.channel.cursor_block(self.position));
        self.wire.lock().push_block(cursor.as_deref().unwrap_or(b":\n\n"));
    }

    /// Lets the pump write. It serves those who want every event, in chunks.
    fn take_seat(&mut self, worker: &Weak<Worker>) -> bool {
        let wants_all = self.filter.is_none() && self.wire.lock().chunked;
        let worker = worker.upgrade().filter(|_| wants_all);
        worker.is_some_and(|worker| {
            worker.seat(&self.channel, self.heartbeat, &self.wire, self.position)
        })
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.channel.count(|stats| stats.subscribers -= 1);
    }
}
