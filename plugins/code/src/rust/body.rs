//! What a function's body holds: decision points, calls, and items of its own.

use super::line;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Groups in groups of a macro's tokens that are looked into.
const MOST_NESTED: u32 = 24;
/// What lies in a function's body: decision points, calls, items, which are looked at on their own.
#[derive(Default)]
pub(super) struct Body<'i> {
    pub(super) decisions: u32,
    pub(super) calls: Vec<(String, String)>,
    pub(super) items: Vec<&'i syn::Item>,
}

impl Body<'_> {
    fn path(&mut self, path: &syn::Path) {
        let mut segments = path.segments.iter().rev();
        let Some(last) = segments.next() else { return };
        let qualifier = segments.next().map(|segment| segment.ident.to_string()).unwrap_or_default();
        let qualifier = if qualifier == "Self" { "self".to_owned() } else { qualifier };
        self.calls.push((last.ident.to_string(), qualifier));
    }

    /// Calls within the tokens of a macro, which have no grammar: names before brackets.
    fn tokens(&mut self, tokens: &TokenStream, depth: u32) {
        let mut before: Option<String> = None;
        for token in tokens.clone() {
            match token {
                TokenTree::Ident(name) => before = Some(name.to_string()),
                TokenTree::Group(group) => {
                    if let Some(name) = before.take().filter(|name| {
                        group.delimiter() == Delimiter::Parenthesis && !crate::language::is_keyword(name)
                    }) {
                        self.calls.push((name, String::new()));
                    }
                    if depth < MOST_NESTED {
                        self.tokens(&group.stream(), depth + 1);
                    }
                }
                _ => before = None,
            }
        }
    }
}

impl<'i> Visit<'i> for Body<'i> {
    fn visit_item(&mut self, item: &'i syn::Item) {
        self.items.push(item);
    }

    // Types, patterns and attributes hold no calls of the body: they are passed over, and their visitors are in no component.
    fn visit_type(&mut self, _: &'i syn::Type) {}
    fn visit_pat(&mut self, _: &'i syn::Pat) {}
    fn visit_attribute(&mut self, _: &'i syn::Attribute) {}
    fn visit_path(&mut self, _: &'i syn::Path) {}
    fn visit_generics(&mut self, _: &'i syn::Generics) {}
    fn visit_angle_bracketed_generic_arguments(&mut self, _: &'i syn::AngleBracketedGenericArguments) {}
    fn visit_bound_lifetimes(&mut self, _: &'i syn::BoundLifetimes) {}

    fn visit_expr_if(&mut self, node: &'i syn::ExprIf) {
        self.decisions += 1;
        visit::visit_expr_if(self, node);
    }

    fn visit_expr_while(&mut self, node: &'i syn::ExprWhile) {
        self.decisions += 1;
        visit::visit_expr_while(self, node);
    }

    fn visit_expr_for_loop(&mut self, node: &'i syn::ExprForLoop) {
        self.decisions += 1;
        visit::visit_expr_for_loop(self, node);
    }

    fn visit_expr_match(&mut self, node: &'i syn::ExprMatch) {
        // The last arm is what is left over.
        self.decisions += line(node.arms.len().saturating_sub(1));
        self.decisions += line(node.arms.iter().filter(|arm| arm.guard.is_some()).count());
        visit::visit_expr_match(self, node);
    }

    fn visit_expr_binary(&mut self, node: &'i syn::ExprBinary) {
        self.decisions += u32::from(matches!(node.op, syn::BinOp::And(_) | syn::BinOp::Or(_)));
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_try(&mut self, node: &'i syn::ExprTry) {
        self.decisions += 1;
        visit::visit_expr_try(self, node);
    }

    fn visit_local(&mut self, node: &'i syn::Local) {
        self.decisions += u32::from(node.init.as_ref().is_some_and(|init| init.diverge.is_some()));
        visit::visit_local(self, node);
    }

    fn visit_expr_call(&mut self, node: &'i syn::ExprCall) {
        if let syn::Expr::Path(path) = &*node.func {
            self.path(&path.path);
        }
        visit::visit_expr_call(self, node);
    }

    fn visit_expr_method_call(&mut self, node: &'i syn::ExprMethodCall) {
        let on_self = matches!(&*node.receiver, syn::Expr::Path(path) if path.path.is_ident("self"));
        self.calls.push((node.method.to_string(), if on_self { "self".into() } else { String::new() }));
        visit::visit_expr_method_call(self, node);
    }

    fn visit_macro(&mut self, node: &'i syn::Macro) {
        self.path(&node.path);
        self.tokens(&node.tokens, 0);
    }
}
