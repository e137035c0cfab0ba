//! Events and their fields.

use crate::scenario::{Answer, Scenario};

pub(super) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "one-event",
            "One event without a type.",
            "9.2.6: \"Initialize event's type attribute to 'message'\"",
        )
        .answer(Answer::stream("data: a\n\n").done())
        .message("a"),
        Scenario::new(
            "named-events",
            "Events of several types; the type is forgotten after each.",
            "9.2.6: \"If the event type buffer has a value other than the empty string, change the type of the newly created event to equal the value of the event type buffer.\"",
        )
        .answer(
            Answer::stream("event: add\ndata: 1\n\nevent: remove\ndata: 2\n\ndata: 3\n\n").done(),
        )
        .event("add", "1", "")
        .event("remove", "2", "")
        .message("3"),
        Scenario::new(
            "type-without-data",
            "A block with a type and no data, then one with data and no type.",
            "9.2.6: \"If the data buffer is an empty string, set the data buffer and the event type buffer to the empty string and return.\"",
        )
        .answer(Answer::stream("event: add\n\ndata: 1\n\n").done())
        .message("1"),
        Scenario::new(
            "empty-type",
            "A type that is set and then emptied.",
            "9.2.6: \"If the field name is 'event': Set the event type buffer to the field value.\"",
        )
        .answer(Answer::stream("event: add\nevent:\ndata: 1\n\nevent: add\nevent\ndata: 2\n\n").done())
        .message("1")
        .message("2"),
        Scenario::new(
            "empty-data",
            "Events whose data is empty.",
            "9.2.6: \"Append the field value to the data buffer, then append a single U+000A LINE FEED (LF) character to the data buffer.\"",
        )
        .answer(Answer::stream("data\n\ndata:\n\ndata: \n\n").done())
        .message("")
        .message("")
        .message(""),
        Scenario::new(
            "multi-line-data",
            "Several data lines in one event, some of them empty.",
            "9.2.6: \"If the data buffer's last character is a U+000A LINE FEED (LF) character, then remove the last character from the data buffer.\"",
        )
        .answer(Answer::stream("data: a\ndata: b\n\ndata\ndata\n\ndata: a\ndata:\n\ndata:\ndata: b\n\n").done())
        .message("a\nb")
        .message("\n")
        .message("a\n")
        .message("\nb"),
        Scenario::new(
            "space-after-colon",
            "No, one and two spaces after the colon, a tab, and a space at the end.",
            "9.2.6: \"If value starts with a U+0020 SPACE character, remove it from value.\"",
        )
        .answer(Answer::stream("data:a\n\ndata: a\n\ndata:  a\n\ndata:\ta\n\ndata: a \n\n").done())
        .message("a")
        .message("a")
        .message(" a")
        .message("\ta")
        .message("a "),
        Scenario::new(
            "colons-in-data",
            "Data that contains colons and looks like fields.",
            "9.2.6: \"Collect the characters on the line before the first U+003A COLON character (:), and let field be that string.\"",
        )
        .answer(Answer::stream("data: data: a\n\ndata::\n\ndata: http://example.org:80/\n\n").done())
        .message("data: a")
        .message(":")
        .message("http://example.org:80/"),
        Scenario::new(
            "fields-in-any-order",
            "The type after the data, twice, and between data lines.",
            "9.2.6: \"Lines must be processed, in the order they are received\"",
        )
        .answer(
            Answer::stream("data: a\nevent: add\n\ndata: a\nevent: add\ndata: b\nevent: remove\n\n").done(),
        )
        .event("add", "a", "")
        .event("remove", "a\nb", ""),
        Scenario::new(
            "comments",
            "Comments alone, inside a block, and looking like fields.",
            "9.2.6: \"If the line starts with a U+003A COLON character (:): Ignore the line.\"",
        )
        .answer(Answer::stream(": hello\n\n:\n\ndata: a\n: between\ndata: b\n:data: lost\n\n::\n\n").done())
        .message("a\nb"),
        Scenario::new(
            "unknown-fields",
            "Fields that the standard does not know, alone and beside data.",
            "9.2.6: \"Otherwise: The field is ignored.\"",
        )
        .answer(Answer::stream("foo: bar\n\nfoo\ndata: a\nda: b\ndatas: c\n\n").done())
        .message("a"),
        Scenario::new(
            "field-names-literally",
            "Field names in other cases and with spaces around them.",
            "9.2.6: \"Field names must be compared literally, with no case folding performed.\"",
        )
        .answer(
            Answer::stream("Data: lost\nDATA: lost\n data: lost\ndata : lost\ndata: kept\nEvent: add\n\n").done(),
        )
        .message("kept"),
        Scenario::new(
            "blank-lines",
            "More blank lines than needed, also before the first event.",
            "9.2.6: \"If the line is empty (a blank line): Dispatch the event, as defined below.\"",
        )
        .answer(Answer::stream("\n\n\ndata: a\n\n\n\n\ndata: b\n\n").done())
        .message("a")
        .message("b"),
    ]
}
