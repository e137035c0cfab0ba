//! The last event ID.

use crate::scenario::{Answer, DONE, End, Need, Scenario};

const KEPT: &str = "9.2.6: \"The buffer does not get reset, so the last event ID string of the event source remains set to this value until the next time it is set by the server.\"";
const SET: &str = "9.2.6: \"If the field value does not contain U+0000 NULL, then set the last event ID buffer to the field value. Otherwise, ignore the field.\"";
const SENT: &str = "9.2.3: \"If the EventSource object's last event ID string is not the empty string, then: Let lastEventIDValue be the EventSource object's last event ID string, encoded as UTF-8. Set (`Last-Event-ID`, lastEventIDValue) in request's header list.\"";
const DISPATCH: &str = "9.2.6: \"Set the last event ID string of the event source to the value of the last event ID buffer.\"";

pub(super) fn all() -> Vec<Scenario> {
    let plain = vec![
        Scenario::new("id-kept", "An ID, then events without one.", KEPT)
            .answer(Answer::stream("id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n").done())
            .event("message", "a", "1")
            .event("message", "b", "1")
            .event("message", "c", "2"),
        Scenario::new("id-emptied", "An ID, then one that is empty.", SET)
            .answer(
                Answer::stream(
                    "id: 1\ndata: a\n\nid\ndata: b\n\nid: 2\ndata: c\n\nid:\ndata: d\n\n",
                )
                .done(),
            )
            .event("message", "a", "1")
            .event("message", "b", "")
            .event("message", "c", "2")
            .event("message", "d", ""),
        Scenario::new("id-last-of-several", "Two IDs in one block.", SET)
            .answer(Answer::stream("id: 1\ndata: a\nid: 2\n\n").done())
            .event("message", "a", "2"),
        Scenario::new("id-with-nul", "An ID that contains U+0000.", SET)
            .answer(
                Answer::stream("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\nid: \0\ndata: c\n\n").done(),
            )
            .event("message", "a", "1")
            .event("message", "b", "1")
            .event("message", "c", "1"),
        Scenario::new("id-without-data", "A block with an ID and no data, then events.", DISPATCH)
            .answer(Answer::stream("id: 7\n\ndata: a\n\n").done())
            .event("message", "a", "7")
            .event(DONE, DONE, "7"),
        Scenario::new("id-with-spaces", "An ID with spaces and a colon.", SET)
            .answer(Answer::stream("id:  a b: c \ndata: a\n\n").done())
            .event("message", "a", " a b: c "),
    ];
    let mut all: Vec<Scenario> =
        plain.into_iter().map(|scenario| scenario.needing(Need::LastEventId)).collect();
    all.extend([
        Scenario::new("resume", "An ID, the end; the client comes back with it.", SENT)
            .answer(ended("retry: 20\nid: 1\ndata: a\n\n"))
            .answer(Answer::stream("data: b\n\n").done())
            .event("message", "a", "1")
            .returns_with("1")
            .event("message", "b", "1")
            .needing(Need::LastEventId),
        Scenario::new(
            "resume-without-id",
            "No ID, the end; the client comes back without one.",
            SENT,
        )
        .answer(ended("retry: 20\ndata: a\n\n"))
        .answer(Answer::stream("data: b\n\n").done())
        .message("a")
        .returns_with("")
        .message("b"),
        Scenario::new("resume-emptied-id", "An ID that is emptied again, the end.", SENT)
            .answer(ended("retry: 20\nid: 1\ndata: a\n\nid\ndata: b\n\n"))
            .answer(Answer::stream("data: c\n\n").done())
            .event("message", "a", "1")
            .event("message", "b", "")
            .returns_with("")
            .event("message", "c", ""),
        Scenario::new(
            "resume-id-without-data",
            "A block with an ID and no data, the end.",
            DISPATCH,
        )
        .answer(ended("retry: 20\nid: 7\n\n"))
        .answer(Answer::stream("").done())
        .returns_with("7"),
        Scenario::new(
            "resume-unfinished-id",
            "An ID in a block that is never finished, the end.",
            "9.2.6: \"Once the end of the file is reached, any pending data must be discarded.\"",
        )
        .answer(ended("retry: 20\nid: 1\ndata: a\n\nid: 2\ndata: lost\n"))
        .answer(Answer::stream("data: b\n\n").done())
        .event("message", "a", "1")
        .returns_with("1")
        .event("message", "b", "1"),
        Scenario::new("resume-chinese-id", "An ID of Chinese characters, the end.", SENT)
            .answer(ended("retry: 20\nid: \u{66f4}\u{65b0}\ndata: a\n\n"))
            .answer(Answer::stream("data: b\n\n").done())
            .event("message", "a", "\u{66f4}\u{65b0}")
            .returns_with("\u{66f4}\u{65b0}")
            .event("message", "b", "\u{66f4}\u{65b0}"),
        Scenario::new("resume-twice", "Two ends, with an ID of its own before each.", SENT)
            .answer(ended("retry: 20\nid: 1\ndata: a\n\n"))
            .answer(ended("id: 2\ndata: b\n\n"))
            .answer(Answer::stream("data: c\n\n").done())
            .event("message", "a", "1")
            .returns_with("1")
            .event("message", "b", "2")
            .returns_with("2")
            .event("message", "c", "2"),
    ]);
    all
}

fn ended(body: &str) -> Answer {
    Answer::stream(body).ending(End::Complete)
}
