//! The Redis between the nodes, and what it has done.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, ensure};
use serde::Serialize;
use testkit::{Scratch, port};

use crate::process::Server;

pub(crate) struct Redis {
    server: Server,
    _folder: Scratch,
}

/// What it has done so far.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Work {
    /// How often each command was called.
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) cpu_nanoseconds: u64,
    pub(crate) bytes_out: u64,
    pub(crate) bytes_in: u64,
    /// Connections at that moment.
    pub(crate) connections: u64,
    pub(crate) memory_bytes: u64,
}

impl Redis {
    pub(crate) fn start() -> anyhow::Result<Redis> {
        let (address, folder) = (port::free(), Scratch::new("cluster")?);
        let mut command = Command::new("redis-server");
        command.args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--maxmemory-policy", "noeviction", "--dir"]).arg(&*folder);
        let server = Server::start(command, address)
            .context("is redis-server installed? (Debian: `apt-get install redis-server`)")?;
        Ok(Redis { server, _folder: folder })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}/", self.server.address)
    }

    pub(crate) fn version(&self) -> anyhow::Result<String> {
        let text = self.info("server")?;
        let version = text.lines().find_map(|it| it.strip_prefix("redis_version:"));
        Ok(format!("Redis {}, without persistence", version.unwrap_or_default()))
    }

    fn info(&self, section: &str) -> anyhow::Result<String> {
        let port = self.server.address.port().to_string();
        let output = Command::new("redis-cli").args(["-p", &port, "INFO", section]).output();
        let output = output.context("cannot run redis-cli")?;
        ensure!(output.status.success(), "redis-cli: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.replace('\r', ""))
    }

    pub(crate) fn work(&self) -> anyhow::Result<Work> {
        let text = self.info("everything")?;
        let number = |name: &str| {
            let value = text.lines().find_map(|it| it.strip_prefix(name));
            value.and_then(|it| it.parse().ok()).unwrap_or(0)
        };
        let calls = text.lines().filter_map(|line| {
            let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
            let calls = rest.split(',').next()?.parse().ok()?;
            // What this benchmark asks is left out.
            (name != "info").then(|| (name.to_owned(), calls))
        });
        Ok(Work {
            calls: calls.collect(),
            cpu_nanoseconds: self.server.cpu().total,
            bytes_out: number("total_net_output_bytes:"),
            bytes_in: number("total_net_input_bytes:"),
            connections: number("connected_clients:"),
            memory_bytes: number("used_memory_rss:"),
        })
    }
}

impl Work {
    /// What has been done since; connections and memory are those of now.
    pub(crate) fn since(&self, before: &Work) -> Work {
        let calls = self.calls.iter().map(|(name, calls)| {
            (name.clone(), calls - before.calls.get(name).copied().unwrap_or(0))
        });
        Work {
            calls: calls.filter(|(_, calls)| *calls > 0).collect(),
            cpu_nanoseconds: self.cpu_nanoseconds - before.cpu_nanoseconds,
            bytes_out: self.bytes_out - before.bytes_out,
            bytes_in: self.bytes_in - before.bytes_in,
            ..*self
        }
    }

    pub(crate) fn commands(&self) -> u64 {
        self.calls.values().sum()
    }
}
