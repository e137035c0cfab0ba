//! What can go wrong between a node and Redis, against a real server: it stops and comes back, is empty, older, slow or cut
//! off, trims faster than a node reads, refuses. Clients miss nothing, or are told.

use std::thread;
use std::time::Duration;

use crate::redis_support::{Event, publish, subscribe};
use futures_lite::future::block_on;
use sse_channel::{Frame, Replay};
use sse_redis::{Error, Notice, Options, PublishError};
use testkit::wait::eventually;
use tests::redis::{Node, Redis, Wire};

/// Written down before it is confirmed.
const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

fn quick() -> Options {
    Options { answer_timeout: Duration::from_secs(1), ..Options::default() }
}

fn is_lost(notice: &Notice) -> bool {
    matches!(notice, Notice::Lost(..))
}

/// Publishes until it succeeds.
fn publish_at_last(node: &Node, data: &str) -> String {
    let mut id = None;
    eventually("it can be published", || {
        id = block_on(node.hub.channel("a").publish(&Frame::message(data))).ok();
        id.is_some()
    });
    id.expect("published").to_string()
}

fn data(found: &[Event]) -> Vec<&str> {
    found.iter().map(|event| event.data.as_str()).collect()
}

#[test]
fn redis_stops_and_comes_back_with_its_data() {
    let mut redis = Redis::start(&DURABLE);
    let node = Node::start(&redis.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    publish(&node, "a", "before");
    redis.kill();
    eventually("it is noticed", || node.was_told(is_lost));
    redis.restart();
    redis.cli(&["XADD", "a", "*", "data", "by another"]);
    publish_at_last(&node, "after");
    assert_eq!(data(&client.up_to("after")), ["before", "by another", "after"], "and no gap");
}

#[test]
fn redis_comes_back_empty() {
    let mut redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    let before = publish(&node, "a", "before");
    client.up_to("before");
    redis.kill();
    redis.wipe();
    redis.restart();
    assert_eq!(client.next().data, r#"{"reason":"beyond-end","missed":null}"#);
    publish_at_last(&node, "after");
    assert_eq!(client.next().data, "after");
    let found = subscribe(&node, "a", Some(&before), Replay::Live).up_to("after");
    assert_eq!(found[0].event, "gap", "who was away is told too");
}

#[test]
fn a_failover_to_an_older_state_is_a_gap_and_then_live() {
    let mut redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    publish(&node, "a", "kept");
    assert_eq!(redis.cli(&["SAVE"]), "OK");
    let lost = publish(&node, "a", "lost");
    client.up_to("lost");
    // What was published since has reached nobody who takes over.
    redis.kill();
    redis.restart();
    assert_eq!(redis.cli(&["XLEN", "a"]), "1");
    assert_eq!(client.next().data, r#"{"reason":"beyond-end","missed":null}"#);
    let mut returning = subscribe(&node, "a", Some(&lost), Replay::Live);
    let told = returning.next();
    assert_eq!(told.event, "gap");
    publish_at_last(&node, "after");
    assert_eq!(client.next().data, "after");
    assert_eq!(returning.next().data, "after", "what it has seen does not come twice");
}

#[test]
fn a_cut_loses_nothing_and_publishing_says_so_at_once() {
    let redis = Redis::start(&[]);
    let wire = Wire::to(redis.port());
    let node = Node::start(&wire.url(), quick());
    let other = Node::start(&redis.url(), Options::default());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    publish(&other, "a", "0");
    client.up_to("0");
    wire.cut();
    eventually("it is noticed", || node.was_told(is_lost));
    let mut result = Ok(String::new());
    eventually("publishing says that it was not sent", || {
        let published = block_on(node.hub.channel("a").publish(&Frame::message("x")));
        result = published.map(|id| id.to_string());
        matches!(result, Err(PublishError::NotSent(Error::Unreachable(_))))
    });
    (1..=200).for_each(|it| drop(publish(&other, "a", &it.to_string())));
    wire.heal();
    let expected: Vec<String> = (1..=200).map(|number| number.to_string()).collect();
    assert_eq!(data(&client.up_to("200")), expected);
}

#[test]
fn an_answer_that_does_not_come_leaves_it_unknown_and_a_name_makes_trying_again_safe() {
    let redis = Redis::start(&[]);
    let wire = Wire::to(redis.port());
    let node = Node::start(&wire.url(), quick());
    let channel = node.hub.channel("a");
    let frame = Frame::message("order");
    block_on(channel.publish(&Frame::message("first"))).expect("published");
    // Redis does it, and its answer is late.
    redis.cli(&["CLIENT", "PAUSE", "1500", "WRITE"]);
    let result = block_on(channel.publish_once(&frame, "7"));
    assert!(matches!(&result, Err(PublishError::Unknown(_))), "{result:?}");
    assert!(!result.is_err_and(|error| error.is_certain()));
    wire.stall();
    let result = block_on(channel.publish_once(&frame, "7"));
    assert!(result.is_err(), "nothing answers");
    wire.heal();
    eventually("it is published", || block_on(channel.publish_once(&frame, "7")).is_ok());
    eventually("once", || redis.cli(&["XLEN", "a"]) == "2");
}

#[test]
fn trimming_that_outruns_a_node_is_told() {
    let redis = Redis::start(&[]);
    let wire = Wire::to(redis.port());
    let node = Node::start(&wire.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    redis.cli(&["XADD", "a", "*", "data", "0"]);
    client.up_to("0");
    wire.cut();
    for number in 1..=50 {
        redis.cli(&["XADD", "a", "MAXLEN", "10", "*", "data", &number.to_string()]);
    }
    wire.heal();
    let found = client.up_to("50");
    assert_eq!(found[0].data, r#"{"reason":"evicted","missed":40}"#);
    assert_eq!((found[1].data.as_str(), found.len()), ("41", 11));
}

/// A publisher that trims as fast as it can, and a node that reads: every jump is told, and every number is right.
#[test]
fn trimming_under_load_is_told_with_the_number() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options::default());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    let script = "for i = 1, 500 do redis.call('XADD', KEYS[1], 'MAXLEN', '=', 3, '*', 'data', \
        ARGV[1] * 500 + i) end";
    for round in 0..10 {
        redis.cli(&["EVAL", script, "1", "a", &round.to_string()]);
    }
    let (mut seen, mut gaps) = (0, 0);
    while seen < 5000 {
        let event = client.next();
        if event.event == "gap" {
            let missed = event.data.strip_prefix(r#"{"reason":"evicted","missed":"#);
            let missed = missed.and_then(|it| it.strip_suffix('}')).expect("a number");
            seen += missed.parse::<u64>().expect("a number");
            gaps += 1;
        } else {
            seen += 1;
            assert_eq!(event.data, seen.to_string(), "told, and counted");
        }
    }
    assert!(gaps > 0, "nothing was outrun");
}

#[test]
fn a_slow_redis_delays_and_loses_nothing() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..5 {
                redis.cli(&["XADD", "a", "*", "data", &number.to_string()]);
                // Longer than an answer may take: whoever waits gives up and comes back.
                redis.cli(&["EVAL", SLEEP, "0"]);
            }
        });
        assert_eq!(data(&client.up_to("4")), ["0", "1", "2", "3", "4"]);
    });
}

/// Keeps Redis from everything else for a while.
const SLEEP: &str = "local start = redis.call('TIME') repeat local now = redis.call('TIME') \
    until (now[1] - start[1]) * 1000000 + now[2] - start[2] > 1300000";

#[test]
fn a_wrong_password_and_missing_rights_are_named() {
    let redis = Redis::start(&[]);
    redis.cli(&["ACL", "SETUSER", "reader", "on", ">secret", "~*", "+@all", "-xread"]);
    redis.cli(&["ACL", "SETUSER", "writer", "on", ">secret", "~*", "+@all", "-xadd"]);
    let url = |user: &str| format!("redis://{user}@127.0.0.1:{}/", redis.port());
    let wrong = Node::start(&url("reader:wrong"), quick());
    let refused = block_on(wrong.hub.channel("a").subscribe(None, Replay::Live));
    assert!(matches!(&refused, Err(Error::Denied(_))), "{refused:?}");
    let reader = Node::start(&url("reader:secret"), quick());
    let followed = block_on(reader.hub.channel("a").subscribe(None, Replay::Live));
    drop(followed);
    let denied = |notice: &Notice| notice.to_string().to_lowercase().contains("xread");
    eventually("an operator is told", || reader.was_told(denied));
    let writer = Node::start(&url("writer:secret"), quick());
    let result = block_on(writer.hub.channel("a").publish(&Frame::message("x")));
    assert!(matches!(&result, Err(PublishError::Refused(Error::Denied(_)))), "{result:?}");
}

#[test]
fn an_eviction_policy_is_warned_of() {
    let evicts = Redis::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let node = Node::start(&evicts.url(), quick());
    let warning = |notice: &Notice| matches!(notice, Notice::Evicts(it) if it == "allkeys-lru");
    eventually("it warns", || node.was_told(warning));
    let sound = Redis::start(&[]);
    let node = Node::start(&sound.url(), quick());
    eventually("it is connected", || node.was_told(|it| *it == Notice::Connected));
    assert!(!node.was_told(|it| matches!(it, Notice::Evicts(_))));
}

#[test]
fn a_full_redis_refuses_what_is_published() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), quick());
    publish(&node, "a", "x");
    redis.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let result = block_on(node.hub.channel("a").publish(&Frame::message("y")));
    assert!(matches!(&result, Err(PublishError::Refused(_))), "{result:?}");
    assert_eq!(redis.cli(&["XLEN", "a"]), "1");
}

#[test]
fn a_key_that_becomes_something_else_ends_its_own_channel_only() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    let _other = subscribe(&node, "b", None, Replay::Live);
    redis.cli(&["SET", "b", "text"]);
    eventually("its channel ends", || {
        redis.cli(&["XADD", "a", "*", "data", "still"]);
        node.was_told(|it| matches!(it, Notice::Closed(key, _) if key == "b"))
    });
    client.up_to("still");
    let refused = block_on(node.hub.channel("b").subscribe(None, Replay::Live));
    assert!(matches!(&refused, Err(Error::NotAStream(_))), "{refused:?}");
}

#[test]
fn ten_thousand_streams_on_one_node() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options::default());
    let key = |number: usize| format!("room:{number}");
    let executor = async_executor::LocalExecutor::new();
    let clients = block_on(executor.run(async {
        let open = |number| {
            let channel = node.hub.channel(&key(number));
            executor.spawn(async move { channel.subscribe(None, Replay::Live).await })
        };
        let mut clients = Vec::new();
        for opening in (0..10_000).map(open).collect::<Vec<_>>() {
            clients.push(opening.await.expect("opened"));
        }
        clients
    }));
    assert_eq!(node.hub.stats().channels, 10_000);
    let connections = redis.cli(&["CLIENT", "LIST", "TYPE", "normal"]).lines().count();
    assert!(connections <= 4, "{connections}, the one that asks among them");
    for number in [0, 1, 4999, 9999] {
        redis.cli(&["XADD", &key(number), "*", "data", "news"]);
        let log = block_on(node.hub.channel(&key(number)).log()).expect("it is open");
        eventually("it comes", || log.stats().published == 1);
    }
    assert_eq!((clients.len(), node.hub.stats().received), (10_000, 4), "nobody else's");
}

#[test]
fn a_redis_without_its_replica_refuses_if_its_operator_wants_that() {
    let redis = Redis::start(&["--min-replicas-to-write", "1"]);
    let node = Node::start(&redis.url(), quick());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    let result = block_on(node.hub.channel("a").publish(&Frame::message("alone")));
    let error = result.expect_err("nobody has a copy");
    assert!(matches!(error, PublishError::Refused(Error::Refused(_))), "{error:?}");
    assert!(error.is_certain() && error.to_string().contains("NOREPLICAS"), "{error}");
    let port = redis.port().to_string();
    let replica = Redis::start(&["--replicaof", "127.0.0.1", &port]);
    publish_at_last(&node, "copied");
    assert_eq!(data(&client.up_to("copied")), ["copied"]);
    eventually("the replica has it", || replica.cli(&["XLEN", "a"]) == "1");
}
