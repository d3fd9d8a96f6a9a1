//! The operations, one entry each: effect, what it is for, parameters, what it answers, examples.

use crate::gap::KINDS;
use crate::health::LAYERS;
use memstrata_sdk::{Map, Value, json};

/// How a task may have ended.
pub(super) const OUTCOMES: [&str; 5] = ["unknown", "success", "failure", "partial", "ongoing"];

/// Operations whose figures are kept in a large space.
const KEPT: [&str; 22] = [
    "memory_health",
    "get_layer_health",
    "check_system_health",
    "get_health_report",
    "get_system_health",
    "monitor_system_health_detailed",
    "aggregate_analytics_summary",
    "get_progress",
    "analyze_coverage",
    "get_expertise",
    "detect_knowledge_gaps",
    "optimize_gap_detector",
    "get_skill_recommendations",
    "evaluate_memory_quality",
    "get_memory_quality_summary",
    "assess_memory_quality",
    "get_learning_rates",
    "discover_patterns",
    "get_self_reflection",
    "get_metacognition_insights",
    "get_recommendations",
    "optimize_learning_tracker",
];

const READS_KEPT: &str = "With 5,000 events or memories and more the figures are those kept at `computed_at`, renewed every five minutes while there are changes; `fresh` computes them now. `readable` names the collections that were read; `notes` say why others were not.";

const READS: &str = "`readable` names the collections that were read; `notes` say why others were not.";

/// What an answer has, as `name:type`; `?` before the type: or null.
fn output(fields: &[&str]) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let (name, kind) = field.split_once(':').unwrap_or((field, "string"));
        let schema = match kind.strip_prefix('?') {
            Some(kind) => json!({"type": [kind, "null"]}),
            None => json!({"type": kind}),
        };
        properties.insert(name.to_owned(), schema);
    }
    let required: Vec<&String> = properties.keys().collect();
    json!({"type": "object", "properties": properties, "required": required})
}

struct Entry {
    effect: &'static str,
    summary: &'static str,
    properties: Value,
    required: Vec<&'static str>,
    answers: Vec<&'static str>,
    examples: Value,
}

fn read(summary: &'static str, properties: Value, answers: &[&'static str], examples: Value) -> Entry {
    let mut answers = answers.to_vec();
    answers.extend(["readable:array", "notes:array", "computed_at:?integer"]);
    Entry { effect: "read", summary, properties, required: Vec::new(), answers, examples }
}

fn project(default: Option<u32>) -> Value {
    let mut schema = json!({"type": ["integer", "string", "null"], "maxLength": 100, "description": "Ignored: a space is one project."});
    if let (Some(default), Some(fields)) = (default, schema.as_object_mut()) {
        fields.insert("default".into(), json!(default));
    }
    schema
}

fn number(least: u32, most: u32, default: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most, "default": default})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 200, "description": description})
}

fn flag(description: &str) -> Value {
    json!({"type": "boolean", "default": true, "description": description})
}

fn minutes() -> Value {
    json!({"type": ["number", "null"], "minimum": 0, "maximum": 1_000_000, "description": "Minutes; the task's own if absent."})
}

fn layer_or_all() -> Value {
    let all: Vec<&str> = std::iter::once("all").chain(LAYERS).collect();
    json!({"type": "string", "enum": all, "default": "all"})
}

fn plain() -> Value {
    json!([{"arguments": {}}])
}

fn health() -> Vec<(&'static str, Entry)> {
    const ANSWER: [&str; 3] = ["health:?number", "status", "layers:array"];
    let any = json!({"project_id": project(None)});
    let one = json!({"project_id": project(Some(1))});
    let flagged = |name: &str| {
        let mut properties = Map::new();
        properties.insert(name.into(), flag("Say them."));
        Value::Object(properties)
    };
    let component =
        json!({"component": {"type": ["string", "null"], "maxLength": 40, "description": "A layer; all if absent."}});
    vec![
        ("memory_health", read("Health of the memory, 0 to 100: the mean of its layers.", any, &ANSWER, plain())),
        (
            "get_layer_health",
            read(
                "Health of one layer or all, with the shares it is the mean of.",
                json!({"layer": layer_or_all()}),
                &ANSWER,
                json!([{"arguments": {}}, {"arguments": {"layer": "graph"}}]),
            ),
        ),
        (
            "check_system_health",
            read(
                "Whether a layer, or all, is healthy.",
                component,
                &ANSWER,
                json!([{"arguments": {}}, {"arguments": {"component": "semantic"}}, {"arguments": {"component": "heart"}, "fault": "invalid.argument"}]),
            ),
        ),
        (
            "get_health_report",
            read(
                "Health with what to do, and the metrics.",
                flagged("include_metrics"),
                &["health:?number", "status", "layers:array", "recommendations:array"],
                plain(),
            ),
        ),
        (
            "get_system_health",
            read(
                "Status of each layer and its anomalies; warning if more than two layers warn.",
                flagged("include_anomalies"),
                &ANSWER,
                plain(),
            ),
        ),
        (
            "monitor_system_health_detailed",
            read(
                "Health, metrics, anomalies and the trend since the first snapshot of thirty days.",
                one.clone(),
                &["health:?number", "status", "layers:array", "metrics:object", "trend"],
                plain(),
            ),
        ),
        (
            "aggregate_analytics_summary",
            read(
                "All figures of all layers in one answer.",
                one,
                &["metrics:object", "health:?number", "status"],
                plain(),
            ),
        ),
        (
            "analyze_health_trends",
            read(
                "Where health went: Theil-Sen slope over daily snapshots.",
                json!({"metric": {"type": "string", "enum": ["overall", "episodic", "semantic", "procedural", "prospective", "graph"], "default": "overall"}, "days_back": number(1, 365, 30), "project_id": project(None)}),
                &["metric", "trend", "per_day:?number", "points:array"],
                json!([{"arguments": {}}, {"arguments": {"metric": "graph"}, "setup": [{"operation": "measure", "arguments": {}}]}]),
            ),
        ),
        (
            "get_progress",
            read(
                "What was added since the oldest snapshot of the days.",
                json!({"days_back": number(1, 365, 30), "project_id": project(None)}),
                &["since:?integer", "changes:object", "health_change:?number"],
                json!([{"arguments": {}}, {"arguments": {}, "setup": [{"operation": "measure", "arguments": {}}]}]),
            ),
        ),
    ]
}

fn quality() -> Vec<(&'static str, Entry)> {
    let any = json!({"project_id": project(None)});
    let one = json!({"project_id": project(Some(1))});
    let kinds: Vec<Value> = KINDS.iter().map(|kind| json!(kind)).chain([Value::Null]).collect();
    vec![
        (
            "analyze_coverage",
            read(
                "What is known of a domain (a topic, tag or category): counts, expertise, gaps, strengths. Without one: all topics in short.",
                json!({"domain": {"type": ["string", "null"], "maxLength": 200}}),
                &["domains:array"],
                json!([{"arguments": {}}, {"arguments": {"domain": "rust"}}]),
            ),
        ),
        (
            "get_expertise",
            read(
                "Domains by expertise: (2 memories + episodes + 5 procedures) x confidence; 20, 50, 100 are the thresholds. As last measured, else computed now.",
                json!({"limit": number(1, 100, 10)}),
                &["domains:array"],
                json!([{"arguments": {}}, {"arguments": {}, "setup": [{"operation": "measure", "arguments": {}}]}]),
            ),
        ),
        (
            "detect_knowledge_gaps",
            read(
                "Domains with fewer than 5 memories, confidence below 0.5, more than 10 episodes and no procedure, or failures above 30 %.",
                json!({"project_id": project(None), "gap_type": {"enum": kinds}}),
                &["gaps:array"],
                json!([{"arguments": {}}, {"arguments": {"gap_type": "few_memories"}}]),
            ),
        ),
        (
            "evaluate_memory_quality",
            read(
                "Quality against the targets: compression .70-.85, consistency > .75. Recall and density are measured by the layer consolidation and null here.",
                any,
                &["targets:array", "semantic:object", "score:?number"],
                plain(),
            ),
        ),
        (
            "get_memory_quality_summary",
            read(
                "The qualities of all layers in short.",
                one,
                &["targets:array", "semantic:object", "score:?number"],
                plain(),
            ),
        ),
        (
            "assess_memory_quality",
            read(
                "Counts, mean confidences, overall quality and health of one kind of memory or all.",
                json!({"memory_type": {"type": ["string", "null"], "enum": ["episodic", "semantic", "procedural", null]}}),
                &[
                    "episodic_events:integer",
                    "semantic_memories:integer",
                    "procedures:integer",
                    "avg_confidence:object",
                    "overall_quality_score:?number",
                    "memory_health",
                ],
                plain(),
            ),
        ),
        (
            "score_semantic_memories",
            read(
                "The best of the newest 200 memories by confidence: the mean of layer base, stored confidence, usefulness, relevance and use.",
                json!({"project_id": project(Some(1)), "limit": number(1, 200, 10)}),
                &["memories:array", "scored:integer"],
                plain(),
            ),
        ),
        (
            "optimize_gap_detector",
            read(
                "Which gaps stay: seen on as many days as the window; others come and go and may be ignored.",
                json!({"project_id": project(Some(1)), "stability_window": number(1, 365, 7), "analyze_contradictions": flag("Count memories in flux.")}),
                &["stable:array", "passing:array", "closed:integer"],
                json!([{"arguments": {}}, {"arguments": {}, "setup": [{"operation": "measure", "arguments": {}}]}]),
            ),
        ),
    ]
}

fn learning() -> Vec<(&'static str, Entry)> {
    let any = json!({"project_id": project(None)});
    vec![
        (
            "get_learning_rates",
            read(
                "Success of procedures and events in the last thirty days against the thirty before.",
                any.clone(),
                &["procedures:object", "events:object", "memories_per_day:?number"],
                plain(),
            ),
        ),
        (
            "get_self_reflection",
            read(
                "What goes well, what does not, and how sure that is.",
                any.clone(),
                &["strengths:array", "weaknesses:array", "confidence:?number"],
                plain(),
            ),
        ),
        (
            "get_metacognition_insights",
            read(
                "Insights from the figures, each with the numbers it rests on.",
                any.clone(),
                &["insights:array"],
                plain(),
            ),
        ),
        (
            "get_recommendations",
            read("What to do next to make the memory better.", any.clone(), &["recommendations:array"], plain()),
        ),
        (
            "discover_patterns",
            read(
                "Kinds of events that fail more often than all do, and frequent errors, of ninety days.",
                any,
                &["failing:array", "errors:array"],
                plain(),
            ),
        ),
        (
            "get_skill_recommendations",
            read(
                "Which skills to work on: categories with gaps; with a context, the coverage of its words.",
                json!({"skill_type": {"type": "string", "minLength": 1, "maxLength": 100, "default": "general", "description": "A category of procedures, or general."}, "context": {"type": ["string", "null"], "maxLength": 2000}}),
                &["skills:array"],
                json!([{"arguments": {}}, {"arguments": {"context": "deploy the service"}}]),
            ),
        ),
        (
            "optimize_learning_tracker",
            read(
                "Success by kind of event, and how it changed.",
                json!({"project_id": project(Some(1)), "analyze_effectiveness": flag("By kind."), "track_patterns": flag("Failing kinds.")}),
                &["effectiveness:array", "patterns:array"],
                plain(),
            ),
        ),
        (
            "improve_estimations",
            read(
                "The factor estimates should be multiplied by (median of actual / estimated), and the error with and without it, leave-one-out.",
                json!({"lookback_days": number(1, 3650, 30), "project_id": project(None)}),
                &["cases:integer", "factor:?number", "error:?number", "error_after:?number"],
                json!([{"arguments": {}}, {"arguments": {}, "setup": [{"operation": "learn_from_outcomes", "arguments": {"outcome": "success", "actual_duration": 20, "estimated_duration": 10}}]}]),
            ),
        ),
        (
            "list_transfers",
            read(
                "Transfers of knowledge, newest first.",
                json!({"project": text("Of or to it."), "limit": number(1, 100, 20)}),
                &["transfers:array"],
                plain(),
            ),
        ),
    ]
}

fn writing() -> Vec<(&'static str, Entry)> {
    let write = |summary, properties, required: &[&'static str], answers: &[&'static str], examples| {
        let mut answers = answers.to_vec();
        answers.extend(["readable:array", "notes:array"]);
        Entry { effect: "write", summary, properties, required: required.to_vec(), answers, examples }
    };
    let id = json!({"type": ["integer", "string", "null"], "description": "42 or \"m:42\"."});
    let measured =
        ["day:integer", "health:?number", "domains:integer", "gaps:integer", "memories:integer", "more:boolean"];
    vec![
        (
            "measure",
            write(
                "Takes the snapshot of the day: health, coverage of the 30 largest topics, gaps, quality of the newest 200 memories. Runs daily. In a large space a call measures four topics, those measured longest ago; `more` says that some are left. A caller confined to a namespace is refused (`denied.namespace`): all of it is of the whole space.",
                json!({}),
                &[],
                &measured,
                plain(),
            ),
        ),
        (
            "optimize_quality_monitor",
            write(
                "Measures now, as the daily schedule does; parts may be left out.",
                json!({"project_id": project(Some(1)), "measure_layers": flag("Health of layers."), "domain_analysis": flag("Domains and gaps.")}),
                &[],
                &measured,
                plain(),
            ),
        ),
        (
            "measure_domains",
            write(
                "Measures the next topics that the daily measure left for later. Runs each minute.",
                json!({}),
                &[],
                &["domains:integer", "gaps:integer", "more:boolean"],
                json!([{"arguments": {}}, {"arguments": {}, "setup": [{"operation": "measure", "arguments": {}}]}]),
            ),
        ),
        (
            "keep_figures",
            write(
                "Computes the figures that are kept of a large space, if something changed. Runs every five minutes. For a caller confined to a namespace it keeps nothing.",
                json!({}),
                &[],
                &["kept:boolean"],
                plain(),
            ),
        ),
        (
            "learn_from_outcomes",
            write(
                "Records how a task ended and how long it took; answers the factor learnt from the last hundred.",
                json!({"task_id": id, "outcome": {"type": "string", "enum": OUTCOMES, "default": "unknown"}, "actual_duration": minutes(), "estimated_duration": minutes()}),
                &[],
                &["id:integer", "ratio:?number", "factor:?number", "cases:integer"],
                json!([{"arguments": {"outcome": "success", "actual_duration": 20, "estimated_duration": 10}}, {"arguments": {"task_id": 999_999_999}, "fault": "not-found"}]),
            ),
        ),
        (
            "record_transfer",
            write(
                "Records that a memory of one project was used in another.",
                json!({"from_project": text("Where it was learnt."), "to_project": text("Where it was used."), "item": {"type": ["integer", "string"], "description": "The memory, 42 or \"m:42\"."}, "applicability": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5}, "notes": text("What was used.")}),
                &["from_project", "to_project", "item"],
                &["id:integer", "layer"],
                json!([{"arguments": {"from_project": "a", "to_project": "b", "item": 999_999_999}, "fault": "not-found"}, {"arguments": {"from_project": "a", "to_project": "a", "item": 1}, "fault": "invalid.argument"}]),
            ),
        ),
    ]
}

pub(super) fn operations() -> Value {
    let mut operations = Map::new();
    for (name, entry) in health().into_iter().chain(quality()).chain(learning()).chain(writing()) {
        let kept = KEPT.contains(&name);
        let mut properties = entry.properties;
        if let (true, Some(fields)) = (kept, properties.as_object_mut()) {
            fields
                .insert("fresh".into(), json!({"type": "boolean", "default": false, "description": "Compute it now."}));
        }
        let operation = json!({
            "summary": entry.summary,
            "description": if kept { READS_KEPT } else { READS },
            "effect": entry.effect,
            "input": {"type": "object", "properties": properties, "required": entry.required, "additionalProperties": false},
            "output": output(&entry.answers),
            "examples": entry.examples,
        });
        operations.insert(name.to_owned(), operation);
    }
    operations.into()
}
