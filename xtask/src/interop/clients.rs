//! The clients that are programs: how each is started, and what it does not do at all.

use std::process::Command;

use anyhow::Context;
use sse_scenarios::Need::{self, LastEventId, Origins, Reconnection, Redirects, Response};

use super::{go, setup};
use crate::pages::programs::executables;
use crate::requirements::CURL;
use crate::steps::Report;

/// A client outside of browsers, as a driver.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) is_quick: bool,
    /// What it does not do, and need not.
    pub(super) lacks: &'static [Need],
    pub(super) command: fn() -> anyhow::Result<Command>,
    pub(super) version: fn() -> String,
}

pub(super) static CLIENTS: [Client; 12] = [
    Client {
        name: "sse-client",
        is_quick: true,
        lacks: &[Origins],
        command: || ours(&[]),
        version: || "this workspace".to_owned(),
    },
    Client {
        name: "sse-client, blocking",
        is_quick: true,
        lacks: &[Origins],
        command: || ours(&["--blocking"]),
        version: || "this workspace".to_owned(),
    },
    Client {
        name: "sse-client, tokio",
        is_quick: true,
        lacks: &[Origins],
        command: || ours(&["--tokio"]),
        version: || "this workspace".to_owned(),
    },
    Client {
        name: "undici (Node)",
        is_quick: true,
        lacks: &[Origins],
        command: || event_source("undici"),
        version: || format!("undici {}, Node {}", setup::pinned("undici"), setup::node_version()),
    },
    Client {
        name: "eventsource 4",
        is_quick: false,
        lacks: &[Origins],
        command: || event_source("eventsource4"),
        version: || format!("{}, Node {}", setup::pinned("eventsource4"), setup::node_version()),
    },
    Client {
        name: "eventsource 5",
        is_quick: false,
        lacks: &[Origins],
        command: || event_source("eventsource5"),
        version: || format!("{}, Node {}", setup::pinned("eventsource5"), setup::node_version()),
    },
    Client {
        name: "fetch, eventsource-parser",
        is_quick: true,
        lacks: &[Origins, Reconnection, Response, LastEventId],
        command: || setup::node("drivers/fetch-parser.mjs"),
        version: || {
            format!("{}, Node {}", setup::pinned("eventsource-parser"), setup::node_version())
        },
    },
    Client {
        name: "Deno",
        is_quick: false,
        lacks: &[Origins],
        command: deno,
        version: || setup::pinned("deno"),
    },
    Client {
        name: "httpx-sse",
        is_quick: true,
        lacks: &[Origins, Reconnection, Response],
        command: || setup::python_with("drivers/httpx_sse_driver.py"),
        version: || format!("{}, httpx {}", setup::pinned("httpx-sse"), setup::pinned("httpx")),
    },
    Client {
        name: "aiohttp-sse-client",
        is_quick: false,
        lacks: &[Origins],
        command: || setup::python_with("drivers/aiohttp_driver.py"),
        version: || {
            let client = setup::pinned("aiohttp-sse-client");
            format!("{client}, aiohttp {}", setup::pinned("aiohttp"))
        },
    },
    Client {
        name: "sseclient-py",
        is_quick: false,
        lacks: &[Origins, Reconnection, Response, LastEventId, Redirects],
        command: || setup::python_with("drivers/sseclient_py_driver.py"),
        version: || {
            let client = setup::pinned("sseclient-py");
            format!("{client}, requests {}", setup::pinned("requests"))
        },
    },
    Client {
        name: "eventsource (Go)",
        is_quick: false,
        lacks: &[Origins, LastEventId],
        command: || Ok(Command::new(go::driver()?)),
        version: go::version,
    },
];

/// curl with a reader of lines, for what is no scenario: those compare its bytes.
pub(super) static CURL_IN_A_TERMINAL: Client = Client {
    name: "curl",
    is_quick: true,
    lacks: &[Origins, Reconnection, Response, LastEventId, Redirects],
    command: || {
        CURL.ensure(&mut Report::quiet())?;
        setup::python_with("drivers/curl_driver.py")
    },
    version: || {
        let curl = CURL.ensure(&mut Report::quiet());
        let version = curl.and_then(|it| Report::quiet().run(Command::new(it).arg("--version")));
        version.unwrap_or_default().split_whitespace().nth(1).unwrap_or_default().to_owned()
    },
};

fn ours(arguments: &[&str]) -> anyhow::Result<Command> {
    let path = executables(&mut Report::quiet())?.get("driver").context("no program driver")?;
    let mut command = Command::new(path);
    command.args(arguments);
    Ok(command)
}

fn event_source(package: &str) -> anyhow::Result<Command> {
    let mut command = setup::node("drivers/event-source.mjs")?;
    command.arg(package);
    Ok(command)
}

/// Deno is a package of npm with the program in it, one for each system.
fn deno() -> anyhow::Result<Command> {
    let folder = setup::javascript()?;
    let programs = folder.join("node_modules/@deno").read_dir().context("npm has no Deno")?;
    let program = programs.flatten().map(|entry| entry.path().join("deno"));
    let program = program.into_iter().find(|it| it.is_file()).context("npm has no Deno")?;
    let mut command = Command::new(program);
    command.args(["run", "--quiet", "--no-prompt", "--allow-net", "--no-config", "--no-lock"]);
    command.arg(folder.join("drivers/event-source.mjs")).arg("builtin");
    command.env("DENO_DIR", folder.join("deno")).env("DENO_NO_UPDATE_CHECK", "1");
    Ok(command)
}
