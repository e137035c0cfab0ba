//! Manifests stand alone, and say the same where they say the same thing.
//!
//! Nothing is inherited from the workspace, so that a crate can be copied; what a workspace would
//! have kept equal is kept equal by these rules.

use std::collections::BTreeMap;

use anyhow::Context;
use toml::{Table, Value};

use super::Source;

/// What a crate of the workspace says about itself in the words of its neighbours.
const ALIKE: [&str; 5] = ["version", "edition", "rust-version", "license", "lints"];

/// What packages of the other workspaces say in the same words, if they say it themselves.
const ALIKE_ELSEWHERE: [&str; 2] = ["edition", "license"];

const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// What is wrong with the manifests among `sources`; `read` reads a file of the workspace.
///
/// # Errors
///
/// When a manifest is not TOML, or there is none.
pub(super) fn check(
    sources: &[Source],
    read: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<String>> {
    let manifests = sources.iter().filter(|source| source.path.ends_with("Cargo.toml"));
    let manifests: Vec<Manifest<'_>> = manifests.map(Manifest::parse).collect::<Result<_, _>>()?;
    let mut wrong = equal_versions(&manifests);
    wrong.extend(alike(&manifests).context("no manifest below crates/")?);
    for manifest in manifests.iter().filter(|manifest| manifest.is_crate()) {
        wrong.extend(alone(manifest, &manifests));
        wrong.extend(licences(manifest, read));
    }
    Ok(wrong)
}

struct Manifest<'a> {
    path: &'a str,
    table: Table,
}

/// One line of a table of dependencies.
struct Dependency<'a> {
    /// What the registry calls it.
    package: &'a str,
    version: Option<&'a str>,
    path: Option<&'a str>,
}

impl<'a> Manifest<'a> {
    fn parse(source: &'a Source) -> anyhow::Result<Manifest<'a>> {
        let table = source.text.parse();
        let table = table.with_context(|| format!("{} is not TOML", source.path))?;
        Ok(Manifest { path: &source.path, table })
    }

    /// It is one that others copy.
    fn is_crate(&self) -> bool {
        self.path.starts_with("crates/")
    }

    /// It is a member of the main workspace.
    fn is_member(&self) -> bool {
        let others = ["examples", "testkit", "tests", "xtask"].map(|it| format!("{it}/Cargo.toml"));
        self.is_crate() || others.iter().any(|it| it == self.path)
    }

    /// What it says for a key of [`ALIKE`].
    fn says(&self, key: &str) -> Option<&Value> {
        if key == "lints" { self.table.get(key) } else { self.table.get("package")?.get(key) }
    }

    fn dependencies(&self) -> Vec<Dependency<'_>> {
        let mut found = Vec::new();
        collect(&self.table, &mut found);
        found
    }
}

/// Finds the tables of dependencies, wherever they are.
fn collect<'a>(table: &'a Table, found: &mut Vec<Dependency<'a>>) {
    for (key, value) in table {
        let Some(inner) = value.as_table() else { continue };
        if key.ends_with("dependencies") {
            found.extend(inner.iter().map(|(name, value)| Dependency {
                package: value.get("package").and_then(Value::as_str).unwrap_or(name),
                version: value.as_str().or_else(|| value.get("version")?.as_str()),
                path: value.get("path").and_then(Value::as_str),
            }));
        } else {
            collect(inner, found);
        }
    }
}

/// A dependency has one version, whoever names it.
fn equal_versions(manifests: &[Manifest<'_>]) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for manifest in manifests {
        for dependency in manifest.dependencies() {
            if let Some(version) = dependency.version {
                let places = versions.entry(dependency.package).or_default().entry(version);
                places.or_default().push(manifest.path);
            }
        }
    }
    versions
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(package, places)| {
            let places = places.iter().map(|(it, where_)| format!("{it} in {}", where_.join(", ")));
            format!("{package} has several versions: {}", places.collect::<Vec<_>>().join("; "))
        })
        .collect()
}

/// Neighbours say the same; nothing when there is no crate.
fn alike(manifests: &[Manifest<'_>]) -> Option<Vec<String>> {
    let first = manifests.iter().find(|manifest| manifest.is_crate())?;
    let mut wrong = Vec::new();
    for manifest in manifests.iter().filter(|manifest| manifest.table.contains_key("package")) {
        let keys: &[&str] = if manifest.is_member() { &ALIKE } else { &ALIKE_ELSEWHERE };
        for key in keys {
            let said = manifest.says(key);
            // From its own workspace, which says it for all of its members.
            let inherits = said.is_some_and(|said| said.get("workspace").is_some());
            if said != first.says(key) && (manifest.is_member() || !inherits) {
                wrong.push(format!("{}: `{key}` is not that of {}", manifest.path, first.path));
            }
        }
    }
    Some(wrong)
}

/// Nothing in a crate's manifest leads out of it, but to the folders beside it.
fn alone(manifest: &Manifest<'_>, all: &[Manifest<'_>]) -> Vec<String> {
    let mut wrong = Vec::new();
    let version_of = |package: &str| {
        let of = |it: &&Manifest<'_>| it.path == format!("crates/{package}/Cargo.toml");
        all.iter().find(of).and_then(|it| it.says("version")?.as_str())
    };
    for dependency in manifest.dependencies() {
        let package = dependency.package;
        let own = version_of(package);
        let beside = dependency.path == Some(&format!("../{package}"));
        if dependency.path.is_some() && !(beside && own.is_some()) {
            wrong.push(format!("{}: {package} is not the folder beside it", manifest.path));
        } else if dependency.version.is_none() || (beside && dependency.version != own) {
            wrong.push(format!("{}: the version of {package} is not there", manifest.path));
        }
    }
    wrong
}

/// The licences are in the folder, word by word those of the workspace.
fn licences(manifest: &Manifest<'_>, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let folder = manifest.path.trim_end_matches("Cargo.toml");
    LICENCES
        .iter()
        .filter(|name| {
            let own = read(&format!("{folder}{name}"));
            own.is_none() || own != read(name)
        })
        .map(|name| format!("{folder}{name} is not a copy of {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = "[package]\nversion = \"1.2.3\"\nedition = \"2024\"\n\
        rust-version = \"1.85\"\nlicense = \"MIT\"\n[lints.rust]\nunsafe_code = \"forbid\"\n";

    fn wrong(manifests: &[(&str, &str)]) -> Vec<String> {
        let source = |(path, text): &(&str, &str)| Source {
            path: format!("{path}/Cargo.toml"),
            text: (*text).to_owned(),
        };
        let sources: Vec<Source> = manifests.iter().map(source).collect();
        let licence = |path: &str| Some(path.rsplit('/').next().unwrap_or_default().to_owned());
        check(&sources, &licence).expect("manifests in TOML")
    }

    fn with(dependencies: &str) -> String {
        format!("{PACKAGE}[dependencies]\n{dependencies}")
    }

    #[test]
    fn manifests_that_stand_alone_and_agree_are_right() {
        let a = with("b = { path = \"../b\", version = \"1.2.3\" }\nx = \"1.0\"\n");
        let tests = format!("{PACKAGE}[target.'cfg(unix)'.dev-dependencies]\nx = \"1.0\"\n");
        let found = wrong(&[("crates/a", &a), ("crates/b", PACKAGE), ("tests", &tests)]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn two_versions_of_one_dependency_are_found() {
        let a = with("x = \"1.0\"\n");
        for other in [
            "[workspace.dependencies]\nx = \"1.1\"\n",
            "[dependencies]\ny = { package = \"x\", version = \"1.1\" }\n",
            "[target.'cfg(unix)'.dev-dependencies]\nx = \"1.1\"\n",
        ] {
            let found = wrong(&[("crates/a", &a), ("benches", other)]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains("1.0 in crates/a"), "{found:?}");
        }
    }

    #[test]
    fn what_a_neighbour_says_differently_is_found() {
        for (said, other) in
            [("1.2.3", "1.2.4"), ("1.85", "1.90"), ("MIT", "MPL"), ("forbid", "warn")]
        {
            let found = wrong(&[("crates/a", PACKAGE), ("xtask", &PACKAGE.replace(said, other))]);
            assert_eq!(found.len(), 1, "{other}: {found:?}");
        }
        let elsewhere = "[package]\nedition = \"2021\"\nlicense.workspace = true\n";
        assert_eq!(wrong(&[("crates/a", PACKAGE), ("fuzz", elsewhere)]).len(), 1);
    }

    #[test]
    fn what_leads_out_of_a_crate_is_found() {
        for dependency in [
            "b = { workspace = true }\n",
            "b = { path = \"../../b\", version = \"1.2.3\" }\n",
            "c = { path = \"../c\", version = \"1.2.3\" }\n",
            "b = { path = \"../b\" }\n",
            "b = { path = \"../b\", version = \"1.2.2\" }\n",
        ] {
            let found = wrong(&[("crates/a", &with(dependency)), ("crates/b", PACKAGE)]);
            assert_eq!(found.len(), 1, "{dependency}: {found:?}");
        }
        let inherits = PACKAGE.replace("edition = \"2024\"", "edition.workspace = true");
        assert_eq!(wrong(&[("crates/a", PACKAGE), ("crates/b", &inherits)]).len(), 1);
    }

    #[test]
    fn a_licence_that_is_missing_or_another_is_found() {
        let source = Source { path: "crates/a/Cargo.toml".to_owned(), text: PACKAGE.to_owned() };
        let manifest = Manifest::parse(&source).expect("TOML");
        assert_eq!(licences(&manifest, &|path| (!path.contains('/')).then(String::new)).len(), 2);
        assert_eq!(licences(&manifest, &|path| Some(path.to_owned())).len(), 2);
    }
}
