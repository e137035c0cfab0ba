//! Any bytes as a response or a request, in any chunks: they end in items or an answer, and where
//! they are cut makes no difference.
//!
//! Depends on the public API of client and server, in memory: no socket is opened.

use std::io;
use std::sync::Mutex;

use futures_lite::future::block_on;
use sse_client::{ErrorKind, EventSource, Item};
use sse_server::{Handle, Response, Server};

use crate::chunking::{cut, limits};
use crate::oracle;
use crate::pipe::Pipe;
use crate::streams::{Random, cuts};

/// Hands `bytes` to a client as all that a server answers, whole and cut at random. Whether the
/// client took them for the beginning of a stream.
///
/// # Panics
///
/// If the client panics, goes on for longer than there are bytes, or sees something else because
/// of the cuts.
pub fn check_response(bytes: &[u8], random: &mut Random) -> bool {
    let cuts = cuts(random, bytes.len());
    let whole = received(bytes, &[]);
    let in_pieces = received(bytes, &cuts);
    let items = |items: &[Item]| items.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>();
    assert_eq!(items(&in_pieces), items(&whole), "{} cut at {cuts:?}", bytes.escape_ascii());
    matches!(whole.first(), Some(Item::Open(_)))
}

/// Sends `stream` in a response with a framing of the random kind; the client sees what the oracle
/// sees. Where the response is cut short, it sees the beginning of that.
///
/// # Panics
///
/// If it sees anything else.
pub fn check_body(stream: &[u8], random: &mut Random) {
    let mut expected: Vec<oracle::Item> =
        oracle::decode(stream).items.into_iter().map(|dispatched| dispatched.item).collect();
    let (response, ends_itself) = framed(stream, random);
    let cuts = cuts(random, response.len());
    let mut seen = received(&response, &cuts);
    let message = format!("{} cut at {cuts:?}", response.escape_ascii());
    let Some(Item::Error(end)) = seen.pop() else {
        panic!("no error at the end of {message}");
    };
    assert_eq!((end.kind(), end.is_final()), (ErrorKind::Ended, true), "{message}");
    assert!(matches!(seen.first(), Some(Item::Open(_))), "{message}");
    let seen: Vec<oracle::Item> =
        seen.into_iter().skip(1).map(|item| plain(item, &message)).collect();
    assert_eq!(seen, expected, "{message}");

    let short = &response[..random.below(response.len())];
    let mut seen = received(short, &[]);
    let message = short.escape_ascii();
    let Some(Item::Error(end)) = seen.pop() else {
        panic!("no error at the end of {message}");
    };
    assert_eq!(end.kind() == ErrorKind::Ended, !ends_itself && !seen.is_empty(), "{message}");
    let seen: Vec<oracle::Item> =
        (seen.into_iter().skip(1)).map(|item| plain(item, &message.to_string())).collect();
    expected.truncate(seen.len());
    assert_eq!(seen, expected, "{message}");
}

/// Everything that a client sees of a server that answers once, with `bytes`.
fn received(bytes: &[u8], cuts: &[usize]) -> Vec<Item> {
    let connections = Mutex::new(vec![Pipe::new(cut(bytes, cuts))]);
    let connect = move |_| {
        let next = connections.lock().expect("nothing panics here").pop();
        async move { next.ok_or(io::Error::from(io::ErrorKind::ConnectionRefused)) }
    };
    let mut source = EventSource::builder("http://localhost/")
        .connector(connect)
        .details(true)
        .limits(limits(usize::MAX, usize::MAX))
        .max_failures(1)
        .connect_timeout(None)
        .head_timeout(None)
        .build()
        .expect("the URL is one");
    let mut items = Vec::new();
    while let Some(item) = block_on(source.next()) {
        // The oracle ignores what is no field, as the standard says.
        if !matches!(item, Item::Ignored(_)) {
            items.push(item);
        }
        assert!(items.len() <= bytes.len() + 2, "there is no end to {}", bytes.escape_ascii());
    }
    items
}

fn plain(item: Item, message: &str) -> oracle::Item {
    match item {
        Item::Event(event) => oracle::Item::Event {
            event_type: event.event_type.into_owned(),
            data: event.data,
            last_event_id: event.last_event_id,
        },
        Item::Comment(text) => oracle::Item::Comment(text),
        Item::ReconnectionTime(time) => oracle::Item::ReconnectionTime(
            u64::try_from(time.as_millis()).expect("a reconnection time is at most u64::MAX"),
        ),
        Item::LastEventId(id) => oracle::Item::LastEventId(id),
        item => panic!("{item:?} in {message}"),
    }
}

/// A response with `stream` as its body, and whether its framing says where it ends.
fn framed(stream: &[u8], random: &mut Random) -> (Vec<u8>, bool) {
    let mut response = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n".to_vec();
    match random.below(4) {
        0 => {
            response.extend_from_slice(b"\r\n");
            response.extend_from_slice(stream);
            (response, false)
        }
        1 => {
            let length = format!("Content-Length: {}\r\n\r\n", stream.len());
            response.extend_from_slice(length.as_bytes());
            response.extend_from_slice(stream);
            (response, true)
        }
        _ => {
            response.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            let cuts = cuts(random, stream.len());
            for chunk in cut(stream, &cuts).filter(|chunk| !chunk.is_empty()) {
                let zeros = random.pick(&["", "", "0", "000"]);
                let extension = random.pick(&["", "", ";a=b", ";a=\"b c\"", " ;x"]);
                let size = match random.below(2) {
                    0 => format!("{zeros}{:x}{extension}\r\n", chunk.len()),
                    _ => format!("{zeros}{:X}{extension}\r\n", chunk.len()),
                };
                response.extend_from_slice(size.as_bytes());
                response.extend_from_slice(chunk);
                response.extend_from_slice(b"\r\n");
            }
            let trailers = random.pick(&["", "", "A: b\r\n", "A: b\r\nC: d\r\n"]);
            response.extend_from_slice(format!("0\r\n{trailers}\r\n").as_bytes());
            (response, true)
        }
    }
}

/// A server that says what it was asked.
#[must_use]
pub fn server() -> Handle {
    Server::new(|request| {
        let mut headers: Vec<String> =
            request.headers().map(|(name, value)| format!("{name}: {value}\n")).collect();
        headers.sort();
        let body = request.body().escape_ascii();
        let (method, path) = (request.method(), request.path());
        let headers = headers.concat();
        Response::text(format!("{method} {path}\n{headers}body: {body}\n"))
    })
    .unbound()
}

/// Hands `bytes` to a server as all that a client asks, whole and cut at random. Whether the
/// handler was asked.
///
/// # Panics
///
/// If the server panics, answers with anything but HTTP, or lets the cuts decide what reaches the
/// handler.
pub fn check_request(server: &Handle, bytes: &[u8], random: &mut Random) -> bool {
    let cuts = cuts(random, bytes.len());
    let (whole, in_pieces) = (answered(server, bytes, &[]), answered(server, bytes, &cuts));
    assert_eq!(in_pieces, whole, "{} cut at {cuts:?}", bytes.escape_ascii());
    assert!(
        whole.is_empty() || whole.starts_with("HTTP/1.1 "),
        "{} was answered with {whole:?}",
        bytes.escape_ascii()
    );
    whole.contains("HTTP/1.1 200 ")
}

/// All that a server answers, without what depends on the cuts or the time.
fn answered(server: &Handle, bytes: &[u8], cuts: &[usize]) -> String {
    let pipe = Pipe::new(cut(bytes, cuts));
    block_on(server.serve(pipe.clone(), None));
    let written = String::from_utf8_lossy(&pipe.written()).into_owned();
    let mut answer = String::new();
    for line in written.split_inclusive('\n') {
        if line.starts_with("HTTP/1.1 4") || line.starts_with("HTTP/1.1 5") {
            // When junk is known to be junk, and for which reason, depends on what is there of it.
            break;
        }
        if !line.to_ascii_lowercase().starts_with("date:") {
            answer.push_str(line);
        }
    }
    // It is said only while the body has not been received.
    answer.replace("HTTP/1.1 100 Continue\r\n\r\n", "")
}
