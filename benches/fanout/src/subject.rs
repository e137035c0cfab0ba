//! The servers under test: how each is built, started and told to publish.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, bail, ensure};
use report::Role;
use testkit::{Scratch, port};

use crate::process::{self, Server};

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Ours,
    /// A bare loop of `write` calls.
    Limit,
    Axum,
    /// axum with our channel.
    AxumChannel,
    /// axum with the same bytes for everybody.
    AxumLimit,
    Hyper,
    Node,
    Nchan,
}

/// A server that runs, and what it needs until it ends.
pub(crate) struct Running {
    pub(crate) server: Server,
    _folder: Option<Scratch>,
}

impl Subject {
    const ALL: [Subject; 8] = [
        Subject::Ours,
        Subject::Limit,
        Subject::Axum,
        Subject::AxumChannel,
        Subject::AxumLimit,
        Subject::Hyper,
        Subject::Node,
        Subject::Nchan,
    ];

    /// The servers with these names, or all that are installed; built, unless `built` says where ours is.
    pub(crate) fn prepare(
        names: &[String],
        built: Option<PathBuf>,
    ) -> anyhow::Result<Vec<Subject>> {
        let is_built = built.is_some();
        OURS.get_or_init(|| built.unwrap_or_else(|| target("..").join("examples/bench_server")));
        let known = Subject::ALL.map(Subject::name);
        for name in names {
            ensure!(known.contains(&name.as_str()), "{name}: not one of {known:?}");
        }
        let wanted = |it: &Subject| names.is_empty() || names.iter().any(|name| name == it.name());
        let subjects: Vec<Subject> = Subject::ALL.into_iter().filter(wanted).collect();
        let mut installed = Vec::new();
        for subject in subjects {
            match subject.make(is_built) {
                Ok(()) => installed.push(subject),
                Err(error) if names.is_empty() => println!("without {}: {error:#}", subject.name()),
                Err(error) => return Err(error),
            }
        }
        Ok(installed)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Subject::Ours => "ours",
            Subject::Limit => "limit",
            Subject::Axum => "axum",
            Subject::AxumChannel => "axum-channel",
            Subject::AxumLimit => "axum-limit",
            Subject::Hyper => "hyper",
            Subject::Node => "node",
            Subject::Nchan => "nchan",
        }
    }

    pub(crate) fn role(self) -> Role {
        match self {
            Subject::Ours | Subject::AxumChannel => Role::Ours,
            Subject::Limit | Subject::AxumLimit => Role::Limit,
            _ => Role::Peer,
        }
    }

    pub(crate) fn version(&self) -> String {
        let printed = |program: &str, argument: &str| {
            let output = Command::new(program).arg(argument).output();
            output.map_or_else(
                |_| String::new(),
                |it| {
                    let text = [it.stdout, it.stderr].concat();
                    String::from_utf8_lossy(&text).trim().to_owned()
                },
            )
        };
        match self {
            Subject::Ours => "sse-server of this commit".to_owned(),
            Subject::Limit => "limit (a loop of write calls)".to_owned(),
            Subject::Axum => format!("axum {}", report::version("axum")),
            Subject::AxumChannel => "axum with sse-channel of this commit".to_owned(),
            Subject::AxumLimit => "axum with one Bytes for all".to_owned(),
            Subject::Hyper => format!("hyper {}", report::version("hyper")),
            Subject::Node => format!("node {}", printed("node", "--version")),
            Subject::Nchan => format!("nchan of Debian in {}", printed("nginx", "-v")),
        }
    }

    /// Whether the generator must publish the events itself.
    pub(crate) fn is_fed_by_generator(self) -> bool {
        self == Subject::Nchan
    }

    /// Starts a server of this kind. `options` are for ours alone.
    pub(crate) fn start(self, options: &[&str]) -> anyhow::Result<Running> {
        let address = port::free();
        let mut folder = None;
        let mut command = match self {
            Subject::Ours => process::on_server_core(OURS.get().context("nothing is prepared")?),
            Subject::Limit
            | Subject::Axum
            | Subject::AxumChannel
            | Subject::AxumLimit
            | Subject::Hyper => process::on_server_core(target(".").join(self.name())),
            Subject::Node => process::on_server_core("node"),
            Subject::Nchan => {
                let mut command = process::on_server_core("nginx");
                let made = configuration(address)?;
                command.arg("-e").arg(made.join("error.log"));
                command.arg("-c").arg(made.join("nginx.conf"));
                folder = Some(made);
                command
            }
        };
        if self == Subject::Node {
            command.arg(folder_of_benches().join("servers/other/node.mjs"));
        }
        if self != Subject::Nchan {
            command.args(["--addr", &address.to_string()]);
        }
        if self == Subject::Ours {
            command.args(options);
        }
        Ok(Running { server: Server::start(command, address)?, _folder: folder })
    }

    /// Builds it, unless that has been done, or sees whether it is installed.
    fn make(self, is_built: bool) -> anyhow::Result<()> {
        match self {
            Subject::Node | Subject::Nchan => {}
            _ if is_built => return Ok(()),
            _ => {}
        }
        match self {
            Subject::Ours => build("..", &["--package", "examples", "--example", "bench_server"]),
            Subject::Limit
            | Subject::Axum
            | Subject::AxumChannel
            | Subject::AxumLimit
            | Subject::Hyper => build(".", &["--package", "servers", "--bin", self.name()]),
            Subject::Node => runs("node", "--version"),
            Subject::Nchan => {
                runs("nginx", "-v")?;
                ensure!(Path::new(NCHAN).exists(), "nginx has no module nchan");
                Ok(())
            }
        }
    }
}

/// Our server, once it is prepared.
static OURS: OnceLock<PathBuf> = OnceLock::new();

/// Where Debian's package libnginx-mod-nchan has the module.
const NCHAN: &str = "/usr/lib/nginx/modules/ngx_nchan_module.so";

fn folder_of_benches() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of finished programs of the workspace in `folder`, seen from the benchmarks.
fn target(folder: &str) -> PathBuf {
    folder_of_benches().join(folder).join("target/release")
}

fn build(folder: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--release"])
        .args(arguments)
        .current_dir(folder_of_benches().join(folder))
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "cargo build {} failed", arguments.join(" "));
    Ok(())
}

fn runs(program: &str, argument: &str) -> anyhow::Result<()> {
    let output = Command::new(program).arg(argument).output();
    match output {
        Ok(output) if output.status.success() => Ok(()),
        _ => bail!("{program} is not installed"),
    }
}

/// A folder with the configuration of an nginx on `address`.
fn configuration(address: SocketAddr) -> anyhow::Result<Scratch> {
    let folder = Scratch::new("nchan")?;
    let text = include_str!("../../servers/other/nginx.conf")
        .replace("FOLDER", &folder.to_string_lossy())
        .replace("ADDRESS", &address.to_string())
        .replace("MODULE", NCHAN);
    std::fs::write(folder.join("nginx.conf"), text)?;
    Ok(folder)
}
