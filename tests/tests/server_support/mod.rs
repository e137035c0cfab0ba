//! What the server's tests share: a server on a free port, stopped when its guard is dropped.
#![allow(dead_code)] // each test program uses a part of it

use std::net::SocketAddr;
use std::ops::Range;
use std::thread::JoinHandle;
use std::time::Duration;

use sse_server::{
    BoundServer, Channel, Events, Frame, Handle, Replay, Request, Response, Server, Shutdown,
    Subscription,
};
use testkit::raw::{Peer, field};

/// What a client without wishes of its own gets of a channel.
pub(crate) fn live(channel: &Channel, request: &Request) -> Subscription {
    channel.subscribe(request.last_event_id(), Replay::Live)
}

/// A server of a channel, whose subscriptions go through `choose`.
pub(crate) fn serve(
    channel: &Channel,
    replay: Replay,
    choose: impl Fn(Subscription) -> Events + Send + Sync + 'static,
) -> Running {
    let channel = channel.clone();
    Running::start(Server::new(move |request| {
        Response::events(choose(channel.subscribe(request.last_event_id(), replay)))
    }))
}

/// Publishes numbers in turn.
pub(crate) fn publish(channel: &Channel, numbers: Range<u64>) {
    for number in numbers {
        channel.publish(&Frame::message(&number.to_string()));
    }
}

/// The sequence number of a block's ID.
pub(crate) fn sequence(block: &str) -> u64 {
    let number = field(block, "id").and_then(|id| id.rsplit('-').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no ID of a channel in {block:?}"))
}

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(server: Server) -> Self {
        Self::start_on(server, ([127, 0, 0, 1], 0).into())
    }

    pub(crate) fn start_on(server: Server, addr: SocketAddr) -> Self {
        Self::of(server.bind(addr).expect("bind"))
    }

    pub(crate) fn of(bound: BoundServer) -> Self {
        let (addr, handle) = (bound.local_addr().expect("address"), bound.handle());
        let thread = std::thread::spawn(move || bound.run().expect("run"));
        Self { addr, handle, thread: Some(thread) }
    }

    pub(crate) fn connect(&self) -> Peer {
        Peer::connect(self.addr)
    }

    /// Sends one request and returns everything until the server closes.
    pub(crate) fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut peer = self.connect();
        peer.send(request);
        peer.read_to_end()
    }

    /// Asks for `/`, and for nothing else on that connection.
    pub(crate) fn home(&self) -> String {
        self.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    }

    /// Shuts down and waits until `run` has returned.
    pub(crate) fn stop(&mut self, how: Shutdown) {
        self.handle.shutdown(how);
        self.thread.take().expect("stopped once").join().expect("the server panicked");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.handle.shutdown(Shutdown { deadline: Duration::ZERO, ..Shutdown::default() });
            let joined = thread.join();
            if !std::thread::panicking() {
                joined.expect("the server panicked");
            }
        }
    }
}
