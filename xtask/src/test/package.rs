//! Each crate as a registry would get it: `cargo package`, with the siblings beside it.
//!
//! What the crates are called there, and where the repository is, says one table of the workspace's
//! manifest, `[workspace.metadata.publish]`; the packages are made of copies that it was put into.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use testkit::Scratch;
use toml::{Table, Value};

use crate::metadata::packages;
use crate::steps::{Report, Step, TARGET};
use crate::workspace::{cargo, cargo_in, workspace};

/// The first cargo that packages crates that need each other.
const OLDEST: u32 = 90;

pub(super) fn step() -> Step {
    const ABOUT: &str = "cargo package for each crate, built from its package";
    Step::new("package", ABOUT, check).uses(TARGET)
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let version = report.run(&mut cargo(["--version"]))?;
    let minor = version.split('.').nth(1).and_then(|it| it.parse::<u32>().ok());
    if minor.is_some_and(|minor| minor < OLDEST) {
        report.not_checked(format_args!("cargo 1.{OLDEST} makes it checkable"));
        return Ok(());
    }
    let settings = Settings::read()?;
    let stage = Scratch::new("packages")?;
    let crates = packages(report)?.into_iter().filter(|package| package.is_published);
    let names: Vec<String> = crates.map(|package| package.name).collect();
    for name in &names {
        let mut copy = Command::new("cp");
        report.run(copy.arg("-r").arg(workspace().join("crates").join(name)).arg(&*stage))?;
        settings.put_into(&stage.join(name), name, &names)?;
    }
    fs::write(stage.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n")?;
    let target = workspace().join("target/package");
    let mut package = cargo(["package", "--workspace", "--allow-dirty", "--no-verify"]);
    report.run(package.arg("--target-dir").arg(&target).current_dir(&*stage))?;
    let mut made = Vec::new();
    for name in &names {
        let manifest: Table = fs::read_to_string(stage.join(name).join("Cargo.toml"))?.parse()?;
        let version = manifest["package"]["version"].as_str().unwrap_or_default();
        let folder = format!("{}-{version}", settings.name(name));
        let archive = target.join("package").join(format!("{folder}.crate"));
        let size = fs::metadata(&archive).with_context(|| archive.display().to_string())?.len();
        report.note(format_args!("{folder}.crate: {size} bytes"));
        made.push(Made { name: settings.name(name).to_owned(), folder, archive });
    }
    build(report, &made)?;
    if settings.repository.is_none() {
        report
            .note("the repository is not decided: links of the READMEs lead nowhere on a registry");
    }
    Ok(())
}

/// A package that cargo has made.
struct Made {
    /// Its name on the registry.
    name: String,
    /// The folder that is in it.
    folder: String,
    archive: PathBuf,
}

/// Unpacks and builds them, each with the others where the registry would be. (Cargo's own verification compiles all that they
/// depend on once more, and keeps what it has unpacked of a version for ever.)
fn build(report: &mut Report, packages: &[Made]) -> anyhow::Result<()> {
    let unpacked = Scratch::new("unpacked")?;
    let mut manifest = "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n\n".to_owned();
    manifest.push_str("[patch.crates-io]\n");
    for Made { name, folder, archive } in packages {
        let mut tar = Command::new("tar");
        report.run(tar.arg("-xzf").arg(archive).arg("-C").arg(&*unpacked))?;
        manifest.push_str(&format!("{name} = {{ path = \"{folder}\" }}\n"));
    }
    fs::write(unpacked.join("Cargo.toml"), manifest)?;
    fs::copy(workspace().join("Cargo.lock"), unpacked.join("Cargo.lock"))?;
    let mut build = cargo_in(&unpacked, "package", ["build", "--workspace"]);
    report.run(build.env("CARGO_PROFILE_DEV_DEBUG", "false")).map(drop)
}

/// What `[workspace.metadata.publish]` says.
struct Settings {
    /// The name on the registry of each folder that has another one there.
    names: Table,
    /// The repository's address, without a slash at its end.
    repository: Option<String>,
}

impl Settings {
    fn read() -> anyhow::Result<Settings> {
        let manifest: Table = fs::read_to_string(workspace().join("Cargo.toml"))?.parse()?;
        let publish = manifest.get("workspace").and_then(|it| it.get("metadata")?.get("publish"));
        let publish = publish.context("Cargo.toml has no [workspace.metadata.publish]")?;
        let names = publish.get("names").and_then(Value::as_table).cloned().unwrap_or_default();
        let repository = publish.get("repository").and_then(Value::as_str).map(str::to_owned);
        Ok(Settings { names, repository })
    }

    /// What a folder is called on the registry.
    fn name<'a>(&'a self, folder: &'a str) -> &'a str {
        self.names.get(folder).and_then(Value::as_str).unwrap_or(folder)
    }

    /// Puts names and addresses into the copy of a crate; its library keeps the name it has here.
    fn put_into(&self, copy: &Path, name: &str, siblings: &[String]) -> anyhow::Result<()> {
        let path = copy.join("Cargo.toml");
        let manifest: Table = fs::read_to_string(&path)?.parse()?;
        fs::write(path, self.renamed(manifest, name, siblings)?.to_string())?;
        if let Some(repository) = &self.repository {
            let readme = copy.join("README.md");
            let text = fs::read_to_string(&readme)?;
            fs::write(readme, with_addresses(&text, repository, name))?;
        }
        Ok(())
    }

    fn renamed(&self, mut manifest: Table, name: &str, all: &[String]) -> anyhow::Result<Table> {
        let new = self.name(name).to_owned();
        if new != name && !manifest.contains_key("bin") {
            let library = manifest.entry("lib").or_insert(Value::Table(Table::new()));
            let library = library.as_table_mut().context("[lib] is no table")?;
            library.insert("name".to_owned(), name.replace('-', "_").into());
        }
        let package = manifest.get_mut("package").and_then(Value::as_table_mut);
        let package = package.context("the manifest has no [package]")?;
        if self.names.contains_key(name) {
            package.insert("documentation".to_owned(), format!("https://docs.rs/{new}").into());
        }
        if let Some(repository) = &self.repository {
            package.insert("repository".to_owned(), repository.clone().into());
        }
        package.insert("name".to_owned(), new.into());
        for kind in ["dependencies", "dev-dependencies"] {
            let Some(table) = manifest.get_mut(kind).and_then(Value::as_table_mut) else {
                continue;
            };
            for (sibling, value) in table.iter_mut().filter(|(key, _)| all.contains(*key)) {
                let value = value.as_table_mut();
                let value =
                    value.with_context(|| format!("{sibling} is not the folder beside it"))?;
                value.insert("package".to_owned(), self.name(sibling).into());
            }
        }
        Ok(manifest)
    }
}

/// A README whose relative links lead into the repository.
fn with_addresses(text: &str, repository: &str, name: &str) -> String {
    let mut parts = text.split("](");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_relative =
            !part.starts_with('#') && !part[..part.find(')').unwrap_or(0)].contains("://");
        whole.push_str("](");
        if is_relative && part.contains(')') {
            let mut folders = vec!["crates", name];
            let mut rest = part;
            while let Some(above) = rest.strip_prefix("../") {
                folders.pop();
                rest = above;
            }
            let folders: String = folders.iter().map(|it| format!("{it}/")).collect();
            whole.push_str(&format!("{repository}/blob/main/{folders}{rest}"));
        } else {
            whole.push_str(part);
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let names = "sse-server = \"eventlog-server\"\nsse-proto = \"eventlog\"".parse();
        let repository = Some("https://example.org/sse".to_owned());
        Settings { names: names.expect("TOML"), repository }
    }

    #[test]
    fn names_are_those_of_the_registry_and_libraries_keep_theirs() {
        let manifest = "[package]\nname = \"sse-server\"\n[dependencies]\nlog = \"0.4\"\n\
            sse-proto = { path = \"../sse-proto\", version = \"0.1.0\" }\n";
        let all = ["sse-proto", "sse-server"].map(str::to_owned);
        let manifest = settings().renamed(manifest.parse().expect("TOML"), "sse-server", &all);
        let manifest = manifest.expect("a manifest");
        assert_eq!(manifest["package"]["name"].as_str(), Some("eventlog-server"));
        let documentation = manifest["package"]["documentation"].as_str();
        assert_eq!(documentation, Some("https://docs.rs/eventlog-server"));
        assert_eq!(manifest["lib"]["name"].as_str(), Some("sse_server"));
        assert_eq!(manifest["dependencies"]["sse-proto"]["package"].as_str(), Some("eventlog"));
        assert_eq!(manifest["dependencies"]["log"].as_str(), Some("0.4"));
    }

    #[test]
    fn relative_links_lead_into_the_repository() {
        let text = "[a](../../examples/proxies) [b](src/lib.rs) [c](#part) [d](https://x.org/y)";
        let main = "https://example.org/sse/blob/main";
        assert_eq!(
            with_addresses(text, "https://example.org/sse", "sse-proto"),
            format!(
                "[a]({main}/examples/proxies) [b]({main}/crates/sse-proto/src/lib.rs) [c](#part) [d](https://x.org/y)"
            )
        );
    }
}
