//! How a stream ends, and when the client comes back.

use std::time::Duration;

use crate::scenario::{Answer, End, Framing, Scenario};

const REESTABLISH: &str = "9.2.1: \"Clients will reconnect if the connection is closed\"; 9.2.2, processEventSourceEndOfBody";
const NETWORK: &str = "9.2.1: \"Clients will reconnect if the connection is closed\"; 9.2.2: \"if res is a network error, then reestablish the connection, unless the user agent knows that to be futile\"";
const DISCARDED: &str = "9.2.6: \"If the file ends in the middle of an event, before the final empty line, the incomplete event is not dispatched.\"";
const RETRY: &str = "9.2.6: \"If the field value consists of only ASCII digits, then interpret the field value as an integer in base ten, and set the event stream's reconnection time to that integer. Otherwise, ignore the field.\"";

pub(super) fn all() -> Vec<Scenario> {
    vec![
        after("end", "A stream that ends as its framing says.", REESTABLISH, |it| {
            it.ending(End::Complete)
        }),
        after(
            "end-until-close",
            "A body without length or chunks: the connection's end is its end.",
            REESTABLISH,
            |it| it.framed(Framing::UntilClose).ending(End::Complete),
        ),
        after(
            "end-of-length",
            "A body with a Content-Length that is reached.",
            REESTABLISH,
            |it| it.framed(Framing::Length).ending(End::Complete),
        ),
        // What comes together with a broken connection may be lost with it: browsers and proxies do so now and then.
        after("cut", "A stream that breaks off without its last chunk.", NETWORK, |it| {
            it.pause(Duration::from_millis(200)).ending(End::Cut)
        }),
        after("reset", "A connection that is reset.", NETWORK, |it| {
            it.pause(Duration::from_millis(200)).ending(End::Reset)
        }),
        restart("restart", "The server is shut down, and is back a second later.", End::Restart),
        restart("crash", "The server crashes, and is back a second later.", End::Crash),
        unfinished("unfinished-line", "The stream ends inside of a line.", "data: lost"),
        unfinished(
            "unfinished-block",
            "The stream ends before the blank line.",
            "event: add\ndata: lost\n",
        ),
        unfinished(
            "unfinished-block-crlf",
            "The stream ends after a CRLF that ends no block.",
            "data: lost\r\n",
        ),
        Scenario::new(
            "fresh-decoder",
            "An unfinished block and its type are forgotten; a BOM is stripped again.",
            DISCARDED,
        )
        .answer(
            Answer::stream("\u{feff}retry: 20\ndata: a\n\nevent: add\ndata: lost\n")
                .ending(End::Complete),
        )
        .answer(Answer::stream("\u{feff}data: b\n\n").done())
        .message("a")
        .returns_with("")
        .message("b"),
        retry("retry", "A reconnection time of 700 ms.", "retry: 700\n"),
        retry(
            "retry-without-data",
            "A reconnection time of 700 ms in a block of its own.",
            "retry:700\n\n",
        ),
        retry(
            "retry-last-of-several",
            "Two reconnection times, of which the last counts.",
            "retry: 30000\nretry: 700\n",
        ),
        retry(
            "retry-not-digits",
            "700 ms, then values that are not digits alone.",
            "retry: 700\nretry: 30000ms\nretry: -30000\nretry: +30000\nretry: 30000.0\nretry:  30000\nretry: x\nretry: \u{661}\n",
        ),
        retry("retry-empty", "700 ms, then no value.", "retry: 700\nretry\nretry:\nretry: \n"),
        Scenario::new(
            "retry-kept",
            "A reconnection time that holds for the second end too.",
            RETRY,
        )
        .answer(Answer::stream("retry: 20\ndata: a\n\n").ending(End::Complete))
        .answer(Answer::stream("data: b\n\n").ending(End::Complete))
        .answer(Answer::stream("data: c\n\n").done())
        .message("a")
        .returns_with("")
        .message("b")
        .returns_with("")
        .message("c"),
    ]
}

/// A stream that ends in some way after one event; the client comes back for another.
fn after(
    name: &'static str,
    about: &'static str,
    clause: &'static str,
    end: fn(Answer) -> Answer,
) -> Scenario {
    Scenario::new(name, about, clause)
        .answer(end(Answer::stream("retry: 20\ndata: a\n\n")))
        .answer(Answer::stream("data: b\n\n").done())
        .message("a")
        .returns_with("")
        .message("b")
}

/// Nobody listens for a second: the client tries again until the server is back, which sends what was missed.
fn restart(name: &'static str, about: &'static str, end: fn(Duration) -> End) -> Scenario {
    let first = Answer::stream("retry: 20\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n")
        .pause(Duration::from_millis(200));
    Scenario::new(name, about, NETWORK)
        .answer(first.ending(end(Duration::from_secs(1))))
        .answer(Answer::stream("id: 3\ndata: missed\n\nid: 4\ndata: c\n\n").done())
        .event("message", "a", "1")
        .event("message", "b", "2")
        .returns_with("2")
        .event("message", "missed", "3")
        .event("message", "c", "4")
}

fn unfinished(name: &'static str, about: &'static str, rest: &str) -> Scenario {
    let first = Answer::stream(format!("retry: 20\ndata: a\n\n{rest}")).ending(End::Complete);
    Scenario::new(name, about, DISCARDED)
        .answer(first)
        .answer(Answer::stream("data: b\n\n").done())
        .message("a")
        .returns_with("")
        .message("b")
}

/// Sets a reconnection time of 700 ms and ends. A client may "wait some more", and machines are busy.
fn retry(name: &'static str, about: &'static str, fields: &str) -> Scenario {
    let first = Answer::stream(format!("{fields}data: a\n\n")).ending(End::Complete);
    Scenario::new(name, about, RETRY)
        .answer(first)
        .answer(Answer::stream("data: b\n\n").done())
        .message("a")
        .returns_with("")
        .message("b")
        .returns_after(Duration::from_millis(650), Duration::from_millis(2600))
}
