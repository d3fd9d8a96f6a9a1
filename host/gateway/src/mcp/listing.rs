//! The list of tools, rendered once for each generation of the catalog.

use crate::gate::Gate;
use crate::tool::{Shown, as_operation, tools};
use memstrata_kernel::Operation;
use rmcp::model::Tool;
use std::sync::{Arc, PoisonError, RwLock};

/// The most tools of one page.
const PAGE: usize = 50;

/// The lists of one generation.
pub(super) struct Lists {
    generation: u64,
    writing: Vec<Tool>,
    reading: Vec<Tool>,
}

impl Lists {
    fn render(gate: &Gate) -> Self {
        let catalog = gate.kernel().catalog();
        let shown: Vec<Shown<'_>> = gate
            .tools()
            .iter()
            .filter_map(|(name, operation)| match catalog.get(operation) {
                Some(operation) => Some(Shown { name, operation }),
                None => {
                    tracing::warn!(
                        tool = name,
                        operation,
                        "the operation behind this tool is not loaded; it is not listed"
                    );
                    None
                }
            })
            .collect();
        let list = |may_write: bool| {
            let groups: Vec<Operation> = gate
                .shown_groups()
                .filter_map(|(name, group)| as_operation(name, group, &catalog, may_write))
                .collect();
            let groups = groups.iter().map(|operation| Shown { name: &operation.name, operation });
            tools(&shown.iter().map(|shown| Shown { ..*shown }).chain(groups).collect::<Vec<_>>(), may_write)
        };
        Self { generation: catalog.generation(), writing: list(true), reading: list(false) }
    }

    /// The list of a principal.
    pub(super) fn of(&self, may_write: bool) -> &[Tool] {
        if may_write { &self.writing } else { &self.reading }
    }

    /// A listed tool.
    pub(super) fn get(&self, name: &str) -> Option<&Tool> {
        self.writing.iter().find(|tool| tool.name == name)
    }
}

/// Keeps the lists of the newest generation.
#[derive(Default)]
pub(super) struct Listing(RwLock<Option<Arc<Lists>>>);

impl Listing {
    /// The lists of now.
    pub(super) fn now(&self, gate: &Gate) -> Arc<Lists> {
        let generation = gate.kernel().catalog().generation();
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        match kept {
            Some(lists) if lists.generation == generation => lists,
            _ => {
                let lists = Arc::new(Lists::render(gate));
                *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(lists.clone());
                lists
            }
        }
    }
}

/// One page of a sorted list and the cursor of the next; none for a cursor that is not ours.
///
/// The cursor names the last tool shown, so that a list that changes between two pages neither repeats nor skips a tool.
pub(super) fn page(tools: &[Tool], cursor: Option<&str>) -> Option<(Vec<Tool>, Option<String>)> {
    let after = match cursor {
        None => "",
        Some(cursor) => cursor.strip_prefix("after:").filter(|name| !name.is_empty())?,
    };
    let mut left = tools.iter().filter(|tool| tool.name.as_ref() > after);
    let page: Vec<Tool> = left.by_ref().take(PAGE).cloned().collect();
    let more = left.next().is_some();
    let next = page.last().filter(|_| more).map(|tool| format!("after:{}", tool.name));
    Some((page, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rmcp::model::JsonObject;

    fn list(count: usize) -> Vec<Tool> {
        (0..count).map(|n| Tool::new(format!("t{n:03}"), "", JsonObject::new())).collect()
    }

    #[test]
    fn pages_cover_the_list_once() {
        let tools = list(120);
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next) = page(&tools, cursor.as_deref()).unwrap();
            assert!(page.len() <= PAGE);
            seen.extend(page);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, tools);
        assert_eq!(page(&list(50), None).unwrap().1, None);
    }

    #[test]
    fn a_foreign_cursor_is_refused() {
        assert!(page(&list(3), Some("3")).is_none());
        assert!(page(&list(3), Some("after:")).is_none());
    }
}
