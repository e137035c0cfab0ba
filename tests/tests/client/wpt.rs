//! The behaviours that the web-platform-tests' `eventsource` directory asks of browsers, as far as a
//! client outside a browser can have them. Each test bears the name of the file it stands for.
//!
//! Without a counterpart: what belongs to documents and workers (bfcache, document.domain, realms,
//! prototypes, `EventTarget`, stringification of the argument) and to CORS.

mod eventsource;
mod format;
mod request;

use sse_client::{ErrorKind, EventSource, Item, Open, ReadyState};
use tests::fault::{Script, Server};
use tests::source::{data, run, source, until_error};

/// Events as (type, data, last event ID), up to the end of a body.
fn events(body: impl AsRef<[u8]>) -> Vec<(String, String, String)> {
    let server = Server::scripts([Script::body(body)]);
    let (events, _) = run(until_error(&mut source(&server)));
    events.into_iter().map(|it| (it.event_type.into_owned(), it.data, it.last_event_id)).collect()
}

/// The data of all events of type `message`.
fn messages(body: impl AsRef<[u8]>) -> Vec<String> {
    let messages = events(body).into_iter().filter(|(event_type, _, _)| event_type == "message");
    messages.map(|(_, data, _)| data).collect()
}

/// Whether a response of this type opens a stream.
fn opens(content_type: &str) -> bool {
    let head = format!("Content-Type: {content_type}\r\n");
    let server = Server::scripts([Script::head(200, &head).raw("data: ok…\n\n")]);
    let mut source = source(&server);
    run(async {
        match source.next().await.expect("an item") {
            Item::Open(_) => {
                assert_eq!(data(&mut source).await, "ok…");
                true
            }
            Item::Error(error) => {
                assert_eq!((error.kind(), error.is_final()), (ErrorKind::ContentType, true));
                assert_eq!(source.ready_state(), ReadyState::Closed);
                false
            }
            other => panic!("{other:?}"),
        }
    })
}

async fn open(source: &mut EventSource) -> Open {
    match source.next().await {
        Some(Item::Open(open)) => open,
        other => panic!("not open: {other:?}"),
    }
}
