//! Operations that hand items to long-term layers, and what the routing learns from.

use super::schema::{self as s, Named, adding, operation};
use crate::item::COMPONENTS;
use memstrata_sdk::{Value, json};

fn handed() -> Value {
    json!({
        "id": s::of("integer"), "ref": s::of("string"), "target": s::of("string"), "by": s::of("string"),
        "confidence": s::maybe("number"), "reasons": s::notes(), "content": s::of("string"),
        "next": {"type": "object", "properties": {"operation": s::of("string"), "arguments": s::of("object")},
                 "required": ["operation", "arguments"], "description": "The call that keeps it."},
    })
}

pub(super) fn operations() -> Vec<Named> {
    let two = json!([adding("Ada prefers tabs", "verbal"), adding("Run the tests, then deploy", "action")]);
    let consolidated = json!([
        adding("Run the tests, then deploy", "action"),
        {"operation": "consolidate_working_memory", "arguments": {}},
    ]);
    vec![
        (
            "consolidate_working_memory",
            operation(
                "write",
                "Hands an item to a long-term layer and frees its place.",
                "Routes it by signs in its text (time: episodic, action: procedural, future: prospective, else semantic), or by a forest once ten decisions have been labelled; a `target` you name decides and is a label. It answers `next`, the operation and arguments that keep it: call it, then `confirm_consolidated`. The event working_memory.item_consolidated says the same. Until confirmed the item is in `list_consolidated`, so nothing is lost.",
                (
                    s::input(
                        &json!({
                            "item_id": s::id("The item; the weakest held one if absent."),
                            "auto_route": s::flag("Decide the layer; false needs `target`.", true),
                            "target": s::layer("The layer, if you know it."),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(&handed(), &["id", "ref", "target", "by", "next", "reasons"]),
                ),
                &json!([
                    {"arguments": {}, "setup": two},
                    {"arguments": {"target": "procedural"}, "setup": two},
                    {"arguments": {"auto_route": false}, "setup": two, "fault": "invalid.argument"},
                    {"arguments": {"item_id": 999_999_999}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "clear_working_memory",
            operation(
                "destructive",
                "Empties working memory, or one component, keeping what is in it.",
                "With `consolidate` (the default) each item is routed and answered with the call that keeps it, as in consolidate_working_memory; without, the items are dropped.",
                (
                    s::input(
                        &json!({"component": s::component_or_all(), "consolidate": s::flag("Hand them to long-term layers.", true), "session_id": s::session()}),
                        &[],
                    ),
                    s::output(
                        &json!({"cleared": s::of("integer"), "consolidated": s::objects(), "dropped": s::integers()}),
                        &["cleared", "consolidated", "dropped"],
                    ),
                ),
                &json!([
                    {"arguments": {}, "setup": two},
                    {"arguments": {"component": "central_executive", "consolidate": false}, "setup": two},
                ]),
            ),
        ),
        (
            "list_consolidated",
            operation(
                "read",
                "Items handed over, newest first, with the call that keeps each.",
                "By default those nobody has confirmed yet: make the call in `next`, then confirm_consolidated.",
                (
                    s::input(
                        &json!({
                            "unconfirmed": s::flag("Only what nobody has confirmed.", true),
                            "limit": s::integer("At most this many.", 1, 100, 20),
                            "session_id": s::session(),
                            "all_sessions": s::flag("Of all sessions.", false),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"items": s::objects(), "count": s::of("integer"), "total": s::of("integer"), "empty": s::of("boolean")}),
                        &["items", "count", "total", "empty"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": consolidated}]),
            ),
        ),
        (
            "confirm_consolidated",
            operation(
                "write",
                "Notes that a consolidated item has been kept, and as what.",
                "Give the id that the call in `next` answered. The item stays in history and leaves the list of what waits.",
                (
                    s::input(
                        &json!({"item_id": s::id("The consolidated item; the newest unconfirmed one if absent."), "stored_as": s::id("The row it became."), "session_id": s::session()}),
                        &["stored_as"],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "stored_as": s::of("integer"), "target": s::of("string")}),
                        &["id", "stored_as"],
                    ),
                ),
                &json!([
                    {"arguments": {"stored_as": "m:42"}, "setup": consolidated},
                    {"arguments": {"item_id": 999_999_999, "stored_as": 1}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "route_item",
            operation(
                "read",
                "Where an item or a text would be routed, and why; changes nothing.",
                "Answers both what decides now and what the rules alone would say.",
                (
                    s::input(
                        &json!({
                            "item_id": s::id("A held item."),
                            "content": s::text("Or a text.", 10_000),
                            "content_type": s::content_type(true),
                            "component": s::choice(&COMPONENTS, "That of its type if absent."),
                            "importance": s::share_or("0 to 1.", 0.5),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"target": s::of("string"), "by": s::of("string"), "confidence": s::maybe("number"), "reasons": s::notes(),
                                "rules": s::of("string"), "features": s::of("object"), "next": s::of("object")}),
                        &["target", "by", "confidence", "reasons", "rules", "features"],
                    ),
                ),
                &json!([
                    {"arguments": {"content": "We need to call Alice tomorrow"}},
                    {"arguments": {}, "fault": "invalid.argument"},
                ]),
            ),
        ),
        (
            "record_routing_feedback",
            operation(
                "write",
                "Says whether an item went to the right layer: what the routing learns from.",
                "Give the right `target`, or `correct` true for the one it was given. `correct` false without a target is counted but teaches nothing. From ten labels on the forest decides.",
                (
                    s::input(
                        &json!({
                            "item_id": s::id("A consolidated item; the newest if absent."),
                            "correct": {"type": "boolean", "description": "Whether the layer was right."},
                            "target": s::layer("The right layer."),
                            "session_id": s::session(),
                        }),
                        &[],
                    ),
                    s::output(
                        &json!({"id": s::of("integer"), "decided": s::of("string"), "correct": s::of("boolean"), "label": s::maybe("string"), "labels": s::of("integer")}),
                        &["id", "decided", "correct", "labels"],
                    ),
                ),
                &json!([
                    {"arguments": {"correct": true}, "setup": consolidated},
                    {"arguments": {"target": "semantic"}, "setup": consolidated},
                    {"arguments": {"correct": true}, "fault": "not-found"},
                ]),
            ),
        ),
        (
            "routing_stats",
            operation(
                "read",
                "How routing has done, and whether the forest decides.",
                "Decisions by layer and by what decided, the share that feedback called right, and the forest's out-of-bag accuracy over its labels.",
                (
                    s::input(&json!({}), &[]),
                    s::output(
                        &json!({"decisions": s::of("integer"), "labels": s::of("integer"), "needed": s::of("integer"), "forest": s::of("boolean"),
                                "by_layer": s::of("object"), "labels_by_layer": s::of("object"), "by": s::of("object"), "judged": s::of("integer"), "right": s::of("integer"),
                                "accuracy": s::maybe("number"), "out_of_bag": s::maybe("number"), "features": s::notes()}),
                        &["decisions", "labels", "needed", "forest"],
                    ),
                ),
                &json!([{"arguments": {}, "setup": consolidated}]),
            ),
        ),
    ]
}
