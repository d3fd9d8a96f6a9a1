"""Arguments for every read operation: from its schema and the rows that are stored, or from a rule of its own."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from .host import Object
from .stored import DAY
from .facts import NIGHTLY
from .texts import AREAS, CAUSES, PARTS, PEOPLE, PLACES, TOOLS, Texts
from .work import CATEGORIES, SPECIALTIES

Known = Mapping[str, list[Any]]
Rule = Callable[[Texts, Known, int], Any]
CODE = 'password = "hunter2secret"\nquery = "SELECT * FROM users WHERE name = \'" + name + "\'"\nsubprocess.run(command, shell=True)\n'


def pool(name: str) -> Rule:
    """One of the rows stored of a kind."""
    return lambda words, known, now: words.one(known[name]) if known[name] else None


def among(*values: Any) -> Rule:
    return lambda words, known, now: words.one(list(values))


def question(words: Texts, known: Known, now: int) -> str:
    return words.question()


def namespace(words: Texts, known: Known, now: int) -> str:
    return f"project:{words.pick(AREAS)}"


def area(words: Texts, known: Known, now: int) -> str:
    return words.pick(AREAS)


# What a parameter means, by its layer where layers differ. A rule that answers None leaves the parameter out.
MEANINGS: dict[str, Rule] = {
    "query": question, "namespace": namespace, "situation": lambda words, known, now: f"{words.pick(AREAS)} {words.pick(PARTS)} {words.pick(CAUSES)}",
    "task_description": lambda words, known, now: f"{words.sentence()} Then test it. Then release it.",
    "description": lambda words, known, now: words.sentence(), "content": lambda words, known, now: words.sentence(),
    "text": lambda words, known, now: words.paragraph(6), "current_goal": question, "action": lambda words, known, now: f"deploy {words.pick(AREAS)} to {words.pick(PLACES)}",
    "change_description": lambda words, known, now: words.sentence(), "result_text": lambda words, known, now: words.sentence(),
    "domain": area, "topic": area, "category": among(*CATEGORIES), "contexts": lambda words, known, now: [words.pick(AREAS), words.one(TOOLS).lower()],
    "tags": lambda words, known, now: [words.pick(AREAS)], "tag": area, "limit": among(5, 10, 20, 50),
    "file_path": pool("file"), "path1": pool("file"), "path2": pool("file"), "symbol_name": pool("symbol"), "symbol": pool("code_entity"),
    "entity": pool("entity"), "entity_id": pool("entity"), "from_entity": pool("relation_end"), "to_entity": pool("relation_end"),
    "community_id": pool("community"), "procedure": pool("procedure"), "goal_id": pool("goal"), "plan_id": pool("plan"), "change_id": pool("change"),
    "memory_id": pool("memory"), "result_id": pool("memory"), "from_memory_id": pool("memory"), "to_memory_id": pool("event"),
    "session_id": pool("session"), "event_id": pool("event"), "id": pool("memory"), "agent_id": pool("agent"), "agent_type": among(*SPECIALTIES),
    "user_id": lambda words, known, now: words.one(PEOPLE).lower(), "assignee": lambda words, known, now: words.one(PEOPLE).lower(),
    "user": lambda words, known, now: words.one(PEOPLE).lower(), "run": pool("run"), "key": lambda words, known, now: words.one(known["entry"])[1],
    "code": lambda words, known, now: CODE, "note_id": pool("note"), "conversation_id": pool("conversation"), "snapshot_id": pool("context"), "index_id": pool("topic"),
    "firing_id": pool("firing"), "component": pool("guarded"), "metric_name": among("tokens", "latency_ms", "cost", "queue_depth"), "days_back": among(7, 30, 90), "days": among(1, 7, 30),
    "window_minutes": among(10, 60), "lookback_days": among(30, 100), "current_cost": among(100, 5_000), "total_cost": among(1_000, 20_000), "expected_value": among(5_000, 90_000),
    "from": among("before"), "to": among("after"), "namespace_prefix": lambda words, known, now: words.one(known["entry"])[0],
}
OF_LAYER: dict[str, Rule] = {
    "episodic.session_id": pool("work_session"), "working_memory.session_id": pool("mind"), "prospective.task_id": pool("task"), "planning.task_id": pool("plan"),
    "swarm.task_id": pool("queued"), "documents.id": pool("document"), "consolidation.id": pool("pattern"), "retrieval.entity_id": pool("entity"),
    "notes.memory_id": pool("versioned"), "associations.memory_id": pool("linked_memory"), "code.file_path": pool("source"), "code.name": pool("unit"),
    "code.entity_name": pool("unit"), "swarm.project_id": among(1, 2, 3), "planning.project_id": among(1, 2, 3, 4, 5), "procedural.session_id": pool("work_session"), "swarm.session_id": lambda words, known, now: None,
}
# Optional parameters that are tried, one at a time and in half of the calls: filters with rows behind them.
FILTERS = frozenset((
    "namespace", "limit", "category", "domain", "tag", "tags", "topic", "file_path", "symbol_name", "goal_id", "agent_type", "user_id", "assignee", "metric_name",
    "days_back", "days", "session_id", "task_id", "agent_id",
))
# Enums that are filters, or choose another way of working.
CHOICES = frozenset((
    "event_type", "outcome", "status", "priority", "phase", "sort_by", "bucket", "bucket_by", "mode", "state", "direction", "match", "type", "severity", "kind",
    "memory_type", "entity_type", "armed", "goal_type", "timeframe", "document_type", "action_type", "policy_type", "strategy", "order", "layer", "component", "detail",
))


def ends(words: Texts, known: Known, now: int) -> Object:
    """Two entities some way apart."""
    return {"from_entity": words.one(known["relation_end"]), "to_entity": words.one(known["relation_end"])}


def entry(words: Texts, known: Known, now: int) -> Object:
    place, key = words.one(known["entry"])
    return {"namespace": place, "key": key}


def item(words: Texts, known: Known, now: int) -> Object:
    name, number = words.one(known["item"])
    return {"session_id": name, "item_id": number}


def page(words: Texts, known: Known, now: int) -> Object:
    folder, name = words.one(known["page"])
    return {"file_path": name, "namespace": "project:pages", "folder": folder} if folder else {"file_path": name, "namespace": f"project:{name.split('/')[0]}"}


def turn(words: Texts, known: Known, now: int) -> Object:
    """Whose turn it is, for what has a precedence of scopes."""
    return {"session_id": words.one(known["session"]), "user_id": words.one(PEOPLE).lower(), "app_name": "coder", "project_id": words.pick(AREAS)}


def day(words: Texts, known: Known, now: int) -> Object:
    begin = now - words.number(1, 60) * DAY
    return {"start": begin, "end": begin + words.number(1, 48) * DAY // 24}


def fixed(**rules: Rule) -> Rule:
    """Exactly these parameters."""
    return lambda words, known, now: {name: rule(words, known, now) for name, rule in rules.items()}


# Operations whose parameters belong together.
CALLS: dict[str, Rule] = {
    "retrieval.recall": fixed(query=question), "retrieval.retrieve": fixed(ids=lambda words, known, now: [words.one(known["memory"]) for _ in range(5)]),
    "retrieval.allocate_token_budget": fixed(sections=lambda words, known, now: [{"name": f"part {n}", "text": words.paragraph(10)} for n in range(5)], total=among(300, 1_000)),
    "retrieval.calibrate_uncertainty": fixed(result_text=lambda words, known, now: words.sentence()),
    "retrieval.smart_retrieve": fixed(query=question), "retrieval.find_related_context": fixed(entity_id=pool("entity")),
    "retrieval.why_not": fixed(query=question, id=pool("memory")),
    "episodic.events_between": day, "episodic.event_chains": fixed(session_id=pool("work_session")), "episodic.find_patterns": fixed(session_id=pool("work_session")),
    "episodic.segment_by_surprise": fixed(session_id=pool("work_session")), "episodic.related_events": fixed(event_id=pool("linked")),
    "episodic.event_metrics": fixed(event_id=pool("linked")), "episodic.spatial_query": fixed(query=question),
    "episodic.get_event_timeline": lambda words, known, now: {"start_date": now - words.number(20, 40) * DAY, "end_date": now, "bucket_by": words.one(("hour", "day", "week"))},
    "graph.find_path": ends, "graph.find_all_paths": ends, "graph.find_weighted_path": ends, "graph.get_entity": fixed(entity=pool("entity")),
    "graph.get_entity_neighbors": fixed(entity=pool("relation_end")), "graph.get_graph_metrics": fixed(entity=pool("entity")),
    "graph.get_causal_context": fixed(entity=pool("relation_end")), "graph.find_memory_path": fixed(from_memory_id=pool("memory"), to_memory_id=pool("memory")),
    "graph.list_observations": fixed(entity=pool("entity")), "graph.entity_history": fixed(entity=pool("entity")),
    "graph.search_relationships": fixed(entity=pool("relation_end")), "graph.search_graph": fixed(query=question), "graph.search_graph_with_depth": fixed(query=question),
    "graph.find_symbol_dependencies": fixed(symbol=pool("code_entity")), "graph.find_symbol_dependents": fixed(symbol=pool("code_entity")),
    "entries.get_memory": entry, "entries.get_memory_history": entry, "entries.list_grants": fixed(actor=lambda words, known, now: f"user:{words.one(PEOPLE).lower()}"),
    "entries.resolve_key": lambda words, known, now: {**turn(words, known, now), "key": words.one(known["entry"])[1]},
    "entries.synthesize_context": lambda words, known, now: {**turn(words, known, now), "query": words.question()}, "entries.list_namespaces": among({}, {"namespace_prefix": "user"}),
    "working_memory.get_item": item, "working_memory.search": fixed(query=question, session_id=pool("mind")),
    "working_memory.compute_memory_saliency": fixed(memory_id=pool("memory"), session_id=pool("mind")),
    "working_memory.get_saliency_batch": fixed(memory_ids=lambda words, known, now: [words.one(known["memory"]) for _ in range(10)], session_id=pool("mind")),
    "working_memory.get_inhibition": fixed(memory_id=pool("memory"), session_id=pool("mind")), "working_memory.route_item": fixed(content=lambda words, known, now: words.sentence()),
    "documents.get_document_by_path": page, "documents.read_chunk": fixed(id=pool("chunk")),
    "swarm.checkpoint_get": fixed(task_id=pool("checkpoint")), "swarm.state_get": fixed(task_id=pool("checkpoint")),
    "planning.decompose_hierarchically": fixed(task_description=MEANINGS["task_description"]),
    "planning.decompose_with_strategy": lambda words, known, now: {"task_description": words.paragraph(3), **words.one(({}, {"strategy": "ITERATIVE"}, {"strategy": "HIERARCHICAL"}))},
    "episodic.code_events": lambda words, known, now: words.one(({"file_path": words.one(known["file"])}, {"symbol_name": words.one(known["symbol"])}, {"error_type": "Deadlock"}, {"test_passed": False})),
    "planning.predict_task_duration": fixed(description=lambda words, known, now: words.sentence()), "planning.estimate_roi": fixed(),
    "planning.recommend_strategy": fixed(description=lambda words, known, now: words.sentence()), "planning.planning_assistance": fixed(task_id=pool("plan")),
    "planning.validate_plan": fixed(), "planning.verify_plan": fixed(), "planning.analyze_uncertainty": fixed(task_id=pool("plan")),
    "safety.compare_code_snapshots": fixed(**{"from": among("before"), "to": among("after")}), "safety.analyze_code_security": fixed(code=among(CODE)),
    "consolidation.get_run": fixed(run=pool("run")), "consolidation.get_schedule": fixed(namespace=among(NIGHTLY)), "host.replay_run": fixed(run=pool("run")),
    "notes.get_memory_version": fixed(memory_id=pool("versioned"), version=among(1, 2)), "notes.get_memory_indexes": fixed(memory_id=pool("note")),
    "associations.spread_activation": fixed(memory_ids=lambda words, known, now: [words.one(known["linked_memory"]) for _ in range(3)]),
    "conversations.recover_conversation_context": fixed(snapshot_id=pool("context")), "automation.test_fallback_chain": fixed(component=pool("guarded")),
    "code.code_navigation": lambda words, known, now: words.one(({"file_path": words.one(known["source"])}, {"file_path": words.one(known["source"]).split("/")[0]}, {})),
    "code.find_code_dependencies": lambda words, known, now: words.one(({"file_path": words.one(known["source"])}, {"entity_name": words.one(known["unit"])})),
    "code.analyze_code_file": fixed(file_path=pool("source")), "code.search_code_by_type": fixed(unit_type=among("function", "struct", "import")),
    "code.search_code_by_name": fixed(name=pool("unit")), "code.get_file_changes": fixed(file_path=pool("source")), "code.analyze_repository": fixed(repo_path=among("project")),
    "code.search_code_semantically": fixed(query=question),
    "semantic.search_by_topic": fixed(topic=area), "sessions.get_state": fixed(session_id=pool("session")), "host.strategies": fixed(), "host.pins": fixed(),
    "meta.get_layer_health": among({}, {"layer": "semantic"}, {"layer": "episodic"}),
}


def value(name: str, layer: str, schema: Object, words: Texts, known: Known, now: int) -> Any:
    """A value for one parameter: by what it means, else by its schema."""
    rule = OF_LAYER.get(f"{layer}.{name}") or MEANINGS.get(name)
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "enum" in schema:
        return words.one([one for one in schema["enum"] if one is not None])
    if rule is not None:
        found = rule(words, known, now)
        if isinstance(found, str) and "string" not in kinds and "array" in kinds:
            found = [found]
        if isinstance(found, int) and "maximum" in schema:
            found = min(found, schema["maximum"])
        return found
    if "default" in schema:
        return schema["default"]
    if "integer" in kinds or "number" in kinds:
        return schema.get("minimum", 1)
    if "boolean" in kinds:
        return words.chance(0.5)
    if "array" in kinds:
        return [value(name, layer, schema.get("items", {}), words, known, now)]
    if "object" in kinds:
        inner = schema.get("properties", {})
        return {one: value(one, layer, inner.get(one, {}), words, known, now) for one in schema.get("required", [])}
    return words.sentence()[: schema.get("maxLength", 10_000)]


def arguments(operation: Object, words: Texts, known: Known, now: int) -> Object:
    """Arguments of one call: what is required, and in half of the calls one filter."""
    name, layer = str(operation["name"]), str(operation["name"]).split(".")[0]
    if name in CALLS:
        made = dict(CALLS[name](words, known, now))
        return {key: one for key, one in made.items() if one is not None}
    schema = operation["input"]
    properties, required = schema.get("properties", {}), schema.get("required", [])
    made = {one: value(one, layer, properties[one], words, known, now) for one in required}
    filters = [one for one in properties if one not in required and (one in FILTERS or one in CHOICES and has_choices(properties[one]))]
    if filters and words.chance(0.5):
        one = words.one(filters)
        made[one] = value(one, layer, properties[one], words, known, now)
    return {key: one for key, one in made.items() if one is not None}


def has_choices(schema: Object) -> bool:
    return "enum" in schema or schema.get("type") == "boolean"
