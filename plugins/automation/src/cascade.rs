//! How one firing leads to the next: no event is met twice on one way, and no way is longer than the limit.

/// Whether an event may fire at the end of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It may.
    Go,
    /// It is on the way already: the way, in words.
    Cycle(String),
    /// The way is as long as it may be.
    TooDeep(String),
}

/// Whether `event` may fire after the events of `way`, oldest first, where `most` events may follow each other.
#[must_use]
pub fn step(way: &[String], event: &str, most: usize) -> Step {
    let said = || format!("{} -> {event}", way.join(" -> "));
    if way.iter().any(|passed| passed == event) {
        return Step::Cycle(format!("{}: the event was met on this way already", said()));
    }
    if way.len() >= most {
        return Step::TooDeep(format!("{}: {most} events may follow each other (max_depth)", said()));
    }
    Step::Go
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_meets_itself_or_is_too_long_ends() {
        let way = |events: &[&str]| events.iter().map(|event| (*event).to_owned()).collect::<Vec<_>>();
        assert_eq!(step(&[], "a", 1), Step::Go);
        assert_eq!(step(&way(&["a", "b"]), "c", 3), Step::Go);
        assert!(matches!(step(&way(&["a", "b"]), "a", 9), Step::Cycle(said) if said.starts_with("a -> b -> a")));
        assert!(matches!(step(&way(&["a", "b"]), "c", 2), Step::TooDeep(_)));
        // A cycle is called by its name also where the way is too long.
        assert!(matches!(step(&way(&["a", "b"]), "a", 2), Step::Cycle(_)));
    }
}
