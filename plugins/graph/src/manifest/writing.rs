//! Operations that write: entities, relations, observations.

use super::schema::{self as s, Named, operation};
use memstrata_sdk::{Map, Value, json};

fn observations() -> Value {
    json!({"type": "array", "maxItems": 100, "description": "What was observed of it: texts, or objects with particulars.",
        "items": {"type": ["string", "object"], "minLength": 1, "maxLength": 10000, "required": ["content"], "additionalProperties": false,
            "properties": {"content": s::text("What was observed.", 10_000), "observation_type": s::observation_type(),
                           "confidence": s::share("How sure."), "source": s::text("Who says so.", 500),
                           "timestamp": s::time("When.")}}})
}

fn entity_fields() -> Value {
    json!({
        "name": s::text("What it is called.", 500), "entity_type": s::entity_type(),
        "description": {"type": "string", "maxLength": 10000, "description": "What it is."},
        "observations": observations(), "metadata": s::metadata(), "namespace": s::namespace(),
        "sources": s::ids("Its evidence.", 100),
    })
}

fn relation_fields() -> Value {
    json!({
        "from_entity": s::entity("Where it starts."), "to_entity": s::entity("Where it leads."),
        "from_type": s::entity_type(), "to_type": s::entity_type(), "relation_type": s::relation_type(),
        "strength": s::part("How strong; 1 if absent."), "confidence": s::part("How sure; 1 if absent."),
        "valid_from": s::time("Since when it holds."), "valid_until": s::time("Until when it held."),
        "metadata": s::metadata(), "sources": s::ids("Its evidence.", 100), "namespace": s::namespace(),
    })
}

fn with(fields: &Value, more: &[(&str, Value)]) -> Value {
    let mut all: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
    all.extend(more.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
    Value::Object(all)
}

fn resolve() -> Value {
    s::flag("Look for a known entity of this name or a similar one; false: always make a new one.", true)
}

pub(super) fn operations() -> Vec<Named> {
    let setup = s::setup();
    let gone = || {
        (
            s::input(&json!({"ids": s::ids("The rows.", 500)}), &["ids"]),
            s::output(&[("deleted", "a"), ("missing", "a")]),
        )
    };
    let none = json!([{"arguments": {"ids": [999_999_999]}, "note": "Nothing to delete."}]);
    vec![
        (
            "create_entity",
            operation(
                "write",
                "Creates an entity, or adds to the known one it means.",
                "Resolved against entities of the same type and namespace: equal normal name, alias, or a name at least as similar as the setting resolve_threshold (never for File and Function). `merged` lists what was taken for what and why. A known entity gets the description, metadata, sources and observations it lacks.",
                (
                    s::input(&with(&entity_fields(), &[("resolve", resolve())]), &["name", "entity_type"]),
                    s::output(&[
                        ("id", "i"),
                        ("ref", "s"),
                        ("name", "s"),
                        ("entity_type", "s"),
                        ("created", "b"),
                        ("merged", "a"),
                        ("changed", "a"),
                        ("observations", "a"),
                    ]),
                ),
                &json!([
                    {"arguments": {"name": "Vector index", "entity_type": "Component", "observations": ["It is quantised."]}},
                    {"arguments": {"name": "Ada Lovelase", "entity_type": "Person"}, "setup": setup, "note": "A slip of the pen: merged."},
                    {"arguments": {"name": "Ada Lovelace", "entity_type": "Person", "resolve": false}, "setup": setup, "note": "A namesake."},
                ]),
            ),
        ),
        (
            "create_entities",
            operation(
                "write",
                "Creates up to 500 entities at once.",
                "Each as `create_entity` does it, in order, against each other too. All or none are written.",
                (
                    s::input(
                        &json!({"entities": {"type": "array", "minItems": 1, "maxItems": 500, "items": s::input(&entity_fields(), &["name", "entity_type"])}, "resolve": resolve()}),
                        &["entities"],
                    ),
                    s::output(&[("created", "i"), ("known", "i"), ("merged", "a"), ("items", "a")]),
                ),
                &json!([{"arguments": {"entities": [{"name": "Ada", "entity_type": "Person"}, {"name": "ada", "entity_type": "person"}]}}]),
            ),
        ),
        (
            "update_entity",
            operation(
                "write",
                "Changes an entity's name, type, description, metadata or sources.",
                "A new name is written into its relations and observations, the old one becomes an alias. `conflict.name` if another entity bears it: merge the two. `version` makes the change fail if somebody else changed the row.",
                (
                    s::input(
                        &json!({"entity": s::entity("Which."), "namespace": s::namespace(), "name": s::text("Its new name.", 500), "entity_type": s::entity_type(),
                "description": {"type": "string", "maxLength": 10000}, "metadata": s::metadata(), "sources": s::ids("All its evidence from now on.", 100),
                "version": {"type": "integer", "minimum": 1, "description": "The version you have read."}}),
                        &["entity"],
                    ),
                    s::output(&[("id", "i"), ("changed", "a"), ("rewritten", "i")]),
                ),
                &json!([{"arguments": {"entity": "parse", "name": "parse_program"}, "setup": setup}]),
            ),
        ),
        (
            "merge_entities",
            operation(
                "destructive",
                "Makes two entities one.",
                "Relations, observations, aliases, sources and metadata of `from` go to `into`; relations that would double one or point at itself are deleted; `from` is deleted and its name becomes an alias. Undo of the transaction takes it back.",
                (
                    s::input(
                        &json!({"from": s::entity("Which goes."), "into": s::entity("Which stays."), "namespace": s::namespace()}),
                        &["from", "into"],
                    ),
                    s::output(&[
                        ("id", "i"),
                        ("merged", "a"),
                        ("relations_moved", "i"),
                        ("relations_dropped", "i"),
                        ("observations_moved", "i"),
                    ]),
                ),
                &json!([{"arguments": {"from": "parse", "into": "next_token"}, "setup": setup}]),
            ),
        ),
        (
            "delete_entities",
            operation(
                "destructive",
                "Deletes entities with their relations and observations.",
                "Undone by `restore_entities`. Ids of no live entity come back as `missing`.",
                (
                    s::input(&json!({"ids": s::ids("The entities.", 500)}), &["ids"]),
                    s::output(&[
                        ("deleted", "a"),
                        ("missing", "a"),
                        ("relations_deleted", "i"),
                        ("observations_deleted", "i"),
                    ]),
                ),
                &none,
            ),
        ),
        (
            "restore_entities",
            operation(
                "write",
                "Brings deleted entities back.",
                "With the relations, observations and aliases that were deleted with them; a relation whose other end is gone stays deleted.",
                (
                    s::input(&json!({"ids": s::ids("The entities.", 500)}), &["ids"]),
                    s::output(&[
                        ("restored", "a"),
                        ("missing", "a"),
                        ("relations_restored", "i"),
                        ("observations_restored", "i"),
                    ]),
                ),
                &json!([{"arguments": {"ids": [999_999_999]}, "note": "Nothing to restore."}]),
            ),
        ),
        (
            "create_relation",
            operation(
                "write",
                "Relates two entities.",
                "The same relation (ends and type) over an overlapping valid time is known: it takes the new strength, confidence, end and sources. Outside that time a second row is made. The entities must exist.",
                (
                    s::input(&relation_fields(), &["from_entity", "to_entity", "relation_type"]),
                    s::output(&[
                        ("id", "i"),
                        ("ref", "s"),
                        ("from_id", "i"),
                        ("to_id", "i"),
                        ("relation_type", "s"),
                        ("created", "b"),
                        ("changed", "a"),
                    ]),
                ),
                &json!([
                    {"arguments": {"from_entity": "Ada Lovelace", "to_entity": "parser.rs", "relation_type": "active_in", "valid_from": "2026-01-01"}, "setup": setup},
                    {"arguments": {"from_entity": "nobody", "to_entity": "nothing", "relation_type": "tests"}, "fault": "not-found.entity"},
                ]),
            ),
        ),
        (
            "create_relations",
            operation(
                "write",
                "Relates entities, up to 1000 pairs at once.",
                "Each as `create_relation` does it, in order. All or none are written.",
                (
                    s::input(
                        &json!({"relations": {"type": "array", "minItems": 1, "maxItems": 1000, "items": s::input(&relation_fields(), &["from_entity", "to_entity", "relation_type"])}}),
                        &["relations"],
                    ),
                    s::output(&[("created", "i"), ("known", "i"), ("items", "a")]),
                ),
                &json!([{"arguments": {"relations": [{"from_entity": "Loner", "to_entity": "parse", "relation_type": "relates to"}]}, "setup": setup}]),
            ),
        ),
        (
            "update_relation",
            operation(
                "write",
                "Changes a relation, or ends it.",
                "`end_now` or `valid_until` closes its valid time: it stays to be asked for with `as_of`.",
                (
                    s::input(
                        &json!({"id": s::id("The relation."), "strength": s::part("How strong."), "confidence": s::part("How sure."),
                "valid_from": s::time("Since when."), "valid_until": s::time("Until when."), "end_now": s::flag("It holds no longer.", false), "metadata": s::metadata()}),
                        &["id"],
                    ),
                    s::output(&[("relation", "o"), ("changed", "a")]),
                ),
                &json!([{"arguments": {"id": 11, "end_now": true}, "setup": setup}, {"arguments": {"id": 999_999_999, "end_now": true}, "fault": "not-found.relation"}]),
            ),
        ),
        (
            "delete_relations",
            operation(
                "destructive",
                "Deletes relations that should never have been.",
                "What was true and is no longer is ended with `update_relation` instead. Ids of no live relation come back as `missing`.",
                gone(),
                &none,
            ),
        ),
        (
            "add_observation",
            operation(
                "write",
                "Adds an observation to an entity.",
                "Known already if a current one says the same. `supersedes` closes an earlier one of the same entity: it stays to be asked for with `as_of`.",
                (
                    s::input(
                        &json!({"entity": s::entity("Of what."), "entity_name": s::entity("The same under its older name."), "entity_type": s::entity_type(), "namespace": s::namespace(),
                "observation": s::text("What was observed.", 10_000), "observation_type": s::observation_type(), "confidence": s::share("How sure; 1 if absent."),
                "source": s::text("Who says so.", 500), "timestamp": s::time("When; now if absent."), "supersedes": s::id("The observation it replaces."),
                "sources": s::ids("Its evidence.", 100)}),
                        &["observation"],
                    ),
                    s::output(&[("id", "i"), ("ref", "s"), ("entity_id", "i"), ("created", "b"), ("superseded", "i?")]),
                ),
                &json!([{"arguments": {"entity_name": "parse", "observation": "Its tests pass.", "observation_type": "status"}, "setup": setup}]),
            ),
        ),
        (
            "delete_observations",
            operation(
                "destructive",
                "Deletes observations that were wrong.",
                "What has changed is superseded with `add_observation` instead. Ids of no live observation come back as `missing`.",
                gone(),
                &none,
            ),
        ),
    ]
}
