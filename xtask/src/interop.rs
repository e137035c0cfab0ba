//! `cargo xtask interop`: every demo page on every engine.

use crate::browser::ENGINES;
use crate::pages;
use crate::steps::Selection;

/// Run the page tests of `cargo xtask test` in Chromium, Firefox and WebKitGTK
///
/// What is missing is installed on a Debian system when called as root. Firefox's driver is
/// compiled from crates.io, which takes some minutes the first time.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let mut steps: Vec<_> = ENGINES.iter().map(pages::programs).collect();
        steps.push(pages::build());
        steps.extend(ENGINES.iter().flat_map(pages::steps));
        self.selection.run(steps)
    }
}
