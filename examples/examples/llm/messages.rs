//! The shape with named events: a message of content blocks, which begin, grow and stop.

use crate::answer::{Piece, text};
use serde_json::Value;

/// What an event says. Its data names its type too; types that are not known say nothing.
pub(crate) fn pieces(data: &Value) -> Vec<Piece> {
    let number = data["index"].as_u64().unwrap_or_default();
    let tool = |name, arguments| vec![Piece::Tool { number, name, arguments }];
    match data["type"].as_str().unwrap_or_default() {
        "message_start" => usage(&data["message"]["usage"]),
        "content_block_start" => match data["content_block"]["type"].as_str() {
            Some("tool_use") => tool(text(&data["content_block"]["name"]), String::new()),
            _ => Vec::new(),
        },
        "content_block_delta" => match data["delta"]["type"].as_str() {
            Some("text_delta") => vec![Piece::Text(text(&data["delta"]["text"]))],
            Some("input_json_delta") => tool(String::new(), text(&data["delta"]["partial_json"])),
            _ => Vec::new(),
        },
        "message_delta" => {
            let mut pieces = usage(&data["usage"]);
            if !data["delta"]["stop_reason"].is_null() {
                pieces.push(Piece::Finished);
            }
            pieces
        }
        "message_stop" => vec![Piece::Finished],
        _ => Vec::new(),
    }
}

fn usage(usage: &Value) -> Vec<Piece> {
    let (asked, answered) = (usage["input_tokens"].as_u64(), usage["output_tokens"].as_u64());
    vec![Piece::Usage { asked, answered }]
}
