"""A layer in Python: notes, written and read. The JavaScript twin in ../js answers the same."""

import json
from typing import Any, Callable

import wit_world
from componentize_py_types import Err
from wit_world.imports import clock, store_read, store_write
from wit_world.imports.types import Fault

Object = dict[str, Any]

NOTE: Object = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}, "noted_at": {"type": "integer"}},
    "required": ["id", "text", "noted_at"],
    "additionalProperties": False,
}


def taking(required: list[str], **properties: Object) -> Object:
    """The schema of an operation's arguments."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


OPERATIONS: Object = {
    "write": {
        "summary": "Writes a note.",
        "effect": "write",
        "input": taking(
            ["text"], text={"type": "string", "minLength": 1, "maxLength": 2000, "description": "The note."}
        ),
        "output": NOTE,
        "examples": [{"arguments": {"text": "tea at four"}}],
    },
    "read": {
        "summary": "Reads the newest notes that contain a word.",
        "effect": "read",
        "input": taking(
            [],
            word={"type": "string", "default": "", "description": "All notes if empty."},
            limit={
                "type": "integer",
                "minimum": 1,
                "maximum": 100,
                "default": 10,
                "description": "At most this many.",
            },
        ),
        "output": taking(["total", "notes"], total={"type": "integer"}, notes={"type": "array", "items": NOTE}),
        "examples": [
            {"arguments": {"word": "tea"}, "setup": [{"operation": "write", "arguments": {"text": "tea at four"}}]},
            {"note": "An empty notebook is an answer, not a fault.", "arguments": {}},
        ],
    },
    "cite": {
        "summary": "Reads one note by its id.",
        "effect": "read",
        "input": taking(["id"], id={"type": "integer", "minimum": 1, "description": "From write or read."}),
        "output": NOTE,
        "examples": [{"note": "No such note.", "arguments": {"id": 7}, "fault": "not-found"}],
    },
}

MANIFEST: Object = {
    "manifest": 1,
    "name": "notebook_python",
    "version": "0.1.0",
    "summary": "Notes, written and read by a component in Python.",
    "imports": ["store-read", "store-write", "clock"],
    "collections": {
        "notes": {
            "summary": "One note a row.",
            "fields": {
                "text": {"type": "text", "required": True, "search": True},
                "noted_at": {"type": "time", "required": True},
            },
            "recall": {"text": "text", "time": "noted_at"},
        },
    },
    "operations": OPERATIONS,
}


def fault(code: str, message: str) -> Err[Fault]:
    """A failure the host passes on to the caller."""
    return Err(Fault(code, message, None))


def note(row: Object) -> Object:
    """What callers see of a row."""
    return {"id": row["id"], "text": row["text"], "noted_at": row["noted_at"]}


def write(text: str) -> Object:
    """Stages a note; the host commits it when the call has returned."""
    row: Object = {"text": text, "noted_at": clock.now()}
    return note({**row, "id": store_write.insert("notes", json.dumps(row))})


def read(word: str, limit: int) -> Object:
    """The newest notes, and how many there are."""
    with store_read.Query("notes") as query:
        if word:
            query.filter(json.dumps(["text", "contains", word]))
        total = query.count()
        query.order_by("noted_at", True)
        query.limit(limit)
        return {"total": total, "notes": [note(json.loads(row)) for row in query.rows().rows]}


def cite(id: int) -> Object:
    """One note."""
    row = store_read.get("notes", id)
    if row is None:
        raise fault("not-found", f"there is no note {id}: take an id from `read`")
    return note(json.loads(row))


RUN: dict[str, Callable[..., Object]] = {"write": write, "read": read, "cite": cite}


class WitWorld(wit_world.WitWorld):
    """The component's exports."""

    def manifest(self) -> str:
        return json.dumps(MANIFEST)

    def call(self, operation: str, arguments: str) -> str:
        run = RUN.get(operation)
        if run is None:
            raise fault("not-found", f"no operation `{operation}`")
        return json.dumps(run(**json.loads(arguments)))
