//! One node: our server with a channel in Redis, as the README of sse-redis shows it.

use std::net::SocketAddr;
use std::thread;

use futures_lite::future::block_on;
use sse_redis::{Hub, Options, Replay};
use sse_server::{Limits, Request, Response, Server};

/// What it is told.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    addr: SocketAddr,
    /// The URL of Redis
    #[arg(long)]
    redis: String,
    /// The stream
    #[arg(long)]
    key: String,
}

impl Args {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let tell = |notice: &_| eprintln!("{notice}");
        let (hub, reader) = Hub::new(&self.redis, Options::default(), tell)?;
        thread::spawn(|| block_on(reader));
        let news = hub.channel(&self.key);
        let server = Server::new(move |request: &Request| {
            let (news, id) = (news.clone(), request.last_event_id().map(str::to_owned));
            Response::later(async move {
                match news.subscribe(id.as_deref(), Replay::Live).await {
                    Ok(events) => Response::events(events),
                    Err(error) => Response::new(503).with_body(error.to_string()),
                }
            })
        });
        // As many as there are descriptors: 16,384 is the default.
        let limits = Limits { connections: usize::MAX, ..Limits::default() };
        Ok(server.limits(limits).bind(self.addr)?.run()?)
    }
}
