//! `reqwest-eventsource`.

use futures_lite::StreamExt;
use reqwest_eventsource::{Event, EventSource};

use crate::seen::{OnSeen, Seen};

pub(crate) async fn listen(url: String, mut on_seen: OnSeen) {
    let Ok(client) = reqwest::Client::builder().no_proxy().build() else {
        return;
    };
    let Ok(mut source) = EventSource::new(client.get(url)) else {
        return;
    };
    while let Some(item) = source.next().await {
        let seen = match &item {
            Ok(Event::Open) => Seen::Open,
            Ok(Event::Message(message)) => Seen::Event(&message.data),
            Err(_) => Seen::Lost,
        };
        if on_seen(seen).is_break() {
            return;
        }
    }
}
