//! One client's place in a channel: a position, and the loop that catches up from it. Replay and
//! live are this one loop; while there is nothing to catch up the pump writes in its stead.

use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::channel::{Filter, Lag, Shared, Subscription};
use crate::log::{BATCH_BYTES, Batch, Entry, Gap};
use crate::pump::Worker;
use crate::service::Service;
use crate::socket::Patience;
use crate::stream::Ended;
use crate::wire::Wire;

pub(crate) struct Subscriber {
    wire: Arc<Wire>,
    channel: Arc<Shared>,
    filter: Option<Filter>,
    heartbeat: Option<Duration>,
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
        heartbeat: Option<Duration>,
    ) -> Self {
        let Subscription { channel, after, replay, filter } = subscription;
        let id = after.as_deref().filter(|id| !id.is_empty()).or(last_event_id);
        let (position, gap) = channel.log().resume(id, replay);
        channel.count(|stats| stats.subscribers += 1);
        match gap {
            Some(gap) => wire.lock().push_block(&channel.gap_block(gap, position)),
            None if id.is_none() => wire.lock().push_block(&channel.cursor_block(position)),
            None => {}
        }
        Self { wire, channel, filter, heartbeat, position, skipped: false }
    }

    /// Delivers until the channel closes or the server stops, or the connection must be cut: it is
    /// over, too slow, or lagged on a channel that disconnects those who lag.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would keep `self` twice")]
    pub(crate) fn run(
        mut self,
        worker: Weak<Worker>,
        service: Arc<Service>,
    ) -> impl Future<Output = Ended> + Send {
        async move {
            // Catching up needs timers and buffers; a connection that only waits keeps none of them.
            loop {
                match Box::pin(service.stop.unless_requested(self.catch_up(&worker))).await {
                    Some(None) => self.position = self.wire.unseated().await,
                    Some(Some(ended)) => return ended,
                    None => return Ended::Stopped,
                }
            }
        }
    }

    /// Delivers what is in the log and what comes, until the pump writes in its stead; `None` then.
    async fn catch_up(&mut self, worker: &Weak<Worker>) -> Option<Ended> {
        let mut silence = Patience::new(self.heartbeat);
        loop {
            if self.wire.flush().await.is_err() {
                return Some(Ended::Cut);
            }
            let read = self.channel.log().read(self.position, BATCH_BYTES);
            match read {
                Ok(entries) if entries.is_empty() => {}
                Ok(entries) => {
                    self.queue(&entries);
                    silence.renew();
                    continue;
                }
                Err(gap) => {
                    self.channel.count(|stats| stats.lagged += 1);
                    if self.channel.history.lag == Lag::Disconnect {
                        return Some(Ended::Cut);
                    }
                    self.skip(gap);
                    continue;
                }
            }
            let grown = self.channel.grown.listen();
            if self.channel.log().has_news(self.position) {
                if self.is_finished() {
                    return Some(Ended::Properly);
                }
            } else if self.take_seat(worker) {
                return None;
            } else if silence.is_lost_before(grown).await {
                self.queue_heartbeat();
                silence.renew();
            }
        }
    }

    fn queue(&mut self, entries: &[Arc<Entry>]) {
        let chunked = self.wire.lock().chunked;
        let batch = Batch::of(self.position, entries, chunked, self.filter.as_ref());
        self.wire.lock().push(&batch.bytes);
        self.channel.delivered(&batch, 1);
        self.position = batch.end;
        self.skipped |= batch.events < entries.len() as u64;
    }

    /// Goes on with the oldest event that is left, after a word about the others.
    fn skip(&mut self, gap: Gap) {
        self.position = self.channel.log().first();
        self.wire.lock().push_block(&self.channel.gap_block(gap, self.position));
    }

    fn is_finished(&self) -> bool {
        let log = self.channel.log();
        log.is_closed && log.end() == self.position
    }

    /// Moves the client's last event ID past events that it did not want; a comment if there were none.
    fn queue_heartbeat(&mut self) {
        if std::mem::take(&mut self.skipped) {
            self.wire.lock().push_block(&self.channel.cursor_block(self.position));
        } else {
            self.wire.lock().push_block(b":\n\n");
        }
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
