//! `cargo xtask conformance`: the standard's sentences, each with the vectors that it decides.

use anyhow::ensure;
use testkit::Child;

use crate::workspace::cargo;

/// Check the codec against the standard, sentence by sentence
///
/// Prints each sentence of WHATWG HTML 9.2.5 and 9.2.6 about the event stream format, the
/// conformance vectors that it decides, and whether they pass. A sentence without a vector fails.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let program = ["run", "--quiet", "--package", "tests", "--bin", "conformance"];
        let status = Child::spawn(&mut cargo(program))?.wait()?;
        ensure!(status.success(), "the codec does not do what the standard says: see above");
        Ok(())
    }
}
