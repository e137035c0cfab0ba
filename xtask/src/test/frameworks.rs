//! The page of the app on axum in a browser: it goes on where it was when the app ends and comes back.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::browser::{Browser, ENGINES};
use crate::process::{Child, cargo, workspace};
use crate::scratch::Scratch;
use crate::steps::{Report, Step};

const SHOWN: &str =
    "return [...document.querySelectorAll('#events li')].map((it) => it.textContent)";

pub(super) fn page() -> Step {
    let about = "a page of an axum app: the app restarts, the page misses nothing";
    Step::new("frameworks/page", about, |report| {
        let program = build(report)?;
        let browser = ENGINES[0].start(report)?;
        let folder = Scratch::new("frameworks")?;
        let state = folder.path().join("state");
        let mut app = App::start(&program, &state, "127.0.0.1:0")?;
        browser.open(&app.url)?;
        let says = "return document.getElementById('state').textContent";
        browser.wait_for("a connection", says, |text| text == "live")?;
        let mut published = Vec::new();
        for _ in 0..3 {
            app.publish(10, &mut published)?;
            wait_for_all(&browser, &published)?;
            let address = app.stop()?;
            app = App::start(&program, &state, &address)?;
            // The browser comes back seconds later.
            app.publish(5, &mut published)?;
            wait_for_all(&browser, &published)?;
        }
        app.stop().map(drop)
    })
}

fn build(report: &mut Report) -> anyhow::Result<PathBuf> {
    let target = workspace().join("target/frameworks");
    let mut build = cargo(["build", "--locked", "--bin", "on_axum"]);
    build.current_dir(workspace().join("examples/frameworks")).env("CARGO_TARGET_DIR", &target);
    report.run(&mut build)?;
    Ok(target.join("debug/on_axum"))
}

/// Waits until the page shows as many as were published: those, in their order.
fn wait_for_all(browser: &Browser, published: &[String]) -> anyhow::Result<()> {
    let length = |it: &serde_json::Value| it.as_array().map_or(0, Vec::len);
    let shown = browser.wait_for("events", SHOWN, |it| length(it) >= published.len())?;
    ensure!(shown == serde_json::json!(published), "the page shows {shown} of {published:?}");
    Ok(())
}

struct App {
    child: Child,
    url: String,
}

impl App {
    fn start(program: &Path, state: &Path, address: &str) -> anyhow::Result<App> {
        let mut command = Command::new(program);
        command.args(["--addr", address, "--state"]).arg(state).stdout(Stdio::piped());
        let mut child = Child::spawn(&mut command)?;
        let stdout = child.inner().stdout.take().context("the program has no output")?;
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url)?;
        ensure!(url.starts_with("http://"), "the app does not say where it listens: {url:?}");
        Ok(App { child, url: url.trim().to_owned() })
    }

    fn publish(&self, count: usize, published: &mut Vec<String>) -> anyhow::Result<()> {
        for _ in 0..count {
            let text = format!("event {}", published.len() + 1);
            ureq::post(format!("{}/publish", self.url)).send(&text)?;
            published.push(text);
        }
        Ok(())
    }

    /// Asks it to end, waits until it has, and returns where it listened.
    fn stop(mut self) -> anyhow::Result<String> {
        kill_process(Pid::from_child(self.child.inner()), Signal::INT)?;
        let status = self.child.wait()?;
        ensure!(status.success(), "the app ended with {status}");
        Ok(self.url.trim_start_matches("http://").to_owned())
    }
}
