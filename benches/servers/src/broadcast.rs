//! A paced publisher for the servers that run on tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::BroadcastStream;

use crate::Burst;

/// How many events a slow subscriber may be behind.
pub const CAPACITY: usize = 1024;

/// Hands every event to all subscribers.
#[derive(Clone)]
pub struct Publisher {
    events: broadcast::Sender<Bytes>,
    sequence: Arc<AtomicU64>,
    encode: fn(String) -> Bytes,
}

impl Publisher {
    /// A publisher that turns the data of an event into what subscribers get by `encode`.
    pub fn new(encode: fn(String) -> Bytes) -> Publisher {
        Publisher { events: broadcast::channel(CAPACITY).0, sequence: Arc::default(), encode }
    }

    /// The events from now on.
    pub fn subscribe(&self) -> BroadcastStream<Bytes> {
        BroadcastStream::new(self.events.subscribe())
    }

    /// Publishes a burst in a task of its own.
    pub fn start(&self, burst: Burst) {
        tokio::spawn(self.clone().publish(burst));
    }

    async fn publish(self, burst: Burst) {
        let start = Instant::now();
        for number in 0..burst.count {
            if burst.rate > 0.0 {
                sleep_until(start + burst.due(number)).await;
            }
            let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
            // Without subscribers nobody misses the event.
            let _ = self.events.send((self.encode)(burst.data(sequence)));
        }
    }
}
