//! How risky a change is: explicit rules, each of which names itself in the answer with its points.
//!
//! The kinds of risk are those of change management (ISO/IEC 27001 A.8.32; the change enablement of ITIL 4): what is touched, how far it
//! reaches, whether it can be taken back, how such changes went before. The points are ours.

/// How bad a score is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Below 25.
    Low,
    /// Below 50.
    Medium,
    /// Below 75.
    High,
    /// The rest.
    Critical,
}

impl Level {
    /// Of a score from 0 to 100.
    #[must_use]
    pub fn of(score: u32) -> Self {
        match score {
            0..25 => Self::Low,
            25..50 => Self::Medium,
            50..75 => Self::High,
            _ => Self::Critical,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// The levels a caller may name, with the points they count.
pub const STATED: [(&str, i32); 4] = [("low", 0), ("medium", 10), ("high", 25), ("critical", 40)];
/// The scopes a caller may name, with the points they count.
pub const SCOPES: [(&str, i32); 4] = [("small", 0), ("medium", 10), ("large", 20), ("system", 30)];

/// A rule that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub rule: &'static str,
    /// What it adds to the score; less than zero for what makes a change safer.
    pub points: i32,
    /// Why it held.
    pub because: String,
    /// What may be done about it.
    pub advice: &'static str,
}

/// Rules by words: name, points, words, advice.
const WORDS: [(&str, i32, &[&str], &str); 14] = [
    (
        "data-loss",
        30,
        &["delete", "deletes", "deleting", "drop", "drops", "truncate", "wipe", "purge", "erase", "overwrite", "rm"],
        "Take a backup that was restored once.",
    ),
    (
        "irreversible",
        20,
        &["irreversible", "irreversibly", "permanently", "forever"],
        "Look for a form that can be taken back.",
    ),
    (
        "schema-migration",
        20,
        &["migration", "migrations", "migrate", "schema", "alter"],
        "Run it on a copy first, and keep old and new readable side by side.",
    ),
    (
        "access-control",
        20,
        &[
            "auth",
            "authentication",
            "authorization",
            "login",
            "permission",
            "permissions",
            "password",
            "passwords",
            "token",
            "tokens",
            "secret",
            "secrets",
            "encryption",
            "certificate",
            "oauth",
        ],
        "Have somebody review it who did not write it.",
    ),
    (
        "money",
        20,
        &["payment", "payments", "billing", "invoice", "invoices", "refund", "price", "pricing"],
        "Compare sums before and after.",
    ),
    (
        "production",
        15,
        &["production", "prod", "live", "deploy", "deployment", "release", "rollout"],
        "Roll out to a few first.",
    ),
    (
        "infrastructure",
        15,
        &["firewall", "dns", "network", "kubernetes", "terraform", "loadbalancer", "infrastructure", "kernel"],
        "Know how to get in if the network is gone.",
    ),
    (
        "public-contract",
        12,
        &["breaking", "api", "protocol", "interface", "contract"],
        "Keep the old form working for a time.",
    ),
    (
        "concurrency",
        10,
        &["lock", "locks", "locking", "thread", "threads", "concurrent", "race", "async", "deadlock"],
        "Test it under load.",
    ),
    (
        "dependency",
        8,
        &["upgrade", "upgrades", "dependency", "dependencies", "bump", "vendor"],
        "Read its list of changes, and pin the version.",
    ),
    ("has-tests", -10, &["test", "tests", "tested", "covered", "coverage"], ""),
    ("can-be-taken-back", -10, &["rollback", "revert", "revertible", "flag", "canary", "staged", "reversible"], ""),
    ("has-backup", -8, &["backup", "backups", "snapshot", "dry"], ""),
    ("text-only", -15, &["docs", "documentation", "typo", "typos", "comment", "comments", "readme", "changelog"], ""),
];

/// The words of a text, lower case.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Rules that hold for a description.
#[must_use]
pub fn by_words(text: &str) -> Vec<Held> {
    let words = words(text);
    let mut held: Vec<Held> = WORDS
        .iter()
        .filter_map(|(rule, points, list, advice)| {
            let said: Vec<&str> = list.iter().copied().filter(|word| words.iter().any(|known| known == word)).collect();
            let because = format!(
                "the description says {}",
                said.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
            );
            (!said.is_empty()).then_some(Held { rule, points: *points, because, advice })
        })
        .collect();
    if words.len() < 4 {
        held.push(Held {
            rule: "hardly-described",
            points: 5,
            because: format!("it has {} words", words.len()),
            advice: "Say what is changed, where, and how it is undone.",
        });
    }
    held
}

/// The rule for a level the caller states.
#[must_use]
pub fn stated(level: &str) -> Option<Held> {
    let points = STATED.iter().find(|(name, _)| *name == level)?.1;
    (points > 0).then(|| Held {
        rule: "stated-risk",
        points,
        because: format!("the caller calls it {level}"),
        advice: "",
    })
}

/// The rule for a scope.
#[must_use]
pub fn scope(scope: &str) -> Option<Held> {
    let points = SCOPES.iter().find(|(name, _)| *name == scope)?.1;
    (points > 0).then(|| Held {
        rule: "scope",
        points,
        because: format!("its scope is {scope}"),
        advice: "Split it into smaller changes.",
    })
}

/// Five points a component or system beyond the first, 20 at most; `all` is 20.
#[must_use]
pub fn reach(systems: &[String]) -> Option<Held> {
    let all = systems.iter().any(|name| name.eq_ignore_ascii_case("all"));
    let others = i32::try_from(systems.len().saturating_sub(1)).unwrap_or(i32::MAX);
    let points = if all { 20 } else { others.saturating_mul(5).min(20) };
    let because = if all { "it touches all".to_owned() } else { format!("it touches {} systems", systems.len()) };
    (points > 0).then_some(Held { rule: "reach", points, because, advice: "Change one system after the other." })
}

/// How similar changes went: up to 30 points by the share that did not go well, minus 10 if three and more all went well.
#[must_use]
pub fn history(good: u32, bad: u32) -> Option<Held> {
    let all = good.checked_add(bad).filter(|all| *all > 0)?;
    let because = format!("{bad} of {all} similar changes failed or were rolled back");
    if bad == 0 {
        return (all >= 3).then_some(Held { rule: "good-history", points: -10, because, advice: "" });
    }
    // One failed change alone says little: a Laplace estimate (bad + 1) / (all + 2) of the share.
    let points = i32::try_from(30 * (bad + 1) / (all + 2)).unwrap_or(30);
    Some(Held { rule: "bad-history", points, because, advice: "Read how those went before this one." })
}

/// The sum, within 0 to 100.
#[must_use]
pub fn score(held: &[Held]) -> u32 {
    let sum: i32 = held.iter().map(|rule| rule.points).sum();
    u32::try_from(sum.clamp(0, 100)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<&'static str> {
        by_words(text).iter().map(|held| held.rule).collect()
    }

    #[test]
    fn rules_go_by_whole_words_and_name_them() {
        assert_eq!(names("drop the old table in production after a backup"), ["data-loss", "production", "has-backup"]);
        assert_eq!(names("a droplet of dnsmasq text here"), Vec::<&str>::new());
        assert_eq!(names("fix it"), ["hardly-described"]);
        assert!(by_words("drop the old users table")[0].because.contains("`drop`"));
    }

    #[test]
    fn a_typo_is_safer_than_a_migration() {
        let typo = score(&by_words("fix a typo in the readme"));
        let migration = score(&by_words("migrate the users schema in production and delete old rows"));
        assert_eq!((Level::of(typo), Level::of(migration)), (Level::Low, Level::High));
    }

    #[test]
    fn scores_stay_within_bounds() {
        let many: Vec<Held> = (0..9).filter_map(|_| stated("critical")).collect();
        assert_eq!((score(&many), score(&by_words("tests and docs and a backup rollback"))), (100, 0));
        for (of, level) in [(0, "low"), (24, "low"), (25, "medium"), (50, "high"), (75, "critical"), (100, "critical")]
        {
            assert_eq!(Level::of(of).name(), level);
        }
    }

    #[test]
    fn reach_and_history_count() {
        let systems = |n: usize| (0..n).map(|i| i.to_string()).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 9].map(|n| reach(&systems(n)).map(|held| held.points)), [None, None, Some(5), Some(20)]);
        assert_eq!(reach(&["All".to_owned()]).map(|held| held.points), Some(20));
        assert_eq!(
            [(0, 0), (2, 0), (3, 0), (0, 1), (1, 9)].map(|(g, b)| history(g, b).map(|h| h.points)),
            [None, None, Some(-10), Some(20), Some(25)]
        );
    }
}
