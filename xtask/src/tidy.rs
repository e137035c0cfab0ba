//! `cargo xtask tidy`: the rules of the house that a program can check.
//!
//! Each rule takes what it looks at and returns what is wrong with it, a line each.

mod circles;
mod imports;
mod links;
mod manifests;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::metadata::packages;
use crate::steps::{Report, Selection, Step};
use crate::workspace::workspace;

/// Check the rules of the house: file heads and lengths, imports, circles, manifests, links
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        self.selection.run(vec![step()])
    }
}

pub(crate) fn step() -> Step {
    Step::new("tidy", "file heads and lengths, imports, circles, manifests, links", check)
}

/// A text file of the workspace.
struct Source {
    /// Relative to the workspace, with `/`.
    path: String,
    text: String,
}

impl Source {
    fn is(&self, extension: &str) -> bool {
        self.path.ends_with(extension)
    }
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let mut sources = Vec::new();
    read(workspace(), &mut sources)?;
    let mut wrong = Vec::new();
    for source in &sources {
        wrong.extend(sources::left_behind(source));
        if source.is(".rs") {
            wrong.extend(sources::head(source));
            wrong.extend(sources::length(source));
        }
        if source.is(".md") {
            wrong.extend(links::broken(source, &|path| workspace().join(path).exists()));
        }
    }
    for package in packages(report)? {
        wrong.extend(imports::packages(&package));
    }
    wrong.extend(imports::system(&sources));
    wrong.extend(circles::check(&sources)?);
    let read = |path: &str| fs::read_to_string(workspace().join(path)).ok();
    wrong.extend(manifests::check(&sources, &read)?);
    report.log(format_args!("{} files", sources.len()));
    for line in &wrong {
        report.log(line);
    }
    ensure!(wrong.is_empty(), "{} things are not tidy", wrong.len());
    Ok(())
}

/// Reads the text files below a folder: those that people write.
fn read(folder: &Path, sources: &mut Vec<Source>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            let generated = ["target", "corpus", "artifacts", "node_modules", ".git"];
            if !generated.contains(&&*name) {
                read(&path, sources)?;
            }
        } else if [".rs", ".toml", ".md", ".html", ".css", ".js"]
            .iter()
            .any(|it| name.ends_with(it))
        {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("{} is not UTF-8", path.display()))?;
            let path = path.strip_prefix(workspace()).unwrap_or(&path);
            sources.push(Source { path: path.to_string_lossy().into_owned(), text });
        }
    }
    Ok(())
}
