//! The greeting and the clock, from the same origin and from another one.

use anyhow::ensure;

use super::{Case, Stage, has_form, no_errors_in};
use crate::workspace::workspace;

pub(super) const PAGE: Case = Case {
    name: "hello-clock",
    about: "a greeting and the time every two seconds",
    check: |stage| {
        let demo = stage.start("demo")?;
        stage.open(&demo.url("/hello-clock/"))?;
        let heading = stage.text("h1")?;
        ensure!(heading == "接收服务器推送的消息", "the heading is {heading:?}");
        greeting_and_times(stage)?;
        if stage.browser.has_logs() {
            let event = "new MessageEvent('custom-event', { data: 'of a test' })";
            stage.browser.script(&format!("source.dispatchEvent({event})"))?;
            no_errors_in(&stage.wait_for_console(&["of a test"])?)?;
        }
        stage.no_errors()?;
        drop(demo);
        stage.wait_for_console(&["连接失败或被中断"]).map(drop)
    },
};

pub(super) const OTHER_ORIGIN: Case = Case {
    name: "hello-clock-from-a-file",
    about: "the page is a file, its stream comes from a server",
    check: |stage| {
        let server = stage.start("hello-clock")?;
        let page = workspace().join("examples/documents/hello-clock/page.html");
        stage.open(&format!("file://{}?stream={}", page.display(), server.url("/sse")))?;
        greeting_and_times(stage)?;
        stage.no_errors()?;
        let streams = server.streams();
        let origin = streams.first().and_then(|stream| stream.header("Origin"));
        ensure!(origin == Some("null"), "the request came from the origin {origin:?}");
        Ok(())
    },
};

pub(super) const NOT_FOUND: Case = Case {
    name: "hello-clock-not-found",
    about: "every other path is a page that says 404",
    check: |stage| {
        let server = stage.start("hello-clock")?;
        for path in ["/", "/nowhere", "/sse/below"] {
            stage.open(&server.url(path))?;
            let heading = stage.text("h1")?;
            ensure!(heading == "404 页面未找到", "the heading of {path} is {heading:?}");
            let status = "return fetch(location.href).then((response) => response.status)";
            let status = stage.browser.script(status)?;
            ensure!(status == 404, "the status of {path} is {status}");
        }
        Ok(())
    },
};

/// `#result` holds the greeting, then times of day, each followed by a `<br>`.
fn greeting_and_times(stage: &Stage<'_>) -> anyhow::Result<()> {
    let nodes = "return [...document.getElementById('result').childNodes] \
        .map((node) => node.nodeName === 'BR' ? '\\n' : node.textContent).join('')";
    let result = stage.browser.wait_for("a greeting and two times", nodes, |result| {
        super::as_text(result).matches('\n').count() >= 3
    })?;
    let result = super::as_text(&result);
    let mut lines = result.lines();
    let greeting = lines.next().unwrap_or_default();
    ensure!(greeting == "Hello, this is a server-sent event!", "the greeting is {greeting:?}");
    ensure!(lines.all(|line| has_form(line, "00:00:00")), "not only times: {result:?}");
    Ok(())
}
