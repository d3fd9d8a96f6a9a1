//! Operations that weigh memories of other layers and new texts: saliency, auto-focus, salience.

use super::schema::{self as s, Named, adding, operation};
use memstrata_sdk::{Value, json};

/// The layers whose rows are weighed.
const SOURCES: [&str; 3] = ["semantic", "episodic", "working_memory"];

fn context(more: &Value) -> Value {
    let mut properties = json!({
        "current_goal": s::text("What is being worked on; the strongest held goal if absent.", 10_000),
        "context_events": s::ids("Recent events; the last five count, for surprise.", 100),
        "session_id": s::session(),
    });
    if let (Some(all), Some(more)) = (properties.as_object_mut(), more.as_object()) {
        all.extend(more.clone());
    }
    properties
}

fn scored() -> Value {
    json!({
        "memory_id": s::of("integer"), "ref": s::of("string"), "layer": s::of("string"), "saliency": s::of("number"),
        "factors": s::of("object"), "unknown": s::notes(), "focus_type": s::of("string"), "recommendation": s::of("string"),
        "content": s::of("string"), "inhibition": s::of("number"),
    })
}

fn list() -> Value {
    json!({"type": "array", "items": {"type": "object", "properties": scored(), "required": ["memory_id", "layer", "saliency"]}})
}

pub(super) fn operations() -> Vec<Named> {
    let held = json!([adding("Fix the login timeout", "goal"), adding("The login pool has ten connections", "verbal")]);
    vec![
        (
            "compute_memory_saliency",
            operation(
                "read",
                "How much one memory deserves attention now.",
                "0.30 frequency (uses against the most used of its layer) + 0.30 recency (e^(-days/7)) + 0.25 relevance to the goal (without one, its usefulness) + 0.15 surprise (unlike the context events; without them, an event's own). A factor that is not known is named in `unknown` and the others share its weight. Focus: primary from 0.7, secondary from 0.4.",
                (
                    s::input(
                        &context(
                            &json!({"memory_id": s::id("A memory, an event or an item; the newest held item if absent."), "layer": s::choice(&SOURCES, "Must be its layer, if given.")}),
                        ),
                        &[],
                    ),
                    s::output(
                        &scored(),
                        &["memory_id", "layer", "saliency", "factors", "unknown", "focus_type", "recommendation"],
                    ),
                ),
                &json!([
                    {"arguments": {"current_goal": "why does login time out"}, "setup": held},
                    {"arguments": {"memory_id": 999_999_999}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "get_saliency_batch",
            operation(
                "read",
                "The saliency of many memories, most salient first.",
                "As compute_memory_saliency, for up to 200 ids of any of the layers it reads. Ids that are not there come back as `missing`.",
                (
                    s::input(
                        &context(
                            &json!({"memory_ids": s::ids("The memories; all held items if absent.", 200), "layer": s::choice(&SOURCES, "Only those of this layer.")}),
                        ),
                        &[],
                    ),
                    s::output(
                        &json!({"memories": list(), "count": s::of("integer"), "mean": s::maybe("number"), "missing": s::integers(), "goal": s::maybe("string"), "notes": s::notes()}),
                        &["memories", "count", "missing"],
                    ),
                ),
                &json!([{"arguments": {"layer": "working_memory"}, "setup": held}, {"arguments": {"memory_ids": [999_999_999]}}]),
            ),
        ),
        (
            "auto_focus_top_memories",
            operation(
                "write",
                "Finds the most salient memories of a layer and puts attention on them.",
                "Weighs the newest 500 rows of the layer, the most useful ones and those nearest to the goal; inhibited ones are left out. The best becomes the primary focus if its saliency is 0.7 or more; the others secondary or background by theirs. `focus` false only lists them.",
                (
                    s::input(
                        &context(&json!({
                            "layer": s::choice_or(&SOURCES, "semantic", "Whose memories."),
                            "top_k": s::integer("How many.", 1, 50, 5),
                            "focus": s::flag("Put attention on them.", true),
                        })),
                        &[],
                    ),
                    s::output(
                        &json!({"memories": list(), "count": s::of("integer"), "weighed": s::of("integer"), "inhibited": s::of("integer"), "focused": s::objects(),
                                "empty": s::of("boolean"), "goal": s::maybe("string"), "notes": s::notes()}),
                        &["memories", "count", "weighed", "focused", "empty"],
                    ),
                ),
                &json!([{"arguments": {"layer": "working_memory", "top_k": 1}, "setup": held}]),
            ),
        ),
        (
            "score_salience",
            operation(
                "write",
                "How much a memory or a text stands out, and records it.",
                "0.4 novelty (1 - cosine of the nearest known memory; novel from 0.8) + 0.3 surprise (unlike `context`, or unlike what is held) + 0.3 contradiction with its nearest memories, read off polarity, antonyms and numbers. What you know better, give as `surprise` or `contradiction`.",
                (
                    s::input(
                        &json!({
                            "memory_id": s::id("A memory, an event or an item."),
                            "content": s::text("Or a text.", 10_000),
                            "context": s::texts("What it was said in.", 20, 2_000),
                            "surprise": s::share("If you know it."),
                            "contradiction": s::share("If you know it."),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "salience": s::of("number"), "novelty": s::of("number"), "novel": s::of("boolean"),
                                "surprise": s::maybe("number"), "contradiction": s::maybe("number"), "conflicts_with": s::maybe("integer"),
                                "kind": s::of("string"), "reason": s::maybe("string"), "compared": s::of("integer"), "notes": s::notes()}),
                        &["id", "salience", "novelty", "novel", "surprise", "contradiction", "compared"],
                    ),
                ),
                &json!([
                    {"arguments": {"content": "The login pool has no connections"}, "setup": held},
                    {"arguments": {}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "most_salient",
            operation(
                "read",
                "What stood out most in a session.",
                "Scores recorded by score_salience, highest first.",
                (
                    s::input(
                        &json!({"min_salience": s::share_or("At least this.", 0.5), "limit": s::integer("At most this many.", 1, 100, 10), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"scores": s::objects(), "count": s::of("integer"), "empty": s::of("boolean")}),
                        &["scores", "count", "empty"],
                    ),
                ),
                &json!([{"arguments": {"min_salience": 0},
                         "setup": [{"operation": "score_salience", "arguments": {"content": "The cache is never cleared"}}]}]),
            ),
        ),
    ]
}
