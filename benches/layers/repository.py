"""A source folder with a git history, as a layer that reads code is granted it, and its index."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .stored import Load
from .texts import AREAS, PARTS, Texts

FUNCTIONS_A_FILE = 8
COMMITS = 40


def rust(words: Texts, name: str) -> str:
    """A file of functions that call each other."""
    names = [f"{words.symbol()}_{number}".replace("-", "_") for number in range(FUNCTIONS_A_FILE)]
    body = "\n\n".join(
        f"/// {words.sentence()}\npub fn {one}(count: u32) -> u32 {{\n    if count > {words.number(1, 90)} {{\n        return {words.one(names)}(count - 1);\n    }}\n"
        f"    for step in 0..count {{\n        log(\"{words.pick(PARTS)}\", step);\n    }}\n    count\n}}"
        for one in names
    )
    return f"//! {words.sentence()}\nuse crate::{words.pick(AREAS)}::log;\n\npub struct {name.title().replace('_', '')};\n\n{body}\n"


def python(words: Texts) -> str:
    names = [f"{words.symbol()}_{number}" for number in range(FUNCTIONS_A_FILE)]
    body = "\n\n\n".join(
        f"def {one}(count):\n    \"\"\"{words.sentence()}\"\"\"\n    if count > {words.number(1, 90)}:\n        return {words.one(names)}(count - 1)\n    log(\"{words.pick(PARTS)}\", count)\n    return count"
        for one in names
    )
    return f"\"\"\"{words.sentence()}\"\"\"\nimport {words.pick(AREAS)}\n\n\n{body}\n"


def files(load: Load, count: int) -> None:
    """Writes the files, commits them in some steps, and has them indexed."""
    words, root = load.text("repository"), load.code
    if not (root / ".git").exists():
        root.mkdir(parents=True, exist_ok=True)
        git(root, "init", "--quiet", "--initial-branch=main")
    begin, fresh = load.stored["source files"], []
    for number in range(begin, begin + count):
        name = f"{words.pick(PARTS).replace(' ', '_')}_{number}"
        path = f"{words.pick(AREAS)}/{name}.{'py' if number % 3 == 0 else 'rs'}"
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(python(words) if path.endswith("py") else rust(words, name), encoding="utf-8")
        fresh.append(path)
    load.known["source"] += fresh
    for commit in range(COMMITS):
        for path in words.random.sample(load.known["source"], min(5, len(load.known["source"]))):
            with (root / path).open("a", encoding="utf-8") as file:
                file.write(f"{'#' if path.endswith('py') else '//'} {words.sentence()}\n")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", f"{words.sentence()} ({commit})")
    while load.host.call("code.index_code_repository", repo_path="project")["more"]:
        pass
    for unit in load.host.call("code.search_code_by_type", unit_type="function", limit=100)["results"]:
        load.known["unit"].append(unit["name"])


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)
