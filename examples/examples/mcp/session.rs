//! One session with a server: its requests, and the answers however they come.

use serde_json::{Value, json};
use sse_client::{Answer, Builder, EventSource, Item};
use std::error::Error;
use std::time::Duration;

/// The version of the protocol that is asked for; the server may choose an older one.
const VERSION: &str = "2025-06-18";

/// A session, from `initialize` on.
pub(crate) struct Session {
    endpoint: Builder,
    requests: u64,
}

impl Session {
    /// Greets the server.
    pub(crate) async fn begin(url: &str) -> Result<Self, Box<dyn Error>> {
        let endpoint = EventSource::builder(url)
            .accept("application/json, text/event-stream")
            // "If the client wishes to resume [...] it SHOULD issue an HTTP GET to the MCP endpoint,
            // and include the Last-Event-ID header".
            .resume_by_get(true)
            .reconnection_time(Duration::from_secs(1))
            .max_failures(5);
        let mut session = Self { endpoint, requests: 0 };
        let about = json!({ "name": "mcp", "version": env!("CARGO_PKG_VERSION") });
        let greeting =
            json!({ "protocolVersion": VERSION, "capabilities": {}, "clientInfo": about });
        let answer = session.post("initialize", greeting).send().await?;
        let id = answer.head().header("Mcp-Session-Id").map(str::to_owned);
        let result = session.result(answer).await?;
        // "If an Mcp-Session-Id is returned by the server during initialization, clients [...] MUST
        // include it in the Mcp-Session-Id header on all of their subsequent HTTP requests."
        if let Some(id) = id {
            session.endpoint = session.endpoint.header("Mcp-Session-Id", &id);
        }
        let version = result["protocolVersion"].as_str().unwrap_or(VERSION);
        session.endpoint = session.endpoint.header("MCP-Protocol-Version", version);
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let answer = session.endpoint.clone().post_json(ready.to_string()).send().await?;
        // "If the server accepts the input, the server MUST return HTTP status code 202 Accepted with
        // no body."
        match answer.status() {
            200..=299 => Ok(session),
            _ => Err(refusal(answer).await),
        }
    }

    /// The result of one request.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<Value, Box<dyn Error>> {
        let answer = self.post(method, params).send().await?;
        self.result(answer).await
    }

    /// "Clients that no longer need a particular session [...] SHOULD send an HTTP DELETE". A server
    /// need not have that, so the answer does not matter.
    pub(crate) async fn end(self) {
        let _ = self.endpoint.method("DELETE").send().await;
    }

    fn post(&mut self, method: &str, params: Value) -> Builder {
        self.requests += 1;
        let id = self.requests;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        // The response ends the exchange, whether or not the server closes the stream after it.
        let is_response = move |event: &sse_client::proto::Event<'_>| responds_to(id, event.data());
        self.endpoint.clone().post_json(message.to_string()).until(is_response)
    }

    /// The result in an answer to the newest request.
    async fn result(&self, answer: Answer) -> Result<Value, Box<dyn Error>> {
        let response = match answer.into_events() {
            Ok(source) => self.streamed(source).await?,
            Err(answer) if answer.status() == 200 => answer.text().await?,
            Err(answer) => return Err(refusal(answer).await),
        };
        let mut response: Value = serde_json::from_str(&response)
            .map_err(|error| format!("the response is not JSON: {error}: {response}"))?;
        match response.get("error") {
            Some(error) => Err(format!("{}: {}", error["code"], error["message"]).into()),
            None => Ok(response["result"].take()),
        }
    }

    /// The response in a stream, over as many connections as it takes.
    async fn streamed(&self, mut source: EventSource) -> Result<String, Box<dyn Error>> {
        while let Some(item) = source.next().await {
            match item {
                Item::Event(event) if responds_to(self.requests, &event.data) => {
                    return Ok(event.data);
                }
                // The event that primes a client for coming back has no message.
                Item::Event(event) if event.data.is_empty() => {}
                Item::Event(event) => eprintln!("{}", event.data),
                Item::Error(error) if error.is_final() => return Err(error.into()),
                Item::Error(error) => eprintln!("{error}"),
                _ => {}
            }
        }
        Err("the stream is over".into())
    }
}

/// Whether a message is the response to the request with this ID.
fn responds_to(id: u64, message: &str) -> bool {
    let message: Value = serde_json::from_str(message).unwrap_or_default();
    message["id"] == id && message.get("method").is_none()
}

async fn refusal(answer: Answer) -> Box<dyn Error> {
    let status = answer.status();
    match answer.text().await {
        Ok(text) => format!("status {status}: {text}").into(),
        Err(error) => error.into(),
    }
}
