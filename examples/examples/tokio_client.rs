//! The client on tokio's runtime and tokio's sockets: a connector is all that it takes.
//!
//! `cargo run -p examples --example tokio_client -- http://127.0.0.1:3000/events`

use sse_client::{EventSource, Item};
use tokio::net::TcpStream;
use tokio_util::compat::TokioAsyncReadCompatExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).filter(|url| !url.starts_with('-'));
    let url = url.ok_or("usage: tokio_client URL")?;
    let mut source = EventSource::builder(&url)
        .connector(|endpoint| async move {
            let stream = TcpStream::connect((endpoint.host(), endpoint.port())).await?;
            stream.set_nodelay(true)?;
            // From tokio's traits to those of the futures crates.
            Ok(stream.compat())
        })
        .build()?;
    loop {
        tokio::select! {
            item = source.next() => match item {
                Some(Item::Event(event)) => println!("{}", event.data),
                Some(Item::Error(error)) => eprintln!("{error}"),
                Some(_) => {}
                None => return Ok(()),
            },
            _ = tokio::signal::ctrl_c() => source.close(),
        }
    }
}
