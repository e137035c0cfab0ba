//! Response heads that open a stream, lead elsewhere, or end it for good.

use crate::scenario::{Answer, End, Scenario};

const FATAL: &str = "9.2.2: \"Otherwise, if res's status is not 200, or if res's `Content-Type` is not `text/event-stream`, then fail the connection.\"";
const STOP: &str = "9.2.1: \"a client can be told to stop reconnecting using the HTTP 204 No Content response code\"";
const TYPE: &str = "9.2.7: \"User agents must ignore unknown parameters\" of the MIME type; MIME types are compared without case (MIME Sniffing, 4.4)";
const REDIRECT: &str = "9.2.1: \"Event stream requests can be redirected using HTTP 301 and 307 redirects as with normal HTTP requests.\"; Fetch, HTTP-redirect fetch";

pub(super) fn all() -> Vec<Scenario> {
    let mut all: Vec<Scenario> = vec![
        opens("type-with-charset", "The type with `charset=utf-8`.", TYPE, |it| {
            it.field("Content-Type", "text/event-stream;charset=utf-8")
        }),
        opens("type-with-parameter", "The type with a parameter that nobody knows.", TYPE, |it| {
            it.field("Content-Type", "text/event-stream; foo=bar")
        }),
        opens("type-in-other-case", "The type in capitals.", TYPE, |it| {
            it.field("Content-Type", "Text/Event-Stream")
        }),
    ];
    for (name, about, status) in [
        ("redirect-301", "301 to the stream.", 301),
        ("redirect-302", "302 to the stream.", 302),
        ("redirect-303", "303 to the stream.", 303),
        ("redirect-307", "307 to the stream.", 307),
        ("redirect-308", "308 to the stream.", 308),
    ] {
        let redirect = Answer::status(status).field("Location", "{self}?again");
        let scenario = Scenario::new(name, about, REDIRECT)
            .answer(redirect)
            .answer(Answer::stream("data: a\n\n").done());
        all.push(scenario.redirected().message("a"));
    }
    for (name, about, status, clause) in [
        ("status-204", "204: there is nothing, and never will be.", 204, STOP),
        ("status-205", "205.", 205, FATAL),
        ("status-404", "404.", 404, FATAL),
        ("status-500", "500.", 500, FATAL),
        ("status-503", "503.", 503, FATAL),
    ] {
        all.push(refused(name, about, clause, Answer::status(status)));
    }
    let body = || Answer::stream("data: lost\n\n").ending(End::Complete);
    all.extend([
        refused(
            "type-text",
            "An event stream that is called text/plain.",
            FATAL,
            body().field("Content-Type", "text/plain"),
        ),
        refused(
            "type-missing",
            "An event stream without a type.",
            FATAL,
            body().without_field("Content-Type"),
        ),
        refused(
            "type-similar",
            "text/event-streams.",
            FATAL,
            body().field("Content-Type", "text/event-streams"),
        ),
        refused("status-404-stream", "404 whose body is an event stream.", FATAL, {
            let mut answer = body();
            answer.status = 404;
            answer
        }),
        Scenario::new("end-then-204", "A stream that ends, then 204.", STOP)
            .answer(Answer::stream("retry: 20\ndata: a\n\n").ending(End::Complete))
            .answer(Answer::status(204))
            .answer(Answer::stream("").done())
            .message("a")
            .returns_with("")
            .fails(),
    ]);
    all
}

fn opens(
    name: &'static str,
    about: &'static str,
    clause: &'static str,
    change: fn(Answer) -> Answer,
) -> Scenario {
    let answer = change(Answer::stream("data: a\n\n").done());
    Scenario::new(name, about, clause).answer(answer).message("a")
}

/// Whoever comes back, which nobody should, is told to stop, so that the fault shows at once.
fn refused(
    name: &'static str,
    about: &'static str,
    clause: &'static str,
    answer: Answer,
) -> Scenario {
    Scenario::new(name, about, clause).answer(answer).answer(Answer::stream("").done()).fails()
}
