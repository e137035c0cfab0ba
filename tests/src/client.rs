//! Our client, used without async and with a bound on every wait. Needs sse-client.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::time::Duration;

use async_io::Timer;
use futures_lite::future::{block_on, or};
use sse_client::{Error, Event, EventSource, Item};

/// No wait is longer: more than any reconnection time in the tests, its random part included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Our client, with a bound on every wait.
#[derive(Debug)]
pub struct Client {
    /// The event source itself.
    pub source: EventSource,
}

impl Client {
    /// Connects when it is first asked for something.
    pub fn open(url: String) -> Self {
        let source = EventSource::new(&url).expect("a URL");
        Self { source }
    }

    /// The next item; `None` if the source is closed.
    pub fn item(&mut self) -> Option<Item> {
        let wait = async {
            Timer::after(PATIENCE).await;
            panic!("nothing in time");
        };
        block_on(or(self.source.next(), wait))
    }

    /// The next event, whatever happens before it.
    pub fn event(&mut self) -> Event {
        loop {
            if let Item::Event(event) = self.item().expect("the source goes on") {
                return event;
            }
        }
    }

    /// The next error, whatever happens before it.
    pub fn error(&mut self) -> Error {
        loop {
            if let Item::Error(error) = self.item().expect("the source says why") {
                return error;
            }
        }
    }

    /// Whether nothing comes, and the source does not end, for a time.
    pub fn is_silent_for(&mut self, time: Duration) -> bool {
        let item = async {
            self.source.next().await;
            false
        };
        let silence = async {
            Timer::after(time).await;
            true
        };
        block_on(or(item, silence))
    }
}
