"""What is stored so far, and what the answers of a host say about it."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable

from .host import Host, Object, Refused
from .texts import Texts

DAY = 86_400_000


def say(text: str) -> None:
    """Progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


class Load:
    """The host, the ids of stored rows by kind, and what storing them took."""

    def __init__(self, host: Host, seed: int, scale: float, folder: Path, now: int) -> None:
        self.host, self.scale, self.now = host, scale, now
        self.documents, self.code = folder / "documents", folder / "project"
        self.known: dict[str, list[Any]] = defaultdict(list)
        self.seconds: dict[str, float] = defaultdict(float)
        self.stored: dict[str, int] = defaultdict(int)
        self.seed = seed
        self.faults: list[str] = []
        self.over: set[Any] = set()
        self.texts: dict[str, Texts] = {}

    def text(self, kind: str) -> Texts:
        """The words of one kind, so that no kind changes another's."""
        if kind not in self.texts:
            self.texts[kind] = Texts(hash_of(f"{self.seed}:{kind}"))
        return self.texts[kind]

    def step(self, kind: str, work: Callable[[], None]) -> None:
        """One kind; a refusal ends it, is told in the report, and does not keep the others from being measured."""
        try:
            work()
        except (Refused, KeyError, IndexError, OSError, subprocess.SubprocessError) as error:
            self.faults.append(f"{kind}: {type(error).__name__} {error}")
            say(f"  {kind} FAILED: {error}")


def id_of(answer: Object) -> Any:
    """The id in an answer, at the top or in the row it tells."""
    if "id" in answer:
        return answer["id"]
    for value in answer.values():
        if isinstance(value, dict) and "id" in value:
            return value["id"]
    for name, value in answer.items():
        if name.endswith("_id") and isinstance(value, int):
            return value
    raise KeyError(f"no id in {str(answer)[:300]}")


def ids_of(answer: Object) -> list[Any]:
    """The ids of a batch, in its order."""
    if isinstance(answer.get("ids"), list):
        return list(answer["ids"])
    for value in answer.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [id_of(one) for one in value]
    raise KeyError(f"no ids in {str(answer)[:300]}")


def hash_of(text: str) -> int:
    """A number of a text, the same in every process (Python's own hash is not)."""
    number = 0xCBF29CE484222325
    for byte in text.encode():
        number = (number ^ byte) * 0x100000001B3 % (1 << 64)
    return number
