//! Read loops that do not look at what they read: the limit. One of them looks at it as every client
//! must, and makes nothing of it; one decodes, and does nothing else.

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::ControlFlow;

use async_io::Async;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use sse_client::proto::Decoder;

use crate::seen::{OnSeen, Seen};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// As much as the clients read at once, or more.
const BUFFER: usize = 64 << 10;

pub(crate) async fn read(url: String, on_seen: OnSeen) {
    read_each(&url, on_seen, |bytes, on_seen| on_seen(Seen::Bytes(bytes)));
}

pub(crate) async fn read_async(url: String, mut on_seen: OnSeen) {
    let Ok(mut socket) = Async::<TcpStream>::connect(address(&url)).await else {
        return;
    };
    let mut buffer = vec![0; BUFFER];
    if socket.write_all(REQUEST).await.is_err() || on_seen(Seen::Open).is_break() {
        return;
    }
    while let Ok(length @ 1..) = socket.read(&mut buffer).await {
        if on_seen(Seen::Bytes(&buffer[..length])).is_break() {
            return;
        }
    }
}

/// The least that any client must do besides: find the ends of the lines, and see that the text is UTF-8,
/// both with SIMD. A character that two reads share would count as an error here, so the outcome is not
/// looked at; the work is the same.
pub(crate) async fn read_and_check(url: String, on_seen: OnSeen) {
    read_each(&url, on_seen, |bytes, on_seen| {
        memchr::memchr_iter(b'\n', bytes).for_each(|at| {
            black_box(at);
        });
        let _ = black_box(simdutf8::basic::from_utf8(bytes));
        on_seen(Seen::Bytes(bytes))
    });
}

/// What reading and decoding one after the other come to, without a client around them. The lines of
/// the response head and of chunk sizes are unknown fields for the decoder, and so ignored.
pub(crate) async fn read_and_decode(url: String, on_seen: OnSeen) {
    let mut decoder = Decoder::new();
    read_each(&url, on_seen, |bytes, on_seen| {
        let mut rest = bytes;
        while let Some(event) = decoder.next_event(&mut rest) {
            if event.is_ok_and(|event| on_seen(Seen::Event(event.data())).is_break()) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    });
}

/// Connects, asks, and shows what each read has brought to `look`, until that has seen enough.
fn read_each(
    url: &str,
    mut on_seen: OnSeen,
    mut look: impl FnMut(&[u8], &mut OnSeen) -> ControlFlow<()>,
) {
    let Ok(mut socket) = TcpStream::connect(address(url)) else {
        return;
    };
    let mut buffer = vec![0; BUFFER];
    if socket.write_all(REQUEST).is_err() || on_seen(Seen::Open).is_break() {
        return;
    }
    while let Ok(length @ 1..) = socket.read(&mut buffer) {
        if look(&buffer[..length], &mut on_seen).is_break() {
            return;
        }
    }
}

/// The address in `http://ADDRESS/...`.
fn address(url: &str) -> SocketAddr {
    let host = url.split('/').nth(2).and_then(|host| host.parse().ok());
    host.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)))
}
