//! The collections: entities and their aliases, relations, observations, and communities with the run that found them.

use crate::kind::OBSERVATION_TYPES;
use memstrata_sdk::{Value, json};

pub(super) fn collections() -> Value {
    json!({
        "entities": {
            "summary": "What there is: one thing a row, by name and type.",
            "fields": {
                "name": {"type": "text", "required": true},
                // The normal form, and its first and last letters: which names a new one is compared with.
                "name_key": {"type": "text", "required": true},
                "head": {"type": "text", "required": true},
                "tail": {"type": "text", "required": true},
                // Keeps namesakes apart that were meant to be two.
                "twin": {"type": "integer", "default": 0},
                "entity_type": {"type": "text", "required": true},
                "description": {"type": "text"},
                "text": {"type": "text", "required": true, "search": true, "embed": true},
                "metadata": {"type": "json"},
            },
            "indexes": [
                ["name_key"], ["entity_type", "created_at"], ["entity_type", "head"], ["entity_type", "tail"],
            ],
            "unique": {"name": ["namespace", "entity_type", "name_key", "twin"]},
            "recall": {"text": "text", "title": "name", "time": "created_at", "kind": "entity_type"},
        },
        "aliases": {
            "summary": "Other names of entities.",
            "fields": {
                "key": {"type": "text", "required": true},
                "name": {"type": "text", "required": true},
                "entity_type": {"type": "text", "required": true},
                "entity_id": {"type": "ref", "required": true},
            },
            "indexes": [["key"], ["entity_id"]],
            "unique": {"key": ["namespace", "entity_type", "key"]},
        },
        "relations": {
            "summary": "How two entities relate, and in which time; `sources` is the evidence.",
            "fields": {
                "from_id": {"type": "ref", "required": true},
                "to_id": {"type": "ref", "required": true},
                "relation_type": {"type": "text", "required": true},
                "strength": {"type": "number", "default": 1.0},
                "confidence": {"type": "number", "default": 1.0},
                "fact": {"type": "text", "required": true, "search": true},
                "metadata": {"type": "json"},
            },
            "indexes": [["from_id", "relation_type"], ["to_id", "relation_type"], ["relation_type", "created_at"]],
            "recall": {"text": "fact", "time": "created_at", "trust": "confidence", "kind": "relation_type"},
        },
        "observations": {
            "summary": "What was observed of an entity.",
            "fields": {
                "entity_id": {"type": "ref", "required": true},
                "entity_name": {"type": "text", "required": true},
                "content": {"type": "text", "required": true, "search": true, "embed": true},
                "content_hash": {"type": "text", "digest_of": "content"},
                "observation_type": {"type": "text", "values": OBSERVATION_TYPES, "default": "note"},
                "confidence": {"type": "number", "default": 1.0},
                "source": {"type": "text"},
                "observed_at": {"type": "time", "required": true},
                "superseded_by": {"type": "ref"},
            },
            "indexes": [["entity_id", "observed_at"], ["entity_id", "content_hash"], ["observed_at"]],
            "recall": {"text": "content", "title": "entity_name", "time": "observed_at", "trust": "confidence",
                       "kind": "observation_type"},
        },
        "communities": {
            "summary": "Communities of the latest detection, on all levels. Level 0 is the coarsest.",
            "fields": {
                "scope": {"type": "text", "required": true},
                "detection_id": {"type": "ref", "required": true},
                "level": {"type": "integer", "required": true},
                "parent_id": {"type": "ref"},
                "members": {"type": "list"},
                "size": {"type": "integer", "required": true},
                "summary": {"type": "text", "required": true, "search": true, "embed": true},
                "density": {"type": "number", "required": true},
                "internal_edges": {"type": "integer", "required": true},
                "external_edges": {"type": "integer", "required": true},
            },
            "indexes": [["detection_id", "level", "size"], ["scope"], ["parent_id"]],
        },
        "detections": {
            "summary": "The run that found the communities: its options and its quality.",
            "fields": {
                "scope": {"type": "text", "required": true},
                "detected_at": {"type": "time", "required": true},
                "valid_time": {"type": "time", "required": true},
                "seed": {"type": "integer", "required": true},
                "resolution": {"type": "number", "required": true},
                "modularity": {"type": "number", "required": true},
                "iterations": {"type": "integer", "required": true},
                "levels": {"type": "integer", "required": true},
                "entities": {"type": "integer", "required": true},
                "relations": {"type": "integer", "required": true},
                "communities": {"type": "integer", "required": true},
                "min_size": {"type": "integer", "required": true},
            },
            "indexes": [["scope", "detected_at"]],
            "unique": {"scope": ["namespace", "scope"]},
        },
        "figures": {
            "summary": "Figures of a large graph as they were last computed; `run` is when, `first` the first entity of a part. Names are not kept.",
            "fields": {
                "name": {"type": "text", "required": true},
                "kind": {"type": "text", "required": true, "values": ["run", "whole", "part"]},
                "first": {"type": "integer", "default": 0},
                "figures": {"type": "json", "required": true, "max_bytes": 1_000_000},
                "computed_at": {"type": "time", "required": true},
            },
            "indexes": [["namespace", "kind", "first"]],
            "unique": {"name": ["namespace", "name"]},
        },
    })
}
