"""A serving host on a folder of its own, and clients that keep their connection."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any, Callable, Iterable, Sequence

Object = dict[str, Any]
JSON = {"Content-Type": "application/json"}
MCP_VERSION = "2026-07-28"


class Failed(Exception):
    """The host did not start, or refused what the load needs."""


class Refused(Exception):
    """One call that was answered with an error."""

    def __init__(self, operation: str, status: int, text: str) -> None:
        super().__init__(f"{operation} answered {status}: {text[:400]}")
        self.status, self.text = status, text


class Client:
    """One connection, kept open."""

    def __init__(self, address: str) -> None:
        self.http = http.client.HTTPConnection(address, timeout=600)

    def raw(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] = JSON) -> tuple[int, bytes]:
        """Status and body of a request; a connection the host closed meanwhile is opened again."""
        for last in (False, True):
            try:
                self.http.request(method, path, body, headers)
                response = self.http.getresponse()
                return response.status, response.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self.http.close()
                if last:
                    raise
        raise AssertionError("unreachable")

    def call(self, operation: str, arguments: Object) -> Object:
        """One operation over REST."""
        status, text = self.raw("POST", f"/tools/{operation}", json.dumps(arguments).encode())
        if status != 200:
            raise Refused(operation, status, text.decode(errors="replace"))
        return dict(json.loads(text))

    def mcp(self, operation: str, arguments: Object) -> tuple[int, bytes]:
        """The same as a model's client asks: `tools/call` of `tools_call`, without a session."""
        body = {
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {
                "name": "tools_call", "arguments": {"name": operation, "arguments": arguments},
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": MCP_VERSION, "io.modelcontextprotocol/clientCapabilities": {},
                    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
                },
            },
        }
        headers = {
            **JSON, "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": MCP_VERSION,
            "Mcp-Method": "tools/call", "Mcp-Name": "tools_call",
        }
        return self.raw("POST", "/mcp", json.dumps(body).encode(), headers)


class Host:
    """`memstrata serve` on a data directory, with the default configuration and two granted folders."""

    def __init__(self, binary: Path, folder: Path, cache: Path | None = None) -> None:
        self.binary, self.folder = binary, folder
        lines = [f"cache = {json.dumps(str(cache))}"] if cache else []
        for layer, name, granted in (("documents", "pages", "documents"), ("code", "project", "project")):
            lines += [f"[layers.{layer}]", f"folders = {{ {name} = {json.dumps(str(folder / granted))} }}"]
        (folder / "memstrata.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.address = ""
        self.process: subprocess.Popen[bytes] | None = None
        self.clients = local()

    def start(self) -> float:
        """Starts it; seconds until its door is open."""
        began, log = time.monotonic(), self.folder / "serve.log"
        command = [
            str(self.binary), "--config", str(self.folder / "memstrata.toml"), "--data", str(self.folder / "data"),
            "serve", "--bind", "127.0.0.1:0",
        ]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        while time.monotonic() - began < 900 and self.process.poll() is None:
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                if " serves http://" in line:
                    self.address = line.split(" serves http://")[1].split("/")[0]
                    self.clients = local()
                    return time.monotonic() - began
            time.sleep(0.01)
        raise Failed("the host did not start:\n" + log.read_text(encoding="utf-8", errors="replace")[-2000:])

    def stop(self, *, crash: bool = False) -> None:
        """Ends it as an operator would, or as a power failure would."""
        if self.process is None:
            return
        if crash:
            self.process.kill()
        else:
            self.process.terminate()
        try:
            self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def client(self) -> Client:
        """The connection of this thread."""
        if not hasattr(self.clients, "one"):
            self.clients.one = Client(self.address)
        return self.clients.one  # type: ignore[no-any-return]

    def call(self, operation: str, **arguments: Any) -> Object:
        """One operation; what is busy is asked again."""
        for attempt in range(20):
            try:
                return self.client().call(operation, arguments)
            except Refused as refused:
                busy = refused.status in (429, 503) or '"error":"conflict"' in refused.text
                if not busy or attempt == 19:
                    raise
                time.sleep(0.05 * (attempt + 1))
        raise AssertionError("unreachable")

    def each(self, work: Callable[[Any], Any], items: Sequence[Any], threads: int = 8) -> list[Any]:
        """`work` on each of the items by several clients; the answers in the order of the items."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(work, items))

    def catalog(self) -> list[Object]:
        """All operations as the host lists them."""
        status, text = self.client().raw("GET", "/tools")
        if status != 200:
            raise Failed(f"/tools answered {status}")
        return list(json.loads(text)["tools"])

    def memory(self) -> dict[str, float]:
        """Resident memory now (`VmRSS`) and at most (`VmHWM`), in MB."""
        if self.process is None:
            return {}
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return {name: int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM") if name in fields}

    def disk(self) -> float:
        """MB of the data directory, but for compiled code."""
        return sum(size for size in _sizes(self.folder / "data")) / 1e6


def _sizes(folder: Path) -> Iterable[int]:
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "cache"]
        for name in files:
            try:
                yield os.stat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                continue
