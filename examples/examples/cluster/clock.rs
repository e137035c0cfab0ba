//! Who publishes most: numbers without a hole, and with each which nodes run. Any program could; it is no node.
//! Depends on `node`'s names of streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use futures_lite::future::block_on;
use serde_json::json;
use sse_redis::{Error, Frame, Hub, Replay};

use crate::node::{self, EVENTS, KILLS};

/// Between two numbers.
const PERIOD: Duration = Duration::from_millis(200);

/// The numbers of the processes that are nodes, 0 for one that does not run.
pub(crate) type Running = Arc<[AtomicU32; 3]>;

/// Publishes as long as the program runs, and sends on which node is to be killed.
pub(crate) fn start(redis: &str, running: Running, kills: Sender<String>) -> Result<(), Error> {
    let (hub, reader) = Hub::new(redis, node::options(), |_| {})?;
    thread::spawn(|| block_on(reader));
    let wanted = hub.channel(KILLS);
    thread::spawn(move || {
        block_on(async {
            let Ok(mut events) = wanted.subscribe(None, Replay::All).await else { return };
            while let Some(Ok(block)) = events.next().await {
                let text = String::from_utf8_lossy(&block).into_owned();
                let names = text.lines().filter_map(|line| line.strip_prefix("data: "));
                if !names.map(str::to_owned).all(|name| kills.send(name).is_ok()) {
                    return;
                }
            }
        })
    });
    let events = hub.channel(EVENTS);
    thread::spawn(move || {
        for number in 1_u64.. {
            let id = |node: usize| Some(running[node].load(Ordering::SeqCst)).filter(|&it| it != 0);
            let nodes = json!({ "a": id(0), "b": id(1), "c": id(2) });
            let data = json!({ "number": number, "nodes": nodes }).to_string();
            // Trying again is safe: under its number it is published once.
            let publish =
                || block_on(events.publish_once(&Frame::message(&data), &number.to_string()));
            while publish().is_err() {
                thread::sleep(PERIOD);
            }
            thread::sleep(PERIOD);
        }
    });
    Ok(())
}
