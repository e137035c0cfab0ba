//! The tasks of a developer: `cargo xtask --help`.
//!
//! A task is a file with a struct `Args`, whose documentation is the task's help, and a method
//! `run(self) -> anyhow::Result<()>`. To add one, write the file and name it twice below.
//! Tasks drive programs (cargo, browsers, servers); they do not link the crates under test.

#[cfg(not(unix))]
compile_error!("the tasks need a Unix system; elsewhere call cargo as README.md shows");

mod api;
mod bench;
mod browser;
mod conformance;
mod debian;
mod demo;
mod embedded;
mod fuzz;
mod guard;
mod interop;
mod metadata;
mod oldest;
mod pages;
mod requirements;
mod soak;
mod steps;
mod test;
mod tidy;
mod workspace;

tasks![api, bench, conformance, demo, embedded, fuzz, interop, soak, test, tidy];

use std::process::ExitCode;

use clap::Parser;

/// Runs and checks the Server-Sent Events workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

fn main() -> ExitCode {
    let task = Cli::parse().task;
    let processes = guard::Guard::install();
    let outcome = task.run();
    drop(processes);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("\x1b[1;31merror\x1b[0m: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Makes a subcommand of each module that it is given.
macro_rules! tasks {
    ($($module:ident),* $(,)?) => {
        #[derive(clap::Subcommand)]
        #[allow(non_camel_case_types)]
        enum Task {
            $($module($module::Args),)*
        }

        impl Task {
            fn run(self) -> anyhow::Result<()> {
                match self {
                    $(Task::$module(args) => args.run(),)*
                }
            }
        }
    };
}
use tasks;
