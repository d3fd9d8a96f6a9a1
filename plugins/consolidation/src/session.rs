//! Grouping by session: what was done in one go, never across namespaces.

use crate::event::Event;
use std::collections::BTreeMap;

/// Events that are looked at together, in order of time.
pub type Group<'a> = Vec<&'a Event>;

/// Puts groups into the order of their first events. No group is empty.
pub(crate) fn in_order<'a>(groups: impl IntoIterator<Item = Group<'a>>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = groups.into_iter().filter(|group| !group.is_empty()).collect();
    for group in &mut groups {
        group.sort_by_key(|event| (event.timestamp, event.id));
    }
    groups.sort_by_key(|group| group.first().map(|event| (event.timestamp, event.id)));
    groups
}

/// One group a namespace and key; the grouping all others start from. What has no key is left out.
pub(crate) fn by_key<'a, K: Ord>(
    events: impl IntoIterator<Item = &'a Event>,
    key: impl Fn(&'a Event) -> Option<K>,
) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(&str, K), Group<'a>> = BTreeMap::new();
    for event in events {
        if let Some(key) = key(event) {
            groups.entry((&event.namespace, key)).or_default().push(event);
        }
    }
    in_order(groups.into_values())
}

/// One group a session. Events without a session are one group a namespace.
#[must_use]
pub fn sessions(events: &[Event]) -> Vec<Group<'_>> {
    by_key(events, |event| Some(event.session.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{event, ids};

    #[test]
    fn a_session_does_not_reach_across_namespaces() {
        let mut events = vec![event(1, 0, "action"), event(2, 1, "action"), event(3, 2, "action")];
        events[1].namespace = "other".into();
        events[2].session = None;
        assert_eq!(ids(&sessions(&events)), [vec![1], vec![2], vec![3]]);
        events[1].namespace = String::new();
        assert_eq!(ids(&sessions(&events)), [vec![1, 2], vec![3]]);
    }
}
