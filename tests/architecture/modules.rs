//! Within each crate, no cycle among the modules of one parent, including their descendants.
//!
//! The sources are parsed, tests left out. A path that leads from module `a::b::c` to module `a::d::e` is an arrow from
//! `b` to `d`, children of `a`; one to a parent is none. Names that a module exports lead to where they are defined.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

/// A module: the names from the crate's root to it.
type Module = Vec<String>;

/// The declarations of one file.
#[derive(Default)]
struct Source {
    /// Child modules in files of their own.
    children: Vec<String>,
    /// Names that it exports, with the path of each.
    exports: Vec<(String, Vec<String>)>,
    /// Paths in it, with the module that they are in: an inline one has a longer name.
    paths: Vec<(Module, Vec<String>)>,
    /// The module that is read.
    at: Module,
}

fn of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("cfg")
            && list.is_ok_and(|l| {
                let tokens = l.tokens.to_string();
                tokens == "test" || tokens.starts_with("all (test ,")
            })
    })
}

/// All paths of a tree of imports.
fn leaves(tree: &UseTree, above: &[String], found: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &dyn ToString| {
        let mut path = above.to_vec();
        path.push(name.to_string());
        path
    };
    match tree {
        UseTree::Path(path) => leaves(&path.tree, &with(&path.ident), found),
        UseTree::Name(name) => found.push((name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(name) => found.push((name.rename.to_string(), with(&name.ident))),
        UseTree::Glob(_) => found.push(("*".to_owned(), above.to_vec())),
        UseTree::Group(group) => (group.items.iter()).for_each(|item| leaves(item, above, found)),
    }
}

impl<'a> Visit<'a> for Source {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Fn(i) => &i.attrs,
            Item::Impl(i) => &i.attrs,
            Item::Mod(i) => &i.attrs,
            Item::Struct(i) => &i.attrs,
            Item::Use(i) => &i.attrs,
            _ => &Vec::new(),
        };
        if !of_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        if module.content.is_none() {
            self.children.push(module.ident.to_string());
        }
        self.at.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.at.pop();
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let mut found = Vec::new();
        leaves(&item.tree, &[], &mut found);
        for (name, path) in found {
            if !matches!(item.vis, Visibility::Inherited) {
                self.exports.push((name, path.clone()));
            }
            self.paths.push((self.at.clone(), path));
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let names = path.segments.iter().map(|s| s.ident.to_string());
        self.paths.push((self.at.clone(), names.collect()));
        visit::visit_path(self, path);
    }
}

/// The modules of a crate, but for those of tests.
fn read(file: &Path, folder: &Path, module: Module, found: &mut BTreeMap<Module, Source>) {
    let text = fs::read_to_string(file).unwrap();
    let mut source = Source {
        at: module.clone(),
        ..Source::default()
    };
    source.visit_file(&syn::parse_file(&text).unwrap());
    for child in source.children.clone() {
        let mut below = module.clone();
        below.push(child.clone());
        let own = [
            folder.join(format!("{child}.rs")),
            folder.join(&child).join("mod.rs"),
        ];
        let own = own.iter().find(|path| path.exists());
        let own = own.unwrap_or_else(|| panic!("{}: mod {child}", file.display()));
        read(own, &folder.join(&child), below, found);
    }
    found.insert(module, source);
}

/// The module that `path` leads to from module `from`; where it leads out of the crate, `from` itself.
fn target(crates: &BTreeMap<Module, Source>, from: &Module, path: &[String]) -> Module {
    let (mut at, mut names) = (from.clone(), path);
    let mut inside = false;
    while let [first, rest @ ..] = names {
        match first.as_str() {
            "crate" => at.clear(),
            "super" => drop(at.pop()),
            "self" => {}
            _ => break,
        }
        (names, inside) = (rest, true);
    }
    let child = |at: &Module, name: &String| [&at[..], std::slice::from_ref(name)].concat();
    let first = names.first();
    if !inside && !first.is_some_and(|name| crates.contains_key(&child(&at, name))) {
        return from.clone();
    }
    for name in names {
        let below = child(&at, name);
        if crates.contains_key(&below) {
            at = below;
            continue;
        }
        let exports = crates.get(&at).map(|source| &source.exports);
        let mut exports = exports.into_iter().flatten();
        if let Some((_, path)) = exports.find(|(exported, _)| exported == name) {
            return target(crates, &at, path);
        }
        break;
    }
    at
}

/// The arrows among the children of each module, each with an example.
fn arrows(crates: &BTreeMap<Module, Source>) -> BTreeMap<Module, BTreeMap<[String; 2], String>> {
    let mut all: BTreeMap<Module, BTreeMap<[String; 2], String>> = BTreeMap::new();
    for (module, source) in crates {
        for (from, path) in &source.paths {
            let to = target(crates, from, path);
            let same = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if let (Some(a), Some(b)) = (from.get(same), to.get(same)) {
                let example = format!("{}: {}", module.join("::"), path.join("::"));
                let arrow = [a.clone(), b.clone()];
                all.entry(to[..same].to_vec())
                    .or_default()
                    .insert(arrow, example);
            }
        }
    }
    all
}

/// A circle among `arrows`, as their examples.
fn circle(arrows: &BTreeMap<[String; 2], String>) -> Option<Vec<&String>> {
    let mut left: BTreeSet<&[String; 2]> = arrows.keys().collect();
    // An arrow to where no arrow begins, or from where none ends, is in no circle.
    loop {
        let begins: BTreeSet<&String> = left.iter().map(|[a, _]| a).collect();
        let ends: BTreeSet<&String> = left.iter().map(|[_, b]| b).collect();
        let before = left.len();
        left.retain(|[a, b]| begins.contains(b) && ends.contains(a));
        if left.len() == before {
            break;
        }
    }
    (!left.is_empty()).then(|| left.into_iter().map(|arrow| &arrows[arrow]).collect())
}

#[test]
fn no_crate_has_a_circle_of_modules() {
    let mut modules = 0;
    for member in super::members() {
        let source = super::root().join(&member).join("src");
        let mut found = BTreeMap::new();
        read(&source.join("lib.rs"), &source, Vec::new(), &mut found);
        modules += found.len();
        for (parent, arrows) in arrows(&found) {
            if let Some(examples) = circle(&arrows) {
                panic!(
                    "{member}: modules in `crate::{}` form a circle: {examples:#?}",
                    parent.join("::")
                );
            }
        }
    }
    assert!(modules > 300, "{modules}");
}

#[test]
fn circles_are_found() {
    let source = |text: &str, at: &[&str]| {
        let mut source = Source {
            at: at.iter().map(ToString::to_string).collect(),
            ..Source::default()
        };
        source.visit_file(&syn::parse_file(text).unwrap());
        (source.at.clone(), source)
    };
    let circles = |c: &str| {
        let found = BTreeMap::from([
            source("mod a; mod b; pub use a::c::C;", &[]),
            source("pub mod c; pub struct A;", &["a"]),
            source(c, &["a", "c"]),
            source(
                "use crate::C;\n#[cfg(test)] mod tests { use crate::a::A; }",
                &["b"],
            ),
        ]);
        arrows(&found)
            .values()
            .any(|arrows| circle(arrows).is_some())
    };
    // A child may use its parent, and a test what it likes.
    assert!(!circles("use super::A; pub struct C(A);"));
    assert!(circles("pub struct C(crate::b::B);"));
    assert!(circles("pub fn f() { super::super::b::g() }"));
    assert!(!circles("#[cfg(test)] use crate::b::B;"));
}
