//! The shape with `choices`: every event is a chunk, fragments are in `delta`, the last is `[DONE]`.

use crate::answer::{Piece, text};
use serde_json::Value;

/// What a chunk says.
pub(crate) fn pieces(chunk: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for choice in chunk["choices"].as_array().into_iter().flatten() {
        let delta = &choice["delta"];
        if let Some(content) = delta["content"].as_str() {
            pieces.push(Piece::Text(content.to_owned()));
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let function = &call["function"];
            let number = call["index"].as_u64().unwrap_or_default();
            let (name, arguments) = (text(&function["name"]), text(&function["arguments"]));
            pieces.push(Piece::Tool { number, name, arguments });
        }
        if !choice["finish_reason"].is_null() {
            pieces.push(Piece::Finished);
        }
    }
    if let Some(usage) = chunk.get("usage").filter(|usage| !usage.is_null()) {
        let (asked, answered) =
            (usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64());
        pieces.push(Piece::Usage { asked, answered });
    }
    pieces
}
