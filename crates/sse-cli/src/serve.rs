//! `sse serve`: events from standard input, a file or POST to any number of clients. Depends on the server.

mod follow;
mod hub;
mod input;
mod kept;
mod routes;
mod state;

use crate::exit::Exit;
use crate::request::{address, seconds};
use crate::system::on_signal;
use crate::terminal::Visible;
use follow::{Follow, News};
use hub::Hub;
use input::{Format, Input};
use routes::{EVENTS, Post, Routes};
use sse_server::{Access, Channel, Cors, Frame, Handle, History, Server, Shutdown};
use state::State;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const HELP: &str = "\
Without FILE and without --post, events come from standard input. Clients that come back get what they have
missed, or are told that there is a gap. Ctrl-C or SIGTERM tells every client when to come back, and ends.

Examples:
  tail -f log | sse serve --addr :8080
  sse serve --page /var/log/syslog
  sse serve --state state /var/log/syslog                 # clients go on over a restart
  sse listen --json https://example.org/events | sse serve --format json
  sse serve --post --token \"$TOKEN\" --addr :8080 --cors https://example.org
  curl -d 'hello' -H \"Authorization: Bearer $TOKEN\" 'localhost:8080/events?type=greeting'";

/// How often a file is looked at when it has no more lines.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Args {
    /// Follow this file, over rotation and truncation, instead of reading standard input
    file: Option<PathBuf>,
    /// Address and port to listen on; :8080 is every address, 8080 this machine alone, port 0 any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", value_parser = address)]
    addr: String,
    /// How events are written in what comes in
    #[arg(long, value_name = "FORMAT", default_value = "lines")]
    format: Format,
    /// The type of events that name none
    #[arg(long = "type", value_name = "TYPE", value_parser = event_type)]
    event_type: Option<String>,
    /// Of the file, begin with the last so many lines
    #[arg(long, value_name = "N", default_value_t = 10)]
    lines: u64,
    /// Take events by POST to /events too: the body is the data, ?type= and ?id= the rest
    #[arg(long)]
    post: bool,
    /// Take a POST only with Authorization: Bearer TOKEN
    #[arg(
        long,
        value_name = "TOKEN",
        env = "SSE_TOKEN",
        hide_env_values = true,
        requires = "post"
    )]
    token: Option<String>,
    /// Let pages of this origin (scheme, host and port) read, or of all by *; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    cors: Vec<String>,
    /// Let those pages send cookies; not with *
    #[arg(long, requires = "cors")]
    credentials: bool,
    /// Serve a page at / that shows the events
    #[arg(long)]
    page: bool,
    /// Keep so many events for clients that come back
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    history: usize,
    /// Keep at most so many bytes of them
    #[arg(long, value_name = "BYTES", default_value_t = 16 * 1024 * 1024)]
    history_bytes: usize,
    /// Keep the events in this file too, and how far FILE was read, so that clients can go on over a restart
    #[arg(long, value_name = "STATE")]
    state: Option<PathBuf>,
    /// Send a client that is new the last so many events first
    #[arg(long, value_name = "N", default_value_t = 0)]
    replay: u64,
    /// Say something to a client after so many seconds of silence
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    heartbeat: Duration,
    /// End when standard input ends, once everybody has everything
    #[arg(long, conflicts_with_all = ["file", "post"])]
    once: bool,
    /// Tell of every request when it has been answered
    #[arg(short, long)]
    verbose: bool,
}

fn event_type(text: &str) -> Result<String, String> {
    let checked = Frame::message("").with_event_type(text);
    checked.map(|_| text.to_owned()).map_err(|error| error.to_string())
}

pub(crate) fn run(args: Args) -> Exit {
    match serve(args) {
        Ok(()) => Exit::Done,
        Err(why) => Exit::failed(why),
    }
}

fn serve(args: Args) -> io::Result<()> {
    if args.credentials && args.cors.iter().any(|origin| origin == "*") {
        let why = "--credentials goes with named origins: browsers refuse it together with *";
        return Err(io::Error::other(why));
    }
    if args.state.is_some() && args.file.is_some() && args.format == Format::Stream {
        let why = "--state with a FILE goes with lines or json: a place within a stream is none to go on from";
        return Err(io::Error::other(why));
    }
    let history = History { events: args.history, bytes: args.history_bytes, ..History::default() };
    let (state, channel) = match &args.state {
        Some(path) => State::open(path, &history).map(|(state, channel)| (Some(state), channel))?,
        None => (None, Channel::new(history)),
    };
    // The file is opened before anything is said to be served.
    let mark = state.as_ref().and_then(State::mark).copied();
    let follow = match &args.file {
        Some(path) => Some(Follow::new(path, args.lines, mark.as_ref()).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot follow {}: {error}", path.display()))
        })?),
        None => None,
    };
    let hub = Arc::new(Hub::new(channel, state, tell));
    let server = server(&args, &hub).bind(&*args.addr)?;
    let (address, handle) = (server.local_addr()?, server.handle());
    if args.post && args.token.is_none() && !address.ip().is_loopback() {
        let why =
            "--post on an address that others reach needs --token, or SSE_TOKEN in the environment";
        return Err(io::Error::other(why));
    }
    hub.begin()?;
    end_on_signals(handle.clone())?;
    announce(&args, address)?;
    let publisher = hub.clone();
    thread::spawn(move || {
        let hub = publisher;
        let publish = |frame: &Frame<'_>| drop(hub.publish(frame));
        let input = Input::new(args.format, args.event_type, publish);
        match follow {
            Some(follow) => follow_file(follow, input, &hub),
            None if args.post => {}
            None => read_input(input, args.once.then_some((&hub.channel, &handle))),
        }
    });
    let ran = server.run();
    hub.end();
    ran
}

fn server(args: &Args, hub: &Arc<Hub>) -> Server {
    let named = args.cors.iter().filter(|origin| *origin != "*").cloned();
    let origins: Vec<String> = named.collect();
    let routes = Routes {
        hub: hub.clone(),
        replay: args.replay,
        heartbeat: args.heartbeat,
        page: args.page,
        post: args.post.then(|| Post { token: args.token.clone(), origins: origins.clone() }),
    };
    let server = Server::new(move |request| routes.answer(request));
    let server = match &args.cors[..] {
        [] => server,
        all if all.len() > origins.len() => server.cors(Cors::any()),
        _ if args.credentials => server.cors(Cors::list(origins).with_credentials()),
        _ => server.cors(Cors::list(origins)),
    };
    if args.verbose { server.on_access(tell_access) } else { server }
}

/// The URL goes to standard output, where a script finds it; what a reader wants to know besides, to standard error.
fn announce(args: &Args, address: SocketAddr) -> io::Result<()> {
    let mut host = address;
    if host.ip().is_unspecified() {
        host.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let mut out = io::stdout();
    let _ = writeln!(out, "http://{host}{EVENTS}").and_then(|()| out.flush());
    let page = if args.page { format!(", and a page at http://{host}/") } else { String::new() };
    tell(format_args!("serving events{page}; Ctrl-C ends"));
    Ok(())
}

/// The first signal ends the server properly, the second one at once.
fn end_on_signals(handle: Handle) -> io::Result<()> {
    let is_ending = AtomicBool::new(false);
    on_signal(move || {
        if is_ending.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        handle.shutdown(Shutdown::default());
    })
}

/// Publishes what standard input brings, until it ends.
fn read_input<P: FnMut(&Frame<'_>)>(mut input: Input<P>, once: Option<(&Channel, &Handle)>) {
    let mut complain = |complaint| tell(complaint);
    let mut block = vec![0; 64 * 1024];
    let mut stdin = io::stdin().lock();
    loop {
        match stdin.read(&mut block) {
            Ok(0) => break,
            Ok(count) => input.push(&block[..count], &mut complain),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tell(format_args!("standard input cannot be read: {error}"));
                break;
            }
        }
    }
    input.finish(&mut complain);
    match once {
        Some((channel, handle)) => {
            channel.close();
            handle.shutdown(Shutdown::default());
        }
        None => tell("standard input has ended; what came is still served"),
    }
}

/// Publishes what a file has and gets, for ever.
fn follow_file<P: FnMut(&Frame<'_>)>(mut follow: Follow, mut input: Input<P>, hub: &Hub) {
    let mut complain = |complaint| tell(complaint);
    let mut last = None;
    loop {
        follow.look(&mut |news| match news {
            News::Bytes(bytes) => input.push(bytes, &mut complain),
            News::Anew(why) => {
                input.finish(&mut complain);
                tell(why);
            }
            News::Trouble(trouble) => tell(trouble),
        });
        let mark = follow.mark(input.pending());
        if let Some(mark) = mark.filter(|_| mark != last) {
            hub.read_up_to(mark);
            last = Some(mark);
        }
        thread::sleep(PAUSE);
    }
}

fn tell_access(access: &Access) {
    let request = access.request.as_ref();
    let (method, path) = request.map_or(("-", "-"), |it| (it.method().as_str(), it.path()));
    let peer = access.peer.map_or("-".to_owned(), |peer| peer.to_string());
    let status = access.status.map_or("-".to_owned(), |status| status.to_string());
    let (bytes, time) = (access.bytes, access.duration.as_secs_f64());
    tell(format_args!("{peer} {method} {path} {status}, {bytes} bytes in {time:.3} s"));
}

/// Says something on standard error; that nobody reads it is no reason to stop serving.
fn tell(what: impl std::fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", Visible(&what.to_string()));
}
