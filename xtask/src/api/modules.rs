//! The modules of a crate, and what a path in one of them names.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use syn::Item;

use super::text::conditions_of;

/// A path from the root of a crate.
pub(super) type Names = Vec<String>;

/// All modules of a crate, by path.
pub(super) struct Modules(BTreeMap<Names, Module>);

#[derive(Default)]
pub(super) struct Module {
    /// The conditions under which it exists, as [`conditions_of`] gives them.
    pub(super) conditions: Vec<String>,
    pub(super) items: Vec<Item>,
}

/// What a path leads to.
pub(super) enum Found<'a> {
    Item(&'a Module, &'a Item),
    Module(Names),
    /// Something of another crate.
    Foreign,
}

impl Modules {
    /// Reads a crate from its root file on, without what is for tests alone.
    ///
    /// # Errors
    ///
    /// When a file is missing or is not Rust.
    pub(super) fn read(root: &Path) -> anyhow::Result<Modules> {
        let mut modules = Modules(BTreeMap::new());
        let folder = root.parent().context("a file is in a folder")?;
        modules.add(Vec::new(), Vec::new(), parse(root)?, folder)?;
        Ok(modules)
    }

    /// Adds a module and those below it, which are in `folder`.
    fn add(
        &mut self,
        path: Names,
        conditions: Vec<String>,
        items: Vec<Item>,
        folder: &Path,
    ) -> anyhow::Result<()> {
        let mut module = Module { conditions, items: Vec::new() };
        for item in items {
            let Item::Mod(child) = item else {
                module.items.push(item);
                continue;
            };
            let mut within = module.conditions.clone();
            within.extend(conditions_of(&child.attrs));
            if within.iter().any(|it| it == "test") {
                continue;
            }
            let name = child.ident.to_string();
            let below = folder.join(&name);
            let path = [path.as_slice(), std::slice::from_ref(&name)].concat();
            let items = match &child.content {
                Some((_, items)) => items.clone(),
                None if below.join("mod.rs").exists() => parse(&below.join("mod.rs"))?,
                None => parse(&below.with_extension("rs"))?,
            };
            self.add(path, within, items, &below)?;
            module.items.push(Item::Mod(child));
        }
        self.0.insert(path, module);
        Ok(())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&Names, &Module)> {
        self.0.iter()
    }

    pub(super) fn get(&self, path: &[String]) -> Option<&Module> {
        self.0.get(path)
    }

    /// What `path` names in the module `within`, over any number of `use`.
    pub(super) fn find(&self, within: &[String], path: &[String]) -> Found<'_> {
        let Some((name, before)) = path.split_last() else { return Found::Module(within.to_vec()) };
        let Some(base) = self.base(within, before) else { return Found::Foreign };
        let child = [base.as_slice(), std::slice::from_ref(name)].concat();
        if self.0.contains_key(&child) {
            return Found::Module(child);
        }
        let module = &self.0[&base];
        if let Some(item) = module.items.iter().find(|item| name_of(item).as_ref() == Some(name)) {
            return Found::Item(module, item);
        }
        let uses = module.items.iter().filter_map(|item| match item {
            Item::Use(it) => Some(leaves(&it.tree)),
            _ => None,
        });
        match uses.flatten().find(|leaf| leaf.name == *name) {
            Some(leaf) if leaf.path != path => self.find(&base, &leaf.path),
            _ => Found::Foreign,
        }
    }

    /// The module of this crate that `path` names, seen from `within`.
    fn base(&self, within: &[String], path: &[String]) -> Option<Names> {
        let mut base = within.to_vec();
        for (index, name) in path.iter().enumerate() {
            match name.as_str() {
                "crate" if index == 0 => base.clear(),
                "self" if index == 0 => {}
                "super" => {
                    base.pop()?;
                }
                _ => base.push(name.clone()),
            }
            if !self.0.contains_key(&base) {
                return None;
            }
        }
        Some(base)
    }
}

fn parse(path: &Path) -> anyhow::Result<Vec<Item>> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let file = syn::parse_file(&text);
    Ok(file.with_context(|| format!("{} is not Rust", path.display()))?.items)
}

/// A name that a `use` brings in, and what it stands for.
pub(super) struct Leaf {
    pub(super) name: String,
    pub(super) path: Names,
}

pub(super) fn leaves(tree: &syn::UseTree) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(tree, &mut Vec::new(), &mut found);
    found
}

fn collect(tree: &syn::UseTree, before: &mut Names, found: &mut Vec<Leaf>) {
    let mut leaf = |name: String, last: String| {
        let mut path = before.clone();
        if last != "self" {
            path.push(last);
        }
        let name = if name == "self" { path.last().cloned().unwrap_or(name) } else { name };
        found.push(Leaf { name, path });
    };
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            collect(&path.tree, before, found);
            before.pop();
        }
        syn::UseTree::Group(group) => {
            group.items.iter().for_each(|tree| collect(tree, before, found));
        }
        syn::UseTree::Name(name) => leaf(name.ident.to_string(), name.ident.to_string()),
        syn::UseTree::Rename(it) => leaf(it.rename.to_string(), it.ident.to_string()),
        syn::UseTree::Glob(_) => leaf("*".to_owned(), "*".to_owned()),
    }
}

pub(super) fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(it) => &it.ident,
        Item::Enum(it) => &it.ident,
        Item::Fn(it) => &it.sig.ident,
        Item::Static(it) => &it.ident,
        Item::Struct(it) => &it.ident,
        Item::Trait(it) => &it.ident,
        Item::Type(it) => &it.ident,
        Item::Union(it) => &it.ident,
        _ => return None,
    };
    Some(name.to_string())
}
