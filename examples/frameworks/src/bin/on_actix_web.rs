//! A channel in an actix-web app: `GET /events` follows it, `POST /publish` publishes the body, `GET /clients` counts.

use std::time::Duration;

use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, get, post, web};
use bytes::Bytes;
use clap::Parser;
use frameworks::Options;
use futures_util::TryStreamExt;
use sse_channel::{Channel, Frame, Replay};

#[get("/events")]
async fn events(news: web::Data<Channel>, request: HttpRequest) -> HttpResponse {
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let events = news.subscribe(last, Replay::Live);
    let events = events.with_heartbeat(Duration::from_secs(15), tokio::time::sleep);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-cache, no-transform"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(events.map_ok(Bytes::from))
}

#[post("/publish")]
async fn publish(news: web::Data<Channel>, text: String) -> String {
    news.publish(&Frame::message(&text)).to_string()
}

#[get("/clients")]
async fn clients(news: web::Data<Channel>) -> String {
    news.stats().subscribers.to_string()
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let news = options.open()?;
    let data = web::Data::new(news.clone());
    let app =
        move || App::new().app_data(data.clone()).service(events).service(publish).service(clients);
    let server = HttpServer::new(app).workers(1).disable_signals().on_connect(|socket, _| {
        socket.downcast_ref::<TcpStream>().map(|socket| socket.set_nodelay(true));
    });
    let server = server.bind(options.addr)?;
    println!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    tokio::signal::ctrl_c().await?;
    news.close(); // every stream ends, so that the server can
    handle.stop(true).await;
    options.keep(&news)
}
