"""Replaces the bundled semantic layer in a serving host under load, and takes it back.

    python examples/custom-layer/swap_demo.py [--binary PATH] [--seconds N] [--threads N]

It follows README.md, "Change a bundled layer": a copy of plugins/semantic outside of the repository, the `Cargo.toml`
that the README prints, one changed behaviour. Standard library only; everything it makes is in a temporary folder.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Object = dict[str, Any]
HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
TAG = "out-of-tree"

# The change: every new memory carries a tag.
FILE = "src/guest/writing.rs"
BEFORE = "    let mut stored = new.row()?;\n"
AFTER = BEFORE + (
    '    if let Some(tags) = stored.entry("tags").or_insert_with(|| json!([])).as_array_mut() {\n'
    f'        tags.push(json!("{TAG}"));\n'
    "    }\n"
)

TOPICS = ["tea", "trains", "databases", "gardens", "music", "weather", "bicycles", "cheese"]


class Failed(Exception):
    """An expectation that did not hold."""


def expect(holds: bool, message: str) -> None:
    """Stops the run unless it holds."""
    if not holds:
        raise Failed(message)


def say(text: str) -> None:
    print(text, flush=True)


def run(command: list[str], folder: Path | None = None) -> str:
    """A command that must succeed; answers what it printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=1800)
    expect(done.returncode == 0, f"`{' '.join(command)}` failed:\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def readme_manifest(name: str) -> str:
    """The `Cargo.toml` of the README with this package name, its dependency pointed to this checkout."""
    blocks = re.findall(r"```toml\n(.*?)```", (HERE / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    found = [block for block in blocks if f'name = "{name}"' in block]
    expect(len(found) == 1, f"README.md has {len(found)} manifests of `{name}`, one is needed")
    sdk = json.dumps(str(REPOSITORY / "plugins" / "sdk"))
    text, count = re.subn(r'memstrata-sdk = \{ git = "[^"]*" \}', f"memstrata-sdk = {{ path = {sdk} }}", found[0])
    expect(count == 1, "the manifest in README.md does not name memstrata-sdk as a git dependency")
    return text


def build_changed(folder: Path) -> Path:
    """The layer copied out of the tree, changed and built; answers the component."""
    copy = folder / "my-semantic"
    shutil.copytree(REPOSITORY / "plugins" / "semantic", copy)
    (copy / "Cargo.toml").write_text(readme_manifest("my-semantic"), encoding="utf-8")
    # The same versions of dependencies as the bundled layer.
    shutil.copy(REPOSITORY / "Cargo.lock", copy / "Cargo.lock")
    source = (copy / FILE).read_text(encoding="utf-8")
    expect(source.count(BEFORE) == 1, f"{FILE} has changed: adapt BEFORE in this script")
    (copy / FILE).write_text(source.replace(BEFORE, AFTER), encoding="utf-8")
    target = folder / "target"
    run(["cargo", "build", "--release", "--target", "wasm32-wasip2", "--target-dir", str(target)], copy)
    return target / "wasm32-wasip2" / "release" / "my_semantic.wasm"


class Connection:
    """Calls over one connection that is kept."""

    def __init__(self, address: str) -> None:
        self.http = http.client.HTTPConnection(address, timeout=60)

    def call(self, path: str, arguments: Object) -> Object:
        self.http.request("POST", path, json.dumps(arguments), {"Content-Type": "application/json"})
        response = self.http.getresponse()
        text = response.read().decode()
        expect(response.status == 200, f"{path} answered {response.status}: {text[:300]}")
        return dict(json.loads(text))

    def version(self) -> str:
        """Of the semantic layer that serves now."""
        self.http.request("GET", "/health")
        health = json.loads(self.http.getresponse().read())
        return str(health["layers"]["semantic"]["version"])


@dataclass
class Call:
    """A call that was answered."""

    path: str
    began: float
    ended: float
    id: int | None

    @property
    def milliseconds(self) -> float:
        return (self.ended - self.began) * 1000


@dataclass
class Load:
    """Clients that remember and recall until they are told to stop."""

    address: str
    threads: int
    stop: threading.Event = field(default_factory=threading.Event)
    calls: list[Call] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    clients: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        for number in range(self.threads):
            client = threading.Thread(target=self.client, args=(number,), daemon=True)
            client.start()
            self.clients.append(client)

    def client(self, number: int) -> None:
        connection, count = Connection(self.address), 0
        while not self.stop.is_set():
            try:
                self.one(connection, number, count)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is a call that failed
                self.failures.append(f"{type(error).__name__}: {error}")
                connection = Connection(self.address)
            count += 1

    def one(self, connection: Connection, number: int, count: int) -> None:
        topic = TOPICS[count % len(TOPICS)]
        kinds: list[tuple[str, Object]] = [
            ("/remember", {"content": f"Client {number} notes {count} about {topic}.", "tags": ["load"]}),
            ("/recall", {"query": f"notes about {topic}"}),
            ("/tools/semantic.recall", {"query": f"notes about {topic}", "k": 3}),
        ]
        path, arguments = kinds[count % 3]
        began = time.monotonic()
        answer = connection.call(path, arguments)
        self.calls.append(Call(path, began, time.monotonic(), answer.get("id")))

    def finish(self) -> None:
        self.stop.set()
        for client in self.clients:
            client.join(60)
        expect(not any(client.is_alive() for client in self.clients), "a client hangs")


class Serving:
    """A host on a free port of this machine."""

    def __init__(self, binary: str, data: Path) -> None:
        self.log = data.parent / "serve.log"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [binary, "--data", str(data), "serve", "--bind", "127.0.0.1:0"], stderr=log
            )

    def __enter__(self) -> str:
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            found = re.search(r"serves http://([^/\s]+)/mcp", self.log.read_text(encoding="utf-8"))
            if found:
                return found[1]
            time.sleep(0.05)
        self.__exit__()
        raise Failed(f"the host did not start:\n{self.log.read_text(encoding='utf-8')}")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


@dataclass
class Phase:
    """A stretch of the run, and what new memories must look like in it; None: either."""

    name: str
    began: float
    ended: float
    tagged: bool | None


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def report(phase: Phase, calls: list[Call]) -> None:
    """Counts and latencies of a phase."""
    within = [call for call in calls if phase.began <= call.ended < phase.ended]
    rate = len(within) / (phase.ended - phase.began)
    say(f"{phase.name:<18} {phase.ended - phase.began:5.1f} s  {len(within):6} calls  {rate:7.0f}/s")
    for path in sorted({call.path for call in within}):
        took = [call.milliseconds for call in within if call.path == path]
        say(
            f"    {path:<24} {len(took):6}  p50 {percentile(took, 0.5):7.1f} ms"
            f"  p99 {percentile(took, 0.99):7.1f} ms  max {max(took):7.1f} ms"
        )


def check_memories(connection: Connection, phases: list[Phase], calls: list[Call]) -> None:
    """Reads memories back: those of a phase are all tagged, or none is."""
    for phase in phases:
        ids = [one.id for one in calls if one.id and phase.began <= one.began and one.ended < phase.ended]
        tags = [connection.call("/tools/semantic.get_memory", {"id": id}).get("tags", []) for id in ids]
        tagged = sum(TAG in each for each in tags)
        say(f"{phase.name:<18} {len(ids):6} memories, {tagged} carry `{TAG}`")
        expect(bool(ids), f"nothing was remembered in `{phase.name}`: raise --seconds")
        if phase.tagged is not None:
            wanted = len(ids) if phase.tagged else 0
            expect(tagged == wanted, f"`{phase.name}`: {tagged} of {len(ids)} memories carry the tag, not {wanted}")


def command(binary: str, data: Path, *arguments: str) -> tuple[float, float]:
    """A `plugin` command under load; answers when it began and ended."""
    began = time.monotonic()
    said = run([binary, "--data", str(data), "plugin", *arguments])
    ended = time.monotonic()
    expect("running host(s) follow" in said, f"no host followed: {said}")
    say(f"$ memstrata plugin {' '.join(arguments)}\n  " + said.replace("\n", "\n  "))
    return began, ended


def drive(options: argparse.Namespace, data: Path, component: Path) -> None:
    """Load, swap, load, roll back, load; then what came of it."""
    with Serving(options.binary, data) as address:
        connection, load = Connection(address), Load(address, options.threads)
        versions = [connection.version()]
        began = time.monotonic()
        load.start()
        time.sleep(options.seconds)
        swap = command(options.binary, data, "swap", "semantic", str(component))
        versions.append(connection.version())
        time.sleep(options.seconds)
        back = command(options.binary, data, "rollback", "semantic")
        versions.append(connection.version())
        time.sleep(options.seconds)
        ended = time.monotonic()
        load.finish()
        phases = [
            Phase("bundled", began, swap[0], False),
            Phase("during swap", *swap, None),
            Phase("out of tree", swap[1], back[0], True),
            Phase("during rollback", *back, None),
            Phase("bundled again", back[1], ended, False),
        ]
        say(f"\nversions: {' -> '.join(versions)}")
        for phase in phases:
            report(phase, load.calls)
        say(f"{len(load.calls)} calls, {len(load.failures)} failed")
        expect(not load.failures, f"calls failed, such as: {load.failures[:3]}")
        expect(versions[0] == versions[2] != versions[1], f"the versions served were {versions}")
        check_memories(connection, phases, load.calls)
    say(run([options.binary, "--data", str(data), "verify"]).splitlines()[-1])


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="swap the semantic layer under load")
    parser.add_argument("--binary", help="the program [default: on PATH, then target/release/memstrata]")
    parser.add_argument("--seconds", type=float, default=4.0, help="load before, between and after")
    parser.add_argument("--threads", type=int, default=8, help="clients at a time")
    options = parser.parse_args()
    built = REPOSITORY / "target" / "release" / "memstrata"
    found = options.binary or shutil.which("memstrata") or (str(built) if built.is_file() else None)
    if found is None:
        parser.error("no memstrata on PATH: run `cargo build --release`, or name it with --binary")
    program = shutil.which(found)
    if program is None:
        parser.error(f"`{found}` is no program that can be run")
    options.binary = os.path.abspath(program)
    return options


def main() -> int:
    options = parse()
    try:
        with tempfile.TemporaryDirectory(prefix="memstrata-swap-") as folder:
            started = time.monotonic()
            component = build_changed(Path(folder))
            say(f"built {component.name}, {component.stat().st_size} bytes, in {time.monotonic() - started:.0f} s")
            tested = run([options.binary, "--data", folder, "plugin", "test", str(component)]).splitlines()[-1]
            say(f"$ memstrata plugin test {component.name}\n  {tested}\n")
            drive(options, Path(folder) / "data", component)
    except Failed as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    say("ok: no call failed, the new behaviour answered, the old one is back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
