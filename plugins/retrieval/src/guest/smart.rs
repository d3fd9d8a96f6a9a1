//! Retrieval by strategy: routed to the collections that answer the sort of question, corrected, ranked, and told how sure.

use super::find::{by_question, find, narrowed, shown};
use super::model::Model;
use super::strategies::{Outcome, Task};
use crate::confidence::{Confidence, Grade, MEDIUM, NO_ANSWER};
use crate::conversation::turns;
use crate::found::{Found, order, per_layer, select};
use crate::request::Request;
use crate::route::{Class, classify, plans};
use crate::settings::Settings;
use crate::strategy::{self as rules, Strategy};
use crate::terms::{Terms, feedback};
use memstrata_sdk::{Answer, Fault, Map, Value, arguments, clock, json, settings};
use serde::Deserialize;

/// Words of a question about what is newest.
const RECENT: [&str; 4] = ["recent", "recently", "latest", "last time"];

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Smart {
    #[serde(flatten)]
    request: Request,
    k: Option<usize>,
    strategy: Option<Strategy>,
    conversation_history: Value,
    context: Value,
    max_iterations: Option<u32>,
    recency: Option<bool>,
    corrective: bool,
    k_per_layer: Option<usize>,
    fields: Vec<String>,
}

impl Smart {
    fn wanted(&self) -> usize {
        self.k.unwrap_or_else(|| self.request.limit()).clamp(1, 100)
    }

    fn recent(&self, classes: &[(Class, Vec<&'static str>)]) -> bool {
        self.recency.unwrap_or_else(|| classes.iter().flat_map(|(_, words)| words).any(|word| RECENT.contains(word)))
    }
}

/// Adds what is not there yet.
fn fill_up(found: &mut Vec<Found>, more: Vec<Found>) {
    for hit in more {
        if found.iter().all(|known| known.id != hit.id) {
            found.push(hit);
        }
    }
}

fn answer(given: &Smart, asked: Option<Strategy>) -> Answer {
    let (query, now) = (given.request.check()?, clock::now());
    let settings: Settings = settings::get()?;
    let mut history = turns(&given.conversation_history);
    history.extend(turns(&given.context));
    let classes = classify(query);
    let sorts: Vec<Class> = classes.iter().map(|(class, _)| *class).collect();
    let mut model = Model::new(settings.use_model);
    let k = given.wanted();
    let narrow = narrowed(&given.request, &settings, &sorts);
    let rounds = given.max_iterations.unwrap_or(rules::REFLECT_ROUNDS).clamp(1, 10);
    // More than wanted where some will be dropped by layer.
    let fetched = if given.k_per_layer.is_some() { (k * 5).min(100) } else { k };
    let task = Task { request: &narrow, settings: &settings, query, history: &history, k: fetched, rounds, now };
    let asked = asked.or(given.strategy).unwrap_or_default();
    let (strategy, because) = if asked == Strategy::Auto { task.choose(&mut model) } else { (asked, "asked for") };
    let mut outcome = task.run(strategy, &mut model)?;

    // What was searched for decides how sure the hits are: a reworded question knows better than its pronouns.
    let last = outcome.queries.first().filter(|_| strategy == Strategy::Transform);
    let terms = Terms::of(last.map_or(query, String::as_str));
    let routed = narrow.collections != given.request.collections;
    let mut widened = false;
    if routed && (outcome.found.len() < k || Confidence::of(&terms, &outcome.found).value < MEDIUM) {
        widened = true;
        if strategy == Strategy::Rerank {
            // What was judged and what was not have no common scale: all are judged together.
            outcome = Task { request: &given.request, ..task }.run(strategy, &mut model)?;
        } else {
            let words = last.cloned().unwrap_or_else(|| query.to_owned());
            let wide = find(&given.request, &words, &terms, fetched, now)?;
            let narrow = std::mem::take(&mut outcome.found);
            outcome.found = crate::found::fuse(vec![narrow, wide.found]);
        }
    }
    let corrected = if given.corrective { Some(correct(given, query, &terms, &mut outcome, now)?) } else { None };
    if given.recent(&classes) {
        for hit in &mut outcome.found {
            hit.score = rules::with_recency(hit.relevance, rules::recency(hit.time, now, settings.half_life()));
        }
        order(&mut outcome.found);
    }
    if let Some(most) = given.k_per_layer {
        per_layer(&mut outcome.found, most);
    }
    outcome.found.truncate(k);
    let confidence = Confidence::of(&terms, &outcome.found);
    let abstained = given.request.abstain && confidence.abstains();
    if abstained {
        outcome.found.clear();
    }
    let results = shown(&mut outcome.found, given.request.known_at.map(|time| time.0))?;
    let mut answer = Map::new();
    answer.insert("strategy".into(), json!(strategy.name()));
    answer.insert("because".into(), json!(because));
    let routes: Vec<Value> =
        classes.iter().map(|(class, words)| json!({"class": class.name(), "keywords": words})).collect();
    answer.insert("classes".into(), json!(routes));
    answer
        .insert("searched".into(), if routed && !widened { json!(narrow.collections) } else { json!("all in scope") });
    answer.insert("queries".into(), json!(outcome.queries));
    answer.insert("rounds".into(), json!(outcome.rounds));
    if !outcome.path.is_empty() {
        answer.insert(
            "confidence_by_round".into(),
            json!(outcome.path.iter().map(|c| crate::found::rounded(*c)).collect::<Vec<_>>()),
        );
    }
    if let Some(grade) = corrected {
        answer.insert("correction".into(), json!(grade.name()));
    }
    answer.insert("model".into(), json!({"used": model.calls() > 0, "calls": model.calls(), "reason": model.reason()}));
    if let Some(fallback) = outcome.fallback {
        answer.insert("fallback".into(), json!(fallback));
    }
    answer.insert("confidence".into(), confidence.json());
    answer.insert("count".into(), json!(results.len()));
    answer.insert("empty".into(), json!(results.is_empty()));
    if abstained || results.is_empty() {
        answer.insert("reason".into(), json!(NO_ANSWER));
    }
    answer.insert("results".into(), json!(select(results, &given.fields)));
    answer.insert("notes".into(), json!(outcome.notes));
    Ok(Value::Object(answer))
}

/// Corrective retrieval: an ambiguous answer is searched for again with the words of its best hits, and what does not answer is
/// dropped. Without the web, what is incorrect is answered by nothing.
fn correct(given: &Smart, query: &str, terms: &Terms, outcome: &mut Outcome, now: u64) -> Result<Grade, Fault> {
    let best = outcome.found.iter().map(|hit| hit.relevance).fold(0.0, f64::max);
    let grade = Grade::of(best);
    if grade == Grade::Ambiguous {
        let texts: Vec<(&str, f64)> =
            outcome.found.iter().take(3).map(|hit| (hit.text.as_str(), hit.relevance)).collect();
        let added = feedback(terms, &texts, 6);
        if !added.is_empty() {
            let words = format!("{query} {}", added.join(" "));
            let mut again = find(&given.request, &words, terms, given.wanted(), now)?;
            by_question(&mut again.found, query, terms);
            outcome.queries.push(crate::text::clip(&words, 300));
            fill_up(&mut outcome.found, again.found);
        }
    }
    outcome.found.retain(|hit| Grade::of(hit.relevance) != Grade::Incorrect);
    Ok(grade)
}

pub(super) fn smart_retrieve(given: Value) -> Answer {
    answer(&arguments::<Smart>(given)?, None)
}

pub(super) fn with(strategy: Strategy, given: Value) -> Answer {
    answer(&arguments::<Smart>(given)?, Some(strategy))
}

/// Whether a question is about planning, which parts it has, and what tasks, goals, plans and procedures say to it.
pub(super) fn route_planning_query(given: Value) -> Answer {
    let given: Smart = arguments(given)?;
    let query = given.request.check()?;
    let planning = plans(query);
    let parts = rules::parts(query);
    let mut answer = answer(&given, Some(Strategy::Planning))?;
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("is_planning".into(), json!(planning));
        answer.insert("parts".into(), json!(parts.iter().map(|part| crate::text::clip(part, 300)).collect::<Vec<_>>()));
        let because = if planning { "words of planning" } else { "asked for; nothing in the words says planning" };
        answer.insert("because".into(), json!(because));
    }
    Ok(answer)
}
