//! What attention is on: one primary focus, secondary and background ones beside it, and how they give way.
//!
//! Athena let weights decay by 0.1 a call of `decay_focus`. Here each shift is such a step for what stays in focus, and
//! `decay_focus` one more: time alone takes nothing, so a pause costs no focus.

/// Kinds, strongest first.
pub const KINDS: [&str; 3] = ["primary", "secondary", "background"];
/// How a focus came about.
pub const TRANSITIONS: [&str; 4] = ["voluntary", "automatic", "interruption", "return"];
/// What a step takes, as a share of the weight.
pub const DECAY: f64 = 0.1;
/// Below this a focus ends.
pub const ENDS: f64 = 0.1;

/// An open focus, as far as the rules look at it.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// Its row.
    pub id: u64,
    /// What it is on.
    pub memory: u64,
    /// One of [`KINDS`].
    pub kind: String,
    /// 0 to 1.
    pub weight: f64,
}

/// What becomes of an open focus.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// It goes on with this weight.
    Fades(f64),
    /// It ends with this weight.
    Ends(f64),
}

/// One step of decay.
#[must_use]
pub fn step(weight: f64, rate: f64) -> Change {
    let left = weight * (1.0 - rate.clamp(0.0, 1.0));
    if left < ENDS { Change::Ends(left) } else { Change::Fades(left) }
}

/// What a new focus does to an open one: a new primary ends the primary, any focus on the same memory replaces the one there,
/// all others fade by a step.
#[must_use]
pub fn shifted(open: &Open, new_kind: &str, new_memory: u64) -> Change {
    let replaced = open.memory == new_memory || (new_kind == "primary" && open.kind == "primary");
    if replaced { Change::Ends(open.weight) } else { step(open.weight, DECAY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(memory: u64, kind: &str, weight: f64) -> Open {
        Open { id: memory + 100, memory, kind: kind.into(), weight }
    }

    #[test]
    fn a_new_primary_ends_the_old_one_and_the_rest_fade() {
        assert_eq!(shifted(&open(1, "primary", 1.0), "primary", 2), Change::Ends(1.0));
        assert_eq!(shifted(&open(3, "secondary", 1.0), "primary", 2), Change::Fades(0.9));
        assert_eq!(shifted(&open(1, "primary", 1.0), "secondary", 2), Change::Fades(0.9));
        assert_eq!(shifted(&open(2, "background", 1.0), "secondary", 2), Change::Ends(1.0));
    }

    #[test]
    fn a_focus_ends_below_a_tenth() {
        let mut weight = 1.0;
        let mut steps = 0;
        while let Change::Fades(left) = step(weight, DECAY) {
            weight = left;
            steps += 1;
        }
        // 0.9^21 = 0.109, 0.9^22 = 0.098.
        assert_eq!(steps, 21);
        assert!(matches!(step(0.5, 1.0), Change::Ends(left) if left == 0.0));
    }
}
