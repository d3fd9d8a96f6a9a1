//! Grouping by time alone: a group ends at a pause, or when it is as long as the window.

use crate::event::Event;
use crate::session::{Group, by_key, in_order};
use serde::{Deserialize, Serialize};

/// Where a group ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// A longer pause ends a group, in minutes.
    pub gap_minutes: i64,
    /// No group is longer, in minutes.
    pub window_minutes: i64,
}

impl Default for Window {
    fn default() -> Self {
        Self { gap_minutes: 60, window_minutes: 24 * 60 }
    }
}

/// Groups by time across sessions, within each namespace.
#[must_use]
pub fn windows(events: &[Event], window: Window) -> Vec<Group<'_>> {
    in_order(by_key(events, |_| Some(())).into_iter().flat_map(|all| split(&all, window)))
}

/// Splits what is in order of time.
#[must_use]
pub fn split<'a>(events: &[&'a Event], window: Window) -> Vec<Group<'a>> {
    let (gap, longest) = (window.gap_minutes.saturating_mul(60_000), window.window_minutes.saturating_mul(60_000));
    let mut groups: Vec<Group<'a>> = Vec::new();
    for event in events {
        let since = |other: &Event| event.timestamp.saturating_sub(other.timestamp);
        let goes_on = |group: &Group<'a>| {
            group.last().is_some_and(|last| since(last) <= gap)
                && group.first().is_some_and(|first| since(first) <= longest)
        };
        match groups.last_mut() {
            Some(group) if goes_on(group) => group.push(event),
            _ => groups.push(vec![event]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{event, ids};

    #[test]
    fn a_pause_or_a_full_window_ends_a_group() {
        let minute = |id, minute: i64| event(id, minute * 60_000, "action");
        let mut events = vec![minute(1, 0), minute(2, 60), minute(3, 121), minute(4, 130)];
        events[1].session = Some("another".into());
        assert_eq!(ids(&windows(&events, Window::default())), [vec![1, 2], vec![3, 4]]);
        assert_eq!(ids(&windows(&events, Window { gap_minutes: 90, window_minutes: 125 })), [vec![1, 2, 3], vec![4]]);
    }
}
