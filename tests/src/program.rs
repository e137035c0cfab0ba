//! A program of the examples, or `sse`, run as a user runs it. Needs cargo.

#![expect(clippy::missing_panics_doc, reason = "a panic is a failed test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use testkit::Served;

/// Starts an example, or `demo`, on a free port, and waits until it says where it listens.
#[must_use]
pub fn start(name: &str) -> Served {
    start_with(name, &["--addr", "127.0.0.1:0"])
}

/// Starts an example with these arguments, and waits until it says where it listens.
#[must_use]
pub fn start_with(name: &str, arguments: &[&str]) -> Served {
    let mut command = command(name);
    command.args(arguments).env("TZ", "Asia/Kolkata");
    Served::start(&mut command).expect("the example starts")
}

/// The command that runs an example, or `demo`; built on first use.
pub fn command(name: &str) -> Command {
    let folder = programs();
    Command::new(match name {
        "demo" => folder.join("demo"),
        _ => folder.join("examples").join(name),
    })
}

/// The command that runs the program `sse`; built on first use.
pub fn sse() -> Command {
    Command::new(programs().join("sse"))
}

/// The folder of `sse`, `demo` and the examples.
fn programs() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(build)
}

/// Builds them with the profile of this test. For the whole workspace, so that what they depend on has the features that it has
/// for all tests together, and is not built twice.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    let folder = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bin", "sse", "--bin", "demo", "--examples"])
        .args(["--profile", profile, "--target-dir"])
        .arg(folder.parent().expect("the target folder"))
        .status();
    assert!(built.expect("cargo runs").success(), "the programs do not compile");
    folder.to_owned()
}
