//! Rust by its whole grammar: the crate `syn`, and visitors that list and count.

mod body;

use crate::depth;
use crate::unit::{Import, Outline, Unit, counted};
use body::Body;
use proc_macro2::{Span, TokenStream};
use syn::visit::Visit as _;

/// Bytes of a text the parser gets: its tree takes some forty times as much memory.
const MOST_BYTES: usize = 400_000;

/// Reads a file.
///
/// # Errors
/// A sentence that says why this reader cannot take it: where it is no Rust, that it is nested too deep, or too long.
pub fn read(text: &str) -> Result<Outline, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let weight = depth::weight(text);
    if weight > depth::MOST {
        return Err("it is nested too deep".into());
    }
    let outline = parse(text);
    // The places of all texts ever read are kept otherwise.
    proc_macro2::extra::invalidate_current_thread_spans();
    outline
}

fn parse(text: &str) -> Result<Outline, String> {
    // The line of an interpreter is no Rust; as a comment of the same length it moves nothing.
    let shebang = text.strip_prefix("#!").filter(|rest| !rest.trim_start().starts_with('['));
    let masked = shebang.map(|rest| format!("//{rest}"));
    let text = masked.as_deref().unwrap_or(text);
    let wrong = |what: String, at: Span| format!("line {}: {what}", at.start().line);
    let tokens: TokenStream =
        text.parse().map_err(|error: proc_macro2::LexError| wrong(error.to_string(), error.span()))?;
    let file: syn::File = syn::parse2(tokens).map_err(|error| wrong(error.to_string(), error.span()))?;
    let mut reader = Reader { text, units: Vec::new(), imports: Vec::new() };
    reader.items(file.items.iter(), None, false);
    let Reader { units, mut imports, .. } = reader;
    imports.sort();
    imports.dedup();
    Ok(Outline { parser: "exact", units, imports, notes: Vec::new() })
}

struct Reader<'a> {
    text: &'a str,
    units: Vec<Unit>,
    imports: Vec<Import>,
}

/// An item's own words: attributes, where its head begins and ends, where it ends.
struct Head<'a> {
    attributes: &'a [syn::Attribute],
    begin: Option<Span>,
    keyword: Span,
    /// What ends the head.
    body: Span,
    last: Span,
}

fn line(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Where `pub` stands.
fn visibility(of: &syn::Visibility) -> Option<Span> {
    match of {
        syn::Visibility::Public(token) => Some(token.span),
        syn::Visibility::Restricted(restricted) => Some(restricted.pub_token.span),
        syn::Visibility::Inherited => None,
    }
}

fn doc(attributes: &[syn::Attribute]) -> String {
    let mut lines = Vec::new();
    for attribute in attributes {
        if let syn::Meta::NameValue(pair) = &attribute.meta
            && pair.path.is_ident("doc")
            && let syn::Expr::Lit(literal) = &pair.value
            && let syn::Lit::Str(text) = &literal.lit
        {
            let text = text.value();
            lines.extend(text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()));
        }
    }
    lines.join("\n")
}

/// The name of the type an `impl` is for.
fn type_name(of: &syn::Type) -> String {
    match of {
        syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        syn::Type::Group(group) => type_name(&group.elem),
        syn::Type::Paren(paren) => type_name(&paren.elem),
        syn::Type::Slice(_) | syn::Type::Array(_) => "[]".into(),
        syn::Type::TraitObject(object) => {
            let first = object.bounds.iter().find_map(|bound| match bound {
                syn::TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            });
            first.map(|last| last.ident.to_string()).unwrap_or_default()
        }
        _ => "()".into(),
    }
}

impl Reader<'_> {
    fn unit(&mut self, kind: &'static str, name: String, container: Option<usize>, head: &Head<'_>) -> usize {
        let begin = head.begin.unwrap_or(head.keyword);
        let text = self.text.get(begin.byte_range().start..head.body.byte_range().start).unwrap_or_default();
        self.units.push(Unit {
            kind,
            name,
            container,
            signature: text.get(..text.floor_char_boundary(4_000)).unwrap_or_default().to_owned(),
            doc: doc(head.attributes),
            first: line(begin.start().line),
            last: line(head.last.end().line),
            ..Unit::default()
        });
        self.units.len() - 1
    }

    fn items<'i>(&mut self, items: impl Iterator<Item = &'i syn::Item>, container: Option<usize>, nested: bool) {
        for item in items {
            self.item(item, container, nested);
        }
    }

    fn item(&mut self, item: &syn::Item, container: Option<usize>, nested: bool) {
        match item {
            syn::Item::Fn(item) => {
                let close = item.block.brace_token.span;
                let head =
                    self.function_head(&item.attrs, visibility(&item.vis), &item.sig, close.open(), close.close());
                self.function("function", &item.sig, Some(&item.block), container, &head);
            }
            syn::Item::Struct(item) => {
                let (body, last) = match (&item.fields, &item.semi_token) {
                    (syn::Fields::Named(fields), _) => {
                        (fields.brace_token.span.open(), fields.brace_token.span.close())
                    }
                    (_, Some(semi)) => (semi.span, semi.span),
                    (_, None) => (item.ident.span(), item.ident.span()),
                };
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.struct_token.span,
                    body,
                    last,
                };
                self.unit("struct", item.ident.to_string(), container, &head);
            }
            syn::Item::Union(item) => {
                let brace = item.fields.brace_token.span;
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.union_token.span,
                    body: brace.open(),
                    last: brace.close(),
                };
                self.unit("struct", item.ident.to_string(), container, &head);
            }
            syn::Item::Enum(item) => {
                let brace = item.brace_token.span;
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.enum_token.span,
                    body: brace.open(),
                    last: brace.close(),
                };
                self.unit("enum", item.ident.to_string(), container, &head);
            }
            syn::Item::Trait(item) => self.trait_item(item, container),
            syn::Item::Impl(item) => self.impl_item(item, container),
            syn::Item::Mod(item) => {
                let (body, last) = match (&item.content, &item.semi) {
                    (Some((brace, _)), _) => (brace.span.open(), brace.span.close()),
                    (None, Some(semi)) => (semi.span, semi.span),
                    (None, None) => (item.ident.span(), item.ident.span()),
                };
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.mod_token.span,
                    body,
                    last,
                };
                let place = self.unit("module", item.ident.to_string(), container, &head);
                if let Some((_, items)) = &item.content {
                    self.items(items.iter(), Some(place), nested);
                }
            }
            syn::Item::Type(item) => {
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.type_token.span,
                    body: item.semi_token.span,
                    last: item.semi_token.span,
                };
                self.unit("type", item.ident.to_string(), container, &head);
            }
            syn::Item::Const(item) if item.ident != "_" => {
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.const_token.span,
                    body: item.semi_token.span,
                    last: item.semi_token.span,
                };
                self.unit("constant", item.ident.to_string(), container, &head);
            }
            syn::Item::Static(item) => {
                let head = Head {
                    attributes: &item.attrs,
                    begin: visibility(&item.vis),
                    keyword: item.static_token.span,
                    body: item.semi_token.span,
                    last: item.semi_token.span,
                };
                self.unit("constant", item.ident.to_string(), container, &head);
            }
            syn::Item::Macro(item) => {
                if let (Some(name), Some(keyword)) = (&item.ident, item.mac.path.segments.last()) {
                    let span = delimiter(&item.mac.delimiter);
                    let head = Head {
                        attributes: &item.attrs,
                        begin: None,
                        keyword: keyword.ident.span(),
                        body: span.open(),
                        last: span.close(),
                    };
                    self.unit("macro", name.to_string(), container, &head);
                }
            }
            syn::Item::ForeignMod(item) => {
                for item in &item.items {
                    if let syn::ForeignItem::Fn(item) = item {
                        let head = self.function_head(
                            &item.attrs,
                            visibility(&item.vis),
                            &item.sig,
                            item.semi_token.span,
                            item.semi_token.span,
                        );
                        self.function("function", &item.sig, None, container, &head);
                    }
                }
            }
            syn::Item::Use(item) => self.imports(&item.tree, line(item.use_token.span.start().line)),
            _ => {}
        }
    }

    fn function_head<'i>(
        &self,
        attributes: &'i [syn::Attribute],
        vis: Option<Span>,
        sig: &syn::Signature,
        body: Span,
        last: Span,
    ) -> Head<'i> {
        let modifiers = [
            vis,
            sig.constness.as_ref().map(|token| token.span),
            sig.asyncness.as_ref().map(|token| token.span),
            sig.unsafety.as_ref().map(|token| token.span),
            sig.abi.as_ref().map(|abi| abi.extern_token.span),
        ];
        Head { attributes, begin: modifiers.into_iter().flatten().next(), keyword: sig.fn_token.span, body, last }
    }

    fn function(
        &mut self,
        kind: &'static str,
        sig: &syn::Signature,
        block: Option<&syn::Block>,
        container: Option<usize>,
        head: &Head<'_>,
    ) {
        let place = self.unit(kind, sig.ident.to_string(), container, head);
        let Some(block) = block else { return };
        let mut body = Body::default();
        body.visit_block(block);
        let Body { decisions, calls, items } = body;
        if let Some(unit) = self.units.get_mut(place) {
            unit.complexity = Some(decisions + 1);
            unit.calls = counted(calls);
        }
        self.items(items.into_iter(), Some(place), true);
    }

    fn trait_item(&mut self, item: &syn::ItemTrait, container: Option<usize>) {
        let brace = item.brace_token.span;
        let begin = visibility(&item.vis).or(item.unsafety.as_ref().map(|token| token.span));
        let head = Head {
            attributes: &item.attrs,
            begin,
            keyword: item.trait_token.span,
            body: brace.open(),
            last: brace.close(),
        };
        let place = self.unit("trait", item.ident.to_string(), container, &head);
        for item in &item.items {
            if let syn::TraitItem::Fn(item) = item {
                let (body, last) = match (&item.default, &item.semi_token) {
                    (Some(block), _) => (block.brace_token.span.open(), block.brace_token.span.close()),
                    (None, Some(semi)) => (semi.span, semi.span),
                    (None, None) => (item.sig.ident.span(), item.sig.ident.span()),
                };
                let head = self.function_head(&item.attrs, None, &item.sig, body, last);
                self.function("method", &item.sig, item.default.as_ref(), Some(place), &head);
            }
        }
    }

    fn impl_item(&mut self, item: &syn::ItemImpl, container: Option<usize>) {
        let brace = item.brace_token.span;
        let begin = item.unsafety.as_ref().map(|token| token.span);
        let head = Head {
            attributes: &item.attrs,
            begin,
            keyword: item.impl_token.span,
            body: brace.open(),
            last: brace.close(),
        };
        let place = self.unit("impl", type_name(&item.self_ty), container, &head);
        for item in &item.items {
            match item {
                syn::ImplItem::Fn(item) => {
                    let brace = item.block.brace_token.span;
                    let head =
                        self.function_head(&item.attrs, visibility(&item.vis), &item.sig, brace.open(), brace.close());
                    self.function("method", &item.sig, Some(&item.block), Some(place), &head);
                }
                syn::ImplItem::Const(item) => {
                    let head = Head {
                        attributes: &item.attrs,
                        begin: visibility(&item.vis),
                        keyword: item.const_token.span,
                        body: item.semi_token.span,
                        last: item.semi_token.span,
                    };
                    self.unit("constant", item.ident.to_string(), Some(place), &head);
                }
                _ => {}
            }
        }
    }

    /// Each name a tree of `use` brings in, with its path.
    fn imports(&mut self, tree: &syn::UseTree, line: u32) {
        let mut open = vec![(tree, String::new())];
        while let Some((tree, prefix)) = open.pop() {
            let join = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
            let mut add = |module: String, name: String| {
                let module = module.strip_suffix("::self").map_or(module.clone(), str::to_owned);
                self.imports.push(Import { module, name, line });
            };
            match tree {
                syn::UseTree::Path(path) => open.push((&path.tree, join(&path.ident.to_string()))),
                syn::UseTree::Name(name) if name.ident == "self" => {
                    let last = prefix.rsplit("::").next().unwrap_or_default().to_owned();
                    add(prefix.clone(), last);
                }
                syn::UseTree::Name(name) => add(join(&name.ident.to_string()), name.ident.to_string()),
                syn::UseTree::Rename(rename) if rename.rename == "_" => {
                    add(join(&rename.ident.to_string()), rename.ident.to_string())
                }
                syn::UseTree::Rename(rename) => add(join(&rename.ident.to_string()), rename.rename.to_string()),
                syn::UseTree::Glob(_) => add(prefix.clone(), "*".into()),
                syn::UseTree::Group(group) => open.extend(group.items.iter().map(|tree| (tree, prefix.clone()))),
            }
        }
    }
}

fn delimiter(of: &syn::MacroDelimiter) -> proc_macro2::extra::DelimSpan {
    match of {
        syn::MacroDelimiter::Paren(token) => token.span,
        syn::MacroDelimiter::Brace(token) => token.span,
        syn::MacroDelimiter::Bracket(token) => token.span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"#!/usr/bin/env run
use std::{fmt::{self, Display}, io as i};
use super::*;

/// A shape.
/// Really.
#[derive(Debug)]
pub struct Shape<'a>(&'a str);

impl<'a, T: Fn() -> u8> fmt::Display for Shape<'a> where T: Copy {
    const N: u8 = 1;
    /** Shows. */
    #[inline]
    pub(crate) async fn show(&self) -> [u8; 4] {
        match self { A => go()?, B if x && y => vec![run(1), a::b(2)], _ => 1 };
        fn inner() { if a {} }
        let Some(x) = y else { return };
        Self::of(1).chain(); self.walk(); Query::of("grün")
    }
}
pub const MAX: u32 = 1;
mod m { pub trait T { fn f(&self); fn g(&self) { loop {} } } }
macro_rules! mine { ($x:expr) => { fn no() {} } }
"#;

    #[test]
    fn everything_of_a_file_is_found() {
        let outline = read(TEXT).unwrap();
        let said = |unit: &Unit| {
            format!(
                "{} {} {}-{} {:?}",
                unit.kind,
                outline.qualified(unit, "::"),
                unit.first,
                unit.last,
                unit.complexity
            )
        };
        assert_eq!(
            outline.units.iter().map(said).collect::<Vec<_>>(),
            [
                "struct Shape 8-8 None",
                "impl Shape 10-20 None",
                "constant Shape::N 11-11 None",
                "method Shape::show 14-19 Some(7)",
                "function Shape::show::inner 16-16 Some(2)",
                "constant MAX 21-21 None",
                "module m 22-22 None",
                "trait m::T 22-22 None",
                "method m::T::f 22-22 None",
                "method m::T::g 22-22 Some(1)",
                "macro mine 23-23 None"
            ]
        );
        assert_eq!(outline.units[0].doc, "A shape.\nReally.");
        assert_eq!(outline.units[3].doc.trim(), "Shows.");
        assert_eq!(outline.units[3].signature.trim(), "pub(crate) async fn show(&self) -> [u8; 4]");
        let calls: Vec<_> =
            outline.units[3].calls.iter().map(|call| format!("{}/{}", call.qualifier, call.name)).collect();
        assert_eq!(calls, ["/b", "/chain", "/go", "Query/of", "self/of", "/run", "/vec", "self/walk"]);
        let imports: Vec<_> =
            outline.imports.iter().map(|import| format!("{} {}", import.module, import.name)).collect();
        assert_eq!(imports, ["std::fmt fmt", "std::fmt::Display Display", "std::io i", "super *"]);
    }

    #[test]
    fn what_it_cannot_take_is_told() {
        assert!(read("fn a( {}").unwrap_err().starts_with("line 1: "));
        assert!(read("fn a() {\n let = ;\n}").unwrap_err().starts_with("line 2: "));
        assert!(
            read(&format!("const A: u8 = {}1{};", "(".repeat(5_000), ")".repeat(5_000))).unwrap_err().contains("deep")
        );
        assert!(read(&"/".repeat(MOST_BYTES + 1)).unwrap_err().contains("bytes"));
    }

    #[test]
    fn its_own_text_is_read() {
        let outline = read(include_str!("rust.rs")).unwrap();
        assert!(outline.units.iter().any(|unit| unit.name == "its_own_text_is_read" && unit.kind == "function"));
        let by_outline = crate::outline::read(include_str!("rust.rs"), crate::language::Language::Rust);
        let names = |outline: &Outline| outline.units.iter().map(|unit| unit.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&outline), names(&by_outline));
    }
}
