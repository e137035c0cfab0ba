//! `sse-client`, with borrowed and with owned events.

use sse_client::{EventSource, Item, ItemRef};

use crate::seen::{OnSeen, Seen};

pub(crate) async fn listen(url: String, on_seen: OnSeen) {
    let Ok(mut source) = EventSource::new(&url) else {
        return;
    };
    follow(&mut source, on_seen).await;
}

pub(crate) async fn listen_owned(url: String, on_seen: OnSeen) {
    let Ok(mut source) = EventSource::new(&url) else {
        return;
    };
    follow_owned(&mut source, on_seen).await;
}

pub(crate) async fn follow(source: &mut EventSource, mut on_seen: OnSeen) {
    while let Some(item) = source.next_ref().await {
        let seen = match &item {
            ItemRef::Open(_) => Seen::Open,
            ItemRef::Event(event) => Seen::Event(event.data()),
            ItemRef::Error(_) => Seen::Lost,
            _ => continue,
        };
        if on_seen(seen).is_break() {
            return;
        }
    }
}

pub(crate) async fn follow_owned(source: &mut EventSource, mut on_seen: OnSeen) {
    while let Some(item) = source.next().await {
        let seen = match &item {
            Item::Open(_) => Seen::Open,
            Item::Event(event) => Seen::Event(&event.data),
            Item::Error(_) => Seen::Lost,
            _ => continue,
        };
        if on_seen(seen).is_break() {
            return;
        }
    }
}
