//! Behind proxies that compress: events arrive as they are published, because the server says
//! `no-transform` (RFC 9111, 5.2.2.6), or because the proxy flushes.

use std::net::SocketAddr;

use crate::server_support::{Running, live};
use sse_server::{Channel, Events, Frame, Response, Server};
use testkit::wait::eventually;
use testkit::{Child, Lines, Served};
use tests::proxy::{command, haproxy, nginx};

/// A client that can decompress, and that gives up after some seconds.
fn curl(url: &str, seconds: &str) -> (Child, Lines) {
    let mut curl = command("curl");
    curl.args(["-sN", "--compressed", "--max-time", seconds, url]);
    Child::with_lines(&mut curl).expect("curl starts")
}

/// A server with a stream as it is by default, and one without `no-transform`, both without heartbeats.
fn server(channel: &Channel) -> Running {
    let shared = channel.clone();
    Running::start(Server::new(move |request| {
        let events = Events::from(live(&shared, request)).with_heartbeat(None);
        let response = Response::events(events);
        match request.path() {
            "/events" => response,
            _ => response.with_header("Cache-Control", "no-cache"),
        }
    }))
}

/// Events arrive one by one, each before the next is published.
fn each_arrives(channel: &Channel, proxy: SocketAddr) {
    let (_curl, mut lines) = curl(&format!("http://{proxy}/events"), "20");
    eventually("it subscribes", || channel.stats().subscribers == 1);
    for number in 0..5 {
        let expected = format!("data: {number}");
        channel.publish(&Frame::message(&number.to_string()));
        assert!(lines.any(|line| line == expected), "event {number} never came");
    }
}

/// What a client has of a stream without `no-transform` after two seconds.
fn without_no_transform(channel: &Channel, proxy: SocketAddr) -> String {
    let (_curl, lines) = curl(&format!("http://{proxy}/transformed"), "2");
    eventually("it subscribes", || channel.stats().subscribers == 1);
    channel.publish(&Frame::message("held"));
    lines.collect()
}

#[test]
fn behind_the_middleware_of_most_node_servers() {
    let channel = Channel::default();
    let server = server(&channel);
    let mut node = command("node");
    // Where Debian's package has it.
    node.env("NODE_PATH", "/usr/share/nodejs");
    node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/compressor.js"));
    let node = Served::start(node.arg(server.addr.port().to_string()));
    let node = node.expect("it listens: it needs the package `compression`");
    let proxy = node.address();
    each_arrives(&channel, proxy);
    eventually("it has left", || channel.stats().subscribers == 0);
    assert_eq!(without_no_transform(&channel, proxy), "", "nothing would be held back");
}

#[test]
fn behind_haproxy_that_compresses() {
    let channel = Channel::default();
    let server = server(&channel);
    let compression = "option http-no-delay\n    compression algo gzip\n    \
                       compression type text/event-stream";
    let proxy = haproxy(server.addr, &[("option http-no-delay", compression)]);
    each_arrives(&channel, proxy.plain());
}

/// It ignores `no-transform`, and compresses; but `X-Accel-Buffering: no` has it flush each event.
#[test]
fn behind_nginx_that_compresses() {
    let channel = Channel::default();
    let server = server(&channel);
    let gzip = "gzip on; gzip_proxied any; gzip_min_length 0; gzip_types text/event-stream;";
    let proxy = nginx(server.addr, &[("gzip off;", gzip)]);
    each_arrives(&channel, proxy.plain());
}
