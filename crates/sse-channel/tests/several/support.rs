//! What the tests of several channels share: channels by name, and what a client sees of its blocks.

use std::task::{Context, Poll, Waker};

use futures_core::Stream;
use sse_channel::{Channel, Channels, Cut, Frame, Replay, Subscription};

/// Channels `a`, `b` and so on.
pub(crate) fn named(channels: &[&Channel], replay: Replay) -> Channels {
    ('a'..).zip(channels).fold(Channels::new(), |named, (name, channel)| {
        named.with(name.to_string(), channel.log(), replay)
    })
}

/// All that is there already; an error at its end, if there is one.
pub(crate) fn all(events: &mut Subscription) -> (String, Option<Cut>) {
    let (mut text, mut idle) = (String::new(), 0);
    let mut cx = Context::from_waker(Waker::noop());
    // A source is asked when somebody waits.
    while idle < 10 {
        match std::pin::Pin::new(&mut *events).poll_next(&mut cx) {
            Poll::Ready(Some(Ok(block))) => {
                text += std::str::from_utf8(&block).unwrap();
                idle = 0;
            }
            Poll::Ready(Some(Err(cut))) => return (text, Some(cut)),
            Poll::Ready(None) => break,
            Poll::Pending => idle += 1,
        }
    }
    (text, None)
}

pub(crate) fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(name)).collect()
}

pub(crate) fn data(text: &str) -> Vec<&str> {
    values(text, "data: ")
}

/// What a client remembers after this text.
pub(crate) fn id(text: &str) -> String {
    values(text, "id: ").last().expect("an ID").to_string()
}

pub(crate) fn say(channel: &Channel, text: &str) {
    channel.publish(&Frame::message(text));
}
