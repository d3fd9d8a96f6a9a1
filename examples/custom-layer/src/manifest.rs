//! The layer's manifest: what it owns, offers and needs (docs/manifest.md).

use memstrata_sdk::{Value, json};

/// The manifest. The same at every call.
#[must_use]
pub fn manifest() -> Value {
    json!({
        "manifest": 1,
        "name": "bookmarks",
        "version": env!("CARGO_PKG_VERSION"),
        "summary": "Links worth finding again.",
        "imports": ["store-read", "store-write", "search"],
        "collections": {
            "links": {
                "summary": "One page a row.",
                "fields": {
                    "url": {"type": "text", "required": true, "max_bytes": 2000},
                    "title": {"type": "text", "required": true, "search": true, "embed": true, "max_bytes": 1000},
                    "tags": {"type": "list"},
                },
                "unique": {"page": ["namespace", "url"]},
                "recall": {"text": "title", "time": "created_at"},
            },
        },
        "operations": {
            "add": {
                "summary": "Keeps a link.",
                "description": "The same page in the same namespace is kept once; a second time its title and tags are replaced.",
                "effect": "write",
                "input": {
                    "type": "object",
                    "properties": {
                        "url": {"type": "string", "minLength": 8, "maxLength": 2000, "description": "http or https."},
                        "title": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "What it is about"},
                        "tags": tags(),
                        "namespace": {"type": "string", "default": "", "maxLength": 200, "description": "Such as user:ada."},
                    },
                    "required": ["url", "title"],
                    "additionalProperties": false,
                },
                "output": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "integer"},
                        "url": {"type": "string", "description": "As it is kept."},
                        "created": {"type": "boolean", "description": "Whether it is new."},
                    },
                    "required": ["id", "url", "created"],
                    "additionalProperties": false,
                },
                "examples": [
                    {"arguments": {"url": "https://example.org/tea?utm_source=x", "title": "How to brew tea", "tags": ["tea"]}},
                    {"note": "No web address.", "arguments": {"url": "gopher://tea", "title": "Tea"}, "fault": "invalid.argument"},
                ],
            },
            "find": {
                "summary": "Finds links by what they are about.",
                "effect": "read",
                "input": {
                    "type": "object",
                    "properties": {
                        "query": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "In plain words."},
                        "tag": {"type": "string", "description": "Only links with this tag."},
                        "namespace": {"type": "string", "maxLength": 200, "description": "This and below; all if absent."},
                        "limit": {"type": "integer", "minimum": 1, "maximum": 50, "default": 5, "description": "At most."},
                    },
                    "required": ["query"],
                    "additionalProperties": false,
                },
                "output": {
                    "type": "object",
                    "properties": {
                        "links": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": {
                                    "id": {"type": "integer"},
                                    "url": {"type": "string"},
                                    "title": {"type": "string"},
                                    "tags": tags(),
                                },
                                "required": ["id", "url", "title", "tags"],
                                "additionalProperties": false,
                            },
                        },
                    },
                    "required": ["links"],
                    "additionalProperties": false,
                },
                "examples": [{
                    "setup": [{"operation": "add", "arguments": {"url": "https://example.org/tea", "title": "How to brew tea"}}],
                    "arguments": {"query": "brewing a cup of tea"},
                }],
            },
            "remove": {
                "summary": "Removes a link by its id.",
                "effect": "destructive",
                "input": {
                    "type": "object",
                    "properties": {"id": {"type": "integer", "minimum": 1, "description": "From add or find."}},
                    "required": ["id"],
                    "additionalProperties": false,
                },
                "output": {
                    "type": "object",
                    "properties": {"removed": {"type": "string", "description": "The link."}},
                    "required": ["removed"],
                    "additionalProperties": false,
                },
                "examples": [{"note": "No such link.", "arguments": {"id": 7}, "fault": "not-found"}],
            },
        },
    })
}

fn tags() -> Value {
    json!({
        "type": "array",
        "items": {"type": "string", "minLength": 1, "maxLength": 100},
        "maxItems": 20,
        "default": [],
        "description": "Words to sort it by.",
    })
}
