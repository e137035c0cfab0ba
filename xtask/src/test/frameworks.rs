//! The page of the app on axum in a browser: it goes on where it was when the app ends and comes back.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use testkit::{Served, Signal};

use crate::browser::{Browser, ENGINES};
use crate::steps::{Report, Step};
use crate::workspace::{cargo_in, scratch, workspace};

const SHOWN: &str =
    "return [...document.querySelectorAll('#events li')].map((it) => it.textContent)";

pub(super) fn page() -> Step {
    let about = "a page of an axum app: the app restarts, the page misses nothing";
    Step::new("frameworks/page", about, |report| {
        let program = build(report)?;
        let browser = ENGINES[0].start(report)?;
        let folder = scratch("frameworks")?;
        let state = folder.join("state");
        let mut app = start(&program, &state, "127.0.0.1:0")?;
        browser.open(&app.url(""))?;
        let says = "return document.getElementById('state').textContent";
        browser.wait_for("a connection", says, |text| text == "live")?;
        let mut published = Vec::new();
        for _ in 0..3 {
            publish(&app, 10, &mut published)?;
            wait_for_all(&browser, &published)?;
            let address = stop(app)?;
            app = start(&program, &state, &address)?;
            // The browser comes back seconds later.
            publish(&app, 5, &mut published)?;
            wait_for_all(&browser, &published)?;
        }
        stop(app).map(drop)
    })
}

/// With the tests, as the step before this one has: what they need adds features to what the program needs, and for the
/// program alone all would be built again.
fn build(report: &mut Report) -> anyhow::Result<PathBuf> {
    let folder = workspace().join("examples/frameworks");
    report.run(&mut cargo_in(&folder, "frameworks", ["build", "--locked", "--all-targets"]))?;
    Ok(workspace().join("target/frameworks/debug/on_axum"))
}

/// Waits until the page shows as many as were published: those, in their order.
fn wait_for_all(browser: &Browser, published: &[String]) -> anyhow::Result<()> {
    let length = |it: &serde_json::Value| it.as_array().map_or(0, Vec::len);
    let shown = browser.wait_for("events", SHOWN, |it| length(it) >= published.len())?;
    ensure!(shown == serde_json::json!(published), "the page shows {shown} of {published:?}");
    Ok(())
}

/// Starts the app on an address.
fn start(program: &Path, state: &Path, address: &str) -> anyhow::Result<Served> {
    Served::start(Command::new(program).args(["--addr", address, "--state"]).arg(state))
}

fn publish(app: &Served, count: usize, published: &mut Vec<String>) -> anyhow::Result<()> {
    for _ in 0..count {
        let text = format!("event {}", published.len() + 1);
        ureq::post(app.url("/publish")).send(&text)?;
        published.push(text);
    }
    Ok(())
}

/// Asks the app to end, waits until it has, and returns where it listened.
fn stop(mut app: Served) -> anyhow::Result<String> {
    app.signal(Signal::INT)?;
    let status = app.process_mut().wait()?;
    ensure!(status.success(), "the app ended with {status}");
    Ok(app.address().to_string())
}
