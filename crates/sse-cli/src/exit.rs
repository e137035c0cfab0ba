//! How a command ends. Depends on the standard library only.

use std::io;
use std::process::ExitCode;

/// How a command ends, and with which code. Wrong arguments end with 2 before a command begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done,
    /// It failed; the reason has been told.
    Failed,
    /// It was checked, and there are warnings.
    Warned,
    /// Time ran out first; the code is that of `timeout` from coreutils.
    TimedOut,
}

impl Exit {
    /// Tells on standard error why a command failed.
    pub(crate) fn failed(why: impl std::fmt::Display) -> Self {
        // Nothing is left to be done if standard error is gone too.
        let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("sse: {why}\n"));
        Self::Failed
    }

    /// This exit after something has been written; that nobody has read to the end does not change it.
    pub(crate) fn after(written: io::Result<()>, exit: Self) -> Self {
        match Self::from(written) {
            Self::Done => exit,
            failed => failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Warned => 3,
            Exit::TimedOut => 124,
        })
    }
}

/// Standard output that nobody reads any longer, as behind `| head`, is no failure.
impl From<io::Error> for Exit {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Done,
            _ => Self::failed(error),
        }
    }
}

impl From<io::Result<()>> for Exit {
    fn from(result: io::Result<()>) -> Self {
        result.map_or_else(Into::into, |()| Self::Done)
    }
}
