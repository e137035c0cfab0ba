//! A server that is gone for a while: the browser's attempts to come back are refused.
//!
//! The standard leaves it to the browser whether it goes on trying; see
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model>.

use anyhow::ensure;

use super::programs::Program;
use super::{Case, Stage, as_text};
use crate::workspace::workspace;

pub(super) const SAME_ORIGIN: Case = Case {
    name: "refused",
    about: "a refused connection is tried again, same origin",
    check: |stage| {
        let demo = stage.start("demo")?;
        let page = demo.url("/hello-clock/");
        check(stage, demo, &page, true)
    },
};

pub(super) const OTHER_ORIGIN: Case = Case {
    name: "refused-elsewhere",
    about: "a refused connection to another origin, by engine",
    check: |stage| {
        let server = stage.start("hello-clock")?;
        let page = workspace().join("examples/documents/hello-clock/page.html");
        let page = format!("file://{}?stream={}", page.display(), server.url("/sse"));
        let returns = stage.engine.retries_when_refused_elsewhere;
        check(stage, server, &page, returns)
    },
};

/// Takes the server away until a second attempt has failed, and brings it back.
fn check(
    stage: &mut Stage<'_>,
    mut server: Program,
    page: &str,
    returns: bool,
) -> anyhow::Result<()> {
    stage.open(page)?;
    greetings(stage, 1)?;
    // The page's script keeps its source to itself; a script element shares its scope.
    let watch = "const watch = document.createElement('script'); \
        watch.textContent = 'window.watched = source; window.failures = 0; \
            source.addEventListener(\"error\", () => { window.failures += 1; })'; \
        document.head.append(watch)";
    stage.browser.script(watch)?;
    server.crash();
    let failures = "return window.failures";
    stage.browser.wait_for("a refused attempt", failures, |it| it.as_u64() >= Some(2))?;
    let closed = stage.browser.script("return window.watched.readyState === EventSource.CLOSED")?;
    ensure!(closed == !returns, "the source is closed: {closed}");
    if returns {
        server.restart(stage.report)?;
        greetings(stage, 2)?;
    }
    stage.nothing_thrown()
}

/// Waits until the page has been greeted this often: once by each connection.
fn greetings(stage: &Stage<'_>, count: usize) -> anyhow::Result<()> {
    let result = "return document.getElementById('result').textContent";
    let greeted = |text: &serde_json::Value| as_text(text).matches("Hello, this").count() >= count;
    stage.browser.wait_for(&format!("greeting {count}"), result, greeted).map(drop)
}
