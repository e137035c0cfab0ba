//! The laws of channels, for whoever carries a channel's events to a client and wherever its past is kept: a
//! bare subscription, the server's pump, somebody else's framework; memory, a database.
//!
//! A carrier and a store are each a trait of a few lines; [`channel_laws!`](crate::channel_laws) holds a pair of
//! them to all [`laws`], each in a test of its own.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

pub mod http;
mod joint;
pub mod laws;

pub use joint::Joint;

use std::sync::Arc;
use std::time::Duration;

use futures_lite::future::{block_on, or};
use sse_channel::{
    Channel, Channels, Entry, Feed, Frame, History, Log, Read, Replay, Subscription,
};

/// Name of the channel that a client follows beside the one that a law is about, and type of its events.
const BESIDE: &str = "beside";

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Its last event ID.
    pub last_event_id: Option<String>,
    /// Where it begins without one.
    pub replay: Replay,
    /// Whether it wants only the events whose number is even.
    pub only_even: bool,
    /// Whether its stream may end by itself after a moment, so that the connection can be used again.
    pub ends_soon: bool,
    /// Another channel that it follows over the same connection: see [`Joint`].
    pub beside: Option<Log>,
}

impl Ask {
    /// The subscription that was asked for.
    pub fn subscribe(&self, log: &Log) -> Subscription {
        let id = self.last_event_id.as_deref();
        let only_even = self.only_even;
        let Some(beside) = &self.beside else {
            let subscription = log.subscribe(id, self.replay);
            return if only_even { subscription.with_filter(is_even) } else { subscription };
        };
        let followed = Channels::new().with("it", log, self.replay);
        let followed = followed.with(BESIDE, beside, Replay::Live);
        let followed =
            followed.with_filter(move |name, entry| !only_even || name == BESIDE || is_even(entry));
        followed.subscribe(id).expect("two channels")
    }
}

fn is_even(entry: &Entry) -> bool {
    entry.data().unwrap_or_default().ends_with(['0', '2', '4', '6', '8'])
}

/// Who carries events from a log to clients.
pub trait Carrier: Sync {
    /// Connects a client. A connection whose stream has ended should be used again.
    fn connect(&self, log: &Log, ask: &Ask) -> Box<dyn Client>;
}

/// One client's stream.
pub trait Client: Send {
    /// The next block, without its blank line; `None` at the end.
    fn block(&mut self) -> Option<String>;
    /// Whether the end was a proper one.
    fn is_complete(&self) -> bool;
}

/// Where a channel's events are kept.
pub trait Store: Send + Sync {
    /// Publishes a frame; it is in the log when this returns.
    fn publish(&self, frame: &Frame<'_>);
    /// The log from which clients are served.
    fn log(&self) -> &Log;
    /// Closes the channel.
    fn close(&self);
    /// Whether what the log has dropped can still be had.
    fn keeps_all(&self) -> bool;
}

/// A module of tests that hold a carrier and a store to each law.
#[macro_export]
macro_rules! channel_laws {
    ($name:ident, $carrier:expr, $store:expr) => {
        $crate::channel_laws!($name, $carrier, $store;
            once_and_in_order, gaps_are_told, others_ids_are_gaps, own_subscribers_only,
            the_cursor_moves_forward, who_stops_delays_nobody, closing_ends_whole
        );
    };
    ($name:ident, $carrier:expr, $store:expr; $($law:ident),+) => {
        mod $name {
            #[allow(unused_imports, reason = "a path may say it all")]
            use super::*;
            $(
                #[test]
                fn $law() {
                    $crate::carriers::laws::$law(&$carrier, $store);
                }
            )+
        }
    };
}

/// Makes a store whose log has this history.
pub type NewStore = fn(History) -> Box<dyn Store>;

/// A subscription that nobody carries: read where it is.
#[derive(Debug)]
pub struct Bare;

impl Carrier for Bare {
    fn connect(&self, log: &Log, ask: &Ask) -> Box<dyn Client> {
        Box::new(BareClient { events: ask.subscribe(log), text: String::new(), ended: None })
    }
}

struct BareClient {
    events: Subscription,
    text: String,
    ended: Option<bool>,
}

impl Client for BareClient {
    fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            if self.ended.is_some() {
                return None;
            }
            let late = async {
                async_io::Timer::after(PATIENCE).await;
                panic!("nothing came");
            };
            // What is there by then although nobody was woken for it is late too.
            match block_on(or(late, self.events.next())) {
                Some(Ok(block)) => self.text += std::str::from_utf8(&block).expect("text"),
                Some(Err(_)) => self.ended = Some(false),
                None => self.ended = Some(true),
            }
        }
    }

    fn is_complete(&self) -> bool {
        self.ended == Some(true)
    }
}

/// A channel in memory.
#[must_use]
pub fn memory(history: History) -> Box<dyn Store> {
    Box::new(Channel::new(history))
}

impl Store for Channel {
    fn publish(&self, frame: &Frame<'_>) {
        Channel::publish(self, frame);
    }

    fn log(&self) -> &Log {
        Channel::log(self)
    }

    fn close(&self) {
        Channel::close(self);
    }

    fn keeps_all(&self) -> bool {
        false
    }
}

/// A log that is fed from another one, which has everything.
#[must_use]
pub fn fed(history: History) -> Box<dyn Store> {
    let all = History { events: usize::MAX, bytes: usize::MAX, ..History::default() };
    let past = Channel::new(all);
    let source = Arc::new(past.log().clone());
    let feed = Feed::new(history, &past.last_event_id(), source);
    Box::new(Fed { past, feed, fed: std::sync::Mutex::new(1) })
}

struct Fed {
    past: Channel,
    feed: Feed,
    fed: std::sync::Mutex<u64>,
}

impl Store for Fed {
    fn publish(&self, frame: &Frame<'_>) {
        let mut fed = self.fed.lock().expect("whole");
        self.past.publish(frame);
        while let Read::Entries(entries) = self.past.log().read(*fed, usize::MAX) {
            *fed += entries.len() as u64;
            entries.into_iter().for_each(|entry| self.feed.push(entry));
        }
    }

    fn log(&self) -> &Log {
        self.feed.log()
    }

    fn close(&self) {
        self.feed.close();
    }

    fn keeps_all(&self) -> bool {
        true
    }
}
