//! The program `sse`: Server-Sent Events in a terminal or a script.
//!
//! This file is the command line as a whole; each command has a file of its own, and `system` is the one
//! that touches sockets and clocks. Depends on clap, which reads the command line and writes its help.

mod check;
mod cursor;
mod exit;
mod listen;
mod raw;
mod request;
mod scenarios;
mod serve;
mod system;
mod target;
mod terminal;
mod transcript;
mod trust;

use clap::{CommandFactory, Parser, Subcommand};
use exit::Exit;
use std::io;
use std::process::ExitCode;
use terminal::Colour;

const EXIT_CODES: &str = "\
Exit codes:
  0    what was asked for is done
  1    it failed, and standard error says why
  2    the command line is wrong
  3    `sse check` has warnings
  124  the time given by --timeout ran out";

/// Server-Sent Events in a terminal or a script.
#[derive(Debug, Parser)]
#[command(name = "sse", version, after_help = EXIT_CODES, arg_required_else_help = true)]
struct CommandLine {
    /// When to write in colours
    #[arg(long, alias = "color", global = true, value_name = "WHEN", default_value = "auto")]
    colour: Colour,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the events of a stream, and come back whenever the connection is lost
    Listen(Box<listen::Args>),
    /// Say what a browser or a phone would suffer from a server, and why
    Check(Box<check::Args>),
    /// Serve lines of standard input, of a file that grows, or what is sent by POST, to any number of clients
    Serve(Box<serve::Args>),
    /// Show what a conforming client does, or try a client on it
    Scenarios(Box<scenarios::Args>),
    /// Print a script that lets a shell complete the options of this program
    #[command(after_help = COMPLETIONS)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const COMPLETIONS: &str = "\
Examples:
  sse completions bash > ~/.local/share/bash-completion/completions/sse
  sse completions zsh > ~/.zfunc/_sse
  sse completions fish > ~/.config/fish/completions/sse.fish";

fn main() -> ExitCode {
    let CommandLine { colour, command } = CommandLine::parse();
    match command {
        Command::Listen(args) => listen::run(*args, colour),
        Command::Check(args) => check::run(&args, colour),
        Command::Scenarios(args) => scenarios::run(&args, colour),
        Command::Serve(args) => serve::run(*args),
        Command::Completions { shell } => completions(shell),
    }
    .into()
}

fn completions(shell: clap_complete::Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut CommandLine::command(), "sse", &mut script);
    io::Write::write_all(&mut io::stdout(), &script).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        CommandLine::command().debug_assert();
    }
}
