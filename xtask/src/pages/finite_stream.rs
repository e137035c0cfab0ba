//! A stream that the server ends, and a browser that opens it again and again.

use anyhow::{Context, ensure};

use super::{Case, Stage};

/// What each event adds to `#result`.
const ADDED: &str = "123321 ";

const OPENED: &str = "连接已打开";
const LOST: &str = "连接已断开";
const MESSAGE: &str = "收到消息";

pub(super) const ONOPEN: Case = Case {
    name: "finite-stream-onopen",
    about: "the server ends the stream, the browser opens it again",
    check: |stage| check(stage, "/", 3, &[OPENED; 3]),
};

pub(super) const ONMESSAGE: Case = Case {
    name: "finite-stream-onmessage",
    about: "events with a type of their own are no messages",
    check: |stage| check(stage, "/page-onmessage.html", 2, &[OPENED; 2]),
};

pub(super) const ONERROR: Case = Case {
    name: "finite-stream-onerror",
    about: "each end of the stream is an error event",
    check: |stage| check(stage, "/page-onerror.html", 2, &[OPENED, OPENED, LOST]),
};

/// Waits until the stream was opened `times` times, and for what the page logs meanwhile.
fn check(stage: &mut Stage<'_>, path: &str, times: usize, logged: &[&str]) -> anyhow::Result<()> {
    let server = stage.start("finite-stream")?;
    stage.open(&server.url(path))?;
    ensure!(server.streams().is_empty(), "a stream before the button was pressed");
    stage.browser.click("#btn")?;
    let mut length = 0;
    for time in 1..=times {
        server.wait_for_streams(time)?;
        let text = stage.wait_for_text("#result", |text| text.len() > length + ADDED.len())?;
        let only = text.len() % ADDED.len() == 0 && text.replace(ADDED, "").is_empty();
        ensure!(only, "something else was added: {text:?}");
        length = text.len();
    }
    let streams = server.streams();
    let (_, ended) = streams.split_last().context("no request for the stream")?;
    let properly = ended.iter().all(|stream| stream.response.ends_with(b"\r\n0\r\n\r\n"));
    ensure!(properly, "a stream ended without its last chunk");
    let least = stage.engine.default_reconnection_time;
    for pair in streams.windows(2) {
        let [before, after] = pair else { continue };
        let (end, _) = before.closed.context("two streams at a time")?;
        let waited = after.began.duration_since(end);
        ensure!(waited >= least, "opened again after {waited:?} instead of {least:?}");
    }
    let lines = stage.wait_for_console(logged)?;
    let message = lines.iter().find(|line| line.message.contains(MESSAGE));
    ensure!(message.is_none(), "onmessage saw an event whose type is not message");
    super::no_errors_in(&lines)?;
    stage.no_errors()
}
