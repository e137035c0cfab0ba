//! What the programs share and no framework matters to: where they listen, and the channel's life.

use std::net::SocketAddr;
use std::path::PathBuf;

use sse_channel::{Channel, History};

/// A page that shows the events as they come, for a path of the app's own.
pub const PAGE: &str = include_str!("page.html");

/// What a program is told.
#[derive(clap::Parser)]
pub struct Options {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:0")]
    pub addr: SocketAddr,
    /// A file that has the channel from one run to the next
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

impl Options {
    /// The channel where the last run left it, or a new one.
    ///
    /// # Errors
    ///
    /// The file is there and cannot be read whole.
    pub fn open(&self) -> std::io::Result<Channel> {
        let history = History { events: 100, ..History::default() };
        let Some(file) = &self.state else { return Ok(Channel::new(history)) };
        Channel::load(history, file).map_err(std::io::Error::other)
    }

    /// Keeps a closed channel for the next run.
    ///
    /// # Errors
    ///
    /// Of the file system.
    pub fn keep(&self, channel: &Channel) -> std::io::Result<()> {
        self.state.as_ref().map_or(Ok(()), |file| channel.save(file))
    }
}
