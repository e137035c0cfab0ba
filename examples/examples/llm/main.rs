//! Prints the answer of a language model's API as it arrives: its text to standard output, everything
//! else to standard error. For the two shapes that most of them have: `choices` until `[DONE]`, and
//! named events until `message_stop`, which URLs that end with `/messages` answer.
//!
//! `LLM_API_KEY=... cargo run -p examples --example llm -- https://host/v1/chat/completions MODEL "Say hello"`
//!
//! Ends with 0 when the answer is whole, with 1 when it is not or was refused, with 2 for a wrong call.

mod answer;
mod choices;
mod messages;

use answer::{Answer, Piece, reason};
use futures_lite::future::block_on;
use serde_json::{Value, json};
use sse_client::{Builder, Event, EventSource, Item};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

/// The shape of an API.
#[derive(Clone, Copy)]
enum Shape {
    Choices,
    Messages,
}

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, model, prompt] = arguments.as_slice() else {
        eprintln!("usage: llm URL MODEL PROMPT, with the key in LLM_API_KEY");
        return ExitCode::from(2);
    };
    match block_on(complete(url, model, prompt)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn complete(url: &str, model: &str, prompt: &str) -> Result<(), Box<dyn Error>> {
    let path = url.split('?').next().unwrap_or_default();
    let shape = if path.ends_with("/messages") { Shape::Messages } else { Shape::Choices };
    // A prompt is paid for: once it was answered it is not sent again. A refusal for load can be, and
    // the page that a balancer shows during a deploy.
    let builder = shape
        .request(url, model, prompt)
        .retry_statuses(&[429, 502, 503, 529])
        .retry_types(&["text/html"])
        .reconnection_time(Duration::from_secs(1))
        .max_failures(5)
        // A model that has stalled may send pings for ever.
        .heartbeat_types(&["ping"])
        .event_timeout(Duration::from_secs(120))
        // An error may come as bare JSON under the type of a stream.
        .details(true)
        .until(|event| event.data() == "[DONE]" || event.event_type() == "message_stop")
        .proxy_from_env();
    let mut source = builder.build()?;
    let mut answer = Answer::default();
    let mut ignored = String::new();
    while let Some(item) = source.next().await {
        match item {
            Item::Event(event) => {
                shape.pieces(&event)?.into_iter().try_for_each(|it| answer.add(it))?
            }
            Item::Ignored(line) => ignored.push_str(&line),
            Item::Error(error) if error.is_final() => {
                answer.end()?;
                let said = error.response().map_or(ignored, |response| response.text());
                return match reason(&said) {
                    Some(said) => Err(format!("{error}: {said}").into()),
                    // Some servers leave `[DONE]` out; what has a reason to finish is finished.
                    None if answer.is_finished() => Ok(()),
                    None if error.ending().is_some() => {
                        Err(format!("the answer is not complete: {error}").into())
                    }
                    None => Err(error.into()),
                };
            }
            Item::Error(error) => eprintln!("{error}"),
            _ => {}
        }
    }
    Ok(answer.end()?)
}

impl Shape {
    fn request(self, url: &str, model: &str, prompt: &str) -> Builder {
        let key = std::env::var("LLM_API_KEY").ok();
        let messages = json!([{ "role": "user", "content": prompt }]);
        let builder = EventSource::builder(url);
        match self {
            Self::Choices => {
                let usage = json!({ "include_usage": true });
                let body = json!({ "model": model, "messages": messages, "stream": true, "stream_options": usage });
                let builder = builder.post_json(body.to_string());
                key.iter().fold(builder, |builder, key| builder.bearer(key))
            }
            Self::Messages => {
                let body = json!({ "model": model, "messages": messages, "stream": true, "max_tokens": 4096 });
                let builder = builder.post_json(body.to_string());
                let builder = builder.header("anthropic-version", "2023-06-01");
                key.iter().fold(builder, |builder, key| builder.header("x-api-key", key))
            }
        }
    }

    /// What an event says, in the order in which it counts.
    fn pieces(self, event: &Event) -> Result<Vec<Piece>, Box<dyn Error>> {
        if event.data == "[DONE]" {
            return Ok(vec![Piece::Finished]);
        }
        let data: Value = serde_json::from_str(&event.data)
            .map_err(|error| format!("an event is not JSON: {error}: {}", event.data))?;
        // Either shape may bring an error in a stream that began well.
        if let Some(said) = reason(&event.data) {
            return Err(format!("the API says: {said}").into());
        }
        Ok(match self {
            Self::Choices => choices::pieces(&data),
            Self::Messages => messages::pieces(&data),
        })
    }
}
