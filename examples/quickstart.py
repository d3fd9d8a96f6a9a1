"""Memory over MCP in one run: remember, recall by meaning, drill down, change, forget, undo.

    pip install -r examples/requirements.txt
    python examples/quickstart.py [--transport stdio|http|both] [--data commits.jsonl]

It starts a host of its own on a temporary folder, so it touches nothing of yours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

Object = dict[str, Any]
REPOSITORY = Path(__file__).resolve().parent.parent
BATCH = 500
BUDGETS = (300, 120)

FACTS: list[tuple[str, str]] = [
    ("Ada is allergic to peanuts and carries an adrenaline pen.", "health"),
    ("Ben commutes to the office by bicycle, even when it rains.", "habits"),
    ("The staging database is PostgreSQL 16 and listens on port 5433.", "infrastructure"),
    ("Production deployments are frozen from 20 December to 3 January.", "release"),
    ("Clara's dog is called Biscuit and is afraid of thunder.", "family"),
    ("Invoices are sent on the first working day of the month.", "finance"),
    ("The team writes its commit messages in the imperative mood.", "style"),
    ("Dmitri speaks Russian, German and a little Japanese.", "people"),
    ("Passwords are hashed with Argon2id, never with plain SHA-256.", "security"),
    ("The quarterly review meeting takes place on Thursdays at 14:00.", "meetings"),
    ("Elena prefers window seats on trains and aisle seats on planes.", "travel"),
    ("The nightly backup is stored in a bucket in Frankfurt for 90 days.", "infrastructure"),
    ("Feature flags older than six months are removed by their owner.", "style"),
    ("Farid is learning to play the cello and practises on Sundays.", "hobbies"),
    ("The public API allows 600 requests a minute for each key.", "limits"),
    ("Greta moved from Oslo to Lisbon in the spring.", "people"),
    ("The coffee machine on the third floor is repaired by Mr Tanaka.", "office"),
    ("Customer data must not leave the European Union.", "compliance"),
    ("The mobile app supports Android 12 and newer.", "product"),
    ("Hiro drinks green tea in the morning and no coffee at all.", "habits"),
]

# A question in other words than the fact, and a piece of the fact that must come back.
QUESTIONS: list[tuple[str, str]] = [
    ("Which food is dangerous for Ada?", "peanuts"),
    ("How does Ben travel to work?", "bicycle"),
    ("When are we not allowed to release to live servers?", "frozen"),
    ("What is the name of Clara's pet?", "Biscuit"),
    ("Which languages does Dmitri know?", "Japanese"),
    ("Which algorithm protects user credentials?", "Argon2id"),
    ("Which musical instrument is Farid studying?", "cello"),
    ("Where does Greta live now?", "Lisbon"),
]


class Failed(Exception):
    """An expectation that did not hold."""


def expect(holds: bool, message: str) -> None:
    """Stops the run unless it holds."""
    if not holds:
        raise Failed(message)


def say(text: str) -> None:
    """A line of the transcript."""
    print(text, flush=True)


def indented(text: str) -> str:
    """Lines that stand below one of the transcript."""
    return text.strip().replace("\n", "\n      ")


@dataclass
class Host:
    """The program and the folder it keeps its data in."""

    binary: str
    data: Path

    def run(self, *arguments: str) -> str:
        """A command of the command line, beside the host that runs."""
        command = [self.binary, "--data", str(self.data), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        expect(done.returncode == 0, f"`memstrata {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def json(self, *arguments: str) -> Any:
        """The same, as JSON."""
        return json.loads(self.run("--json", *arguments))


@dataclass
class Memory:
    """What an agent does with its memory, over one MCP client."""

    client: Client

    async def tool(self, tool: str, /, **arguments: Any) -> Object:
        """One of the tools in the list."""
        result = await self.client.call_tool(tool, arguments)
        text = getattr(result.content[0], "text", "") if result.content else ""
        expect(not result.is_error, f"{tool} failed: {text}")
        expect(isinstance(result.structured_content, dict), f"{tool} answered no structured content: {text[:200]}")
        return dict(result.structured_content or {})

    async def operation(self, name: str, /, **arguments: Any) -> Object:
        """Any operation of any layer, through `tools_call`."""
        return await self.tool("tools_call", name=name, arguments=arguments)


@asynccontextmanager
async def over_stdio(host: Host) -> AsyncIterator[Client]:
    """The client starts the host and speaks with it through its pipes."""
    parameters = StdioServerParameters(command=host.binary, args=["--data", str(host.data), "stdio"])
    async with Client(stdio_client(parameters)) as client:
        yield client


@asynccontextmanager
async def over_http(host: Host) -> AsyncIterator[Client]:
    """The host listens on a free port, and the client connects to it."""
    with serving(host) as url:
        async with Client(url) as client:
            yield client


class serving:
    """A host on a free port of this machine; ends it with SIGTERM."""

    def __init__(self, host: Host) -> None:
        self.log = (host.data / "serve.log").open("w+", encoding="utf-8")
        command = [host.binary, "--data", str(host.data), "serve", "--bind", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stderr=self.log)

    def __enter__(self) -> str:
        end = time.monotonic() + 120
        while time.monotonic() < end and self.process.poll() is None:
            for line in self.printed().splitlines():
                if " serves http://" in line:
                    return line.split(" serves ")[1].split()[0]
            time.sleep(0.05)
        printed = self.printed()
        self.__exit__()
        raise Failed(f"the host did not start:\n{printed}")

    def printed(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text(encoding="utf-8")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def commits_of(repository: Path) -> list[Object]:
    """The commits of a git repository, oldest first."""
    form = "%x1e%H%x1f%ct%x1f%s%x1f"
    command = ["git", "-C", str(repository), "log", "--reverse", "--numstat", f"--format={form}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"git log failed: {done.stderr.strip()}")
    return [commit(entry) for entry in done.stdout.split("\x1e")[1:]]


def commit(entry: str) -> Object:
    """One entry of `git log --numstat`."""
    name, seconds, subject, stat = entry.split("\x1f")
    rows = [line.split("\t") for line in stat.strip().splitlines()]
    return {
        "commit": name,
        "timestamp": int(seconds),
        "subject": subject,
        "files": [row[2] for row in rows],
        "added": lines(rows, 0),
        "deleted": lines(rows, 1),
    }


def lines(rows: list[list[str]], column: int) -> int:
    """The sum of a column of `--numstat`; binary files have none."""
    return sum(int(row[column]) for row in rows if row[column] != "-")


def read_commits(file: Path) -> list[Object]:
    """Commits from JSON lines: commit, timestamp (s), subject, files, added, deleted."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def event(one: Object, session: str) -> Object:
    """A commit as the fields of `episodic.record_event`."""
    files = one["files"][:1000]
    return {
        "content": one["subject"] or one["commit"],
        "event_type": "file_change",
        "timestamp": one["timestamp"] * 1000,
        "session_id": session,
        "git_commit": one["commit"],
        "files_changed": len(files),
        "lines_added": one["added"],
        "lines_deleted": one["deleted"],
        "context": {"files": files},
    }


def batches(items: list[Object]) -> Iterator[list[Object]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


async def show_tools(memory: Memory) -> None:
    tools = (await memory.client.list_tools()).tools
    names = sorted(tool.name for tool in tools)
    say(f"  tools: {', '.join(names)}")
    wanted = {"remember", "recall", "forget", "tools_find", "tools_call", "status"}
    expect(wanted <= set(names), f"tools are missing: {wanted - set(names)}")
    found = await memory.tool("tools_find", query="record a git commit", k=2)
    say(f"  tools_find 'record a git commit': {', '.join(tool['name'] for tool in found['tools'])}")


async def remember_own_commits(memory: Memory, commits: list[Object]) -> None:
    """One call a commit, as a hook after each commit would do it."""
    for one in commits:
        answer = await memory.operation(
            "episodic.record_git_commit",
            commit_hash=one["commit"],
            commit_message=one["subject"],
            changed_files=one["files"][:1000],
            timestamp=one["timestamp"] * 1000,
            lines_added=one["added"],
            lines_deleted=one["deleted"],
            session_id="git:memstrata",
        )
        expect(answer["status"] == "recorded", f"commit {one['commit']} was {answer['status']}")
    say(f"  {len(commits)} commits of this repository, one call each")


async def remember_file(memory: Memory, file: Path, most: int | None) -> None:
    """In batches, as an import does it; a second time changes nothing."""
    commits = read_commits(file)[:most]
    started = time.monotonic()
    recorded = 0
    for batch in batches([event(one, f"git:{file.stem}") for one in commits]):
        answer = await memory.operation("episodic.batch_record_events", events=batch)
        expect(answer["invalid"] == 0, f"events were refused: {answer['results'][:3]}")
        recorded += answer["recorded"] + answer["duplicates"]
    expect(recorded == len(commits), f"{recorded} of {len(commits)} commits were recorded")
    say(f"  {recorded} commits of {file.name} in batches of {BATCH}: {time.monotonic() - started:.1f} s")
    again = [event(one, f"git:{file.stem}") for one in commits[:BATCH]]
    answer = await memory.operation("episodic.batch_record_events", events=again)
    expect(answer["recorded"] == 0, f"a repeated batch recorded {answer['recorded']} events anew")
    say(f"  the first {len(again)} again: {answer['duplicates']} duplicates, nothing new")


async def remember_facts(memory: Memory) -> dict[str, int]:
    """Answers the ids, by the fact."""
    ids = {}
    for content, topic in FACTS:
        answer = await memory.tool("remember", content=content, topic=topic, namespace="demo:facts")
        expect(answer["created"], f"`{content}` was there already")
        ids[content] = int(answer["id"])
    say(f"  {len(ids)} facts, ids m:{min(ids.values())} to m:{max(ids.values())}")
    return ids


def within(answer: Object, budget: int) -> int:
    """Checks what a recall costs: by its own count, and by four bytes a token."""
    told, size = int(answer["tokens"]), len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode())
    expect(told <= budget, f"a summary says it costs {told} tokens, {budget} were allowed")
    expect(size <= budget * 4, f"a summary has {size} bytes, too many for {budget} tokens")
    return told


async def recall_facts(memory: Memory, ids: dict[str, int]) -> Object:
    """Questions in other words than the facts; answers the hit of the first."""
    first: Object = {}
    for question, piece in QUESTIONS:
        wanted = next(id for content, id in ids.items() if piece in content)
        for budget in BUDGETS:
            answer = await memory.tool("recall", query=question, budget=budget, namespace="demo")
            tokens = within(answer, budget)
            best = [hit for hit in answer["hits"][:3] if wanted == hit["id"]]
            expect(bool(best), f"`{question}` did not find m:{wanted}: {answer['hits'][:3]}")
            # A smaller budget clips texts, and the id leads to the rest.
            whole = budget < BUDGETS[0] or piece in best[0]["text"]
            expect(whole, f"`{question}`: `{piece}` is not in `{best[0]['text']}`")
            first = first or best[0]
            if budget == BUDGETS[0]:
                say(f"  {question}\n      m:{best[0]['id']} {best[0]['text']}  ({best[0]['why']}; {tokens} tokens)")
    return first


async def recall_commits(memory: Memory, commits: list[Object]) -> None:
    """A question over all layers: commits come back beside facts."""
    target = max(commits, key=lambda one: len(one["subject"].split()))
    answer = await memory.tool("recall", query=target["subject"], limit=5)
    within(answer, 300)
    found = [hit for hit in answer["hits"] if hit["from"] == "episodic.events"]
    expect(bool(found), f"no commit was recalled for `{target['subject']}`: {answer['hits']}")
    say(f"  {target['subject']}\n      m:{found[0]['id']} {found[0]['text'][:80]}  ({answer['tokens']} tokens)")
    nothing = await memory.tool("recall", query="peanuts", namespace="demo:nowhere")
    expect(nothing["empty"] and not nothing["hits"], f"an empty namespace answered {nothing}")
    say("  an empty namespace answers `empty`, which is not an error")


async def drill_down(memory: Memory, hit: Object) -> None:
    answer = await memory.operation("retrieval.retrieve", ids=[hit["ref"], 999_999_999], history=True)
    row = answer["rows"][0]
    expect(row["text"] == hit["text"], f"{hit['ref']} reads `{row['text']}`")
    expect(len(answer["missing"]) == 1, f"an id that does not exist came back: {answer['missing']}")
    say(f"  {row['ref']} in {row['collection']}: {row['text']}")
    say(f"      {len(row['row'])} fields, version {row['row']['version']}, written by {row['row']['component'][:12]}")


async def change(memory: Memory, ids: dict[str, int]) -> None:
    """The world changed: the new row supersedes the old one, which stays readable."""
    old = ids["Greta moved from Oslo to Lisbon in the spring."]
    new = "Greta moved from Lisbon to Montreal in the autumn."
    changed = await memory.operation("semantic.update_memory", id=old, content=new, mode="revise", reason="she told us")
    expect(changed["how"] == "revised", f"the memory was {changed['how']}")
    history = await memory.operation("semantic.memory_history", id=old)
    said = [one["content"] for one in history["revisions"]]
    expect(len(said) == 2 and said[1] == new, f"the history is {said}")
    for one in history["revisions"]:
        say(f"  revision {one['revision']} m:{one['id']} {one['consolidation_state']}: {one['content']}")
    answer = await memory.tool("recall", query="Where does Greta live now?", namespace="demo", limit=3)
    texts = [hit["text"] for hit in answer["hits"]]
    expect(new in texts and not any("Oslo" in text for text in texts), f"a recall now answers {texts}")
    say(f"  a recall now answers: {new}")


async def forget_and_undo(memory: Memory, host: Host, ids: dict[str, int]) -> None:
    """Another process on the same folder takes the deletion back, while the host runs."""
    fact = ids["Clara's dog is called Biscuit and is afraid of thunder."]

    async def found() -> bool:
        answer = await memory.tool("recall", query="What is the name of Clara's pet?", namespace="demo")
        return any(hit["id"] == fact for hit in answer["hits"])

    forgotten = await memory.tool("forget", ids=[fact])
    expect([one["id"] for one in forgotten["forgotten"]] == [fact], f"forget answered {forgotten}")
    expect(not await found(), "a forgotten memory was recalled")
    transaction = str(forgotten["transaction"])
    say(f"  forgot m:{fact} in transaction {transaction}; a recall no longer finds it")
    newest = host.json("history", "--limit", "1")[0]
    expect(str(newest["seq"]) == transaction, f"the newest transaction is {newest}")
    say(f"  $ memstrata undo {transaction} --dry-run\n      {indented(host.run('undo', transaction, '--dry-run'))}")
    say(f"  $ memstrata undo {transaction}\n      {indented(host.run('undo', transaction))}")
    expect(await found(), "an undone deletion is not recalled again")
    verbs = [one["verb"] for one in host.json("history", str(fact))["versions"]]
    say(f"  $ memstrata history m:{fact}\n      {' -> '.join(verbs)}; a recall finds it again")
    expect(verbs[:2] == ["insert", "delete"] and len(verbs) == 3, f"its versions are {verbs}")


async def tour(host: Host, client: Client, options: argparse.Namespace) -> None:
    """Everything, over one client."""
    memory = Memory(client)
    say(f"  protocol {client.protocol_version}")
    await show_tools(memory)
    own = commits_of(REPOSITORY)[-options.commits :]
    say("\nRemember")
    await remember_own_commits(memory, own)
    if options.data:
        await remember_file(memory, options.data, None)
    ids = await remember_facts(memory)
    say("\nRecall by meaning")
    hit = await recall_facts(memory, ids)
    await recall_commits(memory, own)
    say("\nDrill down by id")
    await drill_down(memory, hit)
    say("\nChange, and the history of it")
    await change(memory, ids)
    say("\nForget, and undo")
    await forget_and_undo(memory, host, ids)
    status = await memory.tool("status")
    expect(status["status"] == "healthy", f"the host says {status}")
    say(f"\n  status: {status['status']}, {sum(status['rows'].values())} rows")


async def visit(transport: str, options: argparse.Namespace) -> None:
    """One transport, on a folder of its own; the store must be whole afterwards."""
    with tempfile.TemporaryDirectory(prefix="memstrata-quickstart-") as folder:
        host = Host(options.binary, Path(folder))
        say(f"== {transport} ==")
        started = time.monotonic()
        async with (over_stdio if transport == "stdio" else over_http)(host) as client:
            await tour(host, client, options)
        say(f"  $ memstrata verify\n      {host.run('verify').splitlines()[-1]}")
        say(f"== {transport}: ok in {time.monotonic() - started:.1f} s ==\n")


def binary(given: str | None) -> str:
    """The program: as given, else on PATH, else as cargo builds it here."""
    built = REPOSITORY / "target" / "release" / "memstrata"
    found = given or shutil.which("memstrata") or (str(built) if built.is_file() else None)
    expect(found is not None, "no memstrata on PATH: run `cargo build --release`, or name it with --binary")
    program = shutil.which(str(found))
    expect(program is not None, f"`{found}` is no program that can be run")
    return str(Path(str(program)).resolve())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="memstrata over MCP, in one run")
    parser.add_argument("--transport", choices=["stdio", "http", "both"], default="both")
    parser.add_argument("--data", type=Path, help="commits as JSON lines, remembered as well")
    parser.add_argument("--binary", help="the program [default: on PATH, then target/release/memstrata]")
    parser.add_argument("--commits", type=int, default=200, help="newest commits of this repository to remember")
    return parser.parse_args()


def failures(error: BaseException) -> list[BaseException]:
    """The errors in a group of them."""
    if isinstance(error, BaseExceptionGroup):
        return [one for each in error.exceptions for one in failures(each)]
    return [error]


def main() -> int:
    options = parse()
    try:
        options.binary = binary(options.binary)
        for transport in ["stdio", "http"] if options.transport == "both" else [options.transport]:
            asyncio.run(visit(transport, options))
    except (Failed, BaseExceptionGroup) as error:
        for one in failures(error):
            print(f"FAILED: {one}" if isinstance(one, Failed) else f"FAILED: {one!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
