//! What the tests of the client share: bounded waiting, sources that come back at once.

use crate::fault::Server;
use futures_lite::FutureExt;
use sse_client::{Builder, Error, Event, EventSource, Item};
use std::future::Future;
use std::time::Duration;

/// Runs a test's future.
///
/// # Panics
///
/// If it takes longer than 20 seconds.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    async_io::block_on(future.or(async {
        async_io::Timer::after(Duration::from_secs(20)).await;
        panic!("the test took too long");
    }))
}

/// A source of `/events` that comes back without a delay.
pub fn quick(server: &Server) -> Builder {
    quick_url(&server.url("/events"))
}

/// A source of any URL that comes back without a delay.
pub fn quick_url(url: &str) -> Builder {
    EventSource::builder(url).reconnection_time(Duration::ZERO).min_delay(Duration::ZERO)
}

/// [`quick`], built.
///
/// # Panics
///
/// If it cannot be built.
pub fn source(server: &Server) -> EventSource {
    quick(server).build().expect("a source")
}

/// The next event, over as many reconnects as it takes.
///
/// # Panics
///
/// If the source is closed first.
pub async fn event(source: &mut EventSource) -> Event {
    loop {
        match source.next().await.expect("not closed") {
            Item::Event(event) => return event,
            Item::Error(error) => assert!(!error.is_final(), "{error}"),
            _ => {}
        }
    }
}

/// The data of the next event, over as many reconnects as it takes.
///
/// # Panics
///
/// If the source is closed first.
pub async fn data(source: &mut EventSource) -> String {
    event(source).await.data
}

/// The next error, over as many events as come before.
///
/// # Panics
///
/// If the source is closed first.
pub async fn error(source: &mut EventSource) -> Error {
    loop {
        if let Item::Error(error) = source.next().await.expect("not closed") {
            return error;
        }
    }
}

/// Everything up to the first error: the events, and that error.
///
/// # Panics
///
/// If the source is closed first.
pub async fn until_error(source: &mut EventSource) -> (Vec<Event>, Error) {
    let mut events = Vec::new();
    loop {
        match source.next().await.expect("not closed") {
            Item::Event(event) => events.push(event),
            Item::Error(error) => return (events, error),
            _ => {}
        }
    }
}
