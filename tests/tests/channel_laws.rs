//! Laws 7, 9, 11, 12 and 13 for the carriers of this workspace, and wherever a channel's past is kept.

mod server_support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use server_support::{Peer, Running};
use sse_channel::Log;
use sse_server::{Events, Request, Response, Server, sleep};
use tests::carriers::{Ask, Bare, Carrier, Client, Joint, fed, memory};
use tests::channel_laws;

channel_laws!(a_bare_subscription_of_memory, Bare, memory);
channel_laws!(a_bare_subscription_of_a_feed, Bare, fed);
channel_laws!(the_server_of_memory, Pump::start(1), memory);
channel_laws!(the_server_of_a_feed, Pump::start(1), fed);
channel_laws!(the_server_on_two_threads, Pump::start(2), memory);

/// Those of the laws whose channel does not close.
macro_rules! joint_laws {
    ($name:ident, $closed:ident, $carrier:expr, $store:expr) => {
        channel_laws!($name, Joint::new($carrier), $store;
            once_and_in_order, gaps_are_told, others_ids_are_gaps, own_subscribers_only,
            the_cursor_moves_forward, who_stops_delays_nobody
        );
        channel_laws!($closed, Joint::closed($carrier), $store; closing_ends_whole);
    };
}

joint_laws!(beside_another_bare, beside_a_closed_one_bare, Bare, memory);
joint_laws!(beside_another_of_a_feed, beside_a_closed_one_of_a_feed, Bare, fed);
joint_laws!(beside_another_served, beside_a_closed_one_served, Pump::start(1), memory);
joint_laws!(
    beside_another_served_of_a_feed,
    beside_a_closed_one_served_of_a_feed,
    Pump::start(1),
    fed
);
joint_laws!(
    beside_another_on_two_threads,
    beside_a_closed_one_on_two_threads,
    Pump::start(2),
    memory
);

/// What the server is asked for, by the path at which it is.
type Asked = Arc<Mutex<HashMap<String, (Log, Ask)>>>;

/// The server; connections on which a stream has ended are used again.
struct Pump {
    server: Running,
    asked: Asked,
    idle: Arc<Mutex<Vec<Peer>>>,
}

impl Pump {
    fn start(threads: usize) -> Self {
        let asked = Asked::default();
        let known = asked.clone();
        let server = Server::new(move |request: &Request| {
            let asked = known.lock().expect("whole").remove(request.path());
            let Some((log, ask)) = asked else { return Response::not_found() };
            let ends_soon = ask.ends_soon;
            let last_event_id = request.last_event_id().map(str::to_owned);
            let events = Events::from(Ask { last_event_id, ..ask }.subscribe(&log));
            if ends_soon {
                return Response::events(events.with_end(sleep(Duration::from_millis(10))));
            }
            Response::events(events)
        });
        let server = Running::start(server.threads(threads));
        Self { server, asked, idle: Arc::default() }
    }
}

impl Carrier for Pump {
    fn connect(&self, log: &Log, ask: &Ask) -> Box<dyn Client> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = format!("/{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.asked.lock().expect("whole").insert(path.clone(), (log.clone(), ask.clone()));
        let idle = self.idle.lock().expect("whole").pop();
        let mut peer = idle.unwrap_or_else(|| self.server.connect());
        let id = ask.last_event_id.as_ref().map(|id| format!("Last-Event-ID: {id}\r\n"));
        peer.ended = false;
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n{}\r\n", id.unwrap_or_default()));
        assert!(peer.head().starts_with("HTTP/1.1 200"));
        Box::new(PumpClient { peer: Some(peer), idle: self.idle.clone(), ends_soon: ask.ends_soon })
    }
}

struct PumpClient {
    peer: Option<Peer>,
    idle: Arc<Mutex<Vec<Peer>>>,
    ends_soon: bool,
}

impl Client for PumpClient {
    fn block(&mut self) -> Option<String> {
        self.peer.as_mut()?.block()
    }

    fn is_complete(&self) -> bool {
        self.peer.as_ref().is_some_and(|peer| peer.ended)
    }
}

impl Drop for PumpClient {
    /// Leaves the rest of the stream unread by the law, but keeps the connection.
    fn drop(&mut self) {
        let peer = self.peer.take().filter(|_| self.ends_soon && !std::thread::panicking());
        let Some(mut peer) = peer else { return };
        while peer.block().is_some() {}
        if peer.ended {
            self.idle.lock().expect("whole").push(peer);
        }
    }
}
