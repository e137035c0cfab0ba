//! LaunchDarkly's `eventsource-client` over its transport on hyper.

use eventsource_client::{Client, ClientBuilder, SSE};
use futures_lite::StreamExt;
use launchdarkly_sdk_transport::HyperTransport;

use crate::seen::{OnSeen, Seen};

pub(crate) async fn listen(url: String, mut on_seen: OnSeen) {
    let (Ok(builder), Ok(transport)) =
        (ClientBuilder::for_url(&url), HyperTransport::builder().disable_proxy().build_http())
    else {
        return;
    };
    let client = builder.build_with_transport(transport);
    let mut items = client.stream();
    while let Some(item) = items.next().await {
        let seen = match &item {
            Ok(SSE::Connected(_)) => Seen::Open,
            Ok(SSE::Event(event)) => Seen::Event(&event.data),
            Ok(_) => continue,
            Err(_) => Seen::Lost,
        };
        if on_seen(seen).is_break() {
            return;
        }
    }
}
