//! Events out of a `fetch`, by a module of WebAssembly in a browser.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;
use serde_json::json;
use testkit::Served;

use crate::browser::ENGINES;
use crate::embedded::{Compiler, Release};
use crate::steps::{Report, Step};
use crate::workspace::{UNOPTIMIZED, cargo, cargo_in, workspace};

const TARGET: &str = "wasm32-unknown-unknown";

const STATE: &str = "return document.getElementById('state').textContent";

const EVENTS: &str =
    "return [...document.querySelectorAll('#events li')].map((it) => it.textContent)";

pub(super) fn step() -> Step {
    Step::new("wasm", "events out of a browser's fetch, in WebAssembly", check)
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let Some(compiler) = Compiler::of(report, TARGET, Release::Newest)? else {
        report.not_checked(format_args!("`rustup target add {TARGET}` makes it checkable"));
        return Ok(());
    };
    let module = module(&compiler, report)?;
    let folder = workspace().join("examples/wasm");
    let serve = ["build", "--locked", "--package", "serve"];
    report.run(&mut cargo_in(&folder, "wasm", serve))?;
    let mut serve = Command::new(workspace().join("target/wasm/debug/serve"));
    let server = Served::start(serve.arg(module))?;
    let browser = ENGINES[0].start(report)?;
    browser.open(&server.url("/?token=secret"))?;
    browser.wait_for("the end of the stream", STATE, |text| text == "ended")?;
    let events = browser.script(EVENTS)?;
    let expected = json!(["1 step one", "2 message zw\u{f6}lf", "3 message two\nlines"]);
    ensure!(events == expected, "the page shows {events}");
    browser.open(&server.url("/?token=none"))?;
    browser.wait_for("a refusal", STATE, |text| text == "Error: status 401")?;
    let mut format = cargo(["fmt", "--all", "--check"]);
    report.run(format.current_dir(folder)).map(drop)
}

fn module(compiler: &Compiler, report: &mut Report) -> anyhow::Result<PathBuf> {
    let target = workspace().join("target/wasm");
    let mut build = compiler.command("std,panic_abort");
    build.current_dir(workspace().join("examples/wasm")).env("CARGO_TARGET_DIR", &target);
    build.envs(UNOPTIMIZED);
    report.run(build.args(["--locked", "--package", "wasm"]))?;
    Ok(target.join(TARGET).join("release/wasm.wasm"))
}
