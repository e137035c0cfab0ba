//! No circle among the files of a package: imports run one way.
//!
//! Whoever names something of another file imports that file, in a `use` or in the code. A name that
//! is handed on, as by `lib.rs`, leads to where it is defined, and whoever hands it on imports nothing.
//! What stands in macros and in
//! unit tests is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use syn::visit::Visit;

use super::Source;

/// Programs of ours in which a file may name its parent although that calls it: what a family of
/// files shares stands in the parent there, `Stage` of the pages, `Source` of these rules. Nobody
/// vendors them, and the circle does not lead out of the family.
const FAMILIES: [&str; 6] =
    ["benches/client", "benches/codec", "benches/fanout", "benches/report", "tests", "xtask"];

/// The circles among the files of each package.
///
/// # Errors
///
/// When a file is not Rust.
pub(super) fn check(sources: &[Source]) -> anyhow::Result<Vec<String>> {
    let mut packages: BTreeMap<&str, Vec<&Source>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is(".rs")) {
        if let Some((package, _)) = source.path.split_once("/src/") {
            packages.entry(package).or_default().push(source);
        }
    }
    let mut wrong = Vec::new();
    for (package, sources) in packages {
        let files = Files::parse(package, &sources)?;
        let mut edges = files.edges();
        if FAMILIES.contains(&package) {
            for (file, imported) in &mut edges {
                imported.retain(|it| *it != parent(file) && !ROOTS.contains(it));
            }
        }
        wrong.extend(circles(&edges).iter().map(|it| format!("{package}: a circle: {it}")));
    }
    Ok(wrong)
}

/// The files that are parents of all others.
const ROOTS: [&str; 2] = ["lib.rs", "main.rs"];

/// The file that a file is a part of: `pages.rs` of `pages/relay.rs`.
fn parent(file: &str) -> String {
    file.rsplit_once('/').map(|(folder, _)| format!("{folder}.rs")).unwrap_or_default()
}

/// A path from the root of its crate.
type Path = Vec<String>;

/// The files of a package, by the module that each is.
struct Files {
    files: BTreeMap<Path, File>,
}

#[derive(Default)]
struct File {
    name: String,
    /// What each name that is imported stands for, in terms of the module that imports it.
    imports: BTreeMap<String, (Path, Path)>,
    /// All paths that it names, each with the module in which it stands.
    named: Vec<(Path, Path)>,
}

impl Files {
    fn parse(package: &str, sources: &[&Source]) -> anyhow::Result<Files> {
        let has_library = sources.iter().any(|source| source.path.ends_with("/src/lib.rs"));
        let mut files = BTreeMap::new();
        for source in sources {
            let name = &source.path[package.len() + "/src/".len()..];
            // Nobody imports a program that stands beside a library.
            if name.starts_with("bin/") || (name == "main.rs" && has_library) {
                continue;
            }
            let module = module_of(name);
            let tree = syn::parse_file(&source.text);
            let tree = tree.with_context(|| format!("{} is not Rust", source.path))?;
            let file = File { name: name.to_owned(), ..File::default() };
            let mut reader = Reader { file, module: module.clone() };
            reader.visit_file(&tree);
            files.insert(module, reader.file);
        }
        Ok(Files { files })
    }

    /// Which file names something of which others.
    fn edges(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let edges = self.files.values().map(|file| {
            let imported = file.named.iter().filter_map(|(module, path)| {
                Some(self.defines(&self.absolute(file, module, path)?, 16)?.name.as_str())
            });
            (file.name.as_str(), imported.filter(|name| *name != file.name).collect())
        });
        edges.collect()
    }

    /// The path from the root of the crate, if it is one of this crate.
    fn absolute(&self, file: &File, module: &Path, path: &[String]) -> Option<Path> {
        let (first, rest) = path.split_first()?;
        if rest.is_empty() && !file.imports.contains_key(first) {
            // A variable, or something of this file itself.
            return None;
        }
        let mut base = module.clone();
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                let above: Vec<String> = match rest.first()?.as_str() {
                    "super" => rest.to_vec(),
                    _ => std::iter::once("self".to_owned()).chain(rest.iter().cloned()).collect(),
                };
                return self.absolute(file, &base, &above);
            }
            name => {
                base.push(name.to_owned());
                if !self.files.contains_key(&base) {
                    let (within, imported) = file.imports.get(name)?;
                    // `use x;` and `use x::y as x` name what is outside.
                    let is_itself = imported.first().is_some_and(|it| it == name);
                    base = (!is_itself).then(|| self.absolute(file, within, imported))??;
                }
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The file that defines what a path names; `steps` bounds how often a name is handed on.
    fn defines(&self, path: &[String], steps: usize) -> Option<&File> {
        let length = (0..=path.len()).rev().find(|&it| self.files.contains_key(&path[..it]))?;
        let file = &self.files[&path[..length]];
        let handed_on = path.get(length).and_then(|name| file.imports.get(name));
        let Some((module, imported)) = handed_on else { return Some(file) };
        match self.absolute(file, module, imported) {
            Some(next) if steps > 0 => self.defines(&next, steps - 1),
            // It comes from another crate.
            _ => None,
        }
    }
}

fn module_of(name: &str) -> Path {
    let name = name.trim_end_matches(".rs");
    let parts = name.split('/').filter(|part| !["lib", "main", "mod"].contains(part));
    parts.map(str::to_owned).collect()
}

/// Collects what a file names.
struct Reader {
    file: File,
    module: Path,
}

impl Reader {
    fn import(&mut self, tree: &syn::UseTree, before: &mut Path, hands_on: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.import(&path.tree, before, hands_on);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.import(item, before, hands_on));
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                if let Some(last) = before.last().cloned() {
                    self.add(last, before.clone(), hands_on);
                }
            }
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.add(name.clone(), with(before, name), hands_on);
            }
            syn::UseTree::Rename(rename) => {
                let path = with(before, rename.ident.to_string());
                self.add(rename.rename.to_string(), path, hands_on);
            }
            syn::UseTree::Glob(_) if hands_on => {}
            syn::UseTree::Glob(_) => self.file.named.push((self.module.clone(), before.clone())),
        }
    }

    fn add(&mut self, name: String, path: Path, hands_on: bool) {
        if !hands_on {
            self.file.named.push((self.module.clone(), path.clone()));
        }
        self.file.imports.insert(name, (self.module.clone(), path));
    }
}

fn with(path: &[String], last: String) -> Path {
    path.iter().cloned().chain([last]).collect()
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_test(item) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_none() {
            let hands_on = !matches!(item.vis, syn::Visibility::Inherited);
            self.import(&item.tree, &mut Path::new(), hands_on);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Path = path.segments.iter().map(|it| it.ident.to_string()).collect();
        if path.leading_colon.is_none() {
            self.file.named.push((self.module.clone(), segments));
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {
        // `pub(in crate::x)` names a module and imports nothing of it.
    }
}

/// Whether it is compiled for unit tests only.
fn is_test(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        let test = |meta: &syn::MetaList| meta.tokens.to_string() == "test";
        attribute.meta.require_list().is_ok_and(|it| it.path.is_ident("cfg") && test(it))
    })
}

/// One circle for each file that is in one and in none of those before.
fn circles(edges: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for &start in edges.keys() {
        if seen.contains(start) {
            continue;
        }
        if let Some(circle) = way_back(edges, start) {
            found.push(circle.iter().chain([&start]).copied().collect::<Vec<_>>().join(" -> "));
            seen.extend(circle);
        }
    }
    found
}

/// The shortest way from a file back to itself.
fn way_back<'a>(
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    start: &'a str,
) -> Option<Vec<&'a str>> {
    let mut ways = std::collections::VecDeque::from([vec![start]]);
    let mut reached = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for &next in edges.get(way.last()?)? {
            if next == start {
                return Some(way);
            }
            if reached.insert(next) {
                ways.push_back(way.iter().copied().chain([next]).collect());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(files: &[(&str, &str)]) -> Vec<String> {
        let source = |(name, text): &(&str, &str)| Source {
            path: format!("crates/x/src/{name}.rs"),
            text: (*text).to_owned(),
        };
        let sources: Vec<Source> = files.iter().map(source).collect();
        check(&sources).expect("Rust")
    }

    #[test]
    fn two_files_that_import_each_other_are_a_circle() {
        let lib = ("lib", "mod a; mod b; mod c;");
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use super::b;", "fn f() { crate::a::f() }"),
            ("use crate::{b::{self, B}};", "use super::a::*;"),
            ("use super::b; fn f() { b::f() }", "use crate::a as other;"),
        ] {
            let found = wrong(&[lib, ("a", a), ("b", b), ("c", "use crate::a;")]);
            assert_eq!(found, ["crates/x: a circle: a.rs -> b.rs -> a.rs"], "{a} {b}");
        }
    }

    #[test]
    fn a_circle_over_others_and_one_with_the_parent_are_found() {
        let long = [("a", "use super::b;"), ("b", "use super::c;"), ("c", "use super::a;")];
        let found = wrong(&[&[("lib", "mod a; mod b; mod c;")], long.as_slice()].concat());
        assert_eq!(found, ["crates/x: a circle: a.rs -> b.rs -> c.rs -> a.rs"]);
        let parent =
            [("lib", "mod a;"), ("a", "mod b; use b::B; struct A;"), ("a/b", "use super::A;")];
        assert_eq!(wrong(&parent).len(), 1);
    }

    #[test]
    fn what_is_handed_on_leads_to_where_it_is_defined() {
        let lib = ("lib", "mod a; mod b; pub use a::A; pub use b::B; pub use std::fmt::Debug;");
        let used = "mod a; pub use a::A; struct Z(A);";
        assert_eq!(wrong(&[("lib", used), ("a", "use crate::Z;")]).len(), 1);
        let handed = "mod a; pub use a::A; struct Z;";
        assert_eq!(wrong(&[("lib", handed), ("a", "use crate::Z;")]).len(), 0);
        assert_eq!(wrong(&[lib, ("a", "use crate::B; use crate::Debug;"), ("b", "")]).len(), 0);
        assert_eq!(wrong(&[lib, ("a", "use crate::B;"), ("b", "use crate::A;")]).len(), 1);
    }

    #[test]
    fn tests_modules_and_other_crates_are_no_imports() {
        let a = "#[cfg(test)] mod tests { use crate::b::B; } mod inner { use super::A; } struct A;";
        let b = "use crate::a::A; use other::a; use a::x; pub(in crate::a) struct B;";
        assert_eq!(wrong(&[("lib", "mod a; mod b;"), ("a", a), ("b", b)]), Vec::<String>::new());
    }
}
