//! Grouping by place within a session: the same folder, files and task, or shortly one after the other.

use crate::event::Event;
use crate::session::{Group, in_order, sessions};
use crate::words::{jaccard, share};

/// Open groups an event is compared with. It bounds the cost, and nobody works at more places at a time.
const OPEN: usize = 16;

/// How the context grouping decides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearness {
    /// From this similarity on, two events are at one place (requirements 1.10: 0.7).
    pub similarity: f64,
    /// What follows within this time belongs together (requirements 1.10: 60 minutes), in ms.
    pub gap_ms: i64,
}

impl Default for Nearness {
    fn default() -> Self {
        Self { similarity: 0.7, gap_ms: 3_600_000 }
    }
}

/// How near the places of two events are, 0 to 1: folder .5, files (Jaccard) .3, task and phase .2, over the parts both
/// have (requirements 1.10). `None` if they have no part in common.
///
/// Folders compare by shared leading components over those of the longer one; task and phase by equality, averaged.
#[must_use]
pub fn similarity(a: &Event, b: &Event) -> Option<f64> {
    let mut parts: Vec<(f64, f64)> = Vec::new();
    if let (Some(a), Some(b)) = (&a.cwd, &b.cwd) {
        parts.push((0.5, folders(a, b)));
    }
    if !a.files.is_empty() && !b.files.is_empty() {
        parts.push((0.3, jaccard(&a.files, &b.files)));
    }
    let same = |a: &Option<String>, b: &Option<String>| Some(if a.as_ref()? == b.as_ref()? { 1.0 } else { 0.0 });
    let work: Vec<f64> = [same(&a.task, &b.task), same(&a.phase, &b.phase)].into_iter().flatten().collect();
    if !work.is_empty() {
        parts.push((0.2, work.iter().sum::<f64>() / work.len() as f64));
    }
    let weight: f64 = parts.iter().map(|(weight, _)| weight).sum();
    (weight > 0.0).then(|| parts.iter().map(|(weight, near)| weight * near).sum::<f64>() / weight)
}

fn components(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).filter(|part| !part.is_empty())
}

fn folders(a: &str, b: &str) -> f64 {
    let shared = components(a).zip(components(b)).take_while(|(a, b)| a == b).count();
    let longer = components(a).count().max(components(b).count());
    if longer == 0 { 1.0 } else { share(shared, longer) }
}

/// Two events are at places that have nothing to do with each other: neither folder holds the other, and they share
/// neither a file nor a task. Ours: without it, work on two projects in one session becomes one story.
fn elsewhere(a: &Event, b: &Event) -> bool {
    let (Some(one), Some(other)) = (&a.cwd, &b.cwd) else { return false };
    let apart = components(one).zip(components(other)).any(|(a, b)| a != b);
    apart && a.files.is_disjoint(&b.files) && (a.task.is_none() || a.task != b.task)
}

fn has_place(event: &Event) -> bool {
    event.cwd.is_some() || !event.files.is_empty() || event.task.is_some()
}

struct Open<'a> {
    group: Group<'a>,
    /// The last of its events that has a place.
    place: Option<&'a Event>,
    /// Time of the last event.
    end: i64,
}

/// Groups by session, then place (requirements 1.10). An event joins the open group whose last known place is nearest,
/// if it is near enough; else the latest group that ended at most the gap before, unless it is clearly elsewhere; else
/// it opens a group. One walk: linear in the events.
#[must_use]
pub fn places(events: &[Event], near: Nearness) -> Vec<Group<'_>> {
    in_order(sessions(events).into_iter().flat_map(|session| walk(session, near)))
}

fn walk(session: Group<'_>, near: Nearness) -> Vec<Group<'_>> {
    let mut closed = Vec::new();
    // The latest touched is the last.
    let mut open: Vec<Open<'_>> = Vec::new();
    for event in session {
        let nearest = open
            .iter()
            .enumerate()
            .filter_map(|(nth, one)| Some((nth, similarity(one.place?, event)?)))
            .filter(|(_, similarity)| *similarity >= near.similarity)
            .max_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
            .map(|(nth, _)| nth);
        let adjacent = || {
            open.iter().rposition(|one| {
                event.timestamp.saturating_sub(one.end) <= near.gap_ms
                    && !one.place.is_some_and(|place| elsewhere(place, event))
            })
        };
        let mut joined = match nearest.or_else(adjacent) {
            Some(nth) => open.remove(nth),
            None => Open { group: Vec::new(), place: None, end: event.timestamp },
        };
        joined.group.push(event);
        joined.end = event.timestamp;
        if has_place(event) {
            joined.place = Some(event);
        }
        open.push(joined);
        if open.len() > OPEN {
            closed.push(open.remove(0).group);
        }
    }
    closed.extend(open.into_iter().map(|one| one.group));
    closed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{event, ids};

    fn at(id: u64, minute: i64, cwd: &str, files: &[&str]) -> Event {
        let mut event = event(id, minute * 60_000, "action");
        event.cwd = (!cwd.is_empty()).then(|| cwd.to_owned());
        event.files = files.iter().map(|file| (*file).to_owned()).collect();
        event
    }

    #[test]
    fn weights_are_five_three_two_over_what_is_there() {
        let (mut a, mut b) = (at(1, 0, "/r/a", &["x", "y"]), at(2, 0, "/r/b", &["x"]));
        assert!((similarity(&a, &b).unwrap() - (0.25 + 0.15) / 0.8).abs() < 1e-9);
        (a.task, b.task) = (Some("t".into()), Some("t".into()));
        assert!((similarity(&a, &b).unwrap() - (0.25 + 0.15 + 0.2)).abs() < 1e-9);
        assert_eq!(similarity(&at(1, 0, "", &[]), &b), None);
    }

    #[test]
    fn one_place_is_one_group_however_long_the_pause() {
        let events = [at(1, 0, "/r", &["a"]), at(2, 300, "/r", &["a"]), at(3, 600, "/q", &["z"])];
        assert_eq!(ids(&places(&events, Nearness::default())), [vec![1, 2], vec![3]]);
    }

    #[test]
    fn what_follows_within_the_hour_belongs_together_unless_it_is_elsewhere() {
        let events = [
            at(1, 0, "/r", &["tests/a"]),
            at(2, 10, "/r", &["src/a"]),
            at(3, 20, "", &[]),
            at(4, 30, "/other", &["z"]),
            at(5, 40, "/r", &["src/a"]),
            at(6, 50, "/other", &["z"]),
            at(7, 200, "", &[]),
        ];
        assert_eq!(ids(&places(&events, Nearness::default())), [vec![1, 2, 3, 5], vec![4, 6], vec![7]]);
    }
}
