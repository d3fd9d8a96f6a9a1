"""The rules: what a session comes to. The same events give the same digest, in any order of ids and in any language:
integers, code points, and ASCII where letters are told apart."""

import re
from collections import Counter
from typing import Any, NamedTuple, Optional

# Words that say nothing about a session.
STOP = {"about", "from", "have", "into", "that", "then", "they", "this", "were", "when", "will", "with"}

# Code points of a title, and of a quotation.
SHORT = 80

NO_WORD = re.compile(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")
WHITE = re.compile(r"[ \t\n\r]+")
LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Digest(NamedTuple):
    """What a session comes to. `repeats`: events that say the same, their ids group by group."""

    content: str
    topic: str
    tags: list[str]
    repeats: list[list[int]]


def digest(events: list[dict[str, Any]], top_words: int) -> Optional[Digest]:
    """The digest of a session's events, which are in order of time; none of none."""
    if not events:
        return None
    first, last = events[0], events[-1]
    kinds: Counter[str] = Counter(event["event_type"] for event in events)
    words: Counter[str] = Counter(word for event in events for word in words_of(event["content"]))
    said: dict[str, list[int]] = {}
    for event in events:
        said.setdefault(f"{event['event_type']} {one_line(event['content'])}", []).append(event["id"])
    # A dictionary keeps the order in which its keys came.
    repeats = [ids for ids in said.values() if len(ids) > 1]
    session = short(one_line(first.get("session_id") or ""))
    minutes = max(0, last["timestamp"] - first["timestamp"]) // 60_000
    title = f"Session {session}" if session else "Events of no session"
    content = f"{title}: {len(events)} events in {minutes} minutes. Kinds: {listed(kinds, 20)}."
    if top_words > 0 and words:
        content += f" Often: {listed(words, top_words)}."
    if repeats:
        content += f" Said more than once: {len(repeats)}."
    content += f"\nFirst: {short(one_line(first['content']))}"
    if len(events) > 1:
        content += f"\nLast: {short(one_line(last['content']))}"
    return Digest(content, session or "no session", sorted(kinds), repeats)


def listed(counts: Counter[str], most: int) -> str:
    """`often 7, seldom 2`: the greatest first, equal ones by code points."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {times}" for name, times in ordered[:most])


def words_of(text: str) -> list[str]:
    """Runs of letters and digits, ASCII in lower case; all that is not ASCII counts as a letter. 4 to 30 code points."""
    words = (word.translate(LOWER) for word in NO_WORD.split(text))
    return [word for word in words if 4 <= len(word) <= 30 and word not in STOP]


def one_line(text: str) -> str:
    """With one blank for each run of white space (ASCII), and none at the ends."""
    return " ".join(part for part in WHITE.split(text) if part)


def short(text: str) -> str:
    """The beginning of a text."""
    return f"{text[:SHORT]}.." if len(text) > SHORT else text
