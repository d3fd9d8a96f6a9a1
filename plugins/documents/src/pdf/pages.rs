//! The pages of a file in their order (ISO 32000-1, 7.7.3).

use super::bounds::MOST_PAGES;
use super::file::File;
use super::syntax::Object;
use super::trouble::Trouble;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Levels of the tree, at most; writers make three or four.
const DEEPEST: usize = 64;

/// A page.
pub(super) struct Page {
    /// The number of its object.
    pub(super) number: u32,
    /// Its fonts and pictures, which it may have from above.
    pub(super) resources: Rc<Object>,
}

/// All pages.
///
/// # Errors
/// There are none, one is missing or met twice, or they are too many.
pub(super) fn pages(file: &File<'_>) -> Result<Vec<Page>, Trouble> {
    let root = file.numbered(file.root.ok_or(Trouble::Damaged)?)?;
    let top = root.dict().and_then(|dict| dict.get(b"Pages".as_slice())?.reference()).ok_or(Trouble::Damaged)?;
    let (mut pages, mut met) = (Vec::new(), BTreeSet::new());
    let mut stack = vec![(top, Rc::new(Object::Null), 0)];
    while let Some((number, above, depth)) = stack.pop() {
        if !file.has(number) || !met.insert(number) {
            return Err(Trouble::Damaged);
        }
        if depth > DEEPEST {
            return Err(Trouble::TooMuch("its pages lie in a tree of more than 64 levels"));
        }
        let node = file.numbered(number)?;
        let own = node.dict().and_then(|dict| dict.get(b"Resources".as_slice()));
        let resources = own.map_or(above, |own| Rc::new(own.clone()));
        let kids = file.field(&node, "Kids")?;
        if let Some(kids) = kids.list() {
            for kid in kids.iter().rev() {
                stack.push((kid.reference().ok_or(Trouble::Damaged)?, Rc::clone(&resources), depth + 1));
            }
        } else if node.dict().is_some() {
            pages.push(Page { number, resources });
        }
        if pages.len() > MOST_PAGES {
            return Err(Trouble::TooMuch("it has more than 5,000 pages"));
        }
    }
    if pages.is_empty() { Err(Trouble::Damaged) } else { Ok(pages) }
}
