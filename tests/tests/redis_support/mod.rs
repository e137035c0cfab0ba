//! What tests of channels in Redis share: publishing and following on a node, and reading what comes.

#![allow(dead_code, reason = "each test uses some of it")]

use std::time::Duration;

use futures_lite::future::{block_on, or};
use sse_channel::{Frame, History, Replay, Subscription};
use sse_redis::Options;
use tests::redis::Node;

const PATIENCE: Duration = Duration::from_secs(60);

/// An event as a client has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: String,
}

/// A client.
pub(crate) struct Reading {
    events: Subscription,
    text: String,
    id: String,
}

/// A node whose logs hold few events: most come from Redis.
pub(crate) fn small() -> Options {
    let history = History { events: 4, ..History::default() };
    Options { history, prefill: 2, ..Options::default() }
}

/// Publishes, and tells the ID.
pub(crate) fn publish(node: &Node, key: &str, data: &str) -> String {
    let published = block_on(node.hub.channel(key).publish(&Frame::message(data)));
    published.expect("published").to_string()
}

/// Follows a channel.
pub(crate) fn subscribe(node: &Node, key: &str, id: Option<&str>, replay: Replay) -> Reading {
    let events = block_on(node.hub.channel(key).subscribe(id, replay)).expect("a subscription");
    Reading::of(events, id)
}

impl Reading {
    /// A client with this ID.
    pub(crate) fn of(events: Subscription, id: Option<&str>) -> Self {
        Self { events, text: String::new(), id: id.unwrap_or_default().to_owned() }
    }

    /// The next event, gaps among them.
    pub(crate) fn next(&mut self) -> Event {
        block_on(self.event())
    }

    /// The events up to the one with these data.
    pub(crate) fn up_to(&mut self, last: &str) -> Vec<Event> {
        block_on(self.all(last))
    }

    /// Takes what is there already, or comes while Redis is asked once: how many bytes that is.
    pub(crate) fn look(&mut self) -> usize {
        let late = async {
            async_io::Timer::after(Duration::from_millis(5)).await;
            None
        };
        let block = block_on(or(async { Some(self.events.next().await) }, late));
        let Some(block) = block else { return 0 };
        let block = block.expect("open").expect("not cut");
        self.text += std::str::from_utf8(&block).expect("text");
        block.len()
    }

    /// Reads with all clients at the same time.
    pub(crate) fn all_up_to(clients: &mut [Self], last: &str) {
        let executor = async_executor::LocalExecutor::new();
        let tasks: Vec<_> = clients.iter_mut().map(|it| executor.spawn(it.all(last))).collect();
        block_on(executor.run(async {
            for task in tasks {
                task.await;
            }
        }));
    }

    async fn all(&mut self, last: &str) -> Vec<Event> {
        let mut found: Vec<Event> = Vec::new();
        while found.last().is_none_or(|event| event.data != last) {
            found.push(self.event().await);
        }
        found
    }

    async fn event(&mut self) -> Event {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
                let id = field("id: ").map(str::to_owned);
                let event = field("event: ").unwrap_or("message").to_owned();
                let data = field("data: ").map(str::to_owned);
                self.text = rest.to_owned();
                self.id = id.unwrap_or(std::mem::take(&mut self.id));
                if let Some(data) = data {
                    return Event { id: self.id.clone(), event, data };
                }
            }
            let late = async {
                async_io::Timer::after(PATIENCE).await;
                panic!("nothing came");
            };
            let block = or(self.events.next(), late).await.expect("open").expect("not cut");
            self.text += std::str::from_utf8(&block).expect("text");
        }
    }
}
