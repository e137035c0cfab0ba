//! UTF-8, and what is not.

use std::time::Duration;

use crate::scenario::{Answer, Scenario};

const DECODE: &str = "9.2.6: \"Streams must be decoded using the UTF-8 decode algorithm.\"";
const BOM: &str =
    "9.2.6: \"The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any.\"";
const REPLACED: &str = "Encoding, UTF-8 decode: error mode \"replacement\"; a U+FFFD for each maximal part that cannot go on";

pub(super) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("bom", "A BOM at the start.", BOM)
            .answer(Answer::stream("\u{feff}data: a\n\n").done())
            .message("a"),
        Scenario::new("bom-cut", "A BOM at the start, its bytes in different packets.", BOM)
            .answer(
                Answer::stream(b"\xEF")
                    .pause(Duration::from_millis(150))
                    .then(b"\xBB")
                    .pause(Duration::from_millis(150))
                    .then(b"\xBFdata: a\n\n")
                    .done(),
            )
            .message("a"),
        Scenario::new("bom-then-line-end", "A BOM on a line of its own.", BOM)
            .answer(Answer::stream("\u{feff}\ndata: a\n\n").done())
            .message("a"),
        Scenario::new("bom-twice", "Two BOMs: the second one is a character of a field name.", BOM)
            .answer(Answer::stream("\u{feff}\u{feff}data: lost\ndata: kept\n\n").done())
            .message("kept"),
        Scenario::new("bom-later", "A BOM before a later line, and in data.", BOM)
            .answer(Answer::stream("data: a\n\u{feff}data: lost\n\ndata: \u{feff}b\n\n").done())
            .message("a")
            .message("\u{feff}b"),
        Scenario::new("chinese", "Chinese in type and data.", DECODE)
            .answer(Answer::stream("event: \u{66f4}\u{65b0}\ndata: \u{5f53}\u{524d}\u{65f6}\u{95f4}\u{ff1a}\n\n").done())
            .event("\u{66f4}\u{65b0}", "\u{5f53}\u{524d}\u{65f6}\u{95f4}\u{ff1a}", ""),
        Scenario::new("emoji", "Characters outside of the basic plane, joined and with modifiers.", DECODE)
            .answer(Answer::stream("data: \u{1f600}\u{1f468}\u{200d}\u{1f469}\u{1f44d}\u{1f3fd}\u{10ffff}\n\n").done())
            .message("\u{1f600}\u{1f468}\u{200d}\u{1f469}\u{1f44d}\u{1f3fd}\u{10ffff}"),
        Scenario::new(
            "not-line-ends",
            "U+2028, U+2029, U+0085, U+000B, U+000C, U+001C to U+001E: characters that end a line elsewhere, not here.",
            "9.2.5: \"end-of-line = ( cr lf / cr / lf )\"",
        )
        .answer(
            Answer::stream("data: a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\u{1c}g\u{1d}h\u{1e}i\n\n").done(),
        )
        .message("a\u{2028}b\u{2029}c\u{85}d\u{b}e\u{c}f\u{1c}g\u{1d}h\u{1e}i"),
        Scenario::new("nul-in-data", "U+0000 in data and in a type.", "9.2.5: \"any-char = %x0000-0009 / %x000B-000C / %x000E-10FFFF\"")
            .answer(Answer::stream("data: a\0b\n\nevent: x\0y\ndata: c\n\n").done())
            .message("a\0b")
            .event("x\0y", "c", ""),
        Scenario::new("cut-in-a-character", "A packet that ends inside of a character.", DECODE)
            .answer(
                Answer::stream(b"data: \xE6\x9B")
                    .pause(Duration::from_millis(150))
                    .then(b"\xB4\xF0\x9F")
                    .pause(Duration::from_millis(150))
                    .then(b"\x98\x80\n\n")
                    .done(),
            )
            .message("\u{66f4}\u{1f600}"),
        Scenario::new("not-utf-8", "Bytes that are not UTF-8: never used, alone, overlong.", REPLACED)
            .answer(Answer::stream(b"data: a\xFFb\n\ndata: a\x80b\n\ndata: a\xC0\xAFb\n\n").done())
            .message("a\u{fffd}b")
            .message("a\u{fffd}b")
            .message("a\u{fffd}\u{fffd}b"),
        Scenario::new("surrogates", "The bytes that a lone surrogate would have.", REPLACED)
            .answer(Answer::stream(b"data: a\xED\xA0\x80b\n\ndata: a\xED\xBF\xBFb\n\n").done())
            .message("a\u{fffd}\u{fffd}\u{fffd}b")
            .message("a\u{fffd}\u{fffd}\u{fffd}b"),
        Scenario::new("sequence-cut-by-line-end", "A character that is cut short by the end of its line.", REPLACED)
            .answer(Answer::stream(b"data: a\xE6\x9B\ndata: b\xF0\x9F\x98\r\rdata: c\n\n").done())
            .message("a\u{fffd}\nb\u{fffd}")
            .message("c"),
    ]
}
