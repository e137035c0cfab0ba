//! What the server asks of the system for each connection it accepts. Linux only: the accepted sockets
//! are in this process, which looks at them through its own table of descriptors.
#![cfg(target_os = "linux")]

mod server_support;

use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use server_support::Running;
use sse_server::{Limits, Response, Server};
use testkit::raw::Peer;
use testkit::wait::PATIENCE;

/// A duplicate of the descriptor whose other end is the socket at `peer`.
fn accepted_from(peer: SocketAddr) -> Option<OwnedFd> {
    let process = pidfd_open(getpid(), PidfdFlags::empty()).expect("a handle of this process");
    let entries = std::fs::read_dir("/proc/self/fd").expect("the table of descriptors");
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    // Some are closed meanwhile, by tests that run at the same time.
    let mut sockets =
        numbers.filter_map(|number| pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok());
    sockets.find(|socket| {
        rustix::net::getpeername(socket)
            .ok()
            .flatten()
            .and_then(|address| SocketAddr::try_from(address).ok())
            == Some(peer)
    })
}

/// The server's end of a connection that has been answered.
fn server_end(limits: Limits) -> (TcpStream, OwnedFd, Running) {
    let server = Running::start(Server::new(|_| Response::text("x")).limits(limits));
    let mut peer = Peer::connect(server.addr);
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    peer.answer();
    let ours = peer.stream.local_addr().expect("an address");
    let socket = accepted_from(ours).expect("the server's end is in this process");
    (peer.stream, socket, server)
}

#[test]
fn the_system_asks_after_silent_peers() {
    let (_peer, socket, _server) = server_end(Limits::default());
    assert_eq!(sockopt::socket_keepalive(&socket), Ok(true));
    let minute = Duration::from_secs(60);
    assert!(sockopt::tcp_keepidle(&socket).expect("Linux tells") <= minute);
    assert!(sockopt::tcp_keepintvl(&socket).expect("Linux tells") <= minute);
}

#[test]
fn small_events_do_not_wait_for_acknowledgements() {
    let (_peer, socket, _server) = server_end(Limits::default());
    assert_eq!(sockopt::tcp_nodelay(&socket), Ok(true));
}

#[test]
fn the_system_keeps_little_for_a_client_that_does_not_read() {
    let waiting = |limits: Limits| {
        let server = Server::new(|_| Response::text("x".repeat(16 << 20)));
        let server = Running::start(server.limits(limits));
        let mut peer = Peer::connect(server.addr);
        peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        peer.head();
        let client = peer.stream.local_addr().expect("an address");
        settled(|| untaken(server.addr, client))
    };
    let bytes = waiting(Limits::default());
    assert!((1..=64 * 1024).contains(&bytes), "{bytes} bytes wait");
    let bytes = waiting(Limits { unsent_bytes: u32::MAX, ..Limits::default() });
    assert!(bytes > 256 * 1024, "only {bytes} bytes wait where the system may choose");
}

/// Bytes that wait at the server's end because the client's takes no more.
fn untaken(server: SocketAddr, client: SocketAddr) -> u64 {
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the table of sockets");
    let end = |address: SocketAddr| format!(":{:04X}", address.port());
    let waiting = table.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let is_it = words.next()?.ends_with(&end(server)) && words.next()?.ends_with(&end(client));
        let (sending, _) = words.nth(1).filter(|_| is_it)?.split_once(':')?;
        u64::from_str_radix(sending, 16).ok()
    });
    waiting.expect("the connection is in the table")
}

/// A number above zero, when it has not changed for a while.
fn settled(number: impl Fn() -> u64) -> u64 {
    let began = Instant::now();
    let (mut last, mut since) = (0, Instant::now());
    while last == 0 || since.elapsed() < Duration::from_millis(300) {
        assert!(began.elapsed() < PATIENCE, "never settled, {last} at the end");
        std::thread::sleep(Duration::from_millis(20));
        let now = number();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}
