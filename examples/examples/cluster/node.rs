//! A node: serves the channel, and publishes to it what it is sent. Depends on nothing of the others.

use std::error::Error;
use std::io;
use std::thread;
use std::time::Duration;

use futures_lite::future::{block_on, or};
use serde_json::json;
use sse_redis::{Frame, Hub, Notice, Options, RedisChannel, Replay, Subscription};
use sse_server::{Method, Request, Response, Server, Shutdown, Sink};

/// The stream that every client follows.
pub(crate) const EVENTS: &str = "cluster:events";
/// The stream by which a node that is to be killed comes to be known to who can.
pub(crate) const KILLS: &str = "cluster:kills";

/// Events that a new page begins with.
const SHOWN: u64 = 60;
/// After how long a page whose node is gone comes back.
const RETRY: Duration = Duration::from_millis(500);
/// Bytes of what somebody says.
const LONGEST: usize = 500;

/// How a node, or whoever else publishes, uses Redis.
pub(crate) fn options() -> Options {
    Options { max_len: Some(10_000), ..Options::default() }
}

struct Node {
    name: String,
    events: RedisChannel,
    kills: RedisChannel,
}

/// Serves until the standard input ends, SIGTERM or Ctrl-C.
pub(crate) fn serve(name: &str, address: &str, redis: &str) -> Result<(), Box<dyn Error>> {
    let told = name.to_owned();
    let tell = move |notice: &Notice| match notice {
        Notice::Connected => {}
        other => eprintln!("node {told}: {other}"),
    };
    let (hub, reader) = Hub::new(redis, options(), tell)?;
    thread::spawn(|| block_on(reader));
    let node =
        Node { name: name.to_owned(), events: hub.channel(EVENTS), kills: hub.channel(KILLS) };
    let server = Server::new(move |request| node.answer(request)).bind(address)?;
    let (handle, address) = (server.handle(), server.local_addr()?);
    let end = move || {
        let soon = Duration::from_secs(1);
        let (retry_after, retry_spread) = (RETRY, soon);
        handle.shutdown(Shutdown { deadline: soon, retry_after, retry_spread });
    };
    ctrlc::set_handler(end.clone())?;
    thread::spawn(move || {
        // It ends with whoever has started this node, in whatever way that ended.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        end();
    });
    examples::say(format_args!("node {name}: process {} on {address}", std::process::id()));
    Ok(server.run()?)
}

impl Node {
    fn answer(&self, request: &Request) -> Response {
        let response = match (request.method(), request.path()) {
            (Method::Post, "/say") => self.say(request),
            (Method::Post, "/kill") => self.kill(request),
            (_, "/") => Response::html(include_str!("../../pages/cluster.html")),
            (_, "/events") => self.follow(request),
            _ => Response::not_found(),
        };
        // A proxy, curl and a client of ours see by it who has answered.
        response.with_header("X-Node", self.name.clone())
    }

    /// Follows the channel. All nodes down at once are the end of an `EventSource`; the page opens another then, which cannot
    /// set the header.
    fn follow(&self, request: &Request) -> Response {
        let (channel, name) = (self.events.clone(), self.name.clone());
        let before = request.last_event_id().map(str::to_owned);
        let before = before.or_else(|| request.query("lastEventId").map(Into::into));
        Response::later(async move {
            match channel.subscribe(before.as_deref(), Replay::Last(SHOWN)).await {
                // `Response::events(events)` is all that a node needs that has no name to tell.
                Ok(events) => Response::stream(move |sink| tell_who(name, events, sink)),
                Err(error) => unavailable(&error),
            }
        })
    }

    fn say(&self, request: &Request) -> Response {
        let text = String::from_utf8_lossy(request.body()).trim().to_owned();
        if text.is_empty() || text.len() > LONGEST {
            return Response::new(422).with_body(format!("1 to {LONGEST} bytes can be said"));
        }
        publish(self.events.clone(), "said", json!({ "at": self.name, "text": text }).to_string())
    }

    fn kill(&self, request: &Request) -> Response {
        let name = String::from_utf8_lossy(request.body()).trim().to_owned();
        publish(self.kills.clone(), "kill", name)
    }
}

/// The events, and before them who brings them: a page cannot read the head of an event stream.
async fn tell_who(name: String, mut events: Subscription, mut sink: Sink) -> io::Result<()> {
    let who = Frame::message(&name).with_event_type("node").map_err(io::Error::other)?;
    sink.send(&who.with_reconnection_time(RETRY)).await?;
    loop {
        let stopping = async {
            sink.stopping().await;
            None
        };
        let Some(block) = or(events.next(), stopping).await else { return Ok(()) };
        sink.send_bytes(&block.map_err(io::Error::other)?).await?;
    }
}

fn publish(channel: RedisChannel, event_type: &'static str, data: String) -> Response {
    Response::later(async move {
        let Ok(frame) = Frame::message(&data).with_event_type(event_type) else {
            return Response::new(500);
        };
        match channel.publish(&frame).await {
            Ok(_) => Response::new(204),
            Err(error) => unavailable(&error),
        }
    })
}

fn unavailable(error: &dyn Error) -> Response {
    Response::new(503).with_header("Retry-After", "1").with_body(error.to_string())
}
