//! Eleven messages and an end, after which the page has closed the stream.

use anyhow::ensure;

use super::relay::Side;
use super::{Case, as_text, has_form};

pub(super) const PAGE: Case = Case {
    name: "counter",
    about: "eleven messages and the end, no reconnect",
    check: |stage| {
        let server = stage.start("counter")?;
        stage.open(&server.url("/"))?;
        let lines = "return [...document.querySelector('.app').children] \
            .map((line) => line.textContent).join('\\n')";
        let lines = stage
            .browser
            .wait_for("the line of the end", lines, |lines| as_text(lines).ends_with("结束"))?;
        let lines = as_text(&lines);
        let (counted, end) = lines.rsplit_once('\n').unwrap_or_default();
        ensure!(end == "结束", "the last line is {end:?}");
        ensure!(counted.lines().count() == 11, "not eleven messages: {lines}");
        for (n, line) in counted.lines().enumerate() {
            let (time, count) = line.split_once(" 计数：").unwrap_or_default();
            ensure!(has_form(time, "当前时间：0000-00-00 00:00:00"), "not a date in {line:?}");
            ensure!(count == n.to_string(), "not {n} in {line:?}");
        }
        // A browser opens a stream again that the server has closed, and no other.
        let closed_by = server.wait_for_open_streams(0)?;
        ensure!(closed_by == [Side::Browser], "the stream was closed by {closed_by:?}");
        server.wait_for_line("client disconnected")?;
        stage.no_errors()
    },
};
