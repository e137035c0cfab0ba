//! The app on axum whose channel is in Redis, as several processes: with redis-cli, our client, curl and TLS.

mod support;

use futures_lite::future::block_on;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sse_channel::Replay;
use sse_redis::{Certificates, Notice, Options};
use support::App;
use testkit::wait::eventually;
use testkit::{Scratch, port};
use tests::redis::{Node, Redis};

const PROGRAM: &str = env!("CARGO_BIN_EXE_on_axum_redis");

fn app(redis: &Redis) -> App {
    App::start(PROGRAM, &["--redis", &redis.url()])
}

/// Publishes by any client of Redis.
fn publish(redis: &Redis, text: &str) {
    redis.cli(&["XADD", "news", "*", "data", text]);
}

#[test]
fn a_client_moves_between_processes_and_misses_nothing() {
    let redis = Redis::start(&[]);
    let [here, there] = [app(&redis), app(&redis)];
    let (leaves, stays) = (here.listen(""), there.listen(""));
    publish(&redis, "one");
    let one = leaves.next();
    assert_eq!(one.data, "one");
    assert_eq!(stays.next().last_event_id, one.last_event_id, "the same ID everywhere");
    drop(leaves);

    publish(&redis, "two");
    here.publish(&["three"]);
    assert_eq!(stays.data(), ["two", "three"]);
    let back = there.listen(&one.last_event_id);
    assert_eq!(back.data(), ["two", "three"]);
    // And one that was not there when they were published.
    let mut new = app(&redis);
    let back = new.listen(&one.last_event_id);
    assert_eq!(back.data(), ["two", "three"]);
    publish(&redis, "four");
    assert_eq!(back.data(), ["four"]);

    let curl = new.curl(&["--header", &format!("Last-Event-ID: {}", one.last_event_id)]);
    new.wait_for_clients(2);
    new.interrupt();
    curl.finish();
}

#[test]
fn while_redis_is_away_clients_stay_and_publishers_are_told() {
    let mut redis = Redis::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let app = app(&redis);
    let client = app.listen("");
    publish(&redis, "before");
    assert_eq!(client.data(), ["before"]);
    redis.kill();
    let lost = app.try_to_publish("lost");
    assert_eq!((lost.status, lost.header("Retry-After")), (503, Some("5")));
    let why = lost.text();
    assert!(why.contains("not sent") || why.contains("not known"), "{why}");
    redis.restart();
    publish(&redis, "by another");
    eventually("it publishes again", || app.try_to_publish("after").status == 200);
    assert_eq!(client.data(), ["by another", "after"], "over the same connection, without a gap");
}

/// An authority, and what it has signed.
struct Authority {
    folder: Scratch,
    certificates: Certificates,
}

impl Authority {
    fn new() -> Self {
        let (key, mut authority) = (KeyPair::generate().unwrap(), CertificateParams::default());
        authority.distinguished_name.push(DnType::CommonName, "an authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&key).unwrap();
        let issuer = Issuer::new(authority, key);
        let own = KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let signed = CertificateParams::new(names).unwrap().signed_by(&own, &issuer).unwrap();
        let folder = Scratch::new("authority").unwrap();
        let files = [("root", root.pem()), ("chain", signed.pem()), ("key", own.serialize_pem())];
        files.iter().for_each(|(name, pem)| std::fs::write(folder.join(name), pem).unwrap());
        let [root, chain, key] = files.map(|(_, pem)| pem.into_bytes());
        Self {
            folder,
            certificates: Certificates { authorities: Some(root), own: Some((chain, key)) },
        }
    }

    fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().unwrap().to_owned()
    }

    /// A Redis that shows a certificate, and its URL.
    fn redis(&self, asks_clients: &str) -> (Redis, String) {
        let port = port::free().port();
        let [root, chain, key] = ["root", "chain", "key"].map(|name| self.path(name));
        let redis = Redis::start(&[
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &chain,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &root,
            "--tls-auth-clients",
            asks_clients,
        ]);
        (redis, format!("rediss://127.0.0.1:{port}/"))
    }
}

/// A node on smol's runtime.
fn node(url: &str, certificates: Certificates) -> Node {
    Node::start(url, Options { certificates, ..Options::default() })
}

/// Waits until the node has said why it has no connection.
fn refusal(node: &Node) -> String {
    let lost = |it: &Notice| matches!(it, Notice::Lost(..)).then(|| it.to_string());
    eventually("it says so", || node.notices().iter().any(|it| lost(it).is_some()));
    node.notices().iter().find_map(lost).unwrap()
}

#[test]
fn redis_is_reached_by_tls_in_tokio_and_in_smol() {
    let authority = Authority::new();
    let (redis, url) = authority.redis("no");
    let app = App::start(PROGRAM, &["--redis", &url, "--authorities", &authority.path("root")]);
    let client = app.listen("");
    let id = app.publish(&["one"]);
    publish(&redis, "two");
    assert_eq!(client.data(), ["one", "two"]);

    let certificates = Certificates { own: None, ..authority.certificates.clone() };
    let node = node(&url, certificates);
    let channel = node.hub.channel("news");
    let events = block_on(channel.subscribe(Some(&id), Replay::Live));
    let mut events = events.expect("it opens");
    let block = block_on(events.next()).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&block).contains("data: two\n"));
}

#[test]
fn a_redis_whose_authority_is_unknown_is_not_spoken_to() {
    let authority = Authority::new();
    let (redis, url) = authority.redis("no");
    let node = node(&url, Certificates::default());
    // The roots of the Mozilla programme do not know it.
    let said = refusal(&node);
    assert!(said.contains("UnknownIssuer"), "{said}");
    assert_eq!(redis.calls("xread"), 0);
}

#[test]
fn redis_may_ask_who_its_clients_are() {
    let authority = Authority::new();
    let (_redis, url) = authority.redis("yes");
    let anonymous = Certificates { own: None, ..authority.certificates.clone() };
    let nobody = node(&url, anonymous);
    let said = refusal(&nobody);
    assert!(said.contains("certificate") || said.contains("Certificate"), "{said}");
    let known = node(&url, authority.certificates.clone());
    eventually("it connects", || known.was_told(|it| *it == Notice::Connected));
}

#[test]
fn the_readme_shows_lines_of_the_programs() {
    let [before, after] =
        [include_str!("../src/bin/on_axum.rs"), include_str!("../src/bin/on_axum_redis.rs")];
    let readme = include_str!("../../../crates/sse-redis/README.md");
    let shown =
        readme.split("```diff\n").nth(1).and_then(|it| it.split("```").next()).expect("a diff");
    for line in shown.lines().filter(|line| !line.is_empty()) {
        let (program, line) = match line.split_at(1) {
            ("-", line) => (before, line),
            ("+", line) => (after, line),
            (_, line) => (after, line),
        };
        assert!(program.contains(line.trim()), "{line}");
    }
}
