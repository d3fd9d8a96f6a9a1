"""Stores what is known and what happened: events, memories, the graph, entries, documents."""

from __future__ import annotations

import time
from typing import Any

from .host import Object
from .stored import DAY, Load, hash_of, id_of, ids_of, say
from .texts import AREAS, PARTS, PEOPLE, TOOLS, Texts

SPAN = 90 * DAY
SESSION_LENGTH = 20
CHUNKS_A_DOCUMENT = 8
NIGHTLY = "project:nightly"
KINDS = ("conversation", "action", "decision", "error", "success", "file_change", "test_run", "deployment", "refactoring", "debugging")
WORK = (("test_run", "failure"), ("debugging", "ongoing"), ("file_change", "success"), ("test_run", "success"), ("deployment", "success"))
ENTITY_KINDS = ("File", "Function", "Component", "Concept", "Person", "Decision", "Pattern", "Project")
RELATION_KINDS = ("depends_on", "contains", "implements", "tests", "relates_to", "caused_by", "resulted_in")


def event(load: Load, words: Texts, number: int) -> Object:
    """The event of this number: its session has a time and a place of its own, whatever was stored before."""
    session, place = divmod(number, SESSION_LENGTH)
    own = Texts(hash_of(f"{load.seed}:session:{session}"))
    begin = load.now - int(own.random.random() ** 1.5 * SPAN)
    area, person = own.pick(AREAS), own.one(PEOPLE)
    kind, outcome = WORK[place % len(WORK)] if own.chance(0.5) else (words.one(KINDS), words.one(("success", "failure", "partial", "ongoing")))
    path = words.path()
    made: Object = {
        "content": words.sentence(), "event_type": kind, "outcome": outcome, "session_id": f"work-{session:06}",
        "timestamp": begin - (SESSION_LENGTH - place) * words.number(20_000, 180_000), "namespace": f"project:{area}",
        "tags": [area, words.one(TOOLS).lower()], "confidence": round(0.5 + words.random.random() / 2, 2),
        "duration_ms": words.number(50, 600_000),
        "context": {"cwd": f"/work/{area}", "files": [path, words.path()], "task": f"{area} {person}", "phase": words.one(("plan", "build", "test"))},
    }
    if kind in ("file_change", "refactoring"):
        made |= {"file_path": path, "symbol_name": words.symbol(), "lines_added": words.number(1, 300), "lines_deleted": words.number(0, 200)}
    if kind == "test_run":
        made |= {"test_name": f"{words.pick(AREAS)}_{words.number(1, 400)}", "test_passed": outcome == "success", "file_path": path}
    if kind == "error":
        made |= {"error_type": words.one(("TimeoutError", "KeyError", "IOError", "Overflow", "Deadlock")), "file_path": path}
    return made


def record(load: Load, events: list[Object]) -> list[Any]:
    answer = load.host.call("episodic.batch_record_events", events=events)
    bad = [one for one in answer["results"] if one.get("status") == "invalid" or "id" not in one]
    if bad:
        raise ValueError(f"events were refused: {bad[:2]}")
    return [one["id"] for one in answer["results"]]


def events(load: Load, count: int) -> None:
    words, begin = load.text("events"), load.stored["events"]
    for start in range(begin, begin + count, 500):
        batch = [event(load, words, number) for number in range(start, min(start + 500, begin + count))]
        load.known["event"] += record(load, batch)
        load.known["file"] += [one["file_path"] for one in batch if "file_path" in one][:20]
        load.known["symbol"] += [one["symbol_name"] for one in batch if "symbol_name" in one][:10]
        load.known["work_session"] += sorted({one["session_id"] for one in batch})
        if start % 10_000 == 0 and start > begin:
            say(f"    {start:>7,} events")


def nightly(load: Load, count: int) -> None:
    """Chains that recur, so that there is something to extract."""
    words, events = load.text("nightly"), []
    for number in range(count):
        chain, place = divmod(number, len(WORK))
        kind, outcome = WORK[place]
        events.append({
            "content": f"{words.sentence()} (night {chain})", "event_type": kind, "outcome": outcome, "session_id": f"night-{chain}",
            "timestamp": load.now - 5 * DAY + number * 300_000 // 2, "namespace": NIGHTLY, "tags": [words.pick(AREAS)], "file_path": words.path(),
        })
    for start in range(0, count, 500):
        load.known["nightly"] += record(load, events[start : start + 500])


def memories(load: Load, count: int) -> None:
    words = load.text("memories")
    for start in range(0, count, 200):
        items = []
        for _ in range(min(200, count - start)):
            area = words.pick(AREAS)
            item: Object = {
                "content": words.sentence() + (f" {words.sentence()}" if words.chance(0.3) else ""), "topic": area,
                "memory_type": words.one(("fact", "pattern", "decision", "context")), "tags": [area, words.one(TOOLS).lower()],
                "namespace": f"project:{area}" if words.chance(0.7) else f"user:{words.one(PEOPLE).lower()}:notes",
                "confidence": round(0.4 + words.random.random() * 0.6, 2),
            }
            if words.chance(0.3) and load.known["event"]:
                item["sources"] = [words.one(load.known["event"]) for _ in range(words.number(1, 3))]
            if words.chance(0.02) and load.known["memory"]:
                item["supersedes"] = load.known["memory"].pop(words.number(0, len(load.known["memory"]) - 1))
            items.append(item)
        answer = load.host.call("semantic.remember_many", items=items)
        load.known["memory"] += ids_of(answer)


def entities(load: Load, count: int) -> None:
    words = load.text("entities")
    for start in range(0, count, 250):
        batch = []
        for _ in range(min(250, count - start)):
            kind, area = words.pick(ENTITY_KINDS), words.pick(AREAS)
            name = {"File": f"{words.path()[:-3]}_{words.codename()}.rs", "Function": f"{words.symbol()}_{words.codename()}"}.get(kind)
            entity: Object = {
                "name": name or f"{area} {words.pick(PARTS)} {words.codename()}", "entity_type": kind, "description": words.sentence(),
                "namespace": f"project:{area}",
            }
            if words.chance(0.3):
                entity["observations"] = [words.sentence() for _ in range(words.number(1, 3))]
            batch.append(entity)
        answer = load.host.call("graph.create_entities", entities=batch, resolve=False)
        for entity, number in zip(batch, ids_of(answer), strict=True):
            load.known["entity"].append(number)
            load.known[f"entity in {entity['namespace']}"].append(number)
            if entity["entity_type"] in ("File", "Function"):
                load.known["code_entity"].append(number)


def relations(load: Load, count: int) -> None:
    """Most stay within a project; entities that have many get more."""
    words, ends, pairs = load.text("relations"), load.known["relation_end"], load.known["relation_pair"]
    taken, batch = {tuple(pair) for pair in pairs}, []
    places = [load.known[f"entity in project:{area}"] for area in AREAS if len(load.known[f"entity in project:{area}"]) > 2] or [load.known["entity"]]
    for _ in range(count * 3):
        if len(batch) == count:
            break
        place = places[min(int(words.random.expovariate(0.15)), len(places) - 1)]
        origin = words.one(ends) if ends and words.chance(0.4) else words.one(place)
        target = words.one(place) if words.chance(0.85) else words.one(load.known["entity"])
        kind = words.pick(RELATION_KINDS)
        if origin == target or (origin, target, kind) in taken:
            continue
        taken.add((origin, target, kind))
        pairs.append((origin, target, kind))
        ends += [origin, target]
        batch.append({
            "from_entity": origin, "to_entity": target, "relation_type": kind, "strength": round(0.1 + 0.9 * words.random.random(), 2),
            "confidence": round(0.5 + words.random.random() / 2, 2),
        } | ({"valid_from": load.now - words.number(1, 90) * DAY} if words.chance(0.3) else {}))
    for start in range(0, len(batch), 500):
        answer = load.host.call("graph.create_relations", relations=batch[start : start + 500])
        load.known["relation"] += ids_of(answer)


def entries(load: Load, count: int) -> None:
    words, begin, known = load.text("entries"), load.stored["entries"], load.known["entry"]
    for start in range(begin, begin + count, 100):
        batch = []
        for number in range(start, min(start + 100, begin + count)):
            place = words.one((f"user:{words.one(PEOPLE).lower()}:prefs", f"project:{words.pick(AREAS)}", "app:coder", f"session:{words.one(load.known['session'])}"))
            batch.append({"namespace": place, "key": f"{words.pick(PARTS).replace(' ', '-')}-{number}", "value": {"is": words.sentence(), "rank": words.number(1, 9)},
                          "memory_type": words.one(("semantic", "episodic", "procedural"))})
        load.host.call("entries.batch_create", memories=batch)
        known += [(one["namespace"], one["key"]) for one in batch]
        for namespace, key in known[start : start + len(batch) : 5]:
            load.host.call("entries.update_memory", namespace=namespace, key=key, value={"is": words.sentence()}, updated_by="agent:coder")


def chunks(load: Load, count: int) -> None:
    """A quarter of the documents are files of the granted folder, the others given texts."""
    words, begin, files = load.text("chunks"), len(load.known["page"]), 0
    for number in range(begin, begin + max(count // CHUNKS_A_DOCUMENT, 2)):
        sections = "\n\n".join(f"## {words.pick(PARTS)} of {words.pick(AREAS)}\n\n{words.paragraph(18)}" for _ in range(CHUNKS_A_DOCUMENT))
        name, body = f"{words.pick(AREAS)}/page-{number:04}.md", f"# {words.sentence()}\n\n{sections}\n"
        if number % 4 == 0:
            path = load.documents / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
            files += 1
        else:
            answer = load.host.call("documents.index_document", file_path=name, content=body, namespace=f"project:{name.split('/')[0]}")
            load.known["document"].append(id_of(answer))
        load.known["page"].append(("pages" if number % 4 == 0 else "", name))
    if files:
        follow(load, sum(folder == "pages" for folder, _ in load.known["page"]))


def follow(load: Load, files: int) -> None:
    """Follows the granted folder until all its files are indexed; the host may do the same meanwhile."""
    load.host.call("documents.watch_folder", folder="pages", namespace="project:pages")
    end = time.monotonic() + 900
    while time.monotonic() < end:
        status = load.host.call("documents.document_status", namespace="project:pages")
        if status["by_status"].get("synced", 0) >= files:
            return
        if not load.host.call("documents.sync_documents").get("more"):
            time.sleep(1)
    raise TimeoutError("the files of the granted folder are not indexed")


def links(load: Load, count: int) -> None:
    """Relations, metrics and places of events, sources, transfers."""
    words, events = load.text("links"), load.known["event"]
    for number in range(load.stored["links of events"], load.stored["links of events"] + count):
        first, second = words.one(events), words.one(events)
        if first != second:
            load.host.call("episodic.create_relation", from_event=first, to_event=second, relation_type=words.one(("caused", "related")))
            load.known["linked"].append(first)
        load.host.call("episodic.record_metric", event_id=first, name=words.one(("coverage", "duration", "score")), value=words.number(1, 100))
        load.host.call("episodic.build_spatial_hierarchy", file_path=words.one(load.known["file"]), symbols=[{"name": words.symbol()}])
        if number % 20 == 0:
            load.host.call("episodic.upsert_source", name=f"source-{number}", source_type="github", cursor=str(number))
            origin, target = words.random.sample(AREAS, 2)
            load.host.call("meta.record_transfer", from_project=origin, to_project=target, item=words.one(load.known["memory"]))
            load.host.call("episodic.score_surprise", session_id=words.one(load.known["work_session"]))
