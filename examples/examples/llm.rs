//! Prints the tokens of a completion API as they arrive, until `[DONE]`.
//!
//! `LLM_API_KEY=... cargo run -p examples --example llm -- https://host/v1/chat/completions MODEL "Say hello"`

use futures_lite::future::block_on;
use serde::Deserialize;
use sse_client::{EventSource, Item};
use std::io::{self, Write};
use std::process::ExitCode;

/// One event of the stream: what the common APIs send, as far as it is used here.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
}

#[derive(Deserialize, Default)]
struct Delta {
    content: Option<String>,
}

/// What such an API answers when it refuses.
#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    message: String,
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

async fn complete(url: &str, model: &str, prompt: &str) -> Result<(), Box<dyn std::error::Error>> {
    let body = serde_json::json!({
        "model": model,
        "stream": true,
        "messages": [{ "role": "user", "content": prompt }],
    });
    // A prompt is paid for: POST is not sent again by itself. A refusal for load can be.
    let mut builder = EventSource::builder(url)
        .post_json(body.to_string())
        .retry_statuses(&[429, 503])
        .max_failures(5)
        .proxy_from_env();
    if let Ok(key) = std::env::var("LLM_API_KEY") {
        builder = builder.bearer(&key);
    }
    let mut source = builder.build()?;
    let mut out = io::stdout().lock();
    while let Some(item) = source.next().await {
        match item {
            Item::Event(event) if event.data == "[DONE]" => {
                writeln!(out)?;
                return Ok(());
            }
            Item::Event(event) => {
                let chunk: Chunk = serde_json::from_str(&event.data)?;
                let deltas = chunk.choices.into_iter().filter_map(|choice| choice.delta.content);
                deltas.into_iter().try_for_each(|text| out.write_all(text.as_bytes()))?;
                out.flush()?;
            }
            Item::Error(error) if error.is_final() => {
                let refusal = error.response().map(|it| it.text()).unwrap_or_default();
                return Err(match serde_json::from_str::<Refusal>(&refusal) {
                    Ok(refusal) => format!("{error}: {}", refusal.error.message).into(),
                    Err(_) => error.into(),
                });
            }
            Item::Error(error) => eprintln!("{error}"),
            _ => {}
        }
    }
    Ok(())
}
