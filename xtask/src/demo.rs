//! `cargo xtask demo`: builds and runs the server that shows every demo on one page.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::ensure;
use testkit::Child;

use crate::guard::interrupt_is_success;
use crate::workspace::cargo;

/// Build and run the demos; the page to open is printed, Ctrl-C ends it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    addr: SocketAddr,
    /// Keep the log that /log/ shows in this file, so that it goes on when the demos are run again
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let demo = ["--package", "examples", "--bin", "demo"];
        let built = Child::spawn(cargo(["build"]).args(demo))?.wait()?;
        ensure!(built.success(), "the demos do not compile: see above");

        let mut command = cargo(["run", "--quiet"]);
        command.args(demo).args(["--", "--addr", &self.addr.to_string()]);
        if let Some(state) = &self.state {
            command.arg("--state").arg(state);
        }
        interrupt_is_success();
        let status = Child::spawn(&mut command)?.wait()?;
        ensure!(status.success(), "the demos are not served: see above");
        Ok(())
    }
}
