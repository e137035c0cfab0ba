//! What the servers under test have in common.
//!
//! Each answers `GET /events` with an event stream and `GET /start?rate=R&count=K&size=B` by
//! publishing K events of B bytes to all streams, R a second, or all at once if R is 0.
//! Sequence numbers go on over all starts.

pub mod broadcast;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

/// The arguments of every server.
#[derive(Parser)]
pub struct Args {
    /// Address and port to listen on
    #[arg(long)]
    pub addr: SocketAddr,
}

/// What a request to `/start` asks for.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Burst {
    /// Events a second; 0: all at once.
    pub rate: f64,
    /// How many events.
    pub count: u64,
    /// Bytes of data of each event.
    pub size: usize,
}

impl Burst {
    /// The burst in a query such as `rate=100&count=5&size=100`.
    pub fn of_query(query: &str) -> Option<Burst> {
        serde_urlencoded::from_str(query).ok()
    }

    /// When the event with this number, counted from 0 in the burst, is due after its start.
    pub fn due(&self, number: u64) -> Duration {
        if self.rate > 0.0 {
            Duration::from_secs_f64(number as f64 / self.rate)
        } else {
            Duration::ZERO
        }
    }

    /// The data of an event: when it was published, its number, and letters up to the size.
    pub fn data(&self, sequence: u64) -> String {
        let mut data = format!("{} {sequence} ", now());
        data.extend(std::iter::repeat_n('x', self.size.saturating_sub(data.len())));
        data
    }
}

/// The monotonic clock of the machine in nanoseconds: the same for all processes.
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
