//! Serving connections that someone else accepted, on an executor that is not ours.

use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::server_support::live;
use futures_lite::future::block_on;
use sse_server::{Channel, Frame, Handle, Limits, Response, Server, Shutdown};
use testkit::raw::{Peer, status};
use testkit::wait::PATIENCE;
use testkit::wait::eventually;

#[test]
fn a_unix_socket() {
    let channel = Channel::default();
    let shared = channel.clone();
    let connections =
        Server::new(move |request| Response::events(live(&shared, request))).unbound();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    let serving = connections.clone();
    // `block_on` alone is the executor: one connection, one thread.
    let thread = std::thread::spawn(move || {
        let stream = async_io::Async::new(ours).unwrap();
        block_on(serving.serve(stream, None));
    });
    theirs.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    eventually("subscribed", || channel.stats().subscribers == 1);
    for number in 0..100 {
        channel.publish(&Frame::message(&number.to_string()));
    }
    let mut text = String::new();
    while !text.contains("data: 99\n\n") {
        let mut bytes = [0; 1024];
        let count = theirs.read(&mut bytes).unwrap();
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    assert_eq!(text.matches("data: ").count(), 100);
    connections.shutdown(Shutdown::default());
    thread.join().unwrap();
    let mut rest = String::new();
    theirs.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("retry: ") && rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[test]
fn a_connection_of_someone_elses_is_cut_at_the_deadline_too() {
    let connections = Server::new(|_| {
        Response::stream(async |mut sink: sse_server::Sink| {
            loop {
                sink.send_bytes(&[b':'; 100_000]).await?;
            }
        })
    })
    .unbound();
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let serving = connections.clone();
    let thread = std::thread::spawn(move || {
        block_on(serving.serve(async_io::Async::new(ours).unwrap(), None));
    });
    theirs.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    eventually("in", || connections.stats().requests == 1);
    connections.shutdown(Shutdown { deadline: Duration::from_millis(100), ..Shutdown::default() });
    thread.join().unwrap();
    assert_eq!(connections.stats().cut, 1);
}

#[test]
fn a_bound_server_on_an_executor_of_the_callers() {
    let channel = Channel::default();
    let shared = channel.clone();
    let bound = Server::new(move |request| Response::events(live(&shared, request)))
        .bind("127.0.0.1:0")
        .unwrap();
    let (addr, handle) = (bound.local_addr().unwrap(), bound.handle());
    fn sendable<T: Send + 'static>(future: T) -> T {
        future
    }
    let serving = sendable(bound.serve());
    let thread = std::thread::spawn(move || block_on(serving));
    let mut peer = Peer::subscribe(addr, "/", None);
    channel.publish(&Frame::message("x"));
    assert_eq!(peer.data().as_deref(), Some("x"));
    handle.shutdown(Shutdown::default());
    block_on(handle.closed());
    thread.join().unwrap();
}

#[test]
fn dropping_the_serving_future_cuts_all_connections() {
    let bound = Server::new(|_| Response::stream(async |_| std::future::pending().await));
    let bound = bound.bind("127.0.0.1:0").unwrap();
    let (addr, handle) = (bound.local_addr().unwrap(), bound.handle());
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let serving = bound.serve();
        let cut = futures_lite::future::poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            match receiver.try_recv() {
                Ok(()) => std::task::Poll::Ready(()),
                Err(_) => std::task::Poll::Pending,
            }
        });
        block_on(futures_lite::future::or(serving, cut));
    });
    let mut peer = Peer::connect(addr);
    peer.send("GET / HTTP/1.1\r\nHost: a\r\n");
    eventually("in", || handle.stats().open == 1);
    sender.send(()).unwrap();
    thread.join().unwrap();
    assert_eq!(handle.stats().open, 0);
    assert_eq!(peer.read_to_end(), "");
}

/// Serves a connection that is said to come from an address; the client's end of it.
fn connection_from(connections: &Handle, address: Option<&str>) -> UnixStream {
    let (ours, theirs) = UnixStream::pair().unwrap();
    theirs.set_read_timeout(Some(PATIENCE)).unwrap();
    let serving = connections.clone();
    let address: Option<IpAddr> = address.map(|address| address.parse().unwrap());
    std::thread::spawn(move || {
        let stream = async_io::Async::new(ours).unwrap();
        block_on(serving.serve(stream, address.map(|address| (address, 1).into())));
    });
    theirs
}

#[test]
fn what_counts_as_one_address() {
    let limits = Limits { connections_per_address: 1, ..Limits::default() };
    let connections = Server::new(|_| Response::text("hello")).limits(limits).unbound();
    let _held =
        ["2001:db8::1", "192.0.2.1"].map(|address| connection_from(&connections, Some(address)));
    eventually("both are in", || connections.stats().open == 2);
    for (address, expected) in [
        (Some("2001:db8::ffff:1:2:3"), 503), // one customer has a whole /64
        (Some("2001:db8:0:1::1"), 200),
        (Some("192.0.2.1"), 503),
        (Some("::ffff:192.0.2.1"), 503), // the same in the notation of a socket for both
        (Some("192.0.2.2"), 200),
        (None, 200),
        (None, 200),
    ] {
        let mut client = connection_from(&connections, address);
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = [0; 1024];
        let count = client.read(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer[..count]);
        assert_eq!(status(&answer), expected, "{address:?}: {answer}");
    }
}
