//! The query router: what sort of question it is, by keywords, and which collections answer that sort.

use crate::text::words;
use std::collections::BTreeMap;

/// A sort of question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// When, before, yesterday.
    Temporal,
    /// How things are connected.
    Relational,
    /// How to plan something.
    Planning,
    /// How something is done.
    Procedural,
    /// What is to be done.
    Prospective,
    /// What this memory knows, and how well.
    Meta,
    /// What is so: the default.
    Factual,
}

/// All, in the order ties are broken.
pub const CLASSES: [Class; 7] = [
    Class::Temporal,
    Class::Relational,
    Class::Planning,
    Class::Procedural,
    Class::Prospective,
    Class::Meta,
    Class::Factual,
];

impl Class {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Temporal => "temporal",
            Self::Relational => "relational",
            Self::Planning => "planning",
            Self::Procedural => "procedural",
            Self::Prospective => "prospective",
            Self::Meta => "meta",
            Self::Factual => "factual",
        }
    }

    /// Words and phrases that make a question one of this sort. A word matches whole, a phrase as a run of whole words.
    fn keywords(self) -> &'static [&'static str] {
        match self {
            Self::Temporal => &[
                "when",
                "yesterday",
                "today",
                "last week",
                "this week",
                "last month",
                "last time",
                "recently",
                "recent",
                "ago",
                "before",
                "after",
                "since",
                "until",
                "history",
                "timeline",
                "happened",
                "earlier",
                "latest",
                "between",
            ],
            Self::Relational => &[
                "related",
                "relation",
                "relations",
                "relationship",
                "connected",
                "connects",
                "connection",
                "depends",
                "dependency",
                "dependencies",
                "linked",
                "uses",
                "used by",
                "calls",
                "neighbours",
                "neighbors",
                "path from",
                "associated",
            ],
            Self::Planning => &PLANNING,
            Self::Procedural => &[
                "how do",
                "how to",
                "how can",
                "steps",
                "procedure",
                "procedures",
                "workflow",
                "process",
                "instructions",
                "recipe",
                "run",
                "deploy",
                "build",
                "install",
                "set up",
                "configure",
            ],
            Self::Prospective => &[
                "todo",
                "task",
                "tasks",
                "goal",
                "goals",
                "remind",
                "reminder",
                "deadline",
                "due",
                "pending",
                "next",
                "upcoming",
                "should i",
                "milestone",
                "milestones",
                "blocked",
                "unfinished",
                "open",
            ],
            Self::Meta => &[
                "what do you know",
                "do you know",
                "how much do you",
                "how confident",
                "confidence",
                "coverage",
                "expertise",
                "gaps",
                "knowledge gap",
                "how sure",
                "memory quality",
                "how reliable",
                "what do we know",
            ],
            Self::Factual => &[],
        }
    }
}

/// Words that make a question one about plans.
const PLANNING: [&str; 17] = [
    "plan",
    "plans",
    "planning",
    "decompose",
    "break down",
    "strategy",
    "roadmap",
    "estimate",
    "estimation",
    "approach",
    "prioritize",
    "prioritise",
    "schedule",
    "milestones",
    "design",
    "organize",
    "organise",
];

/// Whether a text, as its words, has a phrase.
fn has(asked: &str, phrase: &str) -> bool {
    asked.contains(&format!(" {phrase} "))
}

fn spaced(query: &str) -> String {
    format!(" {} ", words(query).collect::<Vec<_>>().join(" "))
}

/// Whether a question is about planning.
#[must_use]
pub fn plans(query: &str) -> bool {
    let asked = spaced(query);
    PLANNING.iter().any(|phrase| has(&asked, phrase))
}

/// The sorts a question is of, strongest first, each with the keywords found. Phrases count by their words. Without any keyword it
/// is factual.
#[must_use]
pub fn classify(query: &str) -> Vec<(Class, Vec<&'static str>)> {
    let asked = spaced(query);
    let mut classes: Vec<(usize, Class, Vec<&'static str>)> = Vec::new();
    for class in CLASSES {
        let found: Vec<&'static str> = class.keywords().iter().copied().filter(|phrase| has(&asked, phrase)).collect();
        if !found.is_empty() {
            let weight = found.iter().map(|phrase| phrase.split(' ').count()).sum();
            classes.push((weight, class, found));
        }
    }
    classes.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    if classes.is_empty() {
        return vec![(Class::Factual, Vec::new())];
    }
    classes.into_iter().map(|(_, class, found)| (class, found)).collect()
}

/// Collections by sort of question. A sort without any is answered by all.
pub type Routes = BTreeMap<String, Vec<String>>;

/// The routes to the layers that come with the host. What is not there is passed over.
#[must_use]
pub fn default_routes() -> Routes {
    let routes: [(Class, &[&str]); 7] = [
        (Class::Temporal, &["episodic.events", "sessions.events", "conversations.messages"]),
        (Class::Relational, &["graph.entities", "graph.relations", "graph.observations"]),
        (Class::Planning, &["prospective.tasks", "prospective.goals", "planning.plans", "procedural.procedures"]),
        (Class::Procedural, &["procedural.procedures", "semantic.memories"]),
        (Class::Prospective, &["prospective.tasks", "prospective.goals", "swarm.tasks"]),
        (Class::Meta, &[]),
        (
            Class::Factual,
            &["semantic.memories", "graph.observations", "notes.notes", "documents.chunks", "entries.memories"],
        ),
    ];
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    routes.iter().map(|(class, names)| (class.name().to_owned(), owned(names))).collect()
}

/// The collections for these sorts, each once; empty if one of them is answered by all.
#[must_use]
pub fn collections(routes: &Routes, classes: &[Class]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for class in classes {
        let Some(names) = routes.get(class.name()).filter(|names| !names.is_empty()) else {
            return Vec::new();
        };
        for name in names {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
    }
    all
}

/// The field that says when a row of a collection happened, as its recall view has it; `created_at` of those not known.
#[must_use]
pub fn time_field(collection: &str) -> &'static str {
    match collection {
        "episodic.events" | "sessions.events" => "timestamp",
        "graph.observations" => "observed_at",
        "swarm.tasks" => "submitted_at",
        "procedural.procedures" => "updated_at",
        _ => "created_at",
    }
}

/// All collections the routes name, each once, in order.
#[must_use]
pub fn known(routes: &Routes) -> Vec<String> {
    let mut all: Vec<String> = routes.values().flatten().cloned().collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sort_has_its_words() {
        for (query, class) in [
            ("When did the deployment fail?", Class::Temporal),
            ("What depends on the parser?", Class::Relational),
            ("Help me plan the migration", Class::Planning),
            ("How do I rotate the keys", Class::Procedural),
            ("Which tasks are pending", Class::Prospective),
            ("What do you know about Ada", Class::Meta),
            ("Ada's favourite editor", Class::Factual),
            ("planetary afterthought", Class::Factual),
        ] {
            assert_eq!(classify(query).first().map(|(class, _)| *class), Some(class), "{query}");
        }
    }

    #[test]
    fn a_question_may_be_of_several_sorts() {
        let classes: Vec<Class> = classify("steps done yesterday").into_iter().map(|(class, _)| class).collect();
        assert_eq!(classes, [Class::Temporal, Class::Procedural]);
        let routes = default_routes();
        let names = collections(&routes, &classes);
        assert!(names.contains(&"episodic.events".to_owned()) && names.contains(&"procedural.procedures".to_owned()));
        assert!(collections(&routes, &[Class::Temporal, Class::Meta]).is_empty(), "meta asks all");
    }

    #[test]
    fn planning_is_told_by_its_words() {
        assert!(plans("break down the release") && !plans("the explanation"));
    }
}
