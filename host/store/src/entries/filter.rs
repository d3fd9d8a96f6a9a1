//! Which rows a search of an in-memory index may return, and what it returns.

use super::IdSet;

/// One row that a search found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// The row's id.
    pub id: u64,
    /// How well it fits; the larger, the better.
    pub score: f32,
}

/// Which rows a search may return; every part that is given must allow a row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Filter<'a> {
    /// Whether each namespace, by its interned number, is allowed; a number past the end is not.
    pub namespaces: Option<&'a [bool]>,
    /// Only these ids.
    pub ids: Option<&'a IdSet>,
    /// None of these ids.
    pub excluded: Option<&'a IdSet>,
}

impl Filter<'_> {
    /// Whether rows of a namespace, by its interned number, may be returned.
    #[inline]
    pub(crate) fn allows_namespace(&self, namespace: u32) -> bool {
        self.namespaces.is_none_or(|allowed| allowed.get(namespace as usize).copied().unwrap_or(false))
    }

    /// Whether a row may be returned if its namespace may.
    #[inline]
    pub(crate) fn allows_id(&self, id: u64) -> bool {
        self.ids.is_none_or(|ids| ids.contains(id)) && !self.excluded.is_some_and(|ids| ids.contains(id))
    }
}
