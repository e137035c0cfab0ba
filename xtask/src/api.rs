//! `cargo xtask api`: what each published crate lets others call, in `API.txt` of its folder.
//!
//! A change of the API is thereby a change of a file that a reviewer reads. The listing is made from
//! the sources, so that it depends on no compiler's own format.

mod listing;
mod modules;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::metadata::packages;
use crate::steps::{Report, Selection, Step};
use crate::workspace::workspace;
use modules::Modules;

/// Compare the public API of each crate with its API.txt
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the files anew
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    selection: Selection,
}

impl Args {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.write {
            return write();
        }
        self.selection.run(vec![step()])
    }
}

pub(crate) fn step() -> Step {
    Step::new("api", "the public API of each crate is what its API.txt says", check)
}

/// The listing of a crate, and where it is kept.
struct Surface {
    path: PathBuf,
    text: String,
}

/// The listings of all crates that others depend on.
fn surfaces(report: &mut Report) -> anyhow::Result<Vec<Surface>> {
    let libraries = packages(report)?.into_iter().filter(|it| it.is_published && it.has_library);
    libraries
        .map(|package| {
            let folder = workspace().join("crates").join(&package.name);
            let text = surface(&package.name, &package.features, &folder.join("src/lib.rs"))
                .with_context(|| format!("the API of {}", package.name))?;
            Ok(Surface { path: folder.join("API.txt"), text })
        })
        .collect()
}

fn surface(name: &str, features: &[String], root: &Path) -> anyhow::Result<String> {
    let modules = Modules::read(root)?;
    let mut text = format!(
        "What {name} lets others call. Written by `cargo xtask api --write`, from the sources.\n\n\
         features: {}\n",
        if features.is_empty() { "none".to_owned() } else { features.join(", ") }
    );
    for item in listing::items(&modules) {
        text += "\n";
        text += &item;
    }
    Ok(text)
}

fn write() -> anyhow::Result<()> {
    for surface in surfaces(&mut Report::quiet())? {
        fs::write(&surface.path, surface.text)
            .with_context(|| format!("writing {}", surface.path.display()))?;
    }
    Ok(())
}

fn check(report: &mut Report) -> anyhow::Result<()> {
    let mut changed = 0;
    for surface in surfaces(report)? {
        let kept = fs::read_to_string(&surface.path).unwrap_or_default();
        let name = surface.path.strip_prefix(workspace()).unwrap_or(&surface.path).display();
        report.log(format_args!("{name}: {} lines", surface.text.lines().count()));
        for line in differences(&kept, &surface.text) {
            report.log(line);
            changed += 1;
        }
    }
    if changed > 0 {
        bail!("the API changed; if that is meant, `cargo xtask api --write` and commit API.txt");
    }
    Ok(())
}

/// The lines that only one of two listings has, with the item that they stand under.
fn differences(kept: &str, made: &str) -> Vec<String> {
    let (kept, made) = (placed(kept), placed(made));
    let gone = kept.iter().filter(|line| !made.contains(line)).map(|line| format!("- {line}"));
    let new = made.iter().filter(|line| !kept.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

/// Each line behind those that it is indented below.
fn placed(listing: &str) -> Vec<String> {
    let mut above: Vec<&str> = Vec::new();
    let lines = listing.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let depth = (line.len() - line.trim_start().len()) / listing::INDENT.len();
            above.truncate(depth);
            above.push(line.trim_start());
            above.join(" / ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_names_the_item_that_it_belongs_to() {
        let kept = "struct A\n    impl A\n        pub fn a()\n\nstruct B\n";
        let made = "struct A\n    impl A\n        pub fn a(self)\n\nstruct B\n";
        let said = ["- struct A / impl A / pub fn a()", "+ struct A / impl A / pub fn a(self)"];
        assert_eq!(differences(kept, made), said);
        assert!(differences(made, made).is_empty());
    }
}
