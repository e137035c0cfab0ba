//! `cargo xtask test`: everything that has to hold before a change is merged.
//!
//! A new step is a function that makes one, in the file that it belongs to, and a line in [`all`].

mod alone;
mod apart;
mod binaries;
mod code;
mod dependencies;
mod frameworks;
mod msrv;
mod package;
mod wasm;

use crate::api;
use crate::bench;
use crate::browser::ENGINES;
use crate::embedded;
use crate::fuzz;
use crate::interop;
use crate::pages;
use crate::requirements::{self, OF_TESTS};
use crate::soak;
use crate::steps::{Selection, Step};
use crate::tidy;

/// Run every check: format, lints, tests, docs, dependencies, demos in three browsers
///
/// Takes less than half an hour the first time on two cores. Programs that a step needs and that
/// are missing are installed on a Debian system when called as root; elsewhere the step says how to
/// get them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What one runs while working: format, lints, unit and cross-crate tests, one browser
    #[arg(long)]
    quick: bool,
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        self.selection.run(if self.quick { quick() } else { all() })
    }
}

fn quick() -> Vec<Step> {
    let mut steps = vec![
        requirements::step("tests", &OF_TESTS),
        pages::programs(&ENGINES[0]),
        code::format(),
        tidy::step(),
        api::step(),
        code::lints(),
        pages::build(),
        code::tests_alone(),
    ];
    steps.extend(pages::steps(&ENGINES[0]));
    steps
}

/// All steps. Where the machine has room the earlier ones start first: what is installed, the chain
/// of those that build in `target/`, what mostly waits beside it, and what only computes, the longest
/// first, so that no core is idle at the end.
fn all() -> Vec<Step> {
    let mut steps = vec![requirements::step("tests", &OF_TESTS)];
    steps.extend(ENGINES.iter().map(pages::programs));
    steps.extend([code::format(), tidy::step(), api::step(), dependencies::step(), code::lints()]);
    steps.extend([pages::build(), code::tests(), code::features(), code::docs()]);
    steps.extend(ENGINES.iter().flat_map(pages::steps));
    steps.push(soak::step().waiting().after("build"));
    steps.push(interop::step().after("build").after("programs"));
    // They share a folder, and the compiler that they unpack.
    steps.extend(embedded::steps().into_iter().map(|step| step.uses("embed")));
    steps.extend([bench::step(), alone::step(), package::step()]);
    steps.extend(apart::steps());
    steps.extend([msrv::step(), fuzz::step()]);
    steps
}
