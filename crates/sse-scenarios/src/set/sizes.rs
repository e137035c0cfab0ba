//! Large events, and many.

use crate::scenario::{Answer, Scenario};

const DATA: &str =
    "9.2.6: \"Append the field value to the data buffer\": the standard knows no limit";

pub(super) fn all() -> Vec<Scenario> {
    let large = "0123456789abcdef".repeat(4096);
    let huge = "\u{66f4}\u{65b0}ab".repeat(5 * 1024 * 1024 / 8);
    let lines: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    let many: String = (0..3000).map(|number| format!("data: {number}\n\n")).collect();
    let mut all = vec![
        Scenario::new("data-64-kib", "An event of 64 KiB on one line.", DATA)
            .answer(Answer::stream(format!("data: {large}\n\n")).done())
            .message(large),
        Scenario::new("data-5-mib", "An event of 5 MiB on one line.", DATA)
            .answer(Answer::stream(format!("data: {huge}\n\n")).done())
            .message(huge),
        Scenario::new("data-5000-lines", "An event of 5,000 lines.", DATA)
            .answer(Answer::stream(format!("data: {}\n\n", lines.join("\ndata: "))).done())
            .message(lines.join("\n")),
    ];
    let events = Scenario::new("events-3000", "3,000 events in one packet.", DATA)
        .answer(Answer::stream(many).done());
    all.push((0..3000).fold(events, |scenario, number| scenario.message(number.to_string())));
    all
}
