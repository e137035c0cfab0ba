//! The server's side: it publishes, ends in one way or another, and comes back.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::streams::Random;
use sse_channel::{Channel, Frame, History, Replay, Subscription};

use super::record::{Position, RARE, RARE_EVERY, data_of};

/// How the world changes for the clients, in turn.
const UPHEAVALS: [Upheaval; 4] =
    [Upheaval::Shutdown, Upheaval::Crash, Upheaval::OtherEpoch, Upheaval::OtherChannel];

#[derive(Clone, Copy)]
enum Upheaval {
    /// The server ends in peace and comes back with the same channel.
    Shutdown,
    /// The server cuts all connections where they are and comes back with the same channel.
    Crash,
    /// The same, but it comes back with an empty channel: another epoch.
    OtherEpoch,
    /// The server goes on, its channel is closed and another one takes its place.
    OtherChannel,
}

/// Who serves.
pub trait Host {
    /// Begins to serve at an address, any free port if that is 0; returns where. Each stream has a heartbeat every
    /// 500 ms.
    fn start(&mut self, address: SocketAddr, current: Current) -> SocketAddr;
    /// Ends every stream, properly if it can be done until the deadline, and returns when nobody listens any more.
    fn stop(&mut self, deadline: Duration);
}

/// The channel of the moment.
#[derive(Clone, Debug)]
pub struct Current(Arc<Mutex<Channel>>);

impl Current {
    /// What a request for this path gets.
    pub fn subscribe(&self, path: &str, last_event_id: Option<&str>) -> Subscription {
        let events = self.lock().subscribe(last_event_id, Replay::Live);
        if path == "/rare" {
            events.with_filter(|entry| entry.event_type() == RARE)
        } else {
            events
        }
    }

    fn lock(&self) -> MutexGuard<'_, Channel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Site<H: Host> {
    host: H,
    random: Random,
    address: SocketAddr,
    channel: Current,
    at: Position,
    is_running: bool,
    next_upheaval: Instant,
    upheavals: usize,
    published: u64,
    /// Gaps that were told by channels that are gone.
    gaps: u64,
    delivered: u64,
}

impl<H: Host> Site<H> {
    pub(crate) fn open(host: H, seed: u64) -> Self {
        let (channel, at) = new_channel();
        let mut site = Self {
            host,
            random: Random::new(seed),
            address: ([127, 0, 0, 1], 0).into(),
            channel: Current(Arc::new(Mutex::new(channel))),
            at,
            is_running: false,
            next_upheaval: Instant::now() + Duration::from_secs(2),
            upheavals: 0,
            published: 0,
            gaps: 0,
            delivered: 0,
        };
        site.start();
        site
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Publishes a few events, waits a little, and now and then turns everything over.
    pub(crate) fn live_on(&mut self) {
        for _ in 0..self.random.below(10) {
            self.publish();
        }
        self.pause(40);
        if Instant::now() > self.next_upheaval {
            let upheaval = UPHEAVALS[self.upheavals % UPHEAVALS.len()];
            self.turn_over(upheaval);
            self.upheavals += 1;
            let pause = 1000 + self.random.below(3000) as u64;
            self.next_upheaval = Instant::now() + Duration::from_millis(pause);
        }
    }

    /// Publishes up to an event that every client has asked for, and says which that is.
    pub(crate) fn last_word(&mut self) -> Position {
        self.publish();
        while self.at.sequence % RARE_EVERY != 0 {
            self.publish();
        }
        self.at
    }

    pub(crate) fn summary(&self) -> String {
        let stats = self.channel.lock().stats();
        let (delivered, gaps) = (self.delivered + stats.delivered, self.gaps + stats.gaps);
        format!(
            "server: {} events published, {delivered} delivered, {gaps} gaps told, {} times ended or \
             replaced",
            self.published, self.upheavals
        )
    }

    /// Fails when the run was too short to be worth anything.
    pub(crate) fn has_seen_everything(&self) -> Result<(), String> {
        let gaps = self.gaps + self.channel.lock().stats().gaps;
        match self.upheavals >= UPHEAVALS.len() && gaps > 0 {
            true => Ok(()),
            false => Err("the run was too short to see every kind of end, and gaps".to_owned()),
        }
    }

    fn publish(&mut self) {
        self.at.sequence += 1;
        let data = data_of(self.at);
        let mut frame = Frame::message(&data);
        if self.at.sequence % RARE_EVERY == 0 {
            frame = frame.with_event_type(RARE).unwrap_or(frame);
        }
        self.channel.lock().publish(&frame);
        self.published += 1;
    }

    fn pause(&mut self, at_most: usize) {
        thread::sleep(Duration::from_millis(self.random.below(at_most) as u64));
    }

    fn turn_over(&mut self, upheaval: Upheaval) {
        match upheaval {
            Upheaval::Shutdown => self.stop(Duration::from_millis(300)),
            Upheaval::Crash | Upheaval::OtherEpoch => self.stop(Duration::ZERO),
            Upheaval::OtherChannel => {}
        }
        if matches!(upheaval, Upheaval::OtherEpoch | Upheaval::OtherChannel) {
            let (channel, at) = new_channel();
            let gone = std::mem::replace(&mut *self.channel.lock(), channel);
            self.gaps += gone.stats().gaps;
            self.delivered += gone.stats().delivered;
            self.at = at;
        }
        for _ in 0..self.random.below(20) {
            self.publish();
        }
        if !self.is_running {
            self.pause(400);
            self.start();
        }
    }

    fn start(&mut self) {
        self.address = self.host.start(self.address, self.channel.clone());
        self.is_running = true;
    }

    fn stop(&mut self, deadline: Duration) {
        if std::mem::take(&mut self.is_running) {
            self.host.stop(deadline);
        }
    }
}

impl<H: Host> Drop for Site<H> {
    fn drop(&mut self) {
        self.stop(Duration::ZERO);
    }
}

/// A channel with a log short enough that a client that stalls falls off it.
fn new_channel() -> (Channel, Position) {
    let channel = Channel::new(History { events: 400, ..History::default() });
    let id = channel.last_event_id().to_string();
    let at = id.parse().expect("the ID of an empty channel");
    (channel, at)
}
