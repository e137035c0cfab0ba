//! The three ways in which a line can end, and what is due when.

use std::time::Duration;

use crate::scenario::{Answer, Need, Scenario};

/// How long the stream is silent where something is due before it goes on.
const SILENCE: Duration = Duration::from_millis(900);
/// How much of that has to be left when what is due arrives; the rest is for a busy machine.
const AT_ONCE: Duration = Duration::from_millis(400);

const ENDINGS: &str = "9.2.6: \"a U+000D CARRIAGE RETURN U+000A LINE FEED (CRLF) character pair, a single U+000A LINE FEED (LF) character not preceded by a U+000D CARRIAGE RETURN (CR) character, and a single U+000D CARRIAGE RETURN (CR) character not followed by a U+000A LINE FEED (LF) character being the ways in which a line can end\"";
const DISPATCH: &str = "9.2.6: \"If the line is empty (a blank line): Dispatch the event\"; 9.2.5: \"block buffering or line buffering with different expected line endings can cause delays in event dispatch\"";

pub(super) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("lines-lf", "Lines that end with LF.", ENDINGS)
            .answer(Answer::stream("data: a\ndata: b\n\ndata: c\n\n").done())
            .message("a\nb")
            .message("c"),
        Scenario::new("lines-crlf", "Lines that end with CRLF.", ENDINGS)
            .answer(Answer::stream("data: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n").done())
            .message("a\nb")
            .message("c"),
        Scenario::new("lines-cr", "Lines that end with CR.", ENDINGS)
            .answer(Answer::stream("data: a\rdata: b\r\rdata: c\r\r").done())
            .message("a\nb")
            .message("c"),
        Scenario::new("lines-mixed", "Lines that end in every way, in one block and the next.", ENDINGS)
            .answer(
                Answer::stream("data: a\ndata: b\rdata: c\r\n\r\ndata: d\n\rdata: e\r\ndata: f\r\r\n").done(),
            )
            .message("a\nb\nc")
            .message("d")
            .message("e\nf"),
        Scenario::new("crlf-cut", "CR and LF of a line end in different packets, half a second apart.", ENDINGS)
            .answer(
                Answer::stream("data: a\r")
                    .pause(Duration::from_millis(250))
                    .then("\ndata: b\r\n\r")
                    .pause(Duration::from_millis(250))
                    .then("\ndata: c\r\n\r\n")
                    .done(),
            )
            .message("a\nb")
            .message("c"),
        Scenario::new("byte-by-byte", "A stream whose bytes come one in a packet.", ENDINGS)
            .answer(
                Answer::stream("")
                    .byte_by_byte("event: add\r\nid: 1\rdata: \u{66f4}\u{65b0}\ndata: \u{1f600}\r\n\r\ndata: b\n\n")
                    .done(),
            )
            .event("add", "\u{66f4}\u{65b0}\n\u{1f600}", "1")
            .event("message", "b", "1")
            .needing(Need::LastEventId),
        at_once("lf-at-once", "A block that ends with LF LF, then silence.", "data: a\n\n", "\n"),
        at_once("crlf-at-once", "A block that ends with CRLF CRLF, then silence.", "data: a\r\n\r\n", "\n"),
        at_once("cr-at-once", "A block that ends with CR CR, then silence.", "data: a\r\r", "\r"),
        at_once("crlf-cr-at-once", "A block whose last CRLF lacks its LF as yet, then silence.", "data: a\r\n\r", "\n"),
    ]
}

fn at_once(name: &'static str, about: &'static str, block: &str, rest: &str) -> Scenario {
    let answer = Answer::stream(block).pause(SILENCE).then(rest).done();
    Scenario::new(name, about, DISPATCH).answer(answer).message("a").apart(AT_ONCE)
}
