//! A state that the events of a stream make on two nodes, against a real server.

use std::collections::BTreeMap;
use std::thread;

use crate::redis_support::{Event, Reading, small};
use futures_lite::future::block_on;
use sse_channel::{Entry, EventId, Frame, Gap, Replica, Stopped};
use sse_redis::Options;
use testkit::wait::eventually;
use tests::redis::{Node, Redis};

type Prices = BTreeMap<String, String>;

/// A node with the latest price of each name; what its keeper was told to be missing goes on with what is there.
struct Shop {
    node: Node,
    prices: Replica<Prices>,
    gaps: std::sync::mpsc::Receiver<Gap>,
}

impl Shop {
    /// Begins with this state, which has all up to an event; with nothing otherwise.
    fn open(redis: &Redis, options: Options, base: Option<(Prices, EventId)>) -> Self {
        let node = Node::start(&redis.url(), options);
        let channel = node.hub.channel("prices");
        let log = block_on(channel.log()).expect("a log");
        let (prices, mut keeper) = Replica::new(&log, |prices: &mut Prices, event: &Entry| {
            let price = event.data().expect("a price").into_owned();
            prices.insert(event.event_type().to_owned(), price);
        });
        let (tell, gaps) = std::sync::mpsc::channel();
        thread::spawn(move || {
            block_on(async {
                let (state, after) = base.unwrap_or((Prices::new(), channel.origin()));
                let mut stopped = keeper.follow(state, Some(&after)).await;
                loop {
                    stopped = match stopped {
                        Stopped::Gap(gap, prices) => {
                            let _ = tell.send(gap);
                            keeper.go_on(prices).await
                        }
                        Stopped::Failed(_, prices) => keeper.go_on(prices).await,
                        Stopped::Closed => return,
                    };
                }
            });
        });
        Self { node, prices, gaps }
    }

    fn set(&self, name: &str, price: &str) -> String {
        let frame = Frame::message(price).with_event_type(name).expect("one line");
        let channel = self.node.hub.channel("prices");
        block_on(channel.publish(&frame)).expect("published").to_string()
    }

    fn subscribe(&self, id: Option<&str>) -> Reading {
        let all = |prices: &Prices| {
            let lines = prices.iter().map(|(name, price)| format!("{name}={price}"));
            let lines = lines.chain(["whole".to_owned()]).collect::<Vec<_>>().join(" ");
            vec![Entry::new(&Frame::message(&lines).with_event_type("all").expect("one line"))]
        };
        Reading::of(self.prices.subscribe(id, all), id)
    }

    fn has(&self, name: &str, price: &str) {
        eventually("the state has it", || {
            let is_there =
                |prices: &Prices, _: &EventId| prices.get(name).is_some_and(|it| it == price);
            self.prices.read(is_there) == Some(true)
        });
    }
}

fn told(event: &Event) -> (&str, &str) {
    (&event.event, &event.data)
}

#[test]
fn two_nodes_have_one_state_and_clients_go_from_one_to_the_other() {
    let redis = Redis::start(&[]);
    // The log of one of them holds so little that its keeper falls behind, and reads on in Redis.
    let [one, two] = [Options::default(), small()].map(|it| Shop::open(&redis, it, None));
    let mut first = one.subscribe(None);
    assert_eq!(told(&first.next()), ("all", "whole"), "an empty stream is a state too");
    for number in 0..300 {
        [&one, &two][number % 2].set(&format!("n{}", number % 3), &number.to_string());
    }
    let last = one.set("n0", "end");
    let found = first.up_to("end");
    assert_eq!(found.len(), 301, "every event");
    for shop in [&one, &two] {
        shop.has("n0", "end");
        let state = shop.subscribe(None).next();
        assert_eq!(told(&state), ("all", "n0=end n1=298 n2=299 whole"));
        assert_eq!(state.id, last, "what comes next follows on it");
    }
    // Whoever comes back gets what it has missed, wherever it was, and no state.
    let mut moved = two.subscribe(Some(&found[100].id));
    assert_eq!(moved.next().data, "101");
    assert_eq!(moved.up_to("end").len(), 199);
    // A node that starts later makes the same of the same stream.
    let three = Shop::open(&redis, small(), None);
    assert_eq!(told(&three.subscribe(None).next()), ("all", "n0=end n1=298 n2=299 whole"));
    assert!(three.gaps.try_recv().is_err(), "nothing is missing");
}

#[test]
fn what_is_trimmed_is_told_to_the_keeper_and_a_state_that_was_kept_has_it() {
    let redis = Redis::start(&[]);
    let one = Shop::open(&redis, small(), None);
    (0..40).for_each(|number| drop(one.set(&format!("n{number}"), "1")));
    one.has("n39", "1");
    let base = one.prices.read(|prices, id| (prices.clone(), id.clone())).expect("a state");
    one.set("n0", "2");
    redis.cli(&["XTRIM", "prices", "MAXLEN", "10"]);
    let late = Shop::open(&redis, small(), None);
    late.has("n0", "2");
    let count = late.prices.read(|prices, _| prices.len());
    assert_eq!(count, Some(10), "what the stream still has");
    assert_eq!(late.gaps.recv(), Ok(Gap::Evicted { missed: Some(31) }));
    let kept = Shop::open(&redis, small(), Some(base));
    kept.has("n0", "2");
    assert_eq!(kept.prices.read(|prices, _| prices.len()), Some(40));
    assert!(kept.gaps.try_recv().is_err());
    let state = |shop: &Shop| shop.prices.read(|prices, id| (prices.clone(), id.clone()));
    assert_eq!(state(&kept), state(&one));
}

#[test]
fn redis_that_comes_back_empty_is_a_state_in_place_of_the_gap() {
    let mut redis = Redis::start(&[]);
    let shop = Shop::open(&redis, Options::default(), None);
    shop.set("tea", "3");
    shop.has("tea", "3");
    let mut client = shop.subscribe(None);
    assert_eq!(told(&client.next()), ("all", "tea=3 whole"));
    redis.kill();
    redis.wipe();
    redis.restart();
    // The keeper goes on with what it has, and every client is given that.
    assert_eq!(told(&client.next()), ("all", "tea=3 whole"));
    assert_eq!(shop.gaps.recv(), Ok(Gap::BeyondEnd));
    eventually("it can be published", || {
        let frame = Frame::message("4").with_event_type("tea").expect("one line");
        block_on(shop.node.hub.channel("prices").publish(&frame)).is_ok()
    });
    assert_eq!(told(&client.next()), ("tea", "4"));
    shop.has("tea", "4");
    assert_eq!(told(&shop.subscribe(None).next()), ("all", "tea=4 whole"));
}
