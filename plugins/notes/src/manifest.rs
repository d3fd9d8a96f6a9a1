//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

use memstrata_sdk::{Map, Value, json};

fn id(description: &str) -> Value {
    json!({"type": ["integer", "string"], "description": format!("{description} 42 or \"m:42\".")})
}

fn text(most: u32) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most})
}

fn limit() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
}

fn operation(effect: &str, summary: &str, properties: &Value, required: &[&str], examples: &Value) -> Value {
    json!({
        "summary": summary, "effect": effect,
        "input": {"type": "object", "properties": properties, "required": required, "additionalProperties": false},
        "output": {"type": "object"}, "examples": examples,
    })
}

fn answers(mut operation: Value, properties: &Value, required: &[&str]) -> Value {
    if let Some(map) = operation.as_object_mut() {
        map.insert("output".into(), json!({"type": "object", "properties": properties, "required": required}));
    }
    operation
}

fn collections() -> Value {
    json!({
        "notes": {
            "summary": "Notes: one thought each.",
            "fields": {
                "title": {"type": "text", "required": true, "search": true},
                "text": {"type": "text", "required": true, "search": true, "embed": true},
                "tags": {"type": "list"},
            },
            "recall": {"text": "text", "title": "title"},
        },
        "versions": {
            "summary": "Content of a memory as it was, numbered from 1.",
            "fields": {
                "memory": {"type": "ref", "required": true}, "number": {"type": "integer", "required": true},
                "content": {"type": "text", "required": true}, "hash": {"type": "text", "required": true},
            },
            "unique": {"number": ["memory", "number"]},
        },
        "attributes": {
            "summary": "What was last computed of a memory.",
            "fields": {
                "memory": {"type": "ref", "required": true}, "importance": {"type": "number", "required": true},
                "stage": {"type": "text", "required": true}, "tags": {"type": "list"},
                "versions": {"type": "integer", "required": true}, "uses": {"type": "integer", "required": true},
                "computed_at": {"type": "time", "required": true},
            },
            "unique": {"memory": ["memory"]},
        },
        "topics": {
            "summary": "Places of the hierarchical index; `place` is the Luhmann number.",
            "fields": {
                "place": {"type": "text", "required": true}, "label": {"type": "text", "required": true},
                "parent": {"type": "ref"}, "nth": {"type": "integer", "required": true},
            },
            "indexes": [["parent", "nth"]],
            "unique": {"place": ["place"]},
        },
        "assignments": {
            "summary": "Which memory has which places.",
            "fields": {"topic": {"type": "ref", "required": true}, "memory": {"type": "ref", "required": true}},
            "indexes": [["memory"]],
            "unique": {"pair": ["topic", "memory"]},
        },
        "links": {
            "summary": "From a note to a note.",
            "fields": {"from_id": {"type": "ref", "required": true}, "to_id": {"type": "ref", "required": true}},
            "indexes": [["to_id"]],
            "unique": {"pair": ["from_id", "to_id"]},
        },
    })
}

fn operations() -> Map<String, Value> {
    let missing = json!([{"arguments": {"memory_id": 999_999_999}, "fault": "not-found"}]);
    let memory = json!({"memory_id": id("A memory of any layer that is recalled.")});
    let versioned =
        |extra: &Value| answers(operation("read", "", &memory, &["memory_id"], &missing), extra, &["memory_id"]);
    let mut all = Map::new();
    let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
    put(
        "create_note",
        answers(
            operation(
                "write",
                "Writes a note: one thought, a title, tags.",
                &json!({"title": text(300), "text": text(20_000), "namespace": text(200),
                "tags": {"type": "array", "items": text(60), "maxItems": 20, "default": []}}),
                &["text"],
                &json!([{"arguments": {"title": "Tabs", "text": "Ada prefers tabs."}}]),
            ),
            &json!({"id": {"type": "integer"}, "ref": {"type": "string"}}),
            &["id", "ref"],
        ),
    );
    put(
        "get_note",
        answers(
            operation(
                "read",
                "One note, whole.",
                &json!({"note_id": id("The note.")}),
                &["note_id"],
                &json!([{"arguments": {"note_id": 999_999_999}, "fault": "not-found"}]),
            ),
            &json!({"note": {"type": "object"}}),
            &["note"],
        ),
    );
    put(
        "search_notes",
        answers(
            operation(
                "read",
                "Finds notes by words and meaning.",
                &json!({"query": text(2000), "limit": limit()}),
                &["query"],
                &json!([{"arguments": {"query": "tabs"},
                 "setup": [{"operation": "create_note", "arguments": {"text": "Ada prefers tabs."}}]}]),
            ),
            &json!({"notes": {"type": "array"}}),
            &["notes"],
        ),
    );
    put(
        "link_notes",
        answers(
            operation(
                "write",
                "Links a note to another; a second time changes nothing.",
                &json!({"from_id": id("Note."), "to_id": id("Note.")}),
                &["from_id", "to_id"],
                &json!([{"arguments": {"from_id": 999_999_998, "to_id": 999_999_999}, "fault": "not-found"}]),
            ),
            &json!({"created": {"type": "boolean"}}),
            &["created"],
        ),
    );
    put(
        "get_backlinks",
        answers(
            operation(
                "read",
                "The notes that link to this one.",
                &json!({"note_id": id("The note."), "limit": limit()}),
                &["note_id"],
                &json!([{"arguments": {"note_id": 999_999_999}, "fault": "not-found"}]),
            ),
            &json!({"note_ids": {"type": "array"}}),
            &["note_ids"],
        ),
    );
    put(
        "create_memory_version",
        answers(
            operation(
                "write",
                "Keeps a version of a memory's content by its SHA-256; of a note, it becomes the note's text.",
                &json!({"memory_id": id("The memory."), "content": text(20_000)}),
                &["memory_id", "content"],
                &json!([{"arguments": {"memory_id": 999_999_999, "content": "x"}, "fault": "not-found"}]),
            ),
            &json!({"version": {"type": "integer"}, "hash": {"type": "string"}, "created": {"type": "boolean"}}),
            &["version", "hash", "created"],
        ),
    );
    put(
        "get_memory_evolution_history",
        said(
            versioned(&json!({"versions": {"type": "array"}})),
            "The versions kept of a memory, the newest 100, newest first.",
            "read",
        ),
    );
    put(
        "compute_memory_attributes",
        said(
            versioned(&json!({"importance": {"type": "number"}})),
            "Computes and keeps importance, stage and tags of a memory.",
            "write",
        ),
    );
    put(
        "get_memory_attributes",
        said(
            versioned(&json!({"importance": {"type": "number"}})),
            "The attributes last computed of a memory.",
            "read",
        ),
    );
    put(
        "create_hierarchical_index",
        answers(
            operation(
                "write",
                "Adds a topic to the tree, with the next Luhmann number, such as 1.2.3.",
                &json!({"project_id": {"type": ["integer", "string", "null"], "description": "Ignored: a space is a project."},
                "parent_id": {"type": ["integer", "string", "null"], "description": "The topic above; a root if absent."},
                "label": {"type": "string", "minLength": 1, "maxLength": 300, "default": "Untitled"}}),
                &[],
                &json!([{"arguments": {"label": "Parsing"}}, {"arguments": {"parent_id": 999_999_999}, "fault": "not-found"}]),
            ),
            &json!({"index_id": {"type": "integer"}, "luhmann_id": {"type": "string"}}),
            &["index_id", "luhmann_id"],
        ),
    );
    put(
        "get_index_tree",
        answers(
            operation(
                "read",
                "The topics directly below one, or the roots; 100 from `after_nth`.",
                &json!({"parent_id": {"type": ["integer", "string", "null"]},
                "after_nth": {"type": "integer", "minimum": 0, "maximum": 1_000_000_000, "default": 0}}),
                &[],
                &json!([{"arguments": {}, "setup": [{"operation": "create_hierarchical_index", "arguments": {}}]}]),
            ),
            &json!({"topics": {"type": "array"}}),
            &["topics"],
        ),
    );
    for (name, summary, key) in [
        ("assign_memory_to_index", "Puts a memory under a topic.", "assigned"),
        ("unassign_memory", "Takes a memory from under a topic.", "removed"),
    ] {
        put(
            name,
            answers(
                operation(
                    "write",
                    summary,
                    &json!({"memory_id": id("The memory."), "index_id": id("The topic.")}),
                    &["memory_id", "index_id"],
                    &json!([{"arguments": {"memory_id": 999_999_998, "index_id": 999_999_999}, "fault": "not-found"}]),
                ),
                &json!({key: {"type": "boolean"}}),
                &[key],
            ),
        );
    }
    shown(&mut all);
    all
}

fn said(mut operation: Value, summary: &str, effect: &str) -> Value {
    if let Some(map) = operation.as_object_mut() {
        map.insert("summary".into(), summary.into());
        map.insert("effect".into(), effect.into());
    }
    operation
}

/// Adds examples that succeed: in an empty space the first row is 1.
fn shown(operations: &mut Map<String, Value>) {
    let note = || json!({"operation": "create_note", "arguments": {"text": "Ada prefers tabs."}});
    let topic = json!({"operation": "create_hierarchical_index", "arguments": {"label": "Habits"}});
    let memory = json!({"memory_id": 1});
    let version =
        json!({"operation": "create_memory_version", "arguments": {"memory_id": 1, "content": "Ada prefers spaces."}});
    let computed = json!({"operation": "compute_memory_attributes", "arguments": memory});
    let link = json!({"operation": "link_notes", "arguments": {"from_id": 1, "to_id": 2}});
    let place = json!({"memory_id": 1, "index_id": 2});
    let assigned = json!({"operation": "assign_memory_to_index", "arguments": place});
    let examples = [
        ("get_note", json!({"note_id": 1}), json!([note()])),
        ("link_notes", json!({"from_id": 1, "to_id": 2}), json!([note(), note()])),
        ("get_backlinks", json!({"note_id": 2}), json!([note(), note(), link])),
        ("create_memory_version", json!({"memory_id": 1, "content": "Ada prefers spaces."}), json!([note()])),
        ("get_memory_evolution_history", memory.clone(), json!([note(), version])),
        ("compute_memory_attributes", memory.clone(), json!([note(), version])),
        ("get_memory_attributes", memory.clone(), json!([note(), computed])),
        ("create_hierarchical_index", json!({"parent_id": 1, "label": "Tabs"}), json!([topic])),
        ("assign_memory_to_index", place.clone(), json!([note(), topic])),
        ("unassign_memory", place.clone(), json!([note(), topic, assigned])),
    ];
    for (name, arguments, setup) in examples {
        let example = json!({"arguments": arguments, "setup": setup});
        if let Some(list) =
            operations.get_mut(name).and_then(|one| one.get_mut("examples")).and_then(Value::as_array_mut)
        {
            list.push(example);
        }
    }
}

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    json!({
        "manifest": 1, "name": "notes", "version": env!("CARGO_PKG_VERSION"),
        "summary": "Zettelkasten: linked notes, versions and attributes of memories, a tree of numbered topics.",
        "imports": ["store-read", "store-write", "search", "hints", "clock"],
        "reads": ["*"], "collections": collections(), "operations": operations(),
    })
}
