//! Laws 7, 9, 11, 12 and 13 for the carriers of this workspace, and wherever a channel's past is kept.
//! `examples/frameworks` has them for other people's frameworks.

use std::time::Duration;

use crate::server_support::Running;
use sse_server::{Events, Request, Response, Server, sleep};
use tests::carriers::http::{Asked, Http};
use tests::carriers::{Bare, Joint, fed, memory};
use tests::channel_laws;
use tests::redis::stream;

channel_laws!(a_bare_subscription_of_memory, Bare, memory);
channel_laws!(a_bare_subscription_of_a_feed, Bare, fed);
channel_laws!(the_server_of_memory, pump(1), memory);
channel_laws!(the_server_of_a_feed, pump(1), fed);
channel_laws!(a_bare_subscription_of_redis, Bare, stream);
channel_laws!(the_server_of_redis, pump(1), stream);
channel_laws!(the_server_on_two_threads, pump(2), memory);

/// Those of the laws whose channel does not close.
macro_rules! joint_laws {
    ($name:ident, $closed:ident, $carrier:expr, $store:expr) => {
        channel_laws!($name, Joint::new($carrier), $store;
            once_and_in_order, gaps_are_told, others_ids_are_gaps, own_subscribers_only,
            the_cursor_moves_forward, who_stops_delays_nobody
        );
        channel_laws!($closed, Joint::closed($carrier), $store; closing_ends_whole);
    };
}

joint_laws!(beside_another_bare, beside_a_closed_one_bare, Bare, memory);
joint_laws!(beside_another_of_a_feed, beside_a_closed_one_of_a_feed, Bare, fed);
joint_laws!(beside_another_served, beside_a_closed_one_served, pump(1), memory);
joint_laws!(beside_another_served_of_a_feed, beside_a_closed_one_served_of_a_feed, pump(1), fed);
joint_laws!(beside_another_on_two_threads, beside_a_closed_one_on_two_threads, pump(2), memory);

/// The server, and its pump.
fn pump(threads: usize) -> Http<Running> {
    let asked = Asked::default();
    let known = asked.clone();
    let server = Server::new(move |request: &Request| {
        let taken = known.take(request.path(), request.last_event_id());
        let Some((events, ends_soon)) = taken else { return Response::not_found() };
        let events = Events::from(events);
        if ends_soon {
            return Response::events(events.with_end(sleep(Duration::from_millis(10))));
        }
        Response::events(events)
    });
    let server = Running::start(server.threads(threads));
    Http::new(server.addr, asked, server)
}
