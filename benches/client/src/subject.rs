//! The clients under test, each behind the same call.

use std::pin::Pin;

use report::Role;

use crate::seen::OnSeen;
use crate::subjects::{bare, eventsource_client, ours, reqwest_eventsource};

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Subject {
    /// A blocking read loop that does not look at the bytes: the limit
    Read,
    /// The same on async-io
    ReadAsync,
    /// The blocking read loop that also finds the lines and checks the UTF-8: what any client must do
    ReadCheck,
    /// The blocking read loop with our decoder, but no client, behind it
    ReadDecode,
    /// Ours, events borrowed
    Ours,
    /// Ours, events owned
    OursOwned,
    EventsourceClient,
    ReqwestEventsource,
}

pub(crate) type Listening = Pin<Box<dyn Future<Output = ()>>>;

/// Which executor a client needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runtime {
    AsyncIo,
    Tokio,
}

impl Subject {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Read => "read loop",
            Subject::ReadAsync => "read loop on async-io",
            Subject::ReadCheck => "read loop, lines, UTF-8",
            Subject::ReadDecode => "read loop that decodes",
            Subject::Ours => "ours",
            Subject::OursOwned => "ours, owned events",
            Subject::EventsourceClient => "eventsource-client",
            Subject::ReqwestEventsource => "reqwest-eventsource",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Subject::Ours | Subject::OursOwned => Role::Ours,
            it if it.is_bare() => Role::Limit,
            _ => Role::Peer,
        }
    }

    /// Whether it is a loop and no client.
    pub(crate) fn is_bare(self) -> bool {
        matches!(
            self,
            Subject::Read | Subject::ReadAsync | Subject::ReadCheck | Subject::ReadDecode
        )
    }

    pub(crate) fn runtime(self) -> Runtime {
        match self {
            Subject::EventsourceClient | Subject::ReqwestEventsource => Runtime::Tokio,
            _ => Runtime::AsyncIo,
        }
    }

    /// Listens to the stream at `url` until `on_seen` breaks off.
    pub(crate) fn listen(self, url: String, on_seen: OnSeen) -> Listening {
        match self {
            Subject::Read => Box::pin(bare::read(url, on_seen)),
            Subject::ReadAsync => Box::pin(bare::read_async(url, on_seen)),
            Subject::ReadCheck => Box::pin(bare::read_and_check(url, on_seen)),
            Subject::ReadDecode => Box::pin(bare::read_and_decode(url, on_seen)),
            Subject::Ours => Box::pin(ours::listen(url, on_seen)),
            Subject::OursOwned => Box::pin(ours::listen_owned(url, on_seen)),
            Subject::EventsourceClient => Box::pin(eventsource_client::listen(url, on_seen)),
            Subject::ReqwestEventsource => Box::pin(reqwest_eventsource::listen(url, on_seen)),
        }
    }
}
