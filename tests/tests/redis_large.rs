//! An entry of Redis that no client should get. A program of its own: one thread of a process reads for all of its
//! connections to Redis, and others would wait for their answers while it reads this.

mod redis_support;

use redis_support::subscribe;
use sse_channel::Replay;
use sse_redis::{Notice, Options};
use tests::redis::{Node, Redis};

#[test]
fn an_entry_of_100_megabytes_is_passed() {
    let redis = Redis::start(&[]);
    let node = Node::start(&redis.url(), Options::default());
    let mut client = subscribe(&node, "a", None, Replay::Live);
    let script = "redis.call('XADD', KEYS[1], '*', 'data', string.rep('x', 100000000))";
    redis.cli(&["EVAL", script, "1", "a"]);
    redis.cli(&["XADD", "a", "*", "data", "after"]);
    assert_eq!(client.next().data, "after");
    assert!(node.was_told(|it| matches!(it, Notice::Skipped(..))));
}
