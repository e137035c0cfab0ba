//! Who may import whom.

use std::collections::BTreeMap;

use super::Source;
use crate::metadata::Package;

/// Packages that a package may not depend on, not even in its tests.
const FORBIDDEN: [(&str, &[&str]); 7] = [
    ("sse-proto", &["sse-channel", "sse-server", "sse-client", "sse-redis"]),
    ("sse-channel", &["sse-server", "sse-client", "sse-redis"]),
    ("sse-server", &["sse-client", "sse-redis"]),
    ("sse-client", &["sse-channel", "sse-server", "sse-redis"]),
    ("sse-redis", &["sse-server", "sse-client"]),
    ("xtask", &["sse-proto", "sse-channel", "sse-server", "sse-client", "examples", "tests"]),
    ("testkit", &["sse-proto", "sse-channel", "sse-server", "sse-client", "sse-redis"]),
];

/// What `sse-proto` may depend on, behind features.
const OPTIONAL: [&str; 8] = [
    "memchr",
    "simdutf8",
    "futures-core",
    "futures-io",
    "embedded-io",
    "embedded-io-async",
    "serde",
    "defmt",
];

/// What marks a file as one that touches sockets or clocks.
const SYSTEM: [&str; 4] = ["async_io::", "std::net::Tcp", "Instant::now", "SystemTime::now"];

/// Nobody depends on a package that is on the other side of the house.
pub(super) fn packages(package: &Package) -> Vec<String> {
    let forbidden = FORBIDDEN.iter().filter(|(name, _)| *name == package.name);
    let forbidden: Vec<&str> = forbidden.flat_map(|(_, names)| names.iter().copied()).collect();
    let mut wrong: Vec<String> = (package.dependencies.iter())
        .filter(|dependency| forbidden.contains(&dependency.name.as_str()))
        .map(|dependency| format!("{} must not depend on {}", package.name, dependency.name))
        .collect();
    if package.name == "sse-proto" {
        let others = package.dependencies.iter().filter(|dependency| {
            !dependency.for_development && !OPTIONAL.contains(&dependency.name.as_str())
        });
        wrong.extend(others.map(|it| format!("sse-proto must not depend on {}", it.name)));
    }
    wrong
}

/// In each published crate one file at most touches sockets and clocks.
pub(super) fn system(sources: &[Source]) -> Vec<String> {
    let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources {
        let mut parts = source.path.split('/');
        let (Some("crates"), Some(package), Some("src")) =
            (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        if code(&source.text).any(|line| SYSTEM.iter().any(|word| line.contains(word))) {
            files.entry(package).or_default().push(&source.path);
        }
    }
    files
        .iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(package, files)| {
            format!("{package}: more than one file touches sockets or clocks: {}", files.join(", "))
        })
        .collect()
}

/// The lines before the tests that are not comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim_start)
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn package(name: &str, dependency: &str) -> Package {
        let name_of_other = dependency.to_owned();
        let dependency =
            Dependency { name: name_of_other, for_development: false, is_sibling: true };
        Package {
            name: name.to_owned(),
            features: Vec::new(),
            has_default_features: false,
            has_library: true,
            dependencies: vec![dependency],
            is_published: true,
        }
    }

    #[test]
    fn dependencies_across_the_house_are_found() {
        assert_eq!(packages(&package("sse-server", "sse-client")).len(), 1);
        assert_eq!(packages(&package("sse-proto", "httparse")).len(), 1);
        assert!(packages(&package("sse-server", "sse-proto")).is_empty());
        assert!(packages(&package("sse-proto", "memchr")).is_empty());
    }

    #[test]
    fn a_second_file_with_sockets_is_found() {
        let source =
            |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let mut sources = vec![
            source("crates/sse-client/src/socket.rs", "use async_io::Async;\n"),
            source(
                "crates/sse-client/src/head.rs",
                "// async_io::Async\n#[cfg(test)]\nInstant::now()\n",
            ),
        ];
        assert_eq!(system(&sources), Vec::<String>::new());
        sources.push(source("crates/sse-client/src/url.rs", "let now = Instant::now();\n"));
        assert_eq!(system(&sources).len(), 1);
    }
}
