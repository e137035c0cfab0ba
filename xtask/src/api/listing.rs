//! The public items of a crate as text: signatures as they are written, without bodies and comments.

use std::collections::BTreeMap;

use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, TraitItem, Visibility};

use super::modules::{Found, Leaf, Module, Modules, leaves, name_of};
use super::text::{conditions_of, signature, source};

pub(super) const INDENT: &str = "    ";

/// Each public item with what can be called on it, sorted by the path that others write.
pub(super) fn items(modules: &Modules) -> Vec<String> {
    let mut public = Public { modules, items: BTreeMap::new() };
    public.module(&[], &[]);
    let mut implementations = implementations(&public);
    let listed = public.items.iter().map(|(path, item)| {
        let mut text = format!("{path}: {}{}", prefix(&item.conditions), item.declared);
        for part in &item.parts {
            text += &format!("\n{INDENT}{part}");
        }
        let on_it = item.defined.and_then(|it| implementations.remove(&it)).unwrap_or_default();
        for (implementation, own) in on_it {
            let (conditions, head) = implementation;
            let more: Vec<String> =
                conditions.into_iter().filter(|it| !item.conditions.contains(it)).collect();
            text += &format!("\n{INDENT}{}{head}", prefix(&more));
            own.iter().for_each(|own| text += &format!("\n{INDENT}{INDENT}{own}"));
        }
        text + "\n"
    });
    listed.collect()
}

/// What others can name, by path.
struct Public<'a> {
    modules: &'a Modules,
    items: BTreeMap<String, Listed>,
}

struct Listed {
    /// Where it stands among the items of this crate.
    defined: Option<*const Item>,
    conditions: Vec<String>,
    declared: String,
    /// Its public fields, variants or methods.
    parts: Vec<String>,
}

impl Public<'_> {
    /// Adds the public items of a module, which others know as `known`.
    fn module(&mut self, path: &[String], known: &[String]) {
        let Some(module) = self.modules.get(path) else { return };
        for item in &module.items {
            match item {
                Item::Use(it) if is_public(&it.vis) => {
                    for leaf in leaves(&it.tree) {
                        self.handed_on(path, known, &leaf, &conditions_of(&it.attrs));
                    }
                }
                Item::Mod(it) if is_public(&it.vis) => {
                    let name = it.ident.to_string();
                    self.module(&with(path, &name), &with(known, &name));
                }
                item => {
                    if let (true, Some(name)) = (is_public_item(item), name_of(item)) {
                        self.add(known, &name, module, item, &[]);
                    }
                }
            }
        }
    }

    fn handed_on(&mut self, path: &[String], known: &[String], leaf: &Leaf, conditions: &[String]) {
        match self.modules.find(path, &leaf.path) {
            Found::Item(module, item) => self.add(known, &leaf.name, module, item, conditions),
            Found::Module(found) => self.module(&found, &with(known, &leaf.name)),
            Found::Foreign => {
                let declared = format!("use {}", leaf.path.join("::"));
                let conditions = conditions.to_vec();
                let listed = Listed { defined: None, conditions, declared, parts: Vec::new() };
                self.items.insert(with(known, &leaf.name).join("::"), listed);
            }
        }
    }

    fn add(&mut self, known: &[String], name: &str, module: &Module, item: &Item, more: &[String]) {
        let (declared, parts) = declaration(item);
        let conditions = needed([module.conditions.as_slice(), more].concat());
        let listed = Listed { defined: Some(item), conditions, declared, parts };
        self.items.insert(with(known, name).join("::"), listed);
    }
}

/// The conditions without those that follow from others of them.
fn needed(mut conditions: Vec<String>) -> Vec<String> {
    conditions.sort();
    conditions.dedup();
    let all = conditions.clone();
    let follows = |it: &String| {
        it.contains(" | ") && it.split(" | ").any(|one| all.iter().any(|it| it == one))
    };
    conditions.retain(|it| !follows(it));
    conditions
}

/// Conditions as they are listed: `[std] `.
fn prefix(conditions: &[String]) -> String {
    conditions.iter().map(|it| format!("[{it}] ")).collect()
}

fn with(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_public_item(item: &Item) -> bool {
    match item {
        Item::Const(it) => is_public(&it.vis),
        Item::Enum(it) => is_public(&it.vis),
        Item::Fn(it) => is_public(&it.vis),
        Item::Static(it) => is_public(&it.vis),
        Item::Struct(it) => is_public(&it.vis),
        Item::Trait(it) => is_public(&it.vis),
        Item::Type(it) => is_public(&it.vis),
        Item::Union(it) => is_public(&it.vis),
        _ => false,
    }
}

/// How an item is declared, and its public fields, variants or methods.
fn declaration(item: &Item) -> (String, Vec<String>) {
    let (attributes, declared, parts) = match item {
        Item::Const(it) => (&it.attrs, format!("const: {}", source(&it.ty)), Vec::new()),
        Item::Static(it) => (&it.attrs, format!("static: {}", source(&it.ty)), Vec::new()),
        Item::Fn(it) => (&it.attrs, signature(&it.sig), Vec::new()),
        Item::Type(it) => {
            let declared = format!("type{} = {}", source(&it.generics), source(&it.ty));
            (&it.attrs, declared, Vec::new())
        }
        Item::Struct(it) => {
            let declared = format!("struct{}{}", generics(&it.generics), tuple(&it.fields));
            (&it.attrs, declared, named(&it.fields))
        }
        Item::Enum(it) => {
            let variants = it.variants.iter().map(|it| marked(&it.attrs, variant(it))).collect();
            (&it.attrs, format!("enum{}", generics(&it.generics)), variants)
        }
        Item::Trait(it) => {
            let bounds = source(&it.supertraits);
            let bounds = if bounds.is_empty() { bounds } else { format!(": {bounds}") };
            let declared = format!("trait{}{bounds}", generics(&it.generics));
            (&it.attrs, declared, it.items.iter().map(required).collect())
        }
        other => return (source(other), Vec::new()),
    };
    (marked(attributes, declared), parts)
}

fn generics(generics: &syn::Generics) -> String {
    format!("{}{}", source(generics), clause(generics))
}

fn variant(variant: &syn::Variant) -> String {
    let fields = match &variant.fields {
        Fields::Unit => String::new(),
        Fields::Unnamed(it) => {
            let types: Vec<String> = it.unnamed.iter().map(|it| source(&it.ty)).collect();
            format!("({})", types.join(", "))
        }
        Fields::Named(it) => {
            let fields: Vec<String> = (it.named.iter())
                .map(|it| format!("{}: {}", source(&it.ident), source(&it.ty)))
                .collect();
            format!(" {{ {} }}", fields.join(", "))
        }
    };
    format!("{}{fields}", variant.ident)
}

/// The fields of a tuple, private ones as `_`.
fn tuple(fields: &Fields) -> String {
    let Fields::Unnamed(fields) = fields else { return String::new() };
    let types: Vec<String> = (fields.unnamed.iter())
        .map(|it| if is_public(&it.vis) { format!("pub {}", source(&it.ty)) } else { "_".into() })
        .collect();
    format!(" ({})", types.join(", "))
}

/// The public fields with names, and whether there are others.
fn named(fields: &Fields) -> Vec<String> {
    let Fields::Named(fields) = fields else { return Vec::new() };
    let (public, private): (Vec<_>, Vec<_>) =
        fields.named.iter().partition(|it| is_public(&it.vis));
    let field = |it: &&syn::Field| {
        marked(&it.attrs, format!("pub {}: {}", source(&it.ident), source(&it.ty)))
    };
    let others = (!private.is_empty()).then(|| "..".to_owned());
    public.iter().map(field).chain(others).collect()
}

fn required(item: &TraitItem) -> String {
    match item {
        TraitItem::Const(it) => format!("const {}: {}", it.ident, source(&it.ty)),
        TraitItem::Fn(it) => {
            let provided = if it.default.is_some() { " { .. }" } else { "" };
            marked(&it.attrs, format!("{}{provided}", signature(&it.sig)))
        }
        TraitItem::Type(it) => format!("type {}", it.ident),
        other => source(other),
    }
}

/// Behind the attributes that a caller meets.
fn marked(attributes: &[Attribute], text: String) -> String {
    const MET: [&str; 4] = ["derive", "deprecated", "non_exhaustive", "repr"];
    let met = attributes.iter().filter(|it| MET.iter().any(|name| it.path().is_ident(name)));
    let met: Vec<String> = met.map(source).chain([text]).collect();
    format!("{}{}", prefix(&conditions_of(attributes)), met.join(" "))
}

/// The heads of what implements something for a type, with the conditions of each, and what is
/// public in those that are of no trait.
type Heads = BTreeMap<(Vec<String>, String), Vec<String>>;

/// What stands for each public item.
fn implementations(public: &Public<'_>) -> BTreeMap<*const Item, Heads> {
    let mut all: BTreeMap<*const Item, Heads> = BTreeMap::new();
    for (path, module) in public.modules.all() {
        for item in &module.items {
            let Item::Impl(it) = item else { continue };
            let find = |named: &syn::Path| {
                let names: Vec<String> =
                    named.segments.iter().map(|it| it.ident.to_string()).collect();
                match public.modules.find(path, &names) {
                    Found::Item(_, item) => Some(std::ptr::from_ref(item)),
                    _ => None,
                }
            };
            let is_listed =
                |it: &*const Item| public.items.values().any(|item| item.defined == Some(*it));
            let implemented = it.trait_.as_ref().and_then(|(path, _)| find(path));
            let on = named_by(&it.self_ty).and_then(find);
            // A trait of this crate alone is nothing to others.
            if implemented.is_some_and(|it| !is_listed(&it)) {
                continue;
            }
            let Some(listed) = [on, implemented].into_iter().flatten().find(is_listed) else {
                continue;
            };
            let conditions = needed([module.conditions.clone(), conditions_of(&it.attrs)].concat());
            let own: Vec<String> = it.items.iter().filter_map(own).collect();
            if it.trait_.is_some() || !own.is_empty() {
                let heads = all.entry(listed).or_default();
                let head = heads.entry((conditions, head(it))).or_default();
                head.extend(own);
                head.sort();
            }
        }
    }
    all
}

fn head(it: &ItemImpl) -> String {
    let implemented = it.trait_.as_ref().map(|(path, _)| format!("{} for ", source(path)));
    format!(
        "impl{} {}{}{}",
        source(&it.generics),
        implemented.unwrap_or_default(),
        source(&it.self_ty),
        clause(&it.generics),
    )
}

fn clause(generics: &syn::Generics) -> String {
    let clause = generics.where_clause.as_ref().map(|it| format!(" {}", source(it)));
    clause.unwrap_or_default().trim_end_matches(',').to_owned()
}

fn own(item: &ImplItem) -> Option<String> {
    match item {
        ImplItem::Fn(it) if is_public(&it.vis) => Some(marked(&it.attrs, signature(&it.sig))),
        ImplItem::Const(it) if is_public(&it.vis) => {
            Some(marked(&it.attrs, format!("const {}: {}", it.ident, source(&it.ty))))
        }
        _ => None,
    }
}

fn named_by(of: &syn::Type) -> Option<&syn::Path> {
    match of {
        syn::Type::Path(it) => Some(&it.path),
        syn::Type::Reference(it) => named_by(&it.elem),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::scratch;

    fn listed(files: &[(&str, &str)]) -> String {
        let folder = scratch("api").expect("a folder");
        for (name, text) in files {
            fs::write(folder.join(name), text).expect("it is written");
        }
        items(&Modules::read(&folder.join("lib.rs")).expect("Rust")).join("")
    }

    #[test]
    fn what_others_can_name_is_listed_where_they_find_it() {
        let root = "
            #[cfg(feature = \"alloc\")]
            mod inner;
            pub use inner::{Thing as Renamed};
            pub use other::Foreign;
            pub fn call(
                mut a: u8,
                b: u8,
            ) -> u8 { a + b }
            pub(crate) fn hidden() {}";
        let inner = "
            #[derive(Clone)]
            pub struct Thing { pub a: u8, b: u8 }
            impl Thing {
                /// Words.
                pub fn a(&self) -> u8 { self.a }
                fn b(&self) -> u8 { self.b }
            }
            #[cfg(feature = \"std\")]
            impl std::error::Error for Thing {}
            pub trait Sealed {}
            impl Sealed for Thing {}
            pub struct Unreachable;
            #[cfg(test)]
            mod tests { pub struct Thing; }";
        let said = "Foreign: use other::Foreign\n\
            Renamed: [alloc] #[derive(Clone)] struct\n    pub a: u8\n    ..\n    impl Thing\n        \
            fn a(&self) -> u8\n    [std] impl std::error::Error for Thing\n\
            call: fn call(a: u8, b: u8) -> u8\n";
        assert_eq!(listed(&[("lib.rs", root), ("inner.rs", inner)]), said);
    }
}
