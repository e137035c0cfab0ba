//! One client's place in a channel: a position, and the loop that catches up from it. Replay and
//! live are this one loop; while there is nothing to catch up the pump writes in its stead.

use std::io;
use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_lite::future::or;

use crate::channel::{Filter, Lag, Shared, Subscription};
use crate::pump::{HEARTBEAT, Pump, Worker};
use crate::socket::Patience;
use crate::wire::Wire;

/// Bytes queued for a connection that catches up.
const BATCH_BYTES: usize = 16 * 1024;

pub(crate) struct Subscriber {
    wire: Arc<Wire>,
    channel: Arc<Shared>,
    worker: Weak<Worker>,
    pump: Option<Arc<Pump>>,
    filter: Option<Filter>,
    heartbeat: Option<Duration>,
    chunked: bool,
    position: u64,
    /// The position that the client's last event ID stands for.
    told: u64,
}

/// How catching up ended.
enum CaughtUp {
    /// The pump writes from here on.
    Seated,
    /// The channel has closed and the client has everything.
    Finished,
}

impl Subscriber {
    /// Finds the place to begin, and queues what the client must know first.
    pub(crate) fn new(
        subscription: Subscription,
        last_event_id: Option<&str>,
        wire: Arc<Wire>,
        worker: Weak<Worker>,
        heartbeat: Option<Duration>,
        chunked: bool,
    ) -> Self {
        let Subscription { channel, after, replay, filter } = subscription;
        let id = after.as_deref().filter(|id| !id.is_empty()).or(last_event_id);
        let (position, gap) = channel.log().resume(id, replay);
        channel.counters.subscribers.fetch_add(1, Ordering::Relaxed);
        let subscriber = Self {
            wire,
            channel,
            worker,
            pump: None,
            filter,
            heartbeat,
            chunked,
            position,
            told: position,
        };
        match gap {
            Some(gap) => subscriber.push(&subscriber.channel.gap_block(&gap, position)),
            None if id.is_none() => subscriber.push(&subscriber.channel.cursor_block(position)),
            None => {}
        }
        subscriber
    }

    /// Delivers until the channel closes.
    ///
    /// # Errors
    ///
    /// The connection is over, too slow, or lagged on a channel that disconnects those who lag.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would keep `self` twice")]
    pub(crate) fn run(mut self) -> impl Future<Output = io::Result<()>> + Send {
        async move {
            // Catching up needs timers and buffers; a connection that only waits keeps none of them.
            while let CaughtUp::Seated = Box::pin(self.catch_up()).await? {
                self.position = self.wire.ejected().await;
                self.told = self.position;
                self.pump = None;
            }
            Ok(())
        }
    }

    async fn catch_up(&mut self) -> io::Result<CaughtUp> {
        let mut patience = self.heartbeat.map(Patience::new);
        loop {
            self.wire.flush().await?;
            if self.queue_next()? {
                patience = self.heartbeat.map(Patience::new);
                continue;
            }
            let channel = self.channel.clone();
            let grown = channel.grown.listen();
            if channel.log().end() != self.position {
                continue;
            }
            if channel.is_closed() {
                return Ok(CaughtUp::Finished);
            }
            if self.take_seat() {
                return Ok(CaughtUp::Seated);
            }
            let silent = or(
                async {
                    grown.await;
                    false
                },
                async {
                    match &mut patience {
                        Some(patience) => patience.lost().await,
                        None => std::future::pending().await,
                    }
                    true
                },
            );
            if silent.await {
                self.queue_heartbeat();
                patience = self.heartbeat.map(Patience::new);
            }
        }
    }

    /// Queues the next events of the log; whether there were any.
    fn queue_next(&mut self) -> io::Result<bool> {
        let read = self.channel.log().read(self.position, BATCH_BYTES);
        let entries = match read {
            Ok(entries) => entries,
            Err(gap) => {
                self.channel.counters.lagged.fetch_add(1, Ordering::Relaxed);
                if self.channel.history.lag == Lag::Disconnect {
                    return Err(io::Error::other("the client fell behind the channel's history"));
                }
                self.position = self.channel.log().first();
                self.told = self.position;
                self.push(&self.channel.gap_block(&gap, self.position));
                return Ok(true);
            }
        };
        for entry in &entries {
            self.position += 1;
            if self.filter.as_ref().is_none_or(|wanted| wanted(entry)) {
                let bytes = entry.bytes(self.chunked);
                self.wire.push(bytes);
                self.told = self.position;
                self.channel.counters.delivered.fetch_add(1, Ordering::Relaxed);
                self.channel.counters.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
        }
        Ok(!entries.is_empty())
    }

    /// Moves the client's last event ID past events that it did not want; a comment if there were none.
    fn queue_heartbeat(&mut self) {
        if self.told == self.position {
            self.push(HEARTBEAT);
        } else {
            self.push(&self.channel.cursor_block(self.position));
            self.told = self.position;
        }
    }

    /// Lets the pump write. It serves those who want every event, in chunks.
    fn take_seat(&mut self) -> bool {
        if self.filter.is_some() || !self.chunked {
            return false;
        }
        let Some(worker) = self.worker.upgrade() else {
            return false;
        };
        self.pump = worker.join(&self.channel, self.heartbeat, &self.wire, self.position);
        self.pump.is_some()
    }

    fn push(&self, block: &[u8]) {
        self.wire.push_framed(block, self.chunked);
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.wire.stand();
        if let Some(pump) = &self.pump {
            pump.leave();
        }
        self.channel.counters.subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}
