//! Events out of a `fetch`, by a module of WebAssembly in a browser.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;
use serde_json::json;
use testkit::Served;

use crate::browser::ENGINES;
use crate::embedded::{Compiler, Release};
use crate::steps::{Report, Step};
use crate::workspace::{cargo, workspace};

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
    let mut serve = in_workspace(cargo(["build", "--locked", "--package", "serve"]));
    report.run(&mut serve)?;
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
    report.run(format.current_dir(workspace().join("examples/wasm"))).map(drop)
}

fn module(compiler: &Compiler, report: &mut Report) -> anyhow::Result<PathBuf> {
    let mut build = in_workspace(compiler.command("std,panic_abort"));
    report.run(build.args(["--locked", "--package", "wasm"]))?;
    Ok(workspace().join("target/wasm").join(TARGET).join("release/wasm.wasm"))
}

fn in_workspace(mut cargo: Command) -> Command {
    let target = workspace().join("target/wasm");
    cargo.current_dir(workspace().join("examples/wasm")).env("CARGO_TARGET_DIR", target);
    cargo
}
