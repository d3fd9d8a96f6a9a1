//! Cognitive load: a level from how full working memory is and how slow answers are, and a zone from how much is held.

/// Levels, lowest first.
pub const LEVELS: [&str; 4] = ["low", "medium", "high", "critical"];
/// Zones, emptiest first.
pub const ZONES: [&str; 4] = ["idle", "optimal", "caution", "overflow"];

/// The level: critical above 90 % or 500 ms, high above 75 % or 300 ms, medium above 50 % or 100 ms, else low.
///
/// `utilisation` is the share (0 to 1, or more) of the fullest component; `latency_ms` is what the caller measured.
#[must_use]
pub fn level(utilisation: f64, latency_ms: Option<f64>) -> &'static str {
    let latency = latency_ms.unwrap_or(0.0);
    if utilisation > 0.9 || latency > 500.0 {
        "critical"
    } else if utilisation > 0.75 || latency > 300.0 {
        "high"
    } else if utilisation > 0.5 || latency > 100.0 {
        "medium"
    } else {
        "low"
    }
}

/// The zone of so many held items: under 2 idle, 2 to 4 optimal, 5 and 6 caution, 7 and more overflow. The
/// requirements name 2 in both idle and optimal; here it is optimal.
#[must_use]
pub fn zone(held: usize) -> &'static str {
    match held {
        0 | 1 => "idle",
        2..=4 => "optimal",
        5 | 6 => "caution",
        _ => "overflow",
    }
}

/// What to do about a level and a zone, in a sentence.
#[must_use]
pub fn advice(level: &str, zone: &str) -> &'static str {
    match (level, zone) {
        ("critical", _) => "consolidate or let go of items before taking on more; split the task if answers are slow",
        ("high", _) | (_, "overflow") => "consolidate the weakest items, or bind related ones with chunk_items",
        ("medium", _) | (_, "caution") => "finish or consolidate something before starting a new line of work",
        (_, "idle") => "there is room: load what the task needs, with auto_focus_top_memories for instance",
        _ => "keep going; rehearse what must not fade",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_follow_the_worse_of_both() {
        for (share, latency, expected) in [
            (0.0, None, "low"),
            (0.5, Some(100.0), "low"),
            (0.51, None, "medium"),
            (0.1, Some(101.0), "medium"),
            (0.76, None, "high"),
            (0.1, Some(301.0), "high"),
            (0.91, None, "critical"),
            (0.1, Some(501.0), "critical"),
            (0.9, Some(500.0), "high"),
        ] {
            assert_eq!(level(share, latency), expected, "{share} {latency:?}");
        }
    }

    #[test]
    fn zones_by_count() {
        let zones: Vec<_> = (0..9).map(zone).collect();
        assert_eq!(
            zones,
            ["idle", "idle", "optimal", "optimal", "optimal", "caution", "caution", "overflow", "overflow"]
        );
    }

    #[test]
    fn every_level_and_zone_has_advice() {
        for level in LEVELS {
            for zone in ZONES {
                assert!(!advice(level, zone).is_empty());
            }
        }
    }
}
