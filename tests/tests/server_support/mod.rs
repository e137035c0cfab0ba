//! What the server's tests share: a server on a free port, stopped when its guard is dropped.
#![allow(dead_code)] // each test program uses a part of it

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::Duration;

use sse_server::{BoundServer, Channel, Handle, Replay, Request, Server, Shutdown, Subscription};
use testkit::raw::Peer;

/// What a client without wishes of its own gets of a channel.
pub(crate) fn live(channel: &Channel, request: &Request) -> Subscription {
    channel.subscribe(request.last_event_id(), Replay::Live)
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
