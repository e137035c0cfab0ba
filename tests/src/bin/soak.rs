//! The soak with our server: `soak [--seconds N] [--seed N]`, or `cargo xtask soak`. Needs sse-server.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use sse_server::{Events, Handle, Limits, Request, Response, Server, Shutdown};
use tests::soak::{Current, Host};

fn main() -> ExitCode {
    tests::soak::main(Ours::default())
}

#[derive(Default)]
struct Ours {
    running: Option<(Handle, JoinHandle<()>)>,
    starts: usize,
}

impl Host for Ours {
    fn start(&mut self, address: SocketAddr, current: Current) -> SocketAddr {
        let server = Server::new(move |request: &Request| {
            let events = current.subscribe(request.path(), request.last_event_id());
            Response::events(Events::from(events).with_heartbeat(Duration::from_millis(500)))
        });
        let limits = Limits { write_deadline: Duration::from_secs(2), ..Limits::default() };
        let server = server.limits(limits).threads(1 + self.starts % 2);
        self.starts += 1;
        let bound = server.bind(address).expect("the address is free");
        let (address, handle) = (bound.local_addr().expect("an address"), bound.handle());
        self.running = Some((handle, thread::spawn(move || bound.run().expect("the server runs"))));
        address
    }

    fn stop(&mut self, deadline: Duration) {
        let Some((handle, thread)) = self.running.take() else { return };
        handle.shutdown(Shutdown {
            deadline,
            retry_after: Duration::from_millis(50),
            retry_spread: Duration::from_millis(300),
        });
        thread.join().expect("the server does not panic");
    }
}
