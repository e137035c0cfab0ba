//! Events out of a body of hyper: `with_hyper URL` prints them until the stream ends.

use std::error::Error;

use futures_lite::StreamExt;
use http_body_util::{BodyDataStream, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use sse_proto::ByteStreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url: Uri = std::env::args().nth(1).ok_or("usage: with_hyper URL")?.parse()?;
    let host = url.authority().ok_or("the URL has no host")?.as_str();
    let address = (url.host().unwrap_or_default(), url.port_u16().unwrap_or(80));
    let socket = tokio::net::TcpStream::connect(address).await?;
    let (mut sender, connection) = handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    let request = Request::get(url.path()).header("Host", host);
    let request = request.header("Accept", "text/event-stream").body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    if response.status() != 200 {
        return Err(format!("status {}", response.status()).into());
    }
    let mut events = BodyDataStream::new(response.into_body()).events();
    while let Some(event) = events.next().await {
        let event = event?;
        println!("{} {} {}", event.last_event_id, event.event_type, event.data);
    }
    Ok(())
}
