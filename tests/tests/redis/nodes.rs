//! Channels in Redis on several nodes, against a real server: one order, moving between nodes, what any client of Redis
//! publishes, and what clients that come back cost.

use crate::redis_support::{Reading, publish, small, subscribe};
use futures_lite::future::block_on;
use sse_channel::{Frame, Replay};
use sse_redis::{Options, PublishError};
use testkit::wait::eventually;
use tests::redis::{Node, Redis};

#[test]
fn what_any_node_publishes_the_clients_of_all_get_in_one_order() {
    let redis = Redis::start(&[]);
    let nodes = [(); 3].map(|()| Node::start(&redis.url(), Options::default()));
    let clients = nodes.iter().map(|node| subscribe(node, "news", None, Replay::Live));
    let mut clients: Vec<Reading> = clients.collect();
    let number = |number: usize| publish(&nodes[number % 3], "news", &number.to_string());
    let ids: Vec<String> = (0..60).map(number).collect();
    for client in &mut clients {
        let found = client.up_to("59");
        let got: Vec<&str> = found.iter().map(|event| event.id.as_str()).collect();
        assert_eq!(got, ids, "the same IDs in the same order");
    }
}

#[test]
fn a_client_that_moves_between_nodes_misses_nothing_and_sees_nothing_twice() {
    let redis = Redis::start(&[]);
    let nodes = [(); 2].map(|()| Node::start(&redis.url(), small()));
    let mut id = publish(&nodes[0], "a", "0");
    let mut seen = vec!["0".to_owned()];
    for round in 0..4 {
        // More than a log holds, and more than a page.
        let last = (round + 1) * 400;
        (round * 400 + 1..=last).for_each(|it| drop(publish(&nodes[1], "a", &it.to_string())));
        let mut client = subscribe(&nodes[round % 2], "a", Some(&id), Replay::Live);
        let found = client.up_to(&last.to_string());
        id.clone_from(&found.last().expect("some").id);
        seen.extend(found.into_iter().map(|event| event.data));
    }
    let expected: Vec<String> = (0..=1600).map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
}

#[test]
fn any_client_of_redis_can_publish_and_what_is_no_event_is_passed() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options::default());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    redis.cli(&["XADD", "a", "*", "event", "note", "data", "x", "other", "1"]);
    let skipped = redis.cli(&["XADD", "a", "*", "nothing", "known"]);
    let found = client.up_to("x");
    assert_eq!((found[0].event.as_str(), found.len()), ("note", 1));
    eventually("it is counted", || node.hub.stats().skipped == 1);
    drop(client);
    // Who knows no more than the entry that was skipped comes back with it, and goes on.
    let tag = found[0].id.rsplit_once('-').expect("a tag").1;
    redis.cli(&["XADD", "a", "*", "data", "last"]);
    let mut client = subscribe(&node, "a", Some(&format!("{skipped}-{tag}")), Replay::Live);
    let found = client.up_to("last");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn the_id_of_another_stream_is_no_place_in_this_one() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), small());
    for (key, data) in [("user:1", "mine"), ("user:2", "theirs")] {
        redis.cli(&["XADD", key, "5-1", "data", data]);
        redis.cli(&["XADD", key, "6-1", "data", &format!("{data} too")]);
    }
    let found = subscribe(&node, "user:1", None, Replay::All).up_to("mine too");
    let mut theirs = subscribe(&node, "user:2", Some(&found[0].id), Replay::Live);
    let found = theirs.up_to("theirs too");
    assert_eq!(found[0].data, r#"{"reason":"other-epoch","missed":null}"#);
    assert_eq!((found[1].data.as_str(), found.len()), ("theirs", 3), "nothing taken for seen");
}

#[test]
fn positions_that_are_gone_are_told() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), small());
    let ids: Vec<String> = (0..40).map(|it| publish(&node, "a", &it.to_string())).collect();
    let entry = |id: &str| id.rsplit_once('-').expect("a tag").0.to_owned();
    redis.cli(&["XDEL", "a", &entry(&ids[20])]);
    redis.cli(&["XTRIM", "a", "MAXLEN", "30"]);
    for (id, reason, first) in [(0, "evicted", "9"), (20, "unknown-id", "21")] {
        let found = subscribe(&node, "a", Some(&ids[id]), Replay::Live).up_to("39");
        assert!(found[0].event == "gap" && found[0].data.contains(reason), "{:?}", found[0]);
        assert_eq!(found[1].data, first);
    }
    let mut ahead = subscribe(&node, "a", Some(&ids[39].replace('-', "9-")), Replay::Live);
    let told = ahead.next();
    assert!(told.event == "gap", "{told:?}");
}

#[test]
fn publishing_again_under_a_name_publishes_once() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options::default());
    let (channel, order) = (node.hub.channel("a"), Frame::message("order 7"));
    let ids = [(); 3].map(|()| block_on(channel.publish_once(&order, "7")).expect("published"));
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
    assert_eq!(redis.cli(&["XLEN", "a"]), "1");
    assert!(redis.cli(&["PTTL", "a:once:7"]).parse::<u64>().is_ok_and(|left| left > 0));
}

#[test]
fn what_cannot_be_published_is_certainly_not_there() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options { max_event_bytes: 1000, ..Options::default() });
    redis.cli(&["SET", "text", "x"]);
    let refused = block_on(node.hub.channel("text").publish(&Frame::message("x")));
    assert!(matches!(&refused, Err(PublishError::Refused(_))), "{refused:?}");
    let large = "x".repeat(2000);
    for frame in [Frame::message("x").with_id("7").expect("an ID"), Frame::message(&large)] {
        let result = block_on(node.hub.channel("a").publish(&frame));
        assert!(matches!(&result, Err(PublishError::Frame(_))), "{result:?}");
    }
    assert_eq!(redis.cli(&["EXISTS", "a"]), "0");
}

/// Clients that come at once, each with what it needs to find its place, or new and after everything: what Redis is asked.
fn cost(redis: &Redis, node: &Node, ids: &[String], clients: usize, last: &str) -> u64 {
    let before = redis.calls("xrange");
    let id = |it: usize| ids.get(it % ids.len().max(1)).map(String::as_str);
    let returning = |it: usize| subscribe(node, "a", id(it), Replay::All);
    let mut clients: Vec<Reading> = (0..clients).map(returning).collect();
    Reading::all_up_to(&mut clients, last);
    redis.calls("xrange") - before
}

#[test]
fn clients_that_come_back_at_once_share_what_is_read() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), small());
    let ids: Vec<String> = (0..600).map(|it| publish(&node, "a", &it.to_string())).collect();
    let shared = cost(&redis, &node, &ids[..100], 2000, "599");
    assert!(shared < 400, "{shared} times XRANGE for 2000 clients");
}

#[test]
fn clients_whose_place_is_gone_share_what_is_read_too() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), small());
    let ids: Vec<String> = (0..600).map(|it| publish(&node, "a", &it.to_string())).collect();
    redis.cli(&["XTRIM", "a", "MAXLEN", "300"]);
    let others: Vec<String> = ids[..50].iter().map(|id| format!("{id}x")).collect();
    for ids in [&ids[..100], &others] {
        let shared = cost(&redis, &node, ids, 2000, "599");
        assert!(shared < 400, "{shared} times XRANGE for 2000 clients");
    }
}

#[test]
fn clients_that_want_everything_share_what_is_read_too() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), small());
    (0..600).for_each(|it| drop(publish(&node, "a", &it.to_string())));
    let shared = cost(&redis, &node, &[], 2000, "599");
    assert!(shared < 400, "{shared} times XRANGE for 2000 clients");
}

/// Clients that want everything of a stream in which there is nothing yet, and get what comes then: what Redis is asked.
fn cost_of_nothing(redis: &Redis, node: &Node, first: &str) -> u64 {
    let before = redis.calls("xrange");
    let mut clients: Vec<Reading> =
        (0..500).map(|_| subscribe(node, "a", None, Replay::All)).collect();
    // So that each has looked, and found nothing.
    for client in &mut clients {
        client.look();
    }
    publish(node, "a", first);
    Reading::all_up_to(&mut clients, first);
    redis.calls("xrange") - before
}

#[test]
fn clients_that_want_everything_of_nothing_do_not_ask_for_it_again_and_again() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), small());
    let asked = cost_of_nothing(&redis, &node, "first");
    assert!(asked < 20, "{asked} times XRANGE for 500 clients");
    // Now there is something: who comes later gets it.
    let found = subscribe(&node, "a", None, Replay::All).up_to("first");
    assert_eq!(found.len(), 1, "{found:?}");
    // It is gone again: the first who comes finds out.
    redis.cli(&["XTRIM", "a", "MAXLEN", "0"]);
    eventually("pages are forgotten", || {
        let mut client = subscribe(&node, "a", None, Replay::All);
        client.look() == 0
    });
    let asked = cost_of_nothing(&redis, &node, "second");
    assert!(asked < 20, "{asked} times XRANGE for 500 clients");
    let found = subscribe(&node, "a", None, Replay::All).up_to("second");
    assert_eq!(found.len(), 1, "{found:?}");
}
